//! Any bytes as the log of a run: what is whole in them is read, and writing goes on behind it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};

use otel_run::store::log::{FILE_HEADER, Frame, Header, Kind, Log, LogError, Tail};

use super::Reading;

/// A record as it was read.
#[derive(Debug, PartialEq)]
pub struct Record {
    kind: Kind,
    items: u32,
    unix_nano: u64,
    /// What is in it.
    pub payload: Vec<u8>,
}

/// How each log of this version begins.
const HEADER: &[u8; FILE_HEADER] = b"otel-run\x01\0\0\0\0\0\0\0";

/// The input is the file.
pub fn check(data: &[u8]) -> Reading {
    let file = file_of(data);
    let mut log = match Log::open(file.try_clone().unwrap()) {
        Ok(log) => log,
        Err(LogError::Io(error)) => panic!("{error}"),
        Err(error) => {
            // What is left of a log that was never begun is a beginning of the header, or torn behind it.
            // Where it is whole, its last bytes say nothing.
            let said = if data.len() < FILE_HEADER { data } else { &data[..12] };
            let begun = HEADER.starts_with(said);
            assert_eq!(matches!(error, LogError::Blank), begun, "{error}");
            return Reading::Refused;
        }
    };
    let (records, end) = records(&log);
    assert!(end <= data.len() as u64);
    let tail = log.tail(end).unwrap();
    assert!(tail == Tail::Torn || end < data.len() as u64, "damage behind the end of the file");

    let mut payload = Vec::new();
    assert_eq!(log.read(end, &mut payload).unwrap(), None);
    assert!(payload.capacity() <= data.len().max(1 << 20), "room for {} bytes", payload.capacity());

    log.resume_at(end).unwrap();
    log.append(Kind::Ended, 0, 7, Frame::from(&b"{}"[..])).unwrap();
    let (mut again, end) = self::records(&Log::open(file.try_clone().unwrap()).unwrap());
    assert_eq!((end, file.metadata().unwrap().len()), (log.end(), log.end()));
    assert_eq!(again.pop().map(|last| (last.kind, last.payload)), Some((Kind::Ended, b"{}".to_vec())));
    assert_eq!(again, records);
    if records.is_empty() { Reading::Refused } else { Reading::Accepted }
}

/// A file of its own that holds `bytes` and is gone when it is closed.
pub fn file_of(bytes: &[u8]) -> File {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = format!("otel-run-fuzz-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file
}

/// All that is read of a log, and where it ends.
pub fn records(log: &Log) -> (Vec<Record>, u64) {
    let (mut records, mut at, mut payload) = (Vec::new(), Log::start(), Vec::new());
    while let Some(header) = log.read(at, &mut payload).unwrap() {
        let Header { kind, items, unix_nano, .. } = header;
        records.push(Record { kind, items, unix_nano, payload: payload.clone() });
        at += header.record_length();
    }
    (records, at)
}
