//! A batch on its way into the log: nested, enriched and stripped, it is still what came, and nothing more of it.

use std::convert::Infallible;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Exemplar;
use opentelemetry_proto::tonic::trace::v1::Span;
use otel_run::otlp::Signal;
use otel_run::otlp::wire::WireError;
use otel_run::settings::{Content, GenAi, Nest};
use otel_run::signals::Totals;
use otel_run::transform::content::{self, BodyVerdict, ErrorText, Verdict};
use otel_run::transform::{Counts, Rules, Transform, Unfit, each_span_id};
use prost::Message;

use super::Reading;
use super::otlp::{Part, Request, text_of};

const RUN_TRACE: [u8; 16] = [0xaa; 16];
const RUN_SPAN: [u8; 8] = [0xbb; 8];
/// What is put into every list of attributes where it must not come out again.
const MARKER: &str = "a prompt that nobody may see";
/// The flags of a span whose parent is known to be in another process.
const PARENT_IS_REMOTE: u32 = 0x300;

/// The first byte of the input chooses the signal and the rules; the rest is the request.
pub fn check(data: &[u8]) -> Reading {
    let Some((choice, request)) = data.split_first() else { return Reading::Refused };
    let signal = Signal::ALL[usize::from(choice % 3)];
    let rules = rules(choice / 3);

    let mut transform = Transform::new(rules.clone());
    let (out, counts) = match apply(&mut transform, signal, request) {
        Ok(applied) => applied,
        Err(Unfit::Malformed(WireError::BadWireType(3 | 4)) | Unfit::TooLarge) => return Reading::Refused,
        Err(error) => {
            assert!(Request::decode(signal, request).is_err(), "{error}");
            return Reading::Refused;
        }
    };
    let Ok(mut came) = Request::decode(signal, request) else { return Reading::Refused };
    let services = came.services();
    let mut left = Request::decode(signal, &out).expect("the result is protobuf");

    assert_eq!(left.items(), came.items() - counts.unsampled as usize);
    if signal == Signal::Metrics {
        // Of a oneof that is written twice prost keeps one, and we count the points of both.
        assert!(left.items() <= counts.kept as usize);
    } else {
        assert_eq!(left.items(), counts.kept as usize);
    }
    assert!(counts.unsampled == 0 || rules.nest == Nest::Adopt && !rules.sampled);
    resources(&rules, &mut came, &mut left);
    if counts.unsampled == 0 {
        identities(&rules, &services, &mut came, &mut left);
        lists(&rules, &services, &mut came, &mut left.clone());
    }
    joins(&mut transform, &rules, &out, &mut left, &services);
    if rules.content == Content::Off {
        nothing_to_hide(&services, &mut left);
        marked(&rules, signal, &services, came.clone());
    } else if rules.nest == Nest::Off && rules.service_name.is_none() {
        assert_eq!(left.shown(), came.shown());
    }
    for genai in [GenAi::Add, GenAi::Replace] {
        conventions(Rules { genai, ..rules.clone() }, signal, &services, request, &counts);
    }
    // A run inside a run has all of it done twice.
    if rules.nest != Nest::Link && rules.service_name.is_none() {
        let (again, counts_again) = apply(&mut Transform::new(rules), signal, &out).expect("the result is a request");
        assert_eq!(counts_again, Counts { unsampled: 0, ..counts });
        assert_eq!(Request::decode(signal, &again).expect("the result is protobuf").shown(), left.shown());
    }
    Reading::Accepted
}

fn rules(choice: u8) -> Rules {
    let enriched = choice / 12 % 2 == 1;
    Rules {
        nest: [Nest::Adopt, Nest::Link, Nest::Off][usize::from(choice % 3)],
        left_out: None,
        content: [Content::Off, Content::On][usize::from(choice / 3 % 2)],
        genai: GenAi::Off,
        newest_genai: false,
        trace_id: RUN_TRACE,
        span_id: RUN_SPAN,
        sampled: (choice / 6).is_multiple_of(2),
        service_name: enriched.then(|| "named".to_owned()),
        agent: None,
        resource_attributes: if enriched { vec![("host.name".to_owned(), "h".to_owned())] } else { Vec::new() },
        secrets: std::sync::Arc::default(),
    }
}

fn apply(transform: &mut Transform, signal: Signal, request: &[u8]) -> Result<(Vec<u8>, Counts), Unfit> {
    let (mut out, mut totals) = (Vec::new(), Totals::default());
    let mut names = Vec::new();
    let counts = transform.apply(signal, request, &mut out, &mut |seen| {
        totals.add_span(seen.scope, seen.name, seen.message);
        names.push((seen.name.to_vec(), Span::decode(seen.message)));
    })?;
    transform.remember();
    for (name, span) in names {
        // A span is only known to be one if the whole request is.
        assert!(span.is_err() || span.is_ok_and(|span| span.name.as_bytes() == name));
    }
    Ok((out, counts))
}

/// In the words of the GenAI conventions there are as many items, no more content, and the second time the same words.
fn conventions(rules: Rules, signal: Signal, services: &[String], request: &[u8], counts: &Counts) {
    let apply = |request: &[u8]| apply(&mut Transform::new(rules.clone()), signal, request);
    let Ok((out, translated)) = apply(request) else { return };
    assert_eq!(translated, *counts);
    let mut left = Request::decode(signal, &out).expect("the result is protobuf");
    if rules.content == Content::Off {
        nothing_to_hide(services, &mut left);
    }
    if rules.nest != Nest::Link && rules.service_name.is_none() {
        let (again, _) = apply(&out).expect("the result is a request");
        assert_eq!(Request::decode(signal, &again).expect("the result is protobuf").shown(), left.shown());
    }
}

/// Attributes are added and taken away; no entity refers to one that is gone.
fn resources(rules: &Rules, came: &mut Request, left: &mut Request) {
    let pairs = came.resources().into_iter().zip(left.resources());
    for (came, left) in pairs {
        let has = |list: &[KeyValue], key: &str| list.iter().any(|attribute| attribute.key == key);
        if let Some(name) = &rules.service_name {
            let named: Vec<&str> =
                left.attributes.iter().filter(|attribute| attribute.key == "service.name").map(text_of).collect();
            assert_eq!(named, [name]);
        }
        for (key, _) in &rules.resource_attributes {
            assert!(has(&left.attributes, key));
        }
        for entity in &left.entity_refs {
            for key in entity.id_keys.iter().chain(&entity.description_keys) {
                assert!(has(&left.attributes, key) || !has(&came.attributes, key), "{key} is gone");
            }
        }
        assert_eq!(came.entity_refs.len(), left.entity_refs.len());
        assert_eq!(came.dropped_attributes_count, left.dropped_attributes_count);
    }
}

const ORIGINAL: &str = "otel_run.original_trace_id";

/// Of every list but a resource's, what is left stands in the order in which it came; only the id of the trace it came
/// from may be added, at the end. Where content may stay, all of it does.
fn lists(rules: &Rules, services: &[String], came: &mut Request, left: &mut Request) {
    // The link from a root to the run is new; `identities` has looked at it.
    let mut links = items(services, came).spans.into_iter().map(|span| span.links.len());
    left.visit(services, &mut |part| {
        if let Part::Span(_, span) = part {
            span.links.truncate(links.next().unwrap_or_default());
        }
    });
    let (came, left) = (all_lists(services, came), all_lists(services, left));
    assert_eq!(came.len(), left.len());
    for (came, left) in came.iter().zip(&left) {
        let mut rest = came.iter().map(|attribute| format!("{attribute:?}"));
        let stayed = left.iter().take_while(|kept| rest.any(|other| other == format!("{kept:?}"))).count();
        assert!(left.iter().skip(stayed).all(|added| added.key == ORIGINAL) && left.len() - stayed < 2, "{left:?}");
        assert!(rules.content == Content::Off || stayed == came.len(), "{came:?} became {left:?}");
    }
}

fn all_lists(services: &[String], request: &mut Request) -> Vec<Vec<KeyValue>> {
    let mut lists = Vec::new();
    request.visit(services, &mut |part| {
        if let Part::Attributes(owner, list) = part
            && owner.place != content::Place::Resource
        {
            lists.push(list.clone());
        }
    });
    lists
}

#[derive(Default)]
struct Items {
    spans: Vec<Span>,
    records: Vec<LogRecord>,
    exemplars: Vec<Exemplar>,
}

fn items(services: &[String], request: &mut Request) -> Items {
    let mut items = Items::default();
    request.visit(services, &mut |part| match part {
        Part::Attributes(..) => {}
        Part::Span(_, span) => items.spans.push(span.clone()),
        Part::LogRecord(_, _, record) => items.records.push(record.clone()),
        Part::Exemplar(exemplar) => items.exemplars.push(exemplar.clone()),
    });
    items
}

/// Ids are those of the run, or those that came.
fn identities(rules: &Rules, services: &[String], came: &mut Request, left: &mut Request) {
    let adopts = rules.nest == Nest::Adopt;
    let (came, left) = (items(services, came), items(services, left));
    for (came, left) in came.spans.iter().zip(&left.spans) {
        let root = is_absent(&came.parent_span_id);
        assert_eq!((&left.span_id, &left.name, left.kind), (&came.span_id, &came.name, came.kind));
        assert_eq!(
            (left.start_time_unix_nano, left.end_time_unix_nano, left.events.len()),
            (came.start_time_unix_nano, came.end_time_unix_nano, came.events.len())
        );
        if adopts {
            assert_eq!(left.trace_id, RUN_TRACE);
            assert_eq!(left.parent_span_id, if root { &RUN_SPAN[..] } else { &came.parent_span_id });
            assert_eq!(left.flags, if root { came.flags | PARENT_IS_REMOTE } else { came.flags });
            origin(&came.trace_id, &came.attributes, &left.attributes);
        } else {
            assert_eq!((&left.trace_id, &left.parent_span_id), (&came.trace_id, &came.parent_span_id));
            assert_eq!(left.flags, came.flags);
        }
        let mut links = left.links.iter();
        for came in &came.links {
            let left = links.next().expect("no link is lost");
            assert_eq!(left.span_id, came.span_id);
            adopted(adopts, &came.trace_id, &left.trace_id, &came.attributes, &left.attributes);
        }
        let linked = rules.nest == Nest::Link && root && came.trace_id != RUN_TRACE;
        assert_eq!(links.len(), usize::from(linked));
        if let Some(link) = links.next() {
            assert_eq!((link.trace_id.as_slice(), link.span_id.as_slice()), (&RUN_TRACE[..], &RUN_SPAN[..]));
        }
    }
    for (came, left) in came.records.iter().zip(&left.records) {
        if adopts && came.trace_id != RUN_TRACE {
            assert_eq!(left.trace_id, RUN_TRACE);
            assert_eq!(left.span_id, if is_absent(&came.span_id) { &RUN_SPAN[..] } else { &came.span_id });
            origin(&came.trace_id, &came.attributes, &left.attributes);
        } else {
            assert_eq!((&left.trace_id, &left.span_id), (&came.trace_id, &came.span_id));
        }
    }
    for (came, left) in came.exemplars.iter().zip(&left.exemplars) {
        assert_eq!((&left.span_id, left.time_unix_nano), (&came.span_id, came.time_unix_nano));
        let (before, after) = (&came.filtered_attributes, &left.filtered_attributes);
        adopted(adopts, &came.trace_id, &left.trace_id, before, after);
    }
}

fn is_absent(id: &[u8]) -> bool {
    id.iter().all(|byte| *byte == 0)
}

/// A reference to a trace, which may refer to none.
fn adopted(adopts: bool, came: &[u8], left: &[u8], before: &[KeyValue], after: &[KeyValue]) {
    if adopts && !is_absent(came) {
        assert_eq!(left, RUN_TRACE);
        origin(came, before, after);
    } else {
        assert_eq!(left, came);
    }
}

/// The trace that something came from is noted as the last attribute, in hexadecimal digits.
fn origin(came: &[u8], before: &[KeyValue], after: &[KeyValue]) {
    if is_absent(came) || came == RUN_TRACE {
        assert!(after.len() <= before.len());
    } else {
        let last = after.last().expect("an attribute");
        // An id has 16 bytes; of what is longer no more is noted.
        let digits: String = came.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((last.key.as_str(), text_of(last)), (ORIGINAL, digits.as_str()));
    }
}

/// Stand-ins are for parents that are not there; links back lead to roots that are.
fn joins(transform: &mut Transform, rules: &Rules, out: &[u8], left: &mut Request, services: &[String]) {
    if !matches!(left, Request::Traces(_)) {
        return;
    }
    let spans = items(services, left).spans;
    let mut ids = Vec::new();
    each_span_id(out, &mut |id| ids.push(id)).expect("the result is protobuf");
    let whole: Vec<[u8; 8]> = spans.iter().filter_map(|span| span.span_id.as_slice().try_into().ok()).collect();
    assert!(whole.iter().all(|id| ids.contains(id)));
    let stand_ins = transform.stand_ins(|_| Ok::<(), Infallible>(())).expect("nothing fails");
    assert!(stand_ins.is_empty() || rules.nest == Nest::Adopt);
    for stand_in in stand_ins {
        assert!(!whole.contains(&stand_in.span_id) && stand_in.span_id != RUN_SPAN && stand_in.children > 0);
        assert!(spans.iter().any(|span| span.parent_span_id == stand_in.span_id));
    }
    for (trace_id, span_id) in transform.linked_roots() {
        assert!(spans.iter().any(|span| span.trace_id == trace_id && span.span_id == span_id));
    }
}

/// What is left is what would be left again.
fn nothing_to_hide(services: &[String], left: &mut Request) {
    left.visit(services, &mut |part| match part {
        Part::Attributes(owner, list) => {
            for attribute in list.iter() {
                let (name, key) = (owner.name.as_bytes(), attribute.key.as_bytes());
                match content::attribute(owner.family, owner.place, name, key) {
                    Verdict::Keep => {}
                    Verdict::Drop => panic!("{} stands on {owner:?}", attribute.key),
                    Verdict::ErrorText => {
                        let text = text_of(attribute).as_bytes();
                        assert_eq!(content::error_text(owner.family, name, text), ErrorText::Keep, "{attribute:?}");
                    }
                }
            }
        }
        Part::Span(family, span) => {
            let text = span.status.as_ref().map(|status| status.message.as_str()).unwrap_or_default();
            let verdict = content::error_text(family, span.name.as_bytes(), text.as_bytes());
            let replaced = verdict.replacement();
            assert!(text.is_empty() || verdict == ErrorText::Keep || replaced.as_deref() == Some(text), "{text}");
        }
        Part::LogRecord(family, event, record) => {
            let Some(body) = &record.body else { return };
            let body = body.encode_to_vec();
            match content::body(family, event.as_bytes()) {
                BodyVerdict::Keep => {}
                BodyVerdict::Drop => panic!("{record:?} has a body"),
                BodyVerdict::Inspect => assert_eq!(content::inspect_body(family, &body), Some(body), "{record:?}"),
            }
        }
        Part::Exemplar(_) => {}
    });
}

/// A prompt in every list of attributes comes out of none.
fn marked(rules: &Rules, signal: Signal, services: &[String], mut request: Request) {
    if request.shown().contains(MARKER) {
        return;
    }
    let text = AnyValue { value: Some(Value::StringValue(MARKER.to_owned())) };
    request.visit(services, &mut |part| {
        if let Part::Attributes(_, list) = part {
            let value = Some(text.clone());
            list.push(KeyValue { key: "gen_ai.input.messages".to_owned(), value, ..KeyValue::default() });
        }
    });
    let (out, _) = apply(&mut Transform::new(rules.clone()), signal, &request.encode()).expect("a request");
    assert!(!out.windows(MARKER.len()).any(|window| window == MARKER.as_bytes()));
}
