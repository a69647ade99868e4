#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsString;
use std::time::Duration;

use super::*;
use crate::agent::own::{Circumstances, OwnVariable};
use crate::agent::{Agents, CommandLine};
use crate::plan::{CollectorAddress, ContextFacts, Inputs};
use crate::secret::Secret;
use crate::settings::{Sourced, resolve};

/// A command and what it is started with.
struct Case {
    command: Vec<OsString>,
    environment: Environment,
    own: Own,
    found: Found,
    version: Option<&'static str>,
}

fn case(line: &str) -> Case {
    Case {
        command: line.split(' ').map(OsString::from).collect(),
        environment: Environment::default(),
        own: Own::default(),
        found: Found::File("/bin/it".into()),
        version: None,
    }
}

impl Case {
    fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.set(name, value);
        self
    }

    fn findings(&self) -> Vec<Finding> {
        let (settings, complaints) = resolve(Default::default(), &self.environment, None, None);
        let context = ContextFacts {
            trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
            span_id: "b7ad6b7169203331".to_owned(),
            parent_span_id: None,
            sampled: true,
            recording: true,
            changes: Vec::new(),
        };
        let collector = CollectorAddress { base_url: "http://127.0.0.1:1/t".to_owned(), token: Secret::new("t") };
        let (agents, _) = Agents::with(&[]);
        let plan = plan::make(Inputs {
            command: CommandLine { argv: &self.command, links: &[], at_terminal: false },
            environment: &self.environment,
            agents: &agents,
            settings: &settings,
            complaints: &complaints,
            collector: Some(&collector),
            context: &context,
            resource_attributes: &[],
            span_name: "it",
            drain_deadline: &Sourced::default_value(Duration::from_secs(5)),
            state_dir: None,
            own: &self.own,
            private_file: Some(std::path::Path::new("/run/own.json")),
        });
        let found = findings(&Facts {
            plan: &plan,
            own: &self.own,
            environment: &self.environment,
            words: self.command.len(),
            started: (&self.command[0].to_string_lossy(), &self.found),
            behind: None,
            version: self.version,
        });
        assert!(found.iter().all(|finding| finding.grade < Grade::Warning || finding.remedy.is_some()), "{found:?}");
        found
    }

    #[track_caller]
    fn has(&self, check: &str, grade: Grade) -> Finding {
        let found = self.findings();
        let one = found.iter().find(|finding| finding.check == check);
        let one = one.unwrap_or_else(|| panic!("{check} is not among {found:#?}"));
        assert_eq!(one.grade, grade, "{one:?}");
        one.clone()
    }

    #[track_caller]
    fn has_not(&self, check: &str) {
        let found = self.findings();
        assert!(found.iter().all(|finding| finding.check != check), "{found:#?}");
    }
}

#[test]
fn what_is_started_is_there_or_not() {
    let mut case = case("opencode run hi");
    case.has("agent.found", Grade::Fine);
    case.version = Some("1.18.33");
    case.has("agent.version", Grade::Fine);
    case.version = Some("9.9.9");
    let other = case.has("agent.version", Grade::Note);
    assert!(other.what.contains("9.9.9 is /bin/it; otel-run was tried with 1.18.33"), "{}", other.what);
    case.found = Found::NotExecutable("/bin/it".into());
    case.has("agent.not_executable", Grade::Loss);
    case.found = Found::Missing;
    case.has("agent.missing", Grade::Loss);
}

#[test]
fn what_an_agent_is_told_and_what_is_known_of_it() {
    let opencode = case("opencode run hi");
    assert!(opencode.has("agent.told", Grade::Fine).what.contains("OTEL_EXPORTER_OTLP_ENDPOINT"));
    opencode.has("agent.records", Grade::Note);
    opencode.has("agent.last_batches", Grade::Note);
    opencode.has("agent.nested", Grade::Fine);
    opencode.has_not("agent.unknown");
    let codex = case("codex exec hi").has("agent.told", Grade::Fine).what;
    assert!(codex.contains("and by 6 words in its command line"), "{codex}");
    case("make test").has("agent.unknown", Grade::Note);
    case("env A=b opencode").has("agent.launcher", Grade::Fine);
}

#[test]
fn what_stands_between_is_a_loss() {
    let hindered = case("env -i opencode");
    hindered.has("agent.hindrance", Grade::Loss);
    hindered.has_not("agent.told");
    case("make").with("OTEL_CONFIG_FILE", "o.yaml").has("agent.configuration_file", Grade::Loss);
    let merged = r#"{"experimental":{"openTelemetry":false}}"#;
    case("opencode").with("OPENCODE_CONFIG_CONTENT", merged).has("agent.not_told", Grade::Loss);
    case("opencode run --attach http://h hi").has("agent.caution", Grade::Warning);
    let off = case("opencode").with("OTEL_TRACES_EXPORTER", "none").with("OTEL_LOGS_EXPORTER", "none");
    off.has("agent.switched_off", Grade::Warning);
    case("opencode").with("OTEL_RUN_AGENT", "none").has("agent.none", Grade::Warning);
    case("opencode").with("OPENCODE_PURE", "").has("agent.empty_variable", Grade::Warning);
    case("opencode --pure run hi").has("agent.without_plugins", Grade::Note);
    case("opencode run -- --pure").has_not("agent.without_plugins");
    case("opencode").with("OTEL_TRACES_EXPORTER", "otlp").has("agent.ignores", Grade::Note);
}

#[test]
fn headers_are_the_agents_only_where_it_is_not_told() {
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "a=1, b=2");
    case("opencode").with(headers.0, headers.1).has_not("credentials.agent");
    let left = case("opencode").with(headers.0, headers.1).with("OTEL_RUN_COLLECTOR", "off");
    left.has("credentials.agent", Grade::Loss);
}

#[test]
fn a_proxy_does_not_take_what_is_for_loopback() {
    let proxied = || case("opencode").with("HTTP_PROXY", "http://p:3128");
    proxied().has("agent.proxy", Grade::Fine);
    // Claude Code asks no proxy for loopback.
    case("claude -p hi").with("HTTP_PROXY", "http://p:3128").has_not("agent.proxy");
    case("opencode").has_not("agent.proxy");
}

#[test]
fn files_that_come_last_are_a_loss_and_others_are_said_again() {
    let variable = |is_fixed| OwnVariable {
        name: "OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(),
        value: "http://elsewhere:4318".to_owned(),
        origin: Origin::File { path: "/etc/claude-code/managed-settings.json".into(), line: 2 },
        is_fixed,
    };
    let with = |is_fixed| {
        let mut case = case("claude -p hi");
        case.own.variables.push(variable(is_fixed));
        case
    };
    with(true).has("agent.configuration.fixed", Grade::Loss);
    let again = with(false).has("agent.configuration.again", Grade::Note);
    assert!(matches!(again.origin, Some(Origin::File { line: 2, .. })));
    assert!(!format!("{:?}", with(false).findings()).contains("elsewhere"));
}

#[test]
fn destinations_of_the_agent_are_told() {
    let mut case = case("claude -p hi");
    let argv = case.command.clone();
    let line = CommandLine { argv: &argv, links: &[], at_terminal: false };
    let detected = Agents::with(&[]).0.detect(line);
    let environment = Environment::default();
    let circumstances = Circumstances {
        argv: &argv,
        detected: &detected,
        environment: &environment,
        folder: std::path::Path::new("/"),
    };
    let text = r#"{"env": {"CLAUDE_CODE_ENABLE_TELEMETRY": "1", "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://elsewhere:4318"}}"#;
    let file = crate::settings::FileText { path: "/home/u/.claude/settings.json".into(), text: text.to_owned() };
    let found = crate::agent::own::Found { place: crate::agent::own::Place::User, file: Ok(file) };
    case.own = circumstances.read(&[found]);
    let destination = case.has("agent.configuration.destination", Grade::Fine);
    assert!(destination.what.contains("http://elsewhere:4318/v1/logs, which is a destination of the run as well"));
    let without = case.with("OTEL_RUN_AGENT_DESTINATIONS", "off");
    without.has("agent.configuration.destination", Grade::Note);
}

#[test]
fn agents_in_the_path_are_listed() {
    let none = without_command(&[]);
    assert_eq!((none[0].grade, none[0].what.as_str()), (Grade::Note, "no agent that otel-run knows is in PATH"));
    let installed = Installed { name: "codex", file: "/bin/codex".into(), version: Some("0.169.0".to_owned()) };
    let one = without_command(&[installed]);
    assert_eq!(one[0].what, "codex 0.169.0 is /bin/codex");
    assert!(one[0].remedy.as_ref().unwrap().contains("otel-run doctor codex"));
}

#[test]
fn without_loopback_there_is_no_collector() {
    assert_eq!(loopback(&Ok(())).grade, Grade::Fine);
    assert_eq!(loopback(&Err("Operation not permitted".to_owned())).grade, Grade::Loss);
}
