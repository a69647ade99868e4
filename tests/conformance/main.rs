//! The collector as a receiver of OTLP: tables of requests, a row each, with the answer and what is in the log afterwards.
//!
//! Every row is played against a real otel-run, whose answer is decoded in the request's own encoding. The names of the rows
//! that differ are printed, all at once.

#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod grpc;
mod http;
mod json;
mod limits;
mod raw;
#[path = "../support/mod.rs"]
mod support;
mod table;
