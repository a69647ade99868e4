//! The delivery of what a run has left on disk, by another otel-run than its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::LocalSet;

use super::destination::Way;
use crate::delivery::{Circumstances, Delivery, Failures, Phase, SharedJournal, Source};
use crate::store::facts::{Destination, Summary};
use crate::store::log::LogError;
use crate::store::{RunFolder, summary};

/// Delivers what is left of a run within `patience`, and writes down in its summary what became of it; gives that
/// summary, or none while somebody else is at work on the run. `before` is what was known of the run.
///
/// What was delivered is written down as well where the future is dropped before its end. It needs a [`LocalSet`].
///
/// # Errors
///
/// When log or journal cannot be read.
pub(super) async fn deliver(
    folder: &RunFolder,
    before: Summary,
    way: Way,
    patience: Duration,
) -> Result<Option<Summary>, LogError> {
    let Some(log) = folder.claim_log()? else { return Ok(None) };
    let source = Rc::new(Source::new(log));
    let journal = Rc::new(RefCell::new(folder.journal()?));
    let failures = Failures::default();
    let Way { targets, closed } = way;
    let (targets, destinations): (Vec<_>, Vec<_>) = targets.into_iter().unzip();
    let delivery = Delivery {
        source: Rc::clone(&source),
        journal: Rc::clone(&journal),
        failures: failures.clone(),
        circumstances: Circumstances::real(),
    };
    // The source is dropped after the delivery, and so the summary is written within the lock that it holds.
    let mut attempt = Attempt { folder, before, destinations, closed, journal, failures, whole: false, _lock: source };
    // Kept until the end: a lane takes a lost sender for a change.
    let (_phase, finishing) = watch::channel(Phase::Finishing);
    attempt.whole = tokio::time::timeout(patience, delivery.run(targets, finishing)).await.is_ok();
    Ok(Some(attempt.result()))
}

/// Runs `work` to its end on this thread.
///
/// # Errors
///
/// What the system said when it gave no means to wait.
pub(super) fn wait_for<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let done = LocalSet::new().block_on(&runtime, work);
    // A name look-up in a black hole must not hold the end.
    runtime.shutdown_background();
    Ok(done)
}

/// A delivery that is going on. When it is over, for whatever reason, the run's summary says how far it came.
struct Attempt<'a> {
    folder: &'a RunFolder,
    before: Summary,
    destinations: Vec<Destination>,
    /// Why other destinations of the run are not dialled, by their names.
    closed: BTreeMap<String, String>,
    journal: SharedJournal,
    failures: Failures,
    /// Whether all was tried that can be.
    whole: bool,
    _lock: Rc<Source>,
}

impl Attempt<'_> {
    fn result(&self) -> Summary {
        // The one before may have been written while somebody else was at work.
        let mut after = self.folder.summary_or_made().unwrap_or_else(|_| self.before.clone());
        // A run that was to go nowhere goes where it was sent now.
        if after.started.destinations.is_empty() {
            after.started.destinations.clone_from(&self.destinations);
        }
        after.deliveries = summary::deliveries(&after.started.destinations, &after.intake, &self.journal.borrow());
        self.failures.explain(&mut after.deliveries);
        for (name, delivery) in &mut after.deliveries {
            let left = delivery.outcome.iter().find(|(_, outcome)| outcome.pending > 0).map(|(signal, _)| *signal);
            let Some(signal) = left.filter(|_| self.failures.of(name).is_none()) else { continue };
            let served = self.destinations.iter().any(|served| served.name == *name && served.takes(signal));
            delivery.failure = Some(match (self.closed.get(name), served, self.whole) {
                (Some(reason), ..) => reason.clone(),
                (None, false, _) => format!("there is no endpoint for {}", signal.as_str()),
                (None, true, true) => "its log is damaged, and what stands behind the damage cannot be read".to_owned(),
                (None, true, false) => "there was no time left for it".to_owned(),
            });
        }
        after
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let _ = self.folder.write_summary(&self.result());
    }
}
