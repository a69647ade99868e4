//! Settings files: TOML as a layer, with every mistake found at once and named by its line.
//!
//! The text is read into a table that keeps positions, and the table is walked by hand. Deserializing would stop at the
//! first mistake, and the TOML crate's own report quotes the line, which may hold a credential.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Key};
use super::layer::Layer;
use super::value::{AgentChoice, Complaint, Fault, Origin, Required, Sourced};
use super::{choice, duration, exit_code, given, home, signals, size};
use crate::environment::Environment;
use crate::otlp::Signal;

mod agents;
mod upstream;

/// The name of a project's settings file.
pub const PROJECT_FILE_NAME: &str = ".otel-run.toml";

/// A settings file and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileText {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// Whose file it is, and so how far it is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// The user's own: it may say everything.
    User,
    /// It came with a repository that the user may not trust. It must not send telemetry elsewhere, read files or
    /// variables, have content kept, or end or keep processes, so it may only name and describe.
    Project,
}

/// What `file` says. Lines that are no TOML are left out, the others count.
pub fn layer(kind: FileKind, file: &FileText, environment: &Environment) -> (Layer, Vec<Complaint>) {
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    let mut reader = Reader { file, environment, broken: Vec::new(), complaints: Vec::new() };
    for error in errors {
        let position = error.span().map_or(0, |span| span.start);
        reader.broken.push(position);
        reader.complain_of(Fault::Syntax, position, format!("this is not TOML: {}", error.message()));
    }
    let (mut layer, mut part) = (Layer::default(), upstream::Part::default());
    for (key, value) in table.get_ref().iter() {
        let at = key.span().start;
        let name = key.get_ref().as_ref();
        match keys::all().find(|known| known.name == name) {
            // The line is named already, and what looks like a key may be the rest of a value.
            None if reader.is_broken(&key.span(), value) => {}
            None => {
                let hint = choice::did_you_mean(name, keys::all().map(|known| known.name));
                reader.complain_of(Fault::Unknown, at, format!("there is no setting `{name}`{hint}"));
            }
            Some(Key { project: false, .. }) if kind == FileKind::Project => reader.complain_of(
                Fault::Untrusted,
                at,
                format!(
                    "`{name}` is ignored here, because a project's file comes with its repository and may set only {}; \
                     put it into your own settings file, $XDG_CONFIG_HOME/otel-run/config.toml",
                    keys::all().filter(|key| key.project).map(|key| key.name).collect::<Vec<_>>().join(", ")
                ),
            ),
            Some(_) if keys::named(keys::DESTINATION, name).is_some() => {
                reader.upstream_entry(&mut part, name, key.span(), value);
            }
            Some(_) => reader.entry(&mut layer, name, key.span(), value),
        }
    }
    layer.transport = part.transports();
    layer.destination = part.destination;
    let mut complaints = reader.complaints;
    complaints.sort_by_key(|complaint| match complaint.origin {
        Origin::File { line, .. } => line,
        _ => 0,
    });
    (layer, complaints)
}

struct Reader<'a> {
    file: &'a FileText,
    environment: &'a Environment,
    /// Where the text is no TOML.
    broken: Vec<usize>,
    complaints: Vec<Complaint>,
}

impl Reader<'_> {
    fn origin(&self, position: usize) -> Origin {
        let before = self.file.text.as_bytes().iter().take(position);
        Origin::File { path: self.file.path.clone(), line: before.filter(|byte| **byte == b'\n').count() + 1 }
    }

    fn complain(&mut self, position: usize, message: String) {
        self.complain_of(Fault::Value, position, message);
    }

    fn complain_of(&mut self, fault: Fault, position: usize, message: String) {
        self.complaints.push(Complaint::new(fault, self.origin(position), message));
    }

    /// Whether a value cannot be relied on, because the text is no TOML somewhere between its key and the end of its
    /// last line.
    fn is_broken(&self, key: &Range<usize>, value: &Spanned<DeValue<'_>>) -> bool {
        let end = value.span().end.min(self.file.text.len());
        let rest = self.file.text.as_bytes().iter().skip(end);
        let end = end + rest.take_while(|byte| **byte != b'\n').count();
        self.broken.iter().any(|position| (key.start..=end).contains(position))
    }

    fn entry(&mut self, layer: &mut Layer, name: &str, key: Range<usize>, value: &Spanned<DeValue<'_>>) {
        match name {
            "upstream" => layer.upstreams = self.upstreams(key, value),
            "expire_after" => layer.expire_after = self.time(name, key, value, duration::read_time_limit),
            "require_telemetry" => layer.required = self.value(name, key, value, required),
            "metrics_temporality" => {
                layer.temporality = self.value(name, key, value, |value| word(choice::TEMPORALITY, value));
            }
            "service_name" => layer.service_name = self.value(name, key, value, string),
            "resource_attributes" => layer.resource_attributes = self.resource_attributes(key, value),
            "agent" => layer.agent = self.value(name, key, value, |value| Ok(AgentChoice::read(&string(value)?))),
            "agents" => layer.agents = self.agents(key, value),
            "agent_destinations" => layer.agent_destinations = self.value(name, key, value, switch),
            "nest" => layer.nest = self.value(name, key, value, |value| word(choice::NEST, value)),
            "content" => layer.content = self.value(name, key, value, |value| word(choice::CONTENT, value)),
            "detail" => layer.detail = self.value(name, key, value, |value| word(choice::DETAIL, value)),
            "redact" => layer.redact = self.names(name, key, value),
            "redact_except" => layer.redact_except = self.names(name, key, value),
            "genai" => layer.genai = self.value(name, key, value, |value| word(choice::GENAI, value)),
            "drain_deadline" => layer.drain_deadline = self.time(name, key, value, duration::read),
            "timeout" => layer.time_limit = self.time(name, key, value, duration::read_time_limit),
            "kill_after" => layer.kill_after = self.time(name, key, value, duration::read_time_limit),
            "success_codes" => layer.success_codes = self.value(name, key, value, exit_codes),
            "reap" => layer.reap = self.value(name, key, value, boolean),
            "die_with_parent" => layer.die_with_parent = self.value(name, key, value, boolean),
            "heartbeat" => layer.heartbeat = self.time(name, key, value, duration::read),
            "collector" => layer.collector = self.value(name, key, value, switch),
            "state_dir" => {
                let said = self.value(name, key, value, string);
                layer.state_dir = said.map(|said| Sourced::new(self.path(&said.value), said.origin));
            }
            "keep_age" => layer.keep_age = self.time(name, key, value, duration::read_age),
            "keep_runs" => layer.keep_runs = self.value(name, key, value, count),
            "keep_size" => layer.keep_size = self.value(name, key, value, bytes),
            "quiet" => layer.quiet = self.value(name, key, value, boolean),
            _ => {}
        }
    }

    fn value<T>(
        &mut self,
        name: &str,
        key: Range<usize>,
        value: &Spanned<DeValue<'_>>,
        read: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<Sourced<T>> {
        if self.is_broken(&key, value) {
            return None;
        }
        match read(value.get_ref()) {
            Ok(value) => Some(Sourced::new(value, self.origin(key.start))),
            Err(message) => {
                self.complain(key.start, format!("`{name}`: {message}; it is ignored"));
                None
            }
        }
    }

    /// A list of names.
    fn names(&mut self, name: &str, key: Range<usize>, value: &Spanned<DeValue<'_>>) -> Vec<Sourced<String>> {
        let read = self.value(name, key, value, |value| match value {
            DeValue::Array(names) => names.iter().map(|name| string(name.get_ref())).collect(),
            other => Err(wrong_type("a list such as [\"MY_VARIABLE\"]", other)),
        });
        let Some(Sourced { value, origin }) = read else { return Vec::new() };
        let names: Vec<String> = value;
        names.into_iter().map(|name| Sourced::new(name, origin.clone())).collect()
    }

    /// A length of time, as a text for `read` or as a number of seconds.
    fn time(
        &mut self,
        name: &str,
        key: Range<usize>,
        value: &Spanned<DeValue<'_>>,
        read: impl Fn(&str) -> Result<Duration, String>,
    ) -> Option<Sourced<Duration>> {
        self.value(name, key, value, |value| match value {
            DeValue::String(text) => read(text),
            DeValue::Integer(number) if number.radix() == 10 => read(number.as_str()),
            DeValue::Float(number) => read(number.as_str()),
            other => Err(wrong_type("a length of time such as \"5s\", or a number of seconds,", other)),
        })
    }

    /// A path relative to the file that names it; `~` is the home folder.
    fn path(&self, text: &str) -> PathBuf {
        let path = home::expand(Path::new(text), self.environment);
        self.file.path.parent().map_or(path.clone(), |folder| folder.join(&path))
    }

    fn resource_attributes(
        &mut self,
        key: Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) -> Vec<(String, Sourced<String>)> {
        let mut list = Vec::new();
        match value.get_ref() {
            DeValue::Table(table) => self.attributes_below("", table, &mut list),
            other => {
                let remedy = "write [resource_attributes] and below it key = \"value\"";
                self.complain(key.start, format!("`resource_attributes`: {}; {remedy}", wrong_type("a table", other)));
            }
        }
        // The table is sorted by key; what was said first comes first.
        list.sort_by_key(|(_, position, _)| *position);
        list.into_iter().map(|(key, position, value)| (key, Sourced::new(value, self.origin(position)))).collect()
    }

    /// `deployment.environment.name = "x"` is three tables in TOML, and one key here.
    fn attributes_below(&mut self, prefix: &str, table: &DeTable<'_>, list: &mut Vec<(String, usize, String)>) {
        for (key, value) in table.iter() {
            let name = format!("{prefix}{}", key.get_ref());
            match value.get_ref() {
                DeValue::Table(table) => self.attributes_below(&format!("{name}."), table, list),
                _ if self.is_broken(&key.span(), value) => {}
                DeValue::String(text) => list.push((name, key.span().start, text.clone().into_owned())),
                other => {
                    let message = wrong_type("a string in quotes", other);
                    self.complain(key.span().start, format!("resource attribute `{name}`: {message}; it is ignored"));
                }
            }
        }
    }
}

fn wrong_type(wanted: &str, value: &DeValue<'_>) -> String {
    format!("{wanted} is expected, not {}", given::with_article(value.type_str()))
}

fn string(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) if text.trim().is_empty() => Err("it is empty".to_owned()),
        DeValue::String(text) => Ok(text.trim().to_owned()),
        other => Err(wrong_type("a string in quotes", other)),
    }
}

fn word<T: Copy>(choices: choice::Choices<T>, value: &DeValue<'_>) -> Result<T, String> {
    choice::read(choices, &string(value)?)
}

fn boolean(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| wrong_type("true or false without quotes", value))
}

fn switch(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().map_or_else(|| word(choice::SWITCH, value), Ok)
}

/// `true` for any telemetry, `false` for none, or a list of signals.
fn required(value: &DeValue<'_>) -> Result<Option<Required>, String> {
    let wanted = "true, or a list such as [\"traces\", \"logs\"],";
    match value {
        DeValue::Boolean(wanted) => Ok(wanted.then_some(Required::Any)),
        DeValue::Array(words) => {
            let words: Result<Vec<String>, String> = words.iter().map(|word| string(word.get_ref())).collect();
            Required::read(&words?.join(",")).map(Some)
        }
        other => Err(wrong_type(wanted, other)),
    }
}

fn signal_list(value: &DeValue<'_>) -> Result<Vec<Signal>, String> {
    let DeValue::Array(words) = value else { return Err(wrong_type("a list such as [\"traces\"]", value)) };
    let words: Result<Vec<String>, String> = words.iter().map(|word| string(word.get_ref())).collect();
    signals::read(&words?.join(","))
}

fn count(value: &DeValue<'_>) -> Result<u64, String> {
    let wrong = || wrong_type("a number such as 1000", value);
    match value {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

fn bytes(value: &DeValue<'_>) -> Result<u64, String> {
    match value {
        DeValue::String(text) => size::read(text),
        DeValue::Integer(number) if number.radix() == 10 => size::read(number.as_str()),
        other => Err(wrong_type("a size such as \"5GiB\"", other)),
    }
}

fn exit_codes(value: &DeValue<'_>) -> Result<Vec<i32>, String> {
    let DeValue::Array(codes) = value else { return Err(wrong_type("a list such as [1, 2]", value)) };
    let codes: Result<Vec<i32>, String> = codes
        .iter()
        .map(|code| match code.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => exit_code::read(number.as_str()),
            DeValue::Integer(_) => Err("write exit codes as decimal numbers".to_owned()),
            other => Err(wrong_type("a list of numbers from 1 to 255", other)),
        })
        .collect();
    codes.map(exit_code::sorted)
}

#[cfg(test)]
mod tests;
