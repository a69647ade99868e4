//! What happened to the run is told, while it happens where it can be: how it lived, who interrupted it, how it ended.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::time::Instant;

use nix::sys::signal::{Signal as UnixSignal, kill};
use nix::unistd::Pid;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, NumberDataPoint, metric::Data, number_data_point::Value as Number,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;
use support::listed::only_run;
use support::stored::text;
use support::{PATIENCE, Run, Running, Stored, Transport, Upstream, run};

const RUN_ACTIVE: &str = "otel_run.run.active";

/// Attributes by name, their values as text.
fn attributes(attributes: &[KeyValue]) -> BTreeMap<&str, String> {
    let text = |pair: &KeyValue| match pair.value.as_ref().unwrap().value.as_ref().unwrap() {
        any_value::Value::StringValue(text) => text.clone(),
        any_value::Value::IntValue(number) => number.to_string(),
        any_value::Value::DoubleValue(number) => number.to_string(),
        any_value::Value::BoolValue(truth) => truth.to_string(),
        other => panic!("{other:?}"),
    };
    attributes.iter().map(|pair| (pair.key.as_str(), text(pair))).collect()
}

fn number(attributes: &BTreeMap<&str, String>, name: &str) -> f64 {
    attributes.get(name).unwrap_or_else(|| panic!("{name} is not in {attributes:?}")).parse().unwrap()
}

/// The records of an event that the upstream has.
fn events(upstream: &Upstream, event: &str) -> Vec<LogRecord> {
    upstream.log_records().into_iter().map(|(_, record)| record).filter(|record| record.event_name == event).collect()
}

fn only_span(upstream: &Upstream) -> Span {
    let mut spans = upstream.spans();
    assert_eq!(spans.len(), 1, "{spans:#?}");
    spans.remove(0)
}

fn points(metric: &Metric) -> &[NumberDataPoint] {
    match metric.data.as_ref().unwrap() {
        Data::Sum(sum) => &sum.data_points,
        Data::Gauge(gauge) => &gauge.data_points,
        other => panic!("{other:?}"),
    }
}

/// Metrics of the command by name and attribute, and the resource that all of them have.
fn metrics(upstream: &Upstream) -> (Resource, BTreeMap<String, f64>) {
    let mut all = upstream.metrics();
    all.retain(|(_, metric)| metric.name != RUN_ACTIVE);
    let resource = all[0].0.clone();
    let mut found = BTreeMap::new();
    for (of, metric) in &all {
        assert_eq!(*of, resource, "{}", metric.name);
        for point in points(metric) {
            let kind = attributes(&point.attributes).into_values().collect::<String>();
            let value = match point.value.unwrap() {
                Number::AsDouble(value) => value,
                Number::AsInt(value) => value as f64,
            };
            found.insert(format!("{} {kind}", metric.name).trim_end().to_owned(), value);
        }
    }
    (resource, found)
}

/// A run whose command says `ready` and ends when its input does.
fn waiting(run: Run) -> Running {
    let running = run.child(["sh", "-c", "trap '' TERM USR1; echo $$ ready; exec cat"]).stdin_open().spawn();
    running.wait_for_stdout("ready\n");
    running
}

/// What such a command said first: its process id.
fn command_pid(running: &Running) -> i32 {
    running.stdout_so_far().split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn an_end_is_told_as_a_span_a_record_and_metrics() {
    for transport in [Transport::HttpProtobuf, Transport::Grpc] {
        let upstream = Upstream::start();
        let work = "echo $$; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; head -c 300000 /dev/zero >file; exit 3";
        let ran = run()
            .upstream_by(&upstream, transport)
            .flag("--drain-deadline", "60s")
            .child(["sh", "-c", work])
            .expect_exit(3);
        let pid = ran.stdout_text().trim().to_owned();

        let span = only_span(&upstream);
        let told = attributes(&span.attributes);
        assert_eq!((told["process.exit.code"].as_str(), told["error.type"].as_str()), ("3", "3"));
        assert_eq!(told["process.pid"], pid);
        assert!(number(&told, "otel_run.process.memory.max_rss_bytes") > 1e5, "{told:?}");
        assert!(number(&told, "otel_run.run.drained_seconds") > 0.0, "{told:?}");
        if cfg!(target_os = "linux") {
            assert_eq!(told["otel_run.run.descendants_left"], "0");
        }
        for rare in ["otel_run.run.interrupted_by", "otel_run.process.stopped_seconds", "otel_run.process.oom_kills"] {
            assert!(!told.contains_key(rare), "{rare}");
        }

        let (resource, found) = metrics(&upstream);
        let resource = attributes(&resource.attributes);
        assert_eq!((resource["process.pid"].as_str(), resource["process.executable.name"].as_str()), (&*pid, "sh"));
        assert_eq!(resource["service.name"], "otel-run");
        assert_eq!(resource["otel_run.run.id"], told["otel_run.run.id"]);
        let created: jiff::Timestamp = resource["process.creation.time"].parse().unwrap();
        assert_eq!(created.as_nanosecond(), i128::from(span.start_time_unix_nano));
        let wall = (span.end_time_unix_nano - span.start_time_unix_nano) as f64 / 1e9;
        assert!(wall > 0.0);
        let of_the_span = |name: &str| number(&told, &format!("otel_run.process.{name}"));
        for (metric, expected) in [
            ("process.cpu.time user", of_the_span("cpu.user_seconds")),
            ("process.cpu.time system", of_the_span("cpu.system_seconds")),
            ("process.paging.faults minor", of_the_span("paging.minor_faults")),
            ("process.paging.faults major", of_the_span("paging.major_faults")),
            ("process.context_switches voluntary", of_the_span("context_switches.voluntary")),
            ("process.context_switches involuntary", of_the_span("context_switches.involuntary")),
            ("process.disk.io read", of_the_span("disk.read_bytes")),
            ("process.disk.io write", of_the_span("disk.written_bytes")),
            ("process.uptime", wall),
        ] {
            assert_eq!(found.get(metric), Some(&expected), "{metric}");
        }
        assert_eq!(found.len(), 9);
        assert!(found["process.cpu.time user"] > 0.0 && found["process.paging.faults minor"] > 0.0, "{found:?}");

        let active: Vec<_> = upstream.metrics().into_iter().filter(|(_, metric)| metric.name == RUN_ACTIVE).collect();
        let [(of, metric)] = &active[..] else { panic!("{active:#?}") };
        assert_ne!(attributes(&of.attributes)["process.pid"], pid, "it is otel-run's");
        let [point] = points(metric) else { panic!("{metric:#?}") };
        assert_eq!(point.value, Some(Number::AsInt(0)));
        assert_eq!(text(&point.attributes, "process.executable.name"), Some("sh"));

        let [record] = &events(&upstream, "otel_run.run.exited")[..] else { panic!("one end") };
        assert_eq!(attributes(&record.attributes)["error.type"], "3");
        assert_eq!(record.time_unix_nano, span.end_time_unix_nano);
    }
}

#[test]
fn what_could_not_be_started_has_no_metrics() {
    let upstream = Upstream::start();
    run().upstream(&upstream).child(["/no/such/command"]).any_stderr().expect_exit(127);
    assert_eq!(attributes(&only_span(&upstream).attributes)["error.type"], "ENOENT");
    assert!(upstream.metrics().is_empty());
}

#[test]
fn an_unsampled_run_has_metrics() {
    let upstream = Upstream::start();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    run().upstream(&upstream).env("TRACEPARENT", parent).child(["true"]).expect_exit(0);
    assert!(upstream.spans().is_empty());
    assert_eq!(metrics(&upstream).1.len(), 9);
}

#[test]
fn signals_are_told_at_once_with_their_sender() {
    let upstream = Upstream::start();
    let running = waiting(run().upstream(&upstream));
    // The start is told while the command runs, and so is what follows.
    upstream.wait_for_event("otel_run.run.started");
    running.signal(UnixSignal::SIGTERM);
    upstream.wait_for_event("otel_run.signal.received");
    assert!(upstream.spans().is_empty());
    let [record] = &events(&upstream, "otel_run.signal.received")[..] else { panic!("one signal") };
    let told = attributes(&record.attributes);
    assert_eq!(told["otel_run.signal.name"], "SIGTERM");
    assert_eq!(told["otel_run.signal.forwarded"], "true");
    assert_eq!(told["otel_run.signal.sender.type"], "process");
    assert_eq!(told["otel_run.signal.sender.pid"], std::process::id().to_string());
    if cfg!(target_os = "linux") {
        let name = std::fs::read_to_string("/proc/self/comm").unwrap();
        assert_eq!(told["otel_run.signal.sender.name"], name.trim_end());
    }
    assert_eq!(record.severity_number(), SeverityNumber::Warn);
    let ran = running.expect_exit(0);
    assert_eq!(record.span_id, only_span(&upstream).span_id);
    assert_eq!(only_run(&ran.home)["interrupted_by"], "SIGTERM");
}

#[test]
fn a_signal_that_asks_for_nothing_interrupts_nothing() {
    let upstream = Upstream::start();
    let running = waiting(run().upstream(&upstream));
    running.signal(UnixSignal::SIGUSR1);
    upstream.wait_for_event("otel_run.signal.received");
    let ran = running.expect_exit(0);
    assert_eq!(only_run(&ran.home)["interrupted_by"], Value::Null);
    assert_eq!(events(&upstream, "otel_run.signal.received")[0].severity_number(), SeverityNumber::Info);
}

#[test]
fn who_exits_well_after_an_interruption_was_interrupted() {
    let upstream = Upstream::start();
    let script = "trap 'kill $!; exit 0' INT; mkfifo f; cat f & echo ready; wait";
    let running = run().upstream(&upstream).child(["sh", "-c", script]).spawn();
    running.wait_for_stdout("ready\n");
    running.signal(UnixSignal::SIGINT);
    let ran = running.expect_exit(0);
    let span = only_span(&upstream);
    let told = attributes(&span.attributes);
    assert_eq!((told["process.exit.code"].as_str(), told["otel_run.run.interrupted_by"].as_str()), ("0", "SIGINT"));
    assert!(!told.contains_key("error.type") && span.status.unwrap_or_default().code == 0);
    let record = events(&upstream, "otel_run.run.exited").remove(0);
    assert_eq!(attributes(&record.attributes)["otel_run.run.interrupted_by"], "SIGINT");
    let listed = only_run(&ran.home);
    assert_eq!((&listed["interrupted_by"], &listed["exit_code"]), (&"SIGINT".into(), &0.into()));
    run().home(&ran.home).arg("runs").expect_exit(0).stdout_has("exit 0, SIGINT");
    run().home(&ran.home).arg("show").expect_exit(0).stdout_has("exit 0 · interrupted by SIGINT ·");
}

#[test]
fn a_stop_is_told_with_how_long_it_was() {
    let upstream = Upstream::start();
    let running = waiting(run().upstream(&upstream));
    let command = Pid::from_raw(command_pid(&running));
    kill(command, UnixSignal::SIGSTOP).unwrap();
    upstream.wait_for_event("otel_run.run.stopped");
    kill(command, UnixSignal::SIGCONT).unwrap();
    upstream.wait_for_event("otel_run.run.continued");
    let ran = running.expect_exit(0);
    assert_eq!(text(&events(&upstream, "otel_run.run.stopped")[0].attributes, "otel_run.signal.name"), Some("SIGSTOP"));
    let span = only_span(&upstream);
    let on_span = number(&attributes(&span.attributes), "otel_run.process.stopped_seconds");
    let record = events(&upstream, "otel_run.run.continued").remove(0);
    let on_record = number(&attributes(&record.attributes), "otel_run.process.stopped_seconds");
    assert!(on_span > 0.0 && on_span == on_record, "{on_span} {on_record}");
    assert_eq!(only_run(&ran.home)["stopped_ns"].as_f64(), Some((on_span * 1e9).round()));
    run().home(&ran.home).arg("show").expect_exit(0).stdout_has("stopped for ");
}

#[test]
fn a_time_limit_is_told() {
    let upstream = Upstream::start();
    let ran =
        run().upstream(&upstream).flag("--timeout", "0.1s").child(["sh", "-c", "mkfifo f; cat f"]).expect_exit(124);
    let record = events(&upstream, "otel_run.run.timed_out").remove(0);
    assert_eq!(text(&record.attributes, "otel_run.signal.name"), Some("SIGTERM"));
    let span = only_span(&upstream);
    assert_eq!(text(&span.attributes, "error.type"), Some("timeout"));
    let listed = only_run(&ran.home);
    assert_eq!((&listed["timed_out"], &listed["error_type"]), (&true.into(), &"timeout".into()));
    run().home(&ran.home).arg("runs").expect_exit(0).stdout_has("timed out");
    run().home(&ran.home).arg("show").expect_exit(0).stdout_has("timed out");
}

#[test]
fn a_declared_answer_is_no_error() {
    for (command, error) in [("exit 1", None), ("exit 2", Some("2")), ("kill -KILL $$", Some("SIGKILL"))] {
        let upstream = Upstream::start();
        let command = run()
            .upstream(&upstream)
            .args(["--success-code", "1", "--success-code", "137"])
            .child(["sh", "-c", command]);
        command.expect_any_end();
        let span = only_span(&upstream);
        assert_eq!(text(&span.attributes, "error.type"), error);
        assert_eq!(span.status.unwrap_or_default().code == 2, error.is_some());
        let severity = events(&upstream, "otel_run.run.exited")[0].severity_number();
        assert_eq!(severity == SeverityNumber::Error, error.is_some());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_left_running_is_counted() {
    let upstream = Upstream::start();
    // In a session of its own: nobody waits for what it may still send.
    let script = "mkfifo f; setsid cat f >/dev/null 2>&1 & exit 0";
    let ran = run().upstream(&upstream).child(["sh", "-c", script]).expect_exit(0);
    assert_eq!(attributes(&only_span(&upstream).attributes)["otel_run.run.descendants_left"], "1");
    assert_eq!(only_run(&ran.home)["descendants_left"], 1);
    run().home(&ran.home).arg("show").expect_exit(0).stdout_has("left 1 descendant running");
    std::fs::write(ran.home.work().join("f"), "").unwrap();
}

#[test]
fn a_long_run_is_seen_while_it_runs() {
    let upstream = Upstream::start();
    let running = waiting(run().upstream(&upstream).flag("--heartbeat", "50ms"));
    upstream.wait_for_metric(RUN_ACTIVE, 2);
    assert!(upstream.spans().is_empty() && events(&upstream, "otel_run.run.exited").is_empty());
    let pid = command_pid(&running).to_string();
    running.expect_exit(0);
    let of = |name: &str| {
        let all = upstream.metrics().into_iter().filter(|(_, metric)| metric.name == name);
        all.map(|(resource, metric)| (resource, points(&metric)[0].clone())).collect::<Vec<_>>()
    };
    let active: Vec<_> = of(RUN_ACTIVE).into_iter().map(|(_, point)| point.value.unwrap()).collect();
    let (last, beats) = active.split_last().unwrap();
    assert!(beats.len() >= 2 && beats.iter().all(|value| *value == Number::AsInt(1)), "{active:?}");
    assert_eq!(*last, Number::AsInt(0));
    // One series: the same resource, and times that grow.
    let uptime = of("process.uptime");
    assert_eq!(uptime.len(), active.len());
    assert!(uptime.iter().all(|(resource, _)| attributes(&resource.attributes)["process.pid"] == pid));
    assert!(
        uptime.windows(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].1.time_unix_nano < pair[1].1.time_unix_nano)
    );
}

#[test]
fn no_heartbeat_is_needed() {
    let upstream = Upstream::start();
    let running = waiting(run().upstream(&upstream).flag("--heartbeat", "0"));
    upstream.wait_for_event("otel_run.run.started");
    running.expect_exit(0);
    assert_eq!(upstream.metrics().iter().filter(|(_, metric)| metric.name == RUN_ACTIVE).count(), 1);
}

#[test]
fn who_asks_for_the_end_at_once_finds_it_in_the_log() {
    // What is left may still report, so it is waited for.
    let script = "mkfifo f; cat f >/dev/null 2>&1 & echo $$ ready; exit 6";
    let running = run().flag("--drain-deadline", "30s").child(["sh", "-c", script]).spawn();
    running.wait_for_stdout("ready\n");
    let command = Pid::from_raw(command_pid(&running));
    let began = Instant::now();
    while kill(command, None).is_ok() {
        assert!(began.elapsed() < PATIENCE, "the command does not end");
        std::thread::yield_now();
    }
    running.signal(UnixSignal::SIGTERM);
    let ran = running.expect_exit(6);
    std::fs::write(ran.home.work().join("f"), "").unwrap();
    let stored = Stored::of(&ran.home);
    assert_eq!(stored.ended.as_ref().and_then(|ended| ended.exit_code), Some(6));
    assert_eq!(text(&stored.run_span().attributes, "error.type"), Some("6"));
}
