//! One change to the command's environment, with its reason and with what of its value may be shown.

use std::ffi::{OsStr, OsString};
use std::fmt;

/// A variable that the command sees otherwise than it would alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The variable.
    pub name: String,
    /// What becomes of it.
    pub action: Action,
    /// Why, in words for the user.
    pub reason: String,
}

impl Change {
    /// Sets `name` to a value that anybody may see.
    pub fn set(name: impl Into<String>, value: impl Into<OsString>, reason: impl Into<String>) -> Self {
        Self { name: name.into(), action: Action::Set(Value::open(value)), reason: reason.into() }
    }

    /// Removes `name`.
    pub fn remove(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { name: name.into(), action: Action::Remove, reason: reason.into() }
    }
}

/// What becomes of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It has this value.
    Set(Value),
    /// It is absent, which is not the same as empty for every SDK.
    Remove,
}

/// A variable's value. What it prints as is decided where it is made, because a value may hold the run's token or
/// whatever the user keeps in a variable of theirs; [`Value::expose`] is for the child's environment only.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    actual: OsString,
    shown: Shown,
}

/// What a value prints as.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    /// Itself.
    Open,
    /// This, in its place.
    Instead(String),
}

impl Value {
    /// A value that anybody may see.
    pub fn open(value: impl Into<OsString>) -> Self {
        Self { actual: value.into(), shown: Shown::Open }
    }

    /// A value that prints as `shown`.
    pub fn hidden(value: impl Into<OsString>, shown: impl Into<String>) -> Self {
        Self { actual: value.into(), shown: Shown::Instead(shown.into()) }
    }

    /// This value with the user's behind it, which is not shown.
    pub(super) fn followed_by(self, separator: &str, user: &OsStr) -> Self {
        let shown = match &self.shown {
            Shown::Open => self.actual.to_string_lossy().into_owned(),
            Shown::Instead(text) => text.clone(),
        };
        let mut actual = self.actual;
        actual.push(separator);
        actual.push(user);
        Self::hidden(actual, format!("{shown} (in front of your own value)"))
    }

    /// The value itself, for the child's environment.
    pub fn expose(&self) -> &OsStr {
        &self.actual
    }

    /// What may be printed: the text in place of the value, or none where the value itself may be.
    pub fn instead(&self) -> Option<&str> {
        match &self.shown {
            Shown::Open => None,
            Shown::Instead(text) => Some(text),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shown {
            Shown::Open => write!(out, "{:?}", self.actual),
            Shown::Instead(text) => out.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn a_hidden_value_is_not_debug_printed() {
        let value = Value::hidden("hunter2", "(the password)");
        assert_eq!(format!("{value:?}"), "(the password)");
        assert_eq!(value.expose(), "hunter2");
    }
}
