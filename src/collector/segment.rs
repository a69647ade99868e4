//! A log with its way to the backend. The collector of a run has one; a collector without an end fills one after the other.
//!
//! # Invariants
//!
//! * A batch is in one log, and is delivered from there.
//! * A log that is full gets its last record before the next one gets its first batch. It is delivered beside the next one
//!   until nothing of it is left, or the collector ends.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet, spawn_local};
use tokio::time::{Instant, sleep_until};

use super::recorder::Recorder;
use super::stock::{self, Answered};
use super::thread::{Closing, Report};
use crate::delivery::{Circumstances, Delivery, Failures, Phase, SharedJournal, Source, Target};
use crate::store::content::Kept;
use crate::store::facts::Destination;
use crate::store::{Journal, Log, summary};
use crate::transform::Transform;

/// How long it takes until another try where no new log could be begun.
const AGAIN: Duration = Duration::from_secs(60);

/// When a log is full, and what comes after it.
pub struct Turning {
    /// A log of so many bytes is full.
    pub size: u64,
    /// So is one whose first batch came so long ago; none for no limit.
    pub age: Option<Duration>,
    /// Takes what became of the first log.
    pub settled: Settled,
    /// Begins another log. It is called on the collector's thread and must not take long.
    pub next: Box<dyn FnMut() -> Option<Turn> + Send>,
}

/// Takes what became of a log, when nothing more will: on the collector's thread, while the log is still locked.
pub type Settled = Box<dyn FnOnce(Report) + Send>;

/// From one log to the next.
pub struct Turn {
    /// What is written last into the log that is full.
    pub closing: Closing,
    /// The next log, with its first record in it.
    pub log: Log,
    /// What was delivered of it: nothing.
    pub journal: Journal,
    /// Where content stays that is not delivered, if any does.
    pub content: Option<Kept>,
    /// The transforms for what arrives.
    pub transform: Transform,
    /// Takes what became of it.
    pub settled: Settled,
}

/// A log, and whoever delivers it.
pub(super) struct Segment {
    pub(super) source: Rc<Source>,
    journal: SharedJournal,
    failures: Failures,
    phase: watch::Sender<Phase>,
    delivery: Option<JoinHandle<()>>,
}

impl Segment {
    /// Begins to deliver `log` to `targets`, if there are any.
    pub(super) fn open(log: Log, journal: Journal, targets: Vec<Target>) -> Self {
        let source = Rc::new(Source::new(log));
        let journal = Rc::new(RefCell::new(journal));
        let (phase, phase_seen) = watch::channel(Phase::Running);
        let failures = Failures::default();
        let delivery = (!targets.is_empty()).then(|| {
            let delivery = Delivery {
                source: Rc::clone(&source),
                journal: Rc::clone(&journal),
                failures: failures.clone(),
                circumstances: Circumstances::real(),
            };
            spawn_local(async move { delivery.run(targets, phase_seen).await })
        });
        Self { source, journal, failures, phase, delivery }
    }

    /// Says that the log is complete.
    pub(super) fn complete(&self, phase: Phase) {
        let _ = self.phase.send(phase);
    }

    /// Waits until the log is delivered, as far as it can be. Not to be asked again after that.
    pub(super) async fn delivered(&mut self) {
        if let Some(delivery) = &mut self.delivery {
            let _ = delivery.await;
        }
    }

    /// What became of what `recorder` put into the log.
    pub(super) fn report(&self, recorder: &Recorder, destinations: &[Destination]) -> Report {
        let mut report = Report {
            intake: recorder.intake().clone(),
            totals: recorder.totals().clone(),
            store_error: recorder.last_error().map(str::to_owned),
            content_error: recorder.content_error().map(str::to_owned),
            ended: recorder.ended().to_vec(),
            ..Report::default()
        };
        let journal = self.journal.borrow();
        stock::take(&self.source, |signal| Answered::of(signal, destinations, &journal), &mut report);
        report.deliveries = summary::deliveries(destinations, &report.intake, &journal);
        self.failures.explain(&mut report.deliveries);
        report
    }
}

/// Looks after the log that is being filled, and those that were.
pub(super) struct Turns {
    terms: Option<Turning>,
    destinations: Vec<Destination>,
    targets: Vec<Target>,
    /// The length of the log without a batch in it.
    blank: u64,
    /// When its first batch came.
    first: Cell<Option<Instant>>,
    /// Until then no other log is begun.
    not_before: Option<Instant>,
    full: JoinSet<()>,
    /// When those that are full have to be done.
    end: watch::Sender<Option<Instant>>,
}

impl Turns {
    /// `segment` is the first one.
    pub(super) fn new(
        terms: Option<Turning>,
        segment: &Segment,
        destinations: Vec<Destination>,
        targets: Vec<Target>,
    ) -> Self {
        Self {
            terms,
            destinations,
            targets,
            blank: segment.source.end(),
            first: Cell::new(None),
            not_before: None,
            full: JoinSet::new(),
            end: watch::Sender::new(None),
        }
    }

    /// Waits until the log is full; for ever where there is no other one.
    pub(super) async fn due(&self, source: &Source) {
        let Some(terms) = &self.terms else { return pending().await };
        loop {
            let now = Instant::now();
            if source.end() > self.blank && self.first.get().is_none() {
                self.first.set(Some(now));
            }
            let old = self.first.get().zip(terms.age).and_then(|(first, age)| first.checked_add(age));
            let next = match source.end() >= terms.size && self.first.get().is_some() {
                true => Some(self.not_before.unwrap_or(now)),
                false => old.map(|old| self.not_before.map_or(old, |moment| old.max(moment))),
            };
            if next.is_some_and(|next| next <= now) {
                return;
            }
            tokio::select! {
                () = source.grown() => {}
                () = at(next) => {}
            }
        }
    }

    /// Closes the log that is full and goes on with another one, if one can be begun.
    pub(super) fn turn(&mut self, segment: &mut Segment, recorder: &RefCell<Recorder>) {
        let Some(terms) = &mut self.terms else { return };
        let Some(Turn { closing, log, journal, content, transform, settled }) = (terms.next)() else {
            self.not_before = Some(Instant::now() + AGAIN);
            return;
        };
        write_last(&mut recorder.borrow_mut(), &closing);
        let next = Segment::open(log, journal, self.targets.clone());
        let full = std::mem::replace(segment, next);
        let recorded = recorder.replace(Recorder::new(transform, Rc::clone(&segment.source), content));
        let settled = std::mem::replace(&mut terms.settled, settled);
        (self.blank, self.not_before) = (segment.source.end(), None);
        self.first.set(None);
        let (destinations, end) = (self.destinations.clone(), self.end.subscribe());
        self.full.spawn_local(async move {
            let full = deliver_whole(full, end).await;
            settled(full.report(&recorded, &destinations));
        });
        while self.full.try_join_next().is_some() {}
    }

    /// Waits until those that are full have been delivered, for as long as there is time.
    pub(super) async fn finish(&mut self, deadline: Instant) {
        self.end.send_replace(Some(deadline));
        while self.full.join_next().await.is_some() {}
    }

    /// Tells what became of the last log.
    pub(super) fn settle(&mut self, report: &Report) {
        if let Some(terms) = self.terms.take() {
            (terms.settled)(report.clone());
        }
    }
}

/// Delivers a log that is full, until all of it is delivered or the `end` has come.
async fn deliver_whole(mut full: Segment, mut end: watch::Receiver<Option<Instant>>) -> Segment {
    full.complete(Phase::Complete);
    loop {
        let until = *end.borrow_and_update();
        if until.is_some() {
            full.complete(Phase::Finishing);
        }
        tokio::select! {
            biased;
            () = full.delivered() => return full,
            () = at(until) => return full,
            // The sender goes with this task.
            _ = end.changed() => {}
        }
    }
}

/// Waits until `moment`; for ever if there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

/// Writes what is written last into a log.
pub(super) fn write_last(recorder: &mut Recorder, closing: &Closing) {
    for own in &closing.own {
        let _ = recorder.record_own(own);
    }
    let _ = recorder.record_end(&closing.ended);
}
