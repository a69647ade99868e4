//! What of an error's text stays.
//!
//! A failing tool repeats its output and its arguments, a provider's refusal repeats parts of the prompt, so the text of
//! an agent's error is content. Which error it was stays: `exception.type`, `error.type`, the status code, texts that
//! are a class name or a fixed phrase, and the HTTP status that a text names.

use super::Family;

/// What is done with an error's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorText {
    /// It stays.
    Keep,
    /// It is replaced by the HTTP status that it names, see [`ErrorText::replacement`].
    Status(u16),
    /// It goes.
    Drop,
}

impl ErrorText {
    /// What stands in place of the text, if something does.
    pub fn replacement(self) -> Option<String> {
        match self {
            ErrorText::Status(status) => Some(format!("HTTP status {status}")),
            ErrorText::Keep | ErrorText::Drop => None,
        }
    }
}

/// Phrases that agents and HTTP libraries use and that hold nothing of a conversation.
const PHRASES: &[&str] = &[
    "Model call failed",
    "hook runner returned no output without error detail",
    "Bad Request",
    "Unauthorized",
    "Forbidden",
    "Not Found",
    "Request Timeout",
    "Too Many Requests",
    "Internal Server Error",
    "Bad Gateway",
    "Service Unavailable",
    "Gateway Timeout",
    "Overloaded",
    "Connection error.",
    "Request timed out.",
    "fetch failed",
    "Aborted",
    "The operation was aborted.",
    "Operation cancelled by user",
    "Permission denied",
];

/// Decides about the text of an error: a [`super::Verdict::ErrorText`] attribute, or the status message of a span.
/// `owner` is the name of the span, or of the event for a log record. Errors of programs that are no known agent stay
/// whole, except on spans of model and tool calls.
pub fn error_text(family: Family, owner: &[u8], text: &[u8]) -> ErrorText {
    if family == Family::Other && !is_model_or_tool_call(owner) {
        return ErrorText::Keep;
    }
    if is_harmless(text) {
        return ErrorText::Keep;
    }
    if is_stack_trace(text) {
        return ErrorText::Drop;
    }
    http_status(text).map_or(ErrorText::Drop, ErrorText::Status)
}

/// Whether a span or event is a call of a model or a tool, by the names of the GenAI and MCP conventions and of the AI SDK.
fn is_model_or_tool_call(owner: &[u8]) -> bool {
    const STARTS: &[&[u8]] = &[
        b"ai.",
        b"gen_ai.",
        b"chat ",
        b"text_completion",
        b"generate_content",
        b"embeddings ",
        b"retrieval ",
        b"create_agent",
        b"invoke_agent",
        b"invoke_workflow",
        b"execute_tool",
        b"tools/call",
        b"prompts/get",
        b"resources/read",
    ];
    owner == b"chat" || STARTS.iter().any(|start| owner.starts_with(start))
}

fn is_harmless(text: &[u8]) -> bool {
    let is_status = text.len() == 8 && text[..5].eq_ignore_ascii_case(b"http ") && http_status(text).is_some();
    PHRASES.iter().any(|phrase| phrase.as_bytes() == text) || is_status || is_class_name(text)
}

/// A class of errors, with a system error's code behind it or alone: `ShellError`, `Error:ENOENT`, `ECONNREFUSED`.
pub(in crate::transform) fn is_class_name(text: &[u8]) -> bool {
    if text.is_empty() || text.len() > 80 {
        return false;
    }
    let mut parts = text.split(|byte| *byte == b':');
    let (Some(first), second, None) = (parts.next(), parts.next(), parts.next()) else { return false };
    match second {
        None => is_error_class(first) || is_system_code(first),
        Some(code) => is_error_class(first) && is_system_code(code),
    }
}

fn is_error_class(word: &[u8]) -> bool {
    (word.ends_with(b"Error") || word.ends_with(b"Exception"))
        && word.first().is_some_and(u8::is_ascii_uppercase)
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

fn is_system_code(word: &[u8]) -> bool {
    (4..=20).contains(&word.len())
        && word.starts_with(b"E")
        && word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn is_stack_trace(text: &[u8]) -> bool {
    [b"\n    at ".as_slice(), b"Traceback ", b"\n  File "]
        .iter()
        .any(|mark| text.windows(mark.len()).any(|window| window == *mark))
}

/// The HTTP status from 400 to 599 that a text names in its first 200 bytes: a number of its own right behind `error`,
/// `http`, `status` or `code`, with only punctuation between.
fn http_status(text: &[u8]) -> Option<u16> {
    let text = &text[..text.len().min(200)];
    let mut at = 0;
    while at < text.len() {
        let digits = text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 3 && ends_in_status_word(&text[..at]) && !text.get(at + 3).is_some_and(|byte| joins(*byte)) {
            let status = text[at..at + 3].iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0'));
            if (400..600).contains(&status) {
                return Some(status);
            }
        }
        at += digits.max(1);
    }
    None
}

fn joins(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn ends_in_status_word(text: &[u8]) -> bool {
    let between = text.iter().rev().take_while(|byte| matches!(byte, b' ' | b':' | b'=' | b'"')).count();
    let word = &text[..text.len() - between];
    between > 0
        && [b"error".as_slice(), b"http", b"status", b"code"]
            .iter()
            .any(|end| word.len() >= end.len() && word[word.len() - end.len()..].eq_ignore_ascii_case(end))
}

#[cfg(test)]
mod tests {
    use super::{ErrorText, Family, error_text};

    #[test]
    fn an_agents_error_keeps_its_class_and_its_status() {
        let table = [
            ("ShellError", ErrorText::Keep),
            ("Error:ENOENT", ErrorText::Keep),
            ("ECONNREFUSED", ErrorText::Keep),
            ("Model call failed", ErrorText::Keep),
            ("Unauthorized", ErrorText::Keep),
            ("lab error 401", ErrorText::Status(401)),
            ("http 500", ErrorText::Keep),
            ("http 500!", ErrorText::Status(500)),
            ("429 is what it said", ErrorText::Drop),
            (r#"{"error":{"code":400,"message":"prompt was: say hello"}}"#, ErrorText::Status(400)),
            (r#"API error, status: "503""#, ErrorText::Status(503)),
            ("error 4041", ErrorText::Drop),
            ("status 401-abc", ErrorText::Drop),
            ("code 200", ErrorText::Drop),
            ("NotFound: FileSystem.readFile (/home/user/secret)", ErrorText::Drop),
            ("ls: cannot access 'x'", ErrorText::Drop),
            ("secret:Error", ErrorText::Drop),
            ("Error: secret", ErrorText::Drop),
            ("Secret words Error", ErrorText::Drop),
            ("AI_APICallError: lab error 401\n    at run (/x.js:6:1)", ErrorText::Drop),
            ("", ErrorText::Drop),
        ];
        for (text, expected) in table {
            assert_eq!(error_text(Family::Opencode, b"ai.streamText", text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn other_programs_keep_their_errors_except_on_model_and_tool_calls() {
        let text = b"no such table: users";
        for owner in ["GET /users", "", "chatter", "pg.query"] {
            assert_eq!(error_text(Family::Other, owner.as_bytes(), text), ErrorText::Keep, "{owner}");
        }
        for owner in ["chat gpt-5", "chat", "execute_tool bash", "ai.toolCall", "gen_ai.client.operation.exception"] {
            assert_eq!(error_text(Family::Other, owner.as_bytes(), text), ErrorText::Drop, "{owner}");
        }
    }

    #[test]
    fn a_status_is_put_in_words() {
        assert_eq!(ErrorText::Status(401).replacement().as_deref(), Some("HTTP status 401"));
        assert_eq!(ErrorText::Drop.replacement(), None);
        assert_eq!(ErrorText::Keep.replacement(), None);
    }
}
