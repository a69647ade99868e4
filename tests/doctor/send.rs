//! `doctor --send`: telemetry that is to be looked for, and what is said of it.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;

use crate::support::{Behaviour, Home, Transport, Upstream, hex, run};

fn is_marked(attributes: &[KeyValue]) -> bool {
    let is_true =
        |value: &Option<AnyValue>| value.as_ref().and_then(|value| value.value.clone()) == Some(Value::BoolValue(true));
    attributes.iter().any(|attribute| attribute.key == "otel_run.doctor" && is_true(&attribute.value))
}

fn has(attributes: &[KeyValue], key: &str, text: &str) -> bool {
    let is = |value: &Option<AnyValue>| {
        value.as_ref().and_then(|value| value.value.clone()) == Some(Value::StringValue(text.to_owned()))
    };
    attributes.iter().any(|attribute| attribute.key == key && is(&attribute.value))
}

#[test]
fn one_item_of_each_signal_arrives_with_its_mark_and_is_found_by_its_trace() {
    for transport in [Transport::HttpProtobuf, Transport::HttpJson, Transport::Grpc] {
        let upstream = Upstream::start();
        let ran = run()
            .upstream_by(&upstream, transport)
            .flag("--header", "x-key=k2")
            .flag("--service-name", "mine")
            .flag("--timeout", "30s")
            .args(["--resource-attribute", "team=blue", "--compression", "gzip", "doctor", "--send"])
            .expect_exit(0);
        let said = ran.stdout_text().split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, id) = said.split_once("look for the trace ").unwrap_or_else(|| panic!("{said}"));
        let id = &id[..32];

        let spans = upstream.spans_with_resources();
        assert_eq!(spans.len(), 1, "{spans:#?}");
        let (resource, span) = &spans[0];
        assert_eq!(hex(&span.trace_id), id);
        assert!(is_marked(&span.attributes) && is_marked(&resource.attributes), "{span:#?}");
        assert!(has(&resource.attributes, "service.name", "mine"), "{resource:#?}");
        assert!(has(&resource.attributes, "team", "blue"), "{resource:#?}");

        let records = upstream.log_records();
        assert_eq!(records.len(), 1, "{records:#?}");
        assert!(is_marked(&records[0].1.attributes) && hex(&records[0].1.trace_id) == id, "{records:#?}");
        assert!(has(&records[0].0.attributes, "service.name", "mine"));

        let metrics = upstream.metrics();
        assert_eq!(metrics.len(), 1, "{metrics:#?}");
        let Some(Data::Gauge(gauge)) = &metrics[0].1.data else { panic!("{metrics:#?}") };
        assert!(gauge.data_points.len() == 1 && is_marked(&gauge.data_points[0].attributes), "{gauge:#?}");
        assert!(has(&metrics[0].0.attributes, "service.name", "mine"));

        // The way of a run's own telemetry: its protocol, its compression, its headers. First an empty request each.
        let received = upstream.received();
        assert_eq!(received.len(), 6);
        for request in received {
            assert_eq!((request.transport, request.gzip, request.header("x-key")), (transport, true, "k2"));
        }
    }
}

#[test]
fn nothing_but_empty_requests_is_sent_without_it() {
    let upstream = Upstream::start();
    run().upstream(&upstream).args(["doctor"]).expect_exit(0);
    assert_eq!(upstream.hits(), 3);
    assert!(upstream.received().iter().all(|request| request.body.is_empty()));
    assert!(upstream.spans().is_empty() && upstream.metrics().is_empty() && upstream.log_records().is_empty());
}

#[test]
fn what_does_not_arrive_is_said_for_each_destination() {
    let home = Home::new();
    let (good, bad) = (Upstream::start(), Upstream::behaving(Behaviour::Status(500, vec![])));
    let partial = Upstream::behaving(Behaviour::Reject(1));
    let settings = format!(
        "endpoint = '{}'\n[[upstream]]\nname = 'second'\nendpoint = '{}'\n[[upstream]]\nname = 'third'\nendpoint = '{}'\n",
        good.url(),
        bad.url(),
        partial.url()
    );
    home.write_config("otel-run/config.toml", &settings);
    let ran = run().home(&home).args(["doctor", "--send", "--timeout", "30s"]).expect_exit(2);
    let said = ran.stdout_text().split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "default: a span, a data point and a log record with otel_run.doctor=true were taken: look for the trace",
        "second: a span was not taken: the backend answered 500",
        "second: a data point was not taken: the backend answered 500",
        "third: a span was rejected",
    ] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    assert_eq!(good.spans().len(), 1);
}
