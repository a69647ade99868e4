//! Gemini CLI. Tokens are on its spans only when the user has switched its detailed traces on.

use super::dialect::{Dialect, Fields, Rest, Role, Text};
use super::genai;

/// The span names are common words, so the scope has to say whose they are.
pub(super) const DIALECT: Dialect = Dialect {
    scopes: &[Text::Starts("gemini-cli")],
    spans: &[
        (Text::Is("llm_call"), Role::ModelCall),
        (Text::Is("tool_call"), Role::ToolCall),
        (Text::Is("user_prompt"), Role::Prompt),
    ],
    rest: Rest::Housekeeping,
    fields: &FIELDS,
    purposes: &[],
};

const FIELDS: Fields = Fields { call_id: &["gen_ai.tool.call_id", "gen_ai.tool.call.id"], ..genai::FIELDS };
