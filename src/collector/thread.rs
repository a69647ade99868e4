//! The collector's thread: receives, records and delivers while the command runs, then finishes within a deadline.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::SigSet;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout_at;

use super::Bound;
use super::heartbeat::{Heartbeat, Pulse};
use super::recorder::{Own, Recorder};
use super::segment::{Segment, Turning, Turns, write_last};
use super::service::Service;
use crate::delivery::{Phase, Target};
use crate::otlp::Signal;
use crate::secret::Secret;
use crate::signals::Totals;
use crate::store::facts::{Delivery as Delivered, Destination, Intake};
use crate::store::{Journal, Log};
use crate::transform::{StandIn, Transform};

/// The most of the time after the command's end that is kept for delivery while somebody may still send something.
const DELIVERY: Duration = Duration::from_secs(1);
/// So long a connection without a request is idle.
const IDLE: Duration = Duration::from_millis(100);
/// So long a request of which nothing comes is stalled.
const STALLED: Duration = Duration::from_millis(500);

/// The most connections at once; others wait in the listener's queue.
const CONNECTIONS: usize = 512;

/// Everything that the thread needs.
pub struct Start {
    /// Where the command connects to; none leaves only the run's own record to be taken care of.
    pub listener: Option<(Bound, Secret)>,
    /// The run's log, with its first record in it.
    pub log: Log,
    /// What was delivered of it: nothing, but for the file to note it in.
    pub journal: Journal,
    /// The transforms for what arrives.
    pub transform: Transform,
    /// Where it is to be delivered, now or later.
    pub destinations: Vec<Destination>,
    /// Those of them that can be dialled as they are configured.
    pub targets: Vec<Target>,
    /// What is recorded every so often while the command runs.
    pub heartbeat: Option<Heartbeat>,
    /// Something to do besides.
    pub errand: Option<Errand>,
    /// What comes after this log where the collector goes on without an end.
    pub turning: Option<Turning>,
}

/// Work that is not the run's own: done while the command runs, and after that as long as there is time for the run's own
/// delivery. It may be dropped at any await.
pub type Errand = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// What is written last, made when everything of the command has arrived.
pub struct Closing {
    /// The run's own last telemetry.
    pub own: Vec<Own>,
    /// [`crate::store::facts::Ended`] as JSON.
    pub ended: Vec<u8>,
}

/// What the run's own telemetry is told about the command's, to make a [`Closing`].
pub struct Arrived {
    /// Parents that never came.
    pub stand_ins: Vec<StandIn>,
    /// Roots that were linked and not adopted.
    pub linked_roots: Vec<([u8; 16], [u8; 8])>,
    /// The agent's version, as it said itself.
    pub agent_version: Option<String>,
}

/// What became of everything.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What arrived.
    pub intake: BTreeMap<Signal, Intake>,
    /// What the command reported.
    pub totals: Totals,
    /// What became of it at each destination, by its name.
    pub deliveries: BTreeMap<String, Delivered>,
    /// Why something could not be stored, if anything could not.
    pub store_error: Option<String>,
    /// What was written last, see [`Closing`].
    pub ended: Vec<u8>,
    /// How much of the log is in its file.
    pub kept: Kept,
}

/// How much of a run's log outlives its otel-run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kept {
    /// All, or what is lost is counted as dropped.
    #[default]
    Whole,
    /// Something is not in the file, and was delivered.
    Partly,
    /// Not even its beginning.
    Nothing,
}

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

enum Message {
    Own(Own),
    Finish { deadline: Instant, senders: Senders, close: Box<dyn FnOnce(Arrived) -> Closing + Send> },
    Senders(Senders),
    GiveUp,
}

/// The way to the thread.
pub struct Handle {
    messages: mpsc::UnboundedSender<Message>,
    opened: Option<oneshot::Receiver<std::io::Result<()>>>,
    report: oneshot::Receiver<Report>,
    thread: std::thread::JoinHandle<()>,
}

/// Starts the thread. `on_end` is called when it has ended, in whatever way.
///
/// # Errors
///
/// What the system said.
pub fn start(start: Start, on_end: impl Fn() + Send + 'static) -> std::io::Result<Handle> {
    let (messages, inbox) = mpsc::unbounded_channel();
    let (sender, report) = oneshot::channel();
    let (open, opened) = oneshot::channel();
    let thread = std::thread::Builder::new().name("collector".to_owned()).spawn(move || {
        // Signals are the main thread's: it relies on having each as soon as it arrives.
        let _ = SigSet::all().thread_block();
        // Dropped last, so that the main thread is woken even by a panic.
        let _on_end = CallOnDrop(on_end);
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build() else {
            return;
        };
        let report = LocalSet::new().block_on(&runtime, serve(start, inbox, open));
        // A name look-up in a black hole must not hold the end of the run.
        runtime.shutdown_background();
        let _ = sender.send(report);
    })?;
    Ok(Handle { messages, opened: Some(opened), report, thread })
}

impl Handle {
    /// Waits until whoever connects is answered.
    ///
    /// # Errors
    ///
    /// Why nobody is.
    pub fn wait_until_open(&mut self) -> std::io::Result<()> {
        let Some(opened) = self.opened.take() else { return Ok(()) };
        opened.blocking_recv().unwrap_or_else(|_| Err(std::io::Error::other("the collector broke down")))
    }

    /// Records telemetry of otel-run itself.
    pub fn record(&self, own: Own) {
        let _ = self.messages.send(Message::Own(own));
    }

    /// The command has ended: receive what is still on its way, write what `close` makes of it, deliver, and end. All
    /// of it is over at `deadline`.
    pub fn finish(&self, deadline: Instant, senders: Senders, close: impl FnOnce(Arrived) -> Closing + Send + 'static) {
        let _ = self.messages.send(Message::Finish { deadline, senders, close: Box::new(close) });
    }

    /// Says who can still send something now.
    pub fn senders(&self, senders: Senders) {
        let _ = self.messages.send(Message::Senders(senders));
    }

    /// Ends at once; what is not delivered stays in the log.
    pub fn give_up(&self) {
        let _ = self.messages.send(Message::GiveUp);
    }

    /// What became of everything, once the thread has ended; none if it panicked.
    pub fn report(mut self) -> Option<Report> {
        let _ = self.thread.join();
        self.report.try_recv().ok()
    }
}

struct CallOnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for CallOnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
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
        let _done = CallOnDrop(|| self.busy.set(self.busy.get() - 1));
        request.await
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

async fn serve(
    start: Start,
    mut inbox: mpsc::UnboundedReceiver<Message>,
    open: oneshot::Sender<std::io::Result<()>>,
) -> Report {
    let Start { listener, log, journal, transform, destinations, targets, heartbeat, errand, turning } = start;
    let mut segment = Segment::open(log, journal, targets.clone());
    let recorder = Rc::new(RefCell::new(Recorder::new(transform, Rc::clone(&segment.source))));
    let mut turns = Turns::new(turning, &segment, destinations.clone(), targets);
    let errand = errand.map(|errand| spawn_local(errand()));
    let connections = Rc::new(Connections::default());
    let reception = listener.map(|(bound, token)| {
        let service = Rc::new(Service::new(token, Rc::clone(&recorder)));
        Reception::open(bound, service, Rc::clone(&connections))
    });
    let (mut reception, opened) = match reception.transpose() {
        Ok(reception) => (reception, Ok(())),
        Err(error) => (None, Err(error)),
    };
    let _ = open.send(opened);

    let mut pulse = Pulse::start(heartbeat);
    let finish = loop {
        tokio::select! {
            message = inbox.recv() => match message {
                Some(Message::Own(own)) => { let _ = recorder.borrow_mut().record_own(&own); }
                Some(Message::Finish { deadline, senders, close }) => break Some((deadline, senders, close)),
                Some(Message::Senders(_)) => {}
                Some(Message::GiveUp) | None => break None,
            },
            () = accept(&mut reception) => {}
            Some(own) = pulse.next() => { let _ = recorder.borrow_mut().record_own(&own); }
            () = turns.due(&segment.source) => turns.turn(&mut segment, &recorder),
        }
    };
    if let Some((deadline, senders, close)) = finish {
        let (tell, senders) = watch::channel(senders);
        let close = Cell::new(Some(close));
        let work = async {
            receive_the_rest(&mut reception, &connections, senders, deadline).await;
            close_log(&recorder, close.take());
            segment.complete(Phase::Finishing);
            let own = async { drop(timeout_at(deadline.into(), segment.delivered()).await) };
            tokio::join!(own, turns.finish(deadline.into()));
            if let Some(errand) = errand {
                let _ = timeout_at(deadline.into(), errand).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = gives_up(&mut inbox, &tell) => {}
        }
        // Who asks for the end at once does not ask to forget how the run ended.
        close_log(&recorder, close.take());
    }
    turns.finish(Instant::now().into()).await;
    let report = segment.report(&recorder.borrow(), &destinations);
    turns.settle(&report);
    report
}

async fn gives_up(inbox: &mut mpsc::UnboundedReceiver<Message>, senders: &watch::Sender<Senders>) {
    while let Some(message) = inbox.recv().await {
        match message {
            Message::GiveUp => return,
            Message::Senders(now) => drop(senders.send(now)),
            Message::Own(_) | Message::Finish { .. } => {}
        }
    }
    std::future::pending().await
}

/// The open listener.
struct Reception {
    listener: tokio::net::TcpListener,
    service: Rc<Service>,
    connections: Rc<Connections>,
    /// How many connections may be open at once.
    most: usize,
}

impl Reception {
    fn open(bound: Bound, service: Rc<Service>, connections: Rc<Connections>) -> std::io::Result<Self> {
        bound.listener.set_nonblocking(true)?;
        // Half of the descriptors are for everything else: without any, otel-run could not even see who is still alive.
        let most = getrlimit(Resource::RLIMIT_NOFILE)
            .map_or(CONNECTIONS, |(soft, _)| usize::try_from(soft / 2).unwrap_or(CONNECTIONS).clamp(1, CONNECTIONS));
        Ok(Self { listener: tokio::net::TcpListener::from_std(bound.listener)?, service, connections, most })
    }

    /// Accepts one connection, if there is room for it.
    async fn accept(&self) {
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

/// Accepts one connection; never returns where nobody can connect.
async fn accept(reception: &mut Option<Reception>) {
    match reception {
        Some(open) => open.accept().await,
        None => std::future::pending().await,
    }
}

/// Receives until nobody can send anything any more, but leaves some of the time for delivery.
async fn receive_the_rest(
    reception: &mut Option<Reception>,
    connections: &Connections,
    mut senders: watch::Receiver<Senders>,
    deadline: Instant,
) {
    let Some(open) = reception.take() else { return };
    let left = deadline.saturating_duration_since(Instant::now());
    let until = deadline - (left / 4).min(DELIVERY);
    if *senders.borrow() == Senders::Dismissed {
        drop(open);
        let _ = timeout_at(until.into(), dismiss(connections)).await;
        return;
    }
    let rest = async {
        loop {
            tokio::select! {
                biased;
                gone = senders.wait_for(|senders| *senders != Senders::Expected) => {
                    break gone.map_or(Senders::Unknown, |senders| *senders);
                }
                () = open.accept() => {}
            }
        }
    };
    let Ok(senders) = timeout_at(until.into(), rest).await else { return };
    let Ok(open) = open.with_the_queued() else { return };
    let _ = timeout_at(until.into(), receive_from_the_connected(&open, connections, senders)).await;
}

/// Receives until no connection is open. Where the command's descendants are gone theirs are closed by the system, with
/// everything that they sent in them; one that stays open and idle, or stalls, is of somebody else.
async fn receive_from_the_connected(open: &Reception, connections: &Connections, senders: Senders) {
    let progress = || (connections.begun.get(), open.service.bytes_read());
    let (mut seen, mut quiet) = (progress(), Duration::ZERO);
    while connections.open.get() > 0 {
        tokio::select! {
            () = connections.closed.notified() => {}
            () = open.accept() => {}
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

/// Writes what is written last, unless that has been done.
fn close_log(recorder: &RefCell<Recorder>, close: Option<Box<dyn FnOnce(Arrived) -> Closing + Send>>) {
    let Some(close) = close else { return };
    let mut recorder = recorder.borrow_mut();
    let arrived = Arrived {
        stand_ins: recorder.stand_ins().unwrap_or_default(),
        linked_roots: recorder.linked_roots().to_vec(),
        agent_version: recorder.agent_version().map(str::to_owned),
    };
    write_last(&mut recorder, &close(arrived));
}
