#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use opentelemetry_proto::tonic::trace::v1::{Span, Status, status::StatusCode};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::store::facts::Ended;
use crate::view::samples;

fn options(width: usize) -> Options {
    Options { width, colour: false, all: false, symbols: Symbols::Unicode, zone: TimeZone::UTC }
}

/// Compares with a golden file beside the captures.
macro_rules! golden {
    ($name:expr, $text:expr) => {
        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/captures"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!($name, $text);
        })
    };
}

#[test]
fn captures_look_as_they_should() {
    let cases = [
        ("opencode-run-llm-traces", "opencode run", 0),
        ("opencode-run-api-error-401", "opencode run", 1),
        ("opencode-run-retry-429", "opencode run", 0),
        ("claude-run-2.1.328", "claude", 0),
        ("claude-api-error-2.1.197", "claude", 1),
        ("codex-run-0.169.0-trimmed", "codex exec", 0),
        ("copilot-run-1.0.102", "copilot", 0),
        ("copilot-api-error-1.0.102", "copilot", 1),
        ("gemini-run-0.61.0-noprompts", "gemini", 0),
        ("qwen-run-0.24.4", "qwen", 0),
    ];
    for (capture, command, exit_code) in cases {
        let (summary, spans) = samples::captured(capture, command, exit_code);
        let text = render(&summary, State::Ended, &spans, &options(100));
        assert_fits(&text, 100);
        golden!(capture, text);
    }
}

#[test]
fn narrow_wide_and_ascii() {
    let (mut summary, spans) = samples::captured("opencode-run-retry-429", "opencode run", 0);
    samples::deliver(&mut summary, 240, 12, 0);
    samples::fail(&mut summary, "connection refused by https://otel.example.com");
    for width in [40, 60, 200] {
        let text = render(&summary, State::Ended, &spans, &options(width));
        assert_fits(&text, width);
        golden!(format!("opencode-run-retry-429-width-{width}"), text);
    }
    let text = render(&summary, State::Ended, &spans, &Options { symbols: Symbols::Ascii, ..options(80) });
    assert_fits(&text, 80);
    assert!(text.is_ascii());
    golden!("opencode-run-retry-429-ascii", text);
}

#[test]
fn all_shows_each_span_by_its_name() {
    let (summary, spans) = samples::captured("opencode-run-llm-traces", "opencode run", 0);
    let text = render(&summary, State::Ended, &spans, &Options { all: true, ..options(100) });
    assert_fits(&text, 100);
    let tree = text.split_once("\n\n").unwrap().1;
    assert_eq!(
        tree.lines().filter(|line| line.contains("█") || line.contains('▏') || line.contains("ms")).count(),
        252
    );
    assert_eq!(tree.matches("ai.streamText.doStream (mock-model)").count(), 3);
    assert_eq!(tree.matches("FileSystem.readJson").count(), 1);
    assert!(tree.contains("NotFound: FileSystem.readFile"));
    assert!(!text.contains("housekeeping"));
}

#[test]
fn colours_change_nothing_but_colours() {
    let (summary, spans) = samples::captured("opencode-run-api-error-401", "opencode run", 1);
    let plain = render(&summary, State::Ended, &spans, &options(100));
    let coloured = render(&summary, State::Ended, &spans, &Options { colour: true, ..options(100) });
    assert!(coloured.contains("\x1b[31m✗\x1b[0m"));
    let mut rest = coloured.as_str();
    let mut without = String::new();
    while let Some((before, after)) = rest.split_once("\x1b[") {
        without.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    assert_eq!(without + rest, plain);
}

fn assert_fits(text: &str, width: usize) {
    for line in text.lines() {
        assert!(line.width() <= width, "{} columns: {line}", line.width());
        assert_eq!(line.trim_end(), line);
    }
}

fn hostile(name: &str, parent: u64, id: u64, start: u64, end: u64) -> Span {
    Span {
        trace_id: vec![1; 16],
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: parent.to_be_bytes().to_vec(),
        name: name.to_owned(),
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        status: Some(Status { code: StatusCode::Error as i32, message: name.to_owned() }),
        ..Span::default()
    }
}

#[test]
fn a_hostile_name_cannot_speak_to_the_terminal() {
    let name = "\x1b[2J\u{9b}2J\r\n\u{202e}evil\x07";
    let mut summary = samples::summary(name, 10, 20, 1);
    summary.started.agent = Some(name.to_owned());
    summary.totals.tools.insert(name.to_owned(), 1);
    summary.totals.model_calls = 1;
    summary.totals.models.push(name.to_owned());
    samples::deliver(&mut summary, 0, 1, 1);
    samples::fail(&mut summary, name);
    summary.started.destinations[0].endpoint = name.to_owned();
    let spans = [samples::wrapped(name, vec![hostile(name, 0, 5, 12, 14)])];
    for all in [false, true] {
        let text = render(&summary, State::Ended, &spans, &Options { all, ..options(400) });
        assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
        assert!(text.contains("\\u{1b}[2J\\u{9b}2J\\r\\n\\u{202e}evil\\u{7}"));
    }
}

#[test]
fn endings_are_told_apart() {
    let end = |exit_code, signal: Option<&str>| Ended {
        ended_unix_nano: 3_000_000_000,
        exit_code: Some(exit_code),
        signal: signal.map(str::to_owned),
        ..Ended::default()
    };
    let lost = |still_running| {
        let mut summary = samples::summary("x", 0, 3_000_000_000, 0);
        samples::lose(&mut summary, still_running);
        summary.ended
    };
    let ended = |exit_code, signal| Some(end(exit_code, signal));
    let interrupted_by = |signal: &str, ended| Some(Ended { interrupted_by: Some(signal.to_owned()), ..ended });
    let cases = [
        (ended(0, None), State::Ended, "x · exit 0 · 2.00 s"),
        (ended(3, None), State::Ended, "x · exit 3 · 2.00 s"),
        (ended(143, Some("SIGTERM")), State::Ended, "x · killed by SIGTERM · 2.00 s"),
        (interrupted_by("SIGINT", end(0, None)), State::Ended, "x · exit 0 · interrupted by SIGINT · 2.00 s"),
        (interrupted_by("SIGINT", end(130, Some("SIGINT"))), State::Ended, "x · killed by SIGINT · 2.00 s"),
        (
            interrupted_by("SIGINT", end(137, Some("SIGKILL"))),
            State::Ended,
            "x · killed by SIGKILL · interrupted by SIGINT · 2.00 s",
        ),
        (
            Some(Ended { timed_out: true, ..end(143, Some("SIGTERM")) }),
            State::Ended,
            "x · killed by SIGTERM · timed out · 2.00 s",
        ),
        (
            Some(Ended { out_of_memory: true, ..end(137, Some("SIGKILL")) }),
            State::Ended,
            "x · killed by SIGKILL · out of memory · 2.00 s",
        ),
        (
            Some(Ended { stopped_nano: 500_000_000, descendants_left: Some(1), ..end(0, None) }),
            State::Ended,
            "x · exit 0 · left 1 descendant running · 2.00 s · stopped for 500 ms of it",
        ),
        (Some(Ended { descendants_left: Some(0), ..end(0, None) }), State::Ended, "x · exit 0 · 2.00 s"),
        (None, State::Running, "x · running"),
        (None, State::Lost, "x · lost: otel-run is gone and wrote no end"),
        (lost(false), State::Lost, "x · lost: otel-run was killed · last heard of after 2.00 s"),
        (
            lost(true),
            State::Lost,
            "x · lost: otel-run was killed · last heard of after 2.00 s · the command was still running when the run was closed",
        ),
    ];
    for (ended, state, expected) in cases {
        let mut summary = samples::summary("x", 1_000_000_000, 0, 0);
        summary.ended = ended;
        let text = render(&summary, state, &[], &options(120));
        assert_eq!(text.lines().next(), Some(expected));
        assert_eq!(text.lines().last(), Some("No spans have been recorded."));
    }
}

#[test]
fn whereabouts_are_told_apart() {
    use crate::otlp::Signal;
    use crate::store::facts::Intake;
    type Delivered = Option<(u64, u64, u64)>;
    let cases: [(Delivered, u64, &str); 6] = [
        (None, 0, "5 spans stored · not sent anywhere"),
        (None, 1, "5 spans stored · 1 span dropped · not sent anywhere"),
        (Some((5, 0, 0)), 0, "5 spans stored · delivered to https://otel.example.com"),
        (Some((0, 5, 0)), 0, "5 spans stored · 5 spans pending for https://otel.example.com"),
        (
            Some((3, 1, 1)),
            0,
            "5 spans stored · 1 span rejected by https://otel.example.com · 1 span pending for https://otel.example.com · 3 spans delivered",
        ),
        (Some((0, 0, 0)), 0, "5 spans stored · nothing sent yet to https://otel.example.com"),
    ];
    for (outcome, dropped, expected) in cases {
        let mut summary = samples::summary("x", 1, 2, 0);
        summary
            .intake
            .insert(Signal::Traces, Intake { received: 5 + dropped, stored: 5, dropped, ..Intake::default() });
        if let Some((delivered, pending, rejected)) = outcome {
            samples::deliver(&mut summary, delivered, pending, rejected);
        }
        let text = render(&summary, State::Ended, &[], &options(200));
        assert_eq!(text.lines().nth(2), Some(expected));
    }
}

#[test]
fn bars_lie_where_their_spans_lie() {
    let mut run = hostile("x", 0, 0x0102_0304_0506_0708, 1_000, 2_000);
    run.status = None;
    let spans = [samples::wrapped(
        "s",
        vec![
            run,
            Span { status: None, ..hostile("early", 0, 2, 0, 1_000) },
            Span { status: None, ..hostile("half", 0, 3, 1_500, 2_000) },
            Span { status: None, ..hostile("late", 0, 4, 5_000, u64::MAX) },
            Span { status: None, ..hostile("backwards", 0, 5, 1_250, 10) },
        ],
    )];
    let summary = samples::summary("x", 1_000, 2_000, 0);
    let tree = build(&inputs(&spans), Some(0x0102_0304_0506_0708_u64.to_be_bytes()), Detail::Essential);
    let scale = Scale::of(&tree, Some(0x0102_0304_0506_0708_u64.to_be_bytes()), 10);
    let bars: Vec<_> = tree.nodes.iter().map(|node| (node.span.name.as_str(), scale.bar(node))).collect();
    let bar = |offset, eighths| scale::Bar { offset, eighths };
    assert_eq!(
        bars,
        [("x", bar(0, 80)), ("early", bar(0, 1)), ("backwards", bar(2, 1)), ("half", bar(5, 40)), ("late", bar(9, 1))]
    );
    assert_fits(&render(&summary, State::Ended, &spans, &options(80)), 80);
    assert_eq!(bar(0, 1).text(Symbols::Ascii), "#");
    assert_eq!(bar(0, 13).text(Symbols::Unicode), "█▋");
}

#[test]
fn deep_trees_stay_within_the_line() {
    let chain: Vec<Span> = (2..300).map(|id| hostile("漢字 deep", id - 1, id, id, 400)).collect();
    let spans = [samples::wrapped("s", chain)];
    let summary = samples::summary("x", 1, 400, 0);
    for width in [0, 1, 5, 20, 39, 40, 59, 100] {
        let text = render(&summary, State::Ended, &spans, &options(width));
        assert_fits(&text, width);
        assert!(width < 60 || text.contains("⋯"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_line_is_too_wide(
        spans in prop::collection::vec((".{0,40}", 0_u64..9, 1_u64..9, any::<u64>(), any::<u64>()), 0..12),
        width in 0_usize..220,
        all: bool,
        ascii: bool,
    ) {
        let spans = spans.iter().map(|(name, parent, id, start, end)| hostile(name, *parent, *id, *start, *end));
        let spans = [samples::wrapped("s", spans.collect())];
        let symbols = if ascii { Symbols::Ascii } else { Symbols::Unicode };
        let text = render(&samples::summary("x", 1, 2, 0), State::Ended, &spans, &Options { all, symbols, ..options(width) });
        for line in text.lines() {
            prop_assert!(line.width() <= width, "{} columns of {}: {:?}", line.width(), width, line);
        }
    }
}

#[test]
fn the_closing_line_tells_as_much_as_there_is_room_for() {
    let (summary, _) = samples::captured("opencode-run-llm-traces", "opencode run", 0);
    let line = |width| closing_line(&summary, width, Symbols::Unicode);
    let run = &summary.started.run_id;
    assert!(line(300).contains("(") && line(300).ends_with(&format!("otel-run show {run}")), "{}", line(300));
    for width in 70..300 {
        assert!(line(width).width() <= width, "{width}: {}", line(width));
    }
    let narrow = line(0);
    assert!(narrow.contains("exit 0") && narrow.ends_with(run) && !narrow.contains("model"), "{narrow}");
}
