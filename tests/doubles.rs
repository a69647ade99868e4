//! The doubles and the small program that the other tests trust.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use nix::sys::signal::Signal;
use support::llm::{Failure, Mood, marker};
use support::{Behaviour, Llm, Run, Transport, Upstream, alone, test_child};

const TRACE: &str = "00000000000000000000000000000abc";

/// The SDK's exporter, straight to the upstream.
fn send(upstream: &Upstream, protocol: &str, words: &[&str]) -> Run {
    alone(test_child())
        .arg("send")
        .args(words)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", upstream.url())
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
}

#[test]
fn the_upstream_takes_what_the_sdk_sends() {
    for (protocol, transport) in [("grpc", Transport::Grpc), ("http/protobuf", Transport::HttpProtobuf)] {
        let upstream = Upstream::start().expect_hits(3..=3);
        send(&upstream, protocol, &["--count", "25", "--batch", "10"]).expect_exit(0).stdout_is("sent 25\n");
        let received = upstream.received();
        assert!(received.iter().all(|request| request.transport == transport && request.accepted));
        assert_eq!(upstream.spans().len(), 25);
        assert!(upstream.spans().iter().all(|span| support::hex(&span.trace_id) == TRACE));
        let counts = upstream.span_counts();
        assert_eq!(counts.len(), 25);
        assert_eq!(counts["0000000000000019"], 1);
    }
}

#[test]
fn misbehaviour_is_seen_by_the_sender_and_nothing_counts_as_accepted() {
    let retry = vec![("retry-after", "1".to_owned())];
    for protocol in ["grpc", "http/protobuf"] {
        for behaviour in [
            Behaviour::Status(401, vec![]),
            Behaviour::Status(503, retry.clone()),
            Behaviour::GrpcStatus(14, vec![]),
            Behaviour::DieReading,
            Behaviour::DieAnswering,
            Behaviour::Refused,
        ] {
            let upstream = Upstream::behaving(behaviour.clone()).expect_hits(0..);
            let ran = send(&upstream, protocol, &[]).expect_exit(9);
            assert!(ran.stdout_text().starts_with("failed at 1"), "{behaviour:?}");
            assert_eq!(upstream.hits() == 0, behaviour == Behaviour::Refused, "{behaviour:?}");
            assert!(upstream.accepted().is_empty(), "{behaviour:?}");
            upstream.set_behaviour(Behaviour::Accept);
            send(&upstream, protocol, &[]).expect_exit(0);
            assert_eq!(upstream.spans().len(), 1, "{behaviour:?}");
        }
    }
}

#[test]
fn a_held_request_is_answered_when_the_test_says_so() {
    let upstream = Upstream::behaving(Behaviour::Hold);
    let sender = send(&upstream, "http/protobuf", &[]).spawn();
    upstream.wait_for_received(1);
    assert!(upstream.accepted().is_empty());
    upstream.set_behaviour(Behaviour::Reject(1));
    sender.expect_exit(0);
    assert_eq!(upstream.accepted().len(), 1);
}

#[test]
fn a_black_hole_never_answers() {
    let upstream = Upstream::behaving(Behaviour::BlackHole);
    let sender = send(&upstream, "http/protobuf", &[]).spawn();
    upstream.wait_for_received(1);
    upstream.set_behaviour(Behaviour::Accept);
    assert_eq!(sender.stdout_so_far(), "");
    sender.signal(Signal::SIGKILL);
    sender.expect_signal(Signal::SIGKILL);
    assert!(upstream.accepted().is_empty());
}

#[test]
#[should_panic(expected = "hit 0 times")]
fn an_upstream_that_was_forgotten_fails_the_test() {
    drop(Upstream::start());
}

#[test]
#[should_panic(expected = "hit 1 times")]
fn an_upstream_that_must_not_be_hit_fails_the_test() {
    let upstream = Upstream::start().never_hit();
    send(&upstream, "grpc", &[]).expect_exit(0);
}

#[test]
#[should_panic(expected = "what is not OTLP")]
fn an_upstream_that_gets_nonsense_fails_the_test() {
    let upstream = Upstream::start();
    let answer = post(&upstream.url(), "/v1/traces", "application/json", "{]");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[test]
#[should_panic(expected = "reached the upstream")]
fn a_marker_is_found_in_packed_and_in_plain_requests() {
    let upstream = Upstream::start();
    upstream.assert_nowhere("span 1");
    send(&upstream, "http/protobuf", &[]).expect_exit(0);
    upstream.assert_nowhere("span 1");
}

#[test]
fn a_capture_can_be_replayed() {
    let upstream = Upstream::start().expect_hits(2..=2);
    let child = alone(test_child());
    let span = r#"{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"one"}"#;
    let traces =
        format!(r#"{{"signal":"traces","body":{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}}}"#);
    let logs =
        r#"{"signal":"logs","body":{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"Info"}]}]}]}}"#;
    let home = support::Home::new();
    let capture = home.write_config("capture.jsonl", &format!("{traces}\n{logs}\n"));
    let words = ["replay".as_ref(), capture.as_os_str(), "--exit".as_ref(), "4".as_ref()];
    child.args(words).env("OTEL_EXPORTER_OTLP_ENDPOINT", upstream.url()).expect_exit(4).stdout_is("sent 2\n");
    assert_eq!(upstream.spans()[0].name, "one");
    assert_eq!(upstream.log_records()[0].1.severity_text, "Info");
}

#[test]
fn the_small_program_ends_as_told() {
    alone(test_child()).args(["exit", "3"]).expect_exit(3);
    alone(test_child()).args(["kill", "SIGTERM"]).expect_signal(Signal::SIGTERM);
    alone(test_child()).arg("cat").stdin("to and fro").expect_exit(0).stdout_is("to and fro");
    let ran = alone(test_child()).arg("env").env("A", "b").expect_exit(0).stdout_has("A=b\n");
    assert_eq!(ran.stdout_text().lines().count(), 7, "PATH, HOME, four XDG_* and A: {}", ran.stdout_text());
    let mut waiting = alone(test_child()).arg("wait").stdin_open().spawn();
    waiting.wait_for_stdout("ready\n");
    waiting.close_stdin();
    waiting.expect_exit(0);
}

#[test]
#[should_panic(expected = "is not empty")]
fn words_on_stderr_fail_a_test_by_default() {
    alone("sh").args(["-c", "echo oops >&2"]).expect_exit(0);
}

/// An API of the model provider: its path, and requests at the three points of the scene.
struct Api {
    path: &'static str,
    /// What makes the request a streaming one: another path, or a field.
    streaming: &'static str,
    without_tools: &'static str,
    with_tools: &'static str,
    with_result: &'static str,
    cached: &'static str,
}

const APIS: [Api; 4] = [
    Api {
        path: "/v1/chat/completions",
        streaming: r#""stream":true,"#,
        without_tools: r#""model":"m","messages":[{"role":"user"}]}"#,
        with_tools: r#""model":"m","tools":[{"type":"function"}],"messages":[{"role":"user"}]}"#,
        with_result: r#""model":"m","tools":[{"type":"function"}],"messages":[{"role":"tool"}]}"#,
        cached: r#""cached_tokens":40"#,
    },
    Api {
        path: "/v1/responses",
        streaming: r#""stream":true,"#,
        without_tools: r#""model":"m","input":[{"type":"message"}]}"#,
        with_tools: r#""model":"m","tools":[{"type":"function"}],"input":[{"type":"message"}]}"#,
        with_result: r#""model":"m","tools":[{"type":"function"}],"input":[{"type":"function_call_output"}]}"#,
        cached: r#""cached_tokens":40"#,
    },
    Api {
        path: "/v1/messages?beta=true",
        streaming: r#""stream":true,"#,
        without_tools: r#""model":"m","messages":[{"content":"hi"}]}"#,
        with_tools: r#""model":"m","tools":[{"name":"Bash"}],"messages":[{"content":"hi"}]}"#,
        with_result: r#""model":"m","tools":[{"name":"Bash"}],"messages":[{"content":[{"type":"tool_result"}]}]}"#,
        cached: r#""cache_read_input_tokens":40"#,
    },
    Api {
        path: "/v1beta/models/m:generateContent",
        streaming: "/v1beta/models/m:streamGenerateContent?alt=sse",
        without_tools: r#""contents":[{"parts":[{"text":"hi"}]}]}"#,
        with_tools: r#""tools":[{"functionDeclarations":[{}]}],"contents":[{"parts":[{"text":"hi"}]}]}"#,
        with_result: r#""tools":[{"functionDeclarations":[{}]}],"contents":[{"parts":[{"functionResponse":{}}]}]}"#,
        cached: r#""cachedContentTokenCount":40"#,
    },
];

impl Api {
    fn ask(&self, llm: &Llm, streaming: bool, body: &str) -> String {
        let (path, field) = match (streaming, self.streaming.starts_with('/')) {
            (false, _) => (self.path, ""),
            (true, true) => (self.streaming, ""),
            (true, false) => (self.path, self.streaming),
        };
        post(&llm.url(), path, "application/json", &format!("{{{field}{body}"))
    }
}

#[test]
fn the_model_plays_its_scene_in_every_api() {
    for api in &APIS {
        let llm = Llm::start();
        for streaming in [false, true] {
            let kind = if streaming { "text/event-stream" } else { "application/json" };
            let title = api.ask(&llm, streaming, api.without_tools);
            assert!(title.contains(marker::TITLE) && title.contains(kind), "{title}");
            let call = api.ask(&llm, streaming, api.with_tools);
            assert!(call.contains(marker::ARGUMENT) && call.contains(marker::REASONING), "{call}");
            assert!(call.contains(r#""bash""#) && !call.contains(marker::OUTPUT), "{call}");
            let answer = api.ask(&llm, streaming, api.with_result);
            assert!(answer.contains(marker::ANSWER) && answer.contains(api.cached), "{answer}");
        }
        assert_eq!(llm.requests().len(), 6);
    }
    alone("sh").args(["-c", marker::COMMAND]).expect_exit(0).stdout_is(&format!("{}\n", marker::OUTPUT));
}

#[test]
fn the_model_fails_on_demand() {
    for api in &APIS {
        let llm = Llm::start();
        llm.set_mood(Mood::FailFirst(1, Failure { retry_after: Some(2), ..Failure::status(429) }));
        let busy = api.ask(&llm, true, api.with_tools);
        assert!(busy.starts_with("HTTP/1.1 429") && busy.contains("retry-after: 2"), "{busy}");
        assert!(api.ask(&llm, true, api.with_tools).starts_with("HTTP/1.1 200"));
        llm.set_mood(Mood::Fail(Failure::status(401)));
        let refused = api.ask(&llm, false, api.with_tools);
        assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("the model provider says 401"), "{refused}");
    }
}

/// One request on a connection of its own; gives the whole answer.
fn post(base: &str, path: &str, content_type: &str, body: &str) -> String {
    let (authority, prefix) = base["http://".len()..].split_once('/').unwrap_or((&base["http://".len()..], ""));
    let slash = if prefix.is_empty() { "" } else { "/" };
    let mut stream = TcpStream::connect(authority).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {slash}{prefix}{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\
         content-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
