//! A backend that takes OTLP over HTTP/1.1, HTTP/2 and gRPC on one port, remembers everything, and can misbehave.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::sync::watch;

use super::PATIENCE;
use super::exports::{self, Export, Received, Signal, Transport};
use super::server::{Answer, Frames, Server, died};
use opentelemetry_proto::tonic::metrics::v1::Metric;

const INVALID_ARGUMENT: u8 = 3;
const RESOURCE_EXHAUSTED: u8 = 8;
const UNAUTHENTICATED: u8 = 16;

/// What the backend does with requests.
#[derive(Debug, Clone, PartialEq)]
pub enum Behaviour {
    /// Takes everything.
    Accept,
    /// Takes the request and says that it rejected so many of its items (OTLP, "Partial Success").
    Reject(u8),
    /// Takes everything but requests that hold this text, which it refuses for good: 400, or INVALID_ARGUMENT.
    RefuseHolding(&'static str),
    /// Takes requests whose message has at most so many bytes; larger ones get 413, or RESOURCE_EXHAUSTED.
    TakeUpTo(usize),
    /// Takes what comes with this header; the rest gets 401, or UNAUTHENTICATED.
    Want(&'static str, String),
    /// Takes traces; requests with other signals get this HTTP status.
    TracesOnly(u16),
    /// Answers 200 with a page for people, as a proxy's log-in or the wrong port does.
    Page,
    /// Answers with this HTTP status and these headers, on gRPC as well.
    Status(u16, Vec<(&'static str, String)>),
    /// Answers a gRPC request with this status code and these headers; HTTP gets a 500.
    GrpcStatus(u8, Vec<(&'static str, String)>),
    /// The port is closed.
    Refused,
    /// Reads requests and never answers, whatever is set later.
    BlackHole,
    /// Reads requests and answers them when another behaviour is set, as that one says.
    Hold,
    /// Breaks the connection after the first piece of the request's body.
    DieReading,
    /// Reads the whole request and breaks the connection in the middle of the answer.
    DieAnswering,
}

#[derive(Default)]
struct Records {
    /// Requests whose head arrived.
    hits: usize,
    received: Vec<Received>,
    /// What no exporter should ever send.
    faults: Vec<String>,
}

impl Records {
    fn accepted(&self) -> impl Iterator<Item = &Received> {
        self.received.iter().filter(|request| request.accepted)
    }
}

struct Shared {
    records: Mutex<Records>,
    changed: Condvar,
    behaviour: watch::Sender<Behaviour>,
}

/// The backend. Dropping it checks that it was hit as often as was said, at least once by default.
pub struct Upstream {
    server: Server,
    shared: Arc<Shared>,
    expected: (Bound<usize>, Bound<usize>),
}

impl Upstream {
    /// A backend that accepts everything.
    pub fn start() -> Self {
        Self::behaving(Behaviour::Accept)
    }

    /// A backend that begins with `behaviour`.
    pub fn behaving(behaviour: Behaviour) -> Self {
        let shared = Arc::new(Shared {
            records: Mutex::default(),
            changed: Condvar::new(),
            behaviour: watch::Sender::new(Behaviour::Accept),
        });
        let handler = shared.clone();
        let server = Server::start(move |request| handle(handler.clone(), request));
        let upstream = Self { server, shared, expected: (Bound::Included(1), Bound::Unbounded) };
        upstream.set_behaviour(behaviour);
        upstream
    }

    /// How many requests must have begun when the backend is dropped.
    pub fn expect_hits(mut self, hits: impl RangeBounds<usize>) -> Self {
        self.expected = (hits.start_bound().cloned(), hits.end_bound().cloned());
        self
    }

    /// No request may ever come.
    pub fn never_hit(self) -> Self {
        self.expect_hits(0..=0)
    }

    /// Changes what happens to requests from now on, on the same port.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        let refused = behaviour == Behaviour::Refused;
        if refused {
            self.server.close();
        }
        self.shared.behaviour.send_replace(behaviour);
        if !refused {
            self.server.open();
        }
    }

    /// The base URL, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.shared.records.lock().unwrap()
    }

    /// Requests whose head arrived, answered or not.
    pub fn hits(&self) -> usize {
        self.records().hits
    }

    /// All requests that were read to their end.
    pub fn received(&self) -> Vec<Received> {
        self.records().received.clone()
    }

    /// Those that were accepted.
    pub fn accepted(&self) -> Vec<Received> {
        self.records().accepted().cloned().collect()
    }

    /// Waits until so many requests have begun.
    #[track_caller]
    pub fn wait_for_hits(&self, hits: usize) {
        self.wait(&format!("{hits} requests to begin"), |records| records.hits >= hits);
    }

    /// Waits until so many requests have been read to their end.
    #[track_caller]
    pub fn wait_for_received(&self, requests: usize) {
        self.wait(&format!("{requests} whole requests"), |records| records.received.len() >= requests);
    }

    #[track_caller]
    fn wait(&self, what: &str, done: impl Fn(&Records) -> bool) {
        let waiting = |records: &mut Records| !done(records);
        let (records, wait) = self.shared.changed.wait_timeout_while(self.records(), PATIENCE, waiting).unwrap();
        let (hits, received) = (records.hits, records.received.len());
        drop(records);
        assert!(!wait.timed_out(), "waited for {what}; {hits} began and {received} came whole");
    }

    /// Every accepted span with its resource, in the order of arrival.
    pub fn spans_with_resources(&self) -> Vec<(Resource, Span)> {
        self.accepted().iter().flat_map(|request| request.export.spans()).collect()
    }

    /// Every accepted span, in the order of arrival.
    pub fn spans(&self) -> Vec<Span> {
        self.spans_with_resources().into_iter().map(|(_, span)| span).collect()
    }

    /// How often each span was accepted, by its id in hex.
    pub fn span_counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for span in self.spans() {
            *counts.entry(super::hex(&span.span_id)).or_default() += 1;
        }
        counts
    }

    /// Every accepted log record with its resource, in the order of arrival.
    pub fn log_records(&self) -> Vec<(Resource, LogRecord)> {
        self.accepted().iter().flat_map(|request| request.export.log_records()).collect()
    }

    /// Every accepted metric with its resource, in the order of arrival.
    pub fn metrics(&self) -> Vec<(Resource, Metric)> {
        self.accepted().iter().flat_map(|request| request.export.metrics()).collect()
    }

    /// Waits until a request of this signal has been read to its end.
    #[track_caller]
    pub fn wait_for_signal(&self, signal: Signal) {
        self.wait(&format!("a request of {signal:?}"), |records| {
            records.received.iter().any(|request| request.signal == signal)
        });
    }

    /// Waits until a log record of this event has been accepted.
    #[track_caller]
    pub fn wait_for_event(&self, event: &str) {
        self.wait(&format!("the event {event}"), |records| {
            let mut all = records.accepted().flat_map(|request| request.export.log_records());
            all.any(|(_, record)| record.event_name == event)
        });
    }

    /// Waits until a metric of this name has been accepted so often.
    #[track_caller]
    pub fn wait_for_metric(&self, name: &str, times: usize) {
        self.wait(&format!("{times} times the metric {name}"), |records| {
            let all = records.accepted().flat_map(|request| request.export.metrics());
            all.filter(|(_, metric)| metric.name == name).count() >= times
        });
    }

    /// Whether `text` stands anywhere in what was received, accepted or not: path, headers, body, decoded values.
    pub fn holds(&self, text: &str) -> bool {
        self.find(text).is_some()
    }

    /// The opposite of [`Upstream::holds`], and the place if it fails.
    #[track_caller]
    pub fn assert_nowhere(&self, text: &str) {
        if let Some(place) = self.find(text) {
            panic!("{text:?} reached the upstream: {place}");
        }
    }

    fn find(&self, text: &str) -> Option<String> {
        let received = self.received();
        let request = received.iter().find(|request| request.holds(text))?;
        Some(super::around(&format!("{:?}", request.export), text))
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let records = self.shared.records.lock().unwrap();
        assert!(records.faults.is_empty(), "the upstream got what is not OTLP: {:?}", records.faults);
        let (hits, expected) = (records.hits, self.expected);
        assert!(expected.contains(&hits), "the upstream was hit {hits} times instead of {expected:?}");
    }
}

async fn handle(shared: Arc<Shared>, request: Request<Incoming>) -> Answer {
    shared.records.lock().unwrap().hits += 1;
    shared.changed.notify_all();
    let (head, mut body) = request.into_parts();
    let mut behaviour = shared.behaviour.subscribe();
    let mut now = behaviour.borrow_and_update().clone();
    if now == Behaviour::DieReading {
        let _ = body.frame().await;
        return Err(died());
    }
    let bytes = body.collect().await.map_err(|_| died())?.to_bytes();
    let received = match exports::read(&head, &bytes) {
        Ok(received) => received,
        Err((status, fault)) => {
            shared.records.lock().unwrap().faults.push(fault);
            return Ok(Response::builder().status(status).body(Frames::none()).unwrap());
        }
    };
    let (signal, transport) = (received.signal, received.transport);
    let place = {
        let mut records = shared.records.lock().unwrap();
        records.received.push(received);
        records.received.len() - 1
    };
    shared.changed.notify_all();
    if now == Behaviour::Hold {
        now = behaviour.wait_for(|behaviour| *behaviour != Behaviour::Hold).await.map_err(|_| died())?.clone();
    }
    if let Behaviour::RefuseHolding(text) = now {
        let refused = shared.records.lock().unwrap().received[place].holds(text);
        now = match (refused, transport) {
            (false, _) => Behaviour::Accept,
            (true, Transport::Grpc) => Behaviour::GrpcStatus(INVALID_ARGUMENT, vec![]),
            (true, _) => Behaviour::Status(400, vec![]),
        };
    }
    if let Behaviour::TakeUpTo(most) = now {
        let large = shared.records.lock().unwrap().received[place].body.len() > most;
        now = match (large, transport) {
            (false, _) => Behaviour::Accept,
            (true, Transport::Grpc) => Behaviour::GrpcStatus(RESOURCE_EXHAUSTED, vec![]),
            (true, _) => Behaviour::Status(413, vec![]),
        };
    }
    if let Behaviour::TracesOnly(status) = now {
        now = if signal == Signal::Traces { Behaviour::Accept } else { Behaviour::Status(status, vec![]) };
    }
    if let Behaviour::Want(name, value) = &now {
        let right = shared.records.lock().unwrap().received[place].header(name) == value;
        now = match (right, transport) {
            (true, _) => Behaviour::Accept,
            (false, Transport::Grpc) => Behaviour::GrpcStatus(UNAUTHENTICATED, vec![]),
            (false, _) => Behaviour::Status(401, vec![]),
        };
    }
    if matches!(now, Behaviour::Accept | Behaviour::Reject(_)) {
        shared.records.lock().unwrap().received[place].accepted = true;
        shared.changed.notify_all();
    }
    answer(now, signal, transport).await
}

async fn answer(behaviour: Behaviour, signal: Signal, transport: Transport) -> Answer {
    let grpc = transport == Transport::Grpc;
    match behaviour {
        Behaviour::Accept => Ok(exports::accepted(transport)),
        Behaviour::Page => Ok(exports::page()),
        Behaviour::Reject(items) => Ok(exports::rejected(signal, transport, items)),
        Behaviour::Status(status, headers) => Ok(exports::http_status(status, &headers, transport)),
        Behaviour::GrpcStatus(code, headers) if grpc => Ok(exports::grpc_status(code, &headers)),
        Behaviour::GrpcStatus(_, headers) => Ok(exports::http_status(500, &headers, transport)),
        Behaviour::DieAnswering => Ok(exports::torn(transport)),
        Behaviour::DieReading | Behaviour::Refused => Err(died()),
        Behaviour::RefuseHolding(_)
        | Behaviour::TakeUpTo(_)
        | Behaviour::Want(..)
        | Behaviour::TracesOnly(_)
        | Behaviour::BlackHole
        | Behaviour::Hold => std::future::pending().await,
    }
}

impl Export {
    fn spans(&self) -> Vec<(Resource, Span)> {
        let Export::Traces(traces) = self else { return Vec::new() };
        let mut all = Vec::new();
        for group in &traces.resource_spans {
            let resource = group.resource.clone().unwrap_or_default();
            all.extend(
                group.scope_spans.iter().flat_map(|scope| &scope.spans).map(|span| (resource.clone(), span.clone())),
            );
        }
        all
    }

    fn log_records(&self) -> Vec<(Resource, LogRecord)> {
        let Export::Logs(logs) = self else { return Vec::new() };
        let mut all = Vec::new();
        for group in &logs.resource_logs {
            let resource = group.resource.clone().unwrap_or_default();
            let records = group.scope_logs.iter().flat_map(|scope| &scope.log_records);
            all.extend(records.map(|record| (resource.clone(), record.clone())));
        }
        all
    }

    fn metrics(&self) -> Vec<(Resource, Metric)> {
        let Export::Metrics(metrics) = self else { return Vec::new() };
        let mut all = Vec::new();
        for group in &metrics.resource_metrics {
            let resource = group.resource.clone().unwrap_or_default();
            let metrics = group.scope_metrics.iter().flat_map(|scope| &scope.metrics);
            all.extend(metrics.map(|metric| (resource.clone(), metric.clone())));
        }
        all
    }
}
