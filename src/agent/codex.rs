//! Codex CLI. What stands here was seen with `@openai/codex` 0.169.0.

use super::backend::TOWARDS_A_BACKEND;
use super::other::STANDARD;
use super::profile::{
    Alternative, Argument, Edit, Event, Flush, Injection, LastBatches, Means, Modes, Probe, Profile, RecognisedBy,
    ResourceAttributes, Service, Speaks, TakesParent, Telemetry, Variable,
};
use crate::otlp::Signal;
use crate::settings::Protocol;

/// Codex's profile. No variable switches its telemetry on, only its configuration does, which `-c` adds to: key by key,
/// so that an exporter of another kind than the user's keeps it from starting.
pub(super) const PROFILE: Profile = Profile {
    name: "codex",
    title: "Codex CLI",
    versions: &["0.169.0"],
    recognised_by: RecognisedBy { base_names: &["codex"], packages: &["@openai/codex"], scripts: &[] },
    modes: MODES,
    service: Service { names: &["codex_exec", "codex_cli_rs", "codex-app-server"], tells_version: true },
    telemetry: Telemetry { like: Some("codex"), scopes: &["codex_*", "codex"] },
    speaks: Speaks {
        protocols: &[Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson],
        signals: &[Signal::Traces, Signal::Logs, Signal::Metrics],
    },
    // Besides it begins traces of its own, from fifteen to fifty in a session.
    takes_parent: TakesParent::Partly,
    ignores: &[
        "BAGGAGE",
        "OTEL_CONFIG_FILE",
        "OTEL_SDK_DISABLED",
        "OTEL_SERVICE_NAME",
        "OTEL_PROPAGATORS",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
    ],
    records_unasked: &["tool arguments and the beginnings of tool results, in logs"],
    flush: Flush { at_end: LastBatches::Sent, on_signal: LastBatches::Lost },
    events: &[
        Event { signal: Signal::Logs, name: "codex.user_prompt", means: Means::Prompt },
        Event { signal: Signal::Logs, name: "codex.api_request", means: Means::ModelCall },
        Event { signal: Signal::Logs, name: "codex.tool_result", means: Means::ToolCall },
    ],
    environment: &[STANDARD, ENVIRONMENT, TOWARDS_A_BACKEND],
    resource_attributes: ResourceAttributes::Decoded,
    arguments: &[
        exporter(
            TRACES,
            &["-c", r#"otel.trace_exporter={otlp-http={endpoint="{collector}/v1/traces",protocol="binary"}}"#],
        ),
        exporter(LOGS, &["-c", r#"otel.exporter={otlp-http={endpoint="{collector}/v1/logs",protocol="binary"}}"#]),
        exporter(
            METRICS,
            &["-c", r#"otel.metrics_exporter={otlp-http={endpoint="{collector}/v1/metrics",protocol="binary"}}"#],
        ),
    ],
    content_attributes: &[],
    housekeeping: &[],
    operations: &[],
    genai_attributes: &[],
    content: &[],
    content_arguments: &[Argument {
        modes: WORKING,
        sets: Some("otel.log_user_prompt"),
        edit: Edit::InsertBefore(&["-c", "otel.log_user_prompt=true"]),
        reason: "content is on: prompts",
    }],
    // Without a session, and it takes a tenth of a second.
    probe: Some(Probe {
        arguments: &["features", "list"],
        alternatives: &[
            Alternative {
                when_answer_has: "in `otel.trace_exporter`",
                argument: exporter(TRACES, &["-c", r#"otel.trace_exporter.otlp-grpc.endpoint="{collector}""#]),
            },
            Alternative {
                when_answer_has: "in `otel.exporter`",
                argument: exporter(LOGS, &["-c", r#"otel.exporter.otlp-grpc.endpoint="{collector}""#]),
            },
            Alternative {
                when_answer_has: "in `otel.metrics_exporter`",
                argument: exporter(METRICS, &["-c", r#"otel.metrics_exporter.otlp-grpc.endpoint="{collector}""#]),
            },
        ],
    }),
    cautions: &[],
    launcher_keeps_signals: false,
};

/// The keys of its exporters.
pub(super) const TRACES: &str = "otel.trace_exporter";
pub(super) const LOGS: &str = "otel.exporter";
pub(super) const METRICS: &str = "otel.metrics_exporter";

/// The modes in which there is a session.
const WORKING: &[&str] = &["exec", "e", "review", "resume", "fork", "app-server", "tui"];

const MODES: Modes = Modes {
    working: &["exec", "e", "review", "resume", "fork", "app-server"],
    other: &[
        "agents",
        "login",
        "logout",
        "mcp",
        "plugin",
        "remote-control",
        "completion",
        "update",
        "doctor",
        "sandbox",
        "debug",
        "apply",
        "a",
        "queue",
        "archive",
        "delete",
        "migrate-rollouts",
        "migrate-nfs-db",
        "unarchive",
        "cloud",
        "exec-server",
        "features",
        "help",
    ],
    without_subcommand: Some("tui"),
    by_option: &[("--version", None), ("-V", None), ("--help", None), ("-h", None)],
    interactive: &["tui", "resume", "fork"],
    serving: &["app-server"],
    options_with_value: &[
        "-c",
        "--config",
        "--enable",
        "--disable",
        "--remote",
        "--remote-auth-token-env",
        "-i",
        "--image",
        "-m",
        "--model",
        "--local-provider",
        "-p",
        "--profile",
        "-s",
        "--sandbox",
        "-C",
        "--cd",
        "--add-dir",
        "-a",
        "--ask-for-approval",
    ],
    ..Modes::UNKNOWN
};

/// [`STANDARD`] has the token in a header for it: an argument is no place for that.
const ENVIRONMENT: &[Variable] = &[
    Variable::new("OTEL_BSP_SCHEDULE_DELAY", Injection::SetIfUnset("20"), DELAY),
    Variable::new("OTEL_BLRP_SCHEDULE_DELAY", Injection::SetIfUnset("20"), DELAY),
    Variable::new("OTEL_METRIC_EXPORT_INTERVAL", Injection::SetIfUnset("500"), DELAY),
];

const DELAY: &str = "Codex flushes nothing when a model fails or a signal ends it";

const fn exporter(key: &'static str, words: &'static [&'static str]) -> Argument {
    Argument {
        modes: WORKING,
        sets: Some(key),
        edit: Edit::InsertBefore(words),
        reason: "Codex exports where its configuration says, and nowhere else",
    }
}
