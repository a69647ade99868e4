//! The collector's thread: receives, records and delivers while the command runs, then finishes within a deadline.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Instant;

use nix::sys::signal::SigSet;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout_at;

use super::Bound;
use super::heartbeat::{Heartbeat, Pulse};
use super::reception::{Reception, Senders};
use super::recorder::{Own, Recorder};
use super::segment::{Segment, Turning, Turns, write_last};
use super::service::Service;
use crate::delivery::{Phase, Target};
use crate::otlp::Signal;
use crate::secret::Secret;
use crate::signals::Totals;
use crate::store::facts::{Delivery as Delivered, Destination, Intake};
use crate::store::{Journal, Log, content};
use crate::transform::{StandIn, Transform};

/// Everything that the thread needs.
pub struct Start {
    /// Where the command connects to; none leaves only the run's own record to be taken care of.
    pub listener: Option<(Bound, Secret)>,
    /// The run's log, with its first record in it.
    pub log: Log,
    /// What was delivered of it: nothing, but for the file to note it in.
    pub journal: Journal,
    /// Where content stays that is not delivered, if any does.
    pub content: Option<content::Kept>,
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
    /// Spans that were left out because they are housekeeping.
    pub thinned: u64,
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
    /// Why content that was to stay here could not be stored, if any could not.
    pub content_error: Option<String>,
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

async fn serve(
    start: Start,
    mut inbox: mpsc::UnboundedReceiver<Message>,
    open: oneshot::Sender<std::io::Result<()>>,
) -> Report {
    let Start { listener, log, journal, content, transform, destinations, targets, heartbeat, errand, turning } = start;
    let mut segment = Segment::open(log, journal, targets.clone());
    let recorder = Rc::new(RefCell::new(Recorder::new(transform, Rc::clone(&segment.source), content)));
    let mut turns = Turns::new(turning, &segment, destinations.clone(), targets);
    let errand = errand.map(|errand| spawn_local(errand()));
    let reception = listener.map(|(bound, token)| {
        let service = Rc::new(Service::new(token, Rc::clone(&recorder)));
        Reception::open(bound, service)
    });
    let (reception, opened) = match reception.transpose() {
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
            () = accept(reception.as_ref()) => {}
            Some(own) = pulse.next() => { let _ = recorder.borrow_mut().record_own(&own); }
            () = turns.due(&segment.source) => turns.turn(&mut segment, &recorder),
        }
    };
    if let Some((deadline, senders, close)) = finish {
        let (tell, senders) = watch::channel(senders);
        let close = Cell::new(Some(close));
        let work = async {
            if let Some(reception) = reception {
                reception.receive_the_rest(senders, deadline).await;
            }
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

/// Accepts one connection; never returns where nobody can connect.
async fn accept(reception: Option<&Reception>) {
    match reception {
        Some(open) => open.accept().await,
        None => std::future::pending().await,
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
        thinned: recorder.intake().get(&Signal::Traces).map_or(0, |intake| intake.thinned),
    };
    write_last(&mut recorder, &close(arrived));
}
