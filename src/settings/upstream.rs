//! A destination for OTLP: which URL a signal goes to, and which headers go with it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::value::{Protocol, Sourced};
use super::{endpoint, home};
use crate::environment::Environment;
use crate::otlp::Signal;
use crate::secret::Secret;

/// Where one header's value is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// The value itself.
    Literal(Secret),
    /// The variable that holds it (`env:NAME`).
    Env(String),
    /// The file that holds it (`file:PATH`); a line break at its end is not part of the value.
    File(PathBuf),
}

/// A backend that takes OTLP. Endpoint and headers always come from the same layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Base URL, to which HTTP appends `v1/traces` and so on; none where only single signals have one.
    pub endpoint: Option<Sourced<String>>,
    /// URL of one signal, used as it stands (HTTP) or as the target (gRPC).
    pub traces_endpoint: Option<Sourced<String>>,
    /// As `traces_endpoint`.
    pub metrics_endpoint: Option<Sourced<String>>,
    /// As `traces_endpoint`.
    pub logs_endpoint: Option<Sourced<String>>,
    /// How to speak to it.
    pub protocol: Sourced<Protocol>,
    /// Headers for each request, names in lower case.
    pub headers: Vec<(String, Sourced<HeaderValue>)>,
    /// Whether bodies are sent with gzip.
    pub gzip: Sourced<bool>,
    /// The longest wait for one request, answer included.
    pub export_timeout: Sourced<Duration>,
}

/// Where the requests of one signal go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// For HTTP the whole URL. For gRPC scheme, host and port, to which the client adds the method
    /// ([`Signal::grpc_method`]). It never holds a user name or a password, but its query may hold a secret: print it
    /// with [`endpoint::without_credentials`].
    pub url: String,
    /// How to speak to it.
    pub protocol: Protocol,
}

impl Upstream {
    /// Where `signal` goes; none where neither it nor the base has an endpoint. A signal's own URL is used as it
    /// stands, the base URL gets the signal's path (OTLP exporter, "Endpoint URLs for OTLP/HTTP").
    pub fn route(&self, signal: Signal) -> Option<Route> {
        let own = match signal {
            Signal::Traces => &self.traces_endpoint,
            Signal::Metrics => &self.metrics_endpoint,
            Signal::Logs => &self.logs_endpoint,
        };
        let protocol = self.protocol.value;
        let url = match (protocol, own, &self.endpoint) {
            (Protocol::Grpc, Some(url), _) | (Protocol::Grpc, None, Some(url)) => endpoint::origin(&url.value),
            (_, Some(url), _) => endpoint::as_it_stands(&url.value),
            (_, None, Some(base)) => endpoint::below_base(&base.value, signal),
            (_, None, None) => None,
        }?;
        Some(Route { url, protocol })
    }

    /// The endpoint to show and to write down, the base before those of single signals, without credentials.
    pub fn shown_endpoint(&self) -> Option<Sourced<String>> {
        let all = [&self.endpoint, &self.traces_endpoint, &self.metrics_endpoint, &self.logs_endpoint];
        let first = all.into_iter().flatten().next()?;
        Some(Sourced::new(endpoint::without_credentials(&first.value), first.origin.clone()))
    }
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

    /// The value to send. `read_file` gives the text of a file. The error is a sentence that names the variable or the
    /// file, never what is in it.
    pub fn reveal(
        &self,
        environment: &Environment,
        read_file: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Secret, String> {
        match self {
            HeaderValue::Literal(secret) => Ok(secret.clone()),
            HeaderValue::Env(name) => {
                let value = environment.get(name).ok_or_else(|| format!("the variable {name} is not set"))?;
                sendable(value)
                    .ok_or_else(|| format!("the variable {name} holds a line break or another control character"))
            }
            HeaderValue::File(path) => {
                let path = home::expand(path, environment);
                let shown = path.display();
                let text = read_file(&path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
                let value = text.strip_suffix('\n').unwrap_or(&text);
                let value = value.strip_suffix('\r').unwrap_or(value);
                if value.is_empty() {
                    return Err(format!("{shown} is empty"));
                }
                sendable(value).ok_or_else(|| format!("{shown} holds more than one line or a control character"))
            }
        }
    }
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
        _ => {}
    }
    Ok((name.as_str().to_owned(), value))
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

    fn upstream(protocol: Protocol, base: Option<&str>, traces: Option<&str>) -> Upstream {
        let sourced = |url: &str| Sourced::default_value(url.to_owned());
        Upstream {
            endpoint: base.map(sourced),
            traces_endpoint: traces.map(sourced),
            metrics_endpoint: None,
            logs_endpoint: None,
            protocol: Sourced::default_value(protocol),
            headers: Vec::new(),
            gzip: Sourced::default_value(false),
            export_timeout: Sourced::default_value(Duration::from_secs(10)),
        }
    }

    #[test]
    fn routes() {
        use Protocol::{Grpc, HttpJson, HttpProtobuf};
        type Case = (Protocol, Option<&'static str>, Option<&'static str>, Option<&'static str>);
        let cases: [Case; 19] = [
            (HttpProtobuf, Some("http://c:4318"), None, Some("http://c:4318/v1/traces")),
            (HttpProtobuf, Some("http://c:4318/"), None, Some("http://c:4318/v1/traces")),
            (HttpProtobuf, Some("http://c:4318/my"), None, Some("http://c:4318/my/v1/traces")),
            (HttpProtobuf, Some("http://c:4318/mycollector/"), None, Some("http://c:4318/mycollector/v1/traces")),
            (HttpProtobuf, Some("http://c//a//"), None, Some("http://c//a//v1/traces")),
            (HttpJson, Some("https://c"), None, Some("https://c/v1/traces")),
            (HttpProtobuf, Some("http://c/otlp?key=k"), None, Some("http://c/otlp/v1/traces?key=k")),
            (HttpProtobuf, Some("http://me:pw@c/otlp"), None, Some("http://c/otlp/v1/traces")),
            (HttpProtobuf, None, Some("http://c:4318"), Some("http://c:4318/")),
            (HttpProtobuf, None, Some("https://h/v1/traces/"), Some("https://h/v1/traces/")),
            (HttpProtobuf, None, Some("https://h/in?key=k"), Some("https://h/in?key=k")),
            (HttpProtobuf, Some("http://base"), Some("http://own/x"), Some("http://own/x")),
            (HttpProtobuf, Some("http://[::1]:4318"), None, Some("http://[::1]:4318/v1/traces")),
            (HttpProtobuf, None, None, None),
            (Grpc, Some("http://c:4317"), None, Some("http://c:4317")),
            (Grpc, Some("https://c:4317/ignored?x=y"), None, Some("https://c:4317")),
            (Grpc, Some("http://base"), Some("https://me:pw@own:4317/"), Some("https://own:4317")),
            (Grpc, None, Some("http://own"), Some("http://own")),
            (Grpc, None, None, None),
        ];
        for (protocol, base, own, expected) in cases {
            let route = upstream(protocol, base, own).route(Signal::Traces);
            let expected = expected.map(|url| Route { url: url.to_owned(), protocol });
            assert_eq!(route, expected, "{protocol:?} {base:?} {own:?}");
        }
    }

    #[test]
    fn a_signal_without_endpoint_has_no_route() {
        let upstream = upstream(Protocol::HttpProtobuf, None, Some("http://own"));
        assert_eq!(upstream.route(Signal::Logs), None);
        assert_eq!(upstream.route(Signal::Metrics), None);
        let mut upstream = upstream;
        upstream.logs_endpoint = Some(Sourced::default_value("http://l/a".to_owned()));
        upstream.metrics_endpoint = Some(Sourced::default_value("http://m/b".to_owned()));
        assert_eq!(upstream.route(Signal::Logs).map(|route| route.url), Some("http://l/a".to_owned()));
        assert_eq!(upstream.route(Signal::Metrics).map(|route| route.url), Some("http://m/b".to_owned()));
    }

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
            let revealed = revealed.as_ref().map(Secret::expose).map_err(String::as_str);
            assert_eq!(revealed, expected, "{text}");
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
