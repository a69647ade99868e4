//! Servers that are not what they should be, each at an address of its own, so that well-known ports are free there.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::exports::{self, Transport};
use super::server::Frames;

/// An address of this machine that nobody else has. Linux has all of 127.0.0.0/8.
pub fn own_address() -> Ipv4Addr {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    let (pid, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    Ipv4Addr::new(127, 1 + (pid >> 8) as u8 % 250, pid as u8, u8::try_from(count).expect("there are enough of them"))
}

/// How a server speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    Http1,
    /// HTTP/2 and nothing else, as servers of gRPC do.
    Http2,
    Both,
    /// Takes connections and never reads.
    Nothing,
    /// Closes connections at once.
    Goodbye,
    /// Says something else.
    Ssh,
}

type Handler = Arc<dyn Fn(&Parts, &Bytes) -> Response<Frames> + Send + Sync>;

/// A server; dropping it checks that somebody came.
pub struct Broken {
    pub address: SocketAddr,
    came: Arc<AtomicUsize>,
}

impl Broken {
    /// A server at `address`, behind TLS if it has a configuration for it.
    pub fn start(
        address: SocketAddr,
        speaks: Speaks,
        tls: Option<Arc<ServerConfig>>,
        handler: impl Fn(&Parts, &Bytes) -> Response<Frames> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let came: Arc<AtomicUsize> = Arc::default();
        let (count, handler) = (Arc::clone(&came), Arc::new(handler) as Handler);
        serve(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (tls, handler) = (tls.clone(), Arc::clone(&handler));
                tokio::spawn(async move {
                    match tls {
                        None => converse(stream, speaks, handler).await,
                        // Whoever does not trust us ends the handshake.
                        Some(tls) => {
                            if let Ok(stream) = TlsAcceptor::from(tls).accept(stream).await {
                                converse(stream, speaks, handler).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, came }
    }

    /// The same at a Unix socket.
    pub fn at_socket(
        path: &Path,
        handler: impl Fn(&Parts, &Bytes) -> Response<Frames> + Send + Sync + 'static,
    ) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let came: Arc<AtomicUsize> = Arc::default();
        let (count, handler) = (Arc::clone(&came), Arc::new(handler) as Handler);
        serve(async move {
            let listener = tokio::net::UnixListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(converse(stream, Speaks::Both, Arc::clone(&handler)));
            }
        });
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), came }
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        let came = self.came.load(Ordering::SeqCst);
        assert!(came > 0 || std::thread::panicking(), "nobody came to {}", self.address);
    }
}

/// Serves for as long as the process lives.
fn serve(work: impl Future<Output = ()> + Send + 'static) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work);
    });
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, speaks: Speaks, handler: Handler) {
    let service = service_fn(move |request: Request<Incoming>| {
        let handler = Arc::clone(&handler);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, hyper::Error>(handler(&head, &body))
        }
    });
    // A client that goes away in the middle is its own affair.
    match speaks {
        Speaks::Http1 => {
            drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await)
        }
        Speaks::Http2 => {
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            drop(server.serve_connection(TokioIo::new(stream), service).await);
        }
        Speaks::Both => {
            let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            drop(server.serve_connection(TokioIo::new(stream), service).await);
        }
        Speaks::Nothing => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            drop(stream);
        }
        Speaks::Goodbye => {}
        Speaks::Ssh => {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await;
            // Who closes with something unread resets the connection, and then what was said can be lost.
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        }
    }
}

/// Takes OTLP at the usual paths, and knows no others.
pub fn take(head: &Parts, body: &Bytes) -> Response<Frames> {
    let path = head.uri.path();
    match exports::read(head, body) {
        Ok(received) if received.transport == Transport::Grpc || path.matches('/').count() == 2 => {
            exports::accepted(received.transport)
        }
        Ok(_) => status(404),
        Err((code, _)) => status(code.as_u16()),
    }
}

/// Takes what comes without gzip.
pub fn take_plain(head: &Parts, body: &Bytes) -> Response<Frames> {
    match head.headers.contains_key("content-encoding") || head.headers.contains_key("grpc-encoding") {
        true => status(415),
        false => take(head, body),
    }
}

/// Nothing but a status of HTTP.
pub fn status(code: u16) -> Response<Frames> {
    Response::builder().status(code).body(Frames::none()).unwrap()
}

/// A status with one header.
pub fn with_header(code: u16, name: &'static str, value: impl Into<String>) -> Response<Frames> {
    Response::builder().status(code).header(name, value.into()).body(Frames::none()).unwrap()
}
