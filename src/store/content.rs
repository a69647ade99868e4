//! What stays on this machine: batches as they were before prompts, answers and tool data were taken out.
//!
//! They are in a file of their own, in the form of a log, so that nothing that is delivered was ever beside them: the run's
//! log holds what may be sent, and whoever delivers it, now or later, reads nothing else. The file has a batch only where
//! something was taken out of it. It can be removed without harm to the run.

use std::io;

use super::log::{Frame, Kind, Log};
use crate::otlp::Signal;

/// The file, while the run goes on.
#[derive(Debug)]
pub struct Kept {
    /// None since something could not be written.
    log: Option<Log>,
}

impl Kept {
    /// Writes into `log`, which has nothing in it.
    pub(super) fn new(log: Log) -> Self {
        Self { log: Some(log) }
    }

    /// Keeps a batch. It is never held in memory: that is for what is to be delivered. What cannot be written is gone, and
    /// all that would come after it.
    ///
    /// # Errors
    ///
    /// What the system said, once.
    pub fn append(&mut self, signal: Signal, items: u32, unix_nano: u64, frame: Frame) -> io::Result<()> {
        let Some(log) = &mut self.log else { return Ok(()) };
        let written = log.append(Kind::Batch(signal), items, unix_nano, frame).and_then(|()| log.write_all());
        if written.is_err() {
            self.log = None;
        }
        written
    }
}
