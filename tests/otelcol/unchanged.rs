//! What the collector writes is what was sent, but for what otel-run changes on purpose.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::collector::{Collector, Item, TO_FILES, file_name, items, list};
use crate::support::client::{Asked, Client};
use crate::support::listed::{self, Items, only_run};
use crate::support::{Home, Signal, Transport, run};
use crate::{
    LONG, NUMBERED, OWN_LOGS, OWN_METRICS, OWN_POINTS, OWN_SPANS, PARENT, SIGNALS, TRACE, TRANSPORTS, assert_numbered,
    named, nested, numbered, sending,
};

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
    fixture_requests(signal).iter().flat_map(|request| items(signal, request)).collect()
}

fn points(metrics: &[Item]) -> usize {
    let kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
    metrics.iter().flat_map(|item| kinds.map(|kind| list(&item.value[kind], "dataPoints").len())).sum()
}

/// A command that sends numbered items and the fixtures.
pub fn everything(home: &Home) -> [OsString; 3] {
    let mut requests = numbered("item");
    for signal in SIGNALS {
        requests.extend(fixture_requests(signal).into_iter().map(|request| (signal, request)));
    }
    sending(home, "everything.jsonl", &requests)
}

/// How many items a run of [`everything`] has.
pub fn all_items() -> u64 {
    let fixtures = fixture_items(Signal::Traces).len()
        + fixture_items(Signal::Logs).len()
        + points(&fixture_items(Signal::Metrics));
    (3 * NUMBERED + fixtures + OWN_SPANS + OWN_LOGS + OWN_POINTS) as u64
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
            assert_eq!(listed::items(&only_run(&home)), Items { delivered: all_items(), ..Items::default() });
            collector.stop();
            assert_numbered(&collector, "item ", |count| count == 1);
            assert_own_and_fixtures(&collector);
        }
    }
}

/// Fails unless the run's own items and those of the fixtures are there once, these as the transforms make them.
#[track_caller]
pub fn assert_own_and_fixtures(collector: &Collector) {
    let spans = collector.items(Signal::Traces);
    let own: Vec<&Item> = spans.iter().filter(|item| item.scope.0["name"] == "otel-run").collect();
    let [own] = own[..] else { panic!("{} spans of otel-run", own.len()) };
    assert_eq!((&own.value["name"], &own.value["kind"]), (&json!("test-child"), &json!(3)), "{own:?}");
    assert_eq!((&own.value["traceId"], &own.value["parentSpanId"]), (&json!(TRACE), &json!(PARENT)));
    assert_eq!(attribute(&own.value, "process.exit.code"), Some(&json!({ "intValue": "0" })));
    let adopted = Adopted { run_span: own.value["spanId"].clone() };

    for signal in SIGNALS {
        let all = collector.items(signal);
        let of_the_run = all.iter().filter(|item| item.scope.0["name"] == "otel-run").count();
        let of_the_fixtures = fixture_items(signal);
        let own = [OWN_SPANS, OWN_METRICS, OWN_LOGS][signal as usize];
        assert_eq!((of_the_run, all.len()), (own, own + NUMBERED + of_the_fixtures.len()), "{signal:?}");
        for mut wanted in of_the_fixtures {
            adopted.change(signal, &mut wanted.value);
            let found = all.iter().filter(|item| is_as_wanted(item, &wanted)).count();
            assert_eq!(found, 1, "{}\nis not once in\n{}", wanted, alike(&all, &wanted));
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
                        each(point, "exemplars", |exemplar| {
                            // One that names no trace stays without.
                            if exemplar.get("traceId").is_some() {
                                move_trace(exemplar, "filteredAttributes");
                            }
                        });
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
