//! A file that tells an agent what only its user may read: written before the agent starts, removed when it has ended.
//!
//! # Invariants
//!
//! * It is locked before there is anything in it, and until otel-run ends, however that ends. So whoever can take the lock
//!   knows that its otel-run is gone.
//! * Its name holds the id of the run's span, which the command and its descendants have in their environment. A command that
//!   outlives its otel-run may read the file again, so it keeps it.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::said::Said;
use crate::agent::Detected;
use crate::plan::Plan;
use crate::process;

const BEFORE_ID: &str = "otel-run-";
const BEHIND_ID: &str = ".json";

/// Where a file that only the user can read would be during a run. None where a program would read it as somebody else.
pub(super) fn path(said: &Said, detected: &Detected, command: &[OsString], span_id: &str) -> Option<PathBuf> {
    let before = command.iter().take(detected.program);
    let becomes_another = |word: &OsString| {
        let name = Path::new(word).file_name();
        name.is_some_and(|name| name == "sudo" || name == "doas")
    };
    if before.clone().any(becomes_another) {
        return None;
    }
    Some(folder(said)?.join(format!("{BEFORE_ID}{span_id}{BEHIND_ID}")))
}

/// Where such files are.
pub(super) fn folder(said: &Said) -> Option<PathBuf> {
    let folder = |name: &str| said.environment.get(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folders = [folder("XDG_RUNTIME_DIR"), folder("TMPDIR"), Some(PathBuf::from("/tmp"))];
    folders.into_iter().flatten().find(|folder| folder.is_dir())
}

/// Such a file, for as long as this lives.
pub(super) struct PrivateFile {
    path: PathBuf,
    /// Holds the lock.
    file: File,
}

impl PrivateFile {
    /// Writes the file that a plan names, if it names one.
    pub(super) fn write(plan: &Plan) -> io::Result<Option<Self>> {
        let Some(wanted) = &plan.private_file else { return Ok(None) };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&wanted.path)?;
        let mut written = Self { path: wanted.path.clone(), file };
        // Where files cannot be locked, nobody takes this one for left.
        let _ = written.file.lock();
        if written.file.metadata()?.nlink() == 0 {
            return Err(io::Error::other("it looked left before it was locked, and was removed"));
        }
        written.file.write_all(wanted.text.expose().as_bytes())?;
        Ok(Some(written))
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Removes the files that otel-runs have left which were killed, unless their command lives on.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    for name in names {
        if let Some(span_id) = span_id(&name)
            && is_left(&folder.join(&name))
            && process::is_carried(span_id) == Some(false)
        {
            let _ = std::fs::remove_file(folder.join(&name));
        }
    }
}

/// The id in the name of such a file.
fn span_id(name: &OsStr) -> Option<&str> {
    let id = name.to_str()?.strip_prefix(BEFORE_ID)?.strip_suffix(BEHIND_ID)?;
    (id.len() == 16 && id.bytes().all(|letter| letter.is_ascii_hexdigit())).then_some(id)
}

/// Whether its otel-run is gone. In a folder that all share there may be anything by such a name, and only one's own files can
/// be read and removed.
fn is_left(path: &Path) -> bool {
    let is_file = std::fs::symlink_metadata(path).is_ok_and(|facts| facts.is_file());
    is_file && File::open(path).and_then(|file| Ok(file.try_lock()?)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_no_concern_of_ours() {
        assert_eq!(span_id("otel-run-b7ad6b7169203331.json".as_ref()), Some("b7ad6b7169203331"));
        for other in [
            "otel-run-b7ad6b7169203331",
            "otel-run-b7ad6b716920333.json",
            "otel-run-b7ad6b716920333g.json",
            "otel-run-.json",
            "my-otel-run-b7ad6b7169203331.json",
            "notes.json",
        ] {
            assert_eq!(span_id(other.as_ref()), None, "{other}");
        }
    }
}
