//! Where a run can be delivered: several upstreams at once, one for each signal, files and sockets, and what is said of each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use support::listed::{Items, items, items_at, only_run};
use support::{Behaviour, Home, Run, Signal, Transport, Upstream, run, test_child};

/// A deadline that is not the subject.
const LONG: &str = "60s";
/// What a run says about itself: a span, two log records, ten data points.
const OWN: u64 = 13;

/// The command that sends `count` spans.
fn send(count: u64) -> [OsString; 4] {
    [test_child().into(), "send".into(), "--count".into(), count.to_string().into()]
}

fn configured(home: &Home, settings: &str) -> Run {
    home.write_config("otel-run/config.toml", settings);
    run().home(home)
}

fn delivered(delivered: u64) -> Items {
    Items { delivered, ..Items::default() }
}

#[test]
fn everything_goes_to_every_upstream() {
    let (home, first, second, third) = (Home::new(), Upstream::start(), Upstream::start(), Upstream::start());
    let settings = format!(
        "endpoint = '{}'\n[[upstream]]\nname = 'two'\nendpoint = '{}'\nprotocol = 'grpc'\ncompression = 'gzip'\n\
         headers = {{ x-key = 'k2' }}\n[[upstream]]\nendpoint = '{}'\nprotocol = 'http/json'\n",
        first.url(),
        second.url(),
        third.url()
    );
    configured(&home, &settings).flag("--drain-deadline", LONG).child(send(5)).expect_exit(0);
    let listed = only_run(&home);
    for (name, upstream, transport, gzip) in [
        ("default", &first, Transport::HttpProtobuf, false),
        ("two", &second, Transport::Grpc, true),
        ("upstream-2", &third, Transport::HttpJson, false),
    ] {
        let counts = upstream.span_counts();
        assert!(counts.len() == 6 && counts.values().all(|count| *count == 1), "{name}: {counts:?}");
        assert_eq!(upstream.log_records().len(), 2, "{name}");
        assert_eq!(items_at(&listed, name), delivered(5 + OWN));
        for request in upstream.received() {
            assert_eq!((request.transport, request.gzip), (transport, gzip), "{name}");
            // Credentials are for the upstream that they stand beside.
            assert_eq!(request.header("x-key"), if name == "two" { "k2" } else { "" }, "{name}");
        }
    }
    run().home(&home).arg("show").expect_exit(0).stdout_has("delivered to");
}

/// One upstream that never answers, one that refuses, one that rejects: the fourth has everything while they fail, and each is
/// told of by name.
#[test]
fn a_bad_upstream_delays_and_repeats_nothing_for_the_others() {
    let home = Home::new();
    let good = Upstream::start();
    let hole = Upstream::behaving(Behaviour::BlackHole);
    let closed = Upstream::behaving(Behaviour::Status(503, vec![]));
    let strict = Upstream::behaving(Behaviour::RefuseHolding("span 3"));
    let settings: String = [("good", &good), ("hole", &hole), ("closed", &closed), ("strict", &strict)]
        .iter()
        .map(|(name, upstream)| format!("[[upstream]]\nname = '{name}'\nendpoint = '{}'\n", upstream.url()))
        .collect();
    let mut running = configured(&home, &settings)
        .flag("--drain-deadline", "1s")
        .child(["sh", "-c", r#""$@" && read -r line"#, "sh"])
        .args(send(4))
        .stdin_open()
        .stderr_has(format!("{} items of telemetry are not delivered to hole", 4 + OWN))
        .stderr_has(format!("{} items of telemetry are not delivered to closed (the backend answered 503)", 4 + OWN))
        .stderr_has("were rejected by strict")
        .stderr_has("`otel-run flush` delivers what is left")
        .spawn();
    // The good one gets the command's spans while the others fail.
    good.wait_for_signal(Signal::Traces);
    hole.wait_for_hits(1);
    closed.wait_for_hits(1);
    running.type_in(b"\n");
    running.expect_exit(0);
    let listed = only_run(&home);
    assert_eq!(items_at(&listed, "good"), delivered(4 + OWN));
    let pending = Items { pending: 4 + OWN, ..Items::default() };
    assert_eq!((items_at(&listed, "hole"), items_at(&listed, "closed")), (pending, pending));
    let strict_items = items_at(&listed, "strict");
    assert!(strict_items.rejected >= 1 && strict_items.pending == 0, "{strict_items:?}");

    // Only what is missing is sent again, and to whom it is missing.
    let hits = (good.hits(), strict.hits());
    closed.set_behaviour(Behaviour::Accept);
    hole.set_behaviour(Behaviour::Accept);
    let flushed = run().home(&home).env("OTEL_RUN_DRAIN_DEADLINE", "2s").arg("flush").any_stderr().expect_any_end();
    assert!(flushed.stdout_text().contains("closed:  "), "{}", flushed.stdout_text());
    assert_eq!((good.hits(), strict.hits()), hits);
    assert_eq!(items_at(&only_run(&home), "closed"), delivered(4 + OWN));
    let counts = closed.span_counts();
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
}

#[test]
fn each_signal_can_have_a_place_and_a_way_of_its_own() {
    let home = Home::new();
    let (traces, rest) = (Upstream::start(), Upstream::start());
    run()
        .home(&home)
        .flag("--drain-deadline", LONG)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", rest.url())
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-all=1")
        .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{}/own/v1/traces", traces.url()))
        .env("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-own=a%20b")
        .env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json")
        .env("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc")
        .env("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip")
        .child(send(2))
        .expect_exit(0);
    assert_eq!(items(&only_run(&home)), delivered(2 + OWN));
    assert_eq!((traces.spans().len(), rest.spans().len()), (3, 0));
    for request in traces.received() {
        assert_eq!((request.signal, request.transport), (Signal::Traces, Transport::HttpJson));
        assert_eq!(request.path, "/own/v1/traces");
        assert_eq!((request.header("x-own"), request.header("x-all")), ("a b", ""));
    }
    for request in rest.received() {
        let expected = match request.signal {
            Signal::Logs => (Transport::Grpc, false),
            Signal::Metrics => (Transport::HttpProtobuf, true),
            Signal::Traces => panic!("{request:?}"),
        };
        assert_eq!((request.transport, request.gzip), expected);
        assert_eq!((request.header("x-all"), request.header("x-own")), ("1", ""));
    }
}

/// Every line of a file of OTLP JSON.
#[track_caller]
fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_file_gets_a_line_a_request() {
    let home = Home::new();
    let file = home.path().join("out/all.jsonl");
    for round in 1..=2 {
        run()
            .home(&home)
            .flag("--endpoint", format!("file:{}", file.display()))
            .flag("--drain-deadline", LONG)
            .child(send(3))
            .expect_exit(0);
        let all = lines(&file);
        let spans: Vec<&Value> = all
            .iter()
            .filter_map(|line| line.get("resourceSpans"))
            .flat_map(|groups| groups.as_array().unwrap())
            .flat_map(|group| group["scopeSpans"].as_array().unwrap())
            .flat_map(|scope| scope["spans"].as_array().unwrap())
            .collect();
        assert_eq!(spans.len(), round * 4, "{all:#?}");
        assert!(spans.iter().all(|span| span["traceId"].as_str().unwrap().len() == 32), "{spans:#?}");
        assert!(all.iter().any(|line| line.get("resourceLogs").is_some()));
        assert!(all.iter().any(|line| line.get("resourceMetrics").is_some()));
    }
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it is the user's alone");
    run().home(&home).arg("flush").expect_exit(0).stdout_is("everything is delivered\n");
}

#[test]
fn a_folder_gets_a_file_a_signal() {
    let home = Home::new();
    let folder = home.path().join("out");
    run()
        .home(&home)
        .flag("--endpoint", format!("file://{}/", folder.display()))
        .flag("--drain-deadline", LONG)
        .child(send(3))
        .expect_exit(0);
    for (name, key) in [("traces", "resourceSpans"), ("metrics", "resourceMetrics"), ("logs", "resourceLogs")] {
        for line in lines(&folder.join(format!("{name}.jsonl"))) {
            assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), [key]);
        }
    }
    assert_eq!(items(&only_run(&home)), delivered(3 + OWN));
}

#[test]
fn a_file_that_cannot_be_written_is_said_and_is_written_later() {
    let home = Home::new();
    let blocked = home.path().join("blocked");
    std::fs::write(&blocked, "").unwrap();
    let endpoint = format!("file:{}/o.jsonl", blocked.display());
    run()
        .home(&home)
        .flag("--endpoint", &endpoint)
        .flag("--drain-deadline", "1s")
        .child(send(3))
        .stderr_has(format!("{} items of telemetry are not delivered (cannot write to ", 3 + OWN))
        .expect_exit(0);
    std::fs::remove_file(&blocked).unwrap();
    run().home(&home).arg("flush").expect_exit(0).stdout_has("4 spans delivered");
    assert!(!lines(&blocked.join("o.jsonl")).is_empty());
}

/// Passes every connection at a Unix socket on to a port, for as long as the process lives.
fn socket_to(path: &Path, upstream: &Upstream) {
    let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
    let address = upstream.url().trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            join(near.try_clone().unwrap(), near, &address);
        }
    });
}

/// The same for the IPv6 loopback; gives the base URL.
fn ipv6_to(upstream: &Upstream) -> String {
    let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let address = upstream.url().trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            join(near.try_clone().unwrap(), near, &address);
        }
    });
    url
}

/// Joins a connection with one to `address`, in both directions.
fn join(mut near_in: impl Read + Send + 'static, mut near_out: impl Write + Send + 'static, address: &str) {
    let mut far_in = std::net::TcpStream::connect(address).unwrap();
    let mut far_out = far_in.try_clone().unwrap();
    std::thread::spawn(move || std::io::copy(&mut near_in, &mut far_out));
    std::thread::spawn(move || std::io::copy(&mut far_in, &mut near_out));
}

#[test]
fn ipv6_is_spoken() {
    for transport in [Transport::HttpProtobuf, Transport::Grpc] {
        let (home, upstream) = (Home::new(), Upstream::start());
        run()
            .home(&home)
            .flag("--endpoint", ipv6_to(&upstream))
            .flag("--protocol", transport.as_str())
            .flag("--drain-deadline", LONG)
            .child(send(3))
            .expect_exit(0);
        assert_eq!((upstream.spans().len(), items(&only_run(&home))), (4, delivered(3 + OWN)), "{transport:?}");
    }
}

#[test]
fn a_unix_socket_is_a_place() {
    for transport in [Transport::HttpProtobuf, Transport::HttpJson, Transport::Grpc] {
        let (home, upstream) = (Home::new(), Upstream::start());
        let socket = home.path().join("otel.sock");
        socket_to(&socket, &upstream);
        run()
            .home(&home)
            .flag("--endpoint", format!("unix:{}", socket.display()))
            .flag("--protocol", transport.as_str())
            .flag("--drain-deadline", LONG)
            .child(send(3))
            .expect_exit(0);
        assert_eq!(upstream.spans().len(), 4, "{transport:?}");
        assert!(upstream.received().iter().all(|request| request.transport == transport));
        assert_eq!(items(&only_run(&home)), delivered(3 + OWN));
    }
}

#[test]
fn a_socket_that_nobody_listens_at_is_said() {
    let home = Home::new();
    run()
        .home(&home)
        .flag("--endpoint", "unix:/nowhere/otel.sock")
        .flag("--drain-deadline", "1s")
        .child(["true"])
        .stderr_has("cannot reach unix:/nowhere/otel.sock: No such file or directory")
        .expect_exit(0);
}

#[test]
fn a_request_that_is_too_large_for_the_upstream_is_cut() {
    for (transport, behaviour) in [
        (Transport::HttpProtobuf, Behaviour::TakeUpTo(200_000)),
        (Transport::HttpJson, Behaviour::TakeUpTo(400_000)),
        (Transport::Grpc, Behaviour::TakeUpTo(200_000)),
    ] {
        let (home, upstream) = (Home::new(), Upstream::behaving(behaviour));
        let file = home.path().join("large.jsonl");
        // One request with spans of 10 kB each, far larger than what is taken at once.
        let spans: Vec<Value> = (1..=100)
            .map(|number| {
                serde_json::json!({ "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": format!("{number:016x}"),
                    "name": format!("span {number}"), "attributes": [
                        { "key": "filler", "value": { "stringValue": format!("{number}").repeat(5_000) } }] })
            })
            .collect();
        let body = serde_json::json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] });
        std::fs::write(&file, format!("{}\n", serde_json::json!({ "signal": "traces", "body": body }))).unwrap();
        run()
            .home(&home)
            .upstream_by(&upstream, transport)
            .flag("--drain-deadline", LONG)
            .child([test_child().into_os_string(), "replay".into(), file.into()])
            .expect_exit(0);
        let counts = upstream.span_counts();
        assert!(counts.len() == 101 && counts.values().all(|count| *count == 1), "{transport:?}: {}", counts.len());
        assert_eq!(items(&only_run(&home)), delivered(100 + OWN), "{transport:?}");
    }
}

#[test]
fn a_span_that_is_too_large_by_itself_is_rejected_alone() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::TakeUpTo(200_000)));
    let file = home.path().join("large.jsonl");
    let span = |number: u32, filler: usize| {
        serde_json::json!({ "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": format!("{number:016x}"),
            "name": "s", "attributes": [{ "key": "filler", "value": { "stringValue": "x".repeat(filler) } }] })
    };
    let spans = [span(1, 10), span(2, 900_000), span(3, 10)];
    let body = serde_json::json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] });
    std::fs::write(&file, format!("{}\n", serde_json::json!({ "signal": "traces", "body": body }))).unwrap();
    run()
        .home(&home)
        .upstream(&upstream)
        .flag("--drain-deadline", LONG)
        .child([test_child().into_os_string(), "replay".into(), file.into()])
        .stderr_has("1 item of telemetry was rejected (the backend answered 413), 15 were sent")
        .expect_exit(0);
    assert_eq!(items(&only_run(&home)), Items { delivered: 2 + OWN, rejected: 1, ..Items::default() });
    assert_eq!(upstream.span_counts().len(), 3);
}

#[test]
fn what_is_too_old_is_not_sent_and_is_counted() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Status(503, vec![])));
    run()
        .home(&home)
        .upstream(&upstream)
        .flag("--drain-deadline", "1s")
        .child(send(3))
        .stderr_has("not delivered")
        .expect_exit(0);
    let hits = upstream.hits();
    upstream.set_behaviour(Behaviour::Accept);
    run()
        .home(&home)
        .args(["flush", "--expire-after", "1ms"])
        .expect_exit(0)
        .stdout_has("0 spans delivered, 4 too old");
    assert_eq!(upstream.hits(), hits);
    assert_eq!(items(&only_run(&home)), Items { expired: 3 + OWN, ..Items::default() });
    run().home(&home).arg("runs").expect_exit(0).stdout_has(&format!("{} expired", 3 + OWN));
    run().home(&home).arg("show").expect_exit(0).stdout_has("too old for");
    run().home(&home).arg("flush").expect_exit(0).stdout_is("everything is delivered\n");
}

#[test]
fn a_dry_flush_says_what_it_would_send_and_sends_nothing() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Status(503, vec![])));
    run()
        .home(&home)
        .upstream(&upstream)
        .flag("--drain-deadline", "1s")
        .child(send(3))
        .stderr_has("not delivered")
        .expect_exit(0);
    let (hits, files) = (upstream.hits(), home.state_files());
    upstream.set_behaviour(Behaviour::Accept);
    let id = only_run(&home)["run_id"].as_str().unwrap().to_owned();
    let expected = format!("{id}  4 spans, 10 data points, 2 log records would be sent to {}\n", upstream.url());
    run().home(&home).args(["flush", "--dry-run"]).expect_exit(0).stdout_is(&expected);
    assert_eq!(upstream.hits(), hits);
    assert!(home.state_files() == files, "a dry run writes nothing");
    run().home(&home).arg("flush").expect_exit(0).stdout_has("4 spans delivered");
    run().home(&home).args(["flush", "--dry-run"]).expect_exit(0).stdout_is("everything is delivered\n");
}

/// Which telemetry there is, what is asked for, and how it ends.
#[test]
fn telemetry_can_be_required() {
    let telemetry = |count: u64| send(count);
    let silent = || ["true"].map(OsString::from);
    let said = "otel-run: the telemetry that is required is not there: ";

    // It is there.
    for words in ["--require-telemetry", "--require-telemetry=traces"] {
        let (home, upstream) = (Home::new(), Upstream::start());
        let ran = run().home(&home).upstream(&upstream).flag("--drain-deadline", LONG).arg(words);
        ran.child(telemetry(1)).expect_exit(0);
    }
    // The command says nothing: what otel-run says itself does not count.
    for (words, what) in [
        ("--require-telemetry", "the command sent no telemetry"),
        ("--require-telemetry=logs", "the command sent no log records"),
    ] {
        let (home, upstream) = (Home::new(), Upstream::start());
        let ran = run().home(&home).upstream(&upstream).flag("--drain-deadline", LONG).arg(words).child(silent());
        let ran = ran.stderr_has(what).expect_exit(125);
        let words = ran.stderr_text();
        assert!(words.starts_with(&format!("{said}{what}\n")) && words.lines().count() == 2, "{words}");
    }
    // The backend takes nothing, or there is none.
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Status(401, vec![])));
    let required = || run().home(&home).arg("--require-telemetry");
    let ran = required()
        .upstream(&upstream)
        .child(telemetry(1))
        .stderr_has("the backend took no telemetry (the backend answered 401");
    ran.expect_exit(125);
    required().child(telemetry(1)).stderr_has("there is no backend to take it").expect_exit(125);
    // A failure of the command's own is told as it is, and so is one that was declared an answer.
    required().upstream(&upstream).child(["sh", "-c", "exit 3"]).any_stderr().expect_exit(3);
    required()
        .upstream(&upstream)
        .flag("--success-code", "3")
        .child(["sh", "-c", "exit 3"])
        .stderr_has("the command sent no telemetry")
        .expect_exit(125);
    // Nothing is recorded.
    required()
        .env("OTEL_SDK_DISABLED", "true")
        .child(silent())
        .stderr_has(format!("{said}nothing was recorded"))
        .expect_exit(125);
}

/// Many backends of model calls take traces and nothing else: Phoenix answers 405 to the others, Langfuse 404.
#[test]
fn signals_that_a_backend_does_not_take_are_not_sent() {
    for (flags, variables) in [
        (&["--signals", "traces"][..], &[][..]),
        (&[], &[("OTEL_RUN_SIGNALS", "traces")]),
        (&[], &[("OTEL_METRICS_EXPORTER", "none"), ("OTEL_LOGS_EXPORTER", "none")]),
    ] {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::TracesOnly(405)));
        let mut run = run().home(&home).flag("--endpoint", upstream.url()).flag("--drain-deadline", LONG);
        for [name, value] in flags.as_chunks().0 {
            run = run.flag(name, value);
        }
        for (name, value) in variables {
            run = run.env(name, value);
        }
        run.child(send(5)).expect_exit(0);
        assert_eq!(upstream.span_counts().len(), 6);
        assert!(upstream.received().iter().all(|request| request.signal == Signal::Traces), "{variables:?}");
        let listed = only_run(&home);
        assert_eq!(items_at(&listed, "default"), delivered(6), "{variables:?}");
        assert_eq!(listed["intake"]["metrics"]["stored"], 10);
        support::run().home(&home).arg("flush").expect_exit(0);
    }
}

/// Without being told so, nothing is lost, and the complaint says what to do.
#[test]
fn a_backend_without_metrics_and_logs_is_told_of() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::TracesOnly(404)));
    run()
        .home(&home)
        .flag("--endpoint", upstream.url())
        .flag("--drain-deadline", LONG)
        .child(send(5))
        .stderr_has("12 items of telemetry are not delivered (the backend answered 404")
        .stderr_has("say which with --signals")
        .stderr_has("6 were sent")
        .expect_exit(0);
    assert_eq!(upstream.span_counts().len(), 6);
}
