//! What real agents sent, in the words of the GenAI conventions: every capture through all transforms, as text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use otel_run::otlp::Signal;
use otel_run::settings::{Content, GenAi, Nest};
use otel_run::signals::{ORIGINAL_NAME, Totals};
use otel_run::transform::{Counts, Rules, Transform};
use prost::Message;
use support::captures;

const RUN: [u8; 8] = [0xbb; 8];

fn rules(genai: GenAi) -> Rules {
    Rules {
        nest: Nest::Adopt,
        content: Content::Off,
        genai,
        newest_genai: false,
        left_out: None,
        trace_id: [0xaa; 16],
        span_id: RUN,
        sampled: true,
        service_name: None,
        agent: None,
        resource_attributes: Vec::new(),
        secrets: std::sync::Arc::default(),
    }
}

/// A capture after the transforms.
#[derive(Default)]
struct Replayed {
    spans: Vec<Span>,
    totals: Totals,
    kept: BTreeMap<&'static str, u32>,
    /// The requests, encoded, as they would be stored.
    stored: Vec<(Signal, Vec<u8>)>,
}

impl Replayed {
    fn capture(name: &str, rules: Rules) -> Self {
        let requests = captures::requests(name).into_iter().map(|(signal, body)| {
            let bytes = match signal {
                Signal::Traces => captures::decode::<ExportTraceServiceRequest>(body).encode_to_vec(),
                Signal::Metrics => captures::decode::<ExportMetricsServiceRequest>(body).encode_to_vec(),
                Signal::Logs => captures::decode::<ExportLogsServiceRequest>(body).encode_to_vec(),
            };
            (signal, bytes)
        });
        Self::requests(requests.collect(), rules)
    }

    fn requests(requests: Vec<(Signal, Vec<u8>)>, rules: Rules) -> Self {
        let mut replayed = Self::default();
        let mut transform = Transform::new(rules);
        for (signal, request) in requests {
            let mut out = Vec::new();
            let Counts { kept, .. } = transform
                .apply(signal, &request, &mut out, &mut |seen| {
                    replayed.totals.add_span(seen.scope, seen.name, seen.message);
                    let span = Span::decode(seen.message).unwrap();
                    assert_eq!(span.name.as_bytes(), seen.name);
                    replayed.spans.push(span);
                })
                .unwrap();
            transform.remember();
            *replayed.kept.entry(signal.as_str()).or_default() += kept;
            replayed.stored.push((signal, out));
        }
        replayed
    }

    /// The spans as a tree. Of spans that the conventions say nothing about only those are shown that stand above
    /// others; the rest is counted.
    fn text(&self) -> String {
        let ids: HashSet<&[u8]> = self.spans.iter().map(|span| span.span_id.as_slice()).collect();
        let mut children: HashMap<&[u8], Vec<&Span>> = HashMap::new();
        for span in &self.spans {
            let parent = Some(span.parent_span_id.as_slice()).filter(|parent| ids.contains(parent));
            children.entry(parent.unwrap_or(&RUN)).or_default().push(span);
        }
        for spans in children.values_mut() {
            spans.sort_by_key(|span| (span.start_time_unix_nano, &span.name, &span.span_id));
        }
        let mut text = String::new();
        for (signal, kept) in &self.kept {
            let _ = writeln!(text, "{signal}: {kept}");
        }
        let _ = writeln!(text, "totals: {}", serde_json::to_string(&self.totals).unwrap());
        write_children(&RUN, 0, &children, &mut text);
        text
    }
}

fn write_children(parent: &[u8], depth: usize, children: &HashMap<&[u8], Vec<&Span>>, text: &mut String) {
    let mut others = 0;
    for span in children.get(parent).into_iter().flatten() {
        let mut beneath = String::new();
        write_children(&span.span_id, depth + 1, children, &mut beneath);
        let said = said(span);
        if said.is_empty() && !beneath.contains(" = ") {
            others += 1 + count(&span.span_id, children);
            continue;
        }
        let indent = "  ".repeat(depth);
        let status = span.status.clone().unwrap_or_default();
        let _ = write!(text, "{indent}{} [{}, {}", span.name, word(span.kind().as_str_name()), {
            word(status.code().as_str_name())
        });
        let _ = writeln!(text, "{}]", if status.message.is_empty() { "" } else { " with a message" });
        for line in said {
            let _ = writeln!(text, "{indent}      {line}");
        }
        text.push_str(&beneath);
    }
    if others > 0 {
        let _ = writeln!(text, "{}+ {others} others", "  ".repeat(depth));
    }
}

fn count(parent: &[u8], children: &HashMap<&[u8], Vec<&Span>>) -> usize {
    children.get(parent).into_iter().flatten().map(|span| 1 + count(&span.span_id, children)).sum()
}

/// `SPAN_KIND_CLIENT` without what all have in common.
fn word(name: &str) -> &str {
    name.rsplit('_').next().unwrap()
}

/// The attributes that the conventions know, with their values, and the names of the others; nothing for a span that has
/// none of the former.
fn said(span: &Span) -> Vec<String> {
    let known = |key: &str| {
        key.starts_with("gen_ai.")
            || matches!(key, "error.type" | "process.exit.code" | ORIGINAL_NAME | "otel_run.genai.echo")
    };
    let (said, others): (Vec<_>, Vec<_>) = span.attributes.iter().partition(|attribute| known(&attribute.key));
    let value = |value: &Option<AnyValue>| shown(value.as_ref().unwrap());
    let mut lines: Vec<_> =
        said.iter().map(|attribute| format!("{} = {}", attribute.key, value(&attribute.value))).collect();
    lines.sort();
    if !lines.is_empty() {
        let mut names: Vec<_> = others.iter().map(|attribute| attribute.key.as_str()).collect();
        names.retain(|name| *name != "otel_run.original_trace_id");
        names.sort_unstable();
        if !names.is_empty() {
            lines.push(format!("and {}", names.join(", ")));
        }
    }
    lines
}

fn shown(value: &AnyValue) -> String {
    match value.value.as_ref().unwrap() {
        Value::StringValue(text) => format!("{text:?}"),
        Value::BoolValue(flag) => flag.to_string(),
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => format!("{number:?}"),
        Value::ArrayValue(list) => format!("[{}]", list.values.iter().map(shown).collect::<Vec<_>>().join(", ")),
        other => panic!("{other:?}"),
    }
}

fn each_golden(genai: GenAi, mode: &str) {
    for capture in captures::names() {
        let name = capture.strip_suffix(".jsonl").unwrap();
        insta::assert_snapshot!(format!("{name}-{mode}"), Replayed::capture(&capture, rules(genai)).text());
    }
}

#[test]
fn captures_with_the_conventions_beside_their_own_names() {
    each_golden(GenAi::Add, "add");
}

#[test]
fn captures_with_the_conventions_in_place_of_their_own_names() {
    each_golden(GenAi::Replace, "replace");
}

#[test]
fn whatever_the_names_the_run_adds_up_to_the_same() {
    for capture in captures::names() {
        let [off, add, replace] =
            [GenAi::Off, GenAi::Add, GenAi::Replace].map(|genai| Replayed::capture(&capture, rules(genai)).totals);
        assert_eq!(off, add, "{capture}");
        assert_eq!(off, replace, "{capture}");
    }
}

#[test]
fn a_second_time_changes_nothing() {
    for capture in captures::names() {
        for genai in [GenAi::Add, GenAi::Replace] {
            for content in [Content::Off, Content::On] {
                let rules = Rules { content, ..rules(genai) };
                let once = Replayed::capture(&capture, rules.clone());
                let twice = Replayed::requests(once.stored.clone(), rules);
                assert_eq!(sorted(&twice.spans), sorted(&once.spans), "{capture}");
                assert_eq!(twice.totals, once.totals, "{capture}");
            }
        }
    }
}

/// The order of attributes says nothing.
fn sorted(spans: &[Span]) -> Vec<Span> {
    let mut spans = spans.to_vec();
    for span in &mut spans {
        span.attributes.sort_by(|left, right| left.key.cmp(&right.key));
    }
    spans
}

/// Exactly one span of each call is the call, whatever the agent.
#[test]
fn a_tool_call_is_one_span_and_its_echoes_say_so() {
    let mut calls = 0;
    for capture in captures::names() {
        let replayed = Replayed::capture(&capture, rules(GenAi::Add));
        let mut spans: HashMap<String, [usize; 2]> = HashMap::new();
        for span in &replayed.spans {
            let text = |key: &str| {
                let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
                Some(shown(found.value.as_ref()?))
            };
            let call = text("gen_ai.operation.name").as_deref() == Some("\"execute_tool\"");
            let echo = text("otel_run.genai.echo").is_some();
            if call || echo {
                let id = text("gen_ai.tool.call.id").unwrap_or_else(|| panic!("{} of {capture}", span.name));
                assert!(text("gen_ai.tool.name").is_some() || echo, "{} of {capture}", span.name);
                assert!(call != echo, "{} of {capture}", span.name);
                spans.entry(id).or_default()[usize::from(echo)] += 1;
            }
        }
        for (id, [call, _]) in spans {
            assert_eq!(call, 1, "{id} of {capture}");
            calls += 1;
        }
    }
    assert!(calls >= 8, "{calls} calls of tools are found");
}
