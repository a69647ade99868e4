#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Injected, Situation, inject};
use crate::agent::own::{Choice, Own, OwnVariable};
use crate::agent::{
    Action, Alternative, Argument, Caution, Change, CommandLine, ContentSwitch, Edit, Injection, Probe, Profile,
    Variable, as_profile, opencode, other,
};
use crate::environment::Environment;
use crate::secret::Secret;
use crate::settings::{Content, Origin};

fn apply(profile: &'static Profile, line: &str, environment: &[(&str, &str)]) -> Injected {
    with_own(profile, line, environment, &Own::default(), Content::Off)
}

fn with_own(
    profile: &'static Profile,
    line: &str,
    environment: &[(&str, &str)],
    own: &Own,
    content: Content,
) -> Injected {
    let argv: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    inject(&Situation {
        argv: &argv,
        detected: &as_profile(CommandLine { argv: &argv, links: &[], at_terminal: true }, profile),
        environment: &environment.iter().copied().collect::<Environment>(),
        endpoint: "http://127.0.0.1:4711/t0k3n/",
        token: &Secret::new("t0k3n"),
        content,
        own,
        private_file: Some(Path::new("/run/own.json")),
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
    let injected = apply(&opencode::PROFILE, "opencode run hi", &[]);
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
    assert_eq!(value(&injected, "OTEL_BSP_SCHEDULE_DELAY"), Some("5"));
    assert_eq!(value(&injected, "OPENCODE_CONFIG_CONTENT"), Some(r#"{"experimental":{"openTelemetry":true}}"#));
    assert_eq!(injected.argv, ["opencode", "run", "hi"].map(OsString::from));
    assert_eq!(injected.warnings, []);
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
    let injected = apply(&opencode::PROFILE, "opencode run hi", &environment);
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
        (r#"{"experimental":{"openTelemetry":false}}"#, Some("experimental.openTelemetry = false, which is respected")),
        (r#"{"experimental":{"openTelemetry":{env:ON}}}"#, Some("to a reference")),
        (r#"{"experimental":1}"#, Some("something else than true")),
        (r#"{"#, Some("is not JSON with comments")),
        (r#"[]"#, Some("is not a JSON object")),
    ] {
        let injected = apply(&opencode::PROFILE, "opencode", &[("OPENCODE_CONFIG_CONTENT", text)]);
        assert_eq!(value(&injected, "OPENCODE_CONFIG_CONTENT"), None, "{text}");
        let warnings = texts(&injected).join("\n");
        match warned {
            Some(part) => assert!(warnings.contains(part), "{text}: {warnings}"),
            None => assert_eq!(warnings, "", "{text}"),
        }
    }
    let injected = apply(&opencode::PROFILE, "opencode", &[("OPENCODE_CONFIG_CONTENT", r#"{"k":"s3cret"}"#)]);
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
        let injected = apply(&opencode::PROFILE, line, &[]);
        assert_eq!(texts(&injected).iter().any(|text| text.contains("on a server")), warned, "{line}");
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
    let injected = apply(&other::PROFILE, "make test", &environment);
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
    let injected = apply(&other::PROFILE, "make", &[]);
    let header = value(&injected, "OTEL_EXPORTER_OTLP_HEADERS").unwrap();
    assert_eq!(header.split_once('=').unwrap().0, crate::agent::TOKEN_KEY);
}

/// Everything that a profile can say.
static RICH: Profile = Profile {
    name: "rich",
    modes: crate::agent::Modes { working: &["exec"], ..other::PROFILE.modes },
    environment: &[&[
        Variable::new("NODE_OPTIONS", Injection::Prepend { text: "--import {endpoint}", separator: " " }, "why"),
        Variable::new("EXPORTER", Injection::AddToList("otlp"), "why"),
        Variable::new("HEADERS", Injection::Remove, "why"),
    ]],
    arguments: &[
        Argument {
            modes: &[],
            sets: Some("exporter"),
            edit: Edit::InsertBefore(&["-c", "e={collector}"]),
            reason: "why",
        },
        Argument { modes: &["exec"], sets: None, edit: Edit::InsertBefore(&["-d"]), reason: "why" },
        Argument { modes: &[], sets: None, edit: Edit::InsertAfter(&["--last"]), reason: "why" },
        Argument { modes: &[], sets: None, edit: Edit::Settings { option: "--settings", key: "env" }, reason: "why" },
    ],
    content: &[ContentSwitch {
        name: "PROMPTS",
        on: Injection::SetIfUnset("1"),
        off: Injection::Remove,
        of: "prompts",
    }],
    content_arguments: &[Argument {
        modes: &[],
        sets: Some("prompts"),
        edit: Edit::InsertBefore(&["--prompts"]),
        reason: "why",
    }],
    probe: Some(Probe {
        arguments: &["features", "list"],
        alternatives: &[Alternative {
            when_answer_has: "in `otel.exporter`",
            argument: Argument {
                modes: &[],
                sets: Some("exporter"),
                edit: Edit::InsertBefore(&["-c", "grpc"]),
                reason: "why",
            },
        }],
    }),
    cautions: &[Caution { modes: &["exec"], option: None, text: "careful" }],
    ..other::PROFILE
};

fn line_of(injected: &Injected) -> String {
    injected.argv.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn arguments_and_lists() {
    for (line, expected) in [
        ("nice rich exec a", "nice rich -c e=http://127.0.0.1:4711 -d exec a --last"),
        ("rich a -- b", "rich -c e=http://127.0.0.1:4711 a --last -- b"),
        ("", ""),
    ] {
        let injected = apply(&RICH, line, &[("NODE_OPTIONS", "-x")]);
        assert_eq!(line_of(&injected), expected, "{line}");
        assert_eq!(value(&injected, "NODE_OPTIONS"), Some("--import http://127.0.0.1:4711/t0k3n -x"));
        assert_eq!(texts(&injected).contains(&"careful".to_owned()), line.contains("exec"));
    }
    for (present, expected) in [
        ("", Some("otlp")),
        ("console", Some("console,otlp")),
        ("console, OTLP", None),
        ("otlp", None),
        (" none ", None),
    ] {
        assert_eq!(value(&apply(&RICH, "rich", &[("EXPORTER", present)]), "EXPORTER"), expected, "{present:?}");
    }
}

#[test]
fn arguments_that_clash_have_alternatives() {
    for (choice, expected) in [(Choice::Alternative, "rich -c grpc a --last"), (Choice::Left, "rich a --last")] {
        let own = Own { arguments: [("exporter", choice)].into(), ..Own::default() };
        assert_eq!(line_of(&with_own(&RICH, "rich a", &[], &own, Content::Off)), expected);
    }
}

#[test]
fn content_is_switched_on_and_off() {
    for (content, present, expected, line) in [
        (Content::On, None, Some("1"), "rich -c e=http://127.0.0.1:4711 --prompts --last"),
        (Content::On, Some("0"), None, "rich -c e=http://127.0.0.1:4711 --prompts --last"),
        (Content::Off, Some("1"), Some("(removed)"), "rich -c e=http://127.0.0.1:4711 --last"),
        (Content::Off, None, None, "rich -c e=http://127.0.0.1:4711 --last"),
    ] {
        let environment: Vec<_> = present.map(|value| ("PROMPTS", value)).into_iter().collect();
        let injected = with_own(&RICH, "rich", &environment, &Own::default(), content);
        assert_eq!(value(&injected, "PROMPTS"), expected, "{content:?} {present:?}");
        assert_eq!(line_of(&injected), line);
    }
}

fn texts(injected: &Injected) -> Vec<String> {
    injected.warnings.iter().map(|warning| warning.text.clone()).collect()
}

fn own_variable(name: &str, value: &str, is_fixed: bool) -> OwnVariable {
    let origin = Origin::File { path: PathBuf::from("/home/u/settings.json"), line: 3 };
    OwnVariable { name: name.to_owned(), value: value.to_owned(), origin, is_fixed }
}

/// What the run's own file holds, and the line that names it.
fn settings_of(line: &str, own: &Own) -> (String, Option<String>, Vec<String>) {
    let injected = with_own(&RICH, line, &[], own, Content::Off);
    assert!(!format!("{injected:?}").contains("t0k3n") && !format!("{injected:?}").contains("s3cret"));
    let text = injected.private_file.as_ref().map(|file| file.text.expose().to_owned());
    let line = line_of(&injected).replace(" -c e=http://127.0.0.1:4711", "").replace(" --last", "");
    (line, text, texts(&injected))
}

#[test]
fn what_files_say_otherwise_is_said_again() {
    let own = |variables: Vec<OwnVariable>| Own { variables, ..Own::default() };
    // Nothing of it matters.
    let quiet = own(vec![own_variable("EXPORTER", "otlp", false), own_variable("OTHER", "x", false)]);
    assert_eq!(settings_of("rich a", &quiet), ("rich a".to_owned(), None, Vec::new()));

    let loud = own(vec![own_variable("EXPORTER", "console", false), own_variable("HEADERS", "a=s3cret", false)]);
    let both = r#"{"env":{"HEADERS":"","EXPORTER":"console,otlp"}}"#;
    for (line, expected, text) in [
        ("rich a", "rich --settings /run/own.json a", both),
        ("rich --settings {} a", "rich --settings /run/own.json a", both),
        (
            r#"rich --settings {} --settings={"env":{"B":"2","EXPORTER":"none"}} a"#,
            "rich --settings {} --settings=/run/own.json a",
            r#"{"env":{"HEADERS":"","B":"2","EXPORTER":"console,otlp"}}"#,
        ),
        ("rich a -- --settings x", "rich --settings /run/own.json a -- --settings x", both),
    ] {
        assert_eq!(settings_of(line, &loud), (expected.to_owned(), Some(text.to_owned()), Vec::new()), "{line}");
    }
    let named = Own { option_text: Some(Ok(r#"{"model":"m"}"#.to_owned())), ..loud.clone() };
    let text = r#"{"env":{"HEADERS":"","EXPORTER":"console,otlp"},"model":"m"}"#;
    let found = settings_of("rich --settings mine.json a", &named);
    assert_eq!(found, ("rich --settings /run/own.json a".to_owned(), Some(text.to_owned()), Vec::new()));
}

#[test]
fn what_cannot_be_said_again_is_left_alone_with_a_warning() {
    let variables = vec![own_variable("EXPORTER", "console", false)];
    for (line, option_text, why) in [
        ("rich --settings {", None, "is not JSON with comments"),
        ("rich --settings mine.json", None, "was not read"),
        ("rich --settings mine.json", Some(Err("is not there".to_owned())), "is not there"),
        (r#"rich --settings {"env":1}"#, None, "holds no object for variables"),
    ] {
        let own = Own { variables: variables.clone(), option_text, ..Own::default() };
        let (found, text, warnings) = settings_of(line, &own);
        assert_eq!((found.as_str(), text), (line, None));
        assert!(warnings.len() == 1 && warnings[0].contains(why), "{line}: {warnings:?}");
    }
    let fixed = own_variable("EXPORTER", "console", true);
    let (_, text, warnings) = settings_of("rich", &Own { variables: vec![fixed], ..Own::default() });
    assert_eq!(text, None);
    assert!(warnings[0].starts_with("/home/u/settings.json:3 sets EXPORTER"), "{warnings:?}");
}

#[test]
fn a_prepended_value_shows_the_name_only() {
    let injected = apply(&RICH, "rich", &[("NODE_OPTIONS", "-x s3cret")]);
    let change: &Change = injected.changes.first().unwrap();
    let shown = format!("{change:?}");
    assert!(!shown.contains("s3cret") && !shown.contains("t0k3n"), "{shown}");
}
