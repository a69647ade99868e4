//! A run, from the command line to the command's own exit status.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io::ErrorKind;

use jiff::Timestamp;

use super::launch::Launch;
use super::plan::{self, Means, Planned};
use super::private_file::PrivateFile;
use super::recording::{self, Recording};
use super::said::Said;
use super::supervision;
use crate::cli::{self, Options};
use crate::collector::{self, Bound};
use crate::context::Ids;
use crate::error::Error;
use crate::message;
use crate::plan::{Action, CollectorAddress, Plan};
use crate::process::{self, Aftermath, Child, ExecError, Signals, Supervisor};
use crate::secret::Secret;

/// Runs `command` and ends as it ends.
///
/// The command is started before the run is recorded: nothing that recording does can delay it, and what it sends
/// meanwhile waits at the collector's socket.
pub(super) fn run(options: &Options, command: &[OsString], begun: Timestamp) -> Result<Infallible, Error> {
    let mut said = Said::gather(options);
    let ids = Ids::fresh();
    let listener = if said.settings.collector.value && !said.settings.sdk_disabled.value { listen() } else { None };
    let address = listener
        .as_ref()
        .map(|(bound, token)| CollectorAddress { base_url: bound.base_url(token), token: token.clone() });
    let mut means = Means { private_file: true, questions: true };
    let planned = |means| plan::make(&said, command, address.as_ref(), ids, means);
    let mut planned_with = planned(means);
    let private_file = PrivateFile::write(&planned_with.plan).unwrap_or_else(|_| {
        means.private_file = false;
        planned_with = planned(means);
        None
    });
    let Planned { plan, context, upstreams, own: _ } = planned_with;
    said.settings.upstreams = upstreams;
    let quiet = said.settings.quiet.value;
    if !quiet {
        plan.warnings.iter().for_each(|warning| message::say(&warning.text));
    }

    let terms = supervision::terms(&said, &plan, &context);
    // Somebody has to remove the file.
    if private_file.is_none() && supervision::is_pointless(&said, &context, &terms) {
        let error = process::replace(&plan.argv, &changes(&plan));
        message::say(&not_run(&error));
        std::process::exit(error.exit_code());
    }
    let successes: Vec<i32> = plan.success_codes.value.iter().copied().chain([0]).collect();
    let signals = Signals::install().map_err(Error::Signals)?;
    let launched_unix_nano = recording::unix_nano();
    let child = process::spawn(&plan.argv, &changes(&plan), &terms);
    let pid = child.as_ref().ok().map(Child::pid);
    let launch = Launch { plan: &plan, context, command, pid, begun, launched_unix_nano };
    let recording = Recording::begin(&said, launch, listener, signals.closer());
    let (exit, mut aftermath) = match child {
        Ok(child) => {
            let (exit, aftermath) = Supervisor::new(child, signals, terms).watch(|seen| recording.saw(seen));
            (Ok(exit), aftermath)
        }
        Err(error) => (Err(error), Aftermath::of_nothing(signals)),
    };
    let last = recording.end(&exit, &mut aftermath);
    aftermath.finish();
    drop(private_file);
    if let Err(error) = &exit {
        message::say(&not_run(error));
    }
    if !quiet {
        last.words.iter().for_each(|line| message::say(line));
    }
    if let Some(lacking) = last.lacking.filter(|_| exit.as_ref().is_ok_and(|exit| successes.contains(&exit.code()))) {
        return Err(Error::Lacking(lacking));
    }
    match exit {
        Ok(exit) => process::end_as(&exit),
        Err(error) => std::process::exit(error.exit_code()),
    }
}

/// Why the command does not run; and, where there is no such program, the verb that it is a slip for.
fn not_run(error: &ExecError) -> String {
    let is_there = error.source.kind() != ErrorKind::NotFound || which::which(&error.program).is_ok();
    let meant = cli::verb_meant_by(&error.program).filter(|_| !is_there);
    let hint = meant.map(|verb| format!("; did you mean the verb {verb}?")).unwrap_or_default();
    format!("{error}{hint}")
}

/// Takes a port for the collector. Without one the command runs all the same, and the plan says so.
fn listen() -> Option<(Bound, Secret)> {
    Some((collector::bind().ok()?, collector::token().ok()?))
}

/// The plan's changes to the environment, as the process room takes them.
fn changes(plan: &Plan) -> Vec<(OsString, Option<OsString>)> {
    let value = |action: &Action| match action {
        Action::Set(value) => Some(value.expose().to_owned()),
        Action::Remove => None,
    };
    plan.environment.iter().map(|change| (change.name.clone().into(), value(&change.action))).collect()
}
