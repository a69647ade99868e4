//! Log records: moved into the run's trace, without content in attributes and bodies.

use super::content::{self, BodyVerdict, Place};
use super::resource::Origin;
use super::{Pass, attribute_key, attribute_text, is_absent, put_original_trace, submessage};
use crate::otlp::wire::{Reader, WireError, put_bytes_field};
use crate::settings::Nest;

impl Pass<'_> {
    /// Appends the fields of a `LogRecord`.
    pub(super) fn log_record(&mut self, origin: Origin<'_>, record: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
        let (mut trace_id, mut span_id): (&[u8], &[u8]) = (&[], &[]);
        // The name is a field of its own, or an attribute in what was written before that field existed.
        let (mut name, mut attribute_name): (&[u8], &[u8]) = (&[], &[]);
        for field in Reader::new(record) {
            let field = field?;
            let Some(bytes) = field.value.bytes() else { continue };
            match field.number {
                6 if attribute_key(bytes)? == b"event.name" => attribute_name = attribute_text(bytes)?,
                9 => trace_id = if is_absent(bytes) { &[] } else { bytes },
                10 => span_id = if is_absent(bytes) { &[] } else { bytes },
                12 => name = bytes,
                _ => {}
            }
        }
        let event = if attribute_name.is_empty() { name } else { attribute_name };
        let adopted = self.must_adopt(trace_id);
        let named = if span_id.is_empty() { None } else { self.named(span_id) };
        let mut inspected = false;
        for field in Reader::new(record) {
            let field = field?;
            match (field.number, field.value.bytes()) {
                (9, _) if adopted => {}
                (10, _) if adopted && span_id.is_empty() => {}
                (10, _) if named.is_some() => {}
                (5, Some(_)) if self.strips_content() => match content::body(origin.family, event) {
                    BodyVerdict::Keep => out.extend_from_slice(field.raw),
                    BodyVerdict::Drop => {}
                    BodyVerdict::Inspect if inspected => {}
                    BodyVerdict::Inspect => {
                        inspected = true;
                        let body = submessage(record, 5)?.unwrap_or_default();
                        if let Some(kept) = content::inspect_body(origin.family, &body) {
                            put_bytes_field(out, 5, &kept);
                        }
                    }
                },
                (6, Some(_)) if !self.keeps(origin, Place::LogRecord, event, &field)? => {}
                _ => out.extend_from_slice(field.raw),
            }
        }
        if let Some(kept) = named {
            put_bytes_field(out, 10, &kept);
        }
        if adopted {
            put_bytes_field(out, 9, &self.rules.trace_id);
            if span_id.is_empty() {
                put_bytes_field(out, 10, &self.rules.span_id);
            }
            if !trace_id.is_empty() {
                put_original_trace(out, 6, trace_id);
            }
        }
        self.counts.kept += 1;
        debug_assert!(self.rules.nest == Nest::Adopt || !adopted);
        Ok(())
    }
}
