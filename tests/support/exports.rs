//! OTLP as a backend sees it: requests read, answers made. Written apart from the program that is tested.

use std::io::Read;

use hyper::body::Bytes;
use hyper::{HeaderMap, Response, StatusCode};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::server::Frames;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    Traces,
    Metrics,
    Logs,
}

/// Signal, end of the HTTP path, gRPC path.
const SIGNALS: [(Signal, &str, &str); 3] = [
    (Signal::Traces, "/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
    (Signal::Metrics, "/v1/metrics", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"),
    (Signal::Logs, "/v1/logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export"),
];

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Grpc,
    HttpProtobuf,
    HttpJson,
}

impl Transport {
    /// The word of `OTEL_EXPORTER_OTLP_PROTOCOL`.
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Grpc => "grpc",
            Transport::HttpProtobuf => "http/protobuf",
            Transport::HttpJson => "http/json",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Transport::Grpc => "application/grpc",
            Transport::HttpProtobuf => "application/x-protobuf",
            Transport::HttpJson => "application/json",
        }
    }
}

/// The decoded body of a request.
#[derive(Debug, Clone)]
pub enum Export {
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    Logs(ExportLogsServiceRequest),
}

/// One request that was read to its end.
#[derive(Debug, Clone)]
pub struct Received {
    pub signal: Signal,
    pub transport: Transport,
    pub path: String,
    pub headers: HeaderMap,
    /// The body without gzip and without the gRPC frame.
    pub body: Bytes,
    pub gzip: bool,
    pub export: Export,
    /// Whether the sender was told that the request was accepted.
    pub accepted: bool,
}

impl Received {
    /// A header as text; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        text(&self.headers, name)
    }

    /// Whether `needle` stands in its path, its headers or its body, packed or decoded.
    pub fn holds(&self, needle: &str) -> bool {
        self.path.contains(needle)
            || self.headers.values().any(|value| super::contains(value.as_bytes(), needle))
            || super::contains(&self.body, needle)
            || format!("{:?}", self.export).contains(needle)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap_or(""))
}

/// Reads a request strictly; what is wrong comes with the status to answer.
pub fn read(head: &hyper::http::request::Parts, raw: &Bytes) -> Result<Received, (StatusCode, String)> {
    let path = head.uri.path().to_owned();
    let refuse = |status, what: String| (status, format!("{} {path}: {what}", head.method));
    let bad = |what: String| refuse(StatusCode::BAD_REQUEST, what);
    let transport = match text(&head.headers, "content-type") {
        "application/grpc" | "application/grpc+proto" => Transport::Grpc,
        "application/x-protobuf" => Transport::HttpProtobuf,
        "application/json" => Transport::HttpJson,
        other => return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("content type {other:?}"))),
    };
    let grpc = transport == Transport::Grpc;
    if head.method != "POST" {
        return Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "not a POST".into()));
    }
    let found = SIGNALS.iter().find(|(_, http, service)| if grpc { path == *service } else { path.ends_with(http) });
    let Some((signal, _, _)) = found.copied() else {
        return Err(refuse(StatusCode::NOT_FOUND, "no such path".into()));
    };
    let (packed, gzip) = match transport {
        Transport::Grpc => unframe(raw).map_err(bad)?,
        _ => (raw.clone(), text(&head.headers, "content-encoding") == "gzip"),
    };
    let body = if gzip { gunzip(&packed).map_err(|error| bad(error.to_string()))? } else { packed };
    let export = match signal {
        Signal::Traces => decode(transport, &body).map(Export::Traces),
        Signal::Metrics => decode(transport, &body).map(Export::Metrics),
        Signal::Logs => decode(transport, &body).map(Export::Logs),
    };
    let export = export.map_err(bad)?;
    Ok(Received { signal, transport, headers: head.headers.clone(), body, gzip, export, accepted: false, path })
}

/// The message of a unary call and whether it is compressed: one flag byte, four bytes of length, the message.
fn unframe(raw: &Bytes) -> Result<(Bytes, bool), String> {
    let [flag @ (0 | 1), a, b, c, d, ..] = raw[..] else { return Err("no gRPC frame".into()) };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if raw.len() != length + 5 {
        return Err(format!("a gRPC frame of {length} bytes in a body of {}", raw.len()));
    }
    Ok((raw.slice(5..), flag == 1))
}

fn gunzip(packed: &[u8]) -> std::io::Result<Bytes> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut plain)?;
    Ok(plain.into())
}

fn decode<M: Message + Default + DeserializeOwned>(transport: Transport, body: &[u8]) -> Result<M, String> {
    match transport {
        Transport::HttpJson => serde_json::from_slice(body)
            .and_then(|mut json| {
                name_empty_values(&mut json);
                serde_json::from_value(json)
            })
            .map_err(|error| error.to_string()),
        Transport::Grpc | Transport::HttpProtobuf => M::decode(body).map_err(|error| error.to_string()),
    }
}

/// JSON may leave out what is empty, but this crate's types want the member `values`.
fn name_empty_values(json: &mut Value) {
    match json {
        Value::Object(members) => {
            for (name, member) in members {
                if let (true, Value::Object(list)) = (name == "arrayValue" || name == "kvlistValue", &mut *member) {
                    list.entry("values").or_insert_with(|| Value::Array(Vec::new()));
                }
                name_empty_values(member);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(name_empty_values),
        _ => {}
    }
}

/// "Full Success": an empty message.
pub fn accepted(transport: Transport) -> Response<Frames> {
    match transport {
        Transport::Grpc => grpc_message(Bytes::new()),
        Transport::HttpProtobuf => http(200, &[], transport, Bytes::new()),
        Transport::HttpJson => http(200, &[], transport, "{}".into()),
    }
}

/// "Partial Success": so many items were rejected, fewer than 128.
pub fn rejected(signal: Signal, transport: Transport, items: u8) -> Response<Frames> {
    assert!(items < 128, "the count has to fit into one byte of a varint");
    // In all three signals `partial_success` is field 1 of the response, and the count is field 1 in it.
    let message = Bytes::from(vec![0x0a, 2, 0x08, items]);
    let name = match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Metrics => "rejectedDataPoints",
        Signal::Logs => "rejectedLogRecords",
    };
    match transport {
        Transport::Grpc => grpc_message(message),
        Transport::HttpProtobuf => http(200, &[], transport, message),
        Transport::HttpJson => {
            http(200, &[], transport, format!(r#"{{"partialSuccess":{{"{name}":"{items}"}}}}"#).into())
        }
    }
}

/// An HTTP status with an empty `google.rpc.Status`.
pub fn http_status(status: u16, headers: &[(&str, String)], transport: Transport) -> Response<Frames> {
    let body = if transport == Transport::HttpJson { "{}".into() } else { Bytes::new() };
    http(status, headers, transport, body)
}

/// A gRPC status in the headers ("Trailers-Only").
pub fn grpc_status(code: u8, headers: &[(&str, String)]) -> Response<Frames> {
    let mut head = Response::builder().header("content-type", Transport::Grpc.content_type());
    for (name, value) in headers {
        head = head.header(*name, value);
    }
    head.header("grpc-status", u16::from(code)).body(Frames::none()).unwrap()
}

/// What a web server says to everybody.
pub fn page() -> Response<Frames> {
    let page = "<html><body>Please log in</body></html>";
    let head = Response::builder().header("content-type", "text/html").header("content-length", page.len());
    head.body(Frames::none().data(page)).unwrap()
}

/// An answer that breaks off after one byte.
pub fn torn(transport: Transport) -> Response<Frames> {
    let head = Response::builder().header("content-type", transport.content_type());
    let head = if transport == Transport::Grpc { head } else { head.header("content-length", 1000) };
    head.body(Frames::none().data("\0").broken()).unwrap()
}

fn http(status: u16, headers: &[(&str, String)], transport: Transport, body: Bytes) -> Response<Frames> {
    let mut head = Response::builder()
        .status(status)
        .header("content-type", transport.content_type())
        .header("content-length", body.len());
    for (name, value) in headers {
        head = head.header(*name, value);
    }
    head.body(if body.is_empty() { Frames::none() } else { Frames::none().data(body) }).unwrap()
}

fn grpc_message(message: Bytes) -> Response<Frames> {
    let mut framed = vec![0];
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.extend_from_slice(&message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", 0.into());
    let head = Response::builder().header("content-type", Transport::Grpc.content_type());
    head.body(Frames::none().data(framed).trailers(trailers)).unwrap()
}
