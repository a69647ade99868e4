//! OpenAI's `/v1/chat/completions`.

use serde_json::{Value, json};

use super::{Line, Point, data, each, has_any, tokens};

pub(super) fn point(asked: &Value) -> Point {
    Point::of(has_any(&asked["tools"]), each(&asked["messages"]).any(|message| message["role"] == "tool"))
}

pub(super) fn whole(model: &str, line: &Line<'_>) -> Value {
    let mut message = message(line);
    message["role"] = json!("assistant");
    let choice = json!({ "index": 0, "message": message, "finish_reason": finish_reason(line) });
    let mut body = completion("chat.completion", model, &choice);
    body["usage"] = usage();
    body
}

/// One field of the message after the other, then the reason and the usage, then the end.
pub(super) fn stream(model: &str, line: &Line<'_>) -> Vec<String> {
    let chunk = |delta: Value, reason: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": reason });
        completion("chat.completion.chunk", model, &choice)
    };
    let mut chunks = vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)];
    for (field, value) in message(line).as_object().unwrap() {
        chunks.push(chunk(json!({ field: value }), Value::Null));
    }
    let mut last = chunk(json!({}), json!(finish_reason(line)));
    last["usage"] = usage();
    chunks.push(last);
    chunks.iter().map(data).chain(["data: [DONE]\n\n".into()]).collect()
}

fn message(line: &Line<'_>) -> Value {
    match line {
        Line::Title(text) | Line::Answer(text) => json!({ "content": text }),
        Line::ToolCall { reasoning, tool, arguments } => json!({
            "reasoning_content": reasoning,
            "tool_calls": [{
                "index": 0,
                "id": "call_1",
                "type": "function",
                "function": { "name": tool, "arguments": arguments.to_string() },
            }],
        }),
    }
}

fn finish_reason(line: &Line<'_>) -> &'static str {
    if matches!(line, Line::ToolCall { .. }) { "tool_calls" } else { "stop" }
}

fn usage() -> Value {
    json!({
        "prompt_tokens": tokens::INPUT,
        "completion_tokens": tokens::OUTPUT,
        "total_tokens": tokens::INPUT + tokens::OUTPUT,
        "prompt_tokens_details": { "cached_tokens": tokens::CACHED },
        "completion_tokens_details": { "reasoning_tokens": tokens::REASONING },
    })
}

fn completion(object: &str, model: &str, choice: &Value) -> Value {
    json!({ "id": "chatcmpl-1", "object": object, "created": 1_700_000_000, "model": model, "choices": [choice] })
}
