//! Whether a signal that reached otel-run must be passed on to the command: a decision by its sender.
//!
//! The rules are sudo's, refined: what the terminal sends goes to a whole process group, so the command has it as well;
//! what the command or its group sends must not come back; the rest was meant for the command.

/// Who sent a signal, as the kernel tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The kernel: a key at the terminal, its hang-up, a timer.
    Kernel,
    /// A process.
    Process {
        /// Its id; 0 for one outside of our PID namespace, as `docker stop` is.
        pid: i32,
        /// The process group it belongs to, if it still exists and can be seen.
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

/// Where otel-run and the command stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// The command's process.
    pub(super) child: i32,
    /// The command's group; none if it is gone.
    pub(super) child_group: Option<i32>,
    /// otel-run itself.
    pub(super) own: i32,
    /// otel-run's group.
    pub(super) own_group: i32,
    /// Whether otel-run leads its session, so that the terminal's hang-up is told to it alone.
    pub(super) session_leader: bool,
}

impl Standing {
    fn share_a_group(&self) -> bool {
        self.child_group.is_none_or(|group| group == self.own_group)
    }
}

/// Decides about one signal. `to_the_group` says that the signal is known to have been sent to otel-run's whole group.
pub(super) fn decide(signal: i32, sender: Sender, to_the_group: bool, standing: &Standing) -> Decision {
    let has_it = match sender {
        Sender::Kernel => match signal {
            libc::SIGINT | libc::SIGQUIT | libc::SIGTSTP | libc::SIGWINCH => standing.share_a_group(),
            libc::SIGHUP | libc::SIGCONT => standing.share_a_group() && !standing.session_leader,
            // A timer that was set before otel-run was executed, for instance: it is known to us alone.
            _ => false,
        },
        Sender::Process { pid, .. } if pid == standing.child || pid == standing.own => true,
        Sender::Process { group: Some(group), .. } if group == standing.child || group == standing.own => true,
        Sender::Process { .. } => to_the_group && standing.share_a_group(),
    };
    if has_it { Decision::Leave } else { Decision::Forward }
}

#[cfg(test)]
mod tests {
    use libc::{SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGWINCH};

    use super::Decision::{Forward, Leave};
    use super::*;

    const OWN: i32 = 100;
    const CHILD: i32 = 200;
    const SHELL: i32 = 7;

    /// Started by a shell with job control: otel-run leads the group that the command is in.
    const JOB: Standing =
        Standing { child: CHILD, child_group: Some(OWN), own: OWN, own_group: OWN, session_leader: false };
    /// Started by a script, in the script's group.
    const SCRIPT: Standing = Standing { child_group: Some(SHELL), own_group: SHELL, ..JOB };
    /// The command has made a group of its own, as timeout(1) does.
    const APART: Standing = Standing { child_group: Some(CHILD), ..JOB };
    /// The first process of a terminal or container.
    const LEADER: Standing = Standing { session_leader: true, ..JOB };

    fn process(pid: i32, group: impl Into<Option<i32>>) -> Sender {
        Sender::Process { pid, group: group.into() }
    }

    #[test]
    fn the_terminal_tells_the_whole_group() {
        for signal in [SIGINT, SIGQUIT, SIGTSTP, SIGWINCH] {
            for (standing, expected) in [(JOB, Leave), (SCRIPT, Leave), (LEADER, Leave), (APART, Forward)] {
                assert_eq!(decide(signal, Sender::Kernel, false, &standing), expected, "{signal} {standing:?}");
            }
        }
    }

    #[test]
    fn a_hang_up_is_told_to_the_session_leader_alone() {
        for signal in [SIGHUP, SIGCONT] {
            for (standing, expected) in [(JOB, Leave), (SCRIPT, Leave), (LEADER, Forward), (APART, Forward)] {
                assert_eq!(decide(signal, Sender::Kernel, false, &standing), expected, "{signal} {standing:?}");
            }
        }
    }

    #[test]
    fn a_timer_is_told_to_nobody_else() {
        assert_eq!(decide(SIGALRM, Sender::Kernel, false, &JOB), Forward);
    }

    #[test]
    fn the_sender_decides() {
        for (sender, standing, expected, why) in [
            (process(CHILD, CHILD), APART, Leave, "the command signals its caller"),
            (process(CHILD, SHELL), SCRIPT, Leave, "the command, in the caller's group"),
            (process(300, CHILD), APART, Leave, "a member of the group that the command leads"),
            (process(300, OWN), JOB, Leave, "a member of the group that otel-run leads"),
            (process(OWN, OWN), JOB, Leave, "otel-run itself"),
            (process(300, 8), JOB, Forward, "a stranger"),
            (process(SHELL, SHELL), SCRIPT, Forward, "the caller's shell without job control, in our group"),
            (process(300, None), JOB, Forward, "a sender that is gone already, as kill(1) is"),
            (process(0, None), JOB, Forward, "a sender outside of the container"),
        ] {
            for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGALRM, SIGCONT, SIGWINCH, SIGTSTP] {
                assert_eq!(decide(signal, sender, false, &standing), expected, "{why} ({signal})");
            }
        }
    }

    #[test]
    fn what_is_sent_to_the_group_is_not_repeated() {
        let sender = process(SHELL, SHELL);
        for (standing, expected) in [(JOB, Leave), (SCRIPT, Leave), (LEADER, Leave), (APART, Forward)] {
            assert_eq!(decide(SIGTERM, sender, true, &standing), expected, "{standing:?}");
        }
    }
}
