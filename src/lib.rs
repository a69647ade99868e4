//! `otel-run` runs a command as an OpenTelemetry span, with the command's own telemetry nested under it.
//!
//! The library exists so that tests and benchmarks can reach the rooms of the binary; its interface is not stable.
//!
//! Arrows point downwards only, and `tests/layers.rs` checks it:
//!
//! * [`command`], one file a verb, calls everything below; [`cli`] is what can be typed, [`error`] what can go wrong;
//! * effects: [`process`], [`collector`], [`store`], [`delivery`], [`machine`], [`view`];
//! * pure rooms (no socket, no process, no clock, no environment of their own): [`diagnosis`],
//!   [`settings`], [`plan`], [`mod@reference`], [`agent`], [`context`], [`transform`], [`signals`], [`record`];
//! * leaves: [`otlp`], [`environment`], [`secret`], [`message`].

pub mod cli;
pub mod command;
pub mod error;

pub mod agent;
pub mod context;
pub mod diagnosis;
pub mod plan;
pub mod record;
pub mod reference;
pub mod settings;
pub mod signals;
pub mod transform;

pub mod collector;
pub mod delivery;
pub mod machine;
pub mod process;
pub mod store;
pub mod view;

pub mod environment;
pub mod message;
pub mod otlp;
pub mod secret;
