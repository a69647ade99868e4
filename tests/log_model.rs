//! The log against a model of it, which is a list: appended to, cut, resumed, read from anywhere, on a disk that is full
//! and has room again.
//!
//! The disk is full by the limit on the size of files, which holds for the whole process. So there is one test here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal as Kill};
use otel_run::otlp::Signal;
use otel_run::store::log::{FILE_HEADER, Frame, Kind, Log, LogError, RECORD_HEADER, Tail};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;

type Record = (Kind, u32, Vec<u8>);

/// What happens to a log.
#[derive(Debug, Clone)]
enum Step {
    Append(Kind, Vec<u8>),
    /// The writer is killed, and of the file no more is left than up to this byte. Somebody else writes on.
    Kill(Index),
    /// Read on from this record.
    Read(Index),
    /// So many bytes more fit onto the disk.
    Full(u64),
    Room,
    /// Everything that is in memory is to be written.
    WriteAll,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        Just(Kind::Batch(Signal::Traces)),
        Just(Kind::Batch(Signal::Metrics)),
        Just(Kind::Batch(Signal::Logs)),
        Just(Kind::Ended)
    ];
    prop_oneof![
        8 => (kind, proptest::collection::vec(any::<u8>(), 0..80)).prop_map(|(kind, body)| Step::Append(kind, body)),
        1 => any::<Index>().prop_map(Step::Kill),
        2 => any::<Index>().prop_map(Step::Read),
        2 => (0_u64..150).prop_map(Step::Full),
        1 => Just(Step::Room),
        1 => Just(Step::WriteAll),
    ]
}

/// The log and what it must be.
struct Pair {
    path: PathBuf,
    log: Log,
    records: Vec<Record>,
    /// How many of them are in the file.
    in_file: usize,
    /// The size that a file can have.
    limit: u64,
}

impl Pair {
    fn new(path: &Path, limit: u64) -> Self {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).unwrap();
        let log = limited(limit, || Log::create(file));
        Self { path: path.to_owned(), log, records: Vec::new(), in_file: 0, limit }
    }

    /// Where the record `index` begins.
    fn offset(&self, index: usize) -> u64 {
        let lengths = self.records[..index].iter().map(|(.., body)| RECORD_HEADER + body.len());
        (FILE_HEADER + lengths.sum::<usize>()) as u64
    }

    /// As much as fits is in the file.
    fn fill(&mut self) {
        while self.in_file < self.records.len() && self.offset(self.in_file + 1) <= self.limit {
            self.in_file += 1;
        }
    }

    fn size(&self) -> u64 {
        if self.limit < FILE_HEADER as u64 && self.in_file == 0 { 0 } else { self.offset(self.in_file) }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append(kind, body) => {
                let items = self.records.len() as u32;
                let frame = Frame::from(body.as_slice());
                limited(self.limit, || self.log.append(kind, items, 7, frame)).unwrap();
                self.records.push((kind, items, body));
                self.fill();
            }
            Step::Kill(at) => self.kill(at),
            Step::Read(from) => {
                let from = from.index(self.records.len() + 1);
                assert_eq!(read(&self.log, self.offset(from)), self.records[from..]);
                return;
            }
            Step::Full(more) => self.limit = self.log.written() + more,
            Step::Room => self.limit = RLIM_INFINITY,
            Step::WriteAll => {
                let written = limited(self.limit, || self.log.write_all());
                self.fill();
                assert_eq!(written.is_ok(), self.in_file == self.records.len() && self.size() > 0, "{written:?}");
            }
        }
        assert_eq!(read(&self.log, Log::start()), self.records);
        assert_eq!((self.log.written(), self.log.end()), (self.written(), self.offset(self.records.len())));
        // Who reads the file finds what is in it, and nothing that looks like damage.
        assert_eq!(std::fs::metadata(&self.path).unwrap().len(), self.log.written());
        match Log::open(File::open(&self.path).unwrap()) {
            Ok(log) => {
                assert_eq!(read(&log, Log::start()), self.records[..self.in_file]);
                assert_eq!(log.tail(self.offset(self.in_file)).unwrap(), Tail::Torn);
            }
            Err(error) => assert!(matches!(error, LogError::Blank) && self.in_file == 0, "{error}"),
        }
    }

    /// What is in the file by the model. The header goes in with the first thing that is written when there is room.
    fn written(&self) -> u64 {
        match self.in_file {
            0 => self.log.written().min(FILE_HEADER as u64),
            number => self.offset(number),
        }
    }

    fn kill(&mut self, at: Index) {
        let length = std::fs::metadata(&self.path).unwrap().len();
        let cut = at.index(usize::try_from(length).unwrap() + 1) as u64;
        let file = OpenOptions::new().read(true).write(true).open(&self.path).unwrap();
        file.set_len(cut).unwrap();
        self.in_file = (0..=self.in_file).rev().find(|number| *number == 0 || self.offset(*number) <= cut).unwrap();
        self.records.truncate(self.in_file);
        match Log::open(file) {
            Ok(mut log) => {
                let end = self.offset(self.in_file);
                assert_eq!(read(&log, Log::start()), self.records);
                assert_eq!(log.tail(end).unwrap(), Tail::Torn);
                log.resume_at(end).unwrap();
                self.log = log;
            }
            Err(error) => {
                assert!(matches!(error, LogError::Blank) && self.in_file == 0, "{error}");
                *self = Self::new(&self.path, self.limit);
            }
        }
    }
}

fn read(log: &Log, from: u64) -> Vec<Record> {
    let (mut at, mut payload, mut found) = (from, Vec::new(), Vec::new());
    while let Some(header) = log.read(at, &mut payload).unwrap() {
        assert_eq!(log.peek(at).unwrap(), Some(header));
        found.push((header.kind, header.items, payload.clone()));
        at += header.record_length();
    }
    assert_eq!(log.peek(at).unwrap(), None);
    found
}

/// Does `work` where no file can grow beyond `limit` bytes.
fn limited<T>(limit: u64, work: impl FnOnce() -> T) -> T {
    let (soft, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, limit.min(hard), hard).unwrap();
    let done = work();
    setrlimit(Resource::RLIMIT_FSIZE, soft, hard).unwrap();
    done
}

#[test]
fn the_log_is_a_list() {
    // The kernel sends it to the thread that writes; the error of the write is what counts.
    let mut signals = SigSet::empty();
    signals.add(Kill::SIGXFSZ);
    signals.thread_block().unwrap();
    let folder = std::env::temp_dir().join(format!("otel-run-log-model-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("log");

    let steps = (proptest::option::of(0_u64..200), proptest::collection::vec(step(), 1..40));
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) });
    let run = runner.run(&steps, |(limit, steps)| {
        let mut pair = Pair::new(&path, limit.unwrap_or(RLIM_INFINITY));
        steps.into_iter().for_each(|step| pair.take(step));
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));

    memory_behind_a_full_disk_is_bounded(&path);
    closing_keeps_what_may_move(&path);
    std::fs::remove_dir_all(folder).unwrap();
}

fn memory_behind_a_full_disk_is_bounded(path: &Path) {
    let mut pair = Pair::new(path, RLIM_INFINITY);
    pair.take(Step::Append(Kind::Batch(Signal::Traces), vec![1; 100]));
    let body = vec![0; 40 << 20];
    let append = |log: &mut Log, limit| {
        limited(limit, || log.append(Kind::Batch(Signal::Logs), 1, 7, Frame::from(body.as_slice())))
    };
    append(&mut pair.log, 1_000).unwrap();
    let refused = append(&mut pair.log, 1_000).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(nix::libc::EFBIG), "{refused}");
    // What was refused has left no trace, and with room again everything is taken.
    assert_eq!(read(&pair.log, Log::start()).len(), 2);
    append(&mut pair.log, RLIM_INFINITY).unwrap();
    assert_eq!((read(&pair.log, Log::start()).len(), pair.log.written()), (3, pair.log.end()));
}

fn closing_keeps_what_may_move(path: &Path) {
    let mut pair = Pair::new(path, RLIM_INFINITY);
    pair.take(Step::Append(Kind::Batch(Signal::Traces), vec![1; 100]));
    pair.take(Step::Full(60));
    for (kind, length) in [
        (Kind::Batch(Signal::Traces), 100),
        (Kind::Batch(Signal::Metrics), 2),
        (Kind::Batch(Signal::Logs), 3),
        (Kind::Batch(Signal::Traces), 30),
        (Kind::Ended, 4),
    ] {
        pair.take(Step::Append(kind, vec![2; length]));
    }
    let ends: Vec<u64> = (1..=pair.records.len()).map(|number| pair.offset(number)).collect();
    let moved = |kind, _| kind != Kind::Batch(Signal::Metrics);
    let (left, why) = limited(pair.limit, || pair.log.close(moved)).unwrap();
    assert_eq!(why.raw_os_error(), Some(nix::libc::EFBIG), "{why}");
    let left: Vec<(Kind, u64)> = left.iter().map(|unwritten| (unwritten.kind, unwritten.end)).collect();
    let traces = Kind::Batch(Signal::Traces);
    assert_eq!(left, [(traces, ends[1]), (Kind::Batch(Signal::Metrics), ends[2]), (traces, ends[4])]);
    let kept: Vec<Kind> =
        read(&Log::open(File::open(path).unwrap()).unwrap(), Log::start()).into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kept, [traces, Kind::Batch(Signal::Logs), Kind::Ended]);
}
