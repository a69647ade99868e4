//! `flush`: delivers what earlier runs left behind.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;
use tokio::task::LocalSet;

use super::destination;
use super::said::Said;
use crate::cli::Options;
use crate::delivery::{Delivery, Phase, Source, Target};
use crate::error::Error;
use crate::message;
use crate::otlp::Signal;
use crate::store::facts::{Destination, Outcome, Summary};
use crate::store::summary::SummaryError;
use crate::store::{RunFolder, summary};

/// How long one run may take, where the user set no deadline: somebody asked for it and waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// Delivers the runs named in `wanted`, or all that are not delivered whole.
pub(super) fn flush(options: &Options, wanted: &[String]) -> Result<(), Error> {
    let said = Said::gather_strictly(options)?;
    let store = said.store()?;
    let folders = if wanted.is_empty() {
        store.list()?
    } else {
        wanted.iter().map(|name| store.find(Some(name))).collect::<Result<Vec<_>, _>>()?
    };
    let patience = said.settings.drain_deadline.as_ref().map_or(PATIENCE, |deadline| deadline.value);
    let mut left = BTreeSet::new();
    let mut told = String::new();
    let mut failed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let progress = progress(folders.len(), said.settings.quiet.value);
    for folder in folders {
        progress.inc(1);
        progress.set_message(folder.id());
        match flush_one(&said, &folder, !wanted.is_empty(), patience) {
            Ok(Delivered::Nothing) => {}
            Ok(Delivered::Busy) => told.push_str(&format!("{}  is in use by another otel-run\n", folder.id())),
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
        told.push_str("everything is delivered\n");
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
    Counted(Box<Summary>),
}

/// Delivers one run. A run that was to stay local is delivered only if it was `asked_for`.
fn flush_one(said: &Said, folder: &RunFolder, asked_for: bool, patience: Duration) -> Result<Delivered, Error> {
    let unreadable = |error: SummaryError| Error::Unreadable { run: folder.id(), reason: error.to_string() };
    let before = folder.summary_or_made().map_err(unreadable)?;
    let local = before.started.destination.is_none() && before.outcome.is_empty();
    let pending = before.outcome.values().any(|outcome| outcome.pending > 0);
    if pending || (local && asked_for) { deliver(said, folder, before, patience) } else { Ok(Delivered::Nothing) }
}

fn deliver(said: &Said, folder: &RunFolder, before: Summary, patience: Duration) -> Result<Delivered, Error> {
    let unreadable = |reason: String| Error::Unreadable { run: folder.id(), reason };
    let target = target(said, before.started.destination.as_ref())?;
    let Some(log) = folder.claim_log().map_err(|error| unreadable(error.to_string()))? else {
        return Ok(Delivered::Busy);
    };
    let journal = folder.journal().map_err(|error| unreadable(error.to_string()))?;
    let journal = Rc::new(RefCell::new(journal));
    let failures = Rc::new(RefCell::new(BTreeMap::new()));
    let delivery =
        Delivery { source: Rc::new(Source::new(log)), journal: Rc::clone(&journal), failures: Rc::clone(&failures) };
    let unserved: Vec<Signal> = Signal::ALL.into_iter().filter(|signal| !target.serves(*signal)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    // Kept until the end: a lane takes a lost sender for a change.
    let (_phase, finishing) = watch::channel(Phase::Finishing);
    LocalSet::new().block_on(&runtime, async {
        let _ = tokio::time::timeout(patience, delivery.run(target, finishing)).await;
    });
    runtime.shutdown_background();
    // The one before may have been written while another flush was at work.
    let mut after = folder.summary_or_made().unwrap_or(before);
    // A run that was to go nowhere goes where it was sent now.
    after.started.destination = after.started.destination.or_else(|| said.destination());
    after.outcome = summary::outcome(&after.intake, &summary::destined(&after.started), &journal.borrow());
    let mut left = after.outcome.iter().filter(|(_, outcome)| outcome.pending > 0).map(|(signal, _)| *signal);
    after.last_failure = failures.borrow().values().next().cloned().or_else(|| {
        left.next().map(|signal| match unserved.contains(&signal) {
            true => format!("there is no endpoint for {}", signal.as_str()),
            false => "its log is damaged, and what stands behind the damage cannot be read".to_owned(),
        })
    });
    let _ = folder.write_summary(&after);
    Ok(Delivered::Counted(Box::new(after)))
}

/// Where to deliver to: what is configured now, or where the run was to go.
fn target(said: &Said, recorded: Option<&Destination>) -> Result<Target, Error> {
    let upstream = match (&said.settings.upstream, recorded) {
        (Some(upstream), _) => upstream,
        (None, Some(recorded)) => &destination::read_back(recorded)?,
        (None, None) => return Err(Error::NoUpstream),
    };
    said.target(upstream).map_err(|reasons| Error::Upstream(reasons.join("\n")))
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
