//! What a log holds in memory behind the end of its file, for as long as the disk is full or the file cannot be written
//! for another reason.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::record::RECORD_HEADER;
use super::{FILE_HEADER, Header, Kind, Log};

/// The most that a log takes in memory.
pub(super) const MEMORY_LIMIT: usize = 64 << 20;

/// A record that is not in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unwritten {
    /// What it holds.
    pub kind: Kind,
    /// Spans, data points or log records in a batch.
    pub items: u32,
    /// Where it ends in the log.
    pub end: u64,
}

impl Log {
    /// Writes down what is behind the file as far as there is room. Only whole records stay in the file.
    pub(super) fn write_down(&mut self) {
        let Some(file) = self.file.as_ref().filter(|_| !self.behind.is_empty()) else { return };
        let (count, written) = write_as_far_as_possible(file, &self.behind, self.written);
        let whole = whole_part(&self.behind[..count], self.written == 0);
        if whole < count {
            cut(file, self.written + whole as u64);
        }
        self.written += whole as u64;
        self.behind.drain(..whole);
        if self.behind.is_empty() {
            // It was for an emergency, and can be large.
            self.behind = Vec::new();
        }
        if let Err(error) = written {
            self.trouble = Some(error);
        }
    }

    /// Writes one record at the end of the file, whole or not at all.
    pub(super) fn write(&mut self, record: &[u8]) -> bool {
        let Some(file) = &self.file else { return false };
        match write_as_far_as_possible(file, record, self.written) {
            (_, Ok(())) => {
                self.written += record.len() as u64;
                true
            }
            (_, Err(error)) => {
                cut(file, self.written);
                self.trouble = Some(error);
                false
            }
        }
    }

    /// Why a record is not taken: what the system said about the file, or that there is no memory left for it.
    pub(super) fn refusal(&self) -> io::Error {
        match &self.trouble {
            Some(error) => again(error),
            None => io::Error::from(io::ErrorKind::StorageFull),
        }
    }

    /// Writes down what is behind the file.
    ///
    /// # Errors
    ///
    /// What the system said if not all of it could be written.
    pub fn write_all(&mut self) -> io::Result<()> {
        self.write_down();
        if self.behind.is_empty() { Ok(()) } else { Err(self.refusal()) }
    }

    /// Writes for the last time: what is behind the file as far as there is room, and then of the rest whatever fits and
    /// may be `moved` up to the offset where the file ends, unless the file has no record yet. Gives what is not in the file for good, and why. Nothing can be
    /// appended after that. A log in memory is left as it is.
    pub fn close(&mut self, moved: impl Fn(Kind, u64) -> bool) -> Option<(Vec<Unwritten>, io::Error)> {
        self.write_down();
        if self.file.is_none() || self.behind.is_empty() {
            return None;
        }
        let why = self.refusal();
        let rest = std::mem::take(&mut self.behind);
        // The first record says what the log is about. Without it nobody could make anything of the others.
        let begun = self.written > FILE_HEADER as u64;
        let mut end = self.written;
        let mut left = Vec::new();
        for piece in pieces(&rest, end == 0) {
            end += piece.len() as u64;
            let Some(Header { kind, items, .. }) = header_of(piece) else { continue };
            if !(begun && moved(kind, self.written) && self.write(piece)) {
                left.push(Unwritten { kind, items, end });
            }
        }
        Some((left, why))
    }
}

/// The header of a record that is one; none for the file's header, which is shorter.
fn header_of(piece: &[u8]) -> Option<Header> {
    piece.first_chunk::<RECORD_HEADER>().and_then(Header::decode)
}

/// `bytes` in pieces that are written whole: the file's header if they begin with it, and records. A piece at the end that
/// is not whole is left out.
fn pieces(bytes: &[u8], begins_file: bool) -> impl Iterator<Item = &[u8]> {
    let (mut at, mut begins_file) = (0, begins_file);
    std::iter::from_fn(move || {
        let length = match std::mem::take(&mut begins_file) {
            true => FILE_HEADER,
            false => {
                let [a, b, c, d] = bytes.get(at..)?.first_chunk::<4>()?;
                RECORD_HEADER + u32::from_le_bytes([*a, *b, *c, *d]) as usize
            }
        };
        let piece = bytes.get(at..)?.get(..length)?;
        at += length;
        Some(piece)
    })
}

fn whole_part(bytes: &[u8], begins_file: bool) -> usize {
    pieces(bytes, begins_file).map(<[u8]>::len).sum()
}

/// Takes away what was written of a record. That gives the space back to a full disk; if it cannot be done, it is a torn
/// tail for whoever reads, and is written over by the next record.
fn cut(file: &File, length: u64) {
    let _ = file.set_len(length);
}

/// Writes `bytes` at `offset` until an error; gives how many were written.
fn write_as_far_as_possible(file: &File, bytes: &[u8], offset: u64) -> (usize, io::Result<()>) {
    let mut count = 0;
    while count < bytes.len() {
        match file.write_at(&bytes[count..], offset + count as u64) {
            Ok(0) => return (count, Err(io::Error::from(io::ErrorKind::WriteZero))),
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (count, Err(error)),
        }
    }
    (count, Ok(()))
}

/// The same error once more.
fn again(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| io::Error::from(error.kind()), io::Error::from_raw_os_error)
}
