//! Lines of words that fit into the width of a page, and words as a shell takes them.

use std::borrow::Cow;
use std::ffi::OsStr;

/// No line is longer, unless a single word is.
const WIDTH: usize = 92;
/// Where the right column begins.
const COLUMN: usize = 14;

/// A word as a POSIX shell takes it; control characters and bytes that are not UTF-8 as in `$'\x1b'`.
pub(super) fn quote(word: &OsStr) -> String {
    let bytes = word.as_encoded_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(byte);
    match word.to_str() {
        Some(text) if !text.is_empty() && bytes.iter().all(plain) => text.to_owned(),
        Some(text) if !text.chars().any(char::is_control) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => {
            let mut quoted = String::from("$'");
            for chunk in bytes.utf8_chunks() {
                for character in chunk.valid().chars() {
                    match character {
                        '\'' => quoted.push_str(r"\'"),
                        '\\' => quoted.push_str(r"\\"),
                        '\n' => quoted.push_str(r"\n"),
                        '\t' => quoted.push_str(r"\t"),
                        other if other.is_control() => {
                            let mut buffer = [0; 4];
                            escape_bytes(other.encode_utf8(&mut buffer).as_bytes(), &mut quoted);
                        }
                        other => quoted.push(other),
                    }
                }
                escape_bytes(chunk.invalid(), &mut quoted);
            }
            quoted.push('\'');
            quoted
        }
    }
}

fn escape_bytes(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        out.push_str(&format!("\\x{byte:02x}"));
    }
}

pub(super) fn words(text: &str) -> Vec<Cow<'_, str>> {
    text.split_whitespace().map(Cow::Borrowed).collect()
}

/// Lines of at most [`WIDTH`] columns.
pub(super) struct Page(pub(super) String);

impl Page {
    pub(super) fn heading(&mut self, title: &str) {
        self.0.push('\n');
        self.0.push_str(title);
        self.0.push('\n');
    }

    pub(super) fn row(&mut self, title: &str, words: Vec<Cow<'_, str>>) {
        self.paragraph(&format!("{title:COLUMN$}"), COLUMN, words);
    }

    /// Writes words behind `start`; further lines are indented.
    pub(super) fn paragraph(&mut self, start: &str, indent: usize, words: Vec<Cow<'_, str>>) {
        self.0.push_str(start);
        let mut column = start.chars().count();
        let mut first = true;
        for word in words {
            let word: String = word.chars().flat_map(visible).collect();
            let width = unicode_width::UnicodeWidthStr::width(word.as_str());
            if !first && column + 1 + width > WIDTH {
                self.0.push('\n');
                self.0.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if !first {
                self.0.push(' ');
                column += 1;
            }
            self.0.push_str(&word);
            column += width;
            first = false;
        }
        self.0.push('\n');
    }
}

/// The character, or its escape where it would do something to a terminal.
fn visible(character: char) -> impl Iterator<Item = char> {
    let escape = character.is_control().then(|| character.escape_default());
    let itself = escape.is_none().then_some(character);
    escape.into_iter().flatten().chain(itself)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{Page, quote, words};

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (word, quoted) in [
            ("run", "run"),
            ("--model=a/b", "--model=a/b"),
            ("", "''"),
            ("fix the test", "'fix the test'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("a\nb'\u{1b}[2J\\ü", r"$'a\nb\'\x1b[2J\\ü'"),
            ("\u{85}", r"$'\xc2\x85'"),
        ] {
            assert_eq!(quote(OsStr::new(word)), quoted);
        }
        #[cfg(unix)]
        assert_eq!(quote(std::os::unix::ffi::OsStrExt::from_bytes(b"a\xff")), r"$'a\xff'");
    }

    #[test]
    fn lines_are_broken_between_words() {
        let mut page = Page(String::new());
        page.row("Title", words(&"word ".repeat(20)));
        assert_eq!(
            page.0,
            format!("Title         {}word\n              {}word\n", "word ".repeat(14), "word ".repeat(4))
        );
    }

    #[test]
    fn nothing_printed_moves_the_cursor() {
        let mut page = Page(String::new());
        page.row("Title", words("a\u{1b}[2Jb"));
        assert_eq!(page.0, "Title         a\\u{1b}[2Jb\n");
    }
}
