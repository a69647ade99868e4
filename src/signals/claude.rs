//! Claude Code.

use super::dialect::{Cached, Dialect, EchoTells, Fields, Rest, Role, Text, Unit};
use super::genai;

/// Newer versions also say `gen_ai.operation.name`, but their names and token counts stay their own. A failed tool
/// shows on `claude_code.tool.execution` alone.
pub(super) const DIALECT: Dialect = Dialect {
    scopes: &[Text::Starts("com.anthropic.claude_code")],
    spans: &[
        (Text::Is("claude_code.llm_request"), Role::ModelCall),
        (Text::Is("claude_code.tool"), Role::ToolCall),
        (Text::Is("claude_code.tool.execution"), Role::ToolEcho(EchoTells::Failure)),
        (Text::Is("claude_code.interaction"), Role::Prompt),
    ],
    rest: Rest::Housekeeping,
    fields: &FIELDS,
    purposes: &[],
};

const FIELDS: Fields = Fields {
    model: &["gen_ai.request.model", "model"],
    input: &["input_tokens"],
    output: &["output_tokens"],
    cache_read: &["cache_read_tokens"],
    cache_write: &["cache_creation_tokens"],
    cached: Cached::Apart,
    first_chunk: &[("ttft_ms", Unit::Milliseconds)],
    tool: &["tool_name", "gen_ai.tool.name"],
    call_id: &["tool_use_id", "gen_ai.tool.call.id"],
    success: &["success"],
    ..genai::FIELDS
};
