//! How much is taken: of one request, and of all at once.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otel_run::otlp::Signal;
use otel_run::otlp::status::{Code, Status};
use prost::Message;
use serde_json::Value;

use crate::support::client::{Answer, Asked, Client, frame, gzip};
use crate::support::samples::{Encoding, assert_accepted, assert_grpc_accepted, sample, sized, stored_names};
use crate::support::{Home, Open, Stored, run};

/// The largest request, before and after decompression (OTLP, "Size limits").
const LIMIT: usize = 64 << 20;

/// What otel-run has ever had in memory at most, whatever was sent. It is five of the largest requests.
const MOST_MEMORY: usize = 5 * LIMIT;

fn post(open: &Open, encoding: Encoding, body: Vec<u8>) -> Asked {
    Asked::post(format!("{}/v1/traces", open.path()), encoding.content_type(), body)
}

#[test]
fn requests_up_to_the_limit_are_stored_whole() {
    let open = Open::start(run());
    let mut names = Vec::new();
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        for packed in [false, true] {
            let name = format!("{encoding:?} {packed}");
            let asked = post(&open, encoding, sized(LIMIT, encoding, &name));
            let asked = if packed { asked.gzip() } else { asked };
            assert_accepted(&open.client().ask(&asked), encoding, &name);
            names.push(name);
        }
    }
    let chunked = post(&open, Encoding::Protobuf, sized(LIMIT, Encoding::Protobuf, "chunked")).in_chunks(1 << 20);
    assert_accepted(&open.client().ask(&chunked), Encoding::Protobuf, "chunked");
    let http2 = post(&open, Encoding::Protobuf, sized(LIMIT, Encoding::Protobuf, "HTTP/2"));
    assert_accepted(&open.http2().ask(&http2), Encoding::Protobuf, "HTTP/2");
    let method = Signal::Traces.grpc_method();
    let grpc = frame(0, &sized(LIMIT, Encoding::Protobuf, "gRPC"));
    assert_grpc_accepted(&open.http2().call_framed(method, &[open.header()], grpc), "gRPC");
    let packed = frame(1, &gzip(&sized(LIMIT, Encoding::Protobuf, "gRPC packed")));
    let metadata = [open.header(), ("grpc-encoding", "gzip")];
    assert_grpc_accepted(&open.http2().call_framed(method, &metadata, packed), "gRPC packed");
    names.extend(["chunked", "HTTP/2", "gRPC", "gRPC packed"].map(str::to_owned));
    assert_memory(&open);

    let stored = Stored::of(&open.end().home);
    assert_eq!(stored_names(&stored, Signal::Traces), names);
    for (_, _, request) in stored.batches.iter().filter(|(_, _, request)| request.len() > LIMIT / 2) {
        let request = ExportTraceServiceRequest::decode(&request[..]).unwrap();
        let urls = request.resource_spans.iter().map(|group| group.schema_url.as_str());
        let url = urls.max_by_key(|url| url.len()).unwrap();
        assert!(url.len() > LIMIT - 1024 && url.bytes().all(|byte| byte == b'x'));
        names.pop();
    }
    assert_eq!(names, [""; 0], "so many are not whole");
}

#[test]
fn larger_requests_are_refused_for_good() {
    let open = Open::start(run());
    let of = |encoding| post(&open, encoding, sized(LIMIT + 1, encoding, "never to be stored"));
    // So much that it is still being sent when it is refused.
    let far_larger = post(&open, Encoding::Protobuf, vec![0; 2 * LIMIT + (16 << 20)]);
    let answer = open.http2().ask(&far_larger);
    assert_eq!((answer.status, answer.header("content-type")), (413, Encoding::Protobuf.content_type()));
    let bomb =
        |encoding| Asked { body: bomb(), ..post(&open, encoding, Vec::new()) }.header("content-encoding", "gzip");
    let rows: [(&str, Encoding, Asked); 9] = [
        ("protobuf", Encoding::Protobuf, of(Encoding::Protobuf)),
        ("JSON", Encoding::Json, of(Encoding::Json)),
        ("protobuf that unpacks to more", Encoding::Protobuf, of(Encoding::Protobuf).gzip()),
        ("JSON that unpacks to more", Encoding::Json, of(Encoding::Json).gzip()),
        ("far larger", Encoding::Protobuf, far_larger.clone()),
        ("far larger in chunks", Encoding::Protobuf, far_larger.in_chunks(1 << 20)),
        ("a bomb of protobuf", Encoding::Protobuf, bomb(Encoding::Protobuf)),
        ("a bomb of JSON", Encoding::Json, bomb(Encoding::Json)),
        ("much that is made of little", Encoding::Protobuf, post(&open, Encoding::Protobuf, tiny_spans()).gzip()),
    ];
    for (what, encoding, asked) in rows {
        let answer = open.client().ask(&asked);
        assert_eq!((answer.status, answer.header("content-type")), (413, encoding.content_type()), "{what}");
        let (code, message) = encoding.status(&answer.body).expect(what);
        assert_eq!((code, answer.header("retry-after")), (Code::ResourceExhausted.number(), ""), "{what}");
        assert!(message.contains(" MiB"), "{what}: {message}");
    }
    let metadata = [open.header(), ("grpc-encoding", "gzip")];
    let too_large = sized(LIMIT + 1, Encoding::Protobuf, "never to be stored");
    for framed in
        [frame(0, &too_large), frame(1, &gzip(&too_large)), frame(1, &bomb_in_one()), frame(1, &gzip(&tiny_spans()))]
    {
        let answer = open.http2().call_framed(Signal::Traces.grpc_method(), &metadata, framed);
        let details = answer.headers.contains_key("grpc-status-details-bin");
        assert_eq!((answer.grpc_code(), details), (Code::ResourceExhausted.number() as u32, false));
    }
    let stored = Stored::of(&open.end().home);
    assert_eq!(stored_names(&stored, Signal::Traces), [""; 0]);
}

/// Zeros that unpack to 4 GiB. Members of gzip can be put behind one another, so few have to be made.
fn bomb() -> Vec<u8> {
    gzip(&vec![0; 16 << 20]).repeat(256)
}

fn bomb_in_one() -> Vec<u8> {
    gzip(&vec![0; LIMIT + (16 << 20)])
}

/// Millions of spans without anything in them. The run's ids are put into each.
fn tiny_spans() -> Vec<u8> {
    let spans = [0x12, 0].repeat(8 << 20);
    let length = |length: usize| {
        (0..4).map(move |group| (length >> (7 * group)) as u8 & 0x7f | if group < 3 { 0x80 } else { 0 })
    };
    let mut request = vec![0x0a];
    request.extend(length(spans.len() + 5));
    request.push(0x12);
    request.extend(length(spans.len()));
    request.extend_from_slice(&spans);
    request
}

#[test]
fn what_is_too_much_at_once_is_sent_again() {
    let open = Open::start(run());
    let large = |name: &str| post(&open, Encoding::Json, sized(30 << 20, Encoding::Json, name));
    // Two of the largest requests, of which the last 4 MiB do not come: nearly all of the room is theirs.
    let bodies = ["first", "second"].map(|name| sized(LIMIT, Encoding::Protobuf, name));
    let rest = LIMIT - (4 << 20);
    let [mut first, second] = bodies.each_ref().map(|body| {
        let mut client = open.client();
        let kind = Encoding::Protobuf.content_type();
        client.send(head(&open, kind, body.len(), "").as_bytes());
        client.send(&body[..rest]);
        client
    });
    let answer = open.client().ask(&large("third"));
    assert_to_come_again(&answer, Encoding::Json);
    let framed = frame(0, &sized(30 << 20, Encoding::Protobuf, "third"));
    let answer = open.http2().call_framed(Signal::Traces.grpc_method(), &[open.header()], framed);
    assert_eq!(answer.grpc_code(), Code::Unavailable.number() as u32);
    let status = Status::from_details_trailer(answer.header("grpc-status-details-bin")).expect("there are details");
    assert_eq!((status.code, status.retry_delay), (Code::Unavailable, Some(Duration::from_secs(1))));
    // Whoever waits for leave need not send it at all.
    let mut waiting = open.client();
    waiting.send(head(&open, Encoding::Json.content_type(), 30 << 20, "expect: 100-continue\r\n").as_bytes());
    assert_to_come_again(&waiting.read_answer(), Encoding::Json);
    // Small ones have room beside them.
    let small = post(&open, Encoding::Json, sample(Signal::Traces, Encoding::Json, "small"));
    assert_accepted(&open.client().ask(&small), Encoding::Json, "small");
    // What is begun is finished, and what is given up makes room.
    first.send(&bodies[0][rest..]);
    assert_accepted(&first.read_answer(), Encoding::Protobuf, "first");
    drop((first, second));
    assert_accepted(&open.client().ask(&large("third")), Encoding::Json, "third");
    assert_memory(&open);

    let home = open.end().home;
    assert_eq!(stored_names(&Stored::of(&home), Signal::Traces), ["small", "first", "third"]);
    let intake = intake(&home);
    assert_eq!((&intake["refused_requests"], &intake["dropped"]), (&3.into(), &0.into()));
    assert_eq!(intake["received"], intake["stored"]);
}

fn head(open: &Open, kind: &str, length: usize, more: &str) -> String {
    let path = open.path();
    format!(
        "POST {path}/v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\n{more}content-length: {length}\r\n\r\n"
    )
}

#[track_caller]
fn assert_to_come_again(answer: &Answer, encoding: Encoding) {
    let said = (answer.status, answer.header("retry-after"), answer.header("content-type"));
    assert_eq!(said, (503, "1", encoding.content_type()));
    assert_eq!(encoding.status(&answer.body).unwrap().0, Code::Unavailable.number());
}

fn intake(home: &Home) -> Value {
    let runs = run().home(home).args(["runs", "--json"]).expect_exit(0).stdout_text();
    let runs: Value = serde_json::from_str(&runs).unwrap();
    runs["runs"][0]["intake"]["traces"].clone()
}

#[test]
fn many_large_senders_at_once_lose_nothing() {
    const SENDERS: usize = 6;
    let open = Open::start(run());
    let bodies: Vec<Asked> = (0..SENDERS)
        .map(|sender| {
            post(&open, Encoding::Protobuf, sized(LIMIT / 2, Encoding::Protobuf, &format!("sender {sender}")))
        })
        .collect();
    std::thread::scope(|scope| {
        for asked in &bodies {
            let authority = open.authority().to_owned();
            scope.spawn(move || {
                let mut client = Client::connect(&authority);
                loop {
                    let answer = client.ask(asked);
                    if answer.status != 503 {
                        return assert_accepted(&answer, Encoding::Protobuf, "in the end");
                    }
                    assert_to_come_again(&answer, Encoding::Protobuf);
                    client = Client::connect(&authority);
                }
            });
        }
    });
    assert_memory(&open);
    let home = open.end().home;
    let mut names = stored_names(&Stored::of(&home), Signal::Traces);
    names.sort();
    assert_eq!(names, (0..SENDERS).map(|sender| format!("sender {sender}")).collect::<Vec<_>>());
    // The run's own span is one more.
    assert_eq!(intake(&home)["received"], SENDERS + 1);
}

/// Looks at the most memory that otel-run ever had, which only Linux tells.
#[track_caller]
fn assert_memory(open: &Open) {
    if cfg!(target_os = "linux") {
        let status = std::fs::read_to_string(format!("/proc/{}/status", open.running.pid)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib << 10 < MOST_MEMORY, "{} MiB", kib >> 10);
    }
}
