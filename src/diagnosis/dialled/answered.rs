//! What is said where somebody answered, and did not just take what was sent.

use super::words::{Key, listed, url, without_signal};
use super::{Case, Remark, silent, tls};
use crate::delivery::probe::{Fate, Network, Other, Reply, Way};
use crate::otlp::status::Code;
use crate::settings::{Origin, Protocol};

use super::super::Grade;

/// What is to be said of an answer from `at`; nothing where it is as it should be.
pub(super) fn remark(case: Case<'_>, network: Option<&Network>, at: &str, reply: &Reply) -> Option<Remark> {
    let said = reply.said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
    let answer = answer(reply);
    Some(match reply.fate {
        Fate::Taken => return partial(case, reply),
        Fate::Busy if is_of_a_proxy(network) && matches!(reply.status, 502..=504) => {
            let what = format!("what is on the way to {at} answers {answer}{said}");
            case.remark(Grade::Warning, "destination.busy", what)
                .with("see whether the proxy can reach the backend; what is not taken is kept and sent again")
        }
        Fate::Busy => case
            .remark(Grade::Warning, "destination.busy", format!("{at} asks to come again later ({answer}){said}"))
            .with("nothing is lost, it is sent again; if it stays so, look at the backend's load and at your quota"),
        Fate::TooLarge => case
            .loss(
                "destination.too_large",
                format!("{at} calls a request too large that holds nothing ({answer}){said}"),
            )
            .with("raise the limit for requests there, or at the proxy in front of it"),
        Fate::Unauthorized => unauthorized(case, at, reply, &answer, &said),
        Fate::Refused | Fate::Closed if reply.status == 407 && is_of_a_proxy(network) => {
            silent::wants_a_password(case, network?, &answer)
        }
        Fate::Refused | Fate::Closed if (300..400).contains(&reply.status) => redirect(case, network, at, reply),
        Fate::Refused | Fate::Closed if is_about_the_signal(case, reply) => {
            let signal = case.seen.signal.as_str();
            let what = format!("{at} takes other signals, and no {signal} ({answer}){said}");
            let elsewhere = format!("OTEL_EXPORTER_OTLP_{}_ENDPOINT", signal.to_uppercase());
            let taken: Vec<&str> = case.taken.iter().map(|signal| signal.as_str()).collect();
            let only = case.words.say(Key::Signals, &taken.join(","));
            case.loss("destination.signal", what).with(format!(
                "say {only} to keep {signal} on this machine; or turn them on there, or send them elsewhere with {elsewhere}"
            ))
        }
        Fate::Refused | Fate::Closed => match by_others(case, network, at) {
            Some(remark) => remark,
            None => not_taken(case, network, at, reply, &answer, &said),
        },
    })
}

/// Whether the same place takes other signals.
fn is_about_the_signal(case: Case<'_>, reply: &Reply) -> bool {
    let unknown = reply.grpc == Some(Code::Unimplemented) || matches!(reply.status, 404 | 405 | 501);
    unknown && !case.taken.is_empty() && !case.words.is_own()
}

fn is_of_a_proxy(network: Option<&Network>) -> bool {
    network.is_some_and(|network| network.proxy.is_some())
}

/// The status as it is known: `404`, `UNAVAILABLE`.
fn answer(reply: &Reply) -> String {
    match reply.grpc {
        Some(code) => code.name().to_owned(),
        None => reply.status.to_string(),
    }
}

fn partial(case: Case<'_>, reply: &Reply) -> Option<Remark> {
    let partial = reply.partial.as_ref()?;
    let what = match (partial.rejected, partial.message.as_str()) {
        (0, "") => return None,
        (0, message) => format!("the backend takes it with a remark: {message}"),
        (_, "") => "the backend rejects a part of what it takes, and does not say why".to_owned(),
        (_, message) => format!("the backend rejects a part of what it takes: {message}"),
    };
    let remedy = "look for this in the backend's own settings: what is rejected is never sent again";
    Some(case.remark(Grade::Warning, "destination.partial", what).with(remedy))
}

fn unauthorized(case: Case<'_>, at: &str, reply: &Reply, answer: &str, said: &str) -> Remark {
    let seen = case.seen;
    let mut credentials: Vec<&str> = seen.headers.iter().map(String::as_str).collect();
    if credentials.len() > 1 {
        credentials.retain(|name| is_credential(name));
    }
    let origin = credentials.first().and_then(|name| case.words.origin_of_header(name));
    let forbidden = reply.status == 403 || reply.grpc == Some(Code::PermissionDenied);
    let remark = |check, what: String| Remark {
        origin: origin.clone().unwrap_or(case.words.origin()),
        ..case.loss(check, what)
    };
    if credentials.is_empty() {
        let scheme = reply.challenge.as_ref().map(|scheme| format!(" by {scheme}")).unwrap_or_default();
        let what = format!("{at} asks for credentials{scheme}, and none are sent ({answer}){said}");
        let remedy = format!("say {}", case.words.say(Key::Header, "authorization"));
        return case
            .loss("destination.credentials.missing", what)
            .with(format!("{remedy}; the backend's own pages say which header it is"));
    }
    let shown = format!("the header{} {}", if credentials.len() == 1 { "" } else { "s" }, listed(&credentials));
    if forbidden {
        let what = format!("{at} knows who is there by {shown}, and does not let them send telemetry ({answer}){said}");
        return remark("destination.credentials.forbidden", what).with(
            "give the token the right to write telemetry, or use another one; a wrong tenant or project looks the same",
        );
    }
    let again = match &origin {
        Some(Origin::Default) | None => "have the program print one that is valid".to_owned(),
        Some(origin) => {
            format!("put one that is valid into {origin}; a token has often a word in front of it, as in Bearer TOKEN")
        }
    };
    remark("destination.credentials.refused", format!("{at} does not accept what is in {shown} ({answer}){said}"))
        .with(again)
}

fn is_credential(name: &str) -> bool {
    ["auth", "key", "token", "secret", "tenant", "scope"].iter().any(|part| name.contains(part))
}

fn redirect(case: Case<'_>, network: Option<&Network>, at: &str, reply: &Reply) -> Remark {
    let to = reply.location.as_deref().filter(|to| !to.is_empty()).unwrap_or("another page");
    let shown = if case.words.is_own() { to } else { without_signal(to, case.seen.signal) };
    let what = format!("{at} sends to {shown} ({}), and OTLP does not follow", reply.status);
    let remark = case.loss("destination.redirect", what);
    let own = format!("/{}", case.seen.signal.path());
    let elsewhere = network.and_then(|network| {
        let (scheme, rest) = to.split_once("://").unwrap_or((&network.scheme, to));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = path.trim_end_matches('/');
        if !path.ends_with(&own) {
            return None;
        }
        let usual = if authority.is_empty() {
            network.port
        } else if scheme == "https" {
            443
        } else {
            80
        };
        let (host, port) = match authority.rsplit_once(':') {
            _ if authority.is_empty() => (network.host.as_str(), usual),
            Some((host, port)) => (host, port.parse().unwrap_or(usual)),
            None => (authority, usual),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some(case.words.say_endpoint(scheme, host, port, path, case.seen.protocol))
    });
    match elsewhere {
        Some(said) => remark.with(format!("say {said}")),
        None => remark.with(
            "there is a log-in in front of the backend, or this is its page for people: use its address for OTLP, with the \
             header that it wants",
        ),
    }
}

/// What other ways have shown, the first that leads somewhere.
pub(super) fn by_others(case: Case<'_>, network: Option<&Network>, at: &str) -> Option<Remark> {
    let others = &case.seen.others;
    let protocol = case.seen.protocol;
    if others.iter().any(|other| other.way == Way::Plain && other.speaks_otlp(protocol)) {
        return Some(
            case.loss("destination.gzip", format!("{at} does not take requests with gzip, and takes them without"))
                .with(format!("say {}", case.words.say(Key::Compression, "none"))),
        );
    }
    if let Some(path) = others.iter().find_map(|other| match &other.way {
        Way::Path(path) if other.speaks_otlp(protocol) => Some(path.as_str()),
        _ => None,
    }) && let Some(network) = network
    {
        return Some(path_remark(case, network, path));
    }
    let spoken = others.iter().find_map(|other| match other.way {
        Way::Protocol(spoken) if other.speaks_otlp(spoken) => Some(spoken),
        _ => None,
    });
    if let Some(spoken) = spoken {
        let (check, what) = match (spoken, protocol) {
            (Protocol::Grpc, _) => ("destination.protocol.grpc", "speaks gRPC"),
            (_, Protocol::Grpc) => ("destination.protocol.http", "speaks OTLP over HTTP"),
            (Protocol::HttpJson, _) => ("destination.protocol.json", "takes JSON alone"),
            (Protocol::HttpProtobuf, _) => ("destination.protocol.protobuf", "takes protobuf alone"),
        };
        let what = format!("{at} {what}, and is spoken to by {}", protocol.as_str());
        let mut remedy = format!("say {}", case.words.say(Key::Protocol, spoken.as_str()));
        if let Some(port) = network.and_then(|network| own_port(case, network)) {
            remedy.push_str(&format!(", or {port}"));
        }
        return Some(case.loss(check, what).with(remedy));
    }
    let network = network?;
    if others.iter().any(|other| other.way == Way::Scheme("https") && other.speaks_tls) {
        return Some(tls::wanted(case, network));
    }
    let remedy = other_ports(case, network)?;
    Some(case.loss("destination.port", format!("{at} is no OTLP receiver")).with(remedy))
}

fn path_remark(case: Case<'_>, network: &Network, path: &str) -> Remark {
    let asked = url(case, network);
    let what = if case.words.is_own() {
        let signal = case.seen.signal.as_str();
        format!("{signal} are not taken at {asked}: the URL of a single signal is used as it stands")
    } else {
        format!("OTLP is not taken below {asked}, to which v1/traces and so on are appended")
    };
    let to = case.words.say_endpoint(&network.scheme, &network.host, network.port, path, case.seen.protocol);
    case.loss("destination.path", what).with(format!("say {to}"))
}

/// The other ports of OTLP where it is spoken, as a remedy.
pub(super) fn other_ports(case: Case<'_>, network: &Network) -> Option<String> {
    let found: Vec<(u16, Protocol)> = case.seen.others.iter().filter_map(at_port).collect();
    // One that needs nothing else to be changed is better.
    let is_grpc = |protocol: Protocol| protocol == Protocol::Grpc;
    let best = found.iter().find(|(_, protocol)| is_grpc(*protocol) == is_grpc(case.seen.protocol)).or(found.first());
    let (port, protocol) = *best?;
    let path = format!("/{}", case.seen.signal.path());
    let to = case.words.say_endpoint(&network.scheme, &network.host, port, &path, protocol);
    if is_grpc(protocol) == is_grpc(case.seen.protocol) {
        return Some(format!("OTLP is spoken at port {port}: say {to}"));
    }
    let by = case.words.say(Key::Protocol, protocol.as_str());
    Some(format!("OTLP is spoken at port {port} by {}: say {to} and {by}", protocol.as_str()))
}

/// The endpoint with the other port, where that one speaks what is spoken now.
fn own_port(case: Case<'_>, network: &Network) -> Option<String> {
    let grpc = case.seen.protocol == Protocol::Grpc;
    let (port, protocol) =
        case.seen.others.iter().filter_map(at_port).find(|(_, protocol)| (*protocol == Protocol::Grpc) == grpc)?;
    let path = format!("/{}", case.seen.signal.path());
    Some(case.words.say_endpoint(&network.scheme, &network.host, port, &path, protocol))
}

fn at_port(other: &Other) -> Option<(u16, Protocol)> {
    match other.way {
        Way::Port(port, protocol) if other.speaks_otlp(protocol) => Some((port, protocol)),
        _ => None,
    }
}

/// An answer that nothing else explains.
fn not_taken(case: Case<'_>, network: Option<&Network>, at: &str, reply: &Reply, answer: &str, said: &str) -> Remark {
    if let Some(code) = reply.grpc {
        return match code {
            Code::Unimplemented => case
                .loss(
                    "destination.not_otlp",
                    format!("{at} speaks gRPC, and knows no service of OTLP ({answer}){said}"),
                )
                .with("name the address of an OTLP receiver: usually port 4317"),
            _ => case
                .loss("destination.refused_by_backend", format!("{at} answers {answer}{said}"))
                .with("look into the log of the backend: it has a trouble of its own with an empty request"),
        };
    }
    let asked = network.map_or_else(|| at.to_owned(), |network| url(case, network));
    let receiver = "name the address of an OTLP receiver: usually port 4318 for HTTP and 4317 for gRPC";
    match reply.status {
        200..=299 => {
            let kind = if reply.content_type.is_empty() { "nothing" } else { &reply.content_type };
            case.loss("destination.page", format!("{asked} answers {answer} with {kind}, which is not OTLP's"))
                .with(format!("this is a page for people, or something else that takes everything: {receiver}"))
        }
        404 if case.words.is_own() => case
            .loss("destination.not_found", format!("there is nothing at {asked} (404){said}"))
            .with(format!("correct the path, which is used as it stands; or {receiver}")),
        404 => case
            .loss("destination.not_found", format!("there is nothing below {asked} that takes OTLP (404){said}"))
            .with(format!("correct the endpoint, to which v1/traces and so on are appended; or {receiver}")),
        405 => case.loss("destination.method", format!("{asked} takes no POST (405){said}")).with(receiver),
        415 => {
            let other = if case.seen.protocol == Protocol::HttpJson { "http/protobuf" } else { "http/json" };
            case.loss(
                "destination.content_type",
                format!("{asked} does not take {} (415){said}", case.seen.protocol.as_str()),
            )
            .with(format!("say {}", case.words.say(Key::Protocol, other)))
        }
        400 | 422 => case
            .loss("destination.refused_by_backend", format!("{asked} refuses an empty request ({answer}){said}"))
            .with(format!("an OTLP receiver takes it, so this is something else: {receiver}")),
        _ => case
            .loss("destination.refused_by_backend", format!("{asked} answers {answer}{said}"))
            .with("look into the log of the backend, or of what stands in front of it"),
    }
}
