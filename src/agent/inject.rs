//! Applying a profile: from what is known about the agent, the user's environment and the collector's address to the
//! changes that make the agent's telemetry reach the collector.

use std::ffi::{OsStr, OsString};

use super::attributes::{self, Appended};
use super::change::{Action, Change, Value};
use super::detect::Detected;
use super::jsonc::{self, Merge, Otherwise};
use super::profile::{Argument, Edit, Injection, Profile, Variable};
use super::proxy;
use crate::environment::Environment;
use crate::secret::Secret;

/// What a profile is applied to.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// The program and its arguments, as the user typed them.
    pub argv: &'a [OsString],
    /// What they start.
    pub detected: &'a Detected,
    /// The environment that the command would have alone.
    pub environment: &'a Environment,
    /// The base URL of the run's collector, with the token in its path.
    pub endpoint: &'a str,
    /// The run's token.
    pub token: &'a Secret,
    /// What the agent answered to its profile's probe (stderr), if it was asked and failed.
    pub probe_answer: Option<&'a str>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injected {
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// Changes to the environment.
    pub changes: Vec<Change>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Applies the profile that was detected.
pub fn inject(situation: &Situation<'_>) -> Injected {
    let profile = situation.detected.profile;
    let mut injected = Injected { argv: situation.argv.to_vec(), changes: Vec::new(), warnings: Vec::new() };
    for variable in profile.environment.iter().copied().flatten() {
        inject_variable(variable, situation, &mut injected);
    }
    inject_arguments(situation, &mut injected);
    injected.warnings.extend(cautions(situation));
    injected
}

/// Adds what is missing of `added` to the `OTEL_RESOURCE_ATTRIBUTES` of an agent.
///
/// # Errors
///
/// A warning for the user, where the present value does not decode: it is void as it stands, and so would be what is
/// added to it.
pub fn resource_attributes(
    profile: &Profile,
    environment: &Environment,
    added: &[(String, String)],
) -> Result<Option<Change>, String> {
    const NAME: &str = "OTEL_RESOURCE_ATTRIBUTES";
    let broken = || {
        format!(
            "{NAME} does not decode, so SDKs ignore all of it; it is left as it is (expected: key=value,key=value, percent-encoded)"
        )
    };
    let present = environment.raw(NAME).map(|raw| raw.to_str().ok_or_else(broken)).transpose()?;
    match attributes::append(present, added, profile.resource_attributes) {
        Appended::Value { text, keys } => Ok(Some(Change::set(NAME, text, format!("adds {}", keys.join(", "))))),
        Appended::Nothing => Ok(None),
        Appended::Broken if added.is_empty() => Ok(None),
        Appended::Broken => Err(broken()),
    }
}

fn inject_variable(variable: &Variable, situation: &Situation<'_>, injected: &mut Injected) {
    let name = variable.name;
    let present = situation.environment.raw(name);
    // Empty is unset.
    let user = present.filter(|value| !value.is_empty());
    let value = match variable.injection {
        Injection::Set(text) => situation.fill(text),
        Injection::SetIfUnset(_) if user.is_some() => return,
        Injection::SetIfUnset(text) => situation.fill(text),
        Injection::Prepend { text, separator } => match user {
            Some(user) => situation.fill(text).followed_by(separator, user),
            None => situation.fill(text),
        },
        Injection::MergeJsonc { path, value, without_it } => match merge_value(user, path, value) {
            Ok(Some(value)) => value,
            Ok(None) => return,
            Err(why) => return injected.warnings.push(format!("{name} {why}; {without_it}")),
        },
        Injection::ExemptLoopback => match proxy::exempt_loopback(name, situation.environment) {
            Some(value) => Value::open(value),
            None => return,
        },
        Injection::Remove => {
            if present.is_some() {
                injected.changes.push(Change::remove(name, variable.reason));
            }
            return;
        }
    };
    if present != Some(value.expose()) {
        injected.changes.push(Change {
            name: name.to_owned(),
            action: Action::Set(value),
            reason: variable.reason.to_owned(),
        });
    }
}

/// The new value, none where it says so already, or why it is left alone.
fn merge_value(user: Option<&OsStr>, path: &[&str], value: &str) -> Result<Option<Value>, String> {
    let key = path.join(".");
    let Some(user) = user else {
        return Ok(Some(Value::open(jsonc::alone(path, value))));
    };
    let Some(user) = user.to_str() else {
        return Err("is not UTF-8 and is left as it is".to_owned());
    };
    match jsonc::merge(user, path, value) {
        Merge::Added(text) => {
            let shown = format!("(your own value, with {key} = {value} added)");
            Ok(Some(Value::hidden(text, shown)))
        }
        Merge::AlreadyThere => Ok(None),
        Merge::SaysOtherwise(otherwise) => Err(match otherwise {
            Otherwise::False => format!("says {key} = false, which is respected"),
            Otherwise::Reference => format!("leaves {key} to a reference, which is respected: unless it says {value}"),
            Otherwise::Other => format!("says something else than {value} for {key}, which is respected"),
        }),
        Merge::Impossible(why) => Err(format!("{why}, so {key} cannot be added and it is left as it is")),
    }
}

fn inject_arguments(situation: &Situation<'_>, injected: &mut Injected) {
    let Detected { profile, program, mode, .. } = situation.detected;
    let mut front = program + 1;
    if situation.argv.len() < front {
        return;
    }
    let applies =
        |argument: &&Argument| argument.modes.is_empty() || mode.is_some_and(|mode| argument.modes.contains(&mode));
    for argument in profile.arguments_after_probe(situation.probe_answer).iter().filter(applies) {
        match argument.edit {
            Edit::InsertBefore(words) => {
                injected.argv.splice(front..front, words.iter().map(|word| situation.fill(word).actual()));
                front += words.len();
            }
            Edit::InsertAfter(words) => {
                let end = operands(&injected.argv, front);
                injected.argv.splice(end..end, words.iter().map(|word| situation.fill(word).actual()));
            }
            Edit::MergeJsonc { option, path, value } => {
                let value = situation.fill(value).actual();
                let value = value.to_string_lossy();
                if let Err(why) = merge_option(&mut injected.argv, front, option, path, &value) {
                    injected.warnings.push(format!("the {option} that you give {why}"));
                }
            }
        }
    }
}

/// Merges into the last `option` among the arguments from `front` on, because of several the last one counts.
fn merge_option(
    argv: &mut Vec<OsString>,
    front: usize,
    option: &str,
    path: &[&str],
    value: &str,
) -> Result<(), String> {
    let end = operands(argv, front);
    let glued = format!("{option}=");
    let found = (front..end).rev().find_map(|at| {
        let word = argv.get(at)?.to_str()?;
        match word.strip_prefix(&glued) {
            Some(user) => Some((at, glued.as_str(), user.to_owned())),
            None if word == option => Some((at + 1, "", argv.get(at + 1)?.to_str()?.to_owned())),
            None => None,
        }
    });
    let Some((at, prefix, user)) = found else {
        argv.splice(front..front, [OsString::from(option), OsString::from(jsonc::alone(path, value))]);
        return Ok(());
    };
    match merge_value(Some(OsStr::new(&user)), path, value)? {
        Some(merged) => {
            let mut word = OsString::from(prefix);
            word.push(merged.expose());
            if let Some(place) = argv.get_mut(at) {
                *place = word;
            }
            Ok(())
        }
        None => Ok(()),
    }
}

/// The index of the first `--` from `front` on, or the end.
fn operands(argv: &[OsString], front: usize) -> usize {
    let rest = argv.get(front..).unwrap_or_default();
    front + rest.iter().position(|word| word == "--").unwrap_or(rest.len())
}

fn cautions<'a>(situation: &'a Situation<'_>) -> impl Iterator<Item = String> + 'a {
    let Detected { profile, program, mode, .. } = situation.detected;
    let arguments = situation.argv.get(program + 1..operands(situation.argv, program + 1)).unwrap_or_default();
    let given = move |option: &str| {
        arguments
            .iter()
            .filter_map(|word| word.to_str())
            .any(|word| word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    };
    profile
        .cautions
        .iter()
        .filter(move |caution| *mode == Some(caution.mode) && caution.option.is_none_or(&given))
        .map(|caution| caution.text.to_owned())
}

impl Situation<'_> {
    /// Puts the collector's address and the token into a profile's text.
    fn fill(&self, text: &str) -> Value {
        let endpoint = self.endpoint.trim_end_matches('/');
        let actual = text.replace("{endpoint}", endpoint).replace("{token}", self.token.expose());
        let shown = self.token.mask(&actual);
        if shown == actual { Value::open(actual) } else { Value::hidden(actual, shown) }
    }
}

/// Hiding the run's token in a text.
pub(crate) trait Mask {
    /// The text with `(token)` in place of the token.
    fn mask(&self, text: &str) -> String;
}

impl Mask for Secret {
    fn mask(&self, text: &str) -> String {
        match self.expose() {
            "" => text.to_owned(),
            token => text.replace(token, "(token)"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::ffi::OsString;

    use super::{Injected, Situation, inject};
    use crate::agent::{
        Action, Alternative, Argument, Caution, Change, Edit, Injection, Probe, Profile, Variable, as_profile,
        opencode, other,
    };
    use crate::environment::Environment;
    use crate::secret::Secret;

    fn apply(profile: &'static Profile, line: &str, environment: &[(&str, &str)], answer: Option<&str>) -> Injected {
        let argv: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        inject(&Situation {
            argv: &argv,
            detected: &as_profile(&argv, profile),
            environment: &environment.iter().copied().collect::<Environment>(),
            endpoint: "http://127.0.0.1:4711/t0k3n/",
            token: &Secret::new("t0k3n"),
            probe_answer: answer,
        })
    }

    fn value<'a>(injected: &'a Injected, name: &str) -> Option<&'a str> {
        injected.changes.iter().find(|change| change.name == name).map(|change| match &change.action {
            Action::Set(value) => value.expose().to_str().unwrap(),
            Action::Remove => "(removed)",
        })
    }

    #[test]
    fn opencode_alone() {
        let injected = apply(&opencode::PROFILE, "opencode run hi", &[], None);
        let names: Vec<_> = injected.changes.iter().map(|change| change.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "OTEL_EXPORTER_OTLP_PROTOCOL",
                "OTEL_BSP_SCHEDULE_DELAY",
                "OPENCODE_CONFIG_CONTENT"
            ]
        );
        assert_eq!(value(&injected, "OTEL_EXPORTER_OTLP_ENDPOINT"), Some("http://127.0.0.1:4711/t0k3n"));
        assert_eq!(value(&injected, "OTEL_BSP_SCHEDULE_DELAY"), Some("100"));
        assert_eq!(value(&injected, "OPENCODE_CONFIG_CONTENT"), Some(r#"{"experimental":{"openTelemetry":true}}"#));
        assert_eq!(injected.argv, ["opencode", "run", "hi"].map(OsString::from));
        assert_eq!(injected.warnings, Vec::<String>::new());
        assert!(!format!("{injected:?}").contains("t0k3n"));
    }

    #[test]
    fn opencode_with_words_of_the_users() {
        let environment = [
            ("OTEL_BSP_SCHEDULE_DELAY", "500"),
            ("OTEL_SERVICE_NAME", "mine"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://backend"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces"),
            ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", ""),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
            ("OTEL_TRACES_SAMPLER", "always_off"),
        ];
        let injected = apply(&opencode::PROFILE, "opencode run hi", &environment, None);
        for (name, expected) in [
            ("OTEL_BSP_SCHEDULE_DELAY", None),
            ("OTEL_SERVICE_NAME", Some("(removed)")),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", Some("http://127.0.0.1:4711/t0k3n")),
            ("OTEL_EXPORTER_OTLP_HEADERS", Some("(removed)")),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", Some("(removed)")),
            ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", Some("(removed)")),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", None),
            ("OTEL_TRACES_SAMPLER", None),
        ] {
            assert_eq!(value(&injected, name), expected, "{name}");
        }
    }

    #[test]
    fn opencodes_configuration_is_left_alone_with_a_warning() {
        for (text, warned) in [
            (r#"{"experimental":{"openTelemetry":true}}"#, None),
            (
                r#"{"experimental":{"openTelemetry":false}}"#,
                Some("experimental.openTelemetry = false, which is respected"),
            ),
            (r#"{"experimental":{"openTelemetry":{env:ON}}}"#, Some("to a reference")),
            (r#"{"experimental":1}"#, Some("something else than true")),
            (r#"{"#, Some("is not JSON with comments")),
            (r#"[]"#, Some("is not a JSON object")),
        ] {
            let injected = apply(&opencode::PROFILE, "opencode", &[("OPENCODE_CONFIG_CONTENT", text)], None);
            assert_eq!(value(&injected, "OPENCODE_CONFIG_CONTENT"), None, "{text}");
            let warnings = injected.warnings.join("\n");
            match warned {
                Some(part) => assert!(warnings.contains(part), "{text}: {warnings}"),
                None => assert_eq!(warnings, "", "{text}"),
            }
        }
        let injected = apply(&opencode::PROFILE, "opencode", &[("OPENCODE_CONFIG_CONTENT", r#"{"k":"s3cret"}"#)], None);
        assert_eq!(
            value(&injected, "OPENCODE_CONFIG_CONTENT"),
            Some(r#"{"experimental":{"openTelemetry":true},"k":"s3cret"}"#)
        );
        assert!(!format!("{injected:?}").contains("s3cret"));
    }

    #[test]
    fn opencode_attached_to_a_server() {
        for (line, warned) in [
            ("opencode run hi", false),
            ("opencode run --attach http://localhost:4096 hi", true),
            ("opencode run --attach=http://localhost:4096 hi", true),
            ("opencode run -- --attach", false),
            ("opencode run --attached", false),
            ("opencode attach http://localhost:4096", true),
            ("opencode serve --attach", false),
        ] {
            let injected = apply(&opencode::PROFILE, line, &[], None);
            assert_eq!(injected.warnings.iter().any(|text| text.contains("on a server")), warned, "{line}");
        }
    }

    #[test]
    fn any_other_command() {
        let environment = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
            ("OTEL_EXPORTER_OTLP_SPAN_INSECURE", "true"),
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_SERVICE_NAME", "mine"),
        ];
        let injected = apply(&other::PROFILE, "make test", &environment, None);
        for (name, expected) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", Some("http://127.0.0.1:4711/t0k3n")),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", Some("http/protobuf")),
            ("OTEL_EXPORTER_OTLP_HEADERS", Some("x-otel-run-token=t0k3n")),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", Some("(removed)")),
            ("OTEL_EXPORTER_OTLP_SPAN_INSECURE", Some("(removed)")),
            ("OTEL_TRACES_EXPORTER", None),
            ("OTEL_LOGS_EXPORTER", None),
            ("OTEL_SERVICE_NAME", None),
        ] {
            assert_eq!(value(&injected, name), expected, "{name}");
        }
        assert!(!format!("{injected:?}").contains("t0k3n"));
    }

    #[test]
    fn the_token_key_is_the_one_that_is_injected() {
        let injected = apply(&other::PROFILE, "make", &[], None);
        let header = value(&injected, "OTEL_EXPORTER_OTLP_HEADERS").unwrap();
        assert_eq!(header.split_once('=').unwrap().0, crate::agent::TOKEN_KEY);
    }

    /// No built-in agent needs these yet, but a profile can say them.
    static RICH: Profile = Profile {
        name: "rich",
        modes: crate::agent::Modes { working: &["exec"], ..other::PROFILE.modes },
        environment: &[&[Variable::new(
            "NODE_OPTIONS",
            Injection::Prepend { text: "--import {endpoint}", separator: " " },
            "why",
        )]],
        arguments: &[
            Argument { modes: &[], edit: Edit::InsertBefore(&["-c", "e={endpoint}"]), reason: "why" },
            Argument { modes: &["exec"], edit: Edit::InsertBefore(&["-d"]), reason: "why" },
            Argument { modes: &[], edit: Edit::InsertAfter(&["--last"]), reason: "why" },
            Argument {
                modes: &[],
                edit: Edit::MergeJsonc { option: "--settings", path: &["env", "A"], value: "1" },
                reason: "why",
            },
        ],
        probe: Some(Probe {
            arguments: &["features", "list"],
            alternatives: &[Alternative {
                when_answer_has: "in `otel.exporter`",
                arguments: &[Argument { modes: &[], edit: Edit::InsertBefore(&["-c", "grpc"]), reason: "why" }],
            }],
        }),
        cautions: &[Caution { mode: "exec", option: None, text: "careful" }],
        ..other::PROFILE
    };

    #[test]
    fn arguments_and_lists() {
        for (line, answer, expected) in [
            (
                "nice rich exec a",
                None,
                r#"nice rich -c e=http://127.0.0.1:4711/t0k3n -d --settings {"env":{"A":1}} exec a --last"#,
            ),
            ("rich a -- b", None, r#"rich -c e=http://127.0.0.1:4711/t0k3n --settings {"env":{"A":1}} a --last -- b"#),
            (
                r#"rich --settings {} --settings {"env":{"B":2}} a"#,
                None,
                r#"rich -c e=http://127.0.0.1:4711/t0k3n --settings {} --settings {"env":{"A":1,"B":2}} a --last"#,
            ),
            (
                "rich --settings={} a",
                None,
                r#"rich -c e=http://127.0.0.1:4711/t0k3n --settings={"env":{"A":1}} a --last"#,
            ),
            (
                "rich --settings file.json a",
                None,
                "rich -c e=http://127.0.0.1:4711/t0k3n --settings file.json a --last",
            ),
            ("rich a", Some("wanted 1\nin `otel.exporter`"), "rich -c grpc a"),
            ("", None, ""),
        ] {
            let injected = apply(&RICH, line, &[("NODE_OPTIONS", "-x")], answer);
            let argv: Vec<_> = injected.argv.iter().map(|word| word.to_str().unwrap()).collect();
            assert_eq!(argv.join(" "), expected, "{line}");
            assert_eq!(value(&injected, "NODE_OPTIONS"), Some("--import http://127.0.0.1:4711/t0k3n -x"));
            assert_eq!(injected.warnings.contains(&"careful".to_owned()), line.contains("exec"));
            assert_eq!(injected.warnings.iter().any(|text| text.contains("--settings")), line.contains("file.json"));
        }
    }

    #[test]
    fn a_prepended_value_shows_the_name_only() {
        let injected = apply(&RICH, "rich", &[("NODE_OPTIONS", "-x s3cret")], None);
        let change: &Change = injected.changes.first().unwrap();
        let shown = format!("{change:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("t0k3n"), "{shown}");
    }
}
