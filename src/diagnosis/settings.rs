//! What the user said: flags, variables, files.

mod names;

use std::path::PathBuf;

use super::{Finding, Grade, Subject};
use crate::environment::Environment;
use crate::settings::{Complaint, Fault, Origin, Settings, choice, variables};

/// What the settings come from.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The environment that the run would be started in.
    pub environment: &'a Environment,
    /// What all of it means.
    pub settings: &'a Settings,
    /// What is wrong with it.
    pub complaints: &'a [Complaint],
    /// The files that were read.
    pub files: &'a [PathBuf],
}

/// How many letters of the name of a variable may be wrong for it to be a slip.
const SLIPS: usize = 2;

/// What is to be said of the settings.
pub fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts.complaints.iter().filter_map(of_complaint).collect();
    findings.extend(facts.environment.iter().filter_map(|(name, value)| {
        let name = name.to_str().filter(|_| !value.is_empty())?;
        of_name(name)
    }));
    findings.extend(exporters(facts.environment));
    findings.extend(conflicts(facts.settings));
    findings.push(where_from(facts));
    findings
}

fn finding(grade: Grade, check: &'static str, what: impl Into<String>) -> Finding {
    Finding::new(Subject::Settings, grade, check, what)
}

/// A complaint by its kind. Those about the context have findings of their own.
fn of_complaint(complaint: &Complaint) -> Option<Finding> {
    let settings = Subject::Settings;
    let (subject, grade, check, remedy) = match complaint.fault {
        Fault::Context => return None,
        Fault::Value => (settings, Grade::Warning, "settings.value", None),
        Fault::Boolean => (settings, Grade::Warning, "settings.boolean", Some("write true or false")),
        Fault::Attributes => (settings, Grade::Warning, "settings.attributes", None),
        Fault::Unknown => (
            settings,
            Grade::Warning,
            "settings.unknown",
            Some("mend the name or take it out; `otel-run --help` names every setting"),
        ),
        Fault::Unsupported => (settings, Grade::Warning, "settings.unsupported", Some("leave it out")),
        Fault::Untrusted => (settings, Grade::Warning, "settings.untrusted", None),
        Fault::Syntax => (
            settings,
            Grade::Warning,
            "settings.syntax",
            Some("mend the line: what is no TOML is left out, and the rest of the file counts"),
        ),
        Fault::Unreadable => {
            (settings, Grade::Warning, "settings.unreadable", Some("make it readable, or do not name it"))
        }
        Fault::Endpoint => (Subject::Destination, Grade::Loss, "destination.endpoint", None),
        Fault::Credentials => (Subject::Credentials, Grade::Warning, "credentials.not_sent", None),
    };
    let finding = Finding::of_complaint(subject, grade, check, complaint);
    Some(match remedy {
        // A message that asks whether something else was meant has said it.
        Some(remedy) if !complaint.message.ends_with('?') => finding.remedy(remedy),
        _ => finding,
    })
}

/// A variable that nobody reads, although it looks as if somebody did. What begins with `OTEL_RUN_` is complained of already.
fn of_name(name: &str) -> Option<Finding> {
    let at = Origin::Variable(name.to_owned());
    if let Some((_, remedy)) = names::GONE.iter().find(|(gone, _)| name.starts_with(gone)) {
        let what = format!("{name} is not read any more");
        return Some(finding(Grade::Warning, "settings.gone", what).said_at(&at).remedy(*remedy));
    }
    let known = || variables::ALL.iter().map(|variable| variable.name).chain(names::OF_SDKS.iter().copied());
    let looks_like_one = ["OTEL", "OTLP"]
        .iter()
        .any(|family| name.get(..family.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(family)));
    if !looks_like_one || name.starts_with("OTEL_RUN_") || known().any(|known| known == name) {
        return None;
    }
    let misnomer = names::MISNOMERS.iter().find(|(wrong, _)| wrong.eq_ignore_ascii_case(name));
    let of_ours = || known().filter(|known| known.starts_with("OTEL_"));
    let meant = misnomer.map(|(_, right)| *right).or_else(|| choice::nearest(name, of_ours(), SLIPS))?;
    let what = format!("nobody reads the variable {name}");
    let remedy = format!("did you mean {meant}?");
    Some(finding(Grade::Warning, "settings.variable", what).said_at(&at).remedy(remedy))
}

/// Exporters that the user chose and that lead past otel-run.
fn exporters(environment: &Environment) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in ["OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"] {
        let words = environment.get(name).unwrap_or_default().split(',').map(str::trim);
        for word in words.filter(|word| !word.is_empty()) {
            let at = Origin::Variable(name.to_owned());
            let word = word.to_ascii_lowercase();
            let (grade, check, what, remedy) = match word.as_str() {
                "otlp" => continue,
                "none" => (
                    Grade::Note,
                    "settings.exporter.none",
                    format!(
                        "{name} is none: a command that reads it does not export the signal, and the run has none of it"
                    ),
                    format!("to have it in the run, unset {name}"),
                ),
                "jaeger" | "zipkin" => (
                    Grade::Warning,
                    "settings.exporter.gone",
                    format!("{name} is {word}, which SDKs have given up"),
                    format!("set {name}=otlp, or unset it"),
                ),
                "console" | "prometheus" | "otlp/stdout" | "logging" => (
                    Grade::Note,
                    "settings.exporter.other",
                    format!("{name} says {word}, which leads past the run's collector"),
                    format!("to have the signal in the run as well, add otlp to it: {name}={word},otlp"),
                ),
                _ => (
                    Grade::Warning,
                    "settings.exporter.unknown",
                    format!("{name} says {word:?}, which no SDK has by itself"),
                    format!("set {name}=otlp, or unset it"),
                ),
            };
            findings.push(finding(grade, check, what).said_at(&at).remedy(remedy));
        }
    }
    findings
}

/// Settings that each are what they may be, and together are not what anybody wants.
fn conflicts(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    if settings.sdk_disabled.value {
        let what = "OTEL_SDK_DISABLED is true, so nothing is recorded and nothing is sent";
        findings.push(
            finding(Grade::Loss, "settings.disabled", what)
                .said_at(&settings.sdk_disabled.origin)
                .remedy("unset OTEL_SDK_DISABLED for this command"),
        );
    }
    if !settings.collector.value {
        let what = "the collector is off: the command exports to wherever it does without otel-run, and the run has its own \
                    span only";
        findings.push(
            finding(Grade::Warning, "settings.collector", what)
                .said_at(&settings.collector.origin)
                .remedy("to have the command's telemetry in the run, leave it on"),
        );
    }
    if let Some(required) = settings.required.as_ref().filter(|_| settings.upstreams.is_empty()) {
        let what = "telemetry is required to be delivered, and no endpoint is set";
        findings.push(
            finding(Grade::Warning, "settings.required", what)
                .said_at(&required.origin)
                .remedy("set an endpoint, or require nothing"),
        );
    }
    if let Some(deadline) = settings.drain_deadline.as_ref().filter(|deadline| deadline.value.is_zero())
        && !settings.upstreams.is_empty()
    {
        let what = "delivery may take no time after the command ended, so what comes last stays on disk";
        findings.push(
            finding(Grade::Warning, "settings.drain_deadline", what)
                .said_at(&deadline.origin)
                .remedy("allow it a second or two, or run `otel-run flush` afterwards"),
        );
    }
    findings
}

/// Where the settings come from.
fn where_from(facts: &Facts<'_>) -> Finding {
    let is_ours = |name: &str| {
        let known = variables::ALL.iter().find(|variable| variable.name == name);
        known.is_some_and(|known| matches!(known.family, variables::Family::OtelRun | variables::Family::OpenTelemetry))
    };
    let set = facts.environment.iter().filter(|(name, value)| !value.is_empty() && name.to_str().is_some_and(is_ours));
    let variables = match set.count() {
        0 => None,
        1 => Some("1 variable".to_owned()),
        number => Some(format!("{number} variables")),
    };
    let files = facts.files.iter().map(|file| file.display().to_string());
    let places: Vec<String> = variables.into_iter().chain(files).collect();
    let what = if places.is_empty() {
        "no variable and no file says anything, so defaults hold".to_owned()
    } else {
        format!("settings are read from {}", places.join(", "))
    };
    finding(Grade::Fine, "settings.read", what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::settings::{FileText, resolve};

    fn of(variables: &[(&str, &str)], file: &str) -> Vec<Finding> {
        let environment: Environment = variables.iter().copied().collect();
        let file = FileText { path: "/u/config.toml".into(), text: file.to_owned() };
        let (settings, complaints) = resolve(Default::default(), &environment, None, Some(file));
        findings(&Facts { environment: &environment, settings: &settings, complaints: &complaints, files: &[] })
    }

    /// The findings that are not well: check, grade, and whether there is a remedy.
    fn not_well(variables: &[(&str, &str)], file: &str) -> Vec<(&'static str, Grade)> {
        of(variables, file).iter().filter(|one| one.grade > Grade::Fine).map(|one| (one.check, one.grade)).collect()
    }

    #[test]
    fn names_that_nobody_reads() {
        for (name, meant) in [
            ("OTEL_EXPORTER_OTLP_ENDPONT", "did you mean OTEL_EXPORTER_OTLP_ENDPOINT?"),
            ("OTEL_EXPORTER_OTLP_TRACE_ENDPOINT", "did you mean OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?"),
            ("otel_exporter_otlp_endpoint", "did you mean OTEL_EXPORTER_OTLP_ENDPOINT?"),
            ("OTEL_OTLP_ENDPOINT", "did you mean OTEL_EXPORTER_OTLP_ENDPOINT?"),
            ("OTELRUN_ENDPOINT", "did you mean OTEL_RUN_ENDPOINT?"),
            ("OTEL_EXPORTER_JAEGER_AGENT_HOST", "Jaeger takes OTLP"),
            ("OTEL_EXPORTER_OTLP_SPAN_INSECURE", "OTEL_EXPORTER_OTLP_TRACES_INSECURE"),
        ] {
            let found = of(&[(name, "x")], "");
            let [one] = &found[..found.len() - 1] else { panic!("{name}: {found:?}") };
            assert_eq!((one.grade, one.origin.clone()), (Grade::Warning, Some(Origin::Variable(name.to_owned()))));
            assert!(one.remedy.as_ref().unwrap().contains(meant), "{name}: {one:?}");
        }
    }

    #[test]
    fn names_of_others_are_left_alone() {
        let variables = [
            "OTEL_PYTHON_LOG_LEVEL",
            "OTEL_NODE_RESOURCE_DETECTORS",
            "OTEL_BSP_SCHEDULE_DELAY",
            "OTEL_GO_X_EXEMPLAR",
            "OTEL_DOTNET_AUTO_HOME",
            "OTEL_JAVAAGENT_ENABLED",
            "OTHER",
        ]
        .map(|name| (name, "1"));
        assert_eq!(not_well(&variables, ""), []);
        // Empty is unset.
        assert_eq!(not_well(&[("OTEL_EXPORTER_OTLP_ENDPONT", "")], ""), []);
    }

    #[test]
    fn complaints_are_graded_by_their_kind() {
        for (variables, file, expected) in [
            (&[][..], "endpont = 1", ("settings.unknown", Grade::Warning)),
            (&[], "nest = \"up\"", ("settings.value", Grade::Warning)),
            (&[], "nest =", ("settings.syntax", Grade::Warning)),
            (&[("OTEL_SDK_DISABLED", "1")], "", ("settings.boolean", Grade::Warning)),
            (&[("OTEL_RESOURCE_ATTRIBUTES", "a=%zz")], "", ("settings.attributes", Grade::Warning)),
            (&[("OTEL_TRACES_SAMPLER", "xray")], "", ("settings.unsupported", Grade::Warning)),
            (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318")], "", ("destination.endpoint", Grade::Loss)),
            (&[("OTEL_EXPORTER_OTLP_HEADERS", "a=b")], "", ("credentials.not_sent", Grade::Warning)),
            (&[("OTEL_SDK_DISABLED", "true")], "", ("settings.disabled", Grade::Loss)),
            (&[("OTEL_RUN_COLLECTOR", "off")], "", ("settings.collector", Grade::Warning)),
            (&[("OTEL_RUN_REQUIRE_TELEMETRY", "true")], "", ("settings.required", Grade::Warning)),
            (&[("OTEL_TRACES_EXPORTER", "jaeger")], "", ("settings.exporter.gone", Grade::Warning)),
            (&[("OTEL_TRACES_EXPORTER", "none")], "", ("settings.exporter.none", Grade::Note)),
            (&[("OTEL_TRACES_EXPORTER", "oltp")], "", ("settings.exporter.unknown", Grade::Warning)),
        ] {
            assert_eq!(not_well(variables, file), [expected], "{variables:?} {file}");
        }
    }

    #[test]
    fn where_settings_come_from_is_told() {
        let last = |variables: &[(&str, &str)]| of(variables, "").pop().unwrap().what;
        assert_eq!(last(&[("PATH", "/bin")]), "no variable and no file says anything, so defaults hold");
        assert_eq!(last(&[("OTEL_RUN_NEST", "off")]), "settings are read from 1 variable");
    }
}
