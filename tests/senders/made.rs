//! What every program makes: two traces with six spans, two log records, nine or ten metrics.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::common::v1::any_value::Value::{
    self, ArrayValue, BoolValue, BytesValue, DoubleValue, IntValue, KvlistValue, StringValue,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value::{AsDouble, AsInt};
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, Exemplar, Metric, NumberDataPoint};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::language::Language;
use crate::support::hex;

/// No double holds the integers beside it.
const LARGE: i64 = (1 << 53) + 2;

const ORIGINAL_TRACE: &str = "otel_run.original_trace_id";

/// Which sums and histograms the program was told to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temporality {
    Cumulative,
    Delta,
}

/// Where the program ran.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    Alone,
    /// Under the run that this span is of.
    Under(&'a Span),
}

/// What came from one program.
pub struct Arrived {
    pub spans: Vec<Span>,
    pub records: Vec<LogRecord>,
    pub metrics: Vec<Metric>,
}

/// The ids that others refer to.
struct Ids {
    trace: Vec<u8>,
    /// The trace before otel-run moved it; none where it did not.
    moved_from: Option<Vec<u8>>,
    span: Vec<u8>,
}

impl Arrived {
    /// Everything is there, once, with the values that the program gave it.
    #[track_caller]
    pub fn assert_made(&self, language: &Language, temporality: Temporality, place: Place<'_>) {
        let (server, client) = self.assert_spans(language, place);
        self.assert_records(&client, place);
        self.assert_metrics(language, temporality, &server);
    }

    #[track_caller]
    fn span(&self, name: &str) -> &Span {
        let found: Vec<&Span> = self.spans.iter().filter(|span| span.name == name).collect();
        assert_eq!(found.len(), 1, "{name} among {:?}", self.spans);
        found[0]
    }

    #[track_caller]
    fn assert_spans(&self, language: &Language, place: Place<'_>) -> (Ids, Ids) {
        let parent = match place {
            Place::Alone => Vec::new(),
            Place::Under(run) => run.span_id.clone(),
        };
        let server_id = self.span("server").span_id.clone();
        let mut ids = BTreeMap::new();
        for (name, kind, parent, code, attributes) in [
            ("earlier", SpanKind::Internal, &parent, StatusCode::Unset, BTreeMap::new()),
            ("server", SpanKind::Server, &parent, StatusCode::Unset, attributes(language)),
            ("client", SpanKind::Client, &server_id, StatusCode::Error, BTreeMap::new()),
            ("producer", SpanKind::Producer, &server_id, StatusCode::Unset, BTreeMap::new()),
            ("consumer", SpanKind::Consumer, &server_id, StatusCode::Unset, BTreeMap::new()),
            ("internal", SpanKind::Internal, &server_id, StatusCode::Ok, BTreeMap::new()),
        ] {
            let span = self.span(name);
            let (moved_from, own) = without_origin(&span.attributes, place);
            assert_eq!(own, attributes, "{span:?}");
            assert_eq!((span.kind(), hex(&span.parent_span_id)), (kind, hex(parent)), "{span:?}");
            let status = span.status.clone().unwrap_or_default();
            let message = if code == StatusCode::Error { "it broke" } else { "" };
            assert_eq!((status.code(), status.message.as_str()), (code, message), "{span:?}");
            assert!(span.start_time_unix_nano > 0 && span.start_time_unix_nano <= span.end_time_unix_nano, "{span:?}");
            if let Place::Under(run) = place {
                assert_eq!(hex(&span.trace_id), hex(&run.trace_id), "{span:?}");
                let lived = run.start_time_unix_nano..=run.end_time_unix_nano;
                assert!(
                    lived.contains(&span.start_time_unix_nano) && lived.contains(&span.end_time_unix_nano),
                    "{span:?}"
                );
            }
            ids.insert(name, Ids { trace: span.trace_id.clone(), moved_from, span: span.span_id.clone() });
        }
        assert_eq!(self.spans.len(), ids.len(), "{:?}", self.spans);
        let traces = |id: fn(&Ids) -> &[u8]| ids.values().map(|ids| id(ids).to_vec()).collect::<BTreeSet<_>>().len();
        match place {
            Place::Alone => assert_eq!(traces(|ids| &ids.trace), 2),
            Place::Under(_) => assert_eq!(traces(|ids| ids.moved_from.as_deref().unwrap()), 2),
        }
        self.assert_events_and_link(&ids["earlier"], place);
        (ids.remove("server").unwrap(), ids.remove("client").unwrap())
    }

    #[track_caller]
    fn assert_events_and_link(&self, earlier: &Ids, place: Place<'_>) {
        let client = self.span("client");
        let [half, broke] = &client.events[..] else { panic!("{client:?}") };
        assert_eq!((half.name.as_str(), broke.name.as_str()), ("half way", "exception"));
        assert_eq!(map(&half.attributes), [("percent".into(), IntValue(50))].into());
        assert_eq!(map(&broke.attributes).get("exception.message"), Some(&string("it broke")), "{broke:?}");
        let [link] = &client.links[..] else { panic!("{client:?}") };
        assert_eq!((hex(&link.trace_id), hex(&link.span_id)), (hex(&earlier.trace), hex(&earlier.span)));
        let (moved_from, attributes) = without_origin(&link.attributes, place);
        assert_eq!(attributes, [("why".into(), string("before"))].into());
        assert_eq!(moved_from, earlier.moved_from);
        for span in self.spans.iter().filter(|span| span.name != "client") {
            assert!(span.events.is_empty() && span.links.is_empty(), "{span:?}");
        }
    }

    #[track_caller]
    fn assert_records(&self, client: &Ids, place: Place<'_>) {
        let of = |severity: &str| {
            let found: Vec<&LogRecord> =
                self.records.iter().filter(|record| record.severity_text == severity).collect();
            assert_eq!(found.len(), 1, "{severity} among {:?}", self.records);
            found[0]
        };
        let (inside, outside) = (of("INFO"), of("WARN"));
        assert_eq!(self.records.len(), 2, "{:?}", self.records);

        assert_eq!((inside.severity_number, inside.event_name.as_str()), (9, "sender.event"), "{inside:?}");
        assert_eq!(body(inside), string("inside of a span"));
        let (moved_from, attributes) = without_origin(&inside.attributes, place);
        assert_eq!(attributes, [("int.large".into(), IntValue(LARGE))].into());
        assert_eq!(moved_from, client.moved_from);
        assert_eq!((hex(&inside.trace_id), hex(&inside.span_id)), (hex(&client.trace), hex(&client.span)));

        assert_eq!((outside.severity_number, outside.event_name.as_str()), (13, ""), "{outside:?}");
        let deep = KeyValueList { values: vec![key_value("deep", string("er"))] };
        let list = array([IntValue(1), string("two"), KvlistValue(deep)]);
        let expected = [
            ("text", string("two\nlines")),
            ("large", IntValue(LARGE)),
            ("half", DoubleValue(0.5)),
            ("yes", BoolValue(true)),
            ("bytes", BytesValue(vec![0, 255])),
            ("list", list),
        ];
        let KvlistValue(body) = body(outside) else { panic!("{outside:?}") };
        assert_eq!(map(&body.values), expected.map(|(key, value)| (key.to_owned(), value)).into());
        assert_eq!(map(&outside.attributes), BTreeMap::new());
        // It had no trace of its own.
        let expected = match place {
            Place::Alone => (String::new(), String::new()),
            Place::Under(run) => (hex(&run.trace_id), hex(&run.span_id)),
        };
        assert_eq!((hex(&outside.trace_id), hex(&outside.span_id)), expected);
    }

    #[track_caller]
    fn metric(&self, name: &str) -> &Metric {
        let found: Vec<&Metric> = self.metrics.iter().filter(|metric| metric.name == name).collect();
        assert_eq!(found.len(), 1, "{name} among {:?}", self.metrics);
        found[0]
    }

    #[track_caller]
    fn assert_metrics(&self, language: &Language, temporality: Temporality, server: &Ids) {
        let told = match temporality {
            Temporality::Cumulative => AggregationTemporality::Cumulative,
            Temporality::Delta => AggregationTemporality::Delta,
        };
        // What goes up and down is cumulative, whatever the program is told (metrics exporter, temporality preference).
        let always = AggregationTemporality::Cumulative;
        let kinds = [(Some("good"), AsInt(7)), (Some("bad"), AsInt(1))];
        let mut exemplars = Vec::new();
        for (name, monotonic, temporality, values) in [
            ("sender.requests", true, told, &kinds[..]),
            ("sender.seconds", true, told, &[(None, AsDouble(0.1 + 0.2))]),
            ("sender.open", false, always, &[(None, AsInt(-2))]),
            ("sender.observed.count", true, told, &[(None, AsInt(LARGE))]),
            ("sender.observed.open", false, always, &[(None, AsInt(-4))]),
        ] {
            let Some(Data::Sum(sum)) = &self.metric(name).data else { panic!("{:?}", self.metric(name)) };
            assert_eq!((sum.is_monotonic, sum.aggregation_temporality()), (monotonic, temporality), "{name}");
            assert_points(name, &sum.data_points, values);
            exemplars.extend(sum.data_points.iter().flat_map(|point| &point.exemplars));
        }
        for (name, value) in [("sender.level", -2.5), ("sender.observed.level", 0.125)] {
            let Some(Data::Gauge(gauge)) = &self.metric(name).data else { panic!("{:?}", self.metric(name)) };
            assert_points(name, &gauge.data_points, &[(None, AsDouble(value))]);
            exemplars.extend(gauge.data_points.iter().flat_map(|point| &point.exemplars));
        }
        let duration = self.metric("sender.duration");
        let Some(Data::Histogram(histogram)) = &duration.data else { panic!("{duration:?}") };
        let [point] = &histogram.data_points[..] else { panic!("{duration:?}") };
        assert_eq!(histogram.aggregation_temporality(), told);
        assert_eq!((point.count, point.sum, point.min, point.max), (3, Some(5007.25), Some(0.25), Some(5000.0)));
        assert_eq!((&point.explicit_bounds[..], &point.bucket_counts[..]), (&[1.0, 10.0][..], &[1, 1, 1][..]));
        assert_eq!(point.exemplars.is_empty(), !language.makes_exemplars, "{point:?}");
        exemplars.extend(&point.exemplars);
        let mut count = 8;
        if language.makes_exponential_histograms {
            let sizes = self.metric("sender.sizes");
            let Some(Data::ExponentialHistogram(histogram)) = &sizes.data else { panic!("{sizes:?}") };
            let [point] = &histogram.data_points[..] else { panic!("{sizes:?}") };
            assert_eq!(histogram.aggregation_temporality(), told);
            assert_eq!((point.count, point.sum, point.zero_count), (5, Some(11.0), 1));
            let counted: u64 = point.positive.iter().flat_map(|buckets| &buckets.bucket_counts).sum();
            assert_eq!(counted, 4, "{point:?}");
            exemplars.extend(&point.exemplars);
            count += 1;
        }
        assert_eq!(self.metrics.len(), count, "{:?}", self.metrics);
        let requests = self.metric("sender.requests");
        assert_eq!((requests.unit.as_str(), requests.description.as_str()), ("{request}", "Requests made"));
        assert_eq!(duration.unit, "s");
        assert_exemplars(&exemplars, server);
    }
}

/// They are of the span that the measurements were made in.
#[track_caller]
fn assert_exemplars(exemplars: &[&Exemplar], server: &Ids) {
    for exemplar in exemplars {
        assert_eq!((hex(&exemplar.trace_id), hex(&exemplar.span_id)), (hex(&server.trace), hex(&server.span)));
        let attributes = map(&exemplar.filtered_attributes);
        let moved_from = attributes.get(ORIGINAL_TRACE).cloned();
        assert_eq!(moved_from, server.moved_from.as_ref().map(|id| string(&hex(id))), "{exemplar:?}");
    }
}

#[track_caller]
fn assert_points(
    metric: &str,
    points: &[NumberDataPoint],
    expected: &[(Option<&str>, opentelemetry_proto::tonic::metrics::v1::number_data_point::Value)],
) {
    assert_eq!(points.len(), expected.len(), "{metric}: {points:?}");
    for (kind, value) in expected {
        let attributes: BTreeMap<String, Value> =
            kind.map(|kind| ("kind".to_owned(), string(kind))).into_iter().collect();
        let found: Vec<_> = points.iter().filter(|point| map(&point.attributes) == attributes).collect();
        assert_eq!(found.len(), 1, "{metric}: {points:?}");
        assert_eq!(found[0].value.as_ref(), Some(value), "{metric}");
    }
}

/// Those of the span `server`.
fn attributes(language: &Language) -> BTreeMap<String, Value> {
    let mut attributes = BTreeMap::from([
        ("text", string("Grüße \"世界\"\n")),
        ("empty", string("")),
        ("int", IntValue(-5)),
        ("int.large", IntValue(LARGE)),
        ("double", DoubleValue(0.1)),
        ("double.tiny", DoubleValue(5e-324)),
        ("yes", BoolValue(true)),
        ("no", BoolValue(false)),
        ("texts", array([string("a"), string("")])),
        ("ints", array([IntValue(1), IntValue(LARGE)])),
        ("doubles", array([DoubleValue(0.5), DoubleValue(1.5)])),
        ("bools", array([BoolValue(true), BoolValue(false)])),
        ("none", array([])),
    ]);
    if language.has_integers {
        attributes.extend([
            ("int.max", IntValue(i64::MAX)),
            ("double.whole", DoubleValue(3.0)),
            ("double.huge", DoubleValue(f64::MAX)),
        ]);
    }
    attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The trace that an item came from, which must be noted under otel-run and only there, and its other attributes.
#[track_caller]
fn without_origin(attributes: &[KeyValue], place: Place<'_>) -> (Option<Vec<u8>>, BTreeMap<String, Value>) {
    let mut attributes = map(attributes);
    let origin = attributes.remove(ORIGINAL_TRACE);
    assert_eq!(origin.is_some(), matches!(place, Place::Under(_)), "{attributes:?}");
    let id = origin.map(|origin| match origin {
        StringValue(id) => {
            (0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()).collect()
        }
        other => panic!("{other:?} is no trace id"),
    });
    (id, attributes)
}

/// Attributes by their keys, of which each must be there once and have a value.
#[track_caller]
fn map(attributes: &[KeyValue]) -> BTreeMap<String, Value> {
    let map: BTreeMap<String, Value> = attributes
        .iter()
        .map(|attribute| (attribute.key.clone(), attribute.value.clone().and_then(|value| value.value)))
        .map(|(key, value)| (key.clone(), value.unwrap_or_else(|| panic!("{key} has no value"))))
        .collect();
    assert_eq!(map.len(), attributes.len(), "{attributes:?}");
    map
}

#[track_caller]
fn body(record: &LogRecord) -> Value {
    record.body.clone().and_then(|body| body.value).unwrap_or_else(|| panic!("no body: {record:?}"))
}

fn string(text: &str) -> Value {
    StringValue(text.to_owned())
}

fn array<const LENGTH: usize>(values: [Value; LENGTH]) -> Value {
    let values = values.map(|value| AnyValue { value: Some(value) }).into();
    ArrayValue(opentelemetry_proto::tonic::common::v1::ArrayValue { values })
}

fn key_value(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
