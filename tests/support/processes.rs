//! What the system tells about processes. Linux only, but for [`wait_until`].

use std::collections::HashSet;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Home, PATIENCE, contains};

/// Asks again and again until it is so.
#[track_caller]
pub fn wait_until(what: &str, is_so: impl FnMut() -> bool) {
    assert!(is_so_within(PATIENCE, is_so), "waited in vain until {what}");
}

/// Asks again and again until it is so; false if that is not within this time.
pub fn is_so_within(time: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !is_so() {
        if begun.elapsed() >= time {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

/// The children of a process that live or are not waited for yet.
pub fn children(pid: Pid) -> Vec<Pid> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok())
        .flat_map(|list| list.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect::<Vec<_>>())
        .collect()
}

/// The words of a process, each with a NUL behind it; nothing for one that is gone.
pub fn command_line(pid: Pid) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// Whether a process is there and has not ended.
pub fn is_alive(pid: Pid) -> bool {
    state(pid).is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// The state of a process as ps(1) shows it; none where it is gone.
pub fn state(pid: Pid) -> Option<char> {
    stat(pid)?.first()?.chars().next()
}

/// What `/proc/<pid>/stat` tells, from the state on.
fn stat(pid: Pid) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it stands in parentheses and may hold any character.
    Some(stat.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// Whether a signal that was sent to a process has yet to be taken by one of its threads.
pub fn is_pending(signal: Signal, pid: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
    let mask = pending.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal as i32 - 1)) != 0
}

/// A process that lives, or lived when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub pid: Pid,
    parent: Pid,
    /// Its program; and the script, where the program runs one.
    pub name: String,
    /// When it started, in the kernel's ticks.
    started: u64,
}

impl Process {
    /// None for one that has ended, waited for or not.
    fn read(pid: Pid) -> Option<Self> {
        let stat = stat(pid)?;
        if matches!(stat[0].as_str(), "Z" | "X") {
            return None;
        }
        let parent = Pid::from_raw(stat.get(1)?.parse().ok()?);
        Some(Self { pid, parent, name: name(pid), started: stat.get(19)?.parse().ok()? })
    }
}

fn name(pid: Pid) -> String {
    let line = command_line(pid);
    let mut words = line.split(['\0', ' ']).filter(|word| !word.starts_with('-'));
    let mut base = || words.next().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    let program = base();
    if program == "node" { format!("node {}", base()) } else { program }
}

/// Every process whose environment says that it lives in `home`, and the descendants of these, which may have taken
/// care not to be looked into; parents come first. The group watch of otel-run, which has signals to keep, is not among
/// them.
pub fn living_in(home: &Home) -> Vec<Process> {
    let mark = format!("HOME={}", home.path().join("home").display());
    let entries = std::fs::read_dir("/proc").unwrap();
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut all: Vec<_> = ids.filter_map(|id| Process::read(Pid::from_raw(id))).collect();
    all.sort_by_key(|process| (process.started, process.pid));
    let marked = |process: &&Process| {
        contains(&std::fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default(), &mark)
    };
    let mut ours: HashSet<Pid> = all.iter().filter(marked).map(|process| process.pid).collect();
    // A second time, since a child may come before its parent where both started within a tick.
    for process in all.iter().chain(&all) {
        if ours.contains(&process.parent) {
            ours.insert(process.pid);
        }
    }
    all.retain(|process| ours.contains(&process.pid) && process.name != "group-watch");
    all
}

/// Kills what still lives in a home when it is dropped.
pub struct Inhabitants(pub Home);

impl Drop for Inhabitants {
    fn drop(&mut self) {
        for process in living_in(&self.0) {
            let _ = kill(process.pid, Signal::SIGKILL);
        }
    }
}
