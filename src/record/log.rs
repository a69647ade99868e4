//! Log records about the run's life, as events (logs data model, "Field: EventName").

use std::time::Duration;

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger, LoggerProvider, Severity};
use opentelemetry::trace::TraceFlags;
use opentelemetry::{InstrumentationScope, Key};
use opentelemetry_proto::tonic::logs::v1::ResourceLogs;
use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogProcessor, SdkLogRecord, SdkLoggerProvider};

use super::{Captured, ExitFacts, RunFacts, error_type, executable_name, no_resource, request, scope, time};
use crate::context::names::*;

/// The command was started.
pub const RUN_STARTED: &str = "otel_run.run.started";
/// A signal was passed on to the command.
pub const SIGNAL_FORWARDED: &str = "otel_run.signal.forwarded";
/// The command ended.
pub const RUN_EXITED: &str = "otel_run.run.exited";
/// The command could not be started.
pub const RUN_EXEC_FAILED: &str = "otel_run.run.exec_failed";
/// Nobody saw the command end.
pub const RUN_ABANDONED: &str = "otel_run.run.abandoned";

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
    encode(
        run,
        vec![Event { name: RUN_STARTED, severity: Severity::Info, unix_nano: run.started_unix_nano, attributes }],
    )
}

pub(super) fn ended(run: &RunFacts, exit: &ExitFacts) -> Vec<u8> {
    let forwarded = exit.forwarded.iter().map(|forwarded| Event {
        name: SIGNAL_FORWARDED,
        severity: Severity::Info,
        unix_nano: forwarded.unix_nano,
        attributes: [named(run), vec![(SIGNAL.into(), forwarded.signal.clone().into())]].concat(),
    });
    let mut events: Vec<Event> = forwarded.collect();

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
    attributes.extend(exit.still_running.then(|| (STILL_RUNNING.into(), true.into())));
    events.push(Event { name, severity, unix_nano: exit.ended_unix_nano, attributes });
    encode(run, events)
}

/// What every record has.
fn named(run: &RunFacts) -> Vec<(Key, AnyValue)> {
    vec![(RUN_ID.into(), run.run_id.clone().into()), (PROCESS_EXECUTABLE_NAME.into(), executable_name(run).into())]
}

fn encode(run: &RunFacts, events: Vec<Event>) -> Vec<u8> {
    let captured = Captured::new();
    let provider = SdkLoggerProvider::builder()
        .with_resource(opentelemetry_sdk::Resource::builder_empty().build())
        .with_log_processor(captured.handle())
        .build();
    let scope = scope();
    let logger = provider.logger_with_scope(scope.clone());
    let context = &run.context;
    for event in events {
        let mut record = logger.create_log_record();
        record.set_event_name(event.name);
        record.set_severity_number(event.severity);
        record.set_severity_text(event.severity.name());
        record.set_timestamp(time(event.unix_nano));
        record.set_observed_timestamp(time(event.unix_nano));
        record.set_trace_context(context.trace_id, context.span_id, Some(TraceFlags::new(context.flags())));
        record.add_attributes(event.attributes);
        logger.emit(record);
    }
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
