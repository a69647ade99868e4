//! What can be typed, and nothing else: no defaults, no environment, no files.
//!
//! The first word that is no option is either one of our verbs or the command. From the command on every word is the
//! command's, those that look like our options as well. So [`parse`] finds that word first, and clap reads what is
//! before it. Options before a verb are handed to the verb: `otel-run --state-dir X show` is `otel-run show --state-dir X`,
//! and each verb takes only the options that mean something to it.

mod config;
mod doctor;
mod examples;
mod help;
mod layer;
mod options;
mod order;
mod serve;
mod verbs;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Command, CommandFactory, FromArgMatches};

pub use doctor::DoctorOptions;
pub use options::{AgentOptions, DestinationOptions, General, IdentityOptions, Options, RetentionOptions, RunOptions};
pub use serve::ServeOptions;
use verbs::Line;

use crate::settings::choice;

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
        /// In which form.
        form: PlanForm,
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
    /// Say what is well and what is not.
    Doctor {
        /// Those of a run. There is no time limit among them.
        options: Options,
        /// What is asked about, and how it is answered.
        doctor: DoctorOptions,
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
    /// Say what is set, or look after settings files.
    Config {
        /// All of them for [`ConfigAction::Show`], and otherwise those of [`General`].
        options: Options,
        /// What exactly.
        action: ConfigAction,
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
            | Invocation::Doctor { options, .. }
            | Invocation::Agents { options, .. }
            | Invocation::Config { options, .. }
            | Invocation::Prune { options, .. } => options,
        }
    }
}

/// What `config` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigAction {
    /// Print the settings that hold.
    Show,
    /// Say what is wrong with a settings file.
    Check {
        /// Which; none is those that a run would read.
        file: Option<PathBuf>,
        /// By the rules for a project's file.
        project: bool,
    },
    /// Write a commented settings file.
    Init {
        /// The project's, not the user's.
        project: bool,
        /// Whatever is there already.
        force: bool,
        /// Print it instead.
        print: bool,
    },
    /// Say which files are read.
    Path {
        /// As JSON.
        json: bool,
    },
    /// Print the schema for editors.
    Schema {
        /// That of a project's file.
        project: bool,
    },
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

/// The form in which a plan is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum PlanForm {
    /// Words.
    #[default]
    Text,
    /// JSON.
    Json,
    /// What a platform sets that cannot run otel-run: lines for a shell.
    Shell,
    /// A `.env` file.
    Dotenv,
    /// A file for `docker run --env-file`.
    Docker,
    /// A container of a Kubernetes pod.
    K8s,
    /// The `env` of GitHub Actions.
    Github,
}

/// The command line as clap sees it, for completions and the man page.
pub fn command() -> Command {
    Line::command()
}

/// The words that are no command when they stand first.
const VERBS: [&str; 10] = ["runs", "show", "plan", "doctor", "flush", "prune", "agents", "config", "serve", "help"];

/// The verb that was meant by a word which is nearly one.
pub fn verb_meant_by(word: &OsStr) -> Option<&'static str> {
    choice::meant(word.to_str()?, VERBS)
}

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
    let args = order::arrange(&command, args)?;
    if help::is_short(&args) {
        command = help::on_one_screen(command);
    }
    let matches = command.try_get_matches_from_mut(args).map_err(|error| help::with_remedy(&command, error))?;
    Ok(Line::from_arg_matches(&matches)?.invocation())
}

#[cfg(test)]
mod tests;
