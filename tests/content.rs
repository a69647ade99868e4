//! What real agents sent, after the transforms with content off: nothing of the conversation is left, the rest is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otel_run::otlp::Signal;
use otel_run::settings::{Content, GenAi, Nest};
use otel_run::transform::{Rules, Transform};
use prost::Message;
use serde_json::{Value, json};
use support::captures::{self, MARKERS};

/// Transforms that do nothing but take content out.
fn content_off() -> Transform {
    Transform::new(Rules {
        nest: Nest::Off,
        content: Content::Off,
        left_out: None,
        genai: GenAi::Off,
        newest_genai: false,
        trace_id: [1; 16],
        span_id: [2; 8],
        sampled: true,
        service_name: None,
        agent: None,
        resource_attributes: Vec::new(),
        secrets: std::sync::Arc::default(),
    })
}

/// What a capture held before and after the transforms.
struct Capture {
    before: String,
    after: String,
    keys_before: BTreeSet<String>,
    keys_after: BTreeSet<String>,
}

impl Capture {
    fn read(name: &str) -> Capture {
        let mut capture = Capture {
            before: String::new(),
            after: String::new(),
            keys_before: BTreeSet::new(),
            keys_after: BTreeSet::new(),
        };
        let mut transform = content_off();
        for (signal, body) in captures::requests(name) {
            match signal {
                Signal::Traces => capture.add::<ExportTraceServiceRequest>(signal, &mut transform, body),
                Signal::Metrics => capture.add::<ExportMetricsServiceRequest>(signal, &mut transform, body),
                Signal::Logs => capture.add::<ExportLogsServiceRequest>(signal, &mut transform, body),
            }
        }
        capture
    }

    fn add<M>(&mut self, signal: Signal, transform: &mut Transform, body: Value)
    where
        M: Message + Default + serde::Serialize + serde::de::DeserializeOwned,
    {
        let message: M = captures::decode(body);
        let request = message.encode_to_vec();
        let mut out = Vec::new();
        transform.apply(signal, &request, &mut out, &mut |_| {}).unwrap();
        let left = serde_json::to_value(M::decode(out.as_slice()).unwrap()).unwrap();
        let came = serde_json::to_value(message).unwrap();
        collect_keys(&came, &mut self.keys_before);
        collect_keys(&left, &mut self.keys_after);
        self.before.push_str(&came.to_string());
        self.after.push_str(&left.to_string());
    }

    fn removed(&self) -> BTreeSet<&str> {
        self.keys_before.difference(&self.keys_after).map(String::as_str).collect()
    }
}

/// The keys of all attributes, wherever they stand.
fn collect_keys(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let (Some(Value::String(key)), true) = (members.get("key"), members.contains_key("value")) {
                keys.insert(key.clone());
            }
            members.values().for_each(|member| collect_keys(member, keys));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_keys(value, keys)),
        _ => {}
    }
}

const OPENCODE: &[&str] = &[
    "ai.prompt",
    "ai.prompt.messages",
    "ai.prompt.tools",
    "ai.request.headers.User-Agent",
    "ai.request.headers.X-Session-Id",
    "ai.request.headers.x-session-affinity",
    "ai.response.providerMetadata",
    "ai.response.text",
    "ai.response.toolCalls",
    "ai.toolCall.args",
    "ai.toolCall.result",
    "exception.message",
    "exception.stacktrace",
    "http.request.header.content-type",
    "http.request.header.x-opencode-directory",
    "http.response.header.cache-control",
    "http.response.header.content-length",
    "http.response.header.content-type",
    "http.response.header.x-accel-buffering",
    "http.response.header.x-content-type-options",
    "url.full",
    "url.path",
    "url.query",
];

const GEMINI: &[&str] = &[
    "error",
    "function_args",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.tool.description",
    "process.command_args",
    "prompt",
    "reasoning",
    "request_text",
    "response_text",
    "routing.reasoning",
];

const QWEN: &[&str] = &[
    "error_message",
    "function_args",
    "gen_ai.tool.description",
    "metadata",
    "prompt",
    "request_text",
    "response_text",
    "url.full",
    "url.path",
    "url.query",
];

/// Every capture with the attributes that are to be gone from it.
const EXPECTED: &[(&str, &[&str])] = &[
    ("claude-api-error-2.1.197.jsonl", &["error", "prompt", "user_prompt"]),
    ("claude-run-2.1.197.jsonl", &["prompt", "response", "user_prompt"]),
    ("claude-run-2.1.328.jsonl", &["bash_argv0", "prompt", "prompt_text", "response", "user_prompt"]),
    ("codex-api-error-0.169.0-trimmed.jsonl", &["prompt"]),
    ("codex-run-0.169.0-trimmed.jsonl", &["arguments", "output", "prompt"]),
    ("continue-run-1.5.47.jsonl", &[]),
    ("copilot-api-error-1.0.102.jsonl", &[]),
    ("copilot-run-1.0.102.jsonl", &[]),
    ("gemini-run-0.61.0-defaults.jsonl", GEMINI),
    ("opencode-run-llm-traces.jsonl", OPENCODE),
    ("opencode-run-llm-traces-lossy.jsonl", OPENCODE),
    ("opencode-run-retry-429.jsonl", OPENCODE),
    (
        "qwen-run-0.15.10.jsonl",
        &["error", "error_message", "function_args", "metadata", "prompt", "request_text", "response_text"],
    ),
    ("qwen-run-0.24.4.jsonl", QWEN),
];

#[test]
fn exactly_the_attributes_with_content_are_gone() {
    for (name, expected) in EXPECTED {
        assert_eq!(Capture::read(name).removed(), expected.iter().copied().collect(), "{name}");
    }
}

#[test]
fn no_piece_of_a_conversation_is_left() {
    let mut found = BTreeSet::new();
    for name in captures::names() {
        let capture = Capture::read(&name);
        for marker in MARKERS {
            if capture.before.contains(marker) {
                found.insert(*marker);
            }
            assert!(!capture.after.contains(marker), "{marker} is left in {name}");
        }
    }
    assert_eq!(found, MARKERS.iter().copied().collect(), "every marker is somewhere in the captures");
}

#[test]
fn what_a_run_is_understood_by_is_left() {
    let table: &[(&str, &[&str])] = &[
        ("opencode-run-llm-traces.jsonl", &["mock-model", "Tool.execute", "tool-calls", "llm runtime selected"]),
        ("opencode-run-api-error-401.jsonl", &["AI_APICallError", "HTTP status 401", "stream error"]),
        ("claude-run-2.1.328.jsonl", &["claude_code.api_request", "cost_usd", "Bash", "shell_builtin"]),
        ("claude-api-error-2.1.197.jsonl", &["claude_code.api_error", "status_code"]),
        ("codex-run-0.169.0-trimmed.jsonl", &["codex.tool_result", "exec_command", "flushing OTEL metrics"]),
        ("codex-api-error-0.169.0-trimmed.jsonl", &["http 500"]),
        ("gemini-run-0.61.0-defaults.jsonl", &["Tool call: run_shell_command. Decision: accept.", "gcp.gen_ai"]),
        ("gemini-api-error-0.61.0.jsonl", &["API error for gemini", "ApiError"]),
        ("qwen-run-0.24.4.jsonl", &["API response from qwen3-coder-plus. Status: 200.", "ttft_ms"]),
        ("copilot-api-error-1.0.102.jsonl", &["Model call failed", "ModelCallError"]),
    ];
    for (name, expected) in table {
        let capture = Capture::read(name);
        for text in *expected {
            assert!(capture.after.contains(text), "{text} is gone from {name}");
        }
    }
}

/// One span that failed, as `scope` would have written it: what is left of the texts, the status message first.
fn texts_of_a_failure(scope: &str, name: &str) -> Vec<String> {
    let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let request = json!({"resourceSpans": [{"scopeSpans": [{"scope": {"name": scope}, "spans": [{
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": name,
        "status": {"code": 2, "message": "File not found: /secret"},
        "events": [{"name": "exception", "attributes": [
            attribute("exception.type", "NotFound"),
            attribute("exception.message", "File not found: /secret"),
            attribute("exception.stacktrace", "NotFound: /secret\n    at read (/x.js:1:1)"),
        ]}],
    }]}]}]});
    let request: ExportTraceServiceRequest = serde_json::from_value(request).unwrap();
    let mut out = Vec::new();
    content_off().apply(Signal::Traces, &request.encode_to_vec(), &mut out, &mut |_| {}).unwrap();
    let out = ExportTraceServiceRequest::decode(out.as_slice()).unwrap();
    let span = &out.resource_spans[0].scope_spans[0].spans[0];
    let attributes = span.events[0].attributes.iter().map(|attribute| attribute.key.clone());
    std::iter::once(span.status.as_ref().unwrap().message.clone()).chain(attributes).collect()
}

#[test]
fn failures_of_agents_keep_their_type_and_those_of_others_everything() {
    for (scope, name) in [("opencode", "Tool.execute"), ("opencode", "ReadTool.execute"), ("my.agent", "chat gpt-5")] {
        assert_eq!(texts_of_a_failure(scope, name), ["", "exception.type"], "{scope} {name}");
    }
    assert_eq!(
        texts_of_a_failure("my.server", "GET /users"),
        ["File not found: /secret", "exception.type", "exception.message", "exception.stacktrace"]
    );
}
