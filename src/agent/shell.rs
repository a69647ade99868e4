//! Seeing through a shell whose command line is one simple command: `bash -lc 'claude -p "$PROMPT"'`
//! (POSIX, Shell Command Language, "Simple Commands").
//!
//! Whatever else a shell can do, nobody knows here what it will run.

use std::ffi::OsString;
use std::iter::Peekable;
use std::str::Chars;

use super::launchers::{base_name, skip_options, word};

const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ksh", "ash"];

/// The command of a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    /// The index of the word that holds it.
    pub(super) at: usize,
    /// Its words. What the shell would put into a word stands in it as it was written.
    pub(super) words: Vec<OsString>,
}

/// The command that the shell at `at` gets in one word, if it is a simple one.
pub(super) fn command(argv: &[OsString], at: usize) -> Option<Command> {
    if !SHELLS.contains(&base_name(word(argv, at)?)) {
        return None;
    }
    let text = skip_options(argv, at + 1, &["-o", "-O", "--rcfile", "--init-file"]);
    let mut options = argv.get(at + 1..text)?.iter().filter_map(|option| option.to_str());
    let has_command =
        options.any(|option| !option.starts_with("--") && option.starts_with('-') && option.contains('c'));
    let words = has_command.then(|| simple_command(word(argv, text)?)).flatten()?;
    Some(Command { at: text, words })
}

/// The words of a simple command; none where it is anything else. Assignments in front become those of `env`.
fn simple_command(text: &str) -> Option<Vec<OsString>> {
    let mut words: Vec<String> = Vec::new();
    let mut letters = text.trim().chars().peekable();
    while letters.peek().is_some() {
        words.push(one_word(&mut letters)?);
        while letters.next_if(|letter| matches!(letter, ' ' | '\t')).is_some() {}
    }
    let assignments = words.iter().take_while(|word| word.contains('=')).count();
    if words.get(assignments)? == "exec" {
        words.remove(assignments);
    }
    words.get(assignments)?;
    if assignments > 0 {
        words.insert(0, "env".to_owned());
    }
    Some(words.into_iter().map(OsString::from).collect())
}

/// The word at the front, up to a space; none where a letter in it means something to the shell.
fn one_word(letters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut out = String::new();
    while let Some(&letter) = letters.peek() {
        match letter {
            ' ' | '\t' => break,
            '\'' => {
                letters.next();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        letter => out.push(letter),
                    }
                }
            }
            '"' => {
                letters.next();
                double_quoted(letters, &mut out)?;
            }
            // At the front it would begin a comment, or negate.
            '#' | '!' if out.is_empty() => return None,
            '~' if out.is_empty() => out.push(letters.next()?),
            _ if letter.is_alphanumeric() || "_-./:=@%+,^#!".contains(letter) => out.push(letters.next()?),
            _ => return None,
        }
    }
    Some(out)
}

/// What is between double quotes, of which the second is yet to come. A variable in them stays one word; a command whose
/// output is put in would run before ours.
fn double_quoted(letters: &mut Peekable<Chars<'_>>, out: &mut String) -> Option<()> {
    loop {
        match letters.next()? {
            '"' => return Some(()),
            '`' | '\\' => return None,
            '$' if !letters.peek().is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '{')) => {
                return None;
            }
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Option<Vec<String>> {
        Some(simple_command(text)?.into_iter().map(|word| word.into_string().unwrap()).collect())
    }

    #[test]
    fn a_simple_command_is_split_as_the_shell_does_it() {
        for (text, expected) in [
            ("claude -p hi", &["claude", "-p", "hi"][..]),
            ("  exec claude  -p 'two words'\t", &["claude", "-p", "two words"]),
            (r#"claude -p "$PROMPT" "a${B}c""#, &["claude", "-p", "$PROMPT", "a${B}c"]),
            ("claude 'a'\"b\"c", &["claude", "abc"]),
            ("A=1 B='x y' claude", &["env", "A=1", "B=x y", "claude"]),
            ("A=1 exec claude", &["env", "A=1", "claude"]),
            ("~/bin/claude ''", &["~/bin/claude", ""]),
            ("claude --model=a/b:c@1,2+3% x#y", &["claude", "--model=a/b:c@1,2+3%", "x#y"]),
        ] {
            assert_eq!(words(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_simple_command() {
        for text in [
            "claude; rm x",
            "claude && x",
            "claude | tee x",
            "claude > x",
            "claude &",
            "(claude)",
            "{ claude; }",
            "! claude",
            "# claude",
            "claude $X",
            "claude $(x)",
            "claude `x`",
            "claude *",
            "claude a?",
            "claude [a]",
            "claude {a,b}",
            r"claude \x",
            r#"claude "$(x)""#,
            r#"claude "$@""#,
            r#"claude "`x`""#,
            r#"claude "a\"b""#,
            "claude 'open",
            "claude \"open",
            "claude\nx",
            "",
            " ",
            "exec",
            "A=1",
            "A=1 exec",
        ] {
            assert_eq!(words(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn single_quotes_keep_everything(inside in "[^']{0,20}") {
            prop_assert_eq!(words(&format!("x '{inside}'")), Some(vec!["x".to_owned(), inside]));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = words(&text);
        }
    }
}
