//! An upstream with everything at hand that is needed to dial it: URLs parsed, header values read.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};

use crate::otlp::Signal;
use crate::secret::Secret;
use crate::settings::Protocol;

/// A backend, ready to be dialled. Nothing is dialled before there is something to send.
#[derive(Debug, Clone)]
pub struct Target {
    pub(super) routes: Vec<(Signal, Uri, Protocol)>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) gzip: bool,
    pub(super) timeout: Option<Duration>,
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
    /// Whether it takes this signal.
    pub fn serves(&self, signal: Signal) -> bool {
        self.routes.iter().any(|(served, ..)| *served == signal)
    }

    /// A target with one URL a signal. For gRPC only the origin of the URL counts.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn new(
        routes: impl IntoIterator<Item = (Signal, String, Protocol)>,
        headers: impl IntoIterator<Item = (String, Secret)>,
        gzip: bool,
        timeout: Option<Duration>,
    ) -> Result<Self, Vec<TargetError>> {
        let mut errors = Vec::new();
        let mut target = Self { routes: Vec::new(), headers: Vec::new(), gzip, timeout };
        for (signal, url, protocol) in routes {
            match url.parse::<Uri>() {
                Ok(uri) if uri.scheme().is_some() && uri.host().is_some_and(|host| !host.is_empty()) => {
                    target.routes.push((signal, uri, protocol));
                }
                _ => errors.push(TargetError::Url(signal)),
            }
        }
        for (name, value) in headers {
            let Ok(header) = HeaderName::try_from(name.as_str()) else {
                errors.push(TargetError::HeaderName(name));
                continue;
            };
            let Ok(mut value) = HeaderValue::try_from(value.expose()) else {
                errors.push(TargetError::HeaderValue(name));
                continue;
            };
            value.set_sensitive(true);
            target.headers.push((header, value));
        }
        if errors.is_empty() { Ok(target) } else { Err(errors) }
    }
}
