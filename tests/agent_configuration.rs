//! The real Claude Code and Codex under otel-run, with configurations of the user's that lead elsewhere.
//!
//! These tests need the agents that `.ci/agents` installs, so they are ignored until they are asked for:
//! `.ci/agents && cargo test --test agent_configuration -- --include-ignored`. Asked for and not installed, they fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::PathBuf;

use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};
use support::listed::only_run;
use support::llm::marker;
use support::tree::{assert_one_tree, named};
use support::{Home, Llm, Run, Upstream, agents, alone, hex, run};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A user with files, who has the model of the tests and nothing from the network.
struct Scene {
    home: Home,
    llm: Llm,
}

impl Scene {
    /// With a model that calls this tool.
    fn calling(tool: &str, arguments: Value) -> Self {
        Self { home: Home::new(), llm: Llm::calling(tool, arguments) }
    }

    fn of_claude() -> Self {
        Self::calling("Bash", json!({ "command": marker::COMMAND, "description": "Prints a line" }))
    }

    fn of_codex() -> Self {
        Self::calling("exec_command", json!({ "cmd": marker::COMMAND }))
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.home.path().join("home").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    fn set(&self, upstream: &Upstream) -> Run {
        self.env(run()).upstream(upstream).flag("--drain-deadline", "30s")
    }

    /// What the agents need.
    fn env(&self, run: Run) -> Run {
        run.home(&self.home)
            .env("PATH", agents::path())
            .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
            .env("ANTHROPIC_BASE_URL", self.llm.url())
            .env("ANTHROPIC_API_KEY", "k")
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .env("LAB_KEY", "k")
            .any_stderr()
    }

    fn codex(&self, otel: &str) -> PathBuf {
        let text = format!(
            "model = \"mock-model\"\nmodel_provider = \"lab\"\n{otel}\n[model_providers.lab]\nname = \"Lab\"\nbase_url = \"{}/v1\"\n\
             wire_api = \"responses\"\nenv_key = \"LAB_KEY\"\n[analytics]\nenabled = false\n",
            self.llm.url()
        );
        self.write(".codex/config.toml", &text)
    }
}

fn prompt() -> String {
    format!("say {}", marker::PROMPT)
}

/// What must hold of any run: one tree under the caller's span, all signals, and nothing of the conversation.
fn assert_whole(upstream: &Upstream, scene: &Scene) -> Vec<Span> {
    let spans = upstream.spans();
    assert_one_tree(&spans, TRACE, PARENT);
    for (_, record) in upstream.log_records() {
        assert_eq!(hex(&record.trace_id), TRACE, "{record:?}");
    }
    assert!(!upstream.log_records().is_empty() && !upstream.metrics().is_empty());
    for text in marker::ALL {
        upstream.assert_nowhere(text);
        scene.home.assert_nowhere(text);
    }
    spans
}

fn assert_claude(spans: &[Span]) {
    assert_eq!(named(spans, "claude_code.interaction"), 1);
    assert_eq!(named(spans, "claude_code.llm_request"), 2);
    assert_eq!(named(spans, "claude_code.tool.execution"), 1);
}

const CLAUDE: [&str; 4] = ["claude", "--allowedTools", "Bash", "-p"];

#[test]
#[ignore = "needs claude, which .ci/agents installs"]
fn claude_without_files_is_one_tree() {
    let (scene, upstream) = (Scene::of_claude(), Upstream::start());
    scene.set(&upstream).child(CLAUDE).arg(prompt()).expect_exit(0);
    assert_claude(&assert_whole(&upstream, &scene));
}

#[test]
#[ignore = "needs claude, which .ci/agents installs"]
fn claude_whose_settings_lead_elsewhere_is_one_tree_and_still_exports_there() {
    let (scene, upstream, own) = (Scene::of_claude(), Upstream::start(), Upstream::start());
    let file = scene.write(
        ".claude/settings.json",
        &format!(
            r#"{{"env":{{"CLAUDE_CODE_ENABLE_TELEMETRY":"1","OTEL_LOGS_EXPORTER":"otlp","OTEL_METRICS_EXPORTER":"otlp",
            "OTEL_EXPORTER_OTLP_PROTOCOL":"http/protobuf","OTEL_EXPORTER_OTLP_ENDPOINT":"{}",
            "OTEL_EXPORTER_OTLP_HEADERS":"authorization=Bearer hunter2","OTEL_LOG_USER_PROMPTS":"1"}}}}"#,
            own.url()
        ),
    );
    let before = std::fs::read(&file).unwrap();
    // With a file of the user's on the command line, the run's own takes its place.
    let mine = scene.write("mine.json", r#"{"includeCoAuthoredBy":false}"#);
    scene.set(&upstream).child(CLAUDE).arg(prompt()).arg("--settings").arg(&mine).expect_exit(0);
    assert_claude(&assert_whole(&upstream, &scene));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    // Not the traces, which it would not have sent.
    assert!(own.spans().is_empty() && !own.log_records().is_empty() && !own.metrics().is_empty());
    assert!(own.accepted().iter().all(|request| request.header("authorization") == "Bearer hunter2"));
    own.assert_nowhere(marker::PROMPT);
    scene.home.assert_nowhere("hunter2");
    upstream.assert_nowhere("hunter2");
}

fn codex(run: Run) -> Run {
    run.child(["codex", "exec", "--skip-git-repo-check"]).arg(prompt())
}

#[test]
#[ignore = "needs codex, which .ci/agents installs"]
fn codex_is_one_tree_whatever_compression_was_wanted() {
    for compression in [None, Some("gzip")] {
        let (scene, upstream) = (Scene::of_codex(), Upstream::start());
        scene.codex("");
        let run = scene.set(&upstream);
        let run = compression.into_iter().fold(run, |run, how| run.env("OTEL_EXPORTER_OTLP_COMPRESSION", how));
        codex(run).expect_exit(0);
        let spans = assert_whole(&upstream, &scene);
        assert_eq!(named(&spans, "session_task.turn"), 1);
    }
}

#[test]
#[ignore = "needs codex, which .ci/agents installs"]
fn codex_with_exporters_of_the_other_kind_is_one_tree_and_still_exports_there() {
    let (scene, upstream, own) = (Scene::of_codex(), Upstream::start(), Upstream::start());
    let url = own.url();
    let file = scene.codex(&format!(
        "[otel]\nexporter = {{ otlp-grpc = {{ endpoint = \"{url}\", headers = {{ x-api-key = \"hunter2\" }} }} }}\n\
         trace_exporter = {{ otlp-grpc = {{ endpoint = \"{url}\" }} }}\n\
         metrics_exporter = {{ otlp-http = {{ endpoint = \"{url}/v1/metrics\", protocol = \"json\" }} }}\n"
    ));
    let before = std::fs::read(&file).unwrap();
    codex(scene.set(&upstream)).expect_exit(0);
    let spans = assert_whole(&upstream, &scene);
    assert_eq!(own.spans().len(), spans.len());
    assert!(own.log_records().len() > 5 && !own.metrics().is_empty());
    let logs = own.accepted().into_iter().filter(|request| request.path.contains("LogsService"));
    assert!(logs.into_iter().all(|request| request.header("x-api-key") == "hunter2"));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    scene.home.assert_nowhere("hunter2");
    upstream.assert_nowhere("hunter2");
}

/// An agent without otel-run, with what `plan --format shell` prints for it; the last line of that is the command where
/// the agent needs arguments.
fn on_a_platform(scene: &Scene, upstream: &Upstream, grpc: bool, command: &[&str]) {
    let protocol = if grpc { "grpc" } else { "http/protobuf" };
    let flags = ["--header", "authorization=env:TOKEN", "--content", "off", "--protocol", protocol];
    let planned = run().args(["plan", "--format", "shell"]).flag("--endpoint", upstream.url()).args(flags);
    let form = planned.child(command).arg(prompt()).expect_exit(0).stdout_text();
    let last = form.lines().last().unwrap();
    let command = match last.strip_prefix("# ") {
        Some(command) => format!("exec {command}"),
        None => format!("exec {} '{}'", command.join(" "), prompt()),
    };
    let script = format!("{form}\n{command}\n");
    let started = scene.env(alone("sh")).env("TOKEN", "Bearer%20hunter2").arg("-c").arg(script);
    started.expect_exit(0);
    assert!(!upstream.spans().is_empty() && !upstream.log_records().is_empty() && !upstream.metrics().is_empty());
    for request in upstream.accepted() {
        // Claude Code does not decode over HTTP, as the form says.
        assert!(["Bearer hunter2", "Bearer%20hunter2"].contains(&request.header("authorization")));
    }
}

#[test]
#[ignore = "needs claude, which .ci/agents installs"]
fn what_a_platform_is_told_to_set_for_claude_makes_it_export_to_the_users_backend() {
    for grpc in [false, true] {
        let (scene, upstream) = (Scene::of_claude(), Upstream::start());
        on_a_platform(&scene, &upstream, grpc, &CLAUDE);
        assert_claude(&upstream.spans());
        upstream.assert_nowhere(marker::PROMPT);
    }
}

#[test]
#[ignore = "needs codex, which .ci/agents installs"]
fn what_a_platform_is_told_to_set_for_codex_makes_it_export_to_the_users_backend() {
    for grpc in [false, true] {
        let (scene, upstream) = (Scene::of_codex(), Upstream::start());
        scene.codex("");
        on_a_platform(&scene, &upstream, grpc, &["codex", "exec", "--skip-git-repo-check"]);
        assert_eq!(named(&upstream.spans(), "session_task.turn"), 1);
    }
}

/// What a run adds up to, and its spans that were stored and left out.
fn comes_to(scene: &Scene) -> (Value, u64, u64) {
    let run = only_run(&scene.home);
    let spans = |count: &str| run["intake"]["traces"].get(count).map_or(0, |count| count.as_u64().unwrap());
    assert_eq!(spans("received"), spans("stored") + spans("thinned"), "{run:#}");
    (run["totals"].clone(), spans("stored"), spans("thinned"))
}

/// Plays a scene with all spans and without housekeeping, and gives how many the agent sent and were stored at last.
#[track_caller]
fn thinned(scene: impl Fn() -> Scene, start: impl Fn(Run) -> Run) -> (u64, u64) {
    let play = |detail: &str| {
        let (scene, upstream) = (scene(), Upstream::start());
        start(scene.set(&upstream).flag("--detail", detail)).expect_exit(0);
        let spans = assert_whole(&upstream, &scene);
        let (totals, stored, thinned) = comes_to(&scene);
        assert_eq!(stored, spans.len() as u64);
        (totals, stored, thinned)
    };
    let (all, _, none) = play("full");
    let (totals, stored, thinned) = play("agent");
    assert_eq!((totals, none), (all, 0));
    (stored + thinned, stored)
}

#[test]
#[ignore = "needs codex, which .ci/agents installs"]
fn codex_without_its_housekeeping_comes_to_the_same() {
    let scene = || {
        let scene = Scene::of_codex();
        scene.codex("");
        scene
    };
    let (sent, stored) = thinned(scene, codex);
    assert!(sent > 300 && stored < 60, "{stored} of {sent}");
}

#[test]
#[ignore = "needs claude, which .ci/agents installs"]
fn claude_without_its_housekeeping_comes_to_the_same() {
    let (sent, stored) = thinned(Scene::of_claude, |run| run.child(CLAUDE).arg(prompt()));
    // It has next to none.
    assert!(stored > 5, "{stored} of {sent}");
}
