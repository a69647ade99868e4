//! What is left in memory when a run's log is closed: written down as far as there is room, and counted where there is none.

use super::thread::{Kept, Report};
use crate::delivery::Source;
use crate::otlp::Signal;
use crate::store::Log;
use crate::store::log::Kind;

/// Closes the log and notes in `report` what did not get into its file. `taken` says up to where the destination has
/// answered for a signal, if it is to get that signal.
pub(super) fn take(source: &Source, taken: impl Fn(Signal) -> Option<u64>, report: &mut Report) {
    // Nobody delivers what has moved to a place that was answered for.
    let moved = |kind, to| match kind {
        Kind::Batch(signal) => taken(signal).is_none_or(|offset| offset <= to),
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
        if taken(signal).is_some_and(|offset| unwritten.end <= offset) {
            report.kept = Kept::Partly;
        } else if let Some(intake) = report.intake.get_mut(&signal) {
            let items = u64::from(unwritten.items);
            intake.stored = intake.stored.saturating_sub(items);
            intake.dropped += items;
        }
    }
}
