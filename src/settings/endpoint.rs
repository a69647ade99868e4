//! Endpoints: what is accepted, what they become for a signal, and how they are printed.

use std::path::{Path, PathBuf};

use http::Uri;

use super::upstream::Transport;
use super::value::Protocol;
use crate::otlp::Signal;

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// For HTTP the whole URL. For gRPC scheme, host and port, to which the client adds the method
    /// ([`Signal::grpc_method`]). It never holds a user name or a password, but its query may hold a secret: print it
    /// with [`without_credentials`].
    Url(String),
    /// A Unix socket.
    Socket {
        /// The socket.
        path: PathBuf,
        /// What is asked for through it.
        url: String,
    },
    /// A file that lines of OTLP JSON are appended to.
    File(PathBuf),
}

/// Checks that `text` is an endpoint that telemetry can be sent to by `transport`. The error is a sentence that says what
/// to write, without any credentials that the endpoint may hold.
pub fn check(text: &str, transport: &Transport) -> Result<(), String> {
    let shown = without_credentials(text);
    for (kind, example) in [("unix", "/run/otel.sock"), ("file", "/var/log/otlp.jsonl")] {
        if let Some(path) = path_of(text, kind) {
            return match path.is_absolute() && path != Path::new("/") {
                true => Ok(()),
                false => Err(format!("\"{shown}\" names no absolute path; write it like {kind}:{example}")),
            };
        }
    }
    let with_scheme = with_scheme(text, transport);
    let Ok(uri) = with_scheme.parse::<Uri>() else {
        return Err(format!("\"{shown}\" is not a URL; write one like https://collector.example:4318"));
    };
    match uri.scheme_str() {
        Some("http" | "https") => {}
        Some(scheme) => {
            return Err(format!(
                "\"{shown}\" starts with {scheme}://; only http://, https://, unix: and file: are spoken"
            ));
        }
        None => {
            return Err(format!("\"{shown}\" does not say how to connect; write http://{shown} or https://{shown}"));
        }
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(format!("\"{shown}\" names no host; write a URL like https://collector.example:4318"));
    }
    // The parser takes any text after the colon.
    let port = uri.authority().and_then(|authority| authority.as_str().rsplit('@').next()?.rsplit_once(':'));
    if port.is_some_and(|(_, port)| !port.ends_with(']')) && uri.port_u16().is_none() {
        return Err(format!("\"{shown}\" has no number from 1 to 65535 as its port"));
    }
    Ok(())
}

/// The place that `text` leads to for `signal`. `of_http` makes the URL that HTTP asks for of the one that was said.
pub(super) fn place(
    text: &str,
    transport: &Transport,
    of_http: impl Fn(&str) -> Option<String>,
    signal: Signal,
) -> Option<Place> {
    if let Some(mut path) = path_of(text, "file") {
        if text.ends_with('/') {
            path.push(format!("{}.jsonl", signal.as_str()));
        }
        return Some(Place::File(path));
    }
    let grpc = transport.protocol() == Protocol::Grpc;
    if let Some(path) = path_of(text, "unix") {
        let below = if grpc { String::new() } else { format!("/{}", signal.path()) };
        return Some(Place::Socket { path, url: format!("http://localhost{below}") });
    }
    let text = with_scheme(text, transport);
    if grpc { origin(&text) } else { of_http(&text) }.map(Place::Url)
}

/// The path of a `unix:` or `file:` endpoint, which may have the two slashes of a URL in front of it.
fn path_of(text: &str, kind: &str) -> Option<PathBuf> {
    let path = text.strip_prefix(kind)?.strip_prefix(':')?;
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}

/// gRPC takes a target without a scheme (OTLP exporter, "Insecure"), which is reached by TLS unless it is said to go
/// without.
fn with_scheme(text: &str, transport: &Transport) -> String {
    match (transport.protocol(), transport.insecure()) {
        (Protocol::Grpc, insecure) if !text.contains("://") => {
            format!("{}://{text}", if insecure { "http" } else { "https" })
        }
        _ => text.to_owned(),
    }
}

/// Whether the URL holds a user name or a password. They are not sent (OTLP exporter, "Endpoint URLs for OTLP/HTTP":
/// user information may be ignored), and nobody should expect that they are.
pub fn has_user_info(text: &str) -> bool {
    text.parse::<Uri>().ok().and_then(|uri| uri.authority().map(|authority| authority.as_str().contains('@')))
        == Some(true)
}

/// `text` as it may be shown and written down: without user name, password, query and fragment. For texts that are no
/// URL everything is left out that might be one of these.
pub fn without_credentials(text: &str) -> String {
    let text = text.trim();
    let (visible, hidden) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
    let (scheme, rest) = match visible.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => (Some(scheme), rest),
        _ => (None, visible),
    };
    // A password may hold `/`, `?` or `#`, so all before an `@` anywhere may be one.
    let rest = match rest.rsplit_once('@') {
        _ if hidden.contains('@') => "(redacted)".to_owned(),
        None => rest.to_owned(),
        Some((before, after)) if before.contains('/') => format!("(redacted)@{after}"),
        Some((_, after)) => after.to_owned(),
    };
    let rest = without_keys(&rest);
    match scheme {
        Some(scheme) => format!("{scheme}://{rest}"),
        None => rest,
    }
}

/// A URL's host and path without long folders that look made up by a machine: the collector of an outer otel-run has its
/// token there, and so have some backends.
pub fn without_keys(host_and_path: &str) -> String {
    let is_key = |folder: &str| {
        let has = |class: fn(&u8) -> bool| folder.as_bytes().iter().any(class);
        folder.len() >= 20 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
    };
    let shown = host_and_path.split('/').enumerate().map(|(at, folder)| match at > 0 && is_key(folder) {
        true => "(token)",
        false => folder,
    });
    shown.collect::<Vec<_>>().join("/")
}

/// The URL for `signal` below a base URL (OTLP exporter, "Endpoint URLs for OTLP/HTTP"): the path gets a trailing
/// slash if it has none, then `v1/traces` and so on; nothing else is touched. User information is left out.
pub fn below_base(base: &str, signal: Signal) -> Option<String> {
    let (origin, path, query) = parts(base)?;
    let slash = if path.ends_with('/') { "" } else { "/" };
    Some(format!("{origin}{path}{slash}{}{query}", signal.path()))
}

/// A URL of one signal, used as it stands; without a path it gets `/`. User information is left out.
pub fn as_it_stands(url: &str) -> Option<String> {
    let (origin, path, query) = parts(url)?;
    Some(format!("{origin}{path}{query}"))
}

/// Scheme, host and port, which is all that gRPC takes of a URL.
pub fn origin(url: &str) -> Option<String> {
    parts(url).map(|(origin, _, _)| origin)
}

fn parts(url: &str) -> Option<(String, String, String)> {
    let uri = url.parse::<Uri>().ok()?;
    let authority = uri.authority()?.as_str();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let origin = format!("{}://{host}", uri.scheme_str()?);
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some((origin, uri.path().to_owned(), query))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_endpoint_is_answered_with_a_remedy() {
        let check = |text| check(text, &Transport::default());
        for (text, message) in [
            (
                "localhost:4317",
                "\"localhost:4317\" does not say how to connect; write http://localhost:4317 or https://localhost:4317",
            ),
            ("collector", "\"collector\" does not say how to connect; write http://collector or https://collector"),
            ("unix:run/otel.sock", "\"unix:run/otel.sock\" names no absolute path; write it like unix:/run/otel.sock"),
            ("file:", "\"file:\" names no absolute path; write it like file:/var/log/otlp.jsonl"),
            ("file:///", "\"file:///\" names no absolute path; write it like file:/var/log/otlp.jsonl"),
            ("ftp://h/x", "\"ftp://h/x\" starts with ftp://; only http://, https://, unix: and file: are spoken"),
            ("http://", "\"http://\" is not a URL; write one like https://collector.example:4318"),
            ("http://:4318", "\"http://:4318\" names no host; write a URL like https://collector.example:4318"),
            ("http://h:port/", "\"http://h:port/\" has no number from 1 to 65535 as its port"),
            ("http://h:99999", "\"http://h:99999\" has no number from 1 to 65535 as its port"),
            (
                "ftp://me:hunter2@h/x?key=hunter2",
                "\"ftp://h/x\" starts with ftp://; only http://, https://, unix: and file: are spoken",
            ),
        ] {
            assert_eq!(check(text), Err(message.to_owned()), "{text}");
        }
        for text in [
            "http://h",
            "https://h:4318/x/",
            "HTTP://h",
            "http://[::1]:4318",
            "http://me:pw@h/?k=v",
            "unix:/run/otel.sock",
            "unix:///run/otel.sock",
            "file:/var/log/otlp.jsonl",
            "file:///var/log/",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_target_of_grpc_needs_no_scheme() {
        let protocol = Some(crate::settings::Sourced::default_value(Protocol::Grpc));
        let grpc = Transport { protocol, ..Transport::default() };
        for text in ["localhost:4317", "collector", "[::1]:4317"] {
            assert_eq!(check(text, &grpc), Ok(()), "{text}");
        }
        assert!(check("host:port", &grpc).is_err());
    }

    #[test]
    fn credentials_are_not_shown() {
        for (text, shown) in [
            ("http://c:4318/x", "http://c:4318/x"),
            ("https://me:hunter2@c/x?key=hunter2#hunter2", "https://c/x"),
            ("https://me:hun/ter2@c/x", "https://(redacted)@c/x"),
            ("https://hunter2@c", "https://c"),
            ("https://me:hunter2#@c", "https://(redacted)"),
            ("https://me:hunter2?@c/x", "https://(redacted)"),
            ("https://c/x?key=a@hunter2", "https://(redacted)"),
            ("me:hunter2@c:4317", "c:4317"),
            ("https://c/@org/otlp", "https://(redacted)@org/otlp"),
            ("http://me:pw@127.0.0.1:4711/0af7651916cd43dd8448eb211c80319c/x", "http://127.0.0.1:4711/(token)/x"),
            (
                "https://otlp-gateway-prod-us-east-0.example.com/otlp",
                "https://otlp-gateway-prod-us-east-0.example.com/otlp",
            ),
            ("", ""),
        ] {
            assert_eq!(without_credentials(text), shown, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_password_is_never_shown(password in "[a-zA-Z:/?#]{0,4}PASSWORD[a-z:/@?#]{0,4}", scheme in "(https?://)?", path in "(/[a-z]{0,3})?") {
            let url = format!("{scheme}user:{password}@host{path}");
            prop_assert!(!without_credentials(&url).contains("PASSWORD"), "{}", without_credentials(&url));
            if let Err(message) = check(&url, &Transport::default()) {
                prop_assert!(!message.contains("PASSWORD"), "{message}");
            }
        }
    }
}
