//! What is said where nobody answered.

use std::io::ErrorKind;

use super::words::{Key, address, listed};
use super::{Case, Remark, answered, tls};
use crate::delivery::probe::{Dialled, Failure, Network};
use crate::settings::Protocol;

/// Why there was no answer at `at`.
pub(super) fn remark(case: Case<'_>, network: Option<&Network>, at: &str, failure: &Failure) -> Remark {
    if let Some(network) = network
        && !matches!(failure, Failure::SetUp(_))
        && let Some(Err(said)) = &network.addresses
    {
        return unknown_name(case, network, said);
    }
    match (failure, network) {
        (Failure::SetUp(reason), network) => set_up(case, network, reason),
        (Failure::Proxy(said), Some(network)) => proxy(case, network, said),
        (Failure::Tls(failure), Some(network)) => tls::remark(case, network, failure),
        (Failure::Connect(kind, said), Some(network)) => no_connection(case, network, *kind, said),
        (Failure::Connect(ErrorKind::ConnectionRefused, _), None) => case
            .loss("destination.socket.refused", format!("nobody listens at {at}"))
            .with("start the receiver that made the socket; it is left over from one that ended"),
        (Failure::Connect(_, said), None) => case
            .loss("destination.socket.denied", format!("{at} cannot be connected to: {said}"))
            .with("let the user who runs otel-run write to the socket"),
        (Failure::HungUp, network) => {
            answered::by_others(case, network, at).unwrap_or_else(|| broken(case, at, "hangs up without an answer"))
        }
        (Failure::NotHttp, network) => answered::by_others(case, network, at)
            .unwrap_or_else(|| broken(case, at, &format!("answers with something that is not {}", http(case)))),
        (Failure::Proxy(said), None) => broken(case, at, &format!("fails: {said}")),
        (Failure::Tls(_), None) => broken(case, at, "fails to speak TLS"),
    }
}

fn unknown_name(case: Case<'_>, network: &Network, said: &str) -> Remark {
    match &network.proxy {
        None => case
            .loss("destination.name", format!("the host {} is not known here: {said}", network.host))
            .with(format!(
                "correct the endpoint {}; if it is right, this machine's name service does not know it (`getent hosts {}`)",
                case.words.shown_endpoint(),
                network.host
            )),
        Some(proxy) => case
            .loss("destination.proxy.name", format!("the proxy {} is not known here: {said}", proxy.address))
            .with(format!("correct {}, or name {} in NO_PROXY to go without a proxy", proxy.variable, network.host)),
    }
}

fn set_up(case: Case<'_>, network: Option<&Network>, reason: &str) -> Remark {
    let remark = case.loss("destination.set_up", reason);
    let proxy = network.and_then(|network| Some((network, network.proxy.as_ref()?)));
    let of_the_client = reason.contains("the client's");
    match proxy {
        Some((network, proxy)) if reason.contains("the proxy") => {
            remark.with(format!("say {}=http://HOST:PORT, or name {} in NO_PROXY", proxy.variable, network.host))
        }
        _ if of_the_client => remark.with(format!("correct {}", case.words.say(Key::Identity, "FILE"))),
        _ if reason.contains("certificate") && !reason.contains("the system's") => remark.with(format!(
            "correct {}: a PEM file of the authorities to trust",
            case.words.say(Key::Certificate, "FILE")
        )),
        _ => remark,
    }
}

fn proxy(case: Case<'_>, network: &Network, said: &str) -> Remark {
    let Some(proxy) = &network.proxy else { return broken(case, &address(network), &format!("fails: {said}")) };
    let (variable, by, host) = (&proxy.variable, &proxy.address, &network.host);
    if said.contains("authorization") {
        return wants_a_password(case, network, said);
    }
    case.loss(
        "destination.proxy.refused",
        format!("the proxy {by} of {variable} makes no connection to {}: {said}", address(network)),
    )
    .with(format!("have the proxy let {host} through, or name {host} in NO_PROXY to go without it"))
}

/// The proxy's own 401.
pub(super) fn wants_a_password(case: Case<'_>, network: &Network, said: &str) -> Remark {
    let Some(proxy) = &network.proxy else { return broken(case, &address(network), &format!("fails: {said}")) };
    case.loss("destination.proxy.credentials", format!("the proxy {} wants to know who is there (407)", proxy.address))
        .with(format!(
            "say {}=http://USER:PASSWORD@{}, or name {} in NO_PROXY to go without it",
            proxy.variable, proxy.address, network.host
        ))
}

fn no_connection(case: Case<'_>, network: &Network, kind: ErrorKind, said: &str) -> Remark {
    if let Some(proxy) = &network.proxy {
        return case
            .loss("destination.proxy.unreachable", format!("the proxy {} cannot be reached: {said}", proxy.address))
            .with(format!("correct {}, or name {} in NO_PROXY to go without a proxy", proxy.variable, network.host));
    }
    if network.host.eq_ignore_ascii_case("localhost")
        && let Some((elsewhere, _)) = network.dialled.iter().find(|(_, dialled)| *dialled == Dialled::Open)
    {
        let named = network.addresses.as_ref().and_then(|addresses| addresses.as_ref().ok());
        let named: Vec<String> = named.into_iter().flatten().map(ToString::to_string).collect();
        let host = elsewhere.ip().to_string();
        let to = case.words.say_endpoint(&network.scheme, &host, network.port, &network.path, case.seen.protocol);
        let what = format!(
            "localhost is {} here, where nobody listens at port {}, but at {host}",
            listed(&named),
            network.port
        );
        return case.loss("destination.localhost", what).with(format!("say {to}"));
    }
    let remark = match kind {
        ErrorKind::ConnectionRefused => {
            case.loss("destination.refused", format!("nobody listens at {}", address(network)))
        }
        ErrorKind::TimedOut => return unanswered(case, Some(network), &address(network)),
        _ => case.loss("destination.unreachable", format!("{} cannot be reached: {said}", address(network))),
    };
    match (answered::other_ports(case, network), kind) {
        (Some(remedy), _) => remark.with(remedy),
        (None, ErrorKind::ConnectionRefused) => {
            let port = if case.seen.protocol == Protocol::Grpc { 4317 } else { 4318 };
            let path = format!("/{}", case.seen.signal.path());
            let to = case.words.say_endpoint(&network.scheme, "HOST", port, &path, case.seen.protocol);
            remark.with(format!("start the receiver there, or say where it listens, as in {to}"))
        }
        (None, _) => remark.with("look for a firewall, a VPN that is off, or a network that has no way there"),
    }
}

/// That the time was over.
pub(super) fn unanswered(case: Case<'_>, network: Option<&Network>, at: &str) -> Remark {
    let within = format!("within {} s", case.seen.limit.as_secs_f64());
    let Some(network) = network else {
        return case
            .loss("destination.silent", format!("{at} takes connections and does not answer {within}"))
            .with("see what the program behind the socket is doing; --timeout gives it longer");
    };
    let to = network.proxy.as_ref().map_or_else(|| address(network), |proxy| format!("the proxy {}", proxy.address));
    if network.addresses.is_none() {
        return case
            .loss("destination.name.unanswered", format!("the name service has no answer about {} {within}", network.host))
            .with("see whether this machine has a network and a name server (/etc/resolv.conf); --timeout gives it longer");
    }
    if network.dialled.iter().any(|(_, dialled)| *dialled == Dialled::Open) {
        return case.loss("destination.silent", format!("{to} takes connections and does not answer {within}")).with(
            "see what that server is doing, and whether it is an OTLP receiver at all; --timeout gives it longer",
        );
    }
    let tried: Vec<String> = network.dialled.iter().map(|(address, _)| address.ip().to_string()).collect();
    let tried = if tried == [network.host.clone()] || tried.is_empty() {
        String::new()
    } else {
        format!(" ({})", listed(&tried))
    };
    case.loss("destination.unanswered", format!("{to}{tried} does not answer {within}")).with(
        "correct the address, or look for a firewall, a VPN that is off, or a network that has no way there; --timeout gives it longer",
    )
}

fn broken(case: Case<'_>, at: &str, what: &str) -> Remark {
    case.loss("destination.broken", format!("{at} takes connections, and {what}")).with(
        "see what listens there: OTLP is usually at port 4318 for http/protobuf and http/json, and at 4317 for grpc",
    )
}

/// The version of HTTP that is spoken.
fn http(case: Case<'_>) -> &'static str {
    if case.seen.protocol == Protocol::Grpc { "HTTP/2" } else { "HTTP" }
}
