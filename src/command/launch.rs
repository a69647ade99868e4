//! What is known of a run when its command has been started: for the log, for the run's own telemetry, and for the transforms
//! of what the command sends.

use std::ffi::OsString;
use std::sync::Arc;

use jiff::Timestamp;
use opentelemetry::Value;
use opentelemetry::trace::SpanId;

use super::installed;
use super::said::Said;
use super::written;
use crate::agent::Profile;
use crate::context::names::{AGENT_MODE, AGENT_NAME, SERVICE_INSTANCE_ID};
use crate::context::resource::Identity;
use crate::context::{RunContext, ci, resource};
use crate::machine::{self, ControlGroups, OomKills};
use crate::plan::Plan;
use crate::record::{self, RunFacts};
use crate::secret::Secrets;
use crate::settings::Detail;
use crate::signals::Housekeeping;
use crate::store::facts::{Beginning, Started};
use crate::transform::{Agent, OwnWords, Rules};

/// A command that was started, or could not be.
pub(super) struct Launch<'a> {
    /// What was planned.
    pub(super) plan: &'a Plan,
    /// The run's place in a trace.
    pub(super) context: RunContext,
    /// The command as it was typed.
    pub(super) command: &'a [OsString],
    /// The command's process; none where it could not be started.
    pub(super) pid: Option<u32>,
    /// When otel-run itself began.
    pub(super) begun: Timestamp,
    /// When the command was started, in nanoseconds since 1970.
    pub(super) launched_unix_nano: u64,
}

/// The same in the words of those who need it.
pub(super) struct Described {
    pub(super) beginning: Beginning,
    pub(super) facts: RunFacts,
    pub(super) rules: Rules,
    /// Counts from here on; none where the system does not tell.
    pub(super) oom_kills: Option<OomKills>,
}

impl Launch<'_> {
    /// Looks at the machine and puts everything together.
    pub(super) fn describe(self, said: &Said, secrets: &Arc<Secrets>) -> Described {
        let github_event =
            said.environment.get("GITHUB_EVENT_PATH").and_then(|path| std::fs::read_to_string(path).ok());
        let ci = ci::detect(&said.environment, github_event.as_deref()).map(|ci| ci.attributes).unwrap_or_default();
        let groups = ControlGroups::of_this_process();
        let oom_kills = OomKills::from_now_on(&groups);
        let machine = machine::look(&said.environment, self.begun, &groups);
        let run_id = run_id(self.begun, self.context.span_id);
        let agent = agent_name(self.plan);
        let agent_version = agent.is_some().then(|| installed::version(self.command, &self.plan.agent)).flatten();
        let service_name = self.plan.service_name.as_ref().map(|name| name.value.as_str());
        let identity = Identity { run_id: &run_id, instance_id: &instance_id(), service_name };
        let mut resource = resource::wrapper_resource(&said.settings, &said.environment, &machine, &ci, identity);
        for (_, value) in &mut resource {
            if let Value::String(text) = value {
                *text = blanked(secrets, text.to_string()).into();
            }
        }
        let blanked = |text: String| blanked(secrets, text);
        let rules = rules(said, &self, &resource, agent_version.clone(), secrets);
        let Self { plan, context, command, pid, launched_unix_nano, .. } = self;
        let started = Started {
            run_id: run_id.clone(),
            trace_id: context.trace_id.to_string(),
            span_id: context.span_id.to_string(),
            parent_span_id: context.parent.map(|parent| parent.to_string()),
            sampled: context.sampled,
            name: blanked(plan.span_name.clone()),
            agent: agent.clone(),
            started_unix_nano: launched_unix_nano,
            wrapper_pid: std::process::id(),
            child_pid: pid,
            listen: None,
            content: Some(plan.content.value.as_str().to_owned()),
            destinations: said.destinations(),
        };
        let facts = RunFacts {
            context,
            resource: record::Resource::new(&resource),
            run_id,
            name: blanked(plan.span_name.clone()),
            agent_version,
            agent_mode: agent.is_some().then(|| plan.agent.interface.as_str().to_owned()),
            agent,
            command: blanked(command.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default()),
            args_count: command.len(),
            executable_path: executable_path(plan, pid).map(blanked),
            pid,
            interactive: std::io::IsTerminal::is_terminal(&std::io::stdin()),
            started_unix_nano: launched_unix_nano,
            temporality: said.settings.temporality.value,
        };
        let span = Some(written::span_facts(&facts, plan.nest.value, resource));
        Described { beginning: Beginning { started, span }, facts, rules, oom_kills }
    }
}

/// What is written down at once does not pass the collector, and has as little to do with secrets.
fn blanked(secrets: &Secrets, text: String) -> String {
    secrets.blanked_text(&text).unwrap_or(text)
}

fn rules(
    said: &Said,
    launch: &Launch<'_>,
    resource: &[(String, Value)],
    agent_version: Option<String>,
    secrets: &Arc<Secrets>,
) -> Rules {
    let Launch { plan, context, .. } = launch;
    let mut resource_attributes = resource::shared_with_child(resource);
    let agent = agent_name(plan).map(|name| {
        let mode = plan.agent.interface.as_str();
        resource_attributes.extend([(AGENT_NAME.to_owned(), name), (AGENT_MODE.to_owned(), mode.to_owned())]);
        let service = plan.agent.profile.service;
        let said = said.settings.resource_attributes.iter().find(|(key, _)| key == SERVICE_INSTANCE_ID);
        Agent {
            services: service.names,
            tells_version: service.tells_version,
            scopes: plan.agent.profile.telemetry.scopes,
            known_as: plan.agent.profile.telemetry.known_as(),
            content: plan.agent.profile.content_attributes,
            words: OwnWords {
                operations: plan.agent.profile.operations,
                attributes: plan.agent.profile.genai_attributes,
            },
            version: agent_version,
            instance_id: said.map_or_else(instance_id, |(_, id)| id.value.clone()),
        }
    });
    Rules {
        nest: plan.nest.value,
        content: plan.content.value,
        left_out: (plan.detail.value == Detail::Agent).then(|| housekeeping(plan.agent.profile)),
        genai: plan.genai.value,
        newest_genai: plan.newest_genai.value,
        trace_id: context.trace_id.to_bytes(),
        span_id: context.span_id.to_bytes(),
        sampled: context.sampled,
        service_name: plan.service_name.as_ref().map(|name| blanked(secrets, name.value.clone())),
        agent,
        resource_attributes,
        secrets: Arc::clone(secrets),
    }
}

/// What is left out of the telemetry of an agent: what is known of all, and what its profile adds, in whatever scope.
fn housekeeping(profile: &Profile) -> Housekeeping {
    let mut housekeeping = Housekeeping::default();
    profile.housekeeping.iter().for_each(|name| housekeeping.add("*", name));
    housekeeping
}

/// The agent's name, if it is a known one.
fn agent_name(plan: &Plan) -> Option<String> {
    let profile = plan.agent.profile;
    (!profile.is_other()).then(|| profile.name.to_owned())
}

/// The path of the command's executable file, where PATH leads to one.
fn executable_path(plan: &Plan, pid: Option<u32>) -> Option<String> {
    pid?;
    which::which(plan.argv.first()?).ok().map(|path| path.to_string_lossy().into_owned())
}

/// `20261120-110915-482-a1b2c3`: the time in UTC to the millisecond, then something random.
pub(super) fn run_id(begun: Timestamp, span_id: SpanId) -> String {
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
