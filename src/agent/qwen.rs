//! Qwen Code. What stands here was seen with `@qwen-code/qwen-code` 0.24.4 and 0.15.10.

use super::backend::TOWARDS_A_BACKEND;
use super::other::STANDARD;
use super::profile::{
    Caution, ContentSwitch, Event, Flush, Injection, LastBatches, Means, Modes, Profile, RecognisedBy,
    ResourceAttributes, Service, Speaks, TakesParent, Telemetry, Variable,
};
use crate::otlp::Signal;
use crate::settings::Protocol;

/// Qwen Code's profile. Its flags beat its variables, and these beat its settings files. Version 0.15 has no spans.
pub(super) const PROFILE: Profile = Profile {
    name: "qwen",
    title: "Qwen Code",
    versions: &["0.15.10", "0.24.4"],
    recognised_by: RecognisedBy { base_names: &["qwen"], packages: &["@qwen-code/qwen-code"], scripts: &[] },
    modes: MODES,
    service: Service { names: &["qwen-code"], tells_version: true },
    telemetry: Telemetry { like: Some("qwen"), scopes: &["qwen-code"] },
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
    records_unasked: &["prompts, requests, answers and tool arguments, in logs"],
    flush: Flush { at_end: LastBatches::Sent, on_signal: LastBatches::SentAfterwards },
    events: &[
        Event { signal: Signal::Logs, name: "qwen-code.user_prompt", means: Means::Prompt },
        Event { signal: Signal::Traces, name: "qwen-code.llm_request", means: Means::ModelCall },
        Event { signal: Signal::Traces, name: "qwen-code.tool", means: Means::ToolCall },
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
    cautions: CAUTIONS,
    // Its launchers die of a signal and leave those behind that do the work.
    launcher_keeps_signals: true,
};

const MODES: Modes = Modes {
    working: &["serve", "channel", "review"],
    other: &["auth", "board", "extensions", "extension", "hooks", "mcp", "sandbox", "sessions", "update"],
    without_subcommand: Some("tui"),
    by_option: &[
        ("--version", None),
        ("-v", None),
        ("--help", None),
        ("-h", None),
        ("--list-extensions", None),
        ("-l", None),
        ("--acp", Some("acp")),
        ("--experimental-acp", Some("acp")),
        ("--prompt-interactive", Some("tui")),
        ("-i", Some("tui")),
        ("--prompt", Some("headless")),
        ("-p", Some("headless")),
    ],
    with_words: Some("headless"),
    without_terminal: Some("headless"),
    interactive: &["tui"],
    serving: &["serve", "channel", "acp"],
    options_with_value: &[
        "--telemetry-target",
        "--telemetry-otlp-endpoint",
        "--telemetry-otlp-protocol",
        "--telemetry-outfile",
        "--proxy",
        "--model",
        "-m",
        "--fallback-model",
        "--prompt",
        "-p",
        "--prompt-interactive",
        "-i",
        "--system-prompt",
        "--append-system-prompt",
        "--output-style",
        "--sandbox-image",
        "--approval-mode",
        "--channel",
        "--allowed-mcp-server-names",
        "--mcp-config",
        "--allowed-tools",
        "--extensions",
        "-e",
        "--include-directories",
        "--add-dir",
        "--openai-logging-dir",
        "--openai-api-key",
        "--openai-base-url",
        "--input-format",
        "--output-format",
        "-o",
        "--json-fd",
        "--json-file",
        "--json-schema",
        "--input-file",
        "--session-id",
        "--max-session-turns",
        "--max-wall-time",
        "--max-tool-calls",
        "--max-subagent-depth",
        "--core-tools",
        "--exclude-tools",
        "--disabled-slash-commands",
        "--auth-type",
    ],
};

const ENVIRONMENT: &[Variable] = &[
    Variable::new("QWEN_TELEMETRY_ENABLED", Injection::Set("true"), "switches on all signals that it has"),
    Variable::new(
        "QWEN_TELEMETRY_OTLP_ENDPOINT",
        Injection::Set("{endpoint}"),
        "sends them to the run's collector, whatever the settings of Qwen Code say",
    ),
    // Each beats the endpoint for all, wherever the user said it; removed, the one in the settings would come to the fore.
    Variable::new("QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT", Injection::Set("{endpoint}/v1/traces"), BEATS),
    Variable::new("QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT", Injection::Set("{endpoint}/v1/logs"), BEATS),
    Variable::new("QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT", Injection::Set("{endpoint}/v1/metrics"), BEATS),
    // Over gRPC it would drop the path, and with it the token.
    Variable::new("QWEN_TELEMETRY_OTLP_PROTOCOL", Injection::Set("http"), "is OTLP over HTTP, with JSON"),
    Variable::new("QWEN_TELEMETRY_TARGET", Injection::Set("local"), "keeps it from exporting to Google Cloud"),
    // Empty beats the settings, and absent does not.
    Variable::new("QWEN_TELEMETRY_OUTFILE", Injection::Set(""), "a file would take the place of the endpoint"),
    Variable::new(
        "OTEL_SERVICE_NAME",
        Injection::Remove,
        "is what the collector calls everything; Qwen Code keeps its own name",
    ),
];

const CONTENT: &[ContentSwitch] = &[
    ContentSwitch {
        name: "QWEN_TELEMETRY_LOG_PROMPTS",
        on: Injection::Set("true"),
        off: Injection::Set("false"),
        of: "prompts, requests and answers, in logs",
    },
    ContentSwitch {
        name: "QWEN_TELEMETRY_INCLUDE_SENSITIVE_SPAN_ATTRIBUTES",
        on: Injection::Set("true"),
        off: Injection::Set("false"),
        of: "prompts, answers, tool arguments and results, in spans",
    },
];

const BEATS: &str = "one in its settings would lead past the run's collector";

const CAUTIONS: &[Caution] = &[
    caution("--telemetry-outfile", OUTFILE),
    caution("--telemetry-otlp-endpoint", ENDPOINT),
    caution("--no-telemetry", SWITCHED_OFF),
    caution("--telemetry=false", SWITCHED_OFF),
    caution("--sandbox", SANDBOX),
    caution("-s", SANDBOX),
];

const fn caution(option: &'static str, text: &'static str) -> Caution {
    Caution { modes: &[], option: Some(option), text }
}

const OUTFILE: &str = "--telemetry-outfile beats what otel-run says in the environment: Qwen Code writes its telemetry into that \
                       file, and none of it comes to the run; leave the option out to have it here";
const ENDPOINT: &str = "--telemetry-otlp-endpoint has no effect: Qwen Code exports to the run's collector, unless \
                        --telemetry-otlp-protocol grpc is given as well; say --endpoint to otel-run instead";
const SANDBOX: &str = "where the sandbox is a container, Qwen Code passes it few variables and 127.0.0.1 is another one in there: \
                       what is done inside is not in the run; start otel-run inside to have it";
const SWITCHED_OFF: &str = "the command line switches Qwen Code's telemetry off, so none of it comes to the run";
