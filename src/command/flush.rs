//! `flush`: delivers what earlier runs left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::destination::Destinations;
use super::said::Said;
use super::{deliver, lost};
use crate::cli::Options;
use crate::error::Error;
use crate::message;
use crate::otlp::Signal;
use crate::store::RunFolder;
use crate::store::facts::{Outcome, Summary};
use crate::store::log::LogError;

/// How long one run may take, where the user set no deadline: somebody asked for it and waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// Delivers the runs named in `wanted`, or all that are not delivered whole.
pub(super) fn flush(options: &Options, wanted: &[String]) -> Result<(), Error> {
    let said = Said::gather_strictly(options)?;
    let store = said.store()?;
    deliver::wait_for(lost::close_marked(&store))?;
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
        match flush_one(&destinations, &folder, !wanted.is_empty(), patience) {
            Ok(Delivered::Nothing) => {}
            Ok(Delivered::Busy) => told.push_str(&format!("{}  is in use by another otel-run\n", folder.id())),
            Ok(Delivered::Newer(why)) => {
                message::say(&format!("the run {} is left alone: {why}", folder.id()));
                all = "everything else";
            }
            Ok(Delivered::Counted(after)) => {
                told.push_str(&line(&folder.id(), &after));
                if after.outcome.values().any(|outcome| outcome.pending > 0) {
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
) -> Result<Delivered, Error> {
    let before = match lost::summary(folder) {
        Err(error) if error.is_blank() && !asked_for => return Ok(Delivered::Nothing),
        Err(error) if error.is_newer() && !asked_for => return Ok(Delivered::Newer(error.to_string())),
        other => other.map_err(|error| Error::Unreadable { run: folder.id(), reason: error.to_string() })?,
    };
    let local = before.started.destination.is_none() && before.outcome.is_empty();
    let pending = before.outcome.values().any(|outcome| outcome.pending > 0);
    if pending || (local && asked_for) {
        deliver(destinations, folder, before, patience)
    } else {
        Ok(Delivered::Nothing)
    }
}

fn deliver(
    destinations: &Destinations,
    folder: &RunFolder,
    before: Summary,
    patience: Duration,
) -> Result<Delivered, Error> {
    let to = destinations.of_run(before.started.destination.as_ref())?;
    match deliver::wait_for(deliver::deliver(folder, before, to, patience))? {
        Ok(Some(after)) => Ok(Delivered::Counted(Box::new(after))),
        Ok(None) => Ok(Delivered::Busy),
        Err(error @ LogError::Newer(_)) => Ok(Delivered::Newer(error.to_string())),
        Err(error) => Err(Error::Unreadable { run: folder.id(), reason: error.to_string() }),
    }
}

fn line(run: &str, summary: &Summary) -> String {
    let mut line = run.to_owned();
    for signal in Signal::ALL {
        let Some(outcome) = summary.outcome.get(&signal) else { continue };
        let Outcome { delivered, pending, rejected } = *outcome;
        line.push_str(&format!("  {delivered} {} delivered", signal.items()));
        if rejected > 0 {
            line.push_str(&format!(", {rejected} rejected"));
        }
        if pending > 0 {
            line.push_str(&format!(", {pending} pending"));
        }
    }
    if let Some(reason) = &summary.last_failure {
        line.push_str(&format!(" ({reason})"));
    }
    line.push('\n');
    line
}

fn progress(runs: usize, quiet: bool) -> ProgressBar {
    if quiet || !message::stderr_is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:20} {pos}/{len} runs  {msg}");
    ProgressBar::new(runs as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
