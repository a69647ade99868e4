//! What is started, and what stands between it and its telemetry.

use super::{Finding, Grade, Subject};
use crate::plan::{Cause, Warning};

/// What the plan of its run warns of, but what has to do with what was said or handed in.
pub fn warnings(warnings: &[Warning]) -> Vec<Finding> {
    let finding = |Warning { cause, text }: &Warning| {
        let (check, grade) = match cause {
            Cause::Said => return None,
            Cause::NoSuchAgent => ("agent.choice", Grade::Warning),
            Cause::OwnConfiguration => ("agent.configuration", Grade::Warning),
            Cause::Fixed => ("agent.configuration.fixed", Grade::Loss),
            Cause::NotInjected => ("agent.not_told", Grade::Loss),
            Cause::Caution => ("agent.caution", Grade::Warning),
            Cause::Hindrance => ("agent.hindrance", Grade::Loss),
            Cause::ConfigurationFile => ("agent.configuration_file", Grade::Loss),
            Cause::SwitchedOff => ("agent.switched_off", Grade::Warning),
            Cause::Attributes => ("agent.attributes", Grade::Warning),
        };
        Some(Finding::new(Subject::Agent, grade, check, text))
    };
    warnings.iter().filter_map(finding).collect()
}
