//! The shape of the tables: how one agent, or one convention, names what it does.

/// A text to recognise a span or a scope by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Text {
    /// The whole text.
    Is(&'static str),
    /// How it begins.
    Starts(&'static str),
}

impl Text {
    /// Whether `text` is meant.
    pub(super) fn matches(self, text: &[u8]) -> bool {
        match self {
            Text::Is(whole) => text == whole.as_bytes(),
            Text::Starts(start) => text.starts_with(start.as_bytes()),
        }
    }

    /// What it begins with; 0 for an empty pattern.
    pub(super) const fn initial(self) -> u8 {
        let (Text::Is(pattern) | Text::Starts(pattern)) = self;
        let pattern = pattern.as_bytes();
        if pattern.is_empty() { 0 } else { pattern[0] }
    }
}

/// What spans of one name are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Role {
    /// The user's request.
    Prompt,
    /// A request to a model, with its tokens; what the GenAI conventions call such an operation.
    ModelCall(&'static str),
    /// A step around requests to models that have spans of their own.
    ModelStep,
    /// The tokens of the enclosing request; spans of this name without tokens mean nothing.
    ModelUsage,
    /// The HTTP requests beneath the enclosing request, each told in a span event of this `event.name`. The last one
    /// says whether the enclosing request failed; spans without any, and those of requests that went well, mean nothing.
    ModelAnswers(&'static str),
    /// A tool call.
    ToolCall,
    /// A tool call that is told in the span event of this `event.name`.
    ToolCallInEvent(&'static str),
    /// Another span of a tool call.
    ToolEcho(EchoTells),
    /// Another agent at work.
    SubAgent,
    /// Whatever `gen_ai.operation.name` says.
    Operation,
}

impl Role {
    /// Whether its name alone says that a span has this role.
    pub(super) fn is_certain(self) -> bool {
        !matches!(self, Role::ModelUsage | Role::ModelAnswers(_) | Role::Operation)
    }
}

/// Whether the second span of a tool call adds anything to the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EchoTells {
    /// The first span says the same.
    Nothing,
    /// Only the second one knows whether the call failed.
    Failure,
    /// Only the second one knows how the command ended that the tool ran, from the tool's result in this attribute.
    ExitCode(&'static str),
}

/// What all other spans of a scope are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// The agent's inner workings.
    Housekeeping,
    /// Something that a person may want to see.
    Shown,
}

/// The unit of a number.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
}

/// Whether cached tokens are part of the number of input tokens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cached {
    /// They are, as the GenAI conventions have it.
    Included,
    /// They have to be added, as in Anthropic's interface.
    Apart,
    /// As [`Cached::Apart`] if the provider is Anthropic and none of the attributes that begin with this text is
    /// there: so did the AI SDK before it had them.
    ApartForAnthropicUnless(&'static str),
}

/// Under which attributes the values stand, the best first: names of the GenAI conventions before an agent's own, which
/// they stand beside, or in the place of, where the agent or [`super::conventions`] gave them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    pub(super) model: &'static [&'static str],
    /// The model as it answered.
    pub(super) response_model: &'static [&'static str],
    /// A provider by its conventional name.
    pub(super) provider: &'static [&'static str],
    /// A provider by any other name.
    pub(super) raw_provider: &'static [&'static str],
    pub(super) input: &'static [&'static str],
    pub(super) output: &'static [&'static str],
    pub(super) cache_read: &'static [&'static str],
    pub(super) cache_write: &'static [&'static str],
    pub(super) reasoning: &'static [&'static str],
    pub(super) cached: Cached,
    pub(super) first_chunk: &'static [(&'static str, Unit)],
    pub(super) tool: &'static [&'static str],
    pub(super) call_id: &'static [&'static str],
    pub(super) agent: &'static [&'static str],
    /// What an agent calls its session.
    pub(super) conversation: &'static [&'static str],
    /// Truth values that say whether it went well.
    pub(super) success: &'static [&'static str],
    /// The HTTP status that a provider answered with.
    pub(super) http_status: &'static [&'static str],
    /// Exit codes of commands that tools ran.
    pub(super) exit_code: &'static [&'static str],
    /// Tools that stand for a call that failed.
    pub(super) failing_tools: &'static [&'static str],
}

/// How a value becomes the value of a conventional name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// It is taken as it is.
    Same,
    /// A whole number.
    Whole,
    /// A number.
    Decimal,
    /// A number, which is a whole one in the newest conventions.
    DecimalOnceWhole,
    /// One reason to stop, in the SDK's words, as a list of one.
    Reason,
    /// That there is a value means `json`.
    Json,
    /// Content: taken as it is.
    Payload,
    /// Content: the AI SDK's messages, or its prompt that has them inside.
    Messages,
    /// Content: the AI SDK's definitions of tools.
    Tools,
    /// Content: a part of the AI SDK's answer.
    Answer(Part),
}

/// A part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Reasoning,
    Text,
    ToolCalls,
}

/// A value that only the GenAI conventions have a use for: its name, theirs, and what becomes of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) shape: Shape,
}

pub(super) const fn row(from: &'static str, to: &'static str, shape: Shape) -> Row {
    Row { from, to, shape }
}

/// What is known of a span by its name alone.
#[derive(Debug, Clone, Copy)]
pub(super) enum Constant {
    Is(&'static str),
    True,
}

/// How one agent, or one convention, names what it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    /// Who speaks it, for readers.
    pub(super) name: &'static str,
    /// The scopes that speak it; empty where the span names alone are enough.
    pub(super) scopes: &'static [Text],
    /// What spans mean by their names; the first match counts.
    pub(super) spans: &'static [(Text, Role)],
    /// What other spans of `scopes` are.
    pub(super) rest: Rest,
    /// Where the values stand.
    pub(super) fields: &'static Fields,
    /// What a model call is for, by the name of a span around it.
    pub(super) purposes: &'static [(&'static str, &'static str)],
    /// Further values that have a conventional name.
    pub(super) rows: &'static [Row],
    /// Further values for which only the newest conventions have a name.
    pub(super) newest: &'static [Row],
    /// Conventional attributes of spans by their names.
    pub(super) constants: &'static [(Text, &'static str, Constant)],
    /// Names that say again what `gen_ai.operation.name` says.
    pub(super) operation: &'static [&'static str],
    /// How names begin that repeat, on a [`Role::ModelStep`], what the requests beneath it say.
    pub(super) repeated: &'static [&'static str],
}
