//! The AI SDK for JavaScript (`ai.*` spans), which opencode and many other programs are built on.

use super::dialect::{Cached, Constant, Dialect, EchoTells, Fields, Part, Rest, Role, Row, Shape, Text, Unit, row};
use super::genai;

/// A program that uses the AI SDK by itself: its only span of a tool call is `ai.toolCall`.
pub(super) const DIALECT: Dialect = Dialect {
    name: "Vercel AI SDK",
    scopes: &[],
    spans: &[
        STREAM,
        GENERATE,
        STREAM_OBJECT,
        GENERATE_OBJECT,
        EMBED,
        EMBED_MANY,
        STREAM_STEP,
        GENERATE_STEP,
        TOOL_CALL,
    ],
    rest: Rest::Shown,
    fields: &FIELDS,
    purposes: &[],
    rows: ROWS,
    newest: &[],
    constants: CONSTANTS,
    operation: OPERATION,
    repeated: REPEATED,
};

// The inner span of each pair is the request; the outer one repeats the sum of its tokens.
pub(super) const STREAM: (Text, Role) = (Text::Is("ai.streamText.doStream"), Role::ModelCall("chat"));
pub(super) const GENERATE: (Text, Role) = (Text::Is("ai.generateText.doGenerate"), Role::ModelCall("chat"));
pub(super) const STREAM_OBJECT: (Text, Role) = (Text::Is("ai.streamObject.doStream"), Role::ModelCall("chat"));
pub(super) const GENERATE_OBJECT: (Text, Role) = (Text::Is("ai.generateObject.doGenerate"), Role::ModelCall("chat"));
pub(super) const EMBED: (Text, Role) = (Text::Is("ai.embed.doEmbed"), Role::ModelCall("embeddings"));
pub(super) const EMBED_MANY: (Text, Role) = (Text::Is("ai.embedMany.doEmbed"), Role::ModelCall("embeddings"));
pub(super) const STREAM_STEP: (Text, Role) = (Text::Starts("ai.stream"), Role::ModelStep);
pub(super) const GENERATE_STEP: (Text, Role) = (Text::Starts("ai.generate"), Role::ModelStep);
pub(super) const TOOL_CALL: (Text, Role) = (Text::Is("ai.toolCall"), Role::ToolCall);
pub(super) const TOOL_ECHO: (Text, Role) =
    (Text::Is("ai.toolCall"), Role::ToolEcho(EchoTells::ExitCode("ai.toolCall.result")));

pub(super) const FIELDS: Fields = Fields {
    model: &["gen_ai.request.model", "ai.model.id"],
    response_model: &["gen_ai.response.model", "ai.response.model"],
    // `gen_ai.system` holds the SDK's own name for the provider.
    raw_provider: &["gen_ai.system", "ai.model.provider"],
    input: &["gen_ai.usage.input_tokens", "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"],
    output: &["gen_ai.usage.output_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens"],
    cache_read: &[
        "gen_ai.usage.cache_read.input_tokens",
        "ai.usage.inputTokenDetails.cacheReadTokens",
        "ai.usage.cachedInputTokens",
    ],
    cache_write: &[
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_write.input_tokens",
        "ai.usage.inputTokenDetails.cacheWriteTokens",
    ],
    reasoning: &[
        "gen_ai.usage.reasoning.output_tokens",
        "ai.usage.outputTokenDetails.reasoningTokens",
        "ai.usage.reasoningTokens",
    ],
    cached: Cached::ApartForAnthropicUnless("ai.usage.inputTokenDetails."),
    first_chunk: &[
        ("gen_ai.response.time_to_first_chunk", Unit::Seconds),
        ("ai.response.msToFirstChunk", Unit::Milliseconds),
        ("ai.stream.msToFirstChunk", Unit::Milliseconds),
    ],
    tool: &["gen_ai.tool.name", "ai.toolCall.name"],
    call_id: &["gen_ai.tool.call.id", "ai.toolCall.id"],
    agent: &["gen_ai.agent.name", "ai.telemetry.functionId"],
    conversation: &["ai.telemetry.metadata.sessionId", "ai.telemetry.metadata.conversationId"],
    ..genai::FIELDS
};

pub(super) const ROWS: &[Row] = &[
    row("ai.settings.maxOutputTokens", "gen_ai.request.max_tokens", Shape::Whole),
    row("ai.settings.maxTokens", "gen_ai.request.max_tokens", Shape::Whole),
    row("ai.settings.temperature", "gen_ai.request.temperature", Shape::Decimal),
    row("ai.settings.topP", "gen_ai.request.top_p", Shape::Decimal),
    row("ai.settings.topK", "gen_ai.request.top_k", Shape::DecimalOnceWhole),
    row("ai.settings.frequencyPenalty", "gen_ai.request.frequency_penalty", Shape::Decimal),
    row("ai.settings.presencePenalty", "gen_ai.request.presence_penalty", Shape::Decimal),
    row("ai.settings.seed", "gen_ai.request.seed", Shape::Whole),
    row("ai.settings.stopSequences", "gen_ai.request.stop_sequences", Shape::Same),
    row("ai.settings.output", "gen_ai.output.type", Shape::Json),
    row("ai.response.id", "gen_ai.response.id", Shape::Same),
    row("ai.response.finishReason", "gen_ai.response.finish_reasons", Shape::Reason),
    row("ai.prompt.messages", "gen_ai.input.messages", Shape::Messages),
    row("ai.prompt", "gen_ai.input.messages", Shape::Messages),
    row("ai.prompt.tools", "gen_ai.tool.definitions", Shape::Tools),
    row("ai.response.reasoning", "gen_ai.output.messages", Shape::Answer(Part::Reasoning)),
    row("ai.response.text", "gen_ai.output.messages", Shape::Answer(Part::Text)),
    row("ai.response.object", "gen_ai.output.messages", Shape::Answer(Part::Text)),
    row("ai.response.toolCalls", "gen_ai.output.messages", Shape::Answer(Part::ToolCalls)),
    row("ai.toolCall.args", "gen_ai.tool.call.arguments", Shape::Payload),
    row("ai.toolCall.result", "gen_ai.tool.call.result", Shape::Payload),
];

pub(super) const CONSTANTS: &[(Text, &str, Constant)] = &[
    (Text::Is("ai.streamText.doStream"), "gen_ai.request.stream", Constant::True),
    (Text::Is("ai.streamObject.doStream"), "gen_ai.request.stream", Constant::True),
    (Text::Starts("ai.streamObject"), "gen_ai.output.type", Constant::Is("json")),
    (Text::Starts("ai.generateObject"), "gen_ai.output.type", Constant::Is("json")),
    (Text::Is("ai.toolCall"), "gen_ai.tool.type", Constant::Is("function")),
];

pub(super) const OPERATION: &[&str] = &["ai.operationId", "operation.name"];
pub(super) const REPEATED: &[&str] = &["ai.usage."];
