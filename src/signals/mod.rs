//! What agents report, in one vocabulary: model calls, tool calls, prompts, and the totals of a run.
//!
//! Every agent has its own names for these things. Each has a file here that holds them as a table, a
//! `Dialect`; [`classify`] reads a span through the tables and says what it is.

mod activity;
mod ai_sdk;
mod attributes;
#[cfg(test)]
pub(crate) mod captures;
mod classify;
mod claude;
mod codex;
mod conventions;
mod dialect;
mod documentation;
mod gemini;
mod genai;
pub mod housekeeping;
mod messages;
mod opencode;
mod provider;
mod qwen;
mod reading;
mod totals;

pub use activity::{Activity, ModelCall};
pub use attributes::Attributes;
pub use classify::{ORIGINAL_NAME, classify, is_housekeeping, is_stand_in, purpose, worth_decoding};
pub use conventions::{Conventional, ECHO, Wanted, conventional};
pub use documentation::documentation;
pub use housekeeping::{Housekeeping, OfScope};
pub use totals::{Tokens, Totals};
