//! What stands above the tree: what ran, how it ended, what it came to, and where its telemetry is.

use super::Options;
use crate::otlp::Signal;
use crate::store::facts::{Delivery, Ended, Outcome, Summary};
use crate::view::text::{self, Page, Style, Symbols, between, count, counted, duration, moment, safe};
use crate::view::{State, exit_style, has_served};

/// Writes the header.
pub(super) fn put(page: &mut Page, summary: &Summary, state: State, options: &Options) {
    page.put_facts(&ending(summary, state, options.symbols));
    page.put_facts(&origin(summary, options));
    let totals = totals(summary);
    if !totals.is_empty() {
        page.put_facts(&totals);
    }
    whereabouts(summary).iter().for_each(|facts| page.put_facts(facts));
}

/// The same in one line, for somebody who waited for the command: how it ended, what it came to, and where to see more.
/// What it came to is told as far as there is room within `width`.
pub(super) fn line(summary: &Summary, width: usize, symbols: Symbols) -> String {
    let words = |facts: Vec<Fact>| facts.into_iter().map(|(fact, _)| fact).collect::<Vec<_>>();
    let mut facts = words(ending(summary, State::Ended, symbols));
    let more = format!("otel-run show {}", safe(&summary.started.run_id));
    let used = |facts: &[String]| text::width(&facts.join(symbols.separator()));
    let room = width.saturating_sub(text::width(symbols.separator()) + text::width(&more));
    for fact in words(totals(summary)) {
        // What stands in brackets is the first to go.
        let short = fact.split(" (").next().unwrap_or_default().to_owned();
        let fits = |fact: &String| used(&[facts.as_slice(), std::slice::from_ref(fact)].concat()) <= room;
        match [fact, short].into_iter().find(fits) {
            Some(fact) => facts.push(fact),
            None => break,
        }
    }
    facts.push(more);
    facts.join(symbols.separator())
}

type Fact = (String, Style);

fn ending(summary: &Summary, state: State, symbols: Symbols) -> Vec<Fact> {
    let mut facts = vec![(safe(&summary.started.name).into_owned(), Style::Bold)];
    let Some(ended) = &summary.ended else {
        facts.push(match state {
            State::Running if summary.started.listen.is_some() => ("serving".to_owned(), Style::Cyan),
            State::Running => ("running".to_owned(), Style::Cyan),
            State::Ended | State::Lost => ("lost: otel-run is gone and wrote no end".to_owned(), Style::Red),
        });
        return facts;
    };
    facts.push(match (&ended.signal, ended.exit_code) {
        (Some(signal), _) => (format!("killed by {}", safe(signal)), Style::Red),
        (None, Some(code)) => (format!("exit {code}"), exit_style(ended)),
        (None, None) if has_served(summary, ended) => ("served".to_owned(), Style::Green),
        (None, None) => ("lost: otel-run was killed".to_owned(), Style::Red),
    });
    facts.extend(circumstances(ended));
    let time = duration(between(summary.started.started_unix_nano, ended.ended_unix_nano), symbols);
    match ended.exit_code.is_some() || has_served(summary, ended) {
        true => facts.push((time, Style::Plain)),
        false => facts.push((format!("last heard of after {time}"), Style::Plain)),
    }
    if ended.stopped_nano > 0 {
        let stopped = duration(between(0, ended.stopped_nano), symbols);
        facts.push((format!("stopped for {stopped} of it"), Style::Dim));
    }
    if ended.still_running {
        facts.push(("the command was still running when the run was closed".to_owned(), Style::Yellow));
    }
    facts
}

/// What the exit status does not tell.
fn circumstances(ended: &Ended) -> impl Iterator<Item = Fact> {
    let interrupted = ended.interrupted_by.as_ref().filter(|by| ended.signal.as_ref() != Some(by));
    let left = ended.descendants_left.filter(|left| *left > 0);
    let facts = [
        ended.timed_out.then(|| ("timed out".to_owned(), Style::Red)),
        ended.out_of_memory.then(|| ("out of memory".to_owned(), Style::Red)),
        interrupted.map(|by| (format!("interrupted by {}", safe(by)), Style::Yellow)),
        left.map(|left| (format!("left {} running", counted(left, "descendant")), Style::Yellow)),
    ];
    facts.into_iter().flatten()
}

fn origin(summary: &Summary, options: &Options) -> Vec<Fact> {
    let started = &summary.started;
    let mut facts = Vec::new();
    if let Some(agent) = &started.agent {
        facts.push((format!("agent {}", safe(agent)), Style::Dim));
    }
    facts.push((format!("started {}", moment(started.started_unix_nano, &options.zone)), Style::Dim));
    facts.push((format!("run {}", safe(&started.run_id)), Style::Dim));
    if !started.sampled {
        facts.push(("trace not sampled".to_owned(), Style::Yellow));
    }
    facts
}

fn totals(summary: &Summary) -> Vec<Fact> {
    let totals = &summary.totals;
    let mut facts = Vec::new();
    if totals.model_calls > 0 {
        let models = shortened(totals.models.iter().map(|model| safe(model).into_owned()));
        facts.push((counted(totals.model_calls, "model call") + &models, Style::Plain));
        if totals.failed_model_calls > 0 {
            facts.push((format!("{} failed", totals.failed_model_calls), Style::Red));
        }
    }
    let tokens = &totals.tokens;
    let part =
        |number: u64, name: &str| if number > 0 { format!(" ({} {name})", count(number)) } else { String::new() };
    if !tokens.is_zero() {
        facts.push((format!("{} tokens in{}", count(tokens.input), part(tokens.cache_read, "cached")), Style::Plain));
        facts.push((format!("{} out{}", count(tokens.output), part(tokens.reasoning, "reasoning")), Style::Plain));
    }
    let calls: u64 = totals.tools.values().fold(0, |sum, calls| sum.saturating_add(*calls));
    if calls > 0 {
        let mut tools: Vec<_> = totals.tools.iter().collect();
        tools.sort_by_key(|(name, calls)| (std::cmp::Reverse(**calls), *name));
        let names = tools.iter().map(|(name, calls)| match calls {
            1 => safe(name).into_owned(),
            calls => format!("{} {calls}", safe(name)),
        });
        facts.push((counted(calls, "tool call") + &shortened(names), Style::Plain));
    }
    if totals.failed_tools > 0 {
        facts.push((format!("{} failed", totals.failed_tools), Style::Red));
    }
    facts
}

/// The first few of `names` in brackets.
fn shortened(names: impl ExactSizeIterator<Item = String>) -> String {
    const MOST: usize = 4;
    let more = names.len().saturating_sub(MOST);
    let names: Vec<String> = names.take(MOST).collect();
    match (names.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(" ({})", names.join(", ")),
        (false, more) => format!(" ({} and {more} more)", names.join(", ")),
    }
}

/// `1 span, 30 log records` of what `number` says; empty where all are zero.
fn per_signal(number: impl Fn(Signal) -> u64) -> String {
    let parts: Vec<String> = Signal::ALL
        .iter()
        .map(|signal| (number(*signal), *signal))
        .filter(|(number, _)| *number > 0)
        .map(|(number, signal)| signal.counted(number))
        .collect();
    parts.join(", ")
}

/// What is stored and where it was sent: a line, and one more for each further destination and for each failure.
fn whereabouts(summary: &Summary) -> Vec<Vec<Fact>> {
    let stored = per_signal(|signal| summary.intake.get(&signal).map_or(0, |intake| intake.stored));
    let dropped = per_signal(|signal| summary.intake.get(&signal).map_or(0, |intake| intake.dropped));
    let mut facts =
        vec![(if stored.is_empty() { "nothing stored".to_owned() } else { format!("{stored} stored") }, Style::Dim)];
    let thinned = per_signal(|signal| summary.intake.get(&signal).map_or(0, |intake| intake.thinned));
    if !thinned.is_empty() {
        facts.push((format!("{thinned} left out as housekeeping"), Style::Dim));
    }
    if !dropped.is_empty() {
        facts.push((format!("{dropped} dropped"), Style::Red));
    }
    let redacted = summary.intake.values().map(|intake| intake.redacted).sum();
    if redacted > 0 {
        facts.push((format!("{} blanked", counted(redacted, "secret")), Style::Dim));
    }
    let mut lines = vec![facts];
    let destinations = &summary.started.destinations;
    if destinations.is_empty() {
        lines[0].push(("not sent anywhere".to_owned(), Style::Dim));
    }
    for destination in destinations {
        let nothing = Delivery::default();
        let delivery = summary.deliveries.get(&destination.name).unwrap_or(&nothing);
        let facts = delivered(delivery, &safe(destination.shown_endpoint()));
        match destinations.len() {
            1 => lines[0].extend(facts),
            _ => lines.push(facts),
        }
        if let Some(failure) = delivery.failure.as_ref().filter(|_| delivery.sum().is_trouble()) {
            lines.push(vec![(format!("last failure: {}", safe(failure)), Style::Yellow)]);
        }
    }
    lines
}

fn delivered(delivery: &Delivery, endpoint: &str) -> Vec<Fact> {
    let count = |part: fn(&Outcome) -> u64| per_signal(|signal| delivery.outcome.get(&signal).map_or(0, part));
    let mut facts = Vec::new();
    let rejected = count(|outcome| outcome.rejected);
    if !rejected.is_empty() {
        facts.push((format!("{rejected} rejected by {endpoint}"), Style::Red));
    }
    let expired = count(|outcome| outcome.expired);
    if !expired.is_empty() {
        facts.push((format!("{expired} too old for {endpoint}"), Style::Red));
    }
    let pending = count(|outcome| outcome.pending);
    if !pending.is_empty() {
        facts.push((format!("{pending} pending for {endpoint}"), Style::Yellow));
    }
    let delivered = count(|outcome| outcome.delivered);
    match (delivered.is_empty(), facts.is_empty()) {
        (true, false) => {}
        (true, true) => facts.push((format!("nothing sent yet to {endpoint}"), Style::Dim)),
        (false, false) => facts.push((format!("{delivered} delivered"), Style::Dim)),
        (false, true) => facts.push((format!("delivered to {endpoint}"), Style::Green)),
    }
    facts
}
