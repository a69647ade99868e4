//! The removal of old runs: what each takes and how it stands, and how it goes.
//!
//! # Invariants
//!
//! * A run goes under the lock on its log, so nobody is at work on it, and how it stands is looked at once more under that
//!   lock.
//! * It is first renamed to a name that no run has. From then on it is there for nobody, whether or not whoever removes it
//!   comes to the end; what is left of it is removed by the next.
//! * When somebody looked last is written down before anything is looked at. A look that was cut short is made again a day
//!   later, and not at once.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::log::{Log, LogError};
use super::retention::{Standing, Stored};
use super::run::{RunFolder, State, Store, private};

/// The file whose time says when the rule was applied last, beside the folder of runs.
const PRUNED: &str = "pruned";
/// How often the rule is applied unasked.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// What the name of a run begins with that is being removed. No run is found by it.
const REMOVED: &str = ".removed-";

/// What became of a run that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is removed.
    Removed,
    /// It stays: somebody is at work on it, or was since it was looked at.
    Busy,
    /// Somebody else has removed it.
    Gone,
}

impl Store {
    /// Whether it is time to look for old runs; the next time is a day later. Never where that cannot be written down.
    pub fn is_pruning_due(&self) -> bool {
        let marker = self.runs().with_file_name(PRUNED);
        let looked = std::fs::metadata(&marker).and_then(|facts| facts.modified());
        // A clock that was ahead must not keep the runs until it has caught up.
        if looked.is_ok_and(|looked| looked.elapsed().is_ok_and(|ago| ago < EVERY)) {
            return false;
        }
        let marked = private().write(true).create(true).truncate(false).open(&marker);
        marked.and_then(|marker| marker.set_modified(SystemTime::now())).is_ok()
    }

    /// Removes what an earlier removal has left, if it was killed.
    pub fn sweep(&self) {
        let Ok(entries) = std::fs::read_dir(self.runs()) else { return };
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        for name in names.filter(|name| name.as_encoded_bytes().starts_with(REMOVED.as_bytes())) {
            let _ = std::fs::remove_dir_all(self.runs().join(name));
        }
    }
}

impl RunFolder {
    /// The run as the rule sees it. The log's beginning and the summary are read, and nothing else.
    pub fn look(&self) -> Stored {
        self.seen(self.read_log().as_ref().map(drop), || self.state().ok())
    }

    fn seen(&self, log: Result<(), &LogError>, state: impl Fn() -> Option<State>) -> Stored {
        let ended = self.summary().and_then(|summary| Some((summary.ended.as_ref()?.ended_unix_nano, summary)));
        let standing = match (log, &ended) {
            (Err(LogError::Newer(format)), _) => Standing::Newer(*format),
            (Err(_), _) => Standing::Unclear,
            (Ok(()), Some((_, summary))) => {
                let pending = summary.sum().pending;
                match (pending, summary.is_local()) {
                    (1.., _) => Standing::Undelivered(pending),
                    (0, true) => Standing::Local,
                    (0, false) => Standing::Settled,
                }
            }
            (Ok(()), None) if state() == Some(State::Busy) => Standing::Busy,
            (Ok(()), None) => Standing::Unclear,
        };
        let unix_nano = ended.map_or_else(|| self.written_last(), |(ended, _)| ended);
        Stored { id: self.id(), unix_nano, bytes: self.bytes(), standing }
    }

    /// When anything was written down of the run last, in nanoseconds since 1970.
    fn written_last(&self) -> u64 {
        let modified = |path| std::fs::metadata(path).and_then(|facts| facts.modified()).ok();
        let last = modified(self.log()).or_else(|| modified(self.path().to_owned()));
        let since = last.and_then(|last| last.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// What the run takes on disk.
    fn bytes(&self) -> u64 {
        let Ok(entries) = std::fs::read_dir(self.path()) else { return 0 };
        let files = entries.filter_map(|entry| entry.ok()?.metadata().ok());
        files.map(|facts| facts.len().max(facts.blocks() * 512)).sum()
    }

    /// Removes the run if nobody is at work on it and it `may_go` as it stands under its lock.
    ///
    /// # Errors
    ///
    /// What the system said. Unless the run is still there, what is left of it is removed by the next [`Store::sweep`].
    pub fn remove(&self, may_go: impl FnOnce(&Stored) -> bool) -> io::Result<Removal> {
        let lock = match private().read(true).write(true).open(self.log()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.path().exists() => return Ok(Removal::Gone),
            // Nobody can be at work on a run without a log.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            other => Some(other?),
        };
        match lock.as_ref().map_or(Ok(()), File::try_lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Removal::Busy),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let log = match &lock {
            Some(file) => Log::open(file.try_clone()?).map(drop),
            None => Err(LogError::Blank),
        };
        if !self.path().exists() {
            return Ok(Removal::Gone);
        }
        if !may_go(&self.seen(log.as_ref().map(drop), || Some(State::Idle))) {
            return Ok(Removal::Busy);
        }
        let mut name = OsString::from(REMOVED);
        name.push(self.path().file_name().unwrap_or_default());
        let removed = self.path().with_file_name(name);
        match std::fs::rename(self.path(), &removed) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Removal::Gone),
            other => other?,
        }
        self.mark_closed();
        match std::fs::remove_dir_all(removed) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            // A sweep may have come first.
            _ => Ok(Removal::Removed),
        }
    }
}
