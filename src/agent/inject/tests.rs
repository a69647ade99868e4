#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsString;

use super::{Injected, Situation, inject};
use crate::agent::{
    Action, Alternative, Argument, Caution, Change, CommandLine, Edit, Injection, Probe, Profile, Variable, as_profile,
    opencode, other,
};
use crate::environment::Environment;
use crate::secret::Secret;

fn apply(profile: &'static Profile, line: &str, environment: &[(&str, &str)], answer: Option<&str>) -> Injected {
    let argv: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    inject(&Situation {
        argv: &argv,
        detected: &as_profile(CommandLine { argv: &argv, links: &[], at_terminal: true }, profile),
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
    assert_eq!(value(&injected, "OTEL_BSP_SCHEDULE_DELAY"), Some("5"));
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
        (r#"{"experimental":{"openTelemetry":false}}"#, Some("experimental.openTelemetry = false, which is respected")),
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
    cautions: &[Caution { modes: &["exec"], option: None, text: "careful" }],
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
        ("rich --settings={} a", None, r#"rich -c e=http://127.0.0.1:4711/t0k3n --settings={"env":{"A":1}} a --last"#),
        ("rich --settings file.json a", None, "rich -c e=http://127.0.0.1:4711/t0k3n --settings file.json a --last"),
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
