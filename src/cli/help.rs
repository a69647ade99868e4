//! What help and clap's own errors say beside what they say by themselves.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::VERBS;

/// The options that `-h` shows; `--help` shows all.
const FIRST: [&str; 5] = ["endpoint", "header", "service-name", "content", "help"];

/// Without the headings of the options, which would be as many lines as the options are.
const ONE_SCREEN: &str = "\
{about}

{usage-heading} {usage}

Verbs:
{subcommands}

Options:
{options}";

/// Whether help of the program itself, should it come to that, is the short one. `line` is in the order in which clap
/// reads it.
pub(super) fn is_short(line: &[OsString]) -> bool {
    let mut own = line.iter().skip(1).take_while(|word| *word != "--").peekable();
    let is_verb = own.peek().is_some_and(|word| VERBS.iter().any(|verb| word == verb));
    !is_verb && own.all(|word| word != "--help")
}

/// The program's short help on a screen of 24 lines by 80 columns.
pub(super) fn on_one_screen(command: Command) -> Command {
    command.help_template(ONE_SCREEN).mut_args(|arg| {
        let is_first = arg.get_long().is_some_and(|long| FIRST.contains(&long));
        arg.hide_short_help(!is_first)
    })
}

/// The error of an option that is another verb's, with the verbs that have it.
pub(super) fn with_remedy(command: &Command, mut error: clap::Error) -> clap::Error {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(option))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    else {
        return error;
    };
    let has_it = |command: &Command| {
        command.get_arguments().any(|arg| arg.get_long().is_some() && arg.get_long() == option.strip_prefix("--"))
    };
    let verbs: Vec<&str> = command.get_subcommands().filter(|verb| has_it(verb)).map(Command::get_name).collect();
    let tip = match (has_it(command), verbs.as_slice()) {
        (true, _) => format!("{option} is for a run: otel-run {option} ... -- COMMAND"),
        (false, []) => return error,
        (false, [verb]) => format!("{option} is an option of the verb {verb}"),
        (false, verbs) => format!("{option} is an option of the verbs {}", verbs.join(", ")),
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}
