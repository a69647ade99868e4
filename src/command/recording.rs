//! The recording of a run: opened when the command runs, told what happens, closed when it has ended.
//!
//! Whatever goes wrong here is a sentence at the end, and nothing more: the command is not concerned.

use std::cell::RefCell;
use std::ffi::OsString;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use opentelemetry::trace::{SpanId, TraceId};

use super::plan::Planned;
use super::said::Said;
use super::screen;
use crate::collector::{self, Arrived, Bound, Closing, Handle, Own, Report, Start};
use crate::context::{ci, resource};
use crate::machine;
use crate::message;
use crate::otlp::Signal;
use crate::plan::Plan;
use crate::process::{Child, Death, Decision, ExecError, Exit, SignalSeen, Signals, signal_name};
use crate::record::{self, ExitFacts, ForwardedSignal, RunFacts, SpanLink};
use crate::secret::Secret;
use crate::store::facts::{Ended, Started, Summary};
use crate::store::{Journal, Log, RunFolder, Store, summary};
use crate::transform::{Rules, Transform};
use crate::view::terminal;
use crate::view::text::Symbols;

/// The recording of one run.
pub(super) struct Recording {
    /// None where nothing is recorded (`OTEL_SDK_DISABLED`), or the thread could not be started.
    open: Option<Open>,
    troubles: Vec<String>,
}

struct Open {
    handle: Handle,
    facts: RunFacts,
    started: Started,
    folder: Option<RunFolder>,
    /// Why the run has no folder, if it has none.
    not_kept: Option<String>,
    /// Why the destination cannot be dialled, if there is one that cannot.
    no_target: Option<String>,
    forwarded: RefCell<Vec<ForwardedSignal>>,
    drain: Duration,
    symbols: Symbols,
}

impl Recording {
    /// Opens the recording of a command that was started just now, or could not be.
    pub(super) fn begin(
        said: &Said,
        planned: Planned,
        command: &[OsString],
        child: Result<&Child, &ExecError>,
        listener: Option<(Bound, Secret)>,
        wake: impl Fn() + Send + 'static,
        begun: Timestamp,
    ) -> Self {
        let Planned { plan, context } = planned;
        let mut troubles = Vec::new();
        if !context.recording {
            return Self { open: None, troubles };
        }
        let started_unix_nano = unix_nano();
        let run_id = run_id(begun, context.span_id);
        let github_event =
            said.environment.get("GITHUB_EVENT_PATH").and_then(|path| std::fs::read_to_string(path).ok());
        let ci = ci::detect(&said.environment, github_event.as_deref()).map(|ci| ci.attributes).unwrap_or_default();
        let machine = machine::look(&said.environment, begun);
        let resource =
            resource::wrapper_resource(&said.settings, &said.environment, &machine, &ci, &run_id, &instance_id());
        let rules = rules(said, &plan, &context, &resource);
        let pid = child.ok().map(Child::pid);
        let started = Started {
            run_id: run_id.clone(),
            trace_id: context.trace_id.to_string(),
            span_id: context.span_id.to_string(),
            parent_span_id: context.parent.map(|parent| parent.to_string()),
            sampled: context.sampled,
            name: plan.span_name.clone(),
            agent: agent_name(&plan),
            started_unix_nano,
            wrapper_pid: std::process::id(),
            child_pid: pid,
            destination: said.destination(),
        };
        let facts = RunFacts {
            context,
            resource: record::Resource::new(resource),
            run_id,
            name: plan.span_name.clone(),
            agent: agent_name(&plan),
            command: command.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default(),
            args_count: command.len(),
            executable_path: executable_path(&plan, pid),
            pid,
            interactive: std::io::IsTerminal::is_terminal(&std::io::stdin()),
            started_unix_nano,
        };
        let mut not_kept = None;
        let (folder, log, journal) = match keep(&plan, &started) {
            Ok((folder, log, journal)) => (Some(folder), log, journal),
            Err(reason) => {
                not_kept = Some(reason);
                (None, Log::in_memory(), Journal::in_memory())
            }
        };
        let mut no_target = None;
        let target =
            said.settings.upstream.as_ref().and_then(|upstream| {
                said.target(upstream).map_err(|reasons| no_target = Some(reasons.join("; "))).ok()
            });
        let destined = summary::destined(&started);
        let start = Start { listener, log, journal, transform: Transform::new(rules), destined, target };
        match collector::start(start, wake) {
            Ok(handle) => {
                if let Some(request) = record::started(&facts) {
                    handle.record(Own { signal: Signal::Logs, items: 1, request });
                }
                let drain = plan.drain_deadline.value;
                let symbols = screen::symbols(&said.environment);
                let forwarded = RefCell::default();
                let open = Open { handle, facts, started, folder, not_kept, no_target, forwarded, drain, symbols };
                Self { open: Some(open), troubles }
            }
            Err(error) => {
                troubles.push(format!("the run is not recorded: cannot start the collector's thread: {error}"));
                Self { open: None, troubles }
            }
        }
    }

    /// Notes a signal that arrived while the command ran.
    pub(super) fn saw(&self, seen: SignalSeen) {
        if let (Some(open), Decision::Forward) = (&self.open, seen.decision) {
            let forwarded = ForwardedSignal { signal: signal_name(seen.signal), unix_nano: unix_nano() };
            open.forwarded.borrow_mut().push(forwarded);
        }
    }

    /// Closes the recording and delivers it within the deadline; gives back what there is to say. Who asks us to end
    /// meanwhile ends the delivery.
    pub(super) fn end(self, exit: &Result<Exit, ExecError>, signals: &mut Signals) -> Vec<String> {
        let Self { open, mut troubles } = self;
        let Some(Open { handle, facts, started, folder, not_kept, no_target, forwarded, drain, symbols }) = open else {
            return troubles;
        };
        let exit_facts = exit_facts(exit, forwarded.into_inner());
        let ended = Ended {
            ended_unix_nano: exit_facts.ended_unix_nano,
            exit_code: exit_facts.exit_code.unwrap_or_default(),
            signal: exit_facts.signal.clone(),
            error_type: record::error_type(&exit_facts),
        };
        let written_end = ended.clone();
        handle.finish(Instant::now() + drain, move |arrived| close(&facts, exit_facts, &written_end, arrived));
        if signals.wait() {
            handle.give_up();
            signals.wait();
        }
        let Some(mut report) = handle.report() else {
            troubles.push("the run is not recorded whole: the collector broke down".to_owned());
            return troubles;
        };
        report.failure = no_target.or(report.failure);
        let summary = Summary {
            started,
            ended: Some(ended),
            totals: report.totals.clone(),
            intake: report.intake.clone(),
            outcome: report.outcome.clone(),
            last_failure: report.failure.clone(),
        };
        if let Some(folder) = &folder
            && let Err(error) = folder.write_summary(&summary)
        {
            troubles.push(format!("cannot write the run's summary: {error}"));
        }
        troubles.extend(trouble_with_telemetry(&report, not_kept.as_deref()));
        if troubles.is_empty() && message::stderr_is_terminal() {
            troubles.push(terminal::closing_line(&summary, symbols));
        }
        troubles
    }
}

/// Opens the log on disk.
fn keep(plan: &Plan, started: &Started) -> Result<(RunFolder, Log, Journal), String> {
    let Some(folder) = &plan.state_dir else {
        return Err("no folder for runs is known, because neither XDG_STATE_HOME nor HOME is set".to_owned());
    };
    let failed = |error| format!("cannot write to {}: {error}", folder.value.display());
    let (folder, log) = Store::at(&folder.value).create(started).map_err(failed)?;
    let journal = folder.journal().map_err(failed)?;
    Ok((folder, log, journal))
}

fn rules(
    said: &Said,
    plan: &Plan,
    context: &crate::context::RunContext,
    resource: &[(String, opentelemetry::Value)],
) -> Rules {
    let named = said.settings.resource_attributes.iter().find(|(key, _)| key == "service.name");
    let service_name = said.settings.service_name.as_ref().or(named.map(|(_, name)| name));
    Rules {
        nest: plan.nest.value,
        content: plan.content.value,
        trace_id: context.trace_id.to_bytes(),
        span_id: context.span_id.to_bytes(),
        sampled: context.sampled,
        service_name: service_name.map(|name| name.value.clone()),
        resource_attributes: resource::shared_with_child(resource),
    }
}

/// The run's last telemetry, when all of the command's has arrived.
fn close(facts: &RunFacts, mut exit: ExitFacts, ended: &Ended, arrived: Arrived) -> Closing {
    exit.links = arrived
        .linked_roots
        .into_iter()
        .map(|(trace_id, span_id)| SpanLink {
            trace_id: TraceId::from_bytes(trace_id),
            span_id: SpanId::from_bytes(span_id),
        })
        .collect();
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
    let records = record::ended(facts, &exit);
    let own = |signal, items: usize, request: Option<Vec<u8>>| {
        request.map(|request| Own { signal, items: u32::try_from(items).unwrap_or(u32::MAX), request })
    };
    let own = [
        own(Signal::Traces, stand_ins.len(), record::stand_ins(facts, &stand_ins)),
        own(Signal::Traces, 1, records.traces),
        own(Signal::Logs, exit.forwarded.len() + 1, records.logs),
    ];
    Closing { own: own.into_iter().flatten().collect(), ended: serde_json::to_vec(ended).unwrap_or_default() }
}

fn exit_facts(exit: &Result<Exit, ExecError>, forwarded: Vec<ForwardedSignal>) -> ExitFacts {
    let mut facts = ExitFacts { ended_unix_nano: unix_nano(), forwarded, ..ExitFacts::default() };
    match exit {
        Ok(exit) => {
            facts.exit_code = Some(exit.code());
            facts.usage = Some(record::Usage {
                user: Duration::from_secs_f64(exit.usage.user_seconds),
                system: Duration::from_secs_f64(exit.usage.system_seconds),
                max_rss_bytes: exit.usage.max_rss_bytes,
                minor_faults: exit.usage.minor_faults,
                major_faults: exit.usage.major_faults,
                voluntary_switches: exit.usage.voluntary_switches,
                involuntary_switches: exit.usage.involuntary_switches,
            });
            if let Death::Killed { signal, core_dumped } = exit.death {
                facts.signal = Some(signal_name(signal));
                facts.core_dumped = core_dumped;
            }
        }
        Err(error) => {
            facts.exit_code = Some(error.exit_code());
            facts.exec_error =
                Some(record::ExecError { errno_name: error.errno_name(), message: error.source.to_string() });
        }
    }
    facts
}

/// What went wrong with the telemetry, one sentence each.
fn trouble_with_telemetry(report: &Report, not_kept: Option<&str>) -> Vec<String> {
    let mut troubles = Vec::new();
    let dropped: u64 = report.intake.values().map(|intake| intake.dropped).sum();
    if dropped > 0 {
        let reason = report.store_error.as_deref().unwrap_or("the log cannot be written");
        troubles.push(format!("{dropped} items of telemetry are lost: {reason}"));
    }
    let sum = |count: fn(&crate::store::facts::Outcome) -> u64| report.outcome.values().map(count).sum::<u64>();
    let (pending, rejected) = (sum(|outcome| outcome.pending), sum(|outcome| outcome.rejected));
    let because = report.failure.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    if rejected > 0 {
        troubles.push(format!("{rejected} items of telemetry were rejected{because}"));
    }
    match not_kept {
        Some(reason) if pending > 0 => troubles
            .push(format!("{pending} items of telemetry are lost: not delivered{because}, and not kept: {reason}")),
        Some(reason) if report.outcome.is_empty() => troubles.push(format!("the run is not kept: {reason}")),
        Some(reason) => troubles.push(format!("the run is delivered but not kept: {reason}")),
        None if pending > 0 => {
            troubles
                .push(format!("{pending} items of telemetry are not delivered{because}; `otel-run flush` sends them"));
        }
        None => {}
    }
    troubles
}

fn agent_name(plan: &Plan) -> Option<String> {
    let profile = plan.agent.profile;
    (!std::ptr::eq(profile, &raw const crate::agent::OTHER)).then(|| profile.name.to_owned())
}

/// The path of the command's executable file, where PATH leads to one.
fn executable_path(plan: &Plan, pid: Option<u32>) -> Option<String> {
    pid?;
    which::which(plan.argv.first()?).ok().map(|path| path.to_string_lossy().into_owned())
}

/// `20261120-110915-482-a1b2c3`: the time in UTC to the millisecond, then something random.
fn run_id(begun: Timestamp, span_id: SpanId) -> String {
    let tail: String = span_id.to_string().chars().skip(10).collect();
    format!("{}-{tail}", begun.strftime("%Y%m%d-%H%M%S-%3f"))
}

/// A random UUID (version 4), for `service.instance.id`.
fn instance_id() -> String {
    let random = fastrand::u128(..);
    let versioned = random & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{versioned:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn unix_nano() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos() as u64)
}
