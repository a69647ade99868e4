//! What a platform cannot do and otel-run would have done, and what the agent does by itself, in words.

use super::platform::{Circumstances, WITH_CONTENT, takes_service_name};
use super::towards::Towards;
use crate::agent::{Argument, Detected, Edit, Injection, LastBatches, ResourceAttributes, TakesParent};
use crate::settings::{Content, Protocol, attributes};

/// Each a paragraph.
pub(super) fn notes(circumstances: Circumstances<'_>, towards: &Towards) -> Vec<String> {
    let Circumstances { plan, settings, environment, .. } = circumstances;
    let Detected { profile, mode, in_shell, .. } = &plan.agent;
    let title = profile.title;
    let mut notes = vec![
        "This is for where otel-run itself cannot be in front of the command. Nobody then keeps what the backend does not \
         take, blanks secrets, or tells how the run ended."
            .to_owned(),
    ];
    notes.extend(towards.notes.iter().cloned());
    notes.push(match profile.takes_parent {
        TakesParent::Never => format!(
            "TRACEPARENT is not set: {title} ignores it. A run is as many traces as {title} makes of it; otel-run puts them \
             under one span."
        ),
        TakesParent::Always | TakesParent::Partly | TakesParent::Unknown => {
            "TRACEPARENT is not set: this is written once and used for many runs, which would all be one trace. Who starts a \
             run can set it then."
                .to_owned()
        }
    });
    notes.extend(content(circumstances));
    if profile.flush.at_end == LastBatches::Lost {
        notes.push(format!("{title} sends nothing more when it ends: what is waiting then is lost."));
    }
    if !towards.headers.is_empty() {
        // Seen with the versions that the profiles name.
        let encoded = match (profile.service.names.first(), towards.protocol) {
            (Some(&"opencode"), _) | (Some(&"claude-code"), Protocol::HttpProtobuf | Protocol::HttpJson) => {
                "as it is sent, because the agent decodes nothing; it must not have a comma in it"
            }
            _ => "percent-encoded, as in Bearer%20abc",
        };
        notes.push(format!(
            "A credential holds the value of its header {encoded}. The agent and all that it starts can read it."
        ));
    }
    let is_encoded = |text: &str| attributes::encode(&[(String::new(), text.to_owned())]).contains('%');
    if profile.resource_attributes == ResourceAttributes::PartlyDecoded
        && settings.resource_attributes.iter().any(|(key, value)| is_encoded(key) || is_encoded(&value.value))
    {
        notes.push(format!(
            "{title} does not decode resource attributes in all signals: in some, %20 stays what it is."
        ));
    }
    if let Some(name) = plan.service_name.as_ref().filter(|_| !takes_service_name(profile)) {
        let name = &name.value;
        notes.push(format!("{title} keeps its own service name; it is otel-run that calls everything \"{name}\"."));
    }
    let yours = profile.variables().filter(|variable| matches!(variable.injection, Injection::MergeJsonc { .. }));
    for variable in yours.filter(|variable| environment.get(variable.name).is_some()) {
        notes.push(format!(
            "{} has a value of your own here, which is not taken over: what it says of telemetry has to be merged with it.",
            variable.name
        ));
    }
    if profile.arguments.iter().any(|argument| matches!(argument.edit, Edit::Settings { .. })) {
        notes.push(format!(
            "Settings files of {title} beat its environment: those in the image must not say otherwise."
        ));
    }
    let needs_arguments = |argument: &Argument| !super::towards::words(argument.edit).is_empty();
    if in_shell.is_some() && profile.arguments.iter().any(needs_arguments) {
        notes.push(format!(
            "{title} needs arguments as well, and a shell's command line is not changed here: ask with the agent's own command."
        ));
    }
    let arguments = plan.agent.arguments(circumstances.command);
    let cautions = profile.cautions.iter().filter(|caution| {
        let applies = caution.modes.is_empty() || mode.is_some_and(|mode| caution.modes.contains(&mode));
        applies && caution.option.is_none_or(|option| arguments.iter().any(|word| word == option))
    });
    notes.extend(cautions.map(|caution| format!("{}.", caution.text)));
    notes
}

fn content(circumstances: Circumstances<'_>) -> Vec<String> {
    let Circumstances { plan, settings, .. } = circumstances;
    let profile = plan.agent.profile;
    let title = profile.title;
    let mut notes = Vec::new();
    let content = settings.content.value;
    if content == Content::Local {
        notes.push(
            "Content cannot be kept on a platform without being sent (--content local), so it is off.".to_owned(),
        );
    }
    if content == Content::On {
        return notes;
    }
    let left_out: Vec<&str> =
        profile.variables().map(|variable| variable.name).filter(|name| WITH_CONTENT.contains(name)).collect();
    if !left_out.is_empty() {
        let names = left_out.join(" and ");
        notes.push(format!(
            "Content is off, so {names} is not set: it switches on the spans of model calls, and prompts and answers are in \
             them, which otel-run takes out and a platform cannot. With --content on it is set."
        ));
    }
    let unasked = profile.records_unasked;
    if !unasked.is_empty() {
        let unasked = unasked.join("; ");
        notes.push(format!("What {title} records without being asked nothing takes out here, but for what is left out or switched off: {unasked}."));
    }
    notes
}

/// What is said in front of everything: what this is, and where it leads.
pub(super) fn heading(platform: &super::Platform, form: super::Form) -> String {
    format!(
        "What a platform sets so that {} sends its own telemetry to {} (otel-run plan --format {}).",
        platform.title,
        platform.destination,
        form.as_str()
    )
}
