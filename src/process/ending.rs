//! Ends otel-run as the command ended.

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};

use super::supervise::{Death, Exit};

/// Leaves the process with the command's exit status, or by the same signal that killed it.
///
/// A core file would be ours and not the command's, so none is written. Where the signal does not kill us (process 1
/// of a container, real-time signals) the status is 128+n, as a shell shows it. A command whose time was over is told by
/// the status alone, as by timeout(1).
pub fn end_as(exit: &Exit) -> ! {
    if let Death::Killed { signal, .. } = exit.death
        && !exit.timed_out
        && let Ok(signal) = Signal::try_from(signal)
    {
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // SAFETY: the default action runs no code of ours.
        let _ = unsafe { sigaction(signal, &default) };
        let mut unblocked = SigSet::empty();
        unblocked.add(signal);
        let _ = unblocked.thread_unblock();
        let _ = raise(signal);
    }
    std::process::exit(exit.code())
}
