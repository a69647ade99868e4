//! `plan`: makes the plan of a run, for `run` to carry out and for the user to read.

use std::ffi::OsString;

use super::installed;
use super::own;
use super::private_file;
use super::said::Said;
use super::supervision;
use crate::agent::{self, CommandLine};
use crate::cli::{Options, PlanForm};
use crate::context::{self, Ids, Propagation, RunContext};
use crate::error::Error;
use crate::message;
use crate::plan::forms::{self, Form};
use crate::plan::{self, Around, Change, CollectorAddress, ContextFacts, Inputs, Plan};
use crate::record;
use crate::secret::Secret;
use crate::settings::{Complaint, Fault, Origin, Settings, Upstream};

/// Prints what a run would do. Nothing is started, bound or dialled.
pub(super) fn plan(options: &Options, form: PlanForm, command: &[OsString]) -> Result<(), Error> {
    let said = Said::gather(options);
    let address = CollectorAddress { base_url: "http://127.0.0.1:PORT/TOKEN".to_owned(), token: Secret::new("TOKEN") };
    let planned = make(&said, command, Some(&address), Ids::fresh(), Means { private_file: true, questions: false });
    let text = match form {
        PlanForm::Text => around(&said, |around| planned.plan.in_words(around)),
        PlanForm::Json => around(&said, |around| planned.plan.in_json(around)).map_err(std::io::Error::from)?,
        PlanForm::Shell => for_a_platform(&said, &planned.plan, command, Form::Shell)?,
        PlanForm::Dotenv => for_a_platform(&said, &planned.plan, command, Form::Dotenv)?,
        PlanForm::Docker => for_a_platform(&said, &planned.plan, command, Form::Docker)?,
        PlanForm::K8s => for_a_platform(&said, &planned.plan, command, Form::K8s)?,
        PlanForm::Github => for_a_platform(&said, &planned.plan, command, Form::Github)?,
    };
    message::print(&text).map_err(Error::Print)
}

fn around<T>(said: &Said, tell: impl FnOnce(&Around<'_>) -> T) -> T {
    let (secrets, blanked) = (said.secrets(&[], None), said.blanked_variables());
    tell(&Around { environment: &said.environment, secrets: &secrets, blanked: &blanked })
}

/// What a platform sets for the same command. Mistakes in the settings are said on stderr: what is printed is a file.
fn for_a_platform(said: &Said, plan: &Plan, command: &[OsString], form: Form) -> Result<String, Error> {
    if !said.settings.quiet.value {
        said.complaints.iter().for_each(|complaint| message::say(&complaint.to_string()));
    }
    let secrets = said.secrets(&[], None);
    let platform = forms::platform(forms::Circumstances {
        plan,
        command,
        settings: &said.settings,
        environment: &said.environment,
        secrets: &secrets,
    });
    platform.map(|platform| form.write(&platform)).map_err(|nothing| Error::NothingToSet(nothing.to_string()))
}

/// A plan, and the context that it is made for.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) context: RunContext,
    /// Where the run goes, those included to which the agent exports by its own configuration.
    pub(super) upstreams: Vec<Upstream>,
    /// What the user's own configuration of the agent says.
    pub(super) own: agent::Own,
}

/// What a plan may rely on.
#[derive(Clone, Copy)]
pub(super) struct Means {
    /// There can be a file that only the user can read.
    pub(super) private_file: bool,
    /// The agent may be asked what it takes.
    pub(super) questions: bool,
}

/// Makes the plan for `command`. `collector` is the bound one; it is left out where it is not wanted.
pub(super) fn make(
    said: &Said,
    command: &[OsString],
    collector: Option<&CollectorAddress>,
    ids: Ids,
    means: Means,
) -> Planned {
    let settings = &said.settings;
    let propagation = propagation(settings);
    let (context, warnings) = context(said, ids);
    let complaints: Vec<Complaint> = said
        .complaints
        .iter()
        .cloned()
        .chain(warnings.into_iter().map(|message| Complaint::new(Fault::Context, Origin::Default, message)))
        .chain(supervision::not_possible_here(settings))
        .collect();
    let changes = context::child_variables(&context, &said.environment, propagation)
        .into_iter()
        .map(|(name, change)| match change {
            context::Change::Set(value) => Change::set(name, value, "the run's span is the command's parent"),
            context::Change::Remove => Change::remove(name, "it belongs to no valid trace context"),
        })
        .collect();
    let facts = ContextFacts {
        trace_id: context.trace_id.to_string(),
        span_id: context.span_id.to_string(),
        parent_span_id: context.parent.map(|parent| parent.to_string()),
        sampled: context.sampled,
        recording: context.recording,
        changes,
    };
    let links = installed::links(command);
    let line =
        CommandLine { argv: command, links: &links, at_terminal: std::io::IsTerminal::is_terminal(&std::io::stdin()) };
    let attributes: Vec<(String, String)> =
        settings.resource_attributes.iter().map(|(key, value)| (key.clone(), value.value.clone())).collect();
    let detected = plan::detected(line, &said.agents, settings);
    let mut own = own::gather(said, line, &detected);
    // Without anything to say in it there is no need to look for a place.
    let needed = means.private_file && !own.variables.is_empty();
    let private_file = needed.then(|| private_file::path(said, &detected, command, &facts.span_id)).flatten();
    let (drain_deadline, state_dir, span_name) = (said.drain_deadline(), said.state_dir(), span_name(said, line));
    let with = |own: &agent::Own| {
        plan::make(Inputs {
            command: line,
            environment: &said.environment,
            agents: &said.agents,
            settings,
            complaints: &complaints,
            collector: collector.filter(|_| settings.collector.value),
            context: &facts,
            resource_attributes: &attributes,
            span_name: &span_name,
            drain_deadline: &drain_deadline,
            state_dir: state_dir.as_ref(),
            own,
            private_file: private_file.as_deref(),
        })
    };
    let plan = if means.questions { own::settle(said, command, &mut own, with) } else { with(&own) };
    let upstreams = plan::upstreams(settings, &own, &plan.collection);
    Planned { plan, context, upstreams, own }
}

/// The context of a run that is begun now, and what is wrong with what was handed in.
pub(super) fn context(said: &Said, ids: Ids) -> (RunContext, Vec<String>) {
    let settings = &said.settings;
    let disabled = settings.sdk_disabled.value;
    context::begin(&said.environment, settings.sampler.value, propagation(settings), disabled, ids)
}

fn propagation(settings: &Settings) -> Propagation {
    Propagation { trace_context: settings.propagate_trace_context.value, baggage: settings.propagate_baggage.value }
}

/// The run span's name: that of the program behind launchers, and its subcommand where that is a known one.
fn span_name(said: &Said, line: CommandLine<'_>) -> String {
    let (detected, command) = (said.agents.detect(line), line.argv);
    match (command.get(detected.program), detected.subcommand) {
        (_, Some(subcommand)) => format!("{} {subcommand}", detected.program_name),
        (Some(program), None) => {
            let arguments = command.get(detected.program + 1..).unwrap_or_default();
            match record::name::span_name(program, arguments) {
                name if record::name::base_name(program) == detected.program_name => name,
                _ => detected.program_name,
            }
        }
        (None, None) => detected.program_name,
    }
}
