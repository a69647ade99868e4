//! What is known about an agent, as a value: how to recognise it, what to inject, what it does by itself.

use crate::otlp::Signal;
use crate::settings::Protocol;

/// An agent's profile.
///
/// Built-in profiles are constants. A profile that comes from a user's file is read once and lives as long as the
/// process, so everything can be borrowed for `'static`.
///
/// Texts that are injected (values of variables, words of the command line) may hold `{endpoint}`, the base URL of the
/// run's collector without a slash at its end, `{collector}`, the same without the token, and `{token}`, the run's token.
/// Words of the command line can be read by every user of the machine, so the token does not belong there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// The name that `--agent` takes and `otel_run.agent.name` gives.
    pub name: &'static str,
    /// What it calls itself.
    pub title: &'static str,
    /// The versions that what stands here was seen with, the latest last.
    pub versions: &'static [&'static str],
    /// How its command is recognised.
    pub recognised_by: RecognisedBy,
    /// What its command line says about how it runs.
    pub modes: Modes,
    /// What it calls itself.
    pub service: Service,
    /// Whose names its telemetry uses.
    pub telemetry: Telemetry,
    /// What it exports, and how.
    pub speaks: Speaks,
    /// Whether it takes its parent span from `TRACEPARENT`.
    pub takes_parent: TakesParent,
    /// Variables that have an effect on others and none on it.
    pub ignores: &'static [&'static str],
    /// Content that it records without being asked, in words.
    pub records_unasked: &'static [&'static str],
    /// What becomes of its last batches.
    pub flush: Flush,
    /// Which of its spans and log records are which events.
    pub events: &'static [Event],
    /// What to change in its environment while the run has a collector, in groups because agents share some.
    pub environment: &'static [&'static [Variable]],
    /// How it reads `OTEL_RESOURCE_ATTRIBUTES`.
    pub resource_attributes: ResourceAttributes,
    /// What to change in its arguments while the run has a collector.
    pub arguments: &'static [Argument],
    /// Attributes that hold content in what it sends, beside those that are known of all: a name, or a name with `.*`
    /// behind it for itself and all below it.
    pub content_attributes: &'static [&'static str],
    /// Names of spans that are its inner workings, beside those that are known of all: a name, or how names begin with `*`
    /// behind it.
    pub housekeeping: &'static [&'static str],
    /// Names of spans, or how they begin with `*` behind it, and which operation of the GenAI conventions each is, beside what
    /// is known of all.
    pub operations: &'static [(&'static str, &'static str)],
    /// Attributes of these spans, and what each is called by the conventions.
    pub genai_attributes: &'static [(&'static str, &'static str)],
    /// Its own switches for content.
    pub content: &'static [ContentSwitch],
    /// What to change in its arguments, beside the others, where the user wants content.
    pub content_arguments: &'static [Argument],
    /// What to ask it before anything is injected.
    pub probe: Option<Probe>,
    /// What the user should be told.
    pub cautions: &'static [Caution],
    /// Whether its command is a launcher that neither ends nor tells anybody when it is asked to end.
    pub launcher_keeps_signals: bool,
}

impl Profile {
    /// Whether this is the profile of a command that is no known agent.
    pub fn is_other(&self) -> bool {
        self.name == super::OTHER.name
    }

    /// What to change in its environment.
    pub fn variables(&self) -> impl Iterator<Item = &'static Variable> + use<> {
        self.environment.iter().copied().flatten()
    }

    /// Whether `variable` has no effect on this agent.
    pub fn ignores(&self, variable: &str) -> bool {
        self.ignores.contains(&variable)
    }

    /// What takes the place of the argument that sets `key` of the agent's configuration.
    pub fn alternative(&self, key: &str) -> Option<&'static Alternative> {
        self.probe?.alternatives.iter().find(|alternative| alternative.argument.sets == Some(key))
    }
}

/// How a command is recognised as an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecognisedBy {
    /// Base names of its executables.
    pub base_names: &'static [&'static str],
    /// Names of its npm packages, with their scope and without a version.
    pub packages: &'static [&'static str],
    /// Ends of the paths of its scripts, beside those inside one of its packages.
    pub scripts: &'static [&'static str],
}

/// What an agent calls itself in its resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// Its `service.name`, of which it may have several.
    pub names: &'static [&'static str],
    /// Whether its `service.version` is its own version.
    pub tells_version: bool,
}

/// What is known of an agent's telemetry beyond the fields of its profile: the names of content, of the GenAI conventions and
/// of its inner workings are in tables, each for the agent that uses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Telemetry {
    /// The built-in agent whose tables are right for it; none where the tables know nothing of it.
    pub like: Option<&'static str>,
    /// Its instrumentation scopes, those of the built-in agent of this name being the first ones of that: a name, or how names
    /// begin with `*` behind it.
    pub scopes: &'static [&'static str],
}

impl Telemetry {
    /// Of an agent that the tables know nothing of.
    pub const UNKNOWN: Self = Self { like: None, scopes: &[] };

    /// The scope under which the tables know the telemetry.
    pub fn known_as(&self) -> Option<&'static str> {
        let like = super::PROFILES.iter().find(|profile| Some(profile.name) == self.like)?;
        like.telemetry.scopes.first().map(|scope| scope.trim_end_matches('*'))
    }
}

/// What the command line of an agent says about how it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modes {
    /// Subcommands in which a model is at work. Each is the name of a mode.
    pub working: &'static [&'static str],
    /// Other subcommands.
    pub other: &'static [&'static str],
    /// The mode of a command without a subcommand.
    pub without_subcommand: Option<&'static str>,
    /// Options that decide on the mode of a command without a subcommand, the first of these that is given: no model is at
    /// work where they have none.
    pub by_option: &'static [(&'static str, Option<&'static str>)],
    /// The mode of a command without a subcommand, and without such an option, whose first word is something else.
    pub with_words: Option<&'static str>,
    /// The mode of a command without all of these that has no terminal to read from.
    pub without_terminal: Option<&'static str>,
    /// The modes in which somebody sits at its terminal.
    pub interactive: &'static [&'static str],
    /// The modes in which it serves other programs.
    pub serving: &'static [&'static str],
    /// Options whose value is the next word, if they stand before the subcommand.
    pub options_with_value: &'static [&'static str],
}

impl Modes {
    /// Of a command about whose modes nothing is known.
    pub const UNKNOWN: Self = Self {
        working: &[],
        other: &[],
        without_subcommand: None,
        by_option: &[],
        with_words: None,
        without_terminal: None,
        interactive: &[],
        serving: &[],
        options_with_value: &[],
    };

    /// Who the agent faces in `mode`.
    pub fn interface(&self, mode: Option<&str>) -> Interface {
        let among = |modes: &[&str]| mode.is_some_and(|mode| modes.contains(&mode));
        match () {
            () if among(self.interactive) => Interface::Tui,
            () if among(self.serving) => Interface::Server,
            () => Interface::Cli,
        }
    }
}

/// Who an agent faces: what `{mode}` in a service name and `otel_run.agent.mode` say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// A command that does one thing and ends.
    Cli,
    /// Somebody at its terminal.
    Tui,
    /// Other programs.
    Server,
}

impl Interface {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cli, Self::Tui, Self::Server];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Tui => "tui",
            Self::Server => "server",
        }
    }
}

/// What an agent exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speaks {
    /// The protocols it knows; empty where nobody knows.
    pub protocols: &'static [Protocol],
    /// The signals it can send; empty where nobody knows.
    pub signals: &'static [Signal],
}

/// Whether an agent's spans hang under the span that `TRACEPARENT` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakesParent {
    /// All of them.
    Always,
    /// Only some, or only in some modes.
    Partly,
    /// None.
    Never,
    /// Nobody knows.
    Unknown,
}

impl TakesParent {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            TakesParent::Always => "always",
            TakesParent::Partly => "partly",
            TakesParent::Never => "never",
            TakesParent::Unknown => "unknown",
        }
    }
}

/// What becomes of an agent's last batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flush {
    /// When it ends by itself.
    pub at_end: LastBatches,
    /// When a signal ends it.
    pub on_signal: LastBatches,
}

/// What becomes of the batches that were not sent when an agent ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastBatches {
    /// They are sent before it ends.
    Sent,
    /// They are sent after the process that was started has ended.
    SentAfterwards,
    /// They are lost.
    Lost,
    /// Nobody knows.
    Unknown,
}

/// A kind of record that means one of the events of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The signal it comes in.
    pub signal: Signal,
    /// The span's name, or the log record's event name.
    pub name: &'static str,
    /// What it means.
    pub means: Means,
}

/// The events that agents have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// The user asked for something.
    Prompt,
    /// One request to a model.
    ModelCall,
    /// One call of a tool.
    ToolCall,
}

/// A change to one variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// The variable.
    pub name: &'static str,
    /// What to do with it.
    pub injection: Injection,
    /// Why, in words for the user.
    pub reason: &'static str,
}

impl Variable {
    /// Names a variable, what to do with it, and why.
    pub const fn new(name: &'static str, injection: Injection, reason: &'static str) -> Self {
        Self { name, injection, reason }
    }
}

/// What to do with one variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injection {
    /// Give it this value, whatever the user has.
    Set(&'static str),
    /// Give it this value unless the user has one.
    SetIfUnset(&'static str),
    /// Put this text in front of the user's value.
    Prepend {
        /// The text.
        text: &'static str,
        /// What stands between the text and the user's value.
        separator: &'static str,
    },
    /// Put this word behind those of the user's list, which has commas between them, unless the list says `none`.
    AddToList(&'static str),
    /// Merge a JSON value into the JSONC object that the variable holds.
    MergeJsonc {
        /// Keys from the outermost object to the value.
        path: &'static [&'static str],
        /// The value, as JSON.
        value: &'static str,
        /// What is missing where the user's value cannot be merged into.
        without_it: &'static str,
    },
    /// Where a proxy is set, exempt loopback from it.
    ExemptLoopback,
    /// Remove it.
    Remove,
}

/// What the resource attributes that an agent reads from `OTEL_RESOURCE_ATTRIBUTES` survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceAttributes {
    /// Values are percent-decoded, as the specification says.
    Decoded,
    /// Not every signal decodes: only values of unreserved characters mean the same in all of them.
    PartlyDecoded,
}

/// A variable by which an agent is told whether to record content of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentSwitch {
    /// The variable.
    pub name: &'static str,
    /// What to do with it where the user wants content.
    pub on: Injection,
    /// What to do with it where the user wants none. What does not leave the agent need not be removed.
    pub off: Injection,
    /// What it switches, in words.
    pub of: &'static str,
}

/// A change to the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// The modes in which it applies; empty means all.
    pub modes: &'static [&'static str],
    /// The key of the agent's configuration that it sets, if it sets one that the user could have set as well.
    pub sets: Option<&'static str>,
    /// What to do.
    pub edit: Edit,
    /// Why, in words for the user.
    pub reason: &'static str,
}

/// What to do with the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// Put these words in front of all the user's arguments.
    InsertBefore(&'static [&'static str]),
    /// Put these words behind all the user's arguments, but before a `--`.
    InsertAfter(&'static [&'static str]),
    /// Where a file of the agent sets variables otherwise than they are changed, say them again in a file that this option
    /// names. It is the run's own, merged from what the user gives with the option, and stands in front of all the
    /// user's arguments or where theirs stood: of several the last one counts.
    Settings {
        /// The option, with its dashes.
        option: &'static str,
        /// The key of the object that holds variables.
        key: &'static str,
    },
}

/// A question that must be put to an agent before its arguments can be changed, where it has a configuration of the
/// user's with which they could clash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// The arguments to ask with, behind the changed ones. An exit status of 0 means that those are right.
    pub arguments: &'static [&'static str],
    /// What to do instead, by what the agent answered.
    pub alternatives: &'static [Alternative],
}

/// What takes the place of the argument that sets the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alternative {
    /// A part of the answer (stderr) that calls for it.
    pub when_answer_has: &'static str,
    /// What to change instead.
    pub argument: Argument,
}

/// Something to tell the user about one way to run the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caution {
    /// The modes; empty means all, and whatever else it does.
    pub modes: &'static [&'static str],
    /// The option that must be given; none means always.
    pub option: Option<&'static str>,
    /// What to say.
    pub text: &'static str,
}
