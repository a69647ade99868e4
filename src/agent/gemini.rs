//! Gemini CLI. What stands here was seen with `@google/gemini-cli` 0.61.0.

use super::backend::TOWARDS_A_BACKEND;
use super::other::STANDARD;
use super::profile::{
    Caution, ContentSwitch, Event, Flush, Injection, LastBatches, Means, Modes, Profile, RecognisedBy,
    ResourceAttributes, Service, Speaks, TakesParent, Telemetry, Variable,
};
use crate::otlp::Signal;
use crate::settings::Protocol;

/// Gemini CLI's profile. Its own variables beat its settings files, and `OTEL_EXPORTER_OTLP_ENDPOINT` is one of theirs.
pub(super) const PROFILE: Profile = Profile {
    name: "gemini",
    title: "Gemini CLI",
    versions: &["0.61.0"],
    recognised_by: RecognisedBy { base_names: &["gemini"], packages: &["@google/gemini-cli"], scripts: &[] },
    modes: MODES,
    // Its version is that of Node.js.
    service: Service { names: &["gemini-cli"], tells_version: false },
    telemetry: Telemetry { like: Some("gemini"), scopes: &["gemini-cli*"] },
    speaks: Speaks {
        protocols: &[Protocol::HttpJson, Protocol::Grpc],
        signals: &[Signal::Traces, Signal::Logs, Signal::Metrics],
    },
    takes_parent: TakesParent::Never,
    ignores: &[
        "TRACEPARENT",
        "TRACESTATE",
        "BAGGAGE",
        "OTEL_CONFIG_FILE",
        "OTEL_TRACES_EXPORTER",
        "OTEL_LOGS_EXPORTER",
        "OTEL_METRICS_EXPORTER",
        "OTEL_METRIC_EXPORT_INTERVAL",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
    ],
    records_unasked: &[
        "prompts, requests, answers and tool arguments, in logs",
        "the system prompt and the definitions of its tools, in the spans of model calls",
        "its command line, in the resource",
    ],
    flush: Flush { at_end: LastBatches::Sent, on_signal: LastBatches::Sent },
    events: &[
        Event { signal: Signal::Logs, name: "gemini_cli.user_prompt", means: Means::Prompt },
        Event { signal: Signal::Traces, name: "llm_call", means: Means::ModelCall },
        Event { signal: Signal::Traces, name: "tool_call", means: Means::ToolCall },
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
    cautions: &[
        Caution { modes: &[], option: Some("--sandbox"), text: SANDBOX },
        Caution { modes: &[], option: Some("-s"), text: SANDBOX },
    ],
    // It starts itself once more with a larger heap, and the first of the two keeps signals to itself.
    launcher_keeps_signals: true,
};

const MODES: Modes = Modes {
    other: &["mcp", "extensions", "extension", "skills", "skill", "hooks", "hook", "gemma"],
    without_subcommand: Some("tui"),
    by_option: &[
        ("--version", None),
        ("-v", None),
        ("--help", None),
        ("-h", None),
        ("--list-extensions", None),
        ("-l", None),
        ("--list-sessions", None),
        ("--delete-session", None),
        ("--acp", Some("acp")),
        ("--experimental-acp", Some("acp")),
        ("--prompt-interactive", Some("tui")),
        ("-i", Some("tui")),
        ("--prompt", Some("headless")),
        ("-p", Some("headless")),
    ],
    without_terminal: Some("headless"),
    interactive: &["tui"],
    serving: &["acp"],
    options_with_value: &[
        "--model",
        "-m",
        "--prompt",
        "-p",
        "--prompt-interactive",
        "-i",
        "--approval-mode",
        "--policy",
        "--admin-policy",
        "--allowed-mcp-server-names",
        "--allowed-tools",
        "--extensions",
        "-e",
        "--resume",
        "-r",
        "--session-file",
        "--session-id",
        "--delete-session",
        "--include-directories",
        "--output-format",
        "-o",
    ],
    ..Modes::UNKNOWN
};

const SANDBOX: &str = "where the sandbox is a container, Gemini CLI passes it few variables and 127.0.0.1 is another one in there: \
                       what is done inside is not in the run; start otel-run inside to have it";

const ENVIRONMENT: &[Variable] = &[
    Variable::new("GEMINI_TELEMETRY_ENABLED", Injection::Set("true"), "switches on all three signals"),
    Variable::new(
        "GEMINI_TELEMETRY_OTLP_ENDPOINT",
        Injection::Set("{endpoint}"),
        "sends them to the run's collector, whatever the settings of Gemini CLI say",
    ),
    // Over gRPC it would drop the path, and with it the token.
    Variable::new("GEMINI_TELEMETRY_OTLP_PROTOCOL", Injection::Set("http"), "is OTLP over HTTP, with JSON"),
    Variable::new("GEMINI_TELEMETRY_TARGET", Injection::Set("local"), "keeps it from exporting to Google Cloud"),
    // Empty beats the settings, and absent does not.
    Variable::new("GEMINI_TELEMETRY_OUTFILE", Injection::Set(""), "a file would take the place of the endpoint"),
    Variable::new("GEMINI_TELEMETRY_USE_COLLECTOR", Injection::Set("false"), "is for exports to Google Cloud"),
    Variable::new(
        "GEMINI_TELEMETRY_USE_CLI_AUTH",
        Injection::Set("false"),
        "with it telemetry begins only when the user has logged in",
    ),
    Variable::new(
        "GEMINI_TELEMETRY_TRACES_ENABLED",
        Injection::Set("true"),
        "puts token counts on the spans of model calls",
    ),
    Variable::new(
        "OTEL_SERVICE_NAME",
        Injection::Remove,
        "is what the collector calls everything; Gemini CLI keeps its own name",
    ),
];

const CONTENT: &[ContentSwitch] = &[
    ContentSwitch {
        name: "GEMINI_TELEMETRY_LOG_PROMPTS",
        on: Injection::Set("true"),
        off: Injection::Set("false"),
        of: "prompts, answers and tool arguments, in logs and spans",
    },
    // Without the detector of the process, which looks at the command line.
    ContentSwitch {
        name: "OTEL_NODE_RESOURCE_DETECTORS",
        on: Injection::SetIfUnset("all"),
        off: Injection::SetIfUnset("env,host"),
        of: "the command line, which may hold the prompt, in the resource",
    },
];
