//! The `service.name` that the user chose, which may say who the command is: `{agent}` and `{mode}`.

use std::fmt;

/// What stands for the agent's name, or the command's base name where it is no agent.
const AGENT: &str = "agent";
/// What stands for how it is used: `cli`, `tui` or `server`.
const MODE: &str = "mode";

/// A name with its placeholders, all of which are known.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceName(String);

impl ServiceName {
    /// Reads a name. Braces that hold no word are taken as they stand.
    ///
    /// # Errors
    ///
    /// A sentence, where a placeholder is not known.
    pub fn read(text: &str) -> Result<Self, String> {
        match placeholders(text).find(|name| ![AGENT, MODE].contains(name)) {
            Some(unknown) => Err(format!(
                "`{{{unknown}}}` is not known in a service name; `{{{AGENT}}}` and `{{{MODE}}}` are; it is ignored"
            )),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The name of a run of `agent` in `mode`.
    pub fn filled(&self, agent: &str, mode: &str) -> String {
        if !self.has_placeholders() {
            return self.0.clone();
        }
        // One pass: an agent's name is not read again.
        let mut out = String::with_capacity(self.0.len() + agent.len());
        let mut rest = self.0.as_str();
        while let Some((before, name, after)) = next_placeholder(rest) {
            out.push_str(before);
            out.push_str(if name == AGENT { agent } else { mode });
            rest = after;
        }
        out + rest
    }

    /// Whether it depends on the command.
    pub fn has_placeholders(&self) -> bool {
        placeholders(&self.0).next().is_some()
    }

    /// The name as it was written.
    pub fn as_written(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ServiceName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, out)
    }
}

fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, name, after) = next_placeholder(rest)?;
        rest = after;
        Some(name)
    })
}

/// What stands before the first placeholder, its name, and what stands behind it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find('{')?;
        let inside = text.get(open + 1..)?;
        let length =
            inside.find(|letter: char| !(letter.is_ascii_lowercase() || letter == '_')).unwrap_or(inside.len());
        let (name, after) = inside.split_at(length);
        match after.strip_prefix('}') {
            Some(after) if !name.is_empty() => return Some((&text[..open], name, after)),
            _ => from = open + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn placeholders_are_filled() {
        for (written, filled) in [
            ("{agent}-{mode}", "opencode-cli"),
            ("{mode}{mode}/{agent}", "clicli/opencode"),
            ("mine", "mine"),
            ("{}", "{}"),
            ("{agent", "{agent"),
            ("{{agent}}", "{opencode}"),
            ("{Agent} {a b} {", "{Agent} {a b} {"),
        ] {
            assert_eq!(ServiceName::read(written).unwrap().filled("opencode", "cli"), filled, "{written}");
        }
        let named_strangely = ServiceName::read("{agent}").unwrap().filled("{mode}", "cli");
        assert_eq!(named_strangely, "{mode}");
    }

    #[test]
    fn an_unknown_placeholder_is_answered_with_the_known_ones() {
        assert_eq!(
            ServiceName::read("{agent}-{role}").unwrap_err(),
            "`{role}` is not known in a service name; `{agent}` and `{mode}` are; it is ignored"
        );
    }

    proptest! {
        #[test]
        fn names_without_a_placeholder_stay(name in "\\PC{0,12}") {
            if let Ok(read) = ServiceName::read(&name) && !read.has_placeholders() {
                prop_assert_eq!(read.filled("a", "m"), name);
            }
        }

        #[test]
        fn what_is_around_a_placeholder_stays(before in "[^{}]{0,5}", after in "[^{}]{0,5}") {
            let read = ServiceName::read(&format!("{before}{{mode}}{after}")).unwrap();
            prop_assert_eq!(read.filled("a", "m"), format!("{before}m{after}"));
        }
    }
}
