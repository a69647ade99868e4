//! JSON to protobuf.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::text;
use crate::otlp::Signal;
use crate::otlp::schema::{self, Field, Kind, Label, Message};
use crate::otlp::wire::{self, WireType};

/// How many keys of one object may be repeated. Each repetition moves what the object holds, so a hostile text could
/// otherwise take time with the square of its length.
const MOST_REPETITIONS: usize = 16;

/// How much protobuf lists of numbers may become. A text of `0,0,0` grows fourfold, and nothing else grows much.
const MOST_BYTES: usize = 128 << 20;

/// Why a text is not the JSON of an OTLP message. It never quotes the text, which may hold what must not be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// Where in the message, as in `resourceSpans[0].scopeSpans[0].spans[3].traceId`; empty at the top.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in bytes, counted from 1; 0 where a line has just begun.
    pub column: usize,
}

impl fmt::Display for JsonError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(out, "{}: ", self.path)?;
        }
        write!(out, "{} (line {}, column {})", self.reason, self.line, self.column)
    }
}

impl std::error::Error for JsonError {}

/// Turns the JSON of `signal`'s export request into protobuf.
///
/// Field names may also be written in snake_case, and enumerations by name, which the standard does not allow,
/// because to refuse or drop such data would help nobody. A key that is repeated counts as it stands last. Arrays and
/// objects may be nested 128 deep, except in fields that are not known.
pub fn decode(signal: Signal, json: &[u8]) -> Result<Vec<u8>, JsonError> {
    decode_message(schema::request(signal), json)
}

/// Turns the JSON of any message into protobuf, by the rules of [`decode`].
pub fn decode_message(message: &'static Message, json: &[u8]) -> Result<Vec<u8>, JsonError> {
    // The whole text is checked at once, which is faster than string by string.
    let text = match std::str::from_utf8(json) {
        Ok(text) => text,
        Err(error) => return Err(at(json, error.valid_up_to(), "the text is not UTF-8")),
    };
    // The parser would quote what it finds instead of an object.
    match json.iter().position(|byte| !b" \t\r\n".contains(byte)) {
        Some(first) if json[first] == b'{' => {}
        Some(first) => return Err(at(json, first, "an object is needed")),
        None => return Err(at(json, json.len(), "the text is empty")),
    }
    let mut state = State { out: Vec::with_capacity(json.len() / 2 + 64), trail: Vec::new() };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let root = MessageSeed { state: &mut state, message };
    match root.deserialize(&mut deserializer).and_then(|()| deserializer.end()) {
        Ok(()) => Ok(state.out),
        Err(error) => Err(state.explain(&error)),
    }
}

fn at(json: &[u8], index: usize, reason: &str) -> JsonError {
    let before = &json[..index];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    JsonError {
        path: String::new(),
        reason: reason.to_owned(),
        line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
        column: index - line_start + 1,
    }
}

struct State {
    out: Vec<u8>,
    /// The way to an error from the inside out; empty until there is one, so that it costs nothing.
    trail: Vec<Step>,
}

enum Step {
    Field(&'static str),
    Index(usize),
}

impl State {
    /// Removes field `number` from the message that begins at `start`, as far as it is written.
    #[cold]
    fn remove(&mut self, start: usize, number: u32) {
        let mut kept = Vec::with_capacity(self.out.len() - start);
        for field in wire::Reader::new(&self.out[start..]).flatten() {
            if field.number != number {
                kept.extend_from_slice(field.raw);
            }
        }
        self.out.truncate(start);
        self.out.extend_from_slice(&kept);
    }

    fn explain(&self, error: &serde_json::Error) -> JsonError {
        let mut path = String::new();
        for step in self.trail.iter().rev() {
            match step {
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => {
                    path.push('.');
                    path.push_str(name);
                }
                Step::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        let (line, column) = (error.line(), error.column());
        let full = error.to_string();
        let reason = full.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&full);
        JsonError { path, reason: reason.to_owned(), line, column }
    }
}

/// Reads an object as the contents of a message, without tag and length.
struct MessageSeed<'s> {
    state: &'s mut State,
    message: &'static Message,
}

impl<'de> DeserializeSeed<'de> for MessageSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        read_fields(self.state, self.message, map)
    }
}

fn read_fields<'de, A: MapAccess<'de>>(
    state: &mut State,
    message: &'static Message,
    mut map: A,
) -> Result<(), A::Error> {
    let start = state.out.len();
    let mut seen = 0_u32;
    let mut repetitions = 0;
    let mut expected = 0;
    while let Some(position) = map.next_key_seed(KeySeed { message, expected })? {
        let Some(field) = position.and_then(|position| message.fields.get(position)) else {
            map.next_value::<IgnoredAny>()?;
            continue;
        };
        expected = position.map_or(0, |position| position + 1);
        let bit = 1 << (expected - 1);
        if seen & bit != 0 {
            repetitions += 1;
            if repetitions > MOST_REPETITIONS {
                state.trail.push(Step::Field(field.json));
                return Err(A::Error::custom("keys are repeated too often"));
            }
            state.remove(start, field.number);
        }
        let before = state.out.len();
        let value = ValueSeed { state, field, place: Place::Field };
        if let Err(error) = map.next_value_seed(value) {
            state.trail.push(Step::Field(field.json));
            return Err(error);
        }
        if field.label == Label::Member && state.out.len() > before {
            // Of a oneof, the last member counts.
            let others = message.fields.iter().enumerate().filter(|(position, other)| {
                other.label == Label::Member && seen & (1 << position) != 0 && other.number != field.number
            });
            for (_, other) in others {
                state.remove(start, other.number);
            }
        }
        seen |= bit;
    }
    Ok(())
}

/// Reads a key as the position of its field, none where the field is not known.
struct KeySeed {
    message: &'static Message,
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Option<usize>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Option<usize>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    #[inline]
    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.message.position(name.as_bytes(), self.expected))
    }
}

/// Where a value stands, which decides what is written around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Directly behind its key.
    Field,
    /// In a list of strings or messages, each with its own tag.
    Element,
    /// In a list of numbers, which have one tag together.
    Packed,
}

/// Reads one value of any type and writes it as the field's type wants it.
struct ValueSeed<'s> {
    state: &'s mut State,
    field: &'static Field,
    place: Place,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl ValueSeed<'_> {
    /// Whether this is the place of a list and not of one value.
    fn is_list(&self) -> bool {
        self.field.label == Label::Repeated && self.place == Place::Field
    }

    #[cold]
    fn mismatch<E: Error>(&self, found: &str) -> E {
        let wanted = if self.is_list() {
            "an array"
        } else {
            match self.field.kind {
                Kind::Text => "a string",
                Kind::Bytes => "a string in base64",
                Kind::TraceId => "a string of 32 hex digits",
                Kind::SpanId => "a string of 16 hex digits",
                Kind::Bool => "true or false",
                Kind::Double => "a number",
                Kind::Enum(_) => "an integer or a name of the enumeration",
                Kind::Message(_) => "an object",
                Kind::Int32
                | Kind::Int64
                | Kind::Uint32
                | Kind::Uint64
                | Kind::Sint32
                | Kind::Fixed32
                | Kind::Fixed64
                | Kind::Sfixed64 => "an integer",
            }
        };
        E::custom(format_args!("{found} where {wanted} is needed"))
    }

    /// Whether a value that may be zero has to be written.
    #[inline]
    fn is_written(&self, zero: bool) -> bool {
        !zero || self.field.label != Label::Single
    }

    #[inline]
    fn put_bytes(self, bytes: &[u8]) {
        if self.is_written(bytes.is_empty()) {
            wire::put_bytes_field(&mut self.state.out, self.field.number, bytes);
        }
    }

    /// Writes a number whose bits are already those of its wire type.
    #[inline]
    fn put_bits(self, bits: u64) {
        if !self.is_written(bits == 0) {
            return;
        }
        let out = &mut self.state.out;
        let wire_type = self.field.kind.wire_type();
        if self.place != Place::Packed {
            wire::put_tag(out, self.field.number, wire_type);
        }
        match wire_type {
            WireType::Fixed64 => out.extend_from_slice(&bits.to_le_bytes()),
            WireType::Fixed32 => out.extend_from_slice(&(bits as u32).to_le_bytes()),
            WireType::Varint | WireType::Bytes => wire::put_varint(out, bits),
        }
    }

    fn put_integer<E: Error>(self, value: i128) -> Result<(), E> {
        let bits = match self.field.kind {
            Kind::Uint64 | Kind::Fixed64 => u64::try_from(value).ok(),
            Kind::Int64 | Kind::Sfixed64 => i64::try_from(value).ok().map(|value| value as u64),
            Kind::Uint32 | Kind::Fixed32 => u32::try_from(value).ok().map(u64::from),
            // A negative int32 has the ten bytes of an int64.
            Kind::Int32 | Kind::Enum(_) => i32::try_from(value).ok().map(|value| i64::from(value) as u64),
            Kind::Sint32 => i32::try_from(value).ok().map(|value| wire::zigzag(i64::from(value))),
            Kind::Double => Some((value as f64).to_bits()),
            _ => return Err(self.mismatch("a number")),
        };
        let bits = bits.ok_or_else(|| E::custom("the number is out of range"))?;
        self.put_bits(bits);
        Ok(())
    }

    fn put_id<const N: usize, E: Error>(self, digits: &str) -> Result<(), E> {
        if digits.is_empty() {
            self.put_bytes(&[]);
        } else if digits.len() == 2 * N {
            let id = text::hex::<N>(digits.as_bytes());
            let id = id.ok_or_else(|| E::custom("a character that is no hex digit"))?;
            self.put_bytes(&id);
        } else {
            let (found, needed) = (digits.chars().count(), 2 * N);
            return Err(E::custom(format_args!("{found} hex digits where {needed} are needed")));
        }
        Ok(())
    }

    fn put_numeral<E: Error>(self, numeral: &str) -> Result<(), E> {
        let value = match numeral.parse::<u64>() {
            Ok(value) => Some(i128::from(value)),
            Err(_) => text::integer(numeral),
        };
        let value = value.ok_or_else(|| self.mismatch("a string that is no integer"))?;
        self.put_integer(value)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        // null is the default, that is absence; in a list it keeps its place.
        match self.field.kind.wire_type() {
            _ if self.place == Place::Field => {}
            WireType::Bytes => self.put_bytes(&[]),
            WireType::Varint | WireType::Fixed32 | WireType::Fixed64 => self.put_bits(0),
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        match self.field.kind {
            Kind::Bool if !self.is_list() => {
                self.put_bits(u64::from(value));
                Ok(())
            }
            _ => Err(self.mismatch("a truth value")),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        if self.is_list() {
            return Err(self.mismatch("a number"));
        }
        self.put_integer(i128::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        if self.is_list() {
            return Err(self.mismatch("a number"));
        }
        self.put_integer(i128::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        if self.is_list() {
            return Err(self.mismatch("a number"));
        }
        match self.field.kind {
            Kind::Double => {
                self.put_bits(value.to_bits());
                Ok(())
            }
            // No integer of 64 bits is lost here: those that are written with all their digits do not come this way.
            // What does not fit into 128 bits saturates and is out of range of every type as well.
            _ if value.fract() == 0.0 => self.put_integer(value as i128),
            _ => Err(self.mismatch("a number with a fraction")),
        }
    }

    #[inline]
    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        if self.is_list() {
            return Err(self.mismatch("a string"));
        }
        match self.field.kind {
            Kind::Text => {
                self.put_bytes(value.as_bytes());
                Ok(())
            }
            Kind::TraceId => self.put_id::<16, E>(value),
            Kind::SpanId => self.put_id::<8, E>(value),
            Kind::Bytes => {
                let bytes = text::base64(value);
                self.put_bytes(&bytes.ok_or_else(|| E::custom("the string is not base64"))?);
                Ok(())
            }
            Kind::Double => {
                let number = match value {
                    "NaN" => f64::NAN,
                    "Infinity" => f64::INFINITY,
                    "-Infinity" => f64::NEG_INFINITY,
                    numeral => match numeral.parse() {
                        // The parser of the language knows more names for these than JSON does.
                        Ok(number) if f64::is_finite(number) => number,
                        _ => return Err(self.mismatch("a string that is no number")),
                    },
                };
                self.put_bits(number.to_bits());
                Ok(())
            }
            Kind::Enum(names) => match names.iter().position(|name| *name == value) {
                Some(number) => {
                    self.put_bits(number as u64);
                    Ok(())
                }
                None if text::integer(value).is_some() => self.put_numeral(value),
                None => Err(self.mismatch("an unknown name")),
            },
            Kind::Bool | Kind::Message(_) => Err(self.mismatch("a string")),
            Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Sint32
            | Kind::Fixed32
            | Kind::Fixed64
            | Kind::Sfixed64 => self.put_numeral(value),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        match self.field.kind {
            Kind::Message(message) if !self.is_list() => {
                let hint = message.typical_len;
                let open = wire::open_message(&mut self.state.out, self.field.number, hint);
                read_fields(self.state, message, map)?;
                wire::close_message(&mut self.state.out, open);
                Ok(())
            }
            _ => Err(self.mismatch("an object")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if !self.is_list() {
            return Err(self.mismatch("an array"));
        }
        let ValueSeed { state, field, .. } = self;
        let packed = field.kind.wire_type() != WireType::Bytes;
        let place = if packed { Place::Packed } else { Place::Element };
        let start = state.out.len();
        let open = packed.then(|| wire::open_message(&mut state.out, field.number, 100));
        let mut index = 0;
        loop {
            match list.next_element_seed(ValueSeed { state, field, place }) {
                Ok(Some(())) if packed && state.out.len() > MOST_BYTES => {
                    state.trail.push(Step::Index(index));
                    return Err(A::Error::custom("more numbers than one request can hold"));
                }
                Ok(Some(())) => index += 1,
                Ok(None) => break,
                Err(error) => {
                    state.trail.push(Step::Index(index));
                    return Err(error);
                }
            }
        }
        match open {
            Some(_) if index == 0 => state.out.truncate(start),
            Some(open) => wire::close_message(&mut state.out, open),
            None => {}
        }
        Ok(())
    }
}
