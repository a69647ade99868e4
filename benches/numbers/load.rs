//! Telemetry like that of an agent, as many spans of it as are wanted, and no span id twice.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

/// Spans in a request.
pub(super) const BATCH: usize = 100;
/// Connections that requests are sent over at the same time.
pub(super) const CONNECTIONS: usize = 4;

/// How a request is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

/// A request of [`BATCH`] spans, or of many times as many, ready to be sent but for its span ids.
pub(super) struct Load {
    encoding: Encoding,
    body: Vec<u8>,
    /// Where the id of which span stands in the body.
    ids: Vec<(usize, u64)>,
    /// How many spans it has.
    pub(super) spans: usize,
}

impl Load {
    pub(super) fn new(encoding: Encoding) -> Self {
        let request = request();
        let body = match encoding {
            Encoding::Protobuf => request.encode_to_vec(),
            Encoding::Json => serde_json::to_vec(&request).expect("a request can be written as JSON"),
        };
        let mut ids = Vec::new();
        for span in 0..BATCH as u64 {
            let id = encoded(encoding, placeholder(span));
            let found = body.windows(id.len()).enumerate().filter(|(_, window)| *window == id);
            ids.extend(found.map(|(place, _)| (place, span)));
        }
        assert_eq!(ids.len(), 2 * BATCH - 1, "every span has an id, and all but the first a parent");
        Self { encoding, body, ids, spans: BATCH }
    }

    /// A request that is as large as it can be and not larger than `most` bytes.
    pub(super) fn as_large_as(encoding: Encoding, most: usize) -> Self {
        let one = Self::new(encoding);
        // In protobuf, requests that stand behind one another are one; in JSON the group of the resource is repeated.
        let (front, between, back) = match encoding {
            Encoding::Protobuf => ("", "", ""),
            Encoding::Json => (r#"{"resourceSpans":["#, ",", "]}"),
        };
        let group = &one.body[front.len()..one.body.len() - back.len()];
        let (mut body, mut ids, mut spans) = (front.as_bytes().to_vec(), Vec::new(), 0);
        while body.len() + between.len() + group.len() + back.len() <= most {
            if spans > 0 {
                body.extend_from_slice(between.as_bytes());
            }
            let moved = body.len() - front.len();
            ids.extend(one.ids.iter().map(|(place, span)| (place + moved, span + spans as u64)));
            body.extend_from_slice(group);
            spans += BATCH;
        }
        body.extend_from_slice(back.as_bytes());
        Self { encoding, body, ids, spans }
    }

    /// The length of a request.
    pub(super) fn bytes(&self) -> usize {
        self.body.len()
    }

    /// The mean length of a span, its part of the resource included.
    pub(super) fn bytes_per_span(&self) -> usize {
        self.body.len() / self.spans
    }

    /// As [`Load::send_over`], over [`CONNECTIONS`] connections.
    pub(super) fn send(&self, endpoint: &str, first: u64, requests: usize) -> Duration {
        self.send_over(CONNECTIONS, endpoint, first, requests)
    }

    /// Sends so many requests over so many connections, each as soon as the one before it is answered, and gives back how
    /// long it took. `first` is the number of the first span.
    pub(super) fn send_over(&self, connections: usize, endpoint: &str, first: u64, requests: usize) -> Duration {
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for connection in 0..connections {
                let mine = requests / connections + usize::from(connection < requests % connections);
                scope.spawn(move || self.send_over_one(endpoint, first + ((connection as u64) << 32), mine));
            }
        });
        begun.elapsed()
    }

    fn send_over_one(&self, endpoint: &str, first: u64, requests: usize) {
        let rest = endpoint.strip_prefix("http://").expect("the collector speaks HTTP");
        let (authority, path) = rest.split_once('/').expect("the endpoint has the token as its path");
        let kind = match self.encoding {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        };
        let mut request = format!(
            "POST /{path}/v1/traces HTTP/1.1\r\nhost: {authority}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            self.body.len()
        )
        .into_bytes();
        let head = request.len();
        request.extend_from_slice(&self.body);
        let mut stream = TcpStream::connect(authority).expect("the collector listens");
        stream.set_nodelay(true).expect("TCP_NODELAY");
        for number in 0..requests as u64 {
            for (place, span) in &self.ids {
                let id = encoded(self.encoding, first + number * self.spans as u64 + span);
                request[head + place..][..id.len()].copy_from_slice(&id);
            }
            stream.write_all(&request).expect("the collector reads");
            read_answer(&mut stream);
        }
    }
}

/// Reads one answer, which has to be a success.
fn read_answer(stream: &mut TcpStream) {
    let mut answer = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let length = stream.read(&mut piece).expect("the collector answers");
        assert!(length > 0, "the collector closed the connection");
        answer.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        assert!(head.starts_with("HTTP/1.1 200"), "the collector answered {text}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return;
        }
    }
}

/// A span id that stands nowhere else in the body.
fn placeholder(span: u64) -> u64 {
    0xa5b6_c7d8_e9fa_0000 + span
}

fn encoded(encoding: Encoding, id: u64) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => id.to_be_bytes().to_vec(),
        Encoding::Json => format!("{id:016x}").into_bytes(),
    }
}

fn request() -> ExportTraceServiceRequest {
    let resource = Resource {
        attributes: vec![
            text("service.name", "opencode"),
            text("service.version", "1.18.33"),
            text("deployment.environment.name", "latest"),
            text("service.instance.id", "5c1f0a9e"),
            text("telemetry.sdk.name", "@effect/opentelemetry"),
            text("telemetry.sdk.language", "nodejs"),
        ],
        ..Resource::default()
    };
    let scope = InstrumentationScope { name: "opencode".into(), version: "1.18.33".into(), ..Default::default() };
    let spans = (0..BATCH as u64).map(span).collect();
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, schema_url: String::new() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource: Some(resource), scope_spans, schema_url: String::new() }],
    }
}

/// One span of 12 attributes. Of a hundred, one is a call of a model and one of a tool; the rest is housekeeping.
fn span(number: u64) -> Span {
    let (name, attributes) = match number {
        50 => ("ai.streamText.doStream", model_call()),
        51 => ("Tool.execute", tool_call()),
        _ => ("FileSystem.readJson", housekeeping()),
    };
    let begun = 1_795_169_384_335_653_500 + number * 1_000_000;
    Span {
        trace_id: vec![0x4b; 16],
        span_id: placeholder(number).to_be_bytes().to_vec(),
        parent_span_id: if number == 0 { vec![] } else { placeholder((number - 1) / 8).to_be_bytes().to_vec() },
        flags: 257,
        name: name.into(),
        kind: 1,
        start_time_unix_nano: begun,
        end_time_unix_nano: begun + 750_000,
        attributes,
        ..Span::default()
    }
}

fn housekeeping() -> Vec<KeyValue> {
    vec![
        text("code.filepath", "/home/somebody/.cache/opencode/packages/opencode/src/filesystem/index.ts"),
        text("code.function.name", "FileSystem.readJson"),
        number("code.lineno", 212),
        text(
            "code.stacktrace",
            "at FileSystem.readJson (src/filesystem/index.ts:212:19) at Auth.all (src/auth/index.ts:57:40) \
             at Provider.list (src/provider/provider.ts:811:34) at InstanceState.get",
        ),
        text("session.id", "ses_7f3c1b2a9d8e4f60c5b4a392817f6e5d"),
        text("opencode.project.id", "4d9f2c0b7a6e5d4c3b2a19080716253443526170"),
        text("opencode.worktree", "/home/somebody/src/project"),
        text("file.path", "/home/somebody/.local/share/opencode/auth.json"),
        number("file.size", 40_961),
        text("fiber.id", "#1027"),
        text("fiber.status", "suspended"),
        number("thread.id", 1),
    ]
}

fn model_call() -> Vec<KeyValue> {
    vec![
        text("ai.operationId", "ai.streamText.doStream"),
        text("ai.model.id", "claude-sonnet-4-5"),
        text("ai.model.provider", "anthropic.messages"),
        text("ai.prompt.messages", &"[{\"role\":\"user\",\"content\":\"fix the failing test\"}]".repeat(4)),
        text("ai.response.text", "The test fails because the clock is read twice; I have changed it to be read once."),
        text("ai.response.finishReason", "stop"),
        number("ai.usage.promptTokens", 11_204),
        number("ai.usage.completionTokens", 187),
        text("gen_ai.request.model", "claude-sonnet-4-5"),
        number("gen_ai.usage.input_tokens", 11_204),
        number("gen_ai.usage.output_tokens", 187),
        text("session.id", "ses_7f3c1b2a9d8e4f60c5b4a392817f6e5d"),
    ]
}

fn tool_call() -> Vec<KeyValue> {
    let mut attributes = housekeeping();
    attributes.truncate(9);
    attributes.push(text("tool.name", "bash"));
    attributes.push(text("tool.call_id", "call_9d8e7f6a5b4c3d2e"));
    attributes.push(text("tool.arguments", "{\"command\":\"cargo test --lib\",\"description\":\"Run the tests\"}"));
    attributes
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, any_value::Value::StringValue(value.into()))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, any_value::Value::IntValue(value))
}

fn attribute(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
