//! The destination of a run as it is written down, and back to one that can be dialled.

use super::said::Said;
use crate::delivery::Target;
use crate::error::Error;
use crate::otlp::Signal;
use crate::plan;
use crate::secret::Secret;
use crate::settings::{DEFAULT_EXPORT_TIMEOUT, Protocol, Sourced, Upstream};
use crate::store::facts::Destination;

/// Where the runs of others are delivered to.
#[derive(Clone)]
pub(super) struct Destinations {
    /// What is configured now, if anything is: as it can be dialled, and as it is written down.
    configured: Option<(Result<Target, Vec<String>>, Destination)>,
}

impl Destinations {
    /// Takes what is configured.
    pub(super) fn of(said: &Said) -> Self {
        let configured = said.settings.upstream.as_ref();
        Self { configured: configured.map(|upstream| (said.target(upstream), written_down(upstream))) }
    }

    /// What is configured, as it can be dialled.
    pub(super) fn configured(&self) -> Option<&Result<Target, Vec<String>>> {
        self.configured.as_ref().map(|(target, _)| target)
    }

    /// Where to deliver a run to: what is configured now, or where the run was to go by what is `recorded`. With it comes
    /// how that is written down.
    pub(super) fn of_run(&self, recorded: Option<&Destination>) -> Result<(Target, Destination), Error> {
        let (target, destination) = match (&self.configured, recorded) {
            (Some((target, destination)), _) => (target.clone(), destination),
            (None, Some(recorded)) => (target(&read_back(recorded)?, Vec::new()), recorded),
            (None, None) => return Err(Error::NoUpstream),
        };
        Ok((target.map_err(|reasons| Error::Upstream(reasons.join("\n")))?, destination.clone()))
    }
}

/// What to dial for `upstream` with these headers.
pub(super) fn target(upstream: &Upstream, headers: Vec<(String, Secret)>) -> Result<Target, Vec<String>> {
    let routes = Signal::ALL
        .into_iter()
        .filter_map(|signal| upstream.route(signal).map(|route| (signal, route.url, route.protocol)));
    let timeout = Some(upstream.export_timeout.value).filter(|limit| !limit.is_zero());
    Target::new(routes, headers, upstream.gzip.value, timeout)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

/// `upstream` without its credentials.
pub(super) fn written_down(upstream: &Upstream) -> Destination {
    let shown = plan::Destination::of(upstream);
    let mut destination = Destination {
        endpoint: shown.endpoint.map(|endpoint| endpoint.value).unwrap_or_default(),
        signal_endpoints: shown.signal_endpoints.into_iter().map(|(signal, url)| (signal, url.value)).collect(),
        abridged: false,
        protocol: shown.protocol.value.as_str().to_owned(),
        header_names: shown.headers.into_iter().map(|header| header.name).collect(),
    };
    let read_back = without_settings(&destination);
    destination.abridged = Signal::ALL.into_iter().any(|signal| read_back.route(signal) != upstream.route(signal));
    destination
}

/// The upstream that was written down as `destination`.
///
/// # Errors
///
/// When it cannot be dialled without credentials that were not written down.
pub(super) fn read_back(destination: &Destination) -> Result<Upstream, Error> {
    let endpoint = [&destination.endpoint].into_iter().chain(destination.signal_endpoints.values());
    let endpoint = endpoint.filter(|endpoint| !endpoint.is_empty()).map(String::as_str).next().unwrap_or_default();
    if !destination.header_names.is_empty() {
        return Err(Error::Upstream(format!(
            "the run goes to {endpoint} with the headers {}, whose values are not kept: say endpoint and headers again",
            destination.header_names.join(", ")
        )));
    }
    if destination.abridged {
        return Err(Error::Upstream(format!(
            "the run goes to {endpoint}, whose URL is not kept whole because it may hold credentials: say the endpoint again"
        )));
    }
    Ok(without_settings(destination))
}

fn without_settings(destination: &Destination) -> Upstream {
    let signal_endpoint = |signal| destination.signal_endpoints.get(&signal).cloned().map(Sourced::default_value);
    let protocol = match destination.protocol.as_str() {
        "grpc" => Protocol::Grpc,
        "http/json" => Protocol::HttpJson,
        _ => Protocol::HttpProtobuf,
    };
    Upstream {
        endpoint: Some(destination.endpoint.clone()).filter(|url| !url.is_empty()).map(Sourced::default_value),
        traces_endpoint: signal_endpoint(Signal::Traces),
        metrics_endpoint: signal_endpoint(Signal::Metrics),
        logs_endpoint: signal_endpoint(Signal::Logs),
        protocol: Sourced::default_value(protocol),
        headers: Vec::new(),
        gzip: Sourced::default_value(false),
        export_timeout: Sourced::default_value(DEFAULT_EXPORT_TIMEOUT),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_destination_is_read_back_as_it_was_unless_it_has_secrets() {
        for (endpoint, traces, whole) in [
            (Some("http://c:4318"), None, true),
            (Some("http://c:4318/otlp/"), Some("http://t/own"), true),
            (None, Some("http://t/own"), true),
            // They are not sent either.
            (Some("http://me:pw@c:4318"), None, true),
            (Some("http://c/otlp?key=k"), None, false),
            (Some("http://c"), Some("http://t/own?key=k"), false),
            (Some("http://127.0.0.1:4711/0af7651916cd43dd8448eb211c80319c"), None, false),
        ] {
            let sourced = |url: Option<&str>| url.map(|url| Sourced::default_value(url.to_owned()));
            let empty = Destination {
                endpoint: String::new(),
                signal_endpoints: Default::default(),
                abridged: false,
                protocol: "grpc".to_owned(),
                header_names: Vec::new(),
            };
            for protocol in [Protocol::Grpc, Protocol::HttpJson] {
                let upstream = Upstream {
                    endpoint: sourced(endpoint),
                    traces_endpoint: sourced(traces),
                    protocol: Sourced::default_value(protocol),
                    ..without_settings(&empty)
                };
                let written = written_down(&upstream);
                // gRPC uses no more than scheme, host and port.
                let whole = whole || protocol == Protocol::Grpc;
                assert_eq!(!written.abridged, whole, "{endpoint:?} {traces:?} {protocol:?}");
                assert_eq!(read_back(&written).is_ok(), whole);
                for signal in Signal::ALL {
                    assert_eq!(written.takes(signal), upstream.route(signal).is_some());
                    assert!(!whole || without_settings(&written).route(signal) == upstream.route(signal));
                }
            }
        }
    }
}
