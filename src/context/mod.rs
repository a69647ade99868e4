//! The run's place in a trace: what the environment hands in, what the command's environment gets.
//!
//! W3C Trace Context level 2 and W3C Baggage, carried in environment variables as the OpenTelemetry specification
//! has it ("Environment Variables as Context Propagation Carriers"). Only the upper-case names count.

pub mod baggage;
pub mod ci;
pub mod ids;
pub mod names;
pub mod resource;
pub mod traceparent;
pub mod tracestate;
pub mod url;

use std::borrow::Cow;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::{Sampler as SdkSampler, SamplingDecision, ShouldSample};

use crate::environment::Environment;
use crate::settings::Sampler;

pub use ids::Ids;
pub use traceparent::Traceparent;

/// Carries the trace, the parent span and the flags.
pub const TRACEPARENT: &str = "TRACEPARENT";
/// Carries what vendors add to a trace.
pub const TRACESTATE: &str = "TRACESTATE";
/// Carries what applications add to a trace.
pub const BAGGAGE: &str = "BAGGAGE";

/// The run's span, seen from outside: which trace it is in, what it hangs on, and whether it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunContext {
    /// The trace: the one that was handed in, or a new one.
    pub trace_id: TraceId,
    /// The run's own span. It has an id also where it is not recorded.
    pub span_id: SpanId,
    /// The span that `TRACEPARENT` named, where it was valid.
    pub parent: Option<SpanId>,
    /// Whether the run's span is exported; the flag that the command gets.
    pub sampled: bool,
    /// Whether the trace id is known to be random (flag bit 1). Never claimed for the id of somebody who did not.
    pub random: bool,
    /// Whether otel-run records anything of its own. It does not under `OTEL_SDK_DISABLED=true`, and then nothing in
    /// the environment is changed either.
    pub recording: bool,
    /// The `tracestate` that goes with the trace.
    pub tracestate: Option<String>,
    /// The `baggage` that is passed on.
    pub baggage: Option<String>,
}

impl RunContext {
    /// The `traceparent` whose parent is the run's span.
    pub fn traceparent(&self) -> String {
        let RunContext { trace_id, span_id, sampled, random, .. } = *self;
        Traceparent { trace_id, span_id, sampled, random }.to_string()
    }

    /// The W3C trace flags of the run's span.
    pub fn flags(&self) -> u8 {
        let RunContext { trace_id, span_id, sampled, random, .. } = *self;
        Traceparent { trace_id, span_id, sampled, random }.flags()
    }
}

/// Which of the W3C propagators `OTEL_PROPAGATORS` names. The variables of the others are left as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Propagation {
    /// `tracecontext`
    pub trace_context: bool,
    /// `baggage`
    pub baggage: bool,
}

/// What happens to one variable of the command's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It gets this value.
    Set(String),
    /// It is taken out.
    Remove,
}

/// Finds the run's place from `environment`. What is invalid there never stops anything: it is ignored, and the
/// second part of the answer says so in one sentence each, without repeating the value.
///
/// `fresh` holds the ids to use where they are needed. With `sdk_disabled` nothing is checked and nothing warned
/// about, because everything is passed on as it stands (SDK configuration, `OTEL_SDK_DISABLED`).
pub fn begin(
    environment: &Environment,
    sampler: Sampler,
    propagate: Propagation,
    sdk_disabled: bool,
    fresh: Ids,
) -> (RunContext, Vec<String>) {
    let mut warnings = Vec::new();
    let mut parent = None;
    let mut tracestate = None;
    let mut baggage = None;
    if propagate.trace_context {
        (parent, tracestate) = extract_trace(environment, &mut warnings);
    }
    if propagate.baggage {
        baggage = extract_baggage(environment, &mut warnings);
    }
    let trace_id = parent.map_or(fresh.trace_id, |parent| parent.trace_id);
    if sdk_disabled {
        warnings.clear();
    }
    let context = RunContext {
        trace_id,
        span_id: fresh.span_id,
        parent: parent.map(|parent| parent.span_id),
        sampled: !sdk_disabled && is_sampled(sampler, parent, trace_id),
        random: parent.is_none_or(|parent| parent.random),
        recording: !sdk_disabled,
        tracestate,
        baggage,
    };
    (context, warnings)
}

/// What the command's environment gets, as changes to `environment`, which is the one that `context` was begun
/// from. A variable that keeps its value is not among them.
pub fn child_variables(
    context: &RunContext,
    environment: &Environment,
    propagate: Propagation,
) -> Vec<(&'static str, Change)> {
    let mut changes = Vec::new();
    if !context.recording {
        return changes;
    }
    let mut carry = |name, value: Option<&str>| {
        let present = environment.raw(name).filter(|present| !present.is_empty());
        match (present, value) {
            (Some(present), Some(value)) if present == value => {}
            (_, Some(value)) => changes.push((name, Change::Set(value.to_owned()))),
            (Some(_), None) => changes.push((name, Change::Remove)),
            (None, None) => {}
        }
    };
    if propagate.trace_context {
        carry(TRACEPARENT, Some(&context.traceparent()));
        carry(TRACESTATE, context.tracestate.as_deref());
    }
    if propagate.baggage {
        carry(BAGGAGE, context.baggage.as_deref());
    }
    changes
}

/// The value of `name`: `None` where it is unset or empty, an error where it is not text.
fn text<'a, E>(environment: &'a Environment, name: &str, not_text: E) -> Result<Option<&'a str>, E> {
    match environment.raw(name) {
        Some(raw) if !raw.is_empty() => raw.to_str().map(Some).ok_or(not_text),
        _ => Ok(None),
    }
}

fn extract_trace(environment: &Environment, warnings: &mut Vec<String>) -> (Option<Traceparent>, Option<String>) {
    let traceparent = text(environment, TRACEPARENT, traceparent::Invalid::NotText)
        .and_then(|value| value.map(Traceparent::parse).transpose());
    let parent = match traceparent {
        Ok(Some(parent)) => parent,
        Ok(None) => {
            if environment.get(TRACESTATE).is_some() {
                warnings.push("TRACESTATE is not passed on, because it means nothing without TRACEPARENT".to_owned());
            }
            return (None, None);
        }
        Err(reason) => {
            warnings.push(format!("TRACEPARENT is ignored and the run begins a new trace: {reason}"));
            return (None, None);
        }
    };
    let tracestate = text(environment, TRACESTATE, tracestate::Invalid::NotText)
        .and_then(|value| value.map(tracestate::accept).transpose());
    let tracestate = match tracestate {
        Ok(accepted) => {
            if let Some(Some(Cow::Owned(_))) = accepted {
                warnings.push("TRACESTATE has more than 32 members; only as many are passed on".to_owned());
            }
            accepted.flatten().map(Cow::into_owned)
        }
        Err(reason) => {
            warnings.push(format!("TRACESTATE is not passed on: {reason}"));
            None
        }
    };
    (Some(parent), tracestate)
}

fn extract_baggage(environment: &Environment, warnings: &mut Vec<String>) -> Option<String> {
    let Some(text) = environment.get(BAGGAGE) else {
        if environment.raw(BAGGAGE).is_some_and(|raw| !raw.is_empty()) {
            warnings.push("BAGGAGE is not passed on: it is not UTF-8 text".to_owned());
        }
        return None;
    };
    let accepted = baggage::accept(text);
    if accepted.dropped > 0 {
        let dropped = accepted.dropped;
        warnings.push(format!(
            "BAGGAGE is over the limit of 64 members and 8192 bytes; {dropped} of its members are not passed on"
        ));
    } else if accepted.malformed > 0 {
        let malformed = accepted.malformed;
        warnings.push(format!("BAGGAGE is passed on as it is, but {malformed} of its members are not key=value"));
    }
    Some(accepted.text.into_owned()).filter(|text| !text.is_empty())
}

/// The decision of the SDK's own sampler for a span whose parent, if any, is remote.
fn is_sampled(sampler: Sampler, parent: Option<Traceparent>, trace_id: TraceId) -> bool {
    let sampler = match sampler {
        Sampler::AlwaysOn => SdkSampler::AlwaysOn,
        Sampler::AlwaysOff => SdkSampler::AlwaysOff,
        Sampler::TraceIdRatio(ratio) => SdkSampler::TraceIdRatioBased(ratio),
        Sampler::ParentBasedAlwaysOn => SdkSampler::ParentBased(Box::new(SdkSampler::AlwaysOn)),
        Sampler::ParentBasedAlwaysOff => SdkSampler::ParentBased(Box::new(SdkSampler::AlwaysOff)),
        Sampler::ParentBasedTraceIdRatio(ratio) => {
            SdkSampler::ParentBased(Box::new(SdkSampler::TraceIdRatioBased(ratio)))
        }
    };
    let parent = parent.map(remote_context);
    // The samplers of the SDK look at the parent and the trace id only.
    let result = sampler.should_sample(parent.as_ref(), trace_id, "", &SpanKind::Client, &[], &[]);
    result.decision == SamplingDecision::RecordAndSample
}

/// An SDK context in which a remote span is the current one.
fn remote_context(parent: Traceparent) -> Context {
    let flags = TraceFlags::new(parent.flags());
    let span = SpanContext::new(parent.trace_id, parent.span_id, flags, true, TraceState::NONE);
    Context::new().with_remote_span_context(span)
}

#[cfg(test)]
mod tests;
