//! Claude Code.

use super::dialect::{Cached, Constant, Dialect, EchoTells, Fields, Rest, Role, Shape, Text, Unit, row};
use super::genai;

/// Newer versions also say `gen_ai.operation.name`, but their names and token counts stay their own. A failed tool
/// shows on `claude_code.tool.execution` alone.
pub(super) const DIALECT: Dialect = Dialect {
    name: "Claude Code",
    scopes: &[Text::Starts("com.anthropic.claude_code")],
    spans: &[
        (Text::Is("claude_code.llm_request"), Role::ModelCall("chat")),
        (Text::Is("claude_code.tool"), Role::ToolCall),
        (Text::Is("claude_code.tool.execution"), Role::ToolEcho(EchoTells::Failure)),
        (Text::Is("claude_code.interaction"), Role::Prompt),
    ],
    rest: Rest::Housekeeping,
    fields: &FIELDS,
    purposes: &[],
    rows: &[row("stop_reason", "gen_ai.response.finish_reasons", Shape::Reason)],
    newest: &[row("effort", "gen_ai.request.reasoning.level", Shape::Same)],
    constants: &[
        (Text::Is("claude_code.tool"), "gen_ai.tool.type", Constant::Is("function")),
        (Text::Is("claude_code.tool.execution"), "gen_ai.tool.type", Constant::Is("function")),
        (Text::Is("claude_code.interaction"), "gen_ai.agent.name", Constant::Is("claude-code")),
    ],
    operation: &[],
    repeated: &[],
};

const FIELDS: Fields = Fields {
    model: &["gen_ai.request.model", "model"],
    input: &["gen_ai.usage.input_tokens", "input_tokens"],
    output: &["gen_ai.usage.output_tokens", "output_tokens"],
    cache_read: &["gen_ai.usage.cache_read.input_tokens", "cache_read_tokens"],
    cache_write: &[
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_write.input_tokens",
        "cache_creation_tokens",
    ],
    cached: Cached::Apart,
    first_chunk: &[("gen_ai.response.time_to_first_chunk", Unit::Seconds), ("ttft_ms", Unit::Milliseconds)],
    tool: &["gen_ai.tool.name", "tool_name"],
    call_id: &["gen_ai.tool.call.id", "tool_use_id"],
    conversation: &["session.id"],
    success: &["success"],
    http_status: &["status_code"],
    ..genai::FIELDS
};
