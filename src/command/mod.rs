//! The verbs, one file each, and what they share: what the user said, and where it is kept.

mod agents;
mod config;
mod conversation;
mod deliver;
mod destination;
mod dial;
mod doctor;
mod flush;
mod installed;
mod launch;
mod lost;
mod own;
mod plan;
mod private_file;
mod prune;
mod recording;
mod run;
mod runs;
mod said;
mod screen;
mod serve;
mod show;
mod supervision;
mod verdict;
mod witness;
mod written;

use std::process::ExitCode;

use jiff::Timestamp;

use crate::cli::{self, Invocation};
use crate::error::Error;
use crate::message;
use crate::process;

/// The exit status of a failure before the command was started, as env(1) and timeout(1) have it.
const OWN_FAILURE: u8 = 125;

/// The whole program: reads the command line, does what it says, and says what went wrong.
pub fn main() -> ExitCode {
    if process::is_group_watch(std::env::args_os().next().as_deref()) {
        return process::keep_group_watch();
    }
    let begun = Timestamp::now();
    let invocation = match cli::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(usage) => {
            let _ = usage.print();
            return if usage.use_stderr() { ExitCode::from(OWN_FAILURE) } else { ExitCode::SUCCESS };
        }
    };
    match obey(&invocation, begun) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            error.to_string().lines().for_each(message::say);
            if let Some(hint) = error.hint() {
                message::say(hint);
            }
            ExitCode::from(error.exit_code())
        }
    }
}

/// The exit status, where everything could be done.
fn obey(invocation: &Invocation, begun: Timestamp) -> Result<u8, Error> {
    match invocation {
        Invocation::Run { options, command } => match run::run(options, command, begun)? {},
        Invocation::Plan { options, form, command } => plan::plan(options, *form, command),
        Invocation::Doctor { options, doctor } => return doctor::doctor(options, doctor),
        Invocation::Runs { options, json, limit } => runs::runs(options, *json, *limit),
        Invocation::Show { options, run, all, json, conversation } => {
            show::show(options, run.as_deref(), *all, *json, *conversation)
        }
        Invocation::Flush { options, runs, dry_run } => flush::flush(options, runs, *dry_run),
        Invocation::Serve { options, serve } => serve::serve(options, serve),
        Invocation::Agents { options, name, form } => agents::agents(options, name.as_deref(), *form),
        Invocation::Config { options, action } => config::config(options, action),
        Invocation::Prune { options, dry_run } => prune::prune(options, *dry_run),
    }
    .map(|()| 0)
}
