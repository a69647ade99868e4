//! What can be typed, and nothing else: no defaults, no environment, no files.
//!
//! The first word that is no option is either one of our verbs or the command. From the command on every word is the
//! command's, those that look like our options as well. So [`parse`] finds that word first, and clap reads what is
//! before it. Options before a verb are handed to the verb: `otel-run --state-dir X show` is `otel-run show --state-dir X`,
//! and each verb takes only the options that mean something to it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::secret::Secret;
use crate::settings::{
    self, AgentChoice, Complaint, Content, Layer, Nest, Origin, Protocol, Sourced, choice, duration,
};

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
    },
    /// Deliver what was not delivered.
    Flush {
        /// Only those of [`General`] and [`DestinationOptions`].
        options: Options,
        /// Which runs; none means all that are not delivered.
        runs: Vec<String>,
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
            | Invocation::Flush { options, .. } => options,
        }
    }
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
    /// HTTP appends v1/traces, v1/metrics and v1/logs; gRPC uses scheme, host and port. Without any endpoint the run is
    /// kept on disk only. Headers of another place (variables, files) are never sent to it. Variables:
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
    /// Compress requests [gzip, none]
    ///
    /// The default is none. Variables: OTEL_RUN_COMPRESSION, OTEL_EXPORTER_OTLP_COMPRESSION
    #[arg(long, value_name = "HOW", hide_short_help = true, ignore_case = true, hide_possible_values = true, value_parser = words(choice::COMPRESSION))]
    pub compression: Option<bool>,
    /// Longest wait for one request, such as 5s
    ///
    /// The default is 10s; 0 is no limit. Variables: OTEL_RUN_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT in milliseconds
    #[arg(long, value_name = "TIME", hide_short_help = true, value_parser = duration::read_limit)]
    pub timeout: Option<Duration>,
}

/// What telemetry is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Identity")]
pub struct IdentityOptions {
    /// service.name of everything in the run
    ///
    /// Variables: OTEL_RUN_SERVICE_NAME, OTEL_SERVICE_NAME
    #[arg(long, value_name = "NAME")]
    pub service_name: Option<String>,
    /// Resource attribute of everything in the run
    ///
    /// May be given more than once; the value is taken as it is typed. Variables:
    /// OTEL_RUN_RESOURCE_ATTRIBUTES, OTEL_RESOURCE_ATTRIBUTES
    #[arg(long = "resource-attribute", value_name = "KEY=VALUE", hide_short_help = true)]
    pub resource_attributes: Vec<String>,
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
    /// Put its telemetry under the run [adopt, link, off]
    ///
    /// adopt (the default) moves it into the run's trace, link keeps its traces and joins them by span links, off touches
    /// nothing. Variable: OTEL_RUN_NEST
    #[arg(long, value_name = "HOW", ignore_case = true, hide_possible_values = true, value_parser = words(choice::NEST))]
    pub nest: Option<Nest>,
    /// Keep prompts, answers and tool data [off, on]
    ///
    /// off (the default) removes them before anything is written to disk or sent. Variable: OTEL_RUN_CONTENT
    #[arg(long, value_name = "WHETHER", ignore_case = true, hide_possible_values = true, value_parser = words(choice::CONTENT))]
    pub content: Option<Content>,
    /// Use the embedded collector [on, off]
    ///
    /// on is the default. Variable: OTEL_RUN_COLLECTOR
    #[arg(long, value_name = "WHETHER", hide_short_help = true, ignore_case = true, hide_possible_values = true, value_parser = words(choice::SWITCH))]
    pub collector: Option<bool>,
    /// How long delivery may go on after the command ended
    ///
    /// The default is 2s at a terminal and 5s elsewhere. What is not delivered by then stays on disk, and `otel-run flush`
    /// delivers it. Variable: OTEL_RUN_DRAIN_DEADLINE
    #[arg(long, value_name = "TIME", help_heading = "Run", hide_short_help = true, value_parser = duration::read)]
    pub drain_deadline: Option<Duration>,
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
        #[command(flatten)]
        destination: DestinationOptions,
        #[command(flatten)]
        general: General,
    },
}

/// The command line as clap sees it, for completions and the man page.
pub fn command() -> Command {
    Line::command()
}

/// Reads a command line, the program's own name first. The error is clap's and knows whether it is help that was asked
/// for. It never holds the value of a header.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let mut command = command();
    let args = arrange(&command, args.into_iter().collect())?;
    let matches = command.try_get_matches_from_mut(args)?;
    let line = Line::from_arg_matches(&matches)?;
    Ok(match line.verb {
        None if line.dry_run => Invocation::Plan { options: line.options, command: line.command },
        None => Invocation::Run { options: line.options, command: line.command },
        Some(Verb::Plan { options, command }) => Invocation::Plan { options: *options, command },
        Some(Verb::Runs { json, limit, general }) => {
            Invocation::Runs { options: Options { general, ..Options::default() }, json, limit }
        }
        Some(Verb::Show { run, all, json, general }) => {
            Invocation::Show { options: Options { general, ..Options::default() }, run, all, json }
        }
        Some(Verb::Flush { runs, destination, general }) => {
            Invocation::Flush { options: Options { destination, general, ..Options::default() }, runs }
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
    match first.filter(|word| command.find_subcommand(word).is_some() || *word == "help") {
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
    all_options(command).any(|arg| is_it(arg) && arg.get_action().takes_values())
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

impl Options {
    /// What the options say, as a layer of settings.
    pub fn layer(&self) -> (Layer, Vec<Complaint>) {
        let mut complaints = Vec::new();
        let mut layer = Layer::default();
        let Options { destination, identity, agent, general } = self;
        layer.destination.endpoint =
            said(&destination.endpoint, "--endpoint").filter(|endpoint| !endpoint.value.trim().is_empty());
        for header in &destination.headers {
            let origin = Origin::Flag("--header");
            match settings::header_of_text(header.expose()) {
                Ok((name, value)) => {
                    settings::attributes::upsert(&mut layer.destination.headers, name, Sourced::new(value, origin));
                }
                Err(message) => complaints.push(Complaint { origin, message: format!("{message}; it is ignored") }),
            }
        }
        layer.protocol = said(&destination.protocol, "--protocol");
        layer.gzip = said(&destination.compression, "--compression");
        layer.timeout = said(&destination.timeout, "--timeout");
        layer.service_name = said(&identity.service_name, "--service-name").filter(|name| !name.value.is_empty());
        for attribute in &identity.resource_attributes {
            let origin = Origin::Flag("--resource-attribute");
            match attribute.split_once('=').map(|(key, value)| (key.trim(), value)) {
                Some((key, value)) if !key.is_empty() => settings::attributes::upsert(
                    &mut layer.resource_attributes,
                    key.to_owned(),
                    Sourced::new(value.to_owned(), origin),
                ),
                _ => {
                    let message = format!("\"{attribute}\" is not KEY=VALUE; it is ignored");
                    complaints.push(Complaint { origin, message });
                }
            }
        }
        layer.agent = said(&agent.agent, "--agent")
            .filter(|agent| !agent.value.trim().is_empty())
            .map(|agent| Sourced::new(AgentChoice::read(&agent.value), agent.origin));
        layer.nest = said(&agent.nest, "--nest");
        layer.content = said(&agent.content, "--content");
        layer.collector = said(&agent.collector, "--collector");
        layer.drain_deadline = said(&agent.drain_deadline, "--drain-deadline");
        layer.state_dir = said(&general.state_dir, "--state-dir");
        layer.quiet = general.quiet.then(|| Sourced::new(true, Origin::Flag("--quiet")));
        (layer, complaints)
    }
}

fn said<T: Clone>(value: &Option<T>, flag: &'static str) -> Option<Sourced<T>> {
    value.clone().map(|value| Sourced::new(value, Origin::Flag(flag)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::os::unix::ffi::OsStringExt;

    use super::*;
    use crate::settings::HeaderValue;

    fn line(words: &str) -> Result<Invocation, clap::Error> {
        parse(std::iter::once("otel-run").chain(words.split_whitespace()).map(OsString::from))
    }

    fn words(list: &[OsString]) -> String {
        list.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    /// Verb, the flags that were understood, and the words of the command or the runs, as one text.
    fn told(invocation: &Invocation) -> String {
        let (layer, complaints) = invocation.options().layer();
        assert!(complaints.is_empty(), "{complaints:?}");
        let mut flags = String::new();
        let mut flag = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                flags.push_str(&format!(" {name}={value}"));
            }
        };
        flag("endpoint", layer.destination.endpoint.map(|said| said.value));
        flag("headers", (!layer.destination.headers.is_empty()).then(|| layer.destination.headers.len().to_string()));
        flag("state-dir", layer.state_dir.map(|said| said.value.display().to_string()));
        flag("config", invocation.options().general.config.as_ref().map(|path| path.display().to_string()));
        flag("nest", layer.nest.map(|said| said.value.as_str().to_owned()));
        flag("quiet", layer.quiet.map(|said| said.value.to_string()));
        match invocation {
            Invocation::Run { command, .. } => format!("run{flags}: {}", words(command)),
            Invocation::Plan { command, .. } => format!("plan{flags}: {}", words(command)),
            Invocation::Runs { json, limit, .. } => format!("runs{flags} {json} {limit:?}"),
            Invocation::Show { run, all, json, .. } => format!("show{flags} {run:?} {all} {json}"),
            Invocation::Flush { runs, .. } => format!("flush{flags} {runs:?}"),
        }
    }

    #[test]
    fn lines_that_are_understood() {
        for (typed, expected) in [
            ("-- opencode run hi", "run: opencode run hi"),
            ("opencode run hi", "run: opencode run hi"),
            ("--quiet opencode run --foo x", "run quiet=true: opencode run --foo x"),
            ("-q opencode run --foo x", "run quiet=true: opencode run --foo x"),
            (
                "opencode --quiet --endpoint http://x -h --help -V",
                "run: opencode --quiet --endpoint http://x -h --help -V",
            ),
            ("-- opencode -- x -- y", "run: opencode -- x -- y"),
            ("opencode -- x", "run: opencode -- x"),
            ("-- -- x", "run: -- x"),
            ("-- -x", "run: -x"),
            ("-- runs", "run: runs"),
            ("-q -- show --json", "run quiet=true: show --json"),
            ("env runs", "run: env runs"),
            ("--endpoint runs -- true", "run endpoint=runs: true"),
            ("--endpoint runs true", "run endpoint=runs: true"),
            ("--endpoint=http://x true show", "run endpoint=http://x: true show"),
            ("--header a=b --header c=env:D true", "run headers=2: true"),
            ("--dry-run -- true", "plan: true"),
            ("--dry-run true --dry-run", "plan: true --dry-run"),
            ("plan -- true", "plan: true"),
            ("plan true -- x", "plan: true -- x"),
            ("plan runs", "plan: runs"),
            ("plan -- plan", "plan: plan"),
            (
                "--nest link plan --endpoint http://x true --nest off",
                "plan endpoint=http://x nest=link: true --nest off",
            ),
            ("runs", "runs false None"),
            ("runs --json --limit 5", "runs true Some(5)"),
            ("--limit 5 runs", "runs false Some(5)"),
            ("show", "show None false false"),
            ("show r1 --all", "show Some(\"r1\") true false"),
            ("--state-dir X show", "show state-dir=X None false false"),
            (
                "--state-dir X --config c.toml -q show --json r1",
                "show state-dir=X config=c.toml quiet=true Some(\"r1\") false true",
            ),
            ("show --state-dir X", "show state-dir=X None false false"),
            ("flush", "flush []"),
            ("--endpoint http://x flush r1 --header a=b r2", "flush endpoint=http://x headers=1 [\"r1\", \"r2\"]"),
            ("--nest LINK true", "run nest=link: true"),
        ] {
            match line(typed) {
                Ok(invocation) => assert_eq!(told(&invocation), expected, "{typed}"),
                Err(error) => panic!("{typed}: {error}"),
            }
        }
    }

    #[test]
    fn lines_that_are_usage_errors() {
        for (typed, kind, part) in [
            ("", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, "Usage:"),
            ("--", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, "Usage:"),
            ("--quiet", ErrorKind::MissingRequiredArgument, "COMMAND"),
            ("plan", ErrorKind::MissingRequiredArgument, "COMMAND"),
            ("plan --", ErrorKind::MissingRequiredArgument, "COMMAND"),
            ("--endpoint", ErrorKind::InvalidValue, "--endpoint <URL>"),
            ("--endpoint -- true", ErrorKind::InvalidValue, "--endpoint <URL>"),
            ("--endpont http://x -- true", ErrorKind::UnknownArgument, "did you mean --endpoint?"),
            ("-x true", ErrorKind::UnknownArgument, "'-x'"),
            ("--nest adpot true", ErrorKind::InvalidValue, "adopt, link, off"),
            ("--timeout 5x true", ErrorKind::ValueValidation, "write it like 5s"),
            ("--nest off show", ErrorKind::UnknownArgument, "--nest"),
            ("show --endpoint http://x", ErrorKind::UnknownArgument, "--endpoint"),
            ("--dry-run show", ErrorKind::UnknownArgument, "--dry-run"),
            ("runs --agent none", ErrorKind::UnknownArgument, "--agent"),
            ("flush --nest off", ErrorKind::UnknownArgument, "--nest"),
            ("show a b", ErrorKind::UnknownArgument, "'b'"),
            ("runs --limit many", ErrorKind::ValueValidation, "--limit"),
            ("--json true", ErrorKind::UnknownArgument, "--json"),
        ] {
            let error = line(typed).err().unwrap_or_else(|| panic!("{typed} was understood"));
            assert_eq!(error.kind(), kind, "{typed}: {error}");
            assert!(error.to_string().contains(part), "{typed}: {error}");
        }
    }

    #[test]
    fn help_and_version() {
        for (typed, kind, part) in [
            ("-h", ErrorKind::DisplayHelp, "Verbs:"),
            ("--help", ErrorKind::DisplayHelp, "ENTRYPOINT"),
            ("--help opencode", ErrorKind::DisplayHelp, "Destination:"),
            ("show --help", ErrorKind::DisplayHelp, "housekeeping"),
            ("--help show", ErrorKind::DisplayHelp, "housekeeping"),
            ("help flush", ErrorKind::DisplayHelp, "--endpoint"),
            ("plan --help", ErrorKind::DisplayHelp, "otel-run plan [OPTIONS]"),
            ("--version", ErrorKind::DisplayVersion, env!("CARGO_PKG_VERSION")),
            ("-V", ErrorKind::DisplayVersion, env!("CARGO_PKG_VERSION")),
            ("show --version", ErrorKind::DisplayVersion, env!("CARGO_PKG_VERSION")),
        ] {
            let error = line(typed).err().unwrap_or_else(|| panic!("{typed} was understood"));
            assert_eq!(error.kind(), kind, "{typed}: {error}");
            assert!(error.to_string().contains(part), "{typed}: {error}");
        }
    }

    #[test]
    fn clap_finds_nothing_wrong_with_the_types() {
        command().debug_assert();
    }

    #[test]
    fn short_help() {
        insta::assert_snapshot!(command().term_width(80).render_help(), @r#"
        Run a command as an OpenTelemetry span, with its own telemetry nested under it

        Usage: otel-run [OPTIONS] [--] COMMAND [ARGS]...
               otel-run [OPTIONS] VERB ...

        Verbs:
          runs   List the runs on disk
          show   Show one run as a tree, the latest by default
          plan   Print what a run would do, and do nothing (the same as --dry-run)
          flush  Deliver what is still on disk
          help   Print this message or the help of the given subcommand(s)

        Destination:
              --endpoint <URL>       Send to this base URL
              --protocol <PROTOCOL>  How to speak to it [http/protobuf, http/json, grpc]
              --header <NAME=VALUE>  Request header; VALUE may be env:NAME or file:PATH

        Identity:
              --service-name <NAME>  service.name of everything in the run

        Agent:
              --agent <AGENT>      Treat the command as this agent [auto, none, NAME]
              --nest <HOW>         Put its telemetry under the run [adopt, link, off]
              --content <WHETHER>  Keep prompts, answers and tool data [off, on]

        Run:
              --state-dir <FOLDER>  Keep the runs in this folder
          -q, --quiet               Say nothing
              --dry-run             Print what would be done, and do nothing
          -h, --help                Print help (--help: all options, and examples)
          -V, --version             Print the version
        "#);
    }

    #[test]
    fn long_help_names_every_variable_of_an_option() {
        let help = command().term_width(110).render_long_help().to_string();
        for variable in settings::variables::ALL {
            if variable.name.starts_with("OTEL_RUN_") {
                assert!(help.contains(variable.name), "{}", variable.name);
            }
        }
    }

    #[test]
    fn words_need_not_be_text() {
        let strange = OsString::from_vec(vec![b'a', 0xff]);
        let args = ["otel-run".into(), "--state-dir".into(), strange.clone(), strange.clone(), "b".into()];
        let invocation = parse(args).unwrap();
        assert_eq!(invocation.options().general.state_dir, Some(PathBuf::from(&strange)));
        let Invocation::Run { command, .. } = invocation else { panic!("{invocation:?}") };
        assert_eq!(command, [strange.clone(), "b".into()]);

        let args = ["otel-run".into(), "--header".into(), strange, "true".into()];
        assert_eq!(parse(args).unwrap_err().kind(), ErrorKind::InvalidUtf8);
    }

    #[test]
    fn no_error_holds_a_header() {
        for typed in [
            "--header authorization=hunter2",
            "--header authorization=hunter2 --nest x -- true",
            "--header=authorization=hunter2 show",
            "show --header=authorization=hunter2",
            "show --header authorization=hunter2",
            "--headers=authorization=hunter2 -- true",
            "--headers authorization=hunter2 -- true",
            "--headers=authorization=hunter2 flush",
            "flush --headers=authorization=hunter2",
            "flush --headers authorization=hunter2",
            "runs --header=authorization=hunter2",
            "plan --headers=authorization=hunter2 true",
            "-header=authorization=hunter2 true",
            "-H authorization=hunter2 true",
            "-Hauthorization=hunter2 true",
            "show -H authorization=hunter2",
            "show -Hauthorization=hunter2",
        ] {
            let error = line(typed).err().unwrap_or_else(|| panic!("{typed} was understood"));
            assert!(!format!("{error}{error:?}").contains("hunter2"), "{typed}: {error:?}");
        }
    }

    #[test]
    fn options_print_no_header() {
        let invocation = line("--header authorization=hunter2 -- true").unwrap();
        let (layer, _) = invocation.options().layer();
        assert!(!format!("{invocation:?}{layer:?}").contains("hunter2"));
        let [(name, value)] = &layer.destination.headers[..] else { panic!("{layer:?}") };
        assert_eq!(name, "authorization");
        assert_eq!(value.value, HeaderValue::Literal(Secret::new("hunter2")));
    }

    #[test]
    fn every_option_says_its_setting() {
        let invocation = line(
            "--endpoint http://e --protocol grpc --header A=env:B --compression gzip --timeout 3s --service-name n \
             --resource-attribute k=v=w --resource-attribute k=x --agent none --nest off --content on \
             --drain-deadline 0 --collector off --state-dir s --quiet true",
        )
        .unwrap();
        let (layer, complaints) = invocation.options().layer();
        fn flag<T>(name: &'static str, value: T) -> Option<Sourced<T>> {
            Some(Sourced::new(value, Origin::Flag(name)))
        }
        let header = Sourced::new(HeaderValue::Env("B".to_owned()), Origin::Flag("--header"));
        let attribute = Sourced::new("x".to_owned(), Origin::Flag("--resource-attribute"));
        let expected = Layer {
            destination: settings::Destination {
                endpoint: flag("--endpoint", "http://e".to_owned()),
                headers: vec![("a".to_owned(), header)],
                ..Default::default()
            },
            protocol: flag("--protocol", Protocol::Grpc),
            gzip: flag("--compression", true),
            timeout: flag("--timeout", Duration::from_secs(3)),
            service_name: flag("--service-name", "n".to_owned()),
            resource_attributes: vec![("k".to_owned(), attribute)],
            agent: flag("--agent", AgentChoice::None),
            nest: flag("--nest", Nest::Off),
            content: flag("--content", Content::On),
            drain_deadline: flag("--drain-deadline", Duration::ZERO),
            collector: flag("--collector", false),
            state_dir: flag("--state-dir", PathBuf::from("s")),
            quiet: flag("--quiet", true),
            ..Layer::default()
        };
        assert_eq!((layer, complaints), (expected, Vec::new()));
    }

    #[test]
    fn empty_options_say_nothing() {
        let args = ["otel-run", "--endpoint", "", "--service-name=", "--agent=", "--", "true"];
        let invocation = parse(args.map(OsString::from)).unwrap();
        assert_eq!(invocation.options().layer(), (Layer::default(), Vec::new()));
    }

    #[test]
    fn mistakes_in_headers_and_attributes_are_complaints() {
        let args = ["otel-run", "--header", "authorization: Bearer hunter2", "--resource-attribute", "team", "true"];
        let (layer, complaints) = parse(args.map(OsString::from)).unwrap().options().layer();
        assert_eq!(layer, Layer::default());
        let complaints: Vec<_> = complaints.iter().map(ToString::to_string).collect();
        assert_eq!(
            complaints,
            [
                "--header: a header has no `=`; write it like authorization=env:NAME, authorization=file:PATH or \
                 name=value; it is ignored",
                "--resource-attribute: \"team\" is not KEY=VALUE; it is ignored",
            ]
        );
    }
}
