//! A file for `docker run --env-file`, as docker/cli reads it (`pkg/kvfile/kvfile.go`): a line a variable, values as they
//! stand, and a name alone passes the variable on that docker itself was started with.

use super::notes::heading;
use super::shell;
use super::text::{Comments, Part, Text};
use super::{Form, Platform};

/// The longest line, which is that of Go's `bufio.Scanner`.
const LONGEST: usize = 64 * 1024 - 1;

/// All of it.
pub(super) fn write(platform: &Platform) -> String {
    let mut out = String::new();
    let mut comments = Comments { out: &mut out, indent: "" };
    comments.say(&heading(platform, Form::Docker));
    for note in &platform.notes {
        comments.gap();
        comments.say(note);
    }
    comments.gap();
    comments.say("docker run --env-file FILE ... A name without a value is passed on from where docker is started.");
    for variable in platform.with_attributes(Vec::new()) {
        out.push('\n');
        let mut comments = Comments { out: &mut out, indent: "" };
        comments.say(&variable.reason);
        let name = &variable.name;
        match variable.value.known() {
            Some(text) if stands_for_itself(name, text) => {
                out.push_str(&format!("{name}={text}\n"));
                continue;
            }
            Some(_) => comments.say(
                "Such a file has no quoting and cannot hold this value; set it where docker is started, in bash or zsh like this:",
            ),
            None => {
                for reference in variable.value.references() {
                    let holds = platform.references.iter().find(|known| known.name == reference);
                    let holds = holds.map_or("yours to supply", |known| &known.holds);
                    comments.say(&format!("{reference} is {holds}."));
                }
                let like_this = if variable.value.only_reference() == Some(name) { "." } else { ", like this:" };
                comments.say(&format!("Set it where docker is started{like_this}"));
            }
        }
        if variable.value.only_reference() != Some(name) {
            comments.line(&format!("  export {name}={}", for_bash(&variable.value)));
        }
        out.push_str(&format!("{name}\n"));
    }
    if platform.command.is_some() {
        out.push('\n');
    }
    Comments { out: &mut out, indent: "" }.command(&platform.command);
    out
}

/// Whether the line means the value for every version: nothing in it ends the line, and it is not in quotes, which newer
/// versions take away.
pub(super) fn stands_for_itself(name: &str, text: &str) -> bool {
    let in_quotes = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    // A carriage return before the end of a line belongs to that.
    !text.contains('\n')
        && !text.ends_with('\r')
        && !in_quotes('\'')
        && !in_quotes('"')
        && name.len() + 1 + text.len() < LONGEST
}

fn for_bash(value: &Text) -> String {
    let parts = value.parts().map(|part| match part {
        // Newlines as an escape: this stands in a comment.
        Part::Plain(text) if text.contains(['\n', '\r']) => crate::plan::page::quote(text.as_ref()),
        Part::Plain(text) => shell::quoted(text),
        Part::Reference(name) => format!("\"${name}\""),
        Part::Native(words) => words.clone(),
    });
    parts.collect()
}
