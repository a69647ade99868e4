//! Runs for programs: `show --json` and `runs --json`.
//!
//! Both print one JSON object. `version` is 1 and grows when a field changes its meaning or goes; fields may be added
//! without. Times are RFC 3339 in UTC with nanoseconds, durations whole nanoseconds, ids lower-case hex.
//!
//! ```text
//! runs --json   {"version": 1, "runs": [RUN, ...]}
//! show --json   {"version": 1, "run": RUN, "spans": [SPAN, ...], "span_count": 251, "folded_count": 243}
//! show --json --conversation   the same with "conversation": [PIECE, ...]
//!
//! RUN   run_id, name, listen, agent, content ("off", "local", "on"), state ("ended", "running", "lost"), trace_id, span_id, parent_span_id, sampled,
//!       started, ended, duration_ns, exit_code, signal, error_type, still_running, interrupted_by, timed_out, out_of_memory,
//!       stopped_ns, descendants_left,
//!       totals {model_calls, failed_model_calls, tokens {input, output, cache_read, cache_write, reasoning},
//!               tools {NAME: calls}, failed_tools, models [NAME]},
//!       intake {SIGNAL: {received, stored, unsampled, thinned, dropped, own, redacted, refused_requests}},
//!       destinations [{name, endpoint, protocol, header_names, signal_endpoints {SIGNAL: URL}, abridged,
//!                      outcome {SIGNAL: {delivered, pending, rejected, expired}}, failure}]
//! SPAN  trace_id, span_id, parent_span_id, shown_under, depth, name, kind, scope, service, started, ended,
//!       duration_ns, status ("unset", "ok", "error"), message, failed, activity, purpose, folded, merged [SPAN_ID]
//! PIECE time, span_id, owner (the span or the event), name (the attribute, or "body"), text
//! ```
//!
//! What is not known is `null`. `listen` is the address of a collector without a command (`serve`), which has no trace and no span
//! of its own and ends without an exit code; it is `null` for a command. In the state "lost" otel-run was killed before the command had ended: `ended` is then the time
//! at which anything was heard of the run last, and `still_running` is whether the command ran on when that was found out. A destination has `signal_endpoints` only where single signals have their own, and
//! `abridged` only where it is true: it cannot be dialled with what is written down. Counts that are zero in most runs are left
//! out then: `unsampled`, `thinned`, `own`, `redacted`, `refused_requests`, `expired`. `spans` is a tree in the order in which it is read: `depth` says how deep a span
//! stands, and `shown_under` is the `span_id` of the span above it, which is not `parent_span_id` where spans between
//! them are folded. `activity` is an object whose `type` is one of `prompt`, `model_call`, `model_step`, `model_usage`,
//! `tool_call`, `tool_echo`, `agent_turn` and `sub_agent`. `folded` counts housekeeping beneath the span, `merged` are
//! spans that tell of the same thing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, span::SpanKind, status::StatusCode};
use serde::Serialize;

use super::State;
use super::conversation::{Line, Piece};
use super::table::Run;
use super::text::{is_unsafe, timestamp};
use super::tree::{Detail, Node, build, inputs};
use crate::otlp::Signal;
use crate::signals::{Activity, Totals};
use crate::store::facts::{Destination, Intake, Outcome, Summary};

pub(super) const VERSION: u32 = 1;

#[derive(Serialize)]
struct Runs<'a> {
    version: u32,
    runs: Vec<Facts<'a>>,
}

#[derive(Serialize)]
struct Show<'a> {
    version: u32,
    run: Facts<'a>,
    spans: Vec<SpanLine<'a>>,
    span_count: usize,
    folded_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<Vec<Line<'a>>>,
}

#[derive(Serialize)]
struct Facts<'a> {
    run_id: &'a str,
    name: &'a str,
    listen: Option<&'a str>,
    agent: Option<&'a str>,
    content: Option<&'a str>,
    state: &'static str,
    trace_id: Option<&'a str>,
    span_id: Option<&'a str>,
    parent_span_id: Option<&'a str>,
    sampled: bool,
    started: Option<String>,
    ended: Option<String>,
    duration_ns: Option<u64>,
    exit_code: Option<i32>,
    signal: Option<&'a str>,
    error_type: Option<&'a str>,
    still_running: Option<bool>,
    interrupted_by: Option<&'a str>,
    timed_out: Option<bool>,
    out_of_memory: Option<bool>,
    stopped_ns: Option<u64>,
    descendants_left: Option<u64>,
    totals: &'a Totals,
    intake: &'a BTreeMap<Signal, Intake>,
    destinations: Vec<At<'a>>,
}

/// A destination, and what became of the run there.
#[derive(Serialize)]
struct At<'a> {
    #[serde(flatten)]
    destination: &'a Destination,
    outcome: Option<&'a BTreeMap<Signal, Outcome>>,
    failure: Option<&'a str>,
}

#[derive(Serialize)]
struct SpanLine<'a> {
    trace_id: String,
    span_id: String,
    parent_span_id: Option<String>,
    shown_under: Option<String>,
    depth: usize,
    name: &'a str,
    kind: &'static str,
    scope: &'a str,
    service: &'a str,
    started: Option<String>,
    ended: Option<String>,
    duration_ns: u64,
    status: &'static str,
    message: Option<&'a str>,
    failed: bool,
    activity: Option<&'a Activity>,
    purpose: Option<&'static str>,
    folded: usize,
    merged: Vec<String>,
}

/// The facts of `runs` in the order given, on lines of their own.
///
/// # Errors
///
/// None is known; serde's is passed on.
pub fn runs(runs: &[Run]) -> serde_json::Result<String> {
    printed(&Runs { version: VERSION, runs: runs.iter().map(|run| Facts::of(&run.summary, run.state)).collect() })
}

/// One run with its `spans`: those that a person wants to see, or all of them; and what was said, where it is asked for.
///
/// # Errors
///
/// As [`runs`].
pub fn show(
    summary: &Summary,
    state: State,
    spans: &[ResourceSpans],
    detail: Detail,
    conversation: Option<&[Piece]>,
) -> serde_json::Result<String> {
    let tree = build(&inputs(spans), super::span_id(&summary.started.span_id), detail);
    let lines = tree.nodes.iter().map(|node| SpanLine::of(node, node.parent.and_then(|parent| tree.nodes.get(parent))));
    printed(&Show {
        version: VERSION,
        run: Facts::of(summary, state),
        spans: lines.collect(),
        span_count: tree.spans,
        folded_count: tree.folded,
        conversation: conversation.map(|pieces| pieces.iter().map(Line::of).collect()),
    })
}

/// JSON may hold most characters as they are, but a terminal would obey DEL and the C1 control characters, and turn or
/// hide text by others. What is escaped is still the same text to whoever reads the JSON.
pub(super) fn printed(value: &impl Serialize) -> serde_json::Result<String> {
    let json = serde_json::to_string_pretty(value)?;
    let mut safe = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        if character != '\n' && is_unsafe(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    safe.push('\n');
    Ok(safe)
}

impl<'a> Facts<'a> {
    fn of(summary: &'a Summary, state: State) -> Self {
        let started = &summary.started;
        let ended = summary.ended.as_ref();
        Self {
            run_id: &started.run_id,
            name: &started.name,
            listen: started.listen.as_deref(),
            agent: started.agent.as_deref(),
            content: started.content.as_deref(),
            state: match state {
                State::Ended => "ended",
                State::Running => "running",
                State::Lost => "lost",
            },
            trace_id: Some(&*started.trace_id).filter(|id| !id.is_empty()),
            span_id: Some(&*started.span_id).filter(|id| !id.is_empty()),
            parent_span_id: started.parent_span_id.as_deref(),
            sampled: started.sampled,
            started: time(started.started_unix_nano),
            ended: ended.and_then(|ended| time(ended.ended_unix_nano)),
            duration_ns: ended.map(|ended| ended.ended_unix_nano.saturating_sub(started.started_unix_nano)),
            exit_code: ended.and_then(|ended| ended.exit_code),
            signal: ended.and_then(|ended| ended.signal.as_deref()),
            error_type: ended.and_then(|ended| ended.error_type.as_deref()),
            still_running: ended.map(|ended| ended.still_running),
            interrupted_by: ended.and_then(|ended| ended.interrupted_by.as_deref()),
            timed_out: ended.map(|ended| ended.timed_out),
            out_of_memory: ended.map(|ended| ended.out_of_memory),
            stopped_ns: ended.map(|ended| ended.stopped_nano),
            descendants_left: ended.and_then(|ended| ended.descendants_left),
            totals: &summary.totals,
            intake: &summary.intake,
            destinations: started.destinations.iter().map(|destination| At::of(summary, destination)).collect(),
        }
    }
}

impl<'a> At<'a> {
    fn of(summary: &'a Summary, destination: &'a Destination) -> Self {
        let delivery = summary.deliveries.get(&destination.name);
        Self {
            destination,
            outcome: delivery.map(|delivery| &delivery.outcome),
            failure: delivery.and_then(|delivery| delivery.failure.as_deref()),
        }
    }
}

impl<'a> SpanLine<'a> {
    fn of(node: &'a Node<'a>, above: Option<&Node<'_>>) -> Self {
        let span = node.span;
        Self {
            trace_id: hex(&span.trace_id),
            span_id: hex(&span.span_id),
            parent_span_id: (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id)),
            shown_under: above.map(|above| hex(&above.span.span_id)),
            depth: node.depth,
            name: &span.name,
            kind: match span.kind() {
                SpanKind::Unspecified => "unspecified",
                SpanKind::Internal => "internal",
                SpanKind::Server => "server",
                SpanKind::Client => "client",
                SpanKind::Producer => "producer",
                SpanKind::Consumer => "consumer",
            },
            scope: node.scope,
            service: node.service,
            started: time(node.start),
            ended: time(node.end),
            duration_ns: node.end - node.start,
            status: match span.status.as_ref().map_or(StatusCode::Unset, |status| status.code()) {
                StatusCode::Unset => "unset",
                StatusCode::Ok => "ok",
                StatusCode::Error => "error",
            },
            message: Some(node.message).filter(|message| !message.is_empty()),
            failed: node.failed,
            activity: node.activity.as_ref(),
            purpose: node.purpose,
            folded: node.folded,
            merged: node.merged.iter().map(|span| hex(&span.span_id)).collect(),
        }
    }
}

pub(super) fn time(unix_nano: u64) -> Option<String> {
    timestamp(unix_nano).map(|time| format!("{time:.9}"))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests;
