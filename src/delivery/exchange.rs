//! One request to an upstream: OTLP over HTTP with protobuf or JSON, and over gRPC.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, TE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy;

use super::link::{Body, Links, Version};
use super::proxy::Proxies;
use super::reply::{Reply, Silence, chain, tunnel_error};
use super::target::Route;
use crate::otlp::{Encoding, Signal, grpc, json};
use crate::settings::Protocol;

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
    /// Sends one export request, given in protobuf, by the route's protocol.
    pub(super) async fn send(&self, signal: Signal, protobuf: &[u8]) -> Result<Reply, Silence> {
        match self.route.protocol {
            Protocol::Grpc => self.grpc(signal, protobuf).await,
            Protocol::HttpProtobuf => self.http(Encoding::Protobuf, Bytes::copy_from_slice(protobuf)).await,
            Protocol::HttpJson => match json::encode(signal, protobuf) {
                Ok(text) => self.http(Encoding::Json, text.into()).await,
                Err(error) => Err(Silence::Unsayable(error.to_string())),
            },
        }
    }

    /// Sends `body` over HTTP.
    async fn http(&self, encoding: Encoding, body: Bytes) -> Result<Reply, Silence> {
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
        Reply::read(self.exchange(Version::Http1, request).await?, self.route.protocol).await
    }

    /// Sends a message over gRPC.
    async fn grpc(&self, signal: Signal, protobuf: &[u8]) -> Result<Reply, Silence> {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static(signal.grpc_method()));
        let method_uri = Uri::from_parts(parts).map_err(|_| Silence::NoTarget)?;
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
        Reply::read(self.exchange(Version::Http2, request).await?, Protocol::Grpc).await
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

    async fn exchange(&self, version: Version, request: Request<Body>) -> Result<Response<Incoming>, Silence> {
        let link = self.links.to(&self.route.road, self.uri, version, &self.route.tls, self.proxies);
        let link = link.map_err(Silence::NoLink)?;
        let mut patience = OTHERS;
        loop {
            match link.request(request.clone()).await {
                Ok(response) => return Ok(response),
                // Another lane was the one that connected.
                Err(error) if patience > 0 && failed_for_another(&error) => patience -= 1,
                Err(error) => return Err(Silence::Unreached { error, by_way_of: link.by_way_of }),
            }
        }
    }
}

/// Whether the request waited for a connection that another one tried to make, which HTTP/2 shares: then the error says
/// that it waited in vain, and not why. An attempt of its own ends with an answer of the system or of TLS.
fn failed_for_another(error: &legacy::Error) -> bool {
    let of_its_own = chain(error).any(|error| error.is::<std::io::Error>()) || tunnel_error(error).is_some();
    error.is_connect() && !of_its_own
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default().into()
}
