//! A destination for OTLP: where each signal goes, how it is spoken to, and which credentials go with it.

use std::path::PathBuf;
use std::time::Duration;

use super::endpoint::{self, Place};
use super::header::{HeaderValue, Headers};
use super::value::{Protocol, Sourced};
use crate::otlp::{PerSignal, Signal};

/// The name of the upstream that flags, variables and the top of a settings file describe.
pub const DEFAULT_NAME: &str = "default";

/// The longest wait for one request (OTLP exporter, "Timeout").
pub const DEFAULT_EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// A backend that takes OTLP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// What it is called: no two of a run have the same name.
    pub name: String,
    /// Where it is, and what it is shown to be let in.
    pub destination: Destination,
    /// How it is spoken to.
    pub transport: PerSignal<Transport>,
}

/// Endpoints, and the credentials that go with them: both always come from the same layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destination {
    /// Base URL, to which HTTP appends `v1/traces` and so on; none where only single signals have one.
    pub endpoint: Option<Sourced<String>>,
    /// URLs of single signals, used as they stand (HTTP) or as the target (gRPC).
    pub signal_endpoints: PerSignal<Option<Sourced<String>>>,
    /// Headers for each request.
    pub headers: Headers,
    /// Headers of single signals, which take the place of the others.
    pub signal_headers: PerSignal<Option<Headers>>,
    /// A program that prints headers as a JSON object of strings.
    pub headers_helper: Option<Sourced<PathBuf>>,
    /// The certificate that is shown to a server that asks for one.
    pub identity: PerSignal<Identity>,
}

/// A client's certificate and its key, as paths of PEM files. One without the other is of no use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, and those between it and its authority.
    pub certificate: Option<Sourced<PathBuf>>,
    /// The private key.
    pub key: Option<Sourced<PathBuf>>,
}

/// How one signal is sent. What nobody said is none, and has its default when it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transport {
    /// How to speak.
    pub protocol: Option<Sourced<Protocol>>,
    /// Whether bodies are sent with gzip.
    pub gzip: Option<Sourced<bool>>,
    /// The longest wait for one request, answer included.
    pub timeout: Option<Sourced<Duration>>,
    /// The authorities that are trusted instead of the system's: the path of a PEM file.
    pub certificate: Option<Sourced<PathBuf>>,
    /// Whether gRPC goes without TLS where the endpoint has no scheme.
    pub insecure: Option<Sourced<bool>>,
    /// Whether it is sent at all. Many backends of model calls take traces and nothing else.
    pub sent: Option<Sourced<bool>>,
}

/// Where the requests of one signal go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The place.
    pub place: Place,
    /// How to speak there. A file is written in its own way.
    pub protocol: Protocol,
}

impl Upstream {
    /// Where `signal` goes; none where neither it nor the base has an endpoint. A signal's own URL is used as it
    /// stands, the base URL gets the signal's path (OTLP exporter, "Endpoint URLs for OTLP/HTTP").
    pub fn route(&self, signal: Signal) -> Option<Route> {
        let transport = self.transport.of(signal);
        let (own, base) = (self.destination.signal_endpoints.of(signal), &self.destination.endpoint);
        let place = match (own, base) {
            (Some(url), _) => endpoint::place(&url.value, transport, endpoint::as_it_stands, signal),
            (None, Some(url)) => {
                endpoint::place(&url.value, transport, |url| endpoint::below_base(url, signal), signal)
            }
            (None, None) => None,
        }?;
        Some(Route { place, protocol: transport.protocol() })
    }

    /// The headers for the requests of `signal`. A list of its own takes the place of the one for all (OTLP exporter,
    /// "Configuration Options": a signal's option wins).
    pub fn headers(&self, signal: Signal) -> &Headers {
        self.destination.signal_headers.of(signal).as_ref().unwrap_or(&self.destination.headers)
    }

    /// Without the signals that are not to be sent.
    pub(super) fn without_unsent(self) -> Self {
        let sent = |signal: &Signal| self.transport.of(*signal).sent.as_ref().is_none_or(|said| said.value);
        let signals: Vec<Signal> = Signal::ALL.into_iter().filter(sent).collect();
        self.only(&signals)
    }

    /// The same for these signals alone.
    pub fn only(mut self, signals: &[Signal]) -> Self {
        if Signal::ALL.iter().all(|signal| signals.contains(signal)) {
            return self;
        }
        let base = self.destination.endpoint.take();
        for signal in Signal::ALL {
            let http = self.transport.of(signal).protocol() != Protocol::Grpc;
            let of_base = base.as_ref().map(|base| {
                // Sockets and files are the same for one signal and for all.
                let below = endpoint::below_base(&base.value, signal).filter(|_| http);
                Sourced::new(below.unwrap_or_else(|| base.value.clone()), base.origin.clone())
            });
            let own = self.destination.signal_endpoints.of_mut(signal);
            *own = own.take().or(of_base).filter(|_| signals.contains(&signal));
        }
        self
    }

    /// Whether everything goes to the same places as with `other`.
    pub fn goes_where(&self, other: &Upstream) -> bool {
        Signal::ALL.into_iter().all(|signal| self.route(signal) == other.route(signal))
    }

    /// All headers, those for all signals and those of single ones.
    pub fn all_headers(&self) -> impl Iterator<Item = &(String, Sourced<HeaderValue>)> {
        let own = self.destination.signal_headers.iter().filter_map(|(_, headers)| headers.as_ref()).flatten();
        self.destination.headers.iter().chain(own)
    }
}

impl Destination {
    /// All endpoints that are set, the base before those of single signals.
    pub fn endpoints(&self) -> impl Iterator<Item = &Sourced<String>> {
        self.endpoint.iter().chain(self.signal_endpoints.iter().filter_map(|(_, endpoint)| endpoint.as_ref()))
    }

    /// The first endpoint that is set.
    pub fn any_endpoint(&self) -> Option<&Sourced<String>> {
        self.endpoints().next()
    }

    /// Where a credential was said, if any was.
    pub fn any_credential(&self) -> Option<&super::Origin> {
        let headers =
            self.headers.iter().chain(self.signal_headers.iter().filter_map(|(_, own)| own.as_ref()).flatten());
        let headers = headers.map(|(_, value)| &value.origin);
        let identity = self.identity.iter().flat_map(|(_, identity)| [&identity.certificate, &identity.key]);
        let paths = identity.chain([&self.headers_helper]).flatten().map(|path| &path.origin);
        headers.chain(paths).next()
    }
}

impl Transport {
    /// How to speak; `http/protobuf` where nobody said.
    pub fn protocol(&self) -> Protocol {
        self.protocol.as_ref().map_or(Protocol::HttpProtobuf, |said| said.value)
    }

    /// Whether bodies are sent with gzip; they are not where nobody said.
    pub fn gzip(&self) -> bool {
        self.gzip.as_ref().is_some_and(|said| said.value)
    }

    /// The longest wait for one request.
    pub fn timeout(&self) -> Duration {
        self.timeout.as_ref().map_or(DEFAULT_EXPORT_TIMEOUT, |said| said.value)
    }

    /// Whether gRPC goes without TLS where the endpoint has no scheme.
    pub fn insecure(&self) -> bool {
        self.insecure.as_ref().is_some_and(|said| said.value)
    }

    /// What this says holds, the rest is `lower`'s.
    pub fn over(self, lower: Transport) -> Transport {
        Transport {
            protocol: self.protocol.or(lower.protocol),
            gzip: self.gzip.or(lower.gzip),
            timeout: self.timeout.or(lower.timeout),
            certificate: self.certificate.or(lower.certificate),
            insecure: self.insecure.or(lower.insecure),
            sent: self.sent.or(lower.sent),
        }
    }
}

impl PerSignal<Transport> {
    /// The same for every signal.
    pub fn all(transport: &Transport) -> Self {
        Self::from_fn(|_| transport.clone())
    }

    /// Only these signals are sent, if somebody said which.
    pub fn choose(mut self, signals: Option<&Sourced<Vec<Signal>>>) -> Self {
        for signal in Signal::ALL {
            let said = signals.map(|said| Sourced::new(said.value.contains(&signal), said.origin.clone()));
            self.of_mut(signal).sent = said;
        }
        self
    }

    /// As [`Transport::over`], signal by signal: what a higher layer says of all signals beats what a lower one says of
    /// one.
    pub fn over(self, lower: Self) -> Self {
        Self {
            traces: self.traces.over(lower.traces),
            metrics: self.metrics.over(lower.metrics),
            logs: self.logs.over(lower.logs),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn upstream(protocol: Protocol, base: Option<&str>, traces: Option<&str>) -> Upstream {
        let sourced = |url: &str| Sourced::default_value(url.to_owned());
        let transport = Transport { protocol: Some(Sourced::default_value(protocol)), ..Transport::default() };
        let mut destination = Destination { endpoint: base.map(sourced), ..Destination::default() };
        destination.signal_endpoints.traces = traces.map(sourced);
        Upstream { name: DEFAULT_NAME.to_owned(), destination, transport: PerSignal::all(&transport) }
    }

    fn url(route: Option<Route>) -> Option<String> {
        match route?.place {
            Place::Url(url) => Some(url),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn routes() {
        use Protocol::{Grpc, HttpJson, HttpProtobuf};
        type Case = (Protocol, Option<&'static str>, Option<&'static str>, Option<&'static str>);
        let cases: [Case; 20] = [
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
            (Grpc, Some("c:4317"), None, Some("https://c:4317")),
            (Grpc, None, None, None),
        ];
        for (protocol, base, own, expected) in cases {
            let route = upstream(protocol, base, own).route(Signal::Traces);
            assert!(route.as_ref().is_none_or(|route| route.protocol == protocol));
            assert_eq!(url(route), expected.map(str::to_owned), "{protocol:?} {base:?} {own:?}");
        }
        // The other vectors of the specification, for the signals that they are about.
        let mut upstream = upstream(HttpProtobuf, Some("http://c:4318/my"), None);
        let own = "https://h/v1/metrics/".to_owned();
        upstream.destination.signal_endpoints.metrics = Some(Sourced::default_value(own.clone()));
        assert_eq!(url(upstream.route(Signal::Metrics)), Some(own));
        assert_eq!(url(upstream.route(Signal::Logs)), Some("http://c:4318/my/v1/logs".to_owned()));
    }

    #[test]
    fn a_target_of_grpc_without_a_scheme_is_secure_unless_it_is_said_to_be_not() {
        let mut upstream = upstream(Protocol::Grpc, Some("c:4317"), Some("https://own"));
        for signal in Signal::ALL {
            upstream.transport.of_mut(signal).insecure = Some(Sourced::default_value(true));
        }
        assert_eq!(url(upstream.route(Signal::Logs)), Some("http://c:4317".to_owned()));
        // A scheme wins.
        assert_eq!(url(upstream.route(Signal::Traces)), Some("https://own".to_owned()));
    }

    #[test]
    fn sockets_and_files() {
        let place = |protocol, base, own, signal| upstream(protocol, base, own).route(signal).unwrap().place;
        let socket = |url: &str| Place::Socket { path: "/run/o.sock".into(), url: url.to_owned() };
        for text in ["unix:/run/o.sock", "unix:///run/o.sock"] {
            let of = |protocol, signal| place(protocol, Some(text), None, signal);
            assert_eq!(of(Protocol::HttpJson, Signal::Logs), socket("http://localhost/v1/logs"));
            assert_eq!(of(Protocol::Grpc, Signal::Logs), socket("http://localhost"));
            let own = place(Protocol::HttpJson, None, Some(text), Signal::Traces);
            assert_eq!(own, socket("http://localhost/v1/traces"));
        }
        for protocol in [Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson] {
            let of = |text| place(protocol, Some(text), None, Signal::Metrics);
            assert_eq!(of("file:/var/o.jsonl"), Place::File("/var/o.jsonl".into()));
            assert_eq!(of("file:///var/o/"), Place::File("/var/o/metrics.jsonl".into()));
            let own = place(protocol, Some("http://c"), Some("file:/var/t"), Signal::Traces);
            assert_eq!(own, Place::File("/var/t".into()));
        }
    }

    #[test]
    fn a_signal_without_endpoint_has_no_route() {
        let mut upstream = upstream(Protocol::HttpProtobuf, None, Some("http://own"));
        assert_eq!(upstream.route(Signal::Logs), None);
        assert_eq!(upstream.route(Signal::Metrics), None);
        upstream.destination.signal_endpoints.logs = Some(Sourced::default_value("http://l/a".to_owned()));
        upstream.destination.signal_endpoints.metrics = Some(Sourced::default_value("http://m/b".to_owned()));
        assert_eq!(url(upstream.route(Signal::Logs)), Some("http://l/a".to_owned()));
        assert_eq!(url(upstream.route(Signal::Metrics)), Some("http://m/b".to_owned()));
    }

    #[test]
    fn an_upstream_for_some_signals_leads_them_where_it_did() {
        for (protocol, base) in [
            (Protocol::HttpProtobuf, "http://c:4318/base?key=k"),
            (Protocol::Grpc, "c:4317"),
            (Protocol::HttpJson, "unix:/run/otel.sock"),
            (Protocol::HttpProtobuf, "file:/var/log/otlp/"),
        ] {
            let all = upstream(protocol, Some(base), None);
            let some = all.clone().only(&[Signal::Traces, Signal::Logs]);
            for signal in [Signal::Traces, Signal::Logs] {
                assert_eq!(some.route(signal), all.route(signal), "{base}");
            }
            assert_eq!(some.route(Signal::Metrics), None, "{base}");
            assert_eq!(all.clone().only(&[]).destination.any_endpoint(), None, "{base}");
            assert_eq!(all.clone().only(&Signal::ALL), all, "{base}");
        }
    }
}
