//! Every option that is a setting, by subject.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::secret::Secret;
use crate::settings::{
    Content, Detail, GenAi, Nest, Protocol, Required, Signal, Temporality, choice, duration, exit_code, size,
};

/// Every option that is a setting. Verbs that take fewer leave the others at their default, which says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Options {
    /// Where telemetry goes.
    #[command(flatten)]
    pub destination: DestinationOptions,
    /// What telemetry is called.
    #[command(flatten)]
    pub identity: IdentityOptions,
    /// What is done with the agent's telemetry.
    #[command(flatten)]
    pub agent: AgentOptions,
    /// How the command is watched over.
    #[command(flatten)]
    pub run: RunOptions,
    /// How long runs are kept.
    #[command(flatten)]
    pub retention: RetentionOptions,
    /// What all verbs take.
    #[command(flatten)]
    pub general: General,
}

/// Where telemetry goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Destination")]
pub struct DestinationOptions {
    /// Send to this base URL
    ///
    /// HTTP appends v1/traces, v1/metrics and v1/logs; gRPC uses scheme, host and port. unix:PATH is a socket, file:PATH a
    /// file that lines of JSON are appended to. Without any endpoint the run is kept on disk only. Headers of another place (variables, files) are never sent to it. Variables:
    /// OTEL_RUN_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT
    #[arg(long, value_name = "URL", value_hint = clap::ValueHint::Url)]
    pub endpoint: Option<String>,
    /// How to speak to it [http/protobuf, http/json, grpc]
    ///
    /// The default is http/protobuf. Variables: OTEL_RUN_PROTOCOL, OTEL_EXPORTER_OTLP_PROTOCOL
    #[arg(long, value_name = "PROTOCOL", ignore_case = true, hide_possible_values = true, value_parser = words(choice::PROTOCOL))]
    pub protocol: Option<Protocol>,
    /// Request header; VALUE may be env:NAME or file:PATH
    ///
    /// May be given more than once. A literal value can be read by everybody who can list processes; env:NAME and
    /// file:PATH cannot. The command does not get the variable NAME. Variables: OTEL_RUN_HEADERS, OTEL_EXPORTER_OTLP_HEADERS
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = secret)]
    pub headers: Vec<Secret>,
    /// Send these signals only, such as traces,logs
    ///
    /// For a backend that does not take all of traces, metrics and logs; what is not sent stays on disk. A signal whose
    /// exporter is none is not sent either. Variable: OTEL_RUN_SIGNALS
    #[arg(long, value_name = "SIGNALS", hide_short_help = true, value_delimiter = ',', ignore_case = true, hide_possible_values = true, value_parser = words(choice::SIGNAL))]
    pub signals: Vec<Signal>,
    /// Take headers from what this program prints
    ///
    /// It prints a JSON object of strings, and is started again when the backend refuses the credentials. Its headers
    /// beat others of the same name. The path may begin with ${PROJECT_ROOT}, ${WORKTREE} or ${DIRECTORY}. Variable:
    /// OTEL_RUN_HEADERS_HELPER
    #[arg(long, value_name = "PROGRAM", hide_short_help = true, value_hint = clap::ValueHint::ExecutablePath)]
    pub headers_helper: Option<PathBuf>,
    /// Trust these authorities instead of the system's
    ///
    /// A PEM file. Variables: OTEL_RUN_CERTIFICATE, OTEL_EXPORTER_OTLP_CERTIFICATE
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = clap::ValueHint::FilePath)]
    pub certificate: Option<PathBuf>,
    /// Show this certificate to the backend
    ///
    /// A PEM file; it goes with --client-key. Variables: OTEL_RUN_CLIENT_CERTIFICATE,
    /// OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = clap::ValueHint::FilePath)]
    pub client_certificate: Option<PathBuf>,
    /// The key of the client's certificate
    ///
    /// A PEM file. Variables: OTEL_RUN_CLIENT_KEY, OTEL_EXPORTER_OTLP_CLIENT_KEY
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = clap::ValueHint::FilePath)]
    pub client_key: Option<PathBuf>,
    /// Speak gRPC without TLS where the endpoint has no scheme
    ///
    /// Variables: OTEL_RUN_INSECURE, OTEL_EXPORTER_OTLP_INSECURE
    #[arg(long, hide_short_help = true)]
    pub insecure: bool,
    /// Compress requests [gzip, none]
    ///
    /// The default is none. Variables: OTEL_RUN_COMPRESSION, OTEL_EXPORTER_OTLP_COMPRESSION
    #[arg(long, value_name = "HOW", hide_short_help = true, ignore_case = true, hide_possible_values = true, value_parser = words(choice::COMPRESSION))]
    pub compression: Option<bool>,
    /// Longest wait for one request, such as 5s
    ///
    /// The default is 10s; 0 is no limit. Variables: OTEL_RUN_EXPORT_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT in
    /// milliseconds
    #[arg(long, value_name = "TIME", hide_short_help = true, value_parser = duration::read_limit)]
    pub export_timeout: Option<Duration>,
    /// How old telemetry may become before it is not sent any more
    ///
    /// The default is 7d; 0 is any age. It stays on disk. Variable: OTEL_RUN_EXPIRE_AFTER
    #[arg(long, value_name = "TIME", hide_short_help = true, value_parser = duration::read_time_limit)]
    pub expire_after: Option<Duration>,
}

/// What telemetry is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Identity")]
pub struct IdentityOptions {
    /// service.name of everything in the run
    ///
    /// {agent} in it stands for the agent's name and {mode} for how it is used (cli, tui, server): with {agent}-{mode} an
    /// opencode serve is opencode-server. Variables: OTEL_RUN_SERVICE_NAME, OTEL_SERVICE_NAME
    #[arg(long, value_name = "NAME")]
    pub service_name: Option<String>,
    /// Resource attribute of everything in the run
    ///
    /// May be given more than once; the value is taken as it is typed. Variables:
    /// OTEL_RUN_RESOURCE_ATTRIBUTES, OTEL_RESOURCE_ATTRIBUTES
    #[arg(long = "resource-attribute", value_name = "KEY=VALUE", hide_short_help = true)]
    pub resource_attributes: Vec<String>,
    /// Tell the run's own sums so [cumulative, delta, lowmemory]
    ///
    /// cumulative is the default. The command's own metrics stay as they come. Variables: OTEL_RUN_METRICS_TEMPORALITY,
    /// OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE
    #[arg(long, value_name = "HOW", hide_short_help = true, ignore_case = true, hide_possible_values = true, value_parser = words(choice::TEMPORALITY))]
    pub metrics_temporality: Option<Temporality>,
}

/// What is done with the agent's telemetry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Agent")]
pub struct AgentOptions {
    /// Treat the command as this agent [auto, none, NAME]
    ///
    /// auto (the default) recognises the agent by the command; none gives the command the context and nothing else.
    /// Variable: OTEL_RUN_AGENT
    #[arg(long, value_name = "AGENT")]
    pub agent: Option<String>,
    /// Send the run also to where the agent's own configuration says [on, off]
    ///
    /// on is the default: what Claude Code, Codex, Gemini CLI and Qwen Code would export to by their settings files gets the run
    /// as one more destination, with the headers of the same file. Variable: OTEL_RUN_AGENT_DESTINATIONS
    #[arg(long, value_name = "WHETHER", hide_short_help = true, ignore_case = true, hide_possible_values = true, value_parser = words(choice::SWITCH))]
    pub agent_destinations: Option<bool>,
    /// Put its telemetry under the run [adopt, link, off]
    ///
    /// adopt (the default) moves it into the run's trace, link keeps its traces and joins them by span links, off touches
    /// nothing. Variable: OTEL_RUN_NEST
    #[arg(long, value_name = "HOW", ignore_case = true, hide_possible_values = true, value_parser = words(choice::NEST))]
    pub nest: Option<Nest>,
    /// Keep prompts, answers and tool data [off, local, on]
    ///
    /// off (the default) removes them before anything is written to disk or sent; local keeps them on disk, for `otel-run show
    /// --conversation`, and sends none of them; on sends them as well. Variable: OTEL_RUN_CONTENT
    #[arg(long, value_name = "WHETHER", ignore_case = true, hide_possible_values = true, value_parser = words(choice::CONTENT))]
    pub content: Option<Content>,
    /// Keep all spans, or no housekeeping [full, agent]
    ///
    /// full is the default. agent leaves out the inner workings of the agents that are known, which are most of what they send;
    /// the tree stays whole, and what was left out is counted. Variable: OTEL_RUN_DETAIL
    #[arg(long, value_name = "WHICH", ignore_case = true, hide_possible_values = true, value_parser = words(choice::DETAIL))]
    pub detail: Option<Detail>,
    /// Blank the value of this variable wherever it stands
    ///
    /// May be given more than once. Values of variables that look like secrets by name are blanked anyway, in all that is
    /// stored or sent. Variable: OTEL_RUN_REDACT, with commas between the names
    #[arg(long, value_name = "VARIABLE", hide_short_help = true)]
    pub redact: Vec<String>,
    /// Do not take the value of this variable for a secret
    ///
    /// May be given more than once. Variable: OTEL_RUN_REDACT_EXCEPT, with commas between the names
    #[arg(long, value_name = "VARIABLE", hide_short_help = true)]
    pub redact_except: Vec<String>,
    /// Name model and tool calls by the conventions [add, replace, off]
    ///
    /// add (the default) puts the names of the GenAI semantic conventions beside the agent's own, replace puts them in their
    /// place and renames the spans, off keeps the agent's names alone. Variable: OTEL_RUN_GENAI
    #[arg(long, value_name = "HOW", hide_short_help = true, ignore_case = true, hide_possible_values = true, value_parser = words(choice::GENAI))]
    pub genai: Option<GenAi>,
    /// Use the embedded collector [on, off]
    ///
    /// on is the default. Variable: OTEL_RUN_COLLECTOR
    #[arg(long, value_name = "WHETHER", hide_short_help = true, ignore_case = true, hide_possible_values = true, value_parser = words(choice::SWITCH))]
    pub collector: Option<bool>,
}

/// How the command is watched over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Run")]
pub struct RunOptions {
    /// End the command after this time, such as 30m
    ///
    /// It and everything that it started get TERM. The exit status is 124 then, or 137 where it had to be killed. Times
    /// are written as for timeout(1); 0, the default, is no limit. Variable: OTEL_RUN_TIMEOUT
    #[arg(long = "timeout", value_name = "TIME", value_parser = duration::read_time_limit)]
    pub time_limit: Option<Duration>,
    /// Then kill it, this long after the TERM, such as 10s
    ///
    /// It goes with --timeout; 0, the default, is never. Variable: OTEL_RUN_KILL_AFTER
    #[arg(long, value_name = "TIME", hide_short_help = true, value_parser = duration::read_time_limit)]
    pub kill_after: Option<Duration>,
    /// Take this exit code for an answer and no error
    ///
    /// May be given more than once, with codes from 1 to 255. The exit status stays what it is. Variable:
    /// OTEL_RUN_SUCCESS_CODES, with commas between the codes
    #[arg(long = "success-code", value_name = "N", value_parser = exit_code::read)]
    pub success_codes: Vec<i32>,
    /// Fail unless there was telemetry, and the backend took it
    ///
    /// The exit status is 125 then, where the command was a success. With a list of signals there must be some of each:
    /// --require-telemetry=traces,logs. Variable: OTEL_RUN_REQUIRE_TELEMETRY
    #[arg(long, value_name = "SIGNALS", num_args = 0..=1, require_equals = true, default_missing_value = "", hide_short_help = true, value_parser = Required::read)]
    pub require_telemetry: Option<Required>,
    /// Adopt what the command leaves behind
    ///
    /// otel-run is the subreaper of everything that the command starts. Variable: OTEL_RUN_REAP
    #[arg(long, hide_short_help = true)]
    pub reap: bool,
    /// Have the command killed when otel-run is killed
    ///
    /// Variable: OTEL_RUN_DIE_WITH_PARENT
    #[arg(long, hide_short_help = true)]
    pub die_with_parent: bool,
    /// How often a running run says that it runs
    ///
    /// The default is 60s; 0 is never. Variable: OTEL_RUN_HEARTBEAT
    #[arg(long, value_name = "TIME", hide_short_help = true, value_parser = duration::read)]
    pub heartbeat: Option<Duration>,
    /// How long delivery may go on after the command ended
    ///
    /// The default is 2s at a terminal and 5s elsewhere. What is not delivered by then stays on disk, and `otel-run flush`
    /// delivers it. Variable: OTEL_RUN_DRAIN_DEADLINE
    #[arg(long, value_name = "TIME", hide_short_help = true, value_parser = duration::read)]
    pub drain_deadline: Option<Duration>,
}

/// How long runs are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Run")]
pub struct RetentionOptions {
    /// Remove runs that ended longer ago than this, such as 30d
    ///
    /// The default is 30d; 0 is never. Runs whose telemetry was not delivered are kept for twice as long. Variable:
    /// OTEL_RUN_KEEP_AGE
    #[arg(long, value_name = "AGE", hide_short_help = true, value_parser = duration::read_age)]
    pub keep_age: Option<Duration>,
    /// Keep so many runs, the latest
    ///
    /// The default is 1000; 0 is all. Runs whose telemetry was not delivered stay. Variable: OTEL_RUN_KEEP_RUNS
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub keep_runs: Option<u64>,
    /// Keep the latest runs up to this size, such as 5GiB
    ///
    /// The default is 5GiB; 0 is no limit. Runs whose telemetry was not delivered stay. Variable: OTEL_RUN_KEEP_SIZE
    #[arg(long, value_name = "SIZE", hide_short_help = true, value_parser = size::read)]
    pub keep_size: Option<u64>,
}

/// What all verbs take.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Run")]
pub struct General {
    /// Keep the runs in this folder
    ///
    /// The default is $XDG_STATE_HOME/otel-run. Variable: OTEL_RUN_STATE_DIR
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    pub state_dir: Option<PathBuf>,
    /// Read this settings file
    ///
    /// Instead of $XDG_CONFIG_HOME/otel-run/config.toml. The project's file, .otel-run.toml, is read as well.
    /// Variable: OTEL_RUN_CONFIG
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Say nothing
    ///
    /// Variable: OTEL_RUN_QUIET
    #[arg(short, long)]
    pub quiet: bool,
}

/// A parser for one word of a closed list.
pub(super) fn words<T: Copy + Send + Sync + 'static>(choices: choice::Choices<T>) -> impl TypedValueParser<Value = T> {
    let words: Vec<&'static str> = choices.iter().map(|(word, _)| *word).collect();
    PossibleValuesParser::new(words).try_map(move |word| choice::read(choices, &word))
}

pub(super) fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}
