//! The terminal that otel-run shares with the command: its foreground, and its modes.

use std::io::{stderr, stdin, stdout};
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, pthread_sigmask};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

/// The controlling terminal, as it was before the command was started by us from its foreground.
#[derive(Debug)]
pub(super) struct Terminal {
    modes: Termios,
}

impl Terminal {
    /// Looks at the terminal; none where there is none, or where it is somebody else's at the moment.
    pub(super) fn look() -> Option<Self> {
        let modes = with_terminal(|terminal| {
            let ours = tcgetpgrp(terminal) == Ok(getpgrp());
            if ours { tcgetattr(terminal).ok() } else { None }
        })??;
        Some(Self { modes })
    }

    /// Puts everything back that a killed command could not put back itself.
    pub(super) fn restore(&self) {
        with_terminal(|terminal| {
            take_back(terminal);
            if tcgetpgrp(terminal) == Ok(getpgrp()) {
                // At once: output that is held by ^S would keep us waiting.
                let _ = quietly(|| tcsetattr(terminal, SetArg::TCSANOW, &self.modes));
            }
        });
    }

    /// Takes the foreground from a group that is gone.
    pub(super) fn reclaim(&self) {
        with_terminal(take_back);
    }
}

/// The group in the foreground of the terminal, if there is one and it is not ours.
pub(super) fn foreground_of_another() -> Option<Pid> {
    let foreground = with_terminal(|terminal| tcgetpgrp(terminal).ok())??;
    (foreground != getpgrp()).then_some(foreground)
}

/// Gives the foreground to `group`, if it is ours to give.
pub(super) fn give_foreground(group: Pid) {
    with_terminal(|terminal| {
        if tcgetpgrp(terminal) == Ok(getpgrp()) {
            let _ = quietly(|| tcsetpgrp(terminal, group));
        }
    });
}

fn take_back(terminal: BorrowedFd<'_>) {
    let Ok(foreground) = tcgetpgrp(terminal) else { return };
    let own = getpgrp();
    let nobody_there = kill(Pid::from_raw(-foreground.as_raw()), None) == Err(nix::errno::Errno::ESRCH);
    if foreground != own && nobody_there {
        let _ = quietly(|| tcsetpgrp(terminal, own));
    }
}

/// Does something with the first standard stream that is the controlling terminal.
fn with_terminal<T>(work: impl FnOnce(BorrowedFd<'_>) -> T) -> Option<T> {
    let (stdin, stdout, stderr) = (stdin(), stdout(), stderr());
    let streams = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
    streams.into_iter().find(|stream| tcgetpgrp(stream).is_ok()).map(work)
}

/// Touches the terminal without being stopped for it, should we be in the background.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let mut quiet = SigSet::empty();
    quiet.add(Signal::SIGTTOU);
    let mut before = SigSet::empty();
    let blocked = pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&quiet), Some(&mut before));
    let done = work();
    if blocked.is_ok() {
        let _ = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&before), None);
    }
    done
}
