//! `--detail=agent`: an agent's housekeeping is neither stored nor sent, the tree stays whole, and everything is counted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use nix::sys::signal::Signal as Kill;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::Span;
use otel_run::otlp::Signal;
use serde_json::{Value, json};
use support::captures::{self, Capture};
use support::client::Asked;
use support::listed::{items, only_run};
use support::stored::text;
use support::tree::{assert_one_tree, named};
use support::{Behaviour, Home, Open, Run, Stored, Upstream, hex, run, test_child};

const TRACE: &str = "5ba0e8c1d1f24d3f8a7c6b5a49382716";
const PARENT: &str = "c0ffee1234567890";
/// The child of the collector's own that is shown, and what is not.
const SHOWN: &str = "Tool.execute";
const HOUSEKEEPING: &str = "sql.execute";

fn nested(detail: &str) -> Run {
    run().env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01")).flag("--detail", detail)
}

#[track_caller]
fn replay(run: Run, capture: &str) -> Stored {
    let ran = run.child([test_child()]).arg("replay").arg(captures::path(capture)).expect_exit(0);
    Stored::of(&ran.home)
}

fn shown(home: &Home) -> Value {
    let shown = run().home(home).args(["show", "--json"]).expect_exit(0);
    serde_json::from_slice(&shown.stdout).unwrap()
}

/// What the run's span says of how many were left out.
fn counted(span: &Span) -> Option<i64> {
    let found = span.attributes.iter().find(|attribute| attribute.key == "otel_run.spans.thinned")?;
    match found.value.as_ref()?.value.as_ref()? {
        any_value::Value::IntValue(number) => Some(*number),
        other => panic!("{other:?} is no number"),
    }
}

#[test]
fn what_agents_sent_is_thinned_and_comes_to_the_same() {
    // Capture, the most of its spans that may be kept.
    for (name, most) in [
        ("opencode-run-llm-traces.jsonl", 20),
        ("opencode-run-llm-traces-lossy.jsonl", 20),
        ("opencode-run-retry-429.jsonl", 25),
        ("codex-run-0.169.0-trimmed.jsonl", 15),
        ("claude-run-2.1.328.jsonl", 6),
        ("qwen-run-0.24.4.jsonl", 8),
    ] {
        let sent = Capture::read(name).spans.len();
        let upstream = Upstream::start();
        let thin = replay(nested("agent").upstream(&upstream), name);
        let spans = thin.spans();
        let top = assert_one_tree(&spans, TRACE, PARENT);
        assert_one_tree(&upstream.spans(), TRACE, PARENT);
        assert_eq!(upstream.spans().len(), spans.len());
        let kept = thin.spans_of_the_command().len();
        assert!(kept <= most, "{name}: {kept}");

        let thinned = (sent - kept) as u64;
        assert_eq!(counted(top), Some(thinned as i64), "{name}");
        let intake = thin.folder.summary().unwrap().intake[&Signal::Traces];
        assert_eq!((intake.thinned, intake.stored), (thinned, spans.len() as u64), "{name}");
        assert_eq!(intake.received, intake.stored + intake.thinned, "{name}");
        let listed = only_run(&thin.home);
        assert_eq!(listed["intake"]["traces"]["thinned"], thinned, "{name}");
        assert_eq!(items(&listed).delivered, listed["intake"].as_object().unwrap().values().map(stored).sum::<u64>());

        let full = replay(nested("full"), name);
        assert_eq!(counted(&full.run_span()), None);
        assert_eq!(full.folder.summary().unwrap().intake[&Signal::Traces].thinned, 0);
        assert_eq!(thin.log_records_of_the_command().len(), full.log_records_of_the_command().len());
        let (thin, full) = (shown(&thin.home), shown(&full.home));
        assert_eq!(thin["run"]["totals"], full["run"]["totals"], "{name}");
        let tree = |shown: &Value| -> Vec<(u64, Value, Value)> {
            let spans = shown["spans"].as_array().unwrap().iter();
            let told = |span: &Value| (span["depth"].as_u64().unwrap(), span["name"].clone(), span["purpose"].clone());
            spans.map(told).collect()
        };
        assert_eq!(tree(&thin), tree(&full), "{name}: a person is shown the same");
    }
}

fn stored(intake: &Value) -> u64 {
    intake["stored"].as_u64().unwrap()
}

#[test]
fn a_person_is_told_what_was_left_out() {
    let thin = replay(nested("agent"), "opencode-run-llm-traces.jsonl");
    let thinned = thin.folder.summary().unwrap().intake[&Signal::Traces].thinned;
    let left_out = format!("{thinned} spans left out as housekeeping");
    run().home(&thin.home).arg("show").expect_exit(0).stdout_has(&left_out);
    run().home(&thin.home).arg("runs").env("COLUMNS", "200").expect_exit(0).stdout_has("THINNED");
    let plan = run().flag("--detail", "agent").args(["plan", "--", "true"]).expect_exit(0).stdout_text();
    assert!(plan.contains("Detail        agent: housekeeping spans of known agents are left out"), "{plan}");
}

#[test]
fn own_traces_stay_trees() {
    let name = "opencode-run-llm-traces.jsonl";
    let before = Capture::read(name).spans;
    let trace_of: BTreeMap<&[u8], &[u8]> =
        before.iter().map(|span| (span.span_id.as_slice(), span.trace_id.as_slice())).collect();
    for nest in ["link", "off"] {
        let stored = replay(nested("agent").flag("--nest", nest), name);
        let spans = stored.spans_of_the_command();
        assert!(spans.len() < 40, "{nest}: {}", spans.len());
        let there: BTreeSet<&[u8]> = spans.iter().map(|span| span.span_id.as_slice()).collect();
        let mut roots: BTreeMap<&[u8], usize> = BTreeMap::new();
        for span in &spans {
            assert_eq!(span.trace_id, trace_of[span.span_id.as_slice()]);
            let root = span.parent_span_id.is_empty();
            *roots.entry(&span.trace_id).or_default() += usize::from(root);
            assert!(root || there.contains(span.parent_span_id.as_slice()), "{nest}: {} hangs in the air", span.name);
            assert_eq!(!span.links.is_empty(), root && nest == "link");
        }
        assert_eq!(roots.len(), 18, "every trace has its first span");
        assert!(roots.values().all(|roots| *roots == 1), "{nest}: {roots:?}");
    }
}

/// Spans of opencode as one request: number, parent's number, name.
fn request(spans: &[(u64, u64, &str)]) -> Value {
    let id = |number: u64| if number == 0 { String::new() } else { format!("{number:016x}") };
    let span = |(number, parent, name): &(u64, u64, &str)| {
        json!({ "traceId": "11111111111111111111111111111111", "spanId": id(*number), "parentSpanId": id(*parent),
            "name": name, "startTimeUnixNano": "1", "endTimeUnixNano": "2" })
    };
    let spans: Vec<Value> = spans.iter().map(span).collect();
    json!({ "resourceSpans": [{ "scopeSpans": [{ "scope": { "name": "opencode" }, "spans": spans }] }] })
}

/// Sends requests to the collector of a run that is still open. They are taken without reserve.
#[track_caller]
fn send(open: &Open, requests: &[Value]) {
    let mut http = open.client();
    for body in requests {
        let answer = http.ask(&Asked::post(format!("{}/v1/traces", open.path()), "application/json", body.to_string()));
        assert_eq!((answer.status, &answer.body[..]), (200, &b"{}"[..]));
    }
}

#[test]
fn what_is_left_of_nothing_is_counted_and_not_sent() {
    let upstream = Upstream::start();
    let open = Open::start(nested("agent").upstream(&upstream));
    send(&open, &[request(&[(1, 0, HOUSEKEEPING), (2, 1, HOUSEKEEPING)]), request(&[(3, 1, HOUSEKEEPING)])]);
    let stored = Stored::of(&open.end().home);
    assert_eq!(stored.spans_of_the_command(), []);
    let intake = stored.folder.summary().unwrap().intake[&Signal::Traces];
    assert_eq!((intake.received, intake.stored, intake.own, intake.thinned), (4, 1, 1, 3));
    assert_eq!(counted(&stored.run_span()), Some(3));
    let traces = upstream.accepted().into_iter().filter(|received| received.signal == support::Signal::Traces);
    assert_eq!(traces.count(), 1, "the run's span, and nothing that is empty");
}

#[test]
fn telemetry_that_is_left_out_was_sent_all_the_same() {
    let upstream = Upstream::start();
    let open = Open::start(nested("agent").upstream(&upstream).arg("--require-telemetry=traces"));
    send(&open, &[request(&[(1, 0, HOUSEKEEPING)])]);
    open.end();
}

#[test]
fn a_killed_run_is_closed_with_its_tree_and_its_counts() {
    for nest in ["adopt", "link"] {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused));
        let open = Open::start(nested("agent").home(&home).upstream(&upstream).flag("--nest", nest));
        send(
            &open,
            &[
                // Its parent comes later, and the parent of that never.
                request(&[(1, 0, HOUSEKEEPING), (10, 4, SHOWN), (5, 1, SHOWN)]),
                request(&[(2, 1, HOUSEKEEPING), (3, 2, HOUSEKEEPING)]),
                request(&[(4, 9, HOUSEKEEPING), (6, 3, SHOWN), (7, 3, HOUSEKEEPING)]),
            ],
        );
        open.running.signal(Kill::SIGKILL);
        open.running.expect_signal(Kill::SIGKILL);
        upstream.set_behaviour(Behaviour::Accept);
        run().home(&home).env("OTEL_RUN_DRAIN_DEADLINE", "60s").arg("flush").expect_exit(0);

        let thinned = if nest == "adopt" { 4 } else { 3 };
        let listed = only_run(&home);
        assert_eq!(listed["state"], "lost");
        let traces = &listed["intake"]["traces"];
        assert_eq!(traces["thinned"], thinned, "{nest}: {traces}");
        assert_eq!(traces["received"].as_u64(), Some(stored(traces) + thinned));
        let spans = upstream.spans();
        let top = spans.iter().find(|span| hex(&span.parent_span_id) == PARENT).unwrap();
        assert_eq!(counted(top), Some(thinned as i64));
        let above = |number: u64| {
            let span = spans.iter().find(|span| hex(&span.span_id) == format!("{number:016x}")).unwrap();
            u64::from_str_radix(&hex(&span.parent_span_id), 16).unwrap_or(0)
        };
        let run_span = u64::from_str_radix(&hex(&top.span_id), 16).unwrap();
        match nest {
            "adopt" => {
                assert_one_tree(&spans, TRACE, PARENT);
                assert_eq!([above(10), above(4), above(9), above(5), above(6)], [4, 9, run_span, run_span, run_span]);
                assert_eq!(named(&spans, "(missing span)"), 1);
            }
            _ => assert_eq!([above(10), above(4), above(1), above(5), above(6)], [4, 9, 0, 1, 1]),
        }
    }
}

#[test]
fn a_parent_that_was_changed_is_told() {
    let open = Open::start(nested("agent"));
    send(&open, &[request(&[(1, 0, SHOWN), (2, 1, HOUSEKEEPING), (3, 2, SHOWN)])]);
    let stored = Stored::of(&open.end().home);
    let spans = stored.spans_of_the_command();
    let parents: Vec<_> = spans.iter().map(|span| text(&span.attributes, "otel_run.original_parent_id")).collect();
    assert_eq!(parents, [None, Some("0000000000000002")]);
    assert_eq!(hex(&spans[1].parent_span_id), "0000000000000001");
}
