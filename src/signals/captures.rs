//! What real agents sent, for tests: `tests/fixtures/captures`, one JSON line per export request.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};

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

/// Each span of `spans` with the name of its scope.
pub(crate) fn each(spans: &[ResourceSpans]) -> impl Iterator<Item = (&str, &Span)> {
    spans.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| {
        let name = scope.scope.as_ref().map_or("", |scope| scope.name.as_str());
        scope.spans.iter().map(move |span| (name, span))
    })
}
