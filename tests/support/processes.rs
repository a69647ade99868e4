//! The processes of a test, as `/proc` shows them. Linux only.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Home, contains};

/// A process that lives, or lived when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub pid: i32,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    /// Its program, and the script where that is node's.
    pub name: String,
    /// When it started, in the kernel's ticks; with the id, this is one process and no other.
    started: u64,
}

impl Process {
    /// `None` for one that has ended, waited for or not.
    fn read(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name stands in parentheses and may hold any character.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |field: usize| fields.get(field)?.parse().ok();
        if matches!(fields[0], "Z" | "X") {
            return None;
        }
        let [parent, group, session] = [number(1)?, number(2)?, number(3)?];
        Some(Self { pid, parent, group, session, name: name(pid), started: fields.get(19)?.parse().ok()? })
    }

    /// Whether it is still there.
    pub fn lives(&self) -> bool {
        Self::read(self.pid).is_some_and(|now| now.started == self.started)
    }

    /// Whether a signal that was sent to it has yet to be taken by one of its threads.
    pub fn has_pending(&self, signal: Signal) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
        let mask = pending.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        mask & (1 << (signal as i32 - 1)) != 0
    }

    /// Its threads' ids.
    pub fn threads(&self) -> Vec<i32> {
        ids(Path::new(&format!("/proc/{}/task", self.pid)))
    }
}

fn name(pid: i32) -> String {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = line.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let base = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let mut words = words.filter(|word| !word.starts_with('-')).map(|word| base(&word));
    let program = words.next().unwrap_or_default();
    if program == "node" { format!("node {}", words.next().unwrap_or_default()) } else { program }
}

/// The numbers among the names in a folder.
fn ids(folder: &Path) -> Vec<i32> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Every process whose environment says that it lives in `home`, and the descendants of these, which may have taken
/// care not to be looked into.
pub fn living_in(home: &Home) -> Vec<Process> {
    let mark = format!("HOME={}", home.path().join("home").display());
    let mut all: Vec<_> = ids(Path::new("/proc")).into_iter().filter_map(Process::read).collect();
    all.sort_by_key(|process| (process.started, process.pid));
    let marked = |process: &Process| {
        let environment = std::fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        contains(&environment, &mark)
    };
    let mut ours: HashSet<i32> = all.iter().filter(|process| marked(process)).map(|process| process.pid).collect();
    // Parents come before their children, but for the ids that start within one tick.
    for process in all.iter().chain(&all) {
        if ours.contains(&process.parent) {
            ours.insert(process.pid);
        }
    }
    all.into_iter().filter(|process| ours.contains(&process.pid) && process.name != "strace").collect()
}

/// Looks until `done` says so or the time is over; gives what it said last.
pub fn wait_until(time: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + time;
    while !done() {
        if Instant::now() > end {
            return false;
        }
        // There is nothing to be woken by.
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Kills what still lives in a home when it is dropped.
pub struct Inhabitants(pub Home);

impl Drop for Inhabitants {
    fn drop(&mut self) {
        for process in living_in(&self.0) {
            let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
        }
    }
}
