//! What the supervisor saw, in the words of the record.

use std::time::Duration;

use crate::machine;
use crate::process::{self, Death, Decision, ExecError, Exit, Seen, SignalSeen, signal_name};
use crate::record::{self, ExitFacts, Happening, ReceivedSignal};

/// What `seen` is in the record; none for what is no event of the run: the kernel's word that the terminal has another size.
///
/// The name of a signal's sender is looked up, so this is to be asked at once.
pub(super) fn happening(seen: Seen) -> Option<Happening> {
    Some(match seen {
        Seen::Signal(SignalSeen { signal, sender, decision }) => {
            let signal = signal_name(signal);
            if signal == "SIGWINCH" && sender == process::Sender::Kernel {
                return None;
            }
            let sender = match sender {
                process::Sender::Kernel => record::Sender::Kernel,
                process::Sender::Process { pid, .. } => {
                    record::Sender::Process { pid, name: machine::process_name(pid) }
                }
            };
            Happening::Signal(ReceivedSignal { signal, forwarded: decision == Decision::Forward, sender })
        }
        Seen::Stopped { signal } => Happening::Stopped { signal: signal_name(signal) },
        Seen::Continued { after } => Happening::Continued { after },
        Seen::TimedOut { signal } => Happening::TimedOut { signal: signal_name(signal) },
    })
}

/// How the command ended, at `ended_unix_nano`.
pub(super) fn exit_facts(exit: &Result<Exit, ExecError>, ended_unix_nano: u64) -> ExitFacts {
    let mut facts = ExitFacts { ended_unix_nano, ..ExitFacts::default() };
    match exit {
        Ok(exit) => {
            facts.exit_code = Some(exit.code());
            facts.usage = Some(usage(&exit.usage));
            facts.stopped = exit.stopped;
            facts.timed_out = exit.timed_out;
            if let Death::Killed { signal, core_dumped } = exit.death {
                facts.signal = Some(signal_name(signal));
                facts.core_dumped = core_dumped;
            }
        }
        Err(error) => {
            facts.exit_code = Some(error.exit_code());
            facts.exec_error =
                Some(record::ExecError { errno_name: error.errno_name(), message: error.source.to_string() });
        }
    }
    facts
}

fn usage(usage: &process::Usage) -> record::Usage {
    record::Usage {
        user: Duration::from_secs_f64(usage.user_seconds),
        system: Duration::from_secs_f64(usage.system_seconds),
        max_rss_bytes: usage.max_rss_bytes,
        minor_faults: usage.minor_faults,
        major_faults: usage.major_faults,
        voluntary_switches: usage.voluntary_switches,
        involuntary_switches: usage.involuntary_switches,
        block_input_bytes: usage.block_input_bytes,
        block_output_bytes: usage.block_output_bytes,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::process::Sender;

    fn seen(signal: i32, sender: Sender) -> Option<Happening> {
        happening(Seen::Signal(SignalSeen { signal, sender, decision: Decision::Leave }))
    }

    #[test]
    fn a_resize_is_no_event_but_a_signal_of_somebody_is() {
        let outside = Sender::Process { pid: 0, group: None };
        assert_eq!(seen(libc::SIGWINCH, Sender::Kernel), None);
        let expected = |signal: &str, sender| {
            Some(Happening::Signal(ReceivedSignal { signal: signal.to_owned(), forwarded: false, sender }))
        };
        assert_eq!(seen(libc::SIGINT, Sender::Kernel), expected("SIGINT", record::Sender::Kernel));
        let from_outside = record::Sender::Process { pid: 0, name: None };
        assert_eq!(seen(libc::SIGWINCH, outside), expected("SIGWINCH", from_outside));
    }
}
