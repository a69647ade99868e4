//! Signals that reach otel-run: caught from before the command starts until otel-run ends.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{Pid, getpgid};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;
use signal_hook::low_level::siginfo::Cause;

use super::decide::Sender;
use super::entry;

/// The signals that are passed on, if they were not ignored when otel-run was started.
///
/// SIGTTIN and SIGTTOU keep their default: they stop whoever touches the terminal from the background, and the kernel
/// sends them to the whole group.
const FORWARDED: [i32; 10] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGCONT,
    libc::SIGTSTP,
    libc::SIGWINCH,
];

/// Those of them that ask for an end.
const ENDING: [i32; 4] = [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM];

/// A signal that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) signal: i32,
    pub(super) sender: Sender,
}

impl Arrival {
    /// Whether it asks for an end.
    pub(super) fn asks_to_end(self) -> bool {
        ENDING.contains(&self.signal)
    }
}

/// Handlers for the signals of interest, and the queue that they fill.
pub struct Signals {
    queue: SignalDelivery<UnixStream, WithOrigin>,
}

impl Signals {
    /// Installs the handlers. Do it before the command is started, so that no signal is lost in between.
    ///
    /// A signal that was ignored at entry (nohup, background jobs) stays ignored: a handler would be reset to the
    /// default action by the command's exec.
    ///
    /// # Errors
    ///
    /// What the system said when a handler could not be installed.
    pub fn install() -> io::Result<Self> {
        Self::handling(&FORWARDED)
    }

    /// The same where there is no command: only what asks for an end is handled, all else does what it does by default.
    ///
    /// # Errors
    ///
    /// As [`Signals::install`].
    pub fn install_for_the_end() -> io::Result<Self> {
        Self::handling(&ENDING)
    }

    fn handling(signals: &[i32]) -> io::Result<Self> {
        let mut wanted: Vec<i32> = signals.iter().copied().filter(|signal| !entry::is_ignored(*signal)).collect();
        wanted.push(libc::SIGCHLD);
        // A file size limit that our log reaches must be an error of the write and not our death.
        wanted.extend(Some(libc::SIGXFSZ).filter(|signal| !entry::is_ignored(*signal)));
        let (read, write) = UnixStream::pair()?;
        Ok(Self { queue: SignalDelivery::with_pipe(read, write, WithOrigin::default(), wanted)? })
    }

    /// A function that wakes the main thread from any other, for good.
    pub fn closer(&self) -> impl Fn() + Send + 'static {
        let handle = self.queue.handle();
        move || handle.close()
    }

    /// Whether the closer was called.
    pub(super) fn is_closed(&self) -> bool {
        self.queue.handle().is_closed()
    }

    /// Waits for signals, or until the time is over if there is a limit. The state of a child may have changed whenever
    /// this returns.
    pub(super) fn wait(&mut self, limit: Option<Duration>) -> Vec<Arrival> {
        // Rounded up: to wake too early means to ask again and again.
        let limit = limit.map_or(PollTimeout::NONE, |limit| {
            PollTimeout::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
        });
        // An interruption is a signal that has come.
        let _ = poll(&mut [PollFd::new(self.queue.get_read().as_fd(), PollFlags::POLLIN)], limit);
        self.arrived()
    }

    /// The signals that are there already. SIGCONT is the first, because the next stop would wipe out its traces.
    pub(super) fn arrived(&mut self) -> Vec<Arrival> {
        let mut arrivals: Vec<Arrival> = self
            .queue
            .pending()
            .filter(|origin| !matches!(origin.signal, libc::SIGCHLD | libc::SIGXFSZ))
            .map(|origin| Arrival { signal: origin.signal, sender: sender(&origin) })
            .collect();
        arrivals.sort_by_key(|arrival| arrival.signal != libc::SIGCONT);
        arrivals
    }
}

/// Lets SIGCHLD through to the calling thread, should whoever started otel-run have blocked it.
pub(super) fn hear_of_children() {
    let mut children = SigSet::empty();
    children.add(Signal::SIGCHLD);
    let _ = children.thread_unblock();
}

/// Who sent `origin`, with the sender's group looked up while it still exists.
fn sender(origin: &Origin) -> Sender {
    match (&origin.cause, &origin.process) {
        (Cause::Kernel, _) | (_, None) => Sender::Kernel,
        // Not a process but the lack of one: the sender cannot be seen from this PID namespace.
        (_, Some(process)) if process.pid == 0 => Sender::Process { pid: 0, group: None },
        (_, Some(process)) => {
            let group = getpgid(Some(Pid::from_raw(process.pid))).ok().map(Pid::as_raw);
            Sender::Process { pid: process.pid, group }
        }
    }
}

/// The name of a signal, as in `SIGTERM`; real-time signals are `SIG34` and so on.
pub fn signal_name(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal)
        .map_or_else(|_| format!("SIG{signal}"), |signal| signal.as_str().to_owned())
}
