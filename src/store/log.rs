//! A run's log: the store, the retry queue and the spool at once.
//!
//! # Constraints
//!
//! * One process writes, under a lock on the file; any number read, also while it grows.
//! * A batch is acknowledged to its sender after [`Log::append`] has returned.
//! * The writer can be killed at any moment, and the disk can be full at any write.
//!
//! # Invariants
//!
//! * Records are never changed and never moved; a log only grows, and is deleted as a whole.
//! * Whatever follows the last whole record is a torn tail, or damage. Readers stop there, and whoever writes on cuts it off.
//! * A failed append leaves the log as it was.
//!
//! A record is in the file when `append` returns, which survives the death of the process; it is not forced to the
//! medium, so a crash of the whole machine can cost what the kernel had not written yet.
//!
//! # Layout
//!
//! All integers are little-endian.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | magic `otel-run` |
//! | 4 | format version, now 1 |
//! | 4 | zero |
//!
//! and then any number of records:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | length of the payload |
//! | 4 | CRC-32 of everything that follows in the record |
//! | 1 | kind: 1 started (JSON), 2 batch (OTLP protobuf), 3 ended (JSON) |
//! | 1 | signal of a batch: 0 traces, 1 metrics, 2 logs |
//! | 2 | zero |
//! | 4 | items in a batch: spans, data points, log records |
//! | 8 | when it was written, in nanoseconds since 1970 |
//! | n | payload |

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::otlp::Signal;

const MAGIC: &[u8; 8] = b"otel-run";
const VERSION: u32 = 1;
/// Bytes before the first record.
pub const FILE_HEADER: usize = 16;
/// Bytes of a record before its payload.
pub const RECORD_HEADER: usize = 24;
/// No record is larger: the largest OTLP request plus what the transforms can add.
const LARGEST_PAYLOAD: usize = 256 << 20;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`super::facts::Started`] as JSON.
    Started,
    /// An OTLP export request in protobuf.
    Batch(Signal),
    /// [`super::facts::Ended`] as JSON.
    Ended,
}

/// A record longer than this is looked for in the log before there is room made for it.
const LONG_PAYLOAD: u32 = 1 << 20;

/// A record without its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What it holds.
    pub kind: Kind,
    /// Spans, data points or log records in a batch.
    pub items: u32,
    /// When it was written, in nanoseconds since 1970.
    pub unix_nano: u64,
    length: u32,
    crc: u32,
}

impl Header {
    /// Bytes of the whole record in the log.
    pub fn record_length(&self) -> u64 {
        RECORD_HEADER as u64 + u64::from(self.length)
    }

    fn encode(&self) -> [u8; RECORD_HEADER] {
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
        bytes[12..16].copy_from_slice(&self.items.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.unix_nano.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; RECORD_HEADER]) -> Option<Self> {
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
            unix_nano: u64::from(u32_at(16)) | u64::from(u32_at(20)) << 32,
            length,
            crc: u32_at(4),
        })
    }
}

/// A record to be: room for the header, then the payload, so that it is written in one piece without a copy.
#[derive(Debug, Clone)]
pub struct Frame(Vec<u8>);

impl Frame {
    /// An empty frame with room for `capacity` bytes of payload.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(RECORD_HEADER + capacity);
        bytes.resize(RECORD_HEADER, 0);
        Self(bytes)
    }

    /// Where the payload is written: append only.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.0[RECORD_HEADER..]
    }
}

impl From<&[u8]> for Frame {
    fn from(payload: &[u8]) -> Self {
        let mut frame = Self::with_capacity(payload.len());
        frame.0.extend_from_slice(payload);
        frame
    }
}

/// Where the bytes of a log are.
#[derive(Debug)]
enum Medium {
    File(File),
    /// For a state folder that cannot be written: the run is delivered all the same, and forgotten at its end.
    Memory(Vec<u8>),
}

/// The most that a log in memory takes.
const MEMORY_LIMIT: usize = 64 << 20;

/// A log of one run.
#[derive(Debug)]
pub struct Log {
    medium: Medium,
    /// Bytes of whole records, header included.
    length: u64,
}

/// What stands behind the whole records of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Nothing, or a record that was being written when its writer died.
    Torn,
    /// Something that was whole once.
    Damaged,
}

/// As long as this is kept, nobody else can claim the log.
#[derive(Debug)]
pub struct Hold(#[expect(dead_code, reason = "the lock goes with the last handle of the file")] File);

/// A log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its writer was killed before the first record was whole, or writes it just now.
    #[error("nothing is recorded in it")]
    Blank,
    /// It is not a log at all.
    #[error("it does not begin like a log of otel-run")]
    NotALog,
    /// A newer otel-run wrote it.
    #[error("its format {0} is newer than this otel-run, which knows format {VERSION}")]
    Newer(u32),
}

impl Log {
    /// Begins a log in an empty file.
    ///
    /// # Errors
    ///
    /// What the system said when the header could not be written.
    pub fn create(file: File) -> io::Result<Self> {
        file.write_all_at(&file_header(), 0)?;
        Ok(Self { medium: Medium::File(file), length: FILE_HEADER as u64 })
    }

    /// Begins a log that lives as long as the process.
    pub fn in_memory() -> Self {
        Self { medium: Medium::Memory(file_header().to_vec()), length: FILE_HEADER as u64 }
    }

    /// Opens an existing log to read it, also while somebody writes it.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no log, holds nothing, or comes from a newer version.
    pub fn open(file: File) -> Result<Self, LogError> {
        let mut header = [0; FILE_HEADER];
        match file.read_exact_at(&mut header, 0) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(if file.metadata()?.len() == 0 { LogError::Blank } else { LogError::NotALog });
            }
            other => other?,
        }
        if &header[0..8] != MAGIC {
            return Err(LogError::NotALog);
        }
        let version = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
        if version > VERSION {
            return Err(LogError::Newer(version));
        }
        let log = Self { medium: Medium::File(file), length: u64::MAX };
        if log.tail(Self::start())? == Tail::Torn { Err(LogError::Blank) } else { Ok(log) }
    }

    /// Makes ready to write on at `end`, where a reader found the end of the whole records. A torn tail is cut off.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn resume_at(&mut self, end: u64) -> io::Result<()> {
        if let Medium::File(file) = &self.medium {
            file.set_len(end)?;
        }
        self.length = end;
        Ok(())
    }

    /// What stands behind the whole records, which end at `end`.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn tail(&self, end: u64) -> io::Result<Tail> {
        let Medium::File(file) = &self.medium else { return Ok(Tail::Torn) };
        let rest = file.metadata()?.len().saturating_sub(end);
        let mut raw = [0; RECORD_HEADER];
        if rest < raw.len() as u64 || !self.read_exact_at(&mut raw, end)? {
            return Ok(Tail::Torn);
        }
        // A crash of the machine can leave zeros where a record was to be.
        let torn = raw.iter().all(|byte| *byte == 0) || Header::decode(&raw).is_some_and(|h| h.record_length() > rest);
        Ok(if torn { Tail::Torn } else { Tail::Damaged })
    }

    /// A second hold of the lock on the log, which lasts longer than the log; none for a log in memory.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn hold(&self) -> io::Result<Option<Hold>> {
        match &self.medium {
            Medium::File(file) => file.try_clone().map(|file| Some(Hold(file))),
            Medium::Memory(_) => Ok(None),
        }
    }

    /// Where the first record begins.
    pub fn start() -> u64 {
        FILE_HEADER as u64
    }

    /// Where the next record will begin, in a log that is written here.
    pub fn end(&self) -> u64 {
        self.length
    }

    /// Whether the log outlives the process.
    pub fn is_durable(&self) -> bool {
        matches!(self.medium, Medium::File(_))
    }

    /// Appends one record.
    ///
    /// # Errors
    ///
    /// What the system said, a full disk among it; the log is as it was.
    pub fn append(&mut self, kind: Kind, items: u32, unix_nano: u64, mut frame: Frame) -> io::Result<()> {
        let length = frame.payload().len();
        if length > LARGEST_PAYLOAD {
            return Err(io::Error::other("the batch is larger than a record of the log can be"));
        }
        let mut header = Header { kind, items, unix_nano, length: length as u32, crc: 0 };
        frame.0[..RECORD_HEADER].copy_from_slice(&header.encode());
        header.crc = crc32fast::hash(&frame.0[8..]);
        frame.0[4..8].copy_from_slice(&header.crc.to_le_bytes());
        match &mut self.medium {
            Medium::File(file) => {
                if let Err(error) = file.write_all_at(&frame.0, self.length) {
                    // What was written of it is a torn tail; cutting it off gives the space back to a full disk.
                    let _ = file.set_len(self.length);
                    return Err(error);
                }
            }
            Medium::Memory(bytes) if bytes.len() + frame.0.len() > MEMORY_LIMIT => {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            Medium::Memory(bytes) => bytes.extend_from_slice(&frame.0),
        }
        self.length += frame.0.len() as u64;
        Ok(())
    }

    /// Reads the record that begins at `offset` into `payload`; none at the end of the log, or where it is torn.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn read(&self, offset: u64, payload: &mut Vec<u8>) -> io::Result<Option<Header>> {
        let Some((header, raw)) = self.read_header(offset)? else { return Ok(None) };
        // A damaged length can ask for far more memory than the log takes on disk.
        if header.length > LONG_PAYLOAD && self.size()?.saturating_sub(offset) < header.record_length() {
            return Ok(None);
        }
        payload.resize(header.length as usize, 0);
        if !self.read_exact_at(payload, offset + RECORD_HEADER as u64)? {
            return Ok(None);
        }
        let mut crc = crc32fast::Hasher::new();
        crc.update(&raw[8..]);
        crc.update(payload);
        Ok((crc.finalize() == header.crc).then_some(header))
    }

    /// Reads all batches of one signal.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn batches(&self, signal: Signal, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let (mut at, mut payload) = (Self::start(), Vec::new());
        while let Some(header) = self.read(at, &mut payload)? {
            if header.kind == Kind::Batch(signal) {
                each(&payload);
            }
            at += header.record_length();
        }
        Ok(())
    }

    /// Reads only the header of the record at `offset`, without checking the payload.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn peek(&self, offset: u64) -> io::Result<Option<Header>> {
        Ok(self.read_header(offset)?.map(|(header, _)| header))
    }

    fn read_header(&self, offset: u64) -> io::Result<Option<(Header, [u8; RECORD_HEADER])>> {
        let mut raw = [0; RECORD_HEADER];
        if offset >= self.length || !self.read_exact_at(&mut raw, offset)? {
            return Ok(None);
        }
        Ok(Header::decode(&raw).map(|header| (header, raw)))
    }

    /// Bytes that there are, whole records or not.
    fn size(&self) -> io::Result<u64> {
        match &self.medium {
            Medium::File(file) => Ok(file.metadata()?.len()),
            Medium::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Fills `bytes` from `offset`; `false` where the log is too short for that.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<bool> {
        match &self.medium {
            Medium::File(file) => match file.read_exact_at(bytes, offset) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
                Err(error) => Err(error),
            },
            Medium::Memory(log) => {
                let Some(part) = usize::try_from(offset).ok().and_then(|from| log.get(from..)?.get(..bytes.len()))
                else {
                    return Ok(false);
                };
                bytes.copy_from_slice(part);
                Ok(true)
            }
        }
    }
}

fn file_header() -> [u8; FILE_HEADER] {
    let mut bytes = [0; FILE_HEADER];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests;
