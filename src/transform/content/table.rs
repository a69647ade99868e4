//! The names under which telemetry carries content: one row a group of names that hold the same kind of thing.
//!
//! A new name is added here and nowhere else; `docs/content.md` is written from these rows.

use super::{Family, Kind, Place};
use Kind::{
    Answer, CommandLine, ErrorText, Headers, Prompt, Reasoning, SystemInstructions, ToolArguments, ToolDefinitions,
    ToolResult,
};

/// How a row's name is compared with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The key is the name.
    Exact,
    /// The key is the name, or the name followed by a dot and anything: instrumentations flatten lists and maps into such keys.
    Tree,
}

/// A name and how it is compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    pub(super) text: &'static str,
    pub(super) shape: Shape,
}

const fn exact(text: &'static str) -> Name {
    Name { text, shape: Shape::Exact }
}

/// The index compares the first eight bytes of key and name before anything else, so a tree has at least eight.
const fn tree(text: &'static str) -> Name {
    assert!(text.len() >= 8, "a tree's name has eight bytes or more");
    Name { text, shape: Shape::Tree }
}

/// A set of families, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Families(u16);

impl Families {
    pub(super) const ANY: Families = Families(u16::MAX);

    pub(super) const fn of(families: &[Family]) -> Families {
        let mut bits = 0;
        let mut at = 0;
        while at < families.len() {
            bits |= 1 << families[at] as u16;
            at += 1;
        }
        Families(bits)
    }

    pub(super) const fn has(self, family: Family) -> bool {
        self.0 & (1 << family as u16) != 0
    }
}

/// A set of places, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places(u16);

impl Places {
    pub(super) const EVERYWHERE: Places = Places(u16::MAX);
    /// Where an event is described in full. Resources and metric points are left out: a generic name means a setting
    /// or a category there (`result` = `success`).
    pub(super) const DETAIL: Places =
        Places::of(&[Place::Span, Place::SpanEvent, Place::Link, Place::LogRecord, Place::Exemplar]);
    pub(super) const SPANS: Places = Places::of(&[Place::Span, Place::SpanEvent, Place::Link]);

    const fn of(places: &[Place]) -> Places {
        let mut bits = 0;
        let mut at = 0;
        while at < places.len() {
            bits |= 1 << places[at] as u16;
            at += 1;
        }
        Places(bits)
    }

    pub(super) const fn has(self, place: Place) -> bool {
        self.0 & (1 << place as u16) != 0
    }
}

/// Names that hold one kind of content, and where they do.
#[derive(Debug)]
pub(super) struct Row {
    /// Where the names come from, for the page that users read.
    pub(super) source: &'static str,
    pub(super) kind: Kind,
    pub(super) families: Families,
    pub(super) places: Places,
    pub(super) names: &'static [Name],
}

const fn anywhere(source: &'static str, kind: Kind, names: &'static [Name]) -> Row {
    Row { source, kind, families: Families::ANY, places: Places::EVERYWHERE, names }
}

const fn of(
    source: &'static str,
    kind: Kind,
    families: &'static [Family],
    places: Places,
    names: &'static [Name],
) -> Row {
    Row { source, kind, families: Families::of(families), places, names }
}

const GENAI: &str = "OpenTelemetry GenAI conventions, all generations";
const AI_SDK: &str = "Vercel AI SDK (opencode)";
const OPENINFERENCE: &str = "OpenInference";
const TRACELOOP: &str = "Traceloop OpenLLMetry";
const LANGFUSE: &str = "Langfuse";
const MLFLOW: &str = "MLflow";
const OTHERS: &str = "other instrumentations";
const GENERAL: &str = "general conventions";

const AGENTS: &[Family] = &[
    Family::Opencode,
    Family::OpencodePlugin,
    Family::Claude,
    Family::Codex,
    Family::Gemini,
    Family::Qwen,
    Family::Copilot,
    Family::Continue,
];

/// Every row that removes something.
pub(super) const ROWS: &[Row] = &[
    // Names that mean one thing wherever they stand.
    anywhere(
        GENAI,
        Prompt,
        &[
            tree("gen_ai.prompt"),
            tree("gen_ai.input.messages"),
            tree("gen_ai.user.message"),
            tree("gen_ai.content.prompt"),
            tree("gen_ai.retrieval.query"),
        ],
    ),
    anywhere(
        GENAI,
        Answer,
        &[
            tree("gen_ai.completion"),
            tree("gen_ai.output.messages"),
            tree("gen_ai.assistant.message"),
            tree("gen_ai.choice"),
            tree("gen_ai.content.completion"),
            // Made by a model from the conversation.
            exact("gen_ai.conversation.title"),
            exact("gen_ai.evaluation.explanation"),
        ],
    ),
    anywhere(
        GENAI,
        ToolArguments,
        &[tree("gen_ai.tool.call.arguments"), tree("gen_ai.tool.arguments"), tree("mcp.request.argument")],
    ),
    anywhere(
        GENAI,
        ToolResult,
        &[
            tree("gen_ai.tool.call.result"),
            tree("gen_ai.tool.message"),
            tree("gen_ai.tool.output"),
            tree("gen_ai.retrieval.documents"),
        ],
    ),
    anywhere(GENAI, SystemInstructions, &[tree("gen_ai.system_instructions"), tree("gen_ai.system.message")]),
    anywhere(
        GENAI,
        ToolDefinitions,
        &[
            tree("gen_ai.tool.definitions"),
            // A part of the definition, often kilobytes of it.
            exact("gen_ai.tool.description"),
        ],
    ),
    anywhere(
        AI_SDK,
        Prompt,
        &[
            tree("ai.prompt"),
            tree("ai.value"),
            tree("ai.values"),
            tree("ai.query"),
            tree("ai.documents"),
            // Vectors can be turned back into the text they were made from.
            tree("ai.embedding"),
            tree("ai.embeddings"),
            exact("ai.request.body"),
        ],
    ),
    anywhere(
        AI_SDK,
        Answer,
        &[
            tree("ai.response.text"),
            tree("ai.response.object"),
            tree("ai.response.files"),
            tree("ai.response.content"),
            tree("ai.response.sources"),
            exact("ai.response.body"),
            // Providers put log probabilities, reasoning and search results here.
            tree("ai.response.providerMetadata"),
            tree("ai.result.text"),
            tree("ai.result.object"),
            tree("ai.ranking"),
        ],
    ),
    anywhere(AI_SDK, Reasoning, &[tree("ai.response.reasoning"), tree("ai.response.reasoningText")]),
    anywhere(
        AI_SDK,
        ToolArguments,
        &[
            tree("ai.response.toolCalls"),
            tree("ai.result.toolCalls"),
            tree("ai.toolCall.args"),
            tree("ai.toolCall.input"),
        ],
    ),
    anywhere(
        AI_SDK,
        ToolResult,
        &[tree("ai.response.toolResults"), tree("ai.toolCall.result"), tree("ai.toolCall.output")],
    ),
    anywhere(AI_SDK, ToolDefinitions, &[tree("ai.schema")]),
    anywhere(AI_SDK, Headers, &[tree("ai.request.headers"), tree("ai.response.headers")]),
    anywhere(
        OPENINFERENCE,
        Prompt,
        &[
            tree("input.value"),
            tree("input.images"),
            tree("input.audio"),
            tree("input.documents"),
            tree("llm.input_messages"),
            tree("llm.prompts"),
            tree("llm.prompt_template"),
            tree("embedding.embeddings"),
            exact("embedding.text"),
            exact("embedding.vector"),
            exact("reranker.query"),
        ],
    ),
    anywhere(
        OPENINFERENCE,
        Answer,
        &[
            tree("output.value"),
            tree("output.images"),
            tree("output.audio"),
            tree("output.documents"),
            tree("llm.output_messages"),
            tree("llm.choices"),
        ],
    ),
    anywhere(OPENINFERENCE, ToolArguments, &[tree("tool.parameters"), tree("llm.function_call")]),
    anywhere(
        OPENINFERENCE,
        ToolResult,
        &[
            tree("retrieval.documents"),
            tree("reranker.input_documents"),
            tree("reranker.output_documents"),
            tree("document.content"),
        ],
    ),
    anywhere(
        OPENINFERENCE,
        ToolDefinitions,
        &[
            tree("llm.tools"),
            exact("tool.json_schema"),
            exact("tool.description"),
            // Holds tools and system instructions beside temperature and the like.
            tree("llm.invocation_parameters"),
        ],
    ),
    anywhere(
        TRACELOOP,
        Prompt,
        &[tree("traceloop.entity.input"), tree("traceloop.prompt"), exact("llm.request.prompt")],
    ),
    anywhere(TRACELOOP, Answer, &[tree("traceloop.entity.output"), tree("llm.completions")]),
    anywhere(TRACELOOP, ToolDefinitions, &[tree("llm.request.functions")]),
    anywhere(TRACELOOP, Headers, &[tree("llm.headers")]),
    anywhere(LANGFUSE, Prompt, &[tree("langfuse.trace.input"), tree("langfuse.observation.input")]),
    anywhere(LANGFUSE, Answer, &[tree("langfuse.trace.output"), tree("langfuse.observation.output")]),
    anywhere(MLFLOW, Prompt, &[tree("mlflow.spanInputs"), tree("mlflow.traceInputs"), tree("mlflow.chat.messages")]),
    anywhere(MLFLOW, Answer, &[tree("mlflow.spanOutputs"), tree("mlflow.traceOutputs")]),
    anywhere(MLFLOW, Reasoning, &[tree("mlflow.llm.reasoning")]),
    anywhere(MLFLOW, ToolDefinitions, &[tree("mlflow.chat.tools")]),
    anywhere(
        OTHERS,
        Prompt,
        &[
            tree("pydantic_ai.all_messages"),
            exact("all_messages_events"),
            exact("model_request_parameters"),
            tree("lmnr.span.input"),
            tree("agentops.entity.input"),
            tree("haystack.component.input"),
            exact("braintrust.input"),
            exact("braintrust.input_json"),
            exact("gcp.vertex.agent.llm_request"),
            exact("gcp.vertex.agent.data"),
        ],
    ),
    anywhere(
        OTHERS,
        Answer,
        &[
            exact("final_result"),
            tree("lmnr.span.output"),
            tree("agentops.entity.output"),
            tree("haystack.component.output"),
            exact("braintrust.output"),
            exact("braintrust.output_json"),
            exact("gcp.vertex.agent.llm_response"),
        ],
    ),
    anywhere(OTHERS, ToolArguments, &[exact("tool_arguments"), exact("gcp.vertex.agent.tool_call_args")]),
    anywhere(OTHERS, ToolResult, &[exact("tool_response"), exact("gcp.vertex.agent.tool_response")]),
    anywhere(
        GENERAL,
        Headers,
        &[
            tree("http.request.header"),
            tree("http.response.header"),
            tree("rpc.request.metadata"),
            tree("rpc.response.metadata"),
            tree("rpc.grpc.request.metadata"),
            tree("rpc.grpc.response.metadata"),
            tree("rpc.connect_rpc.request.metadata"),
            tree("rpc.connect_rpc.response.metadata"),
        ],
    ),
    // Sizes stand beside these (`http.request.body.size`), so they are no trees.
    anywhere(GENERAL, Prompt, &[exact("http.request.body"), exact("http.request.body.content")]),
    anywhere(GENERAL, Answer, &[exact("http.response.body"), exact("http.response.body.content")]),
    // An agent's prompt is one of its arguments.
    anywhere(
        GENERAL,
        CommandLine,
        &[tree("process.command_args"), tree("process.command_line"), tree("process.environment_variable")],
    ),
    anywhere(
        GENERAL,
        ErrorText,
        &[exact("exception.message"), exact("exception.stacktrace"), exact("error.message"), exact("error.stack")],
    ),
    anywhere(LANGFUSE, ErrorText, &[exact("langfuse.observation.status_message")]),
    // Names that are content only because a known agent writes them.
    of(
        "known agents",
        ErrorText,
        AGENTS,
        Places::DETAIL,
        &[
            exact("error"),
            exact("error_message"),
            exact("error_msg"),
            exact("error.details"),
            exact("error.cause"),
            exact("tool.error"),
            exact("exception"),
            exact("cause"),
        ],
    ),
    // The address of a page that a tool fetched, or a search typed into the user interface.
    of(
        "known agents",
        ToolArguments,
        AGENTS,
        Places::DETAIL,
        &[exact("url.full"), exact("url.query"), exact("http.url"), exact("http.target")],
    ),
    // opencode's own server is known by `http.route`.
    of("opencode, Qwen Code", ToolArguments, &[Family::Opencode, Family::Qwen], Places::DETAIL, &[exact("url.path")]),
    of("opencode", ToolArguments, &[Family::Opencode], Places::DETAIL, &[tree("db.query.parameter")]),
    of(
        "opencode's telemetry plugin",
        ToolArguments,
        &[Family::OpencodePlugin],
        Places::DETAIL,
        &[
            // Patterns that a permission was asked for: command lines.
            exact("resources"),
            exact("description"),
        ],
    ),
    of(
        "Claude Code",
        Prompt,
        &[Family::Claude],
        Places::DETAIL,
        &[exact("new_context"), exact("system_reminders"), exact("body_ref")],
    ),
    of(
        "Claude Code",
        SystemInstructions,
        &[Family::Claude],
        Places::DETAIL,
        &[exact("system_prompt_preview"), exact("user_system_prompt")],
    ),
    of(
        "Claude Code",
        Answer,
        &[Family::Claude],
        Places::DETAIL,
        &[exact("response.model_output"), exact("response.text_output")],
    ),
    of("Claude Code", Reasoning, &[Family::Claude], Places::DETAIL, &[exact("response.thinking_output")]),
    of("Claude Code", ToolDefinitions, &[Family::Claude], Places::DETAIL, &[exact("tools"), exact("tool")]),
    of(
        "Claude Code",
        ToolArguments,
        &[Family::Claude],
        Places::DETAIL,
        &[
            exact("full_command"),
            exact("bash_command"),
            exact("bash_argv0"),
            exact("description"),
            exact("file_path"),
            exact("path"),
            exact("pattern"),
            exact("url"),
            exact("hook_definitions"),
        ],
    ),
    of(
        "Codex CLI",
        SystemInstructions,
        &[Family::Codex],
        Places::DETAIL,
        &[exact("base_instructions"), exact("developer_instructions"), exact("user_instructions")],
    ),
    of(
        "Codex CLI",
        ToolArguments,
        &[Family::Codex],
        Places::DETAIL,
        &[exact("cmd"), exact("params"), exact("payload"), exact("item"), exact("items")],
    ),
    of(
        "Codex CLI",
        ToolResult,
        &[Family::Codex],
        Places::DETAIL,
        &[exact("aggregated_output"), exact("formatted_output"), exact("delta")],
    ),
    of(
        "Gemini CLI, Qwen Code",
        Prompt,
        &[Family::Gemini, Family::Qwen],
        Places::DETAIL,
        &[
            exact("request_text"),
            exact("new_context"),
            exact("trusted_content"),
            exact("truncated_sequence"),
            exact("touched_topics"),
        ],
    ),
    of(
        "Gemini CLI, Qwen Code",
        Answer,
        &[Family::Gemini, Family::Qwen],
        Places::DETAIL,
        &[exact("response_text"), exact("execution_summary"), exact("policy"), exact("verdict_rationale")],
    ),
    of(
        "Gemini CLI, Qwen Code",
        Reasoning,
        &[Family::Gemini, Family::Qwen],
        Places::EVERYWHERE,
        &[exact("reasoning"), exact("routing.reasoning")],
    ),
    of("Gemini CLI, Qwen Code", Reasoning, &[Family::Gemini, Family::Qwen], Places::DETAIL, &[exact("reason")]),
    of(
        "Gemini CLI, Qwen Code",
        ToolArguments,
        &[Family::Gemini, Family::Qwen],
        Places::DETAIL,
        &[
            exact("hook_input"),
            // A hook without a name goes by its command line.
            exact("hook_name"),
            exact("tool_call"),
        ],
    ),
    of("Gemini CLI, Qwen Code", ToolArguments, &[Family::Gemini, Family::Qwen], Places::SPANS, &[exact("command")]),
    of(
        "Gemini CLI, Qwen Code",
        ToolResult,
        &[Family::Gemini, Family::Qwen],
        Places::DETAIL,
        &[
            exact("hook_output"),
            // Whatever data the tool returned is merged into it.
            tree("metadata"),
        ],
    ),
    anywhere(
        "GitHub Copilot",
        Prompt,
        &[
            exact("copilot_chat.user_request"),
            exact("copilot_chat.prompt_context"),
            tree("copilot_chat.request.options"),
            tree("copilot_chat.request.shape"),
        ],
    ),
    anywhere(
        "GitHub Copilot",
        Answer,
        &[exact("copilot_chat.markdown_content"), exact("copilot_chat.conversation.title")],
    ),
    anywhere("GitHub Copilot", Reasoning, &[exact("copilot_chat.reasoning_content")]),
    anywhere("GitHub Copilot", SystemInstructions, &[exact("copilot_chat.prompt_instructions")]),
    anywhere(
        "GitHub Copilot",
        ToolArguments,
        &[tree("github.copilot.tool.parameters"), exact("copilot_chat.hook_input"), exact("copilot_chat.hook_command")],
    ),
    anywhere("GitHub Copilot", ToolResult, &[exact("copilot_chat.hook_output")]),
];

/// Keys that stand below a removed name, or look like one, and hold nothing that a person or a model wrote.
pub(super) const KEPT: &[&str] = &[
    "gen_ai.prompt.name",
    "gen_ai.prompt.version",
    "ai.prompt.toolChoice",
    "llm.prompt_template.version",
    "traceloop.prompt.key",
    "traceloop.prompt.version",
    "traceloop.prompt.version_name",
    "traceloop.prompt.version_hash",
    "github.copilot.tool.parameters.edit_type",
    "github.copilot.tool.parameters.skill_name",
    "github.copilot.tool.parameters.tool_type",
    "github.copilot.tool.parameters.mcp_server_name",
    "github.copilot.tool.parameters.mcp_server_name_hash",
    "github.copilot.tool.parameters.mcp_tool_name",
    // Statements with placeholders, no values.
    "db.query.text",
    // The program alone, as argv[0] has it.
    "process.command",
];

/// Words that mean content as a whole key or as its last part, at [`Places::DETAIL`], in what
/// [`GENERIC_FAMILIES`] write.
pub(super) const GENERIC: &[(&str, Kind)] = &[
    ("prompt", Prompt),
    ("prompt_text", Prompt),
    ("user_prompt", Prompt),
    ("input", Prompt),
    ("query", Prompt),
    ("message", Prompt),
    ("messages", Prompt),
    ("text", Prompt),
    ("content", Prompt),
    ("body", Prompt),
    ("response", Answer),
    ("output", ToolResult),
    ("result", ToolResult),
    ("stdout", ToolResult),
    ("stderr", ToolResult),
    ("diff", ToolResult),
    ("patch", ToolArguments),
    ("thinking", Reasoning),
    ("instructions", SystemInstructions),
    ("system_prompt", SystemInstructions),
    ("arguments", ToolArguments),
    ("args", ToolArguments),
    ("parameters", ToolArguments),
    ("function_args", ToolArguments),
    ("tool_input", ToolArguments),
    ("tool_parameters", ToolArguments),
    ("tool_output", ToolResult),
    ("tool_result", ToolResult),
    ("command", ToolArguments),
];

/// The agents whose attributes are too many and change too often to be known one by one. opencode is not among
/// them: what it writes is known to the last name.
pub(super) const GENERIC_FAMILIES: Families = Families::of(&[
    Family::OpencodePlugin,
    Family::Claude,
    Family::Codex,
    Family::Gemini,
    Family::Qwen,
    Family::Copilot,
    Family::Continue,
]);

/// How keys begin that end in a word of [`GENERIC`] and hold numbers: `llm.token_count.prompt`.
pub(super) const GENERIC_NUMBERS: &[&str] =
    &["llm.token_count.", "llm.cost.", "gen_ai.usage.", "codex.turn.token_usage."];

/// Keys that [`GENERIC`] would remove and that are no content: a slash command's own name.
pub(super) const GENERIC_KEPT: &[(Family, Place, &str)] =
    &[(Family::Gemini, Place::LogRecord, "command"), (Family::Qwen, Place::LogRecord, "command")];

/// The attributes that opencode's own log records keep. The rest is dropped: its plugins and its user interface can
/// log with attributes of their choice.
pub(super) const OPENCODE_LOG_ATTRIBUTES: &[&str] =
    &["fiberId", "session.id", "sessionID", "messageID", "workspaceID", "ref", "kind"];

/// The attributes that an event made of one message keeps, besides what [`ROWS`] leave of `gen_ai.*`.
pub(super) const MESSAGE_EVENT_ATTRIBUTES: &[&str] =
    &["event.name", "session.id", "role", "id", "index", "finish_reason", "error.type", "exception.type"];
