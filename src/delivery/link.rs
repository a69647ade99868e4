//! Connections to an upstream: directly, through a proxy or through a Unix socket, with TLS or without.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::PROXY_AUTHORIZATION;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpStream, UnixStream};
use tower_service::Service;

use super::proxy::{Proxies, Proxy};
use super::target::{Road, TlsFiles};
use super::tls;
use super::watch::Watch;

pub(super) type Body = Full<Bytes>;

type BoxError = Box<dyn StdError + Send + Sync>;

/// The version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// The links of one upstream. Connections are made when something is sent, and kept; signals that go the same way share
/// them.
#[derive(Default)]
pub(super) struct Links {
    links: RefCell<Vec<(Key, Result<Link, String>)>>,
    watch: Option<Arc<Watch>>,
}

/// What makes one link different from another.
#[derive(Clone, PartialEq)]
struct Key {
    way: Way,
    version: Version,
    tls: Option<TlsFiles>,
}

/// How the bytes travel.
#[derive(Clone, PartialEq)]
enum Way {
    Direct,
    Socket(PathBuf),
    /// The proxy is asked for a connection to the upstream (RFC 9110, section 9.3.6).
    Tunnel(Proxy),
    /// The proxy is asked for the resource itself (RFC 9112, section 3.2.2), which works with proxies that make tunnels for
    /// TLS only.
    Forward(Proxy),
}

/// A client that has its connections to an upstream.
#[derive(Clone)]
pub(super) struct Link {
    client: Client,
    forward: Option<Proxy>,
    /// The proxy in words, where there is one.
    pub(super) by_way_of: String,
}

#[derive(Clone)]
enum Client {
    Plain(legacy::Client<Dial, Body>),
    Tls(legacy::Client<HttpsConnector<Dial>, Body>),
}

impl Links {
    /// Links whose TLS is looked at.
    pub(super) fn watched(watch: Arc<Watch>) -> Self {
        Self { links: RefCell::default(), watch: Some(watch) }
    }

    /// The link for requests to `uri` on `road`. The error is a sentence.
    pub(super) fn to(
        &self,
        road: &Road,
        uri: &Uri,
        version: Version,
        files: &TlsFiles,
        proxies: &Proxies,
    ) -> Result<Link, String> {
        let secure = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let way = match (road, proxies.to(uri)) {
            (Road::Socket(path, _), _) => Way::Socket(path.clone()),
            (_, None) => Way::Direct,
            (_, Some(proxy)) if secure || version == Version::Http2 => Way::Tunnel(proxy),
            (_, Some(proxy)) => Way::Forward(proxy),
        };
        let key = Key { way, version, tls: secure.then(|| files.clone()) };
        let mut links = self.links.borrow_mut();
        if let Some((_, link)) = links.iter().find(|(known, _)| *known == key) {
            return link.clone();
        }
        let link = Link::new(&key, self.watch.as_ref());
        links.push((key, link.clone()));
        link
    }
}

impl Link {
    fn new(key: &Key, watch: Option<&Arc<Watch>>) -> Result<Self, String> {
        let (forward, by_way_of) = match &key.way {
            Way::Direct | Way::Socket(_) => (None, String::new()),
            Way::Tunnel(proxy) => (None, by_way_of(proxy)?),
            Way::Forward(proxy) => (Some(proxy.clone()), by_way_of(proxy)?),
        };
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        // The scheme says whether TLS is spoken on top.
        tcp.enforce_http(false);
        let dial = Dial { way: key.way.clone(), tcp };
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.http2_only(key.version == Version::Http2);
        let client = match &key.tls {
            None => Client::Plain(builder.build(dial)),
            Some(files) => {
                let connector =
                    HttpsConnectorBuilder::new().with_tls_config(tls::config(files, watch)?).https_or_http();
                Client::Tls(match key.version {
                    Version::Http1 => builder.build(connector.enable_http1().wrap_connector(dial)),
                    Version::Http2 => builder.build(connector.enable_http2().wrap_connector(dial)),
                })
            }
        };
        Ok(Self { client, forward, by_way_of })
    }

    pub(super) async fn request(&self, mut request: Request<Body>) -> Result<Response<Incoming>, legacy::Error> {
        if let Some(authorization) = self.forward.as_ref().and_then(|proxy| proxy.authorization.clone()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        match &self.client {
            Client::Plain(client) => client.request(request).await,
            Client::Tls(client) => client.request(request).await,
        }
    }
}

/// ` by way of the proxy HOST`, for a proxy that can be used.
fn by_way_of(proxy: &Proxy) -> Result<String, String> {
    let authority = proxy.uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match proxy.uri.scheme_str() {
        Some("http") => Ok(format!(" by way of the proxy {host}")),
        scheme => Err(format!(
            "the proxy {host} is to be spoken to by {}, and only proxies with an http:// URL are supported",
            scheme.unwrap_or("nothing")
        )),
    }
}

/// Makes connections that go one way.
#[derive(Clone)]
struct Dial {
    way: Way,
    tcp: HttpConnector,
}

impl Service<Uri> for Dial {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        match &self.way {
            Way::Direct => {
                let connecting = self.tcp.call(uri);
                Box::pin(async move { Ok(Stream::Tcp(connecting.await?)) })
            }
            Way::Socket(path) => {
                let path = path.clone();
                Box::pin(async move { Ok(Stream::Unix(TokioIo::new(UnixStream::connect(path).await?))) })
            }
            Way::Forward(proxy) => {
                let connecting = self.tcp.call(proxy.uri.clone());
                Box::pin(async move { Ok(Stream::Forwarded(connecting.await?)) })
            }
            Way::Tunnel(proxy) => {
                let mut tunnel = Tunnel::new(proxy.uri.clone(), self.tcp.clone());
                if let Some(authorization) = &proxy.authorization {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                let connecting = tunnel.call(uri);
                Box::pin(async move { Ok(Stream::Tcp(connecting.await?)) })
            }
        }
    }
}

/// A connection before TLS.
enum Stream {
    Tcp(TokioIo<TcpStream>),
    /// To a proxy that is asked for whole URLs.
    Forwarded(TokioIo<TcpStream>),
    Unix(TokioIo<UnixStream>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Stream::Tcp(stream) => stream.connected(),
            Stream::Forwarded(stream) => stream.connected().proxy(true),
            Stream::Unix(_) => Connected::new(),
        }
    }
}

/// The same call on whichever stream it is.
macro_rules! on_stream {
    ($self:expr, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Tcp(stream) | Stream::Forwarded(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Stream::Unix(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
        }
    };
}

impl Read for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => stream.poll_read(context, buffer))
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        on_stream!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => stream.poll_shutdown(context))
    }
}
