//! Every key of a settings file, documented once.
//!
//! The reader takes only what stands here, and the reference, the commented file, the schema for editors and the manual are
//! made of it. What may stand below `[agents.NAME]` is the agents' room's to say, in the same form.

mod kind;
mod table;

pub use kind::Kind;
pub use table::{AGENT, DELIVERY, DESTINATION, IDENTITY, RUN, RUNS_ON_DISK, UPSTREAM};

pub(crate) use kind::word_of;

/// One key: of a settings file, or of a table in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value can be.
    pub kind: Kind,
    /// Whether a project's file may set it. That says nothing of keys below others.
    pub project: bool,
    /// What holds without it.
    pub unset: Unset,
    /// The flag that says the same, with its dashes.
    pub flag: Option<&'static str>,
    /// The variables that say the same for all signals, ours first.
    pub variables: &'static [&'static str],
    /// What it means, in one line without a full stop.
    pub meaning: &'static str,
    /// A value, as TOML has it in one line. None of them is what holds without the key.
    pub example: &'static str,
}

/// What holds where a key is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unset {
    /// The same as with this value, in TOML.
    Value(&'static str),
    /// Something that no value says, in words.
    Words(&'static str),
    /// Nothing: the table that it belongs to is of no use without it.
    Required,
}

impl std::fmt::Display for Unset {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unset::Value(value) => out.write_str(value),
            Unset::Words(words) => out.write_str(words),
            Unset::Required => out.write_str("none, it is needed"),
        }
    }
}

impl Unset {
    /// The same with values as code.
    pub fn in_markdown(&self) -> String {
        match self {
            Unset::Value(value) => format!("`{value}`"),
            words => words.to_string(),
        }
    }
}

/// All keys at the top of a settings file by subject, in the order in which they are shown.
pub const SUBJECTS: &[(&str, &[Key])] = &[
    ("Destination", DESTINATION),
    ("Delivery", DELIVERY),
    ("Identity", IDENTITY),
    ("Agent", AGENT),
    ("Run", RUN),
    ("Runs on disk", RUNS_ON_DISK),
];

/// The same one after the other.
pub fn all() -> impl Iterator<Item = &'static Key> {
    SUBJECTS.iter().flat_map(|(_, keys)| keys.iter())
}

/// The key of this name among `keys`.
pub fn named(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}

#[cfg(test)]
mod tests;
