//! The settings themselves: each value, what it can be, and where it was said.

use std::path::PathBuf;
use std::time::Duration;

use super::given::Given;
use super::service_name::ServiceName;
use super::signals;
use super::upstream::Upstream;
use crate::otlp::Signal;

/// How old telemetry may become before it is not sent any more.
pub const DEFAULT_EXPIRY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How often a running run says that it runs.
pub const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(60);

/// How long runs are kept.
pub const DEFAULT_KEEP_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many runs are kept.
pub const DEFAULT_KEEP_RUNS: u64 = 1_000;
/// How many bytes on disk all runs may take together.
pub const DEFAULT_KEEP_SIZE: u64 = 5 << 30;

/// Where a value comes from, in words that a user can find again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag, as in `--endpoint`.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A line of a settings file, counted from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// Nobody said anything.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Flag(name) => write!(out, "{name}"),
            Origin::Variable(name) => write!(out, "{name}"),
            Origin::File { path, line } => write!(out, "{}:{line}", path.display()),
            Origin::Default => write!(out, "default"),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

/// An OTLP protocol, as `OTEL_EXPORTER_OTLP_PROTOCOL` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `grpc`
    Grpc,
    /// `http/protobuf`
    HttpProtobuf,
    /// `http/json`
    HttpJson,
}

/// Which profile is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentChoice {
    /// The one that the command is recognised as.
    Auto,
    /// None: the command gets the context and nothing else.
    None,
    /// The profile of this name.
    Named(String),
}

/// How the command's telemetry is put under the run's span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nest {
    /// Its spans, links, log records and exemplars move into the run's trace.
    Adopt,
    /// Its traces stay and are joined with the run's by span links in both directions.
    Link,
    /// Nothing is touched.
    Off,
}

/// What happens to prompts, answers, tool arguments and the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Removed before anything is written to disk.
    Off,
    /// Kept on this machine's disk, to be looked at, and not sent anywhere.
    Local,
    /// Stored and sent as it came.
    On,
}

/// Which of the command's spans are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// All of them.
    Full,
    /// Those that show what an agent did, without its inner workings.
    Agent,
}

/// How the names of the GenAI semantic conventions come into the command's spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GenAi {
    /// Not at all.
    Off,
    /// Beside the names that the agent has.
    Add,
    /// In their place.
    Replace,
}

/// How the run's own sums are told (OTLP exporter, `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temporality {
    /// As totals since the beginning.
    Cumulative,
    /// What grows is told as what was added since the last time.
    Delta,
    /// As totals, where the program that measures would have to remember what it told last.
    LowMemory,
}

/// Which telemetry a run has to have sent and delivered to be a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Required {
    /// Some, of whatever signal.
    Any,
    /// Some of each of these signals, each once, in the order in which signals are shown.
    Each(Vec<Signal>),
}

/// What `OTEL_TRACES_SAMPLER` and its argument say (SDK configuration, "General SDK Configuration").
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampler {
    /// `always_on`
    AlwaysOn,
    /// `always_off`
    AlwaysOff,
    /// `traceidratio` with its ratio
    TraceIdRatio(f64),
    /// `parentbased_always_on`, the default
    ParentBasedAlwaysOn,
    /// `parentbased_always_off`
    ParentBasedAlwaysOff,
    /// `parentbased_traceidratio` with its ratio
    ParentBasedTraceIdRatio(f64),
}

/// What the user's words mean, every value with its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where telemetry goes; none is normal, then the run is on disk only. No two have the same name.
    pub upstreams: Vec<Upstream>,
    /// Which telemetry there must be for the run to be a success; none asks for nothing.
    pub required: Option<Sourced<Required>>,
    /// How old telemetry may become before it is not sent any more; none is any age. Never zero.
    pub expire_after: Sourced<Option<Duration>>,
    /// The temporality of the run's own metrics.
    pub temporality: Sourced<Temporality>,
    /// `service.name` of everything, if the user chose one.
    pub service_name: Option<Sourced<ServiceName>>,
    /// Resource attributes for everything, in the order in which they were said.
    pub resource_attributes: Vec<(String, Sourced<String>)>,
    /// Which profile.
    pub agent: Sourced<AgentChoice>,
    /// What the user says about agents, by their names.
    pub agents: Vec<(String, Sourced<Given>)>,
    /// Whether the run also goes to where the agent exports to by its own configuration.
    pub agent_destinations: Sourced<bool>,
    /// How to nest.
    pub nest: Sourced<Nest>,
    /// Whether content is kept.
    pub content: Sourced<Content>,
    /// Which spans are kept.
    pub detail: Sourced<Detail>,
    /// Variables whose values are blanked wherever they stand, whatever they are called.
    pub redact: Vec<Sourced<String>>,
    /// Variables whose values are not, although their names look like it.
    pub redact_except: Vec<Sourced<String>>,
    /// How the names of the GenAI conventions come in.
    pub genai: Sourced<GenAi>,
    /// Whether these are the newest names, of which no release has been made yet.
    pub newest_genai: Sourced<bool>,
    /// How long delivery may go on after the command ended; none leaves it to where otel-run runs
    /// (2 s at a terminal, 5 s elsewhere).
    pub drain_deadline: Option<Sourced<Duration>>,
    /// How long the command may take, before it and all that it started are ended; none is no limit. Never zero.
    pub time_limit: Option<Sourced<Duration>>,
    /// How long after TERM they are killed; none is never. Never zero. It means nothing without a time limit.
    pub kill_after: Option<Sourced<Duration>>,
    /// Exit codes that are no errors, beside 0: from 1 to 255, each once, the smallest first.
    pub success_codes: Sourced<Vec<i32>>,
    /// Whether otel-run is the subreaper of all that the command starts.
    pub reap: Sourced<bool>,
    /// Whether the command is killed when otel-run is.
    pub die_with_parent: Sourced<bool>,
    /// How often a running run says that it runs; none is never. Never zero.
    pub heartbeat: Sourced<Option<Duration>>,
    /// Whether the embedded collector is used.
    pub collector: Sourced<bool>,
    /// The folder that holds the runs; none is `$XDG_STATE_HOME/otel-run`.
    pub state_dir: Option<Sourced<PathBuf>>,
    /// How long a run is kept; none is for ever. Never zero.
    pub keep_age: Sourced<Option<Duration>>,
    /// How many runs are kept; none is all. Never zero.
    pub keep_runs: Sourced<Option<u64>>,
    /// How many bytes on disk all runs may take together; none is any number. Never zero.
    pub keep_size: Sourced<Option<u64>>,
    /// Whether otel-run keeps its words to itself.
    pub quiet: Sourced<bool>,
    /// `OTEL_SDK_DISABLED=true`: nothing is recorded, the context is passed on as it came.
    pub sdk_disabled: Sourced<bool>,
    /// How the run's own span is sampled.
    pub sampler: Sourced<Sampler>,
    /// Whether `tracecontext` is among `OTEL_PROPAGATORS`.
    pub propagate_trace_context: Sourced<bool>,
    /// Whether `baggage` is among `OTEL_PROPAGATORS`.
    pub propagate_baggage: Sourced<bool>,
}

/// What can be wrong with what the user said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A value that the setting does not take, or one that goes with others that are not there.
    Value,
    /// A truth that is neither `true` nor `false`.
    Boolean,
    /// A list of attributes that does not decode.
    Attributes,
    /// No setting, agent or field has that name.
    Unknown,
    /// It is known, and not possible here.
    Unsupported,
    /// A project's file says it, and may not.
    Untrusted,
    /// The text of a file has no form that could be read.
    Syntax,
    /// A file cannot be read.
    Unreadable,
    /// A place where telemetry cannot be sent to.
    Endpoint,
    /// Something that should be shown to the backend, and is not, or not as it was meant.
    Credentials,
    /// The trace context that was handed in.
    Context,
}

/// Something that is wrong with what the user said. In a run it is a warning, elsewhere an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Of which kind it is.
    pub fault: Fault,
    /// Where it was said.
    pub origin: Origin,
    /// What is wrong and what to do about it, without credentials.
    pub message: String,
}

impl Complaint {
    /// A mistake of this kind.
    pub fn new(fault: Fault, origin: Origin, message: impl Into<String>) -> Self {
        Self { fault, origin, message: message.into() }
    }
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: ", self.origin)?;
        // It may quote what somebody else wrote, line breaks and all, and is one line.
        for character in self.message.chars() {
            match character {
                control if control.is_control() => write!(out, "{}", control.escape_default())?,
                other => write!(out, "{other}")?,
            }
        }
        Ok(())
    }
}

impl<T> Sourced<T> {
    /// `value`, said at `origin`.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// `value`, because nobody said anything.
    pub fn default_value(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }
}

impl Protocol {
    /// The name in `OTEL_EXPORTER_OTLP_PROTOCOL`.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Grpc => "grpc",
            Protocol::HttpProtobuf => "http/protobuf",
            Protocol::HttpJson => "http/json",
        }
    }
}

impl Temporality {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Temporality::Cumulative => "cumulative",
            Temporality::Delta => "delta",
            Temporality::LowMemory => "lowmemory",
        }
    }
}

impl Required {
    /// Reads signals with commas between them. The error is a sentence.
    pub fn read(text: &str) -> Result<Self, String> {
        let signals = signals::read_any(text)?;
        Ok(if signals.is_empty() { Required::Any } else { Required::Each(signals) })
    }
}

impl AgentChoice {
    /// Reads `auto`, `none`, or a profile's name. Whether there is such a profile is not known here.
    pub fn read(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "auto" => AgentChoice::Auto,
            "none" => AgentChoice::None,
            name => AgentChoice::Named(name.to_owned()),
        }
    }
}

impl std::fmt::Display for AgentChoice {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AgentChoice::Auto => out.write_str("auto"),
            AgentChoice::None => out.write_str("none"),
            AgentChoice::Named(name) => out.write_str(name),
        }
    }
}

impl Nest {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Nest::Adopt => "adopt",
            Nest::Link => "link",
            Nest::Off => "off",
        }
    }
}

impl Content {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Content::Off => "off",
            Content::Local => "local",
            Content::On => "on",
        }
    }
}

impl Detail {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Detail::Full => "full",
            Detail::Agent => "agent",
        }
    }
}

impl GenAi {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            GenAi::Off => "off",
            GenAi::Add => "add",
            GenAi::Replace => "replace",
        }
    }
}

impl Default for Settings {
    /// What holds where nobody said anything: no upstream, and so nothing is dialled.
    fn default() -> Self {
        Self {
            upstreams: Vec::new(),
            required: None,
            expire_after: Sourced::default_value(Some(DEFAULT_EXPIRY)),
            temporality: Sourced::default_value(Temporality::Cumulative),
            service_name: None,
            resource_attributes: Vec::new(),
            agent: Sourced::default_value(AgentChoice::Auto),
            agents: Vec::new(),
            agent_destinations: Sourced::default_value(true),
            nest: Sourced::default_value(Nest::Adopt),
            content: Sourced::default_value(Content::Off),
            detail: Sourced::default_value(Detail::Full),
            redact: Vec::new(),
            redact_except: Vec::new(),
            genai: Sourced::default_value(GenAi::Add),
            newest_genai: Sourced::default_value(false),
            drain_deadline: None,
            time_limit: None,
            kill_after: None,
            success_codes: Sourced::default_value(Vec::new()),
            reap: Sourced::default_value(false),
            die_with_parent: Sourced::default_value(false),
            heartbeat: Sourced::default_value(Some(DEFAULT_HEARTBEAT)),
            collector: Sourced::default_value(true),
            state_dir: None,
            keep_age: Sourced::default_value(Some(DEFAULT_KEEP_AGE)),
            keep_runs: Sourced::default_value(Some(DEFAULT_KEEP_RUNS)),
            keep_size: Sourced::default_value(Some(DEFAULT_KEEP_SIZE)),
            quiet: Sourced::default_value(false),
            sdk_disabled: Sourced::default_value(false),
            sampler: Sourced::default_value(Sampler::ParentBasedAlwaysOn),
            propagate_trace_context: Sourced::default_value(true),
            propagate_baggage: Sourced::default_value(true),
        }
    }
}
