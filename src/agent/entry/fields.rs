//! Every field of `[agents.NAME]`, documented once. The reader takes only what stands here.

use super::words::{LAST_BATCHES, MEANS, RESOURCE_ATTRIBUTES, TAKES_PARENT};
use crate::settings::choice::{PROTOCOL, SIGNAL};
use crate::settings::keys::Unset::{self, Required, Words};
use crate::settings::keys::{Key, Kind, word_of};

macro_rules! fields {
    ($($name:literal: $kind:expr, $unset:expr, $meaning:literal, $example:literal;)*) => {
        &[$(Key {
            name: $name,
            kind: $kind,
            project: false,
            unset: $unset,
            flag: None,
            variables: &[],
            meaning: $meaning,
            example: $example,
        }),*]
    };
}

/// What holds where an entry does not say it.
const AS_LIKE: Unset = Words("as the agent that it is like");
const NONE: Unset = Words("none");
const UNSAID: Unset = Words("the line of the file");

const TEXTS: Kind = Kind::List(&Kind::Text);
const REASONS: Kind = Kind::Either(&[Kind::List(&Kind::Text), Kind::Names(&Kind::Text)]);

/// The fields of an entry.
pub const FIELDS: &[Key] = fields! {
    "like": Kind::Text, Words("the built-in agent of its name, or any other command"),
        "the built-in agent that it is like", "\"opencode\"";
    "title": Kind::Text, Words("its name"), "what it calls itself", "\"Goose\"";
    "versions": TEXTS, AS_LIKE, "versions that were seen working", "[\"1.9.0\"]";
    "base_names": TEXTS, Words("its name"), "names of its executables, without folders", "[\"goose\"]";
    "packages": TEXTS, NONE, "names of its packages, as npx and uvx know them", "[\"@block/goose\"]";
    "scripts": TEXTS, NONE, "ends of the paths of its scripts, as in node bundle/goose.js", "[\"bundle/goose.js\"]";
    "modes": Kind::Table(MODES), AS_LIKE, "what its command line says about how it runs", "{ working = [\"run\"] }";
    "service": Kind::Table(SERVICE), AS_LIKE, "what it calls itself in what it sends", "{ names = [\"goose\"] }";
    "telemetry": Kind::Table(TELEMETRY), AS_LIKE, "whose names of content, of GenAI and of housekeeping it uses",
        "{ like = \"opencode\", scopes = [\"goose\"] }";
    "protocols": Kind::List(&word_of!(PROTOCOL)), AS_LIKE, "what it speaks; the first is asked for where it does not speak http/protobuf",
        "[\"http/json\"]";
    "signals": Kind::List(&word_of!(SIGNAL)), AS_LIKE, "what it sends", "[\"traces\", \"logs\"]";
    "takes_parent": word_of!(TAKES_PARENT), AS_LIKE, "whether its spans hang under TRACEPARENT", "\"always\"";
    "ignores": TEXTS, AS_LIKE, "variables without an effect on it", "[\"OTEL_CONFIG_FILE\"]";
    "records_unasked": TEXTS, AS_LIKE, "content that it records unasked, in words", "[\"prompts\"]";
    "flush": Kind::Table(FLUSH), AS_LIKE, "what becomes of what it has not sent", "{ at_end = \"lost\" }";
    "flush_delay": Kind::Time, NONE,
        "how long spans and log records wait before they are sent, where the user has not said it", "\"200ms\"";
    "events": Kind::List(&Kind::Table(EVENTS)), AS_LIKE, "which spans and log records mean what",
        "[{ signal = \"traces\", name = \"goose.llm\", means = \"model-call\" }]";
    "set": Kind::Names(&VALUE), NONE, "variables that it gets, whatever the user has", "{ GOOSE_OTLP_ENDPOINT = \"{endpoint}\" }";
    "set_if_unset": Kind::Names(&VALUE), NONE, "variables that it gets unless the user has a value", "{ GOOSE_FLUSH_MS = \"50\" }";
    "prepend": Kind::Names(&Kind::Table(PREPEND)), NONE, "texts in front of the user's value",
        "{ NODE_OPTIONS = { text = \"--require goose-otel\", separator = \" \" } }";
    "add_to_list": Kind::Names(&VALUE), NONE, "words behind those of the user's list, with commas between them",
        "{ OTEL_TRACES_EXPORTER = \"otlp\" }";
    "merge_json": Kind::Names(&Kind::Table(MERGE_JSON)), NONE, "JSON that goes into the JSON which the variable holds",
        "{ GOOSE_CONFIG = { path = [\"telemetry\", \"enabled\"], json = \"true\" } }";
    "exempt_loopback": REASONS, NONE, "variables that get 127.0.0.1 and localhost where a proxy is set", "[\"GOOSE_NO_PROXY\"]";
    "remove": REASONS, NONE, "variables that it does not get", "[\"GOOSE_TELEMETRY_OFF\"]";
    "leave": REASONS, NONE, "variables that it gets as the user has them", "[\"OTEL_EXPORTER_OTLP_PROTOCOL\"]";
    "resource_attributes": word_of!(RESOURCE_ATTRIBUTES), AS_LIKE, "how it reads OTEL_RESOURCE_ATTRIBUTES", "\"partly-decoded\"";
    "arguments": Kind::List(&Kind::Table(ARGUMENT)), AS_LIKE, "words that are put into its command line",
        "[{ before = [\"--otlp-endpoint\", \"{endpoint}/v1/traces\"], modes = [\"run\"] }]";
    "content_attributes": TEXTS, AS_LIKE, "attributes that hold content; .* stands for a name and all below it",
        "[\"goose.prompt\", \"goose.tool.*\"]";
    "housekeeping": TEXTS, AS_LIKE, "names of spans that are its inner workings; * at the end stands for any rest",
        "[\"goose.poll\"]";
    "operations": Kind::DottedNames(&Kind::Text), AS_LIKE, "operations of the GenAI conventions, by names of spans",
        "{ \"goose.llm*\" = \"chat\" }";
    "genai_attributes": Kind::DottedNames(&Kind::Text), AS_LIKE, "names of the GenAI conventions, by names of attributes",
        "{ \"goose.model\" = \"gen_ai.request.model\" }";
    "content_switches": Kind::Names(&Kind::Table(CONTENT_SWITCH)), AS_LIKE, "its own switches for content",
        "{ GOOSE_LOG_PROMPTS = { on = { set = \"1\" }, off = { remove = true }, of = \"prompts\" } }";
    "content_arguments": Kind::List(&Kind::Table(ARGUMENT)), AS_LIKE, "words of its command line with content",
        "[{ before = [\"--log-prompts\"] }]";
    "probe": Kind::Table(PROBE), AS_LIKE, "how it is asked what it takes", "{ arguments = [\"--help\"] }";
    "cautions": Kind::List(&Kind::Table(CAUTION)), AS_LIKE, "what the user is to be told",
        "[{ text = \"--no-telemetry switches its telemetry off\", option = \"--no-telemetry\" }]";
    "launcher_keeps_signals": Kind::Switch, AS_LIKE, "whether its command is a launcher that does not pass signals on", "true";
};

/// `modes`.
pub(super) const MODES: &[Key] = fields! {
    "working": TEXTS, NONE, "subcommands with a model at work, each a mode", "[\"run\"]";
    "other": TEXTS, NONE, "other subcommands", "[\"version\"]";
    "without_subcommand": Kind::Text, NONE, "the mode without a subcommand", "\"session\"";
    "with_words": Kind::Text, NONE, "the mode without a subcommand, but with words", "\"run\"";
    "without_terminal": Kind::Text, NONE, "the mode without any of these where stdin is no terminal", "\"run\"";
    "by_option": Kind::List(&Kind::Table(BY_OPTION)), NONE, "modes that options choose", "[{ option = \"--acp\", mode = \"acp\" }]";
    "interactive": TEXTS, NONE, "modes in which somebody sits at its terminal", "[\"session\"]";
    "serving": TEXTS, NONE, "modes in which it serves other programs", "[\"serve\"]";
    "options_with_value": TEXTS, NONE, "options whose value is not to be taken for a subcommand", "[\"--model\"]";
};

/// One of `modes.by_option`.
pub(super) const BY_OPTION: &[Key] = fields! {
    "option": Kind::Text, Required, "the option", "\"--acp\"";
    "mode": Kind::Text, Words("it does not work then"), "the mode", "\"acp\"";
};

/// `service`.
pub(super) const SERVICE: &[Key] = fields! {
    "names": TEXTS, NONE, "its service.names", "[\"goose\"]";
    "tells_version": Kind::Switch, Words("false"), "whether its service.version is its own", "true";
};

/// `telemetry`.
pub(super) const TELEMETRY: &[Key] = fields! {
    "like": Kind::Text, AS_LIKE, "the built-in agent whose names it uses", "\"opencode\"";
    "scopes": TEXTS, AS_LIKE, "its instrumentation scopes; * at the end stands for any rest", "[\"goose\"]";
};

/// `flush`.
pub(super) const FLUSH: &[Key] = fields! {
    "at_end": word_of!(LAST_BATCHES), AS_LIKE, "when it ends by itself", "\"sent\"";
    "on_signal": word_of!(LAST_BATCHES), AS_LIKE, "when a signal ends it", "\"lost\"";
};

/// One of `events`.
pub(super) const EVENTS: &[Key] = fields! {
    "signal": word_of!(SIGNAL), Required, "traces for spans, logs for log records", "\"traces\"";
    "name": Kind::Text, Required, "the name of the span or of the event", "\"goose.llm\"";
    "means": word_of!(MEANS), Required, "what it means", "\"model-call\"";
};

/// One of `cautions`.
pub(super) const CAUTION: &[Key] = fields! {
    "modes": TEXTS, Words("all"), "in which modes it is said", "[\"run\"]";
    "option": Kind::Text, Words("any"), "with which option it is said", "\"--no-telemetry\"";
    "text": Kind::Text, Required, "what is said", "\"--no-telemetry switches its telemetry off\"";
};

/// `probe`.
pub(super) const PROBE: &[Key] = fields! {
    "arguments": TEXTS, Required, "what it is asked with", "[\"--help\"]";
    "alternatives": Kind::List(&Kind::Table(ALTERNATIVE)), NONE, "what to say instead, by its answer",
        "[{ when_answer_has = \"--otlp\", argument = { before = [\"--otlp\"] } }]";
};

/// One of `probe.alternatives`.
pub(super) const ALTERNATIVE: &[Key] = fields! {
    "when_answer_has": Kind::Text, Required, "a part of the answer", "\"--otlp\"";
    "argument": Kind::Table(ARGUMENT), Required, "the argument that is used instead", "{ before = [\"--otlp\"] }";
};

/// One of `arguments`.
pub(super) const ARGUMENT: &[Key] = fields! {
    "before": Kind::List(&Kind::AnyText), NONE, "words in front of all of the user's", "[\"--otlp\"]";
    "after": Kind::List(&Kind::AnyText), NONE, "words behind the user's, but before a --", "[\"--verbose\"]";
    "settings": Kind::Table(SETTINGS), NONE, "an option of it that takes settings, whose variables beat its environment",
        "{ option = \"--settings\", key = \"env\" }";
    "modes": TEXTS, Words("all"), "in which modes", "[\"run\"]";
    "sets": Kind::Text, NONE, "the key of its own configuration that it sets", "\"otel.exporter\"";
    "reason": Kind::Text, UNSAID, "why, for plan and agents", "\"it knows no variable for it\"";
};

/// `settings` of one of `arguments`.
pub(super) const SETTINGS: &[Key] = fields! {
    "option": Kind::Text, Required, "the option", "\"--settings\"";
    "key": Kind::Text, Required, "the key of its settings that holds variables", "\"env\"";
};

/// One of `content_switches`.
pub(super) const CONTENT_SWITCH: &[Key] = fields! {
    "on": CHANGE, Required, "what is done with it where content is on", "{ set = \"1\" }";
    "off": CHANGE, Required, "what is done with it where content is off", "{ remove = true }";
    "of": Kind::Text, UNSAID, "what it is about", "\"prompts\"";
};

const CHANGE: Kind = Kind::Table(CHANGES);

/// What can be done with a variable that is named elsewhere. A change is one of these.
pub(super) const CHANGES: &[Key] = fields! {
    "set": VALUE, NONE, "the value that it gets", "\"1\"";
    "set_if_unset": VALUE, NONE, "the value that it gets unless the user has one", "\"1\"";
    "prepend": Kind::Table(PREPEND), NONE, "what goes in front of the user's value", "{ text = \"a\", separator = \",\" }";
    "add_to_list": VALUE, NONE, "what goes behind the user's list", "\"otlp\"";
    "merge_json": Kind::Table(MERGE_JSON), NONE, "what goes into the JSON that it holds", "{ path = [\"a\"], json = \"true\" }";
    "exempt_loopback": Kind::True, NONE, "it gets 127.0.0.1 and localhost where a proxy is set", "true";
    "remove": Kind::True, NONE, "it is not there", "true";
};

const VALUE: Kind = Kind::Either(&[Kind::AnyText, Kind::Table(VALUED)]);

/// A value with its reason.
pub(super) const VALUED: &[Key] = fields! {
    "value": Kind::AnyText, Required, "the value", "\"{endpoint}\"";
    "reason": Kind::Text, UNSAID, "why, for plan and agents", "\"switches its traces on\"";
};

/// What is prepended.
pub(super) const PREPEND: &[Key] = fields! {
    "text": Kind::AnyText, Required, "what goes in front", "\"--require goose-otel\"";
    "separator": Kind::AnyText, Required, "what stands between", "\" \"";
    "reason": Kind::Text, UNSAID, "why, for plan and agents", "\"loads its exporter\"";
};

/// What is merged.
pub(super) const MERGE_JSON: &[Key] = fields! {
    "path": TEXTS, Required, "the keys that lead to it", "[\"telemetry\", \"enabled\"]";
    "json": Kind::Text, Required, "what stands there", "\"true\"";
    "without_it": Kind::Text, Words("what it is for is missing"), "what is missing without it", "\"it sends nothing\"";
    "reason": Kind::Text, UNSAID, "why, for plan and agents", "\"switches its telemetry on\"";
};
