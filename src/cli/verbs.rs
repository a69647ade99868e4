//! The line as clap knows it: the program's options, the verbs, and what each verb takes.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

use super::options::{DestinationOptions, General, Options, RetentionOptions};
use super::{AgentForm, Invocation, PlanForm};
use super::{config, doctor, examples, serve};

const USAGE: &str = "otel-run [OPTIONS] [--] COMMAND [ARGS]...\n       otel-run [OPTIONS] VERB ...";

/// Everything that clap knows about the command line, for help, completions and the man page as well.
#[derive(Debug, Parser)]
#[command(
    name = "otel-run",
    version,
    propagate_version = true,
    about = "Run a command as an OpenTelemetry span, with its own telemetry nested under it",
    override_usage = USAGE,
    after_long_help = examples::PROGRAM,
    max_term_width = 110,
    subcommand_help_heading = "Verbs",
    subcommand_value_name = "VERB",
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true,
    disable_help_flag = true,
    disable_version_flag = true,
)]
pub(super) struct Line {
    #[command(flatten)]
    options: Options,
    /// Print what would be done, and do nothing
    ///
    /// The same as `otel-run plan`.
    #[arg(long, help_heading = "Run")]
    dry_run: bool,
    /// With --dry-run: print it as [text, json, shell, dotenv, docker, k8s, github]
    #[arg(
        long,
        value_name = "FORM",
        value_enum,
        requires = "dry_run",
        hide_short_help = true,
        hide_possible_values = true,
        help_heading = "Run"
    )]
    format: Option<PlanForm>,
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
pub(super) struct About {
    /// Print help (--help: all options, and examples)
    #[arg(short, long, action = clap::ArgAction::Help, global = true)]
    help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, action = clap::ArgAction::Version, global = true)]
    version: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the runs on disk
    #[command(after_long_help = examples::RUNS)]
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
    #[command(after_long_help = examples::SHOW)]
    Show {
        /// Which run, as `otel-run runs` names it, or the beginning or end of its name
        #[arg(value_name = "RUN")]
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
    #[command(override_usage = "otel-run plan [OPTIONS] [--] COMMAND [ARGS]...", after_long_help = examples::PLAN)]
    Plan {
        /// Print it as [text, json, shell, dotenv, docker, k8s, github]
        ///
        /// json is the whole plan for programs. The others are what a platform sets that starts the agent and cannot run otel-run:
        /// the agent's telemetry is switched on and goes straight to the first upstream; secrets are references.
        #[arg(
            long,
            value_name = "FORM",
            value_enum,
            default_value_t,
            hide_default_value = true,
            hide_possible_values = true,
            help_heading = "Run"
        )]
        format: PlanForm,
        #[command(flatten)]
        options: Box<Options>,
        #[arg(last = true, required = true, hide = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Say what is well, what is not, and what to do about it
    ///
    /// Everything that a run would read is read, with an agent or a command also what belongs to it. Nothing is started but
    /// the program that prints headers, where there is one.
    #[command(after_long_help = doctor::EXAMPLES)]
    Doctor(Box<doctor::Words>),
    /// Deliver what is still on disk
    #[command(after_long_help = examples::FLUSH)]
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
    #[command(after_long_help = examples::PRUNE)]
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
    #[command(after_long_help = examples::AGENTS)]
    Agents {
        /// Which, as `otel-run agents` names it
        #[arg(value_name = "AGENT")]
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
    /// Print the settings that hold, check settings files, or write one
    #[command(after_long_help = config::EXAMPLES)]
    Config(Box<config::Words>),
    /// Collect from whoever sends, without a command
    #[command(after_long_help = serve::EXAMPLES)]
    Serve(Box<serve::Words>),
}

impl Line {
    /// What the line asks for.
    pub(super) fn invocation(self) -> Invocation {
        match self.verb {
            None if self.dry_run => {
                let form = self.format.unwrap_or_default();
                Invocation::Plan { options: self.options, form, command: self.command }
            }
            None => Invocation::Run { options: self.options, command: self.command },
            Some(verb) => verb.invocation(),
        }
    }
}

impl Verb {
    fn invocation(self) -> Invocation {
        match self {
            Verb::Plan { format, options, command } => Invocation::Plan { options: *options, form: format, command },
            Verb::Runs { json, limit, general } => {
                Invocation::Runs { options: Options { general, ..Options::default() }, json, limit }
            }
            Verb::Show { run, all, json, conversation, general } => {
                Invocation::Show { options: Options { general, ..Options::default() }, run, all, json, conversation }
            }
            Verb::Flush { runs, dry_run, destination, general } => {
                Invocation::Flush { options: Options { destination, general, ..Options::default() }, runs, dry_run }
            }
            Verb::Agents { name, toml, json, general } => {
                let form = match (toml, json) {
                    (true, _) => AgentForm::Toml,
                    (false, true) => AgentForm::Json,
                    (false, false) => AgentForm::Words,
                };
                Invocation::Agents { options: Options { general, ..Options::default() }, name, form }
            }
            Verb::Config(words) => words.invocation(),
            Verb::Serve(words) => words.invocation(),
            Verb::Doctor(words) => words.invocation(),
            Verb::Prune { dry_run, retention, general } => {
                Invocation::Prune { options: Options { retention, general, ..Options::default() }, dry_run }
            }
        }
    }
}
