//! Protobuf to JSON.

use std::fmt::Write;

use super::text;
use crate::otlp::Signal;
use crate::otlp::schema::{self, Field, Kind, Label, Message, Shown};
use crate::otlp::wire::{self, Reader, Value, WireError};

/// How deep messages may be nested, as in most implementations of protobuf.
const DEEPEST: usize = 100;

/// Turns the protobuf of `signal`'s export request into JSON: names in lowerCamelCase, ids in lower-case hexadecimal
/// digits, enumerations as integers, 64-bit integers as strings. Fields that are not known have no name and are left
/// out. Strings that are not UTF-8 get replacement characters.
pub fn encode(signal: Signal, protobuf: &[u8]) -> Result<String, WireError> {
    encode_message(schema::request(signal), protobuf)
}

/// Turns the protobuf of any message into JSON, by the rules of [`encode`].
pub fn encode_message(message: &'static Message, protobuf: &[u8]) -> Result<String, WireError> {
    let mut out = String::with_capacity(protobuf.len() * 2 + 64);
    Encoder { out: &mut out, pending: Vec::new() }.message(message, protobuf, DEEPEST)?;
    Ok(out)
}

/// Appends `text` as a JSON string, quotes included.
pub(in crate::otlp) fn put_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(index) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        let (plain, special) = rest.split_at(index);
        out.push_str(plain);
        match special.as_bytes()[0] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                out.push_str("\\u00");
                text::put_hex(out, &[control]);
            }
        }
        rest = &special[1..];
    }
    out.push_str(rest);
    out.push('"');
}

struct Encoder<'o, 'a> {
    out: &'o mut String,
    /// The fields of the messages that are being written, the innermost at the end: the position in the message's table
    /// and the value.
    pending: Vec<(usize, Value<'a>)>,
}

impl<'a> Encoder<'_, 'a> {
    fn message(&mut self, message: &'static Message, bytes: &'a [u8], depth: usize) -> Result<(), WireError> {
        let Some(depth) = depth.checked_sub(1) else { return Err(WireError::TooDeep) };
        let start = self.pending.len();
        self.collect(message, bytes)?;
        let end = self.pending.len();

        self.out.push('{');
        let mut first = true;
        let mut next = start;
        for (position, field) in message.fields.iter().enumerate() {
            let from = next;
            while next < end && self.pending[next].0 == position {
                next += 1;
            }
            let zero = from < next && field.label == Label::Single && is_zero(self.pending[next - 1].1, field);
            if (from == next || zero) && field.shown == Shown::WhenSet {
                continue;
            }
            if !first {
                self.out.push(',');
            }
            first = false;
            self.out.push('"');
            self.out.push_str(field.json);
            self.out.push_str("\":");
            self.field(field, from, next, depth)?;
        }
        self.out.push('}');
        self.pending.truncate(start);
        Ok(())
    }

    /// Appends the known fields of a message to `pending` in the order of the table, of a oneof only the last member.
    fn collect(&mut self, message: &'static Message, bytes: &'a [u8]) -> Result<(), WireError> {
        let start = self.pending.len();
        let mut expected = 0;
        let mut sorted = true;
        let mut member = None;
        let mut several = false;
        for field in Reader::new(bytes) {
            let field = field?;
            let Some(position) = message.position_of_number(field.number, expected) else { continue };
            let known = &message.fields[position];
            let wire_type = field.value.wire_type();
            let packed = known.label == Label::Repeated && matches!(field.value, Value::Bytes(_));
            if wire_type != known.kind.wire_type() && !packed {
                return Err(WireError::BadWireType(wire_type as u8));
            }
            if known.label == Label::Member {
                several |= member.is_some_and(|member| member != position);
                member = Some(position);
            }
            sorted &= position >= expected;
            expected = position;
            self.pending.push((position, field.value));
        }
        if several {
            self.keep_member(message, start, member);
        }
        if !sorted {
            self.pending[start..].sort_by_key(|(position, _)| *position);
        }
        Ok(())
    }

    /// Of the members of a oneof from `start` on, removes all that stand before the last one that is not `member`, and
    /// that one: each member takes the place of what was there.
    #[cold]
    fn keep_member(&mut self, message: &'static Message, start: usize, member: Option<usize>) {
        let fields = self.pending.split_off(start);
        let is_member = |position: usize| message.fields[position].label == Label::Member;
        let other = |(position, _): &(usize, Value<'a>)| is_member(*position) && Some(*position) != member;
        let from = fields.iter().rposition(other).map_or(0, |last| last + 1);
        let kept =
            fields.into_iter().enumerate().filter(|(index, (position, _))| *index >= from || !is_member(*position));
        self.pending.extend(kept.map(|(_, field)| field));
    }

    /// Writes a field that stands in `pending[from..to]`.
    fn field(&mut self, field: &'static Field, from: usize, to: usize, depth: usize) -> Result<(), WireError> {
        if field.label == Label::Repeated {
            self.out.push('[');
            let before = self.out.len();
            for index in from..to {
                let value = self.pending[index].1;
                match (value, field.kind) {
                    (_, Kind::Message(_) | Kind::Text)
                    | (Value::Varint(_) | Value::Fixed64(_) | Value::Fixed32(_), _) => {
                        self.comma(before);
                        self.value(field.kind, value, depth)?;
                    }
                    (Value::Bytes(mut numbers), kind) => {
                        while !numbers.is_empty() {
                            let number = match kind.wire_type() {
                                wire::WireType::Fixed64 => Value::Fixed64(wire::read_fixed64(&mut numbers)?),
                                wire::WireType::Fixed32 => Value::Fixed32(wire::read_fixed32(&mut numbers)?),
                                _ => Value::Varint(wire::read_varint(&mut numbers)?),
                            };
                            self.comma(before);
                            self.value(kind, number, depth)?;
                        }
                    }
                }
            }
            self.out.push(']');
            return Ok(());
        }
        match (field.kind, to - from) {
            (_, 0) => {
                // Only texts and lists are shown when they are not there.
                self.out.push_str("\"\"");
                Ok(())
            }
            (Kind::Message(message), 2..) => {
                // What a message field holds is merged where it occurs several times.
                let mut merged = Vec::new();
                for (_, value) in &self.pending[from..to] {
                    merged.extend_from_slice(value.bytes().unwrap_or_default());
                }
                Encoder { out: self.out, pending: Vec::new() }.message(message, &merged, depth)
            }
            (kind, _) => self.value(kind, self.pending[to - 1].1, depth),
        }
    }

    fn comma(&mut self, before: usize) {
        if self.out.len() > before {
            self.out.push(',');
        }
    }

    fn value(&mut self, kind: Kind, value: Value<'a>, depth: usize) -> Result<(), WireError> {
        let out = &mut *self.out;
        match (kind, value) {
            (Kind::Message(message), Value::Bytes(bytes)) => return self.message(message, bytes, depth),
            (Kind::Text, Value::Bytes(bytes)) => put_string(out, &String::from_utf8_lossy(bytes)),
            (Kind::TraceId | Kind::SpanId, Value::Bytes(bytes)) => {
                out.push('"');
                text::put_hex(out, bytes);
                out.push('"');
            }
            (_, Value::Bytes(bytes)) => {
                out.push('"');
                text::put_base64(out, bytes);
                out.push('"');
            }
            (Kind::Double, Value::Fixed64(bits)) => put_double(out, f64::from_bits(bits)),
            (Kind::Bool, Value::Varint(bits)) => out.push_str(if bits == 0 { "false" } else { "true" }),
            (Kind::Int64, Value::Varint(bits)) | (Kind::Sfixed64, Value::Fixed64(bits)) => {
                put(out, format_args!("\"{}\"", bits as i64));
            }
            (Kind::Uint64, Value::Varint(bits)) | (_, Value::Fixed64(bits)) => {
                put(out, format_args!("\"{bits}\""));
            }
            // As C++ and Java do, 32-bit types take the lower half of what is there.
            (Kind::Uint32, Value::Varint(bits)) => put(out, format_args!("{}", bits as u32)),
            (Kind::Sint32, Value::Varint(bits)) => {
                put(out, format_args!("{}", wire::unzigzag(u64::from(bits as u32))));
            }
            (_, Value::Varint(bits)) => put(out, format_args!("{}", bits as i32)),
            (_, Value::Fixed32(bits)) => put(out, format_args!("{bits}")),
        }
        Ok(())
    }
}

/// Whether a field without presence holds its zero value and so says nothing.
fn is_zero(value: Value<'_>, field: &Field) -> bool {
    match value {
        Value::Varint(bits) | Value::Fixed64(bits) => bits == 0,
        Value::Fixed32(bits) => bits == 0,
        Value::Bytes(bytes) => bytes.is_empty() && !matches!(field.kind, Kind::Message(_)),
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // A String takes everything, so there is no error to pass on.
    let _ = out.write_fmt(text);
}

fn put_double(out: &mut String, value: f64) {
    if value.is_finite() {
        // The shortest form that reads back as the same number; the exponent has the form that JSON allows.
        put(out, format_args!("{value:?}"));
    } else if value.is_nan() {
        out.push_str("\"NaN\"");
    } else {
        out.push_str(if value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    }
}
