//! Runs whose otel-run was killed: closed with what their logs tell, and delivered.
//!
//! # Constraints
//!
//! * The otel-run of a run can have been killed between any two of its steps, and so can one that closes it.
//! * Any number of them can find the same run at the same time.
//! * A run closes others while its own command runs, on the thread that takes what the command sends.
//!
//! # Invariants
//!
//! * What is to be done is decided from the log, under its lock. What is in the log already is never said again, so there
//!   is one span of the run and one record of its end, whoever wrote them.
//! * The log is completed first, then comes the summary, then the mark goes away.
//! * Nothing is written behind damage: it would be written over what cannot be read.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::deliver::{deliver, wait_for};
use super::destination::Destinations;
use super::recording::{last_words, unix_nano};
use super::said::Said;
use super::{private_file, written};
use crate::collector::{Arrived, Own};
use crate::error::Error;
use crate::machine;
use crate::message;
use crate::otlp::Signal;
use crate::record::{ExitFacts, Found, RunFacts};
use crate::settings::{Content, GenAi};
use crate::signals::Totals;
use crate::store::facts::{Beginning, Ended, Intake, Started, Summary};
use crate::store::log::{Frame, Header, Kind, LogError, Tail};
use crate::store::summary::SummaryError;
use crate::store::{Journal, Log, RunFolder, Store, summary};
use crate::transform::{self, Rules, StandIn, Transform};

/// How far the beginning of a process, as the kernel tells it now, may be from the time that was noted when the command was
/// started: clocks are corrected, and a busy machine takes its time. No process id is used again so soon.
const SAME_BEGINNING: Duration = Duration::from_secs(2);

/// How often a run that was closed is tried to be delivered while somebody has it, and the time between.
const ATTEMPTS: u32 = 10;
const COPIED_LOCK: Duration = Duration::from_millis(20);

/// What became of an attempt to close a run.
enum Outcome {
    /// It is closed, now or by somebody else.
    Closed(Box<Summary>),
    /// Its log is damaged, so it stays as it is.
    Damaged,
    /// Somebody is at work on it, or a newer version has to do it, or an older one has not written down what is needed.
    Left,
}

/// Closes the runs that are marked as open and whose otel-run is gone, and delivers them as far as the drain deadline allows.
/// What cannot be delivered stays for a flush, and nothing is said about it.
pub(super) fn take_care(said: &Said, store: &Store) -> Result<(), Error> {
    if store.open_runs().is_empty() {
        return Ok(());
    }
    let patience = said.drain_deadline().value;
    let private_files = private_file::folder(said);
    let work = close_and_deliver(store, private_files.as_deref(), Destinations::of(said), patience);
    // The time is for all of them together.
    let _ = wait_for(async { tokio::time::timeout(patience, work).await })?;
    Ok(())
}

/// The same without an end to all of them together: each is delivered for no longer than `patience`.
pub(super) async fn close_and_deliver(
    store: &Store,
    private_files: Option<&Path>,
    destinations: Destinations,
    patience: Duration,
) {
    for (folder, summary) in close_marked(store, private_files).await {
        let Ok(way) = destinations.of_run(&summary.started.destinations) else { continue };
        if summary.is_pending() {
            // Our lock on it is gone, but a process that is being started just now has a copy until its exec.
            for _ in 0..ATTEMPTS {
                match deliver(&folder, summary.clone(), way.clone(), patience).await {
                    Ok(None) => tokio::time::sleep(COPIED_LOCK).await,
                    Ok(Some(_)) | Err(_) => break,
                }
            }
        }
    }
}

/// Closes the runs that are marked as open and whose otel-run is gone; gives those that are closed now. Where there is any,
/// the folder of private files is looked through as well.
pub(super) async fn close_marked(store: &Store, private_files: Option<&Path>) -> Vec<(RunFolder, Summary)> {
    let (mut closed, mut is_any_gone) = (Vec::new(), false);
    for folder in store.open_runs() {
        let outcome = close(&folder).await;
        is_any_gone |= !matches!(outcome, Ok(Outcome::Left) | Err(LogError::Io(_) | LogError::Newer(_)));
        match outcome {
            Ok(Outcome::Closed(summary)) => closed.push((folder, *summary)),
            Err(LogError::Blank) => folder.give_up(),
            // Nobody can ever close it; whoever lists the runs says what is wrong with it.
            Ok(Outcome::Damaged) | Err(LogError::NotALog) => folder.mark_closed(),
            Err(LogError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => folder.mark_closed(),
            Ok(Outcome::Left) | Err(LogError::Io(_) | LogError::Newer(_)) => {}
        }
    }
    if let (true, Some(folder)) = (is_any_gone, private_files) {
        private_file::sweep(folder);
    }
    closed
}

/// The summary of a run, for a verb that shows it. If its otel-run is gone, it is closed first, marked or not.
pub(super) fn summary(folder: &RunFolder) -> Result<Summary, SummaryError> {
    let summary = folder.summary_or_made()?;
    if summary.ended.is_some() {
        return Ok(summary);
    }
    match wait_for(close(folder)) {
        Ok(Ok(Outcome::Closed(closed))) => return Ok(*closed),
        Ok(Ok(Outcome::Damaged)) => {
            message::say(&format!("the run {} cannot be closed, because its log is damaged", folder.id()));
        }
        // What is known of it is still true.
        Ok(Ok(Outcome::Left) | Err(_)) | Err(_) => {}
    }
    Ok(summary)
}

async fn close(folder: &RunFolder) -> Result<Outcome, LogError> {
    let Some(mut log) = folder.claim_log()? else { return Ok(Outcome::Left) };
    if let Some(summary) = folder.summary().filter(|summary| summary.ended.is_some()) {
        folder.mark_closed();
        return Ok(Outcome::Closed(Box::new(summary)));
    }
    let Some((beginning, start)) = beginning(&log)? else { return Ok(Outcome::Damaged) };
    let facts = written::run_facts(&beginning);
    if facts.is_none() && beginning.started.listen.is_none() {
        return Ok(Outcome::Left);
    }
    let mut reading = Reading::new(beginning, facts);
    reading.read(&log, start).await?;
    if reading.ended.is_none() {
        if log.tail(reading.end)? == Tail::Damaged {
            return Ok(Outcome::Damaged);
        }
        // What was delivered from memory, on a full disk, has never come into the file.
        folder.rewind_journal(reading.end)?;
        log.resume_at(reading.end)?;
        reading.complete(&mut log)?;
        // What is only in memory would be gone with us.
        log.write_all()?;
    }
    let summary = reading.summary(&folder.read_journal().unwrap_or_else(|_| Journal::in_memory()));
    if folder.write_summary(&summary).is_ok() {
        folder.mark_closed();
    }
    Ok(Outcome::Closed(Box::new(summary)))
}

/// The first record, and where the next one begins.
fn beginning(log: &Log) -> Result<Option<(Beginning, u64)>, LogError> {
    let mut payload = Vec::new();
    let Some(header) = log.read(Log::start(), &mut payload)?.filter(|header| header.kind == Kind::Started) else {
        return Ok(None);
    };
    let read = serde_json::from_slice(&payload).ok();
    Ok(read.map(|beginning| (beginning, Log::start() + header.record_length())))
}

/// What the log of one run tells.
struct Reading {
    started: Started,
    /// None for what others sent to `serve`, which says nothing about itself.
    facts: Option<RunFacts>,
    ended: Option<Ended>,
    found: Found,
    /// Not to change anything: to remember what it would have remembered.
    transform: Transform,
    totals: Totals,
    intake: BTreeMap<Signal, Intake>,
    /// When anything was heard of the run last.
    last_unix_nano: u64,
    /// Where the whole records end.
    end: u64,
}

impl Reading {
    fn new(Beginning { started, span }: Beginning, facts: Option<RunFacts>) -> Self {
        let context = facts.as_ref().map(|facts| &facts.context);
        let rules = Rules {
            nest: written::nest(span.as_ref()),
            content: Content::On,
            left_out: None,
            genai: GenAi::Off,
            newest_genai: false,
            trace_id: context.map(|context| context.trace_id.to_bytes()).unwrap_or_default(),
            span_id: context.map(|context| context.span_id.to_bytes()).unwrap_or_default(),
            sampled: started.sampled,
            service_name: None,
            agent: None,
            resource_attributes: Vec::new(),
            secrets: std::sync::Arc::default(),
        };
        Self {
            last_unix_nano: started.started_unix_nano,
            started,
            facts,
            ended: None,
            found: Found::default(),
            transform: Transform::new(rules),
            totals: Totals::default(),
            intake: BTreeMap::new(),
            end: Log::start(),
        }
    }

    /// Reads on from `start`. Between records others on this thread have their turn.
    async fn read(&mut self, log: &Log, start: u64) -> Result<(), LogError> {
        self.end = start;
        let mut payload = Vec::new();
        while let Some(header) = log.read(self.end, &mut payload)? {
            self.end += header.record_length();
            self.take(&header, &payload);
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn take(&mut self, header: &Header, payload: &[u8]) {
        self.last_unix_nano = self.last_unix_nano.max(header.unix_nano);
        let signal = match header.kind {
            Kind::Started => return,
            Kind::Ended => return self.ended = serde_json::from_slice(payload).ok(),
            Kind::Batch(signal) => signal,
        };
        self.intake.entry(signal).or_default().add(header);
        let Self { transform, totals, found, facts, .. } = self;
        match signal {
            Signal::Traces => {
                // What is in the log was parsed when it was stored.
                let _ = transform.apply(signal, payload, &mut Vec::new(), &mut |seen| {
                    seen.add_to(totals);
                    if let Some(facts) = facts {
                        found.look_at_span(facts, seen.scope, seen.message);
                    }
                });
                transform.remember();
            }
            Signal::Logs => facts.iter().for_each(|facts| found.look_at_logs(facts, payload)),
            Signal::Metrics => facts.iter().for_each(|facts| found.look_at_metrics(facts, payload)),
        }
    }

    fn count(&mut self, signal: Signal, items: u32) {
        let intake = self.intake.entry(signal).or_default();
        intake.received += u64::from(items);
        intake.stored += u64::from(items);
    }

    /// Appends what the log lacks.
    fn complete(&mut self, log: &mut Log) -> std::io::Result<()> {
        let mut exit = self.found.exit.clone().unwrap_or_else(|| ExitFacts {
            ended_unix_nano: self.last_unix_nano,
            still_running: still_runs(&self.started),
            interrupted_by: self.found.interrupted_by.clone(),
            ..ExitFacts::default()
        });
        let arrived = Arrived {
            stand_ins: match self.found.span {
                // They were made before the span was.
                true => Vec::new(),
                false => self.stand_ins(log)?,
            },
            linked_roots: self.transform.linked_roots().to_vec(),
            agent_version: None,
            thinned: self.intake.get(&Signal::Traces).map_or(0, |intake| intake.thinned),
        };
        let own = self.facts.as_ref().map(|facts| last_words(facts, &mut exit, arrived, &self.found));
        for Own { signal, items, request } in own.into_iter().flatten() {
            log.append(Kind::Batch(signal), items, unix_nano(), Frame::from(request.as_slice()))?;
            self.count(signal, items);
        }
        let ended = written::ended(&exit);
        let last = serde_json::to_vec(&ended)?;
        log.append(Kind::Ended, 0, unix_nano(), Frame::from(last.as_slice()))?;
        self.ended = Some(ended);
        Ok(())
    }

    fn stand_ins(&mut self, log: &Log) -> std::io::Result<Vec<StandIn>> {
        self.transform.stand_ins(|came| {
            log.batches(Signal::Traces, |request| {
                let _ = transform::each_span_id(request, came);
            })
        })
    }

    fn summary(self, journal: &Journal) -> Summary {
        let Self { started, ended, totals, intake, .. } = self;
        let deliveries = summary::deliveries(&started.destinations, &intake, journal);
        Summary { ended, totals, intake, deliveries, ..Summary::of(started) }
    }
}

/// Whether the command lives on. Another process may have its id by now, which has begun at another time.
fn still_runs(started: &Started) -> bool {
    let began = started.child_pid.and_then(machine::process_began);
    began.is_some_and(|began| Duration::from_nanos(began.abs_diff(started.started_unix_nano)) < SAME_BEGINNING)
}
