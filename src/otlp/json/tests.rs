//! The rules of OTLP/JSON one by one, and what agents really send.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, metric};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{decode, encode};
use crate::otlp::Signal;
use crate::otlp::wire::WireError;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn traces(spans: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#)
}

/// The one span that the JSON of a span is read as.
fn span(json: &str) -> Span {
    let protobuf = decode(Signal::Traces, traces(json).as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    let mut request = ExportTraceServiceRequest::decode(protobuf.as_slice()).unwrap();
    request.resource_spans.remove(0).scope_spans.remove(0).spans.remove(0)
}

/// Why the JSON of a span is refused, below the path of the span.
fn span_error(json: &str) -> String {
    let error = decode(Signal::Traces, traces(json).as_bytes()).expect_err(json);
    let below = error.path.strip_prefix("resourceSpans[0].scopeSpans[0].spans[0]").expect(&error.path);
    format!("{}: {}", below.trim_start_matches('.'), error.reason)
}

fn value(json: &str) -> Option<AnyValue> {
    let json = format!(r#"{{"attributes":[{{"key":"k","value":{json}}}]}}"#);
    span(&json).attributes.remove(0).value
}

fn set(value: any_value::Value) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

#[test]
fn ids_are_hexadecimal_in_either_case() {
    let upper = TRACE.to_uppercase();
    let span = span(&format!(
        r#"{{"traceId":"{upper}","spanId":"B7AD6B7169203331","parentSpanId":"","links":[{{"traceId":"{TRACE}","spanId":"b7ad6b7169203331"}}]}}"#
    ));
    assert_eq!(span.trace_id[..3], [0x0a, 0xf7, 0x65]);
    assert_eq!(span.span_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
    assert!(span.parent_span_id.is_empty());
    assert_eq!(span.links[0].trace_id, span.trace_id);
    assert_eq!(span.links[0].span_id, span.span_id);

    let json = encode(
        Signal::Traces,
        &decode(Signal::Traces, traces(&format!(r#"{{"traceId":"{upper}"}}"#)).as_bytes()).unwrap(),
    );
    assert_eq!(json.unwrap(), traces(&format!(r#"{{"traceId":"{TRACE}"}}"#)));
}

#[test]
fn ids_in_log_records_and_exemplars_are_hexadecimal() {
    let ids = format!(r#""traceId":"{TRACE}","spanId":"b7ad6b7169203331""#);
    let logs = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{{ids}}}]}}]}}]}}"#);
    let protobuf = decode(Signal::Logs, logs.as_bytes()).unwrap();
    let request = ExportLogsServiceRequest::decode(protobuf.as_slice()).unwrap();
    assert_eq!(request.resource_logs[0].scope_logs[0].log_records[0].span_id[0], 0xb7);
    assert_eq!(encode(Signal::Logs, &protobuf).unwrap(), logs);

    // An exemplar's ids have another order in the .proto file.
    let metrics = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"gauge":{{"dataPoints":[{{"exemplars":[{{"spanId":"b7ad6b7169203331","traceId":"{TRACE}"}}]}}]}}}}]}}]}}]}}"#
    );
    let protobuf = decode(Signal::Metrics, metrics.as_bytes()).unwrap();
    assert_eq!(encode(Signal::Metrics, &protobuf).unwrap(), metrics);
    assert!(ExportMetricsServiceRequest::decode(protobuf.as_slice()).is_ok());
}

#[test]
fn enumerations_are_integers_and_names_are_read() {
    for (json, kind) in [
        ("3", 3),
        (r#""SPAN_KIND_CLIENT""#, 3),
        (r#""SPAN_KIND_UNSPECIFIED""#, 0),
        (r#""3""#, 3),
        ("3.0", 3),
        ("99", 99),
        ("-1", -1),
        ("null", 0),
    ] {
        assert_eq!(span(&format!(r#"{{"kind":{json}}}"#)).kind, kind, "{json}");
    }
    let protobuf = decode(Signal::Traces, traces(r#"{"kind":"SPAN_KIND_CLIENT"}"#).as_bytes()).unwrap();
    assert_eq!(encode(Signal::Traces, &protobuf).unwrap(), traces(r#"{"kind":3}"#));
}

#[test]
fn integers_of_64_bits_are_strings_and_numbers_are_read() {
    for (json, time) in [
        (r#""1795169384335653500""#, 1_795_169_384_335_653_500),
        ("1795169384335653500", 1_795_169_384_335_653_500),
        ("1.79e18", 1_790_000_000_000_000_000),
        (r#""1.79e18""#, 1_790_000_000_000_000_000),
        (r#""18446744073709551615""#, u64::MAX),
        ("18446744073709551615", u64::MAX),
        ("null", 0),
        (r#""0""#, 0),
    ] {
        assert_eq!(span(&format!(r#"{{"startTimeUnixNano":{json}}}"#)).start_time_unix_nano, time, "{json}");
    }
    let spans = traces(r#"{"startTimeUnixNano":"1795169384335653500"}"#);
    assert_eq!(encode(Signal::Traces, &decode(Signal::Traces, spans.as_bytes()).unwrap()).unwrap(), spans);
}

#[test]
fn values_of_every_type() {
    use any_value::Value::{BoolValue, BytesValue, DoubleValue, IntValue, StringValue, StringValueStrindex};
    let cases = [
        ("null", None),
        ("{}", Some(AnyValue { value: None })),
        (r#"{"futureValue":{"deep":[[[{}]]]}}"#, Some(AnyValue { value: None })),
        (r#"{"stringValue":null}"#, Some(AnyValue { value: None })),
        (r#"{"stringValue":""}"#, set(StringValue(String::new()))),
        (r#"{"stringValue":"\u00e9\ud83d\ude00\n\/"}"#, set(StringValue("é😀\n/".to_owned()))),
        (r#"{"string\u0056alue":"key with escape"}"#, set(StringValue("key with escape".to_owned()))),
        (r#"{"string_value":"snake"}"#, set(StringValue("snake".to_owned()))),
        (r#"{"boolValue":false}"#, set(BoolValue(false))),
        (r#"{"intValue":"0"}"#, set(IntValue(0))),
        (r#"{"intValue":"-9223372036854775808"}"#, set(IntValue(i64::MIN))),
        (r#"{"intValue":-5}"#, set(IntValue(-5))),
        (r#"{"intValue":1e3}"#, set(IntValue(1000))),
        (r#"{"doubleValue":0}"#, set(DoubleValue(0.0))),
        (r#"{"doubleValue":-3}"#, set(DoubleValue(-3.0))),
        (r#"{"doubleValue":"1.5"}"#, set(DoubleValue(1.5))),
        (r#"{"doubleValue":"Infinity"}"#, set(DoubleValue(f64::INFINITY))),
        (r#"{"doubleValue":"-Infinity"}"#, set(DoubleValue(f64::NEG_INFINITY))),
        (r#"{"bytesValue":"-_8"}"#, set(BytesValue(vec![0xfb, 0xff]))),
        (r#"{"bytesValue":"+/8="}"#, set(BytesValue(vec![0xfb, 0xff]))),
        (r#"{"bytesValue":""}"#, set(BytesValue(Vec::new()))),
        (r#"{"stringValueStrindex":7}"#, set(StringValueStrindex(7))),
        // A oneof holds its last member, a repeated key its last value.
        (r#"{"stringValue":"a","intValue":"1"}"#, set(IntValue(1))),
        (r#"{"stringValue":"a","intValue":null}"#, set(StringValue("a".to_owned()))),
        (r#"{"intValue":1,"intValue":2}"#, set(IntValue(2))),
        (r#"{"intValue":1,"stringValue":"a","intValue":2}"#, set(IntValue(2))),
    ];
    for (json, expected) in cases {
        assert_eq!(value(json), expected, "{json}");
    }
    let Some(AnyValue { value: Some(DoubleValue(number)) }) = value(r#"{"doubleValue":"NaN"}"#) else {
        panic!("no number");
    };
    assert!(number.is_nan());
}

#[test]
fn values_keep_their_form_on_the_way_there_and_back() {
    for json in [
        "{}",
        r#"{"stringValue":""}"#,
        r#"{"stringValue":"\"\\\n\t\r\u0001é😀/"}"#,
        r#"{"boolValue":false}"#,
        r#"{"intValue":"-1"}"#,
        r#"{"doubleValue":"NaN"}"#,
        r#"{"doubleValue":"-Infinity"}"#,
        r#"{"doubleValue":0.1}"#,
        r#"{"doubleValue":-0.0}"#,
        r#"{"doubleValue":1e300}"#,
        r#"{"bytesValue":"+/8="}"#,
        r#"{"arrayValue":{"values":[]}}"#,
        r#"{"arrayValue":{"values":[{},{"intValue":"0"},{"arrayValue":{"values":[{}]}}]}}"#,
        r#"{"kvlistValue":{"values":[{"key":"","value":{}},{"key":"k"}]}}"#,
        r#"{"stringValueStrindex":0}"#,
    ] {
        let json = traces(&format!(r#"{{"attributes":[{{"key":"k","value":{json}}}]}}"#));
        let protobuf = decode(Signal::Traces, json.as_bytes()).unwrap();
        assert_eq!(encode(Signal::Traces, &protobuf).unwrap(), json);
    }
}

#[test]
fn null_is_the_default_also_for_lists_and_messages() {
    let nothing =
        r#"{"traceId":null,"name":null,"attributes":null,"events":null,"status":null,"flags":null,"kind":null}"#;
    assert_eq!(span(nothing), Span::default());
    assert_eq!(decode(Signal::Traces, br#"{"resourceSpans":null}"#), Ok(Vec::new()));
    let list = r#"{"arrayValue":{"values":[null,{"boolValue":true}]}}"#;
    let Some(AnyValue { value: Some(any_value::Value::ArrayValue(list)) }) = value(list) else { panic!("no list") };
    assert_eq!(list.values, [AnyValue { value: None }, set(any_value::Value::BoolValue(true)).unwrap()]);
}

#[test]
fn empty_requests() {
    for signal in Signal::ALL {
        assert_eq!(decode(signal, b" {} \n"), Ok(Vec::new()));
    }
    assert_eq!(encode(Signal::Traces, b"").unwrap(), r#"{"resourceSpans":[]}"#);
    assert_eq!(encode(Signal::Metrics, b"").unwrap(), r#"{"resourceMetrics":[]}"#);
    assert_eq!(encode(Signal::Logs, b"").unwrap(), r#"{"resourceLogs":[]}"#);
}

#[test]
fn unknown_fields_are_ignored_at_any_depth() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(span(&format!(r#"{{"future":{deep},"name":"n","more":{{"name":"x"}}}}"#)).name, "n");
}

#[test]
fn names_in_snake_case_are_read() {
    let json =
        r#"{"resource_spans":[{"scope_spans":[{"spans":[{"start_time_unix_nano":"5","dropped_events_count":2}]}]}]}"#;
    let protobuf = decode(Signal::Traces, json.as_bytes()).unwrap();
    let expected = traces(r#"{"startTimeUnixNano":"5","droppedEventsCount":2}"#);
    assert_eq!(encode(Signal::Traces, &protobuf).unwrap(), expected);
}

#[test]
fn a_repeated_key_counts_as_it_stands_last() {
    let twice = span(
        r#"{"name":"a","kind":3,"attributes":[{"key":"a"},{"key":"b"}],"status":{"code":2},"name":"b","kind":0,"attributes":[{"key":"c"}],"status":null}"#,
    );
    assert_eq!((twice.name.as_str(), twice.kind, twice.status), ("b", 0, None));
    assert_eq!(twice.attributes.len(), 1);
    let many = format!("{{{}}}", vec![r#""name":"n""#; 100].join(","));
    assert_eq!(span_error(&many), "name: keys are repeated too often");
}

#[test]
fn presence_of_optional_numbers_is_kept() {
    let points = |point: &str| {
        format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{point}]}}}}]}}]}}]}}"#
        )
    };
    let json =
        points(r#"{"count":"3","sum":0.0,"bucketCounts":["1","2"],"explicitBounds":[0.5,"Infinity"],"min":-0.0}"#);
    let protobuf = decode(Signal::Metrics, json.as_bytes()).unwrap();
    let mut request = ExportMetricsServiceRequest::decode(protobuf.as_slice()).unwrap();
    let metric = request.resource_metrics.remove(0).scope_metrics.remove(0).metrics.remove(0);
    let Some(metric::Data::Histogram(mut histogram)) = metric.data else { panic!("no histogram") };
    let expected = HistogramDataPoint {
        count: 3,
        sum: Some(0.0),
        bucket_counts: vec![1, 2],
        explicit_bounds: vec![0.5, f64::INFINITY],
        min: Some(0.0),
        max: None,
        ..Default::default()
    };
    assert_eq!(histogram.data_points.remove(0), expected);
    assert_eq!(encode(Signal::Metrics, &protobuf).unwrap(), json);

    let numbers = decode(Signal::Metrics, points(r#"{"bucketCounts":[1,null,2e0],"sum":null}"#).as_bytes()).unwrap();
    assert_eq!(encode(Signal::Metrics, &numbers).unwrap(), points(r#"{"bucketCounts":["1","0","2"]}"#));
}

#[test]
fn errors_say_where_and_what() {
    let digits = |count| "a".repeat(count);
    let cases = [
        (format!(r#"{{"traceId":"{}"}}"#, digits(31)), "traceId: 31 hex digits where 32 are needed"),
        (format!(r#"{{"spanId":"{}"}}"#, digits(32)), "spanId: 32 hex digits where 16 are needed"),
        (r#"{"spanId":"b7ad6b716920333g"}"#.to_owned(), "spanId: a character that is no hex digit"),
        (r#"{"traceId":5}"#.to_owned(), "traceId: a number where a string of 32 hex digits is needed"),
        (r#"{"name":7}"#.to_owned(), "name: a number where a string is needed"),
        (r#"{"name":["secret"]}"#.to_owned(), "name: an array where a string is needed"),
        (
            r#"{"kind":"CLIENT"}"#.to_owned(),
            "kind: an unknown name where an integer or a name of the enumeration is needed",
        ),
        (
            r#"{"kind":1.5}"#.to_owned(),
            "kind: a number with a fraction where an integer or a name of the enumeration is needed",
        ),
        (r#"{"flags":4294967296}"#.to_owned(), "flags: the number is out of range"),
        (r#"{"flags":-1}"#.to_owned(), "flags: the number is out of range"),
        (
            r#"{"startTimeUnixNano":"secret"}"#.to_owned(),
            "startTimeUnixNano: a string that is no integer where an integer is needed",
        ),
        (
            r#"{"startTimeUnixNano":""}"#.to_owned(),
            "startTimeUnixNano: a string that is no integer where an integer is needed",
        ),
        (r#"{"startTimeUnixNano":1e20}"#.to_owned(), "startTimeUnixNano: the number is out of range"),
        (r#"{"startTimeUnixNano":18446744073709551616}"#.to_owned(), "startTimeUnixNano: the number is out of range"),
        (r#"{"attributes":{}}"#.to_owned(), "attributes: an object where an array is needed"),
        (r#"{"attributes":"secret"}"#.to_owned(), "attributes: a string where an array is needed"),
        (r#"{"attributes":[{"key":"a"},["b"]]}"#.to_owned(), "attributes[1]: an array where an object is needed"),
        (r#"{"status":true}"#.to_owned(), "status: a truth value where an object is needed"),
        (
            r#"{"attributes":[{"key":"k","value":{"arrayValue":{"values":[{},{"boolValue":"yes"}]}}}]}"#.to_owned(),
            "attributes[0].value.arrayValue.values[1].boolValue: a string where true or false is needed",
        ),
        (
            r#"{"attributes":[{"value":{"bytesValue":"secret!"}}]}"#.to_owned(),
            "attributes[0].value.bytesValue: the string is not base64",
        ),
        (
            r#"{"attributes":[{"value":{"doubleValue":"inf"}}]}"#.to_owned(),
            "attributes[0].value.doubleValue: a string that is no number where a number is needed",
        ),
        (r#"{"name":"\ud83d"}"#.to_owned(), "name: unexpected end of hex escape"),
        (r#"{"name":"\ude00"}"#.to_owned(), "name: lone leading surrogate in hex escape"),
        (r#"{"name":"a" "kind":1}"#.to_owned(), ": expected `,` or `}`"),
        (r#"{"name":tru}"#.to_owned(), "name: expected ident"),
    ];
    for (json, expected) in cases {
        assert_eq!(span_error(&json), expected, "{json}");
    }
}

#[test]
fn errors_at_the_top() {
    let cases: [(&[u8], &str); 8] = [
        (b"", "the text is empty (line 1, column 1)"),
        (b"\n  []", "an object is needed (line 2, column 3)"),
        (b"\"secret\"", "an object is needed (line 1, column 1)"),
        (b"null", "an object is needed (line 1, column 1)"),
        (b"{\"a\":1,\n\"b\":\xff}", "the text is not UTF-8 (line 2, column 5)"),
        (b"{} x", "trailing characters (line 1, column 4)"),
        (b"{", "EOF while parsing an object (line 1, column 1)"),
        (
            b"{\"resourceSpans\":[\n{\"schemaUrl\":1}]}",
            "resourceSpans[0].schemaUrl: a number where a string is needed (line 2, column 14)",
        ),
    ];
    for (json, expected) in cases {
        assert_eq!(decode(Signal::Traces, json).unwrap_err().to_string(), expected);
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow_the_stack() {
    let nest = |depth: usize| {
        let value = format!("{}{{}}{}", r#"{"arrayValue":{"values":["#.repeat(depth), "]}}".repeat(depth));
        traces(&format!(r#"{{"attributes":[{{"key":"k","value":{value}}}]}}"#))
    };
    assert!(decode(Signal::Traces, nest(35).as_bytes()).is_ok());
    for depth in [45, 10_000] {
        let error = decode(Signal::Traces, nest(depth).as_bytes()).unwrap_err();
        assert_eq!(error.reason, "recursion limit exceeded");
    }

    let mut value = Vec::new();
    for _ in 0..5_000 {
        let mut list = Vec::new();
        crate::otlp::wire::put_bytes_field(&mut list, 1, &value);
        value.clear();
        crate::otlp::wire::put_bytes_field(&mut value, 5, &list);
    }
    for number in [2, 9, 2, 2, 1] {
        let mut outer = Vec::new();
        crate::otlp::wire::put_bytes_field(&mut outer, number, &value);
        value = outer;
    }
    assert_eq!(encode(Signal::Traces, &value), Err(WireError::TooDeep));
}

#[test]
fn protobuf_that_others_may_write_is_read() {
    use crate::otlp::wire::{put_bytes_field, put_fixed64_field, put_message, put_varint_field};
    let json = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        put_message(&mut out, 1, 100, |out| put_message(out, 2, 100, |out| put_message(out, 2, 100, |out| write(out))));
        encode(Signal::Metrics, &out)
    };
    let metrics =
        |metric: &str| Ok(format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{metric}]}}]}}]}}"#));
    // Numbers of a list one by one, and in two packed parts.
    let unpacked = json(&|out| {
        put_message(out, 9, 100, |out| {
            put_message(out, 1, 100, |out| {
                put_fixed64_field(out, 6, 1);
                put_bytes_field(out, 6, &[2, 0, 0, 0, 0, 0, 0, 0]);
                put_fixed64_field(out, 6, 3);
            });
        });
    });
    assert_eq!(unpacked, metrics(r#"{"histogram":{"dataPoints":[{"bucketCounts":["1","2","3"]}]}}"#));
    // A message in two parts, a number twice, fields in any order, unknown fields.
    let parts = json(&|out| {
        put_message(out, 7, 100, |out| put_varint_field(out, 2, 1));
        put_varint_field(out, 500, 1);
        put_bytes_field(out, 1, b"first");
        put_message(out, 7, 100, |out| {
            put_varint_field(out, 3, 1);
            put_varint_field(out, 2, 2);
        });
        put_bytes_field(out, 1, b"n\xff");
    });
    assert_eq!(parts, metrics(r#"{"name":"n�","sum":{"aggregationTemporality":2,"isMonotonic":true}}"#));
    // Of a oneof the last member counts.
    let members = json(&|out| {
        put_bytes_field(out, 5, b"");
        put_bytes_field(out, 9, b"");
        put_bytes_field(out, 11, b"");
    });
    assert_eq!(members, metrics(r#"{"summary":{}}"#));
    let members = json(&|out| {
        put_bytes_field(out, 9, b"");
        put_bytes_field(out, 1, b"n");
        put_bytes_field(out, 5, b"");
    });
    assert_eq!(members, metrics(r#"{"name":"n","gauge":{}}"#));
    let members = json(&|out| {
        put_message(out, 5, 100, |out| put_bytes_field(out, 1, b""));
        put_bytes_field(out, 9, b"");
        put_bytes_field(out, 5, b"");
        put_bytes_field(out, 5, b"");
    });
    assert_eq!(members, metrics(r#"{"gauge":{}}"#));
    assert_eq!(json(&|out| put_varint_field(out, 1, 5)), Err(WireError::BadWireType(0)));
    assert_eq!(json(&|out| out.push(0x0a)), Err(WireError::Truncated));
}

fn assert_agrees<T>(signal: Signal, body: &serde_json::Value) -> usize
where
    T: Message + Default + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let text = body.to_string();
    let expected: T = serde_json::from_value(body.clone()).unwrap();
    let protobuf = decode(signal, text.as_bytes()).unwrap();
    assert_eq!(T::decode(protobuf.as_slice()).unwrap(), expected);
    let json = encode(signal, &protobuf).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), expected);
    protobuf.len()
}

#[test]
fn what_agents_send_is_read_as_opentelemetry_proto_reads_it() {
    let captures = [
        include_str!("../../../tests/fixtures/captures/opencode-run-llm-traces.jsonl"),
        include_str!("../../../tests/fixtures/captures/gemini-run-0.61.0-noprompts.jsonl"),
        include_str!("../../../tests/fixtures/captures/codex-run-0.169.0-trimmed.jsonl"),
    ];
    for capture in captures {
        let mut bytes = 0;
        for line in capture.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            bytes += match line["signal"].as_str().unwrap() {
                "traces" => assert_agrees::<ExportTraceServiceRequest>(Signal::Traces, &line["body"]),
                "metrics" => assert_agrees::<ExportMetricsServiceRequest>(Signal::Metrics, &line["body"]),
                _ => assert_agrees::<ExportLogsServiceRequest>(Signal::Logs, &line["body"]),
            };
        }
        assert!(bytes > 10_000);
    }
}

#[test]
fn lists_of_numbers_do_not_grow_without_end() {
    let text = |numbers: usize| {
        let list = "0,".repeat(numbers - 1);
        format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{{"bucketCounts":[{list}0]}}]}}}}]}}]}}]}}"#
        )
    };
    assert!(decode(Signal::Metrics, text(1 << 20).as_bytes()).unwrap().len() > 8 << 20);
    let error = decode(Signal::Metrics, text(17 << 20).as_bytes()).unwrap_err();
    assert!(error.path.contains("dataPoints[0].bucketCounts[16777"), "{error}");
    assert_eq!(error.reason, "more numbers than one request can hold");
}
