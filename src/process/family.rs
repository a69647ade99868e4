//! The processes that descend from the command, as far as they can be found.
//!
//! A process whose parent has ended is given to another one, so the chain of parents is not enough. What the command was
//! started with in its environment, and is unique to the run, is handed down to all of its descendants and tells them
//! later. A process that has overwritten its environment and lost its parent is missed.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::supervise::send;

/// For so long it is certain that process ids have not gone round once. They are given in their order, so those of
/// descendants lie between the command's and the newest.
const YOUNG: Duration = Duration::from_secs(1);

/// So few ids are asked for one by one.
const NEAR: i32 = 64;
/// How often new descendants are looked for while they are signalled.
const ROUNDS: usize = 8;

/// The command and its descendants.
#[derive(Debug, Clone)]
pub(super) struct Family {
    /// The command.
    pub(super) root: i32,
    /// Our own child that is none of the command's.
    pub(super) stranger: Option<i32>,
    /// Whether orphans become our children.
    pub(super) adopting: bool,
    pub(super) marks: Vec<String>,
    pub(super) began: Instant,
}

/// A living descendant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) pid: i32,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
}

impl Family {
    /// The living descendants of the command, itself not among them; none where the system does not tell.
    pub(super) fn members(&self) -> Option<Vec<Member>> {
        let others = self.candidates()?.into_iter().filter_map(look).collect();
        let mut known = HashSet::from([self.root]);
        if self.adopting {
            known.insert(std::process::id().cast_signed());
        }
        let (mut members, mut rest) = (Vec::new(), others);
        adopt(&mut known, &mut members, &mut rest);
        let (marked, mut rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|process| self.has_a_mark(process.pid));
        known.extend(marked.iter().map(|member| member.pid));
        members.extend(marked);
        adopt(&mut known, &mut members, &mut rest);
        Some(members)
    }

    /// Signals all living descendants, and those that they start meanwhile.
    pub(super) fn signal(&self, signal: i32) {
        let mut signalled = HashSet::new();
        for _ in 0..ROUNDS {
            let new: Vec<i32> = self
                .members()
                .unwrap_or_default()
                .iter()
                .map(|member| member.pid)
                .filter(|pid| signalled.insert(*pid))
                .collect();
            if new.is_empty() {
                return;
            }
            new.into_iter().for_each(|pid| send(pid, signal));
        }
    }

    /// Processes that are young enough to descend from the command.
    fn candidates(&self) -> Option<Vec<i32>> {
        let newest = if self.began.elapsed() < YOUNG { newest_pid() } else { None };
        let mut candidates = match newest {
            // To ask for a few is much less than to list all, of which most machines have hundreds.
            Some(newest) if (0..NEAR).contains(&(newest - self.root)) => {
                (self.root..=newest).filter(is_process).collect()
            }
            Some(newest) => list(|pid| !is_older(pid, self.root, newest))?,
            None => list(|_| true)?,
        };
        candidates.retain(|pid| *pid != self.root && Some(*pid) != self.stranger);
        Some(candidates)
    }

    fn has_a_mark(&self, pid: i32) -> bool {
        let Ok(environment) = std::fs::read(format!("/proc/{pid}/environ")) else { return false };
        self.marks.iter().any(|mark| contains(&environment, mark.as_bytes()))
    }
}

/// Whether `pid` was given before `root`, when `newest` is the latest one that was given. After the highest possible id
/// they begin anew.
fn is_older(pid: i32, root: i32, newest: i32) -> bool {
    if newest >= root { pid < root || pid > newest } else { pid > newest && pid < root }
}

/// Moves from `rest` to `members` everybody whose parent is known.
fn adopt(known: &mut HashSet<i32>, members: &mut Vec<Member>, rest: &mut Vec<Member>) {
    loop {
        let (children, others): (Vec<_>, Vec<_>) =
            std::mem::take(rest).into_iter().partition(|process| known.contains(&process.parent));
        *rest = others;
        if children.is_empty() {
            return;
        }
        known.extend(children.iter().map(|child| child.pid));
        members.extend(children);
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && text.windows(part.len()).any(|window| window == part)
}

/// The latest process id that was given (proc_loadavg(5)).
fn newest_pid() -> Option<i32> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split_ascii_whitespace().last()?.parse().ok()
}

/// The ids of all processes that are `wanted`.
#[cfg(target_os = "linux")]
fn list(wanted: impl Fn(i32) -> bool) -> Option<Vec<i32>> {
    let names = std::fs::read_dir("/proc").ok()?.filter_map(|entry| Some(entry.ok()?.file_name()));
    Some(names.filter_map(|name| name.to_str()?.parse().ok()).filter(|pid| wanted(*pid)).collect())
}

#[cfg(not(target_os = "linux"))]
fn list(_: impl Fn(i32) -> bool) -> Option<Vec<i32>> {
    None
}

/// Whether an id is a process's: threads have ids of the same kind, which `/proc` knows and does not list.
fn is_process(id: &i32) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) else { return false };
    let group = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
    group.is_some_and(|group| group.trim().parse() == Ok(*id))
}

/// A process, if it lives.
fn look(pid: i32) -> Option<Member> {
    living(pid, &std::fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads a line of `/proc/PID/stat` (proc_pid_stat(5)); none for a process that has ended.
fn living(pid: i32, stat: &[u8]) -> Option<Member> {
    // The name stands in parentheses and may hold some itself.
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let mut fields = std::str::from_utf8(stat.get(after_name..)?).ok()?.split_ascii_whitespace();
    let state = fields.next()?;
    let mut number = || fields.next()?.parse().ok();
    let member = Member { pid, parent: number()?, group: number()?, session: number()? };
    (!matches!(state, "Z" | "X" | "x")).then_some(member)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_line_of_stat_is_read_behind_any_name() {
        let expected = Member { pid: 9, parent: 3, group: 4, session: 5 };
        assert_eq!(living(9, b"9 (a) b (c)) S 3 4 5 0 -1"), Some(expected));
        assert_eq!(living(9, b"9 (\xff) R 3 4 5 0 -1"), Some(expected));
        for line in [&b"9 (z) Z 3 4 5 0 -1"[..], b"9 (x) S 3", b"", b")", b"9 (x) S a b c"] {
            assert_eq!(living(9, line), None);
        }
    }

    #[test]
    fn ids_go_round() {
        for (pid, root, newest, older) in [
            (99, 100, 120, true),
            (101, 100, 120, false),
            (120, 100, 120, false),
            (121, 100, 120, true),
            (32_760, 32_750, 300, false),
            (200, 32_750, 300, false),
            (301, 32_750, 300, true),
            (32_749, 32_750, 300, true),
        ] {
            assert_eq!(is_older(pid, root, newest), older, "{pid} of {root} to {newest}");
        }
    }

    #[test]
    fn descendants_are_found_in_any_order() {
        let member = |pid, parent| Member { pid, parent, group: 1, session: 1 };
        let (mut known, mut members) = (HashSet::from([10]), Vec::new());
        let mut rest = vec![member(13, 12), member(12, 11), member(11, 10), member(20, 1), member(21, 20)];
        adopt(&mut known, &mut members, &mut rest);
        let pids = |members: &[Member]| members.iter().map(|member| member.pid).collect::<Vec<_>>();
        assert_eq!(pids(&members), [11, 12, 13]);
        assert_eq!(pids(&rest), [20, 21]);
    }
}
