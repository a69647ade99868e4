//! A run in one line, for the end of a run at a terminal.

use crate::store::facts::Summary;

/// What a person wants to know when the command has ended and everything is well.
pub fn closing(summary: &Summary) -> String {
    summary.started.run_id.clone()
}
