//! Tells signals that were sent to our whole process group from those that were sent to us alone.
//!
//! The command has the former already, and must not get them twice: agents take a second SIGINT for impatience and quit
//! hard. What the kernel tells about a signal does not say which it was. So a second process of ours waits in the group,
//! where it blocks every signal and takes none: what is pending there was sent to the group. The kernel begins with the
//! youngest member of a group, so the watch has a signal before we can have seen ours.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::process::ExitCode;

use nix::sys::signal::{SigSet, Signal};

/// How the watch is called in the list of processes. A name of its own keeps `pkill otel-run` from signalling it.
const NAME: &str = "group-watch";

/// Whether this process was started to be a watch, by its own name.
pub fn is_group_watch(argv0: Option<&OsStr>) -> bool {
    argv0.is_some_and(|name| name == NAME)
}

/// Is a watch until otel-run has ended, however it does.
pub fn keep_group_watch() -> ExitCode {
    let mut orders = std::io::stdin().lock();
    let mut order = [0];
    while let Ok(1) = orders.read(&mut order) {
        if let Ok(signal) = Signal::try_from(i32::from(order[0])) {
            // It is pending, so this does not block.
            let _ = SigSet::from(signal).wait();
        }
    }
    ExitCode::SUCCESS
}

/// A watch that was posted. It ends with this value.
#[derive(Debug)]
pub(super) struct Watch {
    process: std::process::Child,
    orders: std::process::ChildStdin,
}

impl Watch {
    /// Posts a watch; none where that cannot be done.
    #[cfg(target_os = "linux")]
    pub(super) fn post() -> Option<Self> {
        use std::os::unix::process::CommandExt;
        use std::process::{Command, Stdio};

        let mut command = Command::new("/proc/self/exe");
        command.arg0(NAME).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // It is to block every signal from its first moment on, and inherits that.
        let before = SigSet::all().thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_SETMASK).ok()?;
        let started = command.spawn();
        let _ = before.thread_set_mask();
        let mut process = started.ok()?;
        let orders = process.stdin.take()?;
        Some(Self { process, orders })
    }

    /// Nobody can look at what is pending in another process here, so every signal counts as sent to us alone.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn post() -> Option<Self> {
        None
    }

    pub(super) fn pid(&self) -> i32 {
        self.process.id().cast_signed()
    }

    /// Whether a signal that reached us was sent to the whole group. The watch is told to forget it then.
    pub(super) fn saw(&mut self, signal: i32) -> bool {
        let pending = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))
            .is_ok_and(|status| is_pending(&status, signal));
        // Signal numbers are below 65.
        pending && self.orders.write_all(&[signal.unsigned_abs() as u8]).is_ok()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether `signal` is pending for the whole process in a text of `/proc/PID/status` (proc_pid_status(5)).
fn is_pending(status: &str, signal: i32) -> bool {
    let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
    pending
        .and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok())
        .is_some_and(|set| set >> (signal - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::is_pending;

    #[test]
    fn a_set_of_signals_is_read() {
        let status = "Name:\tgroup-watch\nSigPnd:\t0000000000000001\nShdPnd:\t0000000000004002\n";
        assert!(is_pending(status, libc::SIGINT) && is_pending(status, libc::SIGTERM));
        assert!(!is_pending(status, libc::SIGHUP) && !is_pending("", libc::SIGINT));
    }
}
