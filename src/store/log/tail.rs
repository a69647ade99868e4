//! What stands behind the whole records of a log: the work of a kill, or damage.

use std::io;

use super::record::RECORD_HEADER;
use super::{Header, Log};

/// What stands behind the whole records of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Nothing, or a record that was being written when its writer died.
    Torn,
    /// Something that was whole once.
    Damaged,
}

impl Log {
    /// What stands behind the whole records, which end at `end`.
    ///
    /// A record that was torn is shorter than its header says. So is one whose length was damaged, and behind that there
    /// are whole records, or its own payload is whole by its checksum, of which the length is no part.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn tail(&self, end: u64) -> io::Result<Tail> {
        let Some(file) = &self.file else { return Ok(Tail::Torn) };
        let rest = file.metadata()?.len().saturating_sub(end);
        let mut raw = [0; RECORD_HEADER];
        if rest < raw.len() as u64 || !self.read_exact_at(&mut raw, end)? {
            return Ok(Tail::Torn);
        }
        // A crash of the machine can leave zeros where a record was to be.
        if raw.iter().all(|byte| *byte == 0) {
            return Ok(Tail::Torn);
        }
        match Header::decode(&raw) {
            Some(header) if header.record_length() > rest => {}
            _ => return Ok(Tail::Damaged),
        }
        let mut bytes = vec![0; usize::try_from(rest).unwrap_or(usize::MAX)];
        if !self.read_exact_at(&mut bytes, end)? {
            return Ok(Tail::Torn);
        }
        Ok(if was_whole(&bytes) { Tail::Damaged } else { Tail::Torn })
    }
}

/// Whether `bytes`, which begin with a record that is too short, were whole records once.
fn was_whole(bytes: &[u8]) -> bool {
    // Whoever sends payloads full of headers is not worth more time than this, and loses nothing by it.
    let mut patience = bytes.len().saturating_mul(8);
    let crc = |record: &[u8]| crc32fast::hash(&record[8..]).to_le_bytes();
    if crc(bytes) == bytes[4..8] {
        return true;
    }
    for at in 1..bytes.len() {
        let Some(header) = bytes[at..].first_chunk::<RECORD_HEADER>().and_then(Header::decode) else { continue };
        let length = usize::try_from(header.record_length()).unwrap_or(usize::MAX);
        let Some(record) = bytes[at..].get(..length) else { continue };
        let Some(less) = patience.checked_sub(length) else { return true };
        patience = less;
        if crc(record) == record[4..8] {
            return true;
        }
    }
    false
}
