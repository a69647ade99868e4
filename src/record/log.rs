//! Log records about the run's life, as events (logs data model, "Field: EventName").

use std::time::Duration;

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger, LoggerProvider, Severity};
use opentelemetry::trace::TraceFlags;
use opentelemetry::{InstrumentationScope, Key};
use opentelemetry_proto::tonic::logs::v1::ResourceLogs;
use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogProcessor, SdkLogRecord, SdkLoggerProvider};

use super::{
    Captured, ExitFacts, Happening, RunFacts, Sender, empty_resource, error_type, executable_name, no_resource,
};
use super::{request, scope, time};
use crate::context::names::*;

/// What an event is called and what its record tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// When it happens, in one line.
    pub meaning: &'static str,
    /// The attributes that its record can have, but [`COMMON`].
    pub attributes: &'static [&'static str],
}

macro_rules! events {
    ($($constant:ident = $name:literal, [$($attribute:ident),*]: $meaning:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $meaning)]
            pub const $constant: &str = $name;
        )*

        /// All events.
        pub const EVENTS: &[Description] =
            &[$(Description { name: $name, meaning: $meaning, attributes: &[$($attribute),*] }),*];
    };
}

events! {
    RUN_STARTED = "otel_run.run.started", [PROCESS_PID, AGENT_NAME]:
        "the command was started, or an attempt was made; it is recorded and delivered at once, as all that follow";
    SIGNAL_RECEIVED = "otel_run.signal.received", [SIGNAL, SIGNAL_FORWARDED, SENDER_TYPE, SENDER_PID, SENDER_NAME]:
        "otel-run received a signal while the command lived; `WARN` if it asks the command to end";
    RUN_STOPPED = "otel_run.run.stopped", [SIGNAL]: "a signal stopped the command, as Ctrl-Z does";
    RUN_CONTINUED = "otel_run.run.continued", [STOPPED]: "the command goes on after a stop";
    RUN_TIMED_OUT = "otel_run.run.timed_out", [SIGNAL]: "the command's time was over, and otel-run sent it a signal";
    RUN_EXITED = "otel_run.run.exited", [PROCESS_EXIT_CODE, ERROR_TYPE, EXIT_SIGNAL, CORE_DUMPED, INTERRUPTED_BY]:
        "the command ended; `ERROR` where the span has that status";
    RUN_EXEC_FAILED = "otel_run.run.exec_failed", [PROCESS_EXIT_CODE, ERROR_TYPE]: "the command could not be started";
    RUN_ABANDONED = "otel_run.run.abandoned", [ERROR_TYPE, INTERRUPTED_BY, STILL_RUNNING]:
        "nobody saw the command end, because otel-run itself was killed; recorded later";
}

/// The attributes of every record.
pub const COMMON: &[&str] = &[RUN_ID, PROCESS_EXECUTABLE_NAME];

/// One record before the SDK has it.
struct Event {
    name: &'static str,
    severity: Severity,
    unix_nano: u64,
    attributes: Vec<(Key, AnyValue)>,
}

pub(super) fn started(run: &RunFacts) -> Vec<u8> {
    let mut attributes = named(run);
    attributes.extend(run.pid.map(|pid| (PROCESS_PID.into(), i64::from(pid).into())));
    attributes.extend(run.agent.clone().map(|agent| (AGENT_NAME.into(), agent.into())));
    encode(run, Event { name: RUN_STARTED, severity: Severity::Info, unix_nano: run.started_unix_nano, attributes })
}

/// The record of what happened at `unix_nano` while the command lived, as the bytes of an `ExportLogsServiceRequest`; `None`
/// where nothing is recorded.
pub fn happened(run: &RunFacts, happening: &Happening, unix_nano: u64) -> Option<Vec<u8>> {
    if !run.context.recording {
        return None;
    }
    let mut attributes = named(run);
    let mut set = |name: &'static str, value: AnyValue| attributes.push((name.into(), value));
    let (name, severity) = match happening {
        Happening::Signal(received) => {
            set(SIGNAL, received.signal.clone().into());
            set(SIGNAL_FORWARDED, received.forwarded.into());
            match &received.sender {
                Sender::Kernel => set(SENDER_TYPE, "kernel".into()),
                Sender::Process { pid, name } => {
                    set(SENDER_TYPE, "process".into());
                    set(SENDER_PID, i64::from(*pid).into());
                    name.iter().for_each(|name| set(SENDER_NAME, name.clone().into()));
                }
            }
            (SIGNAL_RECEIVED, if received.interrupts() { Severity::Warn } else { Severity::Info })
        }
        Happening::Stopped { signal } => {
            set(SIGNAL, signal.clone().into());
            (RUN_STOPPED, Severity::Info)
        }
        Happening::Continued { after } => {
            set(STOPPED, after.as_secs_f64().into());
            (RUN_CONTINUED, Severity::Info)
        }
        Happening::TimedOut { signal } => {
            set(SIGNAL, signal.clone().into());
            (RUN_TIMED_OUT, Severity::Error)
        }
    };
    Some(encode(run, Event { name, severity, unix_nano, attributes }))
}

pub(super) fn ended(run: &RunFacts, exit: &ExitFacts) -> Vec<u8> {
    let error = error_type(exit);
    let (name, severity) = match (&exit.exec_error, exit.exit_code, &error) {
        (Some(_), _, _) => (RUN_EXEC_FAILED, Severity::Error),
        (None, None, _) => (RUN_ABANDONED, Severity::Warn),
        (None, Some(_), Some(_)) => (RUN_EXITED, Severity::Error),
        (None, Some(_), None) => (RUN_EXITED, Severity::Info),
    };
    let mut attributes = named(run);
    attributes.extend(exit.exit_code.map(|code| (PROCESS_EXIT_CODE.into(), i64::from(code).into())));
    attributes.extend(error.map(|error| (ERROR_TYPE.into(), error.into())));
    if let Some(signal) = &exit.signal {
        attributes.push((EXIT_SIGNAL.into(), signal.clone().into()));
        attributes.push((CORE_DUMPED.into(), exit.core_dumped.into()));
    }
    attributes.extend(exit.interrupted_by.clone().map(|signal| (INTERRUPTED_BY.into(), signal.into())));
    attributes.extend(exit.still_running.then(|| (STILL_RUNNING.into(), true.into())));
    encode(run, Event { name, severity, unix_nano: exit.ended_unix_nano, attributes })
}

/// What every record has.
fn named(run: &RunFacts) -> Vec<(Key, AnyValue)> {
    vec![(RUN_ID.into(), run.run_id.clone().into()), (PROCESS_EXECUTABLE_NAME.into(), executable_name(run).into())]
}

fn encode(run: &RunFacts, event: Event) -> Vec<u8> {
    let captured = Captured::new();
    let provider =
        SdkLoggerProvider::builder().with_resource(empty_resource()).with_log_processor(captured.handle()).build();
    let scope = scope();
    let logger = provider.logger_with_scope(scope.clone());
    let context = &run.context;
    let mut record = logger.create_log_record();
    record.set_event_name(event.name);
    record.set_severity_number(event.severity);
    record.set_severity_text(event.severity.name());
    record.set_timestamp(time(event.unix_nano));
    record.set_observed_timestamp(time(event.unix_nano));
    record.set_trace_context(context.trace_id, context.span_id, Some(TraceFlags::new(context.flags())));
    record.add_attributes(event.attributes);
    logger.emit(record);
    let records = captured.take();
    let records: Vec<_> = records.iter().map(|record| (record, &scope)).collect();
    let groups = group_logs_by_resource_and_scope(&LogBatch::new(&records), &no_resource());
    // They have one resource, so they are one group.
    let group = groups.into_iter().next().unwrap_or_default();
    request(run, &ResourceLogs { resource: None, ..group })
}

impl LogProcessor for Captured<SdkLogRecord> {
    fn emit(&self, record: &mut SdkLogRecord, _: &InstrumentationScope) {
        self.keep(record.clone());
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
