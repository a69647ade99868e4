//! The plan of a run, as a value: what is started, with which changes to its environment and why, under which span, and
//! where its telemetry goes. Making it touches nothing; whoever runs it does nothing else.

mod agent_text;
mod destination;
pub mod forms;
mod json;
mod page;
mod shown;
mod text;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use crate::agent::{Action, Cause, Change, Value, Warning};
pub use destination::{Destination, Header, without_credentials};
pub use json::VERSION;
pub use shown::Around;

use crate::agent::{
    self, Agents, CommandLine, Detected, Hindrance, Inserted, Mask, Own, PrivateFile, Profile, Situation,
};
use crate::environment::Environment;
use crate::secret::Secret;
use crate::settings::{
    AgentChoice, Complaint, Content, Detail, GenAi, HeaderValue, Nest, Origin, Required, ServiceName, Settings,
    Sourced, Upstream, choice, variables,
};

/// Where the run's collector listens.
#[derive(Clone, PartialEq, Eq)]
pub struct CollectorAddress {
    /// The base URL for exporters, with the token as its path: `http://127.0.0.1:PORT/TOKEN`.
    pub base_url: String,
    /// The token in it.
    pub token: Secret,
}

impl fmt::Debug for CollectorAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.token.mask(&self.base_url))
    }
}

/// The run's span context and how it reaches the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextFacts {
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// The run span's id: 16 lower-case hex digits.
    pub span_id: String,
    /// The span that `TRACEPARENT` named, where it was valid.
    pub parent_span_id: Option<String>,
    /// Whether the trace is sampled.
    pub sampled: bool,
    /// Whether the run span is recorded.
    pub recording: bool,
    /// The changes to the command's environment that carry the context (`TRACEPARENT` and so on).
    pub changes: Vec<Change>,
}

/// Everything that a plan is made from.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The command as typed, and what the system knows about it.
    pub command: CommandLine<'a>,
    /// otel-run's own environment, which the command would inherit.
    pub environment: &'a Environment,
    /// The agents that are known.
    pub agents: &'a Agents,
    /// What the user said.
    pub settings: &'a Settings,
    /// What is wrong with what the user said.
    pub complaints: &'a [Complaint],
    /// The bound collector, or a placeholder where the plan is only shown; none where there is no collector.
    pub collector: Option<&'a CollectorAddress>,
    /// The run's span context.
    pub context: &'a ContextFacts,
    /// What otel-run knows and the command's resource should say as well, such as `otel_run.run.id`.
    pub resource_attributes: &'a [(String, String)],
    /// The run span's name.
    pub span_name: &'a str,
    /// How long delivery may go on after the command ended.
    pub drain_deadline: &'a Sourced<Duration>,
    /// The folder that holds the runs; none where no folder can be named.
    pub state_dir: Option<&'a Sourced<PathBuf>>,
    /// What the user's own configuration of the agent says.
    pub own: &'a Own,
    /// The path of a file that only the user can read and that lasts as long as the run; none where there can be none.
    pub private_file: Option<&'a Path>,
}

/// What will be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The program and its arguments, after injection.
    pub argv: Vec<OsString>,
    /// How the command's environment differs from otel-run's, in the order in which it is applied.
    pub environment: Vec<Change>,
    /// What of the arguments the user did not type.
    pub arguments: Vec<Inserted>,
    /// The file that the arguments name and that is there for the run alone, if they name one.
    pub private_file: Option<PrivateFile>,
    /// What is started.
    pub agent: Detected,
    /// Which profile was asked for.
    pub agent_choice: Sourced<AgentChoice>,
    /// What everything in the run is called, if the user chose a name.
    pub service_name: Option<Sourced<String>>,
    /// The run span's name.
    pub span_name: String,
    /// The run's span context; its changes are among those of `environment`.
    pub context: ContextFacts,
    /// How the command's telemetry is collected.
    pub collection: Collection,
    /// Where the run is delivered; where there is none it stays on disk.
    pub destinations: Vec<Destination>,
    /// Which telemetry there must be for the run to be a success.
    pub required: Option<Sourced<Required>>,
    /// How the command's telemetry is put under the run span.
    pub nest: Sourced<Nest>,
    /// Whether content is kept.
    pub content: Sourced<Content>,
    /// Variables whose values the user wants to be blanked as well.
    pub redact: Vec<Sourced<String>>,
    /// Variables whose values are not, whatever they look like.
    pub redact_except: Vec<Sourced<String>>,
    /// Which spans are kept.
    pub detail: Sourced<Detail>,
    /// How the names of the GenAI conventions come in.
    pub genai: Sourced<GenAi>,
    /// Whether these are the newest names.
    pub newest_genai: Sourced<bool>,
    /// How long delivery may go on after the command ended.
    pub drain_deadline: Sourced<Duration>,
    /// The folder that holds the runs; none where no folder can be named.
    pub state_dir: Option<Sourced<PathBuf>>,
    /// How long the command may take; none is no limit.
    pub time_limit: Option<Sourced<Duration>>,
    /// How long after TERM it is killed; none is never.
    pub kill_after: Option<Sourced<Duration>>,
    /// Exit codes that are no errors, beside 0.
    pub success_codes: Sourced<Vec<i32>>,
    /// Whether otel-run is the subreaper of all that the command starts.
    pub reap: Sourced<bool>,
    /// Whether the command is killed when otel-run is.
    pub die_with_parent: Sourced<bool>,
    /// How often the run says that it runs; none is never.
    pub heartbeat: Sourced<Option<Duration>>,
    /// How long a run is kept; none is for ever.
    pub keep_age: Sourced<Option<Duration>>,
    /// How many runs are kept; none is all.
    pub keep_runs: Sourced<Option<u64>>,
    /// How many bytes all runs may take; none is any number.
    pub keep_size: Sourced<Option<u64>>,
    /// What the user should know, without credentials.
    pub warnings: Vec<Warning>,
}

/// How the command's telemetry is collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collection {
    /// The agent is told to send it to this collector.
    Redirected(CollectorAddress),
    /// The collector listens, and the command is told nothing about it.
    NotTold(CollectorAddress, Untold),
    /// The user switched the collector off: the command exports to wherever it does without otel-run.
    Off(Origin),
    /// The collector could not be had; the same follows.
    Unavailable,
    /// `OTEL_SDK_DISABLED` is true: nothing is recorded.
    Disabled,
}

/// Why the command is not told about the collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untold {
    /// `--agent none`
    NoAgent,
    /// `OTEL_CONFIG_FILE` decides where it exports to.
    ConfigFile,
    /// Every signal that the agent has is switched off by `OTEL_*_EXPORTER=none`.
    SwitchedOff,
}

impl Plan {
    /// Whether the agent is told to send its telemetry to the run's collector.
    pub fn is_redirected(&self) -> bool {
        matches!(self.collection, Collection::Redirected(_))
    }

    /// The command's environment: `base` with the changes applied.
    pub fn environment(&self, base: &Environment) -> Environment {
        let mut environment = base.clone();
        for change in &self.environment {
            match &change.action {
                Action::Set(value) => environment.set(&change.name, value.expose()),
                Action::Remove => environment.remove(&change.name),
            }
        }
        environment
    }
}

/// Makes the plan.
pub fn make(inputs: Inputs<'_>) -> Plan {
    let Inputs { settings, environment, context, .. } = inputs;
    let said = |complaint| Warning::new(Cause::Said, complaint_text(complaint));
    let mut warnings: Vec<Warning> = inputs.complaints.iter().map(said).collect();
    let detected = detect(inputs, &mut warnings);
    let collection = collection(inputs, &detected, &mut warnings);

    let mut argv = inputs.command.argv.to_vec();
    let (mut private_file, mut arguments) = (None, Vec::new());
    let mut changes = context.changes.clone();
    if collection != Collection::Disabled {
        changes.extend(own_destination(environment, settings));
    }
    if let Collection::Redirected(collector) = &collection {
        let injected = agent::inject(&Situation {
            argv: inputs.command.argv,
            detected: &detected,
            environment,
            endpoint: &collector.base_url,
            token: &collector.token,
            content: settings.content.value,
            own: inputs.own,
            private_file: inputs.private_file,
        });
        argv = injected.argv;
        private_file = injected.private_file;
        arguments = injected.arguments;
        changes.extend(injected.changes);
        warnings.extend(injected.warnings);
    }
    if collection != Collection::Disabled && settings.agent.value != AgentChoice::None {
        match agent::resource_attributes(detected.profile, environment, inputs.resource_attributes) {
            Ok(change) => changes.extend(change),
            Err(text) => warnings.push(Warning::new(Cause::Attributes, text)),
        }
    }
    let service_name = settings.service_name.as_ref().map(|name| {
        let filled = name.value.filled(detected.name(), detected.interface.as_str());
        Sourced::new(filled, name.origin.clone())
    });
    if collection != Collection::Disabled {
        changes.extend(service_name_for_the_command(environment, service_name.as_ref(), &changes));
    }
    warnings.extend(hindrances(&detected, &changes).into_iter().map(|text| Warning::new(Cause::Hindrance, text)));

    Plan {
        argv,
        environment: changes,
        arguments,
        private_file,
        agent: detected,
        agent_choice: settings.agent.clone(),
        service_name,
        span_name: inputs.span_name.to_owned(),
        context: context.clone(),
        destinations: upstreams(settings, inputs.own, &collection).iter().map(Destination::of).collect(),
        collection,
        required: settings.required.clone(),
        nest: settings.nest.clone(),
        content: settings.content.clone(),
        redact: settings.redact.clone(),
        redact_except: settings.redact_except.clone(),
        detail: settings.detail.clone(),
        genai: settings.genai.clone(),
        newest_genai: settings.newest_genai.clone(),
        drain_deadline: inputs.drain_deadline.clone(),
        state_dir: inputs.state_dir.cloned(),
        time_limit: settings.time_limit.clone(),
        kill_after: settings.kill_after.clone(),
        success_codes: settings.success_codes.clone(),
        reap: settings.reap.clone(),
        die_with_parent: settings.die_with_parent.clone(),
        heartbeat: settings.heartbeat.clone(),
        keep_age: settings.keep_age.clone(),
        keep_runs: settings.keep_runs.clone(),
        keep_size: settings.keep_size.clone(),
        warnings,
    }
}

/// Variables that hold no credentials, and that programs cannot do without (POSIX, "Environment Variables").
const NO_CREDENTIALS: [&str; 10] =
    ["HOME", "HOSTNAME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TERM", "TMPDIR", "USER"];

/// Takes otel-run's own destination out of the command's environment: its credentials are not the command's, and an
/// otel-run inside the command must deliver to this one.
fn own_destination(environment: &Environment, settings: &Settings) -> impl Iterator<Item = Change> {
    let ours = variables::OWN_DESTINATION
        .iter()
        .map(|name| (*name, "it says where otel-run delivers to, which is not the command's to know"));
    let headers = settings.upstreams.iter().flat_map(Upstream::all_headers);
    let credentials = headers.filter_map(|(_, value)| match &value.value {
        HeaderValue::Env(name) if !NO_CREDENTIALS.contains(&name.as_str()) => {
            Some((name.as_str(), "otel-run sends its value as a header, the command does not see it"))
        }
        HeaderValue::Env(_) | HeaderValue::Literal(_) | HeaderValue::File(_) | HeaderValue::Command(_) => None,
    });
    let set = ours.chain(credentials).filter(|(name, _)| environment.raw(name).is_some());
    set.map(|(name, reason)| Change::remove(name, reason))
}

/// A name with placeholders in the command's own variable says nothing to the command, so it gets the name that they stand
/// for.
fn service_name_for_the_command(
    environment: &Environment,
    name: Option<&Sourced<String>>,
    changes: &[Change],
) -> Option<Change> {
    const NAME: &str = variables::OTEL_SERVICE_NAME;
    let (name, written) = (name?, environment.get(NAME)?);
    let is_changed = changes.iter().any(|change| change.name == NAME);
    let has_placeholders = ServiceName::read(written).is_ok_and(|written| written.has_placeholders());
    (has_placeholders && !is_changed)
        .then(|| Change::set(NAME, &name.value, "is the name with its placeholders filled"))
}

fn complaint_text(complaint: &Complaint) -> String {
    match &complaint.origin {
        Origin::Default => complaint.message.clone(),
        _ => complaint.to_string(),
    }
}

/// What `line` starts, as the user would have it.
pub fn detected(line: CommandLine<'_>, agents: &Agents, settings: &Settings) -> Detected {
    match &settings.agent.value {
        AgentChoice::None => agent::as_profile(line, &agent::OTHER),
        AgentChoice::Named(name) => {
            agents.named(name).map_or_else(|| agents.detect(line), |profile| agent::as_profile(line, profile))
        }
        AgentChoice::Auto => agents.detect(line),
    }
}

/// Where a run goes: where the user's settings say, and where the agent would export to by its own configuration, if that is
/// now led to the run's collector.
pub fn upstreams(settings: &Settings, own: &Own, collection: &Collection) -> Vec<Upstream> {
    let mut upstreams = settings.upstreams.clone();
    if matches!(collection, Collection::Redirected(_)) && settings.agent_destinations.value {
        for upstream in &own.upstreams {
            if !upstreams.iter().any(|known| known.name == upstream.name || known.goes_where(upstream)) {
                upstreams.push(upstream.clone());
            }
        }
    }
    upstreams
}

fn detect(inputs: Inputs<'_>, warnings: &mut Vec<Warning>) -> Detected {
    let name = match &inputs.settings.agent.value {
        AgentChoice::Auto => return inputs.agents.detect(inputs.command),
        AgentChoice::None => return agent::as_profile(inputs.command, &agent::OTHER),
        AgentChoice::Named(name) => name,
    };
    match inputs.agents.named(name) {
        Some(profile) => agent::as_profile(inputs.command, profile),
        None => {
            let names: Vec<&str> =
                ["auto", "none"].into_iter().chain(inputs.agents.all().map(|profile| profile.name)).collect();
            let text = format!(
                "{}: there is no agent named {name:?}; the command is recognised by itself instead (known: {}){}",
                inputs.settings.agent.origin,
                names.join(", "),
                choice::did_you_mean(name, names.iter().copied())
            );
            warnings.push(Warning::new(Cause::NoSuchAgent, text));
            inputs.agents.detect(inputs.command)
        }
    }
}

fn collection(inputs: Inputs<'_>, detected: &Detected, warnings: &mut Vec<Warning>) -> Collection {
    let profile = detected.profile;
    if inputs.settings.sdk_disabled.value {
        return Collection::Disabled;
    }
    // Declarative configuration, "Configuration SDK": with OTEL_CONFIG_FILE all other OTEL_* variables are void, unless the
    // file refers to them. A file that refers to some of them would combine our endpoint with a backend's headers, so all
    // of them stay as they are.
    let config_file = inputs.environment.get("OTEL_CONFIG_FILE").is_some() && !profile.ignores("OTEL_CONFIG_FILE");
    let no_agent = inputs.settings.agent.value == AgentChoice::None;
    let wanted = &inputs.settings.collector;
    let Some(collector) = inputs.collector.filter(|_| wanted.value).cloned() else {
        if config_file && !no_agent && !inputs.resource_attributes.is_empty() {
            warnings.push(Warning::new(
                Cause::ConfigurationFile,
                "OTEL_CONFIG_FILE is set: an SDK that reads it ignores the resource attributes given in the environment",
            ));
        }
        return if wanted.value { Collection::Unavailable } else { Collection::Off(wanted.origin.clone()) };
    };
    if no_agent {
        return Collection::NotTold(collector, Untold::NoAgent);
    }
    if config_file {
        warnings.push(Warning::new(
            Cause::ConfigurationFile,
            "OTEL_CONFIG_FILE is set: the command exports to where that file says and not to the run's collector, since an \
             SDK that reads it ignores every other OTEL_* variable; unset it for this command to have its telemetry in the run",
        ));
        return Collection::NotTold(collector, Untold::ConfigFile);
    }
    match switched_off(profile, inputs.environment, warnings) {
        true => Collection::NotTold(collector, Untold::SwitchedOff),
        false => Collection::Redirected(collector),
    }
}

/// Whether the user switched off all that the agent exports, by variables that the agent itself ignores.
fn switched_off(profile: &Profile, environment: &Environment, warnings: &mut Vec<Warning>) -> bool {
    let off: Vec<String> = profile
        .speaks
        .signals
        .iter()
        .map(|signal| variables::exporter(*signal))
        .filter(|name| profile.ignores(name))
        .filter(|name| environment.get(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("none")))
        .collect();
    if off.is_empty() {
        return false;
    }
    let all = off.len() == profile.speaks.signals.len();
    let (names, title) = (off.join(" and "), profile.title);
    let text = if all {
        format!("{names} is none: {title} is not told to export anything")
    } else {
        format!(
            "{names} is none, but {title} has one switch for all signals and exports it all the same: it stays on disk"
        )
    };
    warnings.push(Warning::new(Cause::SwitchedOff, text));
    all
}

fn hindrances(detected: &Detected, changes: &[Change]) -> Vec<String> {
    // The collector takes every protocol, so what the command line says of it arrives as well.
    let matters = |name: &str| !(name.starts_with("OTEL_EXPORTER_OTLP_") && name.ends_with("_PROTOCOL"));
    let changed = |name: &str| matters(name) && changes.iter().any(|change| change.name == name);
    detected
        .hindrances
        .iter()
        .filter_map(|hindrance| match hindrance {
            Hindrance::Dropped(by) if !changes.is_empty() => Some(format!(
                "`{by}` keeps the environment from {}: it learns neither the run's context nor its collector; put otel-run behind it",
                detected.program_name
            )),
            Hindrance::Overridden(name) if changed(name) => {
                Some(format!("the command line sets or removes {name} itself, so what otel-run gives does not arrive"))
            }
            _ => None,
        })
        .collect()
}
