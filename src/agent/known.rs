//! Agents that are recognised by name and otherwise treated as any other command.

use super::other;
use super::profile::{Profile, RecognisedBy, Service};

/// Claude Code.
pub(super) const CLAUDE: Profile =
    named("claude", "Claude Code", &["claude"], &["@anthropic-ai/claude-code"], &["claude-code"]);
/// Codex CLI.
pub(super) const CODEX: Profile =
    named("codex", "Codex CLI", &["codex"], &["@openai/codex"], &["codex_exec", "codex_cli_rs", "codex-app-server"]);

const fn named(
    name: &'static str,
    title: &'static str,
    base_names: &'static [&'static str],
    packages: &'static [&'static str],
    services: &'static [&'static str],
) -> Profile {
    let recognised_by = RecognisedBy { base_names, packages, scripts: &[] };
    Profile { name, title, recognised_by, service: Service { names: services, tells_version: true }, ..other::PROFILE }
}
