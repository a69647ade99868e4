//! The GenAI semantic conventions, in every generation that is still sent. GitHub's Copilot speaks them as they are.

use super::dialect::{Cached, Dialect, Fields, Rest, Role, Text, Unit};

/// Semantic conventions 1.41.1, gen-ai-spans: a span is named `{operation} {model, tool or agent}`.
pub(super) const DIALECT: Dialect = Dialect {
    name: "GenAI conventions (GitHub Copilot CLI and others)",
    scopes: &[],
    spans: &[
        (Text::Starts("chat "), Role::Operation),
        (Text::Is("chat"), Role::Operation),
        (Text::Starts("text_completion"), Role::Operation),
        (Text::Starts("generate_content"), Role::Operation),
        (Text::Starts("embeddings"), Role::Operation),
        (Text::Starts("execute_tool"), Role::Operation),
        (Text::Starts("invoke_agent"), Role::Operation),
    ],
    rest: Rest::Shown,
    fields: &FIELDS,
    purposes: &[],
    rows: &[],
    newest: &[],
    constants: &[],
    operation: &[],
    repeated: &[],
};

pub(super) const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";

/// `gen_ai.system` and `cache_creation` are older names, `cache_write` is a newer one.
pub(super) const FIELDS: Fields = Fields {
    model: &["gen_ai.request.model"],
    response_model: &["gen_ai.response.model"],
    provider: &["gen_ai.provider.name"],
    raw_provider: &["gen_ai.system"],
    input: &[INPUT_TOKENS, "gen_ai.usage.prompt_tokens"],
    output: &["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"],
    cache_read: &["gen_ai.usage.cache_read.input_tokens"],
    cache_write: &["gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens"],
    reasoning: &["gen_ai.usage.reasoning.output_tokens"],
    cached: Cached::Included,
    first_chunk: &[("gen_ai.response.time_to_first_chunk", Unit::Seconds)],
    tool: &["gen_ai.tool.name"],
    call_id: &["gen_ai.tool.call.id"],
    agent: &["gen_ai.agent.name"],
    conversation: &[],
    success: &[],
    http_status: &["http.response.status_code"],
    exit_code: &["process.exit.code"],
    failing_tools: &[],
};

/// What a value of `gen_ai.operation.name` means.
pub(super) fn operation(name: &str) -> Option<Operation> {
    match name {
        "chat" | "text_completion" | "generate_content" | "embeddings" => Some(Operation::ModelCall),
        "execute_tool" => Some(Operation::ToolCall),
        "invoke_agent" => Some(Operation::AgentTurn),
        _ => None,
    }
}

/// The operations that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    ModelCall,
    ToolCall,
    AgentTurn,
}
