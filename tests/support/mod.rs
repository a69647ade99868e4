//! What the black-box tests are written in: a builder that runs the built binary, doubles for what it talks to,
//! and a small program for it to run.

// Every test program compiles this module for itself and uses a part of it.
#![allow(dead_code, unreachable_pub, unused_imports)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

pub mod agents;
pub mod authority;
pub mod broken;
pub mod captures;
pub mod child;
pub mod client;
pub mod exports;
pub mod gate;
pub mod home;
pub mod listed;
pub mod llm;
pub mod mounts;
pub mod open;
pub mod processes;
pub mod pty;
pub mod run;
pub mod samples;
pub mod screen;
pub mod server;
pub mod silent;
pub mod stored;
pub mod tree;
pub mod upstream;

use std::time::Duration;

pub use child::test_child;
pub use exports::{Signal, Transport};
pub use gate::Gate;
pub use home::Home;
pub use llm::Llm;
pub use mounts::with_mounts;
pub use open::Open;
pub use processes::{Process, wait_until};
pub use run::{Ran, Run, Running, alone, run};
pub use silent::SilentLlm;
pub use stored::Stored;
pub use upstream::{Behaviour, Upstream};

/// The longest that a test waits for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Lower-case hex, as ids are written.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether `text` stands somewhere in `bytes`.
pub fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The surroundings of `needle` in `text`, for the message of a failed test.
pub fn around(text: &str, needle: &str) -> String {
    let Some(at) = text.find(needle) else { return "(in the raw bytes only)".into() };
    let from = text[..at].char_indices().rev().nth(400).map_or(0, |(index, _)| index);
    text[from..].chars().take(600).collect()
}
