//! Claude Code. What stands here was seen with `@anthropic-ai/claude-code` 2.1.328.

use super::backend::{HEADERS, TOWARDS_A_BACKEND};
use super::profile::{
    Argument, ContentSwitch, Edit, Event, Flush, Injection, LastBatches, Means, Modes, Profile, RecognisedBy,
    ResourceAttributes, Service, Speaks, TakesParent, Telemetry, Variable,
};
use crate::otlp::Signal;
use crate::settings::Protocol;

/// Claude Code's profile. What its settings files set in `env` beats its environment, and `--settings` beats those files.
pub(super) const PROFILE: Profile = Profile {
    name: "claude",
    title: "Claude Code",
    versions: &["2.1.328"],
    recognised_by: RecognisedBy { base_names: &["claude"], packages: &["@anthropic-ai/claude-code"], scripts: &[] },
    modes: MODES,
    service: Service { names: &["claude-code"], tells_version: true },
    telemetry: Telemetry { like: Some("claude"), scopes: &["com.anthropic.claude_code*"] },
    speaks: Speaks {
        protocols: &[Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson],
        signals: &[Signal::Traces, Signal::Logs, Signal::Metrics],
    },
    // At a terminal it begins a trace of its own with each prompt.
    takes_parent: TakesParent::Partly,
    ignores: &["BAGGAGE", "OTEL_CONFIG_FILE", "OTEL_SDK_DISABLED", "OTEL_PROPAGATORS"],
    records_unasked: &[],
    flush: Flush { at_end: LastBatches::Sent, on_signal: LastBatches::Sent },
    events: &[
        Event { signal: Signal::Logs, name: "user_prompt", means: Means::Prompt },
        Event { signal: Signal::Traces, name: "claude_code.llm_request", means: Means::ModelCall },
        Event { signal: Signal::Traces, name: "claude_code.tool", means: Means::ToolCall },
    ],
    environment: &[ENVIRONMENT, TOWARDS_A_BACKEND],
    // Not every exporter decodes.
    resource_attributes: ResourceAttributes::PartlyDecoded,
    // A session in the background outlives the run, and with it the file.
    arguments: &[Argument {
        modes: &["headless", "tui"],
        sets: None,
        edit: Edit::Settings { option: "--settings", key: "env" },
        reason: "its settings files beat its environment, and this option beats them",
    }],
    content_attributes: &[],
    housekeeping: &[],
    operations: &[],
    genai_attributes: &[],
    content: CONTENT,
    content_arguments: &[],
    probe: None,
    cautions: &[],
    launcher_keeps_signals: false,
};

const MODES: Modes = Modes {
    other: &[
        "agents",
        "attach",
        "auth",
        "auto-mode",
        "doctor",
        "gateway",
        "import",
        "install",
        "logs",
        "mcp",
        "plugin",
        "plugins",
        "purge",
        "respawn",
        "rm",
        "setup-token",
        "stop",
        "kill",
        "ultrareview",
        "update",
        "upgrade",
    ],
    without_subcommand: Some("tui"),
    by_option: &[
        ("--version", None),
        ("-v", None),
        ("--help", None),
        ("-h", None),
        ("--background", Some("background")),
        ("--bg", Some("background")),
        ("--print", Some("headless")),
        ("-p", Some("headless")),
    ],
    without_terminal: Some("headless"),
    interactive: &["tui"],
    options_with_value: &[
        "--add-dir",
        "--agent",
        "--agents",
        "--allowedTools",
        "--allowed-tools",
        "--append-system-prompt",
        "--betas",
        "--debug-file",
        "--disallowedTools",
        "--disallowed-tools",
        "--effort",
        "--fallback-model",
        "--file",
        "--input-format",
        "--json-schema",
        "--max-budget-usd",
        "--max-turns",
        "--mcp-config",
        "--model",
        "--name",
        "-n",
        "--output-format",
        "--permission-mode",
        "--plugin-dir",
        "--session-id",
        "--setting-sources",
        "--settings",
        "--system-prompt",
        "--tools",
    ],
    ..Modes::UNKNOWN
};

const ENVIRONMENT: &[Variable] = &[
    Variable::new("CLAUDE_CODE_ENABLE_TELEMETRY", Injection::Set("1"), "switches on logs and metrics"),
    Variable::new("CLAUDE_CODE_ENHANCED_TELEMETRY_BETA", Injection::Set("1"), "switches on traces"),
    // Each signal has to be asked for.
    Variable::new("OTEL_TRACES_EXPORTER", Injection::AddToList("otlp"), EXPORTER),
    Variable::new("OTEL_LOGS_EXPORTER", Injection::AddToList("otlp"), EXPORTER),
    Variable::new("OTEL_METRICS_EXPORTER", Injection::AddToList("otlp"), EXPORTER),
    Variable::new(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Injection::Set("{endpoint}"),
        "sends all three signals to the run's collector",
    ),
    Variable::new(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        Injection::Set("http/protobuf"),
        "without it older versions export nothing",
    ),
    Variable::new("OTEL_EXPORTER_OTLP_HEADERS", Injection::Remove, HEADERS),
    Variable::new("OTEL_TRACES_EXPORT_INTERVAL", Injection::SetIfUnset("1000"), INTERVAL),
    Variable::new("OTEL_LOGS_EXPORT_INTERVAL", Injection::SetIfUnset("1000"), INTERVAL),
    Variable::new("OTEL_METRIC_EXPORT_INTERVAL", Injection::SetIfUnset("5000"), INTERVAL),
    Variable::new(
        "OTEL_METRICS_INCLUDE_RESOURCE_ATTRIBUTES",
        Injection::SetIfUnset("false"),
        "otherwise every resource attribute is said again on each span, log record and data point",
    ),
    // A trace id is random and tells nothing, and the host that gets it gets the prompts as well.
    Variable::new(
        "CLAUDE_CODE_PROPAGATE_TRACEPARENT",
        Injection::SetIfUnset("1"),
        "puts what tools do under the tool's span; the host of the model gets a traceparent header, which Anthropic's gets anyway",
    ),
];

const EXPORTER: &str = "Claude Code exports a signal only if it is asked to";
const INTERVAL: &str = "less is lost when it is killed";

const CONTENT: &[ContentSwitch] = &[
    switch("OTEL_LOG_USER_PROMPTS", "prompts"),
    switch("OTEL_LOG_ASSISTANT_RESPONSES", "answers"),
    switch("OTEL_LOG_TOOL_DETAILS", "tool arguments"),
    switch("OTEL_LOG_TOOL_CONTENT", "tool results"),
];

const fn switch(name: &'static str, of: &'static str) -> ContentSwitch {
    ContentSwitch { name, on: Injection::SetIfUnset("1"), off: Injection::Remove, of }
}
