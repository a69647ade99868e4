//! A search for many beginnings at once that is made in no time: one byte after the other, for short texts.

/// Which of the first three bytes of a beginning can be which byte. The beginnings are spread over eight groups, a bit each.
#[derive(Clone)]
pub(super) struct Sieve([[u8; 256]; 3]);

impl Sieve {
    /// For these beginnings.
    pub(super) fn of(beginnings: &[&[u8]]) -> Self {
        let mut sieve = [[0; 256]; 3];
        for (index, beginning) in beginnings.iter().enumerate() {
            let group = 1 << (index % 8);
            for (place, groups) in sieve.iter_mut().enumerate() {
                match beginning.get(place) {
                    Some(byte) => groups[usize::from(*byte)] |= group,
                    // It ends before.
                    None => groups.iter_mut().for_each(|groups| *groups |= group),
                }
            }
        }
        Self(sieve)
    }

    /// The next place from `from` on at which one of them may stand. It may be none of them, and none is passed over.
    pub(super) fn next(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let Self([first, second, third]) = self;
        let at = |place: usize| usize::from(bytes[place]);
        (from..bytes.len()).find(|place| {
            let mut groups = first[at(*place)];
            if groups != 0 && place + 1 < bytes.len() {
                groups &= second[at(place + 1)];
            }
            if groups != 0 && place + 2 < bytes.len() {
                groups &= third[at(place + 2)];
            }
            groups != 0
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_passed_over(
            beginnings in prop::collection::vec("[ab-]{1,5}", 0..20),
            text in "[abc-]{0,30}",
        ) {
            let beginnings: Vec<&[u8]> = beginnings.iter().map(String::as_bytes).collect();
            let (sieve, text) = (Sieve::of(&beginnings), text.as_bytes());
            for at in 0..text.len() {
                if beginnings.iter().any(|beginning| text[at..].starts_with(beginning)) {
                    prop_assert_eq!(sieve.next(text, at), Some(at));
                }
            }
            prop_assert_eq!(sieve.next(text, text.len()), None);
        }

        #[test]
        fn most_of_other_text_is_passed_over(text in "[0-9]{0,99}") {
            let sieve = Sieve::of(&[b"sk-", b"abcdefgh", b"12x45678"]);
            let found = sieve.next(text.as_bytes(), 0);
            prop_assert!(found.is_none_or(|at| at + 3 > text.len() && text[at..].starts_with('1')));
        }
    }
}
