//! The official OpenTelemetry SDKs as senders: what they make arrives whole, once, and in one trace, with nothing but
//! `otel-run` in front.
//!
//! Each language has a program that makes the same ([`made`]). The tests need the SDKs that `.ci/senders` installs, so
//! those but Rust's are ignored until they are asked for:
//! `.ci/senders && OTEL_RUN_TEST_SENDERS=target/senders cargo test --test senders -- --include-ignored`.
//!
//! What SDKs do that one would not expect:
//!
//! * Python: `OTEL_EXPORTER_OTLP_COMPRESSION=none` is an error to the exporters of gRPC, although the specification has that
//!   value. So no compression means no variable here, and otel-run removes it instead of setting it.
//! * Python: nothing in the SDK itself reads `OTEL_EXPORTER_OTLP_PROTOCOL`; the program chooses a package by it. The
//!   package of http/json is younger than the others and cannot be installed beside their latest release.
//! * JavaScript: a number without a fraction is an `intValue`, 3.0 as well; in JSON it is a number and no string. Beyond
//!   the range of 64 bits it still is one: over http/json that is no OTLP, and a receiver refuses the whole request (400).
//! * JavaScript: `NaN` and `Infinity` are `"doubleValue":null` in JSON, which is no value.
//! * JavaScript: later releases of the SDK want Node.js 22; these are the last for Node.js 20.
//! * JavaScript and Rust make no exemplars.
//! * Go: http/json is not offered.
//! * Rust: what is percent-encoded in `OTEL_RESOURCE_ATTRIBUTES` is not decoded.
//! * Rust: a view is needed for exponential histograms, and views are experimental there.

#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod language;
mod made;
#[path = "../support/mod.rs"]
mod support;

use std::ffi::OsString;
use std::fmt::Debug;

use language::{GO, JAVASCRIPT, Language, PYTHON, RUST};
use made::{Arrived, Place, Temporality};
use support::{Run, Stored, Transport, Upstream, alone, hex, run};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// What the user has in the environment besides.
const RESOURCE: (&str, &str) = ("OTEL_RESOURCE_ATTRIBUTES", "sender.team=a%20b");

#[test]
#[ignore = "needs the SDKs, which .ci/senders installs"]
fn python_by_grpc() {
    arrives_whole(&PYTHON, Transport::Grpc);
}

#[test]
#[ignore = "needs the SDKs, which .ci/senders installs"]
fn python_by_http_protobuf() {
    arrives_whole(&PYTHON, Transport::HttpProtobuf);
}

#[test]
#[ignore = "needs the SDKs, which .ci/senders installs"]
fn python_by_http_json() {
    arrives_whole(&PYTHON, Transport::HttpJson);
}

#[test]
#[ignore = "needs the SDKs, which .ci/senders installs"]
fn javascript_by_grpc() {
    arrives_whole(&JAVASCRIPT, Transport::Grpc);
}

#[test]
#[ignore = "needs the SDKs, which .ci/senders installs"]
fn javascript_by_http_protobuf() {
    arrives_whole(&JAVASCRIPT, Transport::HttpProtobuf);
}

#[test]
#[ignore = "needs the SDKs, which .ci/senders installs"]
fn javascript_by_http_json() {
    arrives_whole(&JAVASCRIPT, Transport::HttpJson);
}

#[test]
#[ignore = "needs the SDKs, which .ci/senders installs"]
fn go_by_grpc() {
    arrives_whole(&GO, Transport::Grpc);
}

#[test]
#[ignore = "needs the SDKs, which .ci/senders installs"]
fn go_by_http_protobuf() {
    arrives_whole(&GO, Transport::HttpProtobuf);
}

#[test]
fn rust_by_grpc() {
    arrives_whole(&RUST, Transport::Grpc);
}

#[test]
fn rust_by_http_protobuf() {
    arrives_whole(&RUST, Transport::HttpProtobuf);
}

#[test]
fn rust_by_http_json() {
    arrives_whole(&RUST, Transport::HttpJson);
}

/// Without gzip and with it, inside of a trace and in a new one. gzip goes with delta temporality.
fn arrives_whole(language: &Language, transport: Transport) {
    for gzip in [false, true] {
        let way = Way { transport, gzip };
        let said = alone_it_makes_what_is_expected(language, way);
        for traceparent in [None, Some(format!("00-{TRACE}-{PARENT}-01"))] {
            under_otel_run(language, way, traceparent, &said);
        }
    }
}

/// How a program is told to export.
#[derive(Debug, Clone, Copy)]
struct Way {
    transport: Transport,
    gzip: bool,
}

impl Way {
    fn temporality(self) -> Temporality {
        if self.gzip { Temporality::Delta } else { Temporality::Cumulative }
    }

    /// The variables that otel-run sets or removes: a command that wants something else sets them by itself.
    fn variables(self) -> Vec<String> {
        let mut variables = Vec::new();
        if self.transport != Transport::HttpProtobuf {
            variables.push(format!("OTEL_EXPORTER_OTLP_PROTOCOL={}", self.transport.as_str()));
        }
        if self.gzip {
            variables.push("OTEL_EXPORTER_OTLP_COMPRESSION=gzip".to_owned());
        }
        variables
    }

    fn environment(self, run: Run) -> Run {
        let run = run.env(RESOURCE.0, RESOURCE.1);
        match self.temporality() {
            Temporality::Delta => run.env("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
            Temporality::Cumulative => run,
        }
    }
}

/// Straight to a backend: what the others are compared with, and whether it goes the way that the test says. The result is
/// its stdout.
fn alone_it_makes_what_is_expected(language: &Language, way: Way) -> String {
    let upstream = Upstream::start();
    let words = language.command();
    let mut program = alone(&words[0])
        .args(&words[1..])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", upstream.url())
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", way.transport.as_str());
    if way.gzip {
        program = program.env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
    }
    let ran = language.environment(way.environment(program)).expect_exit(0);
    let received = upstream.received();
    for request in &received {
        assert_eq!((request.transport, request.gzip), (way.transport, way.gzip), "{} {way:?}", language.sdk);
    }
    let arrived = Arrived { spans: upstream.spans(), records: records(&upstream), metrics: metrics(&upstream) };
    arrived.assert_made(language, way.temporality(), Place::Alone);
    ran.stdout_text()
}

fn under_otel_run(language: &Language, way: Way, traceparent: Option<String>, said_alone: &str) {
    let upstream = Upstream::start();
    let (variables, mut words) = (way.variables(), language.command());
    if !variables.is_empty() {
        let setting = std::iter::once("env".to_owned()).chain(variables);
        words.splice(0..0, setting.map(OsString::from));
    }
    let mut run = language.environment(way.environment(run().upstream(&upstream)));
    if let Some(traceparent) = &traceparent {
        run = run.env("TRACEPARENT", traceparent);
    }
    let ran = run.child(words).expect_exit(0).stdout_is(said_alone);

    let stored = Stored::of(&ran.home);
    let run_span = stored.run_span();
    assert_eq!(hex(&run_span.parent_span_id), traceparent.as_ref().map_or("", |_| PARENT));
    if traceparent.is_some() {
        assert_eq!(hex(&run_span.trace_id), TRACE);
    }
    let arrived = Arrived {
        spans: stored.spans_of_the_command(),
        records: stored.log_records_of_the_command(),
        metrics: stored.metrics_of_the_command(),
    };
    arrived.assert_made(language, way.temporality(), Place::Under(&run_span));
    language.assert_resources_are_kept(&stored);

    // All of it was delivered, once.
    same(
        stored.spans_with_origin().into_iter().map(|(resource, _, span)| (resource, span)),
        upstream.spans_with_resources(),
    );
    same(
        stored.log_records_with_origin().into_iter().map(|(resource, _, record)| (resource, record)),
        upstream.log_records(),
    );
    same(stored.metrics_with_origin().into_iter().map(|(resource, _, metric)| (resource, metric)), upstream.metrics());
}

/// The same items with the same resources, whatever their order.
#[track_caller]
fn same<T: Debug>(stored: impl IntoIterator<Item = T>, delivered: impl IntoIterator<Item = T>) {
    let mut stored: Vec<String> = stored.into_iter().map(|item| format!("{item:?}")).collect();
    let mut delivered: Vec<String> = delivered.into_iter().map(|item| format!("{item:?}")).collect();
    stored.sort();
    delivered.sort();
    assert!(stored == delivered, "stored:\n{}\ndelivered:\n{}", stored.join("\n"), delivered.join("\n"));
}

fn records(upstream: &Upstream) -> Vec<opentelemetry_proto::tonic::logs::v1::LogRecord> {
    upstream.log_records().into_iter().map(|(_, record)| record).collect()
}

fn metrics(upstream: &Upstream) -> Vec<opentelemetry_proto::tonic::metrics::v1::Metric> {
    upstream.metrics().into_iter().map(|(_, metric)| metric).collect()
}
