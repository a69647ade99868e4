//! Settings that are one word of a closed list: their words, and how a wrong word is answered.

use super::value::{Content, Detail, GenAi, Nest, Protocol, Temporality};
use crate::otlp::Signal;

/// The words of one setting and what each means. The first word for a meaning is its name.
pub type Choices<T> = &'static [(&'static str, T)];

/// Protocols, by their names in `OTEL_EXPORTER_OTLP_PROTOCOL`.
pub const PROTOCOL: Choices<Protocol> =
    &[("http/protobuf", Protocol::HttpProtobuf), ("http/json", Protocol::HttpJson), ("grpc", Protocol::Grpc)];

/// Whether bodies are sent with gzip, in the words of `OTEL_EXPORTER_OTLP_COMPRESSION`.
pub const COMPRESSION: Choices<bool> = &[("gzip", true), ("none", false)];

/// How sums are told, in the words of `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`.
pub const TEMPORALITY: Choices<Temporality> =
    &[("cumulative", Temporality::Cumulative), ("delta", Temporality::Delta), ("lowmemory", Temporality::LowMemory)];

/// How to nest.
pub const NEST: Choices<Nest> = &[("adopt", Nest::Adopt), ("link", Nest::Link), ("off", Nest::Off)];

/// What happens to content.
pub const CONTENT: Choices<Content> = &[("off", Content::Off), ("local", Content::Local), ("on", Content::On)];

/// Which spans are kept.
pub const DETAIL: Choices<Detail> = &[("full", Detail::Full), ("agent", Detail::Agent)];
/// How the GenAI conventions come in.
pub const GENAI: Choices<GenAi> = &[("off", GenAi::Off), ("add", GenAi::Add), ("replace", GenAi::Replace)];

/// Signals, by their names in the variables of the OTLP exporter.
pub const SIGNAL: Choices<Signal> = &[("traces", Signal::Traces), ("metrics", Signal::Metrics), ("logs", Signal::Logs)];

/// A switch.
pub const SWITCH: Choices<bool> = &[("on", true), ("off", false)];

/// The words of `choices`, of which there are `N`.
pub const fn words<T: Copy, const N: usize>(choices: Choices<T>) -> [&'static str; N] {
    let mut words = [""; N];
    let mut index = 0;
    while index < N {
        words[index] = choices[index].0;
        index += 1;
    }
    words
}

/// The meaning of `text`, whatever its case (SDK environment variables, "Enum"). The error is a sentence that quotes
/// `text`, so it is for settings that hold no secret.
pub fn read<T: Copy>(choices: Choices<T>, text: &str) -> Result<T, String> {
    let text = text.trim();
    match choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
        Some((_, meaning)) => Ok(*meaning),
        None => {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            Err(format!("\"{text}\" is not one of {}{}", words.join(", "), did_you_mean(text, words)))
        }
    }
}

/// The word for a meaning. Every meaning has one.
pub fn word<T: Copy + PartialEq>(choices: Choices<T>, meaning: T) -> &'static str {
    choices.iter().find(|(_, of)| *of == meaning).map_or("", |(word, _)| word)
}

/// The one of `known` that is nearest to `word`, if at most so many letters of it are wrong, whatever their case.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, most_wrong: usize) -> Option<&'a str> {
    let word = word.to_lowercase();
    let steps = known.into_iter().map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate));
    steps.min().filter(|(steps, _)| *steps <= most_wrong).map(|(_, candidate)| candidate)
}

/// The one of `known` that `word` is a slip for: a third of its letters may be wrong, enough for slips, too little for
/// another word, as `no` is for `on`.
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(word, known, word.chars().count() / 3)
}

/// `; did you mean X?` for the known word that `word` is a slip for, or nothing where there is none.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    meant(word, known).map(|candidate| format!("; did you mean {candidate}?")).unwrap_or_default()
}

/// How many letters must be put in, taken out, replaced, or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn words_are_read_whatever_their_case() {
        assert_eq!(read(PROTOCOL, "GRPC"), Ok(Protocol::Grpc));
        assert_eq!(read(PROTOCOL, " Http/Json "), Ok(Protocol::HttpJson));
        assert_eq!(read(NEST, "Off"), Ok(Nest::Off));
    }

    #[test]
    fn a_wrong_word_is_answered_with_all_words_and_the_nearest() {
        assert_eq!(
            read(NEST, "adpot"),
            Err("\"adpot\" is not one of adopt, link, off; did you mean adopt?".to_owned())
        );
        assert_eq!(read(COMPRESSION, "zstd"), Err("\"zstd\" is not one of gzip, none".to_owned()));
    }

    #[test]
    fn distances() {
        for (left, right, expected) in
            [("", "", 0), ("", "ab", 2), ("endpoint", "endpont", 1), ("nest", "nset", 1), ("on", "off", 2)]
        {
            assert_eq!(distance(left, right), expected, "{left} {right}");
            assert_eq!(distance(right, left), expected, "{right} {left}");
        }
    }
}
