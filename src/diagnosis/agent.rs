//! What is started, and what stands between it and its telemetry.

use super::{Finding, Grade, Subject};

/// What the plan of its run warns of.
pub fn warnings<'a>(warnings: impl IntoIterator<Item = &'a String>) -> Vec<Finding> {
    let finding = |warning: &String| Finding::new(Subject::Agent, Grade::Warning, "agent.warning", warning);
    warnings.into_iter().map(finding).collect()
}
