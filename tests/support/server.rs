//! A hyper server on a thread of its own, on a port of 127.0.0.1 that can be closed and opened again.

use std::collections::VecDeque;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// An answer's body, frame by frame. An error among the frames breaks the connection at that place.
#[derive(Default)]
pub struct Frames(VecDeque<io::Result<Frame<Bytes>>>);

impl Frames {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn data(mut self, bytes: impl Into<Bytes>) -> Self {
        self.0.push_back(Ok(Frame::data(bytes.into())));
        self
    }

    pub fn trailers(mut self, trailers: HeaderMap) -> Self {
        self.0.push_back(Ok(Frame::trailers(trailers)));
        self
    }

    pub fn broken(mut self) -> Self {
        self.0.push_back(Err(died()));
        self
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(self.0.pop_front())
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a handler returns to break the connection instead of answering.
pub fn died() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the double dies here")
}

pub type Answer = io::Result<Response<Frames>>;
type Handler = Arc<dyn Fn(Request<Incoming>) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

enum Command {
    Open(blocking::Sender<()>),
    Close(blocking::Sender<()>),
}

/// The server; dropping it ends its thread and every connection.
pub struct Server {
    address: SocketAddr,
    commands: Option<mpsc::UnboundedSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds an ephemeral port and answers on it, HTTP/1.1 and HTTP/2 alike, until it is dropped.
    pub fn start<H, F>(handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |request| Box::pin(handler(request)));
        let (commands, inbox) = mpsc::unbounded_channel();
        let (bound, wait_for_address) = blocking::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(control(handler, inbox, bound));
        });
        let address = wait_for_address.recv().expect("the server's thread binds a port");
        Self { address, commands: Some(commands), thread: Some(thread) }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks all connections and refuses new ones; the port stays ours.
    pub fn close(&self) {
        self.tell(Command::Close);
    }

    /// Takes connections again on the same port.
    pub fn open(&self) {
        self.tell(Command::Open);
    }

    fn tell(&self, command: fn(blocking::Sender<()>) -> Command) {
        let (done, wait) = blocking::channel();
        self.commands.as_ref().unwrap().send(command(done)).expect("the server's thread is alive");
        wait.recv().expect("the server's thread answers");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server's thread panicked");
        }
    }
}

async fn control(handler: Handler, mut inbox: mpsc::UnboundedReceiver<Command>, bound: blocking::Sender<SocketAddr>) {
    let listener = listen();
    bound.send(listener.local_addr().unwrap()).unwrap();
    let start = |listener: TcpListener| {
        let port = listener.as_fd().try_clone_to_owned().unwrap();
        (port, tokio::spawn(serve(listener, handler.clone())))
    };
    let mut serving = Some(start(listener));
    let mut held = None;
    while let Some(command) = inbox.recv().await {
        match command {
            Command::Close(done) => {
                if let Some((port, task)) = serving.take() {
                    task.abort();
                    let _ = task.await;
                    held = Some(hold(port));
                }
                let _ = done.send(());
            }
            Command::Open(done) => {
                if let Some(socket) = held.take() {
                    serving = Some(start(socket.listen(1024).unwrap()));
                }
                let _ = done.send(());
            }
        }
    }
}

/// Listens on a port that was asked for by its number: one that the system chose is lost by [`hold`].
fn listen() -> TcpListener {
    let bind = || {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(1024)
    };
    // The port is free for a moment, and somebody else may be faster.
    (0..100).find_map(|_| bind().ok()).expect("a port can be bound")
}

/// The listening socket, listening no more: connections are refused. It stays bound all the while, because a port that
/// is free for a moment only can be taken by anybody who connects to somewhere.
fn hold(port: OwnedFd) -> TcpSocket {
    let socket = TcpStream::from(port);
    socket.shutdown(Shutdown::Read).unwrap();
    TcpSocket::from_std_stream(socket)
}

async fn serve(listener: TcpListener, handler: Handler) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let handler = handler.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| handler(request));
            let server = auto::Builder::new(TokioExecutor::new());
            // A peer that goes away in the middle is its own affair; what it did is in the records.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
