//! Gemini's `/v1beta/models/MODEL:generateContent` and `:streamGenerateContent`.

use serde_json::{Value, json};

use super::{Line, Point, data, each, has_any, tokens};

pub(super) fn point(asked: &Value) -> Point {
    let offers_tools = each(&asked["tools"]).any(|tools| has_any(&tools["functionDeclarations"]));
    let mut parts = each(&asked["contents"]).flat_map(|content| each(&content["parts"]));
    Point::of(offers_tools, parts.any(|part| part["functionResponse"].is_object()))
}

pub(super) fn whole(model: &str, line: &Line<'_>) -> Value {
    chunk(model, &parts(line), true)
}

/// One part after the other; the last has the reason and the usage.
pub(super) fn stream(model: &str, line: &Line<'_>) -> Vec<String> {
    let parts = parts(line);
    let chunks = parts.iter().enumerate();
    let last = parts.len() - 1;
    chunks.map(|(place, part)| data(&chunk(model, std::slice::from_ref(part), place == last))).collect()
}

fn chunk(model: &str, parts: &[Value], is_last: bool) -> Value {
    let mut chunk = json!({
        "candidates": [{ "index": 0, "content": { "role": "model", "parts": parts } }],
        "modelVersion": model,
        "responseId": "response-1",
    });
    if is_last {
        chunk["candidates"][0]["finishReason"] = json!("STOP");
        chunk["usageMetadata"] = json!({
            "promptTokenCount": tokens::INPUT,
            "cachedContentTokenCount": tokens::CACHED,
            // Without the thoughts.
            "candidatesTokenCount": tokens::OUTPUT - tokens::REASONING,
            "thoughtsTokenCount": tokens::REASONING,
            "totalTokenCount": tokens::INPUT + tokens::OUTPUT,
        });
    }
    chunk
}

fn parts(line: &Line<'_>) -> Vec<Value> {
    match line {
        Line::Title(text) | Line::Answer(text) => vec![json!({ "text": text })],
        Line::ToolCall { reasoning, tool, arguments } => vec![
            json!({ "text": reasoning, "thought": true }),
            json!({ "functionCall": { "name": tool, "args": arguments } }),
        ],
    }
}
