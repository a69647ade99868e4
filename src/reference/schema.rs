//! The JSON Schema of settings files, for editors.
//!
//! It is of draft 7, which taplo (Even Better TOML) reads, and uses of it what draft 4 has. The reader is laxer in one
//! thing: words may be written in any case.

use serde_json::{Map, Value, json};

use crate::agent::FIELDS;
use crate::settings::choice;
use crate::settings::file::FileKind;
use crate::settings::keys::{self, Key, Kind, UPSTREAM, Unset};

/// Where the package is published; empty where that is not said.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The name of the schema's file.
pub fn file_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::User => "otel-run.schema.json",
        FileKind::Project => "otel-run-project.schema.json",
    }
}

/// Where editors find the schema: in the repository, or beside the settings file where no repository is known.
pub fn place(kind: FileKind) -> String {
    match REPOSITORY.trim_end_matches('/') {
        "" => file_name(kind).to_owned(),
        repository => format!("{repository}/raw/HEAD/schema/{}", file_name(kind)),
    }
}

/// The schema of files of this kind.
pub fn schema(kind: FileKind) -> String {
    let may = |key: &&Key| kind == FileKind::User || key.project;
    let mut schema = object(keys::all().filter(may));
    let whose = if kind == FileKind::User { "the user's config.toml" } else { "a project's .otel-run.toml" };
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    if !REPOSITORY.is_empty() {
        schema.insert("$id".to_owned(), json!(place(kind)));
    }
    schema.insert("title".to_owned(), json!(format!("Settings of otel-run: {whose}")));
    let mut definitions = json!({
        "dotted": { "type": "object", "additionalProperties": { "anyOf": [of(&Kind::AnyText), reference("dotted")] } },
    });
    if kind == FileKind::User {
        definitions["agent"] = Value::Object(object(FIELDS.iter()));
    }
    schema.insert("definitions".to_owned(), definitions);
    format!("{:#}\n", Value::Object(schema))
}

fn object<'a>(keys: impl Iterator<Item = &'a Key>) -> Map<String, Value> {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for key in keys {
        if key.unset == Unset::Required {
            required.push(key.name);
        }
        properties.insert(key.name.to_owned(), property(key));
    }
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("object"));
    object.insert("properties".to_owned(), Value::Object(properties));
    object.insert("additionalProperties".to_owned(), json!(false));
    // An empty list of them is none in draft 4.
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    object
}

fn property(key: &Key) -> Value {
    let mut schema = of(&key.kind);
    let same: Vec<&str> = key.flag.iter().chain(key.variables).copied().collect();
    let mut description = key.meaning.to_owned();
    if let Unset::Words(words) = key.unset {
        description.push_str(&format!("\n\nDefault: {words}"));
    }
    if !same.is_empty() {
        description.push_str(&format!("\n\nThe same: {}", same.join(", ")));
    }
    schema["description"] = json!(description);
    schema["examples"] = json!([as_json(key.example)]);
    if let Unset::Value(value) = key.unset {
        schema["default"] = as_json(value);
    }
    schema
}

/// A value of the catalogue, all of which are TOML. The tests go through them.
fn as_json(value: &str) -> Value {
    let table: Result<Map<String, Value>, _> = toml::from_str(&format!("x = {value}"));
    table.ok().and_then(|mut table| table.remove("x")).unwrap_or_default()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn of(kind: &Kind) -> Value {
    match kind {
        Kind::Text | Kind::Endpoint | Kind::Path => json!({ "type": "string", "minLength": 1 }),
        Kind::AnyText => json!({ "type": "string" }),
        Kind::Switch => json!({ "type": "boolean" }),
        Kind::OnOff => {
            let words: Vec<&str> = choice::SWITCH.iter().map(|(word, _)| *word).collect();
            json!({ "anyOf": [{ "type": "boolean" }, { "enum": words }] })
        }
        Kind::True => json!({ "enum": [true] }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Time | Kind::TimeLimit => {
            json!({ "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "number", "minimum": 0 }] })
        }
        Kind::Age | Kind::Size => json!({ "anyOf": [{ "type": "string", "minLength": 2 }, { "enum": [0, "0"] }] }),
        Kind::Count => json!({ "type": "integer", "minimum": 0 }),
        Kind::ExitCode => json!({ "type": "integer", "minimum": 1, "maximum": 255 }),
        Kind::Either(kinds) => json!({ "anyOf": kinds.iter().map(of).collect::<Vec<_>>() }),
        Kind::List(kind) => json!({ "type": "array", "items": of(kind) }),
        Kind::Table(keys) if *keys == UPSTREAM => {
            let mut upstream = object(keys.iter());
            let ways =
                keys.iter().filter(|key| key.kind == Kind::Endpoint).map(|key| json!({ "required": [key.name] }));
            upstream.insert("anyOf".to_owned(), ways.collect());
            Value::Object(upstream)
        }
        Kind::Table(keys) => Value::Object(object(keys.iter())),
        Kind::Names(kind) => json!({ "type": "object", "additionalProperties": of(kind) }),
        Kind::DottedNames(_) => json!({ "$ref": "#/definitions/dotted" }),
        Kind::Agents => json!({ "type": "object", "additionalProperties": reference("agent") }),
    }
}

#[cfg(test)]
mod tests;
