//! The agent, found as a run would find it.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::installed;
use super::super::plan::Planned;
use super::super::said::Said;
use crate::agent::{self, CommandLine};
use crate::diagnosis::Finding;
use crate::diagnosis::agent::{Facts, Found, Installed, findings};

/// What is to be said of what `command` starts.
pub(super) fn look(said: &Said, planned: &Planned, command: &[OsString]) -> Vec<Finding> {
    let Planned { plan, own, .. } = planned;
    let Some(first) = command.first() else { return Vec::new() };
    let behind = agent::program(command).filter(|program| *program != first).map(find);
    findings(&Facts {
        plan,
        own,
        environment: &said.environment,
        words: command.len(),
        started: (&first.to_string_lossy(), &find(first)),
        behind: behind.as_ref(),
        version: installed::version(command, &plan.agent).as_deref(),
    })
}

/// The agents that are in `PATH`.
pub(super) fn installed(said: &Said) -> Vec<Installed> {
    let found = said.agents.all().filter(|profile| !profile.is_other()).filter_map(|profile| {
        let command =
            profile.recognised_by.base_names.iter().map(OsString::from).find(|name| which::which(name).is_ok())?;
        let file = which::which(&command).ok()?;
        let words = [command];
        let line = CommandLine { argv: &words, links: &[], at_terminal: false };
        let version = installed::version(&words, &agent::as_profile(line, profile));
        Some(Installed { name: profile.name, file, version })
    });
    found.collect()
}

/// The file that a word of the command line names, by the rules of execvp(3).
fn find(program: &OsString) -> Found {
    match which::which(program) {
        Ok(file) => Found::File(file),
        Err(_) => {
            let path = PathBuf::from(program);
            let names_a_file = path.components().count() > 1 && path.is_file();
            if names_a_file { Found::NotExecutable(path) } else { Found::Missing }
        }
    }
}
