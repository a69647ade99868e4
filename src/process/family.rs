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
/// How often it is looked for those who have come while the others were looked at.
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

/// What is seen of the family at one moment.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// The living descendants of the command, itself not among them.
    pub(super) members: Vec<Member>,
    /// Processes that are just becoming another program, so that nothing tells where they come from.
    pub(super) unclear: Vec<Member>,
}

impl Family {
    /// The living descendants of the command, as far as they can be told; none where the system does not tell.
    pub(super) fn look(&self) -> Option<Sight> {
        let mut rest = self.living()?;
        let mut known = HashSet::from([self.root]);
        if self.adopting {
            known.insert(std::process::id().cast_signed());
        }
        let mut sight = Sight::default();
        adopt(&mut known, &mut sight.members, &mut rest);
        let mut others = Vec::new();
        for process in rest {
            match self.origin(process.pid) {
                Origin::Ours => {
                    known.insert(process.pid);
                    sight.members.push(process);
                }
                Origin::Unclear => sight.unclear.push(process),
                Origin::Foreign => others.push(process),
            }
        }
        adopt(&mut known, &mut sight.members, &mut others);
        Some(sight)
    }

    /// Signals all living descendants, and those that they start meanwhile.
    pub(super) fn signal(&self, signal: i32) {
        let mut signalled = HashSet::new();
        for _ in 0..ROUNDS {
            let Sight { members, unclear } = self.look().unwrap_or_default();
            let new: Vec<i32> = members.iter().map(|member| member.pid).filter(|pid| signalled.insert(*pid)).collect();
            if new.is_empty() && unclear.is_empty() {
                return;
            }
            new.into_iter().for_each(|pid| send(pid, signal));
        }
    }

    /// The processes that live and can descend from the command. Who comes while the others are looked at is among them:
    /// it may have been started by one that was gone when it was looked at.
    fn living(&self) -> Option<Vec<Member>> {
        let (mut living, mut looked_at) = (Vec::new(), HashSet::new());
        let mut newest = newest_pid();
        for _ in 0..ROUNDS {
            let new = self.candidates(newest, &looked_at)?;
            living.extend(new.iter().copied().filter_map(look));
            looked_at.extend(new);
            let now = newest_pid();
            if now == newest {
                break;
            }
            newest = now;
        }
        Some(living)
    }

    /// Processes that are young enough to descend from the command, and were not looked at yet.
    fn candidates(&self, newest: Option<i32>, looked_at: &HashSet<i32>) -> Option<Vec<i32>> {
        let newest = newest.filter(|_| self.began.elapsed() < YOUNG);
        let mut candidates = match newest {
            // To ask for a few is much less than to list all, of which most machines have hundreds.
            Some(newest) if (0..NEAR).contains(&(newest - self.root)) => {
                (self.root..=newest).filter(|id| !looked_at.contains(id) && is_process(id)).collect()
            }
            Some(newest) => list(|pid| !is_older(pid, self.root, newest))?,
            None => list(|_| true)?,
        };
        candidates.retain(|pid| *pid != self.root && Some(*pid) != self.stranger && !looked_at.contains(pid));
        Some(candidates)
    }

    /// Where a process comes from, by its environment.
    fn origin(&self, pid: i32) -> Origin {
        // Twice, because it may have become the other program in between.
        for _ in 0..2 {
            let Ok(environment) = std::fs::read(format!("/proc/{pid}/environ")) else { return Origin::Foreign };
            if self.marks.iter().any(|mark| contains(&environment, mark.as_bytes())) {
                return Origin::Ours;
            }
            if !environment.is_empty() {
                return Origin::Foreign;
            }
            let Ok(stat) = std::fs::read(format!("/proc/{pid}/stat")) else { return Origin::Foreign };
            if is_becoming(&stat) {
                return Origin::Unclear;
            }
        }
        Origin::Foreign
    }
}

/// Whether a process that may be looked into has `mark` in its environment; none where the system does not tell.
pub fn is_carried(mark: &str) -> Option<bool> {
    let environment = |pid| std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    Some(list(|_| true)?.into_iter().any(|pid| contains(&environment(pid), mark.as_bytes())))
}

/// Where a process comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Ours,
    Foreign,
    /// It cannot be told at the moment.
    Unclear,
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
    let mut fields = fields(stat)?;
    let state = fields.next()?;
    let mut number = || fields.next()?.parse().ok();
    let member = Member { pid, parent: number()?, group: number()?, session: number()? };
    (!matches!(state, "Z" | "X" | "x")).then_some(member)
}

/// Whether a line of `/proc/PID/stat` is of a process in the midst of execve(2): it has memory already, and its environment
/// has no place there yet. The kernel's own processes have no memory.
fn is_becoming(stat: &[u8]) -> bool {
    const MEMORY: usize = 23;
    const END_OF_ENVIRONMENT: usize = 51;
    // The fields are counted from 1, and begin behind the name, which is the second.
    let field = |number: usize| fields(stat)?.nth(number - 3)?.parse::<u64>().ok();
    field(MEMORY).is_some_and(|bytes| bytes > 0) && field(END_OF_ENVIRONMENT) == Some(0)
}

/// The fields behind the name, which stands in parentheses and may hold some itself.
fn fields(stat: &[u8]) -> Option<impl Iterator<Item = &str>> {
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    Some(std::str::from_utf8(stat.get(after_name..)?).ok()?.split_ascii_whitespace())
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
    fn a_process_that_is_becoming_another_program_has_memory_and_no_environment() {
        let stat = |memory: u64, end: u64| {
            let mut fields = vec!["0".to_owned(); 50];
            (fields[0], fields[20], fields[48]) = ("R".to_owned(), memory.to_string(), end.to_string());
            format!("9 (a b) {}", fields.join(" "))
        };
        assert!(is_becoming(stat(135_168, 0).as_bytes()));
        // A program; one without environment, which has a place all the same; a process of the kernel; nonsense.
        assert!(!is_becoming(stat(135_168, 140_727_000).as_bytes()));
        assert!(!is_becoming(stat(0, 0).as_bytes()));
        assert!(!is_becoming(b"9 (a) R 1") && !is_becoming(b""));
        let own = std::fs::read("/proc/self/stat").unwrap_or_default();
        assert!(!is_becoming(&own));
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
