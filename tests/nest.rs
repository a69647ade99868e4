//! What happens to an agent's telemetry on its way into a run: nested, named, enriched, without content.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, Metric, metric::Data};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::{Value, json};
use support::captures::{self, Capture, MARKERS};
use support::client::Asked;
use support::stored::{is_true, text};
use support::tree::assert_one_tree;
use support::{Home, Open, Run, Stored, Upstream, hex, run, test_child};

// Not the ids of the examples everywhere, which some captures were made with.
const TRACE: &str = "5ba0e8c1d1f24d3f8a7c6b5a49382716";
const PARENT: &str = "c0ffee1234567890";
const ORIGINAL: &str = "otel_run.original_trace_id";

/// `otel-run` below a span of the caller's.
fn nested() -> Run {
    run().env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
}

/// Of what is sent nothing is changed for what it says.
fn unread() -> Run {
    nested().flag("--content", "on").flag("--genai", "off")
}

/// Lets the small sender replay a capture, and reads what is stored.
#[track_caller]
fn replay(run: Run, capture: impl Into<PathBuf>) -> Stored {
    let ran = run.child([test_child()]).arg("replay").arg(capture.into()).expect_exit(0);
    Stored::of(&ran.home)
}

/// The one item with this id.
#[track_caller]
fn by_id(spans: &[Span]) -> BTreeMap<String, &Span> {
    let found: BTreeMap<String, &Span> = spans.iter().map(|span| (hex(&span.span_id), span)).collect();
    assert_eq!(found.len(), spans.len(), "an id is there twice");
    found
}

/// Ids that are named as parents and are no span.
fn missing(spans: &[Span]) -> BTreeSet<String> {
    let present: BTreeSet<String> = spans.iter().map(|span| hex(&span.span_id)).collect();
    let parents = spans.iter().map(|span| hex(&span.parent_span_id)).filter(|id| !id.is_empty());
    parents.filter(|id| !present.contains(id)).collect()
}

#[test]
fn the_traces_of_an_agent_become_one_tree() {
    // Capture, number of its traces, number of the parents that never came.
    for (name, traces, lost) in [
        ("opencode-run-llm-traces.jsonl", 18, 0),
        ("opencode-run-llm-traces-lossy.jsonl", 16, 6),
        ("codex-run-0.169.0-trimmed.jsonl", 11, 4),
        ("claude-run-2.1.328.jsonl", 1, 1),
        ("gemini-run-0.61.0-defaults.jsonl", 4, 0),
    ] {
        let capture = Capture::read(name);
        let upstream = Upstream::start();
        let stored = replay(nested().upstream(&upstream).flag("--genai", "off"), captures::path(name));
        let spans = stored.spans();
        let top = assert_one_tree(&spans, TRACE, PARENT);
        assert_eq!((hex(&top.span_id), &top.name), (stored.started.span_id.clone(), &"test-child".to_owned()));
        assert_one_tree(&upstream.spans(), TRACE, PARENT);
        assert_eq!(upstream.spans().len(), spans.len());

        let before: BTreeSet<String> = capture.spans.iter().map(|span| hex(&span.trace_id)).collect();
        assert_eq!(before.len(), traces, "{name}");
        let of_the_command = stored.spans_of_the_command();
        let after = by_id(&of_the_command);
        assert_eq!(after.len(), capture.spans.len(), "{name}");
        for span in &capture.spans {
            let now = after[&hex(&span.span_id)];
            assert_eq!(now.name, span.name);
            assert_eq!(
                (now.start_time_unix_nano, now.end_time_unix_nano, now.kind),
                (span.start_time_unix_nano, span.end_time_unix_nano, span.kind)
            );
            assert_eq!(text(&now.attributes, ORIGINAL), Some(hex(&span.trace_id).as_str()));
            if span.parent_span_id.is_empty() {
                assert_eq!(now.parent_span_id, top.span_id);
                assert_eq!(now.flags, span.flags | 0x300, "its parent is known to be remote");
            } else {
                assert_eq!((&now.parent_span_id, now.flags), (&span.parent_span_id, span.flags));
            }
        }

        let stand_ins: Vec<&Span> =
            spans.iter().filter(|span| is_true(&span.attributes, "otel_run.stand_in")).collect();
        let gone = missing(&capture.spans);
        assert_eq!(gone.len(), lost, "{name}");
        assert_eq!(stand_ins.iter().map(|span| hex(&span.span_id)).collect::<BTreeSet<_>>(), gone, "{name}");
        for stand_in in stand_ins {
            let children = || capture.spans.iter().filter(|span| span.parent_span_id == stand_in.span_id);
            let first = children().map(|child| child.start_time_unix_nano).min();
            let last = children().map(|child| child.end_time_unix_nano).max();
            assert_eq!((Some(stand_in.start_time_unix_nano), Some(stand_in.end_time_unix_nano)), (first, last));
            assert_eq!(stand_in.parent_span_id, top.span_id);
        }

        let records = stored.log_records_of_the_command();
        assert_eq!(records.len(), capture.log_records.len(), "{name}");
        for (now, record) in records.iter().zip(&capture.log_records) {
            assert_eq!(hex(&now.trace_id), TRACE);
            let (span, original) = match record.trace_id.is_empty() {
                true => (&top.span_id, None),
                false => (&record.span_id, Some(hex(&record.trace_id))),
            };
            assert_eq!((&now.span_id, text(&now.attributes, ORIGINAL)), (span, original.as_deref()));
        }
        for (_, scope, record) in stored.log_records_with_origin() {
            assert_eq!(hex(&record.trace_id), TRACE, "{scope}");
        }
    }
}

const FOREIGN: &str = "11111111111111111111111111111111";
const OTHER: &str = "22222222222222222222222222222222";

/// One item of everything that can hold a trace id. `trace` is that of the agent; `own` is one that it was given.
fn everything(trace: &str, parent: &str) -> [(&'static str, Value); 3] {
    let exemplar = |span: &str| {
        json!([{ "timeUnixNano": "5", "asDouble": 1.5, "traceId": trace, "spanId": span,
            "filteredAttributes": [{ "key": "kept", "value": { "stringValue": "yes" } }] }])
    };
    let link = |trace: &str, span: &str| json!({ "traceId": trace, "spanId": span, "traceState": "a=b", "flags": 1 });
    let point = |more: Value| {
        let mut point = json!({ "startTimeUnixNano": "1", "timeUnixNano": "5" });
        point.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([point])
    };
    [
        (
            "traces",
            json!({ "resourceSpans": [{ "scopeSpans": [{ "scope": { "name": "test" }, "spans": [{
            "traceId": trace, "spanId": "aaaaaaaaaaaaaaaa", "parentSpanId": parent, "name": "a", "kind": 2,
            "startTimeUnixNano": "1", "endTimeUnixNano": "2", "traceState": "c=d",
            "links": [link(trace, "bbbbbbbbbbbbbbbb"), link(OTHER, "cccccccccccccccc")],
            "events": [{ "timeUnixNano": "1", "name": "happened" }],
        }] }] }] }),
        ),
        (
            "logs",
            json!({ "resourceLogs": [{ "scopeLogs": [{ "scope": { "name": "test" }, "logRecords": [
            { "timeUnixNano": "1", "severityNumber": 9, "traceId": trace, "spanId": "aaaaaaaaaaaaaaaa", "flags": 1 },
            { "timeUnixNano": "2", "severityNumber": 9, "traceId": trace },
            { "timeUnixNano": "3", "severityNumber": 9 },
        ] }] }] }),
        ),
        (
            "metrics",
            json!({ "resourceMetrics": [{ "scopeMetrics": [{ "scope": { "name": "test" }, "metrics": [
            { "name": "gauge", "gauge": { "dataPoints": point(json!({ "asInt": "1", "exemplars": exemplar("a000000000000001") })) } },
            { "name": "sum", "sum": { "aggregationTemporality": 1, "isMonotonic": true,
                "dataPoints": point(json!({ "asDouble": 1.0, "exemplars": exemplar("a000000000000002") })) } },
            { "name": "histogram", "histogram": { "aggregationTemporality": 2, "dataPoints": point(json!({
                "count": "1", "sum": 1.5, "bucketCounts": ["0", "1"], "explicitBounds": [1.0],
                "exemplars": exemplar("a000000000000003") })) } },
            { "name": "exponential", "exponentialHistogram": { "aggregationTemporality": 1, "dataPoints": point(json!({
                "count": "1", "sum": 1.5, "scale": 0, "zeroCount": "0",
                "positive": { "offset": 0, "bucketCounts": ["1"] }, "exemplars": exemplar("a000000000000004") })) } },
            { "name": "summary", "summary": { "dataPoints": point(json!({ "count": "1", "sum": 1.5 })) } },
        ] }] }] }),
        ),
    ]
}

/// Sends requests to the collector of a run that is still open.
#[track_caller]
fn send(open: &Open, requests: impl IntoIterator<Item = (&'static str, Value)>) {
    let mut http = open.client();
    for (signal, body) in requests {
        let path = format!("{}/v1/{signal}", open.path());
        let answer = http.ask(&Asked::post(path, "application/json", body.to_string()));
        assert_eq!((answer.status, &answer.body[..]), (200, &b"{}"[..]));
    }
}

/// Every exemplar, by the name of its metric.
fn exemplars(metrics: &[Metric]) -> BTreeMap<&str, &[Exemplar]> {
    fn of(metric: &Metric) -> Option<&[Exemplar]> {
        Some(match metric.data.as_ref()? {
            Data::Gauge(gauge) => &gauge.data_points[0].exemplars,
            Data::Sum(sum) => &sum.data_points[0].exemplars,
            Data::Histogram(histogram) => &histogram.data_points[0].exemplars,
            Data::ExponentialHistogram(histogram) => &histogram.data_points[0].exemplars,
            Data::Summary(_) => return None,
        })
    }
    metrics.iter().filter_map(|metric| Some((metric.name.as_str(), of(metric)?))).collect()
}

#[test]
fn whatever_refers_to_a_trace_is_adopted() {
    let open = Open::start(nested());
    send(&open, everything(FOREIGN, ""));
    let stored = Stored::of(&open.end().home);
    let (trace, run_span) = (TRACE, &stored.started.span_id);

    let [span] = &stored.spans_of_the_command()[..] else { panic!("one span") };
    assert_eq!((hex(&span.trace_id), hex(&span.parent_span_id)), (trace.into(), run_span.clone()));
    assert_eq!(text(&span.attributes, ORIGINAL), Some(FOREIGN));
    assert_eq!(span.trace_state, "c=d");
    let links: Vec<_> = span.links.iter().map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect();
    assert_eq!(links, [(trace.into(), "bbbbbbbbbbbbbbbb".into()), (trace.into(), "cccccccccccccccc".into())]);
    let originals: Vec<_> = span.links.iter().map(|link| text(&link.attributes, ORIGINAL).unwrap()).collect();
    assert_eq!(originals, [FOREIGN, OTHER]);
    assert!(span.links.iter().all(|link| (link.trace_state.as_str(), link.flags) == ("a=b", 1)));

    let records = stored.log_records_of_the_command();
    let ids: Vec<_> = records.iter().map(|record| (hex(&record.trace_id), hex(&record.span_id))).collect();
    assert_eq!(ids, ["aaaaaaaaaaaaaaaa", run_span, run_span].map(|span| (trace.to_owned(), span.to_owned())));
    let originals: Vec<_> = records.iter().map(|record| text(&record.attributes, ORIGINAL)).collect();
    assert_eq!(originals, [Some(FOREIGN), Some(FOREIGN), None]);

    let metrics = stored.metrics_of_the_command();
    let exemplars = exemplars(&metrics);
    assert_eq!(exemplars.len(), 4);
    for (place, name) in ["gauge", "sum", "histogram", "exponential"].into_iter().enumerate() {
        let [exemplar] = exemplars[name] else { panic!("one exemplar in {name}") };
        assert_eq!(hex(&exemplar.trace_id), trace, "{name}");
        assert_eq!(hex(&exemplar.span_id), format!("a00000000000000{}", place + 1));
        assert_eq!(text(&exemplar.filtered_attributes, ORIGINAL), Some(FOREIGN), "{name}");
        assert_eq!(text(&exemplar.filtered_attributes, "kept"), Some("yes"), "{name}");
    }
}

#[test]
fn what_is_in_the_runs_trace_already_is_not_touched() {
    let open = Open::start(nested());
    let context: Vec<&str> = open.variable("TRACEPARENT").split('-').collect();
    let (trace, span) = (context[1].to_owned(), context[2].to_owned());
    assert_eq!((context[0], trace.as_str(), context[3]), ("00", TRACE, "01"));
    let requests = everything(&trace, &span);
    send(&open, requests.clone());
    let stored = Stored::of(&open.end().home);
    assert_eq!(span, stored.started.span_id);
    let mut sent = sent_items(requests);
    // A link to a foreign trace is adopted all the same, and so is a record of no trace.
    let stored_spans = stored.spans_of_the_command();
    sent.spans[0].links[1] = stored_spans[0].links[1].clone();
    let records = stored.log_records_of_the_command();
    for at in [1, 2] {
        sent.log_records[at].trace_id.clone_from(&records[at].trace_id);
        sent.log_records[at].span_id.clone_from(&records[at].span_id);
    }
    assert_eq!(stored_spans, sent.spans);
    assert_eq!(records, sent.log_records);
    assert_eq!(stored.metrics_of_the_command(), sent.metrics);
}

/// What requests hold, decoded by the reference.
fn sent_items(requests: impl IntoIterator<Item = (&'static str, Value)>) -> Capture {
    let home = Home::new();
    let file = home.work().join("requests.jsonl");
    write_capture(&file, requests);
    Capture::read(file.to_str().unwrap())
}

/// Writes a file for the small sender.
fn write_capture(file: &std::path::Path, requests: impl IntoIterator<Item = (&'static str, Value)>) {
    let lines = requests.into_iter().map(|(signal, body)| json!({ "signal": signal, "body": body }).to_string() + "\n");
    std::fs::write(file, lines.collect::<String>()).unwrap();
}

#[test]
fn linked_traces_stay_what_they_are_and_are_joined_in_both_directions() {
    for name in
        ["opencode-run-llm-traces.jsonl", "opencode-run-llm-traces-lossy.jsonl", "gemini-run-0.61.0-defaults.jsonl"]
    {
        let capture = Capture::read(name);
        let stored = replay(unread().flag("--nest", "link"), captures::path(name));
        let run_span = stored.run_span();
        assert_eq!((hex(&run_span.trace_id), hex(&run_span.parent_span_id)), (TRACE.into(), PARENT.into()));
        let now = stored.spans_of_the_command();
        assert_eq!(now.len(), capture.spans.len());
        let mut roots = BTreeSet::new();
        for (now, before) in now.iter().zip(&capture.spans) {
            let mut expected = before.clone();
            if before.parent_span_id.is_empty() {
                roots.insert((before.trace_id.clone(), before.span_id.clone()));
                let mut links = now.links.clone();
                let link = links.pop().unwrap_or_else(|| panic!("{} is not linked", now.name));
                assert_eq!((&link.trace_id, &link.span_id), (&run_span.trace_id, &run_span.span_id));
                assert_eq!(link.flags, 0x301, "sampled, and known to be remote");
                expected.links.push(link);
            }
            assert_eq!(*now, expected);
        }
        let links = run_span.links.iter().map(|link| (link.trace_id.clone(), link.span_id.clone())).collect();
        assert_eq!((run_span.links.len(), roots), (roots_of(&capture), links), "{name}");
        assert_eq!(stored.log_records_of_the_command(), capture.log_records);
        assert_eq!(stored.metrics_of_the_command(), capture.metrics);
        // Only the run's own span is in the run's trace, and nothing stands in for what the agent lost.
        assert_eq!(stored.spans().len(), now.len() + 1);
    }
}

fn roots_of(capture: &Capture) -> usize {
    capture.spans.iter().filter(|span| span.parent_span_id.is_empty()).count()
}

#[test]
fn a_long_run_links_more_roots_than_the_usual_limit_of_an_sdk() {
    let spans: Vec<Value> = (1..=200)
        .map(|number| {
            json!({ "traceId": format!("{number:032x}"), "spanId": format!("{number:016x}"), "name": "root",
                "startTimeUnixNano": "1", "endTimeUnixNano": "2" })
        })
        .collect();
    let open = Open::start(run().flag("--nest", "link"));
    send(&open, [("traces", json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] }))]);
    let stored = Stored::of(&open.end().home);
    let run_span = stored.run_span();
    assert_eq!(run_span.links.len(), 200);
    assert_eq!(stored.spans_of_the_command().iter().filter(|span| span.links.len() == 1).count(), 200);
}

#[test]
fn nothing_is_changed_where_nesting_is_off_and_content_is_on() {
    for name in captures::names() {
        let capture = Capture::read(&name);
        let stored = replay(unread().flag("--nest", "off"), captures::path(&name));
        assert_eq!(stored.spans_of_the_command(), capture.spans, "{name}");
        assert_eq!(stored.log_records_of_the_command(), capture.log_records, "{name}");
        assert_eq!(stored.metrics_of_the_command(), capture.metrics, "{name}");
        let run_span = stored.run_span();
        assert_eq!((hex(&run_span.parent_span_id), run_span.links.len()), (PARENT.into(), 0));
        assert_eq!(stored.spans().len(), capture.spans.len() + 1, "{name}");
    }
}

/// A length-delimited field of protobuf.
fn field(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    prost::encoding::bytes::encode(number, &bytes.to_vec(), &mut field);
    field
}

#[test]
fn fields_of_a_later_specification_survive_every_way_of_nesting() {
    let spans = sent_items(everything(FOREIGN, "")).spans;
    let unknown = field(9000, b"from the future");
    let span = [spans[0].encode_to_vec(), unknown.clone()].concat();
    let scope_spans = [field(2, &span), unknown.clone()].concat();
    let request = [field(1, &[field(2, &scope_spans), unknown.clone()].concat()), unknown.clone()].concat();
    for nest in ["adopt", "link", "off"] {
        let open = Open::start(nested().flag("--nest", nest));
        let path = format!("{}/v1/traces", open.path());
        let asked = Asked::post(path, "application/x-protobuf", request.clone());
        assert_eq!(open.client().ask(&asked).status, 200);
        let stored = Stored::of(&open.end().home);
        let found = |bytes: &[u8]| bytes.windows(unknown.len()).filter(|window| *window == unknown).count();
        let most = stored.batches.iter().map(|(_, _, request)| found(request)).max();
        assert_eq!(most, Some(4), "{nest}");
        if nest == "off" {
            // Not a byte of the scopes is another.
            let scope = field(2, &scope_spans);
            let same = |request: &Vec<u8>| request.windows(scope.len()).any(|window| window == scope);
            assert!(stored.batches.iter().any(|(_, _, request)| same(request)));
        }
    }
}

#[test]
fn an_unsampled_parent_keeps_the_spans_out_and_nothing_else() {
    let name = "gemini-run-0.61.0-defaults.jsonl";
    let capture = Capture::read(name);
    let unsampled = || run().env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-00"));
    let upstream = Upstream::start();
    let stored = replay(unsampled().upstream(&upstream), captures::path(name));
    assert_eq!(stored.spans(), []);
    assert!(upstream.spans().is_empty());
    assert_eq!(stored.metrics_of_the_command().len(), capture.metrics.len());
    let records = stored.log_records_of_the_command();
    assert_eq!(records.len(), capture.log_records.len());
    assert!(records.iter().all(|record| hex(&record.trace_id) == TRACE));
    let summary = stored.folder.summary().unwrap();
    assert!(!summary.started.sampled);
    let traces = summary.intake[&otel_run::otlp::Signal::Traces];
    assert_eq!((traces.received, traces.stored, traces.dropped), (5, 0, 0));
    assert_eq!(traces.unsampled, 5);

    // The command is told, under a span id of the run's own.
    let open = Open::start(unsampled());
    let traceparent = open.variable("TRACEPARENT").to_owned();
    let stored = Stored::of(&open.end().home);
    assert_eq!(traceparent, format!("00-{TRACE}-{}-00", stored.started.span_id));
    assert_ne!(stored.started.span_id, PARENT);

    // A trace of the agent's own is its own affair, as long as it is not made part of the caller's.
    for nest in ["link", "off"] {
        let stored = replay(unsampled().flag("--nest", nest), captures::path(name));
        assert_eq!(stored.spans_of_the_command().len(), capture.spans.len(), "{nest}");
        assert_eq!(stored.spans().len(), capture.spans.len(), "{nest}: the run's own span is not exported");
        let links = stored.spans().into_iter().flat_map(|span| span.links);
        assert!(links.into_iter().all(|link| link.flags == 0x300), "{nest}");
    }
}

/// Every resource of every signal, with the name of the scope if it has one.
fn resources(stored: &Stored) -> Vec<(Resource, bool)> {
    let spans = stored.spans_with_origin().into_iter().map(|(resource, scope, _)| (resource, scope == "otel-run"));
    let records = stored.log_records_with_origin().into_iter();
    let records = records.map(|(resource, scope, _)| (resource, scope == "otel-run"));
    let metrics = stored.metrics_with_origin().into_iter();
    let metrics = metrics.map(|(resource, scope, _)| (resource, scope == "otel-run"));
    spans.chain(records).chain(metrics).collect()
}

fn keys(attributes: &[KeyValue]) -> BTreeSet<&str> {
    let keys: BTreeSet<&str> = attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    assert_eq!(keys.len(), attributes.len(), "a key is there twice: {attributes:?}");
    keys
}

/// Captures with all three signals, and what their agents call themselves.
const NAMED: [(&str, &[&str]); 3] = [
    ("gemini-run-0.61.0-defaults.jsonl", &["gemini-cli"]),
    ("claude-run-2.1.328.jsonl", &["claude-code"]),
    ("codex-run-0.169.0-trimmed.jsonl", &["codex_exec", "codex_app_server"]),
];

#[test]
fn the_users_service_name_is_that_of_everything() {
    for (name, own_names) in NAMED {
        let stored = replay(run().flag("--service-name", "käse & co"), captures::path(name));
        let resources_now = resources(&stored);
        assert!(resources_now.iter().any(|(_, own)| *own) && resources_now.iter().any(|(_, own)| !own));
        for (resource, _) in resources_now {
            keys(&resource.attributes);
            assert_eq!(text(&resource.attributes, "service.name"), Some("käse & co"), "{name}");
        }
        let stored = replay(run(), captures::path(name));
        for (resource, own) in resources(&stored) {
            let service = text(&resource.attributes, "service.name").unwrap_or_default();
            assert!(if own { service == "otel-run" } else { own_names.contains(&service) }, "{name}: {service}");
        }
    }
}

#[test]
fn resources_learn_what_they_do_not_say() {
    let github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_WORKFLOW", "build"),
        ("GITHUB_RUN_ID", "77"),
        ("GITHUB_RUN_ATTEMPT", "2"),
        ("GITHUB_JOB", "unit"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "acme/widget"),
        ("GITHUB_SHA", "0123456789012345678901234567890123456789"),
        ("GITHUB_REF_NAME", "main"),
        ("GITHUB_REF_TYPE", "branch"),
        ("GITHUB_TOKEN", "ghs_never_to_be_seen"),
        ("ACTIONS_RUNTIME_TOKEN", "runtime_never_to_be_seen"),
    ];
    let captures = NAMED.iter().map(|(name, _)| *name).chain(["opencode-run-llm-traces.jsonl"]);
    for name in captures {
        let mut run = run()
            .flag("--resource-attribute", "team=blue")
            .flag("--resource-attribute", "host.name=set-by-the-user")
            .flag("--resource-attribute", "service.version=9.9.9");
        for (variable, value) in github {
            run = run.env(variable, value);
        }
        let ran = run.child([test_child()]).arg("replay").arg(captures::path(name)).expect_exit(0);
        let stored = Stored::of(&ran.home);
        let mut before = Vec::new();
        for (_, body) in captures::requests(name) {
            collect_resources(&body, &mut before);
        }
        let is_said = |key: &str, value: &str| {
            before.iter().flatten().any(|(said, by)| (said.as_str(), by.as_str()) == (key, value))
        };
        for (resource, own) in resources(&stored) {
            let of = |key: &str| text(&resource.attributes, key);
            let all = keys(&resource.attributes);
            assert_eq!(of("team"), Some("blue"), "{name}");
            assert_eq!(of("cicd.pipeline.name"), Some("build"), "{name}");
            assert_eq!(of("cicd.pipeline.run.id"), Some("77"));
            assert_eq!(
                of("cicd.pipeline.run.url.full"),
                Some("https://github.com/acme/widget/actions/runs/77/attempts/2")
            );
            assert_eq!(of("vcs.repository.url.full"), Some("https://github.com/acme/widget"));
            assert_eq!(of("vcs.repository.name"), Some("widget"));
            assert_eq!(of("vcs.owner.name"), Some("acme"));
            assert_eq!(of("vcs.ref.head.revision"), Some("0123456789012345678901234567890123456789"));
            assert_eq!(of("vcs.ref.head.name"), Some("main"));
            let host = of("host.name").unwrap();
            assert!(host == "set-by-the-user" || (!own && is_said("host.name", host)), "{name}: {host}");
            assert!(of("os.type").is_some() && of("host.arch").is_some(), "{name}: {all:?}");
            if own {
                assert_eq!(of("service.version"), Some("9.9.9"));
                assert!(of("otel_run.run.id").is_some() || all.iter().any(|key| key.starts_with("otel_run.")));
            } else {
                // Who reports is not otel-run: its process, its SDK and its version are not the command's.
                assert_ne!(of("telemetry.distro.name"), Some("otel-run"));
                let mut process =
                    all.iter().filter(|key| key.starts_with("process.") || key.starts_with("service.instance"));
                assert!(process.all(|key| before.iter().flatten().any(|(said, _)| said == key)), "{name}: {all:?}");
            }
        }
        // What a resource says itself wins.
        for resource in &before {
            for (key, value) in resource.iter().filter(|(key, _)| key.starts_with("host.") || key.starts_with("os.")) {
                let mut stays = resources(&stored).into_iter();
                assert!(
                    stays.any(|(now, _)| text(&now.attributes, key) == Some(value)),
                    "{name}: {key}={value} is gone"
                );
            }
        }
        ran.home.assert_nowhere("never_to_be_seen");
    }
}

/// Attributes of every resource in a request; the value of what is no string is empty.
fn collect_resources(body: &Value, into: &mut Vec<Vec<(String, String)>>) {
    for group in body.as_object().unwrap().values().filter_map(Value::as_array).flatten() {
        let attributes = group["resource"]["attributes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let pair = |attribute: &Value| (text(&attribute["key"]), text(&attribute["value"]["stringValue"]));
        into.push(attributes.iter().map(pair).collect());
    }
}

/// The markers that are in a capture.
fn markers_in(name: &str) -> Vec<&'static str> {
    let bodies: String = captures::requests(name).into_iter().map(|(_, body)| body.to_string()).collect();
    MARKERS.iter().copied().filter(|marker| bodies.contains(marker)).collect()
}

#[test]
fn content_is_not_on_disk_unless_it_is_asked_for() {
    let mut found = BTreeSet::new();
    for name in captures::names() {
        for nest in ["adopt", "off"] {
            let ran = run().flag("--nest", nest).child([test_child()]).arg("replay").arg(captures::path(&name));
            let ran = ran.expect_exit(0);
            for marker in MARKERS {
                ran.home.assert_nowhere(marker);
            }
        }
        let stored = replay(run().flag("--content", "on"), captures::path(&name));
        for marker in markers_in(&name) {
            found.insert(marker);
            let holds = |(_, _, request): &(_, _, Vec<u8>)| support::contains(request, marker);
            assert!(stored.batches.iter().any(holds), "{marker} of {name} is gone although content is on");
        }
    }
    assert_eq!(found, MARKERS.iter().copied().collect(), "every marker is somewhere in the captures");
}
