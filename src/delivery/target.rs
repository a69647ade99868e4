//! An upstream with everything at hand that is needed to dial it: URLs parsed, header values read.

use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};

use super::proxy::Proxies;
use crate::otlp::{PerSignal, Signal};
use crate::secret::Secret;
use crate::settings::{self, Place, Protocol, Upstream};

/// A backend, ready to be dialled. Nothing is dialled, no certificate is read and no program started before there is
/// something to send.
#[derive(Debug, Clone)]
pub struct Target {
    pub(super) name: String,
    pub(super) routes: Vec<Route>,
    pub(super) sources: Vec<CredentialSource>,
    pub(super) proxies: Proxies,
    /// How old telemetry may be to be sent; none is any age.
    pub(super) expire_after: Option<Duration>,
}

/// Where one signal goes, and how.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) signal: Signal,
    pub(super) road: Road,
    pub(super) protocol: Protocol,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) gzip: bool,
    /// The longest wait for one request; none is no limit.
    pub(super) timeout: Option<Duration>,
    pub(super) tls: TlsFiles,
}

/// The way to a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Road {
    /// Over the network.
    Network(Uri),
    /// Through a Unix socket, asking for a URL.
    Socket(PathBuf, Uri),
    /// Into a file.
    File(PathBuf),
}

/// The files that TLS is set up from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TlsFiles {
    /// Authorities that are trusted instead of the system's.
    pub(super) authorities: Option<PathBuf>,
    /// The client's certificate and its key.
    pub(super) identity: Option<(PathBuf, PathBuf)>,
}

/// A program that prints credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CredentialSource {
    /// It prints the value of one header.
    Header(HeaderName, Vec<String>),
    /// It prints a JSON object of headers.
    Helper(PathBuf),
}

/// An upstream that cannot be dialled as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The URL does not parse, or has no host.
    #[error("the endpoint for {} is not a URL with a scheme and a host", .0.as_str())]
    Url(Signal),
    /// A header has a name that HTTP does not allow.
    #[error("{0:?} is not a header name")]
    HeaderName(String),
    /// A header has a value that HTTP does not allow; the value is not shown.
    #[error("the value of the header {0} has characters that HTTP does not allow")]
    HeaderValue(String),
}

impl Target {
    /// What the target is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it takes this signal.
    pub fn serves(&self, signal: Signal) -> bool {
        self.routes.iter().any(|route| route.signal == signal)
    }

    /// What to dial for `upstream`, whose headers have the values `headers`, and whose helper is the program `helper`. Without
    /// proxies and for telemetry of any age.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn new(
        upstream: &Upstream,
        headers: PerSignal<Vec<(String, Secret)>>,
        helper: Option<PathBuf>,
    ) -> Result<Self, Vec<TargetError>> {
        let mut errors = Vec::new();
        let mut routes = Vec::new();
        for signal in Signal::ALL {
            let Some(settings::Route { place, protocol }) = upstream.route(signal) else { continue };
            let Some(road) = road(place) else {
                errors.push(TargetError::Url(signal));
                continue;
            };
            let transport = upstream.transport.of(signal);
            let identity = upstream.destination.identity.of(signal);
            let path = |said: &settings::Sourced<PathBuf>| said.value.clone();
            routes.push(Route {
                signal,
                road,
                protocol,
                headers: sent(headers.of(signal), &mut errors),
                gzip: transport.gzip(),
                timeout: Some(transport.timeout()).filter(|limit| !limit.is_zero()),
                tls: TlsFiles {
                    authorities: transport.certificate.as_ref().map(path),
                    identity: identity.certificate.as_ref().map(path).zip(identity.key.as_ref().map(path)),
                },
            });
        }
        let commands = upstream.all_headers().filter_map(|(name, value)| match &value.value {
            settings::HeaderValue::Command(words) => {
                Some(CredentialSource::Header(HeaderName::try_from(name.as_str()).ok()?, words.clone()))
            }
            _ => None,
        });
        let sources = commands.chain(helper.map(CredentialSource::Helper)).collect();
        if errors.is_empty() {
            let name = upstream.name.clone();
            Ok(Self { name, routes, sources, proxies: Proxies::default(), expire_after: None })
        } else {
            Err(errors)
        }
    }

    /// The values of its headers that may be secrets, by their names, as far as they are known before anything is sent.
    pub fn credentials(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.routes.iter().flat_map(|route| &route.headers);
        headers.filter_map(|(name, value)| Some((name.as_str(), std::str::from_utf8(value.as_bytes()).ok()?)))
    }

    /// The same by way of proxies.
    pub fn through(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    /// The same for telemetry that is not older than this; none is any age.
    pub fn expiring_after(self, expire_after: Option<Duration>) -> Self {
        Self { expire_after, ..self }
    }
}

fn road(place: Place) -> Option<Road> {
    let parsed = |url: String| {
        let uri = url.parse::<Uri>().ok()?;
        (uri.scheme().is_some() && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
    };
    Some(match place {
        Place::Url(url) => Road::Network(parsed(url)?),
        Place::Socket { path, url } => Road::Socket(path, parsed(url)?),
        Place::File(path) => Road::File(path),
    })
}

fn sent(headers: &[(String, Secret)], errors: &mut Vec<TargetError>) -> Vec<(HeaderName, HeaderValue)> {
    let mut sent = Vec::new();
    for (name, value) in headers {
        let Ok(header) = HeaderName::try_from(name.as_str()) else {
            errors.push(TargetError::HeaderName(name.clone()));
            continue;
        };
        let Ok(mut value) = HeaderValue::try_from(value.expose()) else {
            errors.push(TargetError::HeaderValue(name.clone()));
            continue;
        };
        value.set_sensitive(true);
        sent.push((header, value));
    }
    sent
}
