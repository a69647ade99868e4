//! From what a settings file says about agents to profiles.

use super::fields::FIELDS;
use super::parts;
use super::values::{attribute, base_name, exact, genai, keep, list, sentence, span, switch, word, wrong_type};
use super::words::{RESOURCE_ATTRIBUTES, SIGNAL, TAKES_PARENT};
use crate::agent::{OTHER, PROFILES, Profile, RecognisedBy};
use crate::settings::keys::{self, Key};
use crate::settings::{Complaint, Fault, Given, Origin, Sourced, choice};

/// The profiles that `entries` describe, and what is wrong with them. A field that is wrong is left out, and so is an
/// entry of which nobody can say what it is about.
pub(in crate::agent) fn read(entries: &[(String, Sourced<Given>)]) -> (Vec<&'static Profile>, Vec<Complaint>) {
    let mut complaints = Vec::new();
    let mut profiles: Vec<&'static Profile> = Vec::new();
    for (name, said) in entries {
        let place = Place { path: format!("agents.{name}"), said, complaints: &mut complaints };
        if let Some(profile) = entry(name, place) {
            profiles.push(Box::leak(Box::new(profile)));
        }
    }
    complaints.sort_by_key(|complaint| match complaint.origin {
        Origin::File { line, .. } => line,
        _ => 0,
    });
    (profiles, complaints)
}

/// One thing that an entry says, where it says it, and what is wrong with the whole file.
pub(super) struct Place<'a> {
    /// Its name in full, as in `agents.goose.title`.
    pub(super) path: String,
    pub(super) said: &'a Sourced<Given>,
    pub(super) complaints: &'a mut Vec<Complaint>,
}

impl<'a> Place<'a> {
    pub(super) fn complain(&mut self, what: &str) {
        let message = format!("`{}`: {what}; it is ignored", self.path);
        self.complaints.push(Complaint::new(Fault::Value, self.said.origin.clone(), message));
    }

    /// What `read` makes of it.
    pub(super) fn value<T>(&mut self, read: impl FnOnce(&Given) -> Result<T, String>) -> Option<T> {
        read(&self.said.value).map_err(|why| self.complain(&why)).ok()
    }

    /// The same in `slot`, which stays as it is where it cannot be read.
    pub(super) fn put<T>(&mut self, slot: &mut T, read: impl FnOnce(&Given) -> Result<T, String>) {
        if let Some(value) = self.value(read) {
            *slot = value;
        }
    }

    /// The entries of a table, or a complaint.
    pub(super) fn table(&mut self) -> &'a [(String, Sourced<Given>)] {
        match &self.said.value {
            Given::Table(entries) => entries,
            other => {
                let what = wrong_type("a table", other);
                self.complain(&what);
                &[]
            }
        }
    }

    /// The entries of a table that may have the fields `known` and no others.
    pub(super) fn fields(
        &mut self,
        known: &'static [Key],
    ) -> impl Iterator<Item = &'a (String, Sourced<Given>)> + use<'a> {
        let entries = self.table();
        for (name, said) in entries.iter().filter(|(name, _)| keys::named(known, name).is_none()) {
            self.below(name, said).unknown(known);
        }
        entries.iter().filter(move |(name, _)| keys::named(known, name).is_some())
    }

    /// The elements of a list, or a complaint.
    pub(super) fn elements(&mut self) -> &'a [Sourced<Given>] {
        match &self.said.value {
            Given::List(elements) => elements,
            other => {
                let what = wrong_type("a list in brackets, or tables with double brackets,", other);
                self.complain(&what);
                &[]
            }
        }
    }

    pub(super) fn below<'b>(&'b mut self, key: &str, said: &'b Sourced<Given>) -> Place<'b> {
        Place { path: format!("{}.{key}", self.path), said, complaints: self.complaints }
    }

    pub(super) fn element<'b>(&'b mut self, said: &'b Sourced<Given>) -> Place<'b> {
        Place { path: self.path.clone(), said, complaints: self.complaints }
    }

    /// That its last key is none of `known`.
    pub(super) fn unknown(&mut self, known: &[Key]) {
        let key = self.path.rsplit_once('.').map_or(self.path.as_str(), |(_, key)| key);
        let names = || known.iter().map(|known| known.name);
        let hint = choice::did_you_mean(key, names());
        let known = || names().collect::<Vec<_>>().join(", ");
        let message = match hint.is_empty() {
            true => format!("`{}`: there is no such field (known: {})", self.path, known()),
            false => format!("`{}`: there is no such field{hint}", self.path),
        };
        self.complaints.push(Complaint::new(Fault::Unknown, self.said.origin.clone(), message));
    }
}

fn entry(name: &str, mut place: Place<'_>) -> Option<Profile> {
    if let Err(why) = check_name(name) {
        place.complain(&why);
        return None;
    }
    if !matches!(place.said.value, Given::Table(_)) {
        place.complain(&format!("write [agents.{name}] and below it what is to be known of the agent"));
        return None;
    }
    let entries = place.table();
    let mut profile = beginning(name, entries, &mut place)?;
    let mut variables = parts::Variables::of(&profile);
    let mut recognised = false;
    for (key, said) in place.fields(FIELDS) {
        let mut place = place.below(key, said);
        let by = &mut profile.recognised_by;
        recognised |= matches!(key.as_str(), "base_names" | "packages" | "scripts");
        match key.as_str() {
            "like" => {}
            "title" => place.put(&mut profile.title, sentence),
            "versions" => place.put(&mut profile.versions, list(sentence)),
            "base_names" => place.put(&mut by.base_names, list(base_name)),
            "packages" => place.put(&mut by.packages, list(exact)),
            "scripts" => place.put(&mut by.scripts, list(exact)),
            "modes" => parts::modes(&mut place, &mut profile.modes),
            "service" => parts::service(&mut place, &mut profile.service),
            "telemetry" => parts::telemetry(&mut place, &mut profile.telemetry),
            "protocols" => place.put(&mut profile.speaks.protocols, list(word(choice::PROTOCOL))),
            "signals" => place.put(&mut profile.speaks.signals, list(word(SIGNAL))),
            "takes_parent" => place.put(&mut profile.takes_parent, word(TAKES_PARENT)),
            "ignores" => place.put(&mut profile.ignores, list(exact)),
            "records_unasked" => place.put(&mut profile.records_unasked, list(sentence)),
            "flush" => parts::flush(&mut place, &mut profile.flush),
            "events" => profile.events = parts::events(&mut place),
            "set" | "set_if_unset" | "prepend" | "add_to_list" | "merge_json" | "exempt_loopback" | "remove"
            | "leave" | "flush_delay" => variables.read(key, &mut place),
            "resource_attributes" => place.put(&mut profile.resource_attributes, word(RESOURCE_ATTRIBUTES)),
            "arguments" => profile.arguments = parts::arguments(&mut place),
            "content_attributes" => place.put(&mut profile.content_attributes, list(attribute)),
            "housekeeping" => place.put(&mut profile.housekeeping, list(span)),
            "operations" => profile.operations = parts::pairs(&mut place, sentence),
            "genai_attributes" => profile.genai_attributes = parts::pairs(&mut place, genai),
            "content_switches" => profile.content = parts::content_switches(&mut place),
            "content_arguments" => profile.content_arguments = parts::arguments(&mut place),
            "probe" => profile.probe = parts::probe(&mut place),
            "cautions" => profile.cautions = parts::cautions(&mut place),
            "launcher_keeps_signals" => place.put(&mut profile.launcher_keeps_signals, switch),
            _ => {}
        }
    }
    if !recognised && profile.recognised_by == NOTHING && name != OTHER.name {
        profile.recognised_by.base_names = keep(vec![profile.name]);
    }
    profile.environment = keep(vec![variables.finish(profile.speaks.protocols)]);
    Some(profile)
}

const NOTHING: RecognisedBy = RecognisedBy { base_names: &[], packages: &[], scripts: &[] };

/// A name has to be typed on command lines and stands in names of spans.
fn check_name(name: &str) -> Result<(), String> {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if matches!(name, "auto" | "none") {
        return Err("this word means something else to --agent".to_owned());
    }
    if name.is_empty() || !name.bytes().all(fine) {
        return Err("an agent's name has small letters, digits, `-`, `_` and `.` only".to_owned());
    }
    Ok(())
}

/// The profile that an entry begins with. Under another name nothing of how it is recognised is left.
fn beginning(name: &str, entries: &[(String, Sourced<Given>)], place: &mut Place<'_>) -> Option<Profile> {
    let built_in = |name: &str| PROFILES.iter().find(|profile| profile.name == name);
    let like = match entries.iter().find(|(key, _)| key == "like") {
        None => built_in(name).unwrap_or(&OTHER),
        Some((_, said)) => {
            let mut place = place.below("like", said);
            let wanted = place.value(sentence)?;
            match built_in(wanted) {
                Some(profile) => profile,
                None => {
                    let names = PROFILES.map(|profile| profile.name);
                    let hint = choice::did_you_mean(wanted, names);
                    let known = names.join(", ");
                    let what = format!("there is no built-in agent \"{wanted}\" (known: {known}){hint}");
                    let message = format!("`{}`: {what}; all of [agents.{name}] is ignored", place.path);
                    place.complaints.push(Complaint::new(Fault::Unknown, said.origin.clone(), message));
                    return None;
                }
            }
        }
    };
    if like.name == name {
        return Some(*like);
    }
    let name: &'static str = name.to_owned().leak();
    Some(Profile { name, title: name, versions: &[], recognised_by: NOTHING, ..*like })
}
