//! Lengths of time as people write them.

use std::time::Duration;

use jiff::fmt::friendly::SpanParser;

/// What a limit of 0 means (OTLP exporter, "Timeout": no limit). It is a length and not `Duration::MAX`, because
/// adding that to a point in time overflows.
pub const NO_LIMIT: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Reads `5s`, `500ms`, `2m`, `1h 30m`, or a number of seconds such as `5` and `0.5`. The error is a sentence.
pub fn read(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let read = if number {
        text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    } else {
        SpanParser::new().parse_unsigned_duration(text).ok()
    };
    match read {
        Some(duration) if duration <= NO_LIMIT => Ok(duration),
        Some(_) => Err(format!("\"{text}\" is longer than a year")),
        None => {
            Err(format!("\"{text}\" is not a length of time; write it like 5s, 500ms or 2m, or as a number of seconds"))
        }
    }
}

/// As [`read`] for a limit, where 0 means none.
pub fn read_limit(text: &str) -> Result<Duration, String> {
    read(text).map(limit)
}

/// `duration` as a limit, where 0 means none.
pub fn limit(duration: Duration) -> Duration {
    if duration.is_zero() { NO_LIMIT } else { duration }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths() {
        for (text, millis) in [
            ("5s", 5_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h 30m", 5_400_000),
            ("5", 5_000),
            ("0.5", 500),
            ("0", 0),
            (" 10 ", 10_000),
        ] {
            assert_eq!(read(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "x", "5x", "-5", "-5s", "5s ago", ".", "1e99", "99999999999999999999", "400000h", "inf", "NaN"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn zero_is_no_limit() {
        assert_eq!(read_limit("0"), Ok(NO_LIMIT));
        assert_eq!(read_limit("0s"), Ok(NO_LIMIT));
        assert_eq!(read_limit("1s"), Ok(Duration::from_secs(1)));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,20}") {
            if let Ok(duration) = read(&text) {
                prop_assert!(duration <= NO_LIMIT);
            }
        }
    }
}
