//! This place, looked at: the folder for runs, the runs in it, what the system allows.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::super::recording::unix_nano;
use super::super::said::Said;
use crate::diagnosis::here::{Facts, Folder, Runs};
use crate::machine::{self, ControlGroups};
use crate::store::{RunFolder, State, Store};

/// Looks at it. Nothing is changed: a file that shows that files can be made is gone at once.
pub(super) fn look(said: &Said) -> Facts {
    let folder = said.state_dir();
    let runs = folder.as_ref().map(|folder| runs(&Store::at(&folder.value))).unwrap_or_default();
    let facts = machine::look(&said.environment, Timestamp::now(), &ControlGroups::of_this_process());
    let container = facts
        .container_id
        .map(|id| id.chars().take(12).collect())
        .or_else(|| facts.k8s_namespace.map(|namespace| format!("a pod in {namespace}")))
        .or_else(|| machine::container_mark().map(str::to_owned));
    let canonical = |path: PathBuf| path.canonicalize().ok();
    Facts {
        folder: folder.map(|folder| {
            let state = state(&folder.value);
            (folder, state)
        }),
        runs,
        descriptors: machine::descriptors(),
        now: unix_nano(),
        container,
        is_init: std::process::id() == 1,
        executable: std::env::current_exe().ok().and_then(canonical),
        in_path: which::which("otel-run").ok().and_then(canonical),
    }
}

/// Whether runs can be kept in `folder`.
fn state(folder: &Path) -> Folder {
    match std::fs::metadata(folder) {
        Ok(facts) if !facts.is_dir() => Folder::Unusable("it is no folder".to_owned()),
        Ok(facts) => match owner_of_new_file(folder) {
            Ok(me) => Folder::There { mode: facts.mode(), is_mine: facts.uid() == me, space: machine::space(folder) },
            Err(error) => Folder::Unusable(format!("no file can be made in it: {error}")),
        },
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => above(folder),
        Err(error) => Folder::Unusable(error.to_string()),
    }
}

/// The folder in which one that is not there would be made.
fn above(folder: &Path) -> Folder {
    let above = folder.ancestors().skip(1).find_map(|above| Some((above, std::fs::metadata(above).ok()?)));
    match above {
        None => Folder::Unusable("there is no folder above it".to_owned()),
        Some((above, facts)) if !facts.is_dir() => Folder::Unusable(format!("{} is no folder", above.display())),
        Some((above, _)) => match machine::may_write(above) {
            Ok(()) => Folder::ToBeMade(above.to_owned()),
            Err(error) => Folder::Unusable(format!("no folder can be made in {}: {error}", above.display())),
        },
    }
}

/// Makes a file and takes it away; gives whom it belonged to.
fn owner_of_new_file(folder: &Path) -> io::Result<u32> {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let owner = file.metadata().map(|facts| facts.uid());
    std::fs::remove_file(&path)?;
    owner
}

/// What earlier runs have left. Nothing of it is closed or written.
fn runs(store: &Store) -> Runs {
    let folders = store.list().unwrap_or_default();
    let is_busy = |folder: &RunFolder| folder.state().is_ok_and(|state| state == State::Busy);
    let mut runs = Runs { number: folders.len(), ..Runs::default() };
    for folder in folders.iter().filter(|folder| !is_busy(folder)) {
        match folder.summary_or_made() {
            Ok(summary) => {
                if runs.last.is_none() {
                    runs.last = Some(summary.clone());
                }
                if summary.is_pending() {
                    runs.undelivered.push(summary);
                }
            }
            Err(error) if error.is_blank() => {}
            Err(_) => runs.unreadable += 1,
        }
    }
    runs.lost = store.open_runs().iter().filter(|folder| folder.path().exists() && !is_busy(folder)).count();
    runs
}
