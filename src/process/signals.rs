//! Signals that reach otel-run while the command lives: who sent them, and whether the command must get them from us.

use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;
use signal_hook::low_level::siginfo::Cause;

/// Who sent a signal, as the kernel tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The kernel: a key at the terminal, or its hang-up. The whole foreground group got the signal.
    Kernel,
    /// A process, and the process group it belongs to if it still exists.
    Process {
        /// Its id.
        pid: i32,
        /// Its group.
        group: Option<i32>,
    },
}

/// What to do with a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Pass it on: only otel-run got it.
    Forward,
    /// Leave it: the command has it already, or sent it itself.
    Leave,
}

/// Decides by the sender whether the command must be given a signal that otel-run received.
///
/// What the kernel sent went to the whole foreground group, so the command has it. What the command itself, or a member
/// of a group that it or otel-run leads, sent must not come back to it. Everything else was meant for the command.
/// A caller without job control shares our group without leading it by us, so its signals do get through.
pub fn decide(sender: Sender, child: i32, own: i32) -> Decision {
    match sender {
        Sender::Kernel => Decision::Leave,
        Sender::Process { pid, .. } if pid == child => Decision::Leave,
        Sender::Process { group: Some(group), .. } if group == child || group == own => Decision::Leave,
        Sender::Process { .. } => Decision::Forward,
    }
}

/// The signals that are passed on, if they were not ignored when otel-run was started.
const FORWARDED: [i32; 7] =
    [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2, libc::SIGALRM];

/// Handlers for the signals of interest, and the queue that they fill.
pub struct Signals {
    pub(super) queue: SignalsInfo<WithOrigin>,
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
    pub fn install() -> std::io::Result<Self> {
        let mut wanted: Vec<i32> = FORWARDED.into_iter().filter(|signal| !ignored_at_entry(*signal)).collect();
        wanted.push(libc::SIGCHLD);
        // A file size limit that our log reaches must be an error of the write and not our death.
        wanted.extend(Some(libc::SIGXFSZ).filter(|signal| !ignored_at_entry(*signal)));
        Ok(Self { queue: SignalsInfo::new(wanted)? })
    }

    /// A function that ends [`Signals::wait`] from any thread.
    pub fn closer(&self) -> impl Fn() + Send + 'static {
        let handle = self.queue.handle();
        move || handle.close()
    }

    /// Blocks until somebody asks us to end (`true`) or the closer is called (`false`).
    pub fn wait(&mut self) -> bool {
        self.queue
            .forever()
            .any(|origin| matches!(origin.signal, libc::SIGINT | libc::SIGTERM | libc::SIGHUP | libc::SIGQUIT))
    }
}

/// Who sent `origin`, with the sender's group looked up while it still exists.
pub(super) fn sender(origin: &Origin) -> Sender {
    match (&origin.cause, &origin.process) {
        (Cause::Kernel, _) | (_, None) => Sender::Kernel,
        (_, Some(process)) => {
            let pid = nix::unistd::Pid::from_raw(process.pid);
            Sender::Process {
                pid: process.pid,
                group: nix::unistd::getpgid(Some(pid)).ok().map(nix::unistd::Pid::as_raw),
            }
        }
    }
}

/// The name of a signal, as in `SIGTERM`; real-time signals are `SIG34` and so on.
pub fn signal_name(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal)
        .map_or_else(|_| format!("SIG{signal}"), |signal| signal.as_str().to_owned())
}

fn ignored_at_entry(signal: i32) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: a null new action only asks; the old action is written to `action`, which is read only on success.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Sender, decide};

    #[test]
    fn the_sender_decides() {
        const CHILD: i32 = 200;
        const OWN: i32 = 100;
        let process = |pid, group| Sender::Process { pid, group };
        for (sender, expected, why) in [
            (Sender::Kernel, Decision::Leave, "a key at the terminal reached the command too"),
            (process(CHILD, Some(CHILD)), Decision::Leave, "the command signals its caller"),
            (process(CHILD, Some(7)), Decision::Leave, "the command, in the caller's group"),
            (process(300, Some(CHILD)), Decision::Leave, "a member of the group that the command leads"),
            (process(300, Some(OWN)), Decision::Leave, "a member of the group that otel-run leads"),
            (process(300, Some(7)), Decision::Forward, "a stranger"),
            (process(7, Some(7)), Decision::Forward, "the caller's shell without job control, in our group"),
            (process(300, None), Decision::Forward, "a sender that is gone already, as kill(1) is"),
        ] {
            assert_eq!(decide(sender, CHILD, OWN), expected, "{why}");
        }
    }
}
