#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::ErrorKind;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::delivery::probe::{Certificate, Failure, Fate, Other, Proxy, Tls, TlsFailure, Way};
use crate::otlp::status::{Code, PartialSuccess};
use crate::settings::{Destination, HeaderValue, Protocol, Sourced, Transport};

const NOW: &str = "2026-11-20T10:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn variable(name: &str) -> Origin {
    Origin::Variable(name.to_owned())
}

fn upstream(origin: Origin, protocol: Option<(Protocol, Origin)>) -> Upstream {
    let transport = Transport {
        protocol: protocol.map(|(protocol, origin)| Sourced::new(protocol, origin)),
        ..Transport::default()
    };
    let endpoint = Some(Sourced::new("http://h:4317".to_owned(), origin));
    Upstream {
        name: "default".to_owned(),
        destination: Destination { endpoint, ..Destination::default() },
        transport: crate::settings::PerSignal::all(&transport),
    }
}

fn network() -> Network {
    Network {
        scheme: "http".to_owned(),
        host: "h".to_owned(),
        port: 4317,
        path: "/v1/traces".to_owned(),
        proxy: None,
        addresses: Some(Ok(vec!["192.0.2.1".parse().unwrap()])),
        dialled: vec![("192.0.2.1:4317".parse().unwrap(), Dialled::Open)],
        tls: None,
    }
}

fn seen(heard: Heard) -> Observation {
    Observation {
        upstream: "default".to_owned(),
        signal: Signal::Traces,
        protocol: Protocol::HttpProtobuf,
        limit: Duration::from_secs(3),
        at: now(),
        headers: Vec::new(),
        ground: Ground::Network(network()),
        heard,
        others: Vec::new(),
    }
}

fn reply(status: u16, fate: Fate) -> Reply {
    Reply {
        status,
        grpc: None,
        fate,
        content_type: "application/x-protobuf".to_owned(),
        location: None,
        challenge: None,
        said: None,
        partial: None,
        clock_ahead: None,
        took: Duration::from_millis(12),
    }
}

fn taken() -> Heard {
    Heard::Reply(reply(200, Fate::Taken))
}

fn other(way: Way, heard: Heard) -> Other {
    Other { way, heard, speaks_tls: false }
}

#[track_caller]
fn only(upstream: &Upstream, seen: Observation) -> Finding {
    let mut findings = findings(std::slice::from_ref(upstream), &[seen]);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

fn flag() -> Upstream {
    upstream(Origin::Flag("--endpoint"), None)
}

#[test]
fn a_remedy_is_said_where_the_user_said_it() {
    let grpc = || {
        let mut seen = seen(Heard::Failed(Failure::NotHttp));
        let unauthenticated = Reply { grpc: Some(Code::Unauthenticated), ..reply(200, Fate::Unauthorized) };
        seen.others = vec![
            other(Way::Protocol(Protocol::Grpc), Heard::Reply(unauthenticated)),
            other(Way::Port(4318, Protocol::HttpProtobuf), taken()),
        ];
        seen
    };
    let file = |line| Origin::File { path: "/u/config.toml".into(), line };
    for (origin, protocol, remedy) in [
        (Origin::Flag("--endpoint"), None, "say --protocol grpc, or --endpoint http://h:4318"),
        (
            variable("OTEL_EXPORTER_OTLP_ENDPOINT"),
            None,
            "say OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318",
        ),
        (
            variable("OTEL_RUN_ENDPOINT"),
            Some((Protocol::HttpProtobuf, variable("OTEL_EXPORTER_OTLP_PROTOCOL"))),
            "say OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or OTEL_RUN_ENDPOINT=http://h:4318",
        ),
        (
            file(3),
            None,
            "say protocol = \"grpc\" beside /u/config.toml:3, or endpoint = \"http://h:4318\" at /u/config.toml:3",
        ),
    ] {
        let finding = only(&upstream(origin.clone(), protocol), grpc());
        assert_eq!((finding.check, finding.grade), ("destination.protocol.grpc", Grade::Loss));
        assert_eq!(finding.what, "http://h:4317 speaks gRPC, and is spoken to by http/protobuf");
        assert_eq!((finding.remedy.as_deref(), finding.origin), (Some(remedy), Some(origin)));
    }
}

#[test]
fn signals_that_say_the_same_are_one_finding() {
    let all = |heard: [Heard; 3]| {
        let of = |(signal, heard)| Observation { signal, ..seen(heard) };
        let seen: Vec<Observation> = Signal::ALL.into_iter().zip(heard).map(of).collect();
        let found = findings(&[flag()], &seen);
        found.into_iter().map(|finding| (finding.grade, finding.what)).collect::<Vec<_>>()
    };
    let well = "traces, metrics and logs are taken at http://h:4317 by http/protobuf, in 12 ms";
    assert_eq!(all([taken(), taken(), taken()]), [(Grade::Fine, well.to_owned())]);
    let busy = || Heard::Reply(reply(503, Fate::Busy));
    let asks = "http://h:4317 asks to come again later (503)".to_owned();
    assert_eq!(all([busy(), busy(), busy()]), [(Grade::Warning, asks.clone())]);
    assert_eq!(
        all([busy(), taken(), busy()]),
        [
            (Grade::Warning, format!("traces and logs: {asks}")),
            (Grade::Fine, "metrics are taken at http://h:4317 by http/protobuf, in 12 ms".to_owned())
        ]
    );
    let missing = || Heard::Reply(reply(404, Fate::Closed));
    let none = |signal: &str| format!("{signal}: http://h:4317 takes other signals, and no {signal} (404)");
    assert_eq!(
        all([taken(), missing(), missing()])[..2],
        [(Grade::Loss, none("metrics")), (Grade::Loss, none("logs"))]
    );
}

#[test]
fn who_is_let_in_and_who_is_not() {
    let mut with = flag();
    let value = Sourced::new(HeaderValue::Env("TOKEN".to_owned()), variable("OTEL_RUN_HEADERS"));
    with.destination.headers = vec![("authorization".to_owned(), value)];
    let refused = |status, grpc| Heard::Reply(Reply { grpc, ..reply(status, Fate::Unauthorized) });
    let sent = |heard| Observation { headers: vec!["authorization".to_owned()], ..seen(heard) };
    let challenged = Heard::Reply(Reply { challenge: Some("Bearer".to_owned()), ..reply(401, Fate::Unauthorized) });
    for (upstream, seen, check, what, remedy) in [
        (
            flag(),
            seen(challenged),
            "missing",
            "asks for credentials by Bearer, and none are sent (401)",
            "--header authorization=env:NAME",
        ),
        (
            with.clone(),
            sent(refused(401, None)),
            "refused",
            "does not accept what is in the header authorization (401)",
            "OTEL_RUN_HEADERS",
        ),
        (
            with.clone(),
            sent(refused(403, None)),
            "forbidden",
            "does not let them send telemetry (403)",
            "the right to write",
        ),
        (
            with.clone(),
            sent(refused(200, Some(Code::PermissionDenied))),
            "forbidden",
            "(PERMISSION_DENIED)",
            "the right to write",
        ),
        (with, sent(refused(200, Some(Code::Unauthenticated))), "refused", "(UNAUTHENTICATED)", "Bearer TOKEN"),
    ] {
        let finding = only(&upstream, seen);
        assert_eq!(finding.check, format!("destination.credentials.{check}"));
        assert!(finding.what.contains(what), "{}", finding.what);
        assert!(finding.remedy.as_ref().unwrap().contains(remedy), "{:?}", finding.remedy);
    }
}

#[test]
fn certificates() {
    let days = |days: i64| now() + SignedDuration::from_hours(24 * days);
    let with = |heard, from: i64, to: i64, asked| {
        let chain = vec![Certificate {
            not_before: days(from),
            not_after: days(to),
            issuer: Some("Us".to_owned()),
            self_signed: false,
        }];
        let tls = Some(Tls { chain, asked, identity: false });
        let ground = Ground::Network(Network { scheme: "https".to_owned(), tls, ..network() });
        Observation { ground, ..seen(heard) }
    };
    let failed = |failure| Heard::Failed(Failure::Tls(failure));
    let names = vec!["elsewhere.example".to_owned()];
    for (seen, check, what, remedy) in [
        (
            with(failed(TlsFailure::Expired { since: None }), -90, -3, false),
            "expired",
            "expired on 2026-11-17, 3 days ago",
            "renewed",
        ),
        (
            with(failed(TlsFailure::NotYetValid { from: None }), 1, 30, false),
            "not_yet_valid",
            "not valid until 2026-11-21",
            "2026-11-20 10:00 UTC",
        ),
        (
            with(failed(TlsFailure::WrongName { names }), -1, 30, false),
            "name",
            "is for elsewhere.example",
            "--endpoint https://elsewhere.example:4317",
        ),
        (
            with(failed(TlsFailure::UnknownIssuer), -1, 30, false),
            "issuer",
            "by the authority \"Us\", which this machine does not trust",
            "--certificate FILE",
        ),
        (
            with(failed(TlsFailure::CertificateRequired), -1, 30, true),
            "client_certificate",
            "there is none to show",
            "--client-key FILE",
        ),
        (with(failed(TlsFailure::NoProtocol), -1, 30, false), "protocol", "not the version of HTTP", "--protocol grpc"),
        (with(failed(TlsFailure::NotTls), -1, 30, false), "plaintext", "speaks no TLS", "--endpoint http://h:4317"),
    ] {
        let finding = findings(&[flag()], &[seen]).remove(0);
        assert_eq!(finding.check, format!("destination.tls.{check}"));
        assert!(finding.what.contains(what), "{}", finding.what);
        assert!(finding.remedy.as_ref().unwrap().contains(remedy), "{:?}", finding.remedy);
    }
    let soon = findings(&[flag()], &[with(taken(), -80, 13, false)]);
    assert_eq!((soon[0].grade, soon[0].what.as_str()), (Grade::Warning, "the certificate of h expires in 13 days"));
    assert_eq!(findings(&[flag()], &[with(taken(), -80, 14, false)]).len(), 1);
}

#[test]
fn what_is_on_the_way() {
    let connect = |kind, said: &str| Heard::Failed(Failure::Connect(kind, said.to_owned()));
    let refused = || connect(ErrorKind::ConnectionRefused, "refused");
    let with = |heard, change: &dyn Fn(&mut Network)| {
        let mut network = network();
        change(&mut network);
        Observation { ground: Ground::Network(network), ..seen(heard) }
    };
    let proxied = |network: &mut Network| {
        network.proxy = Some(Proxy { variable: "https_proxy".to_owned(), address: "p:3128".to_owned() });
    };
    let silent = |network: &mut Network| network.dialled[0].1 = Dialled::Unanswered;
    let split = |network: &mut Network| {
        network.host = "localhost".to_owned();
        network.addresses = Some(Ok(vec!["::1".parse().unwrap()]));
        let failed = Dialled::Failed(ErrorKind::ConnectionRefused, "refused".to_owned());
        network.dialled =
            vec![("127.0.0.1:4317".parse().unwrap(), Dialled::Open), ("[::1]:4317".parse().unwrap(), failed)];
    };
    let unknown = |network: &mut Network| network.addresses = Some(Err("no such name".to_owned()));
    let unheard = |network: &mut Network| network.addresses = None;
    let tunnel = |said: &str| Heard::Failed(Failure::Proxy(said.to_owned()));
    let mut elsewhere = with(refused(), &|_| {});
    elsewhere.others = vec![other(Way::Port(4318, Protocol::HttpProtobuf), taken())];
    for (seen, check, what, remedy) in [
        (with(refused(), &|_| {}), "refused", "nobody listens at h:4317", "start the receiver"),
        (elsewhere, "refused", "nobody listens at h:4317", "port 4318: say --endpoint http://h:4318"),
        (with(refused(), &unknown), "name", "the host h is not known here: no such name", "getent hosts h"),
        (with(Heard::Unanswered, &unheard), "name.unanswered", "no answer about h within 3 s", "resolv.conf"),
        (with(Heard::Unanswered, &silent), "unanswered", "h:4317 (192.0.2.1) does not answer within 3 s", "firewall"),
        (with(Heard::Unanswered, &|_| {}), "silent", "h:4317 takes connections and does not answer", "--timeout"),
        (
            with(refused(), &split),
            "localhost",
            "localhost is ::1 here, where nobody listens",
            "--endpoint http://127.0.0.1:4317",
        ),
        (with(refused(), &proxied), "proxy.unreachable", "the proxy p:3128 cannot be reached", "https_proxy"),
        (
            with(tunnel("proxy authorization required"), &proxied),
            "proxy.credentials",
            "407",
            "https_proxy=http://USER:PASSWORD@p:3128",
        ),
        (with(tunnel("unsuccessful"), &proxied), "proxy.refused", "makes no connection to h:4317", "NO_PROXY"),
        (
            with(connect(ErrorKind::HostUnreachable, "no route"), &|_| {}),
            "unreachable",
            "h:4317 cannot be reached: no route",
            "VPN",
        ),
    ] {
        let finding = only(&flag(), seen);
        assert_eq!(finding.check, format!("destination.{check}"));
        assert!(finding.what.contains(what), "{}", finding.what);
        assert!(finding.remedy.as_ref().unwrap().contains(remedy), "{:?}", finding.remedy);
    }
    let both = with(taken(), &|network| {
        split(network);
        network.addresses = Some(Ok(vec!["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()]));
    });
    let note = findings(&[flag()], &[both]).remove(0);
    assert_eq!((note.grade, note.check), (Grade::Note, "destination.localhost"));
    assert_eq!(note.what, "localhost is ::1 as well as 127.0.0.1 here, and only 127.0.0.1 answers");
}

#[test]
fn answers_that_are_not_what_they_should_be() {
    let closed = |status| reply(status, Fate::Closed);
    let page = Reply { content_type: "text/html".to_owned(), ..closed(200) };
    let to = |location: &str| Reply { location: Some(location.to_owned()), ..closed(302) };
    let partial = Some(PartialSuccess { rejected: 0, message: "use v2".to_owned() });
    let remarked = Reply { partial, ..reply(200, Fate::Taken) };
    let late = Reply { clock_ahead: Some(SignedDuration::from_secs(-3600)), ..reply(200, Fate::Taken) };
    for (reply, check, what, remedy) in [
        (page, "page", "http://h:4317 answers 200 with text/html", "usually port 4318"),
        (to("https://login.example/in"), "redirect", "sends to https://login.example/in (302)", "a log-in"),
        (to("https://h/v1/traces"), "redirect", "sends to https://h (302)", "say --endpoint https://h"),
        (to("/otlp/v1/traces/"), "redirect", "sends to /otlp", "say --endpoint http://h:4317/otlp"),
        (closed(404), "not_found", "nothing below http://h:4317 that takes OTLP (404)", "correct the endpoint"),
        (closed(405), "method", "takes no POST (405)", "OTLP receiver"),
        (closed(415), "content_type", "does not take http/protobuf (415)", "--protocol http/json"),
        (reply(413, Fate::TooLarge), "too_large", "too large that holds nothing (413)", "limit"),
        (reply(429, Fate::Busy), "busy", "come again later (429)", "quota"),
        (closed(500), "refused_by_backend", "answers 500", "log of the backend"),
        (remarked, "partial", "with a remark: use v2", "backend's own settings"),
        (late, "clock", "60 minutes behind", "timedatectl"),
    ] {
        let finding = findings(&[flag()], &[seen(Heard::Reply(reply))]).remove(0);
        assert_eq!(finding.check, format!("destination.{check}"), "{finding:#?}");
        assert!(finding.what.contains(what), "{}", finding.what);
        assert!(finding.remedy.as_ref().unwrap().contains(remedy), "{:?}", finding.remedy);
    }
}

#[test]
fn paths_that_are_wrong() {
    let mut twice = flag();
    twice.destination.endpoint = Some(Sourced::new("http://h:4317/v1/traces".to_owned(), Origin::Flag("--endpoint")));
    let mut own = flag();
    let origin = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    own.destination.signal_endpoints.traces = Some(Sourced::new("http://h:4317".to_owned(), origin));
    for (upstream, path, what, remedy) in [
        (
            twice,
            "/v1/traces/v1/traces",
            "not taken below http://h:4317/v1/traces, to which",
            "say --endpoint http://h:4317",
        ),
        (own, "/", "used as it stands", "say OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://h:4317/v1/traces"),
        (flag(), "/x/v1/traces", "not taken below http://h:4317/x, to which", "say --endpoint http://h:4317"),
    ] {
        let mut seen = seen(Heard::Reply(reply(404, Fate::Closed)));
        seen.ground = Ground::Network(Network { path: path.to_owned(), ..network() });
        seen.others = vec![other(Way::Path("/v1/traces".to_owned()), taken())];
        let finding = only(&upstream, seen);
        assert!(finding.what.contains(what), "{}", finding.what);
        assert_eq!(finding.remedy.as_deref(), Some(remedy));
    }
}

#[test]
fn what_was_sent_is_told_with_how_to_find_it() {
    let of = |signal, outcome| Sent { upstream: "default".to_owned(), signal, outcome };
    let took = || Outcome::Taken { rejected: 0, remark: None };
    let found = sent(
        &[flag()],
        &[
            of(Signal::Traces, took()),
            of(Signal::Metrics, Outcome::Lost("nobody".to_owned())),
            of(Signal::Logs, Outcome::Taken { rejected: 1, remark: Some("too old".to_owned()) }),
        ],
        "abc",
    );
    let told: Vec<(Grade, &str)> = found.iter().map(|finding| (finding.grade, finding.what.as_str())).collect();
    assert_eq!(
        told,
        [
            (Grade::Fine, "a span with otel_run.doctor=true was taken: look for the trace abc"),
            (Grade::Loss, "a data point was not taken: nobody"),
            (Grade::Loss, "a log record was rejected: too old"),
        ]
    );
}
