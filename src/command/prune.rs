//! `prune`: removes old runs, asked or unasked.

use super::recording::unix_nano;
use super::said::Said;
use crate::cli::Options;
use crate::error::Error;
use crate::message;
use crate::settings::{Settings, duration, size};
use crate::store::Store;
use crate::store::prune::Removal;
use crate::store::retention::{self, Reason, Rule, Standing, Stored, Verdict};

/// Removes what is too old, too much or too large, or says what that would be.
pub(super) fn prune(options: &Options, dry_run: bool) -> Result<(), Error> {
    let said = Said::gather_strictly(options)?;
    let store = said.store()?;
    let folders = store.list()?;
    let runs: Vec<Stored> = folders.iter().map(|folder| folder.look()).collect();
    let now = unix_nano();
    let rule = rule(&said.settings);
    let verdicts = retention::verdicts(&runs, &rule, now);
    let (mut told, mut stay, mut failed) = (String::new(), String::new(), Vec::new());
    let (mut removed, mut freed, mut left) = (0, 0, runs.len());
    for verdict in &verdicts {
        let Verdict { run, goes, .. } = verdict;
        if !goes {
            stay.push_str(&line(run, &why_it_stays(verdict)));
            continue;
        }
        let removal = match dry_run {
            true => Ok(Removal::Removed),
            false => remove(&store, run),
        };
        match removal {
            Ok(Removal::Removed) => {
                removed += 1;
                freed += run.bytes;
                left -= 1;
                told.push_str(&line(run, &why_it_goes(verdict)));
            }
            Ok(Removal::Busy) => stay.push_str(&line(run, "stays: another otel-run is at work on it")),
            Ok(Removal::Gone) => left -= 1,
            Err(error) => failed.push(format!("cannot remove the run {}: {error}", run.id)),
        }
    }
    // A newer otel-run takes care of its own.
    let newer = runs.iter().filter(|run| matches!(run.standing, Standing::Newer(_)));
    for run in newer.filter(|run| !verdicts.iter().any(|verdict| verdict.run.id == run.id)) {
        stay.push_str(&line(run, &format!("stays: {}", standing_text(run))));
    }
    if !dry_run {
        store.sweep();
    }
    told.push_str(&stay);
    let verb = if dry_run { "would be removed" } else { "removed" };
    told.push_str(&format!("{} {verb}, {} freed; {left} kept\n", count(removed), size::text(freed)));
    if !said.settings.quiet.value {
        message::print(&told)?;
    }
    if failed.is_empty() { Ok(()) } else { Err(Error::Unremoved(failed.join("\n"))) }
}

/// Removes what is too old unasked, if it is time to look for it again. Whatever was lost by that is told: runs whose
/// telemetry had never been delivered, or that could not be read. Between runs others on this thread have their turn.
pub(super) async fn now_and_then(store: &Store, rule: &Rule, mut tell: impl FnMut(String)) {
    if !store.is_pruning_due() {
        return;
    }
    store.sweep();
    let Ok(folders) = store.list() else { return };
    let mut runs = Vec::with_capacity(folders.len());
    for folder in &folders {
        runs.push(folder.look());
        tokio::task::yield_now().await;
    }
    for verdict in retention::verdicts(&runs, rule, unix_nano()).iter().filter(|verdict| verdict.goes) {
        let run = &verdict.run;
        // What cannot be removed today may be so tomorrow, and `prune` says why.
        let removed = remove(store, run).is_ok_and(|removal| removal == Removal::Removed);
        if removed && matches!(run.standing, Standing::Undelivered(_) | Standing::Unclear) {
            tell(format!("the run {} was removed: {}", run.id, why_it_goes(verdict)));
        }
        tokio::task::yield_now().await;
    }
}

/// Removes a run that was looked at, unless something has happened to it since.
fn remove(store: &Store, run: &Stored) -> std::io::Result<Removal> {
    store.folder(run.id.as_ref()).remove(|under_lock| under_lock.standing == run.standing)
}

/// The rule that the settings make.
pub(super) fn rule(settings: &Settings) -> Rule {
    Rule { age: settings.keep_age.value, runs: settings.keep_runs.value, size: settings.keep_size.value }
}

fn line(run: &Stored, text: &str) -> String {
    format!("{}  {:>8}  {text}\n", run.id, size::text(run.bytes))
}

fn why_it_goes(verdict: &Verdict) -> String {
    let reason = reason_text(verdict.reason);
    match verdict.run.standing {
        Standing::Undelivered(_) | Standing::Unclear => format!("{reason}, and {}", standing_text(&verdict.run)),
        _ => reason,
    }
}

fn why_it_stays(verdict: &Verdict) -> String {
    format!("stays, although {}: {}", reason_text(verdict.reason), standing_text(&verdict.run))
}

fn reason_text(reason: Reason) -> String {
    match reason {
        Reason::Age(age) => format!("it ended more than {} ago", duration::text(age)),
        Reason::Runs(1) => "there is a newer one".to_owned(),
        Reason::Runs(runs) => format!("there are {runs} newer ones"),
        Reason::Size(bytes) => format!("it and all newer ones take more than {}", size::text(bytes)),
    }
}

fn standing_text(run: &Stored) -> String {
    match run.standing {
        Standing::Busy => "it is in use".to_owned(),
        Standing::Undelivered(1) => "1 item of its telemetry was never delivered".to_owned(),
        Standing::Undelivered(items) => format!("{items} items of its telemetry were never delivered"),
        Standing::Unclear => "it cannot be read, or was never closed".to_owned(),
        Standing::Newer(format) => format!("its format {format} is newer than this otel-run"),
        Standing::Settled => "everything is delivered".to_owned(),
        Standing::Local => "it is not to be delivered".to_owned(),
    }
}

fn count(runs: usize) -> String {
    if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") }
}
