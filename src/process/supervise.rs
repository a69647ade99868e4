//! Waits for the command, passes signals on meanwhile, stops and goes on with it, and says how it ended.

use std::time::{Duration, Instant};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, raise, sigaction};
use nix::unistd::{Pid, getpgid, getpgrp, getppid, getsid};

use super::aftermath::Aftermath;
use super::decide::{Decision, Sender, Standing, decide};
use super::family::Family;
use super::signals::{Arrival, Signals};
use super::spawn::Child;
use super::terminal;
use super::usage::Usage;
use super::wait::{self, Change};
use super::watch::Watch;

/// How long a command must have lived before a [`Watch`] is posted: most that end sooner are never signalled.
const UNWATCHED: Duration = Duration::from_millis(20);

/// What is to be done with the command besides waiting for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// After this time it is sent SIGTERM, with everything that it started.
    pub time_limit: Option<Duration>,
    /// And this long after that SIGKILL.
    pub kill_after: Option<Duration>,
    /// Whether orphans among its descendants become our children, which we then reap.
    pub reap: bool,
    /// Whether the command is killed when otel-run is killed.
    pub die_with_parent: bool,
    /// Whether what asks it to end is given to all of its descendants in its process group: a launcher may keep signals
    /// to itself.
    pub whole_group: bool,
    /// What stands in the environment of its descendants and nobody else's.
    pub marks: Vec<String>,
}

/// How a process died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// It ended with this status, 0 to 255.
    Exited(i32),
    /// A signal killed it.
    Killed {
        /// The signal's number.
        signal: i32,
        /// Whether it left a core file.
        core_dumped: bool,
    },
}

/// A signal that otel-run received while the command lived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalSeen {
    /// Its number.
    pub signal: i32,
    /// Who sent it.
    pub sender: Sender,
    /// What was done with it.
    pub decision: Decision,
}

/// Something that happened while the command lived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// A signal reached otel-run.
    Signal(SignalSeen),
    /// A signal stopped the command.
    Stopped {
        /// Its number.
        signal: i32,
    },
    /// The command goes on after a stop.
    Continued {
        /// How long it was stopped.
        after: Duration,
    },
    /// Its time was over, and it was sent this signal.
    TimedOut {
        /// The signal's number.
        signal: i32,
    },
}

/// How the command ended and what it used.
#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    /// How it died.
    pub death: Death,
    /// What it used.
    pub usage: Usage,
    /// How long it was stopped, all stops together.
    pub stopped: Duration,
    /// Whether it was ended because its time was over.
    pub timed_out: bool,
}

impl Exit {
    /// The status that otel-run ends with: the command's; 128+n as a shell shows it for death by signal n; and 124 if its
    /// time was over, or 137 if it had to be killed then, as timeout(1) has them.
    pub fn code(&self) -> i32 {
        match self.death {
            Death::Killed { signal: libc::SIGKILL, .. } => 128 + libc::SIGKILL,
            _ if self.timed_out => 124,
            Death::Exited(code) => code,
            Death::Killed { signal, .. } => 128 + signal,
        }
    }
}

/// Looks after one command, from its start to its end.
pub struct Supervisor {
    child: Child,
    signals: Signals,
    terms: Terms,
    family: Family,
    watch: Option<Watch>,
    post_watch_at: Option<Instant>,
    limit_at: Option<Instant>,
    stopped_since: Option<Instant>,
    stopped: Duration,
    timed_out: bool,
    /// When everything that is left is killed.
    kill_at: Option<Instant>,
    /// The latest signal that arrived.
    latest: Option<(i32, Instant)>,
}

impl Supervisor {
    /// Takes over a command that was started just now.
    pub fn new(child: Child, signals: Signals, terms: Terms) -> Self {
        let Child { began, adopting, .. } = child;
        let family = Family { root: child.pid, stranger: None, adopting, marks: terms.marks.clone(), began };
        Self {
            child,
            signals,
            family,
            watch: None,
            post_watch_at: Some(began + UNWATCHED),
            limit_at: terms.time_limit.map(|limit| began + limit),
            terms,
            stopped_since: None,
            stopped: Duration::ZERO,
            timed_out: false,
            kill_at: None,
            latest: None,
        }
    }

    /// Waits until the command has ended, and passes on the signals that are meant for it. What happens meanwhile is
    /// told to `seen` at once.
    pub fn watch(mut self, mut seen: impl FnMut(Seen)) -> (Exit, Aftermath) {
        let (death, usage) = loop {
            if let Some(ended) = self.changes(&mut seen) {
                break ended;
            }
            let limit = self.next_moment().map(|moment| moment.saturating_duration_since(Instant::now()));
            for arrival in self.signals.wait(limit) {
                self.consider(arrival, &mut seen);
            }
            self.keep_time(&mut seen);
        };
        // What came at the command's last moment is not meant for what follows.
        for arrival in self.signals.arrived() {
            self.note(arrival, Decision::Leave, &mut seen);
        }
        match (&self.child.terminal, death) {
            (Some(terminal), Death::Killed { .. }) => terminal.restore(),
            (Some(terminal), Death::Exited(_)) => terminal.reclaim(),
            (None, _) => {}
        }
        let exit = Exit { death, usage, stopped: self.stopped, timed_out: self.timed_out };
        (exit, Aftermath::new(self.signals, Some(self.family), self.kill_at, self.latest))
    }

    /// Takes note of what became of the command, and of other children; how it ended, if it has.
    fn changes(&mut self, seen: &mut impl FnMut(Seen)) -> Option<(Death, Usage)> {
        while let Some((pid, change)) = wait::next(if self.child.adopting { None } else { Some(self.child.pid) }) {
            if pid != self.child.pid {
                continue;
            }
            match change {
                Change::Ended(death, usage) => return Some((death, usage)),
                Change::Stopped(signal) => {
                    self.stopped_since.get_or_insert_with(Instant::now);
                    seen(Seen::Stopped { signal });
                    // A shell continues the whole group, which must be told from being continued alone.
                    if self.watch.is_none() {
                        self.post_watch();
                    }
                    self.stop_too(signal);
                }
                Change::Continued => {
                    if let Some(since) = self.stopped_since.take() {
                        let after = since.elapsed();
                        self.stopped += after;
                        seen(Seen::Continued { after });
                    }
                }
            }
        }
        None
    }

    fn consider(&mut self, arrival: Arrival, seen: &mut impl FnMut(Seen)) {
        let Arrival { signal, sender } = arrival;
        let standing = self.standing();
        let to_the_group = self.watch.as_mut().map_or(Some(false), |watch| watch.saw(signal));
        if to_the_group.is_none() {
            self.watch = None;
            self.post_watch_at = Some(Instant::now());
        }
        let decision = decide(signal, sender, to_the_group == Some(true), &standing);
        if decision == Decision::Forward {
            self.pass_on(signal, sender, &standing);
        }
        self.note(arrival, decision, seen);
    }

    fn note(&mut self, arrival: Arrival, decision: Decision, seen: &mut impl FnMut(Seen)) {
        let Arrival { signal, sender } = arrival;
        self.latest = Some((signal, Instant::now()));
        seen(Seen::Signal(SignalSeen { signal, sender, decision }));
    }

    fn standing(&self) -> Standing {
        let own = std::process::id().cast_signed();
        Standing {
            child: self.child.pid,
            child_group: getpgid(Some(Pid::from_raw(self.child.pid))).ok().map(Pid::as_raw),
            own,
            own_group: getpgrp().as_raw(),
            session_leader: getsid(None) == Ok(Pid::from_raw(own)),
        }
    }

    /// Gives the command a signal. It is not waited for yet, so the id is its own; that it may have ended is no matter.
    fn pass_on(&self, signal: i32, sender: Sender, standing: &Standing) {
        let apart = standing.child_group == Some(self.child.pid) && standing.own_group != self.child.pid;
        // The terminal tells a group, and what stops as a group goes on as one.
        let to_its_group = apart && (sender == Sender::Kernel || signal == libc::SIGCONT);
        send(if to_its_group { -self.child.pid } else { self.child.pid }, signal);
        if self.terms.whole_group && !to_its_group && (Arrival { signal, sender }).asks_to_end() {
            let members = self.family.look().unwrap_or_default().members;
            for member in members.iter().filter(|member| Some(member.group) == standing.child_group) {
                send(member.pid, signal);
            }
        }
    }

    /// Stops as the command has stopped, so that the caller's shell sees it, until somebody continues us.
    ///
    /// In an orphaned process group the kernel does not let the terminal's signals stop us, since nobody would continue us.
    /// SIGSTOP does stop there, so it is followed only as the job of a shell.
    fn stop_too(&self, signal: i32) {
        let Ok(signal) = Signal::try_from(signal) else { return };
        if signal == Signal::SIGSTOP && !is_job() {
            return;
        }
        let foreground = terminal::foreground_of_another().filter(|group| group.as_raw() == self.child.pid);
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // SAFETY: the default action runs no code of ours.
        let before = if signal == Signal::SIGTSTP { unsafe { sigaction(signal, &default) }.ok() } else { None };
        let _ = raise(signal);
        if let Some(before) = before {
            // SAFETY: puts back the handler that was installed by the library before.
            let _ = unsafe { sigaction(signal, &before) };
        }
        if let Some(group) = foreground {
            terminal::give_foreground(group);
        }
    }

    /// When to wake up without a signal.
    fn next_moment(&self) -> Option<Instant> {
        [self.post_watch_at, self.limit_at, self.kill_at].into_iter().flatten().min()
    }

    /// Does what is to be done at certain times.
    fn keep_time(&mut self, seen: &mut impl FnMut(Seen)) {
        let now = Instant::now();
        if due(&mut self.post_watch_at, now) {
            self.post_watch();
        }
        if due(&mut self.limit_at, now) {
            self.timed_out = true;
            self.kill_at = self.terms.kill_after.map(|patience| now + patience);
            seen(Seen::TimedOut { signal: libc::SIGTERM });
            self.signal_all(libc::SIGTERM);
            // Who is stopped would not hear of it.
            self.signal_all(libc::SIGCONT);
        }
        if self.timed_out && due(&mut self.kill_at, now) {
            seen(Seen::TimedOut { signal: libc::SIGKILL });
            self.signal_all(libc::SIGKILL);
        }
    }

    fn post_watch(&mut self) {
        self.post_watch_at = None;
        self.watch = Watch::post();
        self.family.stranger = self.watch.as_ref().map(Watch::pid);
    }

    fn signal_all(&self, signal: i32) {
        send(self.child.pid, signal);
        self.family.signal(signal);
    }
}

/// Whether our parent controls us as a job: it is in our session and has put us into another group than its own.
fn is_job() -> bool {
    let parent = getppid();
    getsid(Some(parent)).is_ok_and(|session| getsid(None) == Ok(session))
        && getpgid(Some(parent)).is_ok_and(|group| group != getpgrp())
}

/// Takes `moment` if it has come.
fn due(moment: &mut Option<Instant>, now: Instant) -> bool {
    moment.take_if(|moment| *moment <= now).is_some()
}

/// Sends a signal to a process, or to a group by its negative id. Whoever is gone needs none.
pub(super) fn send(to: i32, signal: i32) {
    if let Ok(signal) = Signal::try_from(signal) {
        let _ = kill(Pid::from_raw(to), signal);
    }
}
