//! Runs as people and programs read them: a tree, a table, JSON. Nothing here prints; everything returns text.

pub mod agents;
mod columns;
pub mod conversation;
pub mod diagnosis;
pub mod json;
#[cfg(test)]
mod samples;
pub mod table;
pub mod terminal;
pub mod text;
pub mod tree;

use crate::store::facts::{Ended, Summary};
use text::Style;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its end is known.
    Ended,
    /// otel-run is still at work.
    Running,
    /// otel-run was killed before the command had ended, so its end is not known.
    Lost,
}

impl State {
    /// The state of the run that `summary` tells of; `wrapper_alive` is whether its otel-run still exists.
    pub fn of(summary: &Summary, wrapper_alive: bool) -> Self {
        match (&summary.ended, wrapper_alive) {
            (Some(ended), _) if ended.exit_code.is_some() || has_served(summary, ended) => State::Ended,
            (Some(_), _) => State::Lost,
            (None, true) => State::Running,
            (None, false) => State::Lost,
        }
    }
}

/// Whether this is a collector without a command that was closed by itself. There is no exit status then.
fn has_served(summary: &Summary, ended: &Ended) -> bool {
    summary.started.listen.is_some() && ended.error_type.is_none()
}

/// How an exit status is drawn: one that was declared an answer is no failure.
fn exit_style(ended: &Ended) -> Style {
    if ended.error_type.is_some() { Style::Red } else { Style::Green }
}

/// A span id from its 16 hex digits; none if it is anything else.
fn span_id(hex: &str) -> Option<[u8; 8]> {
    let number = u64::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 16)?;
    Some(number.to_be_bytes())
}
