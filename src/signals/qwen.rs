//! Qwen Code, from 0.24 on; earlier versions send no spans.

use super::dialect::{Constant, Dialect, EchoTells, Fields, Rest, Role, Shape, Text, Unit, row};
use super::genai;

/// `qwen-code.hook` is among the rest on purpose: it ends in an error whenever the user has no hook.
pub(super) const DIALECT: Dialect = Dialect {
    name: "Qwen Code",
    scopes: &[Text::Is("qwen-code")],
    spans: &[
        (Text::Is("qwen-code.llm_request"), Role::ModelCall("chat")),
        (Text::Is("qwen-code.tool"), Role::ToolCall),
        (Text::Is("qwen-code.tool.execution"), Role::ToolEcho(EchoTells::Nothing)),
        (Text::Is("qwen-code.interaction"), Role::Prompt),
    ],
    rest: Rest::Housekeeping,
    fields: &FIELDS,
    purposes: &[],
    rows: &[row("finish_reason", "gen_ai.response.finish_reasons", Shape::Reason)],
    newest: &[],
    constants: &[
        (Text::Is("qwen-code.tool"), "gen_ai.tool.type", Constant::Is("function")),
        (Text::Is("qwen-code.tool.execution"), "gen_ai.tool.type", Constant::Is("function")),
        (Text::Is("qwen-code.interaction"), "gen_ai.agent.name", Constant::Is("qwen-code")),
    ],
    operation: &[],
    repeated: &[],
};

const FIELDS: Fields = Fields {
    reasoning: &["gen_ai.usage.reasoning.output_tokens", "thoughts_token_count"],
    first_chunk: &[("gen_ai.response.time_to_first_chunk", Unit::Seconds), ("ttft_ms", Unit::Milliseconds)],
    tool: &["gen_ai.tool.name", "tool_name"],
    call_id: &["gen_ai.tool.call.id", "tool.call_id", "call_id"],
    conversation: &["session.id"],
    success: &["success"],
    http_status: &["error_status_code"],
    ..genai::FIELDS
};
