#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Status;
use proptest::prelude::*;

use super::*;

const ROOT: u64 = 1;

fn id(number: u64) -> Vec<u8> {
    if number == 0 { Vec::new() } else { number.to_be_bytes().to_vec() }
}

fn span(number: u64, parent: u64, name: &str, start: u64, end: u64) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: id(number),
        parent_span_id: id(parent),
        name: name.to_owned(),
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        ..Span::default()
    }
}

fn with(mut span: Span, attributes: &[(&str, &str)]) -> Span {
    span.attributes = attributes
        .iter()
        .map(|(key, value)| KeyValue {
            key: (*key).to_owned(),
            value: Some(AnyValue { value: Some(Value::StringValue((*value).to_owned())) }),
            ..KeyValue::default()
        })
        .collect();
    span
}

fn failing(mut span: Span, message: &str) -> Span {
    span.status = Some(Status { code: StatusCode::Error as i32, message: message.to_owned() });
    span
}

/// The tree of `spans` of the scope `scope`, a line a node: indentation, name, folded and merged spans.
fn drawn(scope: &str, spans: &[Span], detail: Detail) -> Vec<String> {
    let inputs: Vec<Input<'_>> = spans.iter().map(|span| Input { span, scope, service: "" }).collect();
    let tree = build(&inputs, Some(ROOT.to_be_bytes()), detail);
    assert_sound(&tree);
    tree.nodes
        .iter()
        .map(|node| {
            let mut line = ".".repeat(node.depth) + &node.span.name;
            if node.folded > 0 {
                line += &format!(" -{}", node.folded);
            }
            if !node.merged.is_empty() {
                line += &format!(" +{}", node.merged.len());
            }
            if node.failed { line + " !" } else { line }
        })
        .collect()
}

fn assert_sound(tree: &Tree<'_>) {
    for (index, node) in tree.nodes.iter().enumerate() {
        assert!(node.end >= node.start);
        match node.parent {
            None => assert_eq!(node.depth, 0),
            Some(parent) => {
                assert!(parent < index);
                assert_eq!(node.depth, tree.nodes[parent].depth + 1);
            }
        }
        let next = tree.nodes[index + 1..].iter().find(|next| next.depth <= node.depth);
        assert_eq!(node.last, next.is_none_or(|next| next.depth < node.depth), "last of {}", node.span.name);
    }
    let below: usize = tree.nodes.iter().map(|node| node.folded).sum();
    let merged: usize = tree.nodes.iter().map(|node| node.merged.len()).sum();
    assert!(below <= tree.folded);
    assert_eq!(tree.nodes.len() + merged + tree.folded, tree.spans, "each span is somewhere, and once");
}

#[test]
fn lost_parents_hang_under_the_run() {
    let spans = [
        span(3, 99, "orphan", 5, 6),
        span(1, 42, "run", 0, 100),
        span(4, 3, "its child, which outlives it", 5, 200),
        span(2, 0, "first", 1, 2),
    ];
    let expected = ["run", ".first", ".orphan", "..its child, which outlives it"];
    assert_eq!(drawn("x", &spans, Detail::Essential), expected);
    assert_eq!(drawn("x", &spans, Detail::All), expected);
}

#[test]
fn circles_are_opened_at_their_earliest_span() {
    let spans = [
        span(1, 12, "run", 0, 100),
        span(10, 11, "b", 20, 30),
        span(11, 12, "c", 30, 40),
        span(12, 10, "a", 10, 20),
        span(13, 13, "own parent", 50, 60),
        span(14, 11, "beneath the circle", 35, 36),
    ];
    let expected = ["run", ".a", "..c", "...b", "...beneath the circle", ".own parent"];
    assert_eq!(drawn("x", &spans, Detail::All), expected);
    let without_run = &spans[1..];
    assert_eq!(drawn("x", without_run, Detail::All), ["a", ".c", "..b", "..beneath the circle", "own parent"]);
}

#[test]
fn a_span_that_came_twice_is_shown_once() {
    let stand_in = |span| {
        let mut span: Span = span;
        span.attributes.push(KeyValue {
            key: "otel_run.stand_in".to_owned(),
            value: Some(AnyValue { value: Some(Value::BoolValue(true)) }),
            ..KeyValue::default()
        });
        span
    };
    let spans = [
        span(1, 0, "started", 1, 1),
        span(1, 0, "ended", 1, 9),
        span(1, 0, "started", 1, 1),
        stand_in(span(2, 1, "stand-in", 2, 8)),
        span(2, 1, "real", 3, 7),
        span(0, 0, "no id", 4, 5),
        span(0, 0, "no id", 5, 6),
    ];
    assert_eq!(drawn("x", &spans, Detail::All), ["ended", ".real", ".no id", ".no id"]);
}

#[test]
fn housekeeping_is_folded_and_its_children_are_kept() {
    let spans = [
        span(1, 0, "opencode run", 0, 100),
        span(2, 1, "http.server POST", 10, 90),
        span(3, 2, "SessionPrompt.prompt", 12, 88),
        span(4, 3, "SessionTools.resolve", 20, 22),
        with(span(5, 4, "Tool.execute", 40, 50), &[("tool.name", "bash"), ("tool.call_id", "c1")]),
        span(6, 5, "ShellTool.run", 41, 49),
        span(7, 3, "SessionProcessor.process", 30, 60),
        span(8, 7, "LLM.run", 31, 32),
        span(9, 8, "ai.streamText", 31, 55),
        span(10, 9, "ai.streamText.doStream", 32, 39),
        with(span(11, 9, "ai.toolCall", 40, 51), &[("ai.toolCall.id", "c1")]),
        failing(span(12, 7, "FileSystem.readJson", 56, 57), "NotFound"),
    ];
    let expected = [
        "opencode run -1",
        ".SessionPrompt.prompt -4",
        // By their start, although the branch of the tool began first.
        "..ai.streamText.doStream +1",
        "..Tool.execute -1 +1",
    ];
    // The run's own span has another scope, which does not matter here: it is not in the tables.
    let mut inputs: Vec<Input<'_>> =
        spans.iter().map(|span| Input { span, scope: "opencode", service: "opencode" }).collect();
    inputs[0].scope = "otel-run";
    let tree = build(&inputs, Some(ROOT.to_be_bytes()), Detail::Essential);
    assert_sound(&tree);
    let lines: Vec<String> = tree
        .nodes
        .iter()
        .map(|node| {
            let folded = if node.folded > 0 { format!(" -{}", node.folded) } else { String::new() };
            let merged = if node.merged.is_empty() { String::new() } else { format!(" +{}", node.merged.len()) };
            format!("{}{}{folded}{merged}", ".".repeat(node.depth), node.span.name)
        })
        .collect();
    assert_eq!(lines, expected);
    assert_eq!((tree.spans, tree.folded), (12, 6));
    assert_eq!(build(&inputs, None, Detail::All).nodes.len(), 12);
}

#[test]
fn spans_of_one_call_become_one_node() {
    let tool = [("tool.name", "task"), ("tool.call_id", "c1")];
    let cases: [(&str, &str, Vec<Span>, Vec<&str>); 7] = [
        (
            "a sub-agent is the tool call that set it to work",
            "opencode",
            vec![
                with(span(2, 0, "Tool.execute", 1, 90), &tool),
                span(3, 2, "TaskTool.execute", 2, 89),
                span(4, 3, "SessionPrompt.prompt", 3, 88),
                span(5, 4, "ai.streamText", 4, 10),
                span(6, 5, "ai.streamText.doStream", 5, 9),
            ],
            vec!["Tool.execute +2", ".ai.streamText.doStream +1"],
        ),
        (
            "attempts within a step stand beneath it",
            "opencode",
            vec![
                span(2, 0, "ai.streamText", 1, 90),
                failing(span(3, 2, "ai.streamText.doStream", 2, 20), "429"),
                span(4, 2, "ai.streamText.doStream", 30, 80),
            ],
            vec!["ai.streamText", ".ai.streamText.doStream !", ".ai.streamText.doStream"],
        ),
        (
            "what is lost leaves the other span in its place",
            "opencode",
            vec![
                span(2, 0, "ai.streamText", 1, 90),
                with(span(3, 2, "ai.toolCall", 2, 20), &[("ai.toolCall.name", "bash"), ("ai.toolCall.id", "c9")]),
            ],
            vec!["ai.streamText", ".ai.toolCall"],
        ),
        (
            "a second span that contains the first",
            "opencode",
            vec![
                with(span(2, 3, "Tool.execute", 2, 19), &tool),
                with(span(3, 0, "ai.toolCall", 1, 20), &[("ai.toolCall.id", "c1")]),
            ],
            vec!["Tool.execute +1"],
        ),
        (
            "only the second span knows of the failure",
            "com.anthropic.claude_code.tracing",
            vec![
                with(span(2, 0, "claude_code.tool", 1, 90), &[("tool_use_id", "t1")]),
                failing(with(span(3, 2, "claude_code.tool.execution", 2, 80), &[("tool_use_id", "t1")]), "ShellError"),
            ],
            vec!["claude_code.tool +1 !"],
        ),
        (
            "tokens told apart",
            "codex_exec",
            vec![
                span(2, 0, "try_run_sampling_request", 1, 90),
                span(3, 2, "receiving_stream", 1, 80),
                with(span(4, 3, "handle_responses", 3, 4), &[("gen_ai.usage.input_tokens", "100")]),
                with(span(5, 0, "handle_responses", 3, 4), &[("gen_ai.usage.input_tokens", "7")]),
            ],
            vec!["try_run_sampling_request -1 +1"],
        ),
        (
            "the HTTP request of a model call, an attempt that failed",
            "somebody",
            vec![
                with(span(2, 0, "chat m", 1, 90), &[("gen_ai.operation.name", "chat")]),
                failing(with(span(3, 2, "POST", 2, 80), &[("http.request.method", "POST")]), "429"),
                with(span(4, 0, "POST", 2, 80), &[("http.request.method", "POST")]),
            ],
            vec!["chat m +1", "POST"],
        ),
    ];
    for (what, scope, spans, expected) in cases {
        assert_eq!(drawn(scope, &spans, Detail::Essential), expected, "{what}");
        assert_eq!(drawn(scope, &spans, Detail::All).len(), spans.len(), "{what}");
    }
}

#[test]
fn merged_spans_say_what_they_know() {
    let spans = [
        span(2, 0, "try_run_sampling_request", 1, 90),
        with(span(3, 2, "handle_responses", 3, 4), &[("gen_ai.usage.input_tokens", "100")]),
    ];
    let inputs: Vec<Input<'_>> = spans.iter().map(|span| Input { span, scope: "codex_exec", service: "" }).collect();
    let tree = build(&inputs, None, Detail::Essential);
    assert_eq!(tree.nodes[0].tokens().map(|tokens| tokens.input), Some(100));

    let spans = [
        failing(span(2, 0, "ai.streamText", 1, 90), "the answer made no sense"),
        span(3, 2, "ai.streamText.doStream", 3, 4),
        span(4, 0, "SessionPrompt.ensureTitle", 1, 90),
        span(5, 4, "LLM.run", 1, 90),
        span(6, 5, "ai.streamText.doStream", 3, 4),
    ];
    let inputs: Vec<Input<'_>> = spans.iter().map(|span| Input { span, scope: "opencode", service: "" }).collect();
    let tree = build(&inputs, None, Detail::Essential);
    assert_eq!((tree.nodes[0].failed, tree.nodes[0].message), (true, "the answer made no sense"));
    assert_eq!(tree.nodes.iter().map(|node| node.purpose).collect::<Vec<_>>(), [None, Some("title")]);
}

#[test]
fn a_very_deep_tree_does_not_overflow_the_stack() {
    let spans: Vec<Span> = (1..=200_000).map(|number| span(number, number - 1, "x", number, number)).collect();
    let inputs: Vec<Input<'_>> = spans.iter().map(|span| Input { span, scope: "", service: "" }).collect();
    let tree = build(&inputs, Some(ROOT.to_be_bytes()), Detail::Essential);
    assert_eq!(tree.nodes.last().map(|node| node.depth), Some(199_999));
}

proptest! {
    /// Any spans, with parents that are missing, doubled or in circles.
    #[test]
    fn any_spans_make_a_tree(
        links in prop::collection::vec((0_u64..12, 0_u64..14, 0_usize..12, 0_u64..50, 0_u64..50, any::<bool>()), 0..40),
        scope in "opencode|codex_exec|x",
        rooted: bool,
    ) {
        const NAMES: [&str; 12] = [
            "SessionPrompt.prompt", "ai.streamText", "ai.streamText.doStream", "ai.toolCall", "Tool.execute",
            "TaskTool.execute", "sql.execute", "try_run_sampling_request", "handle_responses",
            "dispatch_tool_call_with_state", "chat m", "POST",
        ];
        let attributes = [
            ("tool.call_id", "c1"), ("ai.toolCall.id", "c1"), ("gen_ai.operation.name", "chat"),
            ("gen_ai.usage.input_tokens", "1"), ("http.request.method", "POST"),
        ];
        let spans: Vec<Span> = links.iter().map(|(number, parent, name, start, end, failed)| {
            let span = with(span(*number, *parent, NAMES[*name], *start, *end), &attributes);
            if *failed { failing(span, "because") } else { span }
        }).collect();
        let inputs: Vec<Input<'_>> = spans.iter().map(|span| Input { span, scope: &scope, service: "" }).collect();
        let root = rooted.then(|| ROOT.to_be_bytes());
        assert_sound(&build(&inputs, root, Detail::Essential));
        let all = build(&inputs, root, Detail::All);
        assert_sound(&all);
        prop_assert_eq!(all.nodes.len(), all.spans);
    }
}
