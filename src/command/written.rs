//! A run as it is written down in its log, and read back by an otel-run that closes it in place of its own.

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry::{StringValue, Value};

use crate::context::RunContext;
use crate::record::{self, ExitFacts, Resource, RunFacts};
use crate::settings::{Nest, Temporality, choice};
use crate::store::facts::{Beginning, Ended, SpanFacts, Started};

/// What the run's span says beside `Started`. `resource` is what the resource in `facts` was made of.
pub(super) fn span_facts(facts: &RunFacts, nest: Nest, resource: Vec<(String, Value)>) -> SpanFacts {
    SpanFacts {
        random: facts.context.random,
        tracestate: facts.context.tracestate.clone(),
        command: facts.command.clone(),
        args_count: facts.args_count,
        executable_path: facts.executable_path.clone(),
        interactive: facts.interactive,
        agent_version: facts.agent_version.clone(),
        agent_mode: facts.agent_mode.clone(),
        nest: nest.as_str().to_owned(),
        temporality: Some(facts.temporality)
            .filter(|preferred| *preferred != Temporality::Cumulative)
            .map(|preferred| preferred.as_str().to_owned()),
        resource: resource.into_iter().map(|(name, value)| (name, json(value))).collect(),
    }
}

/// The run that was written down as `beginning`; none where it was not by a version that wrote down all of it.
pub(super) fn run_facts(beginning: &Beginning) -> Option<RunFacts> {
    let Beginning { started, span: Some(span) } = beginning else { return None };
    let resource: Vec<(String, Value)> =
        span.resource.iter().filter_map(|(name, value)| Some((name.clone(), attribute(value)?))).collect();
    Some(RunFacts {
        context: context(started, span)?,
        resource: Resource::new(&resource),
        run_id: started.run_id.clone(),
        name: started.name.clone(),
        agent: started.agent.clone(),
        command: span.command.clone(),
        args_count: span.args_count,
        executable_path: span.executable_path.clone(),
        pid: started.child_pid,
        interactive: span.interactive,
        agent_version: span.agent_version.clone(),
        agent_mode: span.agent_mode.clone(),
        started_unix_nano: started.started_unix_nano,
        temporality: span
            .temporality
            .as_ref()
            .and_then(|word| choice::read(choice::TEMPORALITY, word).ok())
            .unwrap_or(Temporality::Cumulative),
    })
}

fn context(started: &Started, span: &SpanFacts) -> Option<RunContext> {
    let parent = started.parent_span_id.as_ref();
    Some(RunContext {
        trace_id: TraceId::from_hex(&started.trace_id).ok()?,
        span_id: SpanId::from_hex(&started.span_id).ok()?,
        parent: parent.map(|parent| SpanId::from_hex(parent)).transpose().ok()?,
        sampled: started.sampled,
        random: span.random,
        recording: true,
        tracestate: span.tracestate.clone(),
        // It says nothing about the run, and was passed on when the command was started.
        baggage: None,
    })
}

/// How the command's telemetry was nested.
pub(super) fn nest(span: Option<&SpanFacts>) -> Nest {
    span.and_then(|span| choice::read(choice::NEST, &span.nest).ok()).unwrap_or(Nest::Off)
}

/// How the command ended.
pub(super) fn ended(exit: &ExitFacts) -> Ended {
    Ended {
        ended_unix_nano: exit.ended_unix_nano,
        exit_code: exit.exit_code,
        signal: exit.signal.clone(),
        error_type: record::error_type(exit),
        still_running: exit.still_running,
        interrupted_by: exit.interrupted_by.clone(),
        timed_out: exit.timed_out,
        out_of_memory: record::out_of_memory(exit),
        stopped_nano: u64::try_from(exit.stopped.as_nanos()).unwrap_or(u64::MAX),
        descendants_left: exit.descendants_left,
    }
}

fn json(value: Value) -> serde_json::Value {
    match value {
        Value::Bool(truth) => truth.into(),
        Value::I64(number) => number.into(),
        Value::F64(number) => number.into(),
        Value::String(text) => String::from(text).into(),
        // There is none in the resource.
        other => other.to_string().into(),
    }
}

fn attribute(value: &serde_json::Value) -> Option<Value> {
    let number = |number: &serde_json::Number| number.as_i64().map(Value::I64).or(number.as_f64().map(Value::F64));
    match value {
        serde_json::Value::Bool(truth) => Some(Value::Bool(*truth)),
        serde_json::Value::Number(read) => number(read),
        serde_json::Value::String(text) => Some(Value::String(StringValue::from(text.clone()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_run_is_read_back_as_it_was_written_down() {
        let resource: Vec<(String, Value)> = vec![
            ("service.name".to_owned(), "otel-run".into()),
            ("process.pid".to_owned(), 5.into()),
            ("a.ratio".to_owned(), 0.5.into()),
            ("a.switch".to_owned(), true.into()),
            ("a.number.in.text".to_owned(), "5".into()),
        ];
        for (parent, pid, tracestate, executable_path) in [
            (Some(SpanId::from(0x77)), Some(4712), Some("foo=1 , bar=\"2\","), Some("/bin/\u{1}x")),
            (None, None, None, None),
        ] {
            let facts = RunFacts {
                context: RunContext {
                    trace_id: TraceId::from(0xabc),
                    span_id: SpanId::from(0x123),
                    parent,
                    sampled: parent.is_some(),
                    random: parent.is_none(),
                    recording: true,
                    tracestate: tracestate.map(str::to_owned),
                    baggage: None,
                },
                resource: Resource::new(&resource),
                run_id: "20261120-110915-482-a1b2c3".to_owned(),
                name: "opencode run".to_owned(),
                agent: pid.map(|_| "opencode".to_owned()),
                command: "./opencode".to_owned(),
                args_count: 3,
                executable_path: executable_path.map(str::to_owned),
                pid,
                interactive: pid.is_some(),
                agent_version: pid.map(|_| "1.18.33".to_owned()),
                agent_mode: pid.map(|_| "cli".to_owned()),
                started_unix_nano: u64::MAX,
                temporality: if pid.is_some() { Temporality::Delta } else { Temporality::Cumulative },
            };
            let started = Started {
                run_id: facts.run_id.clone(),
                trace_id: facts.context.trace_id.to_string(),
                span_id: facts.context.span_id.to_string(),
                parent_span_id: parent.map(|parent| parent.to_string()),
                sampled: facts.context.sampled,
                name: facts.name.clone(),
                agent: facts.agent.clone(),
                started_unix_nano: facts.started_unix_nano,
                wrapper_pid: 1,
                child_pid: pid,
                listen: None,
                content: None,
                destinations: Vec::new(),
            };
            for nested in [Nest::Adopt, Nest::Link, Nest::Off] {
                let span = Some(span_facts(&facts, nested, resource.clone()));
                let written = serde_json::to_vec(&Beginning { started: started.clone(), span }).unwrap();
                let read: Beginning = serde_json::from_slice(&written).unwrap();
                assert_eq!(run_facts(&read), Some(facts.clone()));
                assert_eq!(nest(read.span.as_ref()), nested);
                assert_eq!(read.started, started);
                assert_eq!(serde_json::from_slice::<Started>(&written).unwrap(), started);
            }
        }
    }
}
