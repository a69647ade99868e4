//! The folders of runs: made, found, listed, locked.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::content::Kept;
use super::facts::{Beginning, Summary};
use super::journal::Journal;
use super::log::{FILE_HEADER, Frame, Kind, Log, LogError};

/// All runs below one state folder.
#[derive(Debug, Clone)]
pub struct Store {
    runs: PathBuf,
}

/// The folder of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

/// Whether somebody is at work on a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The run goes on, or is being delivered.
    Busy,
    /// Nobody holds it.
    Idle,
}

/// No run, or no single one, is meant.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The folder of runs cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There are no runs at all.
    #[error("no run is recorded in {}", .0.display())]
    Empty(PathBuf),
    /// None has that name.
    #[error("no run is called {0:?}")]
    Unknown(String),
    /// Several have a name like that.
    #[error("{wanted:?} can be any of {}", .candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// The runs it fits.
        candidates: Vec<String>,
    },
}

impl Store {
    /// The store below `state_dir`; nothing is touched yet.
    pub fn at(state_dir: &Path) -> Self {
        Self { runs: state_dir.join("runs") }
    }

    /// Makes the folder and the log of a new run, private to the user, takes the lock on it and marks the run as open. The
    /// first record says how the run was started.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn create(&self, beginning: &Beginning) -> io::Result<(RunFolder, Log)> {
        let folder = self.folder(beginning.started.run_id.as_ref());
        match private_folder().create(&folder.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                private_folder().recursive(true).create(&self.runs)?;
                private_folder().create(&folder.path)?;
            }
            other => other?,
        }
        match folder.begin(beginning) {
            Ok(log) => Ok((folder, log)),
            Err(error) => {
                // A full disk has room for a folder and not for a log.
                folder.discard();
                Err(error)
            }
        }
    }

    pub(super) fn runs(&self) -> &Path {
        &self.runs
    }

    /// The folder that a run of this name has, if there is one.
    pub fn folder(&self, name: &OsStr) -> RunFolder {
        RunFolder { path: self.runs.join(name) }
    }

    /// All runs, the newest first. What has no name of a run's form is none.
    ///
    /// # Errors
    ///
    /// When the folder of runs cannot be read; one that does not exist has no runs.
    pub fn list(&self) -> Result<Vec<RunFolder>, FindError> {
        let unreadable = |source| FindError::Unreadable { path: self.runs.clone(), source };
        let entries = match std::fs::read_dir(&self.runs) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(unreadable)?,
        };
        let mut runs: Vec<RunFolder> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit))
            .map(|entry| RunFolder { path: entry.path() })
            .collect();
        // Names begin with the time, so the order of names is the order in time.
        runs.sort_by(|a, b| b.path.cmp(&a.path));
        Ok(runs)
    }

    /// The run that `wanted` names: whole, by its beginning, or by its end. Nothing wanted means the newest of which anything
    /// is recorded.
    ///
    /// # Errors
    ///
    /// When there is none, or more than one.
    pub fn find(&self, wanted: Option<&str>) -> Result<RunFolder, FindError> {
        let mut runs = self.list()?;
        let Some(wanted) = wanted else {
            return runs
                .into_iter()
                .find(|run| !matches!(run.read_log(), Err(LogError::Blank)))
                .ok_or_else(|| FindError::Empty(self.runs.clone()));
        };
        runs.retain(|run| run.id().starts_with(wanted) || run.id().ends_with(wanted));
        match (runs.pop(), runs.as_slice()) {
            (Some(run), []) => Ok(run),
            (Some(run), others) => Err(FindError::Ambiguous {
                wanted: wanted.to_owned(),
                candidates: others.iter().chain([&run]).map(RunFolder::id).collect(),
            }),
            (None, _) => Err(FindError::Unknown(wanted.to_owned())),
        }
    }
}

impl RunFolder {
    /// The run's name.
    pub fn id(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn begin(&self, beginning: &Beginning) -> io::Result<Log> {
        let file = private().read(true).write(true).create_new(true).open(self.log())?;
        file.lock()?;
        // Without a mark the run is recorded all the same.
        let _ = self.mark_open();
        let mut log = Log::create(file);
        let first = serde_json::to_vec(beginning)?;
        log.append(Kind::Started, 0, beginning.started.started_unix_nano, Frame::from(first.as_slice()))?;
        Ok(log)
    }

    /// Gives up a marked run whose otel-run was killed before its first record was whole. It is removed if nothing of that
    /// was written; a log with anything in it is never removed.
    pub fn give_up(&self) {
        match std::fs::metadata(self.log()) {
            Ok(log) if log.len() <= FILE_HEADER as u64 => self.discard(),
            _ => self.mark_closed(),
        }
    }

    /// Removes a run that was begun here and is not recorded after all. What is left of it would look like a lost one.
    pub fn discard(&self) {
        let _ = std::fs::remove_dir_all(&self.path);
        self.mark_closed();
    }

    /// Begins the log of what stays on this machine ([`super::content`]), private to the user.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn begin_content(&self) -> io::Result<Kept> {
        private().read(true).write(true).create_new(true).open(self.content()).map(|file| Kept::new(Log::create(file)))
    }

    /// What stays on this machine, to be read; none where the run kept nothing of it.
    ///
    /// # Errors
    ///
    /// As [`RunFolder::read_log`].
    pub fn read_content(&self) -> Result<Option<Log>, LogError> {
        match File::open(self.content()) {
            Ok(file) => match Log::open(file) {
                Err(LogError::Blank) => Ok(None),
                other => other.map(Some),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The log, to be read.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no log, holds nothing, or comes from a newer version.
    pub fn read_log(&self) -> Result<Log, LogError> {
        match File::open(self.log()) {
            Ok(file) => Log::open(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.holds_nothing() => Err(LogError::Blank),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the folder is empty, or was removed since it was listed.
    fn holds_nothing(&self) -> bool {
        match std::fs::read_dir(&self.path) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// The log, to be delivered or completed by us alone; none while somebody else is at work on it. To go on writing,
    /// find its end first ([`Log::resume_at`]).
    ///
    /// # Errors
    ///
    /// As [`RunFolder::read_log`].
    pub fn claim_log(&self) -> Result<Option<Log>, LogError> {
        let file = private().read(true).write(true).open(self.log())?;
        match file.try_lock() {
            Ok(()) => Log::open(file).map(Some),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Whether the run goes on or is being delivered.
    ///
    /// # Errors
    ///
    /// When the log cannot be opened.
    pub fn state(&self) -> io::Result<State> {
        match File::open(self.log())?.try_lock_shared() {
            Ok(()) => Ok(State::Idle),
            Err(TryLockError::WouldBlock) => Ok(State::Busy),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// What was delivered so far, ready for more.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn journal(&self) -> io::Result<Journal> {
        Journal::open(&self.journal_path())
    }

    /// What was delivered so far, to be looked at.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn read_journal(&self) -> io::Result<Journal> {
        Journal::read(&self.journal_path())
    }

    /// The summary, if there is a whole one of the form that is written today.
    pub fn summary(&self) -> Option<Summary> {
        let summary: Summary = serde_json::from_slice(&std::fs::read(self.path.join("summary.json")).ok()?).ok()?;
        summary.is_of_this_form().then_some(summary)
    }

    /// Replaces the summary, in one step.
    ///
    /// # Errors
    ///
    /// What the system said; the old one is then still there.
    pub fn write_summary(&self, summary: &Summary) -> io::Result<()> {
        let new = self.path.join("summary.json.new");
        let mut file = private().write(true).create(true).truncate(true).open(&new)?;
        let written = file.write_all(&serde_json::to_vec(summary)?);
        let moved = written.and_then(|()| std::fs::rename(&new, self.path.join("summary.json")));
        if moved.is_err() {
            let _ = std::fs::remove_file(new);
        }
        moved
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    fn content(&self) -> PathBuf {
        self.path.join("content")
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        self.path.join("delivery.jsonl")
    }
}

/// How a folder is made that only its owner can enter.
pub(super) fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Options for a file that only its owner can read.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}
