//! Receiving: the open listener, its connections, and how long they are waited for at the end.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use nix::sys::resource::{Resource, getrlimit};
use tokio::sync::{Notify, watch};
use tokio::task::spawn_local;
use tokio::time::timeout_at;

use super::Bound;
use super::service::Service;

/// The most of the time after the command's end that is kept for delivery while somebody may still send something.
const DELIVERY: Duration = Duration::from_secs(1);
/// So long a connection without a request is idle.
const IDLE: Duration = Duration::from_millis(100);
/// So long a request of which nothing comes is stalled.
const STALLED: Duration = Duration::from_millis(500);

/// The most connections at once; others wait in the listener's queue.
const CONNECTIONS: usize = 512;

/// Who could still send something when the command has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Senders {
    /// Descendants of the command are alive: they may connect at any time.
    Expected,
    /// None is alive: what they sent is on its way, and whoever has a connection open is somebody else.
    Gone,
    /// The system does not tell: whoever has a connection open may use it.
    Unknown,
    /// They are sent away: nobody can connect any more, and connections are closed after the request that goes on.
    Dismissed,
}

/// Connections that are open, and what goes on in them.
#[derive(Default)]
struct Connections {
    open: Cell<usize>,
    closed: Notify,
    /// Whether they are closed after the request that goes on.
    dismissed: watch::Sender<bool>,
    /// Requests that are being read or answered.
    busy: Cell<usize>,
    /// Requests that began, ever.
    begun: Cell<u64>,
}

impl Connections {
    /// Counts a request for as long as it takes.
    async fn busy_with<T>(&self, request: impl Future<Output = T>) -> T {
        self.busy.set(self.busy.get() + 1);
        self.begun.set(self.begun.get() + 1);
        let _until_done = Busy(self);
        request.await
    }
}

/// A request, which also ends where its connection breaks.
struct Busy<'a>(&'a Connections);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
    }
}

struct Connection(Rc<Connections>);

impl Connection {
    fn open(connections: &Rc<Connections>) -> Self {
        connections.open.set(connections.open.get() + 1);
        Self(Rc::clone(connections))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
        self.0.closed.notify_waiters();
    }
}

/// Runs futures of this thread for hyper.
#[derive(Clone, Copy)]
struct LocalExecutor;

impl<F: Future + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        spawn_local(async {
            future.await;
        });
    }
}

/// The open listener.
pub(super) struct Reception {
    listener: tokio::net::TcpListener,
    service: Rc<Service>,
    connections: Rc<Connections>,
    /// How many connections may be open at once.
    most: usize,
}

impl Reception {
    pub(super) fn open(bound: Bound, service: Rc<Service>) -> std::io::Result<Self> {
        bound.listener.set_nonblocking(true)?;
        // Half of the descriptors are for everything else: without any, otel-run could not even see who is still alive.
        let most = getrlimit(Resource::RLIMIT_NOFILE)
            .map_or(CONNECTIONS, |(soft, _)| usize::try_from(soft / 2).unwrap_or(CONNECTIONS).clamp(1, CONNECTIONS));
        let listener = tokio::net::TcpListener::from_std(bound.listener)?;
        Ok(Self { listener, service, connections: Rc::default(), most })
    }

    /// Accepts one connection, if there is room for it.
    pub(super) async fn accept(&self) {
        if self.connections.open.get() >= self.most {
            return self.connections.closed.notified().await;
        }
        match self.listener.accept().await {
            Ok((stream, _)) => self.welcome(stream),
            // Out of descriptors, most likely: wait until a connection is closed, or a moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }

    /// Welcomes everybody who is in the listener's queue. Readiness of the runtime would come too late for that.
    fn with_the_queued(self) -> std::io::Result<Self> {
        let listener = self.listener.into_std()?;
        let mut queued = Vec::new();
        while self.connections.open.get() + queued.len() < self.most
            && let Ok((stream, _)) = listener.accept()
        {
            queued.push(stream);
        }
        let open = Self { listener: tokio::net::TcpListener::from_std(listener)?, ..self };
        for stream in queued {
            stream.set_nonblocking(true)?;
            open.welcome(tokio::net::TcpStream::from_std(stream)?);
        }
        Ok(open)
    }

    /// Receives until nobody can send anything any more, but leaves some of the time for delivery.
    pub(super) async fn receive_the_rest(self, mut senders: watch::Receiver<Senders>, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        let until = deadline - (left / 4).min(DELIVERY);
        if *senders.borrow() == Senders::Dismissed {
            let connections = Rc::clone(&self.connections);
            drop(self);
            let _ = timeout_at(until.into(), dismiss(&connections)).await;
            return;
        }
        let rest = async {
            loop {
                tokio::select! {
                    biased;
                    gone = senders.wait_for(|senders| *senders != Senders::Expected) => {
                        break gone.map_or(Senders::Unknown, |senders| *senders);
                    }
                    () = self.accept() => {}
                }
            }
        };
        let Ok(senders) = timeout_at(until.into(), rest).await else { return };
        let Ok(open) = self.with_the_queued() else { return };
        let _ = timeout_at(until.into(), open.receive_from_the_connected(senders)).await;
    }

    /// Receives until no connection is open. Where the command's descendants are gone theirs are closed by the system, with
    /// everything that they sent in them; one that stays open and idle, or stalls, is of somebody else.
    async fn receive_from_the_connected(&self, senders: Senders) {
        let connections = &self.connections;
        let progress = || (connections.begun.get(), self.service.bytes_read());
        let (mut seen, mut quiet) = (progress(), Duration::ZERO);
        while connections.open.get() > 0 {
            tokio::select! {
                () = connections.closed.notified() => {}
                () = self.accept() => {}
                () = tokio::time::sleep(IDLE), if senders == Senders::Gone => {
                    let now = progress();
                    quiet = if now == seen { quiet + IDLE } else { Duration::ZERO };
                    seen = now;
                    if quiet >= if connections.busy.get() == 0 { IDLE } else { STALLED } {
                        return;
                    }
                }
            }
        }
    }

    fn welcome(&self, stream: tokio::net::TcpStream) {
        let _ = stream.set_nodelay(true);
        let service = Rc::clone(&self.service);
        let connection = Connection::open(&self.connections);
        let connections = Rc::clone(&self.connections);
        let mut dismissed = connections.dismissed.subscribe();
        spawn_local(async move {
            let service = service_fn(move |request| {
                let (service, connections) = (Rc::clone(&service), Rc::clone(&connections));
                async move { connections.busy_with(service.answer(request)).await }
            });
            let mut builder = auto::Builder::new(LocalExecutor);
            // The time for a head would run between requests as well. An exporter that sends as often as it ends would
            // find its connection closed with its request in it.
            // And whoever has sent everything may say so, and is answered all the same.
            builder.http1().timer(TokioTimer::new()).header_read_timeout(None).half_close(true);
            builder.http2().timer(TokioTimer::new());
            // A connection that breaks is the sender's affair.
            let mut requests = pin!(builder.serve_connection(TokioIo::new(stream), service));
            tokio::select! {
                _ = requests.as_mut() => {}
                _ = dismissed.changed() => {
                    requests.as_mut().graceful_shutdown();
                    let _ = requests.await;
                }
            }
            drop(connection);
        });
    }
}

/// Closes all connections, each after the request that goes on.
async fn dismiss(connections: &Connections) {
    connections.dismissed.send_replace(true);
    while connections.open.get() > 0 {
        tokio::select! {
            () = connections.closed.notified() => {}
            // Whoever has not begun a request by now and keeps his connection is not waited for.
            () = tokio::time::sleep(IDLE), if connections.busy.get() == 0 => return,
        }
    }
}
