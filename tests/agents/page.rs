//! `docs/agents.md`: every agent and every event, with its telemetry switched on by hand and under otel-run.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Mutex;

use nix::sys::signal::Signal;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};

use crate::expected::expected;
use crate::recipes::{RECIPES, recipe};
use crate::scene::{Event, Scene};
use crate::support::llm::marker;
use crate::support::stored::text;
use crate::support::{Behaviour, Upstream, agents, hex};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/agents.md");
/// What stands above this heading is written by hand.
const HEADING: &str = "## What was seen\n";

/// What is done to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Row {
    Success,
    Refusal,
    Interrupt,
    /// A success, and the backend's port is closed.
    Down,
}

const ROWS: [Row; 4] = [Row::Success, Row::Refusal, Row::Interrupt, Row::Down];

/// How its telemetry is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    ByHand,
    UnderOtelRun,
}

/// What was seen of one run.
struct Seen {
    status: ExitStatus,
    /// Whether stdout was what it is without any telemetry.
    same_stdout: bool,
    spans: BTreeMap<String, usize>,
    traces: usize,
    /// Spans in the caller's trace.
    nested: usize,
    log_records: usize,
    /// Log records that name no trace.
    loose: usize,
    metrics: usize,
    /// Spans, log records and metrics that tell tokens.
    tokens: [BTreeSet<String>; 3],
    content: Vec<&'static str>,
}

/// Plays all and writes the page; `AGENTS=gemini,qwen` plays these alone and leaves the others out.
pub fn write_page(page: Option<PathBuf>) {
    let chosen = std::env::var("AGENTS").ok();
    let is_chosen = |name: &str| chosen.as_ref().is_none_or(|names| names.split(',').any(|chosen| chosen == name));
    let names: Vec<_> = RECIPES.iter().map(|recipe| recipe.name).filter(|name| is_chosen(name)).collect();
    let jobs: Vec<_> = names.iter().flat_map(|name| ROWS.map(|row| (*name, row))).collect();
    let (seen, queue) = (Mutex::new(HashMap::new()), Mutex::new(jobs.into_iter()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((name, row)) = { queue.lock().unwrap().next() } {
                    let [by_hand, under] = look(name, row);
                    seen.lock()
                        .unwrap()
                        .extend([((name, row, Way::ByHand), by_hand), ((name, row, Way::UnderOtelRun), under)]);
                }
            });
        }
    });
    let seen = seen.into_inner().unwrap();
    let before = std::fs::read_to_string(PAGE).unwrap();
    let mut text = before[..before.find(HEADING).unwrap()].to_owned() + HEADING;
    for name in names {
        section(&mut text, name, |row, way| &seen[&(name, row, way)]);
    }
    std::fs::write(page.unwrap_or_else(|| PAGE.into()), text).unwrap();
}

/// One row, both ways.
fn look(name: &str, row: Row) -> [Seen; 2] {
    let event = match row {
        Row::Success | Row::Down => Event::Success,
        Row::Refusal => Event::Refusal,
        Row::Interrupt => Event::Interrupt,
    };
    let scene = Scene::of(recipe(name), event);
    let alone = scene.bare().stdout();
    let backend = || {
        let behaviour = if row == Row::Down { Behaviour::Refused } else { Behaviour::Accept };
        Upstream::behaving(behaviour).expect_hits(..)
    };
    let parent = |run: crate::support::Run| run.env("TRACEPARENT", TRACEPARENT);
    [Way::ByHand, Way::UnderOtelRun].map(|way| {
        let upstream = backend();
        let outcome = match way {
            Way::ByHand => scene.by_hand(&upstream.url(), parent),
            Way::UnderOtelRun => scene.wrapped(|run| {
                let deadline = if row == Row::Down { "1s" } else { "60s" };
                parent(run).upstream(&upstream).flag("--drain-deadline", deadline)
            }),
        };
        let spans = upstream.spans();
        let records = upstream.log_records();
        let traces: BTreeSet<_> = spans.iter().map(|span| &span.trace_id).collect();
        let mut counts = BTreeMap::new();
        for span in &spans {
            *counts.entry(span.name.clone()).or_default() += 1;
        }
        Seen {
            status: outcome.status(),
            same_stdout: outcome.stdout() == alone,
            traces: traces.len(),
            nested: spans.iter().filter(|span| hex(&span.trace_id) == TRACE).count(),
            log_records: records.len(),
            loose: records.iter().filter(|(_, record)| record.trace_id.is_empty()).count(),
            metrics: upstream.metrics().len(),
            tokens: tokens(&upstream),
            content: content(&upstream),
            spans: counts,
        }
    })
}

fn tokens(upstream: &Upstream) -> [BTreeSet<String>; 3] {
    let spans = upstream.spans().into_iter().filter(|span| tells_tokens(&span.attributes)).map(|span| span.name);
    let records = upstream.log_records().into_iter().map(|(_, record)| record);
    let records = records.filter(|record| tells_tokens(&record.attributes));
    let records = records.map(|record| text(&record.attributes, "event.name").unwrap_or(&record.event_name).to_owned());
    let metrics = upstream.metrics().into_iter().map(|(_, metric)| metric.name);
    // Beside those that tell how many bytes or how long.
    let metrics = metrics.filter(|name| name.contains("token") && !name.contains("duration"));
    [spans.collect(), records.collect(), metrics.collect()]
}

/// Whether an attribute tells the tokens of an answer.
fn tells_tokens(attributes: &[KeyValue]) -> bool {
    attributes.iter().any(|attribute| {
        let tells = attribute.key.contains("input_token") && !attribute.key.contains("cache");
        let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
        tells && matches!(value, Some(any_value::Value::IntValue(1..)))
    })
}

fn content(upstream: &Upstream) -> Vec<&'static str> {
    let kinds = [
        (marker::PROMPT, "prompt"),
        (marker::REASONING, "reasoning"),
        (marker::ARGUMENT, "tool arguments"),
        (marker::OUTPUT, "tool output"),
        (marker::ANSWER, "answer"),
        (marker::TITLE, "title"),
    ];
    kinds.into_iter().filter(|(text, _)| upstream.holds(text)).map(|(_, kind)| kind).collect()
}

fn section<'a>(page: &mut String, name: &str, seen: impl Fn(Row, Way) -> &'a Seen) {
    let recipe = recipe(name);
    let version = agents::version(recipe.package);
    writeln!(page, "\n### {name} {version}\n").unwrap();
    let by_hand = &recipe.by_hand;
    let variables = by_hand.variables.iter().map(|(name, value)| format!("{name}={value}"));
    let words = by_hand.arguments.iter().map(|word| (*word).to_owned());
    writeln!(page, "By hand:\n\n```").unwrap();
    for line in variables.chain(words) {
        writeln!(page, "{line}").unwrap();
    }
    writeln!(page, "```\n\n| | by hand | under otel-run |\n| --- | --- | --- |").unwrap();
    let mut row = |title: &str, cell: &dyn Fn(Way) -> String| {
        writeln!(page, "| {title} | {} | {} |", cell(Way::ByHand), cell(Way::UnderOtelRun)).unwrap();
    };
    let success = |way| seen(Row::Success, way);
    row("signals", &|way| signals(success(way)));
    row("traces", &|way| few(success(way).traces));
    row("spans in the caller's trace", &|way| part(success(way).nested, success(way).spans.values().sum()));
    row("log records in a trace", &|way| part(success(way).log_records - success(way).loose, success(way).log_records));
    row("spans of interest", &|way| of_interest(name, Event::Success, success(way)));
    for (title, place) in [("tokens, on spans", 0), ("tokens, on log records", 1), ("tokens, as metrics", 2)] {
        row(title, &|way| list(success(way).tokens[place].iter()));
    }
    row("content that leaves", &|way| match &success(way).content[..] {
        [] => "none".into(),
        kinds => kinds.join(", "),
    });
    row("its end", &|way| end(success(way)));
    row("... with the model's refusal", &|way| end(seen(Row::Refusal, way)));
    row("spans then", &|way| of_interest(name, Event::Refusal, seen(Row::Refusal, way)));
    row("... with SIGINT in the tool", &|way| end(seen(Row::Interrupt, way)));
    row("spans then", &|way| of_interest(name, Event::Interrupt, seen(Row::Interrupt, way)));
    row("... with the backend down", &|way| end(seen(Row::Down, way)));
}

fn signals(seen: &Seen) -> String {
    let kinds = [(seen.spans.len(), "traces"), (seen.log_records, "logs"), (seen.metrics, "metrics")];
    let sent: Vec<_> = kinds.into_iter().filter(|(count, _)| *count > 0).map(|(_, kind)| kind).collect();
    if sent.is_empty() { "none".into() } else { sent.join(", ") }
}

/// A count that may vary where it is large.
fn few(count: usize) -> String {
    if count > 10 { "more than 10".into() } else { count.to_string() }
}

fn part(some: usize, all: usize) -> String {
    match some {
        _ if all == 0 => "there are none".into(),
        0 => "none".into(),
        _ if some == all => "all".into(),
        _ => "some".into(),
    }
}

/// The spans of the cell that came, each with its number.
fn of_interest(name: &str, event: Event, seen: &Seen) -> String {
    let spans = expected(name).cell(event).spans.iter();
    let found = spans.filter_map(|(name, _)| Some((name, seen.spans.get(*name)?)));
    let found: Vec<_> = found.map(|(name, count)| format!("{count} `{name}`")).collect();
    if found.is_empty() { "none".into() } else { found.join(", ") }
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn end(seen: &Seen) -> String {
    let end = match (seen.status.code(), seen.status.signal().map(Signal::try_from)) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(Ok(signal))) => signal.to_string(),
        (None, _) => seen.status.to_string(),
    };
    if seen.same_stdout { end } else { end + ", other words on stdout" }
}
