//! Adding to `OTEL_RESOURCE_ATTRIBUTES` without breaking what stands there (Resource SDK, "Specifying resource information
//! via an environment variable"): one entry that does not decode voids the whole variable.

use super::profile::ResourceAttributes;

/// What becomes of the variable.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Appended {
    /// This, with the keys that were added.
    Value {
        /// The whole new value.
        text: String,
        /// What was added to the user's.
        keys: Vec<String>,
    },
    /// There is nothing to add.
    Nothing,
    /// The user's value does not decode.
    Broken,
}

/// Appends to `present` those of `attributes` whose keys are missing there. What could not be read alike by all signals
/// of the agent is left out; the collector adds it.
pub(super) fn append(present: Option<&str>, attributes: &[(String, String)], survives: ResourceAttributes) -> Appended {
    let present = present.unwrap_or_default();
    let Some(mut keys) = decoded_keys(present) else {
        return Appended::Broken;
    };
    let mut text = present.trim_end().to_owned();
    let mut added = Vec::new();
    for (key, value) in attributes {
        let plain = is_unreserved(key) && is_unreserved(value);
        if key.is_empty() || keys.contains(key) || (survives == ResourceAttributes::PartlyDecoded && !plain) {
            continue;
        }
        if !text.is_empty() && !text.ends_with(',') {
            text.push(',');
        }
        percent_encode(key, &mut text);
        text.push('=');
        percent_encode(value, &mut text);
        keys.push(key.clone());
        added.push(key.clone());
    }
    if added.is_empty() { Appended::Nothing } else { Appended::Value { text, keys: added } }
}

/// The keys of a value of the variable; none if an entry of it does not decode.
fn decoded_keys(value: &str) -> Option<Vec<String>> {
    value
        .split(',')
        .filter(|entry| !entry.trim().is_empty())
        .map(|entry| {
            let (key, value) = entry.split_once('=')?;
            percent_decode(value)?;
            percent_decode(key.trim()).filter(|key| !key.is_empty())
        })
        .collect()
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = tail;
            continue;
        }
        let (digits, tail) = tail.split_at_checked(2)?;
        let digit = |index: usize| char::from(*digits.get(index)?).to_digit(16);
        bytes.push(u8::try_from(digit(0)? * 16 + digit(1)?).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

fn percent_encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// RFC 3986, section 2.3.
fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn is_unreserved(text: &str) -> bool {
    text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::{Appended, append, decoded_keys, percent_decode, percent_encode};
    use crate::agent::ResourceAttributes::{Decoded, PartlyDecoded};

    fn text(present: &str, attributes: &[(&str, &str)], survives: crate::agent::ResourceAttributes) -> String {
        let attributes: Vec<_> = attributes.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        match append(Some(present), &attributes, survives) {
            Appended::Value { text, .. } => text,
            Appended::Nothing => "(nothing)".to_owned(),
            Appended::Broken => "(broken)".to_owned(),
        }
    }

    #[test]
    fn appends_what_is_missing() {
        let run = ("otel_run.run.id", "20261120-110915-a1b2c3");
        for (present, attributes, survives, expected) in [
            ("", vec![run], Decoded, "otel_run.run.id=20261120-110915-a1b2c3"),
            ("team=a%20b", vec![("k", "v")], PartlyDecoded, "team=a%20b,k=v"),
            ("team=a,", vec![("k", "v")], Decoded, "team=a,k=v"),
            (" team = a b ", vec![("k", "v")], Decoded, " team = a b,k=v"),
            ("a=b=c", vec![("k", "v")], Decoded, "a=b=c,k=v"),
            ("k=mine", vec![("k", "v")], Decoded, "(nothing)"),
            ("%6B=mine", vec![("k", "v")], Decoded, "(nothing)"),
            ("", vec![("k", "a b,c=ü")], Decoded, "k=a%20b%2Cc%3D%C3%BC"),
            ("", vec![("k", "a b")], PartlyDecoded, "(nothing)"),
            ("", vec![("k", "a b"), ("l", "a.b~c-d_e")], PartlyDecoded, "l=a.b~c-d_e"),
            ("", vec![("k", "1"), ("k", "2")], Decoded, "k=1"),
            ("a=%zz", vec![("k", "v")], Decoded, "(broken)"),
            ("a=%2", vec![("k", "v")], Decoded, "(broken)"),
            ("a=%ff", vec![("k", "v")], Decoded, "(broken)"),
            ("a", vec![("k", "v")], Decoded, "(broken)"),
            ("=a", vec![("k", "v")], Decoded, "(broken)"),
        ] {
            assert_eq!(text(present, &attributes, survives), expected, "{present:?} {attributes:?}");
        }
    }

    proptest! {
        #[test]
        fn encoded_text_decodes_to_itself(text in "\\PC{0,20}") {
            let mut encoded = String::new();
            percent_encode(&text, &mut encoded);
            prop_assert_eq!(percent_decode(&encoded), Some(text));
        }

        #[test]
        fn the_users_value_stays_in_front(present in "\\PC{0,30}", key in "[a-z]{1,3}", value in "\\PC{0,10}") {
            if let Appended::Value { text, .. } = append(Some(&present), &[(key.clone(), value)], Decoded) {
                prop_assert!(text.starts_with(present.trim_end()));
                prop_assert!(decoded_keys(&text).unwrap().contains(&key));
            }
        }
    }
}
