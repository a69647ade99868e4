//! From a command line to the agent that it starts, and the mode it starts it in.

use std::ffi::OsString;
use std::path::PathBuf;

use super::launchers::{Hindrance, Kind, Seen, base_name, see_through, skip_options, word};
use super::profile::{Interface, Profile};
use super::{Agents, shell};

/// A command line, and what only the system knows about it.
#[derive(Debug, Clone, Copy)]
pub struct CommandLine<'a> {
    /// The program and its arguments, as typed.
    pub argv: &'a [OsString],
    /// Where the file of its [`program`] leads, if it is a symbolic link: every step, the file itself last. They count where
    /// the program's own name says nothing.
    pub links: &'a [PathBuf],
    /// Whether stdin is a terminal.
    pub at_terminal: bool,
}

/// What a command line starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Detected {
    /// The profile; [`super::OTHER`] where the command is no agent.
    pub profile: &'static Profile,
    /// What it was recognised by.
    pub recognised_from: RecognisedFrom,
    /// The name of the program that is run in the end, without launchers, folders and arguments: the agent's where one
    /// was recognised, otherwise the base name.
    pub program_name: String,
    /// The index in the command line of the word that names the program.
    pub program: usize,
    /// How the agent runs, as in `run` or `tui`; none where no model is at work or nobody knows.
    pub mode: Option<&'static str>,
    /// Who it faces.
    pub interface: Interface,
    /// The subcommand, if the profile knows it.
    pub subcommand: Option<&'static str>,
    /// What keeps changes to the environment from the program.
    pub hindrances: Vec<Hindrance>,
    /// The agent's command, where all of it stands in the one word at [`Self::program`] for a shell: that word is not changed.
    pub in_shell: Option<Vec<OsString>>,
}

impl Detected {
    /// The agent's name, or the command's base name where it is none.
    pub fn name(&self) -> &str {
        if self.profile.is_other() { &self.program_name } else { self.profile.name }
    }

    /// The agent's arguments in `argv`, which this was found out from.
    pub fn arguments<'a>(&'a self, argv: &'a [OsString]) -> &'a [OsString] {
        match &self.in_shell {
            Some(words) => words.get(1..).unwrap_or_default(),
            None => argv.get(self.program + 1..).unwrap_or_default(),
        }
    }

    /// Whether the process that is started may keep a signal from those that do the work.
    pub fn launcher_keeps_signals(&self) -> bool {
        self.profile.launcher_keeps_signals || self.recognised_from == RecognisedFrom::Package
    }
}

/// What a command was recognised by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecognisedFrom {
    /// The base name of the program.
    BaseName,
    /// The name of a package.
    Package,
    /// The path of a script.
    Script,
    /// Where its file, a symbolic link, leads.
    Link,
    /// The user said so.
    Choice,
    /// It was not.
    Nothing,
}

/// Finds out what `line` starts: the first of `agents` that recognises it, or any other command.
pub(super) fn detect(agents: &Agents, line: CommandLine<'_>) -> Detected {
    let seen = see_through(line.argv);
    let text = word(line.argv, seen.program).unwrap_or_default();
    let mut links = line.links.iter().filter_map(|link| link.to_str());
    let by_link = links.find_map(|link| Some((known(agents, link, seen.kind)?.0, RecognisedFrom::Link)));
    match known(agents, text, seen.kind).or(by_link) {
        Some((profile, recognised_from)) => finish(line, profile, recognised_from, seen.program, seen.hindrances),
        None => in_shell(agents, line, &seen)
            .unwrap_or_else(|| finish(line, agents.other(), RecognisedFrom::Nothing, seen.program, seen.hindrances)),
    }
}

/// The agent that a shell starts, if that is all that it does.
fn in_shell(agents: &Agents, line: CommandLine<'_>, seen: &Seen) -> Option<Detected> {
    let shell::Command { at, mut words } = shell::command(line.argv, seen.program)?;
    let inside = see_through(&words);
    let (profile, recognised_from) = known(agents, word(&words, inside.program)?, inside.kind)?;
    let hindrances = seen.hindrances.iter().cloned().chain(inside.hindrances).collect();
    words.drain(..inside.program);
    let detected = finish(CommandLine { argv: &words, ..line }, profile, recognised_from, 0, hindrances);
    Some(Detected { program: at, in_shell: Some(words), ..detected })
}

fn known(agents: &Agents, text: &str, kind: Kind) -> Option<(&'static Profile, RecognisedFrom)> {
    let word = Word::new(text, kind);
    agents.all().find_map(|profile| Some((profile, word.recognise(profile)?)))
}

/// Takes `line` as a command of `profile`, because the user said so.
pub fn as_profile(line: CommandLine<'_>, profile: &'static Profile) -> Detected {
    let seen = see_through(line.argv);
    finish(line, profile, RecognisedFrom::Choice, seen.program, seen.hindrances)
}

/// The word that says which file is run in the end: a program, or a script for an interpreter. None where it is a package.
pub fn program(argv: &[OsString]) -> Option<&OsString> {
    let seen = see_through(argv);
    argv.get(seen.program).filter(|_| seen.kind != Kind::Package)
}

fn finish(
    line: CommandLine<'_>,
    profile: &'static Profile,
    recognised_from: RecognisedFrom,
    program: usize,
    hindrances: Vec<Hindrance>,
) -> Detected {
    let program_name = match recognised_from {
        RecognisedFrom::Nothing | RecognisedFrom::Choice => {
            line.argv.get(program).map(|word| base_name(&word.to_string_lossy()).to_owned()).unwrap_or_default()
        }
        _ => profile.name.to_owned(),
    };
    let (mode, subcommand) = mode(line, program, profile);
    let interface = profile.modes.interface(mode);
    Detected {
        profile,
        recognised_from,
        program_name,
        program,
        mode,
        interface,
        subcommand,
        hindrances,
        in_shell: None,
    }
}

/// The word that says what is run, taken apart.
struct Word<'a> {
    text: &'a str,
    kind: Kind,
    /// Without folders.
    name: &'a str,
    /// Without a version.
    package: &'a str,
    /// The same, for those that are fetched.
    fetched: &'a str,
    /// The name without the ending of a script, if it has one.
    stem: Option<&'a str>,
    is_installed: bool,
}

impl<'a> Word<'a> {
    fn new(text: &'a str, kind: Kind) -> Self {
        let name = base_name(text);
        Self {
            text,
            kind,
            name,
            package: package_name(text),
            fetched: package_name(text.trim_start_matches("npm:")),
            stem: [".js", ".mjs", ".cjs", ".ts"].iter().find_map(|end| name.strip_suffix(end)),
            is_installed: text.contains("node_modules/"),
        }
    }

    fn recognise(&self, profile: &Profile) -> Option<RecognisedFrom> {
        let by = &profile.recognised_by;
        if self.kind == Kind::Package && by.packages.contains(&self.package) {
            return Some(RecognisedFrom::Package);
        }
        let bare = if self.kind == Kind::Package { self.package } else { self.name };
        if self.kind != Kind::Script && by.base_names.contains(&bare) {
            return Some(RecognisedFrom::BaseName);
        }
        let in_package = |package: &&str| {
            let is_in_its_folder = || {
                let folder = format!("/node_modules/{package}/");
                self.text.contains(&folder) || self.text.starts_with(&folder[1..])
            };
            self.is_installed && is_in_its_folder() || self.fetched == *package
        };
        let is_script = by.scripts.iter().any(|script| self.text.ends_with(script))
            || by.packages.iter().any(in_package)
            || by
                .base_names
                .iter()
                .any(|known| self.stem == Some(known) || (self.kind == Kind::Script && self.name == *known));
        (self.kind != Kind::Package && is_script).then_some(RecognisedFrom::Script)
    }
}

/// The name of a package without its version: `@openai/codex@0.169.0` is `@openai/codex`, and `agent[extra]==1.0` is `agent`.
fn package_name(text: &str) -> &str {
    let text = &text[..text.find("==").into_iter().chain(text.find('[')).min().unwrap_or(text.len())];
    match text.rfind('@') {
        Some(at) if at > 0 => &text[..at],
        _ => text,
    }
}

/// The mode and the subcommand.
fn mode(line: CommandLine<'_>, program: usize, profile: &Profile) -> (Option<&'static str>, Option<&'static str>) {
    let (argv, modes) = (line.argv, &profile.modes);
    let first = word(argv, skip_options(argv, program + 1, modes.options_with_value)).unwrap_or_default();
    let among = |names: &'static [&'static str]| names.iter().copied().find(|name| *name == first);
    if let Some(working) = among(modes.working) {
        return (Some(working), Some(working));
    }
    if let Some(other) = among(modes.other) {
        return (None, Some(other));
    }
    let given = |option: &str| gives(argv.get(program + 1..).unwrap_or_default(), option);
    let by_option = modes.by_option.iter().find(|(option, _)| given(option));
    let with_words = modes.with_words.filter(|_| !first.is_empty());
    let piped = modes.without_terminal.filter(|_| !line.at_terminal);
    let otherwise = with_words.or(piped).or(modes.without_subcommand);
    (by_option.map_or(otherwise, |(_, mode)| *mode), None)
}

/// Whether `option` is among `arguments`, alone or as `--option=value`, before a `--`.
pub(super) fn gives(arguments: &[OsString], option: &str) -> bool {
    arguments
        .iter()
        .take_while(|word| *word != "--")
        .filter_map(|word| word.to_str())
        .any(|word| word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
}

#[cfg(test)]
mod tests;
