//! What the user's own configuration of an agent says, as far as it matters for a run: variables that it sets over the
//! environment, and destinations that it exports to. Text comes in, values go out; the reading of files is not done here.

use std::collections::BTreeMap;

use crate::settings::{Origin, Upstream};

/// What was found in an agent's configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Own {
    /// Variables that the agent takes from its configuration rather than from its environment, each once, with the value
    /// that counts.
    pub variables: Vec<OwnVariable>,
    /// The text of the file that the user names with the option for settings, where that is a file; the error is the rest
    /// of a sentence about it.
    pub option_text: Option<Result<String, String>>,
    /// What becomes of the arguments that set these keys of the agent's configuration; the others are given as they are.
    pub arguments: BTreeMap<&'static str, Choice>,
    /// Where the agent exports to without otel-run.
    pub upstreams: Vec<Upstream>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// A variable that an agent takes from its configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnVariable {
    /// The variable.
    pub name: String,
    /// Its value, which may be a credential.
    pub value: String,
    /// Where it is set.
    pub origin: Origin,
    /// Whether nothing that otel-run could say comes after it.
    pub is_fixed: bool,
}

impl std::fmt::Debug for OwnVariable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} ({})", self.name, self.origin)
    }
}

/// What becomes of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The profile's alternative is given in its place.
    Alternative,
    /// It is not given, because the user gives one.
    Left,
}

impl Own {
    /// The variable of this name, if the configuration sets it.
    pub fn variable(&self, name: &str) -> Option<&OwnVariable> {
        self.variables.iter().find(|variable| variable.name == name)
    }
}
