//! The protobuf wire format: a reader that yields the fields of a message and functions that write them.
//!
//! Nothing here knows a message. The reader borrows, so a field that is not changed can be copied as it came with
//! [`Field::raw`]. Numbers and lengths are written in their shortest form, always.

use std::fmt;

/// Why bytes are not a protobuf message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireError {
    /// The bytes end inside a number.
    Truncated,
    /// A varint does not fit into 64 bits.
    VarintTooLong,
    /// The wire type is none, or one of the two of groups, which OTLP does not use.
    BadWireType(u8),
    /// A length says that a field goes on after the end of the message.
    LengthBeyondEnd,
    /// The field number is 0 or above 2^29 - 1.
    BadFieldNumber,
    /// Messages are nested deeper than a reader goes.
    TooDeep,
}

impl fmt::Display for WireError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::Truncated => out.write_str("the protobuf message ends inside a field"),
            WireError::VarintTooLong => out.write_str("a protobuf varint is longer than 64 bits"),
            WireError::BadWireType(kind) => {
                write!(out, "a protobuf field has the wire type {kind}")
            }
            WireError::LengthBeyondEnd => out.write_str("a protobuf field is longer than the message it is in"),
            WireError::BadFieldNumber => out.write_str("a protobuf field number is out of range"),
            WireError::TooDeep => out.write_str("the protobuf message is nested too deep"),
        }
    }
}

impl std::error::Error for WireError {}

/// How a field's value is laid out (protobuf encoding, "Message Structure").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireType {
    /// int32, int64, uint32, uint64, sint32, sint64, bool, enum
    Varint = 0,
    /// fixed64, sfixed64, double
    Fixed64 = 1,
    /// string, bytes, messages, packed repeated numbers
    Bytes = 2,
    /// fixed32, sfixed32, float
    Fixed32 = 5,
}

/// The value of a field, as far as the wire tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A variable-length number.
    Varint(u64),
    /// Eight bytes, little-endian on the wire.
    Fixed64(u64),
    /// Four bytes, little-endian on the wire.
    Fixed32(u32),
    /// A string, bytes, a message, or packed numbers.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The bytes of a length-delimited field, none for any other wire type.
    #[inline]
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The wire type that this value had.
    #[inline]
    pub fn wire_type(self) -> WireType {
        match self {
            Value::Varint(_) => WireType::Varint,
            Value::Fixed64(_) => WireType::Fixed64,
            Value::Fixed32(_) => WireType::Fixed32,
            Value::Bytes(_) => WireType::Bytes,
        }
    }
}

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The field number, 1 to 2^29 - 1.
    pub number: u32,
    /// The value.
    pub value: Value<'a>,
    /// The whole field as it stands in the message, tag included.
    pub raw: &'a [u8],
}

/// Reads the fields of one message in the order in which they stand.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader over the bytes of one message, without any length in front.
    #[inline]
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// What has not been read yet.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next field, none at the end. After an error nothing more can be read.
    #[inline]
    pub fn next_field(&mut self) -> Result<Option<Field<'a>>, WireError> {
        match self.common_field() {
            Some(field) => Ok(Some(field)),
            None if self.rest.is_empty() => Ok(None),
            None => self.any_field(),
        }
    }

    /// The next field if it is like nearly all: its number is below 16, and a number in it is one byte, or four or eight, or a
    /// length of less than 16 KiB.
    #[inline(always)]
    fn common_field(&mut self) -> Option<Field<'a>> {
        let start = self.rest;
        let tag = *start.first()?;
        let (value, length) = match tag & 7 {
            2 => {
                let low = *start.get(1)?;
                let (head, length) = if low < 0x80 {
                    (2, usize::from(low))
                } else {
                    let high = *start.get(2)?;
                    if high >= 0x80 {
                        return None;
                    }
                    (3, usize::from(low & 0x7f) | usize::from(high) << 7)
                };
                (Value::Bytes(start.get(head..head + length)?), head + length)
            }
            1 => (Value::Fixed64(u64::from_le_bytes(*start.get(1..)?.first_chunk()?)), 9),
            5 => (Value::Fixed32(u32::from_le_bytes(*start.get(1..)?.first_chunk()?)), 5),
            0 => {
                let number = *start.get(1)?;
                if number >= 0x80 {
                    return None;
                }
                (Value::Varint(u64::from(number)), 2)
            }
            _ => return None,
        };
        if !(8..0x80).contains(&tag) {
            return None;
        }
        let (raw, rest) = start.split_at_checked(length)?;
        self.rest = rest;
        Some(Field { number: u32::from(tag >> 3), value, raw })
    }

    /// The next field, whatever it is like.
    #[inline(never)]
    fn any_field(&mut self) -> Result<Option<Field<'a>>, WireError> {
        let start = self.rest;
        match read_field(&mut self.rest) {
            Ok((number, value)) => {
                let raw = &start[..start.len() - self.rest.len()];
                Ok(Some(Field { number, value, raw }))
            }
            Err(error) => {
                self.rest = &[];
                Err(error)
            }
        }
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Field<'a>, WireError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.next_field().transpose()
    }
}

/// The fields of a message that are copied as they came, in as few pieces as they make.
#[derive(Debug)]
pub struct Kept<'a> {
    message: &'a [u8],
    from: usize,
    to: usize,
}

impl<'a> Kept<'a> {
    /// Nothing of `message` yet, of which each field is then kept or left out, in its order.
    #[inline]
    pub fn of(message: &'a [u8]) -> Self {
        Self { message, from: 0, to: 0 }
    }

    /// Keeps the next field. It is appended before anything that is left out, or at the end.
    #[inline]
    pub fn keep(&mut self, field: &Field<'_>) {
        self.to += field.raw.len();
    }

    /// Leaves out the next field; what stands in its place can be appended to `out` now.
    #[inline]
    pub fn leave_out(&mut self, field: &Field<'_>, out: &mut Vec<u8>) {
        self.append(out);
        self.to += field.raw.len();
        self.from = self.to;
    }

    /// Appends what was kept last.
    #[inline]
    pub fn append(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.message[self.from..self.to]);
        self.from = self.to;
    }
}

fn read_field<'a>(input: &mut &'a [u8]) -> Result<(u32, Value<'a>), WireError> {
    let tag = read_varint(input)?;
    let number = match u32::try_from(tag) {
        Ok(tag) if tag >= 8 => tag >> 3,
        _ => return Err(WireError::BadFieldNumber),
    };
    let value = match tag & 7 {
        0 => Value::Varint(read_varint(input)?),
        1 => Value::Fixed64(read_fixed64(input)?),
        2 => {
            let length = read_varint(input)?;
            match usize::try_from(length).ok().and_then(|length| input.split_at_checked(length)) {
                Some((bytes, rest)) => {
                    *input = rest;
                    Value::Bytes(bytes)
                }
                None => return Err(WireError::LengthBeyondEnd),
            }
        }
        5 => Value::Fixed32(read_fixed32(input)?),
        other => return Err(WireError::BadWireType(other as u8)),
    };
    Ok((number, value))
}

/// Takes a varint off the front of `input`, as packed fields hold them.
#[inline]
pub fn read_varint(input: &mut &[u8]) -> Result<u64, WireError> {
    match **input {
        [byte, ref rest @ ..] if byte < 0x80 => {
            *input = rest;
            Ok(u64::from(byte))
        }
        [low, high, ref rest @ ..] if high < 0x80 => {
            *input = rest;
            Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
        }
        _ => read_long_varint(input),
    }
}

fn read_long_varint(input: &mut &[u8]) -> Result<u64, WireError> {
    let mut value = 0_u64;
    for (index, &byte) in input.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            // The tenth byte holds the last of 64 bits; more would be lost.
            if index == 9 && byte > 1 {
                return Err(WireError::VarintTooLong);
            }
            *input = &input[index + 1..];
            return Ok(value);
        }
    }
    Err(if input.len() < 10 { WireError::Truncated } else { WireError::VarintTooLong })
}

/// Takes eight bytes off the front of `input`, as packed fields hold them.
#[inline]
pub fn read_fixed64(input: &mut &[u8]) -> Result<u64, WireError> {
    let (bytes, rest) = input.split_first_chunk().ok_or(WireError::Truncated)?;
    *input = rest;
    Ok(u64::from_le_bytes(*bytes))
}

/// Takes four bytes off the front of `input`, as packed fields hold them.
#[inline]
pub fn read_fixed32(input: &mut &[u8]) -> Result<u32, WireError> {
    let (bytes, rest) = input.split_first_chunk().ok_or(WireError::Truncated)?;
    *input = rest;
    Ok(u32::from_le_bytes(*bytes))
}

/// The number of bytes that `value` takes as a varint, 1 to 10.
#[inline]
pub fn varint_len(value: u64) -> usize {
    // Each byte carries 7 bits; 0 takes one byte as well.
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Appends a varint in its shortest form.
#[inline]
pub fn put_varint(out: &mut Vec<u8>, value: u64) {
    if value < 0x80 {
        out.push(value as u8);
    } else if value < 0x4000 {
        out.extend_from_slice(&[value as u8 | 0x80, (value >> 7) as u8]);
    } else {
        put_long_varint(out, value);
    }
}

fn put_long_varint(out: &mut Vec<u8>, value: u64) {
    let mut bytes = [0; 10];
    let length = varint_len(value);
    fill_varint(&mut bytes[..length], value);
    out.extend_from_slice(&bytes[..length]);
}

/// Writes `value` over the whole of `place`, which is as long as [`varint_len`] says.
#[inline]
fn fill_varint(place: &mut [u8], mut value: u64) {
    let last = place.len() - 1;
    for byte in &mut place[..last] {
        *byte = value as u8 | 0x80;
        value >>= 7;
    }
    place[last] = value as u8;
}

/// Appends the tag of a field.
#[inline]
pub fn put_tag(out: &mut Vec<u8>, number: u32, wire_type: WireType) {
    put_varint(out, u64::from(number) << 3 | wire_type as u64);
}

/// Appends a varint field, also when the value is 0.
#[inline]
pub fn put_varint_field(out: &mut Vec<u8>, number: u32, value: u64) {
    put_tag(out, number, WireType::Varint);
    put_varint(out, value);
}

/// Appends a field of eight bytes, also when the value is 0.
#[inline]
pub fn put_fixed64_field(out: &mut Vec<u8>, number: u32, value: u64) {
    put_tag(out, number, WireType::Fixed64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a field of four bytes, also when the value is 0.
#[inline]
pub fn put_fixed32_field(out: &mut Vec<u8>, number: u32, value: u32) {
    put_tag(out, number, WireType::Fixed32);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a double field, also when the value is 0.
#[inline]
pub fn put_double_field(out: &mut Vec<u8>, number: u32, value: f64) {
    put_fixed64_field(out, number, value.to_bits());
}

/// Appends a length-delimited field (string, bytes, or a message that is already encoded), also when it is empty.
#[inline]
pub fn put_bytes_field(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_tag(out, number, WireType::Bytes);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// As [`put_bytes_field`], for a string.
#[inline]
pub fn put_string_field(out: &mut Vec<u8>, number: u32, text: &str) {
    put_bytes_field(out, number, text.as_bytes());
}

/// A length-delimited field whose length is not known yet; [`close_message`] needs it.
#[derive(Debug)]
#[must_use = "the length is not written before close_message"]
pub struct OpenMessage {
    start: usize,
    width: usize,
}

/// Begins a length-delimited field whose contents are about to be appended, probably `hint_len` bytes of them.
#[inline]
pub fn open_message(out: &mut Vec<u8>, number: u32, hint_len: usize) -> OpenMessage {
    put_tag(out, number, WireType::Bytes);
    let width = varint_len(hint_len as u64);
    out.extend_from_slice(&[0; 10][..width]);
    OpenMessage { start: out.len(), width }
}

/// Ends the field that `open_message` began and writes its length. Where the hint was wrong by so much that the length
/// takes another number of bytes, the contents are moved.
#[inline]
pub fn close_message(out: &mut Vec<u8>, open: OpenMessage) {
    let OpenMessage { mut start, width } = open;
    let length = out.len() - start;
    let needed = varint_len(length as u64);
    if needed != width {
        move_contents(out, start, start - width + needed);
        start = start - width + needed;
    }
    if needed == 1 {
        out[start - 1] = length as u8;
    } else {
        fill_varint(&mut out[start - needed..start], length as u64);
    }
}

#[cold]
fn move_contents(out: &mut Vec<u8>, from: usize, to: usize) {
    let length = out.len() - from;
    if to > from {
        out.resize(to + length, 0);
        out.copy_within(from..from + length, to);
    } else {
        out.copy_within(from.., to);
        out.truncate(to + length);
    }
}

/// Appends a message field whose contents `write` appends, probably `hint_len` bytes of them; gives back what `write`
/// gives back. What `write` appended stays there also when it gives back an error.
#[inline]
pub fn put_message<R>(out: &mut Vec<u8>, number: u32, hint_len: usize, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let open = open_message(out, number, hint_len);
    let result = write(out);
    close_message(out, open);
    result
}

/// A signed number as `sint32` and `sint64` fields hold it (protobuf encoding, "Signed Integers").
#[inline]
pub fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// The inverse of [`zigzag`].
#[inline]
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests;
