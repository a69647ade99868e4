//! Counts the signals that it gets.

use std::collections::BTreeMap;

use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::getppid;
use signal_hook::iterator::Signals;

use crate::{announce, wait_for_end_of_input};

/// All that otel-run passes on.
const COUNTED: [Signal; 10] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGCONT,
    Signal::SIGTSTP,
    Signal::SIGWINCH,
];

/// Prints `ready` with its own and its parent's process id, then the name of each signal that arrives and how often it
/// has. Ends with its input.
#[derive(Args)]
pub(crate) struct Count {
    /// Sends its parent this signal before it is ready.
    #[arg(long)]
    to_parent: Option<Signal>,
    /// Is stopped by SIGTSTP instead of counting it.
    #[arg(long)]
    stops: bool,
}

impl Count {
    pub(crate) fn run(self) -> i32 {
        let counted = COUNTED.into_iter().filter(|signal| !(self.stops && *signal == Signal::SIGTSTP));
        let mut signals = Signals::new(counted.map(|signal| signal as i32)).unwrap();
        if let Some(signal) = self.to_parent {
            kill(getppid(), signal).unwrap();
        }
        announce(&format!("ready {} {}", std::process::id(), getppid()));
        std::thread::spawn(move || {
            let mut counts = BTreeMap::new();
            for signal in signals.forever() {
                let count = counts.entry(signal).and_modify(|count| *count += 1).or_insert(1);
                announce(&format!("{} {count}", Signal::try_from(signal).unwrap()));
            }
        });
        wait_for_end_of_input();
        0
    }
}
