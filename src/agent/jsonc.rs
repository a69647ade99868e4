//! Merging one value into an object that somebody wrote as JSON with comments, without touching a byte of theirs.
//!
//! opencode replaces `{env:NAME}` and `{file:PATH}` in the raw text before it parses, so such a reference may stand where
//! a value is. References are masked by strings of the same length while the text is parsed; what is added is then
//! spliced into the text as it was.

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// What the parser of these programs takes: JSON, comments, trailing commas.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
};

/// What became of a merge.
#[derive(Debug, PartialEq, Eq)]
pub enum Merge {
    /// This is the text with the value in it.
    Added(String),
    /// The value stood there already.
    AlreadyThere,
    /// Something else stands where the value belongs, by decision of whoever wrote the text.
    SaysOtherwise(Otherwise),
    /// There is nothing to merge into.
    Impossible(&'static str),
}

/// What stands where the value belongs.
#[derive(Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// `false`
    False,
    /// A reference that is replaced later.
    Reference,
    /// Anything else.
    Other,
}

/// Merges `value` (JSON) into `text` under the keys of `path`, creating the objects that are missing.
pub fn merge(text: &str, path: &[&str], value: &str) -> Merge {
    let masked = mask_references(text);
    let Ok(parsed) = parse_to_ast(&masked, &CollectOptions::default(), &OPTIONS) else {
        return Merge::Impossible("is not JSON with comments");
    };
    match parsed.value {
        Some(Value::Object(object)) => insert(text, &object, path, value),
        _ => Merge::Impossible("is not a JSON object"),
    }
}

/// Sets `key` of the object under the key `object` to `value` (JSON), whatever stands there.
///
/// # Errors
///
/// Why that is not possible, as the rest of a sentence about the text.
pub fn set(text: &str, object: &str, key: &str, value: &str) -> Result<String, &'static str> {
    let path = [object, key];
    let found = |text: &str| -> Option<std::ops::Range<usize>> {
        let parsed = parse_to_ast(text, &CollectOptions::default(), &OPTIONS).ok()?;
        let mut value = parsed.value?;
        for key in path {
            let Value::Object(object) = value else { return None };
            value = object.properties.into_iter().rev().find(|property| property.name.as_str() == key)?.value;
        }
        let range = jsonc_parser::common::Ranged::range(&value);
        Some(range.start..range.end)
    };
    // What stands there is replaced, and what does not is merged in.
    if let Some(range) = found(text)
        && let (Some(before), Some(after)) = (text.get(..range.start), text.get(range.end..))
    {
        return Ok(format!("{before}{value}{after}"));
    }
    match merge(text, &path, value) {
        Merge::Added(text) => Ok(text),
        Merge::AlreadyThere => Ok(text.to_owned()),
        Merge::SaysOtherwise(_) => Err("holds no object for variables"),
        Merge::Impossible(why) => Err(why),
    }
}

/// The object as it may be shown: the keys of `path` as far as they are there, the truth value at its end, and `...` for
/// everything else. None where the text is no object.
pub fn outline(text: &str, path: &[&str]) -> Option<String> {
    let masked = mask_references(text);
    match parse_to_ast(&masked, &CollectOptions::default(), &OPTIONS).ok()?.value? {
        Value::Object(object) => Some(outlined(&object, path)),
        _ => None,
    }
}

fn outlined(object: &Object<'_>, path: &[&str]) -> String {
    let key = path.first().copied().unwrap_or_default();
    let rest = path.get(1..).unwrap_or_default();
    let found = object.properties.iter().rev().find(|property| !path.is_empty() && property.name.as_str() == key);
    let mut parts = Vec::new();
    if let Some(found) = found {
        let value = match &found.value {
            Value::Object(inner) if !rest.is_empty() => outlined(inner, rest),
            Value::BooleanLit(literal) if rest.is_empty() => literal.value.to_string(),
            _ => "...".to_owned(),
        };
        parts.push(format!("\"{key}\":{value}"));
    }
    if object.properties.iter().any(|property| found.is_none() || property.name.as_str() != key) {
        parts.push("...".to_owned());
    }
    format!("{{{}}}", parts.join(","))
}

/// The JSON of nothing but `value` under the keys of `path`.
pub fn alone(path: &[&str], value: &str) -> String {
    path.iter().rev().fold(value.to_owned(), |inner, key| format!("{{\"{key}\":{inner}}}"))
}

fn insert(text: &str, object: &Object<'_>, path: &[&str], value: &str) -> Merge {
    let Some((key, rest)) = path.split_first() else {
        return Merge::Impossible("has no place for it");
    };
    // Of keys that occur twice the last one counts.
    let Some(found) = object.properties.iter().rev().find(|property| property.name.as_str() == *key) else {
        // Behind the brace, so that neither a comment nor a trailing comma at the end matters.
        let start = object.range.start + 1;
        let comma = if object.properties.is_empty() { "" } else { "," };
        let added = format!("\"{key}\":{}{comma}", alone(rest, value));
        let (Some(before), Some(after)) = (text.get(..start), text.get(start..)) else {
            return Merge::Impossible("is not JSON with comments");
        };
        return Merge::Added(format!("{before}{added}{after}"));
    };
    let range = jsonc_parser::common::Ranged::range(&found.value);
    let stands = text.get(range.start..range.end).unwrap_or_default();
    if stands.starts_with('{') && found.value.as_object().is_none() {
        return Merge::SaysOtherwise(Otherwise::Reference);
    }
    match &found.value {
        _ if rest.is_empty() && stands == value => Merge::AlreadyThere,
        Value::BooleanLit(literal) if rest.is_empty() && !literal.value => Merge::SaysOtherwise(Otherwise::False),
        Value::Object(inner) if !rest.is_empty() => insert(text, inner, rest, value),
        _ => Merge::SaysOtherwise(Otherwise::Other),
    }
}

/// The text with every `{env:...}` and `{file:...}` replaced by as many bytes that parse as a string, or as part of the
/// string or comment in which the reference stands.
fn mask_references(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut place = Place::Code;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(length) = reference_length(rest) {
            if place == Place::Code {
                masked.push('"');
                masked.extend(std::iter::repeat_n('x', length - 2));
                masked.push('"');
            } else {
                masked.extend(std::iter::repeat_n('x', length));
            }
            rest = &rest[length..];
            continue;
        }
        let taken = match (place, character) {
            // The escaped character is taken along, unless a reference begins there.
            (Place::String, '\\') => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            (Place::Code, '/') if rest.starts_with("//") || rest.starts_with("/*") => 2,
            (Place::BlockComment, '*') if rest.starts_with("*/") => 2,
            _ => character.len_utf8(),
        };
        place = match (place, &rest[..taken]) {
            (Place::Code, "\"") => Place::String,
            (Place::Code, "//") => Place::LineComment,
            (Place::Code, "/*") => Place::BlockComment,
            (Place::String, "\"") | (Place::LineComment, "\n" | "\r") | (Place::BlockComment, "*/") => Place::Code,
            (place, _) => place,
        };
        masked.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    masked
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    String,
    LineComment,
    BlockComment,
}

/// The length in bytes of the reference that `text` begins with.
fn reference_length(text: &str) -> Option<usize> {
    let name = text.strip_prefix("{env:").or_else(|| text.strip_prefix("{file:"))?;
    let length = name.find('}').filter(|length| *length > 0)?;
    Some(text.len() - name.len() + length + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::{Merge, Otherwise, alone, mask_references, merge, outline};

    const PATH: &[&str] = &["experimental", "openTelemetry"];

    fn added(text: &str) -> String {
        match merge(text, PATH, "true") {
            Merge::Added(merged) => merged,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn an_outline_has_nothing_of_the_users() {
        for (text, shown) in [
            ("{}", "{}"),
            (r#"{"key":"hunter2", "n": {env:N}}"#, "{...}"),
            (r#"{"experimental":{"hunter2":1},"hunter2":2}"#, r#"{"experimental":{...},...}"#),
            (r#"{"experimental":{"openTelemetry":false}}"#, r#"{"experimental":{"openTelemetry":false}}"#),
            (r#"{"experimental":{"openTelemetry":"hunter2","a":1}}"#, r#"{"experimental":{"openTelemetry":...,...}}"#),
            (r#"{"experimental":"hunter2"}"#, r#"{"experimental":...}"#),
        ] {
            assert_eq!(outline(text, PATH).as_deref(), Some(shown), "{text}");
        }
        assert_eq!(outline("[1]", PATH), None);
        assert_eq!(outline("{", PATH), None);
    }

    #[test]
    fn adds_what_is_missing() {
        for (text, merged) in [
            ("{}", r#"{"experimental":{"openTelemetry":true}}"#),
            (r#"{"a":1}"#, r#"{"experimental":{"openTelemetry":true},"a":1}"#),
            (r#"{"a":1,}"#, r#"{"experimental":{"openTelemetry":true},"a":1,}"#),
            ("{ /* none */ }", r#"{"experimental":{"openTelemetry":true} /* none */ }"#),
            (
                "// mine\n{\n  // experimental\n  \"experimental\": { \"batch_tool\": true, }, // \"}\"\n}",
                "// mine\n{\n  // experimental\n  \"experimental\": {\"openTelemetry\":true, \"batch_tool\": true, }, // \"}\"\n}",
            ),
            (r#"{"experimental":{}}"#, r#"{"experimental":{"openTelemetry":true}}"#),
            (
                r#"{"apiKey":"{env:KEY}","f":"{file:./x"y}"}"#,
                r#"{"experimental":{"openTelemetry":true},"apiKey":"{env:KEY}","f":"{file:./x"y}"}"#,
            ),
            (
                r#"{"port":{env:PORT},"provider":{env:PROVIDER}}"#,
                r#"{"experimental":{"openTelemetry":true},"port":{env:PORT},"provider":{env:PROVIDER}}"#,
            ),
            (r#"{"ü":"ü","experimental":{"ö":1}}"#, r#"{"ü":"ü","experimental":{"openTelemetry":true,"ö":1}}"#),
            // The last of two equal keys counts.
            (
                r#"{"experimental":{"openTelemetry":true},"experimental":{}}"#,
                r#"{"experimental":{"openTelemetry":true},"experimental":{"openTelemetry":true}}"#,
            ),
        ] {
            assert_eq!(added(text), merged);
        }
    }

    #[test]
    fn leaves_decisions_and_what_it_cannot_read_alone() {
        for (text, outcome) in [
            (r#"{"experimental":{"openTelemetry":true}}"#, Merge::AlreadyThere),
            (r#"{"experimental":{"openTelemetry" /* yes */ : true,}}"#, Merge::AlreadyThere),
            (r#"{"experimental":{"openTelemetry":false}}"#, Merge::SaysOtherwise(Otherwise::False)),
            (r#"{"experimental":{"openTelemetry":{env:OT}}}"#, Merge::SaysOtherwise(Otherwise::Reference)),
            (r#"{"experimental":{env:EXPERIMENTAL}}"#, Merge::SaysOtherwise(Otherwise::Reference)),
            (r#"{"experimental":{"openTelemetry":{}}}"#, Merge::SaysOtherwise(Otherwise::Other)),
            (r#"{"experimental":null}"#, Merge::SaysOtherwise(Otherwise::Other)),
            ("[]", Merge::Impossible("is not a JSON object")),
            ("{env:CONFIG}", Merge::Impossible("is not a JSON object")),
            ("   ", Merge::Impossible("is not a JSON object")),
            ("{", Merge::Impossible("is not JSON with comments")),
            ("{a:1}", Merge::Impossible("is not JSON with comments")),
            ("{'a':1}", Merge::Impossible("is not JSON with comments")),
            (r#"{"a":1 "b":2}"#, Merge::Impossible("is not JSON with comments")),
            (r#"{"a":1{env:X}}"#, Merge::Impossible("is not JSON with comments")),
        ] {
            assert_eq!(merge(text, PATH, "true"), outcome, "{text}");
        }
    }

    #[test]
    fn a_value_is_set_whatever_stands_there() {
        for (text, expected) in [
            ("{}", Ok(r#"{"env":{"A":"1"}}"#)),
            (r#"{"env":{"A":"x","B":"y"},}"#, Ok(r#"{"env":{"A":"1","B":"y"},}"#)),
            (r#"{"env":{"A":{"a":1}}}"#, Ok(r#"{"env":{"A":"1"}}"#)),
            (r#"{"env":{"A":"x","A":"y"}}"#, Ok(r#"{"env":{"A":"x","A":"1"}}"#)),
            (r#"{"env":{"A":"1"}}"#, Ok(r#"{"env":{"A":"1"}}"#)),
            (r#"{"env":7}"#, Err("holds no object for variables")),
            ("[]", Err("is not a JSON object")),
            ("{", Err("is not JSON with comments")),
        ] {
            assert_eq!(super::set(text, "env", "A", "\"1\"").as_deref(), expected.as_deref(), "{text}");
        }
    }

    #[test]
    fn a_value_of_its_own() {
        assert_eq!(alone(PATH, "true"), r#"{"experimental":{"openTelemetry":true}}"#);
    }

    /// Values as a user might write them, with comments and references.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("true".to_owned()),
            Just("null".to_owned()),
            Just("{env:PORT}".to_owned()),
            Just("-1.5e3".to_owned()),
            "[ -!#-\\[\\]-~äß]{0,8}".prop_map(|text| format!("\"{text}\"")),
            Just(r#""say \"hi\" {env:WHO} \\""#.to_owned()),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
                object_of(inner),
            ]
        })
    }

    fn gap() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            Just("\n  ".to_owned()),
            Just("/* { \" */".to_owned()),
            Just("// } it's \"\n".to_owned()),
            Just("// {env:X}\n".to_owned()),
        ]
    }

    fn object_of(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
        let key = prop_oneof![3 => "[a-z]{1,4}", 1 => Just("experimental".to_owned())];
        let property =
            (gap(), key, gap(), inner, gap()).prop_map(|(a, key, b, value, c)| format!("{a}\"{key}\"{b}:{value}{c}"));
        (proptest::collection::vec(property, 0..4), any::<bool>(), gap()).prop_map(|(properties, comma, end)| {
            let comma = if comma && !properties.is_empty() { "," } else { "" };
            format!("{{{}{comma}{end}}}", properties.join(","))
        })
    }

    fn is_subsequence(part: &str, whole: &str) -> bool {
        let mut whole = whole.bytes();
        part.bytes().all(|byte| whole.any(|other| other == byte))
    }

    /// What the merged text says, read by a parser of its own: serde_json, after references became strings and
    /// comments and trailing commas were taken out.
    fn plain(text: &str) -> serde_json::Value {
        let mut out = String::new();
        let masked = mask_references(text);
        let mut rest = masked.as_str();
        let mut in_string = false;
        while let Some(character) = rest.chars().next() {
            let mut skip = character.len_utf8();
            if in_string && character == '\\' {
                out.push_str(&rest[..2]);
                skip = 2;
            } else if !in_string && rest.starts_with("//") {
                skip = rest.find('\n').unwrap_or(rest.len());
            } else if !in_string && rest.starts_with("/*") {
                skip = rest.find("*/").unwrap() + 2;
            } else {
                in_string ^= character == '"';
                if !in_string && (character == '}' || character == ']') {
                    let end = out.trim_end().len();
                    out.truncate(end);
                    if out.ends_with(',') {
                        out.pop();
                    }
                }
                out.push(character);
            }
            rest = &rest[skip..];
        }
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    proptest! {
        #[test]
        fn every_byte_of_the_user_stays_and_the_switch_is_on(
            before in gap(), text in object_of(value()), after in gap()
        ) {
            let text = format!("{before}{text}{after}");
            match merge(&text, PATH, "true") {
                Merge::Added(merged) => {
                    prop_assert!(is_subsequence(&text, &merged));
                    let mut merged = plain(&merged);
                    prop_assert_eq!(&merged["experimental"]["openTelemetry"], &serde_json::Value::Bool(true));
                    // Nothing else is different.
                    let mut own = plain(&text);
                    let inner = merged["experimental"].as_object_mut().unwrap();
                    inner.remove("openTelemetry");
                    let (emptied, had) = (inner.is_empty(), own.get("experimental").is_some());
                    if emptied && !had {
                        merged.as_object_mut().unwrap().remove("experimental");
                    }
                    if let Some(inner) = own.get_mut("experimental").and_then(|value| value.as_object_mut()) {
                        inner.remove("openTelemetry");
                    }
                    prop_assert_eq!(merged, own);
                }
                Merge::AlreadyThere | Merge::SaysOtherwise(_) => {
                    prop_assert!(plain(&text).get("experimental").is_some());
                }
                Merge::Impossible(why) => prop_assert!(false, "{why}: {text}"),
            }
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}") {
            if let Merge::Added(merged) = merge(&text, PATH, "true") {
                prop_assert!(is_subsequence(&text, &merged));
            }
        }

        #[test]
        fn a_merge_is_needed_once(before in gap(), text in object_of(value()), after in gap()) {
            let text = format!("{before}{text}{after}");
            if let Merge::Added(merged) = merge(&text, PATH, "true") {
                prop_assert_eq!(merge(&merged, PATH, "true"), Merge::AlreadyThere, "{}", merged);
            }
        }

        #[test]
        fn a_text_that_is_cut_off_is_left_alone(text in object_of(value()), at in any::<prop::sample::Index>()) {
            let end = (0..text.len()).rev().cycle().skip(at.index(text.len())).find(|end| text.is_char_boundary(*end));
            let cut = &text[..end.unwrap_or_default()];
            prop_assert!(matches!(merge(cut, PATH, "true"), Merge::Impossible(_)), "{cut}");
        }

        #[test]
        fn masking_keeps_every_position(text in "(\\PC|\\{env:|\\{file:|\\}|\"|\\\\|//|/\\*|\\*/|\n){0,40}") {
            prop_assert_eq!(mask_references(&text).len(), text.len());
        }
    }
}
