//! What `doctor` says of set-ups that do not work, each with a real server, file or variable that is wrong; and that a
//! command in front of which otel-run stands with the same set-up ends as it would alone.

#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod destinations;
mod send;
#[path = "../support/mod.rs"]
mod support;
