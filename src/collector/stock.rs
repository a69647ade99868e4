//! What is left in memory when a run's log is closed: written down as far as there is room, and counted where there is none.

use super::thread::{Kept, Report};
use crate::delivery::Source;
use crate::otlp::Signal;
use crate::store::facts::Destination;
use crate::store::log::Kind;
use crate::store::{Journal, Log};

/// Up to where in the log the destinations of a signal have answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    /// All of them.
    by_all: u64,
    /// One of them at least.
    by_one: u64,
}

impl Answered {
    /// What the journal says of `signal`; none where it goes nowhere.
    pub(super) fn of(signal: Signal, destinations: &[Destination], journal: &Journal) -> Option<Self> {
        let takers = destinations.iter().filter(|destination| destination.takes(signal));
        let offsets = takers.map(|destination| journal.position(&destination.name, signal).offset);
        offsets
            .map(|offset| Self { by_all: offset, by_one: offset })
            .reduce(|one, other| Self { by_all: one.by_all.min(other.by_all), by_one: one.by_one.max(other.by_one) })
    }
}

/// Closes the log and notes in `report` what did not get into its file. `answered` says up to where the destinations have
/// answered for a signal, if it is to go anywhere.
pub(super) fn take(source: &Source, answered: impl Fn(Signal) -> Option<Answered>, report: &mut Report) {
    // Nobody delivers what has moved to a place that was answered for.
    let moved = |kind, to| match kind {
        Kind::Batch(signal) => answered(signal).is_none_or(|answered| answered.by_one <= to),
        Kind::Started | Kind::Ended => true,
    };
    let Some((left, why)) = source.close(moved) else { return };
    report.store_error = Some(why.to_string());
    if source.written() <= Log::start() {
        report.kept = Kept::Nothing;
        return;
    }
    for unwritten in left {
        let Kind::Batch(signal) = unwritten.kind else {
            report.kept = Kept::Partly;
            continue;
        };
        if answered(signal).is_some_and(|answered| unwritten.end <= answered.by_all) {
            report.kept = Kept::Partly;
        } else if let Some(intake) = report.intake.get_mut(&signal) {
            let items = u64::from(unwritten.items);
            intake.stored = intake.stored.saturating_sub(items);
            intake.dropped += items;
        }
    }
}
