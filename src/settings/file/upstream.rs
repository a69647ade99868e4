//! What a settings file says about where telemetry goes: at its top about one upstream, and in each `[[upstream]]` about a
//! further one.

use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Reader, boolean, signal_list, string, word, wrong_type};
use crate::otlp::{PerSignal, Signal};
use crate::secret::Secret;
use crate::settings::header::{self, HeaderValue, Headers};
use crate::settings::upstream::{Destination, Transport, Upstream};
use crate::settings::value::{Fault, Sourced};
use crate::settings::{attributes, choice, duration, keys};

/// What was said about one upstream so far.
#[derive(Default)]
pub(super) struct Part {
    pub(super) destination: Destination,
    pub(super) transport: Transport,
    pub(super) signals: Option<Sourced<Vec<Signal>>>,
}

impl Part {
    /// How each signal is sent, and whether it is.
    pub(super) fn transports(&self) -> PerSignal<Transport> {
        PerSignal::all(&self.transport).choose(self.signals.as_ref())
    }
}

impl Reader<'_> {
    /// Reads one of [`keys::DESTINATION`].
    pub(super) fn upstream_entry(
        &mut self,
        part: &mut Part,
        name: &str,
        key: Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let Part { destination, transport, signals } = part;
        let endpoints = &mut destination.signal_endpoints;
        match name {
            "endpoint" => destination.endpoint = self.value(name, key, value, string),
            "traces_endpoint" => endpoints.traces = self.value(name, key, value, string),
            "metrics_endpoint" => endpoints.metrics = self.value(name, key, value, string),
            "logs_endpoint" => endpoints.logs = self.value(name, key, value, string),
            "headers" => destination.headers = self.headers(key, value),
            "headers_helper" => destination.headers_helper = self.program(name, key, value),
            "client_certificate" => {
                let path = self.path_value(name, key, value);
                Signal::ALL.iter().for_each(|signal| destination.identity.of_mut(*signal).certificate = path.clone());
            }
            "client_key" => {
                let path = self.path_value(name, key, value);
                Signal::ALL.iter().for_each(|signal| destination.identity.of_mut(*signal).key = path.clone());
            }
            "protocol" => transport.protocol = self.value(name, key, value, |value| word(choice::PROTOCOL, value)),
            "compression" => transport.gzip = self.value(name, key, value, |value| word(choice::COMPRESSION, value)),
            "export_timeout" => transport.timeout = self.time(name, key, value, duration::read_limit),
            "certificate" => transport.certificate = self.path_value(name, key, value),
            "insecure" => transport.insecure = self.value(name, key, value, boolean),
            "signals" => *signals = self.value(name, key, value, signal_list),
            _ => {}
        }
    }

    /// The tables `[[upstream]]`. One that goes nowhere is a mistake.
    pub(super) fn upstreams(&mut self, key: Range<usize>, value: &Spanned<DeValue<'_>>) -> Vec<Upstream> {
        let tables: Option<Vec<_>> = match value.get_ref() {
            DeValue::Array(tables) => {
                tables.iter().map(|table| Some((table.span(), table.get_ref().as_table()?))).collect()
            }
            _ => None,
        };
        let Some(tables) = tables else {
            self.complain(key.start, "`upstream`: write [[upstream]] and below it endpoint = \"URL\"".to_owned());
            return Vec::new();
        };
        tables
            .into_iter()
            .enumerate()
            .filter_map(|(index, (span, table))| self.upstream(index + 1, span, table))
            .collect()
    }

    fn upstream(&mut self, number: usize, span: Range<usize>, table: &DeTable<'_>) -> Option<Upstream> {
        let (mut part, mut named) = (Part::default(), None);
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            if name == "name" {
                named = self.value(name, key.span(), value, string);
            } else if keys::named(keys::DESTINATION, name).is_some() {
                self.upstream_entry(&mut part, name, key.span(), value);
            } else if !self.is_broken(&key.span(), value) {
                let hint = choice::did_you_mean(name, keys::UPSTREAM.iter().map(|known| known.name));
                self.complain_of(
                    Fault::Unknown,
                    key.span().start,
                    format!("an upstream has no setting `{name}`{hint}"),
                );
            }
        }
        let transport = part.transports();
        let destination = part.destination;
        if destination.any_endpoint().is_none() {
            self.complain_of(Fault::Endpoint, span.start, "this upstream has no endpoint and is ignored".to_owned());
            return None;
        }
        let name = named.map_or_else(|| format!("upstream-{number}"), |name: Sourced<String>| name.value);
        Some(Upstream { name, destination, transport })
    }

    fn path_value(&mut self, name: &str, key: Range<usize>, value: &Spanned<DeValue<'_>>) -> Option<Sourced<PathBuf>> {
        let said = self.value(name, key, value, string)?;
        Some(Sourced::new(self.path(&said.value), said.origin))
    }

    /// A program by its path, which may begin with a folder that is known only when it is started.
    fn program(&mut self, name: &str, key: Range<usize>, value: &Spanned<DeValue<'_>>) -> Option<Sourced<PathBuf>> {
        let said = self.value(name, key, value, string)?;
        let path = if said.value.starts_with("${") { said.value.into() } else { self.path(&said.value) };
        Some(Sourced::new(path, said.origin))
    }

    fn headers(&mut self, key: Range<usize>, value: &Spanned<DeValue<'_>>) -> Headers {
        let mut headers = Vec::new();
        let DeValue::Table(table) = value.get_ref() else {
            let remedy = "write [headers] and below it authorization = { env = \"NAME\" }";
            self.complain_of(
                Fault::Credentials,
                key.start,
                format!("`headers`: {}; {remedy}", wrong_type("a table", value.get_ref())),
            );
            return headers;
        };
        for (name, value) in table.iter() {
            if self.is_broken(&name.span(), value) {
                continue;
            }
            let read = self.header_value(value.get_ref()).and_then(|value| header::header(name.get_ref(), value));
            match read {
                Ok((name_sent, value)) => {
                    let value = Sourced::new(value, self.origin(name.span().start));
                    attributes::upsert(&mut headers, name_sent, value);
                }
                Err(message) => {
                    self.complain_of(Fault::Credentials, name.span().start, format!("a header is ignored: {message}"));
                }
            }
        }
        headers
    }

    fn header_value(&self, value: &DeValue<'_>) -> Result<HeaderValue, String> {
        const SOURCES: [&str; 3] = ["env", "file", "command"];
        let table = match value {
            DeValue::String(text) => return Ok(HeaderValue::Literal(Secret::new(text.as_ref()))),
            DeValue::Table(table) => table,
            other => return Err(wrong_type("a string, { env = \"NAME\" } or { file = \"PATH\" }", other)),
        };
        let mut entries = table.iter().map(|(key, value)| (key.get_ref().as_ref(), value.get_ref()));
        match (entries.next(), entries.next()) {
            (Some(("env", DeValue::String(name))), None) => Ok(HeaderValue::Env(name.trim().to_owned())),
            (Some(("file", DeValue::String(path))), None) if path.trim().is_empty() => {
                Ok(HeaderValue::File(PathBuf::new()))
            }
            (Some(("file", DeValue::String(path))), None) => Ok(HeaderValue::File(self.path(path.trim()))),
            (Some(("command", DeValue::Array(words))), None) => {
                let words: Option<Vec<String>> =
                    words.iter().map(|word| word.get_ref().as_str().map(str::to_owned)).collect();
                words.map(HeaderValue::Command).ok_or_else(|| "`command` is a list of strings".to_owned())
            }
            (Some(("command", _)), None) => {
                Err("`command` is a list such as [\"my-token\", \"--print\"]; no shell reads it".to_owned())
            }
            (Some((key, other)), None) if SOURCES.contains(&key) => {
                Err(format!("`{key}`: {}", wrong_type("a string in quotes", other)))
            }
            // A value that was written as a key would be shown if the key were.
            (first, second) => {
                let key = first.filter(|_| second.is_none()).map_or("", |(key, _)| key);
                let hint = choice::did_you_mean(key, SOURCES);
                Err(format!(
                    "a value is one of {{ env = \"NAME\" }}, {{ file = \"PATH\" }}, {{ command = [\"PROGRAM\"] }}{hint}"
                ))
            }
        }
    }
}
