//! Reading a span through the tables.

use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};

use super::attributes::Attributes;
use super::dialect::{Cached, Dialect, EchoTells, Fields, Rest, Role, Unit};
use super::{Activity, ModelCall, Tokens, ai_sdk, claude, codex, gemini, genai, opencode, provider, qwen};

/// Agents stand before the conventions, because they use the conventions' names in ways of their own.
pub(super) const DIALECTS: [Dialect; 7] = [
    opencode::DIALECT,
    claude::DIALECT,
    codex::DIALECT,
    gemini::DIALECT,
    qwen::DIALECT,
    ai_sdk::DIALECT,
    genai::DIALECT,
];

/// The first bytes of all names in the tables. Most spans are passed over by this alone.
const INITIALS: [bool; 256] = {
    let mut initials = [false; 256];
    let mut dialect = 0;
    while dialect < DIALECTS.len() {
        let mut span = 0;
        while span < DIALECTS[dialect].spans.len() {
            initials[DIALECTS[dialect].spans[span].0.initial() as usize] = true;
            span += 1;
        }
        dialect += 1;
    }
    initials
};

/// Whether a span of this name (UTF-8) can be anything to [`classify`]. It is cheap and needs nothing else of the
/// span, so that housekeeping need not be decoded. `false` is always right; `true` may turn out to be nothing.
pub fn worth_decoding(name: &[u8]) -> bool {
    name.first().is_some_and(|initial| INITIALS[usize::from(*initial)])
        && DIALECTS.iter().any(|dialect| dialect.spans.iter().any(|(text, _)| text.matches(name)))
}

/// What `span`, made in the instrumentation scope `scope`, reports. `None` where it reports nothing that is counted or
/// shown in a way of its own.
pub fn classify(scope: &str, span: &Span) -> Option<Activity> {
    if !worth_decoding(span.name.as_bytes()) {
        return None;
    }
    DIALECTS.iter().filter(|dialect| dialect.scopes.is_empty() || dialect.is_spoken_in(scope.as_bytes())).find_map(
        |dialect| {
            let (_, role) = dialect.spans.iter().find(|(text, _)| text.matches(span.name.as_bytes()))?;
            Reader { span, fields: dialect.fields, attributes: Attributes(&span.attributes) }.read(*role)
        },
    )
}

/// Whether `span` is of no interest to somebody who wants to see what an agent did: the inner workings of an agent,
/// failed ones included (opencode looks for some 25 files in a run that need not be there), and stand-ins.
/// Spans of programs that nothing is known about never are.
pub fn is_housekeeping(scope: &str, span: &Span) -> bool {
    if is_stand_in(span) {
        return true;
    }
    let agent = DIALECTS.iter().find(|dialect| dialect.is_spoken_in(scope.as_bytes()));
    agent.is_some_and(|dialect| dialect.rest == Rest::Housekeeping) && classify(scope, span).is_none()
}

/// Whether otel-run made `span` up for a parent that never came.
pub fn is_stand_in(span: &Span) -> bool {
    Attributes(&span.attributes).flag(&["otel_run.stand_in"]) == Some(true)
}

/// What model calls beneath `span` are for, if it says so; `title` beneath opencode's `SessionPrompt.ensureTitle`.
pub fn purpose(scope: &str, span: &Span) -> Option<&'static str> {
    let dialect = DIALECTS.iter().find(|dialect| dialect.is_spoken_in(scope.as_bytes()))?;
    dialect.purposes.iter().find(|(name, _)| *name == span.name).map(|(_, purpose)| *purpose)
}

impl Dialect {
    pub(super) fn is_spoken_in(&self, scope: &[u8]) -> bool {
        self.scopes.iter().any(|text| text.matches(scope))
    }

    /// Whether a span of this name says what model calls beneath it are for.
    pub(super) fn tells_a_purpose(&self, name: &[u8]) -> bool {
        self.purposes.iter().any(|(telling, _)| telling.as_bytes() == name)
    }
}

/// One span, read with the fields of one dialect.
struct Reader<'a> {
    span: &'a Span,
    fields: &'static Fields,
    attributes: Attributes<'a>,
}

impl Reader<'_> {
    fn read(&self, role: Role) -> Option<Activity> {
        match role {
            Role::Prompt => Some(Activity::Prompt),
            Role::SubAgent => Some(Activity::SubAgent { name: self.owned(self.fields.agent) }),
            Role::ModelCall => Some(self.model_call()),
            Role::ModelStep => {
                Some(Activity::ModelStep { model: self.owned(self.fields.model), failed: self.failed(self.attributes) })
            }
            Role::ModelUsage => {
                let tokens = self.tokens();
                (!tokens.is_zero()).then_some(Activity::ModelUsage { tokens })
            }
            Role::ToolCall => Some(self.tool_call(self.attributes)),
            Role::ToolCallInEvent(name) => {
                let mut events = self.span.events.iter().map(|event| Attributes(&event.attributes));
                let event = events.find(|event| event.text(&["event.name"]) == Some(name));
                Some(self.tool_call(event.unwrap_or(self.attributes)))
            }
            Role::ToolEcho(tells) => Some(Activity::ToolEcho {
                name: self.owned(self.fields.tool),
                call_id: self.owned(self.fields.call_id),
                failed: tells == EchoTells::Failure && self.failed(self.attributes),
            }),
            Role::Operation => match genai::operation(self.attributes.text(&["gen_ai.operation.name"])?)? {
                genai::Operation::ModelCall => Some(self.model_call()),
                genai::Operation::ToolCall => Some(self.tool_call(self.attributes)),
                genai::Operation::AgentTurn => Some(Activity::AgentTurn { name: self.owned(self.fields.agent) }),
            },
        }
    }

    fn owned(&self, names: &[&str]) -> Option<String> {
        self.attributes.text(names).map(str::to_owned)
    }

    /// The status decides, and where an agent leaves it unset, what it says in its own words. `error.type` is
    /// required on every failed GenAI operation, and Copilot's status is not always set.
    fn failed(&self, attributes: Attributes<'_>) -> bool {
        let status = self.span.status.as_ref().map(|status| status.code());
        status == Some(StatusCode::Error)
            || attributes.flag(self.fields.success) == Some(false)
            || (status != Some(StatusCode::Ok) && attributes.has("error.type"))
    }

    fn model_call(&self) -> Activity {
        let provider = self.attributes.text(self.fields.provider);
        let provider = provider.or_else(|| self.attributes.text(self.fields.raw_provider).map(provider::conventional));
        Activity::ModelCall(ModelCall {
            model: self.owned(self.fields.model),
            provider: provider.map(str::to_owned),
            tokens: self.tokens(),
            time_to_first_chunk: self.time_to_first_chunk(),
            failed: self.failed(self.attributes),
        })
    }

    fn tool_call(&self, attributes: Attributes<'_>) -> Activity {
        Activity::ToolCall {
            name: attributes.text(self.fields.tool).unwrap_or("unknown").to_owned(),
            call_id: attributes.text(self.fields.call_id).map(str::to_owned),
            failed: self.failed(attributes),
        }
    }

    fn tokens(&self) -> Tokens {
        let count = |names| self.attributes.count(names).unwrap_or(0);
        let mut tokens = Tokens {
            input: count(self.fields.input),
            output: count(self.fields.output),
            cache_read: count(self.fields.cache_read),
            cache_write: count(self.fields.cache_write),
            reasoning: count(self.fields.reasoning),
        };
        let apart = match self.fields.cached {
            Cached::Included => false,
            Cached::Apart => true,
            Cached::ApartForAnthropicUnless(details) => {
                let raw = self.attributes.text(self.fields.raw_provider);
                raw.map(provider::conventional) == Some("anthropic")
                    && !self.span.attributes.iter().any(|attribute| attribute.key.starts_with(details))
            }
        };
        if apart {
            tokens.input = tokens.input.saturating_add(tokens.cache_read).saturating_add(tokens.cache_write);
        }
        tokens
    }

    fn time_to_first_chunk(&self) -> Option<Duration> {
        let (number, unit) =
            self.fields.first_chunk.iter().find_map(|(name, unit)| Some((self.attributes.number(&[*name])?, unit)))?;
        let seconds = match unit {
            Unit::Seconds => number,
            Unit::Milliseconds => number / 1000.0,
        };
        Duration::try_from_secs_f64(seconds).ok()
    }
}

#[cfg(test)]
mod tests;
