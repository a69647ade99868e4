//! The layers on top of each other, and what they mean together.

use std::time::Duration;

use super::env;
use super::file::{self, FileKind, FileText};
use super::layer::{self, Layer};
use super::service_name::ServiceName;
use super::upstream::Upstream;
use super::value::{Complaint, Fault, Origin, Settings, Sourced};
use crate::environment::Environment;

/// What the user's words mean: flag before `OTEL_RUN_*` before `OTEL_*` before the project's file before the user's
/// file before the default. All that is wrong with them is in the second part, the most important layer first; what a
/// complaint is about has no effect unless the complaint says otherwise.
pub fn resolve(
    flags: Layer,
    environment: &Environment,
    project_file: Option<FileText>,
    user_file: Option<FileText>,
) -> (Settings, Vec<Complaint>) {
    let variables = |prefix, read: fn(&Environment) -> _| environment.has_any(prefix).then(|| read(environment));
    let read_file = |kind, file: Option<FileText>| file.map(|file| file::layer(kind, &file, environment));
    let said = [
        Some((flags, Vec::new())),
        variables("OTEL_RUN_", env::otel_run_layer),
        variables("OTEL_", env::otel_layer),
        read_file(FileKind::Project, project_file),
        read_file(FileKind::User, user_file),
    ];
    let mut complaints = Vec::new();
    let mut layers: Vec<Layer> = Vec::with_capacity(said.len());
    for (layer, found) in said.into_iter().flatten() {
        complaints.extend(found);
        layers.push(layer);
    }
    let destinations = layers
        .iter_mut()
        .map(|layer| (std::mem::take(&mut layer.destination), std::mem::take(&mut layer.upstreams)))
        .collect();
    let ((destination, further), found) = layer::choose(destinations);
    complaints.extend(found);
    let mut merged = layers.into_iter().fold(Layer::default(), Layer::over);
    complaints.extend(kill_without_limit(&merged));
    let service_name = service_name(merged.service_name.take(), &mut complaints);
    let transport = std::mem::take(&mut merged.transport);
    let upstreams = layer::upstreams(destination, transport, further, &mut complaints);
    (Settings { service_name, ..settings(merged, upstreams) }, complaints)
}

/// A time to kill that waits for a limit which nobody set. In the user's file it is for those runs that have one, and
/// where the limit was taken away by a higher place nothing was forgotten.
fn kill_without_limit(layer: &Layer) -> Option<Complaint> {
    let said = layer.kill_after.as_ref().filter(|said| !said.value.is_zero() && layer.time_limit.is_none())?;
    let here = matches!(said.origin, Origin::Flag(_) | Origin::Variable(_));
    let message = "this has no effect without a time limit; say --timeout or OTEL_RUN_TIMEOUT as well";
    here.then(|| Complaint::new(Fault::Value, said.origin.clone(), message))
}

/// The name that was said. One that cannot be filled in has no effect.
fn service_name(said: Option<Sourced<String>>, complaints: &mut Vec<Complaint>) -> Option<Sourced<ServiceName>> {
    let Sourced { value, origin } = said?;
    match ServiceName::read(&value) {
        Ok(name) => Some(Sourced::new(name, origin)),
        Err(message) => {
            complaints.push(Complaint::new(Fault::Value, origin, message));
            None
        }
    }
}

/// A length of time of which zero means none.
fn unless_zero(said: Option<Sourced<Duration>>) -> Option<Sourced<Duration>> {
    said.filter(|said| !said.value.is_zero())
}

/// The same of a value that has a default, so that none was said by somebody.
fn zero_is_none<T: Default + PartialEq>(said: Sourced<T>) -> Sourced<Option<T>> {
    Sourced::new(Some(said.value).filter(|value| *value != T::default()), said.origin)
}

fn settings(layer: Layer, upstreams: Vec<Upstream>) -> Settings {
    let Settings {
        agent,
        agent_destinations,
        nest,
        content,
        detail,
        genai,
        newest_genai,
        success_codes,
        reap,
        die_with_parent,
        heartbeat,
        collector,
        keep_age,
        keep_runs,
        keep_size,
        quiet,
        sdk_disabled,
        sampler,
        propagate_trace_context,
        propagate_baggage,
        expire_after,
        temporality,
        ..
    } = Settings::default();
    Settings {
        upstreams,
        required: layer.required.and_then(|said| Some(Sourced::new(said.value?, said.origin))),
        expire_after: layer.expire_after.map_or(expire_after, zero_is_none),
        temporality: layer.temporality.unwrap_or(temporality),
        service_name: None,
        resource_attributes: layer.resource_attributes,
        agent: layer.agent.unwrap_or(agent),
        agents: layer.agents,
        agent_destinations: layer.agent_destinations.unwrap_or(agent_destinations),
        nest: layer.nest.unwrap_or(nest),
        content: layer.content.unwrap_or(content),
        detail: layer.detail.unwrap_or(detail),
        redact: layer.redact,
        redact_except: layer.redact_except,
        genai: layer.genai.unwrap_or(genai),
        newest_genai: layer.newest_genai.unwrap_or(newest_genai),
        drain_deadline: layer.drain_deadline,
        time_limit: unless_zero(layer.time_limit),
        kill_after: unless_zero(layer.kill_after),
        success_codes: layer.success_codes.unwrap_or(success_codes),
        reap: layer.reap.unwrap_or(reap),
        die_with_parent: layer.die_with_parent.unwrap_or(die_with_parent),
        heartbeat: layer.heartbeat.map_or(heartbeat, zero_is_none),
        collector: layer.collector.unwrap_or(collector),
        state_dir: layer.state_dir,
        keep_age: layer.keep_age.map_or(keep_age, zero_is_none),
        keep_runs: layer.keep_runs.map_or(keep_runs, zero_is_none),
        keep_size: layer.keep_size.map_or(keep_size, zero_is_none),
        quiet: layer.quiet.unwrap_or(quiet),
        sdk_disabled: layer.sdk_disabled.unwrap_or(sdk_disabled),
        sampler: layer.sampler.unwrap_or(sampler),
        propagate_trace_context: layer.propagate_trace_context.unwrap_or(propagate_trace_context),
        propagate_baggage: layer.propagate_baggage.unwrap_or(propagate_baggage),
    }
}

#[cfg(test)]
mod tests;
