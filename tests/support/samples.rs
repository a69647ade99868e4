//! Export requests with one item in them, and what a receiver answers to such.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otel_run::otlp::Signal;
use prost::Message;
use serde_json::{Value, json};

use super::client::{Answer, frame};
use super::stored::Stored;

/// `google.rpc.Status`, as far as OTLP uses it.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    Protobuf,
    Json,
}

pub const ENCODINGS: [Encoding; 2] = [Encoding::Protobuf, Encoding::Json];

impl Encoding {
    pub fn content_type(self) -> &'static str {
        match self {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        }
    }

    /// An answer that says "everything was taken".
    pub fn full_success(self) -> &'static [u8] {
        match self {
            Encoding::Protobuf => b"",
            Encoding::Json => b"{}",
        }
    }

    /// Code and message of an error's body; none where it is no `google.rpc.Status` in this encoding.
    pub fn status(self, body: &[u8]) -> Option<(i32, String)> {
        match self {
            Encoding::Protobuf => Status::decode(body).ok().map(|status| (status.code, status.message)),
            Encoding::Json => {
                let status: Value = serde_json::from_slice(body).ok()?;
                Some((status["code"].as_i64()?.try_into().ok()?, status["message"].as_str()?.to_owned()))
            }
        }
    }
}

/// A request with one item that is called `name`.
pub fn sample(signal: Signal, encoding: Encoding, name: &str) -> Vec<u8> {
    let scope = json!({ "name": "test" });
    let span_id = format!("{:016x}", name.bytes().fold(1, |id: u64, byte| id.wrapping_mul(31) ^ u64::from(byte)));
    let value = match signal {
        Signal::Traces => json!({ "resourceSpans": [{ "scopeSpans": [{ "scope": scope, "spans": [{
            "traceId": "0AF7651916CD43DD8448EB211C80319C", "spanId": span_id, "name": name, "kind": 1,
            "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000000000001",
        }] }] }] }),
        Signal::Metrics => json!({ "resourceMetrics": [{ "scopeMetrics": [{ "scope": scope, "metrics": [{
            "name": name, "gauge": { "dataPoints": [{ "timeUnixNano": "1700000000000000000", "asInt": "7" }] },
        }] }] }] }),
        Signal::Logs => json!({ "resourceLogs": [{ "scopeLogs": [{ "scope": scope, "logRecords": [{
            "timeUnixNano": "1700000000000000000", "severityNumber": 9, "eventName": name,
        }] }] }] }),
    };
    match (encoding, signal) {
        (Encoding::Json, _) => value.to_string().into_bytes(),
        (_, Signal::Traces) => from_json::<ExportTraceServiceRequest>(value).encode_to_vec(),
        (_, Signal::Metrics) => from_json::<ExportMetricsServiceRequest>(value).encode_to_vec(),
        (_, Signal::Logs) => from_json::<ExportLogsServiceRequest>(value).encode_to_vec(),
    }
}

fn from_json<M: serde::de::DeserializeOwned>(value: Value) -> M {
    serde_json::from_value(value).unwrap()
}

/// A request of exactly `length` bytes, for more than 1 KiB, that holds one span with this name. The rest is a URL of a schema.
pub fn sized(length: usize, encoding: Encoding, name: &str) -> Vec<u8> {
    let mut request = sample(Signal::Traces, encoding, name);
    match encoding {
        Encoding::Protobuf => {
            // `ResourceSpans.schema_url`, with lengths of four bytes.
            let rest = length - request.len() - 10;
            for (tag, length) in [(1 << 3 | 2, rest + 5), (3 << 3 | 2, rest)] {
                request.push(tag);
                request.extend(
                    (0..4).map(|group| (length >> (7 * group)) as u8 & 0x7f | if group < 3 { 0x80 } else { 0 }),
                );
            }
            request.resize(length, b'x');
        }
        Encoding::Json => {
            let begun = r#"{"resourceSpans":[{"#.len();
            let member = |url: &str| format!(r#""schemaUrl":"{url}","#);
            let url = "x".repeat(length - request.len() - member("").len());
            request.splice(begun..begun, member(&url).into_bytes());
        }
    }
    assert_eq!(request.len(), length);
    request
}

/// The names of the command's items in the log.
pub fn stored_names(stored: &Stored, signal: Signal) -> Vec<String> {
    match signal {
        Signal::Traces => stored.spans_of_the_command().into_iter().map(|span| span.name).collect(),
        Signal::Metrics => stored.metrics_of_the_command().into_iter().map(|metric| metric.name).collect(),
        Signal::Logs => stored.log_records_of_the_command().into_iter().map(|record| record.event_name).collect(),
    }
}

#[track_caller]
pub fn assert_accepted(answer: &Answer, encoding: Encoding, what: &str) {
    let said = (answer.status, answer.header("content-type"), &answer.body[..]);
    assert_eq!(said, (200, encoding.content_type(), encoding.full_success()), "{what}");
}

#[track_caller]
pub fn assert_grpc_accepted(answer: &Answer, what: &str) {
    assert_eq!((answer.grpc_code(), &answer.body[..]), (0, &frame(0, b"")[..]), "{what}");
}
