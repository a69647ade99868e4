//! What of the bodies of log records stays.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, any_value::Value};
use prost::Message;

use super::{Family, is_message_event};

/// What is done with a log record's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyVerdict {
    /// It stays.
    Keep,
    /// It goes; the record stays.
    Drop,
    /// [`inspect_body`] decides, by the body itself.
    Inspect,
}

/// Decides about the body of a record. `event_name` is the record's `event_name`, or its attribute `event.name`, or empty.
pub fn body(family: Family, event_name: &[u8]) -> BodyVerdict {
    if is_message_event(family, event_name) {
        return BodyVerdict::Drop;
    }
    match family {
        Family::Other if event_name == b"gen_ai.client.inference.operation.details" => BodyVerdict::Drop,
        Family::Other => BodyVerdict::Keep,
        _ => BodyVerdict::Inspect,
    }
}

/// What is left of a body for which [`body`] said [`BodyVerdict::Inspect`]; none where it goes whole. Body and result
/// are `AnyValue` messages (opentelemetry-proto, `common.proto`); what cannot be decoded goes.
///
/// An agent's body stays where it is the event's name, or a sentence that the agent is known to write, up to the place
/// where the sentence quotes something. opencode's `[message, details]` keeps a known message and the known details of it.
pub fn inspect_body(family: Family, body: &[u8]) -> Option<Vec<u8>> {
    let body = AnyValue::decode(body).ok()?;
    inspect(family, &body).map(|kept| kept.encode_to_vec())
}

fn inspect(family: Family, body: &AnyValue) -> Option<AnyValue> {
    match (family, body.value.as_ref()?) {
        (Family::Other, _) => Some(body.clone()),
        (Family::Opencode, Value::StringValue(text)) => known_message(text).map(|_| body.clone()),
        (Family::Opencode, Value::ArrayValue(array)) => opencode_array(array),
        (Family::Opencode, _) => None,
        (_, Value::StringValue(text)) if is_event_name(text) => Some(body.clone()),
        (Family::Codex, Value::StringValue(text)) => CODEX_SENTENCES.contains(&text.as_str()).then(|| body.clone()),
        (Family::Gemini | Family::Qwen, Value::StringValue(text)) => sentence(text).map(text_value),
        _ => None,
    }
}

fn text_value(text: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(text.to_owned())) }
}

/// Dotted words without a space, as event names are: `claude_code.api_request`.
fn is_event_name(text: &str) -> bool {
    text.len() <= 80
        && text.contains(['.', '_'])
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || matches!(each, '.' | '_' | '-'))
}

const CODEX_SENTENCES: &[&str] =
    &["flushing OTEL metrics", "TRACEPARENT detected; continuing trace from parent context"];

/// How the sentences begin that Gemini CLI and Qwen Code write with their events. What follows is numbers and names of
/// models, tools and settings, unless one of [`QUOTES`] introduces it.
const SENTENCES: &[&str] = &[
    "API request to ",
    "API response from ",
    "API error for ",
    "Approval mode ",
    "Auth event: ",
    "CLI configuration loaded.",
    "GenAI operation ",
    "Memory recall",
    "Model routing decision. ",
    "Session ended.",
    "Session started.",
    "Startup stats: ",
    "Switching to ",
    "Tool call: ",
    "User prompt. Length: ",
];

const QUOTES: &[&str] = &["Error:", "error:", "Reasoning:", "reasoning:", "\n"];

fn sentence(text: &str) -> Option<&str> {
    // A sentence that quotes something at once ends without the space; a run within this run may have left that much.
    SENTENCES.iter().find(|start| text.starts_with(**start) || text == start.trim_end())?;
    let end = QUOTES.iter().filter_map(|quote| text.find(quote)).min().unwrap_or(text.len());
    Some(text[..end].trim_end())
}

/// The messages of opencode 1.18 that say what happened, each with the details that hold no content. Messages that are
/// put together from paths or commands are not among them, nor are the titles of sessions, which repeat the prompt.
const OPENCODE_MESSAGES: &[(&str, &[&str])] = &[
    ("MCP connection closed", &["server"]),
    ("MCP server log", &[]),
    ("all LSPs are disabled", &[]),
    ("all formatters are disabled", &[]),
    ("applying tui config", &["path", "order"]),
    ("asking", &["id", "permission"]),
    ("background dependency install failed", &["dir"]),
    ("booting location services", &["directory", "workspaceID"]),
    ("bootstrapping", &["directory"]),
    ("cancel", &["session.id"]),
    ("cleanup", &["prune"]),
    ("client attached to session", &["id", "directory"]),
    ("command", &["session.id", "agent"]),
    ("configuration compatibility diagnostic", &[]),
    ("created", &["id", "slug", "version", "projectID", "directory"]),
    ("creating instance", &["directory"]),
    ("creating session", &["id"]),
    ("disposing all instances", &[]),
    ("disposing instance", &["directory"]),
    ("downloading ripgrep", &[]),
    ("duplicate skill name", &["name"]),
    ("enabled LSP servers", &["serverIds"]),
    ("evaluated", &["permission"]),
    ("event connected", &[]),
    ("event disconnected", &[]),
    ("exiting loop", &["session.id"]),
    ("failed", &["ref"]),
    ("failed to decode session message", &["ref", "sessionID", "messageID"]),
    ("failed to format file", &[]),
    ("failed to generate title", &[]),
    ("failed to load internal plugin", &["name"]),
    ("failed to load plugin", &["path"]),
    ("failed to load skill", &["skill"]),
    ("failed to read MCP resource", &["clientName"]),
    ("failed to read directory", &[]),
    ("failed to read file", &[]),
    ("file", &["mime"]),
    ("find file", &["limit", "results", "duration"]),
    ("formatting", &[]),
    ("found", &["pruned", "total"]),
    ("fromDirectory", &["directory"]),
    ("global event connected", &[]),
    ("global event disconnected", &[]),
    ("init", &["count"]),
    ("initialized", &[]),
    ("invalid user message before save", &["sessionID", "messageID", "agent"]),
    ("invalid user part before save", &["sessionID", "messageID", "partID", "partType", "index"]),
    ("llm runtime selected", &["llm.runtime", "llm.provider", "llm.model"]),
    ("loaded custom config from OPENCODE_CONFIG_CONTENT", &[]),
    ("loaded custom config", &["path"]),
    ("loading", &["path"]),
    ("loading config from OPENCODE_CONFIG_DIR", &["path"]),
    ("loading tui config", &["path"]),
    ("loop", &["session.id", "step"]),
    ("mcp resource", &["clientName", "mime"]),
    ("native runtime unavailable; falling back to ai-sdk", &["providerID", "modelID", "session.id", "small", "agent"]),
    ("plugin config hook failed", &[]),
    ("plugin dispose hook failed", &[]),
    ("process", &["session.id", "messageID"]),
    ("project copy refresh done", &["projectID"]),
    ("project copy refresh failed", &[]),
    ("project copy refresh started", &["projectID"]),
    ("prompt_async failed", &["sessionID"]),
    ("pruned", &["count"]),
    ("pruning", &[]),
    ("rejected", &["requestID"]),
    ("reloading instance", &["directory"]),
    ("removing session", &["id"]),
    ("replied", &["requestID"]),
    ("resolved path", &[]),
    ("restore", &["commit"]),
    ("reverting", &["hash", "files"]),
    ("running", &[]),
    ("running migration", &["index"]),
    ("schema rejection", &["kind"]),
    ("server unavailable", &["key", "type", "status"]),
    ("shell tool using shell", &["shell"]),
    ("skill path not found", &["path"]),
    ("stream", &["providerID", "modelID", "session.id", "small", "agent", "mode"]),
    ("stream error", &["providerID", "modelID", "session.id", "small", "agent", "mode"]),
    ("tail fallback", &["budget", "size", "total"]),
    ("thinking blocks dropped by provider", &["sessionID", "messageID", "model"]),
    ("touching file", &[]),
    ("tracking", &["hash", "cwd", "git"]),
    ("unreverting", &["sessionID"]),
    ("upgraded", &["method", "target"]),
    ("using resized image", &["from_mime", "to_mime", "from", "to"]),
    ("watcher backend", &["directory", "platform", "backend"]),
    ("watcher backend not supported", &["directory", "platform"]),
];

fn known_message(text: &str) -> Option<&'static [&'static str]> {
    OPENCODE_MESSAGES.iter().find(|(message, _)| *message == text).map(|(_, details)| *details)
}

fn opencode_array(array: &ArrayValue) -> Option<AnyValue> {
    let message @ AnyValue { value: Some(Value::StringValue(text)) } = array.values.first()? else { return None };
    let allowed = known_message(text)?;
    let mut values = vec![message.clone()];
    if let Some(AnyValue { value: Some(Value::StringValue(details)) }) = array.values.get(1) {
        let kept = kept_details(details, allowed);
        if kept != "{}" {
            values.push(text_value(&kept));
        }
    }
    Some(AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) })
}

/// The allowed members of an object in opencode's notation, which is JSON except for what JSON cannot say
/// (`undefined`, errors as bare text). Reading stops at the first value that is not a plain JSON scalar: past bare
/// text nothing can be told apart any more.
fn kept_details(details: &str, allowed: &[&str]) -> String {
    let mut kept = String::from("{");
    let mut rest = details.trim_start().strip_prefix('{').unwrap_or_default();
    while let Some((key, after_key)) = string_literal(rest.trim_start()) {
        let Some(after_colon) = after_key.trim_start().strip_prefix(':') else { break };
        let Some((value, after_value)) = scalar(after_colon.trim_start()) else { break };
        if allowed.contains(&&key[1..key.len() - 1]) {
            if kept.len() > 1 {
                kept.push(',');
            }
            kept.push_str(key);
            kept.push(':');
            kept.push_str(value);
        }
        let Some(next) = after_value.trim_start().strip_prefix(',') else { break };
        rest = next;
    }
    kept.push('}');
    kept
}

/// A JSON string with its quotes, and what follows it.
fn string_literal(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(text.split_at(at + 2)),
            _ => {}
        }
    }
    None
}

/// A string, a number or a word of JSON (`undefined` as well), and what follows it up to a comma or the closing brace.
fn scalar(text: &str) -> Option<(&str, &str)> {
    if let Some((value, rest)) = string_literal(text) {
        return ends_member(rest).then_some((value, rest));
    }
    let length = text.find(|each: char| !(each.is_ascii_alphanumeric() || matches!(each, '.' | '-' | '+')))?;
    let (value, rest) = text.split_at(length);
    let plain =
        matches!(value, "true" | "false" | "null" | "undefined") || value.parse::<f64>().is_ok_and(f64::is_finite);
    (plain && ends_member(rest)).then_some((value, rest))
}

fn ends_member(rest: &str) -> bool {
    rest.trim_start().starts_with([',', '}'])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use proptest::prelude::*;

    fn array(values: &[&str]) -> AnyValue {
        let values = values.iter().map(|text| text_value(text)).collect();
        AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) }
    }

    #[test]
    fn opencodes_bodies_keep_known_messages_and_known_details() {
        let long = r#"{"id":"ses_1","slug":"a-b","version":"1","title":"fix the \"secret\" test","directory":"/p"}"#;
        let broken = r#"{"providerID":"lab","small":"true","error":{"error":AI_APICallError: a, "mode":"secret"}}"#;
        let bare = r#"{"directory":"/p","workspaceID":undefined,"x":nonsense words,"directory":"secret"}"#;
        let table: &[(&[&str], Option<&[&str]>)] = &[
            (&["loop", r#"{"session.id":"ses_1","step":0}"#], Some(&["loop", r#"{"session.id":"ses_1","step":0}"#])),
            (
                &["evaluated", r#"{"permission":"bash","pattern":"secret"}"#],
                Some(&["evaluated", r#"{"permission":"bash"}"#]),
            ),
            (&["created", long], Some(&["created", r#"{"id":"ses_1","slug":"a-b","version":"1","directory":"/p"}"#])),
            (&["stream error", broken], Some(&["stream error", r#"{"providerID":"lab","small":"true"}"#])),
            (
                &["booting location services", bare],
                Some(&["booting location services", r#"{"directory":"/p","workspaceID":undefined}"#]),
            ),
            (&["touching file", r#"{"file":"/secret"}"#], Some(&["touching file"])),
            (&["init", "secret"], Some(&["init"])),
            (&["init", "", "secret"], Some(&["init"])),
            (&["loop", r#"{"session.id":"unfinished"#], Some(&["loop"])),
            (&["Updated file: /secret"], None),
            (&["secret", "{}"], None),
            (&[], None),
        ];
        for (given, expected) in table {
            assert_eq!(inspect(Family::Opencode, &array(given)), expected.map(array), "{given:?}");
        }
        assert_eq!(inspect(Family::Opencode, &text_value("init")), Some(text_value("init")));
        assert_eq!(inspect(Family::Opencode, &text_value("secret")), None);
    }

    #[test]
    fn agents_sentences_stay_up_to_what_they_quote() {
        let details = "GenAI operation error details from gemini-x. Error: secret";
        let table = [
            (Family::Claude, "claude_code.api_request", Some("claude_code.api_request")),
            (Family::Claude, "secret words", None),
            (Family::Codex, "flushing OTEL metrics", Some("flushing OTEL metrics")),
            (Family::Codex, "secret", None),
            (Family::OpencodePlugin, "session.created", Some("session.created")),
            (Family::Copilot, "GenAI inference: gpt", None),
            (Family::Gemini, "API request to gemini-x.", Some("API request to gemini-x.")),
            (Family::Gemini, details, Some("GenAI operation error details from gemini-x.")),
            (Family::Gemini, "API request to \nsecret", Some("API request to")),
            (Family::Gemini, "API request to", Some("API request to")),
            (Family::Gemini, "API request tosecret", None),
            (Family::Gemini, "Hook call secret succeeded", None),
            (Family::Qwen, "API error for m. Error: 400 secret. Duration: 4ms.", Some("API error for m.")),
            (Family::Qwen, "User prompt. Length: 9.", Some("User prompt. Length: 9.")),
        ];
        for (family, given, expected) in table {
            assert_eq!(inspect(family, &text_value(given)), expected.map(text_value), "{given}");
        }
        assert_eq!(inspect(Family::Gemini, &array(&["API request to gemini-x."])), None);
        assert_eq!(inspect(Family::Gemini, &AnyValue { value: None }), None);
        let name = text_value("claude_code.api_request").encode_to_vec();
        assert_eq!(inspect_body(Family::Claude, &name), Some(name.clone()));
        assert_eq!(inspect_body(Family::Claude, &name[..5]), None);
    }

    #[test]
    fn bodies_of_messages_go_whoever_wrote_them() {
        let table = [
            (Family::Other, "", BodyVerdict::Keep),
            (Family::Other, "my.event", BodyVerdict::Keep),
            (Family::Other, "gen_ai.user.message", BodyVerdict::Drop),
            (Family::Other, "gen_ai.choice", BodyVerdict::Drop),
            (Family::Other, "gen_ai.client.inference.operation.details", BodyVerdict::Drop),
            (Family::Gemini, "gen_ai.client.inference.operation.details", BodyVerdict::Inspect),
            (Family::Gemini, "gen_ai.choice", BodyVerdict::Drop),
            (Family::Opencode, "", BodyVerdict::Inspect),
            (Family::Claude, "user_prompt", BodyVerdict::Inspect),
        ];
        for (family, event, expected) in table {
            assert_eq!(body(family, event.as_bytes()), expected, "{family:?} {event}");
        }
    }

    proptest! {
        #[test]
        fn no_details_outside_the_list_survive(text in r#"\{?("[a-z.\\"]{0,6}":("?[a-z \\",:{}]{0,8}"?|[0-9.]{1,3}),?){0,4}\}?"#) {
            prop_assert_eq!(kept_details(&text, &[]), "{}");
        }

        #[test]
        fn details_of_any_text_are_read_without_panic(text in ".*") {
            kept_details(&text, &["a"]);
            let _ = sentence(&text);
        }
    }
}
