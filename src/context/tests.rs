#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::*;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const BOTH: Propagation = Propagation { trace_context: true, baggage: true };

fn fresh() -> Ids {
    Ids { trace_id: TraceId::from(0xabcdef), span_id: SpanId::from(0x123) }
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().copied().collect()
}

fn parent(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

fn begin_with(variables: &[(&str, &str)], sampler: Sampler) -> (RunContext, Vec<String>) {
    begin(&environment(variables), sampler, BOTH, false, fresh())
}

fn by_default(variables: &[(&str, &str)]) -> (RunContext, Vec<String>) {
    begin_with(variables, Sampler::ParentBasedAlwaysOn)
}

#[test]
fn a_valid_parent_gives_trace_parent_and_flags() {
    for (flags, own) in [("01", "01"), ("03", "03"), ("00", "00"), ("02", "02"), ("ff", "03"), ("fd", "01")] {
        let (context, warnings) = by_default(&[(TRACEPARENT, &parent(flags))]);
        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!(context.trace_id.to_string(), TRACE);
        assert_eq!(context.parent.unwrap().to_string(), PARENT);
        assert_eq!(context.span_id, fresh().span_id);
        assert_eq!(context.traceparent(), format!("00-{TRACE}-0000000000000123-{own}"), "flags {flags}");
        assert!(context.recording);
    }
}

#[test]
fn without_a_parent_a_random_trace_begins() {
    for (sampler, flags) in [(Sampler::ParentBasedAlwaysOn, "03"), (Sampler::ParentBasedAlwaysOff, "02")] {
        for variables in [&[][..], &[(TRACEPARENT, "")], &[("traceparent", &parent("01")), ("Traceparent", "x")]] {
            let (context, warnings) = begin_with(variables, sampler);
            assert_eq!(context.parent, None);
            assert_eq!(context.traceparent(), format!("00-{}-{}-{flags}", fresh().trace_id, fresh().span_id));
            assert!(warnings.is_empty(), "{warnings:?}");
        }
    }
}

#[test]
fn an_invalid_parent_gives_a_new_trace_and_one_warning() {
    let (context, warnings) = by_default(&[(TRACEPARENT, "00-secret"), (TRACESTATE, "foo=1")]);
    assert_eq!((context.trace_id, context.parent), (fresh().trace_id, None));
    assert_eq!(context.tracestate, None);
    assert_eq!(
        warnings,
        ["TRACEPARENT is ignored and the run begins a new trace: it has 9 characters and needs at least 55"]
    );
}

#[test]
fn what_is_not_text_is_invalid() {
    let mut variables = Environment::default();
    for name in [TRACEPARENT, BAGGAGE] {
        variables.set(name, OsString::from_vec(vec![b'0', 0xff]));
    }
    let (context, warnings) = begin(&variables, Sampler::AlwaysOn, BOTH, false, fresh());
    assert_eq!((context.parent, context.baggage.clone()), (None, None));
    assert_eq!(warnings.len(), 2);
    assert!(warnings.iter().all(|warning| warning.contains("not UTF-8")), "{warnings:?}");
    let changes = child_variables(&context, &variables, BOTH);
    assert_eq!(changes[1], (BAGGAGE, Change::Remove));
}

#[test]
fn the_sampler_decides_by_parent_and_trace_id() {
    use Sampler::*;
    // (sampler, without a parent, below a sampled one, below an unsampled one)
    let table = [
        (AlwaysOn, true, true, true),
        (AlwaysOff, false, false, false),
        (TraceIdRatio(1.0), true, true, true),
        (TraceIdRatio(0.0), false, false, false),
        (ParentBasedAlwaysOn, true, true, false),
        (ParentBasedAlwaysOff, false, true, false),
        (ParentBasedTraceIdRatio(1.0), true, true, false),
        (ParentBasedTraceIdRatio(0.0), false, true, false),
    ];
    for (sampler, root, below_sampled, below_unsampled) in table {
        assert_eq!(begin_with(&[], sampler).0.sampled, root, "{sampler:?}");
        for (flags, expected) in [("01", below_sampled), ("03", below_sampled), ("00", below_unsampled)] {
            let (context, _) = begin_with(&[(TRACEPARENT, &parent(flags))], sampler);
            assert_eq!(context.sampled, expected, "{sampler:?} below -{flags}");
            assert_eq!(context.random, flags == "03");
            assert_ne!(context.span_id.to_string(), PARENT);
        }
    }
}

#[test]
fn a_ratio_looks_at_the_trace_id() {
    let sampled = |trace_id: u128| {
        let fresh = Ids { trace_id: TraceId::from(trace_id), span_id: SpanId::from(1) };
        begin(&Environment::default(), Sampler::TraceIdRatio(0.5), BOTH, false, fresh).0.sampled
    };
    assert!(sampled(1));
    assert!(!sampled(u128::MAX));
}

#[test]
fn a_valid_tracestate_and_baggage_stay_as_they_are() {
    let state = "foo=1 , bar=2,";
    let baggage = "a=1;p, b = %20,";
    let variables = [(TRACEPARENT, parent("01")), (TRACESTATE, state.to_owned()), (BAGGAGE, baggage.to_owned())];
    let variables: Environment = variables.into_iter().collect();
    let (context, warnings) = begin(&variables, Sampler::ParentBasedAlwaysOn, BOTH, false, fresh());
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!((context.tracestate.as_deref(), context.baggage.as_deref()), (Some(state), Some(baggage)));
    assert_eq!(
        child_variables(&context, &variables, BOTH),
        [(TRACEPARENT, Change::Set(format!("00-{TRACE}-0000000000000123-01")))]
    );
}

#[test]
fn a_broken_tracestate_goes_and_the_parent_stays() {
    let parent = parent("01");
    let variables = [(TRACEPARENT, parent.as_str()), (TRACESTATE, "foo=1,Broken")];
    let (context, warnings) = by_default(&variables);
    assert_eq!(context.trace_id.to_string(), TRACE);
    assert_eq!(warnings, ["TRACESTATE is not passed on: member 2 has no `=`"]);
    let changes = child_variables(&context, &environment(&variables), BOTH);
    assert_eq!(changes[1..], [(TRACESTATE, Change::Remove)]);
}

#[test]
fn a_tracestate_without_parent_goes() {
    let variables = [(TRACESTATE, "foo=1")];
    let (context, warnings) = by_default(&variables);
    assert_eq!(context.tracestate, None);
    assert_eq!(warnings.len(), 1);
    let changes = child_variables(&context, &environment(&variables), BOTH);
    assert_eq!(changes[1..], [(TRACESTATE, Change::Remove)]);
}

#[test]
fn lists_over_their_limits_are_set_anew() {
    let state = (0..33).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
    let baggage = (0..65).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
    let parent = parent("01");
    let variables = [(TRACEPARENT, parent.as_str()), (TRACESTATE, &state), (BAGGAGE, &baggage)];
    let (context, warnings) = by_default(&variables);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let changes = child_variables(&context, &environment(&variables), BOTH);
    assert_eq!(changes[1], (TRACESTATE, Change::Set(state.trim_end_matches(",k32=v").to_owned())));
    assert_eq!(changes[2], (BAGGAGE, Change::Set(baggage.trim_end_matches(",k64=v").to_owned())));
}

#[test]
fn malformed_baggage_is_warned_about_and_stays() {
    let variables = [(BAGGAGE, "user=J\u{f6}rg")];
    let (context, warnings) = by_default(&variables);
    assert_eq!(context.baggage.as_deref(), Some("user=J\u{f6}rg"));
    assert_eq!(warnings, ["BAGGAGE is passed on as it is, but 1 of its members are not key=value"]);
    let changes = child_variables(&context, &environment(&variables), BOTH);
    assert_eq!(changes.len(), 1, "{changes:?}");
}

#[test]
fn a_disabled_sdk_records_nothing_and_changes_nothing() {
    for variables in [
        &[(TRACEPARENT, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), (TRACESTATE, "foo=1")][..],
        &[(TRACEPARENT, "broken"), (TRACESTATE, "Broken"), (BAGGAGE, "broken")],
        &[],
    ] {
        let variables = environment(variables);
        let (context, warnings) = begin(&variables, Sampler::AlwaysOn, BOTH, true, fresh());
        assert!(!context.recording && !context.sampled);
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(child_variables(&context, &variables, BOTH), []);
    }
}

#[test]
fn other_propagators_leave_the_variables_alone() {
    let parent = parent("01");
    let variables = [(TRACEPARENT, parent.as_str()), (TRACESTATE, "Broken"), (BAGGAGE, "a=1")];
    let variables = environment(&variables);

    let neither = Propagation { trace_context: false, baggage: false };
    let (context, warnings) = begin(&variables, Sampler::ParentBasedAlwaysOn, neither, false, fresh());
    assert_eq!((context.trace_id, context.parent, context.baggage.clone()), (fresh().trace_id, None, None));
    assert!(context.sampled && context.recording && warnings.is_empty());
    assert_eq!(child_variables(&context, &variables, neither), []);

    let only_baggage = Propagation { trace_context: false, baggage: true };
    let (context, _) = begin(&variables, Sampler::ParentBasedAlwaysOn, only_baggage, false, fresh());
    assert_eq!(context.baggage.as_deref(), Some("a=1"));
    assert_eq!(child_variables(&context, &variables, only_baggage), []);

    let only_trace = Propagation { trace_context: true, baggage: false };
    let (context, _) = begin(&variables, Sampler::ParentBasedAlwaysOn, only_trace, false, fresh());
    assert_eq!((context.trace_id.to_string().as_str(), context.baggage.clone()), (TRACE, None));
    let names: Vec<_> = child_variables(&context, &variables, only_trace).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [TRACEPARENT, TRACESTATE]);
}
