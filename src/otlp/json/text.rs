//! Values as JSON texts: hexadecimal ids, base64, and integers in all the ways that proto3 JSON lets them be written.

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends `bytes` in lower-case hexadecimal digits.
pub(super) fn put_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

/// Reads `2 * N` hexadecimal digits of either case; none where a character is something else. The caller checks the
/// length.
#[inline]
pub(super) fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let mut bad = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (HEX_VALUES[usize::from(pair[0])], HEX_VALUES[usize::from(pair[1])]);
        bad |= high | low;
        *byte = high << 4 | low & 15;
    }
    (bad < 16).then_some(bytes)
}

/// The value of each hexadecimal digit; every other byte has a value of 16 or more.
static HEX_VALUES: [u8; 256] = values(b"0123456789abcdef", b"0123456789ABCDEF");

/// The value of each digit of base64, both of the standard alphabet and of the one for URLs.
static BASE64_VALUES: [u8; 256] = values(BASE64, BASE64_URL);

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const fn values<const N: usize>(digits: &[u8; N], others: &[u8; N]) -> [u8; 256] {
    let mut values = [0xff; 256];
    let mut value = 0;
    while value < N {
        values[digits[value] as usize] = value as u8;
        values[others[value] as usize] = value as u8;
        value += 1;
    }
    values
}

/// Appends `bytes` in the standard alphabet of base64, padded (RFC 4648, section 4).
pub(in crate::otlp) fn put_base64(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit <= chunk.len() {
                out.push(char::from(BASE64[(bits >> (18 - 6 * digit) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
}

/// Reads base64 in the standard alphabet or the one for URLs, padded or not (RFC 4648, sections 4 and 5); none where
/// it is neither.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let digits = match digits {
        [digits @ .., b'=', b'='] | [digits @ .., b'='] if text.len().is_multiple_of(4) => digits,
        digits => digits,
    };
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for chunk in digits.chunks(4) {
        let mut bits = 0_u32;
        for digit in chunk {
            let value = BASE64_VALUES[usize::from(*digit)];
            if value >= 64 {
                return None;
            }
            bits = bits << 6 | u32::from(value);
        }
        bits <<= 6 * (4 - chunk.len());
        let [_, whole @ ..] = bits.to_be_bytes();
        match chunk.len() {
            1 => return None,
            length => bytes.extend_from_slice(&whole[..length - 1]),
        }
    }
    Some(bytes)
}

/// Reads an integer that may have a fraction of zeros and an exponent, as in `-1.50e3`; none where the text is no
/// number or the number is no integer of at most 64 bits.
pub(super) fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (digits, exponent) = match digits.split_once(['e', 'E']) {
        Some((digits, exponent)) => {
            // A sign once more after this one is refused by the parser of the number.
            let exponent = exponent.strip_prefix('+').filter(|rest| !rest.starts_with('-')).unwrap_or(exponent);
            (digits, exponent.parse::<i32>().ok()?)
        }
        None => (digits, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || digits.ends_with('.') {
        return None;
    }
    let mut value = 0_i128;
    for digit in whole.bytes().chain(fraction.bytes()) {
        if !digit.is_ascii_digit() {
            return None;
        }
        // Far more than 64 bits, so that trailing zeros of a fraction have room.
        value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let shift = i64::from(exponent) - i64::try_from(fraction.len()).ok()?;
    for _ in 0..shift.unsigned_abs() {
        if value == 0 {
            break;
        }
        value = match shift {
            1.. => value.checked_mul(10)?,
            _ if value % 10 == 0 => value / 10,
            _ => return None,
        };
    }
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers() {
        let cases = [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("007", Some(7)),
            ("18446744073709551615", Some(i128::from(u64::MAX))),
            ("-9223372036854775808", Some(i128::from(i64::MIN))),
            ("1.79e18", Some(1_790_000_000_000_000_000)),
            ("1.795169384335653500e18", Some(1_795_169_384_335_653_500)),
            ("1E3", Some(1000)),
            ("1e+3", Some(1000)),
            ("1500e-2", Some(15)),
            ("1.0", Some(1)),
            ("-2.50e1", Some(-25)),
            ("0e999999999", Some(0)),
            ("1.5", None),
            ("1e-1", None),
            ("1e999999999", None),
            ("1e+-3", None),
            ("", None),
            ("-", None),
            (".5", None),
            ("1.", None),
            ("1e", None),
            ("+1", None),
            ("--1", None),
            (" 1", None),
            ("0x10", None),
            ("NaN", None),
        ];
        for (text, expected) in cases {
            assert_eq!(integer(text), expected, "{text:?}");
        }
    }

    #[test]
    fn base64_forms() {
        let cases: [(&str, Option<&[u8]>); 13] = [
            ("", Some(b"")),
            ("AQ==", Some(&[1])),
            ("AQ", Some(&[1])),
            ("AQI=", Some(&[1, 2])),
            ("AQI", Some(&[1, 2])),
            ("AQID", Some(&[1, 2, 3])),
            ("+/+/", Some(&[0xfb, 0xff, 0xbf])),
            ("-_-_", Some(&[0xfb, 0xff, 0xbf])),
            ("A", None),
            ("AQ=", None),
            ("A===", None),
            ("====", None),
            ("A Q=", None),
        ];
        for (text, expected) in cases {
            assert_eq!(base64(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn hex_takes_both_cases_and_nothing_else() {
        assert_eq!(hex::<2>(b"aF09"), Some([0xaf, 0x09]));
        assert_eq!(hex::<2>(b"aFg9"), None);
        assert_eq!(hex::<2>("aé9".as_bytes()), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in prop::collection::vec(any::<u8>(), 0..40), id in any::<[u8; 8]>()) {
            let mut text = String::new();
            put_base64(&mut text, &bytes);
            prop_assert_eq!(text.len() % 4, 0);
            prop_assert_eq!(base64(&text), Some(bytes));
            let mut text = String::new();
            put_hex(&mut text, &id);
            prop_assert_eq!(hex::<8>(text.as_bytes()), Some(id));
        }

        #[test]
        fn arbitrary_text_never_panics(text in "[-+0-9.eE]{0,12}|\\PC*") {
            let _ = integer(&text);
            let _ = base64(&text);
            let _ = hex::<16>(text.as_bytes());
        }
    }
}
