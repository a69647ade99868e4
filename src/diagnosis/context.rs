//! The trace that the run is to be in: what was handed in, what becomes of it, and why.

use std::borrow::Cow;

use super::{Finding, Grade, Subject};
use crate::context::traceparent::Invalid;
use crate::context::{BAGGAGE, RunContext, TRACEPARENT, TRACESTATE, Traceparent, baggage, tracestate};
use crate::environment::Environment;
use crate::settings::{Origin, Sampler, Settings, Sourced};

/// What the context is found out from.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The environment that the run would be started in.
    pub environment: &'a Environment,
    /// What the user said.
    pub settings: &'a Settings,
    /// What a run makes of both.
    pub context: &'a RunContext,
    /// The CI system, if it is one.
    pub ci: Option<&'a str>,
}

/// What is to be said of the context.
pub fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let Facts { settings, .. } = facts;
    let mut findings = Vec::new();
    // What is passed on as it came is not looked at.
    if !settings.sdk_disabled.value {
        if settings.propagate_trace_context.value {
            findings.extend(trace(facts));
        } else {
            findings.push(not_propagated(TRACEPARENT, "tracecontext", settings));
        }
        if settings.propagate_baggage.value {
            findings.extend(baggage(facts.environment));
        } else {
            findings.push(not_propagated(BAGGAGE, "baggage", settings));
        }
        findings.extend(sampler(facts));
    }
    findings.extend(not_in_capitals(facts.environment));
    findings
}

fn finding(grade: Grade, check: &'static str, what: impl Into<String>) -> Finding {
    Finding::new(Subject::Context, grade, check, what)
}

fn variable(name: &str) -> Origin {
    Origin::Variable(name.to_owned())
}

fn is_set(environment: &Environment, name: &str) -> bool {
    environment.raw(name).is_some_and(|value| !value.is_empty())
}

/// The parent, the trace and the flags.
fn trace(facts: &Facts<'_>) -> Vec<Finding> {
    let Facts { environment, settings, context, ci } = facts;
    let given = match environment.raw(TRACEPARENT) {
        Some(raw) if !raw.is_empty() => Some(raw.to_str().ok_or(Invalid::NotText).and_then(Traceparent::parse)),
        _ => None,
    };
    let mut findings = Vec::new();
    match given {
        Some(Ok(parent)) => {
            let what = format!("the run's parent is the span {} of the trace {}", parent.span_id, parent.trace_id);
            findings.push(finding(Grade::Fine, "context.parent", what).said_at(&variable(TRACEPARENT)));
            if !parent.sampled && !context.sampled {
                let what = "TRACEPARENT ends in a flag that says \"not sampled\" (-00): whoever made it does not record this \
                            trace, so no span of the run will be exported";
                let remedy = "have the caller sample its trace, unset TRACEPARENT for this run, or set \
                              OTEL_TRACES_SAMPLER=always_on";
                findings.push(
                    finding(Grade::Loss, "context.unsampled", what).said_at(&variable(TRACEPARENT)).remedy(remedy),
                );
            } else if !parent.sampled {
                let what = format!(
                    "TRACEPARENT says \"not sampled\" (-00), and the run is sampled all the same, by {}: its parent is missing \
                     in the backend",
                    sampler_name(settings.sampler.value)
                );
                findings.push(finding(Grade::Note, "context.parent.unsampled", what).said_at(&settings.sampler.origin));
            }
        }
        Some(Err(reason)) => {
            let what = format!("TRACEPARENT is ignored and the run begins a new trace: {reason}");
            let remedy = "it has to look like 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01: version, trace id, span \
                          id, flags";
            findings.push(
                finding(Grade::Warning, "context.traceparent", what).said_at(&variable(TRACEPARENT)).remedy(remedy),
            );
        }
        None => match ci {
            Some(system) => {
                let what = format!(
                    "this is a job of {system} and TRACEPARENT is not set, so the run begins a trace of its own and is not \
                     nested into the pipeline's"
                );
                let remedy = "where the pipeline is traced, hand its span in as TRACEPARENT";
                findings.push(finding(Grade::Note, "context.ci.no_parent", what).remedy(remedy));
            }
            None => {
                let what = "TRACEPARENT is not set, so the run begins a trace of its own";
                findings.push(finding(Grade::Fine, "context.new_trace", what));
            }
        },
    }
    if let Some(system) = ci {
        let what = format!("this is a job of {system}, whose pipeline and repository are in the run's resource");
        findings.push(finding(Grade::Fine, "context.ci", what));
    }
    findings.extend(state(environment, matches!(given, Some(Ok(_)))));
    findings
}

fn state(environment: &Environment, has_parent: bool) -> Option<Finding> {
    if !is_set(environment, TRACESTATE) {
        return None;
    }
    let said = |grade, check, what: String| finding(grade, check, what).said_at(&variable(TRACESTATE));
    if !has_parent {
        let what = "TRACESTATE is not passed on, because it means nothing without a valid TRACEPARENT".to_owned();
        return Some(said(Grade::Warning, "context.tracestate", what).remedy("set both, or none of them"));
    }
    let text = environment.get(TRACESTATE);
    Some(match text.ok_or(tracestate::Invalid::NotText).and_then(tracestate::accept) {
        Err(reason) => {
            let what = format!("TRACESTATE is not passed on: {reason}");
            said(Grade::Warning, "context.tracestate", what).remedy("have the caller mend it, or unset it")
        }
        Ok(Some(Cow::Owned(_))) => {
            let what = "TRACESTATE has more than 32 members, and only as many are passed on".to_owned();
            said(Grade::Warning, "context.tracestate", what).remedy("have the callers say less in it")
        }
        Ok(_) => {
            let text = text.unwrap_or_default();
            let what = format!("TRACESTATE has {} and is passed on", members(text));
            said(Grade::Fine, "context.tracestate", what)
        }
    })
}

fn baggage(environment: &Environment) -> Option<Finding> {
    if !is_set(environment, BAGGAGE) {
        return None;
    }
    let said = |grade, what: String| finding(grade, "context.baggage", what).said_at(&variable(BAGGAGE));
    let Some(text) = environment.get(BAGGAGE) else {
        let what = "BAGGAGE is not passed on: it is not UTF-8 text".to_owned();
        return Some(said(Grade::Warning, what).remedy("have the caller mend it, or unset it"));
    };
    let accepted = baggage::accept(text);
    let size = members(text);
    Some(if accepted.dropped > 0 {
        let what = format!(
            "BAGGAGE has {size}, which is over the limit of 64 members and 8192 bytes; {} of its members are not passed on",
            accepted.dropped
        );
        said(Grade::Warning, what).remedy("have the callers say less in it")
    } else if accepted.malformed > 0 {
        let what = format!(
            "BAGGAGE has {size} and is passed on as it is, but {} of them are not key=value",
            accepted.malformed
        );
        said(Grade::Warning, what).remedy("write values percent-encoded: %20 for a space, %22 for a quotation mark")
    } else {
        said(Grade::Fine, format!("BAGGAGE has {size} and is passed on; every request of the command may carry it"))
    })
}

fn members(text: &str) -> String {
    let number = text.split(',').filter(|member| !member.trim().is_empty()).count();
    let members = if number == 1 { "1 member".to_owned() } else { format!("{number} members") };
    format!("{members} in {} bytes", text.len())
}

fn not_propagated(name: &str, propagator: &str, settings: &Settings) -> Finding {
    let Sourced { origin, .. } = &settings.propagate_trace_context;
    let what =
        format!("OTEL_PROPAGATORS does not name {propagator}, so {name} is neither read nor given to the command");
    let grade = if name == TRACEPARENT { Grade::Warning } else { Grade::Note };
    let remedy = "to nest the run and the command, set OTEL_PROPAGATORS=tracecontext,baggage or leave it out";
    finding(grade, "context.propagators", what).said_at(origin).remedy(remedy)
}

/// What the sampler decides where no parent has done so.
fn sampler(facts: &Facts<'_>) -> Option<Finding> {
    let Sourced { value: sampler, origin } = &facts.settings.sampler;
    let has_parent = facts.context.parent.is_some();
    let (grade, what) = match sampler {
        Sampler::AlwaysOff => {
            (Grade::Loss, "OTEL_TRACES_SAMPLER is always_off, so no span of the run will be exported".to_owned())
        }
        Sampler::ParentBasedAlwaysOff if !has_parent => (
            Grade::Loss,
            "OTEL_TRACES_SAMPLER is parentbased_always_off and there is no parent, so no span of the run will be exported"
                .to_owned(),
        ),
        Sampler::TraceIdRatio(ratio) => ratio_text(*ratio)?,
        Sampler::ParentBasedTraceIdRatio(ratio) if !has_parent => ratio_text(*ratio)?,
        _ => return None,
    };
    let remedy = "leave OTEL_TRACES_SAMPLER out, or set it to parentbased_always_on";
    Some(finding(grade, "context.sampler", what).said_at(origin).remedy(remedy))
}

fn ratio_text(ratio: f64) -> Option<(Grade, String)> {
    if ratio >= 1.0 {
        return None;
    }
    if ratio <= 0.0 {
        return Some((Grade::Loss, "the ratio of the sampler is 0, so no span of any run will be exported".to_owned()));
    }
    Some((Grade::Warning, format!("only {} % of runs are sampled; of the others no span is exported", ratio * 100.0)))
}

fn sampler_name(sampler: Sampler) -> &'static str {
    match sampler {
        Sampler::AlwaysOn => "OTEL_TRACES_SAMPLER=always_on",
        Sampler::AlwaysOff => "OTEL_TRACES_SAMPLER=always_off",
        Sampler::TraceIdRatio(_) => "OTEL_TRACES_SAMPLER=traceidratio",
        Sampler::ParentBasedAlwaysOn => "OTEL_TRACES_SAMPLER=parentbased_always_on",
        Sampler::ParentBasedAlwaysOff => "OTEL_TRACES_SAMPLER=parentbased_always_off",
        Sampler::ParentBasedTraceIdRatio(_) => "OTEL_TRACES_SAMPLER=parentbased_traceidratio",
    }
}

/// Names as HTTP has them are not those of variables (environment variables as carriers, "Format").
fn not_in_capitals(environment: &Environment) -> impl Iterator<Item = Finding> {
    let carriers = [TRACEPARENT, TRACESTATE, BAGGAGE];
    carriers.into_iter().filter_map(|name| {
        let lower = name.to_ascii_lowercase();
        is_set(environment, &lower).then(|| {
            let what = format!("the variable {lower} is not read: in the environment it is called {name}");
            finding(Grade::Warning, "context.lower_case", what)
                .said_at(&variable(&lower))
                .remedy(format!("export it as {name}"))
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::context::{Ids, Propagation, begin};
    use crate::settings::resolve;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const UNSAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    fn checks(variables: &[(&str, &str)], ci: Option<&str>) -> Vec<(&'static str, Grade)> {
        let environment: Environment = variables.iter().copied().collect();
        let (settings, _) = resolve(Default::default(), &environment, None, None);
        let propagation = Propagation {
            trace_context: settings.propagate_trace_context.value,
            baggage: settings.propagate_baggage.value,
        };
        let disabled = settings.sdk_disabled.value;
        let (context, _) = begin(&environment, settings.sampler.value, propagation, disabled, Ids::fresh());
        let found = findings(&Facts { environment: &environment, settings: &settings, context: &context, ci });
        assert!(found.iter().all(|finding| finding.subject == Subject::Context));
        // What is not well has a remedy, but for what is only told.
        assert!(found.iter().all(|finding| finding.grade < Grade::Warning || finding.remedy.is_some()), "{found:?}");
        found.iter().map(|finding| (finding.check, finding.grade)).collect()
    }

    #[test]
    fn every_context_is_graded() {
        let long = vec!["a=1"; 40].join(",");
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a [(&'a str, Grade)]);
        let cases: [Case<'_>; 15] = [
            (&[], &[("context.new_trace", Grade::Fine)]),
            (&[("TRACEPARENT", PARENT)], &[("context.parent", Grade::Fine)]),
            (&[("TRACEPARENT", UNSAMPLED)], &[("context.parent", Grade::Fine), ("context.unsampled", Grade::Loss)]),
            (
                &[("TRACEPARENT", UNSAMPLED), ("OTEL_TRACES_SAMPLER", "always_on")],
                &[("context.parent", Grade::Fine), ("context.parent.unsampled", Grade::Note)],
            ),
            (&[("TRACEPARENT", "00-0-0-01")], &[("context.traceparent", Grade::Warning)]),
            (&[("TRACESTATE", "a=1")], &[("context.new_trace", Grade::Fine), ("context.tracestate", Grade::Warning)]),
            (
                &[("TRACEPARENT", PARENT), ("TRACESTATE", "a=1")],
                &[("context.parent", Grade::Fine), ("context.tracestate", Grade::Fine)],
            ),
            (
                &[("TRACEPARENT", PARENT), ("TRACESTATE", "a")],
                &[("context.parent", Grade::Fine), ("context.tracestate", Grade::Warning)],
            ),
            (
                &[("TRACEPARENT", PARENT), ("TRACESTATE", &long)],
                &[("context.parent", Grade::Fine), ("context.tracestate", Grade::Warning)],
            ),
            (&[("BAGGAGE", "a=1")], &[("context.new_trace", Grade::Fine), ("context.baggage", Grade::Fine)]),
            (&[("BAGGAGE", "a b")], &[("context.new_trace", Grade::Fine), ("context.baggage", Grade::Warning)]),
            (&[("traceparent", PARENT)], &[("context.new_trace", Grade::Fine), ("context.lower_case", Grade::Warning)]),
            (
                &[("OTEL_PROPAGATORS", "none")],
                &[("context.propagators", Grade::Warning), ("context.propagators", Grade::Note)],
            ),
            (
                &[("OTEL_TRACES_SAMPLER", "always_off")],
                &[("context.new_trace", Grade::Fine), ("context.sampler", Grade::Loss)],
            ),
            (&[("OTEL_SDK_DISABLED", "true"), ("TRACEPARENT", "x")], &[]),
        ];
        for (variables, expected) in cases {
            assert_eq!(checks(variables, None), expected, "{variables:?}");
        }
    }

    #[test]
    fn a_ratio_is_a_warning_and_nothing_a_loss() {
        for (ratio, expected) in [("1", None), ("0.25", Some(Grade::Warning)), ("0", Some(Grade::Loss))] {
            let variables = [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", ratio)];
            let found = checks(&variables, None);
            let grade = found.iter().find(|(check, _)| *check == "context.sampler").map(|(_, grade)| *grade);
            assert_eq!(grade, expected, "{ratio}");
        }
    }

    #[test]
    fn a_job_without_a_parent_is_told_so() {
        let without = checks(&[], Some("GitLab"));
        assert_eq!(without, [("context.ci.no_parent", Grade::Note), ("context.ci", Grade::Fine)]);
        let with = checks(&[("TRACEPARENT", PARENT)], Some("GitLab"));
        assert_eq!(with, [("context.parent", Grade::Fine), ("context.ci", Grade::Fine)]);
    }
}
