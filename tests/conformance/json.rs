//! OTLP in JSON: what is read, as which protobuf, and what is not (OTLP, "JSON Protobuf Encoding", on the JSON mapping of
//! proto3).
//!
//! Names in snake_case and names of enumerations are taken, which the standard does not allow: it would help nobody to refuse
//! or to drop such data. They are never written.

use opentelemetry_proto::tonic::common::v1::any_value::Value::{
    ArrayValue as Array, BoolValue, BytesValue, DoubleValue, IntValue, KvlistValue, StringValue,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value::{AsDouble, AsInt};
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, HistogramDataPoint, NumberDataPoint, exemplar, metric::Data};
use opentelemetry_proto::tonic::trace::v1::{Span, Status, span::Link};
use otel_run::otlp::Signal;

use crate::support::client::{Asked, Client};
use crate::support::samples::Encoding;
use crate::support::{Open, Stored, run};
use crate::table::{Verdicts, same};

const TRACE: [u8; 16] =
    [0x5b, 0x8e, 0xff, 0xf7, 0x98, 0x03, 0x81, 0x03, 0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6, 0x0c];
const SPAN: [u8; 8] = [0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74];
const BILLION: u64 = 1_000_000_000;

/// Members of a span, and what they make of it; none where the request is refused.
type SpanRow = (&'static str, &'static str, Option<fn(&mut Span)>);

#[test]
fn spans() {
    let rows: &[SpanRow] = &[
        ("nothing else", "", Some(|_| {})),
        (
            "a trace id in lower case",
            r#""traceId":"5b8efff798038103d269b633813fc60c""#,
            Some(|s| s.trace_id = TRACE.into()),
        ),
        (
            "a trace id in capitals",
            r#""traceId":"5B8EFFF798038103D269B633813FC60C""#,
            Some(|s| s.trace_id = TRACE.into()),
        ),
        ("a span id in any case", r#""spanId":"eEe19B7ec3c1b174""#, Some(|s| s.span_id = SPAN.into())),
        ("a parent", r#""parentSpanId":"EEE19b7ec3c1B174""#, Some(|s| s.parent_span_id = SPAN.into())),
        ("empty ids", r#""traceId":"","spanId":"","parentSpanId":"""#, Some(|_| {})),
        ("a short trace id", r#""traceId":"5b8efff7""#, None),
        ("a trace id in base64", r#""traceId":"W47/95gDgQPSabYzgT/GDA==""#, None),
        ("a span id with other letters", r#""spanId":"geee19b7ec3c1b17""#, None),
        ("an id that is a number", r#""spanId":1"#, None),
        ("an id with a sign", r#""spanId":"+ee19b7ec3c1b174""#, None),
        (
            "ids in a link",
            r#""links":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","traceState":"a=b"}]"#,
            Some(|s| {
                s.links = vec![Link {
                    trace_id: TRACE.into(),
                    span_id: SPAN.into(),
                    trace_state: "a=b".into(),
                    ..Link::default()
                }];
            }),
        ),
        ("an enumeration by number", r#""kind":2"#, Some(|s| s.kind = 2)),
        ("an enumeration by numeral", r#""kind":"2""#, Some(|s| s.kind = 2)),
        ("an enumeration by name", r#""kind":"SPAN_KIND_SERVER""#, Some(|s| s.kind = 2)),
        ("an enumeration by a number that nobody knows", r#""kind":99"#, Some(|s| s.kind = 99)),
        ("an enumeration by a name that nobody knows", r#""kind":"SPAN_KIND_BUTLER""#, None),
        (
            "a status by name",
            r#""status":{"code":"STATUS_CODE_ERROR","message":"no"}"#,
            Some(|s| s.status = Some(Status { code: 2, message: "no".into() })),
        ),
        ("64 bits as a string", r#""startTimeUnixNano":"1000000000""#, Some(|s| s.start_time_unix_nano = BILLION)),
        ("64 bits as a number", r#""startTimeUnixNano":1000000000"#, Some(|s| s.start_time_unix_nano = BILLION)),
        ("64 bits with an exponent", r#""startTimeUnixNano":1e9"#, Some(|s| s.start_time_unix_nano = BILLION)),
        (
            "64 bits with a fraction and an exponent",
            r#""startTimeUnixNano":1.0000E+9"#,
            Some(|s| s.start_time_unix_nano = BILLION),
        ),
        (
            "64 bits with an exponent in a string",
            r#""startTimeUnixNano":"1.00e9""#,
            Some(|s| s.start_time_unix_nano = BILLION),
        ),
        ("the largest number", r#""endTimeUnixNano":18446744073709551615"#, Some(|s| s.end_time_unix_nano = u64::MAX)),
        (
            "the largest number in a string",
            r#""endTimeUnixNano":"18446744073709551615""#,
            Some(|s| s.end_time_unix_nano = u64::MAX),
        ),
        ("more than 64 bits", r#""endTimeUnixNano":"18446744073709551616""#, None),
        ("less than nothing", r#""endTimeUnixNano":-1"#, None),
        ("a fraction", r#""endTimeUnixNano":1.5"#, None),
        ("a fraction in a string", r#""endTimeUnixNano":"15e-1""#, None),
        ("an integer with spaces around", r#""endTimeUnixNano":" 1 ""#, None),
        ("an empty integer", r#""endTimeUnixNano":"""#, None),
        ("32 bits", r#""flags":4294967295"#, Some(|s| s.flags = u32::MAX)),
        ("32 bits in a string", r#""flags":"256""#, Some(|s| s.flags = 256)),
        ("more than 32 bits", r#""flags":4294967296"#, None),
        (
            "null everywhere",
            r#""traceId":null,"kind":null,"startTimeUnixNano":null,"attributes":null,"events":null,"status":null,"flags":null"#,
            Some(|_| {}),
        ),
        (
            "snake_case",
            r#""trace_id":"5b8efff798038103d269b633813fc60c","parent_span_id":"eee19b7ec3c1b174","start_time_unix_nano":"1000000000","dropped_events_count":3"#,
            Some(|s| {
                (s.trace_id, s.parent_span_id) = (TRACE.into(), SPAN.into());
                (s.start_time_unix_nano, s.dropped_events_count) = (BILLION, 3);
            }),
        ),
        ("a capital first letter", r#""Kind":2"#, Some(|_| {})),
        (
            "fields that nobody knows",
            r#""new":1,"newer":{"kind":[{"deep":null}]},"newest":[[[]],"x",1e999],"kind":3"#,
            Some(|s| s.kind = 3),
        ),
        ("a key twice", r#""kind":1,"kind":5"#, Some(|s| s.kind = 5)),
        (
            "a key twice in two notations",
            r#""dropped_links_count":1,"droppedLinksCount":2"#,
            Some(|s| s.dropped_links_count = 2),
        ),
        (
            "a list twice",
            r#""links":[{}],"links":[{"traceState":"x=y"}]"#,
            Some(|s| {
                s.links = vec![Link { trace_state: "x=y".into(), ..Link::default() }];
            }),
        ),
        ("escapes", r#""traceState":"\u0061=\ud83d\ude00\/\"\\""#, Some(|s| s.trace_state = "a=😀/\"\\".into())),
        ("half of a pair", r#""traceState":"\ud83d""#, None),
        ("a line break in a string", "\"traceState\":\"a\nb\"", None),
        ("a number for a string", r#""traceState":1"#, None),
        ("a truth value for a number", r#""kind":true"#, None),
        ("an object for a list", r#""links":{}"#, None),
        ("a list for an object", r#""status":[]"#, None),
        ("a string for a list", r#""attributes":"""#, None),
        ("a list in a list", r#""links":[[]]"#, None),
    ];
    let play = Play::begin();
    let mut verdicts = Verdicts::default();
    let mut client = play.0.client();
    let mut expected = Vec::new();
    for (name, members, makes) in rows {
        let comma = if members.is_empty() { "" } else { "," };
        let body =
            format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"name":"{name}"{comma}{members}}}]}}]}}]}}"#);
        verdicts.add(name, play.send(&mut client, Signal::Traces, body.as_bytes(), makes.is_some()));
        if let Some(makes) = makes {
            let mut span = Span { name: (*name).to_owned(), ..Span::default() };
            makes(&mut span);
            expected.push(span);
        }
    }
    drop(client);
    judge(&mut verdicts, play.end().spans_of_the_command(), expected, |span| span.name.clone());
    verdicts.none_is_wrong();
}

/// An `AnyValue`; none where the request is refused.
type ValueRow = (&'static str, &'static str, Option<Option<any_value::Value>>);

#[test]
fn values() {
    let any = |value| AnyValue { value };
    let rows: &[ValueRow] = &[
        ("the empty value", "{}", Some(None)),
        ("a string", r#"{"stringValue":""}"#, Some(Some(StringValue(String::new())))),
        ("a truth value", r#"{"boolValue":false}"#, Some(Some(BoolValue(false)))),
        ("a truth value in a string", r#"{"boolValue":"true"}"#, None),
        ("an integer in a string", r#"{"intValue":"-9223372036854775808"}"#, Some(Some(IntValue(i64::MIN)))),
        ("an integer", r#"{"intValue":9223372036854775807}"#, Some(Some(IntValue(i64::MAX)))),
        ("an integer with an exponent", r#"{"intValue":-12.50e2}"#, Some(Some(IntValue(-1250)))),
        ("an integer beyond 64 bits", r#"{"intValue":9223372036854775808}"#, None),
        ("zero", r#"{"intValue":"0"}"#, Some(Some(IntValue(0)))),
        ("a double", r#"{"doubleValue":-1.5e-300}"#, Some(Some(DoubleValue(-1.5e-300)))),
        ("a double in a string", r#"{"doubleValue":"1.5"}"#, Some(Some(DoubleValue(1.5)))),
        ("a double that is whole", r#"{"doubleValue":3}"#, Some(Some(DoubleValue(3.0)))),
        ("no number", r#"{"doubleValue":"NaN"}"#, Some(Some(DoubleValue(f64::NAN)))),
        ("infinity", r#"{"doubleValue":"Infinity"}"#, Some(Some(DoubleValue(f64::INFINITY)))),
        ("negative infinity", r#"{"doubleValue":"-Infinity"}"#, Some(Some(DoubleValue(f64::NEG_INFINITY)))),
        ("infinity in short", r#"{"doubleValue":"inf"}"#, None),
        ("infinity without quotes", r#"{"doubleValue":Infinity}"#, None),
        ("a double beyond all", r#"{"doubleValue":1e400}"#, None),
        ("bytes", r#"{"bytesValue":"+/8="}"#, Some(Some(BytesValue(vec![0xfb, 0xff])))),
        ("bytes without padding", r#"{"bytesValue":"+/8"}"#, Some(Some(BytesValue(vec![0xfb, 0xff])))),
        ("bytes for URLs", r#"{"bytesValue":"-_8="}"#, Some(Some(BytesValue(vec![0xfb, 0xff])))),
        ("no bytes", r#"{"bytesValue":""}"#, Some(Some(BytesValue(Vec::new())))),
        ("bytes in hex", r#"{"bytesValue":"fbff0"}"#, None),
        ("bytes with a line break", r#"{"bytesValue":"+/\n8="}"#, None),
        (
            "an array",
            r#"{"arrayValue":{"values":[{"stringValue":"a"},{},{"intValue":1}]}}"#,
            Some(Some(Array(ArrayValue {
                values: vec![any(Some(StringValue("a".into()))), any(None), any(Some(IntValue(1)))],
            }))),
        ),
        ("an empty array", r#"{"arrayValue":{}}"#, Some(Some(Array(ArrayValue::default())))),
        (
            "a map",
            r#"{"kvlistValue":{"values":[{"key":"k"},{"key":"v","value":{"boolValue":true}}]}}"#,
            Some(Some(KvlistValue(KeyValueList {
                values: vec![
                    KeyValue { key: "k".into(), ..KeyValue::default() },
                    KeyValue { key: "v".into(), value: Some(any(Some(BoolValue(true)))), ..KeyValue::default() },
                ],
            }))),
        ),
        ("two at once", r#"{"stringValue":"first","intValue":2}"#, Some(Some(IntValue(2)))),
        ("one and null", r#"{"stringValue":"first","intValue":null}"#, Some(Some(StringValue("first".into())))),
        ("only null", r#"{"stringValue":null}"#, Some(None)),
        ("snake_case", r#"{"string_value":"s"}"#, Some(Some(StringValue("s".into())))),
        ("a kind that nobody knows", r#"{"colourValue":"red"}"#, Some(None)),
        ("a bare string", r#""red""#, None),
    ];
    let play = Play::begin();
    let mut verdicts = Verdicts::default();
    let mut client = play.0.client();
    let mut expected = Vec::new();
    for (name, value, makes) in rows {
        let body = format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"name":"{name}","attributes":[{{"key":"k","value":{value}}}]}}]}}]}}]}}"#
        );
        verdicts.add(name, play.send(&mut client, Signal::Traces, body.as_bytes(), makes.is_some()));
        if let Some(value) = makes {
            let attribute = KeyValue { key: "k".into(), value: Some(any(value.clone())), ..KeyValue::default() };
            expected.push(Span { name: (*name).to_owned(), attributes: vec![attribute], ..Span::default() });
        }
    }
    drop(client);
    judge(&mut verdicts, play.end().spans_of_the_command(), expected, |span| span.name.clone());
    verdicts.none_is_wrong();
}

#[test]
fn points() {
    type Row = (&'static str, &'static str, Option<fn() -> Data>);
    fn gauge(point: NumberDataPoint) -> Data {
        Data::Gauge(opentelemetry_proto::tonic::metrics::v1::Gauge { data_points: vec![point] })
    }
    fn histogram(point: HistogramDataPoint) -> Data {
        let temporality = 2;
        Data::Histogram(opentelemetry_proto::tonic::metrics::v1::Histogram {
            data_points: vec![point],
            aggregation_temporality: temporality,
        })
    }
    let rows: &[Row] = &[
        (
            "asInt in a string",
            r#""gauge":{"dataPoints":[{"asInt":"-7"}]}"#,
            Some(|| gauge(NumberDataPoint { value: Some(AsInt(-7)), ..NumberDataPoint::default() })),
        ),
        (
            "asInt as a number",
            r#""gauge":{"dataPoints":[{"asInt":7}]}"#,
            Some(|| gauge(NumberDataPoint { value: Some(AsInt(7)), ..NumberDataPoint::default() })),
        ),
        (
            "asDouble that is whole",
            r#""gauge":{"dataPoints":[{"asDouble":7}]}"#,
            Some(|| gauge(NumberDataPoint { value: Some(AsDouble(7.0)), ..NumberDataPoint::default() })),
        ),
        (
            "asDouble beyond numbers",
            r#""gauge":{"dataPoints":[{"asDouble":"-Infinity"}]}"#,
            Some(|| gauge(NumberDataPoint { value: Some(AsDouble(f64::NEG_INFINITY)), ..NumberDataPoint::default() })),
        ),
        (
            "no value",
            r#""gauge":{"dataPoints":[{"flags":1}]}"#,
            Some(|| gauge(NumberDataPoint { flags: 1, ..NumberDataPoint::default() })),
        ),
        (
            "ids in an exemplar",
            r#""gauge":{"dataPoints":[{"exemplars":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","asInt":"1"}]}]}"#,
            Some(|| {
                let value = Some(exemplar::Value::AsInt(1));
                let exemplar = Exemplar { trace_id: TRACE.into(), span_id: SPAN.into(), value, ..Exemplar::default() };
                gauge(NumberDataPoint { exemplars: vec![exemplar], ..NumberDataPoint::default() })
            }),
        ),
        (
            "numbers in lists",
            r#""histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","dataPoints":[{"count":"6","bucketCounts":["1",2,"3e0",null],"explicitBounds":[0,1.5,"Infinity"],"sum":0}]}"#,
            Some(|| {
                histogram(HistogramDataPoint {
                    count: 6,
                    bucket_counts: vec![1, 2, 3, 0],
                    explicit_bounds: vec![0.0, 1.5, f64::INFINITY],
                    sum: Some(0.0),
                    ..HistogramDataPoint::default()
                })
            }),
        ),
        (
            "empty lists and no sum",
            r#""histogram":{"aggregationTemporality":2,"dataPoints":[{"bucketCounts":[],"explicitBounds":null,"sum":null}]}"#,
            Some(|| histogram(HistogramDataPoint::default())),
        ),
        ("a negative count", r#""histogram":{"dataPoints":[{"count":-1}]}"#, None),
        ("a number for a list", r#""histogram":{"dataPoints":[{"bucketCounts":1}]}"#, None),
    ];
    let play = Play::begin();
    let mut verdicts = Verdicts::default();
    let mut client = play.0.client();
    let mut expected = Vec::new();
    for (name, members, makes) in rows {
        let body =
            format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"{name}",{members}}}]}}]}}]}}"#);
        verdicts.add(name, play.send(&mut client, Signal::Metrics, body.as_bytes(), makes.is_some()));
        if let Some(makes) = makes {
            expected.push(((*name).to_owned(), Some(makes())));
        }
    }
    drop(client);
    let found = play.end().metrics_of_the_command().into_iter().map(|metric| (metric.name, metric.data)).collect();
    judge(&mut verdicts, found, expected, |(name, _)| name.clone());
    verdicts.none_is_wrong();
}

#[test]
fn whole_requests() {
    let nested = |depth: usize, known: bool| {
        let (front, back) = match known {
            true => (r#"{"arrayValue":{"values":["#.repeat(depth), "]}}".repeat(depth)),
            false => (r#"{"new":["#.repeat(depth), "]}".repeat(depth)),
        };
        let value = format!("{front}{{}}{back}");
        format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"attributes":[{{"key":"k","value":{value}}}]}}]}}]}}]}}"#
        )
    };
    let span = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":""}]}]}]}"#;
    let around = |front: &[u8], back: &[u8]| [front, span, back].concat();
    let replaced = |text: &[u8]| [&span[..52], text, &span[52..]].concat();
    let rows: Vec<(&str, Vec<u8>, bool)> = vec![
        ("white space around", around(b" \t\r\n", b"\n\n"), true),
        ("a mark of the byte order", around(b"\xef\xbb\xbf", b""), false),
        ("UTF-16", span.iter().flat_map(|byte| [*byte, 0]).collect(), false),
        ("something behind it", around(b"", b"x"), false),
        ("a second one behind it", around(b"", span), false),
        ("a comma behind it", around(b"", b","), false),
        ("a list", around(b"[", b"]"), false),
        ("null", b"null".to_vec(), false),
        ("a string", b"\"x\"".to_vec(), false),
        ("nothing", Vec::new(), false),
        ("only white space", b"  \n".to_vec(), false),
        ("cut off", span[..span.len() - 1].to_vec(), false),
        ("text in another language", replaced("πνεῦμα 🐚".as_bytes()), true),
        ("bytes that are no UTF-8", replaced(b"\xff"), false),
        ("UTF-8 cut off", replaced(b"\xf0\x9f\x90"), false),
        ("UTF-8 in a longer form", replaced(b"\xc0\xaf"), false),
        ("a zero byte", replaced(b"\0"), false),
        ("a comment", around(b"/* no */", b""), false),
        ("single quotes", b"{'resourceSpans':[]}".to_vec(), false),
        ("a comma too many", br#"{"resourceSpans":[],}"#.to_vec(), false),
        ("nested as far as it may be", nested(38, true).into_bytes(), true),
        ("nested deeper", nested(60, true).into_bytes(), false),
        ("nested without end", b"{\"resourceSpans\":".repeat(100_000), false),
        ("nested deep in what nobody knows", nested(100_000, false).into_bytes(), true),
        ("a key very often", format!("{{{}}}", vec![r#""resourceSpans":[]"#; 1000].join(",")).into_bytes(), false),
    ];
    let play = Play::begin();
    let (mut verdicts, mut taken) = (Verdicts::default(), 0);
    let mut client = play.0.client();
    for (name, body, good) in &rows {
        verdicts.add(name, play.send(&mut client, Signal::Traces, body, *good));
        taken += usize::from(*good);
    }
    drop(client);
    verdicts.add("all together", same("spans in the log", play.end().spans_of_the_command().len(), taken));
    verdicts.none_is_wrong();
}

/// A run that leaves what it takes as it is.
struct Play(Open);

impl Play {
    fn begin() -> Self {
        Self(Open::start(run().flag("--nest", "off").flag("--content", "on")))
    }

    fn send(&self, client: &mut Client, signal: Signal, body: &[u8], good: bool) -> Result<(), String> {
        let path = format!("{}/{}", self.0.path(), signal.path());
        let answer = client.ask(&Asked::post(path, "application/json", body));
        same("content type", answer.header("content-type"), "application/json")?;
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        if good {
            return same("answer", (answer.status, &said[..]), (200, "{}"));
        }
        same("status", answer.status, 400)?;
        let (code, message) = Encoding::Json.status(&answer.body).ok_or("the body is no google.rpc.Status")?;
        same("code", code, 3)?;
        // The place is said, and the text is not quoted.
        same("a place in the message", message.contains("line ") && message.contains("column "), true)
    }

    #[track_caller]
    fn end(self) -> Stored {
        Stored::of(&self.0.end().home)
    }
}

/// Compares items with what they have to be, by their names. The printed forms are compared: NaN is not equal to itself.
fn judge<T: std::fmt::Debug>(verdicts: &mut Verdicts, mut found: Vec<T>, expected: Vec<T>, name: fn(&T) -> String) {
    for item in &expected {
        let place = found.iter().position(|other| name(other) == name(item));
        let other = place.map(|place| found.remove(place));
        verdicts.add(&name(item), same("item in the log", format!("{other:?}"), format!("{:?}", Some(item))));
    }
    for item in &found {
        verdicts.add(&name(item), Err(format!("{item:?} is in the log")));
    }
}
