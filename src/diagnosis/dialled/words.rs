//! Settings of one signal's way to an upstream as they are to be said: where the user has said them now.

use super::Case;
use crate::agent;
use crate::delivery::probe::Network;
use crate::otlp::Signal;
use crate::plan::without_credentials;
use crate::settings::{Origin, Protocol, Sourced, Upstream};

/// A setting that a remedy names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Endpoint,
    Protocol,
    Header,
    Compression,
    Certificate,
    Identity,
    Signals,
}

/// What is said about one signal's way.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) upstream: &'a Upstream,
    pub(super) signal: Signal,
}

impl<'a> Words<'a> {
    /// The endpoint that decides, as it was said.
    fn endpoint(self) -> Option<&'a Sourced<String>> {
        let destination = &self.upstream.destination;
        destination.signal_endpoints.of(self.signal).as_ref().or(destination.endpoint.as_ref())
    }

    /// The endpoint as it may be shown.
    pub(super) fn shown_endpoint(self) -> String {
        let shown = self.endpoint().map(|endpoint| without_credentials(&endpoint.value)).unwrap_or_default();
        if self.is_own() { shown } else { without_signal(&shown, self.signal).to_owned() }
    }

    /// Where the endpoint was said.
    pub(super) fn origin(self) -> Origin {
        self.endpoint().map_or(Origin::Default, |endpoint| endpoint.origin.clone())
    }

    /// Whether the endpoint is for this signal alone, and is used as it stands.
    pub(super) fn is_own(self) -> bool {
        let Some(own) = self.upstream.destination.signal_endpoints.of(self.signal) else { return false };
        // Where signals are left out, those that are sent have the base URL with their path (`Upstream::only`).
        match &own.origin {
            Origin::Variable(name) => name.contains(&format!("_{}_", self.signal.as_str().to_uppercase())),
            Origin::File { .. } => self.upstream.transport.of(self.signal).sent.is_none(),
            Origin::Flag(_) | Origin::Default => false,
        }
    }

    /// Where the setting was said, or where it would be: beside the endpoint.
    fn origin_of(self, key: Key) -> Origin {
        let transport = self.upstream.transport.of(self.signal);
        let said = match key {
            Key::Endpoint | Key::Signals => None,
            Key::Protocol => transport.protocol.as_ref().map(|said| &said.origin),
            Key::Compression => transport.gzip.as_ref().map(|said| &said.origin),
            Key::Certificate => transport.certificate.as_ref().map(|said| &said.origin),
            Key::Identity => {
                let identity = self.upstream.destination.identity.of(self.signal);
                identity.certificate.as_ref().map(|said| &said.origin)
            }
            Key::Header => self.upstream.headers(self.signal).first().map(|(_, said)| &said.origin),
        };
        said.filter(|origin| **origin != Origin::Default).cloned().unwrap_or_else(|| self.origin())
    }

    /// Where a header was said, if it was.
    pub(super) fn origin_of_header(self, name: &str) -> Option<Origin> {
        let headers = self.upstream.headers(self.signal);
        headers.iter().find(|(known, _)| known == name).map(|(_, said)| said.origin.clone())
    }

    /// `--protocol grpc`, `OTEL_EXPORTER_OTLP_PROTOCOL=grpc`, or `protocol = "grpc"` with the file and the line beside which
    /// it belongs.
    pub(super) fn say(self, key: Key, value: &str) -> String {
        match self.origin_of(key) {
            Origin::Flag(_) | Origin::Default => match key {
                Key::Endpoint => format!("--endpoint {value}"),
                Key::Protocol => format!("--protocol {value}"),
                Key::Header => format!("--header {value}=env:NAME, where the variable NAME holds the value"),
                Key::Compression => format!("--compression {value}"),
                Key::Certificate => format!("--certificate {value}"),
                Key::Identity => "--client-certificate FILE --client-key FILE".to_owned(),
                Key::Signals => format!("--signals {value}"),
            },
            Origin::Variable(variable) => {
                let stem = stem(&variable);
                match key {
                    Key::Endpoint => format!("{stem}ENDPOINT={value}"),
                    Key::Protocol => format!("{stem}PROTOCOL={value}"),
                    Key::Header if value == "authorization" => format!("{stem}HEADERS=authorization=Bearer%20TOKEN"),
                    Key::Header => format!("{stem}HEADERS={value}=VALUE"),
                    Key::Compression => format!("{stem}COMPRESSION={value}"),
                    Key::Certificate => format!("{stem}CERTIFICATE={value}"),
                    Key::Identity => format!("{stem}CLIENT_CERTIFICATE=FILE and {stem}CLIENT_KEY=FILE"),
                    Key::Signals => format!("OTEL_RUN_SIGNALS={value}"),
                }
            }
            Origin::File { path, line } => {
                let at = format!("{}:{line}", path.display());
                if agent::own::is_of_an_agent(&self.upstream.name) {
                    return format!("the {} {value} in the agent's own file, {at}", key.noun());
                }
                let value = value.replace(['"', '\\'], "");
                match key {
                    Key::Endpoint if self.is_own() => {
                        format!("{}_endpoint = \"{value}\" at {at}", self.signal.as_str())
                    }
                    Key::Endpoint => format!("endpoint = \"{value}\" at {at}"),
                    Key::Protocol => format!("protocol = \"{value}\" beside {at}"),
                    Key::Header => format!(
                        "headers = {{ {value} = {{ env = \"NAME\" }} }} beside {at}, where the variable NAME holds the value"
                    ),
                    Key::Compression => format!("compression = \"{value}\" beside {at}"),
                    Key::Certificate => format!("certificate = \"{value}\" beside {at}"),
                    Key::Identity => format!("client_certificate = \"FILE\" and client_key = \"FILE\" beside {at}"),
                    Key::Signals => format!("signals = [\"{}\"] beside {at}", value.replace(',', "\", \"")),
                }
            }
        }
    }

    /// The same with the endpoint that leads to these parts: as it stands where it is for the signal alone, or else without
    /// what is appended.
    pub(super) fn say_endpoint(self, scheme: &str, host: &str, port: u16, path: &str, protocol: Protocol) -> String {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let usual = if scheme == "https" { 443 } else { 80 };
        let port = if port == usual { String::new() } else { format!(":{port}") };
        let path = match protocol {
            Protocol::Grpc => "",
            _ if self.is_own() => path,
            _ => without_signal(path, self.signal),
        };
        let url = without_credentials(&format!("{scheme}://{host}{port}{path}"));
        self.say(Key::Endpoint, &url)
    }
}

impl Key {
    fn noun(self) -> &'static str {
        match self {
            Key::Endpoint => "endpoint",
            Key::Protocol => "protocol",
            Key::Header => "header",
            Key::Compression => "compression",
            Key::Certificate => "certificate",
            Key::Identity => "client's certificate",
            Key::Signals => "signals",
        }
    }
}

/// `OTEL_EXPORTER_OTLP_` of `OTEL_EXPORTER_OTLP_ENDPOINT`.
fn stem(variable: &str) -> &str {
    const ENDS: [&str; 8] = [
        "ENDPOINT",
        "PROTOCOL",
        "HEADERS",
        "COMPRESSION",
        "CLIENT_CERTIFICATE",
        "CERTIFICATE",
        "CLIENT_KEY",
        "HEADERS_HELPER",
    ];
    ENDS.iter().find_map(|end| variable.strip_suffix(end)).filter(|stem| stem.ends_with('_')).unwrap_or("OTEL_RUN_")
}

/// `http://host:port`.
pub(super) fn place(network: &Network) -> String {
    let usual = if network.scheme == "https" { 443 } else { 80 };
    let port = if network.port == usual { String::new() } else { format!(":{}", network.port) };
    format!("{}://{}{port}", network.scheme, bracketed(&network.host))
}

/// `host:port`.
pub(super) fn address(network: &Network) -> String {
    format!("{}:{}", bracketed(&network.host), network.port)
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// What was asked for, as it may be shown: a URL that is for one signal alone, or else the base of all.
pub(super) fn url(case: Case<'_>, network: &Network) -> String {
    let path = match case.seen.protocol {
        Protocol::Grpc => "",
        _ if case.words.is_own() => &network.path,
        _ => without_signal(&network.path, case.seen.signal),
    };
    without_credentials(&format!("{}{path}", place(network)))
}

/// The path or URL to which a signal's own path was appended.
pub(super) fn without_signal(path: &str, signal: Signal) -> &str {
    path.strip_suffix(&format!("/{}", signal.path())).unwrap_or(path)
}

/// `a, b and c`.
pub(super) fn listed(words: &[impl AsRef<str>]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A length of time to read: milliseconds, seconds, minutes, hours, or days.
pub(super) fn length(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1000.0),
        seconds if seconds < 120.0 => format!("{seconds:.0} s"),
        seconds if seconds < 7200.0 => format!("{:.0} minutes", seconds / 60.0),
        seconds if seconds < 172_800.0 => format!("{:.0} hours", seconds / 3600.0),
        seconds => format!("{:.0} days", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn variables_stay_in_their_family() {
        for (variable, expected) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_"),
            ("OTEL_RUN_CLIENT_CERTIFICATE", "OTEL_RUN_"),
            ("OTEL_RUN_HEADERS", "OTEL_RUN_"),
            ("SOMETHING_ELSE", "OTEL_RUN_"),
        ] {
            assert_eq!(stem(variable), expected);
        }
    }

    #[test]
    fn lengths_and_lists() {
        assert_eq!(
            [0.0042, 3.2, 300.0, 9000.0, 300_000.0].map(length),
            ["4 ms", "3 s", "5 minutes", "2 hours", "3 days"]
        );
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed(&["a"]), "a");
    }
}
