#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::OpenOptions;

use proptest::prelude::*;

use super::*;

fn scratch(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("otel-run-log-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("log")
}

fn file(path: &std::path::Path) -> File {
    OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).unwrap()
}

fn payloads(log: &Log) -> Vec<Record> {
    let mut found = Vec::new();
    let (mut at, mut payload) = (Log::start(), Vec::new());
    while let Some(header) = log.read(at, &mut payload).unwrap() {
        found.push((header.kind, header.items, payload.clone()));
        at += header.record_length();
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cut or damaged anywhere, a log gives back a prefix of what was appended, and goes on from there.
    #[test]
    fn a_damaged_log_is_a_prefix(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..6),
        cut in any::<prop::sample::Index>(),
        flip in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let path = scratch("damaged");
        let mut log = Log::create(file(&path));
        for (n, body) in bodies.iter().enumerate() {
            log.append(Kind::Batch(Signal::Logs), n as u32, 7, Frame::from(body.as_slice())).unwrap();
        }
        let mut bytes = std::fs::read(&path).unwrap();
        match flip {
            Some(at) => { let at = FILE_HEADER + at.index(bytes.len() - FILE_HEADER); bytes[at] ^= 1; }
            None => bytes.truncate(FILE_HEADER + cut.index(bytes.len() - FILE_HEADER)),
        }
        std::fs::write(&path, &bytes).unwrap();
        let mut log = match Log::open(OpenOptions::new().read(true).write(true).open(&path).unwrap()) {
            Ok(log) => log,
            Err(error) => {
                // The first record is torn.
                let torn = bytes.len() < FILE_HEADER + RECORD_HEADER + bodies[0].len();
                prop_assert!(matches!(error, LogError::Blank) && flip.is_none() && torn);
                return Ok(());
            }
        };
        let survivors = payloads(&log);
        let end = Log::start() + survivors.iter().map(|(.., body)| (RECORD_HEADER + body.len()) as u64).sum::<u64>();
        prop_assert_eq!(log.tail(end).unwrap(), if flip.is_some() { Tail::Damaged } else { Tail::Torn });
        log.resume_at(end).unwrap();
        prop_assert!(survivors.len() < bodies.len());
        for (n, (kind, items, body)) in survivors.iter().enumerate() {
            prop_assert_eq!(*kind, Kind::Batch(Signal::Logs));
            prop_assert_eq!(*items, n as u32);
            prop_assert_eq!(body, &bodies[n]);
        }
        log.append(Kind::Ended, 0, 8, Frame::from(&b"{}"[..])).unwrap();
        let after = payloads(&log);
        prop_assert_eq!(after.len(), survivors.len() + 1);
        prop_assert_eq!(&after[survivors.len()].2, b"{}");
    }
}

#[test]
fn a_torn_tail_is_told_from_damage() {
    let path = scratch("tail");
    let mut log = Log::create(file(&path));
    log.append(Kind::Started, 0, 1, Frame::from(&b"{}"[..])).unwrap();
    let end = log.end();
    let whole = std::fs::read(&path).unwrap();
    let record = &whole[FILE_HEADER..];
    let of_the_next = |bytes: &[u8]| [&whole, bytes].concat();
    let mut flipped = of_the_next(&[record, record].concat());
    *flipped.get_mut(end as usize + RECORD_HEADER).unwrap() ^= 1;
    for (bytes, tail) in [
        (whole.clone(), Tail::Torn),
        (of_the_next(&record[..5]), Tail::Torn),
        (of_the_next(&record[..record.len() - 1]), Tail::Torn),
        (of_the_next(&[0; 4096]), Tail::Torn),
        (flipped, Tail::Damaged),
        (of_the_next(&[0xff; 4096]), Tail::Damaged),
    ] {
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Log::open(File::open(&path).unwrap()).unwrap().tail(end).unwrap(), tail, "{bytes:?}");
    }
}

#[test]
fn a_damaged_length_asks_for_no_memory() {
    let path = scratch("length");
    let mut log = Log::create(file(&path));
    let long = vec![7; 3 << 20];
    log.append(Kind::Batch(Signal::Logs), 1, 1, Frame::from(long.as_slice())).unwrap();
    let second = log.end();
    log.append(Kind::Ended, 0, 1, Frame::from(&b"{}"[..])).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[second as usize + 3] = 0x0f;
    std::fs::write(&path, &bytes).unwrap();
    let log = Log::open(File::open(&path).unwrap()).unwrap();
    assert_eq!(payloads(&log), [(Kind::Batch(Signal::Logs), 1, long)]);
    let mut payload = Vec::new();
    assert_eq!(log.read(second, &mut payload).unwrap(), None);
    assert!(payload.capacity() < 1 << 20, "{} bytes", payload.capacity());
}

#[test]
fn memory_and_file_read_the_same() {
    let mut on_disk = Log::create(file(&scratch("same")));
    let mut in_memory = Log::in_memory();
    for log in [&mut on_disk, &mut in_memory] {
        log.append(Kind::Started, 0, 1, Frame::from(&b"a"[..])).unwrap();
        log.append(Kind::Batch(Signal::Traces), 3, 2, Frame::from(&b"bc"[..])).unwrap();
    }
    assert_eq!(payloads(&on_disk), payloads(&in_memory));
    assert_eq!(on_disk.end(), in_memory.end());
}

#[test]
fn memory_is_bounded() {
    let mut log = Log::in_memory();
    let body = vec![0; MEMORY_LIMIT - 100];
    log.append(Kind::Batch(Signal::Traces), 1, 1, Frame::from(body.as_slice())).unwrap();
    let refused = log.append(Kind::Batch(Signal::Traces), 1, 1, Frame::from(body.as_slice()));
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(payloads(&log).len(), 1);
}

#[test]
fn foreign_and_newer_files_are_told_apart() {
    let path = scratch("foreign");
    std::fs::write(&path, b"something else entirely").unwrap();
    assert!(matches!(Log::open(File::open(&path).unwrap()), Err(LogError::NotALog)));
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(Log::open(File::open(&path).unwrap()), Err(LogError::Blank)));
    std::fs::write(&path, b"open").unwrap();
    assert!(matches!(Log::open(File::open(&path).unwrap()), Err(LogError::NotALog)));
    std::fs::write(&path, b"otel-run\x02\0\0\0\0\0\0\0").unwrap();
    assert!(matches!(Log::open(File::open(&path).unwrap()), Err(LogError::Newer(2))));
}

type Record = (Kind, u32, Vec<u8>);

/// A log with records of every kind, one with an empty payload: its bytes, what is in it, and where each record ends.
fn of_every_kind(path: &std::path::Path) -> (Vec<u8>, Vec<Record>, Vec<usize>) {
    let mut log = Log::create(file(path));
    let mut ends = Vec::new();
    let records = [
        (Kind::Started, 0, b"{\"a\":1}".to_vec()),
        (Kind::Batch(Signal::Traces), 3, b"spans, spans, spans".to_vec()),
        (Kind::Batch(Signal::Metrics), 0, Vec::new()),
        (Kind::Batch(Signal::Logs), 1, vec![0; 40]),
        (Kind::Ended, 0, b"{}".to_vec()),
    ];
    for (kind, items, body) in &records {
        log.append(*kind, *items, 7, Frame::from(body.as_slice())).unwrap();
        ends.push(usize::try_from(log.end()).unwrap());
    }
    (std::fs::read(path).unwrap(), records.into(), ends)
}

fn opened(path: &std::path::Path, bytes: &[u8]) -> Result<Log, LogError> {
    std::fs::write(path, bytes).unwrap();
    Log::open(File::open(path).unwrap())
}

#[test]
fn cut_anywhere_it_is_what_was_whole_before() {
    let path = scratch("cut");
    let (bytes, records, ends) = of_every_kind(&path);
    for cut in 0..=bytes.len() {
        let whole = ends.iter().filter(|end| **end <= cut).count();
        match opened(&path, &bytes[..cut]) {
            Ok(log) => {
                assert_eq!(payloads(&log), records[..whole], "cut at {cut}");
                let end = whole.checked_sub(1).map_or(FILE_HEADER, |last| ends[last]);
                assert_eq!(log.tail(end as u64).unwrap(), Tail::Torn, "cut at {cut}");
            }
            Err(error) => assert!(matches!(error, LogError::Blank) && whole == 0, "cut at {cut}: {error}"),
        }
    }
}

#[test]
fn with_a_bit_flipped_anywhere_it_is_what_stands_before_and_damage() {
    let path = scratch("flip");
    let (bytes, records, ends) = of_every_kind(&path);
    for (at, bit) in (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << bit;
        let whole = ends.iter().filter(|end| **end <= at).count();
        match (opened(&path, &flipped), at) {
            (Err(error), 0..8) => assert!(matches!(error, LogError::NotALog), "{at}: {error}"),
            (Err(error), 8) if bit == 0 => assert!(matches!(error, LogError::NotALog), "{at}: {error}"),
            (Err(error), 8..12) => assert!(matches!(error, LogError::Newer(_)), "{at}: {error}"),
            (Ok(log), 12..16) => assert_eq!(payloads(&log), records),
            (Ok(log), 16..) => {
                assert_eq!(payloads(&log), records[..whole], "bit {bit} of {at}");
                let end = whole.checked_sub(1).map_or(FILE_HEADER, |last| ends[last]);
                assert_eq!(log.tail(end as u64).unwrap(), Tail::Damaged, "bit {bit} of {at}");
                // Nobody passes it over either.
                let mut passed = Log::start();
                while let Some(header) = log.peek(passed).unwrap() {
                    passed += header.record_length();
                }
                assert_eq!(passed, end as u64, "bit {bit} of {at}");
            }
            (opened, _) => panic!("bit {bit} of {at}: {opened:?}"),
        }
    }
}
