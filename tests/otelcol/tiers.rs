//! The configurations in docs/collector, as they stand there but for the ports, do what docs/collector.md says of them.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal as UnixSignal;
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::{Value, json};

use crate::collector::{Collector, program};
use crate::support::stored::text;
use crate::support::{Home, Run, Signal, Transport, Upstream, alone, run, wait_until};
use crate::{LONG, NUMBERED, OWN_LOGS, OWN_METRICS, OWN_SPANS, TRACE, nested, numbered, sending};

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

/// The gateway's variables for this backend, with a wait that suits a test.
fn to_backend<'a>(url: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("BACKEND_ENDPOINT", url), ("BACKEND_AUTHORIZATION", "Bearer b"), ("LATE_SPANS", "1s")], more].concat()
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
    let url = upstream.url();
    let sampling = to_backend(&url, &[("KEPT_PERCENT", "100")]);
    let mut gateway = Collector::start_with(&[GATEWAY, HERE], &sampling);
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
            .flag("--service-name", transport.as_str())
            .flag("--drain-deadline", LONG)
            .child(sending(&home, "numbered.jsonl", &numbered("item")))
            .expect_exit(0);
    }
    agent.kill();
    gateway.start_again(&[GATEWAY, HERE], &sampling);
    agent.start_again(&configurations, &variables);
    // At least once. The command's numbered items have the same names in both runs.
    let spans =
        || upstream.spans_with_resources().iter().map(|(run, span)| (service_name(run), span.name.clone())).collect();
    let metrics = || upstream.metrics().iter().map(|(run, metric)| (service_name(run), metric.name.clone())).collect();
    let records = || {
        let all = upstream.log_records();
        all.iter().map(|(run, record)| (service_name(run), record.event_name.clone())).collect()
    };
    let both = |of_a_run: usize| move |found: BTreeSet<(String, String)>| found.len() == 2 * of_a_run;
    wait_until("the spans are there", || both(NUMBERED + OWN_SPANS)(spans()));
    wait_until("the metrics are there", || both(NUMBERED + OWN_METRICS)(metrics()));
    wait_until("the log records are there", || both(NUMBERED + OWN_LOGS)(records()));
    agent.stop();
    gateway.stop();
}

/// A span that ends now and took so many seconds, on a parent that never comes or without one.
fn span(seconds: u64, parent: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let nanos = |time: Duration| time.as_nanos().to_string();
    json!({
        "traceId": TRACE, "spanId": "0000000000000001", "parentSpanId": parent, "name": "work",
        "startTimeUnixNano": nanos(now - Duration::from_secs(seconds)), "endTimeUnixNano": nanos(now),
    })
}

/// A run of this name, still without a command.
fn named_run(gateway: &Collector, home: &Home, name: &str) -> Run {
    let run = run().home(home).flag("--service-name", name).flag("--drain-deadline", LONG);
    gateway.is_upstream_of(run, Transport::Grpc)
}

/// A run of this name whose command sends one span and ends like this.
fn run_with(gateway: &Collector, home: &Home, name: &str, span: &Value, code: i32) -> Run {
    let body = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] });
    let command = sending(home, &format!("{name}.jsonl"), &[(Signal::Traces, body)]);
    named_run(gateway, home, name).child(command).args(["--exit", &code.to_string()])
}

fn service_name(resource: &Resource) -> String {
    text(&resource.attributes, "service.name").expect("every resource has a service.name").to_owned()
}

/// `service.name` of every run whose own span the upstream has.
fn kept(upstream: &Upstream) -> BTreeSet<String> {
    let spans = upstream.spans_with_resources().into_iter();
    let own = spans.filter(|(_, span)| text(&span.attributes, "otel_run.run.id").is_some());
    own.map(|(resource, _)| service_name(&resource)).collect()
}

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn the_gateway_keeps_the_runs_that_are_worth_it() {
    let (home, upstream) = (Home::new(), Upstream::start());
    let url = upstream.url();
    let variables = to_backend(&url, &[("KEPT_PERCENT", "0"), ("SLOW_RUN_MS", "60000")]);
    let mut gateway = Collector::start_with(&[GATEWAY, HERE], &variables);
    let short = span(0, "");
    run_with(&gateway, &home, "well", &short, 0).expect_exit(0);
    // Its root is somewhere else, and may come any time.
    nested(run_with(&gateway, &home, "nested", &short, 3)).expect_exit(3);
    run_with(&gateway, &home, "slow", &span(61, ""), 0).expect_exit(0);
    run_with(&gateway, &home, "incomplete", &span(0, "00000000000000ff"), 0).expect_exit(0);
    let interrupted = named_run(&gateway, &home, "interrupted")
        .child(["sh", "-c", "trap 'exit 0' INT; echo ready; while read -r line; do :; done"])
        .stdin_open()
        .spawn();
    interrupted.wait_for_stdout("ready");
    interrupted.signal(UnixSignal::SIGINT);
    interrupted.expect_exit(0);
    run_with(&gateway, &home, "failed", &short, 3).expect_exit(3);

    let worth = BTreeSet::from(["slow", "incomplete", "interrupted", "failed"].map(str::to_owned));
    wait_until("the runs that are worth it are there", || kept(&upstream) == worth);
    // What still waits is decided when it ends.
    gateway.stop();
    let decided = worth.into_iter().chain(["nested".to_owned()]).collect();
    assert_eq!(kept(&upstream), decided);
    let ends = upstream.log_records().into_iter().filter(|(_, record)| record.event_name == "otel_run.run.exited");
    let told: BTreeSet<String> = ends.map(|(resource, _)| service_name(&resource)).collect();
    assert_eq!(told.len(), 6, "of every run it is known how it ended: {told:?}");
    assert!(upstream.received().iter().all(|request| request.header("authorization") == "Bearer b"));
}
