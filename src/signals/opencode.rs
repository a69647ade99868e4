//! opencode 1.x. It makes about a thousand spans for a trivial run; a dozen of them mean something to a person.

use super::ai_sdk;
use super::dialect::{Dialect, Fields, Rest, Role, Text};

/// `Tool.execute` is always there and `ai.toolCall` only with the model's spans, so calls are counted by the former.
/// The two stand in different branches of the tree and are joined by their call id.
pub(super) const DIALECT: Dialect = Dialect {
    scopes: &[Text::Is("opencode")],
    spans: &[
        ai_sdk::STREAM,
        ai_sdk::GENERATE,
        ai_sdk::STREAM_OBJECT,
        ai_sdk::GENERATE_OBJECT,
        ai_sdk::EMBED,
        ai_sdk::EMBED_MANY,
        ai_sdk::STREAM_STEP,
        ai_sdk::GENERATE_STEP,
        ai_sdk::TOOL_ECHO,
        (Text::Is("Tool.execute"), Role::ToolCall),
        (Text::Is("SessionPrompt.prompt"), Role::Prompt),
        (Text::Is("TaskTool.execute"), Role::SubAgent),
    ],
    rest: Rest::Housekeeping,
    fields: &FIELDS,
    purposes: &[("SessionPrompt.ensureTitle", "title")],
};

const FIELDS: Fields =
    Fields { tool: &["tool.name", "ai.toolCall.name"], call_id: &["tool.call_id", "ai.toolCall.id"], ..ai_sdk::FIELDS };
