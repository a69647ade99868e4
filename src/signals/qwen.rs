//! Qwen Code, from 0.24 on; earlier versions send no spans.

use super::dialect::{Dialect, EchoTells, Fields, Rest, Role, Text, Unit};
use super::genai;

/// `qwen-code.hook` is among the rest on purpose: it ends in an error whenever the user has no hook.
pub(super) const DIALECT: Dialect = Dialect {
    scopes: &[Text::Is("qwen-code")],
    spans: &[
        (Text::Is("qwen-code.llm_request"), Role::ModelCall),
        (Text::Is("qwen-code.tool"), Role::ToolCall),
        (Text::Is("qwen-code.tool.execution"), Role::ToolEcho(EchoTells::Nothing)),
        (Text::Is("qwen-code.interaction"), Role::Prompt),
    ],
    rest: Rest::Housekeeping,
    fields: &FIELDS,
    purposes: &[],
};

const FIELDS: Fields = Fields {
    reasoning: &["gen_ai.usage.reasoning.output_tokens", "thoughts_token_count"],
    first_chunk: &[("gen_ai.response.time_to_first_chunk", Unit::Seconds), ("ttft_ms", Unit::Milliseconds)],
    tool: &["gen_ai.tool.name", "tool_name"],
    call_id: &["gen_ai.tool.call.id", "tool.call_id"],
    success: &["success"],
    ..genai::FIELDS
};
