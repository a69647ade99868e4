//! One signal on its way to one backend.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::answer::Answer;
use super::client::Client;
use super::retry;
use super::source::Source;
use crate::otlp::Signal;
use crate::store::Journal;
use crate::store::journal::Settled;

/// How long a lane waits for more before it sends a small batch, so that a short run needs one request a signal.
const GATHER: Duration = Duration::from_millis(100);

/// How long a backend that wants nothing of us is left alone. Somebody may correct there what is wrong while we run.
const RECONSIDER: Duration = Duration::from_secs(300);

/// Whether more is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The command runs.
    Running,
    /// The log is complete, and there is time: deliver what is there, however long that takes, and end.
    Complete,
    /// The log is complete: deliver what is there, as far as that is possible now, and end.
    Finishing,
}

pub(super) struct Lane {
    pub(super) signal: Signal,
    pub(super) client: Rc<Client>,
    pub(super) source: Rc<Source>,
    pub(super) journal: Rc<RefCell<Journal>>,
    pub(super) failures: Rc<RefCell<BTreeMap<Signal, String>>>,
    pub(super) phase: watch::Receiver<Phase>,
}

impl Lane {
    pub(super) async fn run(mut self) {
        let mut attempts = 0;
        // After a refusal of a merged request its batches are sent one by one, so that one cannot spoil the others.
        let mut most = usize::MAX;
        // Why items were rejected, which is told at the end whatever came later.
        let mut rejection: Option<String> = None;
        loop {
            let offset = self.journal.borrow().position(self.signal).offset;
            let stretch = match self.source.next(self.signal, offset, most) {
                Ok(Some(stretch)) => stretch,
                Ok(None) if self.complete() => return,
                Ok(None) => {
                    self.more().await;
                    continue;
                }
                Err(error) => return self.failed(format!("cannot read the log: {error}")),
            };
            // The time can be over before there is an answer, and then this is what went wrong.
            self.failures.borrow_mut().entry(self.signal).or_insert_with(|| self.client.unanswered(self.signal));
            // An attempt that began while the command ran is never the last one, whenever it fails.
            let last_chance = self.finishing();
            match self.client.send(self.signal, &stretch.request).await {
                Answer::Taken { rejected, remark } => {
                    attempts = 0;
                    let rejected = rejected.min(stretch.items);
                    if rejected > 0 {
                        rejection = remark.clone().or(rejection);
                    }
                    self.recovered(rejection.as_ref());
                    self.settle(stretch.end, stretch.items - rejected, rejected, remark);
                }
                Answer::Refused { .. } if stretch.batches > 1 => most = 1,
                Answer::Refused { reason } => {
                    rejection = Some(reason.clone());
                    self.recovered(rejection.as_ref());
                    self.settle(stretch.end, 0, stretch.items, Some(reason));
                }
                Answer::Closed { reason } => {
                    self.failed(reason);
                    // Asking again and again would change nothing. The end of the command is worth another try; after
                    // that it is left to a flush.
                    if last_chance {
                        return;
                    }
                    self.pause(RECONSIDER).await;
                }
                Answer::Unreachable { reason } => {
                    self.failed(reason);
                    if last_chance {
                        return;
                    }
                    attempts += 1;
                    self.pause(retry::wait(attempts, None, fastrand::f64())).await;
                }
                Answer::Busy { reason, retry_after } => {
                    self.failed(reason);
                    attempts += 1;
                    self.pause(retry::wait(attempts, retry_after, fastrand::f64())).await;
                }
            }
        }
    }

    fn complete(&self) -> bool {
        *self.phase.borrow() != Phase::Running
    }

    fn finishing(&self) -> bool {
        *self.phase.borrow() == Phase::Finishing
    }

    fn recovered(&self, rejection: Option<&String>) {
        let mut failures = self.failures.borrow_mut();
        match rejection {
            Some(reason) => failures.insert(self.signal, reason.clone()),
            None => failures.remove(&self.signal),
        };
    }

    fn failed(&self, reason: String) {
        self.failures.borrow_mut().insert(self.signal, reason);
    }

    fn settle(&self, end: u64, delivered: u64, rejected: u64, reason: Option<String>) {
        let settled = Settled { signal: self.signal, end, delivered, rejected, reason };
        self.journal.borrow_mut().settle(&settled);
    }

    /// Waits for something to send, and a moment longer for what comes with it.
    async fn more(&mut self) {
        let source = Rc::clone(&self.source);
        tokio::select! {
            () = source.grown() => {}
            _ = self.phase.changed() => return,
        }
        let _ = timeout(GATHER, self.phase.changed()).await;
    }

    /// Waits before the next attempt. The end of the command cuts the wait short once: it may be the last chance.
    async fn pause(&mut self, wait: Duration) {
        tokio::select! {
            () = sleep(wait) => {}
            _ = self.phase.changed() => {}
        }
    }
}
