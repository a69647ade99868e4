//! opencode 1.x. It makes about a thousand spans for a trivial run; a dozen of them mean something to a person.

use super::ai_sdk;
use super::dialect::{Constant, Dialect, Fields, Rest, Role, Text};

/// `Tool.execute` is always there and `ai.toolCall` only with the model's spans, so calls are counted by the former.
/// The two stand in different branches of the tree and are joined by their call id.
pub(super) const DIALECT: Dialect = Dialect {
    name: "opencode",
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
    rows: ai_sdk::ROWS,
    newest: &[],
    constants: &[
        (Text::Is("ai.streamText.doStream"), "gen_ai.request.stream", Constant::True),
        (Text::Is("ai.streamObject.doStream"), "gen_ai.request.stream", Constant::True),
        (Text::Starts("ai.streamObject"), "gen_ai.output.type", Constant::Is("json")),
        (Text::Starts("ai.generateObject"), "gen_ai.output.type", Constant::Is("json")),
        (Text::Is("ai.toolCall"), "gen_ai.tool.type", Constant::Is("function")),
        (Text::Is("Tool.execute"), "gen_ai.tool.type", Constant::Is("function")),
        (Text::Is("SessionPrompt.prompt"), "gen_ai.agent.name", Constant::Is("opencode")),
    ],
    operation: ai_sdk::OPERATION,
    repeated: ai_sdk::REPEATED,
};

/// A call of a tool that is not there, or with arguments that cannot be read, becomes a call of `invalid`, which goes well.
const FIELDS: Fields = Fields {
    tool: &["gen_ai.tool.name", "tool.name", "ai.toolCall.name"],
    call_id: &["gen_ai.tool.call.id", "tool.call_id", "ai.toolCall.id"],
    conversation: &["session.id"],
    failing_tools: &["invalid"],
    ..ai_sdk::FIELDS
};
