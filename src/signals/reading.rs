//! One span, read with the fields of one dialect.

use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};
use serde::Deserialize;

use super::attributes::Attributes;
use super::dialect::{Cached, Dialect, EchoTells, Fields, Role, Unit};
use super::genai::{self, Operation};
use super::{Activity, ModelCall, Tokens, provider};

/// A span that a table knows, and what it is by that table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    span: &'a Span,
    /// The name that the agent gave it.
    pub(super) name: &'a str,
    pub(super) dialect: &'static Dialect,
    pub(super) role: Role,
    /// What the conventions' own name for the operation says, where the table leaves it to that.
    pub(super) operation: Option<Operation>,
    /// Of the span, or of the event that tells of the call.
    pub(super) attributes: Attributes<'a>,
}

/// The exit code in the result of opencode's shell.
fn exit_code_of(result: &str) -> Option<i64> {
    #[derive(Deserialize)]
    struct Outcome {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        exit: i64,
    }
    serde_json::from_str::<Outcome>(result).ok().map(|outcome| outcome.metadata.exit)
}

/// The numbers of tokens that a span tells, counted as the GenAI conventions do: cached tokens are within `input`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) cache_read: Option<u64>,
    pub(super) cache_write: Option<u64>,
    pub(super) reasoning: Option<u64>,
}

impl Usage {
    fn tokens(self) -> Tokens {
        Tokens {
            input: self.input.unwrap_or(0),
            output: self.output.unwrap_or(0),
            cache_read: self.cache_read.unwrap_or(0),
            cache_write: self.cache_write.unwrap_or(0),
            reasoning: self.reasoning.unwrap_or(0),
        }
    }
}

impl<'a> Reading<'a> {
    /// None where a span of this name means nothing after all.
    pub(super) fn new(span: &'a Span, name: &'a str, dialect: &'static Dialect, role: Role) -> Option<Self> {
        let own = Attributes(&span.attributes);
        let mut reading = Self { span, name, dialect, role, operation: None, attributes: own };
        match role {
            Role::ModelUsage if reading.usage().tokens().is_zero() => return None,
            Role::ModelAnswers(event) => {
                reading.attributes = reading.last_event(event)?;
                if reading.failed_status().is_none() && !reading.attributes.has("error.message") {
                    return None;
                }
            }
            Role::ToolCallInEvent(event) => reading.attributes = reading.last_event(event).unwrap_or(own),
            Role::Operation => {
                reading.operation = Some(genai::operation(own.text(&["gen_ai.operation.name"])?)?);
            }
            _ => {}
        }
        Some(reading)
    }

    pub(super) fn fields(&self) -> &'static Fields {
        self.dialect.fields
    }

    /// The attributes of the last event of this `event.name`.
    fn last_event(&self, name: &str) -> Option<Attributes<'a>> {
        let mut events = self.span.events.iter().rev().map(|event| Attributes(&event.attributes));
        events.find(|event| event.text(&["event.name"]) == Some(name))
    }

    /// What the span reports.
    pub(super) fn activity(&self) -> Activity {
        let owned = |names| self.text(names).map(str::to_owned);
        let fields = self.fields();
        match (self.role, self.operation) {
            (Role::Prompt, _) => Activity::Prompt,
            (Role::SubAgent, _) => Activity::SubAgent { name: owned(fields.agent) },
            (Role::ModelCall(_), _) | (_, Some(Operation::ModelCall)) => self.model_call(),
            (Role::ModelStep, _) => {
                Activity::ModelStep { model: self.model().map(str::to_owned), failed: self.failed() }
            }
            (Role::ModelUsage, _) => Activity::ModelUsage { tokens: self.usage().tokens() },
            (Role::ModelAnswers(_), _) => Activity::ModelFailure,
            (Role::ToolEcho(tells), _) => Activity::ToolEcho {
                name: owned(fields.tool),
                call_id: owned(fields.call_id),
                failed: match tells {
                    EchoTells::Nothing => false,
                    EchoTells::Failure => self.failed(),
                    EchoTells::ExitCode(_) => self.exit_code().is_some_and(|code| code != 0),
                },
            },
            (_, Some(Operation::AgentTurn)) => Activity::AgentTurn { name: owned(fields.agent) },
            (Role::ToolCall | Role::ToolCallInEvent(_) | Role::Operation, _) => Activity::ToolCall {
                name: self.text(fields.tool).unwrap_or("unknown").to_owned(),
                call_id: owned(fields.call_id),
                failed: self.failed(),
            },
        }
    }

    fn model_call(&self) -> Activity {
        Activity::ModelCall(ModelCall {
            model: self.model().map(str::to_owned),
            provider: self.provider().map(str::to_owned),
            tokens: self.usage().tokens(),
            time_to_first_chunk: self.time_to_first_chunk(),
            failed: self.failed(),
        })
    }

    /// A text under one of `names`; on the span, where the event that tells of the call does not have it.
    pub(super) fn text(&self, names: &[&str]) -> Option<&'a str> {
        self.attributes.text(names).or_else(|| Attributes(&self.span.attributes).text(names))
    }

    /// What the agent calls its session, on the span or in any of its events.
    pub(super) fn conversation(&self) -> Option<&'a str> {
        let names = self.fields().conversation;
        let in_events = || self.span.events.iter().find_map(|event| Attributes(&event.attributes).text(names));
        self.text(names).or_else(in_events)
    }

    fn model(&self) -> Option<&'a str> {
        self.text(self.fields().model).or_else(|| self.text(self.fields().response_model))
    }

    /// The provider by its conventional name, or by whatever name it has.
    pub(super) fn provider(&self) -> Option<&'a str> {
        let raw = || self.text(self.fields().raw_provider).map(provider::conventional);
        self.text(self.fields().provider).or_else(raw)
    }

    /// The status decides, and where an agent leaves it unset, what it says in its own words. `error.type` is
    /// required on every failed GenAI operation, and Copilot's status is not always set.
    pub(super) fn failed(&self) -> bool {
        let status = self.span.status.as_ref().map(|status| status.code());
        let fields = self.fields();
        let said = || self.attributes.has("error.type") || self.exit_code().is_some_and(|code| code != 0);
        status == Some(StatusCode::Error)
            || self.attributes.flag(fields.success) == Some(false)
            || self.is_failing_tool()
            || matches!(self.role, Role::ModelAnswers(_))
            || (status != Some(StatusCode::Ok) && said())
    }

    /// Whether the tool that was called stands for a call that failed.
    pub(super) fn is_failing_tool(&self) -> bool {
        let failing = self.fields().failing_tools;
        !failing.is_empty()
            && matches!(self.role, Role::ToolCall)
            && self.text(self.fields().tool).is_some_and(|tool| failing.contains(&tool))
    }

    /// The exit code of the command that a tool ran.
    pub(super) fn exit_code(&self) -> Option<i64> {
        let own = Attributes(&self.span.attributes);
        let of_result = || match self.role {
            Role::ToolEcho(EchoTells::ExitCode(result)) => own.text(&[result]).and_then(exit_code_of),
            _ => None,
        };
        own.integer(self.fields().exit_code).or_else(of_result)
    }

    /// The HTTP status of an error that the provider answered with.
    pub(super) fn failed_status(&self) -> Option<u64> {
        self.attributes.count(self.fields().http_status).filter(|status| (400..600).contains(status))
    }

    /// The tokens.
    pub(super) fn usage(&self) -> Usage {
        let fields = self.fields();
        let count = |names| self.attributes.count(names);
        let cache_read = count(fields.cache_read);
        let mut cache_write = count(fields.cache_write);
        let mut input = count(fields.input);
        if let Some(own) = self.input_without_cached() {
            cache_write = cache_write.or_else(|| self.written_by_metadata());
            let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
            input = Some(own.saturating_add(cached));
        }
        let (output, reasoning) = (count(fields.output), count(fields.reasoning));
        Usage { input, output, cache_read, cache_write, reasoning }
    }

    /// The number of input tokens where cached ones have to be added to it: under a name of the agent's own, since the
    /// conventional one has them in it, or should have.
    pub(super) fn input_without_cached(&self) -> Option<u64> {
        let fields = self.fields();
        let apart = match fields.cached {
            Cached::Included => false,
            Cached::Apart => true,
            Cached::ApartForAnthropicUnless(details) => {
                self.text(fields.raw_provider).map(provider::conventional) == Some("anthropic")
                    && !self.span.attributes.iter().any(|attribute| attribute.key.starts_with(details))
            }
        };
        let mut own = fields.input.iter().filter(|name| apart && **name != genai::INPUT_TOKENS);
        own.find_map(|name| self.attributes.count(&[*name]))
    }

    /// The AI SDK's fifth version tells of tokens written to Anthropic's cache in this JSON alone.
    fn written_by_metadata(&self) -> Option<u64> {
        let metadata = self.attributes.text(&["ai.response.providerMetadata"])?;
        let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
        metadata.get("anthropic")?.get("cacheCreationInputTokens")?.as_u64()
    }

    /// From the request to the first chunk.
    pub(super) fn time_to_first_chunk(&self) -> Option<Duration> {
        let fields = self.fields();
        let (number, unit) =
            fields.first_chunk.iter().find_map(|(name, unit)| Some((self.attributes.number(&[*name])?, unit)))?;
        let seconds = match unit {
            Unit::Seconds => number,
            Unit::Milliseconds => number / 1000.0,
        };
        Duration::try_from_secs_f64(seconds).ok()
    }
}
