//! A real OpenTelemetry Collector takes what runs deliver, whole and unchanged, and loses nothing of it when it is stopped,
//! killed, or refuses.
//!
//! These tests need the collector that `.ci/collector` builds, so they are ignored until they are asked for:
//! `.ci/collector && cargo test --test otelcol -- --include-ignored`. Asked for and not built, they fail.

#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod collector;
#[path = "../support/mod.rs"]
mod support;
mod tiers;
mod trouble;
mod unchanged;

use std::collections::BTreeMap;
use std::ffi::OsString;

use collector::{Collector, Item, file_name};
use serde_json::{Value, json};
use support::{Home, Run, Signal, Transport, run, test_child};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const TRANSPORTS: [Transport; 3] = [Transport::Grpc, Transport::HttpProtobuf, Transport::HttpJson];
const SIGNALS: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

/// Requests of a signal that the command sends, and items in each.
const REQUESTS: usize = 4;
const EACH: usize = 25;
const NUMBERED: usize = REQUESTS * EACH;

/// What a run says about itself.
const OWN_SPANS: usize = 1;
const OWN_LOGS: usize = 2;
const OWN_METRICS: usize = 6;
const OWN_POINTS: usize = 10;

/// A deadline that is not the subject.
const LONG: &str = "60s";

/// Numbered items, with this in front of their numbers, in requests of their own.
fn numbered(prefix: &str) -> Vec<(Signal, Value)> {
    let mut requests = Vec::new();
    for request in 0..REQUESTS {
        let numbers = || (1..=EACH).map(|number| request * EACH + number);
        let spans: Vec<Value> = numbers()
            .map(|number| json!({ "traceId": TRACE, "spanId": format!("{number:016x}"), "name": format!("{prefix} {number}") }))
            .collect();
        let records: Vec<Value> =
            numbers().map(|number| json!({ "timeUnixNano": "1", "eventName": format!("{prefix} {number}") })).collect();
        let metrics: Vec<Value> = numbers()
            .map(|number| json!({ "name": format!("{prefix} {number}"), "gauge": { "dataPoints": [{ "timeUnixNano": "1", "asInt": "1" }] } }))
            .collect();
        requests.push((Signal::Traces, json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] })));
        requests.push((Signal::Logs, json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": records }] }] })));
        requests.push((Signal::Metrics, json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": metrics }] }] })));
    }
    requests
}

/// The words of a command that sends these requests.
fn sending(home: &Home, name: &str, requests: &[(Signal, Value)]) -> [OsString; 3] {
    let mut text = String::new();
    for (signal, body) in requests {
        let signal = file_name(*signal).trim_end_matches(".jsonl");
        text.push_str(&format!("{}\n", json!({ "signal": signal, "body": body })));
    }
    let file = home.path().join(name);
    std::fs::write(&file, text).unwrap();
    [test_child().into(), "replay".into(), file.into()]
}

fn nested(run: Run) -> Run {
    run.env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
}

/// `flush`, which must not need more than what the run has written down.
fn flush(home: &Home) -> Run {
    run().home(home).env("OTEL_RUN_DRAIN_DEADLINE", LONG).arg("flush")
}

fn named<'a>(items: &'a [Item], field: &str, name: &str) -> Vec<&'a Item> {
    items.iter().filter(|item| item.value[field] == name).collect()
}

/// How often each numbered item is there, by the field that has its name.
fn counts(items: &[Item], field: &str, prefix: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in items.iter().filter_map(|item| item.value[field].as_str()).filter(|name| name.starts_with(prefix)) {
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}

/// Fails unless each numbered item of each signal is there, as often as `good` says.
#[track_caller]
fn assert_numbered(collector: &Collector, prefix: &str, good: impl Fn(usize) -> bool) {
    for (signal, field) in [(Signal::Traces, "name"), (Signal::Metrics, "name"), (Signal::Logs, "eventName")] {
        let counts = counts(&collector.items(signal), field, prefix);
        assert_eq!(counts.len(), NUMBERED, "{signal:?}: {counts:?}");
        assert!(counts.values().all(|count| good(*count)), "{signal:?}: {counts:?}");
    }
}
