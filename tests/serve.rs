//! `otel-run serve`: a collector without a command, for whoever sends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal as Kill, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use support::client::{Asked, Client};
use support::listed::{items, only_run, runs};
use support::stored::text;
use support::{Behaviour, Home, PATIENCE, Run, Running, Stored, Transport, Upstream, alone, hex, run, test_child};
use support::{contains, wait_until};

/// A token as a user gives it.
const TOKEN: &str = "my-token.of~16_or-more";
/// A deadline that is not the subject.
const LONG: &str = "60s";
/// Nothing may take longer that is not to wait for the deadline; machines are slow.
const NO_HANG: Duration = Duration::from_secs(20);

/// A collector that is ready, and what it has announced.
struct Served {
    running: Running,
    variables: BTreeMap<String, String>,
}

impl Served {
    #[track_caller]
    fn start(run: Run) -> Self {
        let running = run.spawn();
        running.wait_for_stdout("OTEL_EXPORTER_OTLP_ENDPOINT=");
        let said = running.stdout_so_far();
        assert!(said.ends_with('\n'), "it is announced in one piece: {said:?}");
        let pairs = said.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('=').unwrap());
        let variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { running, variables }
    }

    fn endpoint(&self) -> &str {
        &self.variables["OTEL_EXPORTER_OTLP_ENDPOINT"]
    }

    fn authority(&self) -> &str {
        self.endpoint().strip_prefix("http://").unwrap().split('/').next().unwrap()
    }

    /// A slash and the token, where it is announced.
    fn path(&self) -> &str {
        let at = self.endpoint().find(self.authority()).unwrap() + self.authority().len();
        &self.endpoint()[at..]
    }

    /// Starts a program in the environment that was announced.
    fn sender(&self, protocol: Transport, words: &[&str]) -> Run {
        let sender = alone(test_child()).args(words).env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.as_str());
        self.variables.iter().fold(sender, |sender, (name, value)| sender.env(name, value))
    }

    /// Sends spans numbered from `first` on.
    #[track_caller]
    fn send(&self, first: u64, count: u64) {
        let words = ["send", "--first", &first.to_string(), "--count", &count.to_string()];
        self.sender(Transport::HttpProtobuf, &words).expect_exit(0).stdout_is(&format!("sent {count}\n"));
    }

    /// Asks it to end, which it does well.
    #[track_caller]
    fn end(self) -> support::Ran {
        self.running.signal(Kill::SIGTERM);
        self.running.expect_exit(0)
    }
}

fn serve(home: &Home) -> Run {
    run().home(home).arg("serve").flag("--drain-deadline", LONG)
}

/// A span as JSON.
fn span(name: &str) -> Value {
    json!({ "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": name, "kind": 1,
        "parentSpanId": "00f067aa0ba902b7", "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": "1700000000000000001" })
}

fn request(span: Value) -> Vec<u8> {
    let resource = json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": "sender" } }] });
    let scopes = json!([{ "scope": { "name": "test" }, "spans": [span] }]);
    json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": scopes }] }).to_string().into_bytes()
}

fn post(path: &str, body: Vec<u8>) -> Asked {
    Asked::post(format!("{path}/v1/traces"), "application/json", body)
}

#[test]
fn senders_of_every_kind_are_taken_at_once_and_left_as_they_are() {
    let home = Home::new();
    let served = Served::start(serve(&home));
    assert_eq!(served.path().len(), 33, "a token of 32 digits: {}", served.endpoint());
    let senders: Vec<_> = [(Transport::HttpProtobuf, "1", "10"), (Transport::Grpc, "1001", "11")]
        .into_iter()
        .map(|(protocol, first, trace)| {
            let words = ["send", "--first", first, "--count", "300", "--batch", "10", "--trace", trace];
            served.sender(protocol, &words).spawn()
        })
        .collect();
    let answer = Client::connect(served.authority()).ask(&post(served.path(), request(span("json"))));
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{}"[..]));
    for sender in senders {
        sender.expect_exit(0).stdout_is("sent 300\n");
    }
    served.sender(Transport::HttpProtobuf, &["sdk"]).expect_exit(0);

    let listed = only_run(&home);
    assert_eq!((&listed["state"], &listed["listen"]), (&json!("running"), &json!(served.authority())), "{listed:#}");
    assert_eq!((&listed["trace_id"], &listed["span_id"]), (&Value::Null, &Value::Null));
    run().home(&home).arg("runs").expect_exit(0).stdout_has("serving").stdout_has("local");
    served.end().stdout_has("# otel-run collects at 127.0.0.1:");

    let stored = Stored::of(&home);
    let spans = stored.spans();
    let in_trace = |trace: u8| spans.iter().filter(|span| span.trace_id[15] == trace && span.trace_id[0] == 0).count();
    assert_eq!((in_trace(10), in_trace(11), spans.len()), (300, 300, 603));
    let [json] = &spans.iter().filter(|span| span.name == "json").collect::<Vec<_>>()[..] else { panic!("{spans:?}") };
    assert_eq!(hex(&json.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!((hex(&json.parent_span_id).as_str(), json.attributes.len()), ("00f067aa0ba902b7", 0));
    assert_eq!(stored.spans_of_the_command().len(), spans.len(), "otel-run has added a span");
    let logs = stored.log_records_with_origin();
    assert_eq!((logs.len(), stored.log_records_of_the_command().len()), (2, 2), "otel-run has added a log record");
    let metrics = stored.metrics_with_origin().len();
    assert_eq!((metrics, stored.metrics_of_the_command().len()), (2, 2), "otel-run has added a metric");
    let listed = only_run(&home);
    assert_eq!((&listed["state"], &listed["exit_code"]), (&json!("ended"), &Value::Null), "{listed:#}");
    run().home(&home).arg("runs").expect_exit(0).stdout_has("served");
    run().home(&home).arg("show").expect_exit(0).stdout_has("served · ").stdout_has("json");
}

#[test]
fn only_who_knows_the_token_is_taken() {
    let home = Home::new();
    let file = home.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    for by in [format!("file:{}", file.display()), "env:OUR_TOKEN".to_owned()] {
        let served = Served::start(serve(&home).env("OUR_TOKEN", TOKEN).flag("--token", by));
        assert_eq!((served.path(), served.variables.len()), ("", 1), "a token of the user's is not told");
        let mut client = Client::connect(served.authority());
        for (asked, status) in [
            (post("", request(span("without"))), 401),
            (post("/wrong", request(span("wrong path"))), 401),
            (post("", request(span("wrong header"))).header("x-otel-run-token", &TOKEN[1..]), 401),
            (post("", request(span("header"))).header("x-otel-run-token", TOKEN), 200),
            (post(&format!("/{TOKEN}"), request(span("path"))), 200),
        ] {
            assert_eq!(client.ask(&asked).status, status, "{asked:?}");
        }
        let ran = served.end().stdout_has("the token as the first part of the path or in the header x-otel-run-token");
        assert!(!contains(&ran.stdout, TOKEN));
        let names: Vec<String> = Stored::named(&home, runs(&home)[0]["run_id"].as_str().unwrap())
            .spans()
            .into_iter()
            .map(|s| s.name)
            .collect();
        assert_eq!(names, ["header", "path"]);
    }
    home.assert_nowhere(TOKEN);
}

#[test]
fn what_is_set_is_done_and_what_arrives_is_delivered() {
    let (home, upstream) = (Home::new(), Upstream::start());
    let served = Served::start(
        serve(&home)
            .upstream(&upstream)
            .flag("--service-name", "all")
            .flag("--resource-attribute", "team=tools")
            .arg("--quiet")
            .env("TRACEPARENT", "00-11111111111111111111111111111111-2222222222222222-01"),
    );
    assert!(served.running.stdout_so_far().starts_with("OTEL_"), "a comment in spite of --quiet");
    let mut with_content = span("model");
    with_content["attributes"] = json!([{ "key": "gen_ai.prompt", "value": { "stringValue": "private words" } }]);
    assert_eq!(Client::connect(served.authority()).ask(&post(served.path(), request(with_content))).status, 200);
    upstream.wait_for_received(1);
    wait_until("the delivery is written down", || items(&only_run(&home)).delivered == 1);
    served.end();
    let (resource, span) = upstream.spans_with_resources().remove(0);
    assert_eq!(hex(&span.trace_id), "0af7651916cd43dd8448eb211c80319c");
    let mut attributes: Vec<_> = resource.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    attributes.sort_unstable();
    // Nothing of this machine: the sender may be on another one.
    assert_eq!(attributes, ["service.name", "team"]);
    assert_eq!(text(&resource.attributes, "service.name"), Some("all"));
    home.assert_nowhere("private words");
    assert_eq!((upstream.spans().len(), upstream.hits()), (1, 1));
    run().home(&home).arg("runs").expect_exit(0).stdout_has("delivered");
}

#[test]
fn content_is_kept_where_that_is_wanted() {
    let home = Home::new();
    let served = Served::start(serve(&home).flag("--content", "on"));
    let mut with_content = span("model");
    with_content["attributes"] = json!([{ "key": "gen_ai.prompt", "value": { "stringValue": "my words" } }]);
    assert_eq!(Client::connect(served.authority()).ask(&post(served.path(), request(with_content))).status, 200);
    served.end();
    assert_eq!(text(&Stored::of(&home).spans()[0].attributes, "gen_ai.prompt"), Some("my words"));
}

#[test]
fn an_address_that_cannot_be_had_is_an_error_with_a_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let remedies = ["--allow-remote", "--token env:NAME or file:PATH", "--listen 127.0.0.1:4318"];
    let cases: &[(&[&str], &[&str])] = &[
        (&["--listen", "0.0.0.0:0"], &["0.0.0.0:0 can be reached from other machines", "--allow-remote and --token"]),
        (&["--listen", "[::]:0"], &remedies),
        (&["--listen", "0.0.0.0:0", "--allow-remote"], &remedies),
        (&["--listen", "0.0.0.0:0", "--token", "env:OUR_TOKEN"], &remedies),
        (&["--listen", &taken], &["another program has the port", "port 0 is any free one"]),
        // TEST-NET-1 (RFC 5737) is nobody's.
        (
            &["--listen", "192.0.2.1:0", "--allow-remote", "--token", "env:OUR_TOKEN"],
            &["cannot listen on 192.0.2.1:0", "an address of this machine"],
        ),
        (&["--token", "env:NOT_SET"], &["--token: the variable NOT_SET is not set"]),
        (&["--token", "file:/none"], &["--token: /none cannot be read"]),
        (&["--token", "env:SHORT"], &["16 or more of the characters"]),
        (&["--token", TOKEN], &["everybody who can list processes", "env:NAME or file:PATH"]),
        (&["--endpoint", "nonsense"], &["--endpoint"]),
    ];
    for (words, said) in cases {
        let home = Home::new();
        let wanted = serve(&home).args(*words).env("OUR_TOKEN", TOKEN).env("SHORT", "hunter2");
        let ran = said.iter().fold(wanted, |run, text| run.stderr_has(*text)).expect_exit(1).stdout_is("");
        assert!(!contains(&ran.stderr, TOKEN) && !contains(&ran.stderr, "hunter2"), "{}", ran.stderr_text());
        assert!(!home.state().join("runs").exists(), "{words:?}");
    }
    let home = Home::new();
    serve(&home).env("OTEL_SDK_DISABLED", "true").stderr_has("nothing would be recorded").expect_exit(1);
    serve(&home).flag("--listen", "localhost").stderr_has("write it like 127.0.0.1:4318").expect_exit(125);
    let file = home.path().join("file");
    std::fs::write(&file, "").unwrap();
    serve(&home).flag("--state-dir", &file).stderr_has(format!("cannot write to {}", file.display())).expect_exit(1);
}

#[test]
fn other_machines_are_let_in_where_that_is_said_twice() {
    let home = Home::new();
    let words = ["--listen", "0.0.0.0:0", "--allow-remote", "--token", "env:OUR_TOKEN"];
    let served = Served::start(serve(&home).args(words).env("OUR_TOKEN", TOKEN));
    assert!(served.authority().starts_with("127.0.0.1:"), "an address to send to: {}", served.endpoint());
    let answer = Client::connect(served.authority()).ask(&post(&format!("/{TOKEN}"), request(span("any"))));
    assert_eq!(answer.status, 200);
    served.end();
}

#[test]
fn it_listens_on_ipv6_where_there_is_any() {
    let home = Home::new();
    let wanted = serve(&home).flag("--listen", "[::1]:0");
    if TcpListener::bind("[::1]:0").is_err() {
        wanted.stderr_has("cannot listen on [::1]:0").expect_exit(1);
        return;
    }
    let served = Served::start(wanted);
    assert!(served.authority().starts_with("[::1]:"), "{}", served.endpoint());
    served.send(1, 3);
    served.end();
    assert_eq!(Stored::of(&home).spans().len(), 3);
}

#[test]
fn who_was_killed_is_closed_and_delivered_by_the_next_at_the_same_address() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused));
    let first = Served::start(serve(&home).upstream(&upstream));
    let address = first.authority().to_owned();
    first.send(1, 3);
    first.running.signal(Kill::SIGKILL);
    first.running.expect_signal(Kill::SIGKILL);
    upstream.set_behaviour(Behaviour::Accept);

    let next = Served::start(serve(&home).upstream(&upstream).flag("--listen", &address));
    assert_eq!(next.authority(), address);
    wait_until("what the first has left is delivered", || upstream.spans().len() == 3);
    wait_until("it is closed", || runs(&home).iter().any(|run| run["state"] == "lost"));
    next.send(11, 2);
    next.end();
    let listed = runs(&home);
    assert_eq!((listed.len(), &listed[0]["state"], &listed[1]["state"]), (2, &json!("ended"), &json!("lost")));
    assert_eq!((items(&listed[0]).delivered, items(&listed[1]).delivered), (2, 3));
    assert_eq!(upstream.spans().len(), 5);
    assert_eq!(listed[1]["error_type"], "_OTHER");
    run().home(&home).arg("runs").expect_exit(0).stdout_has("lost").stdout_has("served");
    run().home(&home).arg("flush").expect_exit(0).stdout_is("everything is delivered\n");
}

#[test]
fn a_run_closes_what_a_killed_one_has_left() {
    let (home, upstream) = (Home::new(), Upstream::start());
    let served = Served::start(serve(&home));
    served.send(1, 3);
    served.running.signal(Kill::SIGKILL);
    served.running.expect_signal(Kill::SIGKILL);
    assert_eq!(only_run(&home)["state"], "lost");
    let name = only_run(&home)["run_id"].as_str().unwrap().to_owned();
    run().home(&home).upstream(&upstream).args(["flush", &name]).expect_exit(0).stdout_has("3 spans delivered");
    assert_eq!(upstream.spans().len(), 3);
}

#[test]
fn the_end_waits_for_what_is_being_received_and_delivered() {
    for signal in [Kill::SIGTERM, Kill::SIGINT] {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Hold));
        let served = Served::start(serve(&home).upstream(&upstream));
        let authority = served.authority().to_owned();
        let body = request(span("late"));
        let (begun, rest) = body.split_at(body.len() / 2);
        let mut late = Client::connect(&authority);
        let head = format!(
            "POST {}/v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            served.path(),
            body.len()
        );
        late.send(&[head.as_bytes(), begun].concat());
        // An idle connection holds up nobody.
        let mut idle = Client::connect(&authority);
        assert_eq!(idle.ask(&post(served.path(), request(span("before")))).status, 200);
        upstream.wait_for_hits(1);
        served.running.signal(signal);
        wait_until("nobody can connect", || TcpStream::connect(&authority).is_err());
        late.send(rest);
        let answer = late.read_answer();
        assert_eq!((answer.status, answer.header("connection")), (200, "close"), "{answer:?}");
        upstream.set_behaviour(Behaviour::Accept);
        let ran = served.running.expect_exit(0);
        assert!(ran.took < NO_HANG, "{:?}", ran.took);
        assert_eq!(upstream.spans().len(), 2);
        assert_eq!(items(&only_run(&home)).delivered, 2);
    }
}

#[test]
fn what_is_left_at_the_end_is_told_in_a_line() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Hold).expect_hits(1..));
    let served = Served::start(
        run().home(&home).arg("serve").flag("--drain-deadline", "500ms").upstream(&upstream).any_stderr(),
    );
    served.send(1, 3);
    let ran = served.end();
    assert_eq!(ran.stderr_text().lines().count(), 1, "{}", ran.stderr_text());
    assert!(ran.stderr_text().starts_with("otel-run: 3 items of telemetry are not delivered"), "{}", ran.stderr_text());
    assert!(ran.stderr_text().contains("`otel-run flush` delivers what is left"), "{}", ran.stderr_text());
    assert_eq!(items(&only_run(&home)).pending, 3);
    upstream.set_behaviour(Behaviour::Accept);
    run().home(&home).arg("flush").expect_exit(0).stdout_has("3 spans delivered");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::BlackHole));
    let served = Served::start(serve(&home).upstream(&upstream).stderr_has("3 items of telemetry are not delivered"));
    let authority = served.authority().to_owned();
    served.send(1, 3);
    upstream.wait_for_hits(1);
    served.running.signal(Kill::SIGTERM);
    wait_until("nobody can connect", || TcpStream::connect(&authority).is_err());
    served.running.signal(Kill::SIGTERM);
    let ran = served.running.expect_exit(0);
    assert!(ran.took < NO_HANG, "{:?}", ran.took);
    assert_eq!((items(&only_run(&home)).pending, &only_run(&home)["state"]), (3, &json!("ended")));
}

#[test]
fn nothing_sent_leaves_nothing() {
    let home = Home::new();
    Served::start(serve(&home)).end();
    run().home(&home).arg("runs").expect_exit(0).stdout_has("No runs yet");
    // But for when old runs were looked for last.
    let files: Vec<_> = home.state_files().into_iter().map(|(path, _)| path).collect();
    assert_eq!(files, [home.state().join("pruned")]);
}

/// A span that makes a batch of more than 600 KiB.
fn large(name: &str) -> Vec<u8> {
    let mut span = span(name);
    span["attributes"] = json!([{ "key": "padding", "value": { "stringValue": "x".repeat(600 << 10) } }]);
    request(span)
}

#[test]
fn a_full_run_is_followed_by_another_and_delivered_beside_it() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Hold));
    let served = Served::start(serve(&home).upstream(&upstream).flag("--segment-size", "1"));
    let mut client = Client::connect(served.authority());
    for name in ["one", "two"] {
        assert_eq!(client.ask(&post(served.path(), large(name))).status, 200);
    }
    wait_until("there is another run", || runs(&home).len() == 2);
    // The connection goes on.
    assert_eq!(client.ask(&post(served.path(), request(span("three")))).status, 200);
    let listed = runs(&home);
    assert_eq!((&listed[1]["state"], items(&listed[1]).pending), (&json!("ended"), 2), "{listed:#?}");
    assert_eq!((&listed[0]["state"], items(&listed[0]).pending), (&json!("running"), 1));
    run().home(&home).arg("flush").expect_exit(0).stdout_has("is in use by another otel-run");
    upstream.set_behaviour(Behaviour::Accept);
    let full = Stored::named(&home, listed[1]["run_id"].as_str().unwrap());
    wait_until("the full one is settled while the next goes on", || full.folder.summary().is_some());
    assert_eq!(items(&runs(&home)[1]).delivered, 2);
    wait_until("the next one is delivered", || items(&runs(&home)[0]).delivered == 1);
    served.end();
    let names = |run: &Value| {
        let stored = Stored::named(&home, run["run_id"].as_str().unwrap());
        assert!(stored.ended.is_some());
        stored.spans().into_iter().map(|span| span.name).collect::<Vec<_>>()
    };
    assert_eq!((names(&listed[1]), names(&listed[0])), (vec!["one".into(), "two".into()], vec!["three".to_owned()]));
    assert_eq!(upstream.spans().len(), 3);
    assert_eq!(std::fs::read_dir(home.state().join("open")).unwrap().count(), 0);
}

#[test]
fn an_old_run_is_followed_by_another_once_there_is_something_in_it() {
    let home = Home::new();
    let served = Served::start(serve(&home).flag("--segment-age", "1ms"));
    let mut client = Client::connect(served.authority());
    for (name, count) in [("one", 2), ("two", 3)] {
        assert_eq!(client.ask(&post(served.path(), request(span(name)))).status, 200);
        wait_until("there is another run", || runs(&home).len() == count);
    }
    served.end();
    // The last one is empty.
    let listed = runs(&home);
    assert_eq!((listed.len(), &listed[0]["state"], &listed[1]["state"]), (2, &json!("ended"), &json!("ended")));
}

#[test]
fn a_full_run_that_cannot_be_delivered_is_left_to_a_flush_at_the_end() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Status(503, vec![])));
    let served = Served::start(
        run()
            .home(&home)
            .args(["serve", "--segment-size", "1", "--drain-deadline", "500ms"])
            .upstream(&upstream)
            .stderr_has("3 items of telemetry are not delivered"),
    );
    let mut client = Client::connect(served.authority());
    for name in ["one", "two"] {
        assert_eq!(client.ask(&post(served.path(), large(name))).status, 200);
    }
    wait_until("there is another run", || runs(&home).len() == 2);
    assert_eq!(client.ask(&post(served.path(), request(span("three")))).status, 200);
    served.end();
    let listed = runs(&home);
    assert_eq!((items(&listed[0]).pending, items(&listed[1]).pending), (1, 2));
    assert!(
        listed.iter().all(|run| run["state"] == "ended" && run["destinations"][0]["failure"].is_string()),
        "{listed:#?}"
    );
    upstream.set_behaviour(Behaviour::Accept);
    run().home(&home).arg("flush").expect_exit(0).stdout_has("1 span delivered").stdout_has("2 spans delivered");
}

#[test]
fn where_no_other_run_can_be_begun_the_full_one_goes_on() {
    let home = Home::new();
    let served = Served::start(serve(&home).flag("--segment-size", "1").any_stderr());
    let (runs, aside) = (home.state().join("runs"), home.state().join("aside"));
    std::fs::rename(&runs, &aside).unwrap();
    std::fs::write(&runs, "").unwrap();
    let mut client = Client::connect(served.authority());
    for name in ["one", "two"] {
        assert_eq!(client.ask(&post(served.path(), large(name))).status, 200);
    }
    served.running.wait_for_stderr("no new run can be begun, so the present one goes on: cannot write to");
    assert_eq!(client.ask(&post(served.path(), request(span("three")))).status, 200);
    std::fs::remove_file(&runs).unwrap();
    std::fs::rename(&aside, &runs).unwrap();
    assert_eq!(served.end().stderr_text().lines().count(), 1, "it is said once");
    assert_eq!(Stored::of(&home).spans().len(), 3);
}

/// Starts `serve` as systemd starts it: `socket` is descriptor 3, and `LISTEN_PID` is `pid` for the shell, whose process it
/// becomes.
fn activated(home: &Home, socket: OwnedFd, pid: &str, words: &[&str]) -> std::process::Child {
    let script = format!(
        "exec 3<&0 0</dev/null; export LISTEN_PID={pid} LISTEN_FDS=1 LISTEN_FDNAMES=otlp; exec \"$0\" serve \"$@\""
    );
    let run = alone("sh").home(home).args(["-c", &script, env!("CARGO_BIN_EXE_otel-run")]).args(words);
    let run = run.env("NOTIFY_SOCKET", home.path().join("notify"));
    run.command().stdin(Stdio::from(socket)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The next thing that the service manager is told.
fn told(manager: &UnixDatagram) -> String {
    let mut bytes = [0; 100];
    let length = manager.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

#[test]
fn a_socket_that_systemd_hands_over_is_taken() {
    let home = Home::new();
    let manager = UnixDatagram::bind(home.path().join("notify")).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut client = Client::connect(&address.to_string());
    let child = activated(&home, socket.try_clone().unwrap().into(), "$$", &["--token", "file:/proc/self/comm"]);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "the token is wrong: {ended:?}");

    let token = home.path().join("token");
    std::fs::write(&token, TOKEN).unwrap();
    let token = format!("file:{}", token.display());
    let child = activated(&home, socket.try_clone().unwrap().into(), "$$", &["--token", &token]);
    // Who connected before it was started is answered.
    assert_eq!(client.ask(&post(&format!("/{TOKEN}"), request(span("early")))).status, 200);
    assert_eq!(told(&manager), "READY=1");
    kill(Pid::from_raw(child.id().cast_signed()), Kill::SIGTERM).unwrap();
    assert_eq!(told(&manager), "STOPPING=1");
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()), (Some(0), ""));
    assert!(contains(&ended.stdout, &format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{address}\n")), "{:?}", ended.stdout);
    assert_eq!(Stored::of(&home).spans().len(), 1);
    // The socket is systemd's: who connects between two of us waits.
    assert!(TcpStream::connect(address).is_ok());
}

#[test]
fn nothing_that_it_starts_takes_the_sockets_for_its_own() {
    let (home, upstream) = (Home::new(), Upstream::start());
    let helper = home.path().join("helper");
    std::fs::write(&helper, "#!/bin/sh\nenv > \"$0.env\"; ls /proc/$$/fd > \"$0.fd\"\necho '{\"x-tenant\": \"7\"}'\n")
        .unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = Client::connect(&socket.local_addr().unwrap().to_string());
    let token = home.path().join("token");
    std::fs::write(&token, TOKEN).unwrap();
    let token = format!("file:{}", token.display());
    let words = ["--token", &token, "--endpoint", &upstream.url(), "--headers-helper", helper.to_str().unwrap()];
    let child = activated(&home, socket.into(), "$$", &words);
    assert_eq!(client.ask(&post(&format!("/{TOKEN}"), request(span("one")))).status, 200);
    upstream.wait_for_received(1);
    kill(Pid::from_raw(child.id().cast_signed()), Kill::SIGTERM).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()), (Some(0), ""));
    let seen = |what: &str| std::fs::read_to_string(home.path().join(what)).unwrap();
    let (environment, descriptors) = (seen("helper.env"), seen("helper.fd"));
    assert!(environment.contains("PATH="), "{environment}");
    assert!(!environment.contains("LISTEN_") && !environment.contains("NOTIFY_SOCKET"), "{environment}");
    assert!(
        descriptors.lines().any(|line| line == "1") && !descriptors.lines().any(|line| line == "3"),
        "{descriptors}"
    );
}

#[test]
fn a_socket_for_somebody_else_is_left_alone_and_a_useless_one_is_an_error() {
    let home = Home::new();
    let path = home.path().join("unix");
    let unix = || OwnedFd::from(UnixListener::bind(&path).unwrap());
    for (socket, pid, words, said) in [
        (unix(), "$$", &[][..], "the socket is none of TCP"),
        (
            OwnedFd::from(std::fs::File::open("/dev/null").unwrap()),
            "$$",
            &[],
            "none of the descriptors is a stream socket",
        ),
        (TcpListener::bind("127.0.0.1:0").unwrap().into(), "$$", &["--listen", "127.0.0.1:0"], "leave one of them out"),
        (TcpListener::bind("0.0.0.0:0").unwrap().into(), "$$", &[], "can be reached from other machines"),
        // It goes on to what comes next, which is wrong as well.
        (
            TcpListener::bind("0.0.0.0:0").unwrap().into(),
            "1",
            &["--listen", "192.0.2.1:0"],
            "192.0.2.1:0 can be reached",
        ),
    ] {
        let ended = activated(&home, socket, pid, words).wait_with_output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert!(stderr.contains(said), "{said:?} is not in {stderr:?}");
        assert_eq!(ended.status.code(), Some(1));
    }
}
