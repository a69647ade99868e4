#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use proptest::prelude::*;

use super::FIELDS;
use super::words::{LAST_BATCHES, MEANS, RESOURCE_ATTRIBUTES, SIGNAL, TAKES_PARENT, word};
use super::{read, write};
use crate::agent::{
    Alternative, Argument, ContentSwitch, Edit, Injection, LastBatches, Means, OTHER, PROFILES, Probe, Profile,
    ResourceAttributes, TakesParent, Variable,
};
use crate::environment::Environment;
use crate::otlp::Signal;
use crate::settings::file::{FileKind, FileText, layer};
use crate::settings::keys::{Key, Kind};
use crate::settings::{Complaint, Origin, Protocol};

/// The profiles of a user's file, and what is wrong with it, by line.
fn file(text: &str) -> (Vec<&'static Profile>, Vec<(usize, String)>) {
    let file = FileText { path: PathBuf::from("/u/config.toml"), text: text.to_owned() };
    let (layer, complaints) = layer(FileKind::User, &file, &Environment::default());
    assert_eq!(complaints, []);
    let (profiles, complaints) = read(&layer.agents);
    (profiles, complaints.into_iter().map(by_line).collect())
}

fn by_line(complaint: Complaint) -> (usize, String) {
    match complaint.origin {
        Origin::File { line, .. } => (line, complaint.message),
        other => panic!("{other:?}"),
    }
}

/// The only profile of a file with nothing wrong in it.
#[track_caller]
fn one(text: &str) -> &'static Profile {
    let (profiles, complaints) = file(text);
    assert_eq!(complaints, []);
    assert_eq!(profiles.len(), 1);
    profiles[0]
}

fn variable(profile: &Profile, name: &str) -> Option<Injection> {
    profile.variables().find(|variable| variable.name == name).map(|variable| variable.injection)
}

/// The same profile with its variables in one group and in the order of their names, in which they do not differ.
fn sorted(profile: &Profile) -> Profile {
    let mut variables: Vec<Variable> = profile.variables().copied().collect();
    variables.sort_by_key(|variable| variable.name);
    Profile { environment: vec![&*variables.leak()].leak(), ..*profile }
}

#[test]
fn five_lines_are_enough() {
    let goose = one("[agents.goose]\nbase_names = [\"goose\"]\n[agents.goose.set]\nGOOSE_ENDPOINT = \"{endpoint}\"\n");
    assert_eq!((goose.name, goose.title), ("goose", "goose"));
    assert_eq!(goose.recognised_by.base_names, ["goose"]);
    assert_eq!(variable(goose, "GOOSE_ENDPOINT"), Some(Injection::Set("{endpoint}")));
    let reason = goose.variables().find(|variable| variable.name == "GOOSE_ENDPOINT").unwrap().reason;
    assert_eq!(reason, "/u/config.toml:4 says so");
    for other in OTHER.variables() {
        assert_eq!(variable(goose, other.name), Some(other.injection), "{}", other.name);
    }
}

#[test]
fn an_empty_entry_is_recognised_by_its_name() {
    assert_eq!(one("[agents.goose]").recognised_by.base_names, ["goose"]);
    assert_eq!(one("[agents.goose]\npackages = [\"@x/goose\"]").recognised_by.base_names, [""; 0]);
    assert_eq!(one("[agents.other]").recognised_by.base_names, [""; 0]);
}

#[test]
fn the_name_of_a_built_in_one_changes_it() {
    let built_in = PROFILES.iter().find(|profile| profile.name == "opencode").unwrap();
    let own = one("[agents.opencode]\ntakes_parent = \"always\"\n[agents.opencode.set]\nOPENCODE_X = \"1\"\n");
    assert_eq!(own.takes_parent, TakesParent::Always);
    assert_eq!(own.recognised_by, built_in.recognised_by);
    assert_eq!((own.title, own.versions), (built_in.title, built_in.versions));
    assert_eq!(variable(own, "OPENCODE_X"), Some(Injection::Set("1")));
    assert_eq!(own.variables().count(), built_in.variables().count() + 1);
}

#[test]
fn what_is_like_another_is_recognised_by_itself() {
    let own = one("[agents.fork]\nlike = \"opencode\"\nleave = [\"OTEL_SERVICE_NAME\"]\n");
    assert_eq!(own.recognised_by.base_names, ["fork"]);
    assert_eq!(own.recognised_by.packages, [""; 0]);
    assert_eq!(own.versions, [""; 0]);
    assert_eq!(own.modes.without_subcommand, Some("tui"));
    assert_eq!(variable(own, "OTEL_SERVICE_NAME"), None);
    assert_eq!(variable(own, "OTEL_BSP_SCHEDULE_DELAY"), Some(Injection::SetIfUnset("5")));
}

#[test]
fn the_delay_and_the_protocol_become_variables() {
    let own = one("[agents.x]\nflush_delay = \"200ms\"\nprotocols = [\"grpc\"]\n");
    assert_eq!(variable(own, "OTEL_BSP_SCHEDULE_DELAY"), Some(Injection::SetIfUnset("200")));
    assert_eq!(variable(own, "OTEL_BLRP_SCHEDULE_DELAY"), Some(Injection::SetIfUnset("200")));
    assert_eq!(variable(own, "OTEL_METRIC_EXPORT_INTERVAL"), None);
    assert_eq!(variable(own, "OTEL_EXPORTER_OTLP_PROTOCOL"), Some(Injection::Set("grpc")));
    let own = one("[agents.x]\nprotocols = [\"http/json\"]\nset.OTEL_EXPORTER_OTLP_PROTOCOL = \"json\"\n");
    assert_eq!(variable(own, "OTEL_EXPORTER_OTLP_PROTOCOL"), Some(Injection::Set("json")));
    let own = one("[agents.x]\nprotocols = [\"grpc\", \"http/protobuf\"]\n");
    assert_eq!(variable(own, "OTEL_EXPORTER_OTLP_PROTOCOL"), Some(Injection::Set("http/protobuf")));
}

#[test]
fn every_built_in_profile_is_read_back_as_it_was_printed() {
    for profile in &PROFILES {
        let text = write(profile);
        let own = one(&text);
        assert_eq!(sorted(own), sorted(profile), "{text}");
    }
}

/// What no built-in profile has today.
#[test]
fn everything_that_a_profile_can_hold_is_read_back() {
    const ARGUMENTS: &[Argument] = &[
        Argument {
            modes: &["run"],
            sets: Some("otel.exporter"),
            edit: Edit::InsertBefore(&["-c", "a='{collector}'", ""]),
            reason: "r \"1\"",
        },
        Argument { modes: &[], sets: None, edit: Edit::InsertAfter(&["--x\n\\"]), reason: "r2" },
        Argument { modes: &[], sets: None, edit: Edit::Settings { option: "--settings", key: "env" }, reason: "r3" },
    ];
    const ALTERNATIVES: &[Alternative] = &[
        Alternative { when_answer_has: "no", argument: ARGUMENTS[0] },
        Alternative { when_answer_has: "yes", argument: ARGUMENTS[1] },
    ];
    const MERGED: Injection = Injection::MergeJsonc { path: &["a", "b"], value: "[1]", without_it: "w" };
    const VARIABLES: &[Variable] = &[
        Variable::new("A.B", Injection::Prepend { text: "--require x", separator: " " }, "r4"),
        Variable::new("C", Injection::Set(""), "r5"),
        Variable::new("D", Injection::AddToList("otlp"), "r6"),
    ];
    let whole = Profile {
        name: "a.b",
        versions: &["1", "2"],
        environment: [OTHER.environment, &[VARIABLES]].concat().leak(),
        arguments: ARGUMENTS,
        content: &[
            ContentSwitch { name: "P", on: Injection::Set("1"), off: Injection::Remove, of: "prompts" },
            ContentSwitch { name: "Q", on: Injection::ExemptLoopback, off: MERGED, of: "answers" },
        ],
        content_arguments: ARGUMENTS,
        content_attributes: &["a", "b.*"],
        housekeeping: &["c", "d*"],
        operations: &[("goose.llm*", "chat"), ("t", "execute_tool")],
        genai_attributes: &[("goose.model", "gen_ai.request.model"), ("m", "gen_ai.tool.name")],
        probe: Some(Probe { arguments: &[], alternatives: ALTERNATIVES }),
        ..PROFILES[0]
    };
    let text = write(&whole);
    assert_eq!(sorted(one(&text)), sorted(&whole), "{text}");
}

#[test]
fn every_mistake_is_told_with_its_line_and_the_nearest_name() {
    let (profiles, complaints) = file(
        r#"[agents.goose]
base_name = ["goose"]
takes_parent = "nver"
signals = ["traces", "log"]
title = 7
flush = "5s"
flush_delay = "0s"
arguments = [{ before = ["--x"], after = ["--y"] }, { befor = ["--x"] }, { before = ["{endpont}"] }]
protocols = ["carrier pigeon"]
remove = ["A", "", "B=C"]

[agents.goose.set]
A = "again"
X = "{where}"
Y = { value = 1 }
Z = { valeu = "1" }
"" = "1"

[agents.goose.merge_json]
J = { path = ["a"], json = "{" }

[[agents.goose.cautions]]
mode = "run"

[agents.fork]
like = "opncode"

[agents.none]

[agents.Goose]

[agents]
flat = "x"
"#,
    );
    assert_eq!(profiles.iter().map(|profile| profile.name).collect::<Vec<_>>(), ["goose"]);
    assert_eq!(profiles[0].recognised_by.base_names, ["goose"]);
    let told: Vec<String> = complaints.iter().map(|(line, what)| format!("{line}: {what}")).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn every_field_is_known_and_every_word_has_a_meaning() {
    for Key { name, .. } in FIELDS {
        let (_, complaints) = file(&format!("[agents.x]\n{name} = 1979-05-27\n"));
        assert_eq!(complaints.len(), 1, "{name}: {complaints:?}");
    }
    let without = one("[agents.x]\nlike = \"codex\"");
    let silent = FIELDS.iter().filter(|Key { name, example, .. }| {
        let like = if *name == "like" { "" } else { "like = \"codex\"" };
        one(&format!("[agents.x]\n{name} = {example}\n{like}")) == without
    });
    assert_eq!(silent.map(|key| key.name).collect::<Vec<_>>(), [""; 0], "examples that say nothing");
    let parents = [TakesParent::Always, TakesParent::Partly, TakesParent::Never, TakesParent::Unknown];
    assert!(parents.into_iter().all(|value| !word(TAKES_PARENT, value).is_empty()));
    let ends = [LastBatches::Sent, LastBatches::SentAfterwards, LastBatches::Lost, LastBatches::Unknown];
    assert!(ends.into_iter().all(|value| !word(LAST_BATCHES, value).is_empty()));
    let attributes = [ResourceAttributes::Decoded, ResourceAttributes::PartlyDecoded];
    assert!(attributes.into_iter().all(|value| !word(RESOURCE_ATTRIBUTES, value).is_empty()));
    let meanings = [Means::Prompt, Means::ModelCall, Means::ToolCall];
    assert!(meanings.into_iter().all(|value| !word(MEANS, value).is_empty()));
    assert!(Signal::ALL.into_iter().all(|signal| word(SIGNAL, signal) == signal.as_str()));
    assert_eq!(one("[agents.x]\nprotocols = [\"grpc\"]").speaks.protocols, [Protocol::Grpc]);
}

/// `value` of a nested field that must not be a date, and what it is called.
fn nested(path: &str, kind: &Kind, around: &dyn Fn(String) -> String) {
    match kind {
        Kind::Table(keys) => {
            for Key { name, kind, .. } in *keys {
                let path = format!("{path}.{name}");
                let (_, complaints) = file(&around(format!("{{ {name} = 1979-05-27 }}")));
                let read = complaints.iter().any(|(_, what)| what.starts_with(&format!("`{path}`: ")));
                assert!(read, "{path} is documented and not read: {complaints:?}");
                nested(&path, kind, &|value| around(format!("{{ {name} = {value} }}")));
            }
        }
        Kind::List(kind) => nested(path, kind, &|value| around(format!("[{value}]"))),
        Kind::Names(kind) => nested(&format!("{path}.N"), kind, &|value| around(format!("{{ N = {value} }}"))),
        Kind::Either(kinds) => kinds.iter().for_each(|kind| nested(path, kind, around)),
        _ => {}
    }
}

#[test]
fn every_field_below_a_field_is_read() {
    for Key { name, kind, .. } in FIELDS {
        nested(&format!("agents.x.{name}"), kind, &|value| format!("[agents.x]\n{name} = {value}\n"));
    }
}

/// Values of every type, right and wrong.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("\"opencode\"".to_owned()),
        Just("\"\"".to_owned()),
        Just("\"{unknown}\"".to_owned()),
        Just("\"a\\u0000b\"".to_owned()),
        Just("\"200ms\"".to_owned()),
        Just("true".to_owned()),
        Just("9223372036854775807".to_owned()),
        Just("-1".to_owned()),
        Just("1e400".to_owned()),
        Just("0xff".to_owned()),
        Just("1979-05-27".to_owned()),
        "\"[a-z{}=/.@ -]{0,12}\"",
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof![name(), Just("value"), Just("text"), Just("path"), Just("json"), Just("before")];
        let table = prop::collection::btree_map(key, inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|values| format!("[{}]", values.join(", "))),
            table.prop_map(|entries| {
                let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key} = {value}")).collect();
                format!("{{ {} }}", entries.join(", "))
            }),
        ]
    })
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(FIELDS.iter().map(|key| key.name).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn no_entry_is_too_strange(
        agents in prop::collection::btree_map(
            prop_oneof![
                Just("opencode"), Just("other"), Just("none"), Just("opencode-ai"), Just("\"\""), Just("\"A b\""),
                Just("goose"),
            ],
            prop::collection::btree_map(prop_oneof![name(), Just("bogus"), Just("\"\"")], value(), 0..6),
            0..3,
        ),
    ) {
        let mut text = String::new();
        for (agent, fields) in &agents {
            text.push_str(&format!("[agents.{agent}]\n"));
            fields.iter().for_each(|(field, value)| text.push_str(&format!("{field} = {value}\n")));
        }
        let path = PathBuf::from("/u/config.toml");
        let (layer, _) = layer(FileKind::User, &FileText { path, text: text.clone() }, &Environment::default());
        let (profiles, complaints) = read(&layer.agents);
        let lines = text.lines().count();
        for complaint in complaints {
            let (line, message) = by_line(complaint);
            prop_assert!((1..=lines).contains(&line) && message.contains("`agents."), "{line}: {message}\n{text}");
        }
        for profile in profiles {
            let printed = write(profile);
            let (again, complaints) = file(&printed);
            prop_assert_eq!(complaints, Vec::new(), "{}\n{}", text, printed);
            prop_assert_eq!(sorted(again[0]), sorted(profile), "{}\n{}", text, printed);
        }
    }
}

/// The page for users is right about itself, and names every field.
#[test]
fn the_page_can_be_copied_from() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/your-agent.md")).unwrap();
    let blocks: Vec<&str> = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() > 3);
    for block in blocks {
        one(block);
    }
    for Key { name: field, .. } in FIELDS {
        let named = [format!("`{field}`"), format!(".{field}]"), format!("\n{field} = ")];
        assert!(named.iter().any(|form| page.contains(form)), "{field}");
    }
}

#[test]
fn a_profile_names_each_variable_once() {
    for profile in &PROFILES {
        let mut names: Vec<&str> = profile.variables().map(|variable| variable.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "{}", profile.name);
    }
}
