//! Values of settings as they are written in a settings file, each on one line.

use std::time::Duration;

use super::given::Given;

/// A string of TOML.
pub fn text(text: &str) -> String {
    // One with line breaks, or with both kinds of quotes, the crate writes in a form that is for several lines.
    let short = toml::Value::String(text.to_owned()).to_string();
    if !["\"\"\"", "'''"].iter().any(|quotes| short.starts_with(quotes)) {
        return short;
    }
    let mut written = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => written.extend(['\\', character]),
            control if control.is_control() => written.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => written.push(other),
        }
    }
    written.push('"');
    written
}

/// A key, in quotes where it has to be.
pub fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !name.is_empty() && name.bytes().all(bare) { name.to_owned() } else { text(name) }
}

/// A list of strings.
pub fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(text).collect();
    format!("[{}]", words.join(", "))
}

/// A length of time in a unit that says it whole and that every reader of times takes.
pub fn time(length: Duration) -> String {
    let (millis, exact) = (length.as_millis(), length.subsec_nanos().is_multiple_of(1_000_000));
    match millis {
        0 if length.is_zero() => "0".to_owned(),
        _ if !exact => length.as_secs_f64().to_string(),
        millis if millis % 3_600_000 == 0 => format!("\"{}h\"", millis / 3_600_000),
        millis if millis % 60_000 == 0 && millis > 60_000 => format!("\"{}m\"", millis / 60_000),
        millis if millis % 1_000 == 0 => format!("\"{}s\"", millis / 1_000),
        millis => format!("\"{millis}ms\""),
    }
}

/// The same for those readers that take days as well.
pub fn time_with_days(length: Duration) -> String {
    let day = 24 * 60 * 60;
    match length.as_secs() {
        seconds if seconds >= day && seconds.is_multiple_of(day) && length.subsec_nanos() == 0 => {
            format!("\"{}d\"", seconds / day)
        }
        // An age has a unit, whatever it is.
        _ if !length.subsec_nanos().is_multiple_of(1_000_000) => format!("\"{}s\"", length.as_secs_f64()),
        _ => time(length),
    }
}

/// A size in the largest unit that says it whole.
pub fn size(bytes: u64) -> String {
    let units = [("TiB", 1_u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
    match units.into_iter().find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor)) {
        Some((unit, factor)) => format!("\"{}{unit}\"", bytes / factor),
        None => "0".to_owned(),
    }
}

/// What was written by somebody else, with every text as `shown` has it.
pub fn given(value: &Given, shown: &dyn Fn(&str) -> String) -> String {
    match value {
        Given::Text(said) => text(&shown(said)),
        Given::Number(number) => number.to_string(),
        Given::Switch(switch) => switch.to_string(),
        Given::List(values) => {
            let values: Vec<String> = values.iter().map(|said| given(&said.value, shown)).collect();
            format!("[{}]", values.join(", "))
        }
        Given::Table(entries) => {
            let entry = |name: &str, value: &Given| format!("{} = {}", key(name), given(value, shown));
            let entries: Vec<String> = entries.iter().map(|(name, said)| entry(name, &said.value)).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        // No setting takes it, and it is a mistake that is told.
        Given::Other(name) => text(name),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;
    use crate::settings::{duration, size};

    fn read(value: &str) -> toml::Value {
        let table: toml::Table =
            toml::from_str(&format!("x = {value}\n")).unwrap_or_else(|error| panic!("{value}: {error}"));
        table["x"].clone()
    }

    fn as_read(value: &str) -> String {
        match read(value) {
            toml::Value::String(text) => text,
            other => other.to_string(),
        }
    }

    #[test]
    fn times_and_sizes_are_short() {
        for (millis, short, with_days) in [
            (0, "0", "0"),
            (250, "\"250ms\"", "\"250ms\""),
            (60_000, "\"60s\"", "\"60s\""),
            (1_800_000, "\"30m\"", "\"30m\""),
            (604_800_000, "\"168h\"", "\"7d\""),
        ] {
            let length = Duration::from_millis(millis);
            assert_eq!((time(length).as_str(), time_with_days(length).as_str()), (short, with_days));
        }
        for (bytes, written) in [(0, "0"), (1, "\"1B\""), (5 << 30, "\"5GiB\""), ((5 << 30) + 1, "\"5368709121B\"")] {
            assert_eq!(super::size(bytes), written);
        }
    }

    proptest! {
        #[test]
        fn texts_are_read_back(said in "(?s).{0,30}") {
            let written = text(&said);
            prop_assert!(!written.contains(['\n', '\r']));
            prop_assert_eq!(read(&written), toml::Value::String(said));
        }

        #[test]
        fn keys_are_read_back(name in "(?s).{0,10}|[a-z.]{0,5}") {
            let table: toml::Table = toml::from_str(&format!("{} = 1", key(&name))).unwrap();
            prop_assert_eq!(table.keys().collect::<Vec<_>>(), [&name]);
        }

        #[test]
        fn times_are_read_back(nanos in prop_oneof![0..10_000_000_000_u64, (0..31_000_000_u64).prop_map(|s| s * 1_000_000_000)]) {
            let length = Duration::from_nanos(nanos);
            let near = |read: Duration| read.abs_diff(length) < Duration::from_micros(1);
            prop_assert!(near(duration::read(&as_read(&time(length))).unwrap()));
            prop_assert!(near(duration::read_time_limit(&as_read(&time_with_days(length))).unwrap()));
            prop_assert!(near(duration::read_age(&as_read(&time_with_days(length))).unwrap()));
        }

        #[test]
        fn sizes_are_read_back(bytes in 0..(1_u64 << 53)) {
            prop_assert_eq!(size::read(&as_read(&super::size(bytes))).unwrap(), bytes);
        }
    }
}
