//! The AI SDK for JavaScript (`ai.*` spans), which opencode and many other programs are built on.

use super::dialect::{Cached, Dialect, EchoTells, Fields, Rest, Role, Text, Unit};
use super::genai;

/// A program that uses the AI SDK by itself: its only span of a tool call is `ai.toolCall`.
pub(super) const DIALECT: Dialect = Dialect {
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
};

// The inner span of each pair is the request; the outer one repeats the sum of its tokens.
pub(super) const STREAM: (Text, Role) = (Text::Is("ai.streamText.doStream"), Role::ModelCall);
pub(super) const GENERATE: (Text, Role) = (Text::Is("ai.generateText.doGenerate"), Role::ModelCall);
pub(super) const STREAM_OBJECT: (Text, Role) = (Text::Is("ai.streamObject.doStream"), Role::ModelCall);
pub(super) const GENERATE_OBJECT: (Text, Role) = (Text::Is("ai.generateObject.doGenerate"), Role::ModelCall);
pub(super) const EMBED: (Text, Role) = (Text::Is("ai.embed.doEmbed"), Role::ModelCall);
pub(super) const EMBED_MANY: (Text, Role) = (Text::Is("ai.embedMany.doEmbed"), Role::ModelCall);
pub(super) const STREAM_STEP: (Text, Role) = (Text::Starts("ai.stream"), Role::ModelStep);
pub(super) const GENERATE_STEP: (Text, Role) = (Text::Starts("ai.generate"), Role::ModelStep);
pub(super) const TOOL_CALL: (Text, Role) = (Text::Is("ai.toolCall"), Role::ToolCall);
pub(super) const TOOL_ECHO: (Text, Role) = (Text::Is("ai.toolCall"), Role::ToolEcho(EchoTells::Nothing));

pub(super) const FIELDS: Fields = Fields {
    model: &["gen_ai.request.model", "ai.model.id", "gen_ai.response.model", "ai.response.model"],
    // `gen_ai.system` holds the SDK's own name for the provider.
    raw_provider: &["gen_ai.system", "ai.model.provider"],
    input: &["gen_ai.usage.input_tokens", "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"],
    output: &["gen_ai.usage.output_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens"],
    cache_read: &[
        "gen_ai.usage.cache_read.input_tokens",
        "ai.usage.inputTokenDetails.cacheReadTokens",
        "ai.usage.cachedInputTokens",
    ],
    cache_write: &["gen_ai.usage.cache_creation.input_tokens", "ai.usage.inputTokenDetails.cacheWriteTokens"],
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
    tool: &["ai.toolCall.name"],
    call_id: &["ai.toolCall.id"],
    ..genai::FIELDS
};
