//! A run's summary made from its log and journal, for a run that is not closed, or could not write its own.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;

use super::facts::{Delivery, Destination, Ended, Intake, Outcome, Started, Summary};
use super::journal::Journal;
use super::log::{Kind, Log, LogError};
use super::run::RunFolder;
use crate::otlp::Signal;
use crate::signals;

/// Why a run has no summary.
#[derive(Debug, thiserror::Error)]
pub enum SummaryError {
    /// Its log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Its log does not begin with how it was started.
    #[error("its log is damaged at the beginning")]
    NoBeginning,
}

impl SummaryError {
    /// Whether nothing is recorded of the run: its otel-run was killed when it began, or begins just now.
    pub fn is_blank(&self) -> bool {
        matches!(self, SummaryError::Log(LogError::Blank))
    }

    /// Whether a newer otel-run wrote it, which is to be left alone.
    pub fn is_newer(&self) -> bool {
        matches!(self, SummaryError::Log(LogError::Newer(_)))
    }
}

impl RunFolder {
    /// The summary that was written when the run ended, or one made from the log as it is.
    ///
    /// # Errors
    ///
    /// When there is no written one and the log cannot be read.
    pub fn summary_or_made(&self) -> Result<Summary, SummaryError> {
        match self.summary() {
            Some(summary) if summary.ended.is_some() => Ok(summary),
            _ => made(&self.read_log()?, &self.read_journal().unwrap_or_else(|_| Journal::in_memory())),
        }
    }
}

fn made(log: &Log, journal: &Journal) -> Result<Summary, SummaryError> {
    let (mut at, mut payload) = (Log::start(), Vec::new());
    let mut started: Option<Started> = None;
    let mut ended: Option<Ended> = None;
    let mut totals = signals::Totals::default();
    let mut intake: BTreeMap<Signal, Intake> = BTreeMap::new();
    while let Some(header) = log.read(at, &mut payload).map_err(LogError::Io)? {
        at += header.record_length();
        match header.kind {
            Kind::Started => started = serde_json::from_slice(&payload).ok(),
            Kind::Ended => ended = serde_json::from_slice(&payload).ok(),
            Kind::Batch(signal) => {
                let counts = intake.entry(signal).or_default();
                counts.add(&header);
                if signal == Signal::Traces {
                    add_activities(&payload, &mut totals);
                }
            }
        }
    }
    let started = started.ok_or(SummaryError::NoBeginning)?;
    let deliveries = deliveries(&started.destinations, &intake, journal);
    Ok(Summary { ended, totals, intake, deliveries, ..Summary::of(started) })
}

/// What became of what is in the log at each of `destinations`, by what the journal says.
pub fn deliveries(
    destinations: &[Destination],
    intake: &BTreeMap<Signal, Intake>,
    journal: &Journal,
) -> BTreeMap<String, Delivery> {
    let of = |destination: &Destination| {
        let mut delivery = Delivery::default();
        for (signal, intake) in intake.iter().filter(|(signal, _)| destination.takes(**signal)) {
            let position = journal.position(&destination.name, *signal);
            let outcome = Outcome {
                delivered: position.delivered,
                pending: intake.stored.saturating_sub(position.settled()),
                rejected: position.rejected,
                expired: position.expired,
            };
            delivery.outcome.insert(*signal, outcome);
            delivery.failure = delivery.failure.or(position.rejection);
        }
        (destination.name.clone(), delivery)
    };
    destinations.iter().map(of).collect()
}

fn add_activities(request: &[u8], totals: &mut signals::Totals) {
    let Ok(data) = TracesData::decode(request) else { return };
    for scope_spans in data.resource_spans.iter().flat_map(|resource_spans| &resource_spans.scope_spans) {
        let scope = scope_spans.scope.as_ref().map(|scope| scope.name.as_str()).unwrap_or_default();
        for activity in scope_spans.spans.iter().filter_map(|span| signals::classify(scope, span)) {
            totals.add(&activity);
        }
    }
}
