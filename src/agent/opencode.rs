//! opencode. What stands here was seen with `opencode-ai` 1.18.33.

use super::backend::{HEADERS, TOWARDS_A_BACKEND};
use super::profile::{
    Caution, Event, Flush, Injection, LastBatches, Means, Modes, Profile, RecognisedBy, ResourceAttributes, Service,
    Speaks, TakesParent, Telemetry, Variable,
};
use crate::otlp::Signal;
use crate::settings::Protocol;

/// opencode's profile. No plugin is injected: with any plugin configured, opencode waits at its start for an npm install.
pub const PROFILE: Profile = Profile {
    name: "opencode",
    title: "opencode",
    versions: &["1.18.33"],
    recognised_by: RecognisedBy { base_names: &["opencode"], packages: &["opencode-ai"], scripts: &[] },
    modes: Modes {
        working: &["run", "serve", "web", "acp", "attach"],
        other: &[
            "agent",
            "auth",
            "completion",
            "db",
            "debug",
            "export",
            "generate",
            "github",
            "import",
            "mcp",
            "models",
            "plugin",
            "pr",
            "session",
            "stats",
            "uninstall",
            "upgrade",
        ],
        without_subcommand: Some("tui"),
        interactive: &["tui", "attach"],
        serving: &["serve", "web", "acp"],
        options_with_value: &[
            "--log-level",
            "--model",
            "-m",
            "--session",
            "-s",
            "--prompt",
            "--agent",
            "--port",
            "--hostname",
            "--mdns-domain",
            "--cors",
        ],
        ..Modes::UNKNOWN
    },
    service: Service { names: &["opencode"], tells_version: true },
    telemetry: Telemetry { like: Some("opencode"), scopes: &["opencode"] },
    speaks: Speaks { protocols: &[Protocol::HttpJson], signals: &[Signal::Traces, Signal::Logs] },
    takes_parent: TakesParent::Never,
    // Its one switch is OTEL_EXPORTER_OTLP_ENDPOINT; it has no SDK that would read a configuration file.
    ignores: &[
        "TRACEPARENT",
        "TRACESTATE",
        "BAGGAGE",
        "OTEL_CONFIG_FILE",
        "OTEL_SDK_DISABLED",
        "OTEL_TRACES_EXPORTER",
        "OTEL_LOGS_EXPORTER",
        "OTEL_PROPAGATORS",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
        "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
    ],
    records_unasked: &[
        "prompts, answers, tool arguments and tool results, in the spans of model calls",
        "shell command lines and paths, in logs",
    ],
    flush: Flush { at_end: LastBatches::Lost, on_signal: LastBatches::Lost },
    events: &[
        Event { signal: Signal::Traces, name: "SessionPrompt.prompt", means: Means::Prompt },
        Event { signal: Signal::Traces, name: "ai.streamText.doStream", means: Means::ModelCall },
        Event { signal: Signal::Traces, name: "Tool.execute", means: Means::ToolCall },
    ],
    environment: &[ENVIRONMENT, TOWARDS_A_BACKEND],
    resource_attributes: ResourceAttributes::PartlyDecoded,
    arguments: &[],
    content_attributes: &[],
    housekeeping: &[],
    operations: &[],
    genai_attributes: &[],
    content: &[],
    content_arguments: &[],
    probe: None,
    launcher_keeps_signals: false,
    cautions: &[
        Caution { modes: &["run"], option: Some("--attach"), text: ATTACHED },
        Caution { modes: &["attach"], option: None, text: ATTACHED },
    ],
};

/// Empty values are never set: opencode dies of an empty `OPENCODE_*` boolean.
const ENVIRONMENT: &[Variable] = &[
    // opencode glues `/v1/traces` to it by string and dies where the scheme is missing.
    Variable::new(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Injection::Set("{endpoint}"),
        "switches on opencode's traces and logs and sends them to the run's collector",
    ),
    Variable::new(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        Injection::Set("http/protobuf"),
        "opencode ignores it; programs that it starts inherit the endpoint and need it",
    ),
    // Headers are split without trimming and a space after the comma loses every export; the token is in the path.
    Variable::new("OTEL_EXPORTER_OTLP_HEADERS", Injection::Remove, HEADERS),
    // opencode ends milliseconds after its last model call. On a busy machine that call was lost with 25 ms and more.
    Variable::new(
        "OTEL_BSP_SCHEDULE_DELAY",
        Injection::SetIfUnset("5"),
        "opencode flushes nothing at its end; with the default of 5 s the last spans are lost",
    ),
    Variable::new(
        "OPENCODE_CONFIG_CONTENT",
        Injection::MergeJsonc {
            path: &["experimental", "openTelemetry"],
            value: "true",
            without_it: "there are no spans of model calls, hence no models and no tokens",
        },
        "switches on the spans of model calls, with models and tokens",
    ),
    Variable::new(
        "OTEL_SERVICE_NAME",
        Injection::Remove,
        "opencode renames its logs by it and not its traces; the collector names both",
    ),
    Variable::new("NO_PROXY", Injection::ExemptLoopback, "the collector is on loopback, where no proxy reaches it"),
    Variable::new("no_proxy", Injection::ExemptLoopback, "the collector is on loopback, where no proxy reaches it"),
];

const ATTACHED: &str = "opencode works on a server in this mode: model calls and tools are traced by that server, in the \
                        server's environment; start the server under otel-run to see them";
