//! Applying a profile: from what is known about the agent, the user's environment and the collector's address to the
//! changes that make the agent's telemetry reach the collector.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::attributes::{self, Appended};
use super::change::{Action, Change, Value};
use super::detect::{Detected, gives};
use super::jsonc::{self, Merge, Otherwise};
use super::own::{Choice, Own};
use super::profile::{Argument, Edit, Injection, Profile, Variable};
use super::proxy;
use super::warning::{Cause, Warning};
use crate::environment::Environment;
use crate::secret::Secret;
use crate::settings::{Content, Origin};

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
    /// Whether the user wants content.
    pub content: Content,
    /// What the user's own configuration of the agent says.
    pub own: &'a Own,
    /// The path of a file that only the user can read and that lasts as long as the run; none where there can be none.
    pub private_file: Option<&'a Path>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injected {
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// Changes to the environment.
    pub changes: Vec<Change>,
    /// What of the arguments the user did not type.
    pub arguments: Vec<Inserted>,
    /// The file that the arguments name, if they do.
    pub private_file: Option<PrivateFile>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// Words that stand among the arguments without having been typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserted {
    /// The words.
    pub words: Vec<Value>,
    /// The key of the agent's configuration that they set.
    pub sets: Option<&'static str>,
    /// Why, in words for the user.
    pub reason: &'static str,
}

/// A variable that a file of the agent sets, and that is said again for the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidAgain {
    /// The variable.
    pub name: String,
    /// What the file says.
    pub before: Secret,
    /// Where it says so.
    pub origin: Origin,
    /// What is said instead; empty stands for nothing.
    pub value: Value,
}

/// A file that only the user can read and that lasts as long as the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateFile {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it: what the user gives the agent, and the run's token.
    pub text: Secret,
    /// The variables that it sets.
    pub variables: Vec<SaidAgain>,
}

impl PrivateFile {
    /// Which variables it sets.
    pub fn names(&self) -> Vec<&str> {
        self.variables.iter().map(|variable| variable.name.as_str()).collect()
    }
}

/// Applies the profile that was detected.
pub fn inject(situation: &Situation<'_>) -> Injected {
    let profile = situation.detected.profile;
    let own = situation.own.warnings.iter();
    let mut injected = Injected {
        argv: situation.argv.to_vec(),
        changes: Vec::new(),
        arguments: Vec::new(),
        private_file: None,
        warnings: own.map(|text| Warning::new(Cause::OwnConfiguration, text)).collect(),
    };
    let mut again = Vec::new();
    for variable in profile.environment.iter().copied().flatten() {
        inject_variable(variable, situation, &mut injected, &mut again);
    }
    for switch in profile.content {
        let (injection, is) = match situation.content {
            Content::Off => (switch.off, "off"),
            _ => (switch.on, "on"),
        };
        let before = injected.changes.len();
        inject_variable(&Variable::new(switch.name, injection, ""), situation, &mut injected, &mut again);
        for change in injected.changes.iter_mut().skip(before) {
            change.reason = format!("content is {is}: {}", switch.of);
        }
    }
    inject_arguments(situation, &again, &mut injected);
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

fn inject_variable<'a>(
    variable: &Variable,
    situation: &Situation<'a>,
    injected: &mut Injected,
    again: &mut Vec<SaidAgain>,
) {
    let name = variable.name;
    let in_environment = situation.environment.raw(name);
    let own = situation.own.variable(name);
    let present = own.map_or(in_environment, |own| Some(OsStr::new(&own.value)));
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
        Injection::AddToList(word) => match list_with(user, word) {
            Some(list) => Value::open(list),
            None => return,
        },
        Injection::MergeJsonc { path, value, without_it } => match merge_value(user, path, value) {
            Ok(Some(value)) => value,
            Ok(None) => return,
            Err(why) => return injected.not(format!("{name} {why}; {without_it}")),
        },
        Injection::ExemptLoopback => match proxy::exempt_loopback(name, situation.environment) {
            Some(value) => Value::open(value),
            None => return,
        },
        Injection::Remove => {
            if in_environment.is_some() {
                injected.changes.push(Change::remove(name, variable.reason));
            }
            if let Some(own) = own.filter(|own| !own.value.is_empty()) {
                say_again(own, Value::open(""), injected, again);
            }
            return;
        }
    };
    if let Some(own) = own.filter(|own| value.expose() != own.value.as_str()) {
        say_again(own, value.clone(), injected, again);
    }
    if in_environment != Some(value.expose()) {
        injected.changes.push(Change {
            name: name.to_owned(),
            action: Action::Set(value),
            reason: variable.reason.to_owned(),
        });
    }
}

/// Has a variable said again that a file of the agent sets, unless nothing comes after that file.
fn say_again(own: &super::own::OwnVariable, value: Value, injected: &mut Injected, again: &mut Vec<SaidAgain>) {
    if own.is_fixed {
        let text = format!(
            "{} sets {}, and nothing that otel-run could say comes after it: what the agent does by it is not in the run, \
             or is not as it should be",
            own.origin, own.name
        );
        injected.warnings.push(Warning::new(Cause::Fixed, text));
    } else {
        let (name, before, origin) = (own.name.clone(), Secret::new(&*own.value), own.origin.clone());
        again.push(SaidAgain { name, before, origin, value });
    }
}

/// The list with `word` in it; none where it is there already, or the list says `none` and hence nothing is wanted.
fn list_with(user: Option<&OsStr>, word: &str) -> Option<String> {
    let user = user.and_then(OsStr::to_str).map(str::trim).unwrap_or_default();
    let mut words = user.split(',').map(str::trim);
    if words.any(|one| one.eq_ignore_ascii_case("none") || one.eq_ignore_ascii_case(word)) {
        return None;
    }
    Some(if user.is_empty() { word.to_owned() } else { format!("{user},{word}") })
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

fn inject_arguments(situation: &Situation<'_>, again: &[SaidAgain], injected: &mut Injected) {
    let Detected { profile, program, mode, in_shell, .. } = situation.detected;
    let mut front = program + 1;
    if situation.argv.len() < front {
        return;
    }
    let of_content = match situation.content {
        Content::Off => &[][..],
        _ => profile.content_arguments,
    };
    let all = profile.arguments.iter().chain(of_content);
    let needed = |edit: Edit| !matches!(edit, Edit::Settings { .. }) || !again.is_empty();
    let all = all.filter(|argument: &&Argument| applies(argument.modes, *mode) && needed(argument.edit));
    if in_shell.is_some() {
        if all.count() > 0 {
            let (title, name) = (profile.title, profile.name);
            injected.not(format!(
                "{title} needs arguments of otel-run, and a shell's command line is not changed: its telemetry is not in the run, or \
                 not all of it; put otel-run inside, as in sh -c 'otel-run -- {name} ...'"
            ));
        }
        return;
    }
    for argument in all {
        let choice = argument.sets.and_then(|key| Some((key, situation.own.arguments.get(key)?)));
        let edit = match choice {
            None => argument.edit,
            Some((_, Choice::Left)) => continue,
            Some((key, Choice::Alternative)) => match profile.alternative(key) {
                Some(alternative) => alternative.argument.edit,
                None => continue,
            },
        };
        match edit {
            Edit::InsertBefore(words) => {
                injected.insert(front, situation.filled(words), argument);
                front += words.len();
            }
            Edit::InsertAfter(words) => {
                let end = operands(&injected.argv, front);
                injected.insert(end, situation.filled(words), argument);
            }
            Edit::Settings { option, key } => {
                if let Err(why) = write_settings(situation, again, injected, front, option, key) {
                    let names: Vec<&str> = again.iter().map(|again| again.name.as_str()).collect();
                    let (names, title) = (names.join(", "), profile.title);
                    injected.not(format!(
                        "the settings of {title} set {names} otherwise, and that counts, because {why}: what it exports is not in the run"
                    ));
                }
            }
        }
    }
}

/// Puts the variables into the run's own file and names it in the place of the user's last `option`, or in front of all
/// arguments.
fn write_settings(
    situation: &Situation<'_>,
    again: &[SaidAgain],
    injected: &mut Injected,
    front: usize,
    option: &str,
    key: &str,
) -> Result<(), String> {
    let path = situation.private_file.ok_or("there is no folder for a file of the run's own")?;
    let given = given(&injected.argv, front, option);
    let mut text = match &given {
        None => "{}".to_owned(),
        Some(given) => match given.value.trim_start().starts_with('{') {
            true => given.value.clone(),
            false => match &situation.own.option_text {
                Some(Ok(text)) => text.clone(),
                Some(Err(why)) => return Err(format!("the file that you give with {option} {why}")),
                None => return Err(format!("the file that you give with {option} was not read")),
            },
        },
    };
    for SaidAgain { name, value, .. } in again {
        let value = serde_json::Value::from(value.expose().to_string_lossy()).to_string();
        text = jsonc::set(&text, key, name, &value).map_err(|why| format!("what you give with {option} {why}"))?;
    }
    match given.and_then(|given| Some((given.prefix, injected.argv.get_mut(given.at)?))) {
        Some((prefix, word)) => {
            *word = OsString::from(prefix);
            word.push(path);
        }
        None => drop(injected.argv.splice(front..front, [OsString::from(option), path.into()])),
    }
    let variables = again.to_vec();
    injected.private_file = Some(PrivateFile { path: path.to_owned(), text: Secret::new(text), variables });
    Ok(())
}

/// What the user gives with an option.
pub(super) struct Given {
    /// The index of the word that holds it.
    at: usize,
    /// What of the word comes before it.
    prefix: String,
    /// What it is.
    pub(super) value: String,
}

/// The last `option` among the arguments from `front` on.
pub(super) fn given(argv: &[OsString], front: usize, option: &str) -> Option<Given> {
    let prefix = format!("{option}=");
    (front..operands(argv, front)).rev().find_map(|at| {
        let word = argv.get(at)?.to_str()?;
        match word.strip_prefix(&prefix) {
            Some(value) => Some(Given { at, prefix: prefix.clone(), value: value.to_owned() }),
            None if word == option => {
                let value = argv.get(at + 1)?.to_str()?.to_owned();
                Some(Given { at: at + 1, prefix: String::new(), value })
            }
            None => None,
        }
    })
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

fn cautions<'a>(situation: &'a Situation<'_>) -> impl Iterator<Item = Warning> + 'a {
    let Detected { profile, mode, .. } = situation.detected;
    let arguments = situation.detected.arguments(situation.argv);
    profile
        .cautions
        .iter()
        .filter(move |caution| applies(caution.modes, *mode))
        .filter(move |caution| caution.option.is_none_or(|option| gives(arguments, option)))
        .map(|caution| Warning::new(Cause::Caution, caution.text))
}

impl Injected {
    /// Notes what could not be done.
    fn not(&mut self, text: String) {
        self.warnings.push(Warning::new(Cause::NotInjected, text));
    }
}

impl Injected {
    /// Puts words at `place` of the arguments.
    fn insert(&mut self, place: usize, words: Vec<Value>, argument: &Argument) {
        self.argv.splice(place..place, words.iter().map(|word| word.expose().to_owned()));
        self.arguments.push(Inserted { words, sets: argument.sets, reason: argument.reason });
    }
}

impl Situation<'_> {
    fn filled(&self, words: &[&str]) -> Vec<Value> {
        words.iter().map(|word| self.fill(word)).collect()
    }

    /// Puts the collector's address and the token into a profile's text.
    fn fill(&self, text: &str) -> Value {
        if !text.contains('{') {
            return Value::open(text.to_owned());
        }
        let endpoint = self.endpoint.trim_end_matches('/');
        let token = self.token.expose();
        let collector = endpoint.strip_suffix(token).map_or(endpoint, |base| base.trim_end_matches('/'));
        let actual = text.replace("{endpoint}", endpoint).replace("{collector}", collector).replace("{token}", token);
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
