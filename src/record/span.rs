//! The run's span, and the spans that stand in for those that never arrived
//! (semantic conventions for CLI programs, client span; OTLP `Span`).

use std::time::Duration;

use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_proto::tonic::trace::v1 as otlp;
use opentelemetry_proto::transform::common::tonic::Attributes;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{IdGenerator, Sampler, SdkTracerProvider, SpanData, SpanLimits, SpanProcessor};

use super::{
    Captured, ExitFacts, RunFacts, StandIn, Usage, count, empty_resource, error_type, executable_name, no_resource,
    out_of_memory, request, scope, time,
};
use crate::context::RunContext;
use crate::context::names::*;

/// The run's span as the bytes of an `ExportTraceServiceRequest`. Whether the trace is sampled is the caller's to ask.
pub(super) fn run_span(run: &RunFacts, exit: &ExitFacts) -> Option<Vec<u8>> {
    let mut group = group_spans_by_resource_and_scope(vec![record(run, exit)?], &no_resource()).pop()?;
    group.resource = None;
    for span in group.scope_spans.iter_mut().flat_map(|scope| &mut scope.spans) {
        // The SDK gives a new trace the sampled flag alone, and reads a tracestate by the rules of level 1.
        span.flags |= u32::from(run.context.flags());
        span.trace_state = run.context.tracestate.clone().unwrap_or_default();
    }
    Some(request(run, &group))
}

fn record(run: &RunFacts, exit: &ExitFacts) -> Option<SpanData> {
    let captured = Captured::new();
    let provider = SdkTracerProvider::builder()
        .with_resource(empty_resource())
        // The decision was made when the run's context was.
        .with_sampler(Sampler::AlwaysOn)
        .with_span_limits(SpanLimits { max_links_per_span: 1024, ..SpanLimits::default() })
        .with_id_generator(GivenIds { trace_id: run.context.trace_id, span_id: run.context.span_id })
        .with_span_processor(captured.handle())
        .build();
    let tracer = provider.tracer_with_scope(scope());
    let builder = tracer
        .span_builder(run.name.clone())
        .with_kind(SpanKind::Client)
        .with_start_time(time(run.started_unix_nano))
        .with_attributes(attributes_at_start(run))
        .with_links(exit.links.iter().map(|link| linked(link.trace_id, link.span_id)).collect());
    let mut span = tracer.build_with_context(builder, &parent_context(&run.context));
    span.set_attributes(attributes_at_end(exit));
    if let Some(version) = exit.agent_version.as_ref().or(run.agent_version.as_ref()) {
        span.set_attribute(KeyValue::new(AGENT_VERSION, version.clone()));
    }
    if error_type(exit).is_some() {
        span.set_status(Status::error(description(exit)));
    }
    // A clock that was set back must not make a negative duration.
    span.end_with_timestamp(time(exit.ended_unix_nano.max(run.started_unix_nano)));
    captured.take().pop()
}

fn attributes_at_start(run: &RunFacts) -> Vec<KeyValue> {
    let mut out = Vec::with_capacity(24);
    out.push(KeyValue::new(PROCESS_EXECUTABLE_NAME, executable_name(run)));
    out.extend(run.executable_path.clone().map(|path| KeyValue::new(PROCESS_EXECUTABLE_PATH, path)));
    out.push(KeyValue::new(PROCESS_COMMAND, run.command.clone()));
    out.push(KeyValue::new(PROCESS_ARGS_COUNT, count(run.args_count as u64)));
    out.push(KeyValue::new(PROCESS_INTERACTIVE, run.interactive));
    out.extend(run.pid.map(|pid| KeyValue::new(PROCESS_PID, i64::from(pid))));
    out.push(KeyValue::new(RUN_ID, run.run_id.clone()));
    out.extend(run.agent.clone().map(|agent| KeyValue::new(AGENT_NAME, agent)));
    out.extend(run.agent_mode.clone().map(|mode| KeyValue::new(AGENT_MODE, mode)));
    out
}

fn attributes_at_end(exit: &ExitFacts) -> Vec<KeyValue> {
    let mut out = Vec::with_capacity(16);
    out.extend(exit.exit_code.map(|code| KeyValue::new(PROCESS_EXIT_CODE, i64::from(code))));
    out.extend(error_type(exit).map(|error| KeyValue::new(ERROR_TYPE, error)));
    if let Some(signal) = &exit.signal {
        out.push(KeyValue::new(EXIT_SIGNAL, signal.clone()));
        out.push(KeyValue::new(CORE_DUMPED, exit.core_dumped));
    }
    out.extend(exit.interrupted_by.clone().map(|signal| KeyValue::new(INTERRUPTED_BY, signal)));
    out.extend(exit.descendants_left.map(|left| KeyValue::new(DESCENDANTS_LEFT, count(left))));
    out.extend((exit.thinned > 0).then(|| KeyValue::new(THINNED, count(exit.thinned))));
    let mut where_it_was = |name, time: Duration| {
        out.extend((!time.is_zero()).then(|| KeyValue::new(name, time.as_secs_f64())));
    };
    where_it_was(STOPPED, exit.stopped);
    where_it_was(DRAINED, exit.drained);
    out.extend((exit.oom_kills > 0).then(|| KeyValue::new(OOM_KILLS, count(exit.oom_kills))));
    out.extend(exit.still_running.then(|| KeyValue::new(STILL_RUNNING, true)));
    out.extend(exit.usage.iter().flat_map(usage));
    out
}

fn usage(usage: &Usage) -> [KeyValue; 9] {
    let seconds = |time: Duration| Value::F64(time.as_secs_f64());
    let number = |value| Value::I64(count(value));
    [
        KeyValue::new(CPU_USER, seconds(usage.user)),
        KeyValue::new(CPU_SYSTEM, seconds(usage.system)),
        KeyValue::new(MAX_RSS, number(usage.max_rss_bytes)),
        KeyValue::new(MINOR_FAULTS, number(usage.minor_faults)),
        KeyValue::new(MAJOR_FAULTS, number(usage.major_faults)),
        KeyValue::new(VOLUNTARY_SWITCHES, number(usage.voluntary_switches)),
        KeyValue::new(INVOLUNTARY_SWITCHES, number(usage.involuntary_switches)),
        KeyValue::new(DISK_READ, number(usage.block_input_bytes)),
        KeyValue::new(DISK_WRITTEN, number(usage.block_output_bytes)),
    ]
}

/// Only what `error.type` and the exit code do not say, and nothing of the command's output.
fn description(exit: &ExitFacts) -> String {
    match (&exit.exec_error, exit.exit_code) {
        (Some(error), _) => error.message.clone(),
        (None, None) => "otel-run ended before the command".to_owned(),
        (None, Some(_)) if out_of_memory(exit) => {
            "killed by the kernel for lack of memory (out-of-memory killer)".to_owned()
        }
        (None, Some(_)) => String::new(),
    }
}

/// The parent came through the environment and so is remote, which the transform writes into the span's flags.
fn parent_context(context: &RunContext) -> Context {
    match context.parent {
        Some(parent) => {
            let flags = TraceFlags::new(context.flags());
            let span = SpanContext::new(context.trace_id, parent, flags, true, TraceState::NONE);
            Context::new().with_remote_span_context(span)
        }
        None => Context::new(),
    }
}

fn linked(trace_id: TraceId, span_id: SpanId) -> Link {
    // It was received, so it is sampled and remote.
    Link::with_context(SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, true, TraceState::NONE))
}

/// Spans for ids that were named as a parent and never arrived, below the run's span, so that the tree is whole. The bytes of
/// an `ExportTraceServiceRequest`; `None` where there are none, or the trace is not sampled.
pub fn stand_ins(run: &RunFacts, missing: &[StandIn]) -> Option<Vec<u8>> {
    let context = &run.context;
    if missing.is_empty() || !context.recording || !context.sampled {
        return None;
    }
    let spans = missing.iter().map(|stand_in| otlp::Span {
        trace_id: context.trace_id.to_bytes().to_vec(),
        span_id: stand_in.span_id.to_bytes().to_vec(),
        trace_state: context.tracestate.clone().unwrap_or_default(),
        parent_span_id: context.span_id.to_bytes().to_vec(),
        // Whether its parent was remote is as unknown as the rest of it.
        flags: u32::from(context.flags()),
        name: "(missing span)".to_owned(),
        kind: otlp::span::SpanKind::Internal as i32,
        start_time_unix_nano: stand_in.start_unix_nano,
        end_time_unix_nano: stand_in.end_unix_nano.max(stand_in.start_unix_nano),
        attributes: Attributes::from([
            KeyValue::new(STAND_IN, true),
            KeyValue::new(STAND_IN_CHILDREN, count(stand_in.children)),
        ])
        .0,
        status: Some(otlp::Status::default()),
        ..Default::default()
    });
    let scope_spans = otlp::ScopeSpans {
        scope: Some((&scope(), None).into()),
        spans: spans.collect(),
        schema_url: SCHEMA_URL.to_owned(),
    };
    let group =
        otlp::ResourceSpans { resource: None, scope_spans: vec![scope_spans], schema_url: SCHEMA_URL.to_owned() };
    Some(request(run, &group))
}

/// The ids were drawn when the run's context was made.
#[derive(Debug)]
struct GivenIds {
    trace_id: TraceId,
    span_id: SpanId,
}

impl IdGenerator for GivenIds {
    fn new_trace_id(&self) -> TraceId {
        self.trace_id
    }

    fn new_span_id(&self) -> SpanId {
        self.span_id
    }
}

impl SpanProcessor for Captured<SpanData> {
    fn on_start(&self, _: &mut opentelemetry_sdk::trace::Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.keep(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
