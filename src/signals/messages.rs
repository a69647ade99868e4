//! Content of the AI SDK in the shape of the GenAI conventions: messages made of parts, as JSON.
//!
//! What is not in the SDK's shape, or very large, is left to the attribute that it came in.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Attribute;
use serde_json::{Map, Value, json};

/// Longer texts are not put into another shape: in between they take several times their length.
const LONGEST: usize = 4 << 20;

/// A conversation, apart from what the model was told about its role.
pub(super) struct Prompt {
    pub(super) messages: String,
    pub(super) instructions: Option<String>,
}

/// Reads `ai.prompt.messages`, a list of messages, or `ai.prompt`, an object that has one, or a text, as `messages` or `prompt`
/// and perhaps `system`.
pub(super) fn prompt(text: &str) -> Option<Prompt> {
    let mut instructions = Vec::new();
    let messages = match read(text)? {
        Value::Array(messages) => messages,
        Value::Object(mut prompt) => {
            if let Some(Value::String(system)) = prompt.remove("system") {
                instructions.push(text_part(system));
            }
            match prompt.remove("messages").or_else(|| prompt.remove("prompt"))? {
                Value::Array(messages) => messages,
                Value::String(text) => vec![json!({ "role": "user", "content": text })],
                _ => return None,
            }
        }
        _ => return None,
    };
    let mut kept = Vec::with_capacity(messages.len());
    for message in messages {
        let Value::Object(mut message) = message else { return None };
        let Some(Value::String(role)) = message.remove("role") else { return None };
        let parts = parts(message.remove("content")?)?;
        if role == "system" {
            instructions.extend(parts);
        } else {
            kept.push(json!({ "role": role, "parts": parts }));
        }
    }
    let instructions = (!instructions.is_empty()).then(|| Value::Array(instructions).to_string());
    Some(Prompt { messages: Value::Array(kept).to_string(), instructions })
}

/// Reads `ai.prompt.tools`, a list of texts that are JSON.
pub(super) fn tools(value: &Attribute) -> Option<String> {
    let Attribute::ArrayValue(list) = value else { return None };
    let mut length = 0;
    let mut tools = Vec::with_capacity(list.values.len());
    for tool in &list.values {
        let Some(Attribute::StringValue(text)) = &tool.value else { return None };
        length += text.len();
        if length > LONGEST {
            return None;
        }
        let Value::Object(mut tool) = read(text)? else { return None };
        if let Some(schema) = tool.remove("inputSchema") {
            tool.insert("parameters".to_owned(), schema);
        }
        tools.push(Value::Object(tool));
    }
    Some(Value::Array(tools).to_string())
}

/// What a model answered.
#[derive(Default)]
pub(super) struct Answer {
    parts: Vec<Value>,
}

impl Answer {
    /// Whether the text could be added.
    pub(super) fn add_reasoning(&mut self, text: &str) -> bool {
        self.parts.push(json!({ "type": "reasoning", "content": text }));
        true
    }

    /// Whether the text could be added.
    pub(super) fn add_text(&mut self, text: &str) -> bool {
        self.parts.push(text_part(text.to_owned()));
        true
    }

    /// Whether the calls could be read.
    pub(super) fn add_tool_calls(&mut self, text: &str) -> bool {
        let Some(Value::Array(calls)) = read(text) else { return false };
        let Some(calls) = calls.into_iter().map(tool_call).collect::<Option<Vec<_>>>() else { return false };
        self.parts.extend(calls);
        true
    }

    /// The message; none where nothing was answered.
    pub(super) fn into_message(self, finish_reason: Option<&str>) -> Option<String> {
        if self.parts.is_empty() {
            return None;
        }
        let mut message = Map::new();
        message.insert("role".to_owned(), "assistant".into());
        message.insert("parts".to_owned(), Value::Array(self.parts));
        if let Some(reason) = finish_reason {
            message.insert("finish_reason".to_owned(), reason.into());
        }
        Some(Value::Array(vec![Value::Object(message)]).to_string())
    }
}

fn read(text: &str) -> Option<Value> {
    if text.len() > LONGEST {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn text_part(text: String) -> Value {
    json!({ "type": "text", "content": text })
}

fn parts(content: Value) -> Option<Vec<Value>> {
    match content {
        Value::String(text) => Some(vec![text_part(text)]),
        Value::Array(parts) => parts.into_iter().map(part).collect(),
        _ => None,
    }
}

fn part(part: Value) -> Option<Value> {
    let Value::Object(mut part) = part else { return None };
    let kind = part.get("type").and_then(Value::as_str)?;
    Some(match kind {
        "text" => json!({ "type": "text", "content": part.remove("text")? }),
        "reasoning" => json!({ "type": "reasoning", "content": part.remove("text")? }),
        "tool-call" => return tool_call(Value::Object(part)),
        "tool-result" => {
            let response = part.remove("output").or_else(|| part.remove("result"));
            json!({ "type": "tool_call_response", "id": part.remove("toolCallId"), "response": response })
        }
        "file" | "image" => return file(&mut part),
        // A kind of part that the conventions do not know is passed on as it is.
        _ => Value::Object(part),
    })
}

fn tool_call(call: Value) -> Option<Value> {
    let Value::Object(mut call) = call else { return None };
    let name = call.remove("toolName")?;
    let arguments = match call.remove("input").or_else(|| call.remove("args")) {
        // Arguments that a provider sends as text are JSON themselves.
        Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        Some(arguments) => arguments,
        None => Value::Null,
    };
    Some(json!({ "type": "tool_call", "id": call.remove("toolCallId"), "name": name, "arguments": arguments }))
}

fn file(part: &mut Map<String, Value>) -> Option<Value> {
    let image = part.get("type").and_then(Value::as_str) == Some("image");
    let data = part.remove("data").or_else(|| part.remove("image"))?;
    let mime_type = part.remove("mediaType").or_else(|| part.remove("mimeType"));
    let modality = match mime_type.as_ref().and_then(Value::as_str).and_then(|mime| mime.split('/').next()) {
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ if image => "image",
        _ => "document",
    };
    let (kind, place) = match data.as_str() {
        Some(text) if text.starts_with("http://") || text.starts_with("https://") => ("uri", "uri"),
        _ => ("blob", "content"),
    };
    let mut shaped = Map::new();
    shaped.insert("type".to_owned(), kind.into());
    if let Some(mime_type) = mime_type {
        shaped.insert("mime_type".to_owned(), mime_type);
    }
    shaped.insert("modality".to_owned(), modality.into());
    shaped.insert(place.to_owned(), data);
    Some(Value::Object(shaped))
}
