//! Agents whose own files say where their telemetry goes: they are told otherwise for the run, and what they export to gets
//! the run as well. The agents are scripts here that say what they were given; the real ones are in `tests/agent_configuration.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use support::processes::{children, command_line, is_alive, wait_until};
use support::{Behaviour, Home, Ran, Run, Running, Upstream, run};

/// Puts a program called `name` into the home's own folder for programs, and a file below `$HOME`.
struct Scene {
    home: Home,
    program: PathBuf,
}

impl Scene {
    fn new(name: &str, script: &str) -> Self {
        let home = Home::new();
        let program = home.path().join("bin").join(name);
        std::fs::create_dir_all(program.parent().unwrap()).unwrap();
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { home, program }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.home.path().join("home").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    fn run(&self, words: &[&str]) -> Run {
        self.with(|run| run, words)
    }

    /// With options of otel-run.
    fn with(&self, options: impl FnOnce(Run) -> Run, words: &[&str]) -> Run {
        let words = std::iter::once(self.program.clone().into_os_string()).chain(words.iter().map(Into::into));
        options(run().home(&self.home).env("TMPDIR", self.home.path())).child(words)
    }

    /// Files that otel-run made for its own use and should have removed.
    fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.home.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("otel-run-")).collect()
    }
}

/// Says its words, and what it was told in a file.
const CLAUDE: &str = r#"
echo "words: $*"
if [ "$1" = --settings ]; then stat -c 'mode %a' "$2"; cat "$2"; fi
echo
echo "endpoint: $OTEL_EXPORTER_OTLP_ENDPOINT"
"#;

fn settings(url: &str) -> String {
    format!(
        r#"{{"env":{{"CLAUDE_CODE_ENABLE_TELEMETRY":"1","CLAUDE_CODE_ENHANCED_TELEMETRY_BETA":"1","OTEL_TRACES_EXPORTER":"otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT":"{url}/mine","OTEL_EXPORTER_OTLP_HEADERS":"authorization=Bearer hunter2"}}}}"#
    )
}

/// The value of a variable in what the script printed.
fn printed<'a>(ran: &'a str, before: &str) -> &'a str {
    ran.lines().find_map(|line| line.strip_prefix(before)).unwrap_or_else(|| panic!("{before:?} is not in {ran}"))
}

#[test]
fn settings_that_lead_elsewhere_are_overridden_and_fed() {
    let upstream = Upstream::start();
    let scene = Scene::new("claude", CLAUDE);
    let file = scene.write(".claude/settings.json", &settings(&upstream.url()));
    let before = std::fs::read(&file).unwrap();
    let ran = scene.run(&["-p", "hi"]).expect_exit(0);
    let said = ran.stdout_text();

    let endpoint = printed(&said, "endpoint: ");
    let token = endpoint.rsplit('/').next().unwrap();
    let words = printed(&said, "words: ");
    assert!(words.starts_with("--settings /") && words.ends_with(".json -p hi"), "{words}");
    assert!(!words.contains(token), "the token is in the arguments: {words}");
    assert!(said.contains("mode 600\n"), "{said}");
    let told: serde_json::Value = serde_json::from_str(printed_json(&said)).unwrap();
    assert_eq!(told["env"]["OTEL_EXPORTER_OTLP_ENDPOINT"], endpoint);
    assert_eq!(told["env"]["OTEL_EXPORTER_OTLP_HEADERS"], "");

    // Traces are what it would have exported there.
    let received = upstream.accepted();
    assert!(!received.is_empty());
    for request in &received {
        assert_eq!((request.path.as_str(), request.header("authorization")), ("/mine/v1/traces", "Bearer hunter2"));
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert_eq!(scene.left(), [""; 0]);
    scene.home.assert_nowhere("hunter2");
}

fn printed_json(said: &str) -> &str {
    said.lines().find(|line| line.starts_with('{')).unwrap()
}

#[test]
fn the_users_own_option_is_merged_from_text_and_file() {
    let scene = Scene::new("claude", CLAUDE);
    scene.write(".claude/settings.json", r#"{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"http://127.0.0.1:9"}}"#);
    let mine = scene.write("mine.json", r#"{"model":"m","env":{"A":"b"}}"#);
    for given in [mine.to_str().unwrap(), r#"{"model":"m","env":{"A":"b"}}"#] {
        let ran = scene.run(&["--settings", given, "-p", "hi"]).expect_exit(0);
        let said = ran.stdout_text();
        let told: serde_json::Value = serde_json::from_str(printed_json(&said)).unwrap();
        assert_eq!((&told["model"], &told["env"]["A"]), (&"m".into(), &"b".into()));
        assert_eq!(told["env"]["OTEL_EXPORTER_OTLP_ENDPOINT"], printed(&said, "endpoint: "));
        assert_eq!(printed(&said, "words: ").matches("--settings").count(), 1);
    }
    assert_eq!(scene.left(), [""; 0]);
}

/// Tells that it has the file, waits for a line, and tells whether it has it still.
const CLAUDE_AT_WORK: &str = r#"
test -s "$2" && echo "has it"
read -r _
test -s "$2" && echo "has it still"
"#;

fn scene_at_work() -> Scene {
    let scene = Scene::new("claude", CLAUDE_AT_WORK);
    scene.write(".claude/settings.json", r#"{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"http://127.0.0.1:9"}}"#);
    scene
}

/// A Claude Code at work that was told by a file, and its process.
#[track_caller]
fn at_work(scene: &Scene) -> (Running, Pid) {
    let running = scene.run(&["-p", "hi"]).any_stderr().stdin_open().spawn();
    running.wait_for_stdout("has it\n");
    let mut commands = children(running.pid).into_iter().filter(|child| command_line(*child).contains("bin/claude"));
    let command = commands.next().unwrap();
    (running, command)
}

/// Kills otel-run and nothing else.
#[track_caller]
fn kill(running: &mut Running) {
    running.signal(Signal::SIGKILL);
    assert_eq!(running.wait_for_end().0.signal(), Some(Signal::SIGKILL as i32));
}

/// Lets the command end, which must have its file still.
#[track_caller]
fn release((mut running, command): (Running, Pid)) {
    running.type_in(b"\n");
    running.wait_for_stdout("has it still\n");
    wait_until("the command has ended", || !is_alive(command));
    running.wait_for_end();
}

#[test]
fn a_file_that_a_killed_otel_run_has_left_is_removed_when_its_run_is_closed() {
    for closer in ["runs", "show", "flush"] {
        let scene = scene_at_work();
        let (mut running, command) = at_work(&scene);
        wait_until("the run is marked", || {
            std::fs::read_dir(scene.home.state().join("open")).is_ok_and(|mut marks| marks.next().is_some())
        });
        kill(&mut running);
        release((running, command));
        assert_eq!(scene.left().len(), 1);
        run().home(&scene.home).env("TMPDIR", scene.home.path()).arg(closer).any_stderr().expect_any_end();
        assert_eq!(scene.left(), [""; 0], "{closer}");
    }
}

#[test]
fn a_file_stays_while_anybody_may_read_it() {
    let scene = scene_at_work();
    let ((mut lost, command), alive) = (at_work(&scene), at_work(&scene));
    kill(&mut lost);
    // Not one of ours.
    std::fs::write(scene.home.path().join("otel-run-notes.json"), "{}").unwrap();
    let close = || run().home(&scene.home).env("TMPDIR", scene.home.path()).arg("runs").expect_exit(0);
    close();
    assert_eq!(scene.left().len(), 3);
    release((lost, command));

    // There is no run left to be closed, so whoever has such a file looks for others.
    close();
    assert_eq!(scene.left().len(), 3);
    let another = at_work(&scene);
    wait_until("the file is removed", || scene.left().len() == 3);
    release(alive);
    release(another);
    assert_eq!(scene.left(), ["otel-run-notes.json"]);
}

#[test]
fn without_such_a_file_the_command_line_stays_as_it_is() {
    let scene = Scene::new("claude", CLAUDE);
    scene.write(".claude/settings.json", r#"{"model":"m","env":{"FOO":"bar"}}"#);
    let ran = scene.run(&["-p", "hi"]).expect_exit(0);
    assert_eq!(printed(&ran.stdout_text(), "words: "), "-p hi");
}

#[test]
fn a_broken_file_is_a_warning_and_nothing_else() {
    let scene = Scene::new("claude", CLAUDE);
    scene.write(".claude/settings.json", "{ \"env\": { \"OTEL_");
    scene.run(&["-p", "hi"]).stderr_has("is not JSON").expect_exit(0);
}

#[test]
fn a_destination_of_the_agent_can_be_left_out() {
    let upstream = Upstream::start().never_hit();
    let scene = Scene::new("claude", CLAUDE);
    scene.write(".claude/settings.json", &settings(&upstream.url()));
    let ran = scene.with(|run| run.flag("--agent-destinations", "off"), &["-p", "hi"]).expect_exit(0);
    assert!(printed(&ran.stdout_text(), "words: ").starts_with("--settings /"));
    scene.run(&["-p", "hi"]).env("OTEL_RUN_AGENT_DESTINATIONS", "off").expect_exit(0);
}

#[test]
fn a_later_flush_takes_the_credentials_from_the_file_again() {
    let upstream = Upstream::behaving(Behaviour::Refused).expect_hits(1..);
    let scene = Scene::new("claude", CLAUDE);
    let file = scene.write(".claude/settings.json", &settings(&upstream.url()));
    scene.run(&["-p", "hi"]).any_stderr().expect_exit(0);
    assert_eq!(upstream.hits(), 0);
    scene.home.assert_nowhere("hunter2");

    upstream.set_behaviour(Behaviour::Accept);
    let flush = || run().home(&scene.home).arg("flush");
    std::fs::rename(&file, file.with_extension("away")).unwrap();
    flush().stderr_has("settings.json cannot be read").expect_exit(1);
    std::fs::rename(file.with_extension("away"), &file).unwrap();
    flush().expect_exit(0);
    assert!(upstream.accepted().iter().all(|request| request.header("authorization") == "Bearer hunter2"));
}

/// A Codex that takes exporters of one kind, and writes down that it was asked.
fn codex(takes: &str) -> String {
    format!(
        r#"
case " $* " in
*" features list "*)
    echo "$*" >> "$HOME/asked"
    case "$*" in {takes}) exit 0;; esac
    echo 'Error loading config.toml: wanted exactly 1 element, more than 1 element' >&2
    echo 'in `otel.exporter`' >&2
    exit 1;;
esac
echo "words: $*"
echo "headers: $OTEL_EXPORTER_OTLP_HEADERS""#
    )
}

fn codex_words(ran: &Ran) -> String {
    printed(&ran.stdout_text(), "words: ").to_owned()
}

#[test]
fn codex_is_asked_only_where_it_has_exporters_of_its_own() {
    let scene = Scene::new("codex", &codex("*"));
    scene.write(".codex/config.toml", "model = \"m\"\n");
    let ran = scene.run(&["exec", "hi"]).expect_exit(0);
    let said = ran.stdout_text();
    let token = printed(&said, "headers: ").strip_prefix("x-otel-run-token=").unwrap();
    let words = codex_words(&ran);
    assert!(words.starts_with("-c otel.trace_exporter={otlp-http=") && words.ends_with(" exec hi"), "{words}");
    assert!(token.len() >= 16 && !words.contains(token), "{words}");
    assert!(!scene.home.path().join("home/asked").exists());

    scene.write(".codex/config.toml", "[otel]\nexporter = \"none\"\n");
    assert_eq!(codex_words(&scene.run(&["exec", "hi"]).expect_exit(0)).matches("otlp-http").count(), 3);
    let asked = std::fs::read_to_string(scene.home.path().join("home/asked")).unwrap();
    assert!(asked.ends_with("protocol=\"binary\"}} features list\n") && asked.lines().count() == 1, "{asked}");
    let words = codex_words(&scene.run(&["mcp", "list"]).expect_exit(0));
    assert_eq!(words, "mcp list");
}

#[test]
fn codex_gets_the_kind_that_it_takes() {
    let scene = Scene::new("codex", &codex("*otel.exporter.otlp-grpc*"));
    // Somewhere where nobody looks is another exporter.
    scene.write(".codex/config.toml", "[otel]\nexporter = \"none\"\n");
    let words = codex_words(&scene.run(&["exec", "hi"]).expect_exit(0));
    assert!(words.contains("otel.exporter.otlp-grpc.endpoint=\"http://127.0.0.1:"), "{words}");
    assert!(words.contains("otel.trace_exporter={otlp-http="), "{words}");
}

#[test]
fn a_codex_that_takes_neither_is_told_nothing() {
    let scene = Scene::new("codex", &codex("nothing"));
    let upstream = Upstream::start().never_hit();
    let url = upstream.url();
    scene.write(".codex/config.toml", &format!("[otel.exporter.otlp-http]\nendpoint = \"{url}/logs\"\n"));
    let ran = scene.run(&["exec", "hi"]).stderr_has("what it exports is not in the run").expect_exit(0);
    assert_eq!(codex_words(&ran), "exec hi");
}
