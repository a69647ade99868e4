//! The schema of `doctor --json`, by which every answer is checked.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// The published schema.
fn schema() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/doctor.schema.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Fails unless `answer` is as the schema says.
#[track_caller]
pub fn assert_keeps(answer: &Value) {
    let schema = schema();
    if let Err(mistake) = keeps(answer, &schema, &schema, "answer") {
        panic!("{mistake}\n{answer:#}");
    }
}

/// Checks `value` by the keywords of JSON Schema that the schema has. Any other keyword fails, so that none is passed over.
fn keeps(value: &Value, schema: &Value, root: &Value, at: &str) -> Result<(), String> {
    let rules = schema.as_object().ok_or_else(|| format!("{at}: the schema is no object"))?;
    for (keyword, rule) in rules {
        let holds = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let name = rule.as_str().and_then(|path| path.strip_prefix("#/")).unwrap();
                let target = name.split('/').fold(root, |value, step| &value[step]);
                return keeps(value, target, root, at);
            }
            "type" => {
                rule.as_array().map_or_else(|| is_a(value, rule), |types| types.iter().any(|rule| is_a(value, rule)))
            }
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| is_check(text) && rule == r"^[a-z_]+(\.[a-z_]+)+$"),
            "minLength" => value.as_str().is_none_or(|text| text.len() as u64 >= rule.as_u64().unwrap()),
            "required" => rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                // The schema lets fields be added, and those that are there are documented.
                let known = rule.as_object().unwrap();
                for (name, value) in value.as_object().into_iter().flatten() {
                    let rule = known.get(name).ok_or_else(|| format!("{at}: {name} is not in the schema"))?;
                    keeps(value, rule, root, &format!("{at}.{name}"))?;
                }
                true
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    keeps(value, rule, root, &format!("{at}[{index}]"))?;
                }
                true
            }
            "anyOf" => rule.as_array().unwrap().iter().any(|rule| keeps(value, rule, root, at).is_ok()),
            other => return Err(format!("{at}: the schema has {other}, which this test does not know")),
        };
        if !holds {
            return Err(format!("{at}: {value} does not keep to {keyword} {rule}"));
        }
    }
    Ok(())
}

fn is_a(value: &Value, rule: &Value) -> bool {
    match rule.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the schema has the type {other}"),
    }
}

fn is_check(text: &str) -> bool {
    let words: Vec<&str> = text.split('.').collect();
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    words.len() > 1 && words.iter().all(is_word)
}

#[test]
fn the_check_finds_what_is_wrong() {
    let good = serde_json::json!({
        "version": 1, "otel_run": "0.1.0", "program": null, "exit_code": 2,
        "findings": [{
            "check": "a.b", "subject": "here", "grade": "loss", "what": "x", "origin": {"file": "/f", "line": 1},
            "remedy": null
        }]
    });
    assert_keeps(&good);
    let with = |path: &str, value: Value| {
        let mut wrong = good.clone();
        *wrong.pointer_mut(path).unwrap() = value;
        keeps(&wrong, &schema(), &schema(), "answer")
    };
    for (path, value) in [
        ("/version", 2.into()),
        ("/exit_code", 3.into()),
        ("/program", 1.into()),
        ("/findings", Value::Null),
        ("/findings/0/check", "ab".into()),
        ("/findings/0/grade", "bad".into()),
        ("/findings/0/subject", "there".into()),
        ("/findings/0/origin", serde_json::json!({"file": "/f"})),
        ("/findings/0/origin", serde_json::json!({"flag": "--x", "more": 1})),
        ("/findings/0", serde_json::json!({})),
    ] {
        assert!(with(path, value).is_err(), "{path}");
    }
}

/// Names of checks in a text: words with dots between them, of which the first is a subject.
fn checks(text: &str, quote: char) -> BTreeSet<String> {
    const SUBJECTS: [&str; 6] = ["destination.", "credentials.", "settings.", "context.", "agent.", "here."];
    let quoted = text.split(quote).filter(|piece| is_check(piece));
    quoted.filter(|piece| SUBJECTS.iter().any(|subject| piece.starts_with(subject))).map(str::to_owned).collect()
}

#[test]
fn every_check_is_documented() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = vec![package.join("src/diagnosis")];
    let mut known = BTreeSet::new();
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            known.extend(checks(text.split("#[cfg(test)]").next().unwrap(), '"'));
        }
    }
    assert!(known.len() > 100, "{known:?}");
    let page = std::fs::read_to_string(package.join("docs/doctor.md")).unwrap();
    let (_, list) = page.split_once("## Every check").unwrap();
    assert_eq!(checks(list, '`'), known);
}
