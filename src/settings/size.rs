//! Sizes as people write them.

/// Units by their names in lower case: powers of 1000 as in SI, of 1024 as in IEC 80000-13, and single letters for these as
/// du(1) has them.
const UNITS: [(&str, u64); 18] = [
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("k", 1 << 10),
    ("m", 1 << 20),
    ("g", 1 << 30),
    ("t", 1 << 40),
    ("ki", 1 << 10),
    ("mi", 1 << 20),
    ("gi", 1 << 30),
    ("ti", 1 << 40),
    ("bytes", 1),
];

/// Reads `5GiB`, `500 MB`, `1.5G`, `0`: bytes. A number without a unit is not taken, unless it is zero: whoever forgets the
/// unit must not lose what was to be kept. The error is a sentence.
pub fn read(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let wrong = || format!("\"{text}\" is not a size; write it with its unit, like 5GiB or 500MB");
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let unit = unit.trim().to_ascii_lowercase();
    if number == 0.0 && unit.is_empty() {
        return Ok(0);
    }
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    // However small it is, it is not zero, which would mean no limit. What is too large is the largest.
    let bytes = (number * *factor as f64) as u64;
    Ok(if number > 0.0 { bytes.max(1) } else { 0 })
}

/// `bytes` in the largest unit of which it is at least one, with three digits or so: `5 GiB`, `1.4 MiB`, `12 KiB`.
pub fn text(bytes: u64) -> String {
    let units = [("TiB", 1_u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let Some((name, factor)) = units.into_iter().find(|(_, factor)| bytes >= *factor) else {
        return format!("{bytes} B");
    };
    let number = bytes as f64 / factor as f64;
    if number < 10.0 && !bytes.is_multiple_of(factor) {
        format!("{number:.1} {name}")
    } else {
        format!("{number:.0} {name}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("0.0", 0),
            ("0GiB", 0),
            ("1B", 1),
            ("12 bytes", 12),
            ("500MB", 500_000_000),
            ("1 kb", 1_000),
            ("1KiB", 1_024),
            (" 1.5 k ", 1_536),
            ("2Gi", 2 << 30),
            ("5GiB", 5 << 30),
            ("5g", 5 << 30),
            ("1TB", 1_000_000_000_000),
            ("0.0001B", 1),
            ("99999999999999999TiB", u64::MAX),
        ] {
            assert_eq!(read(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "5", "1024", "GiB", "-1B", "5 parsecs", "1.2.3G", ".", "5 G iB", "0x10B", "1e3B"] {
            let expected = format!("\"{text}\" is not a size; write it with its unit, like 5GiB or 500MB");
            assert_eq!(read(text), Err(expected));
        }
    }

    #[test]
    fn a_size_is_told_in_its_unit() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1 KiB"),
            (1_536, "1.5 KiB"),
            (12_345, "12 KiB"),
            (5 << 30, "5 GiB"),
            (u64::MAX, "16777216 TiB"),
        ] {
            assert_eq!(text(bytes), expected);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,20}|[0-9.kmgtiKMGTIB ]{0,8}") {
            let _ = read(&text);
        }
    }
}
