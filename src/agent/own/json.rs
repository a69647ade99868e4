//! One object of a JSON document, with the lines of its entries.

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// An entry of an object that is a text, a number or a truth value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// The text, or what a number or a truth value is written as.
    pub(super) value: String,
    /// Counted from 1.
    pub(super) line: usize,
}

/// Which JSON a program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Nothing but JSON.
    Plain,
    /// With comments, and commas at ends.
    WithComments,
}

/// The entries of the object under the keys of `path`, each key once, with the last of its values; none where there is no such
/// object.
///
/// # Errors
///
/// When the text is no JSON, as the rest of a sentence about it.
pub(super) fn entries(text: &str, path: &[&str], dialect: Dialect) -> Result<Vec<Entry>, &'static str> {
    if is_deep(text) {
        return Err("is nested too deep");
    }
    let lenient = dialect == Dialect::WithComments;
    let options = ParseOptions {
        allow_comments: lenient,
        allow_trailing_commas: lenient,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|_| match dialect {
        Dialect::Plain => "is not JSON",
        Dialect::WithComments => "is not JSON with comments",
    })?;
    let mut object = match parsed.value {
        Some(Value::Object(object)) => object,
        Some(_) => return Err("is not a JSON object"),
        None => return Ok(Vec::new()),
    };
    for key in path {
        match last(object, key) {
            Some(Value::Object(inner)) => object = inner,
            _ => return Ok(Vec::new()),
        }
    }
    let mut entries: Vec<Entry> = Vec::new();
    for property in object.properties {
        let value = match &property.value {
            Value::StringLit(text) => text.value.to_string(),
            Value::NumberLit(number) => number.value.to_string(),
            Value::BooleanLit(truth) => truth.value.to_string(),
            _ => continue,
        };
        let start = property.range().start;
        let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
        let key = property.name.as_str().to_owned();
        entries.retain(|entry| entry.key != key);
        entries.push(Entry { key, value, line });
    }
    Ok(entries)
}

/// Whether objects and lists lie so deep within each other that reading them would take up the stack.
fn is_deep(text: &str) -> bool {
    const DEEPEST: usize = 200;
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

fn last<'a>(object: Object<'a>, key: &str) -> Option<Value<'a>> {
    object.properties.into_iter().rev().find(|property| property.name.as_str() == key).map(|property| property.value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::{Dialect, Entry, entries};

    #[test]
    fn entries_have_their_lines() {
        let text = "{\n  \"model\": \"m\",\n  \"env\": {\n    \"A\": \"x\", \"B\": 7,\n    \"C\": true, \"D\": null, \"E\": {},\n    \"A\": \"y\"\n  }\n}";
        let entry = |key: &str, value: &str, line| Entry { key: key.into(), value: value.into(), line };
        let expected = vec![entry("B", "7", 4), entry("C", "true", 5), entry("A", "y", 6)];
        assert_eq!(entries(text, &["env"], Dialect::Plain), Ok(expected));
        assert_eq!(entries(text, &[], Dialect::Plain), Ok(vec![entry("model", "m", 2)]));
        assert_eq!(entries(text, &["model"], Dialect::Plain), Ok(Vec::new()));
        assert_eq!(entries("", &["env"], Dialect::Plain), Ok(Vec::new()));
    }

    #[test]
    fn comments_are_for_those_who_read_them() {
        let text = "{ // mine\n\"a\": \"b\",\n}";
        assert_eq!(entries(text, &[], Dialect::Plain), Err("is not JSON"));
        assert_eq!(entries(text, &[], Dialect::WithComments).unwrap()[0].line, 2);
        assert_eq!(entries("[]", &[], Dialect::WithComments), Err("is not a JSON object"));
        assert_eq!(entries("{", &[], Dialect::WithComments), Err("is not JSON with comments"));
        assert_eq!(entries(&"[".repeat(1_000_000), &[], Dialect::Plain), Err("is nested too deep"));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(\\PC|\\{|\\}|\"|:|,|//|/\\*|\\*/|\n|\"env\"){0,40}") {
            let _ = entries(&text, &["env"], Dialect::WithComments);
            let _ = entries(&text, &[], Dialect::Plain);
        }
    }
}
