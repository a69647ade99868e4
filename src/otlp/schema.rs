//! What the messages of OTLP look like, as tables: the one place that knows field numbers, names and types.

mod tables;

pub(super) use tables::STATUS_IN_JSON;

use super::Signal;
use super::wire::WireType;

/// A message type. Tables refer to each other in circles, so none of this can be printed.
pub struct Message {
    /// The encoded length that most messages of this type have or are above, in bytes.
    pub typical_len: usize,
    /// The fields in the order of the .proto file, at most 32.
    pub fields: &'static [Field],
}

impl Message {
    /// The position of the field that has this name in JSON, in lowerCamelCase or as the .proto file has it. The search
    /// begins at `expected`, since writers keep an order.
    #[inline]
    pub fn position(&self, name: &[u8], expected: usize) -> Option<usize> {
        let (before, after) = self.fields.split_at_checked(expected).unwrap_or((self.fields, &[]));
        let found = |field: &Field| field.json.as_bytes() == name;
        (after.iter().position(found).map(|position| position + expected))
            .or_else(|| before.iter().position(found))
            .or_else(|| self.fields.iter().position(|field| field.proto.as_bytes() == name))
    }

    /// The position of the field that has this number. The search begins at `expected`.
    #[inline]
    pub fn position_of_number(&self, number: u32, expected: usize) -> Option<usize> {
        let (before, after) = self.fields.split_at_checked(expected).unwrap_or((self.fields, &[]));
        let found = |field: &Field| field.number == number;
        (after.iter().position(found).map(|position| position + expected)).or_else(|| before.iter().position(found))
    }
}

/// A field of a message.
pub struct Field {
    /// The field number.
    pub number: u32,
    /// The name in JSON, in lowerCamelCase.
    pub json: &'static str,
    /// The name in the .proto file, in snake_case.
    pub proto: &'static str,
    /// The type.
    pub kind: Kind,
    /// How often the field occurs and what its absence means.
    pub label: Label,
    /// When the field is written to JSON.
    pub shown: Shown,
}

/// How often a field occurs and what its absence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Once; absent means the type's zero value, which is not written. A message is absent or present.
    Single,
    /// Once; absent and zero are different.
    Optional,
    /// As `Optional`, and at most one of all members is there: the last.
    Member,
    /// Any number of times; numbers are packed.
    Repeated,
}

/// When a field is written to JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// When it holds something.
    WhenSet,
    /// Also when it is empty, because there are readers that insist on it.
    Always,
}

/// The type of a field.
#[derive(Clone, Copy)]
pub enum Kind {
    /// string
    Text,
    /// bytes, base64 in JSON
    Bytes,
    /// bytes that are 16 or none, hexadecimal in JSON (OTLP, "JSON Protobuf Encoding")
    TraceId,
    /// bytes that are 8 or none, hexadecimal in JSON
    SpanId,
    /// bool
    Bool,
    /// int32
    Int32,
    /// int64
    Int64,
    /// uint32
    Uint32,
    /// uint64
    Uint64,
    /// sint32
    Sint32,
    /// fixed32
    Fixed32,
    /// fixed64
    Fixed64,
    /// sfixed64
    Sfixed64,
    /// double
    Double,
    /// An enumeration; the position of a name is its number.
    Enum(&'static [&'static str]),
    /// Another message.
    Message(&'static Message),
}

impl Kind {
    /// The wire type of one value.
    #[inline]
    pub fn wire_type(self) -> WireType {
        match self {
            Kind::Text | Kind::Bytes | Kind::TraceId | Kind::SpanId | Kind::Message(_) => WireType::Bytes,
            Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => WireType::Fixed64,
            Kind::Fixed32 => WireType::Fixed32,
            Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Sint32 | Kind::Enum(_) => {
                WireType::Varint
            }
        }
    }
}

/// The `Export<Signal>ServiceRequest` of `signal`.
pub fn request(signal: Signal) -> &'static Message {
    match signal {
        Signal::Traces => &tables::EXPORT_TRACE_SERVICE_REQUEST,
        Signal::Metrics => &tables::EXPORT_METRICS_SERVICE_REQUEST,
        Signal::Logs => &tables::EXPORT_LOGS_SERVICE_REQUEST,
    }
}

/// The `Export<Signal>ServiceResponse` of `signal`. Its only field is `partial_success` (1), which holds the number of
/// rejected items (1) and a message (2) in every signal.
pub fn response(signal: Signal) -> &'static Message {
    match signal {
        Signal::Traces => &tables::EXPORT_TRACE_SERVICE_RESPONSE,
        Signal::Metrics => &tables::EXPORT_METRICS_SERVICE_RESPONSE,
        Signal::Logs => &tables::EXPORT_LOGS_SERVICE_RESPONSE,
    }
}

const fn field(number: u32, json: &'static str, proto: &'static str, kind: Kind, label: Label) -> Field {
    Field { number, json, proto, kind, label, shown: Shown::WhenSet }
}

pub(super) const fn single(number: u32, json: &'static str, proto: &'static str, kind: Kind) -> Field {
    field(number, json, proto, kind, Label::Single)
}

pub(super) const fn optional(number: u32, json: &'static str, proto: &'static str, kind: Kind) -> Field {
    field(number, json, proto, kind, Label::Optional)
}

pub(super) const fn member(number: u32, json: &'static str, proto: &'static str, kind: Kind) -> Field {
    field(number, json, proto, kind, Label::Member)
}

pub(super) const fn repeated(number: u32, json: &'static str, proto: &'static str, kind: Kind) -> Field {
    field(number, json, proto, kind, Label::Repeated)
}

impl Field {
    pub(super) const fn always(mut self) -> Self {
        self.shown = Shown::Always;
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::collections::BTreeSet;

    use super::*;

    fn visit(message: &'static Message, seen: &mut Vec<&'static Message>) {
        if seen.iter().any(|known| std::ptr::eq(*known, message)) {
            return;
        }
        seen.push(message);
        for field in message.fields {
            if let Kind::Message(inner) = field.kind {
                visit(inner, seen);
            }
        }
    }

    fn messages() -> Vec<&'static Message> {
        let mut seen = Vec::new();
        for signal in Signal::ALL {
            visit(request(signal), &mut seen);
            visit(response(signal), &mut seen);
        }
        seen
    }

    #[test]
    fn tables_are_consistent() {
        let messages = messages();
        assert_eq!(messages.len(), 40);
        for message in messages {
            assert!(message.fields.len() <= 32);
            let numbers: BTreeSet<u32> = message.fields.iter().map(|field| field.number).collect();
            assert_eq!(numbers.len(), message.fields.len());
            for field in message.fields {
                let mut words = field.proto.split('_');
                let camel = words.next().unwrap().to_owned()
                    + &words.map(|word| word[..1].to_uppercase() + &word[1..]).collect::<String>();
                assert_eq!(field.json, camel);
            }
        }
    }

    #[test]
    fn fields_are_found_wherever_the_search_begins() {
        for message in messages() {
            for (position, field) in message.fields.iter().enumerate() {
                for expected in 0..=message.fields.len() + 1 {
                    assert_eq!(message.position(field.json.as_bytes(), expected), Some(position));
                    assert_eq!(message.position(field.proto.as_bytes(), expected), Some(position));
                    assert_eq!(message.position_of_number(field.number, expected), Some(position));
                }
            }
            assert_eq!(message.position(b"unknown", 0), None);
            assert_eq!(message.position_of_number(999, 0), None);
        }
    }
}
