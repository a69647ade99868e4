//! The rows of the table in the order in which a key finds them: by the first eight bytes, computed by the compiler.

use super::table::{Families, KEPT, Places, ROWS, Shape};
use super::{Family, Kind, Place};

/// One name of the table.
#[derive(Clone, Copy)]
struct Entry {
    head: u64,
    name: &'static [u8],
    shape: Shape,
    families: Families,
    places: Places,
    kind: Option<Kind>,
}

const EMPTY: Entry =
    Entry { head: 0, name: b"", shape: Shape::Exact, families: Families::ANY, places: Places::EVERYWHERE, kind: None };

/// A run of entries with the same head; no entries where the slot is free.
#[derive(Clone, Copy)]
struct Slot {
    head: u64,
    start: u16,
    end: u16,
}

const SLOTS: usize = 512;

const fn count() -> usize {
    let mut total = KEPT.len();
    let mut row = 0;
    while row < ROWS.len() {
        total += ROWS[row].names.len();
        row += 1;
    }
    total
}

const ENTRIES: usize = count();

/// The first eight bytes of a name, or all of a shorter one.
const fn head(name: &[u8]) -> u64 {
    match name.first_chunk::<8>() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => {
            let mut value = 0;
            let mut at = 0;
            while at < name.len() {
                value |= (name[at] as u64) << (8 * at);
                at += 1;
            }
            value
        }
    }
}

const fn slot_of(head: u64) -> usize {
    (head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 55) as usize % SLOTS
}

/// All names, sorted by head; exceptions come before the rows that they are taken from.
const fn sorted() -> [Entry; ENTRIES] {
    let mut entries = [EMPTY; ENTRIES];
    let mut filled = 0;
    while filled < KEPT.len() {
        let name = KEPT[filled].as_bytes();
        entries[filled] = Entry { head: head(name), name, ..EMPTY };
        filled += 1;
    }
    let mut row = 0;
    while row < ROWS.len() {
        let from = &ROWS[row];
        let mut at = 0;
        while at < from.names.len() {
            let name = from.names[at].text.as_bytes();
            entries[filled] = Entry {
                head: head(name),
                name,
                shape: from.names[at].shape,
                families: from.families,
                places: from.places,
                kind: Some(from.kind),
            };
            filled += 1;
            at += 1;
        }
        row += 1;
    }
    // Insertion sort keeps the order of equal heads, so an exception stays in front.
    let mut next = 1;
    while next < ENTRIES {
        let entry = entries[next];
        let mut at = next;
        while at > 0 && entries[at - 1].head > entry.head {
            entries[at] = entries[at - 1];
            at -= 1;
        }
        entries[at] = entry;
        next += 1;
    }
    entries
}

/// Where each head's run of entries begins and ends, by open addressing.
const fn slots(entries: &[Entry; ENTRIES]) -> [Slot; SLOTS] {
    let mut slots = [Slot { head: 0, start: 0, end: 0 }; SLOTS];
    let mut start = 0;
    while start < ENTRIES {
        let head = entries[start].head;
        let mut end = start;
        while end < ENTRIES && entries[end].head == head {
            end += 1;
        }
        let mut slot = slot_of(head);
        while slots[slot].end != 0 {
            slot = (slot + 1) % SLOTS;
        }
        slots[slot] = Slot { head, start: start as u16, end: end as u16 };
        start = end;
    }
    slots
}

static SORTED: [Entry; ENTRIES] = sorted();
static BY_HEAD: [Slot; SLOTS] = slots(&sorted());

/// What the table says about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A row names it.
    Content(Kind),
    /// It is an exception and stays.
    Kept,
    /// Nothing.
    Unknown,
}

/// Looks `key` up. Allocates nothing; most keys end at a free slot.
#[inline]
pub(super) fn find(family: Family, place: Place, key: &[u8]) -> Found {
    let wanted = head(key);
    let mut at = slot_of(wanted);
    loop {
        let slot = BY_HEAD[at];
        if slot.end == 0 {
            return Found::Unknown;
        }
        if slot.head == wanted {
            return find_among(&SORTED[slot.start as usize..slot.end as usize], family, place, key);
        }
        at = (at + 1) % SLOTS;
    }
}

fn find_among(entries: &[Entry], family: Family, place: Place, key: &[u8]) -> Found {
    for entry in entries {
        let Some(rest) = key.strip_prefix(entry.name) else { continue };
        let named = match entry.shape {
            Shape::Exact => rest.is_empty(),
            Shape::Tree => matches!(rest.first(), None | Some(b'.')),
        };
        if named && entry.families.has(family) && entry.places.has(place) {
            return entry.kind.map_or(Found::Kept, Found::Content);
        }
    }
    Found::Unknown
}
