//! Continue's `cn`. What stands here was seen with `@continuedev/cli` 1.5.47.

use super::backend::TOWARDS_A_BACKEND;
use super::other::STANDARD;
use super::profile::{
    Flush, Injection, LastBatches, Modes, Profile, RecognisedBy, ResourceAttributes, Service, Speaks, TakesParent,
    Telemetry, Variable,
};
use crate::otlp::Signal;
use crate::settings::Protocol;

/// The profile of `cn`, which has metrics and nothing else.
pub(super) const PROFILE: Profile = Profile {
    name: "cn",
    title: "Continue",
    versions: &["1.5.47"],
    recognised_by: RecognisedBy { base_names: &["cn"], packages: &["@continuedev/cli"], scripts: &[] },
    modes: MODES,
    service: Service { names: &["continue-cli"], tells_version: true },
    telemetry: Telemetry { like: Some("cn"), scopes: &["continue-cli"] },
    speaks: Speaks { protocols: &[Protocol::HttpJson], signals: &[Signal::Metrics] },
    takes_parent: TakesParent::Never,
    ignores: &[
        "TRACEPARENT",
        "TRACESTATE",
        "BAGGAGE",
        "OTEL_CONFIG_FILE",
        "OTEL_SDK_DISABLED",
        "OTEL_SERVICE_NAME",
        "OTEL_RESOURCE_ATTRIBUTES",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
    ],
    records_unasked: &[],
    flush: Flush { at_end: LastBatches::Sent, on_signal: LastBatches::Unknown },
    events: &[],
    environment: &[ENVIRONMENT, STANDARD, TOWARDS_A_BACKEND],
    resource_attributes: ResourceAttributes::Decoded,
    arguments: &[],
    content_attributes: &[],
    housekeeping: &[],
    operations: &[],
    genai_attributes: &[],
    content: &[],
    content_arguments: &[],
    probe: None,
    cautions: &[],
    launcher_keeps_signals: false,
};

const MODES: Modes = Modes {
    working: &["review", "serve"],
    other: &["checks", "login", "logout", "ls", "remote"],
    without_subcommand: Some("tui"),
    by_option: &[
        ("--version", None),
        ("-v", None),
        ("--help", None),
        ("-h", None),
        ("--print", Some("headless")),
        ("-p", Some("headless")),
    ],
    interactive: &["tui"],
    serving: &["serve"],
    options_with_value: &[
        "--config",
        "--org",
        "--rule",
        "--mcp",
        "--model",
        "--prompt",
        "--allow",
        "--ask",
        "--exclude",
        "--agent",
        "--format",
        "--fork",
    ],
    ..Modes::UNKNOWN
};

const ENVIRONMENT: &[Variable] = &[
    Variable::new("CONTINUE_CLI_ENABLE_TELEMETRY", Injection::Set("1"), SWITCH),
    // Newer, and it beats the other one.
    Variable::new("CONTINUE_METRICS_ENABLED", Injection::Set("1"), SWITCH),
    Variable::new(
        "OTEL_METRICS_EXPORTER",
        Injection::SetIfUnset("otlp"),
        "while it is unset cn writes its metrics to stdout",
    ),
];

const SWITCH: &str = "switches on its metrics";
