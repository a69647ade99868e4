//! The destinations of a run as they are written down, and back to ones that can be dialled.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::said::Said;
use crate::agent;
use crate::delivery::{Proxies, Target};
use crate::error::Error;
use crate::otlp::{PerSignal, Signal};
use crate::plan;
use crate::secret::Secret;
use crate::settings::{self, FileText, HeaderValue, Origin, Protocol, Sourced, Transport, Upstream};
use crate::store::facts::Destination;

/// Where the runs of others are delivered to.
#[derive(Clone)]
pub(super) struct Destinations {
    /// What is configured now: as it can be dialled, and as it is written down.
    configured: Vec<(Result<Target, Vec<String>>, Destination)>,
    proxies: Proxies,
    expire_after: Option<Duration>,
}

impl Destinations {
    /// Takes what is configured.
    pub(super) fn of(said: &Said) -> Self {
        let configured = said.settings.upstreams.iter().map(|upstream| (said.target(upstream), written_down(upstream)));
        let expire_after = said.settings.expire_after.value;
        Self { configured: configured.collect(), proxies: said.proxies(), expire_after }
    }

    /// Those that are configured and can be dialled, and why the others cannot, by their names.
    pub(super) fn dialled(&self) -> (Vec<Target>, BTreeMap<String, String>) {
        let (mut targets, mut reasons) = (Vec::new(), BTreeMap::new());
        for (target, destination) in &self.configured {
            match target {
                Ok(target) => targets.push(target.clone()),
                Err(errors) => drop(reasons.insert(destination.name.clone(), errors.join("; "))),
            }
        }
        (targets, reasons)
    }

    /// Where to deliver a run to, which was to go where `recorded` says: to what is configured now by the same name, or else
    /// to what was written down. A run that was to go nowhere goes to all that is configured. With each target comes how it
    /// is written down; for those that cannot be dialled there is a reason instead, by their names.
    ///
    /// # Errors
    ///
    /// When there is nowhere to deliver it to, or not one of its destinations can be dialled.
    pub(super) fn of_run(&self, recorded: &[Destination]) -> Result<Way, Error> {
        let mut way = Way::default();
        let mut add = |target: Result<Target, String>, destination: &Destination| match target {
            Ok(target) => way.targets.push((target, destination.clone())),
            Err(reason) => drop(way.closed.insert(destination.name.clone(), reason)),
        };
        let dial = |target: &Result<Target, Vec<String>>| target.clone().map_err(|reasons| reasons.join("; "));
        if recorded.is_empty() {
            self.configured.iter().for_each(|(target, destination)| add(dial(target), destination));
        }
        for destination in recorded {
            match self.configured.iter().find(|(_, configured)| configured.name == destination.name) {
                Some((target, configured)) => add(dial(target), configured),
                None => add(self.read_back(destination), destination),
            }
        }
        match (way.targets.is_empty(), way.closed.is_empty()) {
            (true, true) => Err(Error::NoUpstream),
            (true, false) => Err(Error::Upstream(Vec::from_iter(way.closed.into_values()).join("\n"))),
            (false, _) => Ok(way),
        }
    }

    fn read_back(&self, destination: &Destination) -> Result<Target, String> {
        let target = match &destination.file {
            Some(file) => found_again(destination, file)?,
            None => read_back(destination)?,
        };
        Ok(target.through(self.proxies.clone()).expiring_after(self.expire_after))
    }
}

/// Where a run is to be delivered.
#[derive(Clone, Default)]
pub(super) struct Way {
    /// What can be dialled, and how it is written down.
    pub(super) targets: Vec<(Target, Destination)>,
    /// Why others cannot, by their names.
    pub(super) closed: BTreeMap<String, String>,
}

/// What to dial for `upstream` with these headers and this helper.
pub(super) fn target(
    upstream: &Upstream,
    headers: PerSignal<Vec<(String, Secret)>>,
    helper: Option<PathBuf>,
) -> Result<Target, Vec<String>> {
    Target::new(upstream, headers, helper).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

/// `upstream` without its credentials.
pub(super) fn written_down(upstream: &Upstream) -> Destination {
    let shown = plan::Destination::of(upstream);
    let mut header_names: Vec<String> = Vec::new();
    for header in shown.headers {
        if !header_names.contains(&header.name) {
            header_names.push(header.name);
        }
    }
    let protocol = shown.protocols.first().map_or(Protocol::HttpProtobuf, |(_, protocol)| protocol.value);
    let mut destination = Destination {
        name: shown.name,
        endpoint: shown.endpoint.map(|endpoint| endpoint.value).unwrap_or_default(),
        signal_endpoints: shown.signal_endpoints.into_iter().map(|(signal, url)| (signal, url.value)).collect(),
        abridged: false,
        protocol: protocol.as_str().to_owned(),
        header_names,
        file: own_file(upstream),
    };
    let read_back = without_settings(&destination);
    let same_routes = Signal::ALL.into_iter().all(|signal| read_back.route(signal) == upstream.route(signal));
    destination.abridged = !same_routes || !shown.means.is_empty();
    destination
}

/// The agent's own file that `upstream` was found in, if it was found in one.
fn own_file(upstream: &Upstream) -> Option<PathBuf> {
    match &upstream.destination.any_endpoint()?.origin {
        Origin::File { path, .. } if agent::own::is_of_an_agent(&upstream.name) => Some(path.clone()),
        _ => None,
    }
}

/// What to dial for what an agent's own file says now, as far as the run was to go there. The error is a sentence.
fn found_again(destination: &Destination, file: &Path) -> Result<Target, String> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    let text = FileText { path: file.to_owned(), text };
    let upstream = agent::own::destination_again(&destination.name, &text).ok_or_else(|| {
        format!("{shown} names no endpoint any more, and the run was to go to {}", destination.shown_endpoint())
    })?;
    let signals: Vec<Signal> = Signal::ALL.into_iter().filter(|signal| destination.takes(*signal)).collect();
    let upstream = upstream.only(&signals);
    let literal = |value: &HeaderValue| match value {
        HeaderValue::Literal(secret) => Some(secret.clone()),
        _ => None,
    };
    let headers = PerSignal::from_fn(|signal| {
        upstream
            .headers(signal)
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), literal(&value.value)?)))
            .collect()
    });
    let helper = upstream.destination.headers_helper.as_ref().map(|helper| helper.value.clone());
    target(&upstream, headers, helper).map_err(|reasons| reasons.join("; "))
}

/// What to dial for what was written down as `destination`. The error is a sentence: it cannot be dialled without what was
/// not written down.
fn read_back(destination: &Destination) -> Result<Target, String> {
    let endpoint = destination.shown_endpoint();
    let name = &destination.name;
    let again = if name == settings::DEFAULT_NAME {
        "say endpoint and credentials again".to_owned()
    } else {
        format!("say them again for the upstream \"{name}\" in the settings file")
    };
    if !destination.header_names.is_empty() {
        return Err(format!(
            "the run goes to {endpoint} with the headers {}, whose values are not kept: {again}",
            destination.header_names.join(", ")
        ));
    }
    if destination.abridged {
        return Err(format!(
            "the run goes to {endpoint}, of which not everything is kept because it may hold credentials: {again}"
        ));
    }
    target(&without_settings(destination), PerSignal::default(), None).map_err(|reasons| reasons.join("; "))
}

fn without_settings(destination: &Destination) -> Upstream {
    let protocol = match destination.protocol.as_str() {
        "grpc" => Protocol::Grpc,
        "http/json" => Protocol::HttpJson,
        _ => Protocol::HttpProtobuf,
    };
    let transport = Transport { protocol: Some(Sourced::default_value(protocol)), ..Transport::default() };
    let signal_endpoint = |signal| destination.signal_endpoints.get(&signal).cloned().map(Sourced::default_value);
    Upstream {
        name: destination.name.clone(),
        destination: settings::Destination {
            endpoint: Some(destination.endpoint.clone()).filter(|url| !url.is_empty()).map(Sourced::default_value),
            signal_endpoints: PerSignal::from_fn(signal_endpoint),
            ..settings::Destination::default()
        },
        transport: PerSignal::all(&transport),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn the_unnamed_upstream_is_called_the_same_in_settings_and_on_disk() {
        assert_eq!(settings::DEFAULT_NAME, crate::store::journal::DEFAULT_NAME);
    }

    #[test]
    fn a_destination_is_read_back_as_it_was_unless_it_has_secrets() {
        for (endpoint, traces, whole) in [
            (Some("http://c:4318"), None, true),
            (Some("http://c:4318/otlp/"), Some("http://t/own"), true),
            (None, Some("http://t/own"), true),
            // They are not sent either.
            (Some("http://me:pw@c:4318"), None, true),
            (Some("http://c/otlp?key=k"), None, false),
            (Some("http://c"), Some("http://t/own?key=k"), false),
            (Some("http://127.0.0.1:4711/0af7651916cd43dd8448eb211c80319c"), None, false),
            (Some("unix:/run/o.sock"), Some("file:/var/o.jsonl"), true),
        ] {
            let sourced = |url: Option<&str>| url.map(|url| Sourced::default_value(url.to_owned()));
            for protocol in [Protocol::Grpc, Protocol::HttpJson] {
                let transport = Transport { protocol: Some(Sourced::default_value(protocol)), ..Transport::default() };
                let mut destination =
                    settings::Destination { endpoint: sourced(endpoint), ..settings::Destination::default() };
                destination.signal_endpoints.traces = sourced(traces);
                let name = "u".to_owned();
                let upstream = Upstream { name, destination, transport: PerSignal::all(&transport) };
                let written = written_down(&upstream);
                // gRPC uses no more than scheme, host and port.
                let whole = whole || protocol == Protocol::Grpc;
                assert_eq!(!written.abridged, whole, "{endpoint:?} {traces:?} {protocol:?}");
                assert_eq!(read_back(&written).is_ok(), whole);
                for signal in Signal::ALL {
                    assert_eq!(written.takes(signal), upstream.route(signal).is_some());
                    assert!(!whole || without_settings(&written).route(signal) == upstream.route(signal));
                }
            }
        }
    }
}
