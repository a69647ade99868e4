//! Agents that are recognised by name and otherwise treated as any other command.

use super::other;
use super::profile::{Profile, RecognisedBy};

/// Claude Code.
pub(super) const CLAUDE: Profile = named("claude", "Claude Code", &["claude"], &["@anthropic-ai/claude-code"]);
/// Codex CLI.
pub(super) const CODEX: Profile = named("codex", "Codex CLI", &["codex"], &["@openai/codex"]);
/// Gemini CLI.
pub(super) const GEMINI: Profile = keeping_signals(named("gemini", "Gemini CLI", &["gemini"], &["@google/gemini-cli"]));
/// Qwen Code.
pub(super) const QWEN: Profile = keeping_signals(named("qwen", "Qwen Code", &["qwen"], &["@qwen-code/qwen-code"]));
/// GitHub Copilot CLI. The standard endpoint alone switches its traces and metrics on.
pub(super) const COPILOT: Profile =
    keeping_signals(named("copilot", "GitHub Copilot CLI", &["copilot"], &["@github/copilot"]));
/// Continue's `cn`.
pub(super) const CN: Profile = named("cn", "Continue", &["cn"], &["@continuedev/cli"]);

const fn named(
    name: &'static str,
    title: &'static str,
    base_names: &'static [&'static str],
    packages: &'static [&'static str],
) -> Profile {
    Profile { name, title, recognised_by: RecognisedBy { base_names, packages, scripts: &[] }, ..other::PROFILE }
}

/// The same of an agent whose command is a launcher that keeps signals to itself.
const fn keeping_signals(profile: Profile) -> Profile {
    Profile { launcher_keeps_signals: true, ..profile }
}
