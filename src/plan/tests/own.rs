//! What the user's own configuration of an agent does to a plan.

use std::path::PathBuf;

use super::{Case, case, flag, value, variable};
use crate::agent::own::{Found, Place};
use crate::settings::{Destination, FileText, Upstream};

impl Case {
    fn file(mut self, place: Place, path: &str, text: &str) -> Self {
        let file = FileText { path: PathBuf::from(path), text: text.to_owned() };
        self.files.push(Found { place, file: Ok(file) });
        self
    }

    /// The command's words, without what the user typed at the end.
    fn line(&self) -> String {
        let words: Vec<String> = self.plan().argv.iter().map(|word| word.to_str().unwrap().to_owned()).collect();
        words.join(" ")
    }

    fn destinations(&self) -> Vec<String> {
        let plan = self.plan();
        let shown = plan.destinations.iter().flat_map(|one| {
            let base = one.endpoint.iter().map(|url| format!("{} {}", one.name, url.value));
            let own = one.signal_endpoints.iter();
            base.chain(own.map(|(signal, url)| format!("{} {} {}", one.name, signal.as_str(), url.value)))
                .collect::<Vec<_>>()
        });
        shown.collect()
    }
}

const USER: &str = "/home/u/.claude/settings.json";

/// A file that exports all three signals elsewhere.
const ELSEWHERE: &str = r#"{
  "env": {
    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
    "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1",
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_LOGS_EXPORTER": "otlp",
    "OTEL_METRICS_EXPORTER": "console,otlp",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "https://otlp.example.com",
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer hunter2",
    "OTEL_LOG_USER_PROMPTS": "1"
  }
}"#;

#[test]
fn claude_alone() {
    insta::assert_snapshot!(case(&["claude", "-p", "fix the failing test"]).text());
}

#[test]
fn claude_with_settings_that_lead_elsewhere() {
    let case = case(&["claude", "-p", "hi"]).file(Place::User, USER, ELSEWHERE);
    insta::assert_snapshot!(case.text());
    let plan = case.plan();
    let file = plan.private_file.unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(file.text.expose()).unwrap(),
        serde_json::json!({ "env": {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4711/5ec2e7",
            "OTEL_EXPORTER_OTLP_HEADERS": "",
            "OTEL_LOG_USER_PROMPTS": "",
        }})
    );
}

/// Each row: the files, the words behind `claude`, which variables have to be said again, how many warnings there are, where
/// the run goes besides.
#[test]
fn what_of_claudes_settings_counts() {
    type Files = &'static [(Place, &'static str, &'static str)];
    type Words = &'static [&'static str];
    type Row = (Files, Words, Words, usize, Words);
    const ON: &str = r#"{"env":{"CLAUDE_CODE_ENABLE_TELEMETRY":"1","OTEL_LOGS_EXPORTER":"otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT":"http://mine:4318/x"}}"#;
    const OFF: &str = r#"{"env":{"CLAUDE_CODE_ENABLE_TELEMETRY":"0"}}"#;
    let cases: [Row; 17] = [
        (&[], &["-p", "hi"], &[], 0, &[]),
        // Without a session, and in one that outlives the run, there is nobody to say it to.
        (&[(Place::User, USER, OFF)], &["mcp", "list"], &[], 0, &[]),
        (&[(Place::User, USER, OFF)], &["--bg", "hi"], &[], 0, &[]),
        (&[(Place::User, USER, r#"{"model":"m"}"#)], &[], &[], 0, &[]),
        // What it says is what is wanted.
        (&[(Place::User, USER, r#"{"env":{"CLAUDE_CODE_ENABLE_TELEMETRY":"1"}}"#)], &[], &[], 0, &[]),
        // What the user may say is respected.
        (
            &[(Place::User, USER, r#"{"env":{"OTEL_LOGS_EXPORT_INTERVAL":7,"OTEL_TRACES_EXPORTER":"none"}}"#)],
            &[],
            &[],
            0,
            &[],
        ),
        (
            &[(Place::User, USER, r#"{"env":{"CLAUDE_CODE_ENABLE_TELEMETRY":"0"}}"#)],
            &[],
            &["CLAUDE_CODE_ENABLE_TELEMETRY"],
            0,
            &[],
        ),
        (
            &[(Place::User, USER, ON)],
            &[],
            &["OTEL_EXPORTER_OTLP_ENDPOINT"],
            0,
            &["claude-settings logs http://mine:4318/x/v1/logs"],
        ),
        // A later file counts, and a project's is overridden without being a destination.
        (
            &[
                (Place::User, USER, ON),
                (
                    Place::Project,
                    "/project/.claude/settings.json",
                    r#"{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"http://theirs"}}"#,
                ),
            ],
            &[],
            &["OTEL_EXPORTER_OTLP_ENDPOINT"],
            0,
            &["claude-settings logs http://mine:4318/x/v1/logs"],
        ),
        (
            &[
                (Place::User, USER, ON),
                (Place::Named, "/project/my.json", r#"{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"http://named"}}"#),
            ],
            &["--settings", "my.json"],
            &["OTEL_EXPORTER_OTLP_ENDPOINT"],
            0,
            &["claude-settings logs http://named/v1/logs"],
        ),
        (
            &[(Place::User, USER, ON)],
            &["--settings", r#"{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"http://typed"}}"#],
            &["OTEL_EXPORTER_OTLP_ENDPOINT"],
            0,
            &["claude-settings logs http://typed/v1/logs"],
        ),
        // Nothing is exported by itself.
        (
            &[(Place::User, USER, r#"{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"http://mine"}}"#)],
            &[],
            &["OTEL_EXPORTER_OTLP_ENDPOINT"],
            0,
            &[],
        ),
        // Nothing comes after what is managed, and it goes on exporting there by itself.
        (&[(Place::User, USER, ON), (Place::Managed, "/etc/claude-code/managed-settings.json", ON)], &[], &[], 1, &[]),
        // Files that Claude Code does not read either.
        (&[(Place::User, USER, "{ // OTEL\n}")], &[], &[], 1, &[]),
        (
            &[(Place::User, USER, ON), (Place::Named, "/project/my.json", "{ // mine\n}")],
            &["--settings", "my.json"],
            &[],
            1,
            &["claude-settings logs http://mine:4318/x/v1/logs"],
        ),
        (
            &[(
                Place::User,
                USER,
                r#"{"otelHeadersHelper":"print headers","env":{"CLAUDE_CODE_ENABLE_TELEMETRY":"1","OTEL_METRICS_EXPORTER":"otlp","OTEL_EXPORTER_OTLP_METRICS_ENDPOINT":"http://m/own","OTEL_EXPORTER_OTLP_PROTOCOL":"grpc"}}"#,
            )],
            &[],
            &["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"],
            1,
            &["claude-settings metrics http://m/own"],
        ),
        (
            &[(
                Place::User,
                USER,
                r#"{"env":{"CLAUDE_CODE_ENABLE_TELEMETRY":"1","OTEL_LOGS_EXPORTER":"otlp","OTEL_EXPORTER_OTLP_ENDPOINT":"collector:4318"}}"#,
            )],
            &[],
            &["OTEL_EXPORTER_OTLP_ENDPOINT"],
            1,
            &[],
        ),
    ];
    for (files, words, again, warnings, destinations) in cases {
        let line: Vec<&'static str> = ["claude"].into_iter().chain(words.iter().copied()).collect();
        let case = files.iter().fold(case(&line), |case, (place, path, text)| case.file(*place, path, text));
        let plan = case.plan();
        let names = plan
            .private_file
            .iter()
            .flat_map(|file| &file.variables)
            .map(|again| again.name.clone())
            .collect::<Vec<_>>();
        assert_eq!(names, again, "{files:?} {words:?}");
        assert_eq!(plan.warnings.len(), warnings, "{files:?} {words:?}: {:?}", plan.warnings);
        assert_eq!(case.destinations(), destinations, "{files:?} {words:?}");
        assert_eq!(case.line().contains("/run/user/1000"), !again.is_empty(), "{}", case.line());
    }
}

#[test]
fn claude_without_a_place_for_a_file() {
    let mut case = case(&["claude", "-p", "hi"]).file(Place::User, USER, ELSEWHERE);
    case.private_file = None;
    let plan = case.plan();
    assert_eq!(case.line(), "claude -p hi");
    assert!(plan.warnings[0].text.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{:?}", plan.warnings);
}

#[test]
fn what_is_sent_over_http_is_not_decoded_and_over_grpc_it_is() {
    for (protocol, expected) in [("http/json", "a%20b"), ("grpc", "a b")] {
        let text = format!(
            r#"{{"env":{{"CLAUDE_CODE_ENABLE_TELEMETRY":"1","OTEL_LOGS_EXPORTER":"otlp","OTEL_EXPORTER_OTLP_PROTOCOL":"{protocol}",
            "OTEL_EXPORTER_OTLP_ENDPOINT":"http://mine","OTEL_EXPORTER_OTLP_HEADERS":"x=a%20b"}}}}"#
        );
        let case = case(&["claude"]).file(Place::User, USER, &text);
        let own = case.own(&["claude".into()]);
        let (_, header) = own.upstreams[0].all_headers().next().unwrap();
        assert_eq!(header.value, crate::settings::HeaderValue::Literal(crate::secret::Secret::new(expected)));
    }
}

#[test]
fn content_switches_of_claude() {
    let mut case = case(&["claude"]).with(&[("OTEL_LOG_TOOL_DETAILS", "0")]);
    case.settings.content = flag(crate::settings::Content::On, "--content");
    let plan = case.plan();
    for (name, expected) in [
        ("OTEL_LOG_USER_PROMPTS", Some("1")),
        ("OTEL_LOG_ASSISTANT_RESPONSES", Some("1")),
        ("OTEL_LOG_TOOL_DETAILS", None),
        ("OTEL_LOG_TOOL_CONTENT", Some("1")),
    ] {
        assert_eq!(value(&plan, name), expected, "{name}");
    }
}

const CODEX: &str = "/home/u/.codex/config.toml";

#[test]
fn codex_alone() {
    let case = case(&["codex", "exec", "fix the failing test"]).with(&[("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")]);
    insta::assert_snapshot!(case.text());
    let plan = case.plan();
    assert!(plan.argv.iter().all(|word| !word.to_str().unwrap().contains("5ec2e7")), "{:?}", plan.argv);
    assert_eq!(value(&plan, "OTEL_EXPORTER_OTLP_HEADERS"), Some("x-otel-run-token=5ec2e7"));
}

#[test]
fn codex_with_exporters_of_another_kind() {
    let case = case(&["codex", "-p", "ci", "exec", "hi"]).file(
        Place::User,
        CODEX,
        r#"model = "m"

[otel]
log_user_prompt = true
exporter = { otlp-grpc = { endpoint = "https://logs.example.com", headers = { "x-api-key" = "hunter2" }, tls = { ca-certificate = "/ca.pem" } } }

[otel.trace_exporter.otlp-http]
endpoint = "https://traces.example.com/v1/traces?key=hunter2"
protocol = "json"
headers = { authorization = "Bearer%20hunter2" }
"#,
    );
    insta::assert_snapshot!(case.text());
}

/// Each row: the files, the words behind `codex`, the kinds that it is given, how many warnings there are, where the run goes
/// besides.
#[test]
fn what_of_codexs_configuration_counts() {
    type Files = &'static [(Place, &'static str, &'static str)];
    type Words = &'static [&'static str];
    type Row = (Files, Words, &'static str, usize, Words);
    const GRPC: &str = "otel.exporter.otlp-grpc.endpoint = \"http://mine:4317\"\n";
    const HTTP: &str = "otel.exporter.otlp-http.endpoint = \"http://mine/logs\"\n";
    let all = "trace:http logs:http metrics:http";
    let cases: [Row; 15] = [
        (&[], &["exec", "hi"], all, 0, &[]),
        (&[], &[], all, 0, &[]),
        (&[], &["mcp", "list"], "", 0, &[]),
        (&[], &["--version"], "", 0, &[]),
        (&[(Place::User, CODEX, "model = \"m\"\n")], &["exec"], all, 0, &[]),
        (
            &[(Place::User, CODEX, "[otel]\nexporter = \"none\"\nmetrics_exporter = \"statsig\"\n")],
            &["exec"],
            all,
            0,
            &[],
        ),
        (&[(Place::User, CODEX, HTTP)], &["exec"], all, 0, &["codex-config logs http://mine/logs"]),
        (
            &[(Place::User, CODEX, GRPC)],
            &["exec"],
            "trace:http logs:grpc metrics:http",
            0,
            &["codex-config logs http://mine:4317"],
        ),
        (
            &[(Place::Machine, "/etc/codex/config.toml", GRPC), (Place::User, "/home/u/.codex/p.config.toml", GRPC)],
            &["exec"],
            "trace:http logs:grpc metrics:http",
            0,
            &["codex-config logs http://mine:4317"],
        ),
        (&[(Place::Managed, "/etc/codex/managed_config.toml", HTTP)], &["exec"], "trace:http metrics:http", 1, &[]),
        // The user's own words count, whatever they are.
        (
            &[(Place::User, CODEX, HTTP)],
            &["-c", "otel.exporter.otlp-http.endpoint=\"x\"", "exec"],
            "trace:http metrics:http",
            1,
            &[],
        ),
        (&[], &["exec", "--config=otel.trace_exporter=\"none\""], "logs:http metrics:http", 1, &[]),
        (&[], &["exec", "-cotel={}"], "", 3, &[]),
        (&[], &["exec", "--", "-c", "otel={}"], all, 0, &[]),
        // No TOML: Codex says so itself.
        (&[(Place::User, CODEX, "otel = [\n")], &["exec"], all, 0, &[]),
    ];
    for (files, words, kinds, warnings, destinations) in cases {
        let line: Vec<&'static str> = ["codex"].into_iter().chain(words.iter().copied()).collect();
        let case = files.iter().fold(case(&line), |case, (place, path, text)| case.file(*place, path, text));
        let typed = line.len();
        let plan = case.plan();
        let given: Vec<String> = plan
            .argv
            .iter()
            .skip(1)
            .take(plan.argv.len() - typed)
            .map(|word| {
                let word = word.to_str().unwrap();
                let name = match word {
                    _ if word.starts_with("otel.trace_exporter") => "trace",
                    _ if word.starts_with("otel.exporter") => "logs",
                    _ if word.starts_with("otel.metrics_exporter") => "metrics",
                    _ => return String::new(),
                };
                format!("{name}:{}", if word.contains("otlp-grpc") { "grpc" } else { "http" })
            })
            .filter(|kind| !kind.is_empty())
            .collect();
        assert_eq!(given.join(" "), kinds, "{files:?} {words:?}");
        assert_eq!(plan.warnings.len(), warnings, "{files:?} {words:?}: {:?}", plan.warnings);
        assert_eq!(case.destinations(), destinations, "{files:?} {words:?}");
    }
    // A signal that is switched off stays off.
    let case = case(&["codex", "exec"]).with(&[("OTEL_LOGS_EXPORTER", "none")]);
    assert!(!case.line().contains("otel.exporter"), "{}", case.line());
}

#[test]
fn content_arguments_of_codex() {
    let mut case = case(&["codex", "exec", "hi"]);
    assert!(!case.line().contains("log_user_prompt"));
    case.settings.content = flag(crate::settings::Content::On, "--content");
    assert!(case.line().contains(" -c otel.log_user_prompt=true exec hi"), "{}", case.line());
}

/// Each row: program, files, environment, how many warnings there are, where the run goes besides.
#[test]
fn what_of_gemini_and_qwen_settings_counts() {
    type Row = (
        &'static str,
        &'static [(Place, &'static str, &'static str)],
        &'static [(&'static str, &'static str)],
        usize,
        &'static [&'static str],
    );
    const GEMINI: &str = "/home/u/.gemini/settings.json";
    let cases: [Row; 12] = [
        ("gemini", &[], &[], 0, &[]),
        ("gemini", &[(Place::User, GEMINI, "{}")], &[], 0, &[]),
        (
            "gemini",
            &[(Place::User, GEMINI, r#"{"telemetry":{"enabled":false,"otlpEndpoint":"http://mine"}}"#)],
            &[],
            0,
            &[],
        ),
        (
            "gemini",
            &[(Place::User, GEMINI, "{\"telemetry\":{ // mine\n\"enabled\":true,\"otlpEndpoint\":\"http://mine\",}}")],
            &[],
            0,
            &["gemini-settings http://mine"],
        ),
        (
            "gemini",
            &[(Place::User, GEMINI, r#"{"telemetry":{"enabled":true}}"#)],
            &[],
            0,
            &["gemini-settings http://localhost:4317"],
        ),
        ("gemini", &[(Place::User, GEMINI, r#"{"telemetry":{"enabled":true,"outfile":"/tmp/x"}}"#)], &[], 1, &[]),
        ("gemini", &[(Place::User, GEMINI, r#"{"telemetry":{"enabled":true,"target":"gcp"}}"#)], &[], 1, &[]),
        ("gemini", &[(Place::User, GEMINI, "{")], &[], 0, &[]),
        ("gemini", &[(Place::User, GEMINI, "{\"telemetry\"")], &[], 1, &[]),
        (
            "gemini",
            &[
                (Place::User, GEMINI, r#"{"telemetry":{"enabled":true}}"#),
                (Place::Project, "/project/.gemini/settings.json", r#"{"telemetry":{"otlpEndpoint":"http://theirs"}}"#),
            ],
            &[],
            1,
            &["gemini-settings http://localhost:4317"],
        ),
        (
            "gemini",
            &[],
            &[("GEMINI_TELEMETRY_ENABLED", "true"), ("GEMINI_TELEMETRY_OTLP_ENDPOINT", "http://var")],
            0,
            &["gemini-settings http://var"],
        ),
        (
            "qwen",
            &[(
                Place::User,
                "/home/u/.qwen/settings.json",
                r#"{"telemetry":{"enabled":true,"otlpProtocol":"http","otlpTracesEndpoint":"http://t/own"}}"#,
            )],
            &[],
            0,
            &["qwen-settings traces http://t/own"],
        ),
    ];
    for (program, files, environment, warnings, destinations) in cases {
        let case = files.iter().fold(case(&[program]), |case, (place, path, text)| case.file(*place, path, text));
        let case = case.with(environment);
        assert_eq!(case.plan().warnings.len(), warnings, "{files:?}: {:?}", case.plan().warnings);
        assert_eq!(case.destinations(), destinations, "{files:?} {environment:?}");
    }
    // The variable that is otel-run's own destination comes before theirs.
    let settings = r#"{"telemetry":{"enabled":true,"otlpEndpoint":"http://mine"}}"#;
    let case =
        case(&["gemini"]).file(Place::User, GEMINI, settings).with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://own")]);
    assert_eq!(case.destinations(), [""; 0]);
}

#[test]
fn a_destination_of_an_agent_is_fed_unless_the_user_says_otherwise() {
    let feeding = || case(&["claude"]).file(Place::User, USER, ELSEWHERE);
    assert_eq!(feeding().destinations(), ["claude-settings https://otlp.example.com"]);

    let mut off = feeding();
    off.settings.agent_destinations = flag(false, "--agent-destinations");
    assert_eq!(off.destinations(), [""; 0]);
    assert!(off.plan().private_file.is_some());

    // Without the collector Claude Code exports there by itself.
    let mut alone = feeding();
    alone.settings.collector = flag(false, "--collector");
    assert_eq!(alone.destinations(), [""; 0]);
    assert_eq!(alone.plan().private_file, None);

    // Not twice.
    let upstream = |name: &str, url: &str| Upstream {
        name: name.to_owned(),
        destination: Destination {
            endpoint: Some(variable(url.to_owned(), "OTEL_EXPORTER_OTLP_ENDPOINT")),
            ..Destination::default()
        },
        transport: crate::settings::PerSignal::default(),
    };
    for (name, url, expected) in [
        ("default", "https://otlp.example.com/", vec!["default https://otlp.example.com/"]),
        ("claude-settings", "http://c", vec!["claude-settings http://c"]),
        ("default", "http://c", vec!["default http://c", "claude-settings https://otlp.example.com"]),
    ] {
        let mut case = feeding();
        case.settings.upstreams = vec![upstream(name, url)];
        assert_eq!(case.destinations(), expected);
    }
}

mod properties {
    use proptest::prelude::*;

    use super::super::case;
    use crate::agent::own::Place;

    proptest! {
        #[test]
        fn nothing_in_a_file_panics(
            text in "(\\PC|\\{|\\}|\"|:|,|=|\n|\\[otel\\]|otel|\"env\"|OTEL_EXPORTER_OTLP_ENDPOINT|telemetry|exporter|otlp-http|endpoint|http://a|%|\\.){0,30}",
            place in prop_oneof![Just(Place::User), Just(Place::Project), Just(Place::Named), Just(Place::Managed)],
        ) {
            for program in ["claude", "codex", "gemini", "qwen", "opencode"] {
                let _ = case(&[program]).file(place, "/home/u/file", &text).words();
            }
        }
    }
}
