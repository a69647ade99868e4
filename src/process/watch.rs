//! Tells signals that were sent to our whole process group from those that were sent to us alone.
//!
//! The command has the former already, and must not get them twice: agents take a second SIGINT for impatience and quit
//! hard. What the kernel tells about a signal does not say which it was. So a second process of ours waits in the group,
//! where it blocks every signal: what is pending there was sent to the group. The kernel begins with the youngest member
//! of a group, so the watch has a signal before we can have seen ours.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, ChildStdout, ExitCode};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, Signal};

/// How the watch is called in the list of processes. A name of its own keeps `pkill otel-run` from signalling it.
const NAME: &str = "group-watch";
/// How long an answer is waited for, in milliseconds. Only a watch that was stopped does not give one at once.
const PATIENCE: u16 = 500;

/// Whether this process was started to be a watch, by its own name.
pub fn is_group_watch(argv0: Option<&OsStr>) -> bool {
    argv0.is_some_and(|name| name == NAME)
}

/// Is a watch until otel-run has ended, however it does: answers for each signal number whether that is pending, and
/// forgets it.
pub fn keep_group_watch() -> ExitCode {
    let (mut questions, mut answers) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut number = [0];
    while let Ok(1) = questions.read(&mut number) {
        let taken = Signal::try_from(i32::from(number[0])).is_ok_and(take);
        if answers.write_all(&[u8::from(taken)]).and_then(|()| answers.flush()).is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}

/// Takes a signal if it is pending.
#[cfg(target_os = "linux")]
fn take(signal: Signal) -> bool {
    use nix::sys::signalfd::{SfdFlags, SignalFd};

    SignalFd::with_flags(&SigSet::from(signal), SfdFlags::SFD_NONBLOCK)
        .is_ok_and(|pending| matches!(pending.read_signal(), Ok(Some(_))))
}

#[cfg(not(target_os = "linux"))]
fn take(_: Signal) -> bool {
    false
}

/// A watch that was posted. It ends with this value.
#[derive(Debug)]
pub(super) struct Watch {
    process: Child,
    questions: ChildStdin,
    answers: ChildStdout,
}

impl Watch {
    /// Posts a watch; none where that cannot be done.
    #[cfg(target_os = "linux")]
    pub(super) fn post() -> Option<Self> {
        use std::os::unix::process::CommandExt;
        use std::process::{Command, Stdio};

        use nix::sys::signal::SigmaskHow;

        let mut command = Command::new("/proc/self/exe");
        command.arg0(NAME).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // It is to block every signal from its first moment on, and inherits that.
        let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK).ok()?;
        let started = command.spawn();
        let _ = before.thread_set_mask();
        let mut process = started.ok()?;
        let (questions, answers) = (process.stdin.take()?, process.stdout.take()?);
        Some(Self { process, questions, answers })
    }

    /// No other system has been tried, so every signal counts as sent to us alone.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn post() -> Option<Self> {
        None
    }

    pub(super) fn pid(&self) -> i32 {
        self.process.id().cast_signed()
    }

    /// Whether a signal that reached us was sent to the whole group; none if the watch is of no use any more.
    pub(super) fn saw(&mut self, signal: i32) -> Option<bool> {
        let mut answer = [0];
        // Signal numbers are below 65.
        self.questions.write_all(&[signal.unsigned_abs() as u8]).ok()?;
        let mut answers = [PollFd::new(self.answers.as_fd(), PollFlags::POLLIN)];
        loop {
            match poll(&mut answers, PATIENCE) {
                Err(Errno::EINTR) => {}
                Ok(1) => break,
                Ok(_) | Err(_) => return None,
            }
        }
        self.answers.read_exact(&mut answer).ok()?;
        Some(answer == [1])
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
