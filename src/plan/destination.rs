//! Where a run is delivered, in a form that may be printed.

use crate::otlp::Signal;
use crate::settings::{Headers, Origin, Protocol, Sourced, Upstream, endpoint};

/// A backend, without its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// What it is called.
    pub name: String,
    /// The base URL; none where only single signals have one.
    pub endpoint: Option<Sourced<String>>,
    /// URLs of single signals.
    pub signal_endpoints: Vec<(Signal, Sourced<String>)>,
    /// How it is spoken to: for all signals, or for each.
    pub protocols: Vec<(Vec<Signal>, Sourced<Protocol>)>,
    /// The headers, those for all signals and those of single ones.
    pub headers: Vec<Header>,
    /// What else is used for the connection, in words: authorities, a client's certificate, a program for headers.
    pub means: Vec<Sourced<String>>,
}

/// A header by its name; the value is taken from where `source` says when something is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The name, in lower case.
    pub name: String,
    /// The signal that it is for; none for all.
    pub signal: Option<Signal>,
    /// Where its value stands, in words: `env:NAME`, `file:PATH`, `command:PROGRAM`; none for one that was given itself.
    pub source: Option<String>,
    /// Who said so.
    pub origin: Origin,
}

impl Destination {
    /// What of `upstream` may be printed.
    pub fn of(upstream: &Upstream) -> Self {
        let open = |endpoint: &Sourced<String>| Sourced {
            value: without_credentials(&endpoint.value),
            origin: endpoint.origin.clone(),
        };
        let destination = &upstream.destination;
        let own_headers = destination.signal_headers.iter().filter_map(|(signal, own)| Some((signal, own.as_ref()?)));
        let headers =
            headers(None, &destination.headers).chain(own_headers.flat_map(|(signal, own)| headers(Some(signal), own)));
        Self {
            name: upstream.name.clone(),
            endpoint: destination.endpoint.as_ref().map(open),
            signal_endpoints: destination
                .signal_endpoints
                .iter()
                .filter_map(|(signal, endpoint)| Some((signal, open(endpoint.as_ref()?))))
                .collect(),
            protocols: protocols(upstream),
            headers: headers.collect(),
            means: means(upstream),
        }
    }
}

fn headers(signal: Option<Signal>, headers: &Headers) -> impl Iterator<Item = Header> {
    headers.iter().map(move |(name, value)| Header {
        name: name.clone(),
        signal,
        source: value.value.source(),
        origin: value.origin.clone(),
    })
}

/// Signals that are spoken in the same way, for the same reason, together.
fn protocols(upstream: &Upstream) -> Vec<(Vec<Signal>, Sourced<Protocol>)> {
    let mut groups: Vec<(Vec<Signal>, Sourced<Protocol>)> = Vec::new();
    for (signal, transport) in upstream.transport.iter() {
        let said = transport.protocol.clone().unwrap_or(Sourced::default_value(transport.protocol()));
        match groups.iter_mut().find(|(_, protocol)| *protocol == said) {
            Some((signals, _)) => signals.push(signal),
            None => groups.push((vec![signal], said)),
        }
    }
    groups
}

fn means(upstream: &Upstream) -> Vec<Sourced<String>> {
    let mut means: Vec<Sourced<String>> = Vec::new();
    let mut add = |what: &str, path: &Option<Sourced<std::path::PathBuf>>| {
        let Some(path) = path else { return };
        let said = Sourced::new(format!("{what} {}", path.value.display()), path.origin.clone());
        if !means.contains(&said) {
            means.push(said);
        }
    };
    let Upstream { destination, transport, .. } = upstream;
    add("headers from", &destination.headers_helper);
    for signal in Signal::ALL {
        add("trusting the authorities of", &transport.of(signal).certificate);
        add("showing the certificate of", &destination.identity.of(signal).certificate);
    }
    means
}

/// The endpoint as it may be shown: a path as it is, a URL without the parts that may hold a password or a key: user information, query, fragment, and long folders that
/// look made up by a machine (the collector of an outer otel-run has its token there).
pub fn without_credentials(url: &str) -> String {
    if ["file:", "unix:"].iter().any(|kind| url.starts_with(kind)) {
        return url.to_owned();
    }
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (open, hidden) = url.split_at(end);
    let (scheme, rest) = open.split_once("://").map_or((None, open), |(scheme, rest)| (Some(scheme), rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let mut shown = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
    // A password with an unescaped `/` or `?` ends up where the port is.
    let port = host.rsplit(']').next().and_then(|rest| rest.split_once(':')).map_or("", |(_, port)| port);
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return shown + "...";
    }
    shown.push_str(&endpoint::without_keys(&format!("{host}{path}")));
    if !hidden.is_empty() {
        shown.push_str("?...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn credentials_are_taken_out_of_urls() {
        for (url, open) in [
            ("http://localhost:4318", "http://localhost:4318"),
            ("https://user:pass@host:4318/otlp/", "https://host:4318/otlp/"),
            ("https://user:p@ss@host", "https://host"),
            ("https://host/v1?api_key=k#f", "https://host/v1?..."),
            ("https://host/a@b", "https://host/a@b"),
            ("https://host?next=http://x:y@z", "https://host?..."),
            ("user:pass@host:4317", "host:4317"),
            ("host:4317", "host:4317"),
            ("", ""),
            ("http://[::1]:4318/otlp", "http://[::1]:4318/otlp"),
            ("https://user:p/ss@host", "https://..."),
            ("https://user:p?ss@host", "https://..."),
            ("http://127.0.0.1:4711/0af7651916cd43dd8448eb211c80319c", "http://127.0.0.1:4711/(token)"),
            ("https://host/api/default-organisation/v1", "https://host/api/default-organisation/v1"),
            ("file:/var/0af7651916cd43dd8448eb211c80319c/o", "file:/var/0af7651916cd43dd8448eb211c80319c/o"),
            ("unix:/run/me@here", "unix:/run/me@here"),
        ] {
            assert_eq!(without_credentials(url), open);
        }
    }
}
