//! `traceparent`, read strictly and written in version 00 (W3C Trace Context level 2, section 3.2).

use std::fmt;

use opentelemetry::trace::{SpanId, TraceId};

/// What a valid `traceparent` says. Its version is not kept: whatever was read, version 00 is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traceparent {
    /// The trace, never all zeros.
    pub trace_id: TraceId,
    /// The span that the sender was in (`parent-id`), never all zeros.
    pub span_id: SpanId,
    /// Flag bit 0: the sender may have recorded its span.
    pub sampled: bool,
    /// Flag bit 1: at least the right-most 7 bytes of the trace id are random (level 2).
    pub random: bool,
}

/// Flag bit 0 of `trace-flags`.
pub const SAMPLED: u8 = 0x01;
/// Flag bit 1 of `trace-flags`, known since level 2.
pub const RANDOM: u8 = 0x02;

/// The length of version 00, which is the least length of every version.
const LENGTH: usize = 55;

/// Why a text is no `traceparent`. Nothing of the text is repeated: it can be of any length and hold anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not text at all.
    #[error("it is not UTF-8 text")]
    NotText,
    /// Fewer than 55 characters.
    #[error("it has {0} characters and needs at least 55")]
    TooShort(usize),
    /// Version 00 with something behind it.
    #[error("it has {0} characters and version 00 has exactly 55")]
    TooLong(usize),
    /// A later version whose additional part is not separated.
    #[error("character 56 is not the `-` that a later version has there")]
    NoSeparatorAfterFlags,
    /// A `-` is missing.
    #[error("character {0} is not `-`")]
    NoDash(usize),
    /// Something else than a lower-case hexadecimal digit.
    #[error("character {position} in its {field} is not a lower-case hexadecimal digit")]
    NotHex {
        /// Which part.
        field: Field,
        /// Where, counted from 1 over the whole text.
        position: usize,
    },
    /// Version `ff`, which the standard forbids.
    #[error("version ff is forbidden")]
    VersionFf,
    /// A trace id of zeros.
    #[error("its trace id is all zeros")]
    ZeroTraceId,
    /// A parent id of zeros.
    #[error("its parent id is all zeros")]
    ZeroParentId,
}

/// The parts of a `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Two digits.
    Version,
    /// 32 digits.
    TraceId,
    /// 16 digits.
    ParentId,
    /// Two digits.
    Flags,
}

impl fmt::Display for Field {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Field::Version => "version",
            Field::TraceId => "trace id",
            Field::ParentId => "parent id",
            Field::Flags => "flags",
        })
    }
}

impl Traceparent {
    /// Reads `text`. Spaces and tabs around it are not part of it, as in an HTTP header; the rest is strict.
    ///
    /// A later version is read as far as version 00 reaches (section 3.2.4 "Versioning of traceparent"), and
    /// unknown flag bits are ignored.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, from left to right.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bytes = text.trim_matches([' ', '\t']).as_bytes();
        if bytes.len() < LENGTH {
            return Err(Invalid::TooShort(bytes.len()));
        }
        let version = hex(bytes, 0..2, Field::Version)?;
        if version == 0xff {
            return Err(Invalid::VersionFf);
        }
        dash(bytes, 2)?;
        let trace_id = hex(bytes, 3..35, Field::TraceId)?;
        dash(bytes, 35)?;
        let span_id = hex(bytes, 36..52, Field::ParentId)?;
        dash(bytes, 52)?;
        let flags = hex(bytes, 53..55, Field::Flags)?;
        if version == 0 && bytes.len() > LENGTH {
            return Err(Invalid::TooLong(bytes.len()));
        }
        if bytes.get(LENGTH).is_some_and(|byte| *byte != b'-') {
            return Err(Invalid::NoSeparatorAfterFlags);
        }
        if trace_id == 0 {
            return Err(Invalid::ZeroTraceId);
        }
        if span_id == 0 {
            return Err(Invalid::ZeroParentId);
        }
        Ok(Self {
            trace_id: TraceId::from(trace_id),
            // 16 hexadecimal digits fit into 64 bits.
            span_id: SpanId::from(span_id as u64),
            sampled: flags & u128::from(SAMPLED) != 0,
            random: flags & u128::from(RANDOM) != 0,
        })
    }

    /// The known flag bits as one byte.
    pub fn flags(&self) -> u8 {
        (if self.sampled { SAMPLED } else { 0 }) | (if self.random { RANDOM } else { 0 })
    }
}

impl fmt::Display for Traceparent {
    /// Version 00, with unknown flag bits zero.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "00-{}-{}-{:02x}", self.trace_id, self.span_id, self.flags())
    }
}

/// The value of the digits in `range`, which lies within `bytes` and holds at most 32 of them.
fn hex(bytes: &[u8], range: std::ops::Range<usize>, field: Field) -> Result<u128, Invalid> {
    let mut value: u128 = 0;
    for position in range {
        let digit = match bytes[position] {
            byte @ b'0'..=b'9' => byte - b'0',
            byte @ b'a'..=b'f' => byte - b'a' + 10,
            _ => return Err(Invalid::NotHex { field, position: position + 1 }),
        };
        value = value << 4 | u128::from(digit);
    }
    Ok(value)
}

fn dash(bytes: &[u8], position: usize) -> Result<(), Invalid> {
    if bytes[position] == b'-' { Ok(()) } else { Err(Invalid::NoDash(position + 1)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use proptest::prelude::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    fn with(version: &str, flags: &str, rest: &str) -> String {
        format!("{version}-{TRACE}-{SPAN}-{flags}{rest}")
    }

    #[test]
    fn valid_values_are_written_in_version_00_with_known_flags_only() {
        let table = [
            (with("00", "01", ""), "01"),
            (with("00", "00", ""), "00"),
            (with("00", "02", ""), "02"),
            (with("00", "03", ""), "03"),
            (with("00", "ff", ""), "03"),
            (with("00", "fc", ""), "00"),
            (with("00", "09", ""), "01"),
            (with("01", "01", ""), "01"),
            (with("cc", "03", "-what-the-future-brings"), "03"),
            (with("fe", "ff", "-"), "03"),
            (with("01", "01", "-."), "01"),
            (format!(" \t{}\t ", with("00", "01", "")), "01"),
        ];
        for (text, flags) in table {
            let read = Traceparent::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(read.to_string(), with("00", flags, ""), "{text}");
        }
    }

    #[test]
    fn invalid_values_say_what_is_wrong() {
        let zeros = "0".repeat(32);
        let table = [
            (String::new(), Invalid::TooShort(0)),
            (with("00", "1", ""), Invalid::TooShort(54)),
            (with("01", "1", ""), Invalid::TooShort(54)),
            (with("00", "01", "-x"), Invalid::TooLong(57)),
            (with("00", "01", "."), Invalid::TooLong(56)),
            (with("00", "01", "-"), Invalid::TooLong(56)),
            (with("01", "01", "."), Invalid::NoSeparatorAfterFlags),
            (with("01", "01", "0-"), Invalid::NoSeparatorAfterFlags),
            (with("ff", "01", ""), Invalid::VersionFf),
            (with("FE", "01", ""), Invalid::NotHex { field: Field::Version, position: 1 }),
            (with(".0", "01", ""), Invalid::NotHex { field: Field::Version, position: 1 }),
            (with("00", "0B", ""), Invalid::NotHex { field: Field::Flags, position: 55 }),
            (with("00", ".0", ""), Invalid::NotHex { field: Field::Flags, position: 54 }),
            (with("0", "01", "-0"), Invalid::NotHex { field: Field::Version, position: 2 }),
            (with("000", "01", ""), Invalid::NoDash(3)),
            (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), Invalid::NotHex { field: Field::TraceId, position: 5 }),
            (
                format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
                Invalid::NotHex { field: Field::ParentId, position: 37 },
            ),
            (format!("00-{}x-{SPAN}-01", &TRACE[..31]), Invalid::NotHex { field: Field::TraceId, position: 35 }),
            (format!("00-{TRACE}0-{SPAN}-01"), Invalid::NoDash(36)),
            (format!("00-{TRACE}-{SPAN}_01"), Invalid::NoDash(53)),
            (format!("00-{zeros}-{SPAN}-01"), Invalid::ZeroTraceId),
            (format!("00-{TRACE}-{}-01", &zeros[..16]), Invalid::ZeroParentId),
            (with(" 00", "01", "").replace(TRACE, &TRACE[..31]), Invalid::TooShort(54)),
            (with("00", "01", "").replacen('-', " ", 1), Invalid::NoDash(3)),
        ];
        for (text, expected) in table {
            assert_eq!(Traceparent::parse(&text), Err(expected), "{text}");
        }
    }

    #[test]
    fn reasons_are_short_and_repeat_nothing() {
        let long = "secret".repeat(10_000);
        let reason = Traceparent::parse(&long).unwrap_err().to_string();
        assert!(reason.len() < 100 && !reason.contains("secret"), "{reason}");
    }

    fn any_traceparent() -> impl Strategy<Value = Traceparent> {
        (1u128.., 1u64.., any::<bool>(), any::<bool>()).prop_map(|(trace_id, span_id, sampled, random)| Traceparent {
            trace_id: TraceId::from(trace_id),
            span_id: SpanId::from(span_id),
            sampled,
            random,
        })
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,120}") {
            let _ = Traceparent::parse(&text);
        }

        #[test]
        fn never_panics_near_validity(text in "[0-9a-fA-F\u{e9} -]{50,60}") {
            let _ = Traceparent::parse(&text);
        }

        #[test]
        fn what_was_written_is_read(x in any_traceparent()) {
            prop_assert_eq!(Traceparent::parse(&x.to_string()), Ok(x));
        }

        #[test]
        fn a_later_version_is_read_as_far_as_this_one_reaches(
            x in any_traceparent(), version in 1_u8..=0xfe, flags in any::<u8>(), more in "(-.{0,20})?",
            around in "[ \t]{0,2}",
        ) {
            let written = x.to_string();
            let text = format!("{around}{version:02x}{}{flags:02x}{more}{around}", &written[2..53]);
            prop_assume!(!more.ends_with([' ', '\t']));
            let read = Traceparent::parse(&text);
            prop_assert_eq!(read.map(|read| (read.trace_id, read.span_id)), Ok((x.trace_id, x.span_id)));
            prop_assert_eq!(read.map(|read| read.flags()), Ok(flags & (SAMPLED | RANDOM)));
        }

        #[test]
        fn what_is_no_digit_anywhere_is_refused(x in any_traceparent(), position in 0..LENGTH, other in "[g-zA-F_ ]") {
            let mut text = x.to_string();
            text.replace_range(position..=position, &other);
            prop_assert!(Traceparent::parse(&text).is_err(), "{text}");
        }

        /// Only the version and the unknown flag bits carry nothing, so only there a change may go unseen.
        #[test]
        fn one_changed_character_is_invalid_or_means_something_else(
            x in any_traceparent(), position in 0..LENGTH, character in any::<char>(),
        ) {
            let mut characters: Vec<char> = x.to_string().chars().collect();
            prop_assume!(characters[position] != character);
            characters[position] = character;
            let changed: String = characters.into_iter().collect();
            match Traceparent::parse(&changed) {
                Err(_) => {}
                Ok(y) if position < 2 => prop_assert_eq!(y, x),
                Ok(y) if position == 53 => prop_assert_eq!(y, x),
                Ok(y) if position == 54 => {
                    let digit = character.to_digit(16).unwrap_or_default() as u8;
                    prop_assert_eq!(y.flags(), digit & (SAMPLED | RANDOM));
                }
                Ok(y) => prop_assert_ne!(y, x),
            }
        }
    }
}
