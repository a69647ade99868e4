//! The trace that was handed in.

use super::set_up::{SetUp, set_up};

const CONTEXT: &[&str] = &["Context"];
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn with(variables: &[(&str, &str)]) -> SetUp {
    variables.iter().fold(set_up(), |set_up, (name, value)| set_up.env(name, value))
}

#[test]
fn a_parent() {
    insta::assert_snapshot!(with(&[("TRACEPARENT", PARENT), ("TRACESTATE", "a=1,b=2")]).says(0, CONTEXT));
}

#[test]
fn a_parent_that_is_too_short() {
    insta::assert_snapshot!(with(&[("TRACEPARENT", "00-abc-def-01")]).says(0, CONTEXT));
}

#[test]
fn a_parent_in_capitals() {
    let parent = PARENT.replace("af", "AF");
    insta::assert_snapshot!(with(&[("TRACEPARENT", &parent)]).says(0, CONTEXT));
}

#[test]
fn a_parent_that_is_not_sampled() {
    let parent = PARENT.replace("-01", "-00");
    insta::assert_snapshot!(with(&[("TRACEPARENT", &parent)]).says(2, CONTEXT));
}

#[test]
fn a_sampler_that_takes_nothing() {
    insta::assert_snapshot!(with(&[("OTEL_TRACES_SAMPLER", "always_off")]).says(2, CONTEXT));
}

#[test]
fn a_sampler_that_takes_some() {
    let variables = [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.1")];
    insta::assert_snapshot!(with(&variables).says(0, CONTEXT));
}

#[test]
fn a_broken_state() {
    insta::assert_snapshot!(with(&[("TRACEPARENT", PARENT), ("TRACESTATE", "a")]).says(0, CONTEXT));
}

#[test]
fn too_much_baggage() {
    let members: Vec<String> = (0..80).map(|number| format!("k{number}=v")).collect();
    insta::assert_snapshot!(with(&[("BAGGAGE", &members.join(","))]).says(0, CONTEXT));
}

#[test]
fn a_parent_in_a_variable_that_nobody_reads() {
    insta::assert_snapshot!(with(&[("traceparent", PARENT)]).says(0, CONTEXT));
}

#[test]
fn a_job_without_a_parent() {
    insta::assert_snapshot!(with(&[("GITHUB_ACTIONS", "true"), ("CI", "true")]).says(0, CONTEXT));
}

#[test]
fn propagators_without_ours() {
    insta::assert_snapshot!(
        with(&[("TRACEPARENT", PARENT), ("OTEL_PROPAGATORS", "b3")]).says(0, &["Settings", "Context"])
    );
}
