//! What a platform sets: the profile's changes as in a run, but towards the user's backend, and for an environment of which
//! nothing is known.

use std::ffi::OsString;

use super::notes;
use super::text::Text;
use super::towards::{self, Towards, towards};
use crate::agent::{self, Argument, Detected, Injection, Profile, jsonc};
use crate::environment::Environment;
use crate::plan::{Collection, Plan};
use crate::secret::{self, Secrets};
use crate::settings::{AgentChoice, Content, Protocol, Settings, attributes, variables};

/// Variables that bring content along, which otel-run takes out where it is not wanted and a platform cannot.
pub(super) const WITH_CONTENT: [&str; 1] = ["OPENCODE_CONFIG_CONTENT"];

/// What it is made from.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// The plan of a run of the same command.
    pub plan: &'a Plan,
    /// The command as it was typed.
    pub command: &'a [OsString],
    /// What the user said.
    pub settings: &'a Settings,
    /// otel-run's own environment.
    pub environment: &'a Environment,
    /// What is blanked wherever it stands.
    pub secrets: &'a Secrets,
}

/// What a platform sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Platform {
    /// What the agent calls itself.
    pub(super) title: String,
    /// Where it exports to, in words that may be printed.
    pub(super) destination: String,
    /// The name of a container for it: a DNS label.
    pub(super) container: String,
    /// The variables, without [`attributes`](Self::attributes), sorted by their names.
    pub(super) variables: Vec<Variable>,
    /// The resource attributes, percent-encoded, sorted by their keys; none where the agent does not read any.
    pub(super) attributes: Option<Vec<(String, Text)>>,
    /// The program and its arguments, where the agent needs some.
    pub(super) command: Option<Vec<Text>>,
    /// What the user has to supply, sorted by name.
    pub(super) references: Vec<Reference>,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// A variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// What it is called.
    pub name: String,
    /// What it holds.
    pub value: Text,
    /// Why, in words for the user; may be empty.
    pub reason: String,
}

/// Something that the user has to supply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What the platform has it under: letters, digits and underscores.
    pub name: String,
    /// Whether it is a secret.
    pub is_secret: bool,
    /// What it is, in words.
    pub holds: String,
}

/// Why there is nothing to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Nothing {
    /// `OTEL_SDK_DISABLED`
    #[error("OTEL_SDK_DISABLED is true, so there is nothing that a platform would set")]
    Disabled,
    /// `--agent none`
    #[error("no agent is wanted (--agent none), so there is nothing that a platform would set")]
    NoAgent,
}

const ATTRIBUTES: &str = variables::OTEL_RESOURCE_ATTRIBUTES;

/// What a platform sets to have the same command's telemetry at the user's backend.
pub fn platform(circumstances: Circumstances<'_>) -> Result<Platform, Nothing> {
    let Circumstances { plan, command, settings, .. } = circumstances;
    if plan.collection == Collection::Disabled {
        return Err(Nothing::Disabled);
    }
    if settings.agent.value == AgentChoice::None {
        return Err(Nothing::NoAgent);
    }
    let detected = &plan.agent;
    let profile = detected.profile;
    let towards = towards(profile, &settings.upstreams);
    let mut references = towards.references.clone();
    let content = settings.content.value;

    let mut variables = injected(circumstances, &towards, &mut references);
    variables.extend(standard(profile, &towards));
    if let Some(name) = &plan.service_name
        && takes_service_name(profile)
    {
        let value = Text::plain(circumstances.blanked(&name.value));
        variables.push(Variable {
            name: variables::OTEL_SERVICE_NAME.to_owned(),
            value,
            reason: "what everything is called".to_owned(),
        });
    }
    // Of variables that are said twice the last one counts, as in the environment.
    variables.reverse();
    variables.sort_by(|one, other| one.name.cmp(&other.name));
    variables.dedup_by(|one, other| one.name == other.name);
    references.sort_by(|one, other| one.name.cmp(&other.name));
    references.dedup_by(|one, other| one.name == other.name);

    let title = if profile.is_other() { detected.program_name.clone() } else { profile.title.to_owned() };
    Ok(Platform {
        title,
        destination: towards.shown.clone(),
        container: container(detected, settings),
        attributes: (!profile.ignores(ATTRIBUTES)).then(|| resource_attributes(circumstances)),
        command: command_line(circumstances, command, &towards, content),
        notes: notes::notes(circumstances, &towards),
        variables,
        references,
    })
}

impl Circumstances<'_> {
    /// The text as it may be printed.
    fn blanked(&self, text: &str) -> String {
        self.secrets.blanked_text(text).unwrap_or_else(|| text.to_owned())
    }
}

impl Platform {
    /// The variables with the resource attributes, to which the form adds `own`: they win, since what the user's environment
    /// says of a platform is about the place where the form was made.
    pub(super) fn with_attributes(&self, own: Vec<(&str, Text)>) -> Vec<Variable> {
        let mut variables = self.variables.clone();
        let Some(attributes) = &self.attributes else { return variables };
        let mut attributes = attributes.clone();
        for (key, value) in own {
            attributes::upsert(&mut attributes, key.to_owned(), value);
        }
        attributes.sort_by(|one, other| one.0.cmp(&other.0));
        let list = attributes.into_iter().fold(None, |list: Option<Text>, (key, value)| {
            let one = Text::plain(format!("{key}=")).and(value);
            Some(match list {
                Some(list) => list.and(Text::plain(",")).and(one),
                None => one,
            })
        });
        if let Some(value) = list {
            let reason = "says where this ran".to_owned();
            variables.push(Variable { name: ATTRIBUTES.to_owned(), value, reason });
            variables.sort_by(|one, other| one.name.cmp(&other.name));
        }
        variables
    }
}

/// Whether a name that the user gives reaches all that the agent sends.
pub(super) fn takes_service_name(profile: &Profile) -> bool {
    const NAME: &str = variables::OTEL_SERVICE_NAME;
    let is_removed = |variable: &agent::Variable| variable.name == NAME && variable.injection == Injection::Remove;
    !profile.ignores(NAME) && !profile.variables().any(is_removed)
}

/// What the profile changes in the agent's environment.
fn injected(circumstances: Circumstances<'_>, towards: &Towards, references: &mut Vec<Reference>) -> Vec<Variable> {
    let profile = circumstances.plan.agent.profile;
    let content = circumstances.settings.content.value;
    let switches = profile.content.iter().map(|switch| match content {
        Content::On => (switch.name, switch.on, format!("content is on: {}", switch.of)),
        Content::Off | Content::Local => (switch.name, switch.off, format!("content is off: {}", switch.of)),
    });
    let changes = profile.variables().map(|variable| (variable.name, variable.injection, variable.reason.to_owned()));
    let mut variables = Vec::new();
    for (name, injection, reason) in changes.chain(switches) {
        // These are said by the upstream, see `standard`.
        if [variables::OTLP_PROTOCOL, variables::OTLP_HEADERS].contains(&name) {
            continue;
        }
        if WITH_CONTENT.contains(&name) && content != Content::On {
            continue;
        }
        let text = match injection {
            Injection::Set(text) | Injection::SetIfUnset(text) | Injection::Prepend { text, .. } => text.to_owned(),
            Injection::AddToList(word) => word.to_owned(),
            Injection::MergeJsonc { path, value, .. } => jsonc::alone(path, value),
            Injection::ExemptLoopback | Injection::Remove => continue,
        };
        let Some(value) = value(&text, towards) else { continue };
        // A user's own profile may hold anything.
        let is_secret = !secret::of_variables(&[(name, text.as_str())], &[], &[]).is_empty();
        let value = if is_secret {
            let holds = format!("what your settings have for {name}");
            references.push(Reference { name: name.to_owned(), is_secret, holds });
            Text::reference(name)
        } else if value.known().is_some() {
            Text::plain(circumstances.blanked(&text_of(&value)))
        } else {
            value
        };
        // Reasons that speak of the run's collector do not hold here.
        let reason = match reason.contains("collector") {
            true if text.contains("{endpoint}") => "where its telemetry goes".to_owned(),
            true => String::new(),
            false => reason,
        };
        variables.push(Variable { name: name.to_owned(), value, reason });
    }
    variables
}

fn text_of(value: &Text) -> String {
    value.known().unwrap_or_default().to_owned()
}

/// The text with the destination in it; none where it needs what only a run has.
fn value(text: &str, towards: &Towards) -> Option<Text> {
    const PLACES: [&str; 2] = ["{endpoint}", "{collector}"];
    if text.contains("{token}") {
        return None;
    }
    match &towards.base {
        Some(base) => Some(Text::filled(text, &PLACES, base)),
        None => (!PLACES.iter().any(|place| text.contains(place))).then(|| Text::plain(text)),
    }
}

/// The variables of the OTLP exporter that the upstream decides on.
fn standard(profile: &Profile, towards: &Towards) -> Vec<Variable> {
    let variable = |name: String, value, reason: &str| Variable { name, value, reason: reason.to_owned() };
    let mut all = Vec::new();
    if profile.variables().any(|variable| variable.name == variables::OTLP_PROTOCOL) {
        let reason = if profile.ignores(variables::OTLP_PROTOCOL) {
            "for the programs that the agent starts; it ignores this itself"
        } else {
            "said explicitly because defaults differ"
        };
        let value = Text::plain(towards.protocol.as_str());
        all.push(variable(variables::OTLP_PROTOCOL.to_owned(), value, reason));
    }
    for (signal, url) in &towards.own {
        let name = variables::otlp(Some(*signal), "ENDPOINT");
        all.push(variable(name, url.clone(), "where this signal goes"));
    }
    for (signal, headers) in &towards.headers {
        let value = headers.iter().enumerate().fold(Text::default(), |list, (index, (name, reference))| {
            let comma = if index > 0 { "," } else { "" };
            list.and(Text::plain(format!("{comma}{name}="))).and(Text::reference(reference))
        });
        all.push(variable(variables::otlp(*signal, "HEADERS"), value, "what the backend wants to be shown"));
    }
    all.extend(towards.means.iter().map(|(name, value, why)| variable(name.clone(), Text::plain(value), why)));
    all
}

/// Those that the user gives, as the variable takes them.
fn resource_attributes(circumstances: Circumstances<'_>) -> Vec<(String, Text)> {
    let said = circumstances.settings.resource_attributes.iter();
    said.filter_map(|(key, value)| {
        let encoded = attributes::encode(&[(key.clone(), circumstances.blanked(&value.value))]);
        let (key, value) = encoded.split_once('=')?;
        Some((key.to_owned(), Text::plain(value)))
    })
    .collect()
}

/// The command with the agent's arguments in it, where it needs some.
fn command_line(
    circumstances: Circumstances<'_>,
    command: &[OsString],
    towards: &Towards,
    content: Content,
) -> Option<Vec<Text>> {
    let Detected { profile, program, mode, in_shell, .. } = &circumstances.plan.agent;
    let of_content = if content == Content::On { profile.content_arguments } else { &[] };
    let applies =
        |argument: &&Argument| argument.modes.is_empty() || mode.is_some_and(|mode| argument.modes.contains(&mode));
    let typed = command.iter().map(|word| Text::plain(circumstances.blanked(&word.to_string_lossy())));
    let mut line: Vec<Text> = typed.collect();
    let (mut front, mut changed) = (program + 1, false);
    for argument in profile.arguments.iter().chain(of_content).filter(applies) {
        let for_grpc = argument.sets.filter(|_| towards.protocol == Protocol::Grpc);
        let edit = for_grpc.and_then(|key| towards::for_grpc(profile, key)).unwrap_or(argument.edit);
        let words: Option<Vec<Text>> = towards::words(edit).iter().map(|word| value(word, towards)).collect();
        let Some(words) = words.filter(|words| !words.is_empty()) else { continue };
        let at = match edit {
            agent::Edit::InsertAfter(_) => {
                let rest = line.get(front..).unwrap_or_default();
                front + rest.iter().position(|word| word.known() == Some("--")).unwrap_or(rest.len())
            }
            _ => {
                front += words.len();
                front - words.len()
            }
        };
        let at = at.min(line.len());
        line.splice(at..at, words);
        changed = true;
    }
    // A shell's command line is one word, which is not changed; what it needs is said.
    (changed && in_shell.is_none()).then_some(line)
}

/// A name for a container: what the user says it is called, or what the agent is.
fn container(detected: &Detected, settings: &Settings) -> String {
    let said = settings.resource_attributes.iter().find(|(key, _)| key == "k8s.container.name");
    let name = said.map_or(detected.name(), |(_, value)| value.value.as_str());
    let letters =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' });
    let label: String = letters.take(63).collect();
    let label = label.trim_matches('-');
    if label.is_empty() { "agent".to_owned() } else { label.to_owned() }
}
