//! What of OTLP data is content (prompts, answers, tool arguments and the like) and is removed unless the user wants it.
//!
//! [`attribute`] decides about attributes, [`body`] about bodies of log records, [`error_text`] about messages of errors.
//! The names are in one table; those that mean content wherever they stand are removed from everything, general words
//! (`prompt`, `output`) only from what a known agent wrote, so that other programs keep their telemetry. Where it is
//! uncertain whether an agent's attribute holds content, it is removed.

mod body;
mod documentation;
mod error_text;
mod index;
mod table;
#[cfg(test)]
mod tests;

pub use body::{BodyVerdict, body, inspect_body};
pub use documentation::documentation;
pub(super) use error_text::is_class_name;
pub use error_text::{ErrorText, error_text};

use index::Found;

/// A kind of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What a user or a program asks of a model, and what is sent along.
    Prompt,
    /// What a model answers.
    Answer,
    /// What a model thinks before it answers.
    Reasoning,
    /// What a tool is called with.
    ToolArguments,
    /// What a tool returns.
    ToolResult,
    /// What a model is told about its role.
    SystemInstructions,
    /// What a model is told about its tools.
    ToolDefinitions,
    /// Headers and metadata of requests and responses, which may hold credentials.
    Headers,
    /// Arguments and variables of processes.
    CommandLine,
    /// Messages of errors, which may repeat any of the others.
    ErrorText,
}

/// Where an attribute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Place {
    /// On a resource.
    Resource,
    /// On an instrumentation scope.
    Scope,
    /// On a span.
    Span,
    /// On an event of a span.
    SpanEvent,
    /// On a link of a span.
    Link,
    /// On a log record.
    LogRecord,
    /// On a data point of a metric.
    DataPoint,
    /// On an exemplar of a data point.
    Exemplar,
    /// In the metadata of a metric.
    MetricMetadata,
}

/// Who wrote the telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Family {
    /// Anybody else.
    Other,
    /// opencode itself.
    Opencode,
    /// opencode's telemetry plugin.
    OpencodePlugin,
    /// Claude Code.
    Claude,
    /// Codex CLI.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// Qwen Code.
    Qwen,
    /// GitHub Copilot CLI and Copilot Chat.
    Copilot,
    /// Continue's command line.
    Continue,
}

impl Family {
    /// The family of what stands under an instrumentation scope. A scope that says nothing (an HTTP library's) belongs
    /// to the program that `service.name` names. For the attributes of a resource, `scope_name` is empty.
    pub fn of_scope(scope_name: &[u8], service_name: &[u8]) -> Family {
        match Self::named(scope_name) {
            Family::Other => Self::named(service_name),
            family => family,
        }
    }

    fn named(name: &[u8]) -> Family {
        match name {
            b"opencode" => Family::Opencode,
            b"com.opencode" => Family::OpencodePlugin,
            b"claude-code" => Family::Claude,
            b"codex" => Family::Codex,
            b"gemini-cli" => Family::Gemini,
            b"qwen-code" => Family::Qwen,
            b"github.copilot" | b"github-copilot" | b"copilot-chat" => Family::Copilot,
            b"continue-cli" => Family::Continue,
            _ if name.starts_with(b"com.anthropic.claude_code") => Family::Claude,
            _ if name.starts_with(b"codex_") => Family::Codex,
            _ => Family::Other,
        }
    }
}

/// Whether an event is nothing but one message or one tool's output, so that general words in it (`content`) are content
/// whoever wrote it: the per-message events of the GenAI conventions up to 1.36, and Claude Code's `tool.output`.
fn is_message_event(family: Family, name: &[u8]) -> bool {
    match name.strip_prefix(b"gen_ai.") {
        Some(rest) => matches!(
            rest,
            b"system.message"
                | b"user.message"
                | b"assistant.message"
                | b"tool.message"
                | b"choice"
                | b"content.prompt"
                | b"content.completion"
        ),
        None => family == Family::Claude && name == b"tool.output",
    }
}

/// What is done with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Keep,
    /// It goes whole, whatever is nested in its value.
    Drop,
    /// It is text about an error: [`error_text`] decides, by the text; a value that is no string counts as empty text.
    ErrorText,
}

/// Decides about the attribute `key`. `owner` is the name of the span event for a span event's attributes, and the event name
/// for a log record's; elsewhere it does not matter. Allocates nothing.
#[inline]
pub fn attribute(family: Family, place: Place, owner: &[u8], key: &[u8]) -> Verdict {
    match index::find(family, place, key) {
        Found::Content(Kind::ErrorText) => Verdict::ErrorText,
        Found::Content(_) => Verdict::Drop,
        Found::Kept => Verdict::Keep,
        Found::Unknown => unlisted(family, place, owner, key),
    }
}

/// Which attributes of one agent hold content, beside those that are known of all.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnNames<'a> {
    /// A name, or a name with `.*` behind it for itself and all below it.
    pub attributes: &'a [&'a str],
    /// What it calls what the conventions have names for. What is content by its conventional name is content, whatever it was
    /// called.
    pub renamed: &'a [(&'a str, &'a str)],
}

impl OwnNames<'_> {
    /// As [`attribute`], by what is known of all and by what is said of this agent.
    pub fn attribute(&self, family: Family, place: Place, owner: &[u8], key: &[u8]) -> Verdict {
        let known = |key| attribute(family, place, owner, key);
        let mut conventional = self.renamed.iter().filter(|(theirs, _)| theirs.as_bytes() == key).map(|(_, name)| name);
        match is_among(self.attributes, key) || conventional.any(|name| known(name.as_bytes()) == Verdict::Drop) {
            true => Verdict::Drop,
            false => known(key),
        }
    }
}

/// Whether `key` is among `names`; one that ends in `.*` stands for itself and for all below it.
pub fn is_among(names: &[&str], key: &[u8]) -> bool {
    names.iter().any(|name| match name.strip_suffix(".*") {
        None => key == name.as_bytes(),
        Some(above) => key.strip_prefix(above.as_bytes()).is_some_and(|rest| matches!(rest.first(), None | Some(b'.'))),
    })
}

#[inline]
fn unlisted(family: Family, place: Place, owner: &[u8], key: &[u8]) -> Verdict {
    let in_event = matches!(place, Place::SpanEvent | Place::LogRecord);
    if in_event && is_message_event(family, owner) && !stays_in_message_event(key) {
        return Verdict::Drop;
    }
    let dropped = match family {
        Family::Other => false,
        // What an otel-run within this run added stays, as in what the others write.
        Family::Opencode => {
            place == Place::LogRecord && !key.starts_with(b"otel_run.") && !listed(table::OPENCODE_LOG_ATTRIBUTES, key)
        }
        family => table::GENERIC_FAMILIES.has(family) && generic(family, place, key),
    };
    if dropped { Verdict::Drop } else { Verdict::Keep }
}

fn stays_in_message_event(key: &[u8]) -> bool {
    key.starts_with(b"gen_ai.") || listed(table::MESSAGE_EVENT_ATTRIBUTES, key)
}

fn listed(list: &[&str], key: &[u8]) -> bool {
    list.iter().any(|name| name.as_bytes() == key)
}

/// Whether a general word at the end of `key` makes it content in an agent's telemetry.
fn generic(family: Family, place: Place, key: &[u8]) -> bool {
    if !table::Places::DETAIL.has(place) {
        return false;
    }
    let word = match key.iter().rposition(|byte| *byte == b'.') {
        Some(dot) => &key[dot + 1..],
        None => key,
    };
    let excepted = |(of, at, name): &(Family, Place, &str)| *of == family && *at == place && name.as_bytes() == key;
    table::GENERIC.iter().any(|(name, _)| name.as_bytes() == word)
        && !table::GENERIC_NUMBERS.iter().any(|name| key.starts_with(name.as_bytes()))
        && !table::GENERIC_KEPT.iter().any(excepted)
}
