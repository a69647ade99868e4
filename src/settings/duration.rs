//! Lengths of time as people write them.

use std::time::Duration;

use jiff::fmt::friendly::SpanParser;

/// What a limit of 0 means (OTLP exporter, "Timeout": no limit). It is a length and not `Duration::MAX`, because
/// adding that to a point in time overflows.
pub const NO_LIMIT: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Reads `5s`, `500ms`, `2m`, `1h 30m`, or a number of seconds such as `5` and `0.5`. The error is a sentence.
pub fn read(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    match in_words(text) {
        Some(duration) if duration <= NO_LIMIT => Ok(duration),
        Some(_) => Err(format!("\"{text}\" is longer than a year")),
        None => Err(no_length(text)),
    }
}

/// As [`read`] for how long a command may take, and all that timeout(1) takes: `1d`, `.5m`, `1e3`, `inf`. Zero is no
/// limit, and so is what is longer than a year.
pub fn read_time_limit(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let read = as_timeout_reads(text).or_else(|| in_words(text)).ok_or_else(|| no_length(text))?;
    Ok(if read > NO_LIMIT { Duration::ZERO } else { read })
}

fn in_words(text: &str) -> Option<Duration> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if number {
        text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    } else {
        SpanParser::new().parse_unsigned_duration(text).ok()
    }
}

/// GNU timeout(1): a floating point number, and one letter for its unit. What is too long for a [`Duration`] is the
/// longest one.
fn as_timeout_reads(text: &str) -> Option<Duration> {
    let units = [('s', 1.0), ('m', 60.0), ('h', 3_600.0), ('d', 86_400.0)];
    let unit = units.iter().find_map(|(letter, seconds)| Some((text.strip_suffix(*letter)?, seconds)));
    let (number, unit) = unit.unwrap_or((text, &1.0));
    let seconds = number.parse::<f64>().ok().filter(|number| *number >= 0.0)? * unit;
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    // However short it is, it is no zero, which would mean no limit.
    let shortest = if seconds > 0.0 { Duration::from_nanos(1) } else { Duration::ZERO };
    Some(duration.max(shortest))
}

fn no_length(text: &str) -> String {
    format!("\"{text}\" is not a length of time; write it like 5s, 500ms or 2m, or as a number of seconds")
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

    #[test]
    fn a_time_limit_is_what_timeout_takes_and_more() {
        for (text, seconds) in [
            ("5", 5.0),
            ("5s", 5.0),
            ("1.5m", 90.0),
            ("1h", 3_600.0),
            ("1d", 86_400.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("+5", 5.0),
            ("1e1", 10.0),
            ("1e-1m", 6.0),
            ("1e-30", 1e-9),
            (" 0 ", 0.0),
            ("0d", 0.0),
            // Longer than anybody waits.
            ("inf", 0.0),
            ("infinity", 0.0),
            ("9999999d", 0.0),
            ("1e300", 0.0),
            ("99999999999999999999", 0.0),
            ("400000h", 0.0),
            ("9000h 1m", 0.0),
            // timeout(1) knows none of these.
            ("500ms", 0.5),
            ("1h 30m", 5_400.0),
        ] {
            assert_eq!(read_time_limit(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "x", "s", "-5", "-1s", "nan", "NaNs", "5x", "1_0", ".", "-inf"] {
            let expected = format!("\"{text}\" is not a length of time");
            assert!(read_time_limit(text).unwrap_err().starts_with(&expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,20}|[0-9.einfsmhd+-]{0,6}") {
            for duration in [read(&text), read_time_limit(&text)].into_iter().flatten() {
                prop_assert!(duration <= NO_LIMIT);
            }
        }
    }
}
