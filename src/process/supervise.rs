//! Waits for the command, passes signals on meanwhile, and says how it ended.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::signals::{Decision, Sender, Signals, decide, sender};
use super::spawn::Child;
use super::usage::Usage;

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
    /// The status as a shell shows it: 128+n for death by signal n.
    pub fn code(&self) -> i32 {
        match self.death {
            Death::Exited(code) => code,
            Death::Killed { signal, .. } => 128 + signal,
        }
    }
}

/// Waits until the command has ended, and passes on the signals that are meant for it. What happens meanwhile is told to
/// `seen` at once.
pub fn supervise(child: &Child, signals: &mut Signals, mut seen: impl FnMut(Seen)) -> Exit {
    let own = nix::unistd::getpid().as_raw();
    loop {
        for origin in signals.queue.wait() {
            if matches!(origin.signal, libc::SIGCHLD | libc::SIGXFSZ) {
                continue;
            }
            let sender = sender(&origin);
            let decision = decide(sender, child.pid, own);
            if decision == Decision::Forward
                && let Ok(signal) = Signal::try_from(origin.signal)
            {
                // The child is not reaped yet, so the id is its own; that it may be gone already is no matter.
                let _ = kill(Pid::from_raw(child.pid), signal);
            }
            seen(Seen::Signal(SignalSeen { signal: origin.signal, sender, decision }));
        }
        if let Some(exit) = reap(child) {
            return exit;
        }
    }
}

/// Takes the child's status if it has ended.
fn reap(child: &Child) -> Option<Exit> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to locals of the right type; a zeroed rusage is a valid one.
    let (pid, usage) = unsafe {
        let pid = libc::wait4(child.pid, &raw mut status, libc::WNOHANG, usage.as_mut_ptr());
        (pid, usage.assume_init())
    };
    if pid != child.pid {
        return None;
    }
    let death = if libc::WIFSIGNALED(status) {
        Death::Killed { signal: libc::WTERMSIG(status), core_dumped: libc::WCOREDUMP(status) }
    } else {
        Death::Exited(libc::WEXITSTATUS(status))
    };
    Some(Exit { death, usage: Usage::from_rusage(&usage), stopped: Duration::ZERO, timed_out: false })
}
