//! The configurations in docs/collector, as they stand there but for the ports, do what docs/collector.md says of them.

use std::collections::BTreeSet;

use nix::sys::signal::Signal as UnixSignal;
use serde_json::json;

use crate::collector::{Collector, program};
use crate::support::{Home, Run, Signal, Transport, Upstream, alone, run, wait_until};
use crate::{LONG, NUMBERED, OWN_SPANS, TRACE, nested, numbered, sending};

const AGENT: &str = include_str!("../../docs/collector/agent.yaml");
const GATEWAY: &str = include_str!("../../docs/collector/gateway.yaml");

/// Free ports on loopback instead of the usual ones.
const HERE: &str = r"
extensions:
  health_check: { endpoint: '127.0.0.1:0' }
receivers:
  otlp:
    protocols:
      grpc: { endpoint: '127.0.0.1:${env:GRPC_PORT}' }
service:
  telemetry: { metrics: { level: none } }
";

fn gateway(upstream: &Upstream, variables: &[(&str, &str)]) -> Collector {
    let url = upstream.url();
    let mut all = vec![("BACKEND_ENDPOINT", &*url), ("BACKEND_AUTHORIZATION", "Bearer b"), ("LATE_SPANS", "1s")];
    all.extend(variables);
    Collector::start_with(&[GATEWAY, HERE], &all)
}

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn the_collector_finds_no_fault_with_the_configurations() {
    let home = Home::new();
    for (name, configuration, variable) in
        [("agent.yaml", AGENT, "GATEWAY_ENDPOINT"), ("gateway.yaml", GATEWAY, "BACKEND_ENDPOINT")]
    {
        let file = home.write_config(name, configuration);
        let validate = || alone(program()).home(&home).args(["validate", "--config"]).arg(&file);
        validate().env(variable, "https://telemetry.example.com:4317").any_stderr().expect_exit(0);
        validate().env(variable, "").stderr_has("endpoint").expect_exit(1);
    }
}

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn what_the_agent_took_reaches_the_backend_through_a_gateway_that_was_away_and_a_kill() {
    let (home, upstream) = (Home::new(), Upstream::start());
    let mut gateway = gateway(&upstream, &[("KEPT_PERCENT", "100")]);
    let address = gateway.url("http", Transport::Grpc).replace("http://", "");
    // It has nothing yet, and its port is known.
    gateway.kill();
    let queue = home.path().join("queue");
    let variables =
        [("GATEWAY_ENDPOINT", &*address), ("GATEWAY_INSECURE", "true"), ("QUEUE_FOLDER", queue.to_str().unwrap())];
    let http = "receivers: { otlp: { protocols: { http: { endpoint: '127.0.0.1:${env:HTTP_PORT}' } } } }";
    let configurations = [AGENT, HERE, http];
    let mut agent = Collector::start_with(&configurations, &variables);
    for transport in [Transport::Grpc, Transport::HttpProtobuf] {
        agent
            .is_upstream_of(run().home(&home), transport)
            .flag("--drain-deadline", LONG)
            .child(sending(&home, "numbered.jsonl", &numbered("item")))
            .expect_exit(0);
    }
    agent.kill();
    gateway.start_again(
        &[GATEWAY, HERE],
        &[("BACKEND_ENDPOINT", &upstream.url()), ("LATE_SPANS", "1s"), ("KEPT_PERCENT", "100")],
    );
    agent.start_again(&configurations, &variables);
    let of = |signal| match signal {
        Signal::Traces => upstream
            .spans()
            .iter()
            .map(|span| (span.trace_id.clone(), span.name.clone()))
            .collect::<BTreeSet<_>>()
            .len(),
        Signal::Metrics => upstream.metrics().iter().filter(|(_, metric)| metric.name.starts_with("item ")).count(),
        Signal::Logs => {
            upstream.log_records().iter().filter(|(_, record)| record.event_name.starts_with("item ")).count()
        }
    };
    wait_until("the spans are there", || of(Signal::Traces) == 2 * (NUMBERED + OWN_SPANS));
    wait_until("the metrics are there", || of(Signal::Metrics) >= 2 * NUMBERED);
    wait_until("the log records are there", || of(Signal::Logs) >= 2 * NUMBERED);
    agent.stop();
    gateway.stop();
}

/// A run whose command sends one span and ends like this.
fn sampled_run(gateway: &Collector, home: &Home, name: &str, span: serde_json::Value, code: i32) -> Run {
    let body = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] });
    let command = sending(home, &format!("{name}.jsonl"), &[(Signal::Traces, body)]);
    let run = run().home(home).flag("--service-name", name).flag("--drain-deadline", LONG);
    gateway.is_upstream_of(run, Transport::Grpc).child(command).args(["--exit", &code.to_string()])
}

/// `service.name` of every run whose span the upstream has.
fn kept(upstream: &Upstream) -> BTreeSet<String> {
    let resources = upstream.spans_with_resources().into_iter().filter(|(_, span)| span.kind == 3);
    let names = resources
        .map(|(resource, _)| crate::support::stored::text(&resource.attributes, "service.name").unwrap().to_owned());
    names.collect()
}

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn the_gateway_keeps_the_runs_that_are_worth_it() {
    let (home, upstream) = (Home::new(), Upstream::start());
    let mut gateway = gateway(&upstream, &[("KEPT_PERCENT", "0"), ("SLOW_RUN_MS", "60000")]);
    let plain = json!({ "traceId": TRACE, "spanId": "0000000000000001", "name": "work", "startTimeUnixNano": "1", "endTimeUnixNano": "2" });
    let with = |field: &str, value: &str| {
        let mut span = plain.clone();
        span[field] = json!(value);
        span
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let mut recent = with("startTimeUnixNano", &now.to_string());
    recent["endTimeUnixNano"] = json!(now.to_string());
    let mut slow = recent.clone();
    slow["startTimeUnixNano"] = json!((now - 61_000_000_000).to_string());
    let mut orphan = recent.clone();
    orphan["parentSpanId"] = json!("00000000000000ff");

    sampled_run(&gateway, &home, "well", recent.clone(), 0).expect_exit(0);
    // Its root is somewhere else, and may come any time.
    nested(sampled_run(&gateway, &home, "nested", recent.clone(), 3)).expect_exit(3);
    sampled_run(&gateway, &home, "slow", slow, 0).expect_exit(0);
    sampled_run(&gateway, &home, "incomplete", orphan, 0).expect_exit(0);
    let interrupted = gateway
        .is_upstream_of(run().home(&home).flag("--service-name", "interrupted"), Transport::Grpc)
        .flag("--drain-deadline", LONG)
        .child(["sh", "-c", "trap 'exit 0' INT; echo ready; while read -r line; do :; done"])
        .stdin_open()
        .spawn();
    interrupted.wait_for_stdout("ready");
    interrupted.signal(UnixSignal::SIGINT);
    interrupted.expect_exit(0);
    sampled_run(&gateway, &home, "failed", recent, 3).expect_exit(3);

    let worth = BTreeSet::from(["slow", "incomplete", "interrupted", "failed"].map(str::to_owned));
    wait_until("the runs that are worth it are there", || kept(&upstream) == worth);
    // What waits is decided when it ends.
    gateway.stop();
    let all = worth.into_iter().chain(["nested".to_owned()]).collect();
    assert_eq!(kept(&upstream), all);
    let told: BTreeSet<String> = upstream
        .log_records()
        .iter()
        .filter(|(_, record)| record.event_name == "otel_run.run.exited")
        .map(|(resource, _)| crate::support::stored::text(&resource.attributes, "service.name").unwrap().to_owned())
        .collect();
    assert_eq!(told.len(), 6, "of every run it is known how it ended: {told:?}");
    assert!(upstream.received().iter().all(|request| request.header("authorization") == "Bearer b"));
}
