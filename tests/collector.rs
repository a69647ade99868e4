//! The collector inside otel-run, from outside: what it takes, what it answers, and what is in the log afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal as Kill, kill};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use otel_run::otlp::Signal;
use prost::Message;
use serde_json::{Value, json};
use support::client::{Answer, Asked, frame, gzip};
use support::stored::text;
use support::{Open, Stored, run, test_child};

/// `google.rpc.Status`, as far as OTLP uses it.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

const INVALID_ARGUMENT: u32 = 3;
const RESOURCE_EXHAUSTED: u32 = 8;
const UNIMPLEMENTED: u32 = 12;
const UNAUTHENTICATED: u32 = 16;

const LIMIT: usize = 64 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Protobuf,
    Json,
}

const ENCODINGS: [Encoding; 2] = [Encoding::Protobuf, Encoding::Json];

impl Encoding {
    fn content_type(self) -> &'static str {
        match self {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        }
    }

    /// An answer that says "everything was taken".
    fn full_success(self) -> &'static [u8] {
        match self {
            Encoding::Protobuf => b"",
            Encoding::Json => b"{}",
        }
    }

    /// Code and message of an error's body.
    #[track_caller]
    fn status(self, body: &[u8]) -> (i32, String) {
        match self {
            Encoding::Protobuf => {
                let status = Status::decode(body).unwrap();
                (status.code, status.message)
            }
            Encoding::Json => {
                let status: Value = serde_json::from_slice(body).unwrap();
                (status["code"].as_i64().unwrap().try_into().unwrap(), status["message"].as_str().unwrap().to_owned())
            }
        }
    }
}

/// A request with one item that is called `name`.
fn sample(signal: Signal, encoding: Encoding, name: &str) -> Vec<u8> {
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

/// The requests that a test makes, with the names in them.
#[derive(Default)]
struct Sent(BTreeMap<(Signal, String), usize>);

impl Sent {
    /// The name of one more item, which no other has.
    fn name(&mut self, signal: Signal, what: &str) -> String {
        let name = format!("{what} {}", self.0.len());
        self.0.insert((signal, name.clone()), 1);
        name
    }

    /// A request with one item, to the run's collector.
    fn post(&mut self, open: &Open, signal: Signal, encoding: Encoding, what: &str) -> Asked {
        let body = sample(signal, encoding, &self.name(signal, what));
        Asked::post(format!("{}/{}", open.path(), signal.path()), encoding.content_type(), body)
    }

    /// Everything that was to be stored is in the log once, and nothing else.
    #[track_caller]
    fn assert_stored(&self, stored: &Stored) {
        let mut found = BTreeMap::new();
        for signal in Signal::ALL {
            for name in stored_names(stored, signal) {
                *found.entry((signal, name)).or_default() += 1;
            }
        }
        assert_eq!(found, self.0);
    }
}

/// The names of the command's items.
fn stored_names(stored: &Stored, signal: Signal) -> Vec<String> {
    match signal {
        Signal::Traces => stored.spans_of_the_command().into_iter().map(|span| span.name).collect(),
        Signal::Metrics => stored.metrics_of_the_command().into_iter().map(|metric| metric.name).collect(),
        Signal::Logs => stored.log_records_of_the_command().into_iter().map(|record| record.event_name).collect(),
    }
}

#[track_caller]
fn assert_accepted(answer: &Answer, encoding: Encoding, what: &str) {
    let said = (answer.status, answer.header("content-type"), &answer.body[..]);
    assert_eq!(said, (200, encoding.content_type(), encoding.full_success()), "{what}");
}

#[track_caller]
fn assert_grpc_accepted(answer: &Answer, what: &str) {
    assert_eq!((answer.grpc_code(), &answer.body[..]), (0, &frame(0, b"")[..]), "{what}");
}

#[test]
fn whatever_the_specification_allows_over_http_is_stored_once() {
    let open = Open::start(run());
    let mut sent = Sent::default();
    // One connection for all requests of a version: it has to be kept alive.
    let (mut http1, mut http2) = (open.client(), open.http2());
    for signal in Signal::ALL {
        for encoding in ENCODINGS {
            let mut post = |what: &str| sent.post(&open, signal, encoding, what);
            let charset = format!("{}; charset=utf-8", encoding.content_type().to_uppercase());
            let two_members = |asked: Asked| {
                let (front, back) = asked.body.split_at(10);
                Asked { body: [gzip(front), gzip(back)].concat(), ..asked }.header("Content-Encoding", "GZIP")
            };
            for asked in [
                post("plain"),
                post("gzip").gzip(),
                post("chunked").in_chunks(7),
                post("gzip, chunked").gzip().in_chunks(5),
                two_members(post("gzip in two members")),
                post("identity").header("content-encoding", "identity"),
                Asked { headers: vec![("Content-Type".into(), charset)], ..post("charset") },
            ] {
                assert_accepted(&http1.ask(&asked), encoding, &format!("{asked:?}"));
            }
            for asked in [post("HTTP/2"), post("HTTP/2, gzip").gzip()] {
                assert_accepted(&http2.ask(&asked), encoding, &format!("HTTP/2 {asked:?}"));
            }
        }
    }
    drop((http1, http2));
    sent.assert_stored(&Stored::of(&open.end().home));
}

#[test]
fn whatever_the_specification_allows_over_grpc_is_stored_once() {
    let open = Open::start(run());
    let mut sent = Sent::default();
    let mut grpc = open.http2();
    let below_the_token = |signal: Signal| format!("{}{}", open.path(), signal.grpc_method());
    for signal in Signal::ALL {
        let mut message = |what: &str| sample(signal, Encoding::Protobuf, &sent.name(signal, what));
        let by_header = [open.header()];
        assert_grpc_accepted(&grpc.call(signal.grpc_method(), &by_header, &message("header")), "header");
        assert_grpc_accepted(&grpc.call(&below_the_token(signal), &[], &message("path")), "path");
        let packed = frame(1, &gzip(&message("gzip")));
        let metadata = [open.header(), ("grpc-encoding", "gzip")];
        assert_grpc_accepted(&grpc.call_framed(signal.grpc_method(), &metadata, packed), "gzip");
        // A client may leave out the compression of one message.
        assert_grpc_accepted(&grpc.call(signal.grpc_method(), &metadata, &message("gzip left out")), "gzip left out");
        let proto = Asked::post(signal.grpc_method(), "application/grpc+proto", frame(0, &message("grpc+proto")));
        assert_grpc_accepted(&grpc.ask(&proto.header(open.header().0, open.header().1)), "grpc+proto");
    }
    drop(grpc);
    sent.assert_stored(&Stored::of(&open.end().home));
}

#[test]
fn empty_requests_succeed_and_store_nothing() {
    let open = Open::start(run());
    let (mut http, mut grpc) = (open.client(), open.http2());
    for signal in Signal::ALL {
        let path = format!("{}/{}", open.path(), signal.path());
        let empty = [(Encoding::Protobuf, ""), (Encoding::Json, "{}"), (Encoding::Json, r#"{"resourceSpans":[]}"#)];
        for (encoding, body) in empty {
            let asked = Asked::post(&path, encoding.content_type(), body);
            assert_accepted(&http.ask(&asked), encoding, &format!("{asked:?}"));
            assert_accepted(&http.ask(&asked.clone().gzip()), encoding, &format!("packed {asked:?}"));
        }
        assert_grpc_accepted(&grpc.call(signal.grpc_method(), &[open.header()], b""), "gRPC");
    }
    drop((http, grpc));
    Sent::default().assert_stored(&Stored::of(&open.end().home));
}

#[test]
fn the_token_is_asked_for_by_path_or_by_header() {
    let open = Open::start(run());
    let mut sent = Sent::default();
    let (mut http, mut grpc) = (open.client(), open.http2());
    let (name, token) = open.header();
    assert_eq!(open.path(), format!("/{token}"));
    assert!(token.len() >= 32, "the token can be guessed");
    let other = token.chars().rev().collect::<String>();
    let shorter = &token[..token.len() - 1];
    for encoding in ENCODINGS {
        let body = sample(Signal::Traces, encoding, "never to be stored");
        let post = |path: String| Asked::post(path, encoding.content_type(), body.clone());
        for asked in [
            post("/v1/traces".into()),
            post("//v1/traces".into()),
            post(format!("/{other}/v1/traces")),
            post(format!("/{shorter}/v1/traces")),
            post(format!("/{token}x/v1/traces")),
            post(format!("/v1/traces/{token}")),
            post(format!("/v1/traces?{name}={token}")),
            post("/v1/traces".into()).header(name, &other),
            post("/v1/traces".into()).header(name, shorter),
            post("/v1/traces".into()).header(name, ""),
            post("/v1/traces".into()).header("authorization", token),
            // Nobody without the token learns what there is.
            post("/nothing".into()),
            post("/v1/traces".into()).method("GET"),
        ] {
            let answer = http.ask(&asked);
            assert_eq!((answer.status, answer.header("content-type")), (401, encoding.content_type()), "{asked:?}");
            let (code, message) = encoding.status(&answer.body);
            assert_eq!(code.unsigned_abs(), UNAUTHENTICATED);
            assert!(message.contains("token") && !message.contains(token), "{message}");
        }
        let admitted = sent.post(&open, Signal::Traces, encoding, "by header");
        let admitted = Asked { path: "/v1/traces".into(), ..admitted }.header(name, token);
        assert_accepted(&http.ask(&admitted), encoding, "by header");
    }
    for signal in Signal::ALL {
        let message = sample(signal, Encoding::Protobuf, "never to be stored");
        for metadata in [&[][..], &[(name, other.as_str())], &[(name, shorter)], &[("authorization", token)]] {
            let answer = grpc.call(signal.grpc_method(), metadata, &message);
            assert_eq!(answer.grpc_code(), UNAUTHENTICATED, "{metadata:?}");
            assert!(answer.headers["grpc-message"].contains("token"));
        }
        let wrong = grpc.call(&format!("/{other}{}", signal.grpc_method()), &[], &message);
        assert_eq!(wrong.grpc_code(), UNAUTHENTICATED);
    }
    let unknown = grpc.call("/opentelemetry.proto.collector.trace.v1.TraceService/Import", &[], b"");
    assert_eq!(unknown.grpc_code(), UNAUTHENTICATED);
    drop((http, grpc));
    sent.assert_stored(&Stored::of(&open.end().home));
}

#[test]
fn what_is_wrong_with_a_request_is_said_in_its_own_encoding() {
    let open = Open::start(run());
    let mut http = open.client();
    for signal in Signal::ALL {
        for encoding in ENCODINGS {
            let kind = encoding.content_type();
            let base = open.path();
            let path = format!("{base}/{}", signal.path());
            let good = sample(signal, encoding, "never to be stored");
            let post = |body: &[u8]| Asked::post(&path, kind, body);
            let at = |path: String| Asked::post(path, kind, good.clone());
            let broken: Vec<Asked> = match encoding {
                Encoding::Protobuf => [
                    &good[..good.len() - 1],
                    // Field 1 with a length that is not there, a wire type that does not exist, a varint without end.
                    b"\x0a\xff\xff\xff\xff\x0f",
                    b"\x0f",
                    b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                    b"{}",
                ]
                .map(post)
                .into(),
                Encoding::Json => [
                    &good[..good.len() - 1],
                    b"",
                    b"[]",
                    b"null{",
                    b"{\"resourceSpans\": 1, \"resourceMetrics\": 1, \"resourceLogs\": 1}",
                    b"\xff",
                    sample(signal, Encoding::Protobuf, "x").as_slice(),
                ]
                .map(post)
                .into(),
            };
            let packed = gzip(&good);
            let gzipped = |body: &[u8]| post(body).header("content-encoding", "gzip");
            let damaged = {
                let mut bytes = packed.clone();
                let last = bytes.len() - 6;
                bytes[last] ^= 1;
                bytes
            };
            let unpackable =
                [gzipped(&good), gzipped(&packed[..packed.len() - 4]), gzipped(&damaged), gzipped(&packed[..5])];
            let table: Vec<(u16, Vec<Asked>)> = vec![
                (400, broken),
                (400, unpackable.into()),
                (
                    404,
                    vec![
                        at(format!("{base}/v1/profiles")),
                        at(format!("{base}/")),
                        at(format!("{path}/more")),
                        at(format!("{base}/v2/{}", signal.as_str())),
                        at(format!("{base}/{}", signal.path().to_uppercase())),
                        at(format!("{base}/nothing")).method("GET"),
                    ],
                ),
                (405, ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"].map(|method| post(&good).method(method)).into()),
                (
                    415,
                    ["br", "deflate", "zstd", "gzip, gzip"]
                        .map(|name| post(&good).header("content-encoding", name))
                        .into(),
                ),
            ];
            for (status, all) in table {
                for asked in all {
                    let answer = http.ask(&asked);
                    assert_eq!((answer.status, answer.header("content-type")), (status, kind), "{asked:?}");
                    let (code, message) = encoding.status(&answer.body);
                    assert!(!message.is_empty(), "{asked:?}");
                    if status == 400 {
                        assert_eq!(code.unsigned_abs(), INVALID_ARGUMENT, "{asked:?}");
                    }
                    assert_eq!(answer.header("allow"), if status == 405 { "POST" } else { "" });
                }
            }
        }
    }
    drop(http);
    Sent::default().assert_stored(&Stored::of(&open.end().home));
}

#[test]
fn other_content_types_are_refused() {
    let open = Open::start(run());
    let mut http = open.client();
    let path = format!("{}/v1/traces", open.path());
    let body = sample(Signal::Traces, Encoding::Json, "never to be stored");
    let kinds = [
        "text/plain",
        "application/xml",
        "application/x-ndjson",
        "application/jsonl",
        "application/x-protobuffer",
        "multipart/form-data; boundary=x",
        "application/json-seq",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/grpc+json",
        "",
        ";",
    ];
    let without = Asked { headers: Vec::new(), ..Asked::post(&path, "", body.clone()) };
    for asked in kinds.map(|kind| Asked::post(&path, kind, body.clone())).into_iter().chain([without]) {
        let answer = http.ask(&asked);
        assert_eq!(answer.status, 415, "{asked:?}");
        // Nobody knows what such a client reads; both are legal.
        let said = ENCODINGS.into_iter().find(|encoding| encoding.content_type() == answer.header("content-type"));
        assert!(!said.unwrap().status(&answer.body).1.is_empty());
    }
    drop(http);
    Sent::default().assert_stored(&Stored::of(&open.end().home));
}

#[test]
fn what_is_wrong_with_a_call_is_a_grpc_status() {
    let open = Open::start(run());
    let mut grpc = open.http2();
    let metadata = [open.header()];
    let method = Signal::Traces.grpc_method();
    for unknown in [
        "/opentelemetry.proto.collector.trace.v1.TraceService/Import",
        "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
        "/grpc.health.v1.Health/Check",
        "/v1/traces",
        "/",
    ] {
        assert_eq!(grpc.call(unknown, &metadata, b"").grpc_code(), UNIMPLEMENTED, "{unknown}");
    }
    let good = sample(Signal::Traces, Encoding::Protobuf, "never to be stored");
    let mut trailing = frame(0, &good);
    trailing.extend_from_slice(&frame(0, &good));
    for (what, framed) in [
        ("no frame", Vec::new()),
        ("half a prefix", vec![0, 0, 0]),
        ("a shorter message", frame(0, &good)[..good.len()].to_vec()),
        ("two messages", trailing),
        ("no protobuf", frame(0, b"\x0a\xff")),
    ] {
        assert_eq!(grpc.call_framed(method, &metadata, framed).grpc_code(), INVALID_ARGUMENT, "{what}");
    }
    let packed = [open.header(), ("grpc-encoding", "gzip")];
    let broken = grpc.call_framed(method, &packed, frame(1, b"not gzip"));
    assert_eq!(broken.grpc_code(), INVALID_ARGUMENT);
    // gRPC, "Compression": what cannot be unpacked is UNIMPLEMENTED, with the list of what can be.
    let zstd = [open.header(), ("grpc-encoding", "zstd")];
    let answer = grpc.call_framed(method, &zstd, frame(1, b"x"));
    assert_eq!(answer.grpc_code(), UNIMPLEMENTED);
    assert!(answer.header("grpc-accept-encoding").contains("gzip"), "{answer:?}");
    drop(grpc);
    Sent::default().assert_stored(&Stored::of(&open.end().home));
}

/// A request of exactly `length` bytes that holds one span with this name.
fn sized(length: usize, name: &str) -> Vec<u8> {
    let mut request = sample(Signal::Traces, Encoding::Protobuf, name);
    // Field 15 is not known; such fields are kept.
    let rest = length - request.len() - 1 - 4;
    request.push(15 << 3 | 2);
    request.extend((0..4).map(|group| (rest >> (7 * group)) as u8 & 0x7f | if group < 3 { 0x80 } else { 0 }));
    request.resize(length, b'x');
    request
}

#[test]
fn requests_are_taken_up_to_the_limit_and_not_beyond() {
    let open = Open::start(run());
    let mut sent = Sent::default();
    let path = format!("{}/v1/traces", open.path());
    let post = |body: Vec<u8>| Asked::post(&path, Encoding::Protobuf.content_type(), body);
    let fits = sized(LIMIT, &sent.name(Signal::Traces, "fits"));
    let packed_fits = sized(LIMIT, &sent.name(Signal::Traces, "packed, fits"));
    let too_large = sized(LIMIT + 1, "never to be stored");
    let far_too_large = vec![0; LIMIT + (16 << 20)];

    assert_accepted(&open.client().ask(&post(fits)), Encoding::Protobuf, "fits");
    assert_accepted(&open.client().ask(&post(packed_fits).gzip()), Encoding::Protobuf, "packed, fits");
    for asked in [
        post(too_large.clone()),
        post(far_too_large.clone()),
        post(far_too_large).in_chunks(1 << 20),
        post(too_large.clone()).gzip(),
        // Little to send and much to unpack.
        Asked { body: bomb(), ..post(Vec::new()) }.header("content-encoding", "gzip"),
        Asked { body: bomb(), ..Asked::post(&path, "application/json", "") }.header("content-encoding", "gzip"),
    ] {
        let encoding = if asked.headers[0].1.ends_with("json") { Encoding::Json } else { Encoding::Protobuf };
        let what = format!("{:?} {} bytes", asked.headers, asked.body.len());
        let answer = open.client().ask(&asked);
        assert_eq!((answer.status, answer.header("content-type")), (413, encoding.content_type()), "{what}");
        assert!(encoding.status(&answer.body).1.contains("64 MiB"), "{what}");
    }

    let packed = [open.header(), ("grpc-encoding", "gzip")];
    let method = Signal::Traces.grpc_method();
    let framed_fits = sized(LIMIT, &sent.name(Signal::Traces, "gRPC, packed, fits"));
    assert_grpc_accepted(&open.http2().call_framed(method, &packed, frame(1, &gzip(&framed_fits))), "gRPC fits");
    for framed in [frame(0, &too_large), frame(1, &gzip(&too_large)), frame(1, &bomb())] {
        assert_eq!(open.http2().call_framed(method, &packed, framed).grpc_code(), RESOURCE_EXHAUSTED);
    }
    sent.assert_stored(&Stored::of(&open.end().home));
}

/// Zeros that unpack to 4 GiB. Members of gzip can be put behind one another, so few have to be made.
fn bomb() -> Vec<u8> {
    let member = gzip(&vec![0; 16 << 20]);
    member.repeat(256)
}

#[test]
fn nobody_outside_of_this_machine_can_connect() {
    let open = Open::start(run());
    let (host, port) = open.authority().split_once(':').unwrap();
    assert_eq!(host, "127.0.0.1");
    let port: u16 = port.parse().unwrap();
    TcpStream::connect((host, port)).unwrap();
    assert!(TcpStream::connect(("127.0.0.2", port)).is_err(), "it listens on more than its address");
    assert!(TcpStream::connect(("::1", port)).is_err(), "it listens on IPv6");
    if cfg!(target_os = "linux") {
        let pid = open.running.pid;
        // The tables are those of the network namespace; what belongs to the process is known by its inode.
        let inodes: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok()?.to_str().map(str::to_owned))
            .filter_map(|target| Some(target.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
            .collect();
        let mut listening = Vec::new();
        for table in ["tcp", "tcp6", "udp", "udp6"] {
            let Ok(table) = std::fs::read_to_string(format!("/proc/{pid}/net/{table}")) else { continue };
            for line in table.lines().skip(1) {
                let columns: Vec<&str> = line.split_whitespace().collect();
                // 0A is LISTEN, 07 is a datagram socket without a peer.
                if matches!(columns[3], "0A" | "07") && inodes.iter().any(|inode| inode == columns[9]) {
                    listening.push(columns[1].to_owned());
                }
            }
        }
        assert_eq!(listening, [format!("0100007F:{port:04X}")]);
    }
    open.end();
}

#[test]
fn many_senders_at_once_lose_nothing() {
    let open = Open::start(run());
    let mut sent = Sent::default();
    let batches: Vec<Vec<Asked>> = (0..8)
        .map(|sender| {
            let signals = Signal::ALL.into_iter().cycle().take(24);
            signals.map(|signal| sent.post(&open, signal, Encoding::Json, &format!("sender {sender}"))).collect()
        })
        .collect();
    std::thread::scope(|scope| {
        for batch in &batches {
            let mut http = open.client();
            scope.spawn(move || {
                for asked in batch {
                    assert_accepted(&http.ask(asked), Encoding::Json, "at once");
                }
            });
        }
    });
    sent.assert_stored(&Stored::of(&open.end().home));
}

#[test]
fn a_sender_that_never_finishes_does_not_hold_up_the_end() {
    let open = Open::start(run().flag("--drain-deadline", "200ms"));
    let mut sent = Sent::default();
    let mut hung = [open.client(), open.client(), open.client()];
    let path = open.path().to_owned();
    hung[0].send(format!("POST {path}/v1/traces HTTP/1.1\r\ncontent-length: 100\r\n").as_bytes());
    hung[1].send(format!("POST {path}/v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nx").as_bytes());
    // The beginning of HTTP/2.
    hung[2].send(b"PRI * HTTP/2.0\r\n\r\n");
    let asked = sent.post(&open, Signal::Traces, Encoding::Protobuf, "meanwhile");
    assert_accepted(&open.client().ask(&asked), Encoding::Protobuf, "meanwhile");
    let before = Instant::now();
    let ran = open.end();
    // The default would be 5 s; what is between is for slow machines.
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
    drop(hung);
    let stored = Stored::of(&ran.home);
    assert!(stored.ended.is_some());
    sent.assert_stored(&stored);
}

/// The order in which a machine may kill what runs on it.
#[derive(Debug, Clone, Copy)]
enum Killed {
    CommandFirst,
    WrapperFirst,
}

#[test]
fn what_was_acknowledged_is_in_the_log_whoever_is_killed() {
    for order in [Killed::CommandFirst, Killed::WrapperFirst] {
        let open = Open::start(run());
        let mut sent = Sent::default();
        let (mut http, mut grpc) = (open.client(), open.http2());
        for signal in Signal::ALL {
            for encoding in ENCODINGS {
                let asked = sent.post(&open, signal, encoding, "HTTP");
                assert_accepted(&http.ask(&asked), encoding, "before the kill");
            }
            let message = sample(signal, Encoding::Protobuf, &sent.name(signal, "gRPC"));
            assert_grpc_accepted(&grpc.call(signal.grpc_method(), &[open.header()], &message), "before the kill");
        }
        let (command, wrapper) = (open.command_pid(), open.running.pid);
        let kills = match order {
            Killed::CommandFirst => [command, wrapper],
            Killed::WrapperFirst => [wrapper, command],
        };
        for pid in kills {
            kill(pid, Kill::SIGKILL).unwrap();
        }
        let ran = open.running.expect_signal(Kill::SIGKILL);
        let stored = Stored::of(&ran.home);
        sent.assert_stored(&stored);
        if let Killed::WrapperFirst = order {
            assert!(stored.ended.is_none());
            let runs = run().home(&ran.home).args(["runs", "--json"]).expect_exit(0).stdout_text();
            let runs: Value = serde_json::from_str(&runs).unwrap();
            assert_eq!(runs["runs"][0]["state"], "lost");
            // One more says that the run goes on no more.
            assert_eq!(runs["runs"][0]["intake"]["metrics"]["stored"], 3 + 1);
        }
        let shown = run().home(&ran.home).args(["show", "--all", "--json"]).expect_exit(0).stdout_text();
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let names: Vec<&str> =
            shown["spans"].as_array().unwrap().iter().map(|span| span["name"].as_str().unwrap()).collect();
        for (signal, name) in sent.0.keys() {
            assert_eq!(*signal == Signal::Traces, names.contains(&name.as_str()), "{name} in {names:?}");
        }
    }
}

#[test]
fn an_acknowledged_request_is_in_the_log_before_the_next_is_sent() {
    let open = Open::start(run());
    let mut sent = Sent::default();
    let mut http = open.client();
    for signal in Signal::ALL {
        for encoding in ENCODINGS {
            let asked = sent.post(&open, signal, encoding, "one by one");
            assert_accepted(&http.ask(&asked), encoding, "one by one");
            sent.assert_stored(&Stored::of(&open.running.home));
        }
    }
    drop(http);
    open.end();
}

#[test]
fn what_cannot_be_written_is_held_and_counted_at_the_end() {
    // Writing fails as on a full disk, if the signal of the limit does not kill us. It is in blocks of 512 bytes, or 1024.
    let limited = "ulimit -f 32; exec \"$0\" \"$@\"";
    let open = Open::start(
        support::alone("sh").args(["-c", limited, env!("CARGO_BIN_EXE_otel-run")]).stderr_has("telemetry are lost"),
    );
    let mut sent = Sent::default();
    let (mut http, mut grpc) = (open.client(), open.http2());
    let before = sent.post(&open, Signal::Logs, Encoding::Protobuf, "before");
    assert_accepted(&http.ask(&before), Encoding::Protobuf, "before");
    // None of these fits. They are held in memory, to be written when there is room.
    let long = "x".repeat(64 << 10);
    for signal in Signal::ALL {
        let path = format!("{}/{}", open.path(), signal.path());
        for encoding in ENCODINGS {
            let asked = Asked::post(&path, encoding.content_type(), sample(signal, encoding, &long));
            assert_accepted(&http.ask(&asked), encoding, "held in memory");
        }
        let answer = grpc.call(signal.grpc_method(), &[open.header()], &sample(signal, Encoding::Protobuf, &long));
        assert_eq!((answer.grpc_code(), answer.body.len()), (0, 5));
    }
    // There never is, but for what is smaller.
    let after = sent.post(&open, Signal::Logs, Encoding::Protobuf, "after");
    assert_accepted(&http.ask(&after), Encoding::Protobuf, "after");
    drop((http, grpc));
    let ran = open.end();
    assert!(ran.stderr_text().contains("9 items of telemetry are lost"), "{}", ran.stderr_text());
    sent.assert_stored(&Stored::of(&ran.home));
}

#[test]
fn the_sdk_finds_the_collector_by_its_environment() {
    for grpc in [false, true] {
        let sdk = ["sdk"].into_iter().chain(grpc.then_some("--grpc"));
        let ran = run().child([test_child()]).args(sdk).expect_exit(0);
        let stored = Stored::of(&ran.home);
        let spans = stored.spans_with_origin();
        let [inner, outer] = &spans.iter().filter(|(_, scope, _)| scope == "sdk").collect::<Vec<_>>()[..] else {
            panic!("{spans:?}")
        };
        let ((_, _, inner), (resource, _, outer)) = (inner, outer);
        assert_eq!((inner.name.as_str(), outer.name.as_str()), ("inner", "outer"));
        assert_eq!(inner.parent_span_id, outer.span_id);
        assert_eq!(support::hex(&outer.parent_span_id), stored.started.span_id);
        assert_eq!(inner.events[0].name, "half way");
        assert_eq!(text(&resource.attributes, "telemetry.sdk.language"), Some("rust"));
        let records = stored.log_records_of_the_command();
        assert_eq!(records.len(), 2);
        for record in &records {
            assert_eq!(support::hex(&record.trace_id), stored.started.trace_id);
        }
        assert_eq!(records[0].span_id, outer.span_id);
        assert_eq!(support::hex(&records[1].span_id), stored.started.span_id);
        let mut metrics = stored.metrics_of_the_command();
        metrics.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(names, ["sdk.duration", "sdk.requests"]);
        let Some(Data::Histogram(durations)) = &metrics[0].data else { panic!("{metrics:?}") };
        assert_eq!((durations.data_points[0].count, durations.data_points[0].sum), (1, Some(0.25)));
        let items: BTreeMap<Signal, u32> =
            stored.batches.iter().fold(BTreeMap::new(), |mut all, (signal, items, _)| {
                *all.entry(*signal).or_default() += items;
                all
            });
        // Of the run itself there are its span, the records of its start and its end, and ten points of its metrics.
        assert_eq!(items, [(Signal::Traces, 3), (Signal::Metrics, 12), (Signal::Logs, 4)].into());
    }
}
