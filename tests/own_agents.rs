//! Agents that users describe themselves, and what `otel-run agents` says of all that are known.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use support::listed::only_run;
use support::stored::{Stored, text};
use support::{Home, Run, run, test_child};

/// An agent in five lines.
const GOOSE: &str = r#"[agents.goose]
base_names = ["goose"]
signals = ["traces"]
[agents.goose.set]
GOOSE_OTLP = "{endpoint}"
"#;

/// A home with a settings file, and with a program in its working folder that prints its words and its environment.
fn home(program: &str, config: &str) -> Home {
    let home = Home::new();
    home.write_config("otel-run/config.toml", config);
    let file = home.work().join(program);
    std::fs::write(&file, "#!/bin/sh\nfor word do echo \"word $word\"; done\nexec env\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    home
}

fn in_home(home: &Home) -> Run {
    run().home(home)
}

/// The words and the environment that the program of [`home`] was started with.
#[track_caller]
fn given(run: Run) -> (Vec<String>, Vec<String>) {
    let text = run.expect_exit(0).stdout_text();
    let (words, environment): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("word "));
    (
        words.into_iter().map(|line| line["word ".len()..].to_owned()).collect(),
        environment.into_iter().map(str::to_owned).collect(),
    )
}

#[track_caller]
fn variable<'a>(environment: &'a [String], name: &str) -> Option<&'a str> {
    environment.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn five_lines_make_an_agent() {
    let home = home("goose", GOOSE);
    let (words, environment) = given(in_home(&home).child(["./goose", "session"]));
    assert_eq!(words, ["session"]);
    let endpoint = variable(&environment, "GOOSE_OTLP").unwrap();
    assert!(endpoint.starts_with("http://127.0.0.1:"), "{endpoint}");
    // What nothing was said about is as for any other command.
    assert_eq!(variable(&environment, "OTEL_EXPORTER_OTLP_ENDPOINT"), Some(endpoint));
    assert_eq!(variable(&environment, "OTEL_EXPORTER_OTLP_PROTOCOL"), Some("http/protobuf"));
    let listed = only_run(&home);
    assert_eq!((&listed["agent"], &listed["name"]), (&"goose".into(), &"goose".into()));
}

#[test]
fn everything_can_be_injected_into_it() {
    let config = r#"
[agents.goose]
packages = ["@block/goose"]
remove = ["GOOSE_QUIET"]
exempt_loopback = ["GOOSE_NO_PROXY"]
leave = ["OTEL_EXPORTER_OTLP_PROTOCOL"]
flush_delay = "25ms"
arguments = [
    { before = ["--otlp", "{endpoint}/v1/traces"], modes = ["run"], reason = "it knows no variable" },
    { after = ["--last"] },
]

[agents.goose.modes]
working = ["run"]
other = ["version"]

[agents.goose.prepend]
NODE_OPTIONS = { text = "--require x", separator = " " }

[agents.goose.set_if_unset]
GOOSE_A = "ours"
GOOSE_B = "ours"

[agents.goose.content_switches]
GOOSE_LOG_PROMPTS = { on = { set = "1" }, off = { remove = true }, of = "prompts" }

[agents.goose.merge_json]
GOOSE_CONFIG = { path = ["telemetry", "on"], json = "true" }
"#;
    let home = home("npx", config);
    let path = format!("{}:{}", home.work().display(), std::env::var("PATH").unwrap());
    let mine = || {
        in_home(&home)
            .env("PATH", &path)
            .env("GOOSE_QUIET", "1")
            .env("GOOSE_LOG_PROMPTS", "yes")
            .env("GOOSE_B", "mine")
            .env("NODE_OPTIONS", "--max-old-space-size=1")
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
            .env("GOOSE_CONFIG", r#"{"a": 1}"#)
    };
    let (words, environment) = given(mine().child(["npx", "@block/goose@1.2.3", "run", "--", "x"]));
    let endpoint = variable(&environment, "OTEL_EXPORTER_OTLP_ENDPOINT").unwrap();
    let traces = format!("{endpoint}/v1/traces");
    let expected = ["@block/goose@1.2.3", "--otlp", &traces, "run", "--last", "--", "x"];
    assert_eq!(words, expected);
    assert_eq!(variable(&environment, "GOOSE_QUIET"), None);
    assert_eq!(variable(&environment, "GOOSE_A"), Some("ours"));
    assert_eq!(variable(&environment, "GOOSE_B"), Some("mine"));
    assert_eq!(variable(&environment, "NODE_OPTIONS"), Some("--require x --max-old-space-size=1"));
    assert_eq!(variable(&environment, "OTEL_EXPORTER_OTLP_PROTOCOL"), Some("grpc"));
    assert_eq!(variable(&environment, "OTEL_BSP_SCHEDULE_DELAY"), Some("25"));
    let merged: Value = serde_json::from_str(variable(&environment, "GOOSE_CONFIG").unwrap()).unwrap();
    assert_eq!(merged, serde_json::json!({"a": 1, "telemetry": {"on": true}}));
    assert_eq!(variable(&environment, "GOOSE_LOG_PROMPTS"), None);
    // Where no model is at work, the words for one mode are not given.
    let (words, environment) = given(mine().flag("--content", "on").child(["npx", "@block/goose", "version"]));
    assert_eq!(variable(&environment, "GOOSE_LOG_PROMPTS"), Some("1"));
    assert_eq!(words, ["@block/goose", "version", "--last"]);
}

#[test]
fn the_users_agents_come_before_the_built_in_ones() {
    let own = home("opencode", "[agents.mine]\nbase_names = [\"opencode\"]\n");
    given(in_home(&own).child(["./opencode", "run"]));
    assert_eq!(only_run(&own)["agent"], "mine");

    let changed = home("opencode", "[agents.opencode.set]\nOPENCODE_X = \"1\"\n");
    let (_, environment) = given(in_home(&changed).child(["./opencode", "run"]));
    assert_eq!(variable(&environment, "OPENCODE_X"), Some("1"));
    // The rest of the built-in profile stays.
    assert_eq!(variable(&environment, "OTEL_BSP_SCHEDULE_DELAY"), Some("5"));
    assert_eq!(only_run(&changed)["agent"], "opencode");

    let chosen = home("some-program", GOOSE);
    let (_, environment) = given(in_home(&chosen).flag("--agent", "goose").child(["./some-program"]));
    assert!(variable(&environment, "GOOSE_OTLP").is_some());
    assert_eq!(only_run(&chosen)["agent"], "goose");

    let any = home("some-program", "[agents.other.set]\nANY = \"{endpoint}\"\n");
    let (_, environment) = given(in_home(&any).child(["./some-program"]));
    assert!(variable(&environment, "ANY").is_some());
    assert_eq!(only_run(&any)["agent"], Value::Null);
}

#[test]
fn mistakes_are_warnings_in_a_run_and_errors_elsewhere() {
    let config = "[agents.goose]\ntakes_parent = \"nver\"\nbase_name = [\"x\"]\nset.A = \"1\"\n";
    let home = home("goose", config);
    let file = home.path().join("config/otel-run/config.toml");
    let first = format!("{}:2: `agents.goose.takes_parent`: \"nver\" is not one of", file.display());
    let second = format!("{}:3: `agents.goose.base_name`: there is no such field; did you mean", file.display());
    let (_, environment) = given(in_home(&home).stderr_has(&first).stderr_has(&second).child(["./goose"]));
    assert_eq!(variable(&environment, "A"), Some("1"), "the rest of the entry counts");
    in_home(&home).args(["agents"]).stderr_has(&first).stderr_has(&second).expect_exit(1);
}

#[test]
fn a_projects_file_describes_no_agent() {
    let home = home("goose", "");
    std::fs::write(home.work().join(".otel-run.toml"), GOOSE).unwrap();
    let refused = ".otel-run.toml:1: `agents` is ignored here, because a project's file comes with its repository";
    let (_, environment) = given(in_home(&home).stderr_has(refused).child(["./goose"]));
    assert_eq!(variable(&environment, "GOOSE_OTLP"), None);
    std::fs::remove_file(home.work().join(".otel-run.toml")).unwrap();
    assert_eq!(only_run(&home)["agent"], Value::Null);
}

#[test]
fn agents_are_listed() {
    let home = home("goose", GOOSE);
    let table = in_home(&home).env("COLUMNS", "80").env("LC_ALL", "C.UTF-8").arg("agents").expect_exit(0).stdout_text();
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("AGENT") && lines[1].starts_with("goose"), "{table}");
    assert!(lines[2].starts_with("(your own)"), "{table}");
    for name in ["opencode", "claude", "codex", "gemini", "qwen", "copilot", "cn", "other"] {
        assert!(lines.iter().any(|line| line.split_whitespace().next() == Some(name)), "{name} in\n{table}");
    }

    let listed = in_home(&home).args(["agents", "--json"]).expect_exit(0).stdout_text();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let agents = listed["agents"].as_array().unwrap();
    let named = |name: &str| agents.iter().find(|agent| agent["name"] == name).unwrap();
    assert_eq!(named("goose")["signals"], serde_json::json!(["traces"]));
    assert!(named("goose")["said_at"].as_str().unwrap().ends_with("config.toml:1"));
    assert_eq!(named("opencode")["said_at"], Value::Null);
    let alone = in_home(&home).args(["agents", "goose", "--json"]).expect_exit(0).stdout_text();
    let alone: Value = serde_json::from_str(&alone).unwrap();
    assert_eq!(alone["agents"], serde_json::json!([named("goose")]));

    in_home(&home)
        .args(["agents", "opencod"])
        .stderr_has("there is no agent \"opencod\" (known: goose, opencode, ")
        .stderr_has("did you mean opencode?")
        .expect_exit(1);
}

/// What is said of an agent is what happens to it.
#[test]
fn an_agent_is_told_in_words_as_it_would_run() {
    let home = home("goose", GOOSE);
    let words = |run: Run| {
        let text = run.args(["agents", "goose"]).expect_exit(0).stdout_text();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = words(in_home(&home));
    for part in [
        "goose: goose (/",
        "Recognised by the command goose",
        "GOOSE_OTLP=http://127.0.0.1:PORT/(token)",
        "config.toml:5 says so",
        "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf said explicitly because the defaults of SDKs differ",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("Your own values"), "{text}");

    let text = words(in_home(&home).env("GOOSE_OTLP", "http://mine").env("OTEL_CONFIG_FILE", "/x"));
    assert!(text.contains("the command is not told, since OTEL_CONFIG_FILE decides"), "{text}");
    let text = words(in_home(&home).env("GOOSE_OTLP", "http://mine"));
    assert!(text.contains("Your own values GOOSE_OTLP is replaced for the command"), "{text}");
    assert!(!text.contains("http://mine"), "a value of the user's is shown: {text}");
}

/// The built-in agents as a user's own do to a command what the built-in ones do.
#[test]
fn a_printed_agent_is_a_start_for_ones_own() {
    let bare = Home::new();
    let listed = in_home(&bare).args(["agents", "--json"]).expect_exit(0).stdout_text();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    for agent in listed["agents"].as_array().unwrap() {
        let name = agent["name"].as_str().unwrap();
        let printed = in_home(&bare).args(["agents", name, "--toml"]).expect_exit(0).stdout_text();
        let own = Home::new();
        own.write_config("otel-run/config.toml", &printed);
        let again = in_home(&own).args(["agents", name, "--toml"]).expect_exit(0).stdout_text();
        assert_eq!(again, printed);
        let mine = in_home(&own).args(["agents", name, "--json"]).expect_exit(0).stdout_text();
        let mut mine: Value = serde_json::from_str(&mine).unwrap();
        let said_at = mine["agents"][0]["said_at"].take();
        assert!(said_at.as_str().unwrap().ends_with("config.toml:1"), "{said_at}");
        assert_eq!(&mine["agents"][0], agent);
    }
}

/// A copy of a built-in agent for a program that says the same under other names: what is content, what is translated and what
/// is left out does not depend on these.
#[test]
fn a_copied_agent_has_the_telemetry_of_the_built_in_one() {
    for (name, capture) in [
        ("opencode", "opencode-run-llm-traces"),
        ("claude", "claude-run-2.1.328"),
        ("codex", "codex-run-0.169.0-trimmed"),
        ("gemini", "gemini-run-0.61.0-defaults"),
        ("qwen", "qwen-run-0.24.4"),
        ("copilot", "copilot-run-1.0.102"),
        ("cn", "continue-run-1.5.47"),
    ] {
        let capture = format!("{}/tests/fixtures/captures/{capture}.jsonl", env!("CARGO_MANIFEST_DIR"));
        let original = std::fs::read_to_string(capture).unwrap();
        let renamed: Vec<String> = original.lines().map(renamed).collect();
        let printed = in_home(&Home::new()).args(["agents", name, "--toml"]).expect_exit(0).stdout_text();
        let mut table = "";
        let mut config = String::new();
        for line in printed.lines() {
            table = if line.starts_with('[') { line } else { table };
            config += &match line.split_once(" = ") {
                Some(("scopes", _)) => "scopes = [\"mine.*\"]".to_owned(),
                Some(("names", _)) if table.ends_with(".service]") => "names = [\"mine\"]".to_owned(),
                _ => line.replace(&format!("[agents.{name}"), "[agents.mine"),
            };
            config.push('\n');
        }
        let theirs = told(name, "", &original);
        assert_eq!(told("mine", &config, &renamed.join("\n")), theirs, "{name}");
    }
}

/// A request with another service and other scopes.
fn renamed(request: &str) -> String {
    fn rename(value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(rename),
            Value::Object(fields) => {
                if fields.get("key").is_some_and(|key| key == "service.name") {
                    fields["value"] = serde_json::json!({"stringValue": "mine"});
                }
                if let Some(name) = fields.get_mut("scope").and_then(|scope| scope.get_mut("name"))
                    && !name.as_str().unwrap().starts_with('@')
                {
                    *name = format!("mine.{}", name.as_str().unwrap()).into();
                }
                fields.values_mut().for_each(rename);
            }
            _ => {}
        }
    }
    let mut request: Value = serde_json::from_str(request).unwrap();
    rename(&mut request);
    request.to_string()
}

/// What is stored of `requests` in a run of `agent`, but for what names the agent, and what is counted.
fn told(agent: &str, config: &str, requests: &str) -> (Vec<String>, Value) {
    let home = home("program", config);
    let file = home.work().join("requests.jsonl");
    std::fs::write(&file, requests).unwrap();
    // Whatever it is given beside that.
    let script = format!("#!/bin/sh\nexec '{}' replay '{}'\n", test_child().display(), file.display());
    std::fs::write(home.work().join("program"), script).unwrap();
    let flags = [("--agent", agent), ("--detail", "agent"), ("--genai", "replace"), ("--content", "off")];
    let run = flags.into_iter().fold(in_home(&home), |run, (flag, value)| run.flag(flag, value));
    run.any_stderr().child(["./program"]).expect_exit(0);
    let stored = Stored::of(&home);
    let root = stored.run_span().span_id;
    let mut told: Vec<String> = Vec::new();
    for mut span in stored.spans_of_the_command() {
        span.trace_id.clear();
        if span.parent_span_id == root {
            span.parent_span_id.clear();
        }
        told.push(format!("{span:?}"));
    }
    for mut record in stored.log_records_of_the_command() {
        record.trace_id.clear();
        if record.span_id == root {
            record.span_id.clear();
        }
        told.push(format!("{record:?}"));
    }
    told.extend(stored.metrics_of_the_command().iter().map(|metric| format!("{metric:?}")));
    told.sort();
    let run = only_run(&home);
    (told, serde_json::json!([run["totals"], run["intake"]]))
}

/// What [`home`]'s settings file calls an agent sends this.
fn request_of_goose() -> String {
    let text = |key: &str, text: &str| serde_json::json!({"key": key, "value": {"stringValue": text}});
    let span = serde_json::json!({
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "goose.turn", "kind": 1,
        "startTimeUnixNano": "1795170398000000000", "endTimeUnixNano": "1795170399000000000",
        "attributes": [
            text("goose.prompt", "CANARY-1"), text("goose.tool.output.0", "CANARY-2"),
            text("goose.model", "kept-1"), text("goose.answer", "CANARY-5"), text("goose.prompts", "kept-2"),
        ],
        "events": [{"timeUnixNano": "1795170398000000000", "name": "e", "attributes": [text("goose.tool", "CANARY-3")]}],
    });
    let poll = serde_json::json!({
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203332", "parentSpanId": "b7ad6b7169203331",
        "name": "goose.poll", "kind": 1,
        "startTimeUnixNano": "1795170398000000000", "endTimeUnixNano": "1795170399000000000",
    });
    let body = serde_json::json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.name", "goose"), text("goose.prompt", "CANARY-4")]},
        "scopeSpans": [{"scope": {"name": "goose"}, "spans": [span, poll]}],
    }]});
    serde_json::json!({"signal": "traces", "body": body}).to_string() + "\n"
}

#[test]
fn its_content_is_removed_unless_it_is_wanted() {
    let config = format!("{GOOSE}[agents.goose.service]\nnames = [\"goose\"]\n");
    let config = config
        .replace("signals =", "content_attributes = [\"goose.prompt\", \"goose.tool.*\", \"goose.answer\"]\nsignals =");
    for (content, agent, found) in [("off", "goose", false), ("on", "goose", true), ("off", "other", true)] {
        let home = home("goose", &config);
        let file = home.work().join("request.jsonl");
        std::fs::write(&file, request_of_goose()).unwrap();
        let words = [test_child().into_os_string(), "replay".into(), file.into()];
        in_home(&home).flag("--agent", agent).flag("--content", content).child(words).expect_exit(0);
        let stored = Stored::of(&home);
        let span = stored.spans_of_the_command().into_iter().find(|span| span.name == "goose.turn").unwrap();
        let (resource, ..) = stored.spans_with_origin().into_iter().find(|(.., each)| each.name == span.name).unwrap();
        let kept = format!("{span:?} {resource:?}");
        assert!(kept.contains("kept-1") && kept.contains("kept-2"), "{kept}");
        for canary in ["CANARY-1", "CANARY-2", "CANARY-3", "CANARY-4", "CANARY-5"] {
            assert_eq!(kept.contains(canary), found, "{canary}, {content}, {agent}: {kept}");
        }
        if !found {
            home.assert_nowhere("CANARY");
        }
    }
}

#[test]
fn its_housekeeping_is_left_out_where_that_is_wanted() {
    let config = GOOSE.replace("signals =", "housekeeping = [\"goose.p*\"]\nsignals =");
    for (detail, agent, expected) in [
        ("agent", "goose", &["goose.turn"][..]),
        ("full", "goose", &["goose.poll", "goose.turn"]),
        ("agent", "other", &["goose.poll", "goose.turn"]),
    ] {
        let home = home("goose", &config);
        let file = home.work().join("request.jsonl");
        std::fs::write(&file, request_of_goose()).unwrap();
        let words = [test_child().into_os_string(), "replay".into(), file.into()];
        in_home(&home).flag("--agent", agent).flag("--detail", detail).child(words).expect_exit(0);
        let mut names: Vec<String> =
            Stored::of(&home).spans_of_the_command().into_iter().map(|span| span.name).collect();
        names.sort();
        assert_eq!(names, expected, "{detail}, {agent}");
    }
}

#[test]
fn its_spans_get_conventional_names() {
    let words = r#"
[agents.goose.operations]
"goose.t*" = "chat"

[agents.goose.genai_attributes]
goose.model = "gen_ai.request.model"
goose.answer = "gen_ai.output.messages"
"#;
    for (genai, operation, name, own, model) in [
        ("off", None, "goose.turn", Some("kept-1"), None),
        ("add", Some("chat"), "goose.turn", Some("kept-1"), Some("kept-1")),
        ("replace", Some("chat"), "chat kept-1", None, Some("kept-1")),
    ] {
        let home = home("goose", &format!("{GOOSE}{words}"));
        let file = home.work().join("request.jsonl");
        std::fs::write(&file, request_of_goose()).unwrap();
        let words = [test_child().into_os_string(), "replay".into(), file.into()];
        in_home(&home).flag("--agent", "goose").flag("--genai", genai).child(words).expect_exit(0);
        let spans = Stored::of(&home).spans_of_the_command();
        let span = spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{genai}: {spans:?}"));
        let of = |key: &str| text(&span.attributes, key);
        assert_eq!(of("gen_ai.operation.name"), operation, "{genai}");
        assert_eq!((of("goose.model"), of("gen_ai.request.model")), (own, model), "{genai}");
        // An answer is content by its conventional name, whatever it was called.
        assert_eq!((of("goose.answer"), of("gen_ai.output.messages")), (None, None), "{genai}");
    }
}

/// Also where the conventional name is what makes it content.
#[test]
fn its_conversation_is_shown_where_it_was_kept() {
    let config =
        GOOSE.replace("signals =", "content_attributes = [\"goose.prompt\", \"goose.tool.*\"]\nsignals =").to_owned()
            + "[agents.goose.genai_attributes]\n\"goose.answer\" = \"gen_ai.output.messages\"\n";
    let home = home("goose", &config);
    let file = home.work().join("request.jsonl");
    std::fs::write(&file, request_of_goose()).unwrap();
    let words = [test_child().into_os_string(), "replay".into(), file.into()];
    in_home(&home).flag("--agent", "goose").flag("--content", "local").child(words).expect_exit(0);
    let mut shown = in_home(&home).args(["show", "--conversation"]).expect_exit(0);
    for canary in ["CANARY-1", "CANARY-2", "CANARY-3", "CANARY-5"] {
        shown = shown.stdout_has(canary);
    }
}
