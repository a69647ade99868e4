//! What can be typed behind `config`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConfigAction, General, Invocation, Options};

pub(super) const EXAMPLES: &str = "\
Examples:
  What holds here, and where each setting comes from:
    otel-run config

  The same with these options, as a start for a file of your own:
    otel-run config --protocol grpc --endpoint http://localhost:4317

  A file in which every key is explained, and what is wrong with it later on:
    otel-run config init
    otel-run config check

The exit status is 0 where all is well and 1 where something is wrong with what
was said.";

const CHECK: &str = "\
Examples:
  What is wrong with a file, before it is put in place:
    otel-run config check new.toml

  The same for a project's file, which may set less:
    otel-run config check --project new.toml";

const INIT: &str = "\
Examples:
  The user's file:
    otel-run config init

  A project's, in this folder:
    otel-run config init --project";

const PATH: &str = "\
Examples:
  Which files are read here:
    otel-run config path";

const SCHEMA: &str = "\
Examples:
  For an editor that takes a schema from a file:
    otel-run config schema > otel-run.schema.json";

/// The verbs of `config`.
pub(super) const VERBS: [&str; 5] = ["check", "init", "path", "schema", "help"];

/// All of it.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Words {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say all that is wrong with a settings file
    #[command(after_long_help = CHECK)]
    Check {
        /// Which; without one, the project's and the user's
        #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        file: Option<PathBuf>,
        /// Take it for a project's, which may set less; .otel-run.toml is one anyway
        #[arg(long)]
        project: bool,
        #[command(flatten)]
        general: General,
    },
    /// Write a settings file in which every key is explained and nothing is set
    #[command(after_long_help = INIT)]
    Init {
        /// Write .otel-run.toml in this folder, not the user's file
        #[arg(long)]
        project: bool,
        /// Replace the file that is there
        #[arg(long)]
        force: bool,
        /// Print it, and write nothing
        #[arg(long, conflicts_with = "force")]
        stdout: bool,
        #[command(flatten)]
        general: General,
    },
    /// Say which settings files are read
    #[command(after_long_help = PATH)]
    Path {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        general: General,
    },
    /// Print the JSON Schema of settings files, for editors
    #[command(after_long_help = SCHEMA)]
    Schema {
        /// That of a project's file
        #[arg(long)]
        project: bool,
        #[command(flatten)]
        general: General,
    },
}

impl Words {
    pub(super) fn invocation(self) -> Invocation {
        let (general, action) = match self.verb {
            None => return Invocation::Config { options: self.options, action: ConfigAction::Show },
            Some(Verb::Check { file, project, general }) => (general, ConfigAction::Check { file, project }),
            Some(Verb::Init { project, force, stdout, general }) => {
                (general, ConfigAction::Init { project, force, print: stdout })
            }
            Some(Verb::Path { json, general }) => (general, ConfigAction::Path { json }),
            Some(Verb::Schema { project, general }) => (general, ConfigAction::Schema { project }),
        };
        Invocation::Config { options: Options { general, ..Options::default() }, action }
    }
}
