//! Counting: what a run adds up to.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde::{Deserialize, Serialize};

use super::{Activity, classify, worth_decoding};

/// Tokens of one model call or of a whole run. `input` includes cached tokens and `output` includes reasoning,
/// as the GenAI conventions count them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokens {
    /// Tokens sent to the model, cached ones included.
    pub input: u64,
    /// Tokens that the model produced, reasoning included.
    pub output: u64,
    /// The part of `input` that was read from the provider's cache.
    pub cache_read: u64,
    /// The part of `input` that was written to the provider's cache.
    pub cache_write: u64,
    /// The part of `output` that is reasoning.
    pub reasoning: u64,
}

impl Tokens {
    /// Adds `other`; a sum too large to hold stays at the largest number.
    pub fn add(&mut self, other: &Tokens) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_write = self.cache_write.saturating_add(other.cache_write);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
    }

    /// Whether nothing was counted, as for a call that failed.
    pub fn is_zero(&self) -> bool {
        *self == Tokens::default()
    }
}

/// What a run adds up to, over everything that its agent reported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Requests to models, failed ones included.
    pub model_calls: u64,
    /// Requests to models that ended in an error.
    pub failed_model_calls: u64,
    /// Tokens of all model calls.
    pub tokens: Tokens,
    /// Calls by tool name.
    pub tools: BTreeMap<String, u64>,
    /// Tool calls that ended in an error.
    pub failed_tools: u64,
    /// Model names in the order in which they were first seen.
    pub models: Vec<String>,
}

/// How many different names of tools, and of models, are kept. A program that makes up a name for every call must
/// not be able to fill the memory; a real agent stays far below.
const MOST_NAMES: usize = 256;
/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 128;
/// Where calls of tools beyond [`MOST_NAMES`] are counted.
const OTHER_TOOLS: &str = "(other)";

impl Totals {
    /// Counts what a span tells of, if it tells of anything: by the name of its scope, its own, and the whole message.
    pub fn add_span(&mut self, scope: &[u8], name: &[u8], message: &[u8]) {
        if worth_decoding(name)
            && let (Ok(scope), Ok(span)) = (std::str::from_utf8(scope), Span::decode(message))
            && let Some(activity) = classify(scope, &span)
        {
            self.add(&activity);
        }
    }

    /// Counts one activity. Activities may come in any order, and each span's exactly once; apart from the order of
    /// [`Totals::models`] the result does not depend on it.
    pub fn add(&mut self, activity: &Activity) {
        match activity {
            Activity::ModelCall(call) => {
                self.model_calls += 1;
                self.failed_model_calls += u64::from(call.failed);
                self.tokens.add(&call.tokens);
                if let Some(model) = &call.model {
                    self.add_model(model);
                }
            }
            Activity::ModelUsage { tokens } => self.tokens.add(tokens),
            Activity::ModelFailure => self.failed_model_calls += 1,
            Activity::ToolCall { name, failed, .. } => {
                self.add_tool(name);
                self.failed_tools += u64::from(*failed);
            }
            Activity::ToolEcho { failed, .. } => self.failed_tools += u64::from(*failed),
            Activity::Prompt | Activity::ModelStep { .. } | Activity::AgentTurn { .. } | Activity::SubAgent { .. } => {}
        }
    }

    fn add_model(&mut self, model: &str) {
        let model = shortened(model);
        if self.models.len() < MOST_NAMES && !self.models.iter().any(|known| known == model) {
            self.models.push(model.to_owned());
        }
    }

    fn add_tool(&mut self, name: &str) {
        let name = shortened(name);
        if let Some(calls) = self.tools.get_mut(name) {
            *calls += 1;
        } else {
            let name = if self.tools.len() < MOST_NAMES { name } else { OTHER_TOOLS };
            *self.tools.entry(name.to_owned()).or_default() += 1;
        }
    }
}

fn shortened(name: &str) -> &str {
    name.char_indices().nth(LONGEST_NAME).map_or(name, |(end, _)| &name[..end])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::signals::ModelCall;

    fn call(model: &str, input: u64, failed: bool) -> Activity {
        let tokens = Tokens { input, output: 2, ..Tokens::default() };
        Activity::ModelCall(ModelCall { model: Some(model.into()), tokens, failed, ..ModelCall::default() })
    }

    fn tool(name: &str, failed: bool) -> Activity {
        Activity::ToolCall { name: name.into(), call_id: None, failed }
    }

    #[test]
    fn order_does_not_matter() {
        let activities = [
            call("a", 10, false),
            tool("bash", false),
            Activity::ToolEcho { name: Some("bash".into()), call_id: Some("1".into()), failed: false },
            call("a", 0, true),
            tool("read", true),
            Activity::ToolEcho { name: None, call_id: Some("2".into()), failed: true },
            Activity::ModelUsage { tokens: Tokens { input: 5, reasoning: 1, ..Tokens::default() } },
            Activity::ModelStep { model: Some("a".into()), failed: true },
            Activity::Prompt,
        ];
        let (mut forwards, mut backwards) = (Totals::default(), Totals::default());
        activities.iter().for_each(|activity| forwards.add(activity));
        activities.iter().rev().for_each(|activity| backwards.add(activity));
        assert_eq!(forwards, backwards);
        assert_eq!((forwards.model_calls, forwards.failed_model_calls), (2, 1));
        assert_eq!((forwards.tokens.input, forwards.tokens.output, forwards.tokens.reasoning), (15, 4, 1));
        assert_eq!(forwards.tools, BTreeMap::from([("bash".into(), 1), ("read".into(), 1)]));
        assert_eq!(forwards.failed_tools, 2);
        assert_eq!(forwards.models, ["a"]);
    }

    #[test]
    fn endless_names_do_not_fill_the_memory() {
        let mut totals = Totals::default();
        for number in 0..10_000 {
            totals.add(&tool(&format!("tool {number}"), false));
            totals.add(&call(&format!("model {number}"), u64::MAX, false));
        }
        totals.add(&tool(&"é".repeat(1000), false));
        assert_eq!(totals.tools.len(), MOST_NAMES + 1);
        assert_eq!(totals.tools.values().sum::<u64>(), 10_001);
        assert_eq!(totals.models.len(), MOST_NAMES);
        assert_eq!(totals.tokens.input, u64::MAX);
    }
}
