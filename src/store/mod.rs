//! Runs on disk: a folder a run, with its log, what was delivered of it, and a summary.
//!
//! `$XDG_STATE_HOME/otel-run/runs/<run id>/` holds
//!
//! * `log`, the append-only log ([`log`]), locked by whoever writes or delivers it;
//! * `delivery.jsonl`, what the destination took ([`journal`]);
//! * `content`, where prompts and answers stay on this machine ([`content`]);
//! * `summary.json`, one page for lists ([`facts::Summary`]); it can always be made again from the other two.
//!
//! Beside `runs/` is `open/` with a marker for each run that goes on, or whose otel-run was killed ([`open`]), and `pruned`,
//! whose time says when somebody looked last for runs that are too old ([`retention`] has the rules, [`prune`] the removal).
//!
//! Nothing that one run does can damage another.

pub mod content;
pub mod facts;
pub mod journal;
pub mod log;
pub mod open;
pub mod prune;
pub mod retention;
mod rewind;
pub mod run;
pub mod summary;

pub use journal::Journal;
pub use log::Log;
pub use run::{RunFolder, State, Store};
