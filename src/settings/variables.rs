//! Every environment variable that the program reads or sets, documented once.
//!
//! The constants and the table [`ALL`] come from one list, so that a reference can be printed from it.

use crate::otlp::Signal;

/// Whose variable it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Our own.
    OtelRun,
    /// The OpenTelemetry specification's.
    OpenTelemetry,
    /// Trace context in the environment (OpenTelemetry, "Environment Variables as Context Propagation Carriers").
    Context,
    /// Folders of the user (XDG Base Directory Specification, POSIX).
    Folders,
    /// How output may look.
    Screen,
    /// What agents and other programs read.
    Commands,
}

/// What the program does with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// It says something to the program.
    Read,
    /// The program sets or removes it for the command.
    Injected,
    /// Both: what it said is for the program, what the command sees is the program's.
    ReadAndInjected,
}

/// One variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Whose it is.
    pub family: Family,
    /// What is done with it.
    pub usage: Usage,
    /// What it means, in one line.
    pub meaning: &'static str,
}

macro_rules! variables {
    ($($constant:ident = $name:literal, $family:ident, $usage:ident: $meaning:literal;)*) => {
        $(#[doc = concat!("`", $name, "`: ", $meaning)] pub const $constant: &str = $name;)*

        /// All of them, by family.
        pub const ALL: &[Variable] = &[
            $(Variable { name: $name, family: Family::$family, usage: Usage::$usage, meaning: $meaning },)*
        ];
    };
}

variables! {
    RUN_ENDPOINT = "OTEL_RUN_ENDPOINT", OtelRun, ReadAndInjected:
        "base URL of the backend, to which HTTP appends v1/traces, v1/metrics and v1/logs; removed for the command";
    RUN_PROTOCOL = "OTEL_RUN_PROTOCOL", OtelRun, ReadAndInjected: "http/protobuf, http/json or grpc; removed for the command";
    RUN_HEADERS = "OTEL_RUN_HEADERS", OtelRun, ReadAndInjected:
        "headers for the backend, NAME=VALUE,NAME=VALUE with percent-encoding; a VALUE may be env:NAME or file:PATH; removed for the command";
    RUN_COMPRESSION = "OTEL_RUN_COMPRESSION", OtelRun, ReadAndInjected: "gzip or none; removed for the command";
    RUN_EXPORT_TIMEOUT = "OTEL_RUN_EXPORT_TIMEOUT", OtelRun, Read:
        "the longest wait for one request, such as 5s; 0 is no limit";
    RUN_CERTIFICATE = "OTEL_RUN_CERTIFICATE", OtelRun, ReadAndInjected:
        "PEM file of the authorities that are trusted instead of the system's; removed for the command";
    RUN_CLIENT_CERTIFICATE = "OTEL_RUN_CLIENT_CERTIFICATE", OtelRun, ReadAndInjected:
        "PEM file of the certificate that is shown to the backend; removed for the command";
    RUN_CLIENT_KEY = "OTEL_RUN_CLIENT_KEY", OtelRun, ReadAndInjected: "PEM file of its key; removed for the command";
    RUN_INSECURE = "OTEL_RUN_INSECURE", OtelRun, ReadAndInjected:
        "true: grpc goes without TLS where the endpoint has no scheme; removed for the command";
    RUN_SIGNALS = "OTEL_RUN_SIGNALS", OtelRun, ReadAndInjected:
        "the signals that are sent, some of traces, metrics, logs with commas between them; removed for the command";
    RUN_HEADERS_HELPER = "OTEL_RUN_HEADERS_HELPER", OtelRun, ReadAndInjected:
        "a program that prints headers for the backend as a JSON object; removed for the command";
    RUN_EXPIRE_AFTER = "OTEL_RUN_EXPIRE_AFTER", OtelRun, Read:
        "how old telemetry may become before it is not sent any more, such as 7d; 0 is any age";
    RUN_REQUIRE_TELEMETRY = "OTEL_RUN_REQUIRE_TELEMETRY", OtelRun, Read:
        "true, or traces, metrics, logs with commas between them: what has to be sent and delivered for the run to be a success";
    RUN_METRICS_TEMPORALITY = "OTEL_RUN_METRICS_TEMPORALITY", OtelRun, Read:
        "cumulative, delta or lowmemory, for the metrics of the run itself";
    RUN_SERVICE_NAME = "OTEL_RUN_SERVICE_NAME", OtelRun, Read: "service.name of everything in the run; {agent} and {mode} in it are filled in";
    RUN_RESOURCE_ATTRIBUTES = "OTEL_RUN_RESOURCE_ATTRIBUTES", OtelRun, Read:
        "resource attributes of everything in the run, KEY=VALUE,KEY=VALUE with percent-encoding";
    RUN_AGENT = "OTEL_RUN_AGENT", OtelRun, Read: "auto, none, or the name of an agent's profile";
    RUN_AGENT_DESTINATIONS = "OTEL_RUN_AGENT_DESTINATIONS", OtelRun, Read:
        "on or off: whether the run also goes to where the agent exports to by its own configuration";
    RUN_NEST = "OTEL_RUN_NEST", OtelRun, Read: "adopt, link or off: how the command's telemetry is put under the run";
    RUN_CONTENT = "OTEL_RUN_CONTENT", OtelRun, Read: "off, local or on: whether prompts, answers and tool data are kept, and sent";
    RUN_DETAIL = "OTEL_RUN_DETAIL", OtelRun, Read:
        "full or agent: whether the housekeeping spans of known agents are kept";
    RUN_REDACT = "OTEL_RUN_REDACT", OtelRun, Read:
        "names of variables, with commas between them, whose values are blanked wherever they stand in telemetry";
    RUN_REDACT_EXCEPT = "OTEL_RUN_REDACT_EXCEPT", OtelRun, Read:
        "names of variables whose values are not, although their names look like those of secrets";
    RUN_GENAI = "OTEL_RUN_GENAI", OtelRun, Read:
        "off, add or replace: how the names of the GenAI conventions come into the command's spans";
    RUN_DRAIN_DEADLINE = "OTEL_RUN_DRAIN_DEADLINE", OtelRun, Read:
        "how long delivery may go on after the command ended, such as 5s";
    RUN_TIMEOUT = "OTEL_RUN_TIMEOUT", OtelRun, Read:
        "how long the command may take, such as 30m, before it and all that it started are ended; 0 is no limit";
    RUN_KILL_AFTER = "OTEL_RUN_KILL_AFTER", OtelRun, Read:
        "how long after that they are killed, such as 10s; 0 is never";
    RUN_SUCCESS_CODES = "OTEL_RUN_SUCCESS_CODES", OtelRun, Read:
        "exit codes that are answers and no errors, from 1 to 255, with commas between them";
    RUN_REAP = "OTEL_RUN_REAP", OtelRun, Read:
        "true: otel-run is the subreaper of all that the command starts";
    RUN_DIE_WITH_PARENT = "OTEL_RUN_DIE_WITH_PARENT", OtelRun, Read:
        "true: the command is killed when otel-run is killed";
    RUN_HEARTBEAT = "OTEL_RUN_HEARTBEAT", OtelRun, Read:
        "how often a running run says that it runs, such as 60s; 0 is never";
    RUN_COLLECTOR = "OTEL_RUN_COLLECTOR", OtelRun, Read: "on or off: whether the embedded collector is used";
    RUN_STATE_DIR = "OTEL_RUN_STATE_DIR", OtelRun, Read: "the folder that holds the runs";
    RUN_KEEP_AGE = "OTEL_RUN_KEEP_AGE", OtelRun, Read: "how long runs are kept, such as 30d; 0 is for ever";
    RUN_KEEP_RUNS = "OTEL_RUN_KEEP_RUNS", OtelRun, Read: "how many runs are kept; 0 is all";
    RUN_KEEP_SIZE = "OTEL_RUN_KEEP_SIZE", OtelRun, Read:
        "how much all runs may take on disk, such as 5GiB; 0 is no limit";
    RUN_QUIET = "OTEL_RUN_QUIET", OtelRun, Read: "true: say nothing";
    RUN_CONFIG = "OTEL_RUN_CONFIG", OtelRun, Read: "the user's settings file";

    OTLP_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT", OpenTelemetry, ReadAndInjected:
        "base URL of the backend; the command gets the embedded collector instead";
    OTLP_PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL", OpenTelemetry, ReadAndInjected:
        "http/protobuf, http/json or grpc; the command gets what the embedded collector is told to speak";
    OTLP_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS", OpenTelemetry, ReadAndInjected:
        "headers for the backend, literal values with percent-encoding; the command never sees them";
    OTLP_COMPRESSION = "OTEL_EXPORTER_OTLP_COMPRESSION", OpenTelemetry, ReadAndInjected:
        "gzip or none; removed for the command";
    OTLP_TIMEOUT = "OTEL_EXPORTER_OTLP_TIMEOUT", OpenTelemetry, Read:
        "the longest wait for one request, in milliseconds; 0 is no limit";
    OTLP_CERTIFICATE = "OTEL_EXPORTER_OTLP_CERTIFICATE", OpenTelemetry, ReadAndInjected:
        "PEM file of the authorities that are trusted instead of the system's; removed for the command";
    OTLP_CLIENT_CERTIFICATE = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", OpenTelemetry, ReadAndInjected:
        "PEM file of the certificate that is shown to the backend; removed for the command";
    OTLP_CLIENT_KEY = "OTEL_EXPORTER_OTLP_CLIENT_KEY", OpenTelemetry, ReadAndInjected:
        "PEM file of its key; removed for the command";
    OTLP_INSECURE = "OTEL_EXPORTER_OTLP_INSECURE", OpenTelemetry, ReadAndInjected:
        "true: grpc goes without TLS where the endpoint has no scheme; removed for the command";
    OTLP_TEMPORALITY = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", OpenTelemetry, Read:
        "cumulative, delta or lowmemory, for the metrics of the run itself; the command reads it as well";
    OTLP_TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", OpenTelemetry, ReadAndInjected: "URL for traces, used as it stands; removed for the command";
    OTLP_TRACES_PROTOCOL = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", OpenTelemetry, ReadAndInjected: "the same for traces alone";
    OTLP_TRACES_HEADERS = "OTEL_EXPORTER_OTLP_TRACES_HEADERS", OpenTelemetry, ReadAndInjected: "headers for traces instead of those for all signals; removed for the command";
    OTLP_TRACES_COMPRESSION = "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", OpenTelemetry, ReadAndInjected: "the same for traces alone";
    OTLP_TRACES_TIMEOUT = "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", OpenTelemetry, Read: "the same for traces alone";
    OTLP_TRACES_CERTIFICATE = "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", OpenTelemetry, ReadAndInjected: "the same for traces alone";
    OTLP_TRACES_CLIENT_CERTIFICATE = "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", OpenTelemetry, ReadAndInjected: "the same for traces alone";
    OTLP_TRACES_CLIENT_KEY = "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", OpenTelemetry, ReadAndInjected: "the same for traces alone";
    OTLP_TRACES_INSECURE = "OTEL_EXPORTER_OTLP_TRACES_INSECURE", OpenTelemetry, ReadAndInjected: "the same for traces alone";
    OTLP_METRICS_ENDPOINT = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", OpenTelemetry, ReadAndInjected: "URL for metrics, used as it stands; removed for the command";
    OTLP_METRICS_PROTOCOL = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", OpenTelemetry, ReadAndInjected: "the same for metrics alone";
    OTLP_METRICS_HEADERS = "OTEL_EXPORTER_OTLP_METRICS_HEADERS", OpenTelemetry, ReadAndInjected: "headers for metrics instead of those for all signals; removed for the command";
    OTLP_METRICS_COMPRESSION = "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", OpenTelemetry, ReadAndInjected: "the same for metrics alone";
    OTLP_METRICS_TIMEOUT = "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", OpenTelemetry, Read: "the same for metrics alone";
    OTLP_METRICS_CERTIFICATE = "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", OpenTelemetry, ReadAndInjected: "the same for metrics alone";
    OTLP_METRICS_CLIENT_CERTIFICATE = "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", OpenTelemetry, ReadAndInjected: "the same for metrics alone";
    OTLP_METRICS_CLIENT_KEY = "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", OpenTelemetry, ReadAndInjected: "the same for metrics alone";
    OTLP_METRICS_INSECURE = "OTEL_EXPORTER_OTLP_METRICS_INSECURE", OpenTelemetry, ReadAndInjected: "the same for metrics alone";
    OTLP_LOGS_ENDPOINT = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", OpenTelemetry, ReadAndInjected: "URL for logs, used as it stands; removed for the command";
    OTLP_LOGS_PROTOCOL = "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", OpenTelemetry, ReadAndInjected: "the same for logs alone";
    OTLP_LOGS_HEADERS = "OTEL_EXPORTER_OTLP_LOGS_HEADERS", OpenTelemetry, ReadAndInjected: "headers for logs instead of those for all signals; removed for the command";
    OTLP_LOGS_COMPRESSION = "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", OpenTelemetry, ReadAndInjected: "the same for logs alone";
    OTLP_LOGS_TIMEOUT = "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", OpenTelemetry, Read: "the same for logs alone";
    OTLP_LOGS_CERTIFICATE = "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", OpenTelemetry, ReadAndInjected: "the same for logs alone";
    OTLP_LOGS_CLIENT_CERTIFICATE = "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE", OpenTelemetry, ReadAndInjected: "the same for logs alone";
    OTLP_LOGS_CLIENT_KEY = "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", OpenTelemetry, ReadAndInjected: "the same for logs alone";
    OTLP_LOGS_INSECURE = "OTEL_EXPORTER_OTLP_LOGS_INSECURE", OpenTelemetry, ReadAndInjected: "the same for logs alone";
    OTEL_SERVICE_NAME = "OTEL_SERVICE_NAME", OpenTelemetry, ReadAndInjected: "service.name of everything in the run";
    OTEL_RESOURCE_ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES", OpenTelemetry, ReadAndInjected:
        "resource attributes of everything in the run; void as a whole if one member cannot be decoded";
    OTEL_SDK_DISABLED = "OTEL_SDK_DISABLED", OpenTelemetry, Read:
        "true: nothing is recorded, the context is passed on as it came";
    OTEL_TRACES_SAMPLER = "OTEL_TRACES_SAMPLER", OpenTelemetry, Read: "how the run's own span is sampled";
    OTEL_TRACES_SAMPLER_ARG = "OTEL_TRACES_SAMPLER_ARG", OpenTelemetry, Read:
        "the ratio for traceidratio and parentbased_traceidratio, from 0 to 1";
    OTEL_SEMCONV_STABILITY_OPT_IN = "OTEL_SEMCONV_STABILITY_OPT_IN", OpenTelemetry, Read:
        "with gen_ai_latest_experimental in its list: the newest names of the GenAI conventions; the command reads it as well";
    OTEL_PROPAGATORS = "OTEL_PROPAGATORS", OpenTelemetry, Read: "which context is read and passed on: tracecontext, baggage, none";

    TRACEPARENT = "TRACEPARENT", Context, ReadAndInjected: "the parent span; the command gets the run's span";
    TRACESTATE = "TRACESTATE", Context, ReadAndInjected: "what vendors add to the trace's context";
    BAGGAGE = "BAGGAGE", Context, ReadAndInjected: "key and value pairs that travel with the context";

    XDG_CONFIG_HOME = "XDG_CONFIG_HOME", Folders, Read:
        "holds otel-run/config.toml, the user's settings file; ~/.config if unset";
    XDG_STATE_HOME = "XDG_STATE_HOME", Folders, Read: "holds otel-run, the folder of the runs; ~/.local/state if unset";
    HOME = "HOME", Folders, Read: "the user's home folder";
    XDG_RUNTIME_DIR = "XDG_RUNTIME_DIR", Folders, Read:
        "holds the file by which Claude Code is told what its own files say otherwise, while it runs; TMPDIR or /tmp if unset";

    NO_COLOR = "NO_COLOR", Screen, Read: "set to anything: no colours";
    COLUMNS = "COLUMNS", Screen, Read: "how wide output may be, instead of the terminal's width";
    TERM = "TERM", Screen, Read: "dumb: no colours";
    LC_ALL = "LC_ALL", Screen, Read: "whether more than ASCII can be drawn; then LC_CTYPE, then LANG";

    CLAUDE_CODE_ENABLE_TELEMETRY = "CLAUDE_CODE_ENABLE_TELEMETRY", Commands, ReadAndInjected:
        "Claude Code: 1, and so is CLAUDE_CODE_ENHANCED_TELEMETRY_BETA";
    CLAUDE_CODE_PROPAGATE_TRACEPARENT = "CLAUDE_CODE_PROPAGATE_TRACEPARENT", Commands, Injected:
        "Claude Code: 1, unless it is set: what tools do is put under the tool's span, and the host of the model gets a traceparent header";
    OTEL_TRACES_EXPORTER = "OTEL_TRACES_EXPORTER", Commands, ReadAndInjected:
        "with none otel-run sends no traces either; Claude Code: what the user has, with otlp added, unless it says none; Codex: with none the signal is left alone";
    OTEL_LOGS_EXPORTER = "OTEL_LOGS_EXPORTER", Commands, ReadAndInjected: "the same for logs alone";
    OTEL_TRACES_EXPORT_INTERVAL = "OTEL_TRACES_EXPORT_INTERVAL", Commands, Injected:
        "Claude Code: 1000, unless it is set; OTEL_LOGS_EXPORT_INTERVAL likewise";
    OTEL_METRIC_EXPORT_INTERVAL = "OTEL_METRIC_EXPORT_INTERVAL", Commands, Injected:
        "Claude Code: 5000, unless it is set; Codex: 500, unless it is set";
    OTEL_METRICS_INCLUDE_RESOURCE_ATTRIBUTES = "OTEL_METRICS_INCLUDE_RESOURCE_ATTRIBUTES", Commands, Injected:
        "Claude Code: false, unless it is set";
    OTEL_LOG_USER_PROMPTS = "OTEL_LOG_USER_PROMPTS", Commands, Injected:
        "Claude Code: whether content is recorded: 1 with content, unless it is set, and removed without; OTEL_LOG_ASSISTANT_RESPONSES, OTEL_LOG_TOOL_DETAILS and OTEL_LOG_TOOL_CONTENT likewise";
    CLAUDE_CONFIG_DIR = "CLAUDE_CONFIG_DIR", Commands, Read: "holds the settings of Claude Code; ~/.claude if unset";
    CODEX_HOME = "CODEX_HOME", Commands, Read: "holds the configuration of Codex; ~/.codex if unset";
    GEMINI_TELEMETRY_ENABLED = "GEMINI_TELEMETRY_ENABLED", Commands, Injected:
        "Gemini CLI: true; with GEMINI_TELEMETRY_TARGET=local, GEMINI_TELEMETRY_OTLP_ENDPOINT, GEMINI_TELEMETRY_OTLP_PROTOCOL=http, an empty GEMINI_TELEMETRY_OUTFILE and whatever else leads its telemetry to the run's collector";
    GEMINI_TELEMETRY_TRACES_ENABLED = "GEMINI_TELEMETRY_TRACES_ENABLED", Commands, Injected:
        "Gemini CLI: true, for token counts on its spans";
    GEMINI_TELEMETRY_LOG_PROMPTS = "GEMINI_TELEMETRY_LOG_PROMPTS", Commands, Injected: "Gemini CLI: whether content is recorded";
    OTEL_NODE_RESOURCE_DETECTORS = "OTEL_NODE_RESOURCE_DETECTORS", Commands, Injected:
        "Gemini CLI: env,host without content, unless it is set: the prompt is on its command line";
    QWEN_TELEMETRY_ENABLED = "QWEN_TELEMETRY_ENABLED", Commands, Injected:
        "Qwen Code: true; with QWEN_TELEMETRY_TARGET=local, QWEN_TELEMETRY_OTLP_ENDPOINT and those of single signals, QWEN_TELEMETRY_OTLP_PROTOCOL=http and an empty QWEN_TELEMETRY_OUTFILE";
    QWEN_TELEMETRY_LOG_PROMPTS = "QWEN_TELEMETRY_LOG_PROMPTS", Commands, Injected:
        "Qwen Code: whether content is recorded in logs; QWEN_TELEMETRY_INCLUDE_SENSITIVE_SPAN_ATTRIBUTES likewise in spans";
    COPILOT_OTEL_ENABLED = "COPILOT_OTEL_ENABLED", Commands, Injected:
        "GitHub Copilot CLI: true; with COPILOT_OTEL_EXPORTER_TYPE=otlp-http, which beats COPILOT_OTEL_FILE_EXPORTER_PATH";
    CAPTURE_MESSAGE_CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", Commands, Injected:
        "GitHub Copilot CLI: whether content is recorded";
    CONTINUE_METRICS_ENABLED = "CONTINUE_METRICS_ENABLED", Commands, Injected:
        "Continue: 1, and so is CONTINUE_CLI_ENABLE_TELEMETRY";
    OTEL_METRICS_EXPORTER = "OTEL_METRICS_EXPORTER", Commands, ReadAndInjected: "with none otel-run sends no metrics either; Continue: otlp, unless it is set; Claude Code and Codex: as OTEL_TRACES_EXPORTER";
    BSP_SCHEDULE_DELAY = "OTEL_BSP_SCHEDULE_DELAY", Commands, Injected:
        "opencode: 5, unless it is set; Codex: 20, unless it is set, and OTEL_BLRP_SCHEDULE_DELAY likewise";
    OPENCODE_CONFIG_CONTENT = "OPENCODE_CONFIG_CONTENT", Commands, ReadAndInjected:
        "opencode: what the user has, with experimental.openTelemetry switched on";
    NO_PROXY = "NO_PROXY", Commands, ReadAndInjected: "hosts that are reached without a proxy; the command's gets the collector's address where a proxy is set; no_proxy likewise";
    HTTPS_PROXY = "HTTPS_PROXY", Commands, Read: "the proxy to https:// endpoints, and to gRPC over TLS; https_proxy likewise";
    HTTP_PROXY = "HTTP_PROXY", Commands, Read: "the proxy to http:// endpoints; http_proxy likewise";
    ALL_PROXY = "ALL_PROXY", Commands, Read: "the proxy where neither of these says one; all_proxy likewise";
}

/// The page `docs/variables.md`.
pub fn documentation() -> String {
    let mut page = String::from(
        "# Environment variables\n\nAn empty variable counts as one that is not set. otel-run never changes its own environment, only \
         the command's.\n",
    );
    for (family, heading) in [
        (Family::OtelRun, "otel-run's own"),
        (Family::OpenTelemetry, "OpenTelemetry"),
        (Family::Context, "Trace context"),
        (Family::Commands, "What commands read"),
        (Family::Folders, "Folders"),
        (Family::Screen, "Output"),
    ] {
        page.push_str(&format!("\n## {heading}\n\n| variable | meaning |\n| --- | --- |\n"));
        for variable in ALL.iter().filter(|variable| variable.family == family) {
            page.push_str(&format!("| `{}` | {} |\n", variable.name, variable.meaning.replace('|', "\\|")));
        }
    }
    page
}

/// What says where a run goes, and with which credentials, in our own words. A command must not see it: the credentials
/// are not its own, and an otel-run inside the command would pass the outer one by.
pub const OWN_DESTINATION: &[&str] = &[
    RUN_ENDPOINT,
    RUN_PROTOCOL,
    RUN_HEADERS,
    RUN_COMPRESSION,
    RUN_CERTIFICATE,
    RUN_CLIENT_CERTIFICATE,
    RUN_CLIENT_KEY,
    RUN_INSECURE,
    RUN_HEADERS_HELPER,
    RUN_SIGNALS,
];

/// The variable for an option of the OTLP exporter, such as `ENDPOINT`, for all signals or for one: every option is there
/// for each (OTLP exporter, "Configuration Options").
pub fn otlp(signal: Option<Signal>, option: &str) -> String {
    match signal {
        None => format!("OTEL_EXPORTER_OTLP_{option}"),
        Some(signal) => format!("OTEL_EXPORTER_OTLP_{}_{option}", signal.as_str().to_ascii_uppercase()),
    }
}

/// The variable that says with what a signal is exported.
pub fn exporter(signal: Signal) -> String {
    format!("OTEL_{}_EXPORTER", signal.as_str().to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn names_are_unique_and_fit_their_family() {
        for (index, variable) in ALL.iter().enumerate() {
            let name = variable.name;
            assert!(ALL[..index].iter().all(|other| other.name != name), "{name} is there twice");
            let ours = name.starts_with("OTEL_RUN_");
            assert_eq!(ours, variable.family == Family::OtelRun, "{name}");
            let theirs = matches!(variable.family, Family::OpenTelemetry | Family::Commands);
            assert!(!name.starts_with("OTEL_") || ours || theirs, "{name}");
            assert!(!variable.meaning.is_empty() && !variable.meaning.ends_with('.'), "{name}");
        }
    }
    /// `UPDATE_DOCS=1 cargo test --lib variables` writes the page again.
    #[test]
    fn the_page_says_what_the_table_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/variables.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, documentation()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), documentation());
    }
}
