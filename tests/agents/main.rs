//! Real agents under otel-run: what they send and how they are left alone, and signals while they wait for their model.
//!
//! These tests need the agents that `.ci/agents` installs, so they are ignored until they are asked for:
//! `.ci/agents && cargo test --test agents -- --include-ignored`. Asked for and not installed, they fail.

#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod ending;
mod expected;
mod interactive;
mod matrix;
mod page;
mod recipes;
mod scene;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod traps;

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGTERM};

use ending::{Case, To, Way, play};
use expected::By;
use recipes::recipe;

/// Plays a case under otel-run, which must end like this and leave nobody.
#[track_caller]
fn assert_ends(agent: &str, case: Case, by: By) {
    let ending = play(recipe(agent), case, Way::UnderOtelRun);
    let status = ending.status.unwrap_or_else(|| panic!("{agent} runs on; {ending:?}"));
    match by {
        By::Exit(code) => assert_eq!(status.code(), Some(code), "{ending:?}"),
        By::Death(signal) => assert_eq!(status.signal(), Some(signal as i32), "{ending:?}"),
    }
    assert_eq!(ending.left, [], "{agent} ended by {status} and left them; it said {:?}", ending.said);
}

#[test]
#[ignore = "needs claude, which .ci/agents installs"]
fn claude_interrupted_exits_0() {
    assert_ends("claude", Case::once(SIGINT, To::Process), By::Exit(0));
}

#[test]
#[ignore = "needs claude, which .ci/agents installs"]
fn claude_interrupted_as_a_group_exits_0() {
    assert_ends("claude", Case::once(SIGINT, To::Group), By::Exit(0));
}

#[test]
#[ignore = "needs claude, which .ci/agents installs"]
fn claude_told_to_end_exits_143() {
    assert_ends("claude", Case::once(SIGTERM, To::Process), By::Exit(143));
}

#[test]
#[ignore = "needs codex, which .ci/agents installs"]
fn codex_told_to_end_dies_of_it() {
    assert_ends("codex", Case::once(SIGTERM, To::Process), By::Death(SIGTERM));
}

#[test]
#[ignore = "needs opencode, which .ci/agents installs"]
fn opencode_hung_up_dies_of_it() {
    assert_ends("opencode", Case::once(SIGHUP, To::Process), By::Death(SIGHUP));
}

#[test]
#[ignore = "needs gemini, which .ci/agents installs"]
fn gemini_told_to_end_ends_behind_its_launcher() {
    assert_ends("gemini", Case::once(SIGTERM, To::Process), By::Exit(0));
}

#[test]
#[ignore = "needs qwen, which .ci/agents installs"]
fn qwen_told_to_end_leaves_no_orphans() {
    assert_ends("qwen", Case::once(SIGTERM, To::Process), By::Death(SIGTERM));
}

#[test]
#[ignore = "needs copilot, which .ci/agents installs"]
fn copilot_interrupted_leaves_no_orphan() {
    assert_ends("copilot", Case::once(SIGINT, To::Process), By::Death(SIGINT));
}

#[test]
#[ignore = "needs claude, which .ci/agents installs"]
fn claude_at_a_terminal_that_hangs_up_exits_129() {
    assert_ends("claude", Case::once(SIGHUP, To::Terminal), By::Exit(129));
}

/// Writes the tables of `docs/agents.md`, or a page like it to the file that `UPDATE_DOCS` names. It takes minutes, so it
/// does nothing without that.
#[test]
#[ignore = "needs the agents, which .ci/agents installs"]
fn the_page_of_the_agents_is_written() {
    if let Some(page) = std::env::var_os("UPDATE_DOCS") {
        let page = PathBuf::from(page);
        page::write_page(page.is_absolute().then_some(page));
    }
}

/// Writes the tables of `docs/agents-and-signals.md`. It takes ten minutes, so it does nothing without `UPDATE_DOCS`.
#[test]
#[ignore = "needs the agents, which .ci/agents installs"]
fn the_page_of_the_signals_is_written() {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        table::write_page();
    }
}
