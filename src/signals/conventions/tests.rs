#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::{Status, status::StatusCode};
use serde_json::json;

use super::*;
use crate::signals::{Activity, classify};

const CLAUDE: &str = "com.anthropic.claude_code.tracing";

fn text(value: &str) -> Value {
    Value::StringValue(value.to_owned())
}

fn texts(values: &[&str]) -> Value {
    let values = values.iter().map(|value| AnyValue { value: Some(text(value)) }).collect();
    Value::ArrayValue(ArrayValue { values })
}

fn span(name: &str, attributes: &[(&str, Value)]) -> Span {
    let attributes = attributes
        .iter()
        .map(|(key, value)| KeyValue {
            key: (*key).to_owned(),
            value: Some(AnyValue { value: Some(value.clone()) }),
            ..KeyValue::default()
        })
        .collect();
    Span { name: name.to_owned(), attributes, ..Span::default() }
}

fn said(scope: &str, span: &Span, wanted: Wanted) -> (BTreeMap<&'static str, Value>, Conventional) {
    let said = conventional(scope, span, wanted).unwrap();
    let attributes: BTreeMap<_, _> = said.attributes.iter().cloned().collect();
    assert_eq!(attributes.len(), said.attributes.len(), "no attribute twice");
    (attributes, said)
}

fn json_of(value: &Value) -> serde_json::Value {
    let Value::StringValue(text) = value else { panic!("{value:?} is no text") };
    serde_json::from_str(text).unwrap()
}

use Value::{BoolValue as Flag, DoubleValue as Decimal, IntValue as Whole};

#[test]
fn everything_that_the_sdk_sends_has_its_name() {
    let call = span(
        "ai.streamText.doStream",
        &[
            ("ai.operationId", text("ai.streamText.doStream")),
            ("ai.model.id", text("gemini-x")),
            ("ai.model.provider", text("google.generative-ai")),
            ("ai.settings.maxOutputTokens", Whole(8000)),
            ("ai.settings.temperature", Decimal(0.5)),
            ("ai.settings.topP", Whole(1)),
            ("ai.settings.topK", Decimal(40.0)),
            ("ai.settings.frequencyPenalty", Decimal(0.1)),
            ("ai.settings.presencePenalty", Decimal(0.2)),
            ("ai.settings.seed", Whole(7)),
            ("ai.settings.stopSequences", texts(&["END"])),
            ("ai.settings.maxRetries", Whole(2)),
            ("ai.telemetry.functionId", text("f")),
            ("ai.telemetry.metadata.sessionId", text("s1")),
            ("ai.response.id", text("r1")),
            ("ai.response.model", text("gemini-x-001")),
            ("ai.response.finishReason", text("content-filter")),
            ("ai.response.msToFirstChunk", Decimal(108.5)),
            ("ai.usage.inputTokens", Whole(100)),
            ("ai.usage.outputTokens", Decimal(20.0)),
            ("ai.usage.inputTokenDetails.cacheReadTokens", Whole(40)),
            ("ai.usage.inputTokenDetails.cacheWriteTokens", Whole(10)),
            ("ai.usage.cachedInputTokens", Whole(40)),
            ("ai.usage.reasoningTokens", Whole(5)),
            ("ai.usage.totalTokens", Whole(120)),
        ],
    );
    let (attributes, conventional) = said("anything", &call, Wanted::default());
    let expected = BTreeMap::from([
        ("gen_ai.operation.name", text("chat")),
        ("gen_ai.request.model", text("gemini-x")),
        ("gen_ai.provider.name", text("gcp.gemini")),
        ("gen_ai.request.max_tokens", Whole(8000)),
        ("gen_ai.request.temperature", Decimal(0.5)),
        ("gen_ai.request.top_p", Decimal(1.0)),
        ("gen_ai.request.top_k", Decimal(40.0)),
        ("gen_ai.request.frequency_penalty", Decimal(0.1)),
        ("gen_ai.request.presence_penalty", Decimal(0.2)),
        ("gen_ai.request.seed", Whole(7)),
        ("gen_ai.request.stop_sequences", texts(&["END"])),
        ("gen_ai.request.stream", Flag(true)),
        ("gen_ai.conversation.id", text("s1")),
        ("gen_ai.response.id", text("r1")),
        ("gen_ai.response.model", text("gemini-x-001")),
        ("gen_ai.response.finish_reasons", texts(&["content_filter"])),
        ("gen_ai.response.time_to_first_chunk", Decimal(0.1085)),
        ("gen_ai.usage.input_tokens", Whole(100)),
        ("gen_ai.usage.output_tokens", Whole(20)),
        ("gen_ai.usage.cache_read.input_tokens", Whole(40)),
        ("gen_ai.usage.cache_creation.input_tokens", Whole(10)),
        ("gen_ai.usage.reasoning.output_tokens", Whole(5)),
    ]);
    assert_eq!(attributes, expected);
    assert_eq!(conventional.name.as_deref(), Some("chat gemini-x"));
    assert!(conventional.is_request && !conventional.failed);
    let kept: Vec<_> = call
        .attributes
        .iter()
        .map(|attribute| attribute.key.as_str())
        .filter(|key| !conventional.superseded.contains(key))
        .collect();
    assert_eq!(kept, ["ai.settings.maxRetries", "ai.telemetry.functionId", "ai.usage.totalTokens"]);

    let (newest, _) = said("anything", &call, Wanted { newest: true, ..Wanted::default() });
    let changed: Vec<_> =
        newest.iter().filter(|(name, value)| attributes.get(*name) != Some(value)).map(|(name, _)| *name).collect();
    assert_eq!(changed, ["gen_ai.request.top_k", "gen_ai.usage.cache_write.input_tokens"]);
    assert!(!newest.contains_key("gen_ai.usage.cache_creation.input_tokens"));
}

#[test]
fn an_outer_span_is_an_agent_at_work_and_counts_nothing() {
    let outer = span(
        "ai.streamText",
        &[
            ("ai.model.id", text("m")),
            ("ai.model.provider", text("xai.chat")),
            ("ai.telemetry.functionId", text("session.llm")),
            ("session.id", text("ses_1")),
            ("ai.usage.inputTokens", Whole(100)),
        ],
    );
    let (attributes, conventional) = said("opencode", &outer, Wanted::default());
    let expected = BTreeMap::from([
        ("gen_ai.operation.name", text("invoke_agent")),
        ("gen_ai.request.model", text("m")),
        ("gen_ai.provider.name", text("x_ai")),
        ("gen_ai.agent.name", text("session.llm")),
        ("gen_ai.conversation.id", text("ses_1")),
    ]);
    assert_eq!(attributes, expected);
    assert_eq!(conventional.name.as_deref(), Some("invoke_agent session.llm"));
    assert_eq!(conventional.superseded, ["ai.model.id", "ai.model.provider", "ai.telemetry.functionId"]);
    assert_eq!(conventional.repeated, ["ai.usage."]);
    assert!(!conventional.is_request);
}

/// Input tokens of one request, by who told them and how.
#[test]
fn cached_tokens_are_within_the_input() {
    let anthropic = ("ai.model.provider", text("anthropic.messages"));
    let metadata = text(r#"{"anthropic":{"cacheCreationInputTokens":10}}"#);
    let input = |value| ("ai.usage.inputTokens", Whole(value));
    let read = ("ai.usage.cachedInputTokens", Whole(40));
    let details = ("ai.usage.inputTokenDetails.cacheReadTokens", Whole(40));
    let theirs = |value| ("gen_ai.usage.input_tokens", Whole(value));
    let cases = [
        ("version 5 with Anthropic", vec![anthropic.clone(), input(60), read.clone()], 100),
        ("and what it calls conventional", vec![anthropic.clone(), input(60), read.clone(), theirs(60)], 100),
        (
            "and written tokens",
            vec![anthropic.clone(), input(60), read.clone(), ("ai.response.providerMetadata", metadata)],
            110,
        ),
        ("version 6 with Anthropic", vec![anthropic.clone(), input(100), read.clone(), details], 100),
        ("version 5 with OpenAI", vec![("ai.model.provider", text("openai.responses")), input(100), read.clone()], 100),
        ("version 4", vec![("ai.usage.promptTokens", Whole(100))], 100),
        ("already translated", vec![("gen_ai.system", text("anthropic")), read, theirs(100)], 100),
    ];
    for (case, attributes, expected) in cases {
        let call = span("ai.generateText.doGenerate", &attributes);
        let (added, _) = said("ai", &call, Wanted::default());
        let own = Attributes(&call.attributes).value(&["gen_ai.usage.input_tokens"]).cloned();
        let told = added.get("gen_ai.usage.input_tokens").cloned().or(own);
        assert_eq!(told, Some(Whole(expected)), "{case}");
        let Some(Activity::ModelCall(counted)) = classify("ai", &call) else { panic!("{case}") };
        assert_eq!(i64::try_from(counted.tokens.input).unwrap(), expected, "{case}");
    }
}

#[test]
fn what_is_there_already_stays_unless_it_means_something_else() {
    let call = span(
        "claude_code.llm_request",
        &[
            ("gen_ai.system", text("anthropic")),
            ("gen_ai.request.model", text("asked for")),
            ("model", text("another")),
            ("gen_ai.response.finish_reasons", texts(&["end_turn"])),
            ("stop_reason", text("other")),
            ("effort", text("high")),
        ],
    );
    let (attributes, conventional) = said(CLAUDE, &call, Wanted::default());
    let expected =
        BTreeMap::from([("gen_ai.operation.name", text("chat")), ("gen_ai.provider.name", text("anthropic"))]);
    assert_eq!(attributes, expected);
    assert_eq!(conventional.name.as_deref(), Some("chat asked for"));
    assert_eq!(conventional.superseded, ["gen_ai.system", "model", "stop_reason"]);
    let (newest, _) = said(CLAUDE, &call, Wanted { newest: true, ..Wanted::default() });
    assert_eq!(newest.get("gen_ai.request.reasoning.level"), Some(&text("high")));

    let call =
        span("llm_call", &[("gen_ai.operation.name", text("llm_call")), ("gen_ai.request.model", text("gemini-x"))]);
    let (attributes, conventional) = said("gemini-cli", &call, Wanted::default());
    assert_eq!(attributes.get("gen_ai.operation.name"), Some(&text("generate_content")));
    assert_eq!(conventional.name.as_deref(), Some("generate_content gemini-x"));
}

#[test]
fn older_names_of_the_conventions_get_their_successors() {
    let call = span(
        "chat gpt",
        &[
            ("gen_ai.operation.name", text("chat")),
            ("gen_ai.system", text("az.ai.openai")),
            ("gen_ai.request.model", text("gpt")),
            ("gen_ai.usage.prompt_tokens", Whole(7)),
            ("gen_ai.usage.completion_tokens", Whole(3)),
        ],
    );
    let (attributes, conventional) = said("", &call, Wanted::default());
    let expected = BTreeMap::from([
        ("gen_ai.provider.name", text("az.ai.openai")),
        ("gen_ai.usage.input_tokens", Whole(7)),
        ("gen_ai.usage.output_tokens", Whole(3)),
    ]);
    assert_eq!(attributes, expected);
    assert_eq!(
        conventional.superseded,
        ["gen_ai.system", "gen_ai.usage.completion_tokens", "gen_ai.usage.prompt_tokens"]
    );
    // Who writes the conventions' names decides about the kind: a model may run within the program.
    assert!(!conventional.is_request);
}

#[test]
fn one_span_of_a_tool_call_is_the_call() {
    let call = span("Tool.execute", &[("tool.name", text("bash")), ("tool.call_id", text("c1"))]);
    let (attributes, conventional) = said("opencode", &call, Wanted::default());
    let joined = BTreeMap::from([
        ("gen_ai.tool.name", text("bash")),
        ("gen_ai.tool.call.id", text("c1")),
        ("gen_ai.tool.type", text("function")),
    ]);
    let mut expected = joined.clone();
    expected.insert("gen_ai.operation.name", text("execute_tool"));
    assert_eq!(attributes, expected);
    assert_eq!(conventional.name.as_deref(), Some("execute_tool bash"));

    let echo = span("ai.toolCall", &[("ai.toolCall.name", text("bash")), ("ai.toolCall.id", text("c1"))]);
    let (attributes, conventional) = said("opencode", &echo, Wanted::default());
    let mut expected = joined.clone();
    expected.insert(ECHO, Flag(true));
    assert_eq!((attributes, conventional.name), (expected, None));

    // In any other program it is the only one.
    let (attributes, conventional) = said("my-program", &echo, Wanted::default());
    assert_eq!(attributes.get("gen_ai.operation.name"), Some(&text("execute_tool")));
    assert!(!attributes.contains_key(ECHO));
    assert_eq!(conventional.name.as_deref(), Some("execute_tool bash"));
}

#[test]
fn failures_are_known_by_what_agents_say_of_them() {
    let ok = |span: Span| Span { status: Some(Status { code: StatusCode::Ok as i32, ..Status::default() }), ..span };
    let result = text(r#"{"title":"t","metadata":{"output":"a","exit":3},"output":"a"}"#);
    let cases = [
        (CLAUDE, span("claude_code.llm_request", &[("success", Flag(false)), ("status_code", Whole(529))]), true),
        (CLAUDE, span("claude_code.llm_request", &[("success", Flag(true))]), false),
        ("opencode", ok(span("Tool.execute", &[("tool.name", text("invalid"))])), true),
        ("opencode", ok(span("Tool.execute", &[("tool.name", text("bash"))])), false),
        ("opencode", span("ai.toolCall", &[("ai.toolCall.result", result)]), true),
        ("opencode", span("ai.toolCall", &[("ai.toolCall.result", text(r#"{"metadata":{"exit":0}}"#))]), false),
        ("opencode", span("ai.toolCall", &[("ai.toolCall.result", text("no JSON"))]), false),
        (
            "github.copilot",
            span("execute_tool bash", &[(OPERATION_NAME, text("execute_tool")), ("process.exit.code", Whole(1))]),
            true,
        ),
    ];
    for (scope, span, failed) in cases {
        let (attributes, conventional) = said(scope, &span, Wanted::default());
        assert_eq!(conventional.failed, failed, "{} {:?}", span.name, span.attributes);
        if span.name == "ai.toolCall" && failed {
            assert_eq!(attributes.get("process.exit.code"), Some(&Whole(3)));
        }
    }
}

#[test]
fn content_takes_the_shape_of_messages() {
    let messages = json!([
        { "role": "system", "content": "be brief" },
        { "role": "user", "content": [
            { "type": "text", "text": "look" },
            { "type": "file", "mediaType": "image/png", "data": "aGk=" },
            { "type": "image", "image": "https://example.org/a" },
        ]},
        { "role": "assistant", "content": [
            { "type": "reasoning", "text": "hm" },
            { "type": "tool-call", "toolCallId": "c1", "toolName": "bash", "input": { "command": "ls" } },
        ]},
        { "role": "tool", "content": [
            { "type": "tool-result", "toolCallId": "c1", "toolName": "bash", "output": { "type": "text", "value": "a" } },
            { "type": "novel", "x": 1 },
        ]},
    ]);
    let tool = r#"{"type":"function","name":"bash","description":"runs","inputSchema":{"type":"object"}}"#;
    let calls = r#"[{"type":"tool-call","toolCallId":"c2","toolName":"read","input":"{\"path\":\"a\"}"}]"#;
    let call = span(
        "ai.streamText.doStream",
        &[
            ("ai.prompt.messages", text(&messages.to_string())),
            ("ai.prompt.tools", texts(&[tool])),
            ("ai.response.text", text("done")),
            ("ai.response.reasoning", text("well")),
            ("ai.response.toolCalls", text(calls)),
            ("ai.response.finishReason", text("tool-calls")),
        ],
    );
    let (without, _) = said("ai", &call, Wanted::default());
    let content = ["gen_ai.input.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions", OUTPUT_MESSAGES];
    assert!(content.iter().all(|name| !without.contains_key(name)), "{without:?}");

    let (with, conventional) = said("ai", &call, Wanted { content: true, ..Wanted::default() });
    assert_eq!(json_of(&with["gen_ai.system_instructions"]), json!([{ "type": "text", "content": "be brief" }]));
    assert_eq!(
        json_of(&with["gen_ai.input.messages"]),
        json!([
            { "role": "user", "parts": [
                { "type": "text", "content": "look" },
                { "type": "blob", "mime_type": "image/png", "modality": "image", "content": "aGk=" },
                { "type": "uri", "modality": "image", "uri": "https://example.org/a" },
            ]},
            { "role": "assistant", "parts": [
                { "type": "reasoning", "content": "hm" },
                { "type": "tool_call", "id": "c1", "name": "bash", "arguments": { "command": "ls" } },
            ]},
            { "role": "tool", "parts": [
                { "type": "tool_call_response", "id": "c1", "response": { "type": "text", "value": "a" } },
                { "type": "novel", "x": 1 },
            ]},
        ])
    );
    assert_eq!(
        json_of(&with["gen_ai.tool.definitions"]),
        json!([{ "type": "function", "name": "bash", "description": "runs", "parameters": { "type": "object" } }])
    );
    let answer = |finish_reason: Option<&str>| {
        let mut message = json!({ "role": "assistant", "parts": [
            { "type": "reasoning", "content": "well" },
            { "type": "text", "content": "done" },
            { "type": "tool_call", "id": "c2", "name": "read", "arguments": { "path": "a" } },
        ]});
        if let Some(reason) = finish_reason {
            message["finish_reason"] = reason.into();
        }
        json!([message])
    };
    assert_eq!(json_of(&with[OUTPUT_MESSAGES]), answer(Some("tool_call")));
    let own: Vec<_> = call.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    assert!(own.iter().all(|key| conventional.superseded.contains(key)), "{:?}", conventional.superseded);
    let (newest, _) = said("ai", &call, Wanted { newest: true, content: true });
    assert_eq!(json_of(&newest[OUTPUT_MESSAGES]), answer(None));

    let outer = json!({ "system": "be brief", "prompt": "hello" });
    let outer = span("ai.generateText", &[("ai.prompt", text(&outer.to_string()))]);
    let (with, _) = said("ai", &outer, Wanted { content: true, ..Wanted::default() });
    assert_eq!(json_of(&with["gen_ai.system_instructions"]), json!([{ "type": "text", "content": "be brief" }]));
    assert_eq!(
        json_of(&with["gen_ai.input.messages"]),
        json!([{ "role": "user", "parts": [{ "type": "text", "content": "hello" }] }])
    );

    let tool = span("ai.toolCall", &[("ai.toolCall.args", text("{}")), ("ai.toolCall.result", text("[1]"))]);
    let (with, _) = said("ai", &tool, Wanted { content: true, ..Wanted::default() });
    assert_eq!(with["gen_ai.tool.call.arguments"], text("{}"));
    assert_eq!(with["gen_ai.tool.call.result"], text("[1]"));
}

#[test]
fn content_in_no_known_shape_stays_where_it_is() {
    let long = format!(r#"[{{"role":"user","content":"{}"}}]"#, "a".repeat(5 << 20));
    for shape in ["", "{", "[1]", "{}", r#"[{"role":"user"}]"#, r#"[{"role":"user","content":7}]"#, "\"text\"", &long] {
        let call = span("ai.streamText.doStream", &[("ai.prompt.messages", text(shape))]);
        let (with, conventional) = said("ai", &call, Wanted { content: true, ..Wanted::default() });
        assert!(!with.contains_key("gen_ai.input.messages"), "{shape:.40}");
        assert!(conventional.superseded.is_empty(), "{shape:.40}");
    }
}
