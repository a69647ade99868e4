//! A process environment as a value, so that everything that reads variables can be tested without any.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// The variables of one process, sorted by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The environment that this process was started with.
    pub fn of_this_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// The value of `name` as text. An empty value counts as unset, as the OpenTelemetry specification has it
    /// for every variable; a value that is not UTF-8 does as well.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(OsStr::new(name))?.to_str().filter(|value| !value.is_empty())
    }

    /// The value of `name` exactly as it stands, even when it is empty or not UTF-8.
    pub fn raw(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Whether any variable has a name that begins with `prefix`.
    pub fn has_any(&self, prefix: &str) -> bool {
        let from = std::ops::Bound::Included(OsStr::new(prefix));
        let first = self.0.range::<OsStr, _>((from, std::ops::Bound::Unbounded)).next();
        first.is_some_and(|(name, _)| name.as_encoded_bytes().starts_with(prefix.as_bytes()))
    }

    /// Sets `name`, replacing what was there.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// Removes `name`; nothing happens where it is not set.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(OsStr::new(name));
    }

    /// All variables in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_how_they_begin() {
        let environment: Environment = [("HOME", "/"), ("OTEL_X", ""), ("PATH", "/bin")].into_iter().collect();
        for (prefix, found) in
            [("OTEL_", true), ("OTEL_X", true), ("OTEL_XY", false), ("OTEL", true), ("P", true), ("", true)]
        {
            assert_eq!(environment.has_any(prefix), found, "{prefix}");
        }
        assert!(!environment.has_any("A") && !environment.has_any("Q") && !Environment::default().has_any(""));
    }
}
