//! What real agents sent, for tests: `tests/fixtures/captures`, one JSON line per export request.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};

use crate::otlp::{Signal, json};

/// The spans of the capture `name`, as they came.
pub(crate) fn load(name: &str) -> Vec<ResourceSpans> {
    let path = format!("{}/tests/fixtures/captures/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut spans = Vec::new();
    for line in text.lines() {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["signal"] == "traces" {
            let request: ExportTraceServiceRequest = serde_json::from_value(line["body"].take()).unwrap();
            spans.extend(request.resource_spans);
        }
    }
    assert!(!spans.is_empty(), "{name} has no spans");
    spans
}

/// The requests of the capture `name` as protobuf, in their order.
pub(crate) fn requests(name: &str) -> Vec<(Signal, Vec<u8>)> {
    let path = format!("{}/tests/fixtures/captures/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let request = |line: &str| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        let signal = serde_json::from_value(line["signal"].take()).unwrap();
        (signal, json::decode(signal, line["body"].to_string().as_bytes()).unwrap())
    };
    text.lines().map(request).collect()
}

/// The names of the captures that have spans.
pub(crate) fn names() -> Vec<String> {
    let folder = format!("{}/tests/fixtures/captures", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let with_spans = |path: &std::path::PathBuf| {
        path.extension().is_some_and(|extension| extension == "jsonl")
            && std::fs::read_to_string(path).unwrap().contains(r#""signal":"traces""#)
    };
    let mut names: Vec<String> =
        files.filter(with_spans).map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    assert!(!names.is_empty(), "there are no captures");
    names
}

/// Each span of `spans` with the name of its scope.
pub(crate) fn each(spans: &[ResourceSpans]) -> impl Iterator<Item = (&str, &Span)> {
    spans.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| {
        let name = scope.scope.as_ref().map_or("", |scope| scope.name.as_str());
        scope.spans.iter().map(move |span| (name, span))
    })
}
