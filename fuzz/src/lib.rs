//! What must hold for any input: one module a target, each with a `check` that panics where it does not hold.
//!
//! `fuzz_targets/` feeds them from libFuzzer, and `tests/fuzz.rs` of otel-run compiles this file as well and replays
//! `corpus/`, which needs neither a nightly compiler nor cargo-fuzz.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod answer;
pub mod baggage;
pub mod grpc;
pub mod headers;
pub mod json;
pub mod jsonc;
pub mod log;
pub mod log_edits;
pub mod otlp;
pub mod protobuf;
pub mod settings;
pub mod traceparent;
pub mod tracestate;
pub mod transform;

/// What a target made of an input. A corpus has to hold inputs of both kinds, or else it tries one half only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It was read, at least in part.
    Accepted,
    /// It was refused.
    Refused,
}

/// The body of a target.
pub type Check = fn(&[u8]) -> Reading;

/// All targets by their names: that of the file in `fuzz_targets/`, and that of the folder in `corpus/`.
pub const TARGETS: &[(&str, Check)] = &[
    ("answer", answer::check),
    ("baggage", baggage::check),
    ("grpc", grpc::check),
    ("headers", headers::check),
    ("json", json::check),
    ("jsonc", jsonc::check),
    ("log", log::check),
    ("log_edits", log_edits::check),
    ("protobuf", protobuf::check),
    ("settings", settings::check),
    ("traceparent", traceparent::check),
    ("tracestate", tracestate::check),
    ("transform", transform::check),
];
