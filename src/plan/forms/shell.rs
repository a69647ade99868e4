//! Lines to be sourced by bash, zsh, dash, or fish from 3.0 on.

use super::notes::heading;
use super::text::{Comments, Part, Text};
use super::{Form, Platform};

/// All of it.
pub(super) fn write(platform: &Platform) -> String {
    let mut out = String::new();
    let mut comments = Comments { out: &mut out, indent: "" };
    comments.say(&heading(platform, Form::Shell));
    for note in &platform.notes {
        comments.gap();
        comments.say(note);
    }
    if !platform.references.is_empty() {
        out.push_str("\n# Set these before this is read:\n");
    }
    for reference in &platform.references {
        Comments { out: &mut out, indent: "" }.say(&format!("  {} holds {}.", reference.name, reference.holds));
        // All four know both words; `${NAME:?}` fish does not.
        let name = &reference.name;
        out.push_str(&format!("test -n \"${name}\" || echo {} >&2\n", quoted(&format!("{name} is not set"))));
    }
    for variable in platform.with_attributes(Vec::new()) {
        out.push('\n');
        Comments { out: &mut out, indent: "" }.say(&variable.reason);
        out.push_str(&format!("export {}={}\n", variable.name, value(&variable.value)));
    }
    if platform.command.is_some() {
        out.push('\n');
    }
    Comments { out: &mut out, indent: "" }.command(&platform.command);
    out
}

fn value(text: &Text) -> String {
    let parts = text.parts().map(|part| match part {
        Part::Plain(text) => quoted(text),
        Part::Reference(name) => format!("\"${name}\""),
        Part::Native(words) => words.clone(),
    });
    let value: String = parts.collect();
    if value.is_empty() { quoted("") } else { value }
}

/// The text as all four read it. In single quotes everything stands for itself, but for the quote, and in fish for a
/// backslash; these two are put in double quotes, where `\\` is a backslash in all four. Never are two pieces in single
/// quotes side by side, which zsh can be told to take for one with a quote in it (`RC_QUOTES`).
pub(super) fn quoted(text: &str) -> String {
    if text.is_empty() {
        return "''".to_owned();
    }
    let is_special = |character: char| character == '\'' || character == '\\';
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|character| is_special(character) != is_special(first)).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        if is_special(first) {
            out.push('"');
            out.push_str(&piece.replace('\\', r"\\"));
            out.push('"');
        } else {
            out.push('\'');
            out.push_str(piece);
            out.push('\'');
        }
        rest = tail;
    }
    out
}
