//! Codex CLI. Its status is never set, so a failed request cannot be told from its spans.

use super::dialect::{Cached, Dialect, Fields, Rest, Role, Text};
use super::genai;

/// The scope is the program's name: `codex_exec`, `codex_cli_rs`. The span of a tool call is named after the tool, so
/// the call is read from the event that the dispatcher's span carries. One `handle_responses` of many has the tokens.
pub(super) const DIALECT: Dialect = Dialect {
    scopes: &[Text::Starts("codex_"), Text::Is("codex")],
    spans: &[
        (Text::Is("try_run_sampling_request"), Role::ModelCall),
        (Text::Is("handle_responses"), Role::ModelUsage),
        (Text::Is("dispatch_tool_call_with_state"), Role::ToolCallInEvent("codex.tool_result")),
        (Text::Is("session_task.turn"), Role::Prompt),
    ],
    rest: Rest::Housekeeping,
    fields: &FIELDS,
    purposes: &[],
};

const FIELDS: Fields = Fields {
    model: &["model"],
    cached: Cached::Included,
    reasoning: &["gen_ai.usage.reasoning.output_tokens", "codex.usage.reasoning_output_tokens"],
    tool: &["tool_name"],
    call_id: &["call_id"],
    success: &["success"],
    ..genai::FIELDS
};
