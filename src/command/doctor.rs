//! `doctor`: reads everything that a run would read, and says what is well, what is not, and what to do about it.

mod agent;
mod credentials;
mod here;

use std::ffi::OsString;
use std::time::Duration;

use super::deliver::wait_for;
use super::dial;
use super::plan::{self, Means, Planned};
use super::said::Said;
use super::screen::Screen;
use super::supervision;
use crate::cli::{DoctorOptions, Options};
use crate::context::resource::OTEL_RUN;
use crate::context::{Ids, ci};
use crate::diagnosis::{self, Diagnosis, Finding};
use crate::error::Error;
use crate::machine;
use crate::message;
use crate::plan::CollectorAddress;
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

    let service_name = asked.send.then(|| service_name(&said, planned.as_ref()));
    let mut findings = dialled(&said, upstreams, patience, service_name.as_deref())?;
    findings.extend(read(&said, planned.as_ref()));
    match (&planned, &command) {
        (Some(planned), Some(command)) => findings.extend(agent::look(&said, planned, command)),
        _ => findings.extend(diagnosis::agent::without_command(&agent::installed(&said))),
    }
    let loopback = machine::try_loopback().map_err(|error| error.to_string());
    findings.push(diagnosis::agent::loopback(&loopback));
    findings.extend(diagnosis::here::findings(&here::look(&said)));
    let diagnosis = Diagnosis::of(findings);

    let exit_code = diagnosis.exit_code(asked.strict);
    message::print(&told(&said, &diagnosis, asked, command.as_deref(), exit_code)?)?;
    Ok(exit_code)
}

/// What takes time, side by side: the destinations of `upstreams`, and programs that print credentials for them.
fn dialled(
    said: &Said,
    upstreams: &[Upstream],
    patience: Duration,
    send_as: Option<&str>,
) -> Result<Vec<Finding>, Error> {
    if upstreams.is_empty() {
        return Ok(vec![diagnosis::destination::nowhere()]);
    }
    let (dialled, credentials) = std::thread::scope(|scope| {
        let credentials = scope.spawn(|| wait_for(credentials::fetch(said, upstreams, patience)));
        (dial::dial(said, upstreams, patience, send_as), credentials.join())
    });
    let mut findings = dialled?;
    // A panic in there would be a mistake of ours, and the rest is worth telling.
    if let Ok(credentials) = credentials {
        findings.extend(diagnosis::credentials::findings(&credentials?));
    }
    Ok(findings)
}

/// `service.name` of what is sent to be looked for: that of the run.
fn service_name(said: &Said, planned: Option<&Planned>) -> String {
    let of_the_run = planned.and_then(|planned| planned.plan.service_name.as_ref()).map(|name| name.value.clone());
    let chosen = || {
        let name = said.settings.service_name.as_ref().map(|name| name.value.filled(OTEL_RUN, "doctor"));
        name.unwrap_or_else(|| OTEL_RUN.to_owned())
    };
    of_the_run.unwrap_or_else(chosen)
}

/// What was said and what was handed in.
fn read(said: &Said, planned: Option<&Planned>) -> Vec<Finding> {
    let Said { environment, settings, files, .. } = said;
    let complaints: Vec<Complaint> =
        said.complaints.iter().cloned().chain(supervision::not_possible_here(settings)).collect();
    let facts = diagnosis::settings::Facts { environment, settings, complaints: &complaints, files };
    let mut findings = diagnosis::settings::findings(&facts);
    let begun = match planned {
        Some(planned) => planned.context.clone(),
        None => plan::context(said, Ids::fresh()).0,
    };
    let ci = ci::detect(environment, None).map(|ci| ci.system);
    findings.extend(diagnosis::context::findings(&diagnosis::context::Facts {
        environment,
        settings,
        context: &begun,
        ci,
    }));
    findings
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
