#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::convert::Infallible;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, EntityRef, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span};
use prost::Message;

use super::*;
use crate::otlp::wire::put_bytes_field;

const RUN_TRACE: [u8; 16] = [0xaa; 16];
const RUN_SPAN: [u8; 8] = [0xbb; 8];
const FOREIGN: [u8; 16] = [0x11; 16];

fn rules(nest: Nest) -> Rules {
    Rules {
        nest,
        content: Content::Off,
        left_out: None,
        genai: GenAi::Add,
        newest_genai: false,
        trace_id: RUN_TRACE,
        span_id: RUN_SPAN,
        sampled: true,
        service_name: None,
        agent: None,
        resource_attributes: Vec::new(),
        secrets: std::sync::Arc::default(),
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) });
    KeyValue { key: key.to_owned(), value, ..Default::default() }
}

fn span(id: u8, parent: Option<u8>) -> Span {
    Span {
        trace_id: FOREIGN.to_vec(),
        span_id: vec![id; 8],
        parent_span_id: parent.map(|parent| vec![parent; 8]).unwrap_or_default(),
        name: format!("span {id}"),
        kind: 1,
        start_time_unix_nano: 100 + u64::from(id),
        end_time_unix_nano: 200 + u64::from(id),
        attributes: vec![text("kept", "yes")],
        flags: 0x101,
        ..Default::default()
    }
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes: vec![text("service.name", "agent")], ..Default::default() }),
            scope_spans: vec![ScopeSpans { spans, ..Default::default() }],
            schema_url: "https://example.org/schema".to_owned(),
        }],
    }
}

fn apply(transform: &mut Transform, signal: Signal, request: &impl Message) -> (Vec<u8>, Counts) {
    let mut out = Vec::new();
    let counts = transform.apply(signal, &request.encode_to_vec(), &mut out, &mut |_| {}).unwrap();
    transform.remember();
    (out, counts)
}

fn traces(rules: Rules, request: &ExportTraceServiceRequest) -> (ExportTraceServiceRequest, Counts) {
    let (out, counts) = apply(&mut Transform::new(rules), Signal::Traces, request);
    (ExportTraceServiceRequest::decode(out.as_slice()).unwrap(), counts)
}

fn only_span(request: ExportTraceServiceRequest) -> Span {
    request.resource_spans.into_iter().next().unwrap().scope_spans.remove(0).spans.remove(0)
}

fn original() -> KeyValue {
    text("otel_run.original_trace_id", "11111111111111111111111111111111")
}

#[test]
fn adopted_spans_hang_under_the_run() {
    let (out, counts) = traces(rules(Nest::Adopt), &request(vec![span(1, None), span(2, Some(1))]));
    assert_eq!(counts, Counts { kept: 2, ..Counts::default() });
    let mut expected = request(vec![span(1, None), span(2, Some(1))]);
    let spans = &mut expected.resource_spans[0].scope_spans[0].spans;
    for span in spans.iter_mut() {
        span.trace_id = RUN_TRACE.to_vec();
        span.attributes.push(original());
    }
    spans[0].parent_span_id = RUN_SPAN.to_vec();
    spans[0].flags = 0x301;
    assert_eq!(out, expected);
}

#[test]
fn what_is_in_the_runs_trace_already_is_left_alone() {
    let mut ours = span(1, Some(7));
    ours.trace_id = RUN_TRACE.to_vec();
    let (out, _) = traces(rules(Nest::Adopt), &request(vec![ours.clone()]));
    assert_eq!(only_span(out), ours);
}

#[test]
fn a_parent_of_zeros_is_no_parent() {
    let mut root = span(1, None);
    root.parent_span_id = vec![0; 8];
    let (out, _) = traces(rules(Nest::Adopt), &request(vec![root]));
    assert_eq!(only_span(out).parent_span_id, RUN_SPAN);
}

#[test]
fn links_follow_into_the_runs_trace() {
    let mut linking = span(1, None);
    linking.links = vec![span::Link { trace_id: FOREIGN.to_vec(), span_id: vec![9; 8], ..Default::default() }];
    let (out, _) = traces(rules(Nest::Adopt), &request(vec![linking]));
    let link = &only_span(out).links[0];
    assert_eq!((link.trace_id.as_slice(), link.span_id.as_slice()), (&RUN_TRACE[..], &[9_u8; 8][..]));
    assert_eq!(link.attributes, [original()]);
}

#[test]
fn linked_traces_stay_and_are_joined_both_ways() {
    let mut transform = Transform::new(rules(Nest::Link));
    let (out, _) = apply(&mut transform, Signal::Traces, &request(vec![span(1, None), span(2, Some(1))]));
    let out = ExportTraceServiceRequest::decode(out.as_slice()).unwrap();
    let spans = &out.resource_spans[0].scope_spans[0].spans;
    assert_eq!(spans[1], span(2, Some(1)));
    assert_eq!(spans[0].trace_id, FOREIGN);
    let link = &spans[0].links[0];
    assert_eq!((link.trace_id.as_slice(), link.span_id.as_slice()), (&RUN_TRACE[..], &RUN_SPAN[..]));
    assert_eq!(link.flags, 0x301);
    assert_eq!(transform.linked_roots(), [(FOREIGN, [1; 8])]);
}

#[test]
fn nothing_to_do_changes_no_byte() {
    let mut bytes = request(vec![span(1, None), span(2, Some(1))]).encode_to_vec();
    // A field that nobody knows yet.
    put_bytes_field(&mut bytes, 77, b"from the future");
    let mut out = Vec::new();
    let rules = Rules { content: Content::On, ..rules(Nest::Off) };
    Transform::new(rules).apply(Signal::Traces, &bytes, &mut out, &mut |_| {}).unwrap();
    assert_eq!(out, bytes);
}

#[test]
fn an_unsampled_run_keeps_no_spans() {
    let rules = Rules { sampled: false, ..rules(Nest::Adopt) };
    let (_, counts) = traces(rules, &request(vec![span(1, None), span(2, Some(1))]));
    assert_eq!(counts, Counts { unsampled: 2, ..Counts::default() });
}

#[test]
fn resources_are_completed_and_renamed() {
    let rules = Rules {
        service_name: Some("mine".to_owned()),
        resource_attributes: vec![("host.name".into(), "box".into()), ("team".into(), "a".into())],
        ..rules(Nest::Adopt)
    };
    let mut batch = request(vec![]);
    batch.resource_spans[0].resource.as_mut().unwrap().attributes.push(text("team", "own"));
    let (out, _) = traces(rules.clone(), &batch);
    let attributes = &out.resource_spans[0].resource.as_ref().unwrap().attributes;
    assert_eq!(*attributes, [text("team", "own"), text("service.name", "mine"), text("host.name", "box")]);

    let mut bare = request(vec![]);
    bare.resource_spans[0].resource = None;
    let (out, _) = traces(rules, &bare);
    let attributes = &out.resource_spans[0].resource.as_ref().unwrap().attributes;
    assert_eq!(*attributes, [text("service.name", "mine"), text("host.name", "box"), text("team", "a")]);
    assert_eq!(out.resource_spans[0].schema_url, "https://example.org/schema");
}

/// The resource's attributes after the transforms, and the version that the agent was seen to have.
fn identified(agent: Agent, attributes: Vec<KeyValue>) -> (Vec<KeyValue>, Option<String>) {
    let mut batch = request(vec![]);
    batch.resource_spans[0].resource.as_mut().unwrap().attributes = attributes;
    let mut transform = Transform::new(Rules { agent: Some(agent), ..rules(Nest::Off) });
    let (out, _) = apply(&mut transform, Signal::Traces, &batch);
    let mut out = ExportTraceServiceRequest::decode(&*out).unwrap();
    let attributes = out.resource_spans.remove(0).resource.unwrap().attributes;
    (attributes, transform.agent_version().map(str::to_owned))
}

#[test]
fn the_agents_resources_say_which_instance_and_version_it_is() {
    let agent = Agent {
        services: &["agent", "agent_exec"],
        content: &[],
        words: super::OwnWords::default(),
        tells_version: true,
        version: Some("1.0.0".to_owned()),
        instance_id: "run".to_owned(),
        scopes: &[],
        known_as: None,
    };
    let (name, told) = (text("service.name", "agent_exec"), text("service.version", "1.2.3"));
    // What it says of its version beats what its package says; an id of its own, for each of its threads, does not stay.
    let (out, version) =
        identified(agent.clone(), vec![text("service.instance.id", "thread"), name.clone(), told.clone()]);
    let run = text("service.instance.id", "run");
    assert_eq!(out, [name.clone(), told.clone(), run.clone(), text("otel_run.agent.version", "1.2.3")]);
    assert_eq!(version.as_deref(), Some("1.2.3"));

    let (out, version) = identified(Agent { tells_version: false, ..agent.clone() }, vec![name.clone(), told.clone()]);
    assert_eq!(out, [name.clone(), told.clone(), run.clone(), text("otel_run.agent.version", "1.0.0")]);
    assert_eq!(version, None);

    let (out, version) = identified(Agent { version: None, ..agent.clone() }, vec![name.clone()]);
    assert_eq!((out, version), (vec![name, run], None));

    // A program that the agent started is another service.
    let tool = vec![text("service.name", "tool"), told, text("service.instance.id", "tool-1")];
    let (out, version) = identified(agent, tool.clone());
    assert_eq!(out[..3], tool);
    assert_eq!(out[3..], [text("otel_run.agent.version", "1.0.0")]);
    assert_eq!(version, None);
}

#[test]
fn an_entity_does_not_refer_to_what_was_taken_out() {
    let mut batch = request(vec![]);
    let resource = batch.resource_spans[0].resource.as_mut().unwrap();
    resource.attributes.push(text("process.command_line", "agent -p secret"));
    resource.entity_refs = vec![EntityRef {
        r#type: "process".into(),
        id_keys: vec!["process.pid".into()],
        description_keys: vec!["process.command_line".into(), "process.owner".into()],
        ..Default::default()
    }];
    let (out, _) = traces(rules(Nest::Adopt), &batch);
    let resource = out.resource_spans[0].resource.as_ref().unwrap();
    assert_eq!(resource.attributes, [text("service.name", "agent")]);
    assert_eq!(resource.entity_refs[0].description_keys, ["process.owner"]);
    assert_eq!(resource.entity_refs[0].id_keys, ["process.pid"]);
}

#[test]
fn content_goes_unless_it_is_wanted() {
    let mut telling = span(1, None);
    telling.attributes.push(text("ai.prompt", "the secret plan"));
    let batch = request(vec![telling]);
    let (out, _) = traces(rules(Nest::Adopt), &batch);
    assert_eq!(only_span(out).attributes, [text("kept", "yes"), original()]);
    let (out, _) = traces(Rules { content: Content::On, ..rules(Nest::Adopt) }, &batch);
    assert!(only_span(out).attributes.contains(&text("ai.prompt", "the secret plan")));
}

#[test]
fn log_records_get_the_runs_trace() {
    let record = |trace: &[u8], span: &[u8]| LogRecord {
        trace_id: trace.to_vec(),
        span_id: span.to_vec(),
        time_unix_nano: 5,
        severity_number: 9,
        body: Some(AnyValue { value: Some(any_value::Value::StringValue("hello".into())) }),
        ..Default::default()
    };
    let batch = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs: vec![ScopeLogs {
                log_records: vec![record(&FOREIGN, &[3; 8]), record(&[], &[]), record(&RUN_TRACE, &[4; 8])],
                ..Default::default()
            }],
            ..Default::default()
        }],
    };
    let (out, counts) = apply(&mut Transform::new(rules(Nest::Adopt)), Signal::Logs, &batch);
    assert_eq!(counts.kept, 3);
    let out = ExportLogsServiceRequest::decode(out.as_slice()).unwrap();
    let mut adopted = record(&RUN_TRACE, &[3; 8]);
    adopted.attributes = vec![original()];
    let expected = [adopted, record(&RUN_TRACE, &RUN_SPAN), record(&RUN_TRACE, &[4; 8])];
    assert_eq!(out.resource_logs[0].scope_logs[0].log_records, expected);
}

#[test]
fn exemplars_get_the_runs_trace_and_numbers_stay() {
    let exemplar = Exemplar { trace_id: FOREIGN.to_vec(), span_id: vec![3; 8], ..Default::default() };
    let metrics = |exemplar: Exemplar| ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource::default()),
            scope_metrics: vec![ScopeMetrics {
                metrics: vec![
                    Metric {
                        name: "calls".into(),
                        data: Some(metric::Data::Sum(Sum {
                            data_points: vec![NumberDataPoint {
                                attributes: vec![text("model", "m")],
                                start_time_unix_nano: 1,
                                time_unix_nano: 2,
                                exemplars: vec![exemplar.clone()],
                                flags: 1,
                                ..Default::default()
                            }],
                            aggregation_temporality: 1,
                            is_monotonic: true,
                        })),
                        ..Default::default()
                    },
                    Metric {
                        name: "duration".into(),
                        data: Some(metric::Data::Histogram(Histogram {
                            data_points: vec![HistogramDataPoint {
                                count: 3,
                                sum: Some(0.0),
                                bucket_counts: vec![1, 2],
                                explicit_bounds: vec![0.5],
                                exemplars: vec![exemplar],
                                ..Default::default()
                            }],
                            aggregation_temporality: 2,
                        })),
                        ..Default::default()
                    },
                ],
                ..Default::default()
            }],
            ..Default::default()
        }],
    };
    let (out, counts) = apply(&mut Transform::new(rules(Nest::Adopt)), Signal::Metrics, &metrics(exemplar.clone()));
    assert_eq!(counts.kept, 2);
    let adopted = Exemplar { trace_id: RUN_TRACE.to_vec(), filtered_attributes: vec![original()], ..exemplar };
    assert_eq!(ExportMetricsServiceRequest::decode(out.as_slice()).unwrap(), metrics(adopted));
}

/// One field of an export request, a resource and so on down: what a hostile or strange writer makes of it.
fn nested(numbers: &[u32], message: &[u8]) -> Vec<u8> {
    numbers.iter().rev().fold(message.to_vec(), |message, number| {
        let mut outer = Vec::new();
        put_bytes_field(&mut outer, *number, &message);
        outer
    })
}

#[test]
fn a_key_that_is_written_twice_counts_as_it_stands_last() {
    let value = AnyValue { value: Some(any_value::Value::StringValue("secret".to_owned())) }.encode_to_vec();
    let mut attribute = Vec::new();
    put_bytes_field(&mut attribute, 1, b"harmless");
    put_bytes_field(&mut attribute, 2, &value);
    put_bytes_field(&mut attribute, 1, b"gen_ai.input.messages");
    let request = nested(&[1, 2, 2, 9], &attribute);
    let mut out = Vec::new();
    Transform::new(rules(Nest::Off)).apply(Signal::Traces, &request, &mut out, &mut |_| {}).unwrap();
    assert_eq!(only_span(ExportTraceServiceRequest::decode(out.as_slice()).unwrap()).attributes, []);
}

#[test]
fn a_resource_in_two_parts_is_one() {
    let part = |key| nested(&[1], &nested(&[1], &text(key, "v").encode_to_vec()));
    let request = nested(&[1], &[part("a"), part("b")].concat());
    let mut out = Vec::new();
    Transform::new(rules(Nest::Adopt)).apply(Signal::Traces, &request, &mut out, &mut |_| {}).unwrap();
    let mut out = ExportTraceServiceRequest::decode(out.as_slice()).unwrap();
    assert_eq!(out.resource_spans.remove(0).resource.unwrap().attributes, [text("a", "v"), text("b", "v")]);
}

#[test]
fn an_id_of_another_length_is_noted_as_it_came() {
    let mut short = span(1, None);
    short.trace_id = vec![0x12, 0x34];
    let (out, _) = traces(rules(Nest::Adopt), &request(vec![short]));
    assert_eq!(only_span(out).attributes[1], text("otel_run.original_trace_id", "1234"));
}

#[test]
fn damaged_requests_are_errors() {
    let whole = request(vec![span(1, None)]).encode_to_vec();
    let mut refused = 0;
    for cut in 1..whole.len() {
        let mut out = Vec::new();
        let result = Transform::new(rules(Nest::Adopt)).apply(Signal::Traces, &whole[..cut], &mut out, &mut |_| {});
        refused += usize::from(result.is_err());
    }
    assert_eq!(refused, whole.len() - 1);
}

#[test]
fn what_is_not_kept_is_not_remembered() {
    let whole = request(vec![span(1, Some(7)), span(2, Some(1))]).encode_to_vec();
    let unasked = |transform: &mut Transform| {
        transform.stand_ins(|_| -> Result<(), Infallible> { panic!("nothing was forgotten") }).unwrap()
    };
    let mut transform = Transform::new(rules(Nest::Adopt));
    // Cut off behind the first span, or kept by nobody.
    transform.apply(Signal::Traces, &whole[..whole.len() - 1], &mut Vec::new(), &mut |_| {}).unwrap_err();
    transform.apply(Signal::Traces, &whole, &mut Vec::new(), &mut |_| {}).unwrap();
    let child = request(vec![span(3, Some(2))]).encode_to_vec();
    transform.apply(Signal::Traces, &child, &mut Vec::new(), &mut |_| {}).unwrap();
    transform.remember();
    let stand_ins = unasked(&mut transform);
    assert_eq!(stand_ins.iter().map(|s| (s.span_id, s.children)).collect::<Vec<_>>(), [([2; 8], 1)]);

    let mut transform = Transform::new(rules(Nest::Link));
    let root = request(vec![span(1, None)]).encode_to_vec();
    transform.apply(Signal::Traces, &root, &mut Vec::new(), &mut |_| {}).unwrap();
    transform.remember();
    transform.apply(Signal::Traces, &root, &mut Vec::new(), &mut |_| {}).unwrap();
    assert_eq!(transform.linked_roots(), [(FOREIGN, [1; 8])]);
}

#[test]
fn a_result_has_a_largest_size() {
    // Two bytes a span, which become more than thirty.
    let spans = [0x12, 0].repeat(LARGEST_RESULT / 32);
    let mut request = Vec::new();
    put_message(&mut request, 1, 0, |out| put_bytes_field(out, 2, &spans));
    for (nest, expected) in [(Nest::Adopt, Err(Unfit::TooLarge)), (Nest::Off, Ok((spans.len() / 2) as u32))] {
        let mut out = Vec::new();
        let counts = Transform::new(rules(nest)).apply(Signal::Traces, &request, &mut out, &mut |_| {});
        assert_eq!(counts.map(|counts| counts.kept), expected);
        assert!(out.len() < LARGEST_RESULT + 256);
    }
}

#[test]
fn every_span_is_shown_with_where_it_comes_from() {
    let mut seen = Vec::new();
    let mut out = Vec::new();
    let bytes = request(vec![span(1, None), span(2, Some(1))]).encode_to_vec();
    Transform::new(rules(Nest::Adopt))
        .apply(Signal::Traces, &bytes, &mut out, &mut |span| {
            seen.push(Span::decode(span.message).unwrap());
        })
        .unwrap();
    let out = ExportTraceServiceRequest::decode(out.as_slice()).unwrap();
    assert_eq!(seen, out.resource_spans[0].scope_spans[0].spans);
    let mut ids = Vec::new();
    each_span_id(&bytes, &mut |id| ids.push(id)).unwrap();
    assert_eq!(ids, [[1; 8], [2; 8]]);
}
