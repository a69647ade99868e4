//! Runs to draw in tests: captures of real agents under the span of a run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, HashSet};

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

use crate::otlp::Signal;
use crate::signals::{Totals, captures, classify};
use crate::store::facts::{Delivery, Destination, Ended, Intake, Outcome, Started, Summary};

const TRACE: [u8; 16] = [0xab; 16];
const RUN: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const MARGIN: u64 = 200_000_000;

/// A run of `command` that ended with `exit_code` at the given times and reported nothing.
pub(super) fn summary(command: &str, started: u64, ended: u64, exit_code: i32) -> Summary {
    let started = Started {
        run_id: "20261120-100944-a1b2c3".to_owned(),
        trace_id: "ab".repeat(16),
        span_id: "0102030405060708".to_owned(),
        parent_span_id: None,
        sampled: true,
        name: command.to_owned(),
        agent: command.split(' ').next().map(str::to_owned),
        started_unix_nano: started,
        wrapper_pid: 1,
        child_pid: Some(2),
        listen: None,
        content: None,
        destinations: Vec::new(),
    };
    let ended = Ended {
        ended_unix_nano: ended,
        exit_code: Some(exit_code),
        error_type: (exit_code != 0).then(|| exit_code.to_string()),
        ..Ended::default()
    };
    Summary { ended: Some(ended), ..Summary::of(started) }
}

/// Makes it one whose otel-run was killed.
pub(super) fn lose(summary: &mut Summary, still_running: bool) {
    let ended = summary.ended.as_mut().unwrap();
    *ended = Ended { exit_code: None, error_type: Some("_OTHER".to_owned()), still_running, ..ended.clone() };
}

/// Sends the run to a backend that took `delivered`, has not got `pending` and refused `rejected` spans.
pub(super) fn deliver(summary: &mut Summary, delivered: u64, pending: u64, rejected: u64) {
    summary.started.destinations = vec![Destination {
        name: "default".to_owned(),
        endpoint: "https://otel.example.com".to_owned(),
        protocol: "http/protobuf".to_owned(),
        signal_endpoints: BTreeMap::new(),
        abridged: false,
        header_names: Vec::new(),
        file: None,
    }];
    let outcome = Outcome { delivered, pending, rejected, expired: 0 };
    let delivery = Delivery { outcome: BTreeMap::from([(Signal::Traces, outcome)]), failure: None };
    summary.deliveries.insert("default".to_owned(), delivery);
}

/// Says why the run was not delivered.
pub(super) fn fail(summary: &mut Summary, reason: &str) {
    summary.deliveries.values_mut().for_each(|delivery| delivery.failure = Some(reason.to_owned()));
}

/// The capture `name` adopted by a run of `command`: one trace, and everything hangs under the run's span.
pub(super) fn captured(name: &str, command: &str, exit_code: i32) -> (Summary, Vec<ResourceSpans>) {
    let mut spans = captures::load(name);
    let mut totals = Totals::default();
    captures::each(&spans).filter_map(|(scope, span)| classify(scope, span)).for_each(|found| totals.add(&found));
    let ids: HashSet<Vec<u8>> = captures::each(&spans).map(|(_, span)| span.span_id.clone()).collect();
    let started = captures::each(&spans).map(|(_, span)| span.start_time_unix_nano).min().unwrap() - MARGIN;
    let ended = captures::each(&spans).map(|(_, span)| span.end_time_unix_nano).max().unwrap() + MARGIN;
    let scopes = spans.iter_mut().flat_map(|resource| &mut resource.scope_spans);
    for span in scopes.flat_map(|scope| &mut scope.spans) {
        span.trace_id = TRACE.to_vec();
        if !ids.contains(&span.parent_span_id) {
            span.parent_span_id = RUN.to_vec();
        }
    }
    spans.push(run_span(command, started, ended));
    let mut summary = summary(command, started, ended, exit_code);
    summary.totals = totals;
    let stored = captures::each(&spans).count() as u64;
    summary.intake.insert(Signal::Traces, Intake { received: stored, stored, ..Intake::default() });
    summary.intake.insert(Signal::Logs, Intake { received: 30, stored: 30, ..Intake::default() });
    (summary, spans)
}

fn run_span(name: &str, start: u64, end: u64) -> ResourceSpans {
    let span = Span {
        trace_id: TRACE.to_vec(),
        span_id: RUN.to_vec(),
        name: name.to_owned(),
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        ..Span::default()
    };
    wrapped("otel-run", vec![span])
}

/// `spans` of one scope.
pub(super) fn wrapped(scope: &str, spans: Vec<Span>) -> ResourceSpans {
    let scope = InstrumentationScope { name: scope.to_owned(), ..InstrumentationScope::default() };
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }];
    ResourceSpans { scope_spans, ..ResourceSpans::default() }
}
