//! What users have that would send an agent's telemetry elsewhere, or nowhere. `tests/opencode.rs` has an
//! `OPENCODE_CONFIG_CONTENT` of the user's own, `tests/agent_configuration.rs` what Claude Code's and Codex's files say.

use std::path::Path;

use crate::matrix::{Arrived, arrived};
use crate::recipes::recipe;
use crate::scene::{Event, Scene};
use crate::support::llm::marker;
use crate::support::{Home, Run, Transport, Upstream};

/// Plays a success with something set up in the agent's home. It must be as whole as without.
#[track_caller]
fn play(agent: &str, set_up: impl Fn(Run) -> Run) -> Arrived {
    let scene = Scene::of(recipe(agent), Event::Success);
    let arrived = arrived(&scene, Transport::HttpProtobuf, set_up);
    arrived.assert_whole(&scene, &arrived.stored.started.trace_id.clone(), "");
    assert!(arrived.outcome.stdout().contains(marker::ANSWER), "{}", arrived.outcome.stdout());
    arrived
}

/// A file below the agent's home.
fn write(home: &Home, name: &str, text: &str) {
    let file = home.path().join("home").join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

#[track_caller]
fn assert_file(home: &Path, name: &str, text: &str) {
    assert_eq!(std::fs::read_to_string(home.join("home").join(name)).unwrap(), text, "{name} was touched");
}

#[test]
#[ignore = "needs gemini, which .ci/agents installs"]
fn gemini_whose_settings_name_a_file_still_tells_us() {
    let settings = |home: &Home| {
        let file = home.path().join("home/telemetry.log");
        format!(
            r#"{{ "security": {{ "auth": {{ "selectedType": "gemini-api-key" }} }},
  "privacy": {{ "usageStatisticsEnabled": false }},
  "telemetry": {{ "enabled": true, "target": "gcp", "outfile": {file:?} }} }}"#
        )
    };
    let arrived = play("gemini", |run| {
        write(run.get_home(), ".gemini/settings.json", &settings(run.get_home()));
        run
    });
    let home = &arrived.outcome.ran.home;
    assert_file(home.path(), ".gemini/settings.json", &settings(home));
}

#[test]
#[ignore = "needs qwen, which .ci/agents installs"]
fn qwen_whose_settings_name_a_file_still_tells_us() {
    let settings = |home: &Home| {
        let file = home.path().join("home/telemetry.log");
        format!(r#"{{ "telemetry": {{ "enabled": true, "outfile": {file:?} }} }}"#)
    };
    play("qwen", |run| {
        write(run.get_home(), ".qwen/settings.json", &settings(run.get_home()));
        run
    });
}

/// `OTEL_CONFIG_FILE` voids all other variables for whoever reads it, and leads elsewhere. None of the agents reads it.
#[track_caller]
fn with_a_configuration_file(agent: &str) {
    let elsewhere = Upstream::start().never_hit();
    let url = elsewhere.url();
    let provider = |kind: &str, pipeline: &str, signal: &str| {
        format!("{kind}:\n  {pipeline}: {{ exporter: {{ otlp_http: {{ endpoint: \"{url}/v1/{signal}\" }} }} }}\n")
    };
    let text = [
        "file_format: \"1.0\"\n".to_owned(),
        provider("tracer_provider", "processors:\n    - batch", "traces"),
        provider("logger_provider", "processors:\n    - batch", "logs"),
        provider("meter_provider", "readers:\n    - periodic", "metrics"),
    ]
    .concat();
    let arrived = play(agent, |run| {
        write(run.get_home(), "otel.yaml", &text);
        let file = run.get_home().path().join("home/otel.yaml");
        run.env("OTEL_CONFIG_FILE", file)
    });
    let ran = &arrived.outcome.ran;
    assert_file(ran.home.path(), "otel.yaml", &text);
    assert!(!ran.stderr_text().contains("OTEL_CONFIG_FILE"), "{}", ran.stderr_text());
}

macro_rules! with_a_configuration_file {
    ($($agent:ident)*) => {
        mod a_configuration_file_for_others_changes_nothing_for {$(
            #[test]
            #[ignore = "needs the agent, which .ci/agents installs"]
            fn $agent() {
                super::with_a_configuration_file(stringify!($agent));
            }
        )*}
    };
}

with_a_configuration_file!(opencode claude codex gemini qwen copilot cn);
