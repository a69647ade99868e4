#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::otlp::Signal;
use crate::signals::Tokens;
use crate::store::facts::Intake;
use crate::view::samples;

const SECOND: u64 = 1_000_000_000;
const NOW: u64 = 1_795_169_400;

fn options(width: usize) -> Options {
    let now = Timestamp::from_second(i64::try_from(NOW).unwrap()).unwrap();
    Options { width, colour: false, symbols: Symbols::Unicode, now, zone: TimeZone::UTC }
}

fn run(command: &str, seconds_ago: u64, seconds: u64, exit_code: i32) -> Run {
    let started = (NOW - seconds_ago) * SECOND;
    let summary = samples::summary(command, started, started + seconds * SECOND, exit_code);
    Run { summary, state: State::Ended }
}

fn sample() -> Vec<Run> {
    let mut busy = run("opencode run", 42, 5, 0);
    busy.summary.totals.model_calls = 12;
    busy.summary.totals.tokens = Tokens { input: 123_456, output: 1_234, ..Tokens::default() };
    busy.summary.totals.tools.extend([("bash".to_owned(), 4), ("read".to_owned(), 3)]);
    samples::deliver(&mut busy.summary, 240, 0, 0);
    let mut failed = run("claude", 600, 125, 1);
    failed.summary.totals.model_calls = 1;
    failed.summary.totals.failed_model_calls = 1;
    samples::deliver(&mut failed.summary, 0, 12, 0);
    let mut killed = run("a-command-with-a-rather-long-name that goes on", 7_200, 4_000, 143);
    if let Some(ended) = &mut killed.summary.ended {
        ended.signal = Some("SIGTERM".to_owned());
    }
    killed.summary.started.agent = None;
    samples::deliver(&mut killed.summary, 0, 2, 3);
    let mut interrupted = run("gemini", 7_300, 65, 0);
    let mut timed_out = run("copilot", 7_400, 60, 143);
    if let (Some(interrupted), Some(timed_out)) = (&mut interrupted.summary.ended, &mut timed_out.summary.ended) {
        interrupted.interrupted_by = Some("SIGINT".to_owned());
        timed_out.signal = Some("SIGTERM".to_owned());
        timed_out.timed_out = true;
    }
    let mut running = run("codex exec", 0, 0, 0);
    running.summary.ended = None;
    running.state = State::Running;
    running.summary.intake.insert(Signal::Traces, Intake { received: 7, stored: 7, ..Intake::default() });
    samples::deliver(&mut running.summary, 0, 0, 0);
    running.summary.deliveries.clear();
    let mut lost = run("true", 200_000, 0, 0);
    lost.summary.ended = None;
    lost.state = State::Lost;
    let mut closed = run("true", 300_000, 90, 0);
    samples::lose(&mut closed.summary, false);
    closed.state = State::Lost;
    vec![busy, failed, killed, interrupted, timed_out, running, lost, closed]
}

#[test]
fn tables_of_many_widths() {
    let mut text = String::new();
    for width in [160, 120, 100, 80, 60, 40] {
        let table = render(&sample(), &options(width));
        for line in table.lines() {
            assert!(line.width() <= width, "{} columns: {line}", line.width());
        }
        text.push_str(&table);
        text.push('\n');
    }
    insta::with_settings!({ snapshot_path => "../golden", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("runs", text);
    });
}

#[test]
fn no_runs_is_a_sentence() {
    assert_eq!(render(&[], &options(80)), "No runs yet: otel-run -- COMMAND starts one\n");
}

#[test]
fn columns_without_words_are_left_out() {
    let mut run = run("true", 5, 0, 0);
    run.summary.started.agent = None;
    let table = render(&[run], &options(200));
    let heads: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heads, ["RUN", "STARTED", "COMMAND", "END", "TIME", "DELIVERY"]);
}

#[test]
fn a_hostile_name_cannot_speak_to_the_terminal() {
    let mut hostile = run("\x1b[2J\nx", 5, 0, 0);
    hostile.summary.started.run_id = "\u{9b}2J".to_owned();
    hostile.summary.started.agent = Some("\x07".to_owned());
    let table = render(&[hostile], &options(200));
    assert!(!table.chars().any(|character| character.is_control() && character != '\n'));
    assert_eq!(table.lines().count(), 2);
}

#[test]
fn a_clock_that_went_backwards_shows_the_date() {
    assert_eq!(ago((NOW + 5) * SECOND, &options(80)), "2026-11-20 10:10");
    assert_eq!(ago(u64::MAX, &options(80)), "2554-07-21 23:34");
    assert_eq!(ago(NOW * SECOND, &options(80)), "0 s ago");
}

proptest! {
    #[test]
    fn no_line_is_too_wide(names in prop::collection::vec(".{0,60}", 0..6), width in 0_usize..200, colour: bool) {
        let runs: Vec<Run> = names.iter().map(|name| run(name, 5, 5, 0)).collect();
        let plain = render(&runs, &options(width));
        for line in plain.lines() {
            prop_assert!(line.width() <= width, "{} of {}: {:?}", line.width(), width, line);
        }
        let coloured = render(&runs, &Options { colour, ..options(width) });
        prop_assert_eq!(coloured.lines().count(), plain.lines().count());
    }
}
