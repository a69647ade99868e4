//! Anthropic's `/v1/messages`.

use serde_json::{Value, json};

use super::{Line, Point, each, event, has_any, tokens};

pub(super) fn point(asked: &Value) -> Point {
    let blocks = each(&asked["messages"]).flat_map(|message| each(&message["content"]));
    let holds_result = blocks.into_iter().any(|block| block["type"] == "tool_result");
    Point::of(has_any(&asked["tools"]), holds_result)
}

pub(super) fn whole(model: &str, line: &Line<'_>) -> Value {
    let mut message = message(model);
    message["content"] = json!(blocks(line));
    message["stop_reason"] = json!(stop_reason(line));
    message["usage"]["output_tokens"] = json!(tokens::OUTPUT);
    message
}

/// Each block with its pieces, between the message's head and its end.
pub(super) fn stream(model: &str, line: &Line<'_>) -> Vec<String> {
    let mut events = vec![json!({ "type": "message_start", "message": message(model) })];
    for (index, block) in blocks(line).iter().enumerate() {
        let (empty, pieces) = pieces(block);
        events.push(json!({ "type": "content_block_start", "index": index, "content_block": empty }));
        let deltas = pieces.into_iter();
        events.extend(deltas.map(|delta| json!({ "type": "content_block_delta", "index": index, "delta": delta })));
        events.push(json!({ "type": "content_block_stop", "index": index }));
    }
    events.push(json!({
        "type": "message_delta",
        "delta": { "stop_reason": stop_reason(line), "stop_sequence": null },
        "usage": { "output_tokens": tokens::OUTPUT },
    }));
    events.push(json!({ "type": "message_stop" }));
    events.iter().map(event).collect()
}

/// The message before its first block.
fn message(model: &str) -> Value {
    json!({
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": {
            // Without what was read from the cache and what was written to it.
            "input_tokens": tokens::INPUT - tokens::CACHED - tokens::WRITTEN,
            "cache_read_input_tokens": tokens::CACHED,
            "cache_creation_input_tokens": tokens::WRITTEN,
            "output_tokens": 1,
        },
    })
}

fn blocks(line: &Line<'_>) -> Vec<Value> {
    match line {
        Line::Title(text) | Line::Answer(text) => vec![json!({ "type": "text", "text": text })],
        Line::ToolCall { reasoning, tool, arguments } => vec![
            json!({ "type": "thinking", "thinking": reasoning, "signature": "c2lnbmVk" }),
            json!({ "type": "tool_use", "id": "toolu_1", "name": tool, "input": arguments }),
        ],
    }
}

/// A block before its first piece, and the pieces.
fn pieces(block: &Value) -> (Value, Vec<Value>) {
    match block["type"].as_str().unwrap() {
        "text" => (json!({ "type": "text", "text": "" }), vec![json!({ "type": "text_delta", "text": block["text"] })]),
        "thinking" => (
            json!({ "type": "thinking", "thinking": "", "signature": "" }),
            vec![
                json!({ "type": "thinking_delta", "thinking": block["thinking"] }),
                json!({ "type": "signature_delta", "signature": block["signature"] }),
            ],
        ),
        _ => (
            json!({ "type": "tool_use", "id": block["id"], "name": block["name"], "input": {} }),
            vec![json!({ "type": "input_json_delta", "partial_json": block["input"].to_string() })],
        ),
    }
}

fn stop_reason(line: &Line<'_>) -> &'static str {
    if matches!(line, Line::ToolCall { .. }) { "tool_use" } else { "end_turn" }
}
