//! Headers for a backend: their names, and where their values are taken from.

use std::io;
use std::path::{Path, PathBuf};

use super::home;
use super::value::Sourced;
use crate::environment::Environment;
use crate::secret::Secret;

/// Headers by their names in lower case, each once.
pub type Headers = Vec<(String, Sourced<HeaderValue>)>;

/// Where one header's value is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// The value itself.
    Literal(Secret),
    /// The variable that holds it (`env:NAME`).
    Env(String),
    /// The file that holds it (`file:PATH`); a line break at its end is not part of the value.
    File(PathBuf),
    /// The program that prints it, and its arguments; a line break at its end is not part of the value.
    Command(Vec<String>),
}

impl HeaderValue {
    /// Reads `env:NAME`, `file:PATH`, or anything else as the value itself.
    pub fn read(text: &str) -> Self {
        if let Some(name) = text.strip_prefix("env:") {
            HeaderValue::Env(name.trim().to_owned())
        } else if let Some(path) = text.strip_prefix("file:") {
            HeaderValue::File(PathBuf::from(path.trim()))
        } else {
            HeaderValue::Literal(Secret::new(text))
        }
    }

    /// Where the value stands, in words that may be printed: `env:NAME`, `file:PATH`, `command:PROGRAM`; none for one that
    /// was given itself.
    pub fn source(&self) -> Option<String> {
        match self {
            HeaderValue::Literal(_) => None,
            HeaderValue::Env(name) => Some(format!("env:{name}")),
            HeaderValue::File(path) => Some(format!("file:{}", path.display())),
            HeaderValue::Command(words) => Some(format!("command:{}", words.first().map_or("", String::as_str))),
        }
    }

    /// The value to send; none for a command, which is for whoever sends to run. `read_file` gives the text of a file. The
    /// error is a sentence that names the variable or the file, never what is in it.
    pub fn reveal(
        &self,
        environment: &Environment,
        read_file: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Option<Secret>, String> {
        let value = match self {
            HeaderValue::Command(_) => return Ok(None),
            HeaderValue::Literal(secret) => secret.clone(),
            HeaderValue::Env(name) => {
                let value = environment.get(name).ok_or_else(|| format!("the variable {name} is not set"))?;
                sendable(value)
                    .ok_or_else(|| format!("the variable {name} holds a line break or another control character"))?
            }
            HeaderValue::File(path) => {
                let path = home::expand(path, environment);
                let shown = path.display();
                let text = read_file(&path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
                match one_line(&text) {
                    "" => return Err(format!("{shown} is empty")),
                    value => sendable(value)
                        .ok_or_else(|| format!("{shown} holds more than one line or a control character"))?,
                }
            }
        };
        Ok(Some(value))
    }
}

/// `text` without the line break at its end.
pub fn one_line(text: &str) -> &str {
    let value = text.strip_suffix('\n').unwrap_or(text);
    value.strip_suffix('\r').unwrap_or(value)
}

/// `value` if HTTP allows it as the value of a header (RFC 9110, section 5.5).
fn sendable(value: &str) -> Option<Secret> {
    http::HeaderValue::from_bytes(value.as_bytes()).ok().map(|_| Secret::new(value))
}

/// `name` as it is sent, in lower case, and `value`, if HTTP allows both. The error is a sentence that quotes neither:
/// a value that slipped into the name, as in `authorization: Bearer x`, would be shown.
pub(super) fn header(name: &str, value: HeaderValue) -> Result<(String, HeaderValue), String> {
    let name = http::HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| "the text before `=` is not the name of a header".to_owned())?;
    match &value {
        HeaderValue::Literal(secret) if secret.expose().is_empty() => {
            return Err(format!("the header {name} has no value"));
        }
        HeaderValue::Literal(secret) if sendable(secret.expose()).is_none() => {
            return Err(format!("the value of the header {name} holds a line break or another control character"));
        }
        HeaderValue::Env(variable) if variable.is_empty() => {
            return Err(format!("the header {name} names no variable"));
        }
        HeaderValue::File(path) if path.as_os_str().is_empty() => {
            return Err(format!("the header {name} names no file"));
        }
        HeaderValue::Command(words) if words.first().is_none_or(String::is_empty) => {
            return Err(format!("the header {name} names no program"));
        }
        _ => {}
    }
    Ok((name.as_str().to_owned(), value))
}

/// A header by its name and its value, which is taken as it stands. The error is a sentence that quotes neither.
pub fn literal_header(name: &str, value: &str) -> Result<(String, HeaderValue), String> {
    header(name, HeaderValue::Literal(Secret::new(value)))
}

/// A header as it is typed, `NAME=VALUE`. The error is a sentence that quotes nothing of `text`.
pub fn header_of_text(text: &str) -> Result<(String, HeaderValue), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("a header has no `=`; write it like authorization=env:NAME, authorization=file:PATH or name=value")?;
    header(name, HeaderValue::read(value.trim()))
        .map_err(|message| format!("{message}; write it like authorization=env:NAME"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn header_values_are_revealed() {
        let environment: Environment =
            [("TOKEN", "t0"), ("EMPTY", ""), ("LINES", "a\nb"), ("HOME", "/home/u")].into_iter().collect();
        let read_file = |path: &Path| match path.to_str() {
            Some("/unix") => Ok("t1\n".to_owned()),
            Some("/dos") => Ok("t2\r\n".to_owned()),
            Some("/home/u/bare") => Ok("t3".to_owned()),
            Some("/lines") => Ok("a\nb\n".to_owned()),
            Some("/empty") => Ok("\n".to_owned()),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        for (text, expected) in [
            ("plain", Ok("plain")),
            ("env:TOKEN", Ok("t0")),
            ("env:EMPTY", Err("the variable EMPTY is not set")),
            ("env:MISSING", Err("the variable MISSING is not set")),
            ("env:LINES", Err("the variable LINES holds a line break or another control character")),
            ("file:/unix", Ok("t1")),
            ("file:/dos", Ok("t2")),
            ("file:~/bare", Ok("t3")),
            ("file:/lines", Err("/lines holds more than one line or a control character")),
            ("file:/empty", Err("/empty is empty")),
            ("file:/none", Err("/none cannot be read: entity not found")),
        ] {
            let revealed = HeaderValue::read(text).reveal(&environment, &read_file);
            let revealed = revealed.as_ref().map(|value| value.as_ref().map(Secret::expose)).map_err(String::as_str);
            assert_eq!(revealed, expected.map(Some), "{text}");
        }
    }

    #[test]
    fn wrong_headers_are_refused_without_being_quoted() {
        for text in [
            "Authorization: Bearer hunter2",
            "Authorization: Bearer hunter2==",
            "hunter 2=x",
            "a=hunter2\nb",
            "=hunter2",
            "a=",
            "a=env:",
            "a=file:",
        ] {
            let message = header_of_text(text).unwrap_err();
            assert!(!message.contains("hunter"), "{text}: {message}");
        }
        let (name, value) = header_of_text("X-Api-Key= k=v== ").unwrap();
        assert_eq!((name.as_str(), value), ("x-api-key", HeaderValue::Literal(Secret::new("k=v=="))));
    }
}
