//! Agents that are recognised by name and otherwise treated as any other command.

use super::other;
use super::profile::{Profile, RecognisedBy};

/// Claude Code.
pub(super) const CLAUDE: Profile = named("claude", "Claude Code", &["claude"], &["@anthropic-ai/claude-code"]);
/// Codex CLI.
pub(super) const CODEX: Profile = named("codex", "Codex CLI", &["codex"], &["@openai/codex"]);

const fn named(
    name: &'static str,
    title: &'static str,
    base_names: &'static [&'static str],
    packages: &'static [&'static str],
) -> Profile {
    Profile { name, title, recognised_by: RecognisedBy { base_names, packages, scripts: &[] }, ..other::PROFILE }
}
