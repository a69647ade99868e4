//! What became of children, asked without blocking.

use super::supervise::Death;
use super::usage::Usage;

/// How a child's state has changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Change {
    /// It is gone, and this is all that is left of it.
    Ended(Death, Usage),
    /// A signal has stopped it.
    Stopped(i32),
    /// It goes on.
    Continued,
}

/// The next change of `child`, or of any child. One that has ended is reaped by this.
pub(super) fn next(child: Option<i32>) -> Option<(i32, Change)> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    let options = libc::WNOHANG | libc::WUNTRACED | libc::WCONTINUED;
    // SAFETY: both pointers are to locals of the right type; a zeroed rusage is a valid one.
    let (pid, usage) = unsafe {
        let pid = libc::wait4(child.unwrap_or(-1), &raw mut status, options, usage.as_mut_ptr());
        (pid, usage.assume_init())
    };
    if pid <= 0 {
        return None;
    }
    let change = if libc::WIFSTOPPED(status) {
        Change::Stopped(libc::WSTOPSIG(status))
    } else if libc::WIFCONTINUED(status) {
        Change::Continued
    } else if libc::WIFSIGNALED(status) {
        let death = Death::Killed { signal: libc::WTERMSIG(status), core_dumped: libc::WCOREDUMP(status) };
        Change::Ended(death, Usage::from_rusage(&usage))
    } else {
        Change::Ended(Death::Exited(libc::WEXITSTATUS(status)), Usage::from_rusage(&usage))
    };
    Some((pid, change))
}
