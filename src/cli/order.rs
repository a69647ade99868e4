//! The words of a line in the order in which clap can read them.

use std::ffi::OsString;

use clap::Command;
use clap::error::ErrorKind;

use super::{VERBS, config};
use crate::settings::choice;

/// The same line in the order in which clap can read it: program, verb, options, `--`, command.
pub(super) fn arrange(command: &Command, mut args: Vec<OsString>) -> Result<Vec<OsString>, clap::Error> {
    let program = if args.is_empty() { OsString::from("otel-run") } else { args.remove(0) };
    let mut line = vec![program];
    let mut options = args;
    let mut rest = cut_at_first_word(command, &mut options)?;
    let first = rest.first().and_then(|word| word.to_str());
    match first.filter(|word| VERBS.contains(word)) {
        Some("help") => {
            if let Some(word) = rest.get(1).and_then(|word| word.to_str()).filter(|word| !VERBS.contains(word)) {
                let message = format!("there is no verb {word:?}{}", choice::did_you_mean(word, VERBS));
                return Err(command.clone().error(ErrorKind::InvalidSubcommand, message));
            }
            line.append(&mut options);
            line.append(&mut rest);
            return Ok(line);
        }
        Some("plan") => {
            line.push(rest.remove(0));
            let command_words = cut_at_first_word(command, &mut rest)?;
            line.append(&mut options);
            line.append(&mut rest);
            rest = command_words;
        }
        Some(verb) => {
            let has_verbs = verb == "config";
            line.push(rest.remove(0));
            if has_verbs {
                // The options before a verb of the verb's own are handed on to that one.
                let mut words = cut_at_first_word(command, &mut rest)?;
                let its = words.first().and_then(|word| word.to_str()).filter(|word| config::VERBS.contains(word));
                if its.is_some() {
                    line.push(words.remove(0));
                }
                rest.append(&mut words);
            }
            line.append(&mut options);
            line.append(&mut rest);
            return Ok(line);
        }
        None => line.append(&mut options),
    }
    if !rest.is_empty() {
        if rest.first().is_none_or(|word| word != "--") {
            line.push(OsString::from("--"));
        }
        line.append(&mut rest);
    }
    Ok(line)
}

/// Leaves the options in `args` and gives back the rest: from `--`, or from the first word that is neither an option
/// nor the value of one.
fn cut_at_first_word(command: &Command, args: &mut Vec<OsString>) -> Result<Vec<OsString>, clap::Error> {
    let mut index = 0;
    while let Some(arg) = args.get(index) {
        let text = arg.to_string_lossy();
        if text == "--" || text == "-" || !text.starts_with('-') {
            break;
        }
        let value_follows = match text.strip_prefix("--") {
            Some(long) => {
                let name = long.split_once('=').map_or(long, |(name, _)| name);
                if !is_known(command, name) {
                    return Err(unknown(command, name));
                }
                !long.contains('=') && takes_value(command, |arg| arg.get_long() == Some(name))
            }
            // Of several letters only the last can be followed by a value.
            None => text.chars().last().is_some_and(|last| takes_value(command, |arg| arg.get_short() == Some(last))),
        };
        index += 1;
        if value_follows && args.get(index).is_some_and(|value| value != "--") {
            index += 1;
        }
    }
    Ok(args.split_off(index.min(args.len())))
}

/// The options of the program, of all its verbs, and of theirs.
fn all_options(command: &Command) -> impl Iterator<Item = &clap::Arg> {
    let verbs = || command.get_subcommands();
    let below = verbs().flat_map(Command::get_subcommands);
    command.get_arguments().chain(verbs().chain(below).flat_map(Command::get_arguments))
}

fn is_known(command: &Command, long: &str) -> bool {
    all_options(command).any(|arg| arg.get_long() == Some(long))
}

fn takes_value(command: &Command, is_it: impl Fn(&clap::Arg) -> bool) -> bool {
    all_options(command).any(|arg| is_it(arg) && arg.get_action().takes_values() && !arg.is_require_equals_set())
}

/// An option that no verb has. Clap's own message quotes what follows the `=`, which may be a credential.
fn unknown(command: &Command, long: &str) -> clap::Error {
    let known: Vec<String> =
        all_options(command).filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")).collect();
    let hint = choice::did_you_mean(&format!("--{long}"), known.iter().map(String::as_str));
    command.clone().error(ErrorKind::UnknownArgument, format!("there is no option --{long}{hint}"))
}
