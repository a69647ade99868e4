//! What the GenAI semantic conventions call what a span tells.
//!
//! The tables that say what a span is also say under which names its values stand; here each gets its conventional name,
//! of semantic conventions 1.41.1 or of what comes after them.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;

use super::attributes::Attributes;
use super::dialect::{Constant, Part, Role, Row, Shape, Unit};
use super::genai::{self, Operation};
use super::reading::Reading;
use super::{Activity, classify, messages};

pub(super) const OPERATION_NAME: &str = "gen_ai.operation.name";
pub(super) const PROVIDER_NAME: &str = "gen_ai.provider.name";
pub(super) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(super) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(super) const AGENT_NAME: &str = "gen_ai.agent.name";
pub(super) const TOOL_NAME: &str = "gen_ai.tool.name";
pub(super) const TOOL_CALL_ID: &str = "gen_ai.tool.call.id";
pub(super) const CONVERSATION_ID: &str = "gen_ai.conversation.id";
pub(super) const TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
pub(super) const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub(super) const CACHE_READ: &str = "gen_ai.usage.cache_read.input_tokens";
pub(super) const CACHE_CREATION: &str = "gen_ai.usage.cache_creation.input_tokens";
pub(super) const CACHE_WRITE: &str = "gen_ai.usage.cache_write.input_tokens";
pub(super) const REASONING: &str = "gen_ai.usage.reasoning.output_tokens";
const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";

/// On a span that tells of a tool call which another span stands for.
pub const ECHO: &str = "otel_run.genai.echo";

/// The operations that the conventions name.
const OPERATIONS: &[&str] = &[
    "chat",
    "generate_content",
    "text_completion",
    "embeddings",
    "retrieval",
    "create_agent",
    "invoke_agent",
    "invoke_workflow",
    "execute_tool",
    "plan",
];

/// Names of earlier conventions that have successors.
const OUTDATED: &[&str] =
    &["gen_ai.system", "gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens", "gen_ai.tool.call_id"];

/// Names of other conventions than GenAI's: whoever reads them needs them as they are.
const GENERAL: &[&str] = &["session.id", "http.response.status_code", "process.exit.code"];

/// What is asked of [`conventional`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Names that came after semantic conventions 1.41.1.
    pub newest: bool,
    /// Prompts, answers, tool arguments and the like.
    pub content: bool,
}

/// What the conventions say of one span.
#[derive(Debug, Clone, PartialEq)]
pub struct Conventional {
    /// What the span reports.
    pub activity: Activity,
    /// Attributes that the span lacks, or has with a value that means something else.
    pub attributes: Vec<(&'static str, Value)>,
    /// Attributes of the span that say the same in other words.
    pub superseded: Vec<&'static str>,
    /// How attributes of the span begin that repeat what the requests beneath it say.
    pub repeated: &'static [&'static str],
    /// What the conventions would name the span, where they have an operation for it.
    pub name: Option<String>,
    /// Whether it is a request to somebody else, so that its kind is `CLIENT`.
    pub is_request: bool,
    /// Whether it ended in an error.
    pub failed: bool,
    /// The HTTP status of the error that a provider answered with.
    pub http_status: Option<u64>,
    /// The exit code of the command that a tool ran.
    pub exit_code: Option<i64>,
    /// Whether the agent called a tool that stands for a call that failed.
    pub invalid_tool: bool,
}

/// What the conventions say of `span`, made in the scope `scope`. None for a span that no table knows.
pub fn conventional(scope: &str, span: &Span, wanted: Wanted) -> Option<Conventional> {
    let reading = classify::find(scope, span)?;
    let mut translation = Translation::new(reading, span, wanted);
    translation.operation();
    translation.subjects();
    translation.usage();
    for row in reading.dialect.rows {
        translation.row(row);
    }
    if wanted.newest {
        for row in reading.dialect.newest {
            translation.row(row);
        }
    }
    translation.answer();
    translation.constants();
    Some(translation.finish())
}

struct Translation<'a> {
    reading: Reading<'a>,
    own: Attributes<'a>,
    wanted: Wanted,
    attributes: Vec<(&'static str, Value)>,
    /// Conventional names, each with a name that says the same.
    others: Vec<(&'static str, &'static str)>,
    operation: Option<&'a str>,
}

impl<'a> Translation<'a> {
    fn new(reading: Reading<'a>, span: &'a Span, wanted: Wanted) -> Self {
        let own = Attributes(&span.attributes);
        Self { reading, own, wanted, attributes: Vec::new(), others: Vec::new(), operation: None }
    }

    /// Gives the span an attribute, unless it has it.
    fn put(&mut self, name: &'static str, value: Value) {
        if self.own.value(&[name]).is_none() {
            self.set(name, value);
        }
    }

    /// Gives the span an attribute, in place of one of the same name.
    fn set(&mut self, name: &'static str, value: Value) {
        if self.own.value(&[name]) != Some(&value) && !self.has_been_put(name) {
            self.attributes.push((name, value));
        }
    }

    fn has_been_put(&self, name: &str) -> bool {
        self.attributes.iter().any(|(put, _)| *put == name)
    }

    fn put_text(&mut self, name: &'static str, text: Option<&str>) {
        if let (Some(text), None) = (text, self.own.text(&[name])) {
            self.set(name, Value::StringValue(text.to_owned()));
        }
    }

    /// Notes that `names` say what `name` says.
    fn supersede(&mut self, name: &'static str, names: &[&'static str]) {
        self.others.extend(names.iter().map(|other| (name, *other)));
    }

    /// The attributes of the span that say in other words what stands under a conventional name now.
    fn superseded(&self) -> Vec<&'static str> {
        let mut superseded = Vec::new();
        for (name, other) in &self.others {
            let said = self.has_been_put(name) || self.own.value(&[name]).is_some();
            if said && name != other && self.own.has(other) && self.is_other_words(other) {
                superseded.push(*other);
            }
        }
        superseded.sort_unstable();
        superseded.dedup();
        superseded
    }

    fn is_other_words(&self, name: &str) -> bool {
        let other_version = if self.wanted.newest { CACHE_CREATION } else { CACHE_WRITE };
        let conventional = name.starts_with("gen_ai.") && !OUTDATED.contains(&name) && name != other_version;
        !conventional && !GENERAL.contains(&name)
    }

    fn operation(&mut self) {
        let own = match self.reading.role {
            Role::ModelCall(operation) => operation,
            Role::ToolCall | Role::ToolCallInEvent(_) => "execute_tool",
            Role::Prompt | Role::ModelStep | Role::SubAgent => "invoke_agent",
            Role::Operation => {
                self.operation = self.own.text(&[OPERATION_NAME]);
                return;
            }
            Role::ModelUsage | Role::ModelAnswers(_) | Role::ToolEcho(_) => return,
        };
        match self.own.text(&[OPERATION_NAME]) {
            Some(said) if OPERATIONS.contains(&said) => self.operation = Some(said),
            _ => {
                self.operation = Some(own);
                self.set(OPERATION_NAME, Value::StringValue(own.to_owned()));
            }
        }
        self.supersede(OPERATION_NAME, self.reading.dialect.operation);
    }

    /// Who is asked, which tool is called, which agent is at work.
    fn subjects(&mut self) {
        let Reading { role, .. } = self.reading;
        let fields = self.reading.fields();
        let operation = self.operation.unwrap_or_default();
        let model = matches!(role, Role::ModelCall(_) | Role::ModelStep | Role::Operation);
        if model {
            self.put_text(REQUEST_MODEL, self.reading.text(fields.model));
            self.supersede(REQUEST_MODEL, fields.model);
            self.put_text(RESPONSE_MODEL, self.reading.text(fields.response_model));
            self.supersede(RESPONSE_MODEL, fields.response_model);
            self.put_text(PROVIDER_NAME, self.reading.provider());
            self.supersede(PROVIDER_NAME, fields.raw_provider);
            if let (Some(time), None) = (self.reading.time_to_first_chunk(), self.own.number(&[TIME_TO_FIRST_CHUNK])) {
                self.set(TIME_TO_FIRST_CHUNK, Value::DoubleValue(time.as_secs_f64()));
            }
            for (name, unit) in fields.first_chunk {
                if matches!(unit, Unit::Milliseconds) {
                    self.supersede(TIME_TO_FIRST_CHUNK, &[*name]);
                }
            }
        }
        if operation == "execute_tool" || matches!(role, Role::ToolEcho(_)) {
            self.put_text(TOOL_NAME, self.reading.text(fields.tool));
            self.supersede(TOOL_NAME, fields.tool);
            self.put_text(TOOL_CALL_ID, self.reading.text(fields.call_id));
            self.supersede(TOOL_CALL_ID, fields.call_id);
        }
        if matches!(role, Role::ToolEcho(_)) {
            self.put(ECHO, Value::BoolValue(true));
            if let Some(code) = self.reading.exit_code() {
                self.put("process.exit.code", Value::IntValue(code));
            }
            self.supersede(ECHO, self.reading.dialect.operation);
        }
        if operation == "invoke_agent" {
            self.put_text(AGENT_NAME, self.reading.text(fields.agent));
            self.supersede(AGENT_NAME, fields.agent);
        }
        if !fields.conversation.is_empty() {
            self.put_text(CONVERSATION_ID, self.reading.conversation());
            self.supersede(CONVERSATION_ID, fields.conversation);
        }
    }

    /// Tokens, on the spans where they are counted. Around those others repeat their sum.
    fn usage(&mut self) {
        let fields = self.reading.fields();
        match self.reading.role {
            Role::ModelCall(_) | Role::ModelUsage => {}
            Role::Operation if self.reading.operation == Some(Operation::ModelCall) => {}
            _ => return,
        }
        let usage = self.reading.usage();
        let written = if self.wanted.newest { CACHE_WRITE } else { CACHE_CREATION };
        let whole = |count: Option<u64>| count.and_then(|count| i64::try_from(count).ok()).map(Value::IntValue);
        // A number without the cached tokens is not what the conventions mean by the name.
        if let (Some(_), Some(input)) = (self.reading.input_without_cached(), whole(usage.input)) {
            self.set(genai::INPUT_TOKENS, input);
        }
        let counts = [
            (genai::INPUT_TOKENS, usage.input),
            (OUTPUT_TOKENS, usage.output),
            (CACHE_READ, usage.cache_read),
            (written, usage.cache_write),
            (REASONING, usage.reasoning),
        ];
        for (name, count) in counts {
            if let (Some(count), None) = (whole(count), self.own.count(&[name])) {
                self.set(name, count);
            }
        }
        self.supersede(genai::INPUT_TOKENS, fields.input);
        self.supersede(OUTPUT_TOKENS, fields.output);
        self.supersede(CACHE_READ, fields.cache_read);
        self.supersede(written, fields.cache_write);
        self.supersede(REASONING, fields.reasoning);
    }

    fn row(&mut self, row: &Row) {
        let Some(value) = self.own.value(&[row.from]) else { return };
        let number = || self.own.number(&[row.from]).filter(|number| number.is_finite());
        let value = match row.shape {
            Shape::Same => Some(value.clone()),
            Shape::Whole => self.own.integer(&[row.from]).map(Value::IntValue),
            Shape::DecimalOnceWhole if self.wanted.newest => self.own.integer(&[row.from]).map(Value::IntValue),
            Shape::Decimal | Shape::DecimalOnceWhole => number().map(Value::DoubleValue),
            Shape::Reason => self.own.text(&[row.from]).map(|reason| list([finish_reason(reason)])),
            Shape::Json => Some(Value::StringValue("json".to_owned())),
            // The answer is put together from all its parts.
            Shape::Answer(_) => return,
            _ if !self.wanted.content => return,
            Shape::Payload => Some(value.clone()),
            Shape::Tools => messages::tools(value).map(Value::StringValue),
            Shape::Messages => {
                let Some(prompt) = self.own.text(&[row.from]).and_then(messages::prompt) else { return };
                if let Some(instructions) = prompt.instructions {
                    self.put(SYSTEM_INSTRUCTIONS, Value::StringValue(instructions));
                }
                Some(Value::StringValue(prompt.messages))
            }
        };
        if let Some(value) = value {
            self.put(row.to, value);
            // That there is a setting says less than the setting.
            if row.shape != Shape::Json {
                self.supersede(row.to, &[row.from]);
            }
        }
    }

    /// The model's answer, as one message.
    fn answer(&mut self) {
        if !self.wanted.content || self.own.value(&[OUTPUT_MESSAGES]).is_some() {
            return;
        }
        let mut answer = messages::Answer::default();
        let mut taken = Vec::new();
        for row in self.reading.dialect.rows {
            if let (Shape::Answer(part), Some(text)) = (row.shape, self.own.text(&[row.from])) {
                let added = match part {
                    Part::Reasoning => answer.add_reasoning(text),
                    Part::Text => answer.add_text(text),
                    Part::ToolCalls => answer.add_tool_calls(text),
                };
                if added {
                    taken.push(row.from);
                }
            }
        }
        // The newest conventions have the reason in an attribute alone.
        let reason = self.own.text(&["ai.response.finishReason"]).filter(|_| !self.wanted.newest);
        if let Some(answer) = answer.into_message(reason.map(finish_reason)) {
            self.put(OUTPUT_MESSAGES, Value::StringValue(answer));
            self.supersede(OUTPUT_MESSAGES, &taken);
        }
    }

    fn constants(&mut self) {
        for (name, key, constant) in self.reading.dialect.constants {
            if name.matches(self.reading.name.as_bytes()) {
                let value = match constant {
                    Constant::Is(text) => Value::StringValue((*text).to_owned()),
                    Constant::True => Value::BoolValue(true),
                };
                self.put(key, value);
            }
        }
    }

    fn finish(self) -> Conventional {
        let text = |name: &str| {
            let put = self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
            match put.or_else(|| self.own.value(&[name])) {
                Some(Value::StringValue(text)) if !text.is_empty() => Some(text.as_str()),
                _ => None,
            }
        };
        let reading = self.reading;
        let name = self.operation.and_then(|operation| {
            let subject = match operation {
                "execute_tool" => text(TOOL_NAME),
                "invoke_agent" => text(AGENT_NAME),
                "chat" | "generate_content" | "text_completion" | "embeddings" => text(REQUEST_MODEL),
                // By any other name the tables would not know the span again.
                _ => return None,
            };
            Some(subject.map_or_else(|| operation.to_owned(), |subject| format!("{operation} {subject}")))
        });
        Conventional {
            activity: reading.activity(),
            name,
            is_request: matches!(reading.role, Role::ModelCall(_)),
            failed: reading.failed(),
            http_status: reading.failed_status(),
            exit_code: reading.exit_code().filter(|code| *code != 0),
            invalid_tool: reading.is_failing_tool(),
            superseded: self.superseded(),
            attributes: self.attributes,
            repeated: if matches!(reading.role, Role::ModelStep) { reading.dialect.repeated } else { &[] },
        }
    }
}

/// Why a model stopped, in the conventions' words where they have one.
fn finish_reason(reason: &str) -> &str {
    match reason {
        "content-filter" => "content_filter",
        "tool-calls" => "tool_call",
        "unknown" | "other" => "stop",
        other => other,
    }
}

fn list<const N: usize>(texts: [&str; N]) -> Value {
    let values = texts.iter().map(|text| AnyValue { value: Some(Value::StringValue((*text).to_owned())) }).collect();
    Value::ArrayValue(ArrayValue { values })
}

#[cfg(test)]
mod tests;
