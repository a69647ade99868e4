#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use super::super::init::init;
use super::super::init::tests::uncommented;
use super::*;

/// `UPDATE_DOCS=1 cargo test --lib reference` writes the files again.
#[test]
fn the_published_files_say_what_the_catalogue_says() {
    for kind in [FileKind::User, FileKind::Project] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(file_name(kind));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, schema(kind)).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), schema(kind));
    }
}

/// What is wrong with `value`, by the rules of JSON Schema that the schema makes use of.
fn wrong(root: &Value, schema: &Value, at: &str, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (word, says) in schema.as_object().unwrap() {
        let fits = match word.as_str() {
            "$schema" | "$id" | "title" | "description" | "default" | "examples" | "definitions" => true,
            "$ref" => {
                let name = says.as_str().unwrap().strip_prefix("#/definitions/").unwrap();
                wrong.extend(self::wrong(root, &root["definitions"][name], at, value));
                true
            }
            "type" => match says.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64() || value.is_u64(),
                "number" => value.is_number(),
                other => panic!("{other}"),
            },
            "enum" => says.as_array().unwrap().contains(value),
            "anyOf" => says.as_array().unwrap().iter().any(|says| self::wrong(root, says, at, value).is_empty()),
            "minimum" => value.as_f64().is_none_or(|number| number >= says.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= says.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= says.as_u64().unwrap()),
            "required" => value.as_object().is_none_or(|table| {
                says.as_array().unwrap().iter().all(|name| table.contains_key(name.as_str().unwrap()))
            }),
            "items" => {
                for (index, element) in value.as_array().into_iter().flatten().enumerate() {
                    wrong.extend(self::wrong(root, says, &format!("{at}[{index}]"), element));
                }
                true
            }
            "properties" => {
                for (name, says) in says.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        wrong.extend(self::wrong(root, says, &format!("{at}.{name}"), value));
                    }
                }
                true
            }
            "additionalProperties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    let known = schema.get("properties").is_some_and(|properties| properties.get(name).is_some());
                    match says {
                        _ if known => {}
                        Value::Bool(false) => wrong.push(format!("{at}.{name} is not known")),
                        says => wrong.extend(self::wrong(root, says, &format!("{at}.{name}"), value)),
                    }
                }
                true
            }
            other => panic!("the schema says {other}, which this walk does not know"),
        };
        if !fits {
            wrong.push(format!("{at}: {word}"));
        }
    }
    wrong
}

fn wrong_with(kind: FileKind, text: &str) -> Vec<String> {
    let root: Value = serde_json::from_str(&schema(kind)).unwrap();
    let value: Value = toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    wrong(&root, &root, "", &value)
}

#[test]
fn the_commented_files_are_valid_with_and_without_their_settings() {
    for kind in [FileKind::User, FileKind::Project] {
        for text in [init(kind), uncommented(&init(kind))] {
            assert_eq!(wrong_with(kind, &text), [""; 0], "{text}");
        }
    }
    assert_ne!(wrong_with(FileKind::Project, &uncommented(&init(FileKind::User))), [""; 0]);
}

/// The pieces of TOML in the documents that are settings.
fn examples() -> Vec<(String, String)> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(package.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut examples = Vec::new();
    for page in pages.chain([package.join("README.md")]) {
        let text = std::fs::read_to_string(&page).unwrap();
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        let fenced = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
        examples.extend(fenced.map(|example| (name.clone(), example)));
        // The README indents its pieces of code.
        let indented = text.split("    # ~/.config/otel-run/config.toml\n").skip(1).map(|rest| {
            let lines = rest.lines().take_while(|line| line.is_empty() || line.starts_with("    "));
            lines.collect::<Vec<_>>().join("\n")
        });
        examples.extend(indented.map(|example| (name.clone(), example)));
    }
    examples
}

#[test]
fn every_example_of_the_documents_is_valid() {
    let examples = examples();
    assert!(examples.iter().any(|(page, _)| page == "README.md"));
    assert!(examples.len() > 8, "{}", examples.len());
    for (page, example) in examples {
        assert_eq!(wrong_with(FileKind::User, &example), [""; 0], "{page}: {example}");
    }
}

#[test]
fn mistakes_are_not_valid() {
    for (text, expected) in [
        ("endpont = 'http://c'", ".endpont is not known"),
        ("nest = 'adpot'", ".nest: enum"),
        ("quiet = 'true'", ".quiet: type"),
        ("collector = 'of'", ".collector: anyOf"),
        ("success_codes = [0]", ".success_codes[0]: minimum"),
        ("success_codes = 1", ".success_codes: type"),
        ("keep_age = 30", ".keep_age: anyOf"),
        ("keep_runs = -1", ".keep_runs: minimum"),
        ("timeout = -1", ".timeout: anyOf"),
        ("endpoint = ''", ".endpoint: minLength"),
        ("require_telemetry = ['trace']", ".require_telemetry: anyOf"),
        ("resource_attributes.a = 1", ".resource_attributes.a: anyOf"),
        ("headers.a = { envv = 'X' }", ".headers.a: anyOf"),
        ("upstream = [{ name = 'x' }]", ".upstream[0]: anyOf"),
        ("upstream = [{ endpoint = 'http://x', protocl = 'grpc' }]", ".upstream[0].protocl is not known"),
        ("agents.x.base_name = []", ".agents.x.base_name is not known"),
        ("agents.x.takes_parent = 'sometimes'", ".agents.x.takes_parent: enum"),
        ("agents.x.events = [{ signal = 'traces' }]", ".agents.x.events[0]: required"),
        (
            "agents.x.content_switches.A = { on = { set = 1 }, off = { remove = true } }",
            ".agents.x.content_switches.A.on.set: anyOf",
        ),
    ] {
        let wrong = wrong_with(FileKind::User, text);
        assert_eq!(wrong, [expected], "{text}");
    }
    assert_eq!(wrong_with(FileKind::Project, "endpoint = 'http://c'"), [".endpoint is not known"]);
}

/// Whatever the reader takes without a word is valid, for every key and a handful of values.
#[test]
fn what_is_read_without_a_complaint_is_valid() {
    use crate::environment::Environment;
    use crate::settings::file::{FileText, layer};

    let values = [
        "'x'",
        "''",
        "'5s'",
        "'30d'",
        "'5GiB'",
        "'0'",
        "'on'",
        "'grpc'",
        "'inf'",
        "true",
        "false",
        "0",
        "5",
        "-1",
        "1.5",
        "300",
        "[]",
        "[1]",
        "['traces']",
        "['']",
        "[1, 'x']",
        "{}",
        "{ a = 'x' }",
        "{ a = { b = 'x' } }",
        "{ a = { env = 'X' } }",
        "{ a = { command = ['x'] } }",
        "{ a = 1 }",
        "[{ endpoint = 'http://x' }]",
        "1979-05-27",
    ];
    let mut taken = 0;
    for key in keys::all() {
        for value in values {
            let text = format!("{} = {value}", key.name);
            let file = FileText { path: "/u/c".into(), text: text.clone() };
            let (_, complaints) = layer(FileKind::User, &file, &Environment::default());
            if complaints.is_empty() && key.kind != Kind::Agents {
                taken += 1;
                assert_eq!(wrong_with(FileKind::User, &text), [""; 0], "{text}");
            }
        }
    }
    assert!(taken > 60, "{taken}");
}
