//! The table of keys itself.

use super::Unset::{Required, Value, Words};
use super::kind::word_of;
use super::{Key, Kind};
use crate::settings::{choice, variables};

/// Whether a project's file may set a key.
const USER: bool = false;
const PROJECT: bool = true;

macro_rules! keys {
    ($($name:literal: $kind:expr, $project:expr, $unset:expr, [$($flag:literal)?] [$($variable:ident)*],
        $meaning:literal, $example:literal;)*) => {
        &[$(Key {
            name: $name,
            kind: $kind,
            project: $project,
            unset: $unset,
            flag: keys!(@flag $($flag)?),
            variables: &[$(variables::$variable),*],
            meaning: $meaning,
            example: $example,
        }),*]
    };
    (@flag) => { None };
    (@flag $flag:literal) => { Some($flag) };
}

const HEADER: Kind =
    Kind::Either(&[Kind::Text, Kind::Table(BY_VARIABLE), Kind::Table(BY_FILE), Kind::Table(BY_COMMAND)]);

const BY_VARIABLE: &[Key] = keys! {
    "env": Kind::Text, USER, Required, [] [], "the variable that holds the value", "\"OTLP_AUTHORIZATION\"";
};

const BY_FILE: &[Key] = keys! {
    "file": Kind::Path, USER, Required, [] [], "the file that holds the value", "\"~/.secrets/otlp\"";
};

const BY_COMMAND: &[Key] = keys! {
    "command": Kind::List(&Kind::AnyText), USER, Required, [] [],
        "the program that prints the value, and its arguments; no shell reads them", "[\"my-token\", \"--print\"]";
};

/// What says where telemetry goes: at the top of a file about one upstream, in each `[[upstream]]` about a further one.
pub const DESTINATION: &[Key] = keys! {
    "endpoint": Kind::Endpoint, USER, Words("none, so runs stay on disk"), ["--endpoint"] [RUN_ENDPOINT OTLP_ENDPOINT],
        "base URL of the backend, to which HTTP appends v1/traces, v1/metrics and v1/logs; unix:PATH is a socket, file:PATH a file that lines of JSON are appended to",
        "\"https://otlp.example.com\"";
    "traces_endpoint": Kind::Endpoint, USER, Words("as endpoint says"), [] [OTLP_TRACES_ENDPOINT],
        "URL for traces, used as it stands", "\"https://traces.example.com/v1/traces\"";
    "metrics_endpoint": Kind::Endpoint, USER, Words("as endpoint says"), [] [OTLP_METRICS_ENDPOINT],
        "URL for metrics, used as it stands", "\"https://metrics.example.com/v1/metrics\"";
    "logs_endpoint": Kind::Endpoint, USER, Words("as endpoint says"), [] [OTLP_LOGS_ENDPOINT],
        "URL for logs, used as it stands", "\"https://logs.example.com/v1/logs\"";
    "protocol": word_of!(choice::PROTOCOL), USER, Value("\"http/protobuf\""), ["--protocol"] [RUN_PROTOCOL OTLP_PROTOCOL],
        "how the backend is spoken to", "\"grpc\"";
    "headers": Kind::Names(&HEADER), USER, Words("none"), ["--header"] [RUN_HEADERS OTLP_HEADERS],
        "headers for each request, each with its value, or with { env = \"NAME\" }, { file = \"PATH\" } or { command = [\"PROGRAM\"] } that has it",
        "{ authorization = { env = \"OTLP_AUTHORIZATION\" } }";
    "headers_helper": Kind::Path, USER, Words("none"), ["--headers-helper"] [RUN_HEADERS_HELPER],
        "a program that prints headers as a JSON object of strings; its path may begin with ${PROJECT_ROOT}, ${WORKTREE} or ${DIRECTORY}",
        "\"~/bin/otlp-headers\"";
    "compression": word_of!(choice::COMPRESSION), USER, Value("\"none\""), ["--compression"] [RUN_COMPRESSION OTLP_COMPRESSION],
        "how requests are compressed", "\"gzip\"";
    "export_timeout": Kind::Time, USER, Value("\"10s\""), ["--export-timeout"] [RUN_EXPORT_TIMEOUT OTLP_TIMEOUT],
        "the longest wait for one request; 0 is no limit", "\"30s\"";
    "certificate": Kind::Path, USER, Words("the system's authorities"), ["--certificate"] [RUN_CERTIFICATE OTLP_CERTIFICATE],
        "PEM file of the authorities that are trusted instead of the system's", "\"~/otlp/ca.pem\"";
    "client_certificate": Kind::Path, USER, Words("none"), ["--client-certificate"] [RUN_CLIENT_CERTIFICATE OTLP_CLIENT_CERTIFICATE],
        "PEM file of the certificate that is shown to the backend; it goes with client_key", "\"~/otlp/client.pem\"";
    "client_key": Kind::Path, USER, Words("none"), ["--client-key"] [RUN_CLIENT_KEY OTLP_CLIENT_KEY],
        "PEM file of its key", "\"~/otlp/client.key\"";
    "insecure": Kind::Switch, USER, Value("false"), ["--insecure"] [RUN_INSECURE OTLP_INSECURE],
        "whether gRPC goes without TLS where the endpoint has no scheme", "true";
    "signals": Kind::List(&word_of!(choice::SIGNAL)), USER, Words("all"), ["--signals"] [RUN_SIGNALS],
        "the signals that are sent, for a backend that does not take all of them", "[\"traces\"]";
};

const NAME: Key = keys! {
    "name": Kind::Text, USER, Words("upstream-1, upstream-2 and so on"), [] [],
        "what the upstream is called; no two have the same name", "\"archive\"";
}[0];

/// What may stand in `[[upstream]]`.
pub const UPSTREAM: &[Key] = &{
    let mut keys = [NAME; DESTINATION.len() + 1];
    let mut index = 0;
    while index < DESTINATION.len() {
        keys[index + 1] = DESTINATION[index];
        index += 1;
    }
    keys
};

const REQUIRED: Kind = Kind::Either(&[Kind::Switch, Kind::List(&word_of!(choice::SIGNAL))]);

/// What is delivered, for how long, and where else.
pub const DELIVERY: &[Key] = keys! {
    "upstream": Kind::List(&Kind::Table(UPSTREAM)), USER, Words("none"), [] [],
        "a further place to which everything goes, with the keys above and a name of its own",
        "[{ name = \"archive\", endpoint = \"file:/var/log/otel-run.jsonl\" }]";
    "expire_after": Kind::TimeLimit, USER, Value("\"7d\""), ["--expire-after"] [RUN_EXPIRE_AFTER],
        "how old telemetry may become before it is not sent any more; 0 is any age", "\"2d\"";
    "drain_deadline": Kind::Time, USER, Words("2s at a terminal, 5s elsewhere"), ["--drain-deadline"] [RUN_DRAIN_DEADLINE],
        "how long delivery may go on after the command ended", "\"10s\"";
    "require_telemetry": REQUIRED, USER, Value("false"), ["--require-telemetry"] [RUN_REQUIRE_TELEMETRY],
        "what has to be sent and delivered for the run to be a success: true is anything, a list of signals is some of each",
        "[\"traces\", \"logs\"]";
};

/// What telemetry is called.
pub const IDENTITY: &[Key] = keys! {
    "service_name": Kind::Text, PROJECT, Words("the agent's own"), ["--service-name"] [RUN_SERVICE_NAME OTEL_SERVICE_NAME],
        "service.name of everything in the run; {agent} and {mode} in it are filled in", "\"{agent}-{mode}\"";
    "resource_attributes": Kind::DottedNames(&Kind::AnyText), PROJECT, Words("none"),
        ["--resource-attribute"] [RUN_RESOURCE_ATTRIBUTES OTEL_RESOURCE_ATTRIBUTES],
        "resource attributes of everything in the run", "{ team = \"tools\" }";
    "metrics_temporality": word_of!(choice::TEMPORALITY), USER, Value("\"cumulative\""),
        ["--metrics-temporality"] [RUN_METRICS_TEMPORALITY OTLP_TEMPORALITY],
        "how the sums of the run itself are told", "\"delta\"";
};

/// What is done with the agent's telemetry.
pub const AGENT: &[Key] = keys! {
    "agent": Kind::Text, PROJECT, Value("\"auto\""), ["--agent"] [RUN_AGENT],
        "auto recognises the agent by the command, none gives the command the context and nothing else, and an agent's name is taken for what the command is",
        "\"opencode\"";
    // They put variables and arguments into a command.
    "agents": Kind::Agents, USER, Words("none"), [] [],
        "agents of your own, and changes to those that are known", "{ goose = { set = { GOOSE_OTLP_ENDPOINT = \"{endpoint}\" } } }";
    "agent_destinations": Kind::OnOff, USER, Value("true"), ["--agent-destinations"] [RUN_AGENT_DESTINATIONS],
        "whether the run also goes to where the agent exports to by its own configuration", "false";
    "nest": word_of!(choice::NEST), PROJECT, Value("\"adopt\""), ["--nest"] [RUN_NEST],
        "how the command's telemetry is put under the run: adopt moves it into the run's trace, link joins its traces by span links, off touches nothing",
        "\"link\"";
    "content": word_of!(choice::CONTENT), USER, Value("\"off\""), ["--content"] [RUN_CONTENT],
        "what becomes of prompts, answers and tool data: off removes them, local keeps them on this machine, on sends them as well",
        "\"local\"";
    "detail": word_of!(choice::DETAIL), PROJECT, Value("\"full\""), ["--detail"] [RUN_DETAIL],
        "which spans of known agents are kept: full is all, agent leaves out housekeeping", "\"agent\"";
    // A repository may have more blanked, and not less: what it names is added to what others name.
    "redact": Kind::List(&Kind::Text), PROJECT, Value("[]"), ["--redact"] [RUN_REDACT],
        "names of variables whose values are blanked wherever they stand in telemetry", "[\"INTERNAL_HOST\"]";
    "redact_except": Kind::List(&Kind::Text), USER, Value("[]"), ["--redact-except"] [RUN_REDACT_EXCEPT],
        "names of variables whose values are not, although their names look like those of secrets", "[\"PUBLIC_KEY\"]";
    "genai": word_of!(choice::GENAI), PROJECT, Value("\"add\""), ["--genai"] [RUN_GENAI],
        "how the names of the GenAI conventions come into the command's spans: add puts them beside the agent's own, replace in their place, off not at all",
        "\"replace\"";
    "collector": Kind::OnOff, USER, Value("true"), ["--collector"] [RUN_COLLECTOR],
        "whether the embedded collector is used", "false";
};

/// How the command is watched over.
pub const RUN: &[Key] = keys! {
    "timeout": Kind::TimeLimit, USER, Value("0"), ["--timeout"] [RUN_TIMEOUT],
        "how long the command may take before it and all that it started are ended; 0 is no limit", "\"30m\"";
    "kill_after": Kind::TimeLimit, USER, Value("0"), ["--kill-after"] [RUN_KILL_AFTER],
        "how long after that they are killed; 0 is never", "\"10s\"";
    // It describes the project's commands: what they answer with. Exit status and exit code stay what they are.
    "success_codes": Kind::List(&Kind::ExitCode), PROJECT, Value("[]"), ["--success-code"] [RUN_SUCCESS_CODES],
        "exit codes that are answers and no errors, beside 0", "[1]";
    "reap": Kind::Switch, USER, Value("false"), ["--reap"] [RUN_REAP],
        "whether otel-run is the subreaper of all that the command starts", "true";
    "die_with_parent": Kind::Switch, USER, Value("false"), ["--die-with-parent"] [RUN_DIE_WITH_PARENT],
        "whether the command is killed when otel-run is killed", "true";
    "heartbeat": Kind::Time, USER, Value("\"60s\""), ["--heartbeat"] [RUN_HEARTBEAT],
        "how often a running run says that it runs; 0 is never", "\"30s\"";
    "quiet": Kind::Switch, USER, Value("false"), ["--quiet"] [RUN_QUIET],
        "whether otel-run keeps its words to itself", "true";
};

/// Where runs are kept, and for how long.
pub const RUNS_ON_DISK: &[Key] = keys! {
    "state_dir": Kind::Path, USER, Words("$XDG_STATE_HOME/otel-run"), ["--state-dir"] [RUN_STATE_DIR],
        "the folder that holds the runs", "\"~/runs\"";
    // A repository must not delete its visitors' runs.
    "keep_age": Kind::Age, USER, Value("\"30d\""), ["--keep-age"] [RUN_KEEP_AGE],
        "how long runs are kept; 0 is for ever", "\"90d\"";
    "keep_runs": Kind::Count, USER, Value("1000"), ["--keep-runs"] [RUN_KEEP_RUNS],
        "how many runs are kept; 0 is all", "200";
    "keep_size": Kind::Size, USER, Value("\"5GiB\""), ["--keep-size"] [RUN_KEEP_SIZE],
        "how much all runs may take on disk; 0 is no limit", "\"2GiB\"";
};
