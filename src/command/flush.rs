//! `flush`: delivers what earlier runs left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::destination::{Destinations, Way};
use super::said::Said;
use super::{deliver, lost, private_file};
use crate::cli::Options;
use crate::error::Error;
use crate::message;
use crate::otlp::Signal;
use crate::store::RunFolder;
use crate::store::facts::{Outcome, Summary};
use crate::store::log::LogError;

/// How long one run may take, where the user set no deadline: somebody asked for it and waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// Delivers the runs named in `wanted`, or all that are not delivered whole; a `dry_run` only says what it would deliver.
pub(super) fn flush(options: &Options, wanted: &[String], dry_run: bool) -> Result<(), Error> {
    let said = Said::gather_strictly(options)?;
    let store = said.store()?;
    if !dry_run {
        deliver::wait_for(lost::close_marked(&store, private_file::folder(&said).as_deref()))?;
    }
    let destinations = Destinations::of(&said);
    let folders = if wanted.is_empty() {
        store.list()?
    } else {
        wanted.iter().map(|name| store.find(Some(name))).collect::<Result<Vec<_>, _>>()?
    };
    let patience = said.settings.drain_deadline.as_ref().map_or(PATIENCE, |deadline| deadline.value);
    let mut left = BTreeSet::new();
    let (mut told, mut all) = (String::new(), "everything");
    let mut failed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let progress = progress(folders.len(), said.settings.quiet.value);
    for folder in folders {
        progress.inc(1);
        progress.set_message(folder.id());
        match flush_one(&destinations, &folder, !wanted.is_empty(), patience, dry_run) {
            Ok(Delivered::Nothing) => {}
            Ok(Delivered::Promised(line)) => told.push_str(&line),
            Ok(Delivered::Busy) => told.push_str(&format!("{}  is in use by another otel-run\n", folder.id())),
            Ok(Delivered::Newer(why)) => {
                message::say(&format!("the run {} is left alone: {why}", folder.id()));
                all = "everything else";
            }
            Ok(Delivered::Counted(after)) => {
                told.push_str(&line(&folder.id(), &after));
                if after.is_pending() {
                    left.insert(folder.id());
                }
            }
            // One run that cannot be delivered must not keep the others. What is wrong is often the same for many.
            Err(error) => {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                failed.entry(format!("{error}{hint}")).or_default().push(folder.id());
                left.insert(folder.id());
            }
        }
    }
    progress.finish_and_clear();
    if told.is_empty() && left.is_empty() {
        told.push_str(&format!("{all} is delivered\n"));
    }
    if !said.settings.quiet.value {
        message::print(&told)?;
    }
    for (reason, runs) in failed {
        message::say(&format!("{}: {reason}", runs.join(", ")));
    }
    if left.is_empty() {
        return Ok(());
    }
    Err(Error::Undelivered(format!("not delivered whole: {}", Vec::from_iter(left).join(", "))))
}

enum Delivered {
    /// There was nothing to deliver.
    Nothing,
    /// What would be delivered, as a line.
    Promised(String),
    /// Somebody else holds the run.
    Busy,
    /// A newer otel-run has to do it; why.
    Newer(String),
    Counted(Box<Summary>),
}

/// Delivers one run. A run that was to stay local is delivered only if it was `asked_for`.
fn flush_one(
    destinations: &Destinations,
    folder: &RunFolder,
    asked_for: bool,
    patience: Duration,
    dry_run: bool,
) -> Result<Delivered, Error> {
    let unreadable = |reason: String| Error::Unreadable { run: folder.id(), reason };
    // What is closed is written, and a dry run writes nothing.
    let before = if dry_run { folder.summary_or_made() } else { lost::summary(folder) };
    let before = match before {
        Err(error) if error.is_blank() && !asked_for => return Ok(Delivered::Nothing),
        Err(error) if error.is_newer() && !asked_for => return Ok(Delivered::Newer(error.to_string())),
        other => other.map_err(|error| unreadable(error.to_string()))?,
    };
    let wanted = before.is_pending() || before.is_local() && asked_for;
    if !wanted {
        return Ok(Delivered::Nothing);
    }
    let way = destinations.of_run(&before.started.destinations)?;
    if dry_run {
        return Ok(Delivered::Promised(promise(&folder.id(), &before, &way)));
    }
    match deliver::wait_for(deliver::deliver(folder, before, way, patience))? {
        Ok(Some(after)) => Ok(Delivered::Counted(Box::new(after))),
        Ok(None) => Ok(Delivered::Busy),
        Err(error @ LogError::Newer(_)) => Ok(Delivered::Newer(error.to_string())),
        Err(error) => Err(unreadable(error.to_string())),
    }
}

/// What would be delivered of a run, a line for each destination.
fn promise(run: &str, before: &Summary, way: &Way) -> String {
    let mut lines = String::new();
    for (target, destination) in &way.targets {
        let pending = |signal: &Signal| match before.deliveries.get(&destination.name) {
            Some(delivery) => delivery.outcome.get(signal).map_or(0, |outcome| outcome.pending),
            None => before.intake.get(signal).map_or(0, |intake| intake.stored),
        };
        let counts: Vec<String> = Signal::ALL
            .into_iter()
            .filter(|signal| target.serves(*signal))
            .map(|signal| (pending(&signal), signal))
            .filter(|(number, _)| *number > 0)
            .map(|(number, signal)| signal.counted(number))
            .collect();
        if !counts.is_empty() {
            let endpoint = destination.shown_endpoint();
            lines.push_str(&format!("{run}  {} would be sent to {endpoint}\n", counts.join(", ")));
        }
    }
    for (name, reason) in &way.closed {
        lines.push_str(&format!("{run}  nothing would be sent to {name}: {reason}\n"));
    }
    lines
}

/// What became of a run, in a line; where it has several destinations, a line for each.
fn line(run: &str, summary: &Summary) -> String {
    let mut lines = String::new();
    for (name, delivery) in &summary.deliveries {
        let to = if summary.deliveries.len() > 1 { format!("  {name}:") } else { String::new() };
        lines.push_str(&format!("{run}{to}"));
        for (signal, outcome) in &delivery.outcome {
            let Outcome { delivered, pending, rejected, expired } = *outcome;
            lines.push_str(&format!("  {} delivered", signal.counted(delivered)));
            for (number, what) in [(rejected, "rejected"), (expired, "too old"), (pending, "pending")] {
                if number > 0 {
                    lines.push_str(&format!(", {number} {what}"));
                }
            }
        }
        if let Some(reason) = &delivery.failure {
            lines.push_str(&format!(" ({reason})"));
        }
        lines.push('\n');
    }
    lines
}

fn progress(runs: usize, quiet: bool) -> ProgressBar {
    if quiet || !message::stderr_is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:20} {pos}/{len} runs  {msg}");
    ProgressBar::new(runs as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
