//! `agents`: which agents are known, and what would be injected into one here and now.

use std::ffi::OsString;

use super::plan::{self, Means};
use super::said::Said;
use super::screen::Screen;
use crate::agent::{self, Profile};
use crate::cli::{AgentForm, Options};
use crate::context::Ids;
use crate::error::Error;
use crate::message;
use crate::plan::CollectorAddress;
use crate::secret::Secret;
use crate::settings::{AgentChoice, Origin, Sourced, choice};
use crate::view::agents;

/// Says what is known of all agents, or of the one that is named.
pub(super) fn agents(options: &Options, name: Option<&str>, form: AgentForm) -> Result<(), Error> {
    let said = Said::gather_strictly(options)?;
    let Some(name) = name else {
        let all: Vec<_> = said.agents.all().map(|profile| row(&said, profile)).collect();
        return Ok(message::print(&listed(&said, &all, form)?)?);
    };
    let Some(profile) = said.agents.named(name) else {
        let names = || said.agents.all().map(|profile| profile.name);
        let hint = choice::did_you_mean(name, names());
        let known = names().collect::<Vec<_>>().join(", ");
        return Err(Error::NoSuchAgent(format!("there is no agent \"{name}\" (known: {known}){hint}")));
    };
    let text = match form {
        AgentForm::Words => in_words(said, profile),
        AgentForm::Toml => agent::to_toml(profile),
        AgentForm::Json => agents::json(&[row(&said, profile)]).map_err(std::io::Error::from)?,
    };
    Ok(message::print(&text)?)
}

fn listed(said: &Said, all: &[agents::Agent], form: AgentForm) -> Result<String, std::io::Error> {
    if form == AgentForm::Json {
        return Ok(agents::json(all)?);
    }
    let Screen { width, colour, symbols, .. } = Screen::look(&said.environment);
    Ok(agents::render(all, &agents::Options { width, colour, symbols }))
}

fn row(said: &Said, profile: &'static Profile) -> agents::Agent {
    let by = &profile.recognised_by;
    agents::Agent {
        name: profile.name,
        title: profile.title,
        said_at: said_at(said, profile),
        versions: profile.versions,
        base_names: by.base_names,
        packages: by.packages,
        scripts: by.scripts,
        takes_parent: profile.takes_parent.as_str(),
        protocols: profile.speaks.protocols.iter().map(|protocol| protocol.as_str()).collect(),
        signals: profile.speaks.signals.iter().map(|signal| signal.as_str()).collect(),
        records_unasked: profile.records_unasked,
    }
}

/// The line of the user's file that a profile comes from.
fn said_at(said: &Said, profile: &Profile) -> Option<String> {
    let entry = said.settings.agents.iter().find(|(name, _)| name == profile.name);
    entry.map(|(_, said)| said.origin.to_string())
}

/// As the plan of a run of this agent has it.
fn in_words(mut said: Said, profile: &'static Profile) -> String {
    let at = said_at(&said, profile);
    said.settings.agent = Sourced::new(AgentChoice::Named(profile.name.to_owned()), Origin::Default);
    let command = profile.recognised_by.base_names.first().unwrap_or(&profile.name);
    let address = CollectorAddress { base_url: "http://127.0.0.1:PORT/TOKEN".to_owned(), token: Secret::new("TOKEN") };
    let means = Means { private_file: true, questions: false };
    let planned = plan::make(&said, &[OsString::from(command)], Some(&address), Ids::fresh(), means);
    planned.plan.agent_in_words(&said.environment, at.as_deref())
}
