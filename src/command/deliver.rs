//! The delivery of what a run has left on disk, by another otel-run than its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::LocalSet;

use crate::delivery::{Delivery, Phase, Source, Target};
use crate::otlp::Signal;
use crate::store::facts::{Destination, Summary};
use crate::store::log::LogError;
use crate::store::{Journal, RunFolder, summary};

/// Delivers what is left of a run within `patience`, and writes down in its summary what became of it; gives that
/// summary, or none while somebody else is at work on the run. `before` is what was known of the run, `destination` how the
/// target is written down.
///
/// What was delivered is written down as well where the future is dropped before its end. It needs a [`LocalSet`].
///
/// # Errors
///
/// When log or journal cannot be read.
pub(super) async fn deliver(
    folder: &RunFolder,
    before: Summary,
    (target, destination): (Target, Destination),
    patience: Duration,
) -> Result<Option<Summary>, LogError> {
    let Some(log) = folder.claim_log()? else { return Ok(None) };
    let journal = Rc::new(RefCell::new(folder.journal()?));
    let failures = Rc::new(RefCell::new(BTreeMap::new()));
    let delivery =
        Delivery { source: Rc::new(Source::new(log)), journal: Rc::clone(&journal), failures: Rc::clone(&failures) };
    let unserved = Signal::ALL.into_iter().filter(|signal| !target.serves(*signal)).collect();
    // Dropped after the delivery, and so within the lock that the source holds.
    let lock = Rc::clone(&delivery.source);
    let mut attempt = Attempt { folder, before, destination, unserved, journal, failures, whole: false, _lock: lock };
    // Kept until the end: a lane takes a lost sender for a change.
    let (_phase, finishing) = watch::channel(Phase::Finishing);
    attempt.whole = tokio::time::timeout(patience, delivery.run(target, finishing)).await.is_ok();
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
    destination: Destination,
    unserved: Vec<Signal>,
    journal: Rc<RefCell<Journal>>,
    failures: Rc<RefCell<BTreeMap<Signal, String>>>,
    /// Whether all was tried that can be.
    whole: bool,
    _lock: Rc<Source>,
}

impl Attempt<'_> {
    fn result(&self) -> Summary {
        // The one before may have been written while somebody else was at work.
        let mut after = self.folder.summary_or_made().unwrap_or_else(|_| self.before.clone());
        // A run that was to go nowhere goes where it was sent now.
        after.started.destination.get_or_insert_with(|| self.destination.clone());
        let destined = summary::destined(&after.started);
        after.outcome = summary::outcome(&after.intake, &destined, &self.journal.borrow());
        let mut left = after.outcome.iter().filter(|(_, outcome)| outcome.pending > 0).map(|(signal, _)| *signal);
        after.last_failure = self.failures.borrow().values().next().cloned().or_else(|| {
            left.next().map(|signal| match (self.unserved.contains(&signal), self.whole) {
                (true, _) => format!("there is no endpoint for {}", signal.as_str()),
                (false, true) => "its log is damaged, and what stands behind the damage cannot be read".to_owned(),
                (false, false) => "there was no time left for it".to_owned(),
            })
        });
        after
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let _ = self.folder.write_summary(&self.result());
    }
}
