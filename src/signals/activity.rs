//! What a span can mean to a person who watches an agent.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::Tokens;

/// One request to a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ModelCall {
    /// The model as it was asked for, or else as it answered.
    pub model: Option<String>,
    /// The provider, by the GenAI conventions' name where there is one (`openai`, `gcp.gemini`).
    pub provider: Option<String>,
    /// What it cost in tokens; zero where the agent does not say.
    pub tokens: Tokens,
    /// From the request to the first chunk of the answer; seconds in JSON.
    #[serde(rename = "time_to_first_chunk_s", serialize_with = "seconds")]
    pub time_to_first_chunk: Option<Duration>,
    /// Whether it ended in an error.
    pub failed: bool,
}

/// What a span reports. Only [`Activity::ModelCall`], [`Activity::ModelUsage`],
/// [`Activity::ModelFailure`] and [`Activity::ToolCall`] are counted: the others repeat what those say, and are told apart
/// so that nothing is counted or shown twice.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Activity {
    /// The user's request and all the work it led to.
    Prompt,
    /// A request to a model.
    ModelCall(ModelCall),
    /// A step of an agent that wraps requests to a model, each with a span of its own.
    ModelStep {
        /// The model.
        model: Option<String>,
        /// Whether the step ended in an error.
        failed: bool,
    },
    /// Tokens of the request that an enclosing [`Activity::ModelCall`] stands for.
    ModelUsage {
        /// The tokens.
        tokens: Tokens,
    },
    /// The request that an enclosing [`Activity::ModelCall`] stands for ended in an error, which that does not say.
    ModelFailure,
    /// A call of a tool.
    ToolCall {
        /// The tool's name.
        name: String,
        /// What joins the spans of one call.
        call_id: Option<String>,
        /// Whether it ended in an error.
        failed: bool,
    },
    /// Another span of a call that also has, or should have, a [`Activity::ToolCall`].
    ToolEcho {
        /// The tool's name, where this span knows it.
        name: Option<String>,
        /// What joins the spans of one call.
        call_id: Option<String>,
        /// Whether the call ended in an error that only this span knows of.
        failed: bool,
    },
    /// A turn of an agent: its totals repeat those of the calls beneath it.
    AgentTurn {
        /// The agent's name.
        name: Option<String>,
    },
    /// Another agent at work for the first one.
    SubAgent {
        /// The agent's name.
        name: Option<String>,
    },
}

impl Activity {
    /// Whether the span itself says that this ended in an error.
    pub fn failed(&self) -> bool {
        match self {
            Activity::ModelCall(call) => call.failed,
            Activity::ModelStep { failed, .. }
            | Activity::ToolCall { failed, .. }
            | Activity::ToolEcho { failed, .. } => *failed,
            Activity::ModelFailure => true,
            Activity::Prompt | Activity::ModelUsage { .. } | Activity::AgentTurn { .. } | Activity::SubAgent { .. } => {
                false
            }
        }
    }
}

fn seconds<S: Serializer>(duration: &Option<Duration>, out: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => out.serialize_some(&duration.as_secs_f64()),
        None => out.serialize_none(),
    }
}
