//! The recording of a run: opened when the command runs, told what happens, closed when it has ended.
//!
//! Whatever goes wrong here is a sentence at the end, and nothing more: the command is not concerned.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, TraceId};

use super::destination::Destinations;
use super::launch::{Described, Launch};
use super::said::Said;
use super::{lost, private_file, prune, screen, verdict, witness, written};
use crate::collector::{self, Arrived, Bound, Closing, Errand, Handle, Heartbeat, Kept, Own, Senders, Start};
use crate::machine::OomKills;
use crate::message;
use crate::otlp::Signal;
use crate::process::{Aftermath, ExecError, Exit, Left, Seen, Woken};
use crate::record::{self, ExitFacts, Found, Happening, Points, RunFacts, SpanLink};
use crate::secret::Secret;
use crate::settings::{Content, Required};
use crate::store::facts::{Beginning, Started, Summary};
use crate::store::log::Hold;
use crate::store::{Journal, Log, RunFolder, Store};
use crate::transform::Transform;
use crate::view::terminal;
use crate::view::text::Symbols;

/// The recording of one run.
pub(super) struct Recording {
    /// None where nothing is recorded (`OTEL_SDK_DISABLED`), or the thread could not be started.
    open: Option<Open>,
    troubles: Vec<String>,
    /// Which telemetry there must be.
    required: Option<Required>,
}

struct Open {
    handle: Handle,
    facts: Arc<RunFacts>,
    started: Started,
    folder: Option<RunFolder>,
    /// Keeps others from the run until its summary is written.
    hold: Option<Hold>,
    /// Why the run has no folder, if it has none.
    not_kept: Option<String>,
    /// Why destinations cannot be dialled, by their names.
    closed: BTreeMap<String, String>,
    oom_kills: Option<OomKills>,
    interrupted_by: RefCell<Option<String>>,
    /// What is to be said about old runs that were removed.
    removed: Arc<Mutex<Vec<String>>>,
    /// Exit codes that are answers and no errors.
    success_codes: Vec<i32>,
    drain: Duration,
    width: usize,
    symbols: Symbols,
}

impl Recording {
    /// Opens the recording of a command that was started just now, or could not be. `wake` is called when everything that
    /// is recorded has been taken care of.
    pub(super) fn begin(
        said: &Said,
        launch: Launch<'_>,
        listener: Option<(Bound, Secret)>,
        wake: impl Fn() + Send + 'static,
    ) -> Self {
        let mut troubles = Vec::new();
        let required = launch.plan.required.as_ref().map(|required| required.value.clone());
        if !launch.context.recording {
            return Self { open: None, troubles, required };
        }
        let drain = launch.plan.drain_deadline.value;
        let success_codes = launch.plan.success_codes.value.clone();
        let heartbeat = launch.plan.heartbeat.value;
        let has_private_file = launch.plan.private_file.is_some();
        let destinations = Destinations::of(said);
        let (targets, closed) = destinations.dialled();
        let secrets = said.secrets(&targets, listener.as_ref().map(|(_, token)| token));
        let Described { beginning, facts, rules, oom_kills } = launch.describe(said, &secrets);
        let mut not_kept = None;
        let (folder, log, journal) = match keep(said, &beginning) {
            Ok((folder, log, journal)) => (Some(folder), log, journal),
            Err(reason) => {
                not_kept = Some(reason);
                (None, Log::in_memory(), Journal::in_memory())
            }
        };
        let content = folder.as_ref().filter(|_| rules.content == Content::Local).map(RunFolder::begin_content);
        let content = content.transpose().unwrap_or_else(|error| {
            troubles.push(verdict::content_not_kept(&error.to_string()));
            None
        });
        let hold = log.hold().ok().flatten();
        let started = beginning.started;
        let facts = Arc::new(facts);
        let heartbeat = heartbeat.map(|every| self::heartbeat(every, Arc::clone(&facts)));
        let removed = Arc::default();
        let errand = said
            .store()
            .ok()
            .map(|store| earlier_runs(said, store, destinations, Arc::clone(&removed), has_private_file));
        let transform = Transform::new(rules);
        let start = Start {
            listener,
            log,
            journal,
            content,
            transform,
            destinations: started.destinations.clone(),
            targets,
            heartbeat,
            errand,
            turning: None,
        };
        let handle = match collector::start(start, wake) {
            Ok(handle) => handle,
            Err(error) => {
                folder.iter().for_each(RunFolder::discard);
                troubles.push(format!("the run is not recorded: cannot start the collector's thread: {error}"));
                return Self { open: None, troubles, required };
            }
        };
        if let Some(request) = record::started(&facts) {
            handle.record(log_record(request));
        }
        let open = Open {
            handle,
            facts,
            started,
            folder,
            hold,
            not_kept,
            closed,
            oom_kills,
            interrupted_by: RefCell::default(),
            removed,
            success_codes,
            drain,
            width: screen::width(&said.environment).saturating_sub(message::PREFIX.len()),
            symbols: screen::symbols(&said.environment),
        };
        Self { open: Some(open), troubles, required }
    }

    /// Records what happened while the command runs, at once.
    pub(super) fn saw(&self, seen: Seen) {
        let Some(open) = &self.open else { return };
        let Some(happening) = witness::happening(seen) else { return };
        if let Some(request) = record::happened(&open.facts, &happening, unix_nano()) {
            open.handle.record(log_record(request));
        }
        if let Happening::Signal(received) = happening
            && received.interrupts()
        {
            open.interrupted_by.borrow_mut().get_or_insert(received.signal);
        }
    }

    /// Closes the recording and delivers it within the deadline; gives back what there is to say. Who asks us to end
    /// meanwhile ends the delivery.
    pub(super) fn end(self, exit: &Result<Exit, ExecError>, aftermath: &mut Aftermath) -> Last {
        let Self { open, mut troubles, required } = self;
        let lacking =
            |troubles, what: &str| Last { words: troubles, lacking: required.as_ref().map(|_| what.to_owned()) };
        let Some(open) = open else { return lacking(troubles, "nothing was recorded") };
        let ended_at = Instant::now();
        let mut exit_facts = witness::exit_facts(exit, unix_nano());
        exit_facts.interrupted_by = open.interrupted_by.into_inner();
        if exit_facts.exit_code != Some(0) {
            exit_facts.oom_kills = open.oom_kills.as_ref().map_or(0, OomKills::so_far);
        }
        exit_facts.success = exit_facts.exit_code.is_some_and(|code| open.success_codes.contains(&code));
        // At once: who kills us while we wait for more leaves to others that the command has ended, and how.
        if let Some(request) = record::exited(&open.facts, &exit_facts) {
            open.handle.record(log_record(request));
        }
        let mut senders = look_around(aftermath, &mut exit_facts);
        let (facts, shared) = (open.facts, Arc::new(Mutex::new(exit_facts)));
        let exit_facts = || shared.lock().unwrap_or_else(PoisonError::into_inner);
        let at_last = Arc::clone(&shared);
        open.handle.finish(ended_at + open.drain, senders, move |arrived| {
            let mut exit = at_last.lock().unwrap_or_else(PoisonError::into_inner);
            exit.drained = ended_at.elapsed();
            close(&facts, &mut exit, arrived)
        });
        loop {
            match aftermath.wait(senders == Senders::Expected) {
                Woken::Closed => break,
                Woken::Asked => open.handle.give_up(),
                Woken::Tick => {
                    senders = look_around(aftermath, &mut exit_facts());
                    if senders != Senders::Expected {
                        open.handle.senders(senders);
                    }
                }
            }
        }
        let ended = written::ended(&exit_facts());
        let Some(mut report) = open.handle.report() else {
            troubles.push("the run is not recorded whole: the collector broke down".to_owned());
            return lacking(troubles, "the collector broke down");
        };
        let Open { closed, mut folder, mut not_kept, .. } = open;
        for (name, reason) in closed {
            report.deliveries.entry(name).or_default().failure = Some(reason);
        }
        if report.kept == Kept::Nothing {
            // Nobody must take what is on disk for a run that was killed.
            folder.take().iter().for_each(RunFolder::discard);
            not_kept = report.store_error.clone();
        }
        let summary = Summary {
            ended: Some(ended),
            totals: report.totals.clone(),
            intake: report.intake.clone(),
            deliveries: report.deliveries.clone(),
            ..Summary::of(open.started)
        };
        if let Some(folder) = &folder {
            match folder.write_summary(&summary) {
                Ok(()) => folder.mark_closed(),
                // It can be made again from the log, and about that there is something to say already.
                Err(_) if report.store_error.is_some() => {}
                Err(error) => troubles.push(format!("cannot write the run's summary: {error}")),
            }
        }
        drop(open.hold);
        troubles.extend(verdict::troubles(&report, &summary.started.destinations, not_kept.as_deref()));
        troubles.append(&mut open.removed.lock().unwrap_or_else(PoisonError::into_inner));
        let lacking = required.and_then(|required| verdict::lacking(&required, &report));
        // A command that could not be started has been told of already.
        if troubles.is_empty() && exit.is_ok() && message::stderr_is_terminal() {
            troubles.push(terminal::closing_line(&summary, open.width, open.symbols));
        }
        Last { words: troubles, lacking }
    }
}

/// What there is to say at the very end.
pub(super) struct Last {
    /// A line each.
    pub(super) words: Vec<String>,
    /// What is lacking of the telemetry that was required, in words.
    pub(super) lacking: Option<String>,
}

/// Who can still send something. How many processes are left is noted in `exit`, until that is written.
fn look_around(aftermath: &Aftermath, exit: &mut ExitFacts) -> Senders {
    let left = aftermath.left();
    if exit.drained.is_zero() {
        exit.descendants_left = left.running.filter(|_| exit.exec_error.is_none());
    }
    match left {
        Left { running: None, .. } => Senders::Unknown,
        Left { may_report: true, .. } => Senders::Expected,
        Left { may_report: false, .. } => Senders::Gone,
    }
}

/// Opens the log on disk.
pub(super) fn keep(said: &Said, beginning: &Beginning) -> Result<(RunFolder, Log, Journal), String> {
    let Some(folder) = said.state_dir() else {
        return Err("no folder for runs is known, because neither XDG_STATE_HOME nor HOME is set".to_owned());
    };
    let failed = |error| format!("cannot write to {}: {error}", folder.value.display());
    let (run, log) = Store::at(&folder.value).create(beginning).map_err(failed)?;
    let journal = run.journal().map_err(|error| {
        // Without it the run goes on in memory, and nobody must take what is on disk for a run that was killed.
        run.discard();
        failed(error)
    })?;
    Ok((run, log, journal))
}

/// Removes what is too old, and closes and delivers what runs before this one have left. What is lost by that is said in
/// `removed`. Who has a private file looks for those that others have left, even where no run is to be closed.
pub(super) fn earlier_runs(
    said: &Said,
    store: Store,
    destinations: Destinations,
    removed: Arc<Mutex<Vec<String>>>,
    has_private_file: bool,
) -> Errand {
    let (rule, patience) = (prune::rule(&said.settings), said.drain_deadline().value);
    let private_files = private_file::folder(said);
    Box::new(move || {
        Box::pin(async move {
            let tell = |text| removed.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            prune::now_and_then(&store, &rule, tell).await;
            if has_private_file {
                private_files.iter().for_each(|folder| private_file::sweep(folder));
            }
            lost::close_and_deliver(&store, private_files.as_deref(), destinations, patience).await;
        })
    })
}

/// The run's last telemetry, when all of the command's has arrived.
fn close(facts: &RunFacts, exit: &mut ExitFacts, arrived: Arrived) -> Closing {
    let found = Found { start: true, end: true, ..Found::default() };
    let own = last_words(facts, exit, arrived, &found);
    Closing { own, ended: serde_json::to_vec(&written::ended(exit)).unwrap_or_default() }
}

/// What a run has to say about itself at its end, without what is `found` in its log already.
pub(super) fn last_words(facts: &RunFacts, exit: &mut ExitFacts, arrived: Arrived, found: &Found) -> Vec<Own> {
    exit.agent_version = arrived.agent_version;
    exit.links = arrived
        .linked_roots
        .into_iter()
        .map(|(trace_id, span_id)| SpanLink {
            trace_id: TraceId::from_bytes(trace_id),
            span_id: SpanId::from_bytes(span_id),
        })
        .collect();
    exit.thinned = arrived.thinned;
    let stand_ins: Vec<record::StandIn> = arrived
        .stand_ins
        .into_iter()
        .map(|stand_in| record::StandIn {
            span_id: SpanId::from_bytes(stand_in.span_id),
            start_unix_nano: stand_in.start_unix_nano,
            end_unix_nano: stand_in.end_unix_nano,
            children: stand_in.children,
        })
        .collect();
    let spans = |number: usize, request: Option<Vec<u8>>| {
        request.map(|request| Own { signal: Signal::Traces, items: u32::try_from(number).unwrap_or(u32::MAX), request })
    };
    let own = [
        (!found.start).then(|| record::started(facts)).flatten().map(log_record),
        (!found.end).then(|| record::exited(facts, exit)).flatten().map(log_record),
        spans(stand_ins.len(), record::stand_ins(facts, &stand_ins)),
        spans(1, (!found.span).then(|| record::run_span(facts, exit)).flatten()),
        (!found.points).then(|| record::last_points(facts, exit)).flatten().map(data_points),
    ];
    own.into_iter().flatten().collect()
}

fn heartbeat(every: Duration, facts: Arc<RunFacts>) -> Heartbeat {
    Heartbeat { every, beat: Box::new(move || record::heartbeat(&facts, unix_nano()).map(data_points)) }
}

fn log_record(request: Vec<u8>) -> Own {
    Own { signal: Signal::Logs, items: 1, request }
}

fn data_points(points: Points) -> Own {
    Own { signal: Signal::Metrics, items: points.count, request: points.request }
}

pub(super) fn unix_nano() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos() as u64)
}
