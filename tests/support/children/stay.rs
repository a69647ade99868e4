//! A process that does not end by itself.

use clap::Args;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

use crate::announce;

/// Prints its name and process id, and stays until it is killed.
#[derive(Args)]
pub(crate) struct Stay {
    name: String,
    /// On TERM it prints its name and `TERM`, and stays.
    #[arg(long)]
    keep_on: bool,
    /// On TERM it prints the same and ends with this status.
    #[arg(long)]
    obey: Option<i32>,
}

impl Stay {
    pub(crate) fn run(self) -> i32 {
        let handled = (self.keep_on || self.obey.is_some()).then_some(SIGTERM);
        let mut signals = Signals::new(handled).unwrap();
        announce(&format!("{} {}", self.name, std::process::id()));
        for _ in signals.forever() {
            announce(&format!("{} TERM", self.name));
            if let Some(code) = self.obey {
                return code;
            }
        }
        0
    }
}

/// Waits until a process is gone.
pub(crate) fn wait_for_end_of(pid: i32) {
    while kill(Pid::from_raw(pid), None).is_ok() {
        std::thread::yield_now();
    }
}
