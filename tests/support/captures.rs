//! What real agents sent: the files in `tests/fixtures/captures`, a JSON object a line.

use std::path::PathBuf;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use otel_run::otlp::Signal;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Pieces of prompts, answers, tool arguments, tool output, system instructions and errors in the captures.
pub const MARKERS: &[&str] = &[
    "MOCK_FINAL_ANSWER",
    "say hello",
    "echo hello",
    "hello from the tool",
    "printed hello",
    "You are a",
    "Executes a given",
    "mock says",
    "lab error",
    "auth.json",
];

/// The path of a capture.
pub fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/captures")).join(name)
}

/// The names of all captures.
pub fn names() -> Vec<String> {
    let entries = std::fs::read_dir(path("")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".jsonl")).collect();
    names.sort();
    names
}

/// The requests in a capture.
pub fn requests(name: &str) -> Vec<(Signal, Value)> {
    let text = std::fs::read_to_string(path(name)).unwrap();
    let request = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        (serde_json::from_value(line["signal"].take()).unwrap(), line["body"].take())
    };
    text.lines().map(request).collect()
}

/// A request as the reference decoder reads it.
pub fn decode<M: DeserializeOwned>(body: Value) -> M {
    serde_json::from_value(completed(body)).unwrap()
}

/// An empty list may be left out of JSON; the reference decoder insists on it.
fn completed(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                *member = completed(member.take());
                if let ("arrayValue" | "kvlistValue", Value::Object(list)) = (name.as_str(), member) {
                    list.entry("values").or_insert_with(|| Value::Array(Vec::new()));
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|each| *each = completed(each.take())),
        _ => {}
    }
    value
}

/// Everything that a capture holds, decoded, in the order in which it came.
#[derive(Default)]
pub struct Capture {
    pub spans: Vec<Span>,
    pub log_records: Vec<LogRecord>,
    pub metrics: Vec<Metric>,
}

impl Capture {
    pub fn read(name: &str) -> Self {
        let mut capture = Self::default();
        for (signal, body) in requests(name) {
            match signal {
                Signal::Traces => {
                    let groups = decode::<ExportTraceServiceRequest>(body).resource_spans.into_iter();
                    capture.spans.extend(groups.flat_map(|group| group.scope_spans).flat_map(|scope| scope.spans));
                }
                Signal::Logs => {
                    let groups = decode::<ExportLogsServiceRequest>(body).resource_logs.into_iter();
                    let scopes = groups.flat_map(|group| group.scope_logs);
                    capture.log_records.extend(scopes.flat_map(|scope| scope.log_records));
                }
                Signal::Metrics => {
                    let groups = decode::<ExportMetricsServiceRequest>(body).resource_metrics.into_iter();
                    capture
                        .metrics
                        .extend(groups.flat_map(|group| group.scope_metrics).flat_map(|scope| scope.metrics));
                }
            }
        }
        capture
    }
}
