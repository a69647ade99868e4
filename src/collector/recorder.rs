//! From a decoded request to the log: transform, append, count. Whoever gets an answer has its data in the log.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::delivery::Source;
use crate::otlp::Signal;
use crate::signals::Totals;
use crate::store::content::Kept;
use crate::store::facts::Intake;
use crate::store::log::{Frame, Kind};
use crate::transform::{Counts, StandIn, Transform, Unfit};

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

/// Why a batch of the command was not recorded.
#[derive(Debug)]
pub enum Refusal {
    /// It cannot be, however often it is sent.
    Unfit(Unfit),
    /// It could not be written, for the reason that the system gave.
    NotStored(std::io::Error),
}

/// Everything that a run remembers while its collector is open.
pub struct Recorder {
    transform: Transform,
    source: Rc<Source>,
    intake: BTreeMap<Signal, Intake>,
    totals: Totals,
    /// Where content stays, if it stays on this machine.
    kept: Option<Kept>,
    last_error: Option<String>,
    content_error: Option<String>,
    ended: Vec<u8>,
    /// Spans that were left out and are not noted in the log yet.
    unnoted: u64,
}

impl Recorder {
    /// A recorder that appends to `source`, and what is taken out of that to `kept`.
    pub fn new(transform: Transform, source: Rc<Source>, kept: Option<Kept>) -> Self {
        Self {
            transform,
            source,
            intake: BTreeMap::new(),
            totals: Totals::default(),
            kept,
            last_error: None,
            content_error: None,
            ended: Vec::new(),
            unnoted: 0,
        }
    }

    /// Records one export request of the command.
    ///
    /// # Errors
    ///
    /// When it is malformed, or cannot be stored. Nothing of it is counted or remembered then: its sender still has it, and
    /// may send it again.
    pub fn record(&mut self, signal: Signal, request: &[u8]) -> Result<(), Refusal> {
        let (request, redacted) = self.transform.without_secrets(signal, request).map_err(Refusal::Unfit)?;
        let before = self.totals.clone();
        let recorded = self.transform_and_append(signal, &request);
        match &recorded {
            Ok(()) => {
                self.transform.remember();
                self.count_redacted(signal, redacted);
            }
            Err(_) => self.totals = before,
        }
        recorded
    }

    fn transform_and_append(&mut self, signal: Signal, request: &[u8]) -> Result<(), Refusal> {
        let mut frame = Frame::with_capacity(request.len() + request.len() / 4 + 256);
        let totals = &mut self.totals;
        let Counts { kept, unsampled, thinned } = self
            .transform
            .apply(signal, request, frame.buffer(), &mut |seen| seen.add_to(totals))
            .map_err(Refusal::Unfit)?;
        let content = if kept > 0 { self.content(signal, request, frame.payload()) } else { None };
        let mut unnoted = self.unnoted + u64::from(thinned);
        if kept > 0 || thinned > 0 {
            if kept == 0 {
                frame = Frame::with_capacity(0);
            }
            let frame = frame.with_thinned(noted(&mut unnoted));
            if let Err(error) = self.source.append(Kind::Batch(signal), kept, now(), frame) {
                self.refused(signal);
                self.last_error = Some(error.to_string());
                return Err(Refusal::NotStored(error));
            }
        }
        self.unnoted = unnoted;
        if let (Some(content), Some(log)) = (content, &mut self.kept)
            && let Err(error) = log.append(signal, kept, now(), content)
        {
            self.content_error = Some(error.to_string());
        }
        let (stored, unsampled, thinned) = (u64::from(kept), u64::from(unsampled), u64::from(thinned));
        let intake = self.intake.entry(signal).or_default();
        intake.received += stored + unsampled + thinned;
        intake.unsampled += unsampled;
        intake.thinned += thinned;
        intake.stored += stored;
        Ok(())
    }

    fn count_redacted(&mut self, signal: Signal, redacted: u32) {
        // Most requests hold no secret, and a signal that has no counts yet gets none by this.
        if redacted > 0 {
            self.intake.entry(signal).or_default().redacted += u64::from(redacted);
        }
    }

    /// The batch with its content, if that stays here and there is any: `sent` is without.
    fn content(&mut self, signal: Signal, request: &[u8], sent: &[u8]) -> Option<Frame> {
        self.kept.as_ref()?;
        let mut frame = Frame::with_capacity(request.len() + request.len() / 4 + 256);
        self.transform.apply_with_content(signal, request, frame.buffer()).ok()?;
        (frame.payload() != sent).then_some(frame)
    }

    /// Counts a request of the command whose sender was told to come again.
    pub fn refused(&mut self, signal: Signal) {
        self.intake.entry(signal).or_default().refused_requests += 1;
    }

    /// Records telemetry of otel-run itself, as it is but for secrets.
    ///
    /// # Errors
    ///
    /// When it cannot be stored. It is lost then, and counted as that.
    pub fn record_own(&mut self, own: &Own) -> std::io::Result<()> {
        let Own { signal, items, ref request } = *own;
        let blanked = self.transform.without_secrets(signal, request).map_err(std::io::Error::other);
        let stored = blanked.and_then(|(request, redacted)| {
            self.source.append(Kind::Batch(signal), items, now(), Frame::from(request.as_ref()))?;
            Ok(redacted)
        });
        let intake = self.intake.entry(signal).or_default();
        intake.received += u64::from(items);
        match &stored {
            Ok(redacted) => {
                intake.stored += u64::from(items);
                intake.own += u64::from(items);
                intake.redacted += u64::from(*redacted);
            }
            Err(error) => {
                intake.dropped += u64::from(items);
                self.last_error = Some(error.to_string());
            }
        }
        stored.map(drop)
    }

    /// Notes how the command ended.
    ///
    /// # Errors
    ///
    /// When it cannot be stored.
    pub fn record_end(&mut self, ended: &[u8]) -> std::io::Result<()> {
        while self.unnoted > 0 {
            let frame = Frame::with_capacity(0).with_thinned(noted(&mut self.unnoted));
            self.source.append(Kind::Batch(Signal::Traces), 0, now(), frame)?;
        }
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

    /// The agent's version, see [`Transform::agent_version`].
    pub fn agent_version(&self) -> Option<&str> {
        self.transform.agent_version()
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

    /// Why content that was to stay on this machine could not be stored, if any could not.
    pub fn content_error(&self) -> Option<&str> {
        self.content_error.as_deref()
    }

    /// Why something could not be stored, if anything could not.
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }
}

/// What one record can note of spans that were left out; the rest is left to the next one.
fn noted(unnoted: &mut u64) -> u16 {
    let noted = u16::try_from(*unnoted).unwrap_or(u16::MAX);
    *unnoted -= u64::from(noted);
    noted
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos() as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
    use prost::Message;

    use super::*;
    use crate::settings::{Content, GenAi, Nest};
    use crate::signals::Housekeeping;
    use crate::store::Log;
    use crate::transform::Rules;

    fn recorder() -> Recorder {
        let rules = Rules {
            nest: Nest::Adopt,
            content: Content::Off,
            left_out: Some(Housekeeping::default()),
            genai: GenAi::Add,
            newest_genai: false,
            trace_id: [1; 16],
            span_id: [2; 8],
            sampled: true,
            service_name: None,
            agent: None,
            resource_attributes: Vec::new(),
            secrets: std::sync::Arc::default(),
        };
        Recorder::new(Transform::new(rules), Rc::new(Source::new(Log::in_memory())), None)
    }

    /// One call of a model, whose parent is somebody else, with a state of so many bytes.
    fn model_call(length: usize) -> Vec<u8> {
        let model = any_value::Value::StringValue("model".into());
        let attributes = vec![KeyValue {
            key: "ai.model.id".into(),
            value: Some(AnyValue { value: Some(model) }),
            ..KeyValue::default()
        }];
        let span = Span {
            trace_id: vec![9; 16],
            span_id: vec![8; 8],
            parent_span_id: vec![7; 8],
            trace_state: "x".repeat(length),
            name: "ai.streamText.doStream".into(),
            attributes,
            ..Span::default()
        };
        let scope = InstrumentationScope { name: "opencode".into(), ..InstrumentationScope::default() };
        let spans = ScopeSpans { scope: Some(scope), spans: vec![span], ..ScopeSpans::default() };
        let resource_spans = vec![ResourceSpans { scope_spans: vec![spans], ..ResourceSpans::default() }];
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }

    /// Counts, calls of models, and stand-ins so far.
    fn remembered(recorder: &mut Recorder) -> (Intake, u64, usize) {
        let intake = recorder.intake().get(&Signal::Traces).copied().unwrap_or_default();
        (intake, recorder.totals().model_calls, recorder.stand_ins().unwrap().len())
    }

    #[test]
    fn what_is_recorded_is_counted_once() {
        let mut recorder = recorder();
        recorder.record(Signal::Traces, &model_call(0)).unwrap();
        let intake = Intake { received: 1, stored: 1, ..Intake::default() };
        assert_eq!(remembered(&mut recorder), (intake, 1, 1));
    }

    #[test]
    fn what_is_left_out_is_counted_and_noted_in_the_log() {
        let mut recorder = recorder();
        // More than one record can note, with one that stays among them.
        let many = u32::from(u16::MAX) + 5;
        let mut spans = ExportTraceServiceRequest::decode(&*model_call(0)).unwrap();
        let scope = &mut spans.resource_spans[0].scope_spans[0];
        let housekeeping = |number: u32| Span {
            span_id: [[1; 4], number.to_be_bytes()].concat(),
            name: "sql.execute".into(),
            ..Span::default()
        };
        scope.spans.extend((0..many).map(housekeeping));
        recorder.record(Signal::Traces, &spans.encode_to_vec()).unwrap();
        let thinned = u64::from(many);
        let intake = Intake { received: thinned + 1, stored: 1, thinned, ..Intake::default() };
        assert_eq!(remembered(&mut recorder), (intake, 1, 1));
        recorder.record_end(b"{}").unwrap();

        let log = Rc::into_inner(std::mem::replace(&mut recorder.source, Rc::new(Source::new(Log::in_memory()))))
            .unwrap()
            .into_log();
        let (mut at, mut noted) = (Log::start(), Intake::default());
        while let Some(header) = log.read(at, &mut Vec::new()).unwrap() {
            at += header.record_length();
            if header.kind == Kind::Batch(Signal::Traces) {
                noted.add(&header);
            }
        }
        assert_eq!(noted, intake);
    }

    #[test]
    fn nothing_is_remembered_of_what_is_refused() {
        let mut recorder = recorder();
        let mut broken = model_call(0);
        broken.push(0x0a);
        assert!(matches!(recorder.record(Signal::Traces, &broken), Err(Refusal::Unfit(Unfit::Malformed(_)))));
        assert_eq!(remembered(&mut recorder), (Intake::default(), 0, 0));

        // One takes most of what a log in memory holds; then there is no room for the other.
        let most = model_call(40 << 20);
        recorder.record_own(&Own { signal: Signal::Traces, items: 2, request: most.clone() }).unwrap();
        for refused_requests in 1..3 {
            assert!(matches!(recorder.record(Signal::Traces, &most), Err(Refusal::NotStored(_))));
            let intake = Intake { received: 2, stored: 2, own: 2, refused_requests, ..Intake::default() };
            assert_eq!(remembered(&mut recorder), (intake, 0, 0));
        }
        assert!(recorder.last_error().is_some());
        // Sent again, and smaller.
        recorder.record(Signal::Traces, &model_call(0)).unwrap();
        let intake = Intake { received: 3, stored: 3, own: 2, refused_requests: 2, ..Intake::default() };
        assert_eq!(remembered(&mut recorder), (intake, 1, 1));
    }

    #[test]
    fn what_is_otel_runs_own_is_lost_where_it_cannot_be_stored() {
        let mut recorder = recorder();
        let large = Own { signal: Signal::Logs, items: 3, request: vec![0; 65 << 20] };
        recorder.record_own(&large).unwrap_err();
        let intake = Intake { received: 3, dropped: 3, ..Intake::default() };
        assert_eq!(recorder.intake().get(&Signal::Logs), Some(&intake));
    }
}
