//! The real opencode under otel-run, with a model provider that needs no network.
//!
//! These tests need the agent that `.ci/agents` installs, so they are ignored until they are asked for:
//! `.ci/agents && cargo test --test opencode -- --include-ignored`. Asked for and not installed, they fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::json;
use support::listed::only_run;
use support::llm::{Failure, Mood, marker};
use support::tree::{assert_one_tree, named};
use support::{Home, Llm, Ran, Run, Stored, Transport, Upstream, agents, alone, hex, run};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// What a user has before the run: settings, a project, and a model provider.
struct Scene {
    llm: Llm,
    /// Below `$XDG_CONFIG_HOME/opencode` and in the project.
    settings: String,
    variables: Vec<(&'static str, String)>,
}

impl Scene {
    /// The provider is named in the user's settings file.
    fn new(llm: Llm) -> Self {
        let settings = format!(
            r#"{{
  "$schema": "https://opencode.ai/config.json",
  // The provider of the tests; this comment has to survive.
  "model": "lab/mock-model",
  {},
}}
"#,
            provider(&llm, "key-of-the-file")
        );
        Self { llm, settings, variables: Vec::new() }
    }

    /// The provider is named in `OPENCODE_CONFIG_CONTENT`, in all that the agent understands.
    fn with_own_content(llm: Llm, key: &std::path::Path) -> Self {
        let settings =
            "{ \"$schema\": \"https://opencode.ai/config.json\", /* mine */ \"username\": \"kim\" }\n".into();
        let content = format!(
            r#"{{ // The user's own value, with a "quoted" word and a {{brace}}.
  "model": "lab/mock-model", /* "experimental": {{"openTelemetry": false}} */
  {},
  "experimental": {{ "batch_tool": false, }},
}}"#,
            provider(&llm, &format!("{{file:{}}}", key.display()))
        );
        let variables = vec![("OPENCODE_CONFIG_CONTENT", content), ("LAB_TEAM", "the lab's team".into())];
        Self { llm, settings, variables }
    }

    /// A home with the user's files in it.
    fn home(&self) -> Home {
        let home = Home::new();
        home.write_config("opencode/opencode.jsonc", &self.settings);
        std::fs::write(home.work().join("AGENTS.md"), "Be brief.\n").unwrap();
        std::fs::write(home.work().join("opencode.json"), "{\"$schema\":\"https://opencode.ai/config.json\"}").unwrap();
        home
    }

    fn assert_untouched(&self, home: &Home) {
        let settings = std::fs::read_to_string(home.path().join("config/opencode/opencode.jsonc")).unwrap();
        assert_eq!(settings, self.settings);
        assert_eq!(std::fs::read_to_string(home.work().join("AGENTS.md")).unwrap(), "Be brief.\n");
        let project = std::fs::read_to_string(home.work().join("opencode.json")).unwrap();
        assert_eq!(project, "{\"$schema\":\"https://opencode.ai/config.json\"}");
        let others: Vec<_> = std::fs::read_dir(home.work()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(others.len(), 2, "the project holds {others:?}");
    }

    /// Everything that a run needs beside its command, the same with and without otel-run. Nothing goes to the
    /// network: opencode would look for its updates, its list of models, and a package from npm.
    fn set(&self, command: Run, home: &Home) -> Run {
        let command = command
            .home(home)
            .env("PATH", agents::path())
            .env("OPENCODE_DISABLE_AUTOUPDATE", "1")
            .env("OPENCODE_DISABLE_MODELS_FETCH", "1")
            .env("OPENCODE_DISABLE_LSP_DOWNLOAD", "1")
            .env("npm_config_offline", "true")
            .any_stderr();
        self.variables.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    fn prompt() -> [String; 2] {
        ["run".into(), format!("say {}", marker::PROMPT)]
    }

    /// The agent by itself. It does not touch the files either, or the comparison would say nothing.
    fn alone(&self, code: i32) -> Ran {
        let home = self.home();
        let ran = self.set(alone(agents::program("opencode")), &home).args(Self::prompt()).expect_exit(code);
        self.assert_untouched(&home);
        ran
    }

    /// The agent under otel-run, with these words before it.
    fn wrapped(&self, code: i32, words: impl Fn(Run) -> Run) -> Ran {
        let home = self.home();
        let ran = words(self.set(run(), &home)).child(["opencode"]).args(Self::prompt()).expect_exit(code);
        self.assert_untouched(&home);
        ran
    }
}

/// The members of the settings that name the provider.
fn provider(llm: &Llm, key: &str) -> String {
    let model = json!({
        "name": "Mock", "tool_call": true, "reasoning": true, "limit": { "context": 100_000, "output": 8_000 },
    });
    let lab = json!({
        "npm": "@ai-sdk/openai-compatible",
        "options": { "baseURL": format!("{}/v1", llm.url()), "apiKey": key, "headers": { "x-team": "{env:LAB_TEAM}" } },
        "models": { "mock-model": model },
    });
    format!(r#""provider": {}"#, json!({ "lab": lab }))
}

/// opencode ends with `process.exit()` and flushes nothing: on a busy machine the last of its spans now and then die with
/// it, unsent. Then the scene is played again, a few times at the most; the caller asserts that it was whole in the end.
fn played_whole<T>(mut play: impl FnMut() -> T, whole: impl Fn(&T) -> bool) -> T {
    for _ in 0..4 {
        let played = play();
        if whole(&played) {
            return played;
        }
    }
    play()
}

/// Runs the scene alone and by each transport under otel-run, and checks what must hold whatever the agent does, and
/// whatever it loses. Gives the spans that the upstream got, by transport.
fn play(scene: &Scene, code: i32, whole: fn(&[Span]) -> bool) -> Vec<Vec<Span>> {
    let alone = scene.alone(code);
    let once = |transport| {
        let upstream = Upstream::start();
        let ran = scene.wrapped(code, |command| {
            command
                .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
                .upstream_by(&upstream, transport)
                .flag("--drain-deadline", "30s")
        });
        assert_eq!(ran.stdout, alone.stdout);
        assert_eq!(stderr(&ran), stderr(&alone));
        let spans = upstream.spans();
        assert_eq!(spans.len(), stored_spans(&ran), "what the agent sent is not what the upstream got");
        let top = assert_one_tree(&spans, TRACE, PARENT);
        assert_eq!(top.name, "opencode run");
        for (_, record) in upstream.log_records() {
            assert_eq!(hex(&record.trace_id), TRACE, "{record:?}");
        }
        for text in marker::ALL {
            upstream.assert_nowhere(text);
            ran.home.assert_nowhere(text);
        }
        spans
    };
    let check = |transport| played_whole(|| once(transport), |spans: &Vec<Span>| whole(spans));
    [Transport::HttpProtobuf, Transport::Grpc].map(check).into()
}

/// How many spans are in the run's log.
fn stored_spans(ran: &Ran) -> usize {
    let batches = Stored::of(&ran.home).batches;
    let items = batches
        .into_iter()
        .filter(|(signal, ..)| *signal == otel_run::otlp::Signal::Traces)
        .map(|(_, items, _)| items as usize);
    items.sum()
}

/// What the agent says of its progress, without the name of the test's folder.
fn stderr(ran: &Ran) -> String {
    ran.stderr_text().replace(ran.home.path().to_str().unwrap(), "HOME")
}

fn is_whole(spans: &[Span]) -> bool {
    named(spans, "ai.streamText.doStream") == 3 && named(spans, "Tool.execute") == 1
}

fn assert_whole(spans: &[Span]) {
    assert_eq!(named(spans, "ai.streamText.doStream"), 3);
    assert_eq!(named(spans, "Tool.execute"), 1);
}

#[test]
#[ignore = "needs opencode, which .ci/agents installs"]
fn a_run_becomes_one_tree_under_the_callers_span_without_its_content() {
    let scene = Scene::new(Llm::start());
    for spans in play(&scene, 0, is_whole) {
        assert_whole(&spans);
    }
}

/// Without otel-run: what `plan --format shell` prints is all that it takes.
#[test]
#[ignore = "needs opencode, which .ci/agents installs"]
fn what_a_platform_is_told_to_set_makes_it_export_to_the_users_backend() {
    let scene = Scene::new(Llm::start());
    let once = |content: &str| {
        let upstream = Upstream::start();
        let flags = ["--header", "authorization=env:TOKEN", "--resource-attribute", "team=lab", "--content", content];
        let planned = run().args(["plan", "--format", "shell"]).flag("--endpoint", upstream.url()).args(flags);
        let form = planned.child(["opencode", "run"]).expect_exit(0).stdout_text();
        let home = scene.home();
        let file = home.path().join("form.sh");
        std::fs::write(&file, form).unwrap();
        let started = scene.set(alone("sh"), &home).env("TOKEN", "Bearer hunter2");
        let started = started.arg("-c").arg(". \"$0\" && exec opencode \"$@\"").arg(&file).args(Scene::prompt());
        started.expect_exit(0);
        for request in upstream.accepted() {
            assert_eq!(request.header("authorization"), "Bearer hunter2");
        }
        for (resource, _) in upstream.spans_with_resources() {
            assert!(resource.attributes.iter().any(|attribute| attribute.key == "team"), "{resource:?}");
        }
        upstream
    };
    let with_content = played_whole(|| once("on"), |upstream| is_whole(&upstream.spans()));
    assert_whole(&with_content.spans());
    assert!(with_content.holds(marker::PROMPT));
    let without = once("off");
    assert!(!without.spans().is_empty() && named(&without.spans(), "ai.streamText.doStream") == 0);
    without.assert_nowhere(marker::PROMPT);
}

#[test]
#[ignore = "needs opencode, which .ci/agents installs"]
fn a_run_that_the_model_provider_refuses_is_told_the_same_way() {
    let scene = Scene::new(Llm::start());
    let message = format!("no access, and here is your prompt: {}", marker::PROMPT);
    scene.llm.set_mood(Mood::Fail(Failure { message, ..Failure::status(401) }));
    for spans in play(&scene, 1, |spans| named(spans, "ai.streamText.doStream") > 0) {
        let calls: Vec<_> = spans.iter().filter(|span| span.name == "ai.streamText.doStream").collect();
        assert!(!calls.is_empty() && calls.iter().all(|call| call.status.as_ref().unwrap().code == 2), "{calls:?}");
        assert_eq!(named(&spans, "Tool.execute"), 0);
    }
}

#[test]
#[ignore = "needs opencode, which .ci/agents installs"]
fn the_users_own_inline_configuration_stays_what_it_was() {
    let keys = Home::new();
    let key = keys.write_config("key.txt", "key-of-the-file\n");
    let scene = Scene::with_own_content(Llm::start(), &key);
    for spans in play(&scene, 0, is_whole) {
        assert_whole(&spans);
    }
    for asked in scene.llm.requests() {
        assert_eq!(asked.headers["authorization"], "Bearer key-of-the-file");
        assert_eq!(asked.headers["x-team"], "the lab's team");
    }
}

#[test]
#[ignore = "needs opencode, which .ci/agents installs"]
fn the_arguments_of_a_tool_that_fails_do_not_leave_in_its_error() {
    let file = format!("{}.txt", marker::ARGUMENT);
    let scene = Scene::new(Llm::calling("read", json!({ "filePath": file })));
    for spans in play(&scene, 0, is_whole) {
        assert_whole(&spans);
        let tool = spans.iter().find(|span| span.name == "Tool.execute").unwrap();
        assert_eq!(tool.status.as_ref().unwrap().code, 2, "{tool:?}");
    }
}

#[test]
#[ignore = "needs opencode, which .ci/agents installs"]
fn without_its_housekeeping_a_run_is_small_and_comes_to_the_same() {
    let scene = Scene::new(Llm::start());
    let once = || {
        let upstream = Upstream::start();
        let ran = scene.wrapped(0, |command| {
            command
                .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
                .upstream(&upstream)
                .flag("--detail", "agent")
                .flag("--drain-deadline", "30s")
        });
        (ran, upstream.spans())
    };
    let (ran, spans) = played_whole(once, |(_, spans)| is_whole(spans));
    assert_whole(&spans);
    assert_one_tree(&spans, TRACE, PARENT);
    let listed = only_run(&ran.home);
    let traces = |count: &str| listed["intake"]["traces"][count].as_u64().unwrap();
    assert_eq!(traces("stored"), spans.len() as u64);
    assert_eq!(traces("received"), traces("stored") + traces("thinned"));
    assert!(traces("received") > 700, "{listed:#}");
    let names = || spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>();
    assert!(spans.len() < 150, "{}: {:?}", spans.len(), names());
    assert_eq!(listed["totals"]["model_calls"], 3);
    assert_eq!(
        listed["totals"]["tokens"],
        json!({ "input": 300, "output": 60, "cache_read": 120, "cache_write": 0, "reasoning": 15 })
    );
    assert_eq!(listed["totals"]["tools"], json!({ "bash": 1 }));
}

/// Without this one the others could look for what the agent never sends.
#[test]
#[ignore = "needs opencode, which .ci/agents installs"]
fn content_arrives_where_it_is_asked_for() {
    let scene = Scene::new(Llm::start());
    let once = || {
        let upstream = Upstream::start();
        scene.wrapped(0, |command| command.upstream(&upstream).flag("--content", "on").flag("--drain-deadline", "30s"));
        upstream
    };
    let upstream = played_whole(once, |upstream| is_whole(&upstream.spans()));
    for text in marker::ALL {
        assert!(upstream.holds(text), "{text} is not in what the agent sends");
    }
}

#[test]
#[ignore = "needs opencode, which .ci/agents installs"]
fn without_an_upstream_the_run_can_be_looked_at() {
    let scene = Scene::new(Llm::start());
    let once = || {
        let ran = scene.wrapped(0, |command| command);
        let shown = run().home(&ran.home).arg("show").expect_exit(0).stdout_text();
        (ran, shown)
    };
    let all = |shown: &str| shown.contains("─ prompt") && shown.matches("model mock-model").count() == 3;
    let (ran, shown) = played_whole(once, |(_, shown)| all(shown));
    let lines = |kind: &str| shown.lines().filter(|line| line.contains(&format!("─ {kind}"))).collect::<Vec<_>>();
    assert_eq!(lines("prompt").len(), 1, "{shown}");
    let calls = lines("model mock-model");
    assert_eq!(calls.len(), 3, "{shown}");
    assert!(calls.iter().all(|line| line.contains("100 → 20")), "{shown}");
    let tools = lines("tool");
    assert!(tools.len() == 1 && tools[0].contains("bash"), "{shown}");
    assert!(shown.starts_with("opencode run · exit 0 · "), "{shown}");
    assert!(
        shown.contains("3 model calls (mock-model) · 300 tokens in (120 cached) · 60 out (15 reasoning)"),
        "{shown}"
    );
    for text in marker::ALL {
        assert!(!shown.contains(text), "{shown}");
        ran.home.assert_nowhere(text);
    }
}
