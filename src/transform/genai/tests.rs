#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Status, span::Event};
use proptest::prelude::*;

use super::*;
use crate::otlp::Signal;
use crate::otlp::wire::{Reader, put_bytes_field};
use crate::settings::{Content, Nest};
use crate::signals::{ECHO, Totals};
use crate::transform::content::{Family, Place, Verdict};
use crate::transform::{Rules, Transform};

fn rules(genai: GenAi) -> Rules {
    Rules {
        nest: Nest::Off,
        content: Content::Off,
        genai,
        newest_genai: false,
        left_out: None,
        trace_id: [1; 16],
        span_id: [2; 8],
        sampled: true,
        service_name: None,
        agent: None,
        resource_attributes: Vec::new(),
        secrets: std::sync::Arc::default(),
    }
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn request(scope: &str, span: Span) -> Vec<u8> {
    let scope = InstrumentationScope { name: scope.to_owned(), ..InstrumentationScope::default() };
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans: vec![span], ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// The request after the transforms, and what is counted in it.
fn apply(rules: Rules, request: &[u8]) -> (Vec<u8>, Totals) {
    let (mut out, mut totals, mut read_again) = (Vec::new(), Totals::default(), Totals::default());
    let mut observe = |seen: crate::transform::SpanSeen<'_>| {
        seen.add_to(&mut totals);
        read_again.add_span(seen.scope, seen.name, seen.message);
    };
    Transform::new(rules).apply(Signal::Traces, request, &mut out, &mut observe).unwrap();
    assert_eq!(totals, read_again);
    (out, totals)
}

fn only_span(request: &[u8]) -> Span {
    let request = ExportTraceServiceRequest::decode(request).unwrap();
    request.resource_spans.into_iter().next().unwrap().scope_spans.remove(0).spans.remove(0)
}

fn through(genai: GenAi, scope: &str, span: &Span) -> Span {
    only_span(&apply(rules(genai), &request(scope, span.clone())).0)
}

fn exception(name: &str, class: &str) -> Event {
    Event { name: name.to_owned(), attributes: vec![text("exception.type", class)], ..Event::default() }
}

/// What is handed on instead of being read a second time.
#[test]
fn what_agents_report_is_the_same_before_and_after() {
    let mut calls = 0;
    for name in crate::signals::captures::names() {
        for (signal, request) in crate::signals::captures::requests(&name) {
            if signal == Signal::Traces {
                for (genai, content) in
                    [(GenAi::Add, Content::Off), (GenAi::Replace, Content::Off), (GenAi::Replace, Content::On)]
                {
                    calls += apply(Rules { content, ..rules(genai) }, &request).1.model_calls;
                }
            }
        }
    }
    assert!(calls > 30, "{calls}");
}

#[test]
fn a_request_gets_kind_names_and_a_name() {
    let call = Span {
        name: "ai.streamText.doStream".to_owned(),
        kind: SpanKind::Internal as i32,
        attributes: vec![
            text("ai.model.id", "m"),
            text("ai.request.headers.authorization", "Bearer hunter2"),
            text("other", "stays"),
        ],
        ..Span::default()
    };
    let kept = [text("other", "stays")];
    for content in [Content::Off, Content::On] {
        let through = |genai| only_span(&apply(Rules { content, ..rules(genai) }, &request("ai", call.clone())).0);
        let conventions = [
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.request.model", "m"),
            attribute("gen_ai.request.stream", Value::BoolValue(true)),
        ];
        let added = through(GenAi::Add);
        assert_eq!((added.name.as_str(), added.kind()), ("ai.streamText.doStream", SpanKind::Client));
        assert_eq!(added.attributes, [&[text("ai.model.id", "m")], &kept[..], &conventions].concat());
        let replaced = through(GenAi::Replace);
        assert_eq!((replaced.name.as_str(), replaced.kind()), ("chat m", SpanKind::Client));
        let original = text(ORIGINAL_NAME, "ai.streamText.doStream");
        assert_eq!(replaced.attributes, [&kept[..], &[original], &conventions].concat());
    }
    let off = only_span(&apply(Rules { content: Content::On, ..rules(GenAi::Off) }, &request("ai", call.clone())).0);
    assert_eq!(off, call);
}

#[test]
fn kinds_that_say_something_stay() {
    for (name, came, left) in [
        ("ai.streamText.doStream", SpanKind::Server, SpanKind::Server),
        ("ai.streamText.doStream", SpanKind::Unspecified, SpanKind::Client),
        ("ai.streamText", SpanKind::Unspecified, SpanKind::Internal),
        ("ai.streamText", SpanKind::Internal, SpanKind::Internal),
        ("ai.toolCall", SpanKind::Client, SpanKind::Client),
        ("something", SpanKind::Unspecified, SpanKind::Unspecified),
    ] {
        let span = Span { name: name.to_owned(), kind: came as i32, ..Span::default() };
        assert_eq!(through(GenAi::Add, "ai", &span).kind(), left, "{name} {came:?}");
    }
}

/// What an error is called, by what is known of it, with the agents' ways to leave it out.
#[test]
fn failures_have_a_status_and_a_type() {
    let claude = "com.anthropic.claude_code.tracing";
    let status = |code: StatusCode, message: &str| Some(Status { code: code as i32, message: message.to_owned() });
    let span = |name: &str, attributes: Vec<KeyValue>, status: Option<Status>, events: Vec<Event>| Span {
        name: name.to_owned(),
        attributes,
        status,
        events,
        ..Span::default()
    };
    let failed = || attribute("success", Value::BoolValue(false));
    let whole = |key: &str, value| attribute(key, Value::IntValue(value));
    let api_request = |code: &str| {
        let attributes = vec![text("event.name", "codex.api_request"), text("http.response.status_code", code)];
        Event { name: "event".to_owned(), attributes, ..Event::default() }
    };
    let tool_result = Event {
        attributes: vec![text("event.name", "codex.tool_result"), text("tool_name", "x"), text("success", "false")],
        ..Event::default()
    };
    let http = "endpoint_session.stream_encoded_json_with";
    let cases = [
        (claude, span("claude_code.llm_request", vec![failed(), whole("status_code", 529)], None, vec![]), "529"),
        (
            claude,
            span("claude_code.tool.execution", vec![failed(), text("error", "ShellError")], None, vec![]),
            "ShellError",
        ),
        (
            claude,
            span("claude_code.tool.execution", vec![failed(), text("error", "cat: secret")], None, vec![]),
            "_OTHER",
        ),
        (
            "opencode",
            span(
                "ai.streamText",
                vec![],
                status(StatusCode::Error, "lab error 401"),
                vec![exception("exception", "AI_APICallError")],
            ),
            "AI_APICallError",
        ),
        ("opencode", span("ai.streamText", vec![], status(StatusCode::Error, "lab error 401"), vec![]), "401"),
        (
            "opencode",
            span(
                "ai.streamText",
                vec![],
                status(StatusCode::Error, "x"),
                vec![exception("exception", "no type but words")],
            ),
            "_OTHER",
        ),
        (
            "opencode",
            span("Tool.execute", vec![text("tool.name", "invalid")], status(StatusCode::Ok, ""), vec![]),
            "invalid_tool_call",
        ),
        ("codex_exec", span("dispatch_tool_call_with_state", vec![], None, vec![tool_result]), "_OTHER"),
        ("codex_exec", span(http, vec![], None, vec![api_request("200"), api_request("500")]), "500"),
        (
            "github.copilot",
            span(
                "execute_tool bash",
                vec![text("gen_ai.operation.name", "execute_tool"), whole("process.exit.code", 2)],
                None,
                vec![],
            ),
            "2",
        ),
        (
            "github.copilot",
            span(
                "chat m",
                vec![text("gen_ai.operation.name", "chat"), text("error.type", "ModelCallError")],
                None,
                vec![],
            ),
            "ModelCallError",
        ),
    ];
    for (scope, span, expected) in cases {
        for genai in [GenAi::Add, GenAi::Replace] {
            let left = through(genai, scope, &span);
            assert_eq!(left.status.as_ref().map(Status::code), Some(StatusCode::Error), "{span:?}");
            let types: Vec<_> = left.attributes.iter().filter(|attribute| attribute.key == "error.type").collect();
            assert_eq!(types, [&text("error.type", expected)], "{span:?}");
        }
        let off = through(GenAi::Off, scope, &span);
        assert_eq!(off.status.unwrap_or_default().code(), span.status.clone().unwrap_or_default().code());
    }
    for fine in [
        span(http, vec![], None, vec![api_request("500"), api_request("200")]),
        span("try_run_sampling_request", vec![], None, vec![]),
    ] {
        let left = through(GenAi::Add, "codex_exec", &fine);
        assert!(left.status.is_none() && !Attributes(&left.attributes).has("error.type"), "{left:?}");
    }
}

#[test]
fn a_span_that_cannot_be_decoded_stays_as_it_came() {
    let mut span = Span { name: "ai.streamText.doStream".to_owned(), ..Span::default() }.encode_to_vec();
    // An attribute whose key is not UTF-8.
    put_message(&mut span, 9, 4, |out| put_bytes_field(out, 1, &[0xff, 0xfe]));
    let mut scope_spans = Vec::new();
    put_bytes_field(&mut scope_spans, 2, &span);
    let mut resource_spans = Vec::new();
    put_bytes_field(&mut resource_spans, 2, &scope_spans);
    let mut request = Vec::new();
    put_bytes_field(&mut request, 1, &resource_spans);
    let (with, _) = apply(rules(GenAi::Replace), &request);
    let (without, _) = apply(rules(GenAi::Off), &request);
    assert_eq!(with, without);
}

/// Whatever may be content is known to the filter, so that it is taken out wherever content is not wanted.
#[test]
fn the_filter_knows_what_the_conventions_call_content() {
    for name in [
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.system_instructions",
        "gen_ai.tool.definitions",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
    ] {
        let verdict = content::attribute(Family::Other, Place::Span, b"chat m", name.as_bytes());
        assert_eq!(verdict, Verdict::Drop, "{name}");
    }
    for name in [ECHO, ORIGINAL_NAME, "error.type", "process.exit.code", "gen_ai.usage.input_tokens"] {
        for family in [Family::Other, Family::Opencode, Family::Claude, Family::Codex, Family::Gemini, Family::Copilot]
        {
            let verdict = content::attribute(family, Place::Span, b"chat m", name.as_bytes());
            assert_eq!(verdict, Verdict::Keep, "{name}");
        }
    }
}

const SCOPES: &[&str] = &[
    "opencode",
    "com.anthropic.claude_code.tracing",
    "codex_exec",
    "gemini-cli",
    "qwen-code",
    "github.copilot",
    "my-program",
    "",
];

const NAMES: &[&str] = &[
    "ai.streamText",
    "ai.streamText.doStream",
    "ai.generateObject.doGenerate",
    "ai.embed.doEmbed",
    "ai.toolCall",
    "Tool.execute",
    "SessionPrompt.prompt",
    "claude_code.llm_request",
    "claude_code.tool",
    "claude_code.tool.execution",
    "claude_code.interaction",
    "try_run_sampling_request",
    "handle_responses",
    "endpoint_session.stream_encoded_json_with",
    "dispatch_tool_call_with_state",
    "session_task.turn",
    "llm_call",
    "tool_call",
    "qwen-code.llm_request",
    "qwen-code.tool.execution",
    "chat m",
    "execute_tool bash bash",
    "invoke_agent",
    "anything",
];

const KEYS: &[&str] = &[
    "gen_ai.system",
    "gen_ai.operation.name",
    "gen_ai.request.model",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.response.finish_reasons",
    "gen_ai.tool.call_id",
    "ai.model.id",
    "ai.model.provider",
    "ai.operationId",
    "ai.settings.topK",
    "ai.settings.output",
    "ai.usage.inputTokens",
    "ai.usage.cachedInputTokens",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.totalTokens",
    "ai.response.finishReason",
    "ai.response.providerMetadata",
    "ai.response.msToFirstChunk",
    "ai.response.text",
    "ai.prompt",
    "ai.prompt.messages",
    "ai.toolCall.name",
    "ai.toolCall.id",
    "ai.toolCall.result",
    "ai.telemetry.functionId",
    "tool.name",
    "tool.call_id",
    "model",
    "input_tokens",
    "cache_read_tokens",
    "cache_creation_tokens",
    "tool_name",
    "tool_use_id",
    "success",
    "status_code",
    "stop_reason",
    "session.id",
    "event.name",
    "http.response.status_code",
    "process.exit.code",
    "error.type",
    "finish_reason",
    "unknown",
];

fn any_value() -> impl Strategy<Value = Value> {
    let texts = prop::sample::select(vec![
        "",
        "m",
        "chat",
        "invoke_agent",
        "dance",
        "anthropic.messages",
        "openai",
        "invalid",
        "false",
        "500",
        "codex.api_request",
        "codex.tool_result",
        r#"{"anthropic":{"cacheCreationInputTokens":10}}"#,
        r#"{"metadata":{"exit":1}}"#,
        r#"[{"role":"user","content":"hello"}]"#,
    ]);
    prop_oneof![
        texts.prop_map(|text| Value::StringValue(text.to_owned())),
        any::<bool>().prop_map(Value::BoolValue),
        any::<i64>().prop_map(Value::IntValue),
        (0_i64..1000).prop_map(Value::IntValue),
        any::<f64>().prop_map(Value::DoubleValue),
    ]
}

fn any_attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    prop::collection::vec((prop::sample::select(KEYS), any_value()), 0..12)
        .prop_map(|pairs| pairs.into_iter().map(|(key, value)| attribute(key, value)).collect())
}

fn any_span() -> impl Strategy<Value = Span> {
    let event = any_attributes().prop_map(|attributes| Event { attributes, ..Event::default() });
    let status = prop::option::of((0..3, "[a-z ]{0,8}"));
    (prop::sample::select(NAMES), 0..6, any_attributes(), prop::collection::vec(event, 0..3), status).prop_map(
        |(name, kind, attributes, events, status)| Span {
            trace_id: vec![7; 16],
            span_id: vec![8; 8],
            name: name.to_owned(),
            kind,
            attributes,
            events,
            status: status.map(|(code, message)| Status { code, message }),
            dropped_attributes_count: 3,
            ..Span::default()
        },
    )
}

/// All fields of the only span but name, kind, attributes and status, as they stand, and the attributes that the tables
/// do not know.
fn untouched(request: &[u8]) -> Vec<Vec<u8>> {
    fn only(message: &[u8], number: u32) -> &[u8] {
        let mut fields = Reader::new(message).map(Result::unwrap).filter(|field| field.number == number);
        fields.next().unwrap().value.bytes().unwrap()
    }
    let span = only(only(only(request, 1), 2), 2);
    let unknown = text("unknown", "").key;
    Reader::new(span)
        .map(Result::unwrap)
        .filter(|field| match (field.number, field.value.bytes()) {
            (9, Some(bytes)) => KeyValue::decode(bytes).unwrap().key == unknown,
            (5 | 6 | 15, _) => false,
            _ => true,
        })
        .map(|field| field.raw.to_vec())
        .collect()
}

fn sorted(mut span: Span) -> String {
    span.attributes.sort_by(|left, right| left.key.cmp(&right.key));
    // NaN is not equal to itself, but its text is.
    format!("{span:?}")
}

proptest! {
    #[test]
    fn any_span_is_translated_once_and_for_all(
        scope in prop::sample::select(SCOPES),
        span in any_span(),
        replace: bool,
        keep: bool,
        newest: bool,
    ) {
        let genai = if replace { GenAi::Replace } else { GenAi::Add };
        let content = if keep { Content::On } else { Content::Off };
        let rules = Rules { content, newest_genai: newest, ..rules(genai) };
        let mut came = request(scope, span);
        put_bytes_field(&mut came, 77, b"from the future");
        let (once, counted) = apply(rules.clone(), &came);
        let left = only_span(&once);
        let mut keys: Vec<_> = left.attributes.iter().map(|attribute| &attribute.key).collect();
        let came_keys = only_span(&came).attributes.len();
        keys.sort_unstable();
        keys.dedup();
        prop_assert!(keys.len() <= came_keys + 40);
        if keep {
            prop_assert_eq!(untouched(&came), untouched(&once));
        }
        let (twice, counted_again) = apply(rules.clone(), &once);
        prop_assert_eq!(sorted(only_span(&twice)), sorted(left));
        prop_assert_eq!(&counted, &counted_again);
        // Whatever it is called, it counts the same.
        if keep {
            let (_, as_it_came) = apply(Rules { genai: GenAi::Off, ..rules }, &came);
            prop_assert_eq!(counted, as_it_came);
        }
    }
}
