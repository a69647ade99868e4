//! GitHub Copilot CLI. What stands here was seen with `@github/copilot` 1.0.102.

use super::backend::TOWARDS_A_BACKEND;
use super::other::STANDARD;
use super::profile::{
    ContentSwitch, Event, Flush, Injection, LastBatches, Means, Modes, Profile, RecognisedBy, ResourceAttributes,
    Service, Speaks, TakesParent, Telemetry, Variable,
};
use crate::otlp::Signal;
use crate::settings::Protocol;

/// Copilot's profile. It takes the standard variables, and hands none of them to the tools that it runs.
pub(super) const PROFILE: Profile = Profile {
    name: "copilot",
    title: "GitHub Copilot CLI",
    versions: &["1.0.102"],
    recognised_by: RecognisedBy { base_names: &["copilot"], packages: &["@github/copilot"], scripts: &[] },
    modes: MODES,
    service: Service { names: &["github-copilot"], tells_version: true },
    telemetry: Telemetry { like: Some("copilot"), scopes: &["github.copilot", "github-copilot", "copilot-chat"] },
    speaks: Speaks {
        protocols: &[Protocol::HttpJson, Protocol::HttpProtobuf],
        signals: &[Signal::Traces, Signal::Metrics],
    },
    takes_parent: TakesParent::Never,
    ignores: &[
        "TRACEPARENT",
        "TRACESTATE",
        "BAGGAGE",
        "OTEL_CONFIG_FILE",
        "OTEL_SDK_DISABLED",
        "OTEL_TRACES_EXPORTER",
        "OTEL_METRICS_EXPORTER",
        "OTEL_EXPORTER_OTLP_COMPRESSION",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    ],
    records_unasked: &[],
    flush: Flush { at_end: LastBatches::Sent, on_signal: LastBatches::Lost },
    events: &[
        Event { signal: Signal::Traces, name: "invoke_agent", means: Means::Prompt },
        Event { signal: Signal::Traces, name: "chat", means: Means::ModelCall },
        Event { signal: Signal::Traces, name: "execute_tool", means: Means::ToolCall },
    ],
    environment: &[ENVIRONMENT, STANDARD, TOWARDS_A_BACKEND],
    resource_attributes: ResourceAttributes::Decoded,
    arguments: &[],
    content_attributes: &[],
    housekeeping: &[],
    operations: &[],
    genai_attributes: &[],
    content: CONTENT,
    content_arguments: &[],
    probe: None,
    cautions: &[],
    // Its launcher waits for the program that does the work and cannot hear a signal meanwhile.
    launcher_keeps_signals: true,
};

const MODES: Modes = Modes {
    working: &["init", "workflow"],
    other: &[
        "app",
        "completion",
        "config",
        "help",
        "instruction",
        "login",
        "lsp",
        "mcp",
        "memories",
        "plugin",
        "sandbox",
        "sessions",
        "skill",
        "update",
        "version",
    ],
    without_subcommand: Some("tui"),
    by_option: &[
        ("--version", None),
        ("-v", None),
        ("--help", None),
        ("-h", None),
        ("--acp", Some("acp")),
        ("--environment-host", Some("environment-host")),
        ("--prompt", Some("headless")),
        ("-p", Some("headless")),
        ("--interactive", Some("tui")),
        ("-i", Some("tui")),
    ],
    without_terminal: Some("headless"),
    interactive: &["tui", "init"],
    serving: &["acp", "environment-host"],
    options_with_value: &[
        "--interactive",
        "-i",
        "--prompt",
        "-p",
        "--model",
        "--reasoning-effort",
        "--context",
        "--auto-tier",
        "--agent",
        "--name",
        "-n",
        "--session-id",
        "-C",
        "--log-dir",
        "--extension-sdk-path",
        "--log-level",
        "--stream",
        "--output-format",
        "--add-dir",
        "--attachment",
        "--disable-mcp-server",
        "--enable-mcp-server",
        "--add-github-mcp-toolset",
        "--add-github-mcp-tool",
        "--plugin-dir",
        "--additional-mcp-config",
        "--mcp-github-auth",
        "--max-autopilot-continues",
        "--mode",
        "--environment-host",
        "--environment-compute-id",
        "--dynamic-retrieval",
        "--max-ai-credits",
        "--usage-output-file",
    ],
    ..Modes::UNKNOWN
};

const ENVIRONMENT: &[Variable] = &[
    Variable::new("COPILOT_OTEL_ENABLED", Injection::Set("true"), "switches on its traces and metrics"),
    // A path for the file selects the exporter where this does not.
    Variable::new(
        "COPILOT_OTEL_EXPORTER_TYPE",
        Injection::Set("otlp-http"),
        "a file would take the place of the endpoint",
    ),
    Variable::new(
        "OTEL_SERVICE_NAME",
        Injection::Remove,
        "is what the collector calls everything; Copilot keeps its own name",
    ),
];

const CONTENT: &[ContentSwitch] = &[ContentSwitch {
    name: "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    on: Injection::Set("true"),
    off: Injection::Set("false"),
    of: "prompts, answers, tool arguments and results, and the rules of its sandbox, in spans",
}];
