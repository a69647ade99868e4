//! What of the user's values may be shown beside what becomes of them.

use std::ffi::OsStr;

use super::page::quote;
use super::without_credentials;
use crate::agent::{Injection, Profile, Value, jsonc};
use crate::environment::Environment;
use crate::secret::Secrets;

/// What a plan is told beside: it is not part of it, because making it would take time that a run does not have.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The environment that the plan was made for.
    pub environment: &'a Environment,
    /// What is blanked wherever it stands.
    pub secrets: &'a Secrets,
    /// The variables whose values are among that, sorted.
    pub blanked: &'a [String],
}

impl Around<'_> {
    /// The text with every secret blanked.
    pub(super) fn blank(&self, text: String) -> String {
        self.secrets.blanked_text(&text).unwrap_or(text)
    }
}

/// Variables whose values are for others to see.
const OPEN: [&str; 4] = ["OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME", "NO_PROXY", "no_proxy"];

/// Words of settings that are no secrets wherever they stand.
const WORDS: &[&str] = &[
    "true",
    "false",
    "on",
    "off",
    "none",
    "otlp",
    "console",
    "grpc",
    "http",
    "http/protobuf",
    "http/json",
    "otlp-http",
    "gzip",
    "local",
    "gcp",
    "all",
    "env",
    "host",
    "file",
];

/// The user's value of `name`, as far as it may be shown: settings whose words are known, URLs without credentials, objects
/// of JSON without anything that the user wrote into them.
pub(super) fn users(profile: &Profile, name: &str, value: &OsStr) -> String {
    let Some(text) = value.to_str() else { return "(your own value, which is not UTF-8)".to_owned() };
    let known = |word: &str| word.parse::<f64>().is_ok() || WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
    match () {
        () if text.is_empty() => "(empty)".to_owned(),
        () if OPEN.contains(&name) => quote(value),
        () if name == "TRACEPARENT" && is_hexadecimal(text) => text.to_owned(),
        () if name.ends_with("ENDPOINT") && text.contains("://") => quote(without_credentials(text).as_ref()),
        () if text.split(',').map(str::trim).all(known) => quote(value),
        () => outline(profile, name, text).unwrap_or_else(|| "(your own value)".to_owned()),
    }
}

/// What takes its place.
pub(super) fn ours(profile: &Profile, name: &str, value: &Value) -> String {
    let outline = value.expose().to_str().and_then(|text| outline(profile, name, text));
    match (value.instead(), outline) {
        (None, _) if value.expose().is_empty() => "''".to_owned(),
        (None, _) => quote(value.expose()),
        (Some(_), Some(outline)) => outline,
        (Some(shown), None) => shown.to_owned(),
    }
}

/// An object that something is merged into, without what else is in it.
fn outline(profile: &Profile, name: &str, text: &str) -> Option<String> {
    let mut merged = profile.variables().filter(|variable| variable.name == name);
    let path = merged.find_map(|variable| match variable.injection {
        Injection::MergeJsonc { path, .. } => Some(path),
        _ => None,
    })?;
    jsonc::outline(text, path)
}

fn is_hexadecimal(text: &str) -> bool {
    text.len() < 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::users;
    use crate::agent::opencode;

    #[test]
    fn only_what_cannot_be_a_secret_is_shown() {
        for (name, value, shown) in [
            ("OTEL_TRACES_EXPORTER", "console,OTLP", "console,OTLP"),
            ("OTEL_BSP_SCHEDULE_DELAY", "5000", "5000"),
            ("OTEL_LOGS_EXPORTER", "hunter2", "(your own value)"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://u:hunter2@h/x?k=hunter2", "'https://h/x?...'"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2", "(your own value)"),
            ("OTEL_RESOURCE_ATTRIBUTES", "team=a%20b", "team=a%20b"),
            ("OPENCODE_CONFIG_CONTENT", r#"{"key":"hunter2"}"#, "{...}"),
            ("OPENCODE_CONFIG_CONTENT", "hunter2", "(your own value)"),
            ("TRACEPARENT", "00-0a-0b-01", "00-0a-0b-01"),
            ("TRACEPARENT", "hunter2", "(your own value)"),
            ("X", "", "(empty)"),
        ] {
            assert_eq!(users(&opencode::PROFILE, name, OsStr::new(value)), shown, "{name}");
        }
    }
}
