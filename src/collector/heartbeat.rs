//! The heartbeat of a run: while the command runs, something is recorded every so often, so that a long run can be seen.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::recorder::Own;

/// What to record, and how often.
pub struct Heartbeat {
    /// The time between two beats, the first of which comes so long after the start. More than nothing.
    pub every: Duration,
    /// What is recorded.
    pub beat: Beat,
}

/// Makes what is recorded; none for a beat that is left out.
pub type Beat = Box<dyn Fn() -> Option<Own> + Send>;

/// A heartbeat that goes on, or none.
pub(super) struct Pulse(Option<(Interval, Beat)>);

impl Pulse {
    pub(super) fn start(heartbeat: Option<Heartbeat>) -> Self {
        Self(heartbeat.filter(|heartbeat| !heartbeat.every.is_zero()).and_then(|Heartbeat { every, beat }| {
            let mut interval = interval_at(Instant::now().checked_add(every)?, every);
            // A machine that slept, or a command that was stopped, has nothing to make up for.
            interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
            Some((interval, beat))
        }))
    }

    /// The next beat, when it is time for it; never returns where there is none.
    pub(super) async fn next(&mut self) -> Option<Own> {
        let Some((interval, beat)) = &mut self.0 else { return std::future::pending().await };
        interval.tick().await;
        beat()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::future::poll_fn;
    use std::pin::pin;

    use super::*;
    use crate::otlp::Signal;

    fn heartbeat(every: Duration) -> Option<Heartbeat> {
        let own = || Own { signal: Signal::Metrics, items: 1, request: Vec::new() };
        Some(Heartbeat { every, beat: Box::new(move || Some(own())) })
    }

    fn in_time<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test)
    }

    #[test]
    fn it_goes_on() {
        in_time(async {
            let mut pulse = Pulse::start(heartbeat(Duration::from_millis(1)));
            for _ in 0..3 {
                assert!(pulse.next().await.is_some());
            }
        });
    }

    #[test]
    fn the_start_is_not_a_beat_and_none_never_beats() {
        in_time(async {
            for heartbeat in [None, heartbeat(Duration::ZERO), heartbeat(Duration::MAX), heartbeat(DAY)] {
                let mut pulse = Pulse::start(heartbeat);
                let mut next = pin!(pulse.next());
                assert!(poll_fn(|context| std::task::Poll::Ready(next.as_mut().poll(context))).await.is_pending());
            }
        });
    }

    const DAY: Duration = Duration::from_secs(86_400);
}
