//! What a run holds reaches the backend exactly once, at once or later, and nothing of it is lost in silence.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::time::Duration;

use nix::sys::signal::Signal as UnixSignal;
use serde_json::{Value, json};
use support::listed::{Items, items, only_run, runs};
use support::{Behaviour, Home, Ran, Run, Signal, Transport, Upstream, run, test_child};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const TRANSPORTS: [Transport; 3] = [Transport::HttpProtobuf, Transport::HttpJson, Transport::Grpc];

/// Requests of the command, and items of each signal in a request.
const REQUESTS: usize = 4;
const EACH: usize = 25;
const SPANS: usize = REQUESTS * EACH;
/// What the run says about itself: its span, that it was started and has ended, and what it used, in points of metrics.
const OWN_SPANS: usize = 1;
const OWN_LOGS: usize = 2;
const OWN_METRICS: usize = 6;
const OWN_POINTS: usize = 10;
const OWN: u64 = (OWN_SPANS + OWN_LOGS + OWN_POINTS) as u64;
/// All items of a run of [`everything`].
const ALL: u64 = 3 * SPANS as u64 + OWN;

/// No run of these tests may take longer: their deadline for delivery is 1 s, and machines are slow.
const NO_HANG: Duration = Duration::from_secs(20);
/// A deadline that is not the subject.
const LONG: &str = "60s";

/// The command that sends numbered spans, log records and data points, in requests of their own.
fn everything(home: &Home) -> [OsString; 3] {
    let mut text = String::new();
    for request in 0..REQUESTS {
        let numbers = || (1..=EACH).map(|number| request * EACH + number);
        let spans: Vec<Value> = numbers()
            .map(|number| json!({ "traceId": TRACE, "spanId": format!("{number:016x}"), "name": format!("span {number}.") }))
            .collect();
        let records: Vec<Value> =
            numbers().map(|number| json!({ "timeUnixNano": "1", "eventName": format!("record {number}.") })).collect();
        let metrics: Vec<Value> = numbers()
            .map(|number| json!({ "name": format!("metric {number}."), "gauge": { "dataPoints": [{ "timeUnixNano": "1", "asInt": "1" }] } }))
            .collect();
        for line in [
            json!({ "signal": "traces", "body": { "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] } }),
            json!({ "signal": "logs", "body": { "resourceLogs": [{ "scopeLogs": [{ "logRecords": records }] }] } }),
            json!({ "signal": "metrics", "body": { "resourceMetrics": [{ "scopeMetrics": [{ "metrics": metrics }] }] } }),
        ] {
            text.push_str(&format!("{line}\n"));
        }
    }
    let file = home.path().join("everything.jsonl");
    std::fs::write(&file, text).unwrap();
    [test_child().into(), "replay".into(), file.into()]
}

/// A run of [`everything`], still without a deadline and a command.
fn to(home: &Home, upstream: &Upstream, transport: Transport) -> Run {
    run().home(home).upstream_by(upstream, transport)
}

/// `flush`, which must not need more than what the run has written down.
fn flush(home: &Home) -> Run {
    run().home(home).env("OTEL_RUN_DRAIN_DEADLINE", LONG).arg("flush")
}

/// Fails unless all that [`everything`] sends, and the run's own, was accepted exactly once.
#[track_caller]
fn assert_everything_once(upstream: &Upstream) {
    let counts = upstream.span_counts();
    assert!(counts.values().all(|count| *count == 1), "spans came more than once: {counts:?}");
    assert_eq!(counts.len(), SPANS + OWN_SPANS);
    for number in 1..=SPANS {
        assert_eq!(counts.get(&format!("{number:016x}")), Some(&1), "span {number}");
    }
    let names = |prefix: &str, names: Vec<String>| {
        let ours: Vec<String> = names.into_iter().filter(|name| name.starts_with(prefix)).collect();
        let unique: BTreeSet<&String> = ours.iter().collect();
        assert_eq!((ours.len(), unique.len()), (SPANS, SPANS), "{ours:?}");
    };
    let records = upstream.log_records();
    assert_eq!(records.len(), SPANS + OWN_LOGS);
    names("record ", records.into_iter().map(|(_, record)| record.event_name).collect());
    names("metric ", upstream.metrics().into_iter().map(|(_, metric)| metric.name).collect());
}

#[test]
fn everything_arrives_once_by_each_transport() {
    for transport in TRANSPORTS {
        for compression in ["none", "gzip"] {
            let (home, upstream) = (Home::new(), Upstream::start());
            to(&home, &upstream, transport)
                .flag("--compression", compression)
                .flag("--drain-deadline", LONG)
                .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
                .child(everything(&home))
                .expect_exit(0);
            assert_everything_once(&upstream);
            support::tree::assert_one_tree(&upstream.spans(), TRACE, PARENT);
            for request in upstream.received() {
                assert_eq!(request.transport, transport);
                assert_eq!(request.gzip, compression == "gzip", "{transport:?} {compression}");
                assert!(request.header("user-agent").starts_with("otel-run/"), "{:?}", request.headers);
            }
            assert_eq!(items(&only_run(&home)), Items { delivered: ALL, ..Items::default() });
            run().home(&home).arg("runs").expect_exit(0).stdout_has("delivered");
        }
    }
}

#[test]
fn a_run_without_an_upstream_is_local_and_says_nothing() {
    let home = Home::new();
    run().home(&home).child(everything(&home)).expect_exit(0);
    let listed = only_run(&home);
    assert_eq!(listed["destinations"], json!([]));
    assert_eq!(listed["intake"]["metrics"]["stored"], SPANS + OWN_POINTS);
    run().home(&home).arg("runs").expect_exit(0).stdout_has("local");
    flush(&home).expect_exit(0).stdout_is("everything is delivered\n");
}

/// A backend that does not take the data, over its whole life: the run ends in time and as its command did, says what is
/// not delivered, keeps it through a flush that fails as well, and a flush delivers it once when the backend is back.
#[track_caller]
fn kept_and_flushed(behaviour: &Behaviour, transport: Transport, reason: &str) {
    {
        let home = Home::new();
        let upstream = Upstream::behaving(behaviour.clone()).expect_hits(0..);
        let ran = to(&home, &upstream, transport)
            .flag("--drain-deadline", "1s")
            .child(everything(&home))
            .args(["--exit", "7"])
            .stderr_has(format!("{ALL} items of telemetry are not delivered"))
            .stderr_has("`otel-run flush`")
            .stderr_has(reason)
            .expect_exit(7);
        assert_eq!(ran.stderr_text().lines().count(), 1, "{}", ran.stderr_text());
        assert_in_time(&ran);
        let pending = Items { pending: ALL, ..Items::default() };
        let listed = only_run(&home);
        assert_eq!(items(&listed), pending);
        assert!(listed["destinations"][0]["failure"].as_str().is_some_and(|said| said.contains(reason)), "{listed:#}");
        run().home(&home).arg("runs").expect_exit(0).stdout_has(&format!("{ALL} pending"));

        let failed = flush(&home)
            .env("OTEL_RUN_DRAIN_DEADLINE", "1s")
            .stderr_has("not delivered whole")
            .expect_exit(1)
            .stdout_has(&format!("0 spans delivered, {SPANS_ALL} pending"))
            .stdout_has(reason);
        assert_in_time(&failed);
        assert_eq!(items(&only_run(&home)), pending);
        assert!(upstream.accepted().is_empty());

        upstream.set_behaviour(Behaviour::Accept);
        flush(&home).expect_exit(0).stdout_has(&format!("{SPANS_ALL} spans delivered"));
        assert_everything_once(&upstream);
        let listed = only_run(&home);
        assert_eq!(items(&listed), Items { delivered: ALL, ..Items::default() });
        assert_eq!(listed["destinations"][0]["failure"], Value::Null);

        let hits = upstream.hits();
        flush(&home).expect_exit(0).stdout_is("everything is delivered\n");
        assert_eq!(upstream.hits(), hits, "there was nothing left to send");
    }
}

const SPANS_ALL: usize = SPANS + OWN_SPANS;

#[track_caller]
fn assert_in_time(ran: &Ran) {
    assert!(ran.took < NO_HANG, "it took {:?}", ran.took);
}

/// The same by several transports at a time, because most of it is waiting.
fn at_once(transports: &[Transport], each: impl Fn(Transport) + Sync) {
    let each = &each;
    std::thread::scope(|scope| {
        for &transport in transports {
            scope.spawn(move || each(transport));
        }
    });
}

const GRPC: [Transport; 1] = [Transport::Grpc];

macro_rules! backends {
    ($($name:ident: $behaviour:expr, $transports:expr, $reason:expr;)*) => {
        $(#[test] fn $name() { at_once(&$transports, |transport| kept_and_flushed(&$behaviour, transport, $reason)); })*
    };
}

backends! {
    a_backend_that_refuses_connections: Behaviour::Refused, TRANSPORTS, "Connection refused";
    a_backend_that_never_answers: Behaviour::BlackHole, TRANSPORTS, "did not answer";
    a_backend_that_answers_401: Behaviour::Status(401, vec![]), TRANSPORTS, "401 (check the credentials";
    a_backend_that_answers_403: Behaviour::Status(403, vec![]), TRANSPORTS, "403 (check the credentials";
    a_backend_that_answers_404: Behaviour::Status(404, vec![]), TRANSPORTS, "404 (check the path";
    a_backend_that_answers_500: Behaviour::Status(500, vec![]), TRANSPORTS, "500";
    a_backend_that_answers_502: Behaviour::Status(502, vec![]), TRANSPORTS, "502";
    a_backend_that_asks_to_come_again_after_a_minute: Behaviour::Status(503, vec![("retry-after", "60".into())]), TRANSPORTS, "503";
    a_backend_that_asks_to_come_again_at_once: Behaviour::Status(503, vec![("retry-after", "0".into())]), TRANSPORTS, "503";
    a_backend_that_is_asked_too_much: Behaviour::Status(429, vec![]), TRANSPORTS, "429";
    a_backend_that_sends_elsewhere: Behaviour::Status(307, vec![("location", "http://127.0.0.1:1/v1/traces".into())]), TRANSPORTS, "redirect";
    a_backend_that_is_a_web_page: Behaviour::Page, TRANSPORTS, "check the";
    a_backend_that_dies_reading: Behaviour::DieReading, TRANSPORTS, "127.0.0.1";
    a_backend_that_dies_answering: Behaviour::DieAnswering, TRANSPORTS, "127.0.0.1";
    a_grpc_backend_that_is_unavailable: Behaviour::GrpcStatus(14, vec![]), GRPC, "UNAVAILABLE";
    a_grpc_backend_that_wants_credentials: Behaviour::GrpcStatus(16, vec![]), GRPC, "UNAUTHENTICATED (check the credentials";
    a_grpc_backend_that_has_no_such_service: Behaviour::GrpcStatus(12, vec![]), GRPC, "UNIMPLEMENTED";
    a_grpc_backend_whose_proxy_answers_400: Behaviour::Status(400, vec![]), GRPC, "400";
}

#[test]
fn one_bad_request_among_good_ones_is_rejected_alone() {
    at_once(&TRANSPORTS, |transport| {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::RefuseHolding("span 30.")));
        to(&home, &upstream, transport)
            .flag("--drain-deadline", LONG)
            .child(everything(&home))
            .stderr_has(format!("{EACH} items of telemetry were rejected (the backend answered "))
            .expect_exit(0);
        let rejected = EACH as u64;
        assert_eq!(items(&only_run(&home)), Items { delivered: ALL - rejected, rejected, ..Items::default() });
        run().home(&home).arg("runs").expect_exit(0).stdout_has(&format!("{EACH} rejected"));
        let counts = upstream.span_counts();
        assert_eq!(counts.len(), SPANS + OWN_SPANS - EACH);
        assert!(counts.values().all(|count| *count == 1), "{counts:?}");
        assert_eq!(upstream.log_records().len(), SPANS + OWN_LOGS);
        assert_eq!(upstream.metrics().len(), SPANS + OWN_METRICS);
        let hits = upstream.hits();
        flush(&home).expect_exit(0).stdout_is("everything is delivered\n");
        assert_eq!(upstream.hits(), hits, "what was rejected must not be sent again");
    });
}

#[test]
fn what_a_backend_rejects_of_a_request_is_counted_and_not_sent_again() {
    at_once(&TRANSPORTS, |transport| {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Reject(1)));
        let ran = to(&home, &upstream, transport)
            .flag("--drain-deadline", LONG)
            .child(everything(&home))
            .stderr_has("of telemetry were rejected")
            .expect_exit(0);
        let rejected = upstream.received().len() as u64;
        assert_eq!(items(&only_run(&home)), Items { delivered: ALL - rejected, rejected, ..Items::default() });
        assert!(ran.stderr_text().contains(&format!(" {rejected} items ")), "{}", ran.stderr_text());
        let hits = upstream.hits();
        flush(&home).expect_exit(0).stdout_is("everything is delivered\n");
        assert_eq!(upstream.hits(), hits);
    });
}

#[test]
fn a_backend_that_comes_back_while_the_command_runs_gets_everything() {
    for behaviour in [
        Behaviour::Refused,
        Behaviour::DieAnswering,
        Behaviour::Status(503, vec![]),
        Behaviour::Status(500, vec![]),
        Behaviour::Status(401, vec![]),
    ] {
        let (home, upstream) = (Home::new(), Upstream::behaving(behaviour.clone()));
        let [program, replay, file] = everything(&home);
        let mut running = to(&home, &upstream, Transport::HttpProtobuf)
            .flag("--drain-deadline", LONG)
            .child(["sh", "-c", r#""$@" && read -r line"#, "sh"])
            .args([program, replay, file])
            .stdin_open()
            .spawn();
        running.wait_for_stdout("sent");
        if behaviour != Behaviour::Refused {
            upstream.wait_for_hits(3);
        }
        upstream.set_behaviour(Behaviour::Accept);
        running.type_in(b"\n");
        running.expect_exit(0);
        assert_everything_once(&upstream);
        assert_eq!(items(&only_run(&home)), Items { delivered: ALL, ..Items::default() }, "{behaviour:?}");
    }
}

#[test]
fn a_signal_ends_the_delivery_and_not_the_data() {
    for signal in [UnixSignal::SIGTERM, UnixSignal::SIGINT, UnixSignal::SIGHUP, UnixSignal::SIGQUIT] {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::BlackHole));
        let running = to(&home, &upstream, Transport::HttpProtobuf)
            .flag("--drain-deadline", "1h")
            .flag("--export-timeout", "0")
            .child(["sh", "-c", "exit 5"])
            .stderr_has(format!("{OWN} items of telemetry are not delivered"))
            .spawn();
        // The run's span is made when the command has ended.
        upstream.wait_for_signal(Signal::Traces);
        running.signal(signal);
        running.expect_exit(5);
        assert_eq!(items(&only_run(&home)).pending, OWN);
        upstream.set_behaviour(Behaviour::Accept);
        flush(&home).expect_exit(0);
        assert_eq!((upstream.spans().len(), upstream.log_records().len()), (OWN_SPANS, OWN_LOGS));
    }
}

/// Where header values come from: how otel-run is told, and whether a flush needs to be told again.
#[test]
fn credentials_reach_the_backend_and_nothing_else() {
    const SECRET: &str = "Bearer s3cr3t=k,ey";
    const ENCODED: &str = "Bearer%20s3cr3t%3Dk%2Cey";
    let files = Home::new();
    let file = files.write_config("token", &format!("{SECRET}\n"));
    let from_file = format!("authorization=file:{}", file.display());
    let settings = format!("endpoint = \"ENDPOINT\"\n[headers]\nauthorization = {{ file = \"{}\" }}\n", file.display());
    type Tell<'a> = &'a (dyn Fn(Run, &Home, &str) -> Run + Sync);
    let ways: [(&str, Tell<'_>); 8] = [
        ("a literal option", &|run, _, url| {
            run.flag("--endpoint", url).flag("--header", format!("authorization={SECRET}"))
        }),
        ("an option that names a variable", &|run, _, url| {
            run.flag("--endpoint", url).flag("--header", "authorization=env:MY_TOKEN").env("MY_TOKEN", SECRET)
        }),
        ("an option that names a file", &|run, _, url| run.flag("--endpoint", url).flag("--header", &from_file)),
        ("our variable", &|run, _, url| {
            run.env("OTEL_RUN_ENDPOINT", url).env("OTEL_RUN_HEADERS", format!("authorization={ENCODED}"))
        }),
        ("our variable that names a variable", &|run, _, url| {
            run.env("OTEL_RUN_ENDPOINT", url)
                .env("OTEL_RUN_HEADERS", "authorization=env:MY_TOKEN")
                .env("MY_TOKEN", SECRET)
        }),
        ("the standard variable", &|run, _, url| {
            run.env("OTEL_EXPORTER_OTLP_ENDPOINT", url)
                .env("OTEL_EXPORTER_OTLP_HEADERS", format!("x-other=1,authorization={ENCODED}"))
        }),
        ("the user's file", &|run, home, url| {
            home.write_config("otel-run/config.toml", &settings.replace("ENDPOINT", url));
            run
        }),
        ("the user's file that names a variable", &|run, home, url| {
            let settings = format!("endpoint = \"{url}\"\nheaders.authorization.env = \"MY_TOKEN\"\n");
            home.write_config("otel-run/config.toml", &settings);
            run.env("MY_TOKEN", SECRET)
        }),
    ];
    for (way, tell) in ways {
        for transport in [Transport::HttpProtobuf, Transport::Grpc] {
            let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Status(401, vec![])));
            let told =
                |run: Run| tell(run.home(&home), &home, &upstream.url()).env("OTEL_RUN_PROTOCOL", transport.as_str());
            let plan = told(run()).args(["plan", "--", "env"]).expect_exit(0);
            let ran = told(run()).flag("--drain-deadline", LONG).child(["env"]).stderr_has("flush").expect_exit(0);
            for (what, text) in [
                ("the plan", plan.stdout_text()),
                ("the command's environment", ran.stdout_text()),
                ("what is said", ran.stderr_text()),
            ] {
                for secret in [SECRET, ENCODED, "s3cr3t"] {
                    assert!(!text.contains(secret), "{way}: {secret} is in {what}: {text}");
                }
            }
            assert!(plan.stdout_text().contains("authorization"), "{way}: {}", plan.stdout_text());
            // Delivered later, with the same words.
            upstream.set_behaviour(Behaviour::Accept);
            told(run()).flag("--export-timeout", LONG).arg("flush").expect_exit(0);
            assert_eq!(upstream.spans().len(), 1, "{way}");
            for request in upstream.received() {
                assert_eq!(request.header("authorization"), SECRET, "{way}");
            }
            home.assert_nowhere("s3cr3t");
        }
    }
}

#[test]
fn headers_without_their_value_send_nothing() {
    let (home, upstream) = (Home::new(), Upstream::start().never_hit());
    to(&home, &upstream, Transport::HttpProtobuf)
        .flag("--header", "authorization=env:NOT_SET")
        .child(["sh", "-c", "exit 3"])
        .stderr_has("the variable NOT_SET is not set")
        .stderr_has("flush")
        .expect_exit(3);
    assert_eq!(items(&only_run(&home)).pending, OWN);
}

#[test]
fn a_flush_does_not_send_without_the_headers_that_the_run_had() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Status(401, vec![])));
    to(&home, &upstream, Transport::HttpProtobuf)
        .flag("--header", "x-key=k")
        .child(["true"])
        .stderr_has("401")
        .expect_exit(0);
    let hits = upstream.hits();
    upstream.set_behaviour(Behaviour::Accept);
    flush(&home).stderr_has("x-key").stderr_has(upstream.url()).expect_exit(1);
    assert_eq!((upstream.hits(), items(&only_run(&home)).pending), (hits, OWN));
    flush(&home).flag("--endpoint", upstream.url()).flag("--header", "x-key=k").expect_exit(0);
    assert_eq!(upstream.received().last().unwrap().header("x-key"), "k");
    assert_eq!(items(&only_run(&home)).delivered, OWN);
}

#[test]
fn one_run_that_cannot_be_sent_does_not_keep_the_others() {
    let home = Home::new();
    let closed = Upstream::behaving(Behaviour::Status(401, vec![]));
    let open = Upstream::behaving(Behaviour::Status(401, vec![]));
    let undelivered = |upstream: &Upstream, words: &[&str]| {
        to(&home, upstream, Transport::HttpProtobuf).args(words).child(["true"]).stderr_has("401").expect_exit(0);
    };
    undelivered(&open, &[]);
    undelivered(&closed, &["--header", "x-key=k"]);
    undelivered(&open, &[]);
    open.set_behaviour(Behaviour::Accept);
    flush(&home).stderr_has("x-key").expect_exit(1);
    assert_eq!(open.spans().len(), 2);
    let pending: Vec<u64> = runs(&home).iter().map(|run| items(run).pending).collect();
    assert_eq!(pending, [0, OWN, 0]);
}

#[test]
fn a_damaged_run_is_not_called_delivered() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Status(401, vec![])));
    for _ in 0..2 {
        to(&home, &upstream, Transport::HttpProtobuf).child(["true"]).stderr_has("401").expect_exit(0);
    }
    let damaged = runs(&home)[1]["run_id"].as_str().unwrap().to_owned();
    let folder = home.state().join("runs").join(&damaged);
    std::fs::write(folder.join("log"), "no log at all, whatever it was").unwrap();
    std::fs::write(folder.join("summary.json"), "{").unwrap();
    upstream.set_behaviour(Behaviour::Accept);
    flush(&home).stderr_has(&damaged).expect_exit(1);
    assert_eq!(upstream.spans().len(), 1, "the other one is delivered");
    flush(&home).arg(&damaged).stderr_has(&damaged).expect_exit(1);
}

#[test]
fn what_stands_behind_damage_in_a_log_is_said_to_stay_there() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Status(401, vec![])));
    to(&home, &upstream, Transport::HttpProtobuf).child(everything(&home)).stderr_has("401").expect_exit(0);
    let log = home.state().join("runs").join(only_run(&home)["run_id"].as_str().unwrap()).join("log");
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    upstream.set_behaviour(Behaviour::Accept);
    flush(&home).stderr_has("not delivered whole").expect_exit(1).stdout_has("its log is damaged");
    let counts = upstream.span_counts();
    assert!(!counts.is_empty() && counts.len() < SPANS && counts.values().all(|count| *count == 1), "{counts:?}");
    let found = items(&only_run(&home));
    assert!(found.delivered > 0 && found.pending > 0, "{found:?}");
    let hits = upstream.hits();
    flush(&home).stderr_has("not delivered whole").expect_exit(1).stdout_has("its log is damaged");
    assert_eq!((upstream.hits(), items(&only_run(&home))), (hits, found));
}

#[test]
fn a_flush_says_which_signal_has_no_endpoint() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Status(401, vec![])));
    to(&home, &upstream, Transport::HttpProtobuf).child(["true"]).stderr_has("401").expect_exit(0);
    upstream.set_behaviour(Behaviour::Accept);
    let traces = format!("{}/v1/traces", upstream.url());
    let ran = flush(&home).env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", traces).stderr_has("not delivered whole");
    ran.expect_exit(1).stdout_has("there is no endpoint for metrics");
    let spans = OWN_SPANS as u64;
    assert_eq!(items(&only_run(&home)), Items { delivered: spans, pending: OWN - spans, ..Items::default() });
    flush(&home).expect_exit(0);
    assert_eq!((upstream.spans().len(), upstream.log_records().len()), (OWN_SPANS, OWN_LOGS));
}

#[test]
fn a_run_that_goes_on_is_left_to_its_otel_run() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Status(401, vec![])));
    let mut running = to(&home, &upstream, Transport::HttpProtobuf)
        .child([test_child().as_os_str(), "wait".as_ref()])
        .stdin_open()
        .spawn();
    running.wait_for_stdout("ready");
    upstream.wait_for_received(1);
    let hits = upstream.hits();
    upstream.set_behaviour(Behaviour::Accept);
    flush(&home).expect_exit(0).stdout_has("is in use by another otel-run");
    assert_eq!(upstream.hits(), hits);
    running.close_stdin();
    running.expect_exit(0);
    assert_eq!((upstream.spans().len(), upstream.log_records().len()), (OWN_SPANS, OWN_LOGS));
}

#[test]
fn what_a_killed_otel_run_had_received_is_delivered_by_a_flush() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Hold));
    let [program, replay, file] = everything(&home);
    let mut running = to(&home, &upstream, Transport::HttpProtobuf)
        .child(["sh", "-c", r#""$@" && read -r line"#, "sh"])
        .args([program, replay, file])
        .stdin_open()
        .spawn();
    running.wait_for_stdout("sent");
    running.signal(UnixSignal::SIGKILL);
    running.close_stdin();
    running.expect_signal(UnixSignal::SIGKILL);
    let listed = only_run(&home);
    assert_eq!(listed["state"], "lost");
    assert_eq!(items(&listed).delivered, 0);
    // Nothing that was held is accepted: its sender is gone.
    upstream.set_behaviour(Behaviour::Status(503, vec![]));
    upstream.set_behaviour(Behaviour::Accept);
    flush(&home).expect_exit(0);
    let counts = upstream.span_counts();
    assert!((1..=SPANS).all(|number| counts.get(&format!("{number:016x}")) == Some(&1)), "{counts:?}");
    assert_eq!(items(&only_run(&home)).pending, 0);
}

#[test]
fn endpoints_are_used_as_the_specification_says() {
    // (variables with URL in place of the double's, paths of traces, metrics, logs; none where nothing is sent)
    type Paths = [Option<&'static str>; 3];
    let cases: [(&[(&str, &str)], Paths); 5] = [
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "URL")], [Some("/v1/traces"), Some("/v1/metrics"), Some("/v1/logs")]),
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "URL/otlp/x")],
            [Some("/otlp/x/v1/traces"), Some("/otlp/x/v1/metrics"), Some("/otlp/x/v1/logs")],
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "URL/base/"),
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "URL/own/v1/traces"),
            ],
            [Some("/own/v1/traces"), Some("/base/v1/metrics"), Some("/base/v1/logs")],
        ),
        (&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "URL/own/v1/traces")], [Some("/own/v1/traces"), None, None]),
        (&[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "URL/v1/logs")], [None, None, Some("/v1/logs")]),
    ];
    for (variables, paths) in cases {
        for later in [false, true] {
            let (home, upstream) = (Home::new(), Upstream::start());
            let told = |run: Run| {
                variables
                    .iter()
                    .fold(run.home(&home), |run, (name, value)| run.env(name, value.replace("URL", &upstream.url())))
            };
            let command = |run: Run| run.flag("--drain-deadline", LONG).child(everything(&home));
            if later {
                upstream.set_behaviour(Behaviour::Status(401, vec![]));
                command(told(run())).stderr_has("401").expect_exit(0);
                upstream.set_behaviour(Behaviour::Accept);
                flush(&home).expect_exit(0);
            } else {
                command(told(run())).expect_exit(0);
            }
            let accepted = upstream.accepted();
            for (signal, path) in [Signal::Traces, Signal::Metrics, Signal::Logs].into_iter().zip(paths) {
                let used: BTreeSet<&str> =
                    accepted.iter().filter(|request| request.signal == signal).map(|request| &*request.path).collect();
                assert_eq!(used, path.into_iter().collect(), "{variables:?}, later: {later}");
            }
            let counts = [upstream.spans().len(), upstream.metrics().len(), upstream.log_records().len()];
            let wanted = |of: [usize; 3]| {
                let of = paths.iter().zip(of);
                of.map(|(path, number)| if path.is_some() { number } else { 0 }).collect::<Vec<_>>()
            };
            let (spans, logs) = (SPANS + OWN_SPANS, SPANS + OWN_LOGS);
            assert_eq!(counts.to_vec(), wanted([spans, SPANS + OWN_METRICS, logs]), "{variables:?}");
            let items = items(&only_run(&home));
            let delivered: usize = wanted([spans, SPANS + OWN_POINTS, logs]).iter().sum();
            assert_eq!((items.pending, items.delivered), (0, delivered as u64), "{variables:?}");
            flush(&home).expect_exit(0).stdout_is("everything is delivered\n");
        }
    }
}

#[test]
fn a_flush_goes_where_it_is_told_to() {
    let home = Home::new();
    let (first, second) = (Upstream::behaving(Behaviour::Refused).never_hit(), Upstream::start());
    to(&home, &first, Transport::HttpProtobuf).child(everything(&home)).stderr_has("flush").expect_exit(0);
    flush(&home).flag("--endpoint", second.url()).flag("--protocol", "grpc").expect_exit(0);
    assert_everything_once(&second);
    assert!(second.received().iter().all(|request| request.transport == Transport::Grpc));
}

#[test]
fn a_local_run_is_sent_when_it_is_asked_for_by_name() {
    let (home, upstream) = (Home::new(), Upstream::start());
    run().home(&home).child(everything(&home)).expect_exit(0);
    let listed = only_run(&home);
    let name = listed["run_id"].as_str().unwrap();
    flush(&home).arg(name).stderr_has("no upstream is configured").expect_exit(1);
    flush(&home).arg(name).flag("--endpoint", upstream.url()).expect_exit(0);
    assert_everything_once(&upstream);
    run().home(&home).arg("runs").expect_exit(0).stdout_has("delivered");
}
