//! Ids of spans as keys, and the last of them as a set.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};

/// A span id.
pub(super) type Id = [u8; 8];

/// Values by span id.
pub(super) type ById<V> = HashMap<Id, V, Seed>;

/// A set of span ids.
pub(super) type Ids = HashSet<Id, Seed>;

/// Hashes ids in a few instructions, each map in its own way: ids are random, and who makes them up does not know the seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seed(u64);

impl Default for Seed {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0))
    }
}

impl BuildHasher for Seed {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        Folded(self.0)
    }
}

/// An odd number without a pattern, from the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Multiplies and folds the upper half of the product onto the lower one.
#[derive(Debug)]
pub(super) struct Folded(u64);

impl Folded {
    fn add(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(GOLDEN);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    /// The length of an id, which is always the same.
    fn write_usize(&mut self, _: usize) {}

    /// A table takes its places from both ends of it.
    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ self.0 >> 32).wrapping_mul(GOLDEN);
        mixed ^ mixed >> 29
    }
}

/// The last ids that were added, [`Recent::LEAST`] at least and twice as many at most.
#[derive(Debug, Default)]
pub(super) struct Recent {
    young: Ids,
    old: Ids,
}

impl Recent {
    /// So many are remembered at least.
    pub(super) const LEAST: usize = 1 << 13;

    /// Adds an id; whether others were forgotten for it.
    pub(super) fn add(&mut self, id: Id) -> bool {
        let mut forgot = false;
        if self.young.len() == Self::LEAST {
            std::mem::swap(&mut self.young, &mut self.old);
            forgot = !self.young.is_empty();
            self.young.clear();
        }
        self.young.insert(id);
        forgot
    }

    /// Whether an id is among them.
    pub(super) fn has(&self, id: &Id) -> bool {
        self.young.contains(id) || self.old.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> Id {
        number.to_be_bytes()
    }

    #[test]
    fn the_last_ones_are_remembered() {
        let mut recent = Recent::default();
        let (least, many) = (Recent::LEAST as u64, 5 * Recent::LEAST as u64 + 7);
        for number in 0..many {
            let forgot = recent.add(id(number));
            assert_eq!(forgot, number >= 2 * least && number % least == 0, "{number}");
            assert!(recent.has(&id(number.saturating_sub(least - 1))));
        }
        assert!(!recent.has(&id(many - 2 * least - 1)));
        assert!(!recent.has(&id(many)));
    }

    /// Ids that are counted up, and those that differ at their beginning, spread over a table as random ones do.
    #[test]
    fn ids_with_a_pattern_do_not_collide() {
        let seed = Seed::default();
        for shift in [0, 8, 32, 51] {
            let low: HashSet<u64> = (0..4096_u64).map(|number| seed.hash_one(id(number << shift)) & 0xffff).collect();
            let high: HashSet<u64> = (0..4096_u64).map(|number| seed.hash_one(id(number << shift)) >> 48).collect();
            assert!(low.len() > 3500 && high.len() > 3500, "{shift}: {} {}", low.len(), high.len());
        }
    }
}
