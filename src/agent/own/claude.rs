//! Claude Code's settings: the `env` block of each file beats the environment, and a later file an earlier one.

use super::json::{Dialect, Entry, entries};
use super::{Circumstances, Found, Own, OwnVariable, Place, Wanted, is_true, unreadable, warnings};
use crate::environment::Environment;
use crate::otlp::Signal;
use crate::settings::{Complaint, Fault, FileText, Origin, Sourced, Upstream, env, variables};

/// What the destination in its settings is called.
pub(super) const NAME: &str = "claude-settings";

const OPTION: &str = "--settings";

pub(super) fn wanted(circumstances: &Circumstances<'_>) -> Vec<Wanted> {
    let folder = "CLAUDE_CONFIG_DIR";
    let old = match circumstances.environment.get(folder) {
        Some(_) => circumstances.below_home(Some(folder), ".claude", ".claude.json"),
        None => circumstances.below_home(None, "", ".claude.json"),
    };
    let user = circumstances.below_home(Some(folder), ".claude", "settings.json");
    let sources = circumstances.given("--setting-sources");
    let is_source = |name: &str| sources.as_deref().is_none_or(|list| list.split(',').any(|one| one.trim() == name));
    let project = circumstances.folder.join(".claude");
    let named = circumstances.given(OPTION).filter(|value| !is_text(value));
    let mut wanted: Vec<Wanted> = Vec::new();
    wanted.extend(old.map(|path| Wanted::file(Place::User, path)));
    wanted.extend(user.filter(|_| is_source("user")).map(|path| Wanted::file(Place::User, path)));
    for (source, name) in [("project", "settings.json"), ("local", "settings.local.json")] {
        wanted.extend(is_source(source).then(|| Wanted::file(Place::Project, project.join(name))));
    }
    wanted.extend(named.map(|path| Wanted::file(Place::Named, circumstances.folder.join(path))));
    wanted.push(Wanted::file(Place::Managed, "/etc/claude-code/managed-settings.json"));
    let all_ending_in = Some(".json");
    wanted.push(Wanted { all_ending_in, ..Wanted::file(Place::Managed, "/etc/claude-code/managed-settings.d") });
    wanted
}

pub(super) fn read(circumstances: &Circumstances<'_>, found: &[Found]) -> Own {
    let mut own = Own { warnings: unreadable(found).collect(), ..Own::default() };
    let typed = circumstances.given(OPTION).filter(|value| is_text(value));
    let mut files: Vec<(Place, Option<&FileText>, &str)> = Vec::new();
    let of_files = |managed: bool| {
        let found = found.iter().filter(move |found| (found.place == Place::Managed) == managed);
        found.filter_map(|found| Some((found.place, found.file.as_ref().ok()?)))
    };
    files.extend(of_files(false).map(|(place, file)| (place, Some(file), file.text.as_str())));
    files.extend(typed.as_deref().map(|text| (Place::Named, None, text)));
    files.extend(of_files(true).map(|(place, file)| (place, Some(file), file.text.as_str())));
    own.option_text = found.iter().find(|found| found.place == Place::Named).map(|found| match &found.file {
        Ok(file) => entries(&file.text, &[], Dialect::Plain).map(|_| file.text.clone()).map_err(str::to_owned),
        Err((_, why)) => Err(why.clone()),
    });
    for (place, file, text) in &files {
        let block = match block(text) {
            Ok(block) => block,
            Err(why) => {
                own.warnings.extend(
                    file.map(|file| format!("{} {why}; what it says of telemetry is not known", file.path.display())),
                );
                continue;
            }
        };
        for Entry { key, value, line } in block {
            let origin = origin(*file, line);
            own.variables.retain(|variable| variable.name != key);
            own.variables.push(OwnVariable { name: key, value, origin, is_fixed: *place == Place::Managed });
        }
    }
    let signals = exported(circumstances.environment, &own);
    let mut complaints = Vec::new();
    let mine = files.iter().rev().filter(|(place, ..)| matches!(place, Place::User | Place::Named));
    let destination = mine.filter_map(|(_, file, text)| destination_in(*file, text, &mut complaints)).next();
    own.warnings.extend(warnings(complaints));
    // What cannot be led here goes there without us.
    let is_fixed = |variable: &OwnVariable| variable.is_fixed && variable.name.ends_with("ENDPOINT");
    if !signals.is_empty() && !own.variables.iter().any(is_fixed) {
        own.upstreams.extend(destination.map(|upstream| upstream.only(&signals)));
    }
    own
}

/// The destination that a file names.
pub(super) fn destination(file: &FileText, complaints: &mut Vec<Complaint>) -> Option<Upstream> {
    destination_in(Some(file), &file.text, complaints)
}

fn destination_in(file: Option<&FileText>, text: &str, complaints: &mut Vec<Complaint>) -> Option<Upstream> {
    let block = block(text).ok()?;
    let value = |name: &str| block.iter().find(|entry| entry.key == name).map(|entry| entry.value.as_str());
    let over_grpc = |signal: &str| {
        let own = value(&format!("OTEL_EXPORTER_OTLP_{signal}PROTOCOL"));
        own.or_else(|| value("OTEL_EXPORTER_OTLP_PROTOCOL")).is_some_and(|protocol| protocol == "grpc")
    };
    let environment: Environment = block
        .iter()
        .map(|entry| {
            let name = entry.key.as_str();
            let signal = name.strip_prefix("OTEL_EXPORTER_OTLP_").and_then(|name| name.strip_suffix("HEADERS"));
            match signal {
                // Over HTTP it sends headers as they stand, encoded or not.
                Some(signal) if !over_grpc(signal) => (name, entry.value.replace('%', "%25")),
                _ => (name, entry.value.clone()),
            }
        })
        .collect();
    let place = |name: &str| {
        let line = block.iter().find(|entry| entry.key == name).map_or(1, |entry| entry.line);
        origin(file, line)
    };
    let (upstream, found) = env::otlp_upstream(NAME, &environment, &place);
    complaints.extend(found);
    let mut upstream = upstream?;
    upstream.destination.headers_helper = headers_helper(file, text, complaints);
    Some(upstream)
}

/// A program that prints headers, as ours are.
fn headers_helper(
    file: Option<&FileText>,
    text: &str,
    complaints: &mut Vec<Complaint>,
) -> Option<Sourced<std::path::PathBuf>> {
    let all = entries(text, &[], Dialect::Plain).ok()?;
    let entry = all.into_iter().find(|entry| entry.key == "otelHeadersHelper")?;
    let origin = origin(file, entry.line);
    if entry.value.starts_with('/') && !entry.value.contains(char::is_whitespace) {
        return Some(Sourced::new(entry.value.into(), origin));
    }
    let message =
        "otelHeadersHelper is not the absolute path of a program, so otel-run sends no headers of it".to_owned();
    complaints.push(Complaint::new(Fault::Credentials, origin, message));
    None
}

/// The signals that Claude Code exports over OTLP without otel-run.
fn exported(environment: &Environment, own: &Own) -> Vec<Signal> {
    let value = |name: &str| match own.variable(name) {
        Some(variable) => Some(variable.value.as_str()),
        None => environment.get(name),
    };
    let is_on = |name: &str| value(name).is_some_and(is_true);
    let has_traces = is_on("CLAUDE_CODE_ENHANCED_TELEMETRY_BETA") || is_on("ENABLE_ENHANCED_TELEMETRY_BETA");
    let exports = |signal: &Signal| {
        let list = value(&variables::exporter(*signal)).unwrap_or_default();
        (*signal != Signal::Traces || has_traces) && list.split(',').any(|word| word.trim() == "otlp")
    };
    Signal::ALL.into_iter().filter(exports).filter(|_| is_on("CLAUDE_CODE_ENABLE_TELEMETRY")).collect()
}

/// The variables in `env`. Most files have none, and one of them may be large.
fn block(text: &str) -> Result<Vec<Entry>, &'static str> {
    let text = text.trim_start_matches('\u{feff}');
    if !text.contains("OTEL") && !text.contains("CLAUDE_CODE") {
        return Ok(Vec::new());
    }
    entries(text, &["env"], Dialect::Plain)
}

fn origin(file: Option<&FileText>, line: usize) -> Origin {
    match file {
        Some(file) => Origin::File { path: file.path.clone(), line },
        None => Origin::Flag(OPTION),
    }
}

/// The option takes JSON or the name of a file.
fn is_text(value: &str) -> bool {
    value.trim_start().starts_with('{')
}
