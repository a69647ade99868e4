//! Ends otel-run as the command ended.

use nix::sys::resource::{Resource, setrlimit};

use super::supervise::{Death, Exit};

/// Leaves the process with the command's exit status, or by the same signal that killed it.
///
/// A core file would be ours and not the command's, so none is written. Where the signal does not kill us (process 1
/// of a container) the status is 128+n, as a shell shows it. A command whose time was over is told by the status alone,
/// as by timeout(1).
pub fn end_as(exit: &Exit) -> ! {
    if let Death::Killed { signal, .. } = exit.death
        && !exit.timed_out
    {
        leave_no_core();
        die_of(signal);
    }
    std::process::exit(exit.code())
}

fn leave_no_core() {
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    // The limit does not hold back a core that is piped to a program.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// Sends the signal to ourselves, with its default action. Done without nix, which knows no real-time signals.
fn die_of(signal: i32) {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: the default action runs no code of ours; the set is a local that is made empty before it is used.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), std::ptr::null_mut());
        libc::raise(signal);
    }
}
