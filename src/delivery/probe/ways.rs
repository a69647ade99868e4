//! Which other ways are worth a try after a failure, so that it can be said what would work: a pure function.

use http::Uri;

use super::observation::{Failure, Fate, Heard, Reply, TlsFailure, Way};
use super::reach::{host, port};
use crate::delivery::target::{Road, Route};
use crate::otlp::Signal;
use crate::otlp::status::Code;
use crate::settings::Protocol;

/// The ports of OTLP (OTLP, "Protocol Details").
const PORTS: [(u16, Protocol); 2] = [(4318, Protocol::HttpProtobuf), (4317, Protocol::Grpc)];

/// What to try after `heard` came of a request on `route`. `direct` is whether there is no proxy in between, whose
/// refusal says nothing about the host.
pub(super) fn worth_a_try(route: &Route, heard: &Heard, direct: bool) -> Vec<Way> {
    let other_protocol = match route.protocol {
        Protocol::Grpc => Protocol::HttpProtobuf,
        Protocol::HttpProtobuf | Protocol::HttpJson => Protocol::Grpc,
    };
    let uri = match &route.road {
        Road::Network(uri) => uri,
        Road::Socket(..) if is_misunderstood(heard) => return vec![Way::Protocol(other_protocol)],
        Road::Socket(..) | Road::File(_) => return Vec::new(),
    };
    let secure = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
    let ports = PORTS.into_iter().filter(|(known, _)| direct && *known != port(uri));
    let ports = ports.map(|(port, protocol)| Way::Port(port, protocol));
    let mut ways = Vec::new();
    match heard {
        Heard::Failed(Failure::Connect(..)) => ways.extend(ports),
        Heard::Failed(Failure::Tls(TlsFailure::NotTls)) => ways.push(Way::Scheme("http")),
        Heard::Failed(Failure::Tls(TlsFailure::NoProtocol)) => ways.push(Way::Protocol(other_protocol)),
        Heard::Failed(Failure::HungUp | Failure::NotHttp) => {
            ways.push(Way::Protocol(other_protocol));
            if !secure {
                ways.push(Way::Scheme("https"));
            }
            ways.extend(ports);
        }
        Heard::Reply(reply) => {
            let misunderstood = is_misunderstood(heard);
            if route.gzip && is_about_the_body(reply) {
                ways.push(Way::Plain);
            }
            if reply.status == 415 {
                ways.extend(other_encoding(route.protocol).map(Way::Protocol));
            }
            if misunderstood {
                ways.push(Way::Protocol(other_protocol));
                if !secure && reply.status == 400 {
                    ways.push(Way::Scheme("https"));
                }
                if route.protocol != Protocol::Grpc {
                    ways.extend(paths(uri.path(), route.signal).into_iter().map(Way::Path));
                }
                ways.extend(ports);
            }
        }
        _ => {}
    }
    ways
}

fn other_encoding(protocol: Protocol) -> Option<Protocol> {
    match protocol {
        Protocol::HttpProtobuf => Some(Protocol::HttpJson),
        Protocol::HttpJson => Some(Protocol::HttpProtobuf),
        Protocol::Grpc => None,
    }
}

/// Whether whoever answers does not take it for OTLP.
fn is_misunderstood(heard: &Heard) -> bool {
    match heard {
        Heard::Failed(Failure::HungUp | Failure::NotHttp) => true,
        Heard::Reply(reply) => match reply.grpc {
            Some(code) => code == Code::Unimplemented,
            None => {
                reply.fate == Fate::Closed && !(300..400).contains(&reply.status) || matches!(reply.status, 400 | 422)
            }
        },
        _ => false,
    }
}

fn is_about_the_body(reply: &Reply) -> bool {
    let code = matches!(reply.grpc, Some(Code::Internal | Code::InvalidArgument | Code::Unknown | Code::Unimplemented));
    code || matches!(reply.status, 400 | 415 | 500 | 501)
}

/// Other paths for `signal`, each once: without one of two ends of the kind `v1/traces`, with one where there is none, and
/// that of a server that serves nothing else.
fn paths(path: &str, signal: Signal) -> Vec<String> {
    let end = format!("/{}", signal.path());
    let mut others = Vec::new();
    let base = path.strip_suffix(&end);
    let twice = Signal::ALL.iter().find_map(|signal| base?.strip_suffix(&format!("/{}", signal.path())));
    match (twice, base) {
        (Some(base), _) => others.push(format!("{base}{end}")),
        (None, None) => others.push(format!("{}{end}", path.trim_end_matches('/'))),
        (None, Some(_)) => {}
    }
    others.push(end);
    others.retain(|other| other != path);
    others.dedup();
    others
}

/// The route that goes this way instead. What is shown to get in goes along only where the way leads to the same place.
pub(super) fn route(way: &Way, route: &Route) -> Option<(Route, bool)> {
    let mut other = route.clone();
    let changed = |uri: &Uri, scheme: Option<&str>, port: Option<u16>, path: Option<&str>| -> Option<Uri> {
        let authority = uri.authority()?.as_str();
        let authority = match port {
            None => authority.to_owned(),
            Some(port) if uri.host()?.starts_with('[') => format!("[{}]:{port}", host(uri)),
            Some(port) => format!("{}:{port}", host(uri)),
        };
        let path =
            path.map_or_else(|| uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(), str::to_owned);
        format!("{}://{authority}{path}", scheme.or(uri.scheme_str())?).parse().ok()
    };
    let own_path = format!("/{}", route.signal.path());
    // What was said for gRPC has no path, and what was said for HTTP has one that gRPC does not look at.
    let path =
        |protocol: Protocol, uri: &Uri| (protocol != Protocol::Grpc && uri.path().len() <= 1).then(|| own_path.clone());
    let mut same_place = true;
    match (way, &mut other.road) {
        (Way::Plain, _) => other.gzip = false,
        (Way::Protocol(protocol), Road::Network(uri) | Road::Socket(_, uri)) => {
            *uri = changed(uri, None, None, path(*protocol, uri).as_deref())?;
            other.protocol = *protocol;
        }
        (Way::Path(path), Road::Network(uri)) => *uri = changed(uri, None, None, Some(path))?,
        (Way::Scheme(scheme), Road::Network(uri)) => {
            *uri = changed(uri, Some(scheme), None, None)?;
            same_place = false;
        }
        (Way::Port(port, protocol), Road::Network(uri)) => {
            let path = if *protocol == Protocol::Grpc { "/" } else { &own_path };
            *uri = changed(uri, None, Some(*port), Some(path))?;
            other.protocol = *protocol;
            same_place = false;
        }
        _ => return None,
    }
    if !same_place {
        other.headers.clear();
    }
    Some((other, same_place))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::time::Duration;

    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::delivery::target::TlsFiles;

    fn to(url: &str, protocol: Protocol) -> Route {
        let headers = vec![(HeaderName::from_static("authorization"), HeaderValue::from_static("secret"))];
        let road = Road::Network(url.parse().unwrap());
        let (signal, tls) = (Signal::Traces, TlsFiles::default());
        Route { signal, road, protocol, headers, gzip: true, timeout: None, tls }
    }

    fn answered(status: u16, grpc: Option<Code>, fate: Fate) -> Heard {
        let took = Duration::from_millis(1);
        let (content_type, location, challenge, said) = (String::new(), None, None, None);
        let (partial, clock_ahead) = (None, None);
        Heard::Reply(Reply { status, grpc, fate, content_type, location, challenge, said, partial, clock_ahead, took })
    }

    #[test]
    fn credentials_do_not_go_elsewhere() {
        let from = to("https://h:4317/x", Protocol::Grpc);
        for (way, url, keeps) in [
            (Way::Plain, "https://h:4317/x", true),
            (Way::Protocol(Protocol::HttpProtobuf), "https://h:4317/x", true),
            (Way::Path("/v1/traces".to_owned()), "https://h:4317/v1/traces", true),
            (Way::Scheme("http"), "http://h:4317/x", false),
            (Way::Port(4318, Protocol::HttpProtobuf), "https://h:4318/v1/traces", false),
        ] {
            let (other, same_place) = route(&way, &from).unwrap();
            let Road::Network(uri) = &other.road else { panic!("{way:?}") };
            assert_eq!((uri.to_string().as_str(), same_place), (url, keeps), "{way:?}");
            assert_eq!(other.headers.is_empty(), !keeps, "{way:?}");
        }
        let (other, _) = route(&Way::Port(4317, Protocol::Grpc), &to("http://[::1]:1/a", Protocol::HttpJson)).unwrap();
        assert!(matches!(&other.road, Road::Network(uri) if *uri == "http://[::1]:4317/"));
    }

    #[test]
    fn paths_that_are_said_twice_or_not_at_all() {
        for (path, expected) in [
            ("/v1/traces", &[][..]),
            ("/", &["/v1/traces"]),
            ("/v1/traces/v1/traces", &["/v1/traces"]),
            ("/otlp/v1/metrics/v1/traces", &["/otlp/v1/traces", "/v1/traces"]),
            ("/otlp", &["/otlp/v1/traces", "/v1/traces"]),
            ("/otlp/v1/traces", &["/v1/traces"]),
        ] {
            assert_eq!(paths(path, Signal::Traces), expected, "{path}");
        }
    }

    #[test]
    fn what_is_clear_needs_no_second_try() {
        let from = to("http://h:4318/v1/traces", Protocol::HttpProtobuf);
        for heard in [
            answered(200, None, Fate::Taken),
            answered(401, None, Fate::Unauthorized),
            answered(403, None, Fate::Unauthorized),
            answered(413, None, Fate::TooLarge),
            answered(429, None, Fate::Busy),
            answered(302, None, Fate::Closed),
            Heard::Unanswered,
            Heard::Failed(Failure::Tls(TlsFailure::UnknownIssuer)),
        ] {
            assert_eq!(worth_a_try(&from, &heard, true), [], "{heard:?}");
        }
        let ways = worth_a_try(&from, &answered(404, None, Fate::Closed), true);
        let (grpc, port) = (Way::Protocol(Protocol::Grpc), Way::Port(4317, Protocol::Grpc));
        assert_eq!(ways, [grpc, port]);
        assert_eq!(
            worth_a_try(&from, &Heard::Failed(Failure::Connect(std::io::ErrorKind::Other, String::new())), false),
            []
        );
    }
}
