//! Agents: how a command is recognised as one, and what makes it export its telemetry to the run's collector.
//!
//! A [`Profile`] is a value; [`Agents`] finds the one for a command line and [`inject`] applies it. Nothing here touches
//! a process or a file.

mod agents;
mod attributes;
mod backend;
mod change;
mod claude;
mod cn;
mod codex;
mod copilot;
mod detect;
mod entry;
mod gemini;
mod inject;
pub mod jsonc;
mod launchers;
pub mod opencode;
pub mod other;
pub mod own;
pub mod package;
mod profile;
mod proxy;
mod qwen;
mod shell;
mod warning;

pub use agents::Agents;
pub use change::{Action, Change, Value};
pub use detect::{CommandLine, Detected, RecognisedFrom, as_profile, program};
pub use entry::{FIELDS, write as to_toml};
pub(crate) use inject::Mask;
pub use inject::{Injected, Inserted, PrivateFile, SaidAgain, Situation, inject, resource_attributes};
pub use launchers::Hindrance;
pub use own::Own;
pub use profile::{
    Alternative, Argument, Caution, ContentSwitch, Edit, Event, Flush, Injection, Interface, LastBatches, Means, Modes,
    Probe, Profile, RecognisedBy, ResourceAttributes, Service, Speaks, TakesParent, Telemetry, Variable,
};
pub use warning::{Cause, Warning};

/// The metadata key by which an exporter that knows gRPC only, and hence no path, shows the run's token.
pub const TOKEN_KEY: &str = "x-otel-run-token";

/// All built-in profiles; the last one is for commands that are none of the others.
pub static PROFILES: [Profile; 8] = [
    opencode::PROFILE,
    claude::PROFILE,
    codex::PROFILE,
    gemini::PROFILE,
    qwen::PROFILE,
    copilot::PROFILE,
    cn::PROFILE,
    other::PROFILE,
];

/// The profile for any other command.
pub static OTHER: Profile = other::PROFILE;
