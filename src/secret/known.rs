//! All secrets of a run together: found in one search over the bytes, whatever their number.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::packed::{Config, MatchKind, Searcher};
use aho_corasick::{AhoCorasick, AhoCorasickKind, Span};

use super::shapes;
use super::sieve::Sieve;
use super::values::{Labelled, ways};

/// What is looked for of a value; the rest is compared where that was found.
const PIECE: usize = 8;

/// The secrets that are blanked wherever they stand: values that are known, and tokens that are known by their look.
///
/// A search in bytes that hold none of the beginnings costs next to nothing, so whole requests are searched. Every
/// occurrence of a value counts, in the middle of a word as well. A value that was cut off is not known any more.
pub struct Secrets {
    /// Every way in which a value can be written, sorted, with the label of the value.
    values: Vec<(Vec<u8>, String)>,
    sieve: Sieve,
    /// Made for the first long text: that takes longer than to look through all that a run says about itself.
    beginnings: OnceLock<Beginnings>,
}

/// From here on a text is long.
const LONG: usize = 4096;

/// Finds where a secret can begin.
enum Beginnings {
    /// Many bytes at a time, with the vector instructions of the processor.
    Packed(Searcher),
    /// Byte by byte: there are too many beginnings, or no such instructions.
    Automaton(AhoCorasick),
}

impl Secrets {
    /// These values, and tokens by their look.
    pub fn new(labelled: impl IntoIterator<Item = Labelled>) -> Self {
        let mut values: Vec<(Vec<u8>, String)> = Vec::new();
        for (label, secret) in labelled {
            values.extend(ways(secret.expose()).into_iter().map(|way| (way, label.clone())));
        }
        values.sort();
        // Of several names for a value the first is told.
        values.dedup_by(|later, earlier| later.0 == earlier.0);
        let sieve = Sieve::of(&beginnings(&values));
        Self { values, sieve, beginnings: OnceLock::new() }
    }

    /// Whether there may be a secret in `bytes`, which need not be text: what is said of them is never a false no.
    pub fn may_be_in(&self, bytes: &[u8]) -> bool {
        self.candidates(bytes).any(|at| self.value(bytes, at).is_some() || shapes::may_begin(bytes, at))
    }

    /// `text` with `[redacted:LABEL]` in place of every secret, and how many they were; none where there is none.
    pub fn blanked(&self, text: &[u8]) -> Option<(Vec<u8>, u32)> {
        let mut found: Vec<(Range<usize>, &str)> = Vec::new();
        let mut token_end = 0;
        for at in self.candidates(text) {
            let value = self.value(text, at).map(|(value, label)| (at..at + value.len(), label.as_str()));
            // A token has none in it. Without this, one that is nothing but beginnings would take for ever.
            let token = if at < token_end { None } else { shapes::token(text, at) };
            let token = token.map(|token| (token.range, token.name));
            token_end = token.as_ref().map_or(token_end, |(range, _)| range.end);
            let Some((range, label)) = value
                .into_iter()
                .chain(token)
                .reduce(|value, token| (value.0.start.min(token.0.start)..value.0.end.max(token.0.end), value.1))
            else {
                continue;
            };
            match found.last_mut() {
                // They overlap: what belongs to either goes.
                Some((before, _)) if range.start < before.end => before.end = before.end.max(range.end),
                _ => found.push((range, label)),
            }
        }
        if found.is_empty() {
            return None;
        }
        let mut blanked = Vec::with_capacity(text.len());
        let mut copied = 0;
        for (range, label) in &found {
            blanked.extend_from_slice(&text[copied..range.start]);
            blanked.extend_from_slice(b"[redacted:");
            blanked.extend_from_slice(label.as_bytes());
            blanked.push(b']');
            copied = range.end;
        }
        blanked.extend_from_slice(&text[copied..]);
        Some((blanked, u32::try_from(found.len()).unwrap_or(u32::MAX)))
    }

    /// The same of a string.
    pub fn blanked_text(&self, text: &str) -> Option<String> {
        // Secrets are text, and so is what is left around them.
        self.blanked(text.as_bytes()).map(|(blanked, _)| String::from_utf8_lossy(&blanked).into_owned())
    }

    /// Where a secret can begin, in order.
    fn candidates(&self, bytes: &[u8]) -> impl Iterator<Item = usize> {
        let searcher = match bytes.len() < LONG {
            true => self.beginnings.get(),
            false => Some(self.beginnings.get_or_init(|| Beginnings::new(&beginnings(&self.values)))),
        };
        let mut from = 0;
        std::iter::from_fn(move || {
            let at = match searcher {
                Some(searcher) => searcher.next(bytes, from),
                None => self.sieve.next(bytes, from),
            }?;
            from = at + 1;
            Some(at)
        })
    }

    /// The longest value that stands at `at`.
    fn value(&self, bytes: &[u8], at: usize) -> Option<&(Vec<u8>, String)> {
        let rest = &bytes[at..];
        // Whatever is a beginning of `rest` is sorted before it, and those with the same first byte stand together.
        let from = self.values.partition_point(|(value, _)| value.first() < rest.first());
        let to = self.values.partition_point(|(value, _)| value.as_slice() <= rest);
        self.values.get(from..to)?.iter().rev().find(|(value, _)| rest.starts_with(value))
    }
}

impl Default for Secrets {
    /// Tokens by their look alone.
    fn default() -> Self {
        Self::new([])
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Secrets({})", self.values.len())
    }
}

/// What is looked for of `values`, and the marks of tokens.
fn beginnings(values: &[(Vec<u8>, String)]) -> Vec<&[u8]> {
    let pieces: BTreeSet<&[u8]> = values.iter().map(|(value, _)| &value[..value.len().min(PIECE)]).collect();
    let mut beginnings: Vec<&[u8]> = pieces.into_iter().collect();
    for mark in shapes::marks() {
        beginnings.push(mark);
    }
    beginnings
}

impl Beginnings {
    fn new(patterns: &[&[u8]]) -> Self {
        let packed = Config::new().match_kind(MatchKind::LeftmostFirst).builder().extend(patterns).build();
        if let Some(searcher) = packed {
            return Self::Packed(searcher);
        }
        // With other kinds of automata it takes longer to begin than most runs take to send.
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(patterns);
        match automaton {
            Ok(automaton) => Self::Automaton(automaton),
            // It needs more than four billion states.
            Err(error) => unreachable!("the beginnings of secrets are short: {error}"),
        }
    }

    /// The next place from `from` on.
    fn next(&self, bytes: &[u8], from: usize) -> Option<usize> {
        if from >= bytes.len() {
            return None;
        }
        let span = Span::from(from..bytes.len());
        match self {
            Self::Packed(searcher) => searcher.find_in(bytes, span).map(|found| found.start()),
            Self::Automaton(automaton) => {
                automaton.find(aho_corasick::Input::new(bytes).span(span)).map(|found| found.start())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::super::Secret;
    use super::*;

    fn secrets(values: &[(&str, &str)]) -> Secrets {
        Secrets::new(values.iter().map(|(label, value)| ((*label).to_owned(), Secret::new(*value))))
    }

    /// As a short text and in a long one.
    fn blanked(secrets: &Secrets, text: &str) -> String {
        let short =
            Secrets { values: secrets.values.clone(), sieve: secrets.sieve.clone(), beginnings: OnceLock::new() };
        let blanked = short.blanked_text(text);
        let long = format!("{text}{}", " ".repeat(LONG));
        assert_eq!(secrets.blanked_text(&long), blanked.as_ref().map(|text| format!("{text}{}", " ".repeat(LONG))));
        assert!(blanked.is_none() || secrets.may_be_in(text.as_bytes()), "{text}");
        blanked.unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn values_are_blanked_however_they_are_written() {
        let secrets = secrets(&[("A_KEY", "pass/word\"1+"), ("B_KEY", "zxcvbnm123")]);
        for (text, expected) in [
            ("nothing", "nothing"),
            ("zxcvbnm123", "[redacted:B_KEY]"),
            ("azxcvbnm1234", "a[redacted:B_KEY]4"),
            ("zxcvbnm12", "zxcvbnm12"),
            ("zxcvbnmzxcvbnm123", "zxcvbnm[redacted:B_KEY]"),
            ("a pass/word\"1+ b zxcvbnm123", "a [redacted:A_KEY] b [redacted:B_KEY]"),
            ("{\"a\":\"pass/word\\\"1+\"}", "{\"a\":\"[redacted:A_KEY]\"}"),
            ("?k=pass%2Fword%221%2B&", "?k=[redacted:A_KEY]&"),
        ] {
            assert_eq!(blanked(&secrets, text), expected);
        }
        assert_eq!(format!("{secrets:?}"), "Secrets(6)");
    }

    #[test]
    fn the_longest_counts_and_what_overlaps_goes_together() {
        let longest = secrets(&[("SHORT", "abcdefgh"), ("LONG", "abcdefghijkl"), ("AGAIN", "abcdefgh")]);
        assert_eq!(blanked(&longest, "-abcdefghijkl-abcdefghi"), "-[redacted:LONG]-[redacted:AGAIN]i");
        let overlapping = secrets(&[("A", "abcdefgh"), ("B", "efghijkl")]);
        assert_eq!(blanked(&overlapping, "xabcdefghijklx"), "x[redacted:A]x");
        let key = format!("sk-{}", "a1B2c3".repeat(8));
        assert_eq!(blanked(&secrets(&[("MY_KEY", &key)]), &key), "[redacted:MY_KEY]");
    }

    #[test]
    fn what_was_blanked_is_not_blanked_again() {
        let secrets = secrets(&[("A_KEY", "zxcvbnm123")]);
        let once = blanked(&secrets, &format!("zxcvbnm123 https://a:hunter2@b sk-{}", "a1B2c3".repeat(8)));
        assert_eq!(once, "[redacted:A_KEY] https://a:[redacted:password]@b [redacted:sk-key]");
        assert_eq!(secrets.blanked_text(&once), None);
    }

    #[test]
    fn many_secrets_are_found_as_few_are() {
        let named: Vec<(String, String)> =
            (0..300).map(|n| (format!("KEY_{n}"), format!("{n:03}value-of-{n}"))).collect();
        let named: Vec<(&str, &str)> = named.iter().map(|(name, value)| (&**name, &**value)).collect();
        let many = secrets(&named);
        for (name, value) in named {
            assert_eq!(blanked(&many, &format!("a {value} b")), format!("a [redacted:{name}] b"));
        }
    }

    proptest! {
        /// Wherever a value stands between other bytes, it is gone afterwards, and a search of the raw bytes has seen it.
        #[test]
        fn no_value_survives(
            value in "[!-~]{8,24}",
            before in proptest::collection::vec(any::<u8>(), 0..80),
            after in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let secrets = secrets(&[("", &value)]);
            let text = [before.as_slice(), value.as_bytes(), &after].concat();
            prop_assert!(secrets.may_be_in(&text));
            let short = secrets.blanked(&text);
            secrets.beginnings.get_or_init(|| Beginnings::new(&beginnings(&secrets.values)));
            prop_assert_eq!(&secrets.blanked(&text), &short);
            let (blanked, _) = secrets.blanked(&text).unwrap();
            prop_assert!(!blanked.windows(value.len()).any(|window| window == value.as_bytes()));
        }
    }
}
