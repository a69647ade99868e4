//! The agents that are known.

use super::detect::{self, CommandLine, Detected};
use super::entry;
use super::profile::Profile;
use super::{OTHER, PROFILES};
use crate::settings::{Complaint, Given, Sourced};

/// The agents that are known: the user's own, which are asked first, and the built-in ones.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Agents {
    own: Vec<&'static Profile>,
}

impl Agents {
    /// The built-in agents and those that a user's settings file describes, and what is wrong with what it says.
    pub fn with(entries: &[(String, Sourced<Given>)]) -> (Self, Vec<Complaint>) {
        let (own, complaints) = entry::read(entries);
        (Self { own }, complaints)
    }

    /// Every profile, the user's first. One of the user's replaces a built-in one of its name.
    pub fn all(&self) -> impl Iterator<Item = &'static Profile> {
        let is_own = |name| self.own.iter().any(|own| own.name == name);
        self.own.iter().copied().chain(PROFILES.iter().filter(move |profile| !is_own(profile.name)))
    }

    /// The profile of this name.
    pub fn named(&self, name: &str) -> Option<&'static Profile> {
        self.all().find(|profile| profile.name == name)
    }

    /// Finds out what `line` starts.
    pub fn detect(&self, line: CommandLine<'_>) -> Detected {
        detect::detect(self, line)
    }

    /// The profile for any other command.
    pub fn other(&self) -> &'static Profile {
        self.named(OTHER.name).unwrap_or(&OTHER)
    }
}
