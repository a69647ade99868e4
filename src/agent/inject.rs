//! Applying a profile: from what is known about the agent, the user's environment and the collector's address to the
//! changes that make the agent's telemetry reach the collector.

use std::ffi::{OsStr, OsString};

use super::attributes::{self, Appended};
use super::change::{Action, Change, Value};
use super::detect::{Detected, gives};
use super::jsonc::{self, Merge, Otherwise};
use super::profile::{Argument, Edit, Injection, Profile, Variable};
use super::proxy;
use crate::environment::Environment;
use crate::secret::Secret;

/// What a profile is applied to.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// The program and its arguments, as the user typed them.
    pub argv: &'a [OsString],
    /// What they start.
    pub detected: &'a Detected,
    /// The environment that the command would have alone.
    pub environment: &'a Environment,
    /// The base URL of the run's collector, with the token in its path.
    pub endpoint: &'a str,
    /// The run's token.
    pub token: &'a Secret,
    /// What the agent answered to its profile's probe (stderr), if it was asked and failed.
    pub probe_answer: Option<&'a str>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injected {
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// Changes to the environment.
    pub changes: Vec<Change>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Applies the profile that was detected.
pub fn inject(situation: &Situation<'_>) -> Injected {
    let profile = situation.detected.profile;
    let mut injected = Injected { argv: situation.argv.to_vec(), changes: Vec::new(), warnings: Vec::new() };
    for variable in profile.environment.iter().copied().flatten() {
        inject_variable(variable, situation, &mut injected);
    }
    inject_arguments(situation, &mut injected);
    injected.warnings.extend(cautions(situation));
    injected
}

/// Adds what is missing of `added` to the `OTEL_RESOURCE_ATTRIBUTES` of an agent.
///
/// # Errors
///
/// A warning for the user, where the present value does not decode: it is void as it stands, and so would be what is
/// added to it.
pub fn resource_attributes(
    profile: &Profile,
    environment: &Environment,
    added: &[(String, String)],
) -> Result<Option<Change>, String> {
    const NAME: &str = "OTEL_RESOURCE_ATTRIBUTES";
    let broken = || {
        format!(
            "{NAME} does not decode, so SDKs ignore all of it; it is left as it is (expected: key=value,key=value, percent-encoded)"
        )
    };
    let present = environment.raw(NAME).map(|raw| raw.to_str().ok_or_else(broken)).transpose()?;
    match attributes::append(present, added, profile.resource_attributes) {
        Appended::Value { text, keys } => Ok(Some(Change::set(NAME, text, format!("adds {}", keys.join(", "))))),
        Appended::Nothing => Ok(None),
        Appended::Broken if added.is_empty() => Ok(None),
        Appended::Broken => Err(broken()),
    }
}

fn inject_variable(variable: &Variable, situation: &Situation<'_>, injected: &mut Injected) {
    let name = variable.name;
    let present = situation.environment.raw(name);
    // Empty is unset.
    let user = present.filter(|value| !value.is_empty());
    let value = match variable.injection {
        Injection::Set(text) => situation.fill(text),
        Injection::SetIfUnset(_) if user.is_some() => return,
        Injection::SetIfUnset(text) => situation.fill(text),
        Injection::Prepend { text, separator } => match user {
            Some(user) => situation.fill(text).followed_by(separator, user),
            None => situation.fill(text),
        },
        Injection::MergeJsonc { path, value, without_it } => match merge_value(user, path, value) {
            Ok(Some(value)) => value,
            Ok(None) => return,
            Err(why) => return injected.warnings.push(format!("{name} {why}; {without_it}")),
        },
        Injection::ExemptLoopback => match proxy::exempt_loopback(name, situation.environment) {
            Some(value) => Value::open(value),
            None => return,
        },
        Injection::Remove => {
            if present.is_some() {
                injected.changes.push(Change::remove(name, variable.reason));
            }
            return;
        }
    };
    if present != Some(value.expose()) {
        injected.changes.push(Change {
            name: name.to_owned(),
            action: Action::Set(value),
            reason: variable.reason.to_owned(),
        });
    }
}

/// The new value, none where it says so already, or why it is left alone.
fn merge_value(user: Option<&OsStr>, path: &[&str], value: &str) -> Result<Option<Value>, String> {
    let key = path.join(".");
    let Some(user) = user else {
        return Ok(Some(Value::open(jsonc::alone(path, value))));
    };
    let Some(user) = user.to_str() else {
        return Err("is not UTF-8 and is left as it is".to_owned());
    };
    match jsonc::merge(user, path, value) {
        Merge::Added(text) => {
            let shown = format!("(your own value, with {key} = {value} added)");
            Ok(Some(Value::hidden(text, shown)))
        }
        Merge::AlreadyThere => Ok(None),
        Merge::SaysOtherwise(otherwise) => Err(match otherwise {
            Otherwise::False => format!("says {key} = false, which is respected"),
            Otherwise::Reference => format!("leaves {key} to a reference, which is respected: unless it says {value}"),
            Otherwise::Other => format!("says something else than {value} for {key}, which is respected"),
        }),
        Merge::Impossible(why) => Err(format!("{why}, so {key} cannot be added and it is left as it is")),
    }
}

fn inject_arguments(situation: &Situation<'_>, injected: &mut Injected) {
    let Detected { profile, program, mode, .. } = situation.detected;
    let mut front = program + 1;
    if situation.argv.len() < front {
        return;
    }
    let all = profile.arguments_after_probe(situation.probe_answer).iter();
    for argument in all.filter(|argument: &&Argument| applies(argument.modes, *mode)) {
        match argument.edit {
            Edit::InsertBefore(words) => {
                injected.argv.splice(front..front, words.iter().map(|word| situation.fill(word).actual()));
                front += words.len();
            }
            Edit::InsertAfter(words) => {
                let end = operands(&injected.argv, front);
                injected.argv.splice(end..end, words.iter().map(|word| situation.fill(word).actual()));
            }
            Edit::MergeJsonc { option, path, value } => {
                let value = situation.fill(value).actual();
                let value = value.to_string_lossy();
                if let Err(why) = merge_option(&mut injected.argv, front, option, path, &value) {
                    injected.warnings.push(format!("the {option} that you give {why}"));
                }
            }
        }
    }
}

/// Merges into the last `option` among the arguments from `front` on, because of several the last one counts.
fn merge_option(
    argv: &mut Vec<OsString>,
    front: usize,
    option: &str,
    path: &[&str],
    value: &str,
) -> Result<(), String> {
    let end = operands(argv, front);
    let glued = format!("{option}=");
    let found = (front..end).rev().find_map(|at| {
        let word = argv.get(at)?.to_str()?;
        match word.strip_prefix(&glued) {
            Some(user) => Some((at, glued.as_str(), user.to_owned())),
            None if word == option => Some((at + 1, "", argv.get(at + 1)?.to_str()?.to_owned())),
            None => None,
        }
    });
    let Some((at, prefix, user)) = found else {
        argv.splice(front..front, [OsString::from(option), OsString::from(jsonc::alone(path, value))]);
        return Ok(());
    };
    match merge_value(Some(OsStr::new(&user)), path, value)? {
        Some(merged) => {
            let mut word = OsString::from(prefix);
            word.push(merged.expose());
            if let Some(place) = argv.get_mut(at) {
                *place = word;
            }
            Ok(())
        }
        None => Ok(()),
    }
}

/// The index of the first `--` from `front` on, or the end.
fn operands(argv: &[OsString], front: usize) -> usize {
    let rest = argv.get(front..).unwrap_or_default();
    front + rest.iter().position(|word| word == "--").unwrap_or(rest.len())
}

/// Whether what is for `modes` is for this one as well.
fn applies(modes: &[&str], mode: Option<&str>) -> bool {
    modes.is_empty() || mode.is_some_and(|mode| modes.contains(&mode))
}

fn cautions<'a>(situation: &'a Situation<'_>) -> impl Iterator<Item = String> + 'a {
    let Detected { profile, program, mode, .. } = situation.detected;
    let arguments = situation.argv.get(program + 1..).unwrap_or_default();
    profile
        .cautions
        .iter()
        .filter(move |caution| applies(caution.modes, *mode))
        .filter(move |caution| caution.option.is_none_or(|option| gives(arguments, option)))
        .map(|caution| caution.text.to_owned())
}

impl Situation<'_> {
    /// Puts the collector's address and the token into a profile's text.
    fn fill(&self, text: &str) -> Value {
        let endpoint = self.endpoint.trim_end_matches('/');
        let actual = text.replace("{endpoint}", endpoint).replace("{token}", self.token.expose());
        let shown = self.token.mask(&actual);
        if shown == actual { Value::open(actual) } else { Value::hidden(actual, shown) }
    }
}

/// Hiding the run's token in a text.
pub(crate) trait Mask {
    /// The text with `(token)` in place of the token.
    fn mask(&self, text: &str) -> String;
}

impl Mask for Secret {
    fn mask(&self, text: &str) -> String {
        match self.expose() {
            "" => text.to_owned(),
            token => text.replace(token, "(token)"),
        }
    }
}

#[cfg(test)]
mod tests;
