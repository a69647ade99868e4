//! What a command needs besides being started: terms for its supervisor, or no supervisor at all.

use super::said::Said;
use crate::context::RunContext;
use crate::plan::Plan;
use crate::process::Terms;

/// The terms on which the command is supervised.
pub(super) fn terms(said: &Said, plan: &Plan, context: &RunContext) -> Terms {
    let settings = &said.settings;
    Terms {
        time_limit: settings.time_limit.as_ref().map(|limit| limit.value),
        kill_after: settings.kill_after.as_ref().map(|patience| patience.value),
        reap: settings.reap.value,
        die_with_parent: settings.die_with_parent.value,
        whole_group: plan.agent.launcher_keeps_signals(),
        marks: vec![context.span_id.to_string()],
    }
}

/// Whether otel-run would only stand in the way: nothing is recorded, and nothing was asked of a supervisor.
pub(super) fn is_pointless(said: &Said, context: &RunContext, terms: &Terms) -> bool {
    let recorded = context.recording && (context.sampled || said.settings.collector.value);
    !recorded && terms.time_limit.is_none() && !terms.reap && !terms.die_with_parent
}
