//! One signal on its way to one upstream.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::answer::Answer;
use super::client::Client;
use super::retry;
use super::source::{Source, Stretch};
use super::{Circumstances, Failures, SharedJournal};
use crate::otlp::{Signal, split};
use crate::store::journal::Settled;

/// How long a lane waits for more before it sends a small batch, so that a short run needs one request a signal.
const GATHER: Duration = Duration::from_millis(100);

/// No server's limit for a request is lower. One that calls less than this too much means something else: a quota.
const SMALL: usize = 64 << 10;
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
    pub(super) journal: SharedJournal,
    pub(super) failures: Failures,
    pub(super) circumstances: Circumstances,
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
            let offset = self.journal.borrow().position(self.client.name(), self.signal).offset;
            let stretch = match self.source.next(self.signal, offset, most, self.oldest()) {
                Ok(Some(stretch)) => stretch,
                Ok(None) if self.complete() => return,
                Ok(None) => {
                    self.more().await;
                    continue;
                }
                Err(error) => return self.failed(format!("cannot read the log: {error}")),
            };
            if stretch.expired {
                self.settle(&stretch, Fate { expired: stretch.items, reason: self.age(), ..Fate::default() });
                continue;
            }
            // The time can be over before there is an answer, and then this is what went wrong.
            self.failures.expect(&self.client, self.signal);
            // An attempt that began while the command ran is never the last one, whenever it fails.
            let last_chance = self.finishing();
            match self.send(&stretch).await {
                Answer::Taken { rejected, remark } => {
                    attempts = 0;
                    let rejected = rejected.min(stretch.items);
                    if rejected > 0 {
                        rejection = remark.clone().or(rejection);
                    }
                    self.recovered(rejection.as_ref());
                    let delivered = stretch.items - rejected;
                    self.settle(&stretch, Fate { delivered, rejected, reason: remark, ..Fate::default() });
                }
                Answer::Refused { .. } | Answer::TooLarge { .. } if stretch.batches > 1 => most = 1,
                Answer::Refused { reason } => {
                    rejection = Some(reason.clone());
                    self.recovered(rejection.as_ref());
                    let rejected = stretch.items;
                    self.settle(&stretch, Fate { rejected, reason: Some(reason), ..Fate::default() });
                }
                Answer::Closed { reason } | Answer::Unauthorized { reason } | Answer::TooLarge { reason } => {
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
                    self.pause(self.wait(attempts, None)).await;
                }
                Answer::Busy { reason, retry_after } => {
                    self.failed(reason);
                    attempts += 1;
                    self.pause(self.wait(attempts, retry_after)).await;
                }
            }
        }
    }

    /// Sends a request, in pieces where the upstream does not take so much at once. The pieces that it took before something
    /// went wrong are sent again with the others: delivery is at least once.
    async fn send(&self, stretch: &Stretch) -> Answer {
        let request = &stretch.request;
        let answer = self.client.send(self.signal, request).await;
        let Answer::TooLarge { .. } = answer else { return answer };
        let Some(mut pieces) = halves(request) else { return self.too_large(request, answer) };
        let (mut rejected, mut remark) = (0, None);
        while let Some(piece) = pieces.pop() {
            let mut answer = self.client.send(self.signal, &piece).await;
            if let Answer::TooLarge { .. } = answer {
                match halves(&piece) {
                    Some(smaller) => {
                        pieces.extend(smaller);
                        continue;
                    }
                    None => answer = self.too_large(&piece, answer),
                }
            }
            match answer {
                Answer::Taken { rejected: more, remark: said } => {
                    rejected += more;
                    remark = said.or(remark);
                }
                // Of several batches the next attempt sends each by itself.
                Answer::Refused { reason } if stretch.batches == 1 => {
                    rejected += split::items(self.signal, &piece).unwrap_or_default();
                    remark = Some(reason);
                }
                other => return other,
            }
        }
        Answer::Taken { rejected, remark }
    }

    /// The meaning of "too large" for what cannot be cut: refused, unless it is so small that something else is meant.
    fn too_large(&self, request: &[u8], answer: Answer) -> Answer {
        match answer {
            Answer::TooLarge { reason } if request.len() >= SMALL => Answer::Refused { reason },
            other => other,
        }
    }

    fn complete(&self) -> bool {
        *self.phase.borrow() != Phase::Running
    }

    fn finishing(&self) -> bool {
        *self.phase.borrow() == Phase::Finishing
    }

    /// What was written before this is too old to be sent, in nanoseconds since 1970.
    fn oldest(&self) -> u64 {
        let age = self.client.expire_after().and_then(|age| u64::try_from(age.as_nanos()).ok());
        age.map_or(0, |age| (self.circumstances.now)().saturating_sub(age))
    }

    fn age(&self) -> Option<String> {
        self.client.expire_after().map(|age| format!("older than {} s", age.as_secs_f64()))
    }

    fn recovered(&self, rejection: Option<&String>) {
        self.failures.set(self.client.name(), self.signal, rejection.cloned());
    }

    fn failed(&self, reason: String) {
        self.failures.set(self.client.name(), self.signal, Some(reason));
    }

    fn settle(&self, stretch: &Stretch, fate: Fate) {
        let Fate { delivered, rejected, expired, reason } = fate;
        let whole = rejected == 0 && expired == 0;
        let settled = Settled {
            to: self.client.name().to_owned(),
            signal: self.signal,
            begin: if whole { 0 } else { stretch.begin },
            end: stretch.end,
            delivered,
            rejected,
            expired,
            reason,
        };
        self.journal.borrow_mut().settle(&settled);
    }

    fn wait(&self, attempts: u32, asked: Option<Duration>) -> Duration {
        retry::wait(attempts, asked, (self.circumstances.chance)())
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

/// What became of the items of a stretch.
#[derive(Default)]
struct Fate {
    delivered: u64,
    rejected: u64,
    expired: u64,
    reason: Option<String>,
}

/// A request in two pieces, the first one last; none where it cannot be cut, or is small.
fn halves(request: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (first, second) = split::halves(request).ok().flatten().filter(|_| request.len() >= SMALL)?;
    Some(vec![second, first])
}
