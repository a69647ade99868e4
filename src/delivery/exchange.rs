//! One request to an upstream and its answer: OTLP over HTTP with protobuf or JSON, and over gRPC.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, TE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy;

use super::answer::{Answer, of_grpc_status, of_http_status, of_http_status_on_grpc, retry_after};
use super::client::place;
use super::link::{Body, Links, Version};
use super::proxy::Proxies;
use super::target::Route;
use crate::otlp::status::{Code, Status, decode_response};
use crate::otlp::{Encoding, Signal, grpc};

/// The most that is read of an answer (OTLP exporter specification, 1.60).
const ANSWER_BYTES: usize = 4 << 20;

/// How often a request waits in vain for the connection that another makes, before the error is told as it is. The other
/// signals can come in between more than once, since each tries again by itself.
const OTHERS: usize = 16;

/// Named after the exporters' convention, with the product in front.
const AGENT: &str =
    concat!("otel-run/", env!("CARGO_PKG_VERSION"), " OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));

/// A request that is to be made.
pub(super) struct Exchange<'a> {
    pub(super) links: &'a Links,
    pub(super) proxies: &'a Proxies,
    pub(super) route: &'a Route,
    /// What is asked for.
    pub(super) uri: &'a Uri,
    /// Headers that beat those of the route.
    pub(super) printed: &'a HeaderMap,
}

impl Exchange<'_> {
    /// Sends `body` over HTTP.
    pub(super) async fn http(&self, signal: Signal, encoding: Encoding, body: Bytes) -> Answer {
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(encoding.content_type()));
        let body = if self.route.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            gzip(&body)
        } else {
            body
        };
        self.finish_headers(headers);
        *request.body_mut() = Full::new(body);
        let response = match self.exchange(Version::Http1, request).await {
            Ok(response) => response,
            Err(answer) => return answer,
        };
        let status = response.status().as_u16();
        let wish = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| retry_after(value.to_str().ok()?, jiff::Timestamp::now()));
        let kind = header(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default().to_owned();
        let answered = if kind.starts_with("application/json") { Encoding::Json } else { Encoding::Protobuf };
        let looks_like_otlp =
            kind.is_empty() || kind.starts_with(encoding.content_type()) || answered == Encoding::Json;
        let body = match Limited::new(response.into_body(), ANSWER_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                return Answer::Unreachable { reason: format!("{} broke off its answer: {error}", self.place()) };
            }
        };
        if status != 200 {
            let said = Status::decode(answered, &body).ok().map(|said| said.message).filter(|said| !said.is_empty());
            return of_http_status(status, said.as_deref(), wish);
        }
        if !looks_like_otlp {
            return Answer::Closed {
                reason: format!("{} answered 200 with {kind:?}, which is not OTLP (check the endpoint)", self.place()),
            };
        }
        taken(signal, answered, &body)
    }

    /// Sends a message over gRPC.
    pub(super) async fn grpc(&self, signal: Signal, protobuf: &[u8]) -> Answer {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static(signal.grpc_method()));
        let Ok(method_uri) = Uri::from_parts(parts) else {
            return Answer::Closed { reason: format!("{} is no target for gRPC", self.place()) };
        };
        let framed = match self.route.gzip {
            true => grpc::frame(grpc::Message { compressed: true, bytes: &gzip(protobuf) }),
            false => grpc::frame(grpc::Message { compressed: false, bytes: protobuf }),
        };

        let mut request = Request::new(Full::new(Bytes::from(framed)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = method_uri;
        *request.version_mut() = http::Version::HTTP_2;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert("grpc-accept-encoding", HeaderValue::from_static("identity"));
        if self.route.gzip {
            headers.insert("grpc-encoding", HeaderValue::from_static("gzip"));
        }
        self.finish_headers(headers);
        let response = match self.exchange(Version::Http2, request).await {
            Ok(response) => response,
            Err(answer) => return answer,
        };
        let status = response.status();
        if status != 200 {
            return of_http_status_on_grpc(status.as_u16());
        }
        let head = response.headers().clone();
        let body = match Limited::new(response.into_body(), ANSWER_BYTES).collect().await {
            Ok(body) => body,
            Err(error) => {
                return Answer::Unreachable { reason: format!("{} broke off its answer: {error}", self.place()) };
            }
        };
        let trailers = body.trailers().filter(|trailers| trailers.contains_key("grpc-status")).unwrap_or(&head);
        let Some(number) = header(trailers, "grpc-status").and_then(|number| number.parse().ok()) else {
            return Answer::Closed { reason: format!("{} does not speak gRPC (check the protocol)", self.place()) };
        };
        let code = Code::from_number(number);
        if code != Code::Ok {
            let said = header(trailers, "grpc-message").map(grpc::percent_decoded).unwrap_or_default();
            let details = header(trailers, "grpc-status-details-bin").and_then(Status::from_details_trailer);
            return of_grpc_status(code, &said, details.and_then(|details| details.retry_delay));
        }
        taken(signal, Encoding::Protobuf, body.to_bytes().get(5..).unwrap_or_default())
    }

    fn finish_headers(&self, headers: &mut HeaderMap) {
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        for (name, value) in &self.route.headers {
            headers.insert(name, value.clone());
        }
        for (name, value) in self.printed {
            headers.insert(name, value.clone());
        }
    }

    fn place(&self) -> String {
        place(self.route)
    }

    async fn exchange(&self, version: Version, request: Request<Body>) -> Result<Response<Incoming>, Answer> {
        let link = self.links.to(&self.route.road, self.uri, version, &self.route.tls, self.proxies);
        let link = link.map_err(|reason| Answer::Closed { reason })?;
        let mut patience = OTHERS;
        loop {
            match link.request(request.clone()).await {
                Ok(response) => return Ok(response),
                // Another lane was the one that connected.
                Err(error) if patience > 0 && failed_for_another(&error) => patience -= 1,
                Err(error) => {
                    let remedy = remedy(&error).map(|remedy| format!("; {remedy}")).unwrap_or_default();
                    let reason = format!("cannot reach {}{}: {}{remedy}", self.place(), link.by_way_of, cause(&error));
                    return Err(Answer::Unreachable { reason });
                }
            }
        }
    }
}

/// Whether the request waited for a connection that another one tried to make, which HTTP/2 shares: then the error says
/// that it waited in vain, and not why. An attempt of its own ends with an answer of the system or of TLS.
fn failed_for_another(error: &legacy::Error) -> bool {
    error.is_connect() && !chain(error).any(|error| error.is::<std::io::Error>())
}

/// The meaning of a success. One whose body cannot be read is still a success.
fn taken(signal: Signal, encoding: Encoding, body: &[u8]) -> Answer {
    match decode_response(signal, encoding, body) {
        Ok(Some(partial)) => Answer::Taken {
            rejected: partial.rejected,
            remark: Some(partial.message).filter(|message| !message.is_empty()),
        },
        Ok(None) | Err(_) => Answer::Taken { rejected: 0, remark: None },
    }
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default().into()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The innermost reason of an error, which is the one that says something.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    chain(error).last().map_or_else(String::new, ToString::to_string)
}

/// What to do about an error of TLS, where there is something.
fn remedy(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    use rustls::{AlertDescription, CertificateError, Error};
    // An error of the system that holds one of another kind gives that one's reasons for its own.
    fn tls<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
        let held = || tls(error.downcast_ref::<std::io::Error>()?.get_ref()?);
        error.downcast_ref::<Error>().or_else(held)
    }
    match chain(error).find_map(tls)? {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            Some("name the file of an authority of your own with --certificate")
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            Some("the backend asks for a certificate of yours: --client-certificate and --client-key")
        }
        Error::InvalidMessage(_) => Some("it does not speak TLS there (check scheme and port)"),
        _ => None,
    }
}

/// An error and its reasons, inwards.
fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
