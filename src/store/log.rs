//! A run's log: the store, the retry queue and the spool at once.
//!
//! # Constraints
//!
//! * One process writes, under a lock on the file; any number read, also while it grows.
//! * A batch is acknowledged to its sender after [`Log::append`] has returned.
//! * The writer can be killed at any moment, and the disk can be full at any write, and have room again at any later one.
//!
//! # Invariants
//!
//! * Records are never changed and never moved; a log only grows, and is deleted as a whole.
//! * The file holds whole records from the first on, without a gap. What cannot be written stays in memory behind the end
//!   of the file, in order and up to a limit, where readers of the same process find it at its offset. Each later append
//!   writes it down first, as far as there is room.
//! * Whatever follows the last whole record is a torn tail, or damage. Readers stop there. Whoever writes on cuts a torn
//!   tail off, and leaves a damaged log as it is.
//! * A failed append leaves the log as it was.
//!
//! A record is in the file when `append` returns, which survives the death of the process; it is not forced to the
//! medium, so a crash of the whole machine can cost what the kernel had not written yet. Where the file cannot be written
//! a record is in memory when `append` returns, and survives until it is written, or the process ends.
//!
//! # Layout
//!
//! All integers are little-endian.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | magic `otel-run` |
//! | 4 | format version, now 1 |
//! | 4 | zero, not looked at |
//!
//! and then any number of records:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | length of the payload |
//! | 4 | CRC-32 of everything that follows in the record |
//! | 1 | kind: 1 started (JSON), 2 batch (OTLP protobuf), 3 ended (JSON) |
//! | 1 | signal of a batch: 0 traces, 1 metrics, 2 logs |
//! | 2 | spans that were left out of a batch; a batch without items is there for this number alone |
//! | 4 | items in a batch: spans, data points, log records |
//! | 8 | when it was written, in nanoseconds since 1970 |
//! | n | payload |

mod behind;
mod record;
mod tail;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use behind::MEMORY_LIMIT;
pub use behind::Unwritten;
pub use record::{Frame, Header, Kind, RECORD_HEADER};
pub use tail::Tail;

use crate::otlp::Signal;

const MAGIC: &[u8; 8] = b"otel-run";
const VERSION: u32 = 1;
/// Bytes before the first record.
pub const FILE_HEADER: usize = 16;
/// A record longer than this is looked for in the log before there is room made for it.
const LONG_PAYLOAD: u32 = 1 << 20;

/// A log of one run.
#[derive(Debug)]
pub struct Log {
    /// None for a state folder that cannot be written: the run is delivered all the same, and forgotten at its end.
    file: Option<File>,
    /// Bytes of whole records in the file, its header included; without an end for a log of somebody else.
    written: u64,
    /// What follows them and is not in the file: whole records, in front of them the file's header if that is not there
    /// either.
    behind: Vec<u8>,
    /// Why something could not be written last.
    trouble: Option<io::Error>,
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
    /// Begins a log in an empty file. If there is no room for it yet, it begins in memory.
    pub fn create(file: File) -> Self {
        let mut log = Self { file: Some(file), ..Self::in_memory() };
        log.write_down();
        log
    }

    /// Begins a log that lives as long as the process.
    pub fn in_memory() -> Self {
        Self { file: None, written: 0, behind: file_header().to_vec(), trouble: None }
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
                let length = usize::try_from(file.metadata()?.len()).unwrap_or(FILE_HEADER).min(FILE_HEADER);
                file.read_exact_at(&mut header[..length], 0)?;
                let torn = file_header().starts_with(&header[..length]);
                return Err(if torn { LogError::Blank } else { LogError::NotALog });
            }
            other => other?,
        }
        let version = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
        match version {
            _ if &header[0..8] != MAGIC => return Err(LogError::NotALog),
            0 => return Err(LogError::NotALog),
            1..=VERSION => {}
            _ => return Err(LogError::Newer(version)),
        }
        let log = Self { file: Some(file), written: u64::MAX, behind: Vec::new(), trouble: None };
        if log.tail(Self::start())? == Tail::Torn { Err(LogError::Blank) } else { Ok(log) }
    }

    /// Makes ready to write on at `end`, where a reader found the end of the whole records. A torn tail is cut off.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn resume_at(&mut self, end: u64) -> io::Result<()> {
        if let Some(file) = &self.file {
            file.set_len(end)?;
            self.written = end;
        }
        Ok(())
    }

    /// A second hold of the lock on the log, which lasts longer than the log; none for a log in memory.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn hold(&self) -> io::Result<Option<Hold>> {
        self.file.as_ref().map(|file| file.try_clone().map(Hold)).transpose()
    }

    /// Where the first record begins.
    pub fn start() -> u64 {
        FILE_HEADER as u64
    }

    /// Where the next record will begin, in a log that is written here.
    pub fn end(&self) -> u64 {
        self.written.saturating_add(self.behind.len() as u64)
    }

    /// How far the log is in its file, in one that is written here: 0 for one in memory, or if there was no room yet.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Appends one record.
    ///
    /// # Errors
    ///
    /// What the system said, if the record can neither be written nor be kept in memory; the log is as it was.
    pub fn append(&mut self, kind: Kind, items: u32, unix_nano: u64, mut frame: Frame) -> io::Result<()> {
        let record = frame.seal(kind, items, unix_nano)?;
        self.write_down();
        if self.behind.is_empty() && self.write(record) {
            return Ok(());
        }
        if self.behind.len() + record.len() > MEMORY_LIMIT {
            return Err(self.refusal());
        }
        self.behind.extend_from_slice(record);
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

    /// The header of the record at `offset`, for whoever passes it over. In a log of somebody else the payload is looked at
    /// as well: nobody may go on behind damage.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn peek(&self, offset: u64) -> io::Result<Option<Header>> {
        if self.written == u64::MAX {
            return self.read(offset, &mut Vec::new());
        }
        Ok(self.read_header(offset)?.map(|(header, _)| header))
    }

    fn read_header(&self, offset: u64) -> io::Result<Option<(Header, [u8; RECORD_HEADER])>> {
        let mut raw = [0; RECORD_HEADER];
        if offset >= self.end() || !self.read_exact_at(&mut raw, offset)? {
            return Ok(None);
        }
        Ok(Header::decode(&raw).map(|header| (header, raw)))
    }

    /// Bytes that there are, whole records or not.
    fn size(&self) -> io::Result<u64> {
        match &self.file {
            Some(file) if self.behind.is_empty() => Ok(file.metadata()?.len()),
            _ => Ok(self.written.saturating_add(self.behind.len() as u64)),
        }
    }

    /// Fills `bytes` from `offset`, which no record does from file and memory both; `false` where the log is too short for
    /// that.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<bool> {
        match &self.file {
            Some(file) if offset < self.written => match file.read_exact_at(bytes, offset) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
                Err(error) => Err(error),
            },
            _ => {
                let from = usize::try_from(offset - self.written).ok();
                let Some(part) = from.and_then(|from| self.behind.get(from..)?.get(..bytes.len())) else {
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
