//! What a command needs besides being started: terms for its supervisor, or no supervisor at all.

use super::said::Said;
use crate::context::RunContext;
use crate::plan::Plan;
use crate::process::Terms;
use crate::settings::{Complaint, Fault, Settings, Sourced};

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
    !recorded && said.settings.required.is_none() && terms.time_limit.is_none() && !terms.reap && !terms.die_with_parent
}

/// What was asked for and is not possible on this system. The command runs all the same.
pub(super) fn not_possible_here(settings: &Settings) -> Vec<Complaint> {
    if cfg!(target_os = "linux") { Vec::new() } else { of_linux_alone(settings) }
}

/// What was asked for of what only Linux can do.
fn of_linux_alone(settings: &Settings) -> Vec<Complaint> {
    let asked = |setting: &Sourced<bool>, consequence: &str| {
        let message = format!("only Linux can do this; {consequence}");
        setting.value.then(|| Complaint::new(Fault::Unsupported, setting.origin.clone(), message))
    };
    let complaints = [
        asked(&settings.die_with_parent, "the command goes on when otel-run is killed"),
        asked(&settings.reap, "orphans of the command are left to the system"),
    ];
    complaints.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Origin;

    #[test]
    fn what_only_linux_can_do_is_said_elsewhere() {
        let mut settings = Settings::default();
        assert_eq!(of_linux_alone(&settings), []);
        let flag = |name| Sourced { value: true, origin: Origin::Flag(name) };
        settings.die_with_parent = flag("--die-with-parent");
        settings.reap = flag("--reap");
        let said: Vec<String> = of_linux_alone(&settings).iter().map(ToString::to_string).collect();
        let expected = [
            "--die-with-parent: only Linux can do this; the command goes on when otel-run is killed",
            "--reap: only Linux can do this; orphans of the command are left to the system",
        ];
        assert_eq!(said, expected);
    }
}
