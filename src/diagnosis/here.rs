//! This machine, this process, and what earlier runs have left here.

use std::path::PathBuf;

use super::{Finding, Grade, Subject, span};
use crate::otlp::Signal;
use crate::settings::{Sourced, size};
use crate::store::facts::{Intake, Summary};

/// What was found out about this place.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The folder that holds the runs, and what is known of it; none where none can be named.
    pub folder: Option<(Sourced<PathBuf>, Folder)>,
    /// The runs that are there.
    pub runs: Runs,
    /// How many descriptors a process may have, before it asks for more.
    pub descriptors: Option<u64>,
    /// The time, in nanoseconds since 1970.
    pub now: u64,
    /// The container that this is, if it is one: its id, or what gave it away.
    pub container: Option<String>,
    /// Whether this is the first process of its container or machine.
    pub is_init: bool,
    /// The file of this otel-run.
    pub executable: Option<PathBuf>,
    /// The file that is called `otel-run` in `PATH`.
    pub in_path: Option<PathBuf>,
}

/// The folder that holds the runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folder {
    /// It is not there, and can be made in this one.
    ToBeMade(PathBuf),
    /// It is there.
    There {
        /// Its mode (`st_mode`).
        mode: u32,
        /// Whether it belongs to the user who asks.
        is_mine: bool,
        /// Bytes that the user can still write there; none where the system does not tell.
        space: Option<u64>,
    },
    /// Nothing can be written there: the rest of a sentence.
    Unusable(String),
}

/// Earlier runs.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    /// How many there are.
    pub number: usize,
    /// The newest that can be read, without one that still goes on.
    pub last: Option<Summary>,
    /// Those with something that is still to be delivered, the newest first.
    pub undelivered: Vec<Summary>,
    /// How many cannot be read.
    pub unreadable: usize,
    /// How many are open although their otel-run is gone.
    pub lost: usize,
}

/// With less space a run may not fit.
const LITTLE_SPACE: u64 = 100 << 20;
/// With fewer descriptors an agent that opens many connections may be refused.
const FEW_DESCRIPTORS: u64 = 128;
/// A clock before this one is wrong: 2025-01-01, in nanoseconds since 1970.
const BEFORE: u64 = 1_735_689_600_000_000_000;
/// How far a clock may be behind what was written by it before.
const CLOCK_SLACK: u64 = 60_000_000_000;

/// What is to be said of this place.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut findings = folder(facts);
    findings.extend(undelivered(facts));
    findings.extend(last(facts));
    findings.extend(others(&facts.runs));
    findings.extend(clock(facts));
    findings.extend(process(facts));
    findings.push(version(facts));
    findings
}

fn finding(grade: Grade, check: &'static str, what: impl Into<String>) -> Finding {
    Finding::new(Subject::Here, grade, check, what)
}

fn folder(facts: &Facts) -> Vec<Finding> {
    let Some((Sourced { value, origin }, folder)) = &facts.folder else {
        let what = "no folder for runs is known, because neither XDG_STATE_HOME nor HOME is set: what cannot be delivered at \
                    once is lost";
        let remedy = "say where with --state-dir FOLDER or OTEL_RUN_STATE_DIR";
        return vec![finding(Grade::Loss, "here.folder.none", what).remedy(remedy)];
    };
    let path = value.display();
    let (mode, is_mine, space) = match folder {
        Folder::Unusable(reason) => {
            let what = format!("runs cannot be kept in {path}: {reason}, so what cannot be delivered at once is lost");
            let remedy = "say another folder with --state-dir FOLDER or OTEL_RUN_STATE_DIR, or make this one writable";
            return vec![finding(Grade::Loss, "here.folder.unusable", what).said_at(origin).remedy(remedy)];
        }
        Folder::ToBeMade(above) => {
            let what = format!("runs will be kept in {path}, which will be made in {}", above.display());
            return vec![finding(Grade::Fine, "here.folder", what).said_at(origin)];
        }
        Folder::There { mode, is_mine, space } => (mode & 0o777, is_mine, space),
    };
    let mut findings = Vec::new();
    if !is_mine {
        let what = format!("{path} belongs to another user, who can read and change every run");
        let remedy = "say a folder of your own with --state-dir FOLDER or OTEL_RUN_STATE_DIR";
        findings.push(finding(Grade::Warning, "here.folder.owner", what).said_at(origin).remedy(remedy));
    }
    if mode & 0o077 != 0 {
        let what = format!("others can look into {path} (mode {mode:03o}); each run in it is for you alone");
        let remedy = format!("chmod 700 {path}");
        findings.push(finding(Grade::Warning, "here.folder.mode", what).said_at(origin).remedy(remedy));
    }
    match space {
        Some(space) if *space < LITTLE_SPACE => {
            let what = format!("there are only {} left where runs are kept, in {path}", size::text(*space));
            let remedy = "make room (`otel-run prune` removes old runs), or say another folder with --state-dir";
            findings.push(finding(Grade::Warning, "here.space", what).said_at(origin).remedy(remedy));
        }
        _ if findings.is_empty() => {
            let left = space.map(|space| format!(", with {} left", size::text(space))).unwrap_or_default();
            let runs = match facts.runs.number {
                0 => "no run is".to_owned(),
                1 => "1 run is".to_owned(),
                number => format!("{number} runs are"),
            };
            findings.push(finding(Grade::Fine, "here.folder", format!("{runs} kept in {path}{left}")).said_at(origin));
        }
        _ => {}
    }
    findings
}

fn undelivered(facts: &Facts) -> Option<Finding> {
    let runs = &facts.runs.undelivered;
    let (newest, oldest) = (runs.first()?, runs.last()?);
    let since = ago(facts.now, oldest.started.started_unix_nano);
    let reason = runs.iter().flat_map(|run| run.deliveries.values()).find_map(|delivery| delivery.failure.as_deref());
    let because = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let what = match runs.len() {
        1 => format!("1 run is not delivered whole, {} from {since} ago{because}", newest.started.run_id),
        number => format!("{number} runs are not delivered whole, the oldest from {since} ago{because}"),
    };
    let remedy = "`otel-run flush` delivers what is left, or says why it cannot";
    Some(finding(Grade::Warning, "here.undelivered", what).remedy(remedy))
}

/// What became of the latest run.
fn last(facts: &Facts) -> Option<Finding> {
    let run = facts.runs.last.as_ref()?;
    let started = &run.started;
    let when = ago(facts.now, started.started_unix_nano);
    let sum = |count: fn(&Intake) -> u64| -> u64 { run.intake.values().map(count).sum() };
    let (stored, own, dropped) = (sum(|intake| intake.stored), sum(|intake| intake.own), sum(|intake| intake.dropped));
    let name = format!("the last run, {} {when} ago ({})", started.run_id, started.name);
    if dropped > 0 {
        let what = format!("{name}: {dropped} items of telemetry could not be stored and are lost");
        let remedy = "look at the space and the rights of the folder for runs";
        return Some(finding(Grade::Warning, "here.last.dropped", what).remedy(remedy));
    }
    let outcome = run.sum();
    if outcome.rejected > 0 {
        let reason = run.deliveries.values().find_map(|delivery| delivery.failure.as_deref());
        let because = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        let what = format!("{name}: the backend rejected {} items of telemetry{because}", outcome.rejected);
        let remedy = "the backend says why; what it rejected stays on disk and is not sent again";
        return Some(finding(Grade::Warning, "here.last.rejected", what).remedy(remedy));
    }
    if started.agent.is_some() && started.sampled && stored <= own {
        let what = format!("{name}: nothing of the agent's own telemetry arrived");
        let remedy = "look at what is said of the agent here: otel-run doctor AGENT";
        return Some(finding(Grade::Warning, "here.last.nothing", what).remedy(remedy));
    }
    let spans = run.intake.get(&Signal::Traces).map_or(0, |intake| intake.stored);
    let delivered = match (run.is_local(), outcome.pending) {
        (true, _) => "kept here".to_owned(),
        (false, 0) => format!("{} items delivered", outcome.delivered),
        (false, pending) => format!("{} items delivered, {pending} pending", outcome.delivered),
    };
    Some(finding(Grade::Fine, "here.last", format!("{name}: {}, {delivered}", Signal::Traces.counted(spans))))
}

fn others(runs: &Runs) -> Vec<Finding> {
    let mut findings = Vec::new();
    if runs.unreadable > 0 {
        let what = format!("{} of the runs cannot be read", runs.unreadable);
        let remedy = "`otel-run runs` says why";
        findings.push(finding(Grade::Warning, "here.unreadable", what).remedy(remedy));
    }
    if runs.lost > 0 {
        let what = match runs.lost {
            1 => "the otel-run of 1 run was killed, and the run is not closed yet".to_owned(),
            number => format!("the otel-run of {number} runs was killed, and they are not closed yet"),
        };
        findings.push(
            finding(Grade::Note, "here.lost", what)
                .remedy("the next run closes and delivers them, and so does `otel-run flush`"),
        );
    }
    findings
}

fn clock(facts: &Facts) -> Option<Finding> {
    let remedy = "set the clock; telemetry of a wrong time is refused or not found, and certificates seem expired";
    if facts.now < BEFORE {
        let what = "the clock of this machine is years behind";
        return Some(finding(Grade::Warning, "here.clock", what).remedy(remedy));
    }
    let last = facts.runs.last.as_ref()?.started.started_unix_nano;
    let behind = last.checked_sub(facts.now).filter(|behind| *behind > CLOCK_SLACK)?;
    let what = format!(
        "the clock of this machine is {} before the start of the last run, so one of the two is wrong",
        span(behind / 1_000_000_000)
    );
    Some(finding(Grade::Warning, "here.clock", what).remedy(remedy))
}

fn process(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(limit) = facts.descriptors.filter(|limit| *limit < FEW_DESCRIPTORS) {
        let what =
            format!("a process may have only {limit} files and connections open, and the collector is one of them");
        findings.push(finding(Grade::Warning, "here.descriptors", what).remedy("ulimit -n 1024"));
    }
    if let Some(container) = &facts.container {
        let what = format!("this is a container ({container}): what is not delivered goes away with it");
        findings.push(
            finding(Grade::Note, "here.container", what)
                .remedy("keep the folder for runs on a volume, or allow delivery more time with --drain-deadline"),
        );
    }
    if facts.is_init {
        let what = "this is process 1: otel-run passes signals on and reaps what is left to it";
        findings.push(finding(Grade::Fine, "here.init", what));
    }
    findings
}

fn version(facts: &Facts) -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    let Some(executable) = &facts.executable else {
        return finding(Grade::Fine, "here.version", format!("this is otel-run {version}"));
    };
    let what = format!("this is otel-run {version}, {}", executable.display());
    match &facts.in_path {
        Some(other) if other != executable => {
            let what = format!("{what}; in PATH there is another one, {}", other.display());
            finding(Grade::Note, "here.version", what)
        }
        _ => finding(Grade::Fine, "here.version", what),
    }
}

/// The time from then until now, both in nanoseconds.
fn ago(now: u64, then: u64) -> String {
    span(now.saturating_sub(then) / 1_000_000_000)
}

#[cfg(test)]
mod tests;
