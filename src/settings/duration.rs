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

/// How long ago is too long ago to be told from never.
const EVER: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// Reads an age such as `30d`, `12h` or `1h 30m`: all that [`read_time_limit`] takes, but for a number without a unit, unless
/// it is zero. Whoever forgets the unit must not lose what was to be kept. Zero is no limit, and so is what is longer than
/// anything lasts.
pub fn read_age(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let wrong = || format!("\"{text}\" is not an age; write it with its unit, like 30d or 12h");
    let read = as_timeout_reads(text).or_else(|| in_words(text)).ok_or_else(wrong)?;
    let has_unit = text.ends_with(|letter: char| letter.is_ascii_alphabetic());
    match read {
        _ if read > EVER => Ok(Duration::ZERO),
        _ if has_unit || read.is_zero() => Ok(read),
        _ => Err(wrong()),
    }
}

/// `duration` in the largest unit that says it whole: `30 days`, `12 hours`, `90 s`.
pub fn text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("day", 86_400), ("hour", 3_600), ("minute", 60)];
    match units.into_iter().find(|(_, length)| seconds >= *length && seconds.is_multiple_of(*length)) {
        Some((name, length)) if seconds == length => format!("1 {name}"),
        Some((name, length)) => format!("{} {name}s", seconds / length),
        None => format!("{} s", duration.as_secs_f64()),
    }
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

    #[test]
    fn an_age_has_a_unit() {
        for (text, seconds) in [
            ("30d", 2_592_000.0),
            ("12h", 43_200.0),
            (" 1h 30m ", 5_400.0),
            ("500ms", 0.5),
            ("800d", 69_120_000.0),
            ("0", 0.0),
            ("0d", 0.0),
            ("inf", 0.0),
            ("99999d", 0.0),
        ] {
            assert_eq!(read_age(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "30", "1e3", "0.5", "-1d", "x", "30 parsecs", "nan"] {
            let expected = format!("\"{text}\" is not an age; write it with its unit, like 30d or 12h");
            assert_eq!(read_age(text), Err(expected));
        }
    }

    #[test]
    fn a_duration_is_told_in_its_unit() {
        for (seconds, expected) in [
            (86_400.0, "1 day"),
            (2_592_000.0, "30 days"),
            (5_400.0, "90 minutes"),
            (7_200.0, "2 hours"),
            (61.0, "61 s"),
            (0.5, "0.5 s"),
        ] {
            assert_eq!(super::text(Duration::from_secs_f64(seconds)), expected);
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
