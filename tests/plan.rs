//! `otel-run plan` in all its forms, each read by what reads it in earnest.
//!
//! Those that need a shell, or a language, that not every machine has are ignored until they are asked for:
//! `cargo test --test plan -- --include-ignored`. Asked for and not installed, they fail. `.ci/run` installs what they need.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use support::{Home, Run, Upstream, alone, run};

const FORMS: [&str; 7] = ["text", "json", "shell", "dotenv", "docker", "k8s", "github"];
/// Those that are files for others, in which nothing is made up anew each time.
const FILES: [&str; 5] = ["shell", "dotenv", "docker", "k8s", "github"];
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn every_form_is_printed_by_plan_and_dry_run_alike_and_starts_nothing() {
    let (home, upstream) = (Home::new(), Upstream::start().never_hit());
    let touch = home.work().join("touched");
    for form in FILES {
        let printed = |words: &[&str]| {
            let command = ["touch", touch.to_str().unwrap()];
            run().home(&home).args(words).upstream(&upstream).child(command).expect_exit(0).stdout_text()
        };
        let text = printed(&["plan", "--format", form]);
        assert!(text.contains(&upstream.url()), "{text}");
        assert_eq!(text, printed(&["--dry-run", "--format", form]));
        assert_eq!(text, printed(&["--format", form, "plan"]));
    }
    assert!(!touch.exists() && !home.state().exists());
}

/// Canaries wherever a user has secrets, for every form and agent.
#[test]
fn no_form_tells_a_secret() {
    let home = Home::new();
    let file = home.work().join("token");
    std::fs::write(&file, "hunter2-of-the-file\n").unwrap();
    let config = "endpoint = \"https://me:hunter2@otlp.example.com/hunter2a1b2c3d4e5f6g7h8/otlp\"\n[headers]\nx-key = \"hunter2-literal\"\n\
                  x-file = { file = \"FILE\" }\nx-env = { env = \"MY_TOKEN\" }\nx-program = { command = [\"print\", \"hunter2-word\"] }\n";
    home.write_config("otel-run/config.toml", &config.replace("FILE", file.to_str().unwrap()));
    let claude = r#"{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"https://u:hunter2@h/x?k=hunter2","OTEL_EXPORTER_OTLP_HEADERS":"a=hunter2"}}"#;
    std::fs::create_dir_all(home.path().join("home/.claude")).unwrap();
    std::fs::write(home.path().join("home/.claude/settings.json"), claude).unwrap();
    for agent in ["opencode", "claude", "codex", "gemini", "qwen", "copilot", "cn", "make"] {
        for form in FORMS {
            let run = run().home(&home).args(["plan", "--format", form, "--content", "on"]);
            let run = run
                .env("MY_TOKEN", "hunter2-of-the-variable")
                .env("OPENAI_API_KEY", "hunter2-of-openai")
                .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hunter2")
                .env("OPENCODE_CONFIG_CONTENT", r#"{"provider":{"x":{"options":{"apiKey":"hunter2"}}}}"#)
                .env("GEMINI_TELEMETRY_OTLP_ENDPOINT", "https://u:hunter2@otlp.example.com")
                .any_stderr();
            let ran = run.child([agent, "-p", "--key", "hunter2-of-openai"]).expect_exit(0);
            let text = ran.stdout_text();
            assert!(!text.contains("hunter2"), "{agent} as {form}:\n{text}");
            assert!(!ran.stderr_text().contains("hunter2"), "{}", ran.stderr_text());
            assert!(
                text.contains("OTEL_") && (text.contains("MY_TOKEN") || form == "text"),
                "{agent} as {form}:\n{text}"
            );
        }
    }
}

#[test]
fn what_cannot_be_set_is_an_error_with_its_reason() {
    let asked = |run: Run| run.args(["plan", "--format", "k8s", "opencode"]);
    let disabled = asked(run().env("OTEL_SDK_DISABLED", "true"));
    disabled.stderr_has("OTEL_SDK_DISABLED is true").expect_exit(1).stdout_is("");
    let none = asked(run().env("OTEL_RUN_AGENT", "none"));
    none.stderr_has("no agent is wanted").expect_exit(1).stdout_is("");
    // What is printed is a file, so what is wrong with the settings is said elsewhere.
    let wrong = asked(run().env("OTEL_RUN_NEST", "adpot"));
    let text = wrong.stderr_has("OTEL_RUN_NEST").expect_exit(0).stdout_text();
    assert!(!text.contains("adpot"), "{text}");
}

fn json(run: Run) -> Value {
    serde_json::from_str(&run.expect_exit(0).stdout_text()).unwrap()
}

#[test]
fn json_is_the_whole_plan() {
    let home = Home::new();
    let run = run().home(&home).args(["plan", "--format", "json"]).env("TRACEPARENT", TRACEPARENT);
    let run = run
        .env("OPENCODE_CONFIG_CONTENT", r#"{"experimental":{"x":1},"username":"kim"}"#)
        .env("MY_TOKEN", "Bearer abcdef123456")
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .flag("--endpoint", "https://otlp.example.com")
        .flag("--header", "authorization=env:MY_TOKEN")
        .flag("--redact", "HOUSE");
    let plan = json(run.child(["opencode", "run", "hi"]));
    assert_eq!(plan["version"], 1);
    assert_eq!(plan["command"], serde_json::json!(["opencode", "run", "hi"]));
    assert_eq!((&plan["agent"]["name"], &plan["agent"]["mode"]), (&"opencode".into(), &"run".into()));
    assert_eq!(plan["span"]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(plan["span"]["parent_span_id"], "b7ad6b7169203331");
    assert_eq!(plan["collection"]["address"], "http://127.0.0.1:PORT/(token)");
    assert_eq!(plan["destinations"][0]["headers"][0]["source"], "env:MY_TOKEN");
    assert_eq!(plan["content"], serde_json::json!({"value": "off", "origin": "default"}));
    let changes = plan["environment"].as_array().unwrap();
    let change =
        |name: &str| changes.iter().find(|change| change["name"] == name).unwrap_or_else(|| panic!("{plan:#}"));
    let merged = change("OPENCODE_CONFIG_CONTENT");
    assert_eq!(merged["before"], r#"{"experimental":{...},...}"#);
    assert_eq!(merged["shown"], r#"{"experimental":{"openTelemetry":true,...},...}"#);
    assert_eq!(merged["value"], Value::Null);
    assert_eq!(change("OTEL_EXPORTER_OTLP_COMPRESSION")["action"], "remove");
    assert_eq!(change("MY_TOKEN")["action"], "remove");
    assert_eq!(plan["redact"]["variables"], serde_json::json!(["MY_TOKEN"]));
    assert_eq!(plan["redact"]["named"], serde_json::json!([{"value": "HOUSE", "origin": "--redact"}]));
}

/// The names of all fields are in the page that describes them.
#[test]
fn every_field_of_the_json_is_documented() {
    let home = Home::new();
    std::fs::create_dir_all(home.path().join("home/.claude")).unwrap();
    let settings = r#"{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"https://otlp.example.com"}}"#;
    std::fs::write(home.path().join("home/.claude/settings.json"), settings).unwrap();
    let planned = |words: &[&str]| {
        let run = run().home(&home).args(["plan", "--format", "json", "--header", "a=b", "--endpoint", "http://h"]);
        json(run.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/x").child(words))
    };
    let page = std::fs::read_to_string(page()).unwrap();
    let mut names = Vec::new();
    for plan in [planned(&["claude", "-p", "hi"]), planned(&["codex", "exec", "hi"])] {
        fields(&plan, &mut names);
    }
    assert!(names.len() > 60, "{names:?}");
    let missing: Vec<_> = names.iter().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/plan.md says nothing of {missing:?}");
}

fn fields(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                names.push(name.clone());
                fields(value, names);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| fields(value, names)),
        _ => {}
    }
}

#[test]
fn the_text_shows_what_becomes_of_the_users_own_values() {
    let home = Home::new();
    std::fs::create_dir_all(home.path().join("home/.claude")).unwrap();
    let settings = r#"{"env":{"OTEL_METRICS_EXPORTER":"console"}}"#;
    std::fs::write(home.path().join("home/.claude/settings.json"), settings).unwrap();
    let planned = |command: &[&str]| {
        let run = run().home(&home).arg("plan").env("SOME_API_KEY", "abcdef123456").flag("--redact", "HOUSE");
        let run = run.env("OPENCODE_CONFIG_CONTENT", r#"{"username":"kim"}"#).env("OTEL_RESOURCE_ATTRIBUTES", "team=a");
        let run = run.flag("--resource-attribute", "floor=2");
        run.child(command).expect_exit(0).stdout_text()
    };
    let opencode = planned(&["opencode", "run", "--key", "abcdef123456"]);
    for line in [
        "Command       opencode run --key [redacted:SOME_API_KEY]",
        "Blanked       the values of SOME_API_KEY, and what is known by its look",
        "              named: HOUSE (--redact)",
        "  - OPENCODE_CONFIG_CONTENT={...}",
        "  + OPENCODE_CONFIG_CONTENT={\"experimental\":{\"openTelemetry\":true},...}",
        "  - OTEL_RESOURCE_ATTRIBUTES=team=a",
        "  + OTEL_RESOURCE_ATTRIBUTES=team=a,floor=2",
    ] {
        assert!(opencode.lines().any(|one| one == line), "{line}\n{opencode}");
    }
    let claude = planned(&["claude", "-p", "hi"]);
    let file = home.path().join("home/.claude/settings.json");
    assert!(claude.contains("  - OTEL_METRICS_EXPORTER=console"), "{claude}");
    assert!(claude.contains(&format!("({}:1)", file.display())), "{claude}");
    assert!(claude.contains("  + OTEL_METRICS_EXPORTER=console,otlp"), "{claude}");
    let codex = planned(&["codex", "exec", "hi"]);
    assert!(codex.contains("Added to the command's arguments"), "{codex}");
}

/// Values of all kinds, the same each time.
fn values() -> Vec<String> {
    let special = prop::sample::select(vec![
        "'", "\"", "\\", "$", "`", "#", " ", "\n", "\t", "$(X)", "$HOME", "${HOME}", "%20", "=", "é", "\u{85}",
        "\u{2028}", "\u{1b}", "\u{7f}", "😀", "!", "!!", "~", "*", "\\n", "\\'", "\\\\", ";", "&", "|", "<", ">", "(",
        ")", "[a]", "{a,b}", "?", "-n", "\r",
    ]);
    let piece = prop_oneof![3 => special.prop_map(str::to_owned), 1 => "[^\0{}]{0,3}"];
    let value = prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat());
    let mut runner = TestRunner::deterministic();
    let mut values: Vec<String> =
        ["", "'", "\\", "\\\\", "''", "a\\", "it's", "\n", " ", "=", "-"].map(str::to_owned).into();
    values.extend((0..300).map(|_| value.new_tree(&mut runner).unwrap().current()));
    values
}

/// An agent of the user's whose variables `V0`, `V1` and so on have these values, and what a form says to set for it.
fn printed(home: &Home, form: &str, values: &[String]) -> PathBuf {
    let set: BTreeMap<String, &String> =
        values.iter().enumerate().map(|(at, value)| (format!("V{at}"), value)).collect();
    let agent: BTreeMap<_, _> = [("set", set)].into();
    let agents: BTreeMap<_, _> = [("agents", BTreeMap::from([("tester", agent)]))].into();
    home.write_config("otel-run/config.toml", &toml::to_string(&agents).unwrap());
    let run =
        run().home(home).args(["plan", "--format", form, "--agent", "tester", "--endpoint", "http://collector:4318"]);
    let text = run.flag("--header", "authorization=env:TOKEN").child(["true"]).expect_exit(0).stdout_text();
    let file = home.work().join(format!("form.{form}"));
    std::fs::write(&file, text).unwrap();
    file
}

/// Prints the environment with NUL behind each variable, whatever they hold.
const PRINT: &str = "exec env -0";

/// A shell reads the form and shows what has become of the environment.
fn sourced(shell: &str) {
    let home = Home::new();
    let values = values();
    let file = printed(&home, "shell", &values);
    let read = |run: Run| {
        let script = format!(". '{}' && {PRINT}", file.display());
        let ran = run.home(&home).arg("-c").arg(script).expect_exit(0);
        let text = String::from_utf8(ran.stdout.clone()).unwrap();
        let read: BTreeMap<String, String> = text
            .split('\0')
            .filter_map(|one| one.split_once('='))
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        read
    };
    let environment = read(alone(shell).env("TOKEN", "Bearer a'b\\c$d"));
    for (at, value) in values.iter().enumerate() {
        assert_eq!(environment.get(&format!("V{at}")), Some(value), "{shell}");
    }
    assert_eq!(environment["OTEL_EXPORTER_OTLP_HEADERS"], "authorization=Bearer a'b\\c$d");
    assert_eq!(environment["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://collector:4318");
    // What is missing is said, by each in the same words.
    let without = read(alone(shell).stderr_has("TOKEN is not set"));
    assert_eq!(without["OTEL_EXPORTER_OTLP_HEADERS"], "authorization=");
}

#[test]
fn sh_takes_every_value_as_it_is() {
    sourced("sh");
}

#[test]
#[ignore = "needs bash"]
fn bash_takes_every_value_as_it_is() {
    sourced("bash");
}

#[test]
#[ignore = "needs dash"]
fn dash_takes_every_value_as_it_is() {
    sourced("dash");
}

#[test]
#[ignore = "needs zsh"]
fn zsh_takes_every_value_as_it_is() {
    sourced("zsh");
}

#[test]
#[ignore = "needs fish"]
fn fish_takes_every_value_as_it_is() {
    sourced("fish");
}

/// What a reader of `.env` files makes of the form, as JSON on its stdout.
fn read_by(words: &[&str]) {
    let home = Home::new();
    let values = values();
    let file = printed(&home, "dotenv", &values);
    let (program, arguments) = words.split_first().unwrap();
    let run = alone(program).home(&home).env("X", "x").args(arguments).arg(&file);
    let read = json(run.any_stderr());
    let text = std::fs::read_to_string(&file).unwrap();
    let mut told = 0;
    for (at, value) in values.iter().enumerate() {
        let name = format!("V{at}");
        match read.get(&name) {
            Some(read) => assert_eq!(read, value, "{name}"),
            None => {
                assert!(text.contains(&format!("# {name} is not set: its value")), "{name} is missing");
                told += 1;
            }
        }
    }
    assert!(told > 0 && told < values.len() / 2, "{told} of {} cannot be set", values.len());
    assert!(text.contains("# OTEL_EXPORTER_OTLP_HEADERS='authorization=<TOKEN>'"), "{text}");
    assert_eq!(read.get("OTEL_EXPORTER_OTLP_HEADERS"), None);
}

#[test]
#[ignore = "needs node"]
fn node_reads_the_dotenv_form() {
    read_by(&[
        "node",
        "-e",
        "console.log(JSON.stringify(require('node:util').parseEnv(require('node:fs').readFileSync(process.argv[1], 'utf8'))))",
    ]);
}

#[test]
#[ignore = "needs a python3 with python-dotenv, which OTEL_RUN_TEST_PYTHON names"]
fn python_dotenv_reads_the_dotenv_form() {
    let python = std::env::var("OTEL_RUN_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    read_by(&[&python, "-c", "import dotenv, json, sys; print(json.dumps(dotenv.dotenv_values(sys.argv[1])))"]);
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/plan.md")
}

/// Every block of the page that begins with a command has its real output in it. `UPDATE_DOCS=1 cargo test --test plan the_page`
/// writes them anew.
#[test]
fn the_page_of_plans_has_real_output() {
    let page = std::fs::read_to_string(page()).unwrap();
    let mut written = String::new();
    let mut rest = page.as_str();
    let mut blocks = 0;
    while let Some((before, after)) = rest.split_once("```\n$ ") {
        let (block, tail) = after.split_once("```\n").expect("a block ends");
        let command = block.lines().next().unwrap();
        written.push_str(&format!("{before}```\n$ {command}\n{}```\n", output(command)));
        (rest, blocks) = (tail, blocks + 1);
    }
    written.push_str(rest);
    assert!(blocks >= 11, "{blocks}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(self::page(), &written).unwrap();
    }
    assert_eq!(written, page, "run the test again with UPDATE_DOCS=1");
}

/// What a command of the page prints at Kim's, who has a configuration of opencode and a token.
fn output(command: &str) -> String {
    let home = Home::new();
    let program = Path::new(env!("CARGO_BIN_EXE_otel-run")).parent().unwrap();
    let path = std::env::join_paths([program, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let run = alone("sh").home(&home).env("PATH", path).env("TRACEPARENT", TRACEPARENT);
    let run =
        run.env("OTLP_AUTHORIZATION", "Bearer abcdef123456").env("OPENCODE_CONFIG_CONTENT", r#"{"username":"kim"}"#);
    let text = run.arg("-c").arg(command).expect_exit(0).stdout_text();
    // The folder of the test's home, and the span that is made up each time.
    let text = text.replace(home.path().to_str().unwrap(), "/home/kim");
    let span = text.lines().find_map(|line| line.strip_prefix("Run span      ")?.split(',').next());
    match span {
        Some(span) => text.replace(span, "00f067aa0ba902b7"),
        None => text.clone(),
    }
}
