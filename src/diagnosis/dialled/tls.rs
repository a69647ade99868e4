//! What is said of TLS: why it came to nothing, and until when it works.

use jiff::Timestamp;

use super::words::{Key, address, length, listed, place};
use super::{Case, Remark};
use crate::delivery::probe::{Certificate, Network, Observation, TlsFailure, Way};
use crate::settings::Protocol;

use super::super::Grade;

const DAY: i64 = 86_400;
/// Who renews certificates does so before this is left of their time.
const SOON: i64 = 14 * DAY;

/// Why TLS came to nothing.
pub(super) fn remark(case: Case<'_>, network: &Network, failure: &TlsFailure) -> Remark {
    let (host, now) = (&network.host, case.seen.at);
    let own = network.tls.as_ref().and_then(|tls| tls.chain.first());
    let clock = format!("if it is this machine's clock that is wrong ({}), set it", day_and_time(now));
    match failure {
        TlsFailure::Expired { since } => {
            let since = since.or_else(|| over(network, now));
            let when =
                since.map(|since| format!(" on {}, {} ago", day(since), whole_days(seconds_between(since, now))));
            let what = format!("the certificate of {host} expired{}", when.unwrap_or_default());
            case.loss("destination.tls.expired", what)
                .with(format!("have it renewed on the server, then ask again; {clock}"))
        }
        TlsFailure::NotYetValid { from } => {
            let from = from.or_else(|| own.map(|own| own.not_before));
            let when = from.map(|from| format!(" until {}", day(from))).unwrap_or_default();
            case.loss("destination.tls.not_yet_valid", format!("the certificate of {host} is not valid{when}"))
                .with(format!("have one made that is valid now; {clock}"))
        }
        TlsFailure::WrongName { names } => {
            let for_whom = if names.is_empty() { "others".to_owned() } else { listed(names) };
            let what = format!("the certificate that is shown for {host} is for {for_whom}");
            let name = names.iter().find(|name| !name.contains('*'));
            let to = name.map(|name| {
                let said = case.words.say_endpoint("https", name, network.port, &network.path, case.seen.protocol);
                format!("say {said} if that name leads to the same server, or ")
            });
            let remedy = format!("{}have a certificate made for {host}", to.unwrap_or_default());
            case.loss("destination.tls.name", what).with(remedy)
        }
        TlsFailure::UnknownIssuer => unknown(case, network, own),
        TlsFailure::Certificate(words) => case
            .loss("destination.tls.certificate", format!("the certificate of {host} is not accepted: {words}"))
            .with("have another one made for the server"),
        TlsFailure::CertificateRequired => {
            let identity = case.words.say(Key::Identity, "FILE");
            match network.tls.as_ref().is_some_and(|tls| tls.identity) {
                false => case
                    .loss(
                        "destination.tls.client_certificate",
                        format!("{host} asks for a client's certificate, and there is none to show"),
                    )
                    .with(format!("say {identity}: PEM files with a certificate that the server knows, and its key")),
                true => case
                    .loss(
                        "destination.tls.client_certificate",
                        format!("{host} does not accept the client's certificate"),
                    )
                    .with(format!("say {identity} with one that an authority of the server has signed")),
            }
        }
        TlsFailure::NoProtocol => {
            let other = match case.seen.protocol {
                Protocol::Grpc => "http/protobuf",
                Protocol::HttpProtobuf | Protocol::HttpJson => "grpc",
            };
            let what = format!(
                "{} speaks TLS, but not the version of HTTP that {} needs",
                address(network),
                case.seen.protocol.as_str()
            );
            case.loss("destination.tls.protocol", what).with(format!("say {}", case.words.say(Key::Protocol, other)))
        }
        TlsFailure::NotTls => not_tls(case, network),
        TlsFailure::Other(words) => case
            .loss("destination.tls.other", format!("TLS with {} came to nothing: {words}", address(network)))
            .with("see in the server's own log what it does not like"),
    }
}

fn unknown(case: Case<'_>, network: &Network, own: Option<&Certificate>) -> Remark {
    let host = &network.host;
    let named = case.words.upstream.transport.of(case.words.signal).certificate.as_ref();
    let trust = case.words.say(Key::Certificate, "FILE");
    if own.is_some_and(|own| own.self_signed) {
        let whom = match named {
            Some(file) => format!("is not in {} ({})", file.value.display(), file.origin),
            None => "is not trusted by this machine".to_owned(),
        };
        return case
            .loss("destination.tls.self_signed", format!("the certificate of {host} is signed by itself, and {whom}"))
            .with(format!(
                "say {trust}, where FILE is that certificate in PEM, or have one signed by a trusted authority"
            ));
    }
    let issuer = own.and_then(|own| own.issuer.as_ref()).map(|issuer| format!(" \"{issuer}\"")).unwrap_or_default();
    let whom = match named {
        Some(file) => format!("which is not in {} ({})", file.value.display(), file.origin),
        None => "which this machine does not trust".to_owned(),
    };
    case.loss("destination.tls.issuer", format!("the certificate of {host} is signed by the authority{issuer}, {whom}"))
        .with(format!("say {trust}, where FILE is that authority's certificate in PEM"))
}

fn not_tls(case: Case<'_>, network: &Network) -> Remark {
    let what = format!("{} speaks no TLS, and the endpoint says https", address(network));
    let remark = case.loss("destination.tls.plaintext", what);
    let plain = case.words.say_endpoint("http", &network.host, network.port, &network.path, case.seen.protocol);
    let speaks =
        case.seen.others.iter().any(|other| other.way == Way::Scheme("http") && other.speaks_otlp(case.seen.protocol));
    match speaks {
        true => remark.with(format!("say {plain}: what is sent is not encrypted then")),
        false => remark.with(format!("name the port where it does, or say {plain} to go without")),
    }
}

/// The end of the time of the first certificate whose time is over.
fn over(network: &Network, now: Timestamp) -> Option<Timestamp> {
    network.tls.as_ref()?.chain.iter().map(|certificate| certificate.not_after).find(|not_after| *not_after < now)
}

/// That a certificate is to be renewed.
pub(super) fn soon_over(case: Case<'_>, network: &Network) -> Option<Remark> {
    let left = left(case.seen, network)?;
    if left >= SOON {
        return None;
    }
    let what = format!("the certificate of {} expires in {}", network.host, whole_days(left));
    let remark = case.remark(Grade::Warning, "destination.tls.expires_soon", what);
    Some(remark.with("have it renewed on the server"))
}

/// ` with a certificate for 90 days more`, for a sentence about what is well.
pub(super) fn of_the_well(seen: &Observation, network: &Network) -> String {
    left(seen, network).map(|left| format!(" (certificate good for {})", whole_days(left))).unwrap_or_default()
}

/// Seconds for which all certificates are still valid; none where one is not.
fn left(seen: &Observation, network: &Network) -> Option<i64> {
    let first = network.tls.as_ref()?.chain.iter().map(|certificate| certificate.not_after).min()?;
    (first > seen.at).then(|| seconds_between(seen.at, first))
}

fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

/// Days that are over, where there are some.
fn whole_days(seconds: i64) -> String {
    if seconds < 2 * DAY { length(seconds as f64) } else { format!("{} days", seconds / DAY) }
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

fn day_and_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// That TLS is wanted where none is spoken.
pub(super) fn wanted(case: Case<'_>, network: &Network) -> Remark {
    let secure = case.words.say_endpoint("https", &network.host, network.port, &network.path, case.seen.protocol);
    case.loss(
        "destination.tls.wanted",
        format!("{} speaks TLS, and the endpoint says {}", address(network), place(network)),
    )
    .with(format!("say {secure}"))
}
