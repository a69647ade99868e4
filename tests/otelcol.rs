//! A real OpenTelemetry Collector takes what runs deliver, whole and unchanged, and loses nothing of it when it is stopped,
//! killed, or refuses.
//!
//! These tests need the collector that `.ci/collector` builds, so they are ignored until they are asked for:
//! `.ci/collector && cargo test --test otelcol -- --include-ignored`. Asked for and not built, they fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::client::{Asked, Client};
use support::listed::{Items, items, only_run};
use support::otelcol::{self, Collector, Item, TO_FILES, file_name, list};
use support::{Home, Run, Signal, Transport, run, test_child, wait_until};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const TRANSPORTS: [Transport; 3] = [Transport::Grpc, Transport::HttpProtobuf, Transport::HttpJson];
const SIGNALS: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

/// Requests of a signal that the command sends, and items in each.
const REQUESTS: usize = 4;
const EACH: usize = 25;
const NUMBERED: usize = REQUESTS * EACH;

/// What a run says about itself.
const OWN_SPANS: usize = 1;
const OWN_LOGS: usize = 2;
const OWN_METRICS: usize = 6;
const OWN_POINTS: usize = 10;

/// A deadline that is not the subject.
const LONG: &str = "60s";
/// `SpanFlags`: "it is known whether the parent is remote" and "the parent is remote".
const PARENT_IS_REMOTE: u64 = 0x300;

fn fixture(signal: Signal) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/otelcol").join(file_name(signal))
}

/// The requests of a fixture. There is one of each kind of value in them.
fn fixture_requests(signal: Signal) -> Vec<Value> {
    let text = std::fs::read_to_string(fixture(signal)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn fixture_items(signal: Signal) -> Vec<Item> {
    fixture_requests(signal).iter().flat_map(|request| otelcol::items(signal, request)).collect()
}

fn points(metrics: &[Item]) -> usize {
    let kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
    metrics.iter().flat_map(|item| kinds.map(|kind| list(&item.value[kind], "dataPoints").len())).sum()
}

/// Numbered items, with this in front of their numbers, in requests of their own.
fn numbered(prefix: &str) -> Vec<(Signal, Value)> {
    let mut requests = Vec::new();
    for request in 0..REQUESTS {
        let numbers = || (1..=EACH).map(|number| request * EACH + number);
        let spans: Vec<Value> = numbers()
            .map(|number| json!({ "traceId": TRACE, "spanId": format!("{number:016x}"), "name": format!("{prefix} {number}") }))
            .collect();
        let records: Vec<Value> =
            numbers().map(|number| json!({ "timeUnixNano": "1", "eventName": format!("{prefix} {number}") })).collect();
        let metrics: Vec<Value> = numbers()
            .map(|number| json!({ "name": format!("{prefix} {number}"), "gauge": { "dataPoints": [{ "timeUnixNano": "1", "asInt": "1" }] } }))
            .collect();
        requests.push((Signal::Traces, json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] })));
        requests.push((Signal::Logs, json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": records }] }] })));
        requests.push((Signal::Metrics, json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": metrics }] }] })));
    }
    requests
}

/// The words of a command that sends these requests.
fn sending(home: &Home, name: &str, requests: &[(Signal, Value)]) -> [OsString; 3] {
    let mut text = String::new();
    for (signal, body) in requests {
        let signal = file_name(*signal).trim_end_matches(".jsonl");
        text.push_str(&format!("{}\n", json!({ "signal": signal, "body": body })));
    }
    let file = home.path().join(name);
    std::fs::write(&file, text).unwrap();
    [test_child().into(), "replay".into(), file.into()]
}

/// A command that sends numbered items and the fixtures.
fn everything(home: &Home) -> [OsString; 3] {
    let mut requests = numbered("item");
    for signal in SIGNALS {
        requests.extend(fixture_requests(signal).into_iter().map(|request| (signal, request)));
    }
    sending(home, "everything.jsonl", &requests)
}

/// How many items a run of [`everything`] has.
fn all_items() -> u64 {
    let fixtures = fixture_items(Signal::Traces).len()
        + fixture_items(Signal::Logs).len()
        + points(&fixture_items(Signal::Metrics));
    (3 * NUMBERED + fixtures + OWN_SPANS + OWN_LOGS + OWN_POINTS) as u64
}

fn nested(run: Run) -> Run {
    run.env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
}

/// `flush`, which must not need more than what the run has written down.
fn flush(home: &Home) -> Run {
    run().home(home).env("OTEL_RUN_DRAIN_DEADLINE", LONG).arg("flush")
}

fn named<'a>(items: &'a [Item], field: &str, name: &str) -> Vec<&'a Item> {
    items.iter().filter(|item| item.value[field] == name).collect()
}

/// How often each numbered item is there, by the field that has its name.
fn counts(items: &[Item], field: &str, prefix: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in items.iter().filter_map(|item| item.value[field].as_str()).filter(|name| name.starts_with(prefix)) {
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}

/// Fails unless each numbered item of each signal is there, as often as `good` says.
#[track_caller]
fn assert_numbered(collector: &Collector, prefix: &str, good: impl Fn(usize) -> bool) {
    for (signal, field) in [(Signal::Traces, "name"), (Signal::Metrics, "name"), (Signal::Logs, "eventName")] {
        let counts = counts(&collector.items(signal), field, prefix);
        assert_eq!(counts.len(), NUMBERED, "{signal:?}: {counts:?}");
        assert!(counts.values().all(|count| good(*count)), "{signal:?}: {counts:?}");
    }
}

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn the_fixtures_are_what_the_file_exporter_writes() {
    let mut collector = Collector::start(&[TO_FILES]);
    let url = collector.url("http", Transport::HttpJson);
    let mut client = Client::connect(url.strip_prefix("http://").unwrap());
    for signal in SIGNALS {
        let path = format!("/v1/{}", file_name(signal).trim_end_matches(".jsonl"));
        for request in std::fs::read_to_string(fixture(signal)).unwrap().lines() {
            let answer = client.ask(&Asked::post(&path, "application/json", request));
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        }
    }
    drop(client);
    collector.stop();
    for signal in SIGNALS {
        assert_eq!(collector.file(signal), std::fs::read_to_string(fixture(signal)).unwrap());
    }
}

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn everything_arrives_once_and_unchanged_by_each_transport() {
    for transport in TRANSPORTS {
        for compression in ["none", "gzip"] {
            let (home, mut collector) = (Home::new(), Collector::start(&[TO_FILES]));
            nested(collector.is_upstream_of(run().home(&home), transport))
                .flag("--compression", compression)
                .flag("--drain-deadline", LONG)
                .child(everything(&home))
                .expect_exit(0);
            assert_eq!(items(&only_run(&home)), Items { delivered: all_items(), ..Items::default() });
            collector.stop();
            assert_numbered(&collector, "item ", |count| count == 1);
            assert_own_and_fixtures(&collector);
        }
    }
}

/// Fails unless the run's own items and those of the fixtures are there once, these as the transforms make them.
#[track_caller]
fn assert_own_and_fixtures(collector: &Collector) {
    let spans = collector.items(Signal::Traces);
    let own: Vec<&Item> = spans.iter().filter(|item| item.scope.0["name"] == "otel-run").collect();
    let [own] = own[..] else { panic!("{} spans of otel-run", own.len()) };
    assert_eq!((&own.value["name"], &own.value["kind"]), (&json!("test-child"), &json!(3)), "{own:?}");
    assert_eq!((&own.value["traceId"], &own.value["parentSpanId"]), (&json!(TRACE), &json!(PARENT)));
    assert_eq!(attribute(&own.value, "process.exit.code"), Some(&json!({ "intValue": "0" })));
    let adopted = Adopted { run_span: own.value["spanId"].clone() };

    for signal in SIGNALS {
        let items = collector.items(signal);
        let of_the_run = items.iter().filter(|item| item.scope.0["name"] == "otel-run").count();
        let of_the_fixtures = fixture_items(signal);
        let own = [OWN_SPANS, OWN_METRICS, OWN_LOGS][signal as usize];
        assert_eq!((of_the_run, items.len()), (own, own + NUMBERED + of_the_fixtures.len()), "{signal:?}");
        for mut wanted in of_the_fixtures {
            adopted.change(signal, &mut wanted.value);
            let found = items.iter().filter(|item| is_as_wanted(item, &wanted)).count();
            assert_eq!(found, 1, "{}\nis not once in\n{}", wanted, alike(&items, &wanted));
        }
    }
    let logs = collector.items(Signal::Logs);
    for event in ["otel_run.run.started", "otel_run.run.exited"] {
        let found = named(&logs, "eventName", event);
        assert!(found.len() == 1 && found[0].value["spanId"] == adopted.run_span, "{event}: {found:?}");
    }
}

/// For the message: the items that come closest.
fn alike(items: &[Item], wanted: &Item) -> String {
    let same = |item: &&Item| ["name", "timeUnixNano"].iter().all(|field| item.value[field] == wanted.value[field]);
    items.iter().filter(same).map(Item::to_string).collect()
}

/// Whether nothing is different, but that resource attributes may have been added behind those that were there.
fn is_as_wanted(found: &Item, wanted: &Item) -> bool {
    let mut resource = found.resource.0.clone();
    let attributes = list(&wanted.resource.0, "attributes");
    if !list(&resource, "attributes").starts_with(attributes) || attribute(&resource, "host.name").is_none() {
        return false;
    }
    if attributes.is_empty() {
        resource.as_object_mut().unwrap().remove("attributes");
    } else {
        resource["attributes"] = json!(attributes);
    }
    (&resource, &found.resource.1, &found.scope, &found.value)
        == (&wanted.resource.0, &wanted.resource.1, &wanted.scope, &wanted.value)
}

fn attribute<'a>(owner: &'a Value, key: &str) -> Option<&'a Value> {
    list(owner, "attributes").iter().find(|attribute| attribute["key"] == key).map(|attribute| &attribute["value"])
}

/// What `--nest adopt` makes of items of other traces, as docs/telemetry.md and the README have it.
struct Adopted {
    run_span: Value,
}

impl Adopted {
    fn change(&self, signal: Signal, item: &mut Value) {
        match signal {
            Signal::Traces => {
                move_trace(item, "attributes");
                if item.get("parentSpanId").is_none() {
                    item["parentSpanId"] = self.run_span.clone();
                    let flags = item.get("flags").and_then(Value::as_u64).unwrap_or(0);
                    item["flags"] = json!(flags | PARENT_IS_REMOTE);
                }
                each(item, "links", |link| move_trace(link, "attributes"));
            }
            Signal::Logs => {
                move_trace(item, "attributes");
                if item.get("spanId").is_none() {
                    item["spanId"] = self.run_span.clone();
                }
            }
            Signal::Metrics => {
                for (_, data) in item.as_object_mut().unwrap() {
                    each(data, "dataPoints", |point| {
                        each(point, "exemplars", |exemplar| move_trace(exemplar, "filteredAttributes"));
                    });
                }
            }
        }
    }
}

fn each(owner: &mut Value, field: &str, change: impl Fn(&mut Value)) {
    let list = owner.get_mut(field).and_then(Value::as_array_mut);
    list.into_iter().flatten().for_each(change);
}

/// Into the run's trace, with a note of the old one.
fn move_trace(item: &mut Value, attributes: &str) {
    let old = item["traceId"].take();
    item["traceId"] = json!(TRACE);
    if !old.is_null() {
        let note = json!({ "key": "otel_run.original_trace_id", "value": { "stringValue": old } });
        let owner = item.as_object_mut().unwrap();
        owner.entry(attributes).or_insert_with(|| json!([])).as_array_mut().unwrap().push(note);
    }
}

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn a_collector_that_goes_and_comes_back_gets_everything() {
    type End = fn(&mut Collector);
    let ends: [(&str, End); 2] = [("SIGTERM", Collector::stop), ("SIGKILL", Collector::kill)];
    for transport in [Transport::Grpc, Transport::HttpProtobuf] {
        for (how, end) in ends {
            let (home, mut collector) = (Home::new(), Collector::start(&[TO_FILES]));
            let [program, replay, before] = sending(&home, "before.jsonl", &numbered("before"));
            let [.., after] = sending(&home, "after.jsonl", &numbered("after"));
            let mut running = nested(collector.is_upstream_of(run().home(&home), transport))
                .flag("--drain-deadline", "1s")
                .child(["sh", "-c", r#""$1" "$2" "$3" && read -r line && exec "$1" "$2" "$4""#, "sh"])
                .args([program, replay, before, after])
                .stdin_open()
                .stderr_has("flush")
                .spawn();
            // Whatever of the rest is on its way to the collector is in the middle of it.
            wait_until("the collector has got a span", || !collector.file(Signal::Traces).is_empty());
            end(&mut collector);
            running.type_in(b"\n");
            running.expect_exit(0);
            assert!(items(&only_run(&home)).pending > 0, "{how}");
            collector.start_again(&[TO_FILES], &[]);
            flush(&home).expect_exit(0);
            assert_eq!(items(&only_run(&home)).pending, 0, "{how}");
            collector.stop();
            assert_numbered(&collector, "before ", |count| count >= 1);
            assert_numbered(&collector, "after ", |count| count == 1);
            assert_eq!(named(&collector.items(Signal::Traces), "name", "sh").len(), OWN_SPANS, "{how}");
        }
    }
}

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn a_collector_without_memory_to_spare_gets_it_later() {
    let limit = r"
processors:
  memory_limiter: { check_interval: 50ms, limit_mib: 1, spike_limit_mib: 0 }
service:
  pipelines:
    traces: { processors: [memory_limiter] }
    metrics: { processors: [memory_limiter] }
    logs: { processors: [memory_limiter] }
";
    for transport in TRANSPORTS {
        let (home, mut collector) = (Home::new(), Collector::start(&[TO_FILES, limit]));
        collector.wait_for_log("Refusing data");
        nested(collector.is_upstream_of(run().home(&home), transport))
            .flag("--drain-deadline", "1s")
            .child(everything(&home))
            .stderr_has("data refused due to high memory usage")
            .stderr_has("flush")
            .expect_exit(0);
        assert_eq!(items(&only_run(&home)), Items { pending: all_items(), ..Items::default() });
        collector.stop();
        collector.start_again(&[TO_FILES], &[]);
        flush(&home).expect_exit(0);
        collector.stop();
        assert_numbered(&collector, "item ", |count| count == 1);
        assert_own_and_fixtures(&collector);
    }
}
