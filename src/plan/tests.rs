//! Plans as a user sees them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::{Action, Around, Change, Collection, CollectorAddress, ContextFacts, Inputs, Plan, make};
use crate::agent::own::{Circumstances, Found, Own};
use crate::agent::{Agents, CommandLine};
use crate::environment::Environment;
use crate::otlp::Signal;
use crate::secret::Secret;
use crate::settings::file::FileKind;
use crate::settings::{
    self, AgentChoice, Complaint, Content, Destination, Fault, FileText, HeaderValue, Identity, Nest, Origin,
    PerSignal, Protocol, Required, ServiceName, Settings, Sourced, Transport, Upstream,
};

mod own;

/// What a test varies; everything else is as at most users'.
pub(super) struct Case {
    pub(super) line: Vec<&'static str>,
    pub(super) environment: Vec<(&'static str, &'static str)>,
    pub(super) settings: Settings,
    complaints: Vec<Complaint>,
    collector: Option<CollectorAddress>,
    agents: Agents,
    parent: Option<&'static str>,
    /// Files that the agent reads.
    files: Vec<Found>,
    private_file: Option<&'static str>,
}

pub(super) fn case(line: &[&'static str]) -> Case {
    Case {
        line: line.to_vec(),
        environment: Vec::new(),
        settings: Settings::default(),
        complaints: Vec::new(),
        collector: Some(CollectorAddress {
            base_url: "http://127.0.0.1:4711/5ec2e7".to_owned(),
            token: Secret::new("5ec2e7"),
        }),
        agents: Agents::default(),
        parent: None,
        files: Vec::new(),
        private_file: Some("/run/user/1000/otel-run-b7ad6b7169203331.json"),
    }
}

impl Case {
    pub(super) fn with(mut self, environment: &[(&'static str, &'static str)]) -> Self {
        self.environment.extend(environment);
        self
    }

    pub(super) fn base(&self) -> Environment {
        self.environment.iter().copied().collect()
    }

    pub(super) fn plan(&self) -> Plan {
        let argv: Vec<OsString> = self.line.iter().map(OsString::from).collect();
        let trace_parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let disabled = self.settings.sdk_disabled.value;
        make(Inputs {
            command: CommandLine { argv: &argv, links: &[], at_terminal: true },
            environment: &self.base(),
            agents: &self.agents,
            settings: &self.settings,
            complaints: &self.complaints,
            collector: self.collector.as_ref(),
            context: &ContextFacts {
                trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
                span_id: "b7ad6b7169203331".to_owned(),
                parent_span_id: self.parent.map(str::to_owned),
                sampled: true,
                recording: true,
                changes: if disabled {
                    Vec::new()
                } else {
                    vec![Change::set("TRACEPARENT", trace_parent, "makes the run span the parent")]
                },
            },
            resource_attributes: &[
                ("otel_run.run.id".to_owned(), "20261120-110915-a1b2c3".to_owned()),
                ("note".to_owned(), "needs encoding".to_owned()),
            ],
            span_name: "opencode run",
            drain_deadline: &default(Duration::from_secs(5)),
            state_dir: Some(&default(PathBuf::from("/home/u/.local/state/otel-run"))),
            own: &self.own(&argv),
            private_file: self.private_file.map(std::path::Path::new),
        })
    }

    fn own(&self, argv: &[OsString]) -> Own {
        let line = CommandLine { argv, links: &[], at_terminal: true };
        let detected = super::detected(line, &self.agents, &self.settings);
        let folder = std::path::Path::new("/project");
        let environment = self.base();
        Circumstances { argv, detected: &detected, environment: &environment, folder }.read(&self.files)
    }

    fn text(&self) -> String {
        let text = self.words();
        assert!(!text.contains("5ec2e7") && !text.contains("hunter2"), "a secret is printed:\n{text}");
        let debug = format!("{:?}", self.plan());
        assert!(!debug.contains("5ec2e7"), "a secret is printed: {debug}");
        text
    }
}

impl Case {
    /// The plan as the user reads it.
    fn words(&self) -> String {
        let (environment, secrets) = (self.base(), crate::secret::Secrets::new([]));
        self.plan().in_words(&Around { environment: &environment, secrets: &secrets, blanked: &[] })
    }
}

fn default<T>(value: T) -> Sourced<T> {
    Sourced { value, origin: Origin::Default }
}

fn flag<T>(value: T, name: &'static str) -> Sourced<T> {
    Sourced { value, origin: Origin::Flag(name) }
}

fn variable<T>(value: T, name: &str) -> Sourced<T> {
    Sourced { value, origin: Origin::Variable(name.to_owned()) }
}

fn value<'a>(plan: &'a Plan, name: &str) -> Option<&'a str> {
    plan.environment.iter().find(|change| change.name == name).map(|change| match &change.action {
        Action::Set(value) => value.expose().to_str().unwrap(),
        Action::Remove => "(removed)",
    })
}

/// An agent of the user's with everything that is said in words.
#[test]
fn an_agent_in_words() {
    let text = r#"[agents.goose]
title = "Goose"
versions = ["1.9.0"]
packages = ["@block/goose"]
modes = { working = ["run", "serve"], without_subcommand = "session" }
protocols = ["http/protobuf", "grpc"]
signals = ["traces", "metrics"]
takes_parent = "partly"
ignores = ["OTEL_CONFIG_FILE"]
content_attributes = ["goose.prompt", "goose.tool.*"]
records_unasked = ["prompts, in spans", "command lines, in metrics"]
flush = { at_end = "sent", on_signal = "lost" }
launcher_keeps_signals = true
arguments = [
    { before = ["--otlp", "{endpoint}/v1/traces", "{token}"], modes = ["run", "serve"], reason = "it knows no variable" },
    { settings = { option = "--settings", key = "env" }, reason = "files beat the environment" },
]
cautions = [{ modes = ["run"], option = "--remote", text = "it works elsewhere" }]
[agents.goose.set_if_unset]
GOOSE_DELAY = { value = "5", reason = "it is fast" }
[agents.goose.set]
GOOSE_OTLP = "{endpoint}"
[agents.goose.probe]
arguments = ["features", "list"]
alternatives = [{ when_answer_has = "in `otel`", argument = { after = ["--grpc", "{collector}"], reason = "of its kind" } }]
"#;
    let file = FileText { path: PathBuf::from("/u/config.toml"), text: text.to_owned() };
    let (layer, _) = settings::file::layer(FileKind::User, &file, &Environment::default());
    let (agents, complaints) = Agents::with(&layer.agents);
    assert_eq!(complaints, []);
    let mut case = Case { agents, ..case(&["npx", "@block/goose"]) };
    case.environment = vec![("GOOSE_DELAY", "7"), ("GOOSE_OTLP", "hunter2"), ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2")];
    let text = case.plan().agent_in_words(&case.base(), Some("/u/config.toml:1"));
    assert!(!text.contains("5ec2e7") && !text.contains("hunter2"), "a secret is printed:\n{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn opencode_run() {
    insta::assert_snapshot!(case(&["opencode", "run", "fix the failing test"]).text());
}

#[test]
fn opencode_with_a_configuration_of_the_users() {
    let own =
        "{\n  // mine\n  \"provider\": {\"x\": {\"options\": {\"apiKey\": \"hunter2\", \"port\": {env:PORT},}}},\n}";
    let case = case(&["npx", "-y", "opencode-ai", "run", "hi"]).with(&[("OPENCODE_CONFIG_CONTENT", own)]);
    assert_eq!(
        value(&case.plan(), "OPENCODE_CONFIG_CONTENT"),
        Some(own.replacen('{', r#"{"experimental":{"openTelemetry":true},"#, 1).as_str())
    );
    insta::assert_snapshot!(case.text());
}

#[test]
fn gemini_with_a_backend_of_the_users() {
    let case = case(&["gemini", "-p", "hi"]).with(&[
        ("GEMINI_TELEMETRY_TARGET", "gcp"),
        ("GEMINI_TELEMETRY_OUTFILE", "/tmp/telemetry.log"),
        ("GEMINI_TELEMETRY_OTLP_ENDPOINT", "https://u:hunter2@otlp.example.com"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://metrics.example.com"),
        ("OTEL_SERVICE_NAME", "mine"),
    ]);
    insta::assert_snapshot!(case.text());
}

#[test]
fn qwen_with_options_that_beat_the_environment() {
    let line = ["qwen", "--telemetry-outfile", "t.log", "--telemetry-otlp-endpoint=http://127.0.0.1:4318", "hi"];
    let case = case(&line).with(&[("QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT", "https://traces.example.com")]);
    assert_eq!(
        value(&case.plan(), "QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT"),
        Some("http://127.0.0.1:4711/5ec2e7/v1/traces")
    );
    insta::assert_snapshot!(case.text());
}

#[test]
fn copilot_with_a_file_of_the_users() {
    insta::assert_snapshot!(case(&["copilot"]).with(&[("COPILOT_OTEL_FILE_EXPORTER_PATH", "/tmp/t.jsonl")]).text());
}

#[test]
fn cn_whose_metrics_the_user_has_switched_off() {
    let case = case(&["cn", "-p", "hi"]).with(&[("OTEL_METRICS_EXPORTER", "none"), ("CONTINUE_METRICS_ENABLED", "0")]);
    assert_eq!(value(&case.plan(), "OTEL_METRICS_EXPORTER"), None);
    assert_eq!(value(&case.plan(), "CONTINUE_METRICS_ENABLED"), Some("1"));
}

#[test]
fn a_service_is_named_after_the_agent_and_its_use() {
    for (line, name) in [
        (&["opencode", "run", "hi"][..], "opencode/cli"),
        (&["opencode"], "opencode/tui"),
        (&["nice", "opencode", "serve"], "opencode/server"),
        (&["gemini", "-p", "hi"], "gemini/cli"),
        (&["/usr/bin/make", "test"], "make/cli"),
    ] {
        let mut case = case(line).with(&[("OTEL_SERVICE_NAME", "{agent}/{mode}")]);
        let template = ServiceName::read("{agent}/{mode}").unwrap();
        case.settings.service_name = Some(variable(template, "OTEL_SERVICE_NAME"));
        let plan = case.plan();
        assert_eq!(plan.service_name, Some(variable(name.to_owned(), "OTEL_SERVICE_NAME")), "{line:?}");
        // Those that would read it get what it stands for; an agent that would rename itself by it gets nothing.
        let expected = if name.starts_with("make") { name } else { "(removed)" };
        assert_eq!(value(&plan, "OTEL_SERVICE_NAME"), Some(expected), "{line:?}");
        assert!(case.text().contains(&format!("Service       {name} (OTEL_SERVICE_NAME)")), "{}", case.text());
    }
}

#[test]
fn opencode_behind_a_proxy() {
    let case =
        case(&["opencode"]).with(&[("https_proxy", "http://u:hunter2@p"), ("HTTP_PROXY", "p"), ("NO_PROXY", "corp")]);
    insta::assert_snapshot!(case.text());
}

#[test]
fn opencode_with_an_upstream_of_the_users() {
    let mut case = case(&["opencode", "run", "hi"]).with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://u:hunter2@otlp.example.com"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.example.com"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc"),
        ("OTEL_SERVICE_NAME", "mine"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=a%20b"),
    ]);
    case.parent = Some("00f067aa0ba902b7");
    case.settings.nest = Sourced {
        value: Nest::Link,
        origin: Origin::File { path: PathBuf::from("/home/u/.config/otel-run/config.toml"), line: 7 },
    };
    let traces = variable("https://traces.example.com".to_owned(), "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    let destination = Destination {
        endpoint: Some(variable("https://u:hunter2@otlp.example.com".to_owned(), "OTEL_EXPORTER_OTLP_ENDPOINT")),
        signal_endpoints: PerSignal { traces: Some(traces), ..PerSignal::default() },
        headers: vec![
            (
                "authorization".to_owned(),
                variable(HeaderValue::Literal(Secret::new("hunter2")), "OTEL_EXPORTER_OTLP_HEADERS"),
            ),
            ("x-team".to_owned(), flag(HeaderValue::Env("TEAM".to_owned()), "--header")),
        ],
        ..Destination::default()
    };
    let transport =
        Transport { protocol: Some(variable(Protocol::Grpc, "OTEL_EXPORTER_OTLP_PROTOCOL")), ..Transport::default() };
    let default = Upstream { name: "default".to_owned(), destination, transport: PerSignal::all(&transport) };
    case.settings.upstreams = vec![default];
    insta::assert_snapshot!(case.text());
}

#[test]
fn several_upstreams_with_all_their_means() {
    let mut case = case(&["make"]);
    let file = |value: &str, line| Sourced {
        value: value.to_owned(),
        origin: Origin::File { path: PathBuf::from("/home/u/.config/otel-run/config.toml"), line },
    };
    let path = |value: &str, line| {
        let said = file(value, line);
        Some(Sourced { value: PathBuf::from(said.value), origin: said.origin })
    };
    let authorities = Transport { certificate: path("/etc/ca.pem", 4), ..Transport::default() };
    let mut transport = PerSignal::all(&authorities);
    transport.logs.protocol = Some(variable(Protocol::HttpJson, "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL"));
    let identity = Identity { certificate: path("/etc/client.pem", 5), key: path("/etc/client.key", 6) };
    let mut destination = Destination {
        endpoint: Some(file("https://otlp.example.com", 1)),
        headers_helper: path("/usr/bin/print-headers", 3),
        identity: PerSignal::from_fn(|_| identity.clone()),
        ..Destination::default()
    };
    let command = HeaderValue::Command(vec!["pass".to_owned(), "hunter2".to_owned()]);
    destination.signal_headers.logs = Some(vec![("x-logs".to_owned(), flag(command, "--header"))]);
    let first = Upstream { name: "default".to_owned(), destination, transport };
    let second = Upstream {
        name: "archive".to_owned(),
        destination: Destination { endpoint: Some(file("file:/var/otlp/", 9)), ..Destination::default() },
        transport: PerSignal::default(),
    };
    case.settings.upstreams = vec![first, second];
    case.settings.required = Some(flag(Required::Each(vec![Signal::Traces, Signal::Logs]), "--require-telemetry"));
    insta::assert_snapshot!(case.text());
}

#[test]
fn any_other_command() {
    let mut case = case(&["make", "test"]).with(&[("OTEL_TRACES_EXPORTER", "console")]);
    case.settings.content = flag(Content::On, "--content");
    case.complaints = vec![Complaint::new(
        Fault::Value,
        Origin::Variable("OTEL_RUN_NEST".to_owned()),
        "\"up\" is none of adopt, link, off",
    )];
    insta::assert_snapshot!(case.text());
}

#[test]
fn a_configuration_file_of_the_sdk_is_respected() {
    let own = [("OTEL_CONFIG_FILE", "otel.yaml"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2")];
    insta::assert_snapshot!(case(&["make", "test"]).with(&own).text());
    // opencode does not read it.
    let plan = case(&["opencode"]).with(&own).plan();
    assert!(matches!(plan.collection, Collection::Redirected(_)));
    assert_eq!(plan.warnings, []);
}

#[test]
fn a_disabled_sdk_gets_nothing() {
    let mut case = case(&["opencode", "run", "hi"]).with(&[("OTEL_SDK_DISABLED", "true")]);
    case.settings.sdk_disabled = variable(true, "OTEL_SDK_DISABLED");
    assert_eq!(case.plan().environment(&case.base()), case.base());
    insta::assert_snapshot!(case.text());
}

#[test]
fn how_the_command_is_watched_over_is_said_where_it_is_not_the_default() {
    let mut case = case(&["make", "check"]);
    case.settings.time_limit = Some(flag(Duration::from_secs(5400), "--timeout"));
    case.settings.kill_after = Some(variable(Duration::from_millis(1500), "OTEL_RUN_KILL_AFTER"));
    case.settings.success_codes = flag(vec![1, 3], "--success-code");
    case.settings.reap = flag(true, "--reap");
    case.settings.die_with_parent = flag(true, "--die-with-parent");
    case.settings.heartbeat = flag(None, "--heartbeat");
    insta::assert_snapshot!(rows_of(&case), @"
    Success       exit codes 0, 1, 3 (--success-code)
    Heartbeat     none (--heartbeat)
    Time limit    5400 s, then TERM (--timeout) and KILL 1.5 s later (OTEL_RUN_KILL_AFTER)
    Processes     otel-run adopts what the command leaves behind (--reap)
                  the command is killed when otel-run is killed (--die-with-parent)
    ");
    // Without records there is nothing to tell apart and nothing to say, but the command still has its limit.
    case.settings.sdk_disabled = variable(true, "OTEL_SDK_DISABLED");
    case.settings.kill_after = None;
    case.settings.reap = default(false);
    insta::assert_snapshot!(rows_of(&case), @"
    Time limit    5400 s, then TERM (--timeout)
    Processes     the command is killed when otel-run is killed (--die-with-parent)
    ");
    case.settings.sdk_disabled = default(false);
    case.settings.heartbeat = flag(Some(Duration::from_millis(500)), "--heartbeat");
    assert!(case.text().contains("Heartbeat     every 0.5 s (--heartbeat)"), "{}", case.text());
}

/// The rows that most plans do not have.
fn rows_of(case: &Case) -> String {
    let mut within = false;
    let text = case.text();
    let rows = text.lines().take_while(|line| !line.is_empty()).filter(|line| {
        if !line.starts_with(' ') {
            within = ["Success", "Heartbeat", "Time limit", "Processes"].iter().any(|title| line.starts_with(title));
        }
        within
    });
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn without_the_collector_the_command_exports_where_it_did() {
    let mut case =
        case(&["opencode", "run", "hi"]).with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.example.com")]);
    case.collector = None;
    case.settings.collector = flag(false, "--no-collector");
    insta::assert_snapshot!(case.text());
}

#[test]
fn no_agent_means_the_context_only() {
    let mut case =
        case(&["opencode", "run", "hi"]).with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.example.com")]);
    case.settings.agent = flag(AgentChoice::None, "--agent");
    insta::assert_snapshot!(case.text());
}

#[test]
fn the_environment_is_the_base_with_the_changes() {
    let case = case(&["opencode"]).with(&[("HOME", "/home/u"), ("OTEL_SERVICE_NAME", "mine")]);
    let environment = case.plan().environment(&case.base());
    let names: Vec<_> = environment.iter().map(|(name, _)| name.to_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "HOME",
            "OPENCODE_CONFIG_CONTENT",
            "OTEL_BSP_SCHEDULE_DELAY",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "OTEL_RESOURCE_ATTRIBUTES",
            "TRACEPARENT"
        ]
    );
    assert_eq!(environment.get("OTEL_EXPORTER_OTLP_ENDPOINT"), Some("http://127.0.0.1:4711/5ec2e7"));
}

#[test]
fn resource_attributes_are_written_as_the_agent_reads_them() {
    let other = case(&["make"]).plan();
    let id = "otel_run.run.id=20261120-110915-a1b2c3";
    assert_eq!(value(&other, "OTEL_RESOURCE_ATTRIBUTES"), Some(format!("{id},note=needs%20encoding").as_str()));
    assert_eq!(value(&case(&["opencode"]).plan(), "OTEL_RESOURCE_ATTRIBUTES"), Some(id));
    let broken = case(&["make"]).with(&[("OTEL_RESOURCE_ATTRIBUTES", "a=%zz")]).plan();
    assert_eq!(value(&broken, "OTEL_RESOURCE_ATTRIBUTES"), None);
    assert!(broken.warnings.iter().any(|warning| warning.text.contains("does not decode")), "{:?}", broken.warnings);
}

#[test]
fn the_users_choice_of_agent_decides() {
    let mut chosen = case(&["./wrapper", "run"]);
    chosen.settings.agent = flag(AgentChoice::Named("opencode".to_owned()), "--agent");
    assert!(value(&chosen.plan(), "OPENCODE_CONFIG_CONTENT").is_some());
    assert!(chosen.text().contains("opencode, mode run (--agent)"));

    let mut unknown = case(&["opencode", "run"]);
    unknown.settings.agent = flag(AgentChoice::Named("opncode".to_owned()), "--agent");
    let plan = unknown.plan();
    assert!(value(&plan, "OPENCODE_CONFIG_CONTENT").is_some());
    assert!(
        plan.warnings.iter().any(|warning| warning.text.starts_with("--agent: there is no agent named \"opncode\""))
    );
}

#[test]
fn exporters_that_are_switched_off_stay_off() {
    let both = [("OTEL_TRACES_EXPORTER", "none"), ("OTEL_LOGS_EXPORTER", "None")];
    for (environment, redirected, warnings) in [(&both[..0], true, 0), (&both[..1], true, 1), (&both[..], false, 1)] {
        let plan = case(&["opencode"]).with(environment).plan();
        assert_eq!(value(&plan, "OTEL_EXPORTER_OTLP_ENDPOINT").is_some(), redirected, "{environment:?}");
        assert_eq!(plan.warnings.len(), warnings, "{environment:?}: {:?}", plan.warnings);
    }
    // Commands with an SDK see to it themselves.
    let plan = case(&["make"]).with(&both).plan();
    assert!(value(&plan, "OTEL_EXPORTER_OTLP_ENDPOINT").is_some());
    assert_eq!(plan.warnings, []);
}

#[test]
fn launchers_that_undo_the_plan_are_said() {
    for (line, warned) in [
        (&["env", "-i", "opencode"][..], Some("`env -i` keeps the environment from opencode")),
        (&["sudo", "opencode"], Some("`sudo without -E`")),
        (&["env", "OTEL_EXPORTER_OTLP_ENDPOINT=x", "opencode"], Some("sets or removes OTEL_EXPORTER_OTLP_ENDPOINT")),
        (&["env", "A=B", "opencode"], None),
        // The collector takes all protocols.
        (&["env", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "python"], None),
        (&["env", "-u", "OTEL_EXPORTER_OTLP_PROTOCOL", "python"], None),
        (&["env", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip", "python"], None),
        (&["sudo", "-E", "opencode"], None),
    ] {
        let warnings: Vec<String> = case(line).plan().warnings.into_iter().map(|warning| warning.text).collect();
        let warnings = warnings.join("\n");
        match warned {
            Some(part) => assert!(warnings.contains(part), "{line:?}: {warnings}"),
            None => assert_eq!(warnings, "", "{line:?}"),
        }
    }
}

#[test]
fn an_empty_command_line_is_no_trouble() {
    let plan = case(&[]).plan();
    assert_eq!(plan.argv, Vec::<OsString>::new());
    assert_eq!(plan.agent.profile.name, "other");
}
