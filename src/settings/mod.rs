//! What the user said, in layers, and what it means.

use std::path::PathBuf;
use std::time::Duration;

use crate::secret::Secret;

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

/// Where one header's value is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// The value itself.
    Literal(Secret),
    /// The variable that holds it (`env:NAME`).
    Env(String),
    /// The file that holds it (`file:PATH`); a line break at its end is not part of the value.
    File(PathBuf),
}

/// A backend that takes OTLP. Endpoint and headers always come from the same layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Base URL, to which HTTP appends `v1/traces` and so on; none where only single signals have one.
    pub endpoint: Option<Sourced<String>>,
    /// URL of one signal, used as it stands (HTTP) or as the target (gRPC).
    pub traces_endpoint: Option<Sourced<String>>,
    /// As `traces_endpoint`.
    pub metrics_endpoint: Option<Sourced<String>>,
    /// As `traces_endpoint`.
    pub logs_endpoint: Option<Sourced<String>>,
    /// How to speak to it.
    pub protocol: Sourced<Protocol>,
    /// Headers for each request, names in lower case.
    pub headers: Vec<(String, Sourced<HeaderValue>)>,
    /// Whether bodies are sent with gzip.
    pub gzip: Sourced<bool>,
    /// The longest wait for one request, answer included.
    pub timeout: Sourced<Duration>,
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
    /// Stored and sent as it came.
    On,
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
    /// Where telemetry goes; none is normal, then the run is on disk only.
    pub upstream: Option<Upstream>,
    /// `service.name` of everything, if the user chose one.
    pub service_name: Option<Sourced<String>>,
    /// Resource attributes for everything, in the order in which they were said.
    pub resource_attributes: Vec<(String, Sourced<String>)>,
    /// Which profile.
    pub agent: Sourced<AgentChoice>,
    /// How to nest.
    pub nest: Sourced<Nest>,
    /// Whether content is kept.
    pub content: Sourced<Content>,
    /// How long delivery may go on after the command ended; none leaves it to where otel-run runs
    /// (2 s at a terminal, 5 s elsewhere).
    pub drain_deadline: Option<Sourced<Duration>>,
    /// Whether the embedded collector is used.
    pub collector: Sourced<bool>,
    /// The folder that holds the runs; none is `$XDG_STATE_HOME/otel-run`.
    pub state_dir: Option<Sourced<PathBuf>>,
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

/// Something that is wrong with what the user said. In a run it is a warning, elsewhere an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Where it was said.
    pub origin: Origin,
    /// What is wrong and what to do about it, without credentials.
    pub message: String,
}
