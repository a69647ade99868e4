//! Speaks OTLP to a backend: HTTP with protobuf or JSON, and gRPC.

use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, TE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::answer::{Answer, of_grpc_status, of_http_status, of_http_status_on_grpc, retry_after};
use super::target::Target;
use crate::otlp::status::{Code, Status, decode_response};
use crate::otlp::{Encoding, Signal, grpc, json};
use crate::settings::Protocol;

/// The most that is read of an answer (OTLP exporter specification, 1.60).
const ANSWER_BYTES: usize = 4 << 20;

/// Named after the exporters' convention, with the product in front.
const AGENT: &str =
    concat!("otel-run/", env!("CARGO_PKG_VERSION"), " OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));

type Body = Full<Bytes>;

/// A client for one target. Connections are made when something is sent, and kept.
pub(super) struct Client {
    target: Target,
    http1: OnceLock<Result<Http, String>>,
    http2: OnceLock<Result<Http, String>>,
}

/// Trusted roots are read only where TLS is spoken: it takes longer than all the rest of a short run.
enum Http {
    Plain(legacy::Client<HttpConnector, Body>),
    Tls(legacy::Client<HttpsConnector<HttpConnector>, Body>),
}

impl Client {
    pub(super) fn new(target: Target) -> Self {
        Self { target, http1: OnceLock::new(), http2: OnceLock::new() }
    }

    /// Whether the target takes this signal.
    pub(super) fn serves(&self, signal: Signal) -> bool {
        self.target.serves(signal)
    }

    /// What is wrong as long as nobody has answered, in words.
    pub(super) fn unanswered(&self, signal: Signal) -> String {
        let uri = self.target.routes.iter().find(|(served, ..)| *served == signal).map(|(_, uri, _)| origin(uri));
        format!("{} did not answer in time", uri.unwrap_or_default())
    }

    /// Sends one export request, given in protobuf, and waits for the answer.
    pub(super) async fn send(&self, signal: Signal, protobuf: &[u8]) -> Answer {
        let Some((_, uri, protocol)) = self.target.routes.iter().find(|(served, ..)| *served == signal) else {
            return Answer::Closed { reason: format!("there is no endpoint for {}", signal.as_str()) };
        };
        let exchange = async {
            match protocol {
                Protocol::Grpc => self.send_grpc(signal, uri, protobuf).await,
                Protocol::HttpProtobuf => {
                    self.send_http(signal, uri, Encoding::Protobuf, Bytes::copy_from_slice(protobuf)).await
                }
                Protocol::HttpJson => match json::encode(signal, protobuf) {
                    Ok(text) => self.send_http(signal, uri, Encoding::Json, text.into()).await,
                    Err(error) => Answer::Refused { reason: format!("the batch has no form in JSON: {error}") },
                },
            }
        };
        match self.target.timeout {
            None => exchange.await,
            Some(limit) => tokio::time::timeout(limit, exchange).await.unwrap_or_else(|_| Answer::Unreachable {
                reason: format!("{} did not answer within {}", origin(uri), seconds(limit)),
            }),
        }
    }

    async fn send_http(&self, signal: Signal, uri: &Uri, encoding: Encoding, body: Bytes) -> Answer {
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(encoding.content_type()));
        let body = if self.target.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            gzip(&body)
        } else {
            body
        };
        self.finish_headers(headers);
        *request.body_mut() = Full::new(body);
        let response = match self.exchange(uri, Version::Http1, request).await {
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
                return Answer::Unreachable { reason: format!("{} broke off its answer: {error}", origin(uri)) };
            }
        };
        if status != 200 {
            let said = Status::decode(answered, &body).ok().map(|said| said.message).filter(|said| !said.is_empty());
            return of_http_status(status, said.as_deref(), wish);
        }
        if !looks_like_otlp {
            return Answer::Closed {
                reason: format!("{} answered 200 with {kind:?}, which is not OTLP (check the endpoint)", origin(uri)),
            };
        }
        taken(signal, answered, &body)
    }

    async fn send_grpc(&self, signal: Signal, uri: &Uri, protobuf: &[u8]) -> Answer {
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static(signal.grpc_method()));
        let Ok(method_uri) = Uri::from_parts(parts) else {
            return Answer::Closed { reason: format!("{} is no target for gRPC", origin(uri)) };
        };
        let framed = match self.target.gzip {
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
        if self.target.gzip {
            headers.insert("grpc-encoding", HeaderValue::from_static("gzip"));
        }
        self.finish_headers(headers);
        let response = match self.exchange(uri, Version::Http2, request).await {
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
                return Answer::Unreachable { reason: format!("{} broke off its answer: {error}", origin(uri)) };
            }
        };
        let trailers = body.trailers().filter(|trailers| trailers.contains_key("grpc-status")).unwrap_or(&head);
        let Some(number) = header(trailers, "grpc-status").and_then(|number| number.parse().ok()) else {
            return Answer::Closed { reason: format!("{} does not speak gRPC (check the protocol)", origin(uri)) };
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
        for (name, value) in &self.target.headers {
            headers.insert(name, value.clone());
        }
    }

    async fn exchange(
        &self,
        uri: &Uri,
        version: Version,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Answer> {
        let slot = match version {
            Version::Http1 => &self.http1,
            Version::Http2 => &self.http2,
        };
        let tls = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let http = match slot.get_or_init(|| Http::new(tls, version)) {
            Ok(http) => http,
            Err(reason) => return Err(Answer::Closed { reason: reason.clone() }),
        };
        let mut others = Signal::ALL.len() - 1;
        loop {
            match http.request(request.clone()).await {
                Ok(response) => return Ok(response),
                // Every other lane may have been the one that connected.
                Err(error) if others > 0 && failed_for_another(&error) => others -= 1,
                Err(error) => {
                    let reason = format!("cannot reach {}: {}", origin(uri), cause(&error));
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

#[derive(Debug, Clone, Copy)]
enum Version {
    Http1,
    Http2,
}

impl Http {
    async fn request(&self, request: Request<Body>) -> Result<Response<Incoming>, legacy::Error> {
        match self {
            Self::Plain(client) => client.request(request).await,
            Self::Tls(client) => client.request(request).await,
        }
    }

    fn new(tls: bool, version: Version) -> Result<Self, String> {
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.http2_only(matches!(version, Version::Http2));
        if !tls {
            let mut connector = HttpConnector::new();
            connector.set_nodelay(true);
            return Ok(Self::Plain(builder.build(connector)));
        }
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| format!("cannot read the system's trusted certificates: {error}"))?
            .https_or_http();
        Ok(Self::Tls(match version {
            Version::Http1 => builder.build(connector.enable_http1().build()),
            Version::Http2 => builder.build(connector.enable_http2().build()),
        }))
    }
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

/// Scheme, host and port: what may be shown of a URL.
fn origin(uri: &Uri) -> String {
    let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", uri.scheme_str().unwrap_or("http"), uri.host().unwrap_or_default())
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The innermost reason of an error, which is the one that says something.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    chain(error).last().map_or_else(String::new, ToString::to_string)
}

/// An error and its reasons, inwards.
fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
