//! Every agent, every event, with a parent and without: one whole tree with what belongs in it, and the agent as it is
//! alone.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, Metric, metric};
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::expected::{By, Cell, Expected, Tokens, expected};
use crate::recipes::recipe;
use crate::scene::{Event, Outcome, Scene};
use crate::support::llm::marker;
use crate::support::stored::text;
use crate::support::tree::{assert_one_tree, named};
use crate::support::{Run, Stored, Transport, Upstream, hex};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// Plays an event alone, under otel-run with a parent, and under otel-run without one.
#[track_caller]
pub fn play(agent: &str, event: Event) {
    let scene = Scene::of(recipe(agent), event);
    let alone = scene.bare();
    assert_ends(&alone, expected(agent).cell(event).ends);
    with_parent(&scene, &alone);
    without_parent(&scene, &alone);
}

fn with_parent(scene: &Scene, alone: &Outcome) {
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let arrived = arrived(scene, Transport::HttpProtobuf, |run| run.env("TRACEPARENT", &parent));
    arrived.assert_as_alone(scene, alone);
    arrived.assert_whole(scene, TRACE, PARENT);
}

fn without_parent(scene: &Scene, alone: &Outcome) {
    let arrived = arrived(scene, Transport::Grpc, |run| run);
    let trace = arrived.stored.started.trace_id.clone();
    arrived.assert_as_alone(scene, alone);
    arrived.assert_whole(scene, &trace, "");
}

/// What came of one run under otel-run.
pub struct Arrived {
    pub outcome: Outcome,
    pub upstream: Upstream,
    pub stored: Stored,
    pub spans: Vec<Span>,
}

/// Plays until nothing is missing that the agent may lose, a few times at the most.
pub fn arrived(scene: &Scene, transport: Transport, settings: impl Fn(Run) -> Run) -> Arrived {
    let expected = expected(scene.recipe.name);
    let once = || {
        let upstream = Upstream::start();
        let outcome =
            scene.wrapped(|run| settings(run).upstream_by(&upstream, transport).flag("--drain-deadline", "60s"));
        let (stored, spans) = (Stored::of(&outcome.ran.home), upstream.spans());
        Arrived { outcome, upstream, stored, spans }
    };
    let tries = if expected.is_lossy { 5 } else { 1 };
    let is_whole = |arrived: &Arrived| arrived.missing(expected, scene.event).is_empty();
    let mut arrived = once();
    for _ in 1..tries {
        if is_whole(&arrived) {
            break;
        }
        arrived = once();
    }
    arrived
}

impl Arrived {
    /// Fails unless the agent behaved as it does without otel-run.
    #[track_caller]
    fn assert_as_alone(&self, scene: &Scene, alone: &Outcome) {
        let expected = expected(scene.recipe.name);
        let (words, leaves) = match scene.event {
            Event::Interrupt => (expected.last_words, expected.leaves),
            Event::Success | Event::Refusal => ("", &[][..]),
        };
        let without = |said: String| {
            let said = said.trim_end();
            said.strip_suffix(words).unwrap_or(said).trim_end().to_owned()
        };
        let (ours, theirs) = (without(self.outcome.stdout()), without(alone.stdout()));
        assert_eq!(ours, theirs, "stdout is another than without otel-run");
        let (ours, theirs) = (self.outcome.files.of_the_user(scene.recipe), alone.files.of_the_user(scene.recipe));
        assert_eq!(ours, theirs, "the user's files are others than without otel-run");
        let (ours, theirs) = (self.outcome.files.names(), alone.files.names());
        let mut others: Vec<_> = ours.symmetric_difference(&theirs).collect();
        others.retain(|name| !expected.writes.iter().chain(leaves).any(|varying| varying == name));
        assert!(others.is_empty(), "there are other files than without otel-run: {others:?}");
    }

    /// Fails unless it ended as expected, and everything is in one tree, arrived, and tells no content.
    #[track_caller]
    pub fn assert_whole(&self, scene: &Scene, trace: &str, parent: &str) {
        let expected = expected(scene.recipe.name);
        assert_ends(&self.outcome, expected.cell(scene.event).ends);
        let top = assert_one_tree(&self.spans, trace, parent);
        assert_eq!(hex(&top.span_id), self.stored.started.span_id, "the tree's top is {}", top.name);
        let interrupted = (scene.event == Event::Interrupt).then_some("SIGINT");
        assert_eq!(text(&top.attributes, "otel_run.run.interrupted_by"), interrupted);
        assert_eq!(self.spans.len(), self.stored.spans().len(), "what was stored is not what the upstream got");
        for (_, record) in self.upstream.log_records() {
            assert_eq!(hex(&record.trace_id), trace, "{record:?}");
        }
        for (_, metric) in self.upstream.metrics() {
            for exemplar in exemplars(&metric) {
                assert!(exemplar.trace_id.is_empty() || hex(&exemplar.trace_id) == trace, "{metric:?}");
            }
        }
        assert_eq!(self.missing(expected, scene.event), Vec::<String>::new(), "{}", self.described());
        for text in marker::ALL {
            self.upstream.assert_nowhere(text);
            self.outcome.ran.home.assert_nowhere(text);
        }
    }

    /// What is not as the cell has it, in words.
    fn missing(&self, expected: &Expected, event: Event) -> Vec<String> {
        let cell = expected.cell(event);
        let mut missing = Vec::new();
        for (name, count) in cell.spans {
            let found = named(&self.spans, name);
            if found != *count {
                missing.push(format!("{found} spans {name} and not {count}"));
            }
        }
        let stand_ins = named(&self.spans, "(missing span)");
        if cell.has_stand_ins == (stand_ins == 0) && !(stand_ins > 0 && expected.is_lossy) {
            missing.push(format!("{stand_ins} stand-ins"));
        }
        if let Some(tokens) = &expected.tokens {
            missing.extend(self.wrong_tokens(cell, tokens));
        }
        let (logs, metrics) = (self.log_names(), self.metric_names());
        missing.extend(cell.logs.iter().filter(|name| !logs.contains_key(**name)).map(|name| format!("no log {name}")));
        let metrics = cell.metrics.iter().filter(|name| !metrics.contains_key(**name));
        missing.extend(metrics.map(|name| format!("no metric {name}")));
        missing
    }

    fn wrong_tokens(&self, cell: &Cell, tokens: &Tokens) -> Vec<String> {
        let mut wrong = Vec::new();
        let (first, _) = tokens.attributes[0];
        let carrying: Vec<_> = self.spans.iter().filter(|span| number(&span.attributes, first).is_some()).collect();
        let calls = carrying.iter().filter(|span| span.name == tokens.span);
        let found = calls.clone().count();
        if cell.calls.is_some_and(|calls| found != calls) {
            wrong.push(format!("{found} calls with tokens and not {:?}", cell.calls));
        }
        for call in calls {
            for (name, value) in tokens.attributes {
                if number(&call.attributes, name) != Some(*value) {
                    wrong.push(format!("{name} is not {value} on {call:?}"));
                }
            }
        }
        for other in carrying {
            if other.name != tokens.span && !tokens.sums.contains(&&*other.name) {
                wrong.push(format!("{first} on {}", other.name));
            }
        }
        wrong
    }

    fn log_names(&self) -> BTreeMap<String, usize> {
        let records = self.upstream.log_records().into_iter();
        count(records.map(|(_, record)| match text(&record.attributes, "event.name") {
            Some(name) => name.to_owned(),
            None => record.event_name,
        }))
    }

    fn metric_names(&self) -> BTreeMap<String, usize> {
        count(self.upstream.metrics().into_iter().map(|(_, metric)| metric.name))
    }

    /// Everything that came, for the message of a failed test.
    fn described(&self) -> String {
        let spans = count(self.spans.iter().map(|span| span.name.clone()));
        format!("spans: {spans:?}\nlogs: {:?}\nmetrics: {:?}", self.log_names(), self.metric_names())
    }
}

fn count(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn number(attributes: &[KeyValue], key: &str) -> Option<i64> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value {
        Some(any_value::Value::IntValue(number)) => Some(number),
        _ => None,
    }
}

fn exemplars(metric: &Metric) -> Vec<&Exemplar> {
    match &metric.data {
        Some(metric::Data::Sum(sum)) => sum.data_points.iter().flat_map(|point| &point.exemplars).collect(),
        Some(metric::Data::Gauge(gauge)) => gauge.data_points.iter().flat_map(|point| &point.exemplars).collect(),
        Some(metric::Data::Histogram(histogram)) => {
            histogram.data_points.iter().flat_map(|point| &point.exemplars).collect()
        }
        Some(metric::Data::ExponentialHistogram(histogram)) => {
            histogram.data_points.iter().flat_map(|point| &point.exemplars).collect()
        }
        Some(metric::Data::Summary(_)) | None => Vec::new(),
    }
}

#[track_caller]
fn assert_ends(outcome: &Outcome, by: By) {
    let status = outcome.status();
    let as_expected = match by {
        By::Exit(code) => status.code() == Some(code),
        By::Death(signal) => status.signal() == Some(signal as i32),
    };
    assert!(as_expected, "it ended by {status} and not by {by:?}; {}", outcome.ran.stderr_text());
}

macro_rules! agents {
    ($($agent:ident)*) => {$(
        mod $agent {
            use super::{Event, play};

            #[test]
            #[ignore = "needs the agent, which .ci/agents installs"]
            fn that_succeeds() {
                play(stringify!($agent), Event::Success);
            }

            #[test]
            #[ignore = "needs the agent, which .ci/agents installs"]
            fn that_its_model_provider_refuses() {
                play(stringify!($agent), Event::Refusal);
            }

            #[test]
            #[ignore = "needs the agent, which .ci/agents installs"]
            fn that_is_interrupted_in_a_tool() {
                play(stringify!($agent), Event::Interrupt);
            }
        }
    )*};
}

agents!(opencode claude codex gemini qwen copilot cn);
