//! Which runs are open, without a look at all of them: a marker for each in a folder of its own, `open/` beside `runs/`.
//!
//! # Invariants
//!
//! * A marker is made when the run's log is locked, and before there is a record in it. So whoever can take the lock of a
//!   marked run knows that its otel-run is gone, whatever is in the log.
//! * It is removed when the run's summary is written, or there is nothing to write one from, while the lock is held.
//! * It is a hint and nothing more: a run whose marker could not be made, or was removed by somebody, is found by whoever
//!   lists the runs.

use super::run::{RunFolder, Store, private, private_folder};
use std::io;
use std::path::PathBuf;

/// The folder of markers, beside that of the runs.
const OPEN: &str = "open";

impl Store {
    /// The runs that are marked as open: those that go on, and those whose otel-run was killed. The oldest comes first.
    pub fn open_runs(&self) -> Vec<RunFolder> {
        let Ok(entries) = std::fs::read_dir(self.runs().with_file_name(OPEN)) else { return Vec::new() };
        let mut names: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
        names.sort();
        names.into_iter().map(|name| self.folder(&name)).collect()
    }
}

impl RunFolder {
    /// Marks the run as open.
    pub(super) fn mark_open(&self) -> io::Result<()> {
        let Some(marker) = self.marker() else { return Ok(()) };
        let make = || private().write(true).create_new(true).open(&marker).map(drop);
        match (make(), marker.parent()) {
            (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
                // Another otel-run may make it at the same time.
                let _ = private_folder().create(folder);
                make()
            }
            (made, _) => made,
        }
    }

    /// Takes the mark away. The run is closed, or can never be.
    pub fn mark_closed(&self) {
        if let Some(marker) = self.marker() {
            let _ = std::fs::remove_file(marker);
        }
    }

    fn marker(&self) -> Option<PathBuf> {
        Some(self.path().parent()?.with_file_name(OPEN).join(self.path().file_name()?))
    }
}
