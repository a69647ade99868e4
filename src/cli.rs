//! What can be typed, and nothing else: no defaults, no environment, no files.
//!
//! The first word that is no option is either one of our verbs or the command. From the command on every word is the
//! command's, those that look like our options as well. So [`parse`] finds that word first, and clap reads what is
//! before it. Options before a verb are handed to the verb: `otel-run --state-dir X show` is `otel-run show --state-dir X`,
//! and each verb takes only the options that mean something to it.

mod layer;
mod serve;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::secret::Secret;
use crate::settings::{
    Content, Detail, GenAi, Nest, Protocol, Required, Temporality, choice, duration, exit_code, size,
};
pub use serve::ServeOptions;

/// What the user wants to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invocation {
    /// Run a command.
    Run {
        /// The options.
        options: Options,
        /// The command and its arguments, at least one word.
        command: Vec<OsString>,
    },
    /// Print what a run would do (`plan`, `--dry-run`).
    Plan {
        /// The options.
        options: Options,
        /// The command and its arguments, at least one word.
        command: Vec<OsString>,
    },
    /// List the runs.
    Runs {
        /// Only those of [`General`].
        options: Options,
        /// As JSON.
        json: bool,
        /// At most so many, the latest.
        limit: Option<usize>,
    },
    /// Show one run as a tree.
    Show {
        /// Only those of [`General`].
        options: Options,
        /// Which; none is the latest.
        run: Option<String>,
        /// With the spans that are folded otherwise.
        all: bool,
        /// As JSON.
        json: bool,
        /// With prompts, answers and tool data, where they were kept.
        conversation: bool,
    },
    /// Deliver what was not delivered.
    Flush {
        /// Only those of [`General`] and [`DestinationOptions`].
        options: Options,
        /// Which runs; none means all that are not delivered.
        runs: Vec<String>,
        /// Only say what would be delivered.
        dry_run: bool,
    },
    /// Collect from whoever sends, without a command.
    Serve {
        /// Those of [`DestinationOptions`], [`IdentityOptions`] and [`General`], content, and the drain deadline.
        options: Options,
        /// Where to listen, and to whom.
        serve: ServeOptions,
    },
    /// Say what is known of agents.
    Agents {
        /// Only those of [`General`].
        options: Options,
        /// Which; none is all.
        name: Option<String>,
        /// In which form.
        form: AgentForm,
    },
    /// Remove old runs.
    Prune {
        /// Only those of [`General`] and [`RetentionOptions`].
        options: Options,
        /// Only say what would be removed.
        dry_run: bool,
    },
}

impl Invocation {
    /// The options, whatever the verb.
    pub fn options(&self) -> &Options {
        match self {
            Invocation::Run { options, .. }
            | Invocation::Plan { options, .. }
            | Invocation::Runs { options, .. }
            | Invocation::Show { options, .. }
            | Invocation::Flush { options, .. }
            | Invocation::Serve { options, .. }
            | Invocation::Agents { options, .. }
            | Invocation::Prune { options, .. } => options,
        }
    }
}

/// The form in which agents are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentForm {
    /// A table of all, or words about one.
    Words,
    /// One of them as an entry of a settings file.
    Toml,
    /// JSON.
    Json,
}

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

const USAGE: &str = "otel-run [OPTIONS] [--] COMMAND [ARGS]...\n       otel-run [OPTIONS] VERB ...";

const EXAMPLES: &str = "\
Examples:
  Run opencode, then look at what it did:
    otel-run -- opencode run \"fix the failing test\"
    otel-run show

  In a CI job, nested into the pipeline's trace where TRACEPARENT is set:
    export OTEL_EXPORTER_OTLP_ENDPOINT=https://otlp.example.com
    export OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20$TOKEN
    exec otel-run --service-name nightly-fix -- opencode run \"update the lock file\"

  As the entry point of a container:
    ENTRYPOINT [\"otel-run\", \"--endpoint\", \"http://collector:4317\", \"--protocol\", \"grpc\", \"--\"]
    CMD [\"opencode\", \"serve\"]

  See what would be done, without doing it:
    otel-run plan -- opencode run hello

A setting comes from the first of these that has it: option, OTEL_RUN_* variable, OTEL_* variable,
project file (.otel-run.toml), user file ($XDG_CONFIG_HOME/otel-run/config.toml), default. A command
with the name of a verb needs the dashes: otel-run -- show";

/// Everything that clap knows about the command line, for help, completions and the man page as well.
#[derive(Debug, Parser)]
#[command(
    name = "otel-run",
    version,
    propagate_version = true,
    about = "Run a command as an OpenTelemetry span, with its own telemetry nested under it",
    override_usage = USAGE,
    after_long_help = EXAMPLES,
    max_term_width = 110,
    subcommand_help_heading = "Verbs",
    subcommand_value_name = "VERB",
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true,
    disable_help_flag = true,
    disable_version_flag = true,
)]
struct Line {
    #[command(flatten)]
    options: Options,
    /// Print what would be done, and do nothing
    ///
    /// The same as `otel-run plan`.
    #[arg(long, help_heading = "Run")]
    dry_run: bool,
    #[command(flatten)]
    about: About,
    #[arg(last = true, required = true, hide = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// The two options that clap answers itself. They are declared here so that they stand under a heading like the others.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
struct About {
    /// Print help (--help: all options, and examples)
    #[arg(short, long, action = clap::ArgAction::Help, global = true)]
    help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, action = clap::ArgAction::Version, global = true)]
    version: Option<bool>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the runs on disk
    Runs {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Print at most N, the latest
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        #[command(flatten)]
        general: General,
    },
    /// Show one run as a tree, the latest by default
    Show {
        /// Which run, as `otel-run runs` names it
        run: Option<String>,
        /// Show housekeeping spans as well
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Print prompts, answers and tool data as well, where --content kept them
        #[arg(long)]
        conversation: bool,
        #[command(flatten)]
        general: General,
    },
    /// Print what a run would do, and do nothing (the same as --dry-run)
    #[command(override_usage = "otel-run plan [OPTIONS] [--] COMMAND [ARGS]...")]
    Plan {
        #[command(flatten)]
        options: Box<Options>,
        #[arg(last = true, required = true, hide = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Deliver what is still on disk
    Flush {
        /// Which runs, as `otel-run runs` names them; without any, all that are not delivered
        #[arg(value_name = "RUN")]
        runs: Vec<String>,
        /// Say what would be delivered, and deliver nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        destination: DestinationOptions,
        #[command(flatten)]
        general: General,
    },
    /// Remove old runs from disk
    Prune {
        /// Print what would be removed, and remove nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        retention: RetentionOptions,
        #[command(flatten)]
        general: General,
    },
    /// List the agents that are known, or say what would be injected into one
    Agents {
        /// Which, as `otel-run agents` names it
        name: Option<String>,
        /// Print it as an entry of the settings file, as a start for your own
        #[arg(long, requires = "name", conflicts_with = "json")]
        toml: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        general: General,
    },
    /// Collect from whoever sends, without a command
    #[command(after_long_help = serve::EXAMPLES)]
    Serve(Box<serve::Words>),
}

/// The command line as clap sees it, for completions and the man page.
pub fn command() -> Command {
    Line::command()
}

/// The words that are no command when they stand first.
const VERBS: [&str; 8] = ["runs", "show", "plan", "flush", "prune", "agents", "serve", "help"];

/// Reads a command line, the program's own name first. The error is clap's and knows whether it is help that was asked
/// for. It never holds the value of a header.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let args: Vec<OsString> = args.into_iter().collect();
    match plain_command(&args) {
        Some(command) => Ok(Invocation::Run { options: Options::default(), command: command.to_vec() }),
        None => parse_with_clap(args),
    }
}

/// The command of a line that holds nothing else, neither an option nor a verb. Most lines are like that, and to tell
/// clap of everything that could be typed takes longer than all that is done before the command is started.
fn plain_command(args: &[OsString]) -> Option<&[OsString]> {
    let first = args.get(1)?;
    if first == "--" {
        return args.get(2..).filter(|command| !command.is_empty());
    }
    let plain = !first.as_encoded_bytes().starts_with(b"-") && !VERBS.iter().any(|verb| first == verb);
    args.get(1..).filter(|_| plain)
}

fn parse_with_clap(args: Vec<OsString>) -> Result<Invocation, clap::Error> {
    let mut command = command();
    let args = arrange(&command, args)?;
    let matches = command.try_get_matches_from_mut(args)?;
    let line = Line::from_arg_matches(&matches)?;
    Ok(match line.verb {
        None if line.dry_run => Invocation::Plan { options: line.options, command: line.command },
        None => Invocation::Run { options: line.options, command: line.command },
        Some(Verb::Plan { options, command }) => Invocation::Plan { options: *options, command },
        Some(Verb::Runs { json, limit, general }) => {
            Invocation::Runs { options: Options { general, ..Options::default() }, json, limit }
        }
        Some(Verb::Show { run, all, json, conversation, general }) => {
            Invocation::Show { options: Options { general, ..Options::default() }, run, all, json, conversation }
        }
        Some(Verb::Flush { runs, dry_run, destination, general }) => {
            Invocation::Flush { options: Options { destination, general, ..Options::default() }, runs, dry_run }
        }
        Some(Verb::Agents { name, toml, json, general }) => {
            let form = match (toml, json) {
                (true, _) => AgentForm::Toml,
                (false, true) => AgentForm::Json,
                (false, false) => AgentForm::Words,
            };
            Invocation::Agents { options: Options { general, ..Options::default() }, name, form }
        }
        Some(Verb::Serve(words)) => words.invocation(),
        Some(Verb::Prune { dry_run, retention, general }) => {
            Invocation::Prune { options: Options { retention, general, ..Options::default() }, dry_run }
        }
    })
}

/// The same line in the order in which clap can read it: program, verb, options, `--`, command.
fn arrange(command: &Command, mut args: Vec<OsString>) -> Result<Vec<OsString>, clap::Error> {
    let program = if args.is_empty() { OsString::from("otel-run") } else { args.remove(0) };
    let mut line = vec![program];
    let mut options = args;
    let mut rest = cut_at_first_word(command, &mut options)?;
    let first = rest.first().and_then(|word| word.to_str());
    match first.filter(|word| VERBS.contains(word)) {
        Some("plan") => {
            line.push(rest.remove(0));
            let command_words = cut_at_first_word(command, &mut rest)?;
            line.append(&mut options);
            line.append(&mut rest);
            rest = command_words;
        }
        Some(_) => {
            line.push(rest.remove(0));
            line.append(&mut options);
            line.append(&mut rest);
            return Ok(line);
        }
        None => line.append(&mut options),
    }
    if !rest.is_empty() {
        if rest.first().is_none_or(|word| word != "--") {
            line.push(OsString::from("--"));
        }
        line.append(&mut rest);
    }
    Ok(line)
}

/// Leaves the options in `args` and gives back the rest: from `--`, or from the first word that is neither an option
/// nor the value of one.
fn cut_at_first_word(command: &Command, args: &mut Vec<OsString>) -> Result<Vec<OsString>, clap::Error> {
    let mut index = 0;
    while let Some(arg) = args.get(index) {
        let text = arg.to_string_lossy();
        if text == "--" || text == "-" || !text.starts_with('-') {
            break;
        }
        let value_follows = match text.strip_prefix("--") {
            Some(long) => {
                let name = long.split_once('=').map_or(long, |(name, _)| name);
                if !is_known(command, name) {
                    return Err(unknown(command, name));
                }
                !long.contains('=') && takes_value(command, |arg| arg.get_long() == Some(name))
            }
            // Of several letters only the last can be followed by a value.
            None => text.chars().last().is_some_and(|last| takes_value(command, |arg| arg.get_short() == Some(last))),
        };
        index += 1;
        if value_follows && args.get(index).is_some_and(|value| value != "--") {
            index += 1;
        }
    }
    Ok(args.split_off(index.min(args.len())))
}

/// The options of the program and of all its verbs.
fn all_options(command: &Command) -> impl Iterator<Item = &clap::Arg> {
    command.get_arguments().chain(command.get_subcommands().flat_map(Command::get_arguments))
}

fn is_known(command: &Command, long: &str) -> bool {
    all_options(command).any(|arg| arg.get_long() == Some(long))
}

fn takes_value(command: &Command, is_it: impl Fn(&clap::Arg) -> bool) -> bool {
    all_options(command).any(|arg| is_it(arg) && arg.get_action().takes_values() && !arg.is_require_equals_set())
}

/// An option that no verb has. Clap's own message quotes what follows the `=`, which may be a credential.
fn unknown(command: &Command, long: &str) -> clap::Error {
    let known: Vec<String> =
        all_options(command).filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")).collect();
    let hint = choice::did_you_mean(&format!("--{long}"), known.iter().map(String::as_str));
    command.clone().error(ErrorKind::UnknownArgument, format!("there is no option --{long}{hint}"))
}

/// A parser for one word of a closed list.
fn words<T: Copy + Send + Sync + 'static>(choices: choice::Choices<T>) -> impl TypedValueParser<Value = T> {
    let words: Vec<&'static str> = choices.iter().map(|(word, _)| *word).collect();
    PossibleValuesParser::new(words).try_map(move |word| choice::read(choices, &word))
}

fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests;
