//! What the destinations took of a run: a cursor into the log for each destination and signal, kept as a line for each
//! stretch of the log that is settled.
//!
//! A line is appended after the destination has answered. If it is lost, the batch is sent again: delivery is at least
//! once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::log::Log;
use crate::otlp::Signal;

/// The destination that is meant where none is named.
pub const DEFAULT_NAME: &str = "default";

/// A stretch of the log that a destination has answered for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The destination's name.
    #[serde(default = "default_name", skip_serializing_if = "is_default_name")]
    pub to: String,
    /// The signal; records of other signals in the stretch are not meant.
    pub signal: Signal,
    /// Where in the log the stretch begins, where somebody may want to look: something in it was not delivered.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub begin: u64,
    /// Where in the log the stretch ends.
    pub end: u64,
    /// Items that were accepted.
    pub delivered: u64,
    /// Items that were refused for good.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected: u64,
    /// Items that were too old to be sent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub expired: u64,
    /// Why they were refused, or what the destination remarked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

fn default_name() -> String {
    DEFAULT_NAME.to_owned()
}

fn is_default_name(name: &str) -> bool {
    name == DEFAULT_NAME
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Position and counts of one signal at one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Where the next unsettled record may begin.
    pub offset: u64,
    /// Items that were accepted so far.
    pub delivered: u64,
    /// Items that were refused for good so far.
    pub rejected: u64,
    /// Items that were too old to be sent so far.
    pub expired: u64,
    /// Why some were refused last, in words.
    pub rejection: Option<String>,
}

impl Position {
    fn beginning() -> Self {
        Self { offset: Log::start(), delivered: 0, rejected: 0, expired: 0, rejection: None }
    }

    /// Items that need nothing more.
    pub fn settled(&self) -> u64 {
        self.delivered + self.rejected + self.expired
    }
}

/// Where entries are written down.
#[derive(Debug)]
enum Keeper {
    Nobody,
    /// Here, once there is a first entry.
    At(PathBuf),
    File(File),
}

/// The journal of a run's delivery.
#[derive(Debug)]
pub struct Journal {
    keeper: Keeper,
    positions: BTreeMap<(String, Signal), Position>,
}

impl Journal {
    /// A journal that is not kept, for a run that is not on disk.
    pub fn in_memory() -> Self {
        Self { keeper: Keeper::Nobody, positions: BTreeMap::new() }
    }

    /// Reads what is there; nothing there means that nothing was delivered yet.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut journal = Self::in_memory();
        let text = match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(journal),
            other => other?,
        };
        // A line that does not parse was torn by a kill; the batch it stands for is sent again.
        for line in text.split(|byte| *byte == b'\n') {
            if let Ok(settled) = serde_json::from_slice::<Settled>(line) {
                journal.advance(&settled);
            }
        }
        Ok(journal)
    }

    /// As [`Journal::read`], ready for entries. The file is made by the first one.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut journal = Self::read(path)?;
        journal.keeper = Keeper::At(path.to_owned());
        Ok(journal)
    }

    /// Where the delivery of `signal` to the destination `to` stands.
    pub fn position(&self, to: &str, signal: Signal) -> Position {
        self.positions.get(&(to.to_owned(), signal)).cloned().unwrap_or_else(Position::beginning)
    }

    /// Notes a settled stretch. A failure to write it down costs a repeated delivery later, never a lost one.
    pub fn settle(&mut self, settled: &Settled) {
        self.advance(settled);
        if let Keeper::At(path) = &self.keeper
            && let Ok(file) = super::run::private().append(true).create(true).open(path)
        {
            self.keeper = Keeper::File(file);
        }
        if let Keeper::File(file) = &mut self.keeper
            && let Ok(mut line) = serde_json::to_vec(settled)
        {
            // The line break in front closes a line that an earlier writer left torn.
            line.insert(0, b'\n');
            line.push(b'\n');
            let _ = file.write_all(&line);
        }
    }

    fn advance(&mut self, settled: &Settled) {
        let position = self.positions.entry((settled.to.clone(), settled.signal)).or_insert_with(Position::beginning);
        position.offset = position.offset.max(settled.end);
        position.delivered = position.delivered.saturating_add(settled.delivered);
        position.rejected = position.rejected.saturating_add(settled.rejected);
        position.expired = position.expired.saturating_add(settled.expired);
        if settled.rejected > 0 {
            position.rejection.clone_from(&settled.reason);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_torn_line_is_skipped_and_the_next_one_counts() {
        let folder = std::env::temp_dir().join(format!("otel-run-journal-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("delivery.jsonl");
        let _ = std::fs::remove_file(&path);
        let settled = |to: &str, end, delivered| Settled {
            to: to.to_owned(),
            signal: Signal::Traces,
            begin: 0,
            end,
            delivered,
            rejected: 0,
            expired: 0,
            reason: None,
        };
        let position = |offset, delivered| Position { offset, delivered, ..Position::beginning() };
        let mut journal = Journal::open(&path).unwrap();
        journal.settle(&settled("default", 100, 3));
        journal.settle(&settled("other", 900, 9));
        journal.settle(&settled("default", 200, 4));
        drop(journal);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - 5);
        std::fs::write(&path, &bytes).unwrap();

        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.position("default", Signal::Traces), position(100, 3));
        assert_eq!(journal.position("other", Signal::Traces), position(900, 9));
        assert_eq!(journal.position("default", Signal::Logs).offset, Log::start());
        journal.settle(&settled("default", 200, 4));
        let again = Journal::read(&path).unwrap();
        assert_eq!(again.position("default", Signal::Traces), position(200, 7));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn lines_of_versions_with_one_destination_are_read() {
        let old = r#"{"signal":"traces","end":100,"delivered":3,"rejected":1,"reason":"no"}"#;
        let mut journal = Journal::in_memory();
        journal.advance(&serde_json::from_str(old).unwrap());
        let position = journal.position(DEFAULT_NAME, Signal::Traces);
        assert_eq!((position.offset, position.settled(), position.rejection.as_deref()), (100, 4, Some("no")));
    }
}
