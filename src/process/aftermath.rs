//! The time between the command's end and ours.

use std::time::{Duration, Instant};

use nix::unistd::{Pid, getsid};

use super::family::{Family, Sight};
use super::signals::Signals;
use super::wait;

/// How often it is looked whether descendants have ended: nobody tells it of those that are not our children.
const TICK: Duration = Duration::from_millis(10);

/// A moment in which a process becomes another program, and how many of them are waited for.
const EXEC: Duration = Duration::from_millis(1);
const EXECS: usize = 20;

/// A signal that comes again so soon is the same wish: whoever ends a process tree tells each of its members, and may do
/// so twice.
const AGAIN: Duration = Duration::from_millis(200);

/// What is left of the command's descendants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// How many are running; none where the system does not tell.
    pub running: Option<u64>,
    /// Whether one of them may still be about to report: those in a session of their own were sent away to stay.
    pub may_report: bool,
}

/// The descendants when none of them is becoming another program: that takes a moment, and where it takes longer than
/// [`EXECS`] it is somebody else's.
fn clear_sight(family: &Family) -> Option<Sight> {
    let mut sight = family.look()?;
    for _ in 0..EXECS {
        if sight.unclear.is_empty() {
            break;
        }
        std::thread::sleep(EXEC);
        sight = family.look()?;
    }
    Some(sight)
}

/// What can happen while otel-run is about to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Somebody asks us to end at once.
    Asked,
    /// The closer of the signals was called.
    Closed,
    /// It is time to look again.
    Tick,
}

/// Signals and descendants after the command has ended, or could not be started.
pub struct Aftermath {
    signals: Signals,
    family: Option<Family>,
    kill_at: Option<Instant>,
    /// The latest signal that arrived while the command lived.
    latest: Option<(i32, Instant)>,
}

impl Aftermath {
    pub(super) fn new(
        signals: Signals,
        family: Option<Family>,
        kill_at: Option<Instant>,
        latest: Option<(i32, Instant)>,
    ) -> Self {
        Self { signals, family, kill_at, latest }
    }

    /// Where no command could be started.
    pub fn of_nothing(signals: Signals) -> Self {
        Self::new(signals, None, None, None)
    }

    /// Looks for descendants of the command.
    pub fn left(&self) -> Left {
        let Some(family) = &self.family else { return Left { running: Some(0), may_report: false } };
        let Some(Sight { members, unclear }) = clear_sight(family) else {
            return Left { running: None, may_report: false };
        };
        let session = getsid(None).map(Pid::as_raw);
        let may_report = members.iter().chain(&unclear).any(|member| Ok(member.session) == session);
        Left { running: Some(members.len() as u64), may_report }
    }

    /// Waits for one of three things; without `look_again` for one of the first two.
    pub fn wait(&mut self, look_again: bool) -> Woken {
        loop {
            self.reap();
            if self.signals.is_closed() {
                return Woken::Closed;
            }
            let kill_in = self.kill_at.map(|moment| moment.saturating_duration_since(Instant::now()));
            let limit = [look_again.then_some(TICK), kill_in].into_iter().flatten().min();
            let arrived = self.signals.wait(limit);
            if arrived.iter().any(|arrival| arrival.asks_to_end() && !self.is_repeated(arrival.signal)) {
                return Woken::Asked;
            }
            if self.kill_at.is_some_and(|moment| moment <= Instant::now()) {
                self.kill_what_is_left();
            }
            if look_again && arrived.is_empty() && !self.signals.is_closed() {
                return Woken::Tick;
            }
        }
    }

    fn is_repeated(&self, signal: i32) -> bool {
        self.latest.is_some_and(|(latest, when)| latest == signal && when.elapsed() < AGAIN)
    }

    /// Ends what was to be killed and has not had its time yet, since nobody will be there to do it.
    pub fn finish(mut self) {
        self.kill_what_is_left();
        // To take the handlers out one by one is work for nothing, and a signal would find its default action there.
        std::mem::forget(self.signals);
    }

    fn kill_what_is_left(&mut self) {
        if let (Some(_), Some(family)) = (self.kill_at.take(), &self.family) {
            family.signal(libc::SIGKILL);
        }
    }

    /// Reaps orphans that were given to us.
    fn reap(&self) {
        if self.family.as_ref().is_some_and(|family| family.adopting) {
            while wait::next(None).is_some() {}
        }
    }
}
