#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use proptest::prelude::*;

use super::super::value::{Content, Nest, Protocol};
use super::*;

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().copied().collect()
}

fn both(variables: &[(&str, &str)]) -> (Layer, Layer, Vec<String>) {
    let environment = environment(variables);
    let (ours, mut complaints) = otel_run_layer(&environment);
    let (theirs, more) = otel_layer(&environment);
    complaints.extend(more);
    (ours, theirs, complaints.iter().map(ToString::to_string).collect())
}

/// What `variables` say differs from nothing only by what `say` sets.
#[track_caller]
fn check(variables: &[(&str, &str)], expected: Layer, complaints: &[&str]) {
    let (ours, theirs, found) = both(variables);
    let layer = if variables[0].0.starts_with("OTEL_RUN_") { ours } else { theirs };
    assert_eq!(layer, expected, "{variables:?}");
    assert_eq!(found, complaints, "{variables:?}");
}

fn said<T>(name: &str, value: T) -> Option<Sourced<T>> {
    Some(Sourced::new(value, variable(name)))
}

fn headers(name: &str, list: &[(&str, HeaderValue)]) -> Vec<(String, Sourced<HeaderValue>)> {
    list.iter().map(|(header, value)| ((*header).to_owned(), said(name, value.clone()).unwrap())).collect()
}

fn literal(text: &str) -> HeaderValue {
    HeaderValue::Literal(Secret::new(text))
}

#[test]
fn every_variable_of_ours() {
    let (layer, _, complaints) = both(&[
        ("OTEL_RUN_ENDPOINT", "http://c:1"),
        ("OTEL_RUN_PROTOCOL", "GRPC"),
        ("OTEL_RUN_HEADERS", "Authorization=Bearer%20x%2Cy,b=env:B,c=file:~/c%2C,d=env%3Ad"),
        ("OTEL_RUN_COMPRESSION", "gzip"),
        ("OTEL_RUN_EXPORT_TIMEOUT", "5"),
        ("OTEL_RUN_SERVICE_NAME", " n "),
        ("OTEL_RUN_RESOURCE_ATTRIBUTES", "a=b%2Cc,d=e"),
        ("OTEL_RUN_AGENT", "OpenCode"),
        ("OTEL_RUN_NEST", "link"),
        ("OTEL_RUN_CONTENT", "on"),
        ("OTEL_RUN_DRAIN_DEADLINE", "500ms"),
        ("OTEL_RUN_TIMEOUT", "1d"),
        ("OTEL_RUN_KILL_AFTER", ".5"),
        ("OTEL_RUN_SUCCESS_CODES", "3, 1"),
        ("OTEL_RUN_REAP", "true"),
        ("OTEL_RUN_DIE_WITH_PARENT", "false"),
        ("OTEL_RUN_HEARTBEAT", "2m"),
        ("OTEL_RUN_COLLECTOR", "off"),
        ("OTEL_RUN_STATE_DIR", "~/s"),
        ("OTEL_RUN_QUIET", "True"),
        ("OTEL_RUN_CONFIG", "/c.toml"),
        ("HOME", "/home/u"),
    ]);
    let attribute = |value: &str| said("OTEL_RUN_RESOURCE_ATTRIBUTES", value.to_owned()).unwrap();
    let expected = Layer {
        destination: super::super::Destination {
            endpoint: said("OTEL_RUN_ENDPOINT", "http://c:1".to_owned()),
            headers: headers(
                "OTEL_RUN_HEADERS",
                &[
                    ("authorization", literal("Bearer x,y")),
                    ("b", HeaderValue::Env("B".to_owned())),
                    ("c", HeaderValue::File(PathBuf::from("~/c,"))),
                    ("d", literal("env:d")),
                ],
            ),
            ..Default::default()
        },
        protocol: said("OTEL_RUN_PROTOCOL", Protocol::Grpc),
        gzip: said("OTEL_RUN_COMPRESSION", true),
        export_timeout: said("OTEL_RUN_EXPORT_TIMEOUT", Duration::from_secs(5)),
        service_name: said("OTEL_RUN_SERVICE_NAME", "n".to_owned()),
        resource_attributes: vec![("a".to_owned(), attribute("b,c")), ("d".to_owned(), attribute("e"))],
        agent: said("OTEL_RUN_AGENT", AgentChoice::Named("opencode".to_owned())),
        nest: said("OTEL_RUN_NEST", Nest::Link),
        content: said("OTEL_RUN_CONTENT", Content::On),
        drain_deadline: said("OTEL_RUN_DRAIN_DEADLINE", Duration::from_millis(500)),
        time_limit: said("OTEL_RUN_TIMEOUT", Duration::from_secs(86_400)),
        kill_after: said("OTEL_RUN_KILL_AFTER", Duration::from_millis(500)),
        success_codes: said("OTEL_RUN_SUCCESS_CODES", vec![1, 3]),
        reap: said("OTEL_RUN_REAP", true),
        die_with_parent: said("OTEL_RUN_DIE_WITH_PARENT", false),
        heartbeat: said("OTEL_RUN_HEARTBEAT", Duration::from_secs(120)),
        collector: said("OTEL_RUN_COLLECTOR", false),
        state_dir: said("OTEL_RUN_STATE_DIR", PathBuf::from("/home/u/s")),
        quiet: said("OTEL_RUN_QUIET", true),
        ..Layer::default()
    };
    assert_eq!(layer, expected);
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn every_variable_of_the_specification() {
    let (_, layer, complaints) = both(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://l"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=env:B, C = 1;2 ,c=%20x"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
        ("OTEL_SERVICE_NAME", "n"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,a=b"),
        ("OTEL_SDK_DISABLED", "TRUE"),
        ("OTEL_TRACES_SAMPLER", "ParentBased_TraceIdRatio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("OTEL_PROPAGATORS", "baggage, baggage"),
    ]);
    let attribute = |value: &str| said("OTEL_RESOURCE_ATTRIBUTES", value.to_owned()).unwrap();
    let expected = Layer {
        destination: super::super::Destination {
            endpoint: said("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c".to_owned()),
            traces_endpoint: said("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t".to_owned()),
            metrics_endpoint: said("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m".to_owned()),
            logs_endpoint: said("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://l".to_owned()),
            headers: headers("OTEL_EXPORTER_OTLP_HEADERS", &[("a", literal("env:B")), ("c", literal(" x"))]),
        },
        protocol: said("OTEL_EXPORTER_OTLP_PROTOCOL", Protocol::HttpJson),
        gzip: said("OTEL_EXPORTER_OTLP_COMPRESSION", false),
        export_timeout: said("OTEL_EXPORTER_OTLP_TIMEOUT", Duration::from_millis(2500)),
        service_name: said("OTEL_SERVICE_NAME", "n".to_owned()),
        resource_attributes: vec![("service.name".to_owned(), attribute("other")), ("a".to_owned(), attribute("b"))],
        sdk_disabled: said("OTEL_SDK_DISABLED", true),
        sampler: said("OTEL_TRACES_SAMPLER", Sampler::ParentBasedTraceIdRatio(0.25)),
        propagate_trace_context: said("OTEL_PROPAGATORS", false),
        propagate_baggage: said("OTEL_PROPAGATORS", true),
        ..Layer::default()
    };
    assert_eq!(layer, expected);
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn empty_is_unset() {
    for variable in variables::ALL {
        for value in ["", "  "] {
            let (ours, theirs, complaints) = both(&[(variable.name, value)]);
            if variable.name != variables::RUN_STATE_DIR || value.is_empty() {
                assert_eq!((ours, theirs), (Layer::default(), Layer::default()), "{}", variable.name);
            }
            assert_eq!(complaints, Vec::<String>::new(), "{}", variable.name);
        }
    }
    assert_eq!(both(&[("OTEL_RUN_NONSENSE", "")]).2, Vec::<String>::new());
}

#[test]
fn mistakes_are_complaints_and_have_no_effect() {
    for (name, value, complaint) in [
        ("OTEL_RUN_NEST", "adpot", "\"adpot\" is not one of adopt, link, off; did you mean adopt?; it is ignored"),
        ("OTEL_RUN_COLLECTOR", "no", "\"no\" is not one of on, off; it is ignored"),
        (
            "OTEL_RUN_TIMEOUT",
            "soon",
            "\"soon\" is not a length of time; write it like 5s, 500ms or 2m, or as a number of seconds; it is ignored",
        ),
        ("OTEL_RUN_SUCCESS_CODES", "1,256", "\"256\" is not an exit code from 1 to 255; it is ignored"),
        (
            "OTEL_RUN_EXPORT_TIMEOUT",
            "5x",
            "\"5x\" is not a length of time; write it like 5s, 500ms or 2m, or as a number of seconds; it is ignored",
        ),
        (
            "OTEL_RUN_RESOURCE_ATTRIBUTES",
            "a=b,c=%",
            "the value of `c` is not percent-encoded UTF-8, so the whole variable is ignored; write %25 for %, %2C for a comma",
        ),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "a=b,c",
            "member 2 of the list has no `=`, so the whole variable is ignored; write %25 for %, %2C for a comma",
        ),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http", "\"http\" is not one of http/protobuf, http/json, grpc; it is ignored"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "\"zstd\" is not one of gzip, none; it is ignored"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "\"10s\" is not a number of milliseconds, such as 10000; it is ignored"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1", "\"-1\" is not a number of milliseconds, such as 10000; it is ignored"),
        (
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "99999999999999",
            "\"99999999999999\" is not a number of milliseconds, such as 10000; it is ignored",
        ),
        (
            "OTEL_TRACES_SAMPLER",
            "always-on",
            "\"always-on\" is not one of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio; did you mean always_on?; it is ignored",
        ),
        ("OTEL_TRACES_SAMPLER", "xray", "xray is not supported, so parentbased_always_on is used for the run's span"),
        ("OTEL_PROPAGATORS", "foo", "\"foo\" is not one of tracecontext, baggage, none; it is ignored"),
    ] {
        check(&[(name, value)], Layer::default(), &[&format!("{name}: {complaint}")]);
    }
}

#[test]
fn unknown_names_of_ours_are_answered_with_the_nearest() {
    let (ours, theirs, complaints) = both(&[("OTEL_RUN_ENDPONT", "x"), ("OTEL_RUN_SOMETHING", "x"), ("OTEL_X", "x")]);
    assert_eq!((ours, theirs), (Layer::default(), Layer::default()));
    assert_eq!(
        complaints,
        [
            "OTEL_RUN_ENDPONT: there is no such setting; did you mean OTEL_RUN_ENDPOINT?",
            "OTEL_RUN_SOMETHING: there is no such setting",
        ]
    );
}

#[test]
fn booleans() {
    let name = "OTEL_SDK_DISABLED";
    for (text, value) in [("true", true), ("TrUe", true), ("false", false), ("FALSE", false)] {
        check(&[(name, text)], Layer { sdk_disabled: said(name, value), ..Layer::default() }, &[]);
    }
    for text in ["1", "yes", "on", "tru"] {
        let complaint = format!("{name}: \"{text}\" means false; only true means true");
        check(&[(name, text)], Layer { sdk_disabled: said(name, false), ..Layer::default() }, &[&complaint]);
    }
}

#[test]
fn samplers() {
    let (name, arg) = ("OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG");
    let wrong = |text| format!("{arg}: \"{text}\" is not a ratio from 0 to 1; it is ignored");
    for (sampler, argument, expected, complaints) in [
        ("always_on", "", Sampler::AlwaysOn, vec![]),
        ("always_off", "nonsense", Sampler::AlwaysOff, vec![]),
        ("parentbased_always_on", "", Sampler::ParentBasedAlwaysOn, vec![]),
        ("parentbased_always_off", "", Sampler::ParentBasedAlwaysOff, vec![]),
        ("traceidratio", "", Sampler::TraceIdRatio(1.0), vec![]),
        ("traceidratio", "0", Sampler::TraceIdRatio(0.0), vec![]),
        ("traceidratio", "1.5", Sampler::TraceIdRatio(1.0), vec![wrong("1.5")]),
        ("traceidratio", "NaN", Sampler::TraceIdRatio(1.0), vec![wrong("NaN")]),
        ("parentbased_traceidratio", "half", Sampler::ParentBasedTraceIdRatio(1.0), vec![wrong("half")]),
    ] {
        let complaints: Vec<&str> = complaints.iter().map(String::as_str).collect();
        let layer = Layer { sampler: said(name, expected), ..Layer::default() };
        check(&[(name, sampler), (arg, argument)], layer, &complaints);
    }
    check(&[(arg, "0.5")], Layer::default(), &[]);
}

#[test]
fn propagators() {
    let name = "OTEL_PROPAGATORS";
    for (text, expected, complaints) in [
        ("tracecontext,baggage", Some((true, true)), 0),
        ("TraceContext", Some((true, false)), 0),
        ("baggage", Some((false, true)), 0),
        ("none", Some((false, false)), 0),
        ("tracecontext,none", Some((false, false)), 0),
        ("b3", Some((false, false)), 1),
        ("tracecontext,b3multi", Some((true, false)), 1),
        ("foo,baggage", Some((false, true)), 1),
        ("foo,bar", None, 2),
        (",", None, 0),
    ] {
        let (_, layer, found) = both(&[(name, text)]);
        let both = layer.propagate_trace_context.zip(layer.propagate_baggage);
        assert_eq!(both.map(|(trace, baggage)| (trace.value, baggage.value)), expected, "{text}");
        assert_eq!(found.len(), complaints, "{text}: {found:?}");
    }
}

#[test]
fn an_export_timeout_of_zero_is_no_limit() {
    let layer = |name| Layer { export_timeout: said(name, duration::NO_LIMIT), ..Layer::default() };
    for name in ["OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_RUN_EXPORT_TIMEOUT"] {
        check(&[(name, "0")], layer(name), &[]);
    }
}

#[test]
fn mistakes_in_headers_cost_one_member_and_quote_no_value() {
    for name in ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_RUN_HEADERS"] {
        let text = "a=1,hunter2,authorization Bearer hunter2==,b=100%hunter2,c=%0Ahunter2,d=,,e=%FFhunter2,f=2";
        let (ours, theirs, complaints) = both(&[(name, text)]);
        let layer = if name.starts_with("OTEL_RUN") { ours } else { theirs };
        let expected =
            [("a", literal("1")), ("b", literal("100%hunter2")), ("e", literal("%FFhunter2")), ("f", literal("2"))];
        assert_eq!(layer.destination.headers, headers(name, &expected));
        let about = ["member 2", "member 3", "member 4", "member 5", "member 6", "member 8"];
        assert_eq!(complaints.len(), about.len(), "{complaints:?}");
        for (complaint, member) in complaints.iter().zip(about) {
            assert!(complaint.contains(member) && !complaint.contains("hunter2"), "{complaint}");
        }
    }
}

#[test]
fn paths_need_not_be_text_and_other_values_do() {
    let strange = OsString::from_vec(vec![b'/', 0xff]);
    let mut environment = Environment::default();
    environment.set("OTEL_RUN_STATE_DIR", strange.clone());
    environment.set("OTEL_RUN_NEST", strange.clone());
    let (layer, complaints) = otel_run_layer(&environment);
    let expected = Layer { state_dir: said("OTEL_RUN_STATE_DIR", PathBuf::from(strange)), ..Layer::default() };
    assert_eq!(layer, expected);
    let complaints: Vec<_> = complaints.iter().map(ToString::to_string).collect();
    assert_eq!(complaints, ["OTEL_RUN_NEST: this is not UTF-8 and is ignored"]);
}

proptest! {
    #[test]
    fn headers_that_are_written_by_the_book_are_read(
        list in proptest::collection::btree_map("[a-z!#$%&'*+.^_`|~0-9-]{1,12}", "[ -~\u{e4}\u{1f600}]{1,20}", 1..6),
        gap in "[ \t]{0,2}",
    ) {
        let list: Vec<(String, String)> = list.into_iter().collect();
        let member = |(name, value): &(String, String)| {
            format!("{gap}{}{gap}={gap}{}{gap}", name.to_uppercase(), attributes::encode(&[("".into(), value.clone())]).split_off(1))
        };
        let text = list.iter().map(member).collect::<Vec<_>>().join(",");
        let (_, layer, complaints) = both(&[("OTEL_EXPORTER_OTLP_HEADERS", &text)]);
        prop_assert_eq!(&complaints, &Vec::<String>::new());
        let expected: Vec<_> = list.iter().map(|(name, value)| (name.as_str(), literal(value))).collect();
        prop_assert_eq!(layer.destination.headers, headers("OTEL_EXPORTER_OTLP_HEADERS", &expected));
    }

    #[test]
    fn no_list_of_headers_is_too_strange_and_no_value_is_quoted(
        text in "(?s)(SECRET|[a-z]{1,3}|[=,:;%\" \n]|%[0-9a-f]{0,2}|env:|file:|.){0,24}",
    ) {
        // A name is in lower case by the time that it is quoted.
        let (_, layer, complaints) =
            both(&[("OTEL_RUN_HEADERS", &text), ("OTEL_EXPORTER_OTLP_HEADERS", &text)]);
        prop_assert!(!format!("{complaints:?}").contains("SECRET"), "{complaints:?}");
        prop_assert!(!format!("{layer:?}").contains("SECRET"), "{layer:?}");
    }
}
