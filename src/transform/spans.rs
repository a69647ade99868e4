//! Spans: adopted or linked, without content, in the words of the GenAI conventions.

use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use super::content::{self, ErrorText, Place};
use super::genai::Translated;
use super::orphans::Sighting;
use super::resource::Origin;
use super::thin::Above;
use super::{Pass, SpanSeen, attribute_key, is_absent, put_id, put_original_trace};
use crate::otlp::wire::{
    Kept, Reader, Value, WireError, close_message, open_message, put_bytes_field, put_fixed32_field, put_message,
    put_string_field, put_varint_field,
};
use crate::settings::Nest;
use crate::signals::OfScope;

/// `SpanFlags`: "it is known whether the parent is remote" and "the parent is remote" (opentelemetry-proto,
/// `trace.proto`).
const PARENT_IS_REMOTE: u32 = 0x300;

/// The fields of a `Span` that decide what happens to it.
#[derive(Default)]
pub(super) struct Identity<'a> {
    trace_id: &'a [u8],
    pub(super) span_id: &'a [u8],
    pub(super) parent: &'a [u8],
    pub(super) name: &'a [u8],
    start: u64,
    end: u64,
    flags: u32,
}

impl<'a> Identity<'a> {
    pub(super) fn read(span: &'a [u8]) -> Result<Self, WireError> {
        let mut identity = Self::default();
        for field in Reader::new(span) {
            let field = field?;
            match (field.number, field.value) {
                (1, Value::Bytes(bytes)) => identity.trace_id = bytes,
                (2, Value::Bytes(bytes)) => identity.span_id = bytes,
                (4, Value::Bytes(bytes)) => identity.parent = if is_absent(bytes) { &[] } else { bytes },
                (5, Value::Bytes(bytes)) => identity.name = bytes,
                (7, Value::Fixed64(time)) => identity.start = time,
                (8, Value::Fixed64(time)) => identity.end = time,
                (16, Value::Fixed32(flags)) => identity.flags = flags,
                _ => {}
            }
        }
        Ok(identity)
    }
}

impl Pass<'_> {
    /// Appends a `Span` as field 2 of its scope, unless it is left out.
    pub(super) fn span(
        &mut self,
        origin: Origin<'_>,
        housekeeping: Option<OfScope<'_>>,
        span: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let identity = Identity::read(span)?;
        let adopted = self.rules.nest == Nest::Adopt;
        if adopted && !self.rules.sampled {
            self.counts.unsampled += 1;
            return Ok(());
        }
        if self.leaves_out(housekeeping, &identity, span) {
            return Ok(());
        }
        let named = identity.parent;
        let above = self.above(named);
        let parent: &[u8] = match &above {
            Above::Itself => named,
            // Where ids go round in a circle.
            Above::Kept(parent) if parent[..] == *identity.span_id => &[],
            Above::Kept(parent) => parent,
            Above::Nothing => &[],
        };
        let moved = above != Above::Itself;
        let identity = Identity { parent, ..identity };
        let root = identity.parent.is_empty();
        let read = self.read(origin, identity.name, span);
        let translated = read.translated.as_ref();
        let renamed = translated.and_then(|translated| translated.name.as_deref());
        let kind = translated.and_then(|translated| translated.kind);
        let mut failed = translated.is_some_and(|translated| translated.failed);
        let open = open_message(out, 2, span.len() + 64);
        let start = out.len();
        if adopted {
            put_bytes_field(out, 1, &self.rules.trace_id);
        }
        let mut kept = Kept::of(span);
        for field in Reader::new(span) {
            let field = field?;
            let stays = match (field.number, field.value.bytes()) {
                (1 | 4, _) if adopted => false,
                (4, _) if moved => false,
                (16, _) if adopted && root => false,
                (5, _) if renamed.is_some() => false,
                (6, _) if kind.is_some() => false,
                (9, Some(key_value)) => {
                    !is_removed(translated, key_value)? && self.keeps(origin, Place::Span, identity.name, &field)?
                }
                (11, Some(event)) => {
                    kept.leave_out(&field, out);
                    put_message(out, 11, event.len(), |out| self.event(origin, identity.name, event, out))?;
                    continue;
                }
                (13, Some(link)) => {
                    kept.leave_out(&field, out);
                    put_message(out, 13, link.len() + 64, |out| self.link(origin, link, out))?;
                    continue;
                }
                (15, Some(status)) => {
                    kept.leave_out(&field, out);
                    put_message(out, 15, status.len() + 2, |out| {
                        self.status(origin, identity.name, status, failed, out)
                    })?;
                    failed = false;
                    continue;
                }
                _ => true,
            };
            match stays {
                true => kept.keep(&field),
                false => kept.leave_out(&field, out),
            }
        }
        kept.append(out);
        if let Some(translated) = translated {
            if let Some(name) = renamed {
                put_string_field(out, 5, name);
            }
            if let Some(kind) = kind {
                put_varint_field(out, 6, kind as u64);
            }
            out.extend_from_slice(&translated.attributes);
            if failed {
                put_message(out, 15, 2, |out| put_varint_field(out, 3, StatusCode::Error as u64));
            }
        }
        match self.rules.nest {
            Nest::Adopt => self.adopt(&identity, out),
            Nest::Link | Nest::Off if moved && !root => put_bytes_field(out, 4, parent),
            Nest::Link if root && identity.trace_id != self.rules.trace_id => self.link_root(&identity, out),
            Nest::Link | Nest::Off => {}
        }
        if moved {
            put_id(out, 9, "otel_run.original_parent_id", named);
        }
        if adopted || self.thins() {
            self.sight(&identity);
        }
        let name = renamed.map_or(identity.name, str::as_bytes);
        let reports = read.reports.as_ref().map(Option::as_ref);
        (self.observe)(SpanSeen { scope: origin.scope, name, message: &out[start..], reports });
        close_message(out, open);
        self.counts.kept += 1;
        Ok(())
    }

    /// Writes the parent, and on a root its flags; notes where the span came from.
    fn adopt(&mut self, identity: &Identity<'_>, out: &mut Vec<u8>) {
        let root = identity.parent.is_empty();
        let parent = if root { &self.rules.span_id[..] } else { identity.parent };
        put_bytes_field(out, 4, parent);
        if root {
            put_fixed32_field(out, 16, identity.flags | PARENT_IS_REMOTE);
        }
        self.note_original_trace(identity.trace_id, out);
    }

    /// The same note on one span after the other is written once.
    fn note_original_trace(&mut self, trace_id: &[u8], out: &mut Vec<u8>) {
        if self.noted.trace_id != trace_id {
            self.noted.trace_id.clear();
            self.noted.trace_id.extend_from_slice(trace_id);
            self.noted.attribute.clear();
            if self.must_adopt(trace_id) && !is_absent(trace_id) {
                put_original_trace(&mut self.noted.attribute, 9, trace_id);
            }
        }
        out.extend_from_slice(&self.noted.attribute);
    }

    /// Notes that a span came, and which one it names as its parent.
    fn sight(&mut self, identity: &Identity<'_>) {
        // The run's span is always there.
        let parent = if identity.parent.is_empty() { &self.rules.span_id[..] } else { identity.parent };
        if let (Ok(span_id), Ok(parent)) = (identity.span_id.try_into(), parent.try_into()) {
            let (start_unix_nano, end_unix_nano) = (identity.start, identity.end);
            self.sighted.spans.push(Sighting { span_id, parent, start_unix_nano, end_unix_nano });
        }
    }

    /// Links a root to the run's span, and remembers it for the link back.
    fn link_root(&mut self, identity: &Identity<'_>, out: &mut Vec<u8>) {
        put_message(out, 13, 34, |out| {
            put_bytes_field(out, 1, &self.rules.trace_id);
            put_bytes_field(out, 2, &self.rules.span_id);
            put_fixed32_field(out, 6, PARENT_IS_REMOTE | u32::from(self.rules.sampled));
        });
        if let (Ok(trace_id), Ok(span_id)) = (identity.trace_id.try_into(), identity.span_id.try_into()) {
            self.sighted.roots.push((trace_id, span_id));
        }
    }

    /// `Event`: the name is field 2, attributes are field 3.
    fn event(&mut self, origin: Origin<'_>, span: &[u8], event: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
        let mut name: &[u8] = &[];
        for field in Reader::new(event) {
            let field = field?;
            if let (2, Some(bytes)) = (field.number, field.value.bytes()) {
                name = bytes;
            }
        }
        // What an exception says depends on what the span was doing.
        let owner = if name == b"exception" { span } else { name };
        for field in Reader::new(event) {
            let field = field?;
            if field.number != 3 || self.keeps(origin, Place::SpanEvent, owner, &field)? {
                out.extend_from_slice(field.raw);
            }
        }
        Ok(())
    }

    /// `Link`: the trace id is field 1, attributes are field 4.
    fn link(&mut self, origin: Origin<'_>, link: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
        let mut foreign: &[u8] = &[];
        for field in Reader::new(link) {
            let field = field?;
            match (field.number, field.value.bytes()) {
                (2, Some(span_id)) => match self.named(span_id) {
                    Some(kept) => put_bytes_field(out, 2, &kept),
                    None => out.extend_from_slice(field.raw),
                },
                (1, Some(trace_id)) if self.must_adopt(trace_id) && !is_absent(trace_id) => {
                    foreign = trace_id;
                    put_bytes_field(out, 1, &self.rules.trace_id);
                }
                (4, Some(_)) if !self.keeps(origin, Place::Link, b"", &field)? => {}
                _ => out.extend_from_slice(field.raw),
            }
        }
        if !foreign.is_empty() {
            put_original_trace(out, 4, foreign);
        }
        Ok(())
    }

    /// `Status`: the message is field 2, the code is field 3, which becomes an error where the span `failed`.
    fn status(
        &mut self,
        origin: Origin<'_>,
        span: &[u8],
        status: &[u8],
        failed: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        for field in Reader::new(status) {
            let field = field?;
            match (field.number, field.value) {
                (2, Value::Bytes(text)) if self.strips_content() => {
                    match content::error_text(origin.family, span, text) {
                        ErrorText::Keep => out.extend_from_slice(field.raw),
                        less => {
                            if let Some(text) = less.replacement() {
                                put_string_field(out, 2, &text);
                            }
                        }
                    }
                }
                (3, Value::Varint(_)) if failed => {}
                (3, Value::Varint(code)) => put_varint_field(out, 3, code),
                _ => out.extend_from_slice(field.raw),
            }
        }
        if failed {
            put_varint_field(out, 3, StatusCode::Error as u64);
        }
        Ok(())
    }
}

fn is_removed(translated: Option<&Translated>, key_value: &[u8]) -> Result<bool, WireError> {
    match translated {
        Some(translated) => Ok(translated.removes(attribute_key(key_value)?)),
        None => Ok(false),
    }
}
