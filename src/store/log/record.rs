//! One record of a log: its kind, its header, and the frame in which it is written.

use std::io;

use crate::otlp::Signal;

/// Bytes of a record before its payload.
pub const RECORD_HEADER: usize = 24;
/// No record is larger: the largest OTLP request plus what the transforms can add.
const LARGEST_PAYLOAD: usize = 256 << 20;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`crate::store::facts::Started`] as JSON.
    Started,
    /// An OTLP export request in protobuf.
    Batch(Signal),
    /// [`crate::store::facts::Ended`] as JSON.
    Ended,
}

/// A record without its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What it holds.
    pub kind: Kind,
    /// Spans, data points or log records in a batch.
    pub items: u32,
    /// Spans that were left out of the batch before it was stored.
    pub thinned: u16,
    /// When it was written, in nanoseconds since 1970.
    pub unix_nano: u64,
    pub(super) length: u32,
    pub(super) crc: u32,
}

impl Header {
    /// Bytes of the whole record in the log.
    pub fn record_length(&self) -> u64 {
        RECORD_HEADER as u64 + u64::from(self.length)
    }

    pub(super) fn encode(&self) -> [u8; RECORD_HEADER] {
        let (kind, signal) = match self.kind {
            Kind::Started => (1, 0),
            Kind::Batch(Signal::Traces) => (2, 0),
            Kind::Batch(Signal::Metrics) => (2, 1),
            Kind::Batch(Signal::Logs) => (2, 2),
            Kind::Ended => (3, 0),
        };
        let mut bytes = [0; RECORD_HEADER];
        bytes[0..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.crc.to_le_bytes());
        bytes[8] = kind;
        bytes[9] = signal;
        bytes[10..12].copy_from_slice(&self.thinned.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.items.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.unix_nano.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; RECORD_HEADER]) -> Option<Self> {
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let kind = match (bytes[8], bytes[9]) {
            (1, 0) => Kind::Started,
            (2, 0) => Kind::Batch(Signal::Traces),
            (2, 1) => Kind::Batch(Signal::Metrics),
            (2, 2) => Kind::Batch(Signal::Logs),
            (3, 0) => Kind::Ended,
            _ => return None,
        };
        let length = u32_at(0);
        (length as usize <= LARGEST_PAYLOAD).then(|| Self {
            kind,
            items: u32_at(12),
            thinned: u16::from_le_bytes([bytes[10], bytes[11]]),
            unix_nano: u64::from(u32_at(16)) | u64::from(u32_at(20)) << 32,
            length,
            crc: u32_at(4),
        })
    }
}

/// A record to be: room for the header, then the payload, so that it is written in one piece without a copy.
#[derive(Debug, Clone)]
pub struct Frame {
    bytes: Vec<u8>,
    thinned: u16,
}

impl Frame {
    /// An empty frame with room for `capacity` bytes of payload.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(RECORD_HEADER + capacity);
        bytes.resize(RECORD_HEADER, 0);
        Self { bytes, thinned: 0 }
    }

    /// Where the payload is written: append only.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The same, with the number of spans that were left out of it.
    pub fn with_thinned(self, thinned: u16) -> Self {
        Self { thinned, ..self }
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[RECORD_HEADER..]
    }

    /// The whole record, with its header filled in.
    ///
    /// # Errors
    ///
    /// When the payload is larger than a record can be.
    pub(super) fn seal(&mut self, kind: Kind, items: u32, unix_nano: u64) -> io::Result<&[u8]> {
        let length = self.payload().len();
        if length > LARGEST_PAYLOAD {
            return Err(io::Error::other("the batch is larger than a record of the log can be"));
        }
        let mut header = Header { kind, items, thinned: self.thinned, unix_nano, length: length as u32, crc: 0 };
        self.bytes[..RECORD_HEADER].copy_from_slice(&header.encode());
        header.crc = crc32fast::hash(&self.bytes[8..]);
        self.bytes[4..8].copy_from_slice(&header.crc.to_le_bytes());
        Ok(&self.bytes)
    }
}

impl From<&[u8]> for Frame {
    fn from(payload: &[u8]) -> Self {
        let mut frame = Self::with_capacity(payload.len());
        frame.bytes.extend_from_slice(payload);
        frame
    }
}
