//! Parents that were named and never came, found without remembering every span of a long run.

use super::ids::{ById, Id, Recent};

/// Parents that are waited for. More at once would be an agent that invents parents; the rest gets no stand-in.
const AWAITED: usize = 1 << 16;
/// Links that the run's span carries at most, as many as [`crate::record`] puts on it.
const LINKED: usize = 1024;

/// A span to put in place of a parent that never came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandIn {
    /// The id that children named as their parent.
    pub span_id: [u8; 8],
    /// The start of its first child, in nanoseconds since 1970.
    pub start_unix_nano: u64,
    /// The end of its last child, in nanoseconds since 1970.
    pub end_unix_nano: u64,
    /// How many children named it.
    pub children: u64,
}

/// A span that came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    pub(super) span_id: [u8; 8],
    pub(super) parent: [u8; 8],
    pub(super) start_unix_nano: u64,
    pub(super) end_unix_nano: u64,
}

#[derive(Debug)]
pub(super) struct Orphans {
    run_span: Id,
    /// A parent nearly always ends, and so comes, soon after its last child; what is older is looked up in the log, and only
    /// if it matters.
    seen: Recent,
    awaited: ById<StandIn>,
    forgotten: bool,
    /// Whether there was no room for a parent that was named.
    overflowed: bool,
}

impl Orphans {
    pub(super) fn new(run_span: Id) -> Self {
        let (seen, awaited) = (Recent::default(), ById::default());
        Self { run_span, seen, awaited, forgotten: false, overflowed: false }
    }

    pub(super) fn saw(&mut self, span: Sighting) {
        let Sighting { span_id, parent, start_unix_nano, end_unix_nano } = span;
        self.awaited.remove(&span_id);
        self.forgotten |= self.seen.add(span_id);
        if parent == self.run_span || self.seen.has(&parent) {
            return;
        }
        let room = self.awaited.len() < AWAITED;
        match self.awaited.entry(parent) {
            std::collections::hash_map::Entry::Occupied(mut entry) => {
                let stand_in = entry.get_mut();
                stand_in.start_unix_nano = stand_in.start_unix_nano.min(start_unix_nano);
                stand_in.end_unix_nano = stand_in.end_unix_nano.max(end_unix_nano);
                stand_in.children += 1;
            }
            std::collections::hash_map::Entry::Vacant(entry) if room => {
                entry.insert(StandIn { span_id: parent, start_unix_nano, end_unix_nano, children: 1 });
            }
            std::collections::hash_map::Entry::Vacant(_) => self.overflowed = true,
        }
    }

    /// Whether a span that has not come yet was named as a parent, or may have been.
    pub(super) fn awaits(&self, span_id: [u8; 8]) -> bool {
        self.overflowed || self.awaited.contains_key(&span_id)
    }

    pub(super) fn stand_ins<E>(
        &mut self,
        confirm: impl FnOnce(&mut dyn FnMut([u8; 8])) -> Result<(), E>,
    ) -> Result<Vec<StandIn>, E> {
        let mut awaited = std::mem::take(&mut self.awaited);
        if self.forgotten && !awaited.is_empty() {
            confirm(&mut |span_id| {
                awaited.remove(&span_id);
            })?;
        }
        let mut stand_ins: Vec<StandIn> = awaited.into_values().collect();
        stand_ins.sort_by_key(|stand_in| (stand_in.start_unix_nano, stand_in.span_id));
        Ok(stand_ins)
    }
}

/// Roots of the command's own traces, where they are linked and not adopted.
#[derive(Debug, Default)]
pub(super) struct Roots(Vec<([u8; 16], [u8; 8])>);

impl Roots {
    pub(super) fn add(&mut self, trace_id: [u8; 16], span_id: [u8; 8]) {
        if self.0.len() < LINKED {
            self.0.push((trace_id, span_id));
        }
    }

    pub(super) fn linked(&self) -> &[([u8; 16], [u8; 8])] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::convert::Infallible;

    use super::*;

    fn id(n: u64) -> [u8; 8] {
        n.to_be_bytes()
    }

    fn span(span_id: [u8; 8], parent: [u8; 8], start_unix_nano: u64, end_unix_nano: u64) -> Sighting {
        Sighting { span_id, parent, start_unix_nano, end_unix_nano }
    }

    fn unasked(orphans: &mut Orphans) -> Vec<StandIn> {
        orphans.stand_ins(|_| -> Result<(), Infallible> { panic!("nothing was forgotten") }).unwrap()
    }

    #[test]
    fn a_parent_that_never_comes_spans_its_children() {
        let mut orphans = Orphans::new(id(1));
        orphans.saw(span(id(10), id(99), 50, 60));
        orphans.saw(span(id(11), id(99), 40, 45));
        orphans.saw(span(id(12), id(1), 0, 100));
        let expected = StandIn { span_id: id(99), start_unix_nano: 40, end_unix_nano: 60, children: 2 };
        assert_eq!(unasked(&mut orphans), [expected]);
    }

    #[test]
    fn a_parent_may_come_before_or_after_its_children() {
        let mut orphans = Orphans::new(id(1));
        orphans.saw(span(id(10), id(20), 0, 1));
        orphans.saw(span(id(20), id(1), 0, 2));
        orphans.saw(span(id(11), id(20), 1, 5));
        assert_eq!(unasked(&mut orphans), []);
    }

    #[test]
    fn what_was_forgotten_is_looked_up() {
        let mut orphans = Orphans::new(id(1));
        for n in 0..2 * Recent::LEAST as u64 + 10 {
            orphans.saw(span(id(1000 + n), id(1), 0, 1));
        }
        orphans.saw(span(id(5), id(1000), 2, 3));
        orphans.saw(span(id(6), id(77), 2, 3));
        let stand_ins = orphans
            .stand_ins(|came| {
                came(id(1000));
                Ok::<(), Infallible>(())
            })
            .unwrap();
        assert_eq!(stand_ins.iter().map(|s| s.span_id).collect::<Vec<_>>(), [id(77)]);
    }
}
