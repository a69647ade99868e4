//! The page that tells users which names become which, written from the tables.

use std::fmt::Write as _;

use super::classify::DIALECTS;
use super::conventions::{
    AGENT_NAME, CACHE_CREATION, CACHE_READ, CONVERSATION_ID, OUTPUT_TOKENS, PROVIDER_NAME, REASONING, REQUEST_MODEL,
    RESPONSE_MODEL, TIME_TO_FIRST_CHUNK, TOOL_CALL_ID, TOOL_NAME,
};
use super::dialect::{Cached, Constant, Dialect, Role, Row, Shape, Text, Unit};
use super::genai;
use super::provider::PROVIDERS;

const INTRODUCTION: &str = "\
# GenAI conventions

Every agent has its own names for calls of models and tools. otel-run gives the spans of the agents that it knows, and of every
program that uses the Vercel AI SDK, the names of the OpenTelemetry semantic conventions for generative AI, so that a backend that
draws these draws all of them: `--genai`, `OTEL_RUN_GENAI`, or `genai` in a settings file.

| | |
| --- | --- |
| `add` | The default. The conventions' attributes stand beside the agent's own. Requests to models get the kind CLIENT. Names of spans stay. |
| `replace` | The agent's own attributes that say the same are removed, and spans of operations are named as the conventions have it: `chat {model}`, `execute_tool {tool}`, `invoke_agent {agent}`. The agent's name of the span is in `otel_run.original_name`. |
| `off` | Nothing of this happens. |

The names are those of semantic conventions 1.41.1, the last release that has them. Where `OTEL_SEMCONV_STABILITY_OPT_IN` holds
`gen_ai_latest_experimental`, they are those that came after it: `gen_ai.usage.cache_write.input_tokens` for `cache_creation`, a whole
number for `gen_ai.request.top_k`, `gen_ai.request.reasoning.level`, no `finish_reason` inside `gen_ai.output.messages`.

## Rules

* A `gen_ai.*` attribute that a span has already stays as it is. There are three exceptions, whose values mean something else:
  a `gen_ai.operation.name` that is none of the conventions' words (Gemini CLI), a number of input tokens without the cached ones, and
  `gen_ai.system`, which is translated to `gen_ai.provider.name`.
* `gen_ai.usage.input_tokens` includes cached tokens. Where an agent counts them apart, they are added.
* Tokens are on the spans of requests alone. An outer span that repeats the sum of the requests beneath it gets none, and with `replace` its
  own `ai.usage.*` go. What an agent itself writes in the conventions' names stays (Copilot's `invoke_agent`).
* A request or a tool call that failed has the status ERROR and an `error.type`, also where the agent leaves them out: the HTTP status that the provider
  answered with, else `exception.type`, else the exit code of the command that the tool ran, else a text that is nothing but the name of a class of
  errors, else the HTTP status that the message names, else `_OTHER`. Nothing else of an error's text is taken.
* Of the spans of one tool call one is `execute_tool`. The others have the same `gen_ai.tool.call.id` and `otel_run.genai.echo=true`.
* Prompts, answers, instructions, tool definitions, arguments and results are translated only where content is kept, into the conventions' messages
  made of parts. Texts above 4 MiB and what is not in the SDK's shape stay under the SDK's names.
* `ai.request.headers.*` are removed from the spans that are translated: they may hold credentials.
* `session.id` stays beside `gen_ai.conversation.id`; it is a name of the general conventions.
* Log records and metrics stay as they are. Codex's tokens stay on `handle_responses`, a span beneath the request that has the model.
* No schema URL is set: it would speak for the agent's own attributes as well.
";

/// The page `docs/genai.md`.
pub fn documentation() -> String {
    let mut page = String::from(INTRODUCTION);
    for dialect in &DIALECTS {
        let _ = writeln!(page, "\n## {}\n\n| span | is |\n| --- | --- |", dialect.name);
        for (name, role) in dialect.spans {
            let _ = writeln!(page, "| {} | {} |", text(*name), meaning(*role));
        }
        let _ = writeln!(page, "\n| attribute | from |\n| --- | --- |");
        for (name, from) in attributes(dialect) {
            let _ = writeln!(page, "| `{name}` | {from} |");
        }
    }
    page.push_str(
        "\n## Providers\n\nA provider is known by how its name begins, up to a dot; others keep their name.\n\n| begins with | is |\n| --- | --- |\n",
    );
    for (start, name) in PROVIDERS {
        let _ = writeln!(page, "| `{start}` | `{name}` |");
    }
    page
}

fn text(text: Text) -> String {
    match text {
        Text::Is(name) => format!("`{name}`"),
        Text::Starts(start) => format!("`{start}...`"),
    }
}

fn meaning(role: Role) -> String {
    match role {
        Role::ModelCall(operation) => format!("`{operation} {{model}}`"),
        Role::Prompt | Role::ModelStep | Role::SubAgent => "`invoke_agent {agent}`".to_owned(),
        Role::ModelUsage => "the tokens of the request above it".to_owned(),
        Role::ModelAnswers(event) => format!("the error of the request above it, by its last event `{event}`"),
        Role::ToolCall => "`execute_tool {tool}`".to_owned(),
        Role::ToolCallInEvent(event) => format!("`execute_tool {{tool}}`, by its event `{event}`"),
        Role::ToolEcho(_) => "an echo of `execute_tool {tool}`".to_owned(),
        Role::Operation => "what its `gen_ai.operation.name` says".to_owned(),
    }
}

/// Conventional names and what they are made from, where that is not the same name.
fn attributes(dialect: &Dialect) -> Vec<(&'static str, String)> {
    let fields = dialect.fields;
    let milliseconds: Vec<&str> = fields
        .first_chunk
        .iter()
        .filter(|(_, unit)| matches!(unit, Unit::Milliseconds))
        .map(|(name, _)| *name)
        .collect();
    let mut list: Vec<(&'static str, String)> = Vec::new();
    let mut add = |name: &'static str, from: &[&str], note: &str| {
        let from: Vec<_> =
            from.iter().filter(|from| **from != name && !is_newest(from)).map(|from| format!("`{from}`")).collect();
        if !from.is_empty() {
            list.push((name, format!("{}{note}", from.join(", "))));
        }
    };
    add("gen_ai.operation.name", dialect.operation, ", by the table above");
    add(PROVIDER_NAME, fields.raw_provider, ", by the table of providers");
    add(REQUEST_MODEL, fields.model, "");
    add(RESPONSE_MODEL, fields.response_model, "");
    add(CONVERSATION_ID, fields.conversation, "");
    add(AGENT_NAME, fields.agent, "");
    add(TOOL_NAME, fields.tool, "");
    add(TOOL_CALL_ID, fields.call_id, "");
    let input = match fields.cached {
        Cached::Included => "",
        Cached::Apart => ", with the cached ones added",
        Cached::ApartForAnthropicUnless(_) => ", with the cached ones added where the SDK's version 5 asks Anthropic",
    };
    add(genai::INPUT_TOKENS, fields.input, input);
    add(OUTPUT_TOKENS, fields.output, "");
    add(CACHE_READ, fields.cache_read, "");
    add(CACHE_CREATION, fields.cache_write, "");
    add(REASONING, fields.reasoning, "");
    add(TIME_TO_FIRST_CHUNK, &milliseconds, ", from ms to s");
    for Row { from, to, shape } in dialect.rows {
        let note = match shape {
            Shape::Reason => ", as a list",
            Shape::Json => ", as `json`",
            Shape::Payload | Shape::Messages | Shape::Tools | Shape::Answer(_) => ", where content is kept",
            Shape::Same | Shape::Whole | Shape::Decimal | Shape::DecimalOnceWhole => "",
        };
        add(to, &[from], note);
    }
    for Row { from, to, .. } in dialect.newest {
        add(to, &[from], ", with the newest names");
    }
    for (span, name, constant) in dialect.constants {
        let value = match constant {
            Constant::Is(value) => value,
            Constant::True => "true",
        };
        list.push((name, format!("`{value}` on {}", text(*span))));
    }
    list
}

fn is_newest(name: &str) -> bool {
    name == super::conventions::CACHE_WRITE
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    /// Rewrites the page instead of comparing it when `UPDATE_DOCS` is set.
    #[test]
    fn the_page_is_the_tables() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/genai.md");
        let page = super::documentation();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap();
        assert_eq!(written, page, "run the test again with UPDATE_DOCS=1");
    }
}
