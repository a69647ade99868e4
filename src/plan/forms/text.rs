//! A value with places in it for what a form must not hold, and the comments around values.

use std::ffi::OsStr;

use unicode_width::UnicodeWidthStr;

use crate::plan::page::quote;

/// A value of a variable, or a word of a command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text(Vec<Part>);

/// A part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// What it is.
    Plain(String),
    /// What the platform has under this name.
    Reference(String),
    /// What the platform knows by itself, in the words of the form.
    Native(String),
}

impl Text {
    /// Text that is known.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![Part::Plain(text.into())])
    }

    /// What the platform has under `name`.
    pub fn reference(name: impl Into<String>) -> Self {
        Self(vec![Part::Reference(name.into())])
    }

    /// What the platform knows by itself, in the words of the form.
    pub(super) fn native(words: impl Into<String>) -> Self {
        Self(vec![Part::Native(words.into())])
    }

    /// This with `other` behind it.
    pub(super) fn and(mut self, other: Text) -> Self {
        for part in other.0 {
            match (self.0.last_mut(), part) {
                (Some(Part::Plain(text)), Part::Plain(more)) => text.push_str(&more),
                (_, part) => self.0.push(part),
            }
        }
        self
    }

    /// `template` with `value` in the place of each of `names`.
    pub(super) fn filled(template: &str, names: &[&str], value: &Text) -> Self {
        let found = names.iter().filter_map(|name| Some((template.find(name)?, name.len()))).min();
        match found.and_then(|(at, length)| Some((template.get(..at)?, template.get(at + length..)?))) {
            None => Self::plain(template),
            Some((before, after)) => Self::plain(before).and(value.clone()).and(Self::filled(after, names, value)),
        }
    }

    /// The parts; neighbours are not both plain.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.0.iter().filter(|part| !matches!(part, Part::Plain(text) if text.is_empty()))
    }

    /// The text, where nothing is left out of it.
    pub fn known(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Plain(text)] => Some(text),
            _ => self.parts().next().is_none().then_some(""),
        }
    }

    /// The name of the reference that is all of it.
    pub(super) fn only_reference(&self) -> Option<&str> {
        let mut parts = self.parts();
        match (parts.next(), parts.next()) {
            (Some(Part::Reference(name)), None) => Some(name),
            _ => None,
        }
    }

    /// The names of the references in it.
    pub(super) fn references(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Reference(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// As a shell takes it, in a comment.
    pub(super) fn in_a_comment(&self) -> String {
        let parts = self.parts().map(|part| match part {
            Part::Plain(text) => quote(OsStr::new(text)),
            Part::Reference(name) => format!("\"${name}\""),
            Part::Native(words) => words.clone(),
        });
        let text: String = parts.collect();
        if text.is_empty() { "''".to_owned() } else { text }
    }
}

/// No comment is wider, unless a single word is.
const WIDTH: usize = 100;

/// Comments whose lines begin with `#`.
pub(super) struct Comments<'a> {
    /// What is written to.
    pub(super) out: &'a mut String,
    /// What comes before the `#`.
    pub(super) indent: &'static str,
}

impl Comments<'_> {
    /// A paragraph of words.
    pub(super) fn say(&mut self, text: &str) {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && self.indent.len() + 3 + line.width() + word.width() > WIDTH {
                self.line(&std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            self.line(&line);
        }
    }

    /// One line, however long: what somebody is to copy. Nothing in it ends the comment.
    pub(super) fn line(&mut self, text: &str) {
        self.out.push_str(self.indent);
        self.out.push_str("# ");
        self.out.extend(text.chars().flat_map(one_line));
        self.out.push('\n');
    }

    /// How the agent is started, where it needs arguments.
    pub(super) fn command(&mut self, command: &Option<Vec<Text>>) {
        let Some(command) = command else { return };
        let words: Vec<String> = command.iter().map(Text::in_a_comment).collect();
        self.say("The agent needs arguments as well. Start it like this:");
        self.line(&words.join(" "));
    }

    /// An empty line between paragraphs.
    pub(super) fn gap(&mut self) {
        self.out.push_str(self.indent);
        self.out.push_str("#\n");
    }
}

/// The character, or its escape where some reader would take it for the end of a line, or a terminal for a command.
fn one_line(character: char) -> impl Iterator<Item = char> {
    let ends = character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    let escape = ends.then(|| character.escape_default());
    escape.into_iter().flatten().chain((!ends).then_some(character))
}

#[cfg(test)]
mod tests {
    use super::{Comments, Part, Text};

    #[test]
    fn a_template_is_filled() {
        let value = Text::reference("WHERE");
        let filled = Text::filled("a={endpoint}/x,{collector}", &["{endpoint}", "{collector}"], &value);
        let parts: Vec<&Part> = filled.parts().collect();
        let (plain, reference) = (|text: &str| Part::Plain(text.to_owned()), Part::Reference("WHERE".to_owned()));
        assert_eq!(parts, [&plain("a="), &reference, &plain("/x,"), &reference]);
        assert_eq!(Text::filled("x{endpoint}", &["{endpoint}"], &Text::plain("y")).known(), Some("xy"));
    }

    #[test]
    fn a_comment_is_never_left() {
        let mut out = String::new();
        let mut comments = Comments { out: &mut out, indent: "  " };
        comments.line("a\nb\r\u{85}\u{2028}c");
        comments.say("a\nb");
        assert_eq!(out, "  # a\\nb\\r\\u{85}\\u{2028}c\n  # a b\n");
    }
}
