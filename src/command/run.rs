//! A run, from the command line to the command's own exit status.

use std::convert::Infallible;
use std::ffi::OsString;

use jiff::Timestamp;

use super::plan;
use super::recording::Recording;
use super::said::Said;
use crate::cli::Options;
use crate::collector;
use crate::context::Ids;
use crate::error::Error;
use crate::message;
use crate::plan::CollectorAddress;
use crate::process::{self, Signals};
use crate::secret::Secret;

/// Runs `command` and ends as it ends.
///
/// The command is started before the run is recorded: nothing that recording does can delay it, and what it sends
/// meanwhile waits at the collector's socket.
pub(super) fn run(options: &Options, command: &[OsString], begun: Timestamp) -> Result<Infallible, Error> {
    let said = Said::gather(options);
    let ids = Ids::fresh();
    let token = Secret::new(Ids::fresh().trace_id.to_string());
    let bound =
        if said.settings.collector.value && !said.settings.sdk_disabled.value { collector::bind().ok() } else { None };
    let address =
        bound.as_ref().map(|bound| CollectorAddress { base_url: bound.base_url(token.expose()), token: token.clone() });
    let planned = plan::make(&said, command, address.as_ref(), ids);
    let quiet = said.settings.quiet.value;
    if !quiet {
        planned.plan.warnings.iter().for_each(|warning| message::say(warning));
    }

    let mut signals = Signals::install().map_err(Error::Signals)?;
    let child = process::spawn(&planned.plan.argv, &changes(&planned.plan));
    let listener = bound.map(|bound| (bound, token));
    let recording = Recording::begin(&said, planned, command, child.as_ref(), listener, signals.closer(), begun);
    let exit = match child {
        Ok(child) => Ok(process::supervise(&child, &mut signals, |seen| recording.saw(seen))),
        Err(error) => Err(error),
    };
    let words = recording.end(&exit, &mut signals);
    if let Err(error) = &exit {
        message::say(&error.to_string());
    }
    if !quiet {
        words.iter().for_each(|line| message::say(line));
    }
    match exit {
        Ok(exit) => process::end_as(&exit),
        Err(error) => std::process::exit(error.exit_code()),
    }
}

/// The plan's changes to the environment, as the process room takes them.
fn changes(plan: &crate::plan::Plan) -> Vec<(OsString, Option<OsString>)> {
    use crate::plan::Action;
    let value = |action: &Action| match action {
        Action::Set(value) => Some(value.expose().to_owned()),
        Action::Remove => None,
    };
    plan.environment.iter().map(|change| (change.name.clone().into(), value(&change.action))).collect()
}
