//! A process that does not end by itself.

use std::time::Duration;

use clap::Args;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

use crate::announce;

/// However a test goes wrong, nothing stays behind for ever.
const LONGEST: Duration = Duration::from_secs(120);

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
        end_at_last();
        for _ in signals.forever() {
            announce(&format!("{} TERM", self.name));
            if let Some(code) = self.obey {
                return code;
            }
        }
        0
    }
}

fn end_at_last() {
    std::thread::spawn(|| {
        std::thread::sleep(LONGEST);
        std::process::exit(99);
    });
}
