//! OpenAI's `/v1/responses`.

use serde_json::{Value, json};

use super::{Line, Point, each, event, has_any, tokens};

pub(super) fn point(asked: &Value) -> Point {
    let is_result = |item: &Value| item["type"].as_str().is_some_and(|kind| kind.ends_with("_output"));
    Point::of(has_any(&asked["tools"]), each(&asked["input"]).any(is_result))
}

pub(super) fn whole(model: &str, line: &Line<'_>) -> Value {
    response(model, "completed", &items(line))
}

/// Each item with its pieces, between the response that begins and the one that is completed.
pub(super) fn stream(model: &str, line: &Line<'_>) -> Vec<String> {
    let mut events = vec![
        json!({ "type": "response.created", "response": response(model, "in_progress", &[]) }),
        json!({ "type": "response.in_progress", "response": response(model, "in_progress", &[]) }),
    ];
    let items = items(line);
    for (index, item) in items.iter().enumerate() {
        events.push(json!({ "type": "response.output_item.added", "output_index": index, "item": begun(item) }));
        events.extend(pieces(index, item));
        events.push(json!({ "type": "response.output_item.done", "output_index": index, "item": item }));
    }
    events.push(json!({ "type": "response.completed", "response": response(model, "completed", &items) }));
    let numbered = events.into_iter().enumerate().map(|(number, mut data)| {
        data["sequence_number"] = json!(number);
        event(&data)
    });
    numbered.collect()
}

fn items(line: &Line<'_>) -> Vec<Value> {
    match line {
        Line::Title(text) | Line::Answer(text) => vec![json!({
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{ "type": "output_text", "text": text, "annotations": [] }],
        })],
        Line::ToolCall { reasoning, tool, arguments } => vec![
            json!({
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{ "type": "summary_text", "text": reasoning }],
            }),
            json!({
                "type": "function_call",
                "id": "fc_1",
                "call_id": "call_1",
                "status": "completed",
                "name": tool,
                "arguments": arguments.to_string(),
            }),
        ],
    }
}

/// An item before its first piece.
fn begun(item: &Value) -> Value {
    let mut item = item.clone();
    for (field, empty) in [("content", json!([])), ("summary", json!([])), ("arguments", json!(""))] {
        if item.get(field).is_some() {
            item[field] = empty;
        }
    }
    if item.get("status").is_some() {
        item["status"] = json!("in_progress");
    }
    item
}

/// What comes between an item's two events.
fn pieces(index: usize, item: &Value) -> Vec<Value> {
    let piece = |kind: &str, place: &str, more: Value| {
        let mut event = json!({ "type": format!("response.{kind}"), "item_id": item["id"], "output_index": index });
        if !place.is_empty() {
            event[place] = json!(0);
        }
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    match item["type"].as_str().unwrap() {
        "message" => {
            let (part, text) = (&item["content"][0], &item["content"][0]["text"]);
            let empty = json!({ "type": "output_text", "text": "", "annotations": [] });
            vec![
                piece("content_part.added", "content_index", json!({ "part": empty })),
                piece("output_text.delta", "content_index", json!({ "delta": text })),
                piece("output_text.done", "content_index", json!({ "text": text })),
                piece("content_part.done", "content_index", json!({ "part": part })),
            ]
        }
        "reasoning" => {
            let (part, text) = (&item["summary"][0], &item["summary"][0]["text"]);
            let empty = json!({ "type": "summary_text", "text": "" });
            vec![
                piece("reasoning_summary_part.added", "summary_index", json!({ "part": empty })),
                piece("reasoning_summary_text.delta", "summary_index", json!({ "delta": text })),
                piece("reasoning_summary_text.done", "summary_index", json!({ "text": text })),
                piece("reasoning_summary_part.done", "summary_index", json!({ "part": part })),
            ]
        }
        _ => {
            let arguments = &item["arguments"];
            vec![
                piece("function_call_arguments.delta", "", json!({ "delta": arguments })),
                piece("function_call_arguments.done", "", json!({ "arguments": arguments })),
            ]
        }
    }
}

fn response(model: &str, status: &str, output: &[Value]) -> Value {
    let usage = json!({
        "input_tokens": tokens::INPUT,
        "input_tokens_details": { "cached_tokens": tokens::CACHED },
        "output_tokens": tokens::OUTPUT,
        "output_tokens_details": { "reasoning_tokens": tokens::REASONING },
        "total_tokens": tokens::INPUT + tokens::OUTPUT,
    });
    json!({
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "model": model,
        "status": status,
        "output": output,
        "usage": if status == "completed" { usage } else { Value::Null },
    })
}
