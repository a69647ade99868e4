//! A valid log that was cut, damaged in one place, or added to: what is read is a prefix of what was written, and
//! nothing is lost that stood whole before the damage.

use otel_run::otlp::Signal;
use otel_run::store::log::{Frame, Kind, Log};

use super::Reading;
use super::log::{Record, file_of, records};

/// What happens to the log.
#[derive(Clone, Copy)]
enum Edit {
    Cut,
    Damage,
    Append,
}

/// The input says, byte by byte, how the log is edited: what is done, where (two bytes), with what, and how many bytes
/// are added. These are taken next; the rest are records, each one byte for kind and signal, one for its length, and so
/// many for its payload.
pub fn check(data: &[u8]) -> Reading {
    let [edit, high, low, value, added, rest @ ..] = data else { return Reading::Refused };
    let edit = [Edit::Cut, Edit::Damage, Edit::Append][usize::from(edit % 3)];
    let Some((added, rest)) = rest.split_at_checked(usize::from(*added)) else { return Reading::Refused };

    let file = file_of(&[]);
    let mut log = Log::create(file.try_clone().unwrap());
    // Where each record ends.
    let mut ends = Vec::new();
    let mut rest = rest;
    while let [kind, length, tail @ ..] = rest {
        let payload;
        (payload, rest) = tail.split_at(usize::from(*length).min(tail.len()));
        let kind = [
            Kind::Started,
            Kind::Batch(Signal::Traces),
            Kind::Batch(Signal::Metrics),
            Kind::Batch(Signal::Logs),
            Kind::Ended,
        ][usize::from(kind % 5)];
        log.append(kind, u32::from(*length), ends.len() as u64, Frame::from(payload)).unwrap();
        ends.push(log.end());
    }
    let (written, end) = records(&log);
    assert_eq!((written.len(), end), (ends.len(), log.end()));

    let mut bytes = vec![0; usize::try_from(end).unwrap()];
    std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, 0).unwrap();
    let position = usize::from(u16::from_be_bytes([*high, *low])) % bytes.len();
    let intact = match edit {
        Edit::Cut => {
            bytes.truncate(position);
            position
        }
        Edit::Damage => {
            bytes[position] ^= value;
            if *value == 0 { bytes.len() } else { position }
        }
        Edit::Append => {
            bytes.extend_from_slice(added);
            bytes.len()
        }
    };
    let found = match Log::open(file_of(&bytes)) {
        Ok(log) => records(&log).0,
        Err(_) => Vec::new(),
    };
    let header = Log::start() as usize;
    let whole = if intact < header { 0 } else { ends.iter().filter(|end| **end <= intact as u64).count() };
    assert!(found.len() >= whole, "{} of {whole} whole records are left", found.len());
    is_prefix(&written, &found, matches!(edit, Edit::Append));
    if found.is_empty() { Reading::Refused } else { Reading::Accepted }
}

/// Whoever adds bytes can add whole records as well.
fn is_prefix(written: &[Record], found: &[Record], added: bool) {
    assert!(added || found.len() <= written.len());
    assert!(written.iter().zip(found).all(|(written, found)| written == found), "another record than was written");
}
