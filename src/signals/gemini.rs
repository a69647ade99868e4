//! Gemini CLI. Tokens are on its spans only when the user has switched its detailed traces on.

use super::dialect::{Constant, Dialect, Fields, Rest, Role, Text};
use super::genai;

/// The span names are common words, so the scope has to say whose they are. `gen_ai.operation.name` repeats them.
pub(super) const DIALECT: Dialect = Dialect {
    name: "Gemini CLI",
    scopes: &[Text::Starts("gemini-cli")],
    spans: &[
        (Text::Is("llm_call"), Role::ModelCall("generate_content")),
        (Text::Is("tool_call"), Role::ToolCall),
        (Text::Is("user_prompt"), Role::Prompt),
    ],
    rest: Rest::Housekeeping,
    fields: &FIELDS,
    purposes: &[],
    rows: &[],
    newest: &[],
    constants: &[
        // As its own events say, whichever of Google's interfaces it is.
        (Text::Is("llm_call"), "gen_ai.provider.name", Constant::Is("gcp.gen_ai")),
        (Text::Is("tool_call"), "gen_ai.tool.type", Constant::Is("function")),
        (Text::Is("user_prompt"), "gen_ai.agent.name", Constant::Is("gemini-cli")),
    ],
    operation: &[],
    repeated: &[],
};

const FIELDS: Fields = Fields { call_id: &["gen_ai.tool.call.id", "gen_ai.tool.call_id"], ..genai::FIELDS };
