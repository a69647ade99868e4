//! Codex CLI. Its status is never set, so a failed request is known by the HTTP requests beneath it.

use super::dialect::{Cached, Constant, Dialect, Fields, Rest, Role, Text, Unit};
use super::genai;

/// The scope is the program's name: `codex_exec`, `codex_cli_rs`. The span of a tool call is named after the tool, so
/// the call is read from the event that the dispatcher's span carries. One `handle_responses` of many has the tokens.
pub(super) const DIALECT: Dialect = Dialect {
    name: "Codex CLI",
    scopes: &[Text::Starts("codex_"), Text::Is("codex")],
    spans: &[
        (Text::Is("try_run_sampling_request"), Role::ModelCall("chat")),
        (Text::Is("handle_responses"), Role::ModelUsage),
        (Text::Is("endpoint_session.stream_encoded_json_with"), Role::ModelAnswers("codex.api_request")),
        (Text::Is("dispatch_tool_call_with_state"), Role::ToolCallInEvent("codex.tool_result")),
        (Text::Is("session_task.turn"), Role::Prompt),
    ],
    rest: Rest::Housekeeping,
    fields: &FIELDS,
    purposes: &[],
    rows: &[],
    newest: &[],
    constants: &[
        // Whoever answers, it is asked by OpenAI's interface, and nothing on the span says more.
        (Text::Is("try_run_sampling_request"), "gen_ai.provider.name", Constant::Is("openai")),
        (Text::Is("try_run_sampling_request"), "gen_ai.request.stream", Constant::True),
        (Text::Is("dispatch_tool_call_with_state"), "gen_ai.tool.type", Constant::Is("function")),
        (Text::Is("session_task.turn"), "gen_ai.agent.name", Constant::Is("codex")),
    ],
    operation: &[],
    repeated: &[],
};

const FIELDS: Fields = Fields {
    model: &["gen_ai.request.model", "model"],
    cached: Cached::Included,
    reasoning: &["gen_ai.usage.reasoning.output_tokens", "codex.usage.reasoning_output_tokens"],
    first_chunk: &[("gen_ai.response.time_to_first_chunk", Unit::Seconds)],
    tool: &["gen_ai.tool.name", "tool_name"],
    call_id: &["gen_ai.tool.call.id", "call_id"],
    conversation: &["conversation.id"],
    success: &["success"],
    http_status: &["http.response.status_code"],
    ..genai::FIELDS
};
