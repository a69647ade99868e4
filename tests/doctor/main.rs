//! Broken set-ups: what `otel-run doctor` says of each, how it exits, and that a command runs in it all the same.
//!
//! Each starts from a variable, a file, a program or a server that really is as broken as it says.

#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod agents;
mod context;
mod credentials;
mod destinations;
mod form;
mod here;
mod schema;
mod send;
mod set_up;
mod settings;
#[path = "../support/mod.rs"]
mod support;
