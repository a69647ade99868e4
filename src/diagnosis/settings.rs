//! What the user said: flags, variables, files.

use super::{Finding, Grade, Subject};
use crate::settings::Complaint;

/// What is wrong with what was said.
pub fn findings(complaints: &[Complaint]) -> Vec<Finding> {
    let finding = |complaint| Finding::of_complaint(Subject::Settings, Grade::Warning, "settings.mistake", complaint);
    complaints.iter().map(finding).collect()
}
