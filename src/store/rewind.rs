//! A journal that is ahead of its log.
//!
//! On a full disk a log goes on in memory, and what is there is delivered and answered for. If its otel-run is killed
//! then, the journal may name offsets that the file has never reached. Whoever writes on at the end of the file has to set
//! the journal back to it first: what comes to these offsets next was not answered for.

use std::io::{self, Write};

use serde_json::Value;

use super::run::{RunFolder, private};

impl RunFolder {
    /// Sets every entry of the journal that is ahead of `end`, where the log ends, back to it. The counts stay: what they
    /// count was delivered.
    ///
    /// # Errors
    ///
    /// What the system said; the journal is then as it was.
    pub fn rewind_journal(&self, end: u64) -> io::Result<()> {
        let path = self.journal_path();
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let Some(text) = rewound(&text, end) else { return Ok(()) };
        let new = path.with_extension("new");
        let mut file = private().write(true).create(true).truncate(true).open(&new)?;
        let moved = file.write_all(&text).and_then(|()| std::fs::rename(&new, &path));
        if moved.is_err() {
            let _ = std::fs::remove_file(new);
        }
        moved
    }
}

/// The journal `text` with no entry ahead of `end`; none where it is so already. Lines that cannot be read stay as they are.
fn rewound(text: &[u8], end: u64) -> Option<Vec<u8>> {
    let mut changed = false;
    let lines: Vec<Vec<u8>> = text
        .split(|byte| *byte == b'\n')
        .map(|line| {
            let Ok(Value::Object(mut entry)) = serde_json::from_slice(line) else { return line.to_owned() };
            match entry.get("end").and_then(Value::as_u64) {
                Some(ahead) if ahead > end => {
                    entry.insert("end".to_owned(), end.into());
                    changed = true;
                    serde_json::to_vec(&entry).unwrap_or_else(|_| line.to_owned())
                }
                _ => line.to_owned(),
            }
        })
        .collect();
    changed.then(|| lines.join(&b'\n'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use crate::otlp::Signal;
    use crate::store::Journal;
    use crate::store::journal::{DEFAULT_NAME, Settled};

    #[test]
    fn entries_ahead_of_the_log_are_set_back_and_others_stay() {
        let folder = std::env::temp_dir().join(format!("otel-run-rewind-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("runs/20261120-110915-482-a1b2c3")).unwrap();
        let run = crate::store::Store::at(&folder).list().unwrap().remove(0);
        run.rewind_journal(50).unwrap();
        let mut journal = run.journal().unwrap();
        for (signal, end) in [(Signal::Traces, 100), (Signal::Logs, 200), (Signal::Traces, 300)] {
            journal.settle(&Settled {
                to: DEFAULT_NAME.to_owned(),
                signal,
                begin: 0,
                end,
                delivered: 1,
                rejected: 0,
                expired: 0,
                reason: None,
            });
        }
        let path = run.journal_path();
        let before = [&std::fs::read(&path).unwrap()[..], b"{\"torn"].concat();
        std::fs::write(&path, &before).unwrap();
        run.rewind_journal(300).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), before);
        run.rewind_journal(150).unwrap();
        let journal = Journal::read(&path).unwrap();
        let positions = [Signal::Traces, Signal::Logs].map(|signal| journal.position(DEFAULT_NAME, signal));
        assert_eq!(positions.map(|position| (position.offset, position.delivered)), [(150, 2), (150, 1)]);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
