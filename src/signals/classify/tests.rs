#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Status, span::Event, status::StatusCode};
use proptest::prelude::*;

use super::*;
use crate::signals::{ModelCall, Tokens, Totals, captures};

enum Attribute {
    Text(&'static str),
    Int(i64),
    Double(f64),
    Bool(bool),
}
use Attribute::{Bool, Double, Int, Text};

fn attributes(values: &[(&str, Attribute)]) -> Vec<KeyValue> {
    let value = |value: &Attribute| match value {
        Text(text) => Value::StringValue((*text).to_owned()),
        Int(number) => Value::IntValue(*number),
        Double(number) => Value::DoubleValue(*number),
        Bool(flag) => Value::BoolValue(*flag),
    };
    values
        .iter()
        .map(|(key, given)| KeyValue {
            key: (*key).to_owned(),
            value: Some(AnyValue { value: Some(value(given)) }),
            ..KeyValue::default()
        })
        .collect()
}

fn span(name: &str, values: &[(&str, Attribute)]) -> Span {
    Span { name: name.to_owned(), attributes: attributes(values), ..Span::default() }
}

fn failed(mut span: Span) -> Span {
    span.status = Some(Status { code: StatusCode::Error as i32, ..Status::default() });
    span
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn call(model: &str, provider: &str, [input, output, cache_read, cache_write, reasoning]: [u64; 5]) -> ModelCall {
    ModelCall {
        model: some(model),
        provider: some(provider),
        tokens: Tokens { input, output, cache_read, cache_write, reasoning },
        ..ModelCall::default()
    }
}

#[test]
fn every_agent_by_its_own_names() {
    let milliseconds = |number| Some(Duration::from_millis(number));
    let cases: Vec<(&str, Span, Option<Activity>)> = vec![
        // The conventions, by anybody.
        (
            "anything",
            span(
                "chat gpt-5",
                &[
                    ("gen_ai.operation.name", Text("chat")),
                    ("gen_ai.provider.name", Text("azure.ai.openai")),
                    ("gen_ai.request.model", Text("gpt-5")),
                    ("gen_ai.usage.input_tokens", Int(100)),
                    ("gen_ai.usage.output_tokens", Int(12)),
                    ("gen_ai.usage.cache_read.input_tokens", Int(30)),
                    ("gen_ai.usage.cache_creation.input_tokens", Int(7)),
                    ("gen_ai.usage.reasoning.output_tokens", Int(5)),
                    ("gen_ai.response.time_to_first_chunk", Double(0.25)),
                ],
            ),
            Some(Activity::ModelCall(ModelCall {
                time_to_first_chunk: milliseconds(250),
                ..call("gpt-5", "azure.ai.openai", [100, 12, 30, 7, 5])
            })),
        ),
        (
            "anything",
            span("chat x", &[("gen_ai.operation.name", Text("chat")), ("error.type", Text("timeout"))]),
            Some(Activity::ModelCall(ModelCall { failed: true, ..ModelCall::default() })),
        ),
        (
            "anything",
            span(
                "execute_tool bash bash",
                &[
                    ("gen_ai.operation.name", Text("execute_tool")),
                    ("gen_ai.tool.name", Text("bash")),
                    ("gen_ai.tool.call.id", Text("c1")),
                ],
            ),
            Some(Activity::ToolCall { name: "bash".into(), call_id: some("c1"), failed: false }),
        ),
        (
            "anything",
            span(
                "invoke_agent helper",
                &[
                    ("gen_ai.operation.name", Text("invoke_agent")),
                    ("gen_ai.agent.name", Text("helper")),
                    ("gen_ai.usage.input_tokens", Int(200)),
                ],
            ),
            Some(Activity::AgentTurn { name: some("helper") }),
        ),
        // A name like the conventions', and nothing behind it.
        ("anything", span("chat with a friend", &[]), None),
        ("anything", span("execute_tool x", &[("gen_ai.operation.name", Text("dance"))]), None),
        // opencode
        (
            "opencode",
            span(
                "ai.streamText.doStream",
                &[
                    ("gen_ai.system", Text("openai.responses")),
                    ("ai.model.id", Text("gpt-5")),
                    ("ai.usage.inputTokens", Double(100.0)),
                    ("ai.usage.outputTokens", Int(20)),
                    ("ai.usage.cachedInputTokens", Int(40)),
                    ("ai.usage.reasoningTokens", Int(5)),
                    ("ai.response.msToFirstChunk", Double(108.0)),
                ],
            ),
            Some(Activity::ModelCall(ModelCall {
                time_to_first_chunk: milliseconds(108),
                ..call("gpt-5", "openai", [100, 20, 40, 0, 5])
            })),
        ),
        (
            "opencode",
            span("ai.streamText", &[("ai.model.id", Text("m")), ("ai.usage.inputTokens", Int(100))]),
            Some(Activity::ModelStep { model: some("m"), failed: false }),
        ),
        (
            "opencode",
            failed(span("Tool.execute", &[("tool.name", Text("bash")), ("tool.call_id", Text("c1"))])),
            Some(Activity::ToolCall { name: "bash".into(), call_id: some("c1"), failed: true }),
        ),
        (
            "opencode",
            failed(span("ai.toolCall", &[("ai.toolCall.name", Text("bash")), ("ai.toolCall.id", Text("c1"))])),
            Some(Activity::ToolEcho { name: some("bash"), call_id: some("c1"), failed: false }),
        ),
        ("opencode", span("SessionPrompt.prompt", &[]), Some(Activity::Prompt)),
        ("opencode", span("TaskTool.execute", &[]), Some(Activity::SubAgent { name: None })),
        ("opencode", failed(span("FileSystem.readJson", &[])), None),
        ("somebody else", span("SessionPrompt.prompt", &[]), None),
        // The AI SDK in another program: its own span is the only one of a tool call.
        (
            "ai",
            span("ai.toolCall", &[("ai.toolCall.name", Text("lookup")), ("ai.toolCall.id", Text("c1"))]),
            Some(Activity::ToolCall { name: "lookup".into(), call_id: some("c1"), failed: false }),
        ),
        // Its fifth version left cached tokens out for Anthropic, its sixth does not.
        (
            "ai",
            span(
                "ai.generateText.doGenerate",
                &[
                    ("gen_ai.request.model", Text("opus")),
                    ("ai.model.provider", Text("anthropic.messages")),
                    ("ai.usage.inputTokens", Int(60)),
                    ("ai.usage.cachedInputTokens", Int(40)),
                ],
            ),
            Some(Activity::ModelCall(call("opus", "anthropic", [100, 0, 40, 0, 0]))),
        ),
        (
            "ai",
            span(
                "ai.generateText.doGenerate",
                &[
                    ("gen_ai.request.model", Text("opus")),
                    ("ai.model.provider", Text("anthropic.messages")),
                    ("ai.usage.inputTokens", Int(110)),
                    ("ai.usage.inputTokenDetails.cacheReadTokens", Int(40)),
                    ("ai.usage.inputTokenDetails.cacheWriteTokens", Int(10)),
                ],
            ),
            Some(Activity::ModelCall(call("opus", "anthropic", [110, 0, 40, 10, 0]))),
        ),
        // Claude counts cached tokens apart.
        (
            "com.anthropic.claude_code.tracing",
            span(
                "claude_code.llm_request",
                &[
                    ("model", Text("opus")),
                    ("gen_ai.system", Text("anthropic")),
                    ("input_tokens", Int(100)),
                    ("output_tokens", Int(12)),
                    ("cache_read_tokens", Int(30)),
                    ("cache_creation_tokens", Int(20)),
                    ("ttft_ms", Int(8)),
                    ("success", Bool(true)),
                ],
            ),
            Some(Activity::ModelCall(ModelCall {
                time_to_first_chunk: milliseconds(8),
                ..call("opus", "anthropic", [150, 12, 30, 20, 0])
            })),
        ),
        (
            "com.anthropic.claude_code.tracing",
            span("claude_code.interaction", &[("gen_ai.operation.name", Text("invoke_agent"))]),
            Some(Activity::Prompt),
        ),
        (
            "com.anthropic.claude_code.tracing",
            failed(span("claude_code.tool.execution", &[("tool_use_id", Text("t1")), ("success", Bool(false))])),
            Some(Activity::ToolEcho { name: None, call_id: some("t1"), failed: true }),
        ),
        // Codex
        (
            "codex_exec",
            span(
                "handle_responses",
                &[
                    ("gen_ai.usage.input_tokens", Int(100)),
                    ("gen_ai.usage.output_tokens", Int(12)),
                    ("codex.usage.reasoning_output_tokens", Int(5)),
                ],
            ),
            Some(Activity::ModelUsage { tokens: Tokens { input: 100, output: 12, reasoning: 5, ..Tokens::default() } }),
        ),
        ("codex_exec", span("handle_responses", &[("tool_name", Text("exec_command"))]), None),
        (
            "codex_cli_rs",
            Span {
                events: vec![Event {
                    attributes: attributes(&[
                        ("event.name", Text("codex.tool_result")),
                        ("tool_name", Text("exec_command")),
                        ("call_id", Text("c1")),
                        ("success", Text("false")),
                    ]),
                    ..Event::default()
                }],
                ..span("dispatch_tool_call_with_state", &[])
            },
            Some(Activity::ToolCall { name: "exec_command".into(), call_id: some("c1"), failed: true }),
        ),
        // Gemini's names are common words.
        ("my-service", span("tool_call", &[("gen_ai.tool.name", Text("x"))]), None),
        (
            "gemini-cli",
            span("tool_call", &[("gen_ai.tool.name", Text("x")), ("gen_ai.tool.call_id", Text("c1"))]),
            Some(Activity::ToolCall { name: "x".into(), call_id: some("c1"), failed: false }),
        ),
    ];
    for (scope, span, expected) in cases {
        assert_eq!(classify(scope, &span), expected, "{} of {scope}", span.name);
        assert!(worth_decoding(span.name.as_bytes()) || expected.is_none(), "{}", span.name);
    }
}

#[test]
fn absurd_numbers_are_survived() {
    for absurd in [Int(-1), Double(f64::NAN), Double(f64::INFINITY), Double(-5.0), Text("many"), Bool(true)] {
        let span = span(
            "chat x",
            &[
                ("gen_ai.operation.name", Text("chat")),
                ("gen_ai.usage.output_tokens", Int(i64::MAX)),
                ("gen_ai.response.time_to_first_chunk", absurd),
            ],
        );
        let Some(Activity::ModelCall(call)) = classify("", &span) else { panic!("no model call") };
        assert_eq!(call.time_to_first_chunk, None);
        let mut totals = Totals::default();
        totals.add(&Activity::ModelCall(call.clone()));
        totals.add(&Activity::ModelCall(call.clone()));
        totals.add(&Activity::ModelCall(call));
        assert_eq!(totals.tokens.output, u64::MAX);
    }
}

#[test]
fn housekeeping_is_what_agents_do_for_themselves() {
    let housekeeping = [
        ("opencode", span("sql.execute", &[])),
        ("opencode", failed(span("FileSystem.readJson", &[]))),
        ("qwen-code", failed(span("qwen-code.hook", &[]))),
        ("codex_exec", span("handle_responses", &[])),
        ("anything", span("lost", &[("otel_run.stand_in", Bool(true))])),
    ];
    for (scope, span) in housekeeping {
        assert!(is_housekeeping(scope, &span), "{} of {scope}", span.name);
    }
    let interesting = [
        ("opencode", span("SessionPrompt.prompt", &[])),
        ("opencode", span("ai.streamText", &[])),
        ("my-service", span("sql.execute", &[])),
        ("github.copilot", span("hook", &[])),
        ("", span("opencode", &[])),
    ];
    for (scope, span) in interesting {
        assert!(!is_housekeeping(scope, &span), "{} of {scope}", span.name);
    }
}

/// What the captured runs add up to: each agent was made to call its model and one tool.
#[test]
fn captures_add_up() {
    let cases = [
        // capture, model calls, failed, [input, output, cache read, cache write, reasoning], tool
        ("opencode-run-llm-traces", 3, 0, [300, 60, 120, 0, 15], "bash"),
        ("opencode-run-api-error-401", 2, 2, [0; 5], ""),
        ("opencode-run-retry-429", 4, 1, [300, 60, 120, 0, 15], "bash"),
        ("claude-run-2.1.328", 2, 0, [300, 24, 60, 40, 0], "Bash"),
        ("claude-api-error-2.1.197", 1, 1, [0; 5], ""),
        ("copilot-run-1.0.102", 2, 0, [200, 24, 60, 0, 10], "bash"),
        ("copilot-api-error-1.0.102", 1, 1, [0; 5], ""),
        ("qwen-run-0.24.4", 2, 0, [200, 24, 60, 0, 10], "run_shell_command"),
        ("codex-run-0.169.0-trimmed", 2, 0, [200, 24, 60, 0, 10], "exec_command"),
        ("gemini-run-0.61.0-noprompts", 3, 0, [0; 5], "run_shell_command"),
    ];
    for (capture, calls, failed, tokens, tool) in cases {
        let spans = captures::load(capture);
        let mut totals = Totals::default();
        captures::each(&spans).filter_map(|(scope, span)| classify(scope, span)).for_each(|found| totals.add(&found));
        let [input, output, cache_read, cache_write, reasoning] = tokens;
        let tools: BTreeMap<_, _> = (!tool.is_empty()).then(|| (tool.to_owned(), 1)).into_iter().collect();
        assert_eq!((totals.model_calls, totals.failed_model_calls), (calls, failed), "{capture}");
        assert_eq!(totals.tokens, Tokens { input, output, cache_read, cache_write, reasoning }, "{capture}");
        assert_eq!(totals.tools, tools, "{capture}");
        assert_eq!(totals.failed_tools, 0, "{capture}");
        assert!(!totals.models.is_empty(), "{capture}");
    }
}

#[test]
fn what_surely_reports_does() {
    let mut sure = 0;
    for name in captures::names() {
        let spans = captures::load(&name);
        for (scope, span) in captures::each(&spans) {
            if surely_reports(scope.as_bytes(), span.name.as_bytes()) {
                sure += 1;
                assert!(classify(scope, span).is_some(), "{}", span.name);
                // Nothing but its name counts.
                let bare = Span { name: span.name.clone(), ..Span::default() };
                assert!(classify(scope, &bare).is_some(), "{}", span.name);
            }
        }
    }
    assert!(sure > 50, "{sure}");
}

#[test]
fn hardly_anything_of_opencode_is_worth_decoding() {
    let spans = captures::load("opencode-run-llm-traces");
    let worth = captures::each(&spans).filter(|(_, span)| worth_decoding(span.name.as_bytes())).count();
    assert_eq!(worth, 9, "prompt, 3 steps, 3 model calls, 2 spans of one tool call");
}

proptest! {
    #[test]
    fn any_name_is_safe(name in ".*", scope in "opencode|codex_exec|gemini-cli|.*") {
        let span = span(&name, &[]);
        if classify(&scope, &span).is_some() {
            prop_assert!(worth_decoding(name.as_bytes()));
            prop_assert!(!is_housekeeping(&scope, &span));
        }
    }

    #[test]
    fn any_bytes_are_safe(name: Vec<u8>) {
        worth_decoding(&name);
    }
}
