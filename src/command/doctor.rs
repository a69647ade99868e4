//! `doctor`: reads everything that a run would read, and says what is well, what is not, and what to do about it.

use std::ffi::OsString;
use std::time::Duration;

use super::plan::{self, Means, Planned};
use super::said::Said;
use super::screen::Screen;
use super::supervision;
use crate::cli::{DoctorOptions, Options};
use crate::context::Ids;
use crate::diagnosis::{self, Diagnosis, Finding};
use crate::error::Error;
use crate::message;
use crate::plan::{CollectorAddress, Destination};
use crate::secret::Secret;
use crate::settings::{AgentChoice, Complaint, Origin, Sourced, Upstream, choice, duration};
use crate::view::diagnosis as view;

/// How long one probe may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Finds out what is the case, and says it. The exit status is the diagnosis's.
pub(super) fn doctor(options: &Options, asked: &DoctorOptions) -> Result<u8, Error> {
    let mut said = Said::gather(options);
    let command = command(&mut said, asked)?;
    let patience = match asked.timeout {
        None => PATIENCE,
        Some(limit) if limit.is_zero() => duration::NO_LIMIT,
        Some(limit) => limit,
    };
    let planned = command.as_ref().map(|command| planned(&said, command));
    let upstreams = planned.as_ref().map_or(&said.settings.upstreams, |planned| &planned.upstreams);

    let mut findings = destinations(&said, upstreams, patience);
    let complaints: Vec<Complaint> =
        said.complaints.iter().cloned().chain(supervision::not_possible_here(&said.settings)).collect();
    findings.extend(diagnosis::settings::findings(&complaints));
    if let Some(Planned { plan, .. }) = &planned {
        findings.extend(diagnosis::agent::warnings(&plan.warnings));
    }
    let diagnosis = Diagnosis::of(findings);

    let exit_code = diagnosis.exit_code(asked.strict);
    message::print(&told(&said, &diagnosis, asked, command.as_deref(), exit_code)?)?;
    Ok(exit_code)
}

/// What a run of `upstreams` would dial, dialled for at most `patience` each, all side by side.
fn destinations(_said: &Said, upstreams: &[Upstream], _patience: Duration) -> Vec<Finding> {
    if upstreams.is_empty() {
        return vec![diagnosis::destination::nowhere()];
    }
    let destinations: Vec<Destination> = upstreams.iter().map(Destination::of).collect();
    diagnosis::destination::not_dialled(&destinations)
}

/// The command that is asked about: the one that was typed, or that of the agent that was named.
fn command(said: &mut Said, asked: &DoctorOptions) -> Result<Option<Vec<OsString>>, Error> {
    let Some(name) = &asked.agent else {
        return Ok(Some(asked.command.clone()).filter(|command| !command.is_empty()));
    };
    let Some(profile) = said.agents.named(name) else {
        let names: Vec<&str> = said.agents.all().map(|profile| profile.name).collect();
        let hint = choice::did_you_mean(name, names.iter().copied());
        return Err(Error::Undiagnosed(format!(
            "there is no agent \"{name}\" (known: {}){hint}; a command stands behind `--`: otel-run doctor -- COMMAND",
            names.join(", ")
        )));
    };
    let command = profile.recognised_by.base_names.first().unwrap_or(&profile.name);
    said.settings.agent = Sourced::new(AgentChoice::Named(profile.name.to_owned()), Origin::Default);
    Ok(Some(vec![OsString::from(command)]))
}

/// The plan of a run of `command`. Nothing is bound for it, and nothing started.
fn planned(said: &Said, command: &[OsString]) -> Planned {
    let address = CollectorAddress { base_url: "http://127.0.0.1:PORT/TOKEN".to_owned(), token: Secret::new("TOKEN") };
    plan::make(said, command, Some(&address), Ids::fresh(), Means { private_file: true, questions: false })
}

fn told(
    said: &Said,
    diagnosis: &Diagnosis,
    asked: &DoctorOptions,
    command: Option<&[OsString]>,
    exit_code: u8,
) -> Result<String, Error> {
    if asked.json {
        let program = command.and_then(|command| command.first()).map(|program| program.to_string_lossy().into_owned());
        return Ok(view::json(diagnosis, program.as_deref(), exit_code).map_err(std::io::Error::from)?);
    }
    let Screen { width, colour, symbols, .. } = Screen::look(&said.environment);
    Ok(view::render(diagnosis, &view::Options { width, colour, symbols }))
}
