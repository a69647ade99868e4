//! Telemetry into a file: one export request in OTLP JSON a line, as the OpenTelemetry Collector's file exporter writes it
//! (OTLP file exporter, "JSON File serialization").

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use super::answer::Answer;
use crate::otlp::{Signal, json};

/// When to come again if another otel-run writes just now.
const AGAIN: Duration = Duration::from_millis(20);
/// The longest line whose beginning is looked for.
const LONGEST: u64 = 1 << 30;
/// How each of our lines begins.
const OURS: &[u8] = b"{\"resource";

/// Appends one export request, given in protobuf, to the file at `path`.
pub(super) fn append(path: &Path, signal: Signal, protobuf: &[u8]) -> Answer {
    let mut line = match json::encode(signal, protobuf) {
        Ok(line) => line.into_bytes(),
        Err(error) => return Answer::Refused { reason: format!("the batch has no form in JSON: {error}") },
    };
    line.push(b'\n');
    match write(path, &line) {
        Ok(true) => Answer::Taken { rejected: 0, remark: None },
        Ok(false) => {
            Answer::Busy { reason: format!("another otel-run writes to {}", path.display()), retry_after: Some(AGAIN) }
        }
        Err(error) => Answer::Unreachable { reason: format!("cannot write to {}: {error}", path.display()) },
    }
}

/// Writes a whole line or nothing; `false` where somebody else writes.
fn write(path: &Path, line: &[u8]) -> io::Result<bool> {
    let mut file = open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        // A file system without locks, or what is no file: /dev/stdout, a pipe.
        Err(TryLockError::Error(_)) => {}
    }
    if !file.metadata()?.is_file() {
        return file.write_all(line).map(|()| true);
    }
    let end = whole_lines(&mut file)?;
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    let written = file.write_all(line);
    if written.is_err() {
        // A full disk has taken a part of it.
        let _ = file.set_len(end);
    }
    written.map(|()| true)
}

fn open(path: &Path) -> io::Result<File> {
    let open = || File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    match (open(), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(folder)?;
            open()
        }
        // A pipe is not to be read.
        (Err(_), _) if path.exists() => File::options().write(true).open(path),
        (opened, _) => opened,
    }
}

/// Where the last line ends. A line of ours that was not finished is left out: its writer was killed, and writes it again.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    const PIECE: u64 = 64 << 10;
    let end = file.seek(SeekFrom::End(0))?;
    let mut start = end;
    while start > 0 && end - start < LONGEST {
        let from = start.saturating_sub(PIECE);
        let mut piece = vec![0; (start - from) as usize];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut piece)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            start = from + at as u64 + 1;
            break;
        }
        start = from;
    }
    let mut beginning = vec![0; OURS.len().min((end - start) as usize)];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut beginning)?;
    if beginning.is_empty() || OURS.starts_with(&beginning) {
        return Ok(start);
    }
    // Somebody else's last line, which has no end: it is not ours to take away.
    file.seek(SeekFrom::Start(end))?;
    file.write_all(b"\n")?;
    Ok(end + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn scratch(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("otel-run-file-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        folder.join("below").join("o.jsonl")
    }

    #[test]
    fn lines_are_whole_whatever_was_there_before() {
        let path = scratch("lines");
        for (before, after) in [
            ("", "NEW\n"),
            ("{\"resourceSpans\":[]}\n", "{\"resourceSpans\":[]}\nNEW\n"),
            ("{\"resourceSpans\":[]}\n{\"resourceLo", "{\"resourceSpans\":[]}\nNEW\n"),
            ("{\"resourceSp", "NEW\n"),
            ("{\"res", "NEW\n"),
            ("a diary", "a diary\nNEW\n"),
            ("a\nb", "a\nb\nNEW\n"),
        ] {
            assert!(write(&path, b"x\n").unwrap());
            std::fs::write(&path, before).unwrap();
            assert!(write(&path, b"NEW\n").unwrap());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), after, "{before:?}");
        }
        let long = format!("a\n{{\"resource{}", "x".repeat(200_000));
        std::fs::write(&path, long).unwrap();
        assert!(write(&path, b"NEW\n").unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nNEW\n");
    }

    /// Whether `ours` says what `theirs` does. The collector writes some messages that are empty, and leaves out some lists
    /// that are; and `3` is `3.0`.
    fn says_the_same(ours: &serde_json::Value, theirs: &serde_json::Value) -> bool {
        use serde_json::Value::{Array, Number, Object};
        match (ours, theirs) {
            (Object(ours), Object(theirs)) => {
                let (nothing, empty) = (serde_json::json!([]), serde_json::json!({}));
                let known = |(key, value): (&String, &serde_json::Value)| theirs.contains_key(key) || *value == nothing;
                let same = |(key, value)| says_the_same(ours.get(key).unwrap_or(&empty), value);
                ours.iter().all(known) && theirs.iter().all(same)
            }
            (Array(ours), Array(theirs)) => {
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| says_the_same(ours, theirs))
            }
            (Number(ours), Number(theirs)) => ours.as_f64() == theirs.as_f64(),
            (ours, theirs) => ours == theirs,
        }
    }

    /// The fixtures were written by the OpenTelemetry Collector 0.160.0.
    #[test]
    fn lines_say_what_those_of_the_collector_say() {
        let path = scratch("collector");
        for signal in Signal::ALL {
            let fixture = format!("tests/fixtures/otelcol/{}.jsonl", signal.as_str());
            let theirs = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture)).unwrap();
            assert!(theirs.lines().count() > 1);
            for line in theirs.lines() {
                let _ = std::fs::remove_file(&path);
                let protobuf = json::decode(signal, line.as_bytes()).unwrap();
                assert_eq!(append(&path, signal, &protobuf), Answer::Taken { rejected: 0, remark: None });
                let ours = std::fs::read_to_string(&path).unwrap();
                assert!(ours.ends_with('\n') && ours.lines().count() == 1, "{ours}");
                let [ours, theirs] = [ours.as_str(), line].map(|text| serde_json::from_str(text).unwrap());
                assert!(says_the_same(&ours, &theirs), "{ours:#}\nis not\n{theirs:#}");
            }
        }
    }

    #[test]
    fn two_do_not_write_at_once() {
        let path = scratch("locked");
        assert!(write(&path, b"one\n").unwrap());
        let held = File::open(&path).unwrap();
        held.lock().unwrap();
        assert!(!write(&path, b"two\n").unwrap());
        drop(held);
        assert!(write(&path, b"two\n").unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }
}
