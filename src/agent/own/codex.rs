//! Codex's configuration: the table `otel` of each of its files, which are merged key by key, and with `-c` as well.

use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::codex::{LOGS, METRICS, TRACES};
use super::{Choice, Circumstances, Found, Own, Place, Wanted, unreadable, warnings};
use crate::otlp::{PerSignal, Signal};
use crate::settings::{
    self, Complaint, Destination, Fault, FileText, Headers, Origin, Protocol, Sourced, Transport, Upstream, attributes,
    variables,
};

/// What the destination in its configuration is called.
pub(super) const NAME: &str = "codex-config";

/// Its exporters, and what each of them exports.
pub(super) const EXPORTERS: [(&str, Signal); 3] =
    [(TRACES, Signal::Traces), (METRICS, Signal::Metrics), (LOGS, Signal::Logs)];

pub(super) fn wanted(circumstances: &Circumstances<'_>) -> Vec<Wanted> {
    let profile = ["--profile", "-p"].into_iter().find_map(|option| circumstances.given(option));
    let file = |name: &str| circumstances.below_home(Some("CODEX_HOME"), ".codex", name);
    let mut wanted = vec![Wanted::file(Place::Machine, "/etc/codex/config.toml")];
    wanted.extend(file("config.toml").map(|path| Wanted::file(Place::User, path)));
    // A name with a folder in it is none.
    let profile = profile.filter(|name| !name.contains('/'));
    let profile = profile.and_then(|name| file(&format!("{name}.config.toml")));
    wanted.extend(profile.map(|path| Wanted::file(Place::User, path)));
    wanted.push(Wanted::file(Place::Managed, "/etc/codex/managed_config.toml"));
    wanted
}

pub(super) fn read(circumstances: &Circumstances<'_>, found: &[Found]) -> Own {
    let mut own = Own { warnings: unreadable(found).collect(), ..Own::default() };
    let mut complaints = Vec::new();
    let mut upstream: Option<Upstream> = None;
    for found in found {
        let Ok(file) = &found.file else { continue };
        let Some(exporters) = exporters(file, &mut complaints) else { continue };
        own.may_clash = true;
        for exporter in exporters {
            if exporter.kind == Kind::Grpc {
                own.arguments.insert(exporter.key, Choice::Alternative);
            }
            let Some(endpoint) = &exporter.endpoint else { continue };
            if found.place == Place::Managed {
                own.arguments.insert(exporter.key, Choice::Left);
                own.warnings.push(format!(
                    "{} sets {}, and nothing that otel-run could say comes after it: what goes there is not in the run",
                    endpoint.origin, exporter.key
                ));
            }
            exporter.put(&mut upstream);
        }
    }
    own.warnings.extend(warnings(complaints));
    for (key, signal) in EXPORTERS {
        if says(circumstances, key) {
            own.arguments.insert(key, Choice::Left);
            own.warnings.push(format!("your own -c sets {key}, and that counts: what goes there is not in the run"));
        }
        let variable = variables::exporter(signal);
        if circumstances.environment.get(&variable).is_some_and(|value| value.trim() == "none") {
            own.arguments.insert(key, Choice::Left);
        }
    }
    if says(circumstances, "otel.log_user_prompt") {
        own.arguments.insert("otel.log_user_prompt", Choice::Left);
    }
    // What Codex goes on exporting by itself does not need us.
    let led = |(key, _): &(&str, Signal)| own.arguments.get(key) != Some(&Choice::Left);
    let signals: Vec<Signal> = EXPORTERS.into_iter().filter(led).map(|(_, signal)| signal).collect();
    let upstream = upstream.map(|upstream| upstream.only(&signals));
    let mut complaints = Vec::new();
    own.upstreams.extend(upstream.and_then(|upstream| settings::checked(upstream, &mut complaints)));
    own.warnings.extend(warnings(complaints));
    own
}

/// The destination that a file names.
pub(super) fn destination(file: &FileText, complaints: &mut Vec<Complaint>) -> Option<Upstream> {
    let mut upstream = None;
    exporters(file, complaints)?.into_iter().for_each(|exporter| exporter.put(&mut upstream));
    settings::checked(upstream?, complaints)
}

/// Whether the user sets `key`, or the table that it is in, on the command line.
fn says(circumstances: &Circumstances<'_>, key: &str) -> bool {
    let arguments = circumstances.detected.arguments(circumstances.argv);
    let mut words = arguments.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let setting = match word {
            "-c" | "--config" => words.next(),
            _ => word.strip_prefix("--config=").or_else(|| word.strip_prefix("-c").filter(|rest| !rest.is_empty())),
        };
        let name = setting.and_then(|setting| Some(setting.trim_start_matches('=').split_once('=')?.0.trim()));
        if name.is_some_and(|name| {
            name == "otel" || name == key || name.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'))
        }) {
            return true;
        }
    }
    false
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Http,
    Grpc,
}

/// What one file says about one exporter.
struct Exporter {
    key: &'static str,
    signal: Signal,
    kind: Kind,
    endpoint: Option<Sourced<String>>,
    headers: Headers,
    transport: Transport,
    identity: settings::Identity,
}

impl Exporter {
    /// Puts it in the place of what earlier files said about it: endpoint and credentials of one file belong together.
    fn put(self, upstream: &mut Option<Upstream>) {
        if self.endpoint.is_none() {
            return;
        }
        let upstream = upstream.get_or_insert_with(|| Upstream {
            name: NAME.to_owned(),
            destination: Destination::default(),
            transport: PerSignal::default(),
        });
        let Upstream { destination, transport, .. } = upstream;
        *destination.signal_endpoints.of_mut(self.signal) = self.endpoint;
        *destination.signal_headers.of_mut(self.signal) = Some(self.headers).filter(|headers| !headers.is_empty());
        *destination.identity.of_mut(self.signal) = self.identity;
        *transport.of_mut(self.signal) = self.transport;
    }
}

/// The exporters that lead somewhere; none where the file has no table `otel`, or is no TOML, which Codex itself says.
fn exporters(file: &FileText, complaints: &mut Vec<Complaint>) -> Option<Vec<Exporter>> {
    if !file.text.contains("otel") {
        return None;
    }
    let table = DeTable::parse(&file.text).ok()?;
    let otel = table.get_ref().get("otel")?.get_ref().as_table()?;
    let mut reader = Reader { file, complaints };
    let exporters = EXPORTERS.into_iter().filter_map(|(key, signal)| {
        let value = otel.get(key.strip_prefix("otel.")?)?;
        // A word stands for no destination: none, or the vendor's own.
        let (kind, table) = value.get_ref().as_table()?.iter().find_map(|(kind, table)| {
            let kind = match kind.get_ref().as_ref() {
                "otlp-http" => Kind::Http,
                "otlp-grpc" => Kind::Grpc,
                _ => return None,
            };
            Some((kind, table.get_ref().as_table()?))
        })?;
        Some(reader.exporter(key, signal, kind, table))
    });
    Some(exporters.collect())
}

struct Reader<'a> {
    file: &'a FileText,
    complaints: &'a mut Vec<Complaint>,
}

impl Reader<'_> {
    fn origin(&self, at: &Range<usize>) -> Origin {
        let before = self.file.text.bytes().take(at.start);
        Origin::File { path: self.file.path.clone(), line: before.filter(|byte| *byte == b'\n').count() + 1 }
    }

    fn text(&self, table: &DeTable<'_>, key: &str) -> Option<Sourced<String>> {
        let value = table.get(key)?;
        Some(Sourced::new(value.get_ref().as_str()?.to_owned(), self.origin(&value.span())))
    }

    fn exporter(&mut self, key: &'static str, signal: Signal, kind: Kind, table: &DeTable<'_>) -> Exporter {
        let protocol = match (kind, self.text(table, "protocol")) {
            (Kind::Grpc, _) => Some(Sourced::default_value(Protocol::Grpc)),
            (Kind::Http, Some(said)) if said.value == "json" => Some(Sourced::new(Protocol::HttpJson, said.origin)),
            (Kind::Http, said) => said.map(|said| Sourced::new(Protocol::HttpProtobuf, said.origin)),
        };
        let tls = table.get("tls").and_then(|tls| tls.get_ref().as_table());
        let path = |name: &str| {
            let said = self.text(tls?, name)?;
            Some(Sourced::new(PathBuf::from(said.value), said.origin))
        };
        let transport = Transport { protocol, certificate: path("ca-certificate"), ..Transport::default() };
        let identity = settings::Identity { certificate: path("client-certificate"), key: path("client-private-key") };
        let endpoint = self.text(table, "endpoint");
        let headers = table.get("headers").and_then(|headers| headers.get_ref().as_table());
        let headers = headers.map(|table| self.headers(table)).unwrap_or_default();
        Exporter { key, signal, kind, endpoint, headers, transport, identity }
    }

    fn headers(&mut self, table: &DeTable<'_>) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in table.iter() {
            let origin = self.origin(&name.span());
            let Some(text) = text(value) else { continue };
            // Codex decodes them.
            let decoded = attributes::decode(text).unwrap_or_else(|| text.to_owned());
            match settings::literal_header(name.get_ref(), &decoded) {
                Ok((name, value)) => attributes::upsert(&mut headers, name, Sourced::new(value, origin)),
                Err(message) => self.complaints.push(Complaint::new(
                    Fault::Credentials,
                    origin,
                    format!("{message}; it is not sent"),
                )),
            }
        }
        headers
    }
}

fn text<'a>(value: &'a Spanned<DeValue<'_>>) -> Option<&'a str> {
    value.get_ref().as_str()
}
