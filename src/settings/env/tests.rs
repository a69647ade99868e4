#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use proptest::prelude::*;

use super::super::value::{Content, Detail, GenAi, Nest, Protocol, Temporality};
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
        ("OTEL_RUN_CERTIFICATE", "~/ca.pem"),
        ("OTEL_RUN_CLIENT_CERTIFICATE", "/c.pem"),
        ("OTEL_RUN_CLIENT_KEY", "/k.pem"),
        ("OTEL_RUN_SIGNALS", "logs, Traces"),
        ("OTEL_RUN_INSECURE", "true"),
        ("OTEL_RUN_HEADERS_HELPER", "/bin/h"),
        ("OTEL_RUN_EXPIRE_AFTER", "2d"),
        ("OTEL_RUN_REQUIRE_TELEMETRY", "logs, traces,logs"),
        ("OTEL_RUN_METRICS_TEMPORALITY", "Delta"),
        ("OTEL_RUN_SERVICE_NAME", " n "),
        ("OTEL_RUN_RESOURCE_ATTRIBUTES", "a=b%2Cc,d=e"),
        ("OTEL_RUN_AGENT", "OpenCode"),
        ("OTEL_RUN_NEST", "link"),
        ("OTEL_RUN_CONTENT", "on"),
        ("OTEL_RUN_DETAIL", "Agent"),
        ("OTEL_RUN_REDACT", "A, B,"),
        ("OTEL_RUN_REDACT_EXCEPT", "C"),
        ("OTEL_RUN_GENAI", "Replace"),
        ("OTEL_RUN_DRAIN_DEADLINE", "500ms"),
        ("OTEL_RUN_TIMEOUT", "1d"),
        ("OTEL_RUN_KILL_AFTER", ".5"),
        ("OTEL_RUN_SUCCESS_CODES", "3, 1"),
        ("OTEL_RUN_REAP", "true"),
        ("OTEL_RUN_DIE_WITH_PARENT", "false"),
        ("OTEL_RUN_HEARTBEAT", "2m"),
        ("OTEL_RUN_COLLECTOR", "off"),
        ("OTEL_RUN_STATE_DIR", "~/s"),
        ("OTEL_RUN_KEEP_AGE", "12h"),
        ("OTEL_RUN_KEEP_RUNS", " 7 "),
        ("OTEL_RUN_KEEP_SIZE", "2MiB"),
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
            headers_helper: said("OTEL_RUN_HEADERS_HELPER", PathBuf::from("/bin/h")),
            identity: PerSignal::from_fn(|_| Identity {
                certificate: said("OTEL_RUN_CLIENT_CERTIFICATE", PathBuf::from("/c.pem")),
                key: said("OTEL_RUN_CLIENT_KEY", PathBuf::from("/k.pem")),
            }),
            ..Default::default()
        },
        transport: PerSignal::all(&Transport {
            protocol: said("OTEL_RUN_PROTOCOL", Protocol::Grpc),
            gzip: said("OTEL_RUN_COMPRESSION", true),
            timeout: said("OTEL_RUN_EXPORT_TIMEOUT", Duration::from_secs(5)),
            certificate: said("OTEL_RUN_CERTIFICATE", PathBuf::from("/home/u/ca.pem")),
            insecure: said("OTEL_RUN_INSECURE", true),
            sent: None,
        })
        .choose(said("OTEL_RUN_SIGNALS", vec![Signal::Traces, Signal::Logs]).as_ref()),
        expire_after: said("OTEL_RUN_EXPIRE_AFTER", Duration::from_secs(2 * 86_400)),
        required: said("OTEL_RUN_REQUIRE_TELEMETRY", Some(Required::Each(vec![Signal::Traces, Signal::Logs]))),
        temporality: said("OTEL_RUN_METRICS_TEMPORALITY", Temporality::Delta),
        service_name: said("OTEL_RUN_SERVICE_NAME", "n".to_owned()),
        resource_attributes: vec![("a".to_owned(), attribute("b,c")), ("d".to_owned(), attribute("e"))],
        agent: said("OTEL_RUN_AGENT", AgentChoice::Named("opencode".to_owned())),
        nest: said("OTEL_RUN_NEST", Nest::Link),
        content: said("OTEL_RUN_CONTENT", Content::On),
        detail: said("OTEL_RUN_DETAIL", Detail::Agent),
        redact: ["A", "B"].map(|name| said("OTEL_RUN_REDACT", name.to_owned()).unwrap()).to_vec(),
        redact_except: vec![said("OTEL_RUN_REDACT_EXCEPT", "C".to_owned()).unwrap()],
        genai: said("OTEL_RUN_GENAI", GenAi::Replace),
        drain_deadline: said("OTEL_RUN_DRAIN_DEADLINE", Duration::from_millis(500)),
        time_limit: said("OTEL_RUN_TIMEOUT", Duration::from_secs(86_400)),
        kill_after: said("OTEL_RUN_KILL_AFTER", Duration::from_millis(500)),
        success_codes: said("OTEL_RUN_SUCCESS_CODES", vec![1, 3]),
        reap: said("OTEL_RUN_REAP", true),
        die_with_parent: said("OTEL_RUN_DIE_WITH_PARENT", false),
        heartbeat: said("OTEL_RUN_HEARTBEAT", Duration::from_secs(120)),
        collector: said("OTEL_RUN_COLLECTOR", false),
        state_dir: said("OTEL_RUN_STATE_DIR", PathBuf::from("/home/u/s")),
        keep_age: said("OTEL_RUN_KEEP_AGE", Duration::from_secs(43_200)),
        keep_runs: said("OTEL_RUN_KEEP_RUNS", 7),
        keep_size: said("OTEL_RUN_KEEP_SIZE", 2 << 20),
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
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/c.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/k.pem"),
        ("OTEL_EXPORTER_OTLP_INSECURE", "TRUE"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "LowMemory"),
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
            signal_endpoints: PerSignal {
                traces: said("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t".to_owned()),
                metrics: said("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m".to_owned()),
                logs: said("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://l".to_owned()),
            },
            headers: headers("OTEL_EXPORTER_OTLP_HEADERS", &[("a", literal("env:B")), ("c", literal(" x"))]),
            identity: PerSignal::from_fn(|_| Identity {
                certificate: said("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", PathBuf::from("/c.pem")),
                key: said("OTEL_EXPORTER_OTLP_CLIENT_KEY", PathBuf::from("/k.pem")),
            }),
            ..Default::default()
        },
        transport: PerSignal::all(&Transport {
            protocol: said("OTEL_EXPORTER_OTLP_PROTOCOL", Protocol::HttpJson),
            gzip: said("OTEL_EXPORTER_OTLP_COMPRESSION", false),
            timeout: said("OTEL_EXPORTER_OTLP_TIMEOUT", Duration::from_millis(2500)),
            certificate: said("OTEL_EXPORTER_OTLP_CERTIFICATE", PathBuf::from("/ca.pem")),
            insecure: said("OTEL_EXPORTER_OTLP_INSECURE", true),
            sent: None,
        }),
        temporality: said("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", Temporality::LowMemory),
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

/// SDK environment variables, "Exporter Selection": `none` is no exporter.
#[test]
fn a_signal_without_an_exporter_is_not_sent() {
    let variables = [
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_METRICS_EXPORTER", "None"),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_RUN_SIGNALS", "logs"),
    ];
    let (ours, layer, complaints) = both(&variables);
    assert_eq!(complaints, Vec::<String>::new());
    let sent = |layer: &Layer, signal| layer.transport.of(signal).sent.clone();
    assert_eq!(sent(&layer, Signal::Traces), None);
    assert_eq!(sent(&layer, Signal::Metrics), said("OTEL_METRICS_EXPORTER", false));
    // What is said in our own words beats it.
    assert_eq!(sent(&ours.over(layer), Signal::Logs), said("OTEL_RUN_SIGNALS", true));
}

/// OTLP exporter, "Configuration Options": every option is there for each signal, and wins.
#[test]
fn a_signal_has_every_option_of_its_own() {
    for signal in Signal::ALL {
        let own = |option: &str| variables::otlp(Some(signal), option);
        let values = [
            ("PROTOCOL", "grpc"),
            ("HEADERS", "own=1"),
            ("COMPRESSION", "gzip"),
            ("TIMEOUT", "1"),
            ("CERTIFICATE", "/own.pem"),
            ("CLIENT_CERTIFICATE", "/own-c.pem"),
            ("CLIENT_KEY", "/own-k.pem"),
            ("INSECURE", "true"),
        ];
        let own_values = values.map(|(option, value)| (own(option), value));
        let of_all = [("PROTOCOL", "http/json"), ("HEADERS", "all=1"), ("TIMEOUT", "2"), ("CLIENT_KEY", "/all-k.pem")];
        let of_all = of_all.map(|(option, value)| (variables::otlp(None, option), value));
        let variables: Vec<(&str, &str)> =
            own_values.iter().chain(&of_all).map(|(name, value)| (name.as_str(), *value)).collect();
        let (_, layer, complaints) = both(&variables);
        assert_eq!(complaints, Vec::<String>::new());
        let transport = layer.transport.of(signal);
        assert_eq!(
            *transport,
            Transport {
                protocol: said(&own("PROTOCOL"), Protocol::Grpc),
                gzip: said(&own("COMPRESSION"), true),
                timeout: said(&own("TIMEOUT"), Duration::from_millis(1)),
                certificate: said(&own("CERTIFICATE"), PathBuf::from("/own.pem")),
                insecure: said(&own("INSECURE"), true),
                sent: None,
            }
        );
        let destination = &layer.destination;
        assert_eq!(*destination.signal_headers.of(signal), Some(headers(&own("HEADERS"), &[("own", literal("1"))])));
        let identity = destination.identity.of(signal);
        assert_eq!(identity.certificate, said(&own("CLIENT_CERTIFICATE"), PathBuf::from("/own-c.pem")));
        assert_eq!(identity.key, said(&own("CLIENT_KEY"), PathBuf::from("/own-k.pem")));
        for other in Signal::ALL.into_iter().filter(|other| *other != signal) {
            let transport = layer.transport.of(other);
            assert_eq!(transport.protocol(), Protocol::HttpJson);
            assert_eq!((transport.gzip(), transport.timeout()), (false, Duration::from_millis(2)));
            assert_eq!(*destination.signal_headers.of(other), None);
            let key = said(&variables::otlp(None, "CLIENT_KEY"), PathBuf::from("/all-k.pem"));
            assert_eq!(destination.identity.of(other).key, key);
        }
    }
}

#[test]
fn telemetry_is_required_or_not() {
    for (value, required) in [
        ("true", Some(Required::Any)),
        ("TRUE", Some(Required::Any)),
        ("false", None),
        ("metrics", Some(Required::Each(vec![Signal::Metrics]))),
    ] {
        let (layer, _, complaints) = both(&[("OTEL_RUN_REQUIRE_TELEMETRY", value)]);
        assert_eq!((layer.required.map(|said| said.value), complaints), (Some(required), vec![]), "{value}");
    }
    let (layer, _, complaints) = both(&[("OTEL_RUN_REQUIRE_TELEMETRY", "traces,metric")]);
    assert_eq!(layer.required, None);
    let expected = "OTEL_RUN_REQUIRE_TELEMETRY: \"metric\" is not one of traces, metrics, logs; did you mean metrics?, and \
                    neither true nor false; it is ignored";
    assert_eq!(complaints, [expected]);
}

#[test]
fn empty_is_unset() {
    for variable in variables::ALL {
        for value in ["", "  "] {
            let (ours, theirs, complaints) = both(&[(variable.name, value)]);
            assert_eq!((ours, theirs), (Layer::default(), Layer::default()), "{}", variable.name);
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
    let layer = |name| Layer {
        transport: PerSignal::all(&Transport { timeout: said(name, duration::NO_LIMIT), ..Transport::default() }),
        ..Layer::default()
    };
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
