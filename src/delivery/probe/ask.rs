//! One empty export request on a route, by the same exchange as delivery, and what came of it.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use http::header::{DATE, LOCATION, WWW_AUTHENTICATE};
use http::{HeaderMap, Uri};
use hyper_util::client::legacy;
use jiff::Timestamp;
use rustls::{AlertDescription, CertificateError};
use tokio::time::{Instant, timeout_at};

use super::certificate::Certificate;
use super::observation::{Failure, Fate, Heard, Reply, Tls, TlsFailure};
use crate::delivery::answer::Answer;
use crate::delivery::client::{Client, blanked, place};
use crate::delivery::link::Links;
use crate::delivery::reply::{self, Silence, chain, tls_error, tunnel_error};
use crate::delivery::target::{Road, Route};
use crate::delivery::watch::Watch;
use crate::settings::Protocol;

/// An export request without items is a message without fields. It is a success (OTLP, "Full Success").
const EMPTY: &[u8] = &[];

/// Links to one place, and what is shown there.
pub(super) struct Watched {
    pub(super) links: Links,
    watch: Arc<Watch>,
}

impl Watched {
    pub(super) fn new() -> Self {
        let watch = Arc::default();
        Self { links: Links::watched(Arc::clone(&watch)), watch }
    }

    /// What was shown, if it came to that.
    pub(super) fn tls(&self, route: &Route) -> Option<Tls> {
        let shown = self.watch.shown();
        let chain: Vec<Certificate> = shown.chain.iter().filter_map(|der| Certificate::read(der)).collect();
        let identity = route.tls.identity.is_some();
        (!shown.chain.is_empty()).then_some(Tls { chain, asked: shown.asked, identity })
    }
}

/// Asks on `route`, until `deadline` at the latest.
pub(super) async fn ask(
    client: &Client,
    watched: &Watched,
    route: &Route,
    printed: &HeaderMap,
    deadline: Instant,
) -> Heard {
    let (Road::Network(uri) | Road::Socket(_, uri)) = &route.road else {
        return Heard::NobodyToAsk;
    };
    let begun = Instant::now();
    let request = client.hear(&watched.links, route, uri, route.signal, EMPTY, printed);
    let Ok(came) = timeout_at(deadline, request).await else { return Heard::Unanswered };
    let asked = watched.watch.shown().asked;
    match came {
        Ok(reply) => Heard::Reply(self::reply(&reply, route, printed, begun.elapsed())),
        Err(Silence::Unreached { error, .. }) => Heard::Failed(failure(&error, asked)),
        Err(Silence::Torn(_)) => Heard::Failed(Failure::HungUp),
        Err(Silence::NoLink(reason) | Silence::Unsayable(reason)) => Heard::Failed(Failure::SetUp(reason)),
        Err(Silence::NoTarget) => Heard::Failed(Failure::SetUp("the URL is no target for gRPC".to_owned())),
    }
}

fn reply(reply: &reply::Reply, route: &Route, printed: &HeaderMap, took: Duration) -> Reply {
    let fate = fate(&reply.judged(route.signal, route.protocol, &place(route)));
    let grpc = Some(reply).filter(|_| route.protocol == Protocol::Grpc).and_then(reply::Reply::grpc_status);
    let said = match &grpc {
        Some(status) => Some(status.said.clone()).filter(|said| !said.is_empty()),
        None if reply.status == 200 => None,
        None => reply.said(),
    };
    let said = said.map(|said| blanked(route, printed, &said).unwrap_or(said));
    let partial = reply.partial_success(route.signal, route.protocol);
    let date = reply.header(DATE.as_str()).and_then(|date| {
        let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
        Some(date.duration_since(Timestamp::now()))
    });
    Reply {
        status: reply.status,
        grpc: grpc.map(|status| status.code),
        fate,
        content_type: reply.content_type().to_owned(),
        location: reply.header(LOCATION.as_str()).map(without_query),
        challenge: reply
            .header(WWW_AUTHENTICATE.as_str())
            .and_then(|challenge| challenge.split([' ', ',']).next())
            .filter(|scheme| !scheme.is_empty())
            .map(str::to_owned),
        said: said.map(|said| said.chars().filter(|letter| !letter.is_control()).take(200).collect()),
        partial: partial.filter(|_| fate == Fate::Taken),
        clock_ahead: date,
        took,
    }
}

/// A URL or a path without user information, query and fragment: there may be secrets of the server's in them.
fn without_query(location: &str) -> String {
    let open = location.split(['?', '#']).next().unwrap_or_default();
    let Ok(uri) = open.parse::<Uri>() else { return String::new() };
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => {
            let host = authority.as_str().rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{}", uri.path())
        }
        _ => uri.path().to_owned(),
    }
}

fn fate(answer: &Answer) -> Fate {
    match answer {
        Answer::Taken { .. } => Fate::Taken,
        Answer::Refused { .. } => Fate::Refused,
        Answer::TooLarge { .. } => Fate::TooLarge,
        Answer::Unauthorized { .. } => Fate::Unauthorized,
        Answer::Closed { .. } | Answer::Unreachable { .. } => Fate::Closed,
        Answer::Busy { .. } => Fate::Busy,
    }
}

/// Why there was no answer. A server that has `asked` for a certificate and gets none that it likes says so after the
/// handshake, and hangs up: what is seen of that first is chance.
fn failure(error: &legacy::Error, asked: bool) -> Failure {
    if let Some(tls) = tls_error(error) {
        return Failure::Tls(tls_failure(tls, asked));
    }
    if asked {
        return Failure::Tls(TlsFailure::CertificateRequired);
    }
    if let Some(said) = tunnel_error(error) {
        return Failure::Proxy(said);
    }
    // What is said before it was asked for is no HTTP, and ends the connection. Only its words tell it from other ends.
    if chain(error).any(|error| error.to_string().contains("unexpected message")) {
        return Failure::NotHttp;
    }
    let system = chain(error).find_map(|error| error.downcast_ref::<io::Error>());
    match system {
        Some(system) if is_an_end(system.kind()) => Failure::HungUp,
        Some(system) if error.is_connect() => Failure::Connect(system.kind(), system.to_string()),
        _ if chain(error).filter_map(|error| error.downcast_ref::<hyper::Error>()).any(is_cut_short) => Failure::HungUp,
        _ => Failure::NotHttp,
    }
}

fn is_an_end(kind: ErrorKind) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof)
}

fn is_cut_short(error: &hyper::Error) -> bool {
    error.is_incomplete_message() || error.is_closed() || error.is_canceled()
}

fn tls_failure(error: &rustls::Error, asked: bool) -> TlsFailure {
    use rustls::Error;
    let time = |time: &rustls::pki_types::UnixTime| Timestamp::from_second(time.as_secs().cast_signed()).ok();
    match error {
        Error::InvalidCertificate(why) => match why {
            CertificateError::ExpiredContext { not_after, .. } => TlsFailure::Expired { since: time(not_after) },
            CertificateError::Expired => TlsFailure::Expired { since: None },
            CertificateError::NotValidYetContext { not_before, .. } => {
                TlsFailure::NotYetValid { from: time(not_before) }
            }
            CertificateError::NotValidYet => TlsFailure::NotYetValid { from: None },
            CertificateError::NotValidForNameContext { presented, .. } => {
                TlsFailure::WrongName { names: presented.iter().map(|name| plain_name(name)).collect() }
            }
            CertificateError::NotValidForName => TlsFailure::WrongName { names: Vec::new() },
            CertificateError::UnknownIssuer => TlsFailure::UnknownIssuer,
            other => TlsFailure::Certificate(other.to_string()),
        },
        Error::InvalidMessage(_) => TlsFailure::NotTls,
        Error::AlertReceived(AlertDescription::NoApplicationProtocol) | Error::NoApplicationProtocol => {
            TlsFailure::NoProtocol
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => TlsFailure::CertificateRequired,
        Error::AlertReceived(_) if asked => TlsFailure::CertificateRequired,
        other => TlsFailure::Other(other.to_string()),
    }
}

/// `elsewhere.example` of `DnsName("elsewhere.example")`, which is how names come.
fn plain_name(name: &str) -> String {
    let within = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    within.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_told_without_what_may_be_secret() {
        for (location, shown) in [
            ("https://me:hunter2@login.example/in?next=hunter2#hunter2", "https://login.example/in"),
            ("/login?next=%2F", "/login"),
            ("http://h:1/", "http://h:1/"),
            ("\u{7f}", ""),
        ] {
            assert_eq!(without_query(location), shown);
        }
    }

    #[test]
    fn names_of_certificates_are_told_as_they_are_written() {
        assert_eq!(plain_name("DnsName(\"elsewhere.example\")"), "elsewhere.example");
        assert_eq!(plain_name("IpAddress(127.0.0.1)"), "127.0.0.1");
        assert_eq!(plain_name("elsewhere.example"), "elsewhere.example");
    }
}
