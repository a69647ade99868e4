//! `OTEL_RESOURCE_ATTRIBUTES` and its like: `key=value,key=value` with percent-encoding.

use std::fmt::Write as _;

/// Reads a list of attributes (Resource SDK, "Specifying resource information via an environment variable"): keys
/// and values percent-decoded, spaces around them not part of them, empty members skipped, the last value of a key
/// wins. One mistake makes the whole list void, as the specification asks; the error is a sentence without values.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    for (index, member) in text.split(',').enumerate() {
        let member = member.trim();
        if member.is_empty() {
            continue;
        }
        let number = index + 1;
        let (key, value) = member.split_once('=').ok_or_else(|| format!("member {number} of the list has no `=`"))?;
        let key =
            decode(key.trim()).ok_or_else(|| format!("the key of member {number} is not percent-encoded UTF-8"))?;
        if key.is_empty() {
            return Err(format!("member {number} of the list has no key"));
        }
        let value = decode(value.trim()).ok_or_else(|| format!("the value of `{key}` is not percent-encoded UTF-8"))?;
        upsert(&mut attributes, key, value);
    }
    Ok(attributes)
}

/// Writes a list that [`parse`] reads back: everything but the octets that W3C Baggage allows in a value
/// ("baggage-octet") is percent-encoded, and so are `%` and `=`.
pub fn encode(attributes: &[(String, String)]) -> String {
    let mut text = String::new();
    for (key, value) in attributes {
        if !text.is_empty() {
            text.push(',');
        }
        encode_part(&mut text, key);
        text.push('=');
        encode_part(&mut text, value);
    }
    text
}

/// Sets `key`, in its old place where it is there already.
pub fn upsert<V>(list: &mut Vec<(String, V)>, key: String, value: V) {
    match list.iter_mut().find(|(known, _)| *known == key) {
        Some((_, old)) => *old = value,
        None => list.push((key, value)),
    }
}

fn encode_part(text: &mut String, part: &str) {
    for byte in part.bytes() {
        let plain = matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
        if plain && byte != b'%' && byte != b'=' {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

/// Percent-decodes `text`; none where a `%` is not followed by two hex digits or the result is not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = rest else { return None };
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        bytes.push(digit(*high)? * 16 + digit(*low)?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn lists() {
        for (text, expected) in [
            ("", &[][..]),
            ("a=b", &[("a", "b")]),
            (" a = b , c=d ,", &[("a", "b"), ("c", "d")]),
            ("a=", &[("a", "")]),
            ("a=x=y", &[("a", "x=y")]),
            ("a%2Cb=c%3Dd%20e", &[("a,b", "c=d e")]),
            ("a=1,a=2", &[("a", "2")]),
            ("a=%C3%BC", &[("a", "ü")]),
            ("a=b+c", &[("a", "b+c")]),
        ] {
            assert_eq!(parse(text), Ok(pairs(expected)), "{text}");
        }
    }

    #[test]
    fn one_mistake_voids_the_list() {
        for (text, mistake) in [
            ("a=b,c", "member 2 of the list has no `=`"),
            ("=b", "member 1 of the list has no key"),
            ("a=b,c=100%", "the value of `c` is not percent-encoded UTF-8"),
            ("a=%zz", "the value of `a` is not percent-encoded UTF-8"),
            ("a=%FF", "the value of `a` is not percent-encoded UTF-8"),
            ("%4=b", "the key of member 1 is not percent-encoded UTF-8"),
        ] {
            assert_eq!(parse(text), Err(mistake.to_owned()), "{text}");
        }
    }

    #[test]
    fn reserved_octets_are_encoded() {
        let text = encode(&pairs(&[("k,1", "a=b;c \"d\" \\ 100% ü"), ("x", "http://h:1/p?q")]));
        assert_eq!(text, "k%2C1=a%3Db%3Bc%20%22d%22%20%5C%20100%25%20%C3%BC,x=http://h:1/p?q");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            map in proptest::collection::btree_map("\\PC{1,12}|[a-z.]{1,8}", "(?s).{0,20}", 0..6)
        ) {
            let list: Vec<_> = map.into_iter().collect();
            let text = encode(&list);
            prop_assert!(text.bytes().all(|byte| (0x21..0x7f).contains(&byte)));
            prop_assert_eq!(parse(&text), Ok(list));
        }

        #[test]
        fn no_text_is_too_strange(text in "(?s).{0,40}") {
            let _ = parse(&text);
        }
    }
}
