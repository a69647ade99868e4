//! From a decoded request to the log: transform, append, count. Whoever gets an answer has its data in the log.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::delivery::Source;
use crate::otlp::Signal;
use crate::otlp::wire::WireError;
use crate::signals::Totals;
use crate::store::facts::Intake;
use crate::store::log::{Frame, Kind};
use crate::transform::{StandIn, Transform};

/// Telemetry of otel-run itself: an export request in protobuf, and the items in it.
#[derive(Debug, Clone)]
pub struct Own {
    /// Its signal.
    pub signal: Signal,
    /// Items in it.
    pub items: u32,
    /// The request.
    pub request: Vec<u8>,
}

/// Why a batch was not recorded.
#[derive(Debug)]
pub enum Refusal {
    /// It is not what it says it is.
    Malformed(WireError),
    /// It could not be written.
    NotStored {
        /// How many items are lost to the log.
        items: u64,
        /// What the system said.
        error: std::io::Error,
    },
}

/// Everything that a run remembers while its collector is open.
pub struct Recorder {
    transform: Transform,
    source: Rc<Source>,
    intake: BTreeMap<Signal, Intake>,
    totals: Totals,
    last_error: Option<String>,
    ended: Vec<u8>,
}

impl Recorder {
    /// A recorder that appends to `source`.
    pub fn new(transform: Transform, source: Rc<Source>) -> Self {
        Self {
            transform,
            source,
            intake: BTreeMap::new(),
            totals: Totals::default(),
            last_error: None,
            ended: Vec::new(),
        }
    }

    /// Records one export request of the command.
    ///
    /// # Errors
    ///
    /// When it is malformed, or cannot be stored; it is counted then as well.
    pub fn record(&mut self, signal: Signal, request: &[u8]) -> Result<(), Refusal> {
        let mut frame = Frame::with_capacity(request.len() + request.len() / 4 + 256);
        let totals = &mut self.totals;
        let counts = self
            .transform
            .apply(signal, request, frame.buffer(), &mut |seen| totals.add_span(seen.scope, seen.name, seen.message))
            .map_err(Refusal::Malformed)?;
        let intake = self.intake.entry(signal).or_default();
        intake.received += u64::from(counts.unsampled);
        intake.unsampled += u64::from(counts.unsampled);
        if counts.kept == 0 {
            return Ok(());
        }
        self.append(signal, counts.kept, frame)
    }

    /// Records telemetry of otel-run itself, as it is.
    ///
    /// # Errors
    ///
    /// When it cannot be stored.
    pub fn record_own(&mut self, own: &Own) -> Result<(), Refusal> {
        self.append(own.signal, own.items, Frame::from(own.request.as_slice()))?;
        self.intake.entry(own.signal).or_default().own += u64::from(own.items);
        Ok(())
    }

    /// Notes how the command ended.
    ///
    /// # Errors
    ///
    /// When it cannot be stored.
    pub fn record_end(&mut self, ended: &[u8]) -> std::io::Result<()> {
        self.ended = ended.to_vec();
        self.source.append(Kind::Ended, 0, now(), Frame::from(ended))
    }

    /// Spans to stand in for parents that never came.
    ///
    /// # Errors
    ///
    /// When the log has to be read for it and cannot be.
    pub fn stand_ins(&mut self) -> std::io::Result<Vec<StandIn>> {
        let source = &self.source;
        self.transform.stand_ins(|came| {
            source.batches(Signal::Traces, |request| {
                // What is in the log was parsed when it was stored.
                let _ = crate::transform::each_span_id(request, came);
            })
        })
    }

    /// Roots of the command's traces that were linked, see [`Transform::linked_roots`].
    pub fn linked_roots(&self) -> &[([u8; 16], [u8; 8])] {
        self.transform.linked_roots()
    }

    /// What arrived so far.
    pub fn intake(&self) -> &BTreeMap<Signal, Intake> {
        &self.intake
    }

    /// What the command reported so far.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// What was noted of the end; empty before it.
    pub fn ended(&self) -> &[u8] {
        &self.ended
    }

    /// Why something could not be stored, if anything could not.
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    fn append(&mut self, signal: Signal, items: u32, frame: Frame) -> Result<(), Refusal> {
        let intake = self.intake.entry(signal).or_default();
        let count = u64::from(items);
        intake.received += count;
        match self.source.append(Kind::Batch(signal), items, now(), frame) {
            Ok(()) => {
                intake.stored += count;
                Ok(())
            }
            Err(error) => {
                intake.dropped += count;
                self.last_error = Some(error.to_string());
                Err(Refusal::NotStored { items: count, error })
            }
        }
    }
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos() as u64)
}
