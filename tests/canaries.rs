//! What must not get out, put into everything that real agents sent, and sent by every protocol: content stays where the mode
//! says, and secrets stay nowhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::os::unix::fs::PermissionsExt;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otel_run::otlp::Signal;
use otel_run::secret::Secrets;
use otel_run::transform::content::{Family, Place, Verdict, attribute};
use prost::Message;
use serde_json::{Value, json};
use support::captures;
use support::client::Asked;
use support::samples::{Encoding, assert_accepted, assert_grpc_accepted};
use support::{Behaviour, Home, Open, Ran, Run, Transport, Upstream, run, test_child};

/// Stands in every attribute that holds content, behind what the agent wrote.
const CONTENT: &str = "CANARY-of-content";
/// Stand in every other text as well.
const VALUE: &str = "hunter2/\"C4nary\"+value";
const TOKEN: &str = "ghp_C4naryC4naryC4naryC4naryC4naryC4na";
const LISTED: &str = "any words at all";

/// What of them must not be found anywhere, however it was written.
const NOWHERE: [&str; 5] = [VALUE, r#"hunter2/\"C4nary\"+value"#, "hunter2%2F%22C4nary%22%2Bvalue", TOKEN, LISTED];

const TRANSPORTS: [Transport; 3] = [Transport::HttpJson, Transport::HttpProtobuf, Transport::Grpc];

/// One capture of each agent.
const AGENTS: [&str; 7] = [
    "opencode-run-llm-traces.jsonl",
    "claude-run-2.1.328.jsonl",
    "codex-run-0.169.0-trimmed.jsonl",
    "gemini-run-0.61.0-defaults.jsonl",
    "qwen-run-0.24.4.jsonl",
    "copilot-run-1.0.102.jsonl",
    "continue-run-1.5.47.jsonl",
];

/// Puts canaries into a request, and counts those of content.
struct Canaries {
    family: Family,
    service: String,
    contents: usize,
    secrets: usize,
}

impl Canaries {
    fn put(signal: Signal, body: &mut Value) -> usize {
        let mut canaries = Self { family: Family::Other, service: String::new(), contents: 0, secrets: 0 };
        let (groups, scopes, items) = match signal {
            Signal::Traces => ("resourceSpans", "scopeSpans", "spans"),
            Signal::Metrics => ("resourceMetrics", "scopeMetrics", "metrics"),
            Signal::Logs => ("resourceLogs", "scopeLogs", "logRecords"),
        };
        for group in list(body, groups) {
            canaries.service = text_of(&group["resource"]["attributes"], "service.name");
            canaries.family = Family::of_scope(b"", canaries.service.as_bytes());
            canaries.attributes(Place::Resource, "", group.pointer_mut("/resource/attributes"));
            for scope in list(group, scopes) {
                let name = scope["scope"]["name"].as_str().unwrap_or_default().to_owned();
                canaries.family = Family::of_scope(name.as_bytes(), canaries.service.as_bytes());
                for item in list(scope, items) {
                    canaries.item(signal, item);
                }
            }
        }
        assert!(canaries.secrets > 0);
        canaries.contents
    }

    fn item(&mut self, signal: Signal, item: &mut Value) {
        let owner = text_of(&item["attributes"], "event.name");
        match signal {
            Signal::Traces => {
                self.secret(item.pointer_mut("/status/message"));
                self.attributes(Place::Span, "", item.get_mut("attributes"));
                for event in list(item, "events") {
                    let name = event["name"].as_str().unwrap_or_default().to_owned();
                    self.attributes(Place::SpanEvent, &name, event.get_mut("attributes"));
                }
                self.secret(item.get_mut("name"));
            }
            Signal::Logs => {
                self.attributes(Place::LogRecord, &owner, item.get_mut("attributes"));
                self.value(item.get_mut("body"));
            }
            Signal::Metrics => {
                self.secret(item.get_mut("description"));
                for kind in ["sum", "gauge", "histogram"] {
                    for point in item.get_mut(kind).into_iter().flat_map(|data| list(data, "dataPoints")) {
                        self.attributes(Place::DataPoint, "", point.get_mut("attributes"));
                    }
                }
            }
        }
    }

    fn attributes(&mut self, place: Place, owner: &str, attributes: Option<&mut Value>) {
        for pair in attributes.and_then(Value::as_array_mut).into_iter().flatten() {
            let key = pair["key"].as_str().unwrap_or_default().to_owned();
            // These say whose it is, and of what kind.
            if matches!(key.as_str(), "service.name" | "event.name" | "exception.type" | "error.type") {
                continue;
            }
            if attribute(self.family, place, owner.as_bytes(), key.as_bytes()) == Verdict::Drop
                && let Some(Value::String(text)) = pair["value"].get_mut("stringValue")
            {
                text.push_str(&format!(" {CONTENT}"));
                self.contents += 1;
            }
            self.value(pair.get_mut("value"));
        }
    }

    fn value(&mut self, value: Option<&mut Value>) {
        let Some(value) = value else { return };
        self.secret(value.get_mut("stringValue"));
        for inner in value.get_mut("arrayValue").into_iter().flat_map(|array| list(array, "values")) {
            self.value(Some(inner));
        }
        for pair in value.get_mut("kvlistValue").into_iter().flat_map(|pairs| list(pairs, "values")) {
            self.value(pair.get_mut("value"));
        }
    }

    /// Behind a text another way of writing a secret each time.
    fn secret(&mut self, text: Option<&mut Value>) {
        if let Some(Value::String(text)) = text {
            text.push_str(&format!(" {}", NOWHERE[self.secrets % NOWHERE.len()]));
            self.secrets += 1;
        }
    }
}

fn list<'a>(value: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    value.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

fn text_of(attributes: &Value, key: &str) -> String {
    let found = attributes.as_array().into_iter().flatten().find(|pair| pair["key"] == key);
    found.and_then(|pair| pair["value"]["stringValue"].as_str()).unwrap_or_default().to_owned()
}

/// The requests of a capture with canaries in them, and how many there are of content.
fn requests(name: &str) -> (Vec<(Signal, Value)>, usize) {
    let mut contents = 0;
    let mut requests = captures::requests(name);
    for (signal, body) in &mut requests {
        contents += Canaries::put(*signal, body);
    }
    (requests, contents)
}

fn in_protobuf(signal: Signal, body: &Value) -> Vec<u8> {
    match signal {
        Signal::Traces => captures::decode::<ExportTraceServiceRequest>(body.clone()).encode_to_vec(),
        Signal::Metrics => captures::decode::<ExportMetricsServiceRequest>(body.clone()).encode_to_vec(),
        Signal::Logs => captures::decode::<ExportLogsServiceRequest>(body.clone()).encode_to_vec(),
    }
}

/// otel-run with secrets in its environment.
fn knowing(mode: &str) -> Run {
    run()
        .env("SOME_API_KEY", VALUE)
        .env("LISTED", LISTED)
        .flag("--redact", "LISTED")
        .flag("--content", mode)
        .flag("--header", "x-api-key=hunter2-of-the-backend")
}

/// Sends a capture with canaries through a run.
#[track_caller]
fn send(run: Run, transport: Transport, requests: &[(Signal, Value)]) -> Ran {
    let open = Open::start(run);
    match transport {
        Transport::Grpc => {
            let mut grpc = open.http2();
            for (signal, body) in requests {
                let answer = grpc.call(signal.grpc_method(), &[open.header()], &in_protobuf(*signal, body));
                assert_grpc_accepted(&answer, signal.as_str());
            }
        }
        Transport::HttpProtobuf | Transport::HttpJson => {
            let mut http = open.client();
            for (signal, body) in requests {
                let path = format!("{}/{}", open.path(), signal.path());
                let asked = match transport {
                    Transport::HttpJson => Asked::post(path, "application/json", body.to_string()),
                    _ => Asked::post(path, "application/x-protobuf", in_protobuf(*signal, body)),
                };
                let answer = http.ask(&asked);
                assert_eq!(answer.status, 200, "{} {answer:?}", signal.as_str());
            }
        }
    }
    open.end()
}

/// Secrets are nowhere; content is upstream in `on`, on disk in `local` and `on`.
#[track_caller]
fn check(mode: &str, upstream: &Upstream, home: &Home, contents: usize) {
    for secret in NOWHERE {
        upstream.assert_nowhere(secret);
        home.assert_nowhere(secret);
    }
    home.assert_nowhere("hunter2-of-the-backend");
    if mode != "on" {
        upstream.assert_nowhere(CONTENT);
    } else {
        assert_eq!(upstream.holds(CONTENT), contents > 0);
    }
    let kept = home.state_files().iter().any(|(_, bytes)| support::contains(bytes, CONTENT));
    assert_eq!(kept, mode != "off" && contents > 0, "{mode}");
    assert!(upstream.holds("[redacted:SOME_API_KEY]") && upstream.holds("[redacted:github-token]"));
    assert!(upstream.holds("[redacted:LISTED]"));
}

#[test]
fn canaries_of_every_agent_stay_where_they_belong_by_every_route() {
    for name in AGENTS {
        let (requests, contents) = requests(name);
        for mode in ["off", "local", "on"] {
            for transport in TRANSPORTS {
                // What goes in by one protocol goes out by it.
                let upstream = Upstream::start();
                let ran = send(knowing(mode).upstream_by(&upstream, transport), transport, &requests);
                check(mode, &upstream, &ran.home, contents);
                let facts = summary(&ran.home);
                assert!(redacted(&facts) > 0, "{facts}");
                assert_eq!(facts["content"], mode);
            }
        }
    }
}

/// Facts of the only run.
fn summary(home: &Home) -> Value {
    let text = run().home(home).args(["runs", "--json"]).expect_exit(0).stdout_text();
    serde_json::from_str::<Value>(&text).unwrap()["runs"][0].take()
}

fn redacted(facts: &Value) -> u64 {
    facts["intake"].as_object().unwrap().values().filter_map(|intake| intake["redacted"].as_u64()).sum()
}

#[test]
fn what_is_kept_here_is_as_it_would_be_with_content_off_for_everybody_else() {
    for name in captures::names() {
        let bodies = |mode: &str| {
            let upstream = Upstream::start();
            let ran = run()
                .upstream(&upstream)
                .args(["--content", mode, "--nest", "off", "--service-name", "renamed"])
                .child([test_child()])
                .arg("replay")
                .arg(captures::path(&name))
                .expect_exit(0);
            let log = support::Stored::of(&ran.home);
            let own = |request: &[u8]| support::contains(request, "otel_run.run.id");
            let theirs = log.batches.into_iter().filter(|(_, _, request)| !own(request));
            theirs
                .map(|(signal, items, request)| (signal, items, without_resource(signal, &request)))
                .collect::<Vec<_>>()
        };
        let (off, local) = (bodies("off"), bodies("local"));
        assert!(!off.is_empty() && off == local, "{name}");
    }
}

/// Resources have the run's own ids.
fn without_resource(signal: Signal, request: &[u8]) -> Vec<u8> {
    match signal {
        Signal::Traces => {
            let mut request = ExportTraceServiceRequest::decode(request).unwrap();
            request.resource_spans.iter_mut().for_each(|group| group.resource = None);
            request.encode_to_vec()
        }
        Signal::Metrics => {
            let mut request = ExportMetricsServiceRequest::decode(request).unwrap();
            request.resource_metrics.iter_mut().for_each(|group| group.resource = None);
            request.encode_to_vec()
        }
        Signal::Logs => {
            let mut request = ExportLogsServiceRequest::decode(request).unwrap();
            request.resource_logs.iter_mut().for_each(|group| group.resource = None);
            request.encode_to_vec()
        }
    }
}

#[test]
fn what_is_delivered_later_is_delivered_without_content() {
    let (requests, contents) = requests("claude-run-2.1.328.jsonl");
    let upstream = Upstream::behaving(Behaviour::Status(503, Vec::new()));
    let run_with = knowing("local").flag("--drain-deadline", "0.1s").upstream(&upstream).any_stderr();
    let ran = send(run_with, Transport::HttpProtobuf, &requests);
    assert!(upstream.accepted().is_empty());
    upstream.set_behaviour(Behaviour::Accept);
    let header = ["--header", "x-api-key=hunter2-of-the-backend"];
    run().home(&ran.home).arg("flush").args(header).upstream(&upstream).expect_exit(0);
    check("local", &upstream, &ran.home, contents);

    // What was kept is shown, and nobody else may look.
    let shown = run().home(&ran.home).args(["show", "--conversation"]).expect_exit(0).stdout_text();
    assert!(shown.contains(CONTENT), "{shown}");
    let json = run().home(&ran.home).args(["show", "--conversation", "--json"]).expect_exit(0).stdout_text();
    let pieces = serde_json::from_str::<Value>(&json).unwrap()["conversation"].take();
    let pieces = pieces.as_array().unwrap().clone();
    assert_eq!(pieces.iter().filter(|piece| piece["text"].as_str().unwrap().contains(CONTENT)).count(), contents);
    for (file, _) in ran.home.state_files() {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", file.display());
    }
    let folder = support::Stored::of(&ran.home).folder;
    assert_eq!(folder.path().metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_run_that_keeps_nothing_has_nothing_to_show() {
    let ran = run().child([test_child()]).arg("replay").arg(captures::path(AGENTS[1])).expect_exit(0);
    let shown = run().home(&ran.home).args(["show", "--conversation"]).expect_exit(0).stdout_text();
    assert!(shown.ends_with("\nNothing of prompts, answers and tool data was kept (--content).\n"), "{shown}");
    assert!(!shown.contains(CONTENT));
    let folder = support::Stored::of(&ran.home).folder;
    assert!(!folder.path().join("content").exists());
}

#[test]
fn what_otel_run_says_itself_has_no_secrets_either() {
    let upstream = Upstream::start();
    let ran = run()
        .upstream(&upstream)
        .env("SOME_API_KEY", VALUE)
        .args(["--resource-attribute", &format!("note={VALUE}"), "--service-name", &format!("of {VALUE}")])
        .child([format!("/nowhere/{TOKEN}")])
        .any_stderr()
        .expect_exit(127);
    for secret in NOWHERE {
        upstream.assert_nowhere(secret);
        ran.home.assert_nowhere(secret);
    }
    assert!(upstream.holds("[redacted:SOME_API_KEY]") && upstream.holds("[redacted:github-token]"));
}

#[test]
fn the_user_says_what_is_a_secret_and_a_repository_only_adds_to_it() {
    let home = Home::new();
    home.write_config("otel-run/config.toml", "redact = [\"MINE\"]\nredact_except = [\"CACHE_KEY\"]\n");
    std::fs::write(home.work().join(".otel-run.toml"), "redact = [\"THEIRS\"]\nredact_except = [\"OTHER_KEY\"]\n")
        .unwrap();
    let ran = run()
        .home(&home)
        .env("MINE", "one of mine")
        .env("THEIRS", "one of theirs")
        .env("CACHE_KEY", "linux-x64-debug")
        .env("OTHER_KEY", "hunter2-hunter2")
        .args(["--resource-attribute", "a=one of mine", "--resource-attribute", "b=one of theirs"])
        .args(["--resource-attribute", "c=linux-x64-debug", "--resource-attribute", "d=hunter2-hunter2"])
        .child(["true"])
        .stderr_has("`redact_except` is ignored here")
        .expect_exit(0);
    let stored = support::Stored::of(&ran.home);
    let (resource, ..) = stored.spans_with_origin().remove(0);
    let said = |key| support::stored::text(&resource.attributes, key).unwrap().to_owned();
    assert_eq!(
        ["a", "b", "c", "d"].map(said),
        ["[redacted:MINE]", "[redacted:THEIRS]", "linux-x64-debug", "[redacted:OTHER_KEY]"]
    );
}

#[test]
fn nothing_that_agents_really_sent_is_taken_for_a_token() {
    let shapes = Secrets::default();
    for name in captures::names() {
        let text = std::fs::read_to_string(captures::path(&name)).unwrap();
        if let Some(blanked) = shapes.blanked_text(&text) {
            let (before, after) = (text.lines(), blanked.lines());
            let (before, after) = before.zip(after).find(|(before, after)| before != after).unwrap();
            let at = before.bytes().zip(after.bytes()).position(|(before, after)| before != after).unwrap();
            let around = at.saturating_sub(100)..(at + 100).min(before.len());
            panic!("{name}: {}", String::from_utf8_lossy(&before.as_bytes()[around]));
        }
    }
}

#[test]
fn a_command_that_serves_keeps_content_here_as_well() {
    let upstream = Upstream::start();
    let (requests, contents) = requests(AGENTS[2]);
    let home = Home::new();
    let token = "0123456789abcdef0123";
    let serve = run()
        .home(&home)
        .args(["serve", "--content", "local", "--token", "env:SERVE_TOKEN"])
        .upstream(&upstream)
        .flag("--header", "x-api-key=hunter2-of-the-backend")
        .env("SERVE_TOKEN", token)
        .env("SOME_API_KEY", VALUE)
        .env("LISTED", LISTED)
        .env("OTEL_RUN_REDACT", "LISTED")
        .spawn();
    serve.wait_for_stdout("OTEL_EXPORTER_OTLP_ENDPOINT=");
    let said = serve.stdout_so_far();
    let authority = said.split("http://").last().unwrap().trim().to_owned();
    let mut client = support::client::Client::connect(&authority);
    for (signal, body) in &requests {
        let path = format!("/{token}/{}", signal.path());
        let answer = client.ask(&Asked::post(path, "application/json", body.to_string()));
        assert_accepted(&answer, Encoding::Json, signal.as_str());
    }
    drop(client);
    serve.signal(nix::sys::signal::Signal::SIGTERM);
    serve.expect_exit(0);
    check("local", &upstream, &home, contents);
    assert_eq!(json!("local"), summary(&home)["content"]);
}
