//! The command line as the completions need it: what may follow which words, and what a value can be.

use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::aot::utils;

/// The program, or a verb.
pub struct Verb<'a> {
    /// The words behind the program's name; none for the program itself.
    pub path: String,
    /// Name and meaning of the verbs below it.
    pub verbs: Vec<(&'a str, String)>,
    pub options: Vec<Opt<'a>>,
    /// What its words are, if it takes any.
    pub words: Option<Values>,
    /// Whether there can be several of them.
    pub many: bool,
    /// Where a command can follow.
    pub command: Place,
}

/// Where a command begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Nowhere,
    /// Behind `--`, because other words can stand before.
    BehindDashes,
    /// At the first word, or behind `--`.
    Anywhere,
}

/// One option.
pub struct Opt<'a> {
    pub long: Option<&'a str>,
    pub short: Option<char>,
    /// What it means, in one line.
    pub help: String,
    /// Name and kind of its value; none where it takes none.
    pub value: Option<(&'a str, Values)>,
    /// The value stands behind `=` or is not there.
    pub attached: bool,
    /// It may be given more than once.
    pub repeated: bool,
}

/// What a value can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Nothing that could be listed.
    Free,
    /// One of these words.
    Words(Vec<String>),
    Files,
    Folders,
    Programs,
    /// Names of environment variables.
    Variables,
    /// Agents that are known here, and words that can stand in place of one.
    Agents(Vec<&'static str>),
    /// Runs on this machine.
    Runs,
}

/// The program and all its verbs, each behind the one that it is below. The tree must be built.
pub fn verbs(program: &Command) -> Vec<Verb<'_>> {
    let mut all = Vec::new();
    collect(program, "", &mut all);
    all
}

fn collect<'a>(command: &'a Command, path: &str, all: &mut Vec<Verb<'a>>) {
    let below = || command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let about = |verb: &Command| verb.get_about().map(ToString::to_string).unwrap_or_default();
    let words = command.get_positionals().find(|arg| !arg.is_last_set());
    let place = match (command.get_positionals().any(Arg::is_last_set), words) {
        (false, _) => Place::Nowhere,
        (true, Some(_)) => Place::BehindDashes,
        (true, None) => Place::Anywhere,
    };
    // `help` is followed by the verbs that it explains, and not by what follows those.
    let is_help = command.get_name() == "help";
    all.push(Verb {
        path: path.to_owned(),
        verbs: below().map(|verb| (verb.get_name(), about(verb))).collect(),
        options: command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set()).map(option).collect(),
        words: words.filter(|_| !is_help).map(values),
        many: words.is_some_and(|arg| matches!(arg.get_action(), ArgAction::Append)),
        command: place,
    });
    for verb in below().filter(|_| !is_help) {
        collect(verb, format!("{path} {}", verb.get_name()).trim_start(), all);
    }
}

fn option(arg: &Arg) -> Opt<'_> {
    let takes_value = arg.get_action().takes_values();
    let name = arg.get_value_names().and_then(|names| names.first()).map_or("VALUE", |name| name.as_str());
    Opt {
        long: arg.get_long(),
        short: arg.get_short(),
        help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
        value: takes_value.then(|| (name, values(arg))),
        attached: arg.is_require_equals_set(),
        repeated: matches!(arg.get_action(), ArgAction::Append | ArgAction::Count),
    }
}

/// What a value can be: the words that clap knows, its hint of a path, or what the name in the help stands for.
fn values(arg: &Arg) -> Values {
    let words = utils::possible_values(arg).unwrap_or_default();
    if !words.is_empty() {
        return Values::Words(
            words.iter().filter(|word| !word.is_hide_set()).map(|word| word.get_name().to_owned()).collect(),
        );
    }
    match arg.get_value_hint() {
        ValueHint::FilePath | ValueHint::AnyPath => return Values::Files,
        ValueHint::DirPath => return Values::Folders,
        ValueHint::ExecutablePath | ValueHint::CommandName => return Values::Programs,
        _ => {}
    }
    match arg.get_value_names().and_then(|names| names.first()).map(|name| name.as_str()) {
        Some("FILE") => Values::Files,
        Some("FOLDER") => Values::Folders,
        Some("VARIABLE") => Values::Variables,
        Some("AGENT") if arg.is_positional() => Values::Agents(Vec::new()),
        Some("AGENT") => Values::Agents(vec!["auto", "none"]),
        Some("RUN") => Values::Runs,
        _ => Values::Free,
    }
}
