//! From the batch as it came to the batch as it is stored: nested under the run, enriched, without content, and without
//! housekeeping where that is wanted.
//!
//! The transforms work on the protobuf wire format in one pass. What they do not change is copied as it came, so fields
//! that this program does not know survive.

pub mod content;
mod genai;
mod ids;
mod logs;
mod metrics;
mod orphans;
mod redact;
mod resource;
mod spans;
#[cfg(test)]
mod tests;
mod thin;

pub use genai::OwnWords;
use ids::Id;
pub use orphans::StandIn;
use orphans::{Orphans, Roots, Sighting};
use thin::{Thinned, Thinning};

use std::borrow::Cow;
use std::sync::Arc;

use crate::otlp::Signal;
use crate::otlp::wire::{Reader, WireError, put_message, read_varint};
use crate::secret::Secrets;
use crate::settings::{Content, GenAi, Nest};
use crate::signals::{Activity, Housekeeping, Totals};

/// What the transforms are to do, the same for all batches of a run.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How the command's telemetry is put under the run's span.
    pub nest: Nest,
    /// Whether prompts, answers, tool arguments and the like stay.
    pub content: Content,
    /// The spans that are left out; none where every span stays.
    pub left_out: Option<Housekeeping>,
    /// How the conventional names for GenAI come in.
    pub genai: GenAi,
    /// Whether these are the newest names, of which no release has been made yet.
    pub newest_genai: bool,
    /// The run's trace id.
    pub trace_id: [u8; 16],
    /// The run's span id.
    pub span_id: [u8; 8],
    /// Whether the run's trace is sampled. If it is not, adopted spans are not kept either.
    pub sampled: bool,
    /// `service.name` for everything, if the user chose one.
    pub service_name: Option<String>,
    /// The agent, if the command is one that is known.
    pub agent: Option<Agent>,
    /// Resource attributes that are added where they are missing.
    pub resource_attributes: Vec<(String, String)>,
    /// What is blanked in every text.
    pub secrets: Arc<Secrets>,
}

/// Who the agent is, and what its resources are to say of it.
#[derive(Debug, Clone)]
pub struct Agent {
    /// What it calls its services.
    pub services: &'static [&'static str],
    /// Whether the `service.version` of these is its own version.
    pub tells_version: bool,
    /// Its version, where something else tells it.
    pub version: Option<String>,
    /// `service.instance.id` of these.
    pub instance_id: String,
    /// Its instrumentation scopes: names, or how they begin with `*` behind it.
    pub scopes: &'static [&'static str],
    /// The scope under which the tables know what stands in `scopes`, and what other scopes of `services` hold; none where
    /// they do not.
    pub known_as: Option<&'static str>,
    /// Attributes that hold content in its data, beside those that are known of all: a name, or a name with `.*` behind it
    /// for itself and all below it.
    pub content: &'static [&'static str],
    /// What it calls what the GenAI conventions have names for, beside what is known of all.
    pub words: OwnWords,
}

impl Agent {
    fn has_scope(&self, scope: &[u8]) -> bool {
        self.scopes.iter().any(|name| match name.strip_suffix('*') {
            Some(start) => scope.starts_with(start.as_bytes()),
            None => scope == name.as_bytes(),
        })
    }
}

/// A span as it leaves the transforms.
#[derive(Debug, Clone, Copy)]
pub struct SpanSeen<'a> {
    /// The name of its instrumentation scope.
    pub scope: &'a [u8],
    /// Its name.
    pub name: &'a [u8],
    /// The whole `Span` message.
    pub message: &'a [u8],
    /// What it reports, if anything, where that is known already.
    pub reports: Option<Option<&'a Activity>>,
}

impl SpanSeen<'_> {
    /// Counts what it reports.
    pub fn add_to(self, totals: &mut Totals) {
        match self.reports {
            Some(reports) => reports.into_iter().for_each(|activity| totals.add(activity)),
            None => totals.add_span(self.scope, self.name, self.message),
        }
    }
}

/// What a batch held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spans, data points or log records that are in the result.
    pub kept: u32,
    /// Spans that were left out because the run's trace is not sampled.
    pub unsampled: u32,
    /// Spans that were left out because they are housekeeping.
    pub thinned: u32,
}

impl Counts {
    /// Whether all that came since `before` is housekeeping, so that nothing is left of a group.
    fn only_thinned_since(&self, before: Counts) -> bool {
        self.thinned > before.thinned && self.kept == before.kept
    }
}

/// What is made of one request is never larger. Small items grow most: ids of the run's trace are put into each.
pub const LARGEST_RESULT: usize = 256 << 20;

/// Why a request cannot be transformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is not protobuf of its signal.
    #[error(transparent)]
    Malformed(#[from] WireError),
    /// The result would be larger than [`LARGEST_RESULT`].
    #[error("with what otel-run adds to its items it would be larger than {} MiB", LARGEST_RESULT >> 20)]
    TooLarge,
}

/// The transforms of one run, with what they have to remember between batches.
#[derive(Debug)]
pub struct Transform {
    rules: Rules,
    orphans: Orphans,
    roots: Roots,
    agent_version: Option<String>,
    thinning: Thinning,
    sighted: Sighted,
}

/// What the last batch adds to what is remembered.
#[derive(Debug, Default)]
struct Sighted {
    spans: Vec<Sighting>,
    roots: Vec<([u8; 16], [u8; 8])>,
    agent_version: Option<String>,
    /// What is to be left out of the batch, which is known before the rest is written.
    thinned: Thinned,
    /// What was left out, in its order.
    left_out: Vec<(Id, Option<Id>)>,
    /// What was named otherwise than as a parent.
    named: Vec<Id>,
}

impl Sighted {
    fn clear(&mut self) {
        self.spans.clear();
        self.roots.clear();
        self.agent_version = None;
        self.thinned.clear();
        self.left_out.clear();
        self.named.clear();
    }

    fn shrink(&mut self) {
        self.spans.shrink_to(SIGHTINGS_KEPT);
        self.roots.shrink_to(SIGHTINGS_KEPT);
        self.thinned.clear();
        self.thinned.shrink_to(SIGHTINGS_KEPT);
        self.left_out.shrink_to(SIGHTINGS_KEPT);
        self.named.shrink_to(SIGHTINGS_KEPT);
    }
}

/// So much of the room for sightings is kept from one batch to the next.
const SIGHTINGS_KEPT: usize = 1 << 12;

impl Transform {
    /// Transforms for a run, before its first batch.
    pub fn new(rules: Rules) -> Self {
        let orphans = Orphans::new(rules.span_id);
        let (roots, thinning, sighted) = (Roots::default(), Thinning::default(), Sighted::default());
        Self { rules, orphans, roots, agent_version: None, thinning, sighted }
    }

    /// `request` with every secret blanked, and how many they were. This comes before anything else is done with it.
    ///
    /// # Errors
    ///
    /// When it holds one, and is not protobuf of that signal or would become too large.
    pub fn without_secrets<'a>(&self, signal: Signal, request: &'a [u8]) -> Result<(Cow<'a, [u8]>, u32), Unfit> {
        let blanked = redact::blanked(&self.rules.secrets, signal, request)?;
        Ok(blanked.map_or((Cow::Borrowed(request), 0), |(request, count)| (Cow::Owned(request), count)))
    }

    /// Transforms one export request and appends the result to `out`; each span is shown to `observe`. What is seen in it is
    /// not remembered before [`Transform::remember`].
    ///
    /// # Errors
    ///
    /// When `request` is not protobuf of that signal, or its result would be too large; `out` then holds part of a result
    /// and is to be thrown away.
    pub fn apply(
        &mut self,
        signal: Signal,
        request: &[u8],
        out: &mut Vec<u8>,
        observe: &mut dyn FnMut(SpanSeen<'_>),
    ) -> Result<Counts, Unfit> {
        let Self { rules, orphans, thinning, sighted, .. } = self;
        sighted.clear();
        if let Some(housekeeping) = rules.thins().filter(|_| signal == Signal::Traces) {
            let is_needed = |span_id| orphans.awaits(span_id) || thinning.is_named(span_id);
            thin::find(rules, housekeeping, request, is_needed, &mut sighted.thinned)?;
        }
        let (strips, most) = (rules.content != Content::On, out.len() + LARGEST_RESULT);
        let (counts, noted) = (Counts::default(), Noted::default());
        let pass = Pass { rules, thinning, sighted, observe, counts, noted, strips, most };
        pass.request(signal, request, out)
    }

    /// The batch that was given to [`Transform::apply`] just now once more, with content left in, for where the rules keep
    /// that on this machine. Nothing is observed, and nothing is seen twice. Whoever sends a batch sends what `apply` made of
    /// it.
    ///
    /// # Errors
    ///
    /// As [`Transform::apply`].
    pub fn apply_with_content(&mut self, signal: Signal, request: &[u8], out: &mut Vec<u8>) -> Result<(), Unfit> {
        let Self { rules, thinning, sighted, .. } = self;
        // What was left out is left out here as well.
        let mut again = Sighted { thinned: std::mem::take(&mut sighted.thinned), ..Sighted::default() };
        let (observe, counts, noted) = (&mut |_: SpanSeen<'_>| {}, Counts::default(), Noted::default());
        let most = out.len() + LARGEST_RESULT;
        let pass = Pass { rules, thinning, sighted: &mut again, observe, counts, noted, strips: false, most };
        let passed = pass.request(signal, request, out);
        sighted.thinned = again.thinned;
        passed.map(drop)
    }

    /// Remembers what was seen in the last batch: its result is kept.
    pub fn remember(&mut self) {
        for span in self.sighted.spans.drain(..) {
            self.orphans.saw(span);
        }
        for (trace_id, span_id) in self.sighted.roots.drain(..) {
            self.roots.add(trace_id, span_id);
        }
        if self.agent_version.is_none() {
            self.agent_version = self.sighted.agent_version.take();
        }
        for (span_id, parent) in self.sighted.left_out.drain(..) {
            self.thinning.left_out(span_id, parent);
        }
        for span_id in self.sighted.named.drain(..) {
            self.thinning.named(span_id);
        }
        self.sighted.shrink();
    }

    /// Spans to put in place of parents that were named and never came, oldest first. `confirm` is asked which of the
    /// candidate ids did come after all, where there were too many spans to remember them all.
    pub fn stand_ins<E>(
        &mut self,
        confirm: impl FnOnce(&mut dyn FnMut([u8; 8])) -> Result<(), E>,
    ) -> Result<Vec<StandIn>, E> {
        match self.rules.nest {
            Nest::Adopt => self.orphans.stand_ins(confirm),
            Nest::Link | Nest::Off => Ok(Vec::new()),
        }
    }

    /// The version that the agent gave as its own, the first one that it gave.
    pub fn agent_version(&self) -> Option<&str> {
        self.agent_version.as_deref()
    }

    /// Trace id and span id of the roots that were linked to the run's span, to be linked from there.
    pub fn linked_roots(&self) -> &[([u8; 16], [u8; 8])] {
        self.roots.linked()
    }
}

/// One pass over one batch.
struct Pass<'a> {
    rules: &'a Rules,
    /// What was left out of earlier batches.
    thinning: &'a Thinning,
    sighted: &'a mut Sighted,
    observe: &'a mut dyn FnMut(SpanSeen<'_>),
    counts: Counts,
    noted: Noted,
    /// Whether content is taken out.
    strips: bool,
    /// The length beyond which the result does not grow.
    most: usize,
}

/// The trace that the last adopted span came from, and the attribute that says so; an empty one where there is nothing to say.
#[derive(Default)]
struct Noted {
    trace_id: Vec<u8>,
    attribute: Vec<u8>,
}

impl Rules {
    /// The name under which the tables know the scope `scope`.
    fn scope_known_as<'a>(&self, scope: &'a [u8]) -> &'a [u8] {
        let agent = self.agent.as_ref().filter(|agent| agent.has_scope(scope));
        agent.and_then(|agent| agent.known_as).map_or(scope, str::as_bytes)
    }

    /// The name under which the tables know the service `service`.
    fn service_known_as<'a>(&self, service: &'a [u8]) -> &'a [u8] {
        let agent = self.agent.as_ref().filter(|agent| agent.services.iter().any(|name| name.as_bytes() == service));
        agent.and_then(|agent| agent.known_as).map_or(service, str::as_bytes)
    }

    /// What is left out, if anything can be: adopted spans of a trace that is not sampled go as it is.
    fn thins(&self) -> Option<&Housekeeping> {
        self.left_out.as_ref().filter(|_| self.sampled || self.nest != Nest::Adopt)
    }
}

impl Pass<'_> {
    fn request(mut self, signal: Signal, request: &[u8], out: &mut Vec<u8>) -> Result<Counts, Unfit> {
        for field in Reader::new(request) {
            let field = field?;
            match field.value.bytes() {
                Some(group) if field.number == 1 => {
                    let (start, before) = (out.len(), self.counts);
                    put_message(out, 1, group.len() + 64, |out| self.resource_group(signal, group, out))?;
                    if self.counts.only_thinned_since(before) {
                        out.truncate(start);
                    }
                }
                _ => out.extend_from_slice(field.raw),
            }
            self.fits(out)?;
        }
        Ok(self.counts)
    }

    fn thins(&self) -> bool {
        self.rules.thins().is_some()
    }

    fn strips_content(&self) -> bool {
        self.strips
    }

    /// Whether the result may grow on.
    fn fits(&self, out: &[u8]) -> Result<(), Unfit> {
        if out.len() > self.most { Err(Unfit::TooLarge) } else { Ok(()) }
    }

    /// Whether an id of a trace, as it came, has to become the run's.
    fn must_adopt(&self, trace_id: &[u8]) -> bool {
        self.rules.nest == Nest::Adopt && trace_id != self.rules.trace_id
    }
}

/// Whether an id field stands for no id at all.
fn is_absent(id: &[u8]) -> bool {
    id.iter().all(|byte| *byte == 0)
}

/// Appends a string attribute as field `number` of its owner.
fn put_attribute(out: &mut Vec<u8>, number: u32, key: &str, value: &str) {
    use crate::otlp::wire::put_string_field;
    put_message(out, number, key.len() + value.len() + 6, |out| {
        put_string_field(out, 1, key);
        put_message(out, 2, value.len() + 2, |out| put_string_field(out, 1, value));
    });
}

/// Notes on an adopted item which trace it came from.
fn put_original_trace(out: &mut Vec<u8>, number: u32, trace_id: &[u8]) {
    put_id(out, number, "otel_run.original_trace_id", trace_id);
}

/// Appends an attribute that holds an id of at most 16 bytes.
fn put_id(out: &mut Vec<u8>, number: u32, key: &str, id: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [0; 32];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(id) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    let digits = &hex[..2 * id.len().min(16)];
    put_attribute(out, number, key, std::str::from_utf8(digits).unwrap_or_default());
}

/// What is in each field `number` of `message`.
fn messages(message: &[u8], number: u32) -> impl Iterator<Item = Result<&[u8], WireError>> {
    Reader::new(message).filter_map(move |field| match field {
        Ok(field) if field.number == number => field.value.bytes().map(Ok),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

/// The message in field `number` of `message`: what the field holds, one behind the other where it occurs several times
/// (protobuf encoding, "Last One Wins": messages are merged); none where it does not occur.
fn submessage(message: &[u8], number: u32) -> Result<Option<Cow<'_, [u8]>>, WireError> {
    let mut merged: Option<Cow<'_, [u8]>> = None;
    for field in Reader::new(message) {
        let field = field?;
        if let (true, Some(bytes)) = (field.number == number, field.value.bytes()) {
            match &mut merged {
                None => merged = Some(Cow::Borrowed(bytes)),
                Some(merged) => merged.to_mut().extend_from_slice(bytes),
            }
        }
    }
    Ok(merged)
}

/// The key of a `KeyValue` message.
#[inline]
fn attribute_key(key_value: &[u8]) -> Result<&[u8], WireError> {
    // Every known exporter writes the key first, and short, and behind it the value.
    if let [0x0a, length, rest @ ..] = key_value
        && *length < 0x80
        && let Some((key, value)) = rest.split_at_checked(usize::from(*length))
        && is_value_alone(value)
    {
        return Ok(key);
    }
    let mut key: &[u8] = &[];
    for field in Reader::new(key_value) {
        let field = field?;
        if field.number == 1 {
            key = field.value.bytes().unwrap_or_default();
        }
    }
    Ok(key)
}

/// Whether there is nothing but one field 2: another key behind it would be the one that counts.
#[inline]
fn is_value_alone(fields: &[u8]) -> bool {
    let Some((0x12, mut rest)) = fields.split_first() else { return fields.is_empty() };
    read_varint(&mut rest).is_ok_and(|length| length == rest.len() as u64)
}

/// The text of a `KeyValue` message; empty where the value is not a string.
fn attribute_text(key_value: &[u8]) -> Result<&[u8], WireError> {
    let mut text: &[u8] = &[];
    for field in Reader::new(key_value) {
        let field = field?;
        if let (2, Some(any)) = (field.number, field.value.bytes()) {
            for field in Reader::new(any) {
                let field = field?;
                match field.number {
                    1 => text = field.value.bytes().unwrap_or_default(),
                    // The other members of the oneof.
                    2..=8 => text = &[],
                    _ => {}
                }
            }
        }
    }
    Ok(text)
}

/// Calls `each` with the id of every span in an export request of traces.
///
/// # Errors
///
/// When `request` is not protobuf.
pub fn each_span_id(request: &[u8], each: &mut dyn FnMut([u8; 8])) -> Result<(), WireError> {
    for resource_spans in messages(request, 1) {
        for scope_spans in messages(resource_spans?, 2) {
            for span in messages(scope_spans?, 2) {
                for id in messages(span?, 2) {
                    if let Ok(id) = id?.try_into() {
                        each(id);
                    }
                }
            }
        }
    }
    Ok(())
}
