//! What is well with a set-up and what is not: from facts that were gathered to findings, a file a subject.
//!
//! Nothing here looks at anything by itself. A finding says what is the case with the value in it, where that was said, and
//! what to do about it; it never holds a credential.

pub mod agent;
pub mod context;
pub mod credentials;
pub mod destination;
pub mod dialled;
pub mod here;
mod jwt;
pub mod settings;

use crate::settings::{Complaint, Origin};

/// What a finding is about, in the order in which findings are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Where telemetry goes.
    Destination,
    /// What is shown to get in there.
    Credentials,
    /// What the user said.
    Settings,
    /// The trace that the run is to be in.
    Context,
    /// What is started.
    Agent,
    /// This machine, and what earlier runs left on it.
    Here,
}

impl Subject {
    /// All of them, in their order.
    pub const ALL: [Self; 6] =
        [Self::Destination, Self::Credentials, Self::Settings, Self::Context, Self::Agent, Self::Here];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Destination => "destination",
            Self::Credentials => "credentials",
            Self::Settings => "settings",
            Self::Context => "context",
            Self::Agent => "agent",
            Self::Here => "here",
        }
    }
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// It is well.
    Fine,
    /// It is good to know, and nothing needs to be done.
    Note,
    /// It is probably not what the user wants.
    Warning,
    /// Telemetry will be lost, or will not arrive.
    Loss,
}

impl Grade {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Loss => "loss",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at and what was found: words with dots between them, as in `settings.variable.unknown`. They stay the
    /// same from version to version.
    pub check: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// How much it matters.
    pub grade: Grade,
    /// What is the case, with the value: a sentence without a full stop, and without credentials.
    pub what: String,
    /// Where it was said, if somebody said it.
    pub origin: Option<Origin>,
    /// What to do about it, if something can be done.
    pub remedy: Option<String>,
}

impl Finding {
    /// Something that is the case.
    pub fn new(subject: Subject, grade: Grade, check: &'static str, what: impl Into<String>) -> Self {
        Self { check, subject, grade, what: what.into(), origin: None, remedy: None }
    }

    /// The same with where it was said. A default was said by nobody.
    #[must_use]
    pub fn said_at(self, origin: &Origin) -> Self {
        Self { origin: Some(origin.clone()).filter(|origin| *origin != Origin::Default), ..self }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// A complaint, whose message has the remedy in it where there is one.
    pub fn of_complaint(subject: Subject, grade: Grade, check: &'static str, complaint: &Complaint) -> Self {
        Self::new(subject, grade, check, complaint.message.clone()).said_at(&complaint.origin)
    }
}

/// All that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// By subject, and what matters most first.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Puts findings in their order; those of one subject and grade stay as they come.
    pub fn of(mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| (finding.subject, std::cmp::Reverse(finding.grade)));
        Self { findings }
    }

    /// The grade of what matters most.
    pub fn worst(&self) -> Grade {
        self.findings.iter().map(|finding| finding.grade).max().unwrap_or(Grade::Fine)
    }

    /// How many findings have this grade.
    pub fn number(&self, grade: Grade) -> usize {
        self.findings.iter().filter(|finding| finding.grade == grade).count()
    }

    /// The exit status: 0 where all is well, 2 where telemetry will be lost, and 1 for a warning where somebody is `strict`.
    pub fn exit_code(&self, strict: bool) -> u8 {
        match self.worst() {
            Grade::Loss => 2,
            Grade::Warning if strict => 1,
            Grade::Warning | Grade::Note | Grade::Fine => 0,
        }
    }
}

/// Seconds in the largest unit that leaves a number of two digits or so.
fn span(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_decides_on_the_exit_status() {
        let with = |grades: &[Grade]| {
            let finding = |grade: &Grade| Finding::new(Subject::Here, *grade, "here.test", "it is so");
            Diagnosis::of(grades.iter().map(finding).collect())
        };
        for (grades, lenient, strict) in [
            (&[][..], 0, 0),
            (&[Grade::Fine, Grade::Note], 0, 0),
            (&[Grade::Warning, Grade::Fine], 0, 1),
            (&[Grade::Fine, Grade::Loss, Grade::Warning], 2, 2),
        ] {
            let diagnosis = with(grades);
            assert_eq!((diagnosis.exit_code(false), diagnosis.exit_code(true)), (lenient, strict), "{grades:?}");
        }
    }

    #[test]
    fn findings_stand_by_subject_and_the_worst_first() {
        let finding = |subject, grade, check| Finding::new(subject, grade, check, "");
        let diagnosis = Diagnosis::of(vec![
            finding(Subject::Here, Grade::Loss, "a"),
            finding(Subject::Settings, Grade::Fine, "b"),
            finding(Subject::Settings, Grade::Warning, "c"),
            finding(Subject::Settings, Grade::Fine, "d"),
        ]);
        let order: Vec<&str> = diagnosis.findings.iter().map(|finding| finding.check).collect();
        assert_eq!(order, ["c", "b", "d", "a"]);
    }

    #[test]
    fn a_default_is_nobodys_word() {
        let finding = Finding::new(Subject::Here, Grade::Note, "here.test", "");
        assert_eq!(finding.clone().said_at(&Origin::Default).origin, None);
        let flag = Origin::Flag("--endpoint");
        assert_eq!(finding.said_at(&flag).origin, Some(flag));
    }
}
