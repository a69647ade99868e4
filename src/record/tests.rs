#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue as OtlpKeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Metric, NumberDataPoint, metric::Data, number_data_point::Value as Number,
};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message;

use super::documentation::{SPAN, STAND_INS, described};
use super::log::{COMMON, EVENTS};
use super::metrics::{Instrument, OF_OTEL_RUN, OF_THE_COMMAND};
use super::*;

const START: u64 = 1_795_000_000_123_456_789;
pub(super) const END: u64 = START + 5_000_000_001;

pub(super) fn run() -> RunFacts {
    RunFacts {
        temporality: Temporality::Cumulative,
        context: RunContext {
            trace_id: TraceId::from(0xabc),
            span_id: SpanId::from(0x123),
            parent: Some(SpanId::from(0x77)),
            sampled: true,
            random: false,
            recording: true,
            tracestate: Some("foo=1 , bar=2,".to_owned()),
            baggage: None,
        },
        resource: Resource::new(&[
            ("service.name".to_owned(), "otel-run".into()),
            ("process.pid".to_owned(), 5i64.into()),
        ]),
        run_id: "20261120-110915-a1b2c3".to_owned(),
        name: "opencode run".to_owned(),
        agent: Some("opencode".to_owned()),
        agent_version: Some("1.18.33".to_owned()),
        agent_mode: Some("cli".to_owned()),
        command: "opencode".to_owned(),
        args_count: 3,
        executable_path: Some("/usr/lib/node_modules/.bin/opencode".to_owned()),
        pid: Some(4712),
        interactive: true,
        started_unix_nano: START,
    }
}

fn exit(exit_code: i32) -> ExitFacts {
    ExitFacts { ended_unix_nano: END, exit_code: Some(exit_code), ..ExitFacts::default() }
}

fn attributes(attributes: &[OtlpKeyValue]) -> BTreeMap<String, String> {
    let text = |value: &any_value::Value| match value {
        any_value::Value::StringValue(text) => text.clone(),
        any_value::Value::IntValue(number) => format!("int {number}"),
        any_value::Value::DoubleValue(number) => format!("double {number}"),
        any_value::Value::BoolValue(truth) => format!("boolean {truth}"),
        other => panic!("{other:?}"),
    };
    let all: BTreeMap<_, _> = attributes
        .iter()
        .map(|pair| (pair.key.clone(), text(pair.value.as_ref().unwrap().value.as_ref().unwrap())))
        .collect();
    assert_eq!(all.len(), attributes.len(), "a name twice");
    all
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn resource_spans(bytes: &[u8]) -> ResourceSpans {
    let mut request = ExportTraceServiceRequest::decode(bytes).unwrap();
    assert_eq!((request.resource_spans.len(), request.resource_spans[0].scope_spans.len()), (1, 1));
    let resource_spans = request.resource_spans.remove(0);
    let resource = resource_spans.resource.as_ref().unwrap();
    let names: Vec<_> = resource.attributes.iter().map(|pair| pair.key.as_str()).collect();
    assert_eq!(names, ["service.name", "process.pid"]);
    let scope = resource_spans.scope_spans[0].scope.as_ref().unwrap();
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("otel-run", env!("CARGO_PKG_VERSION")));
    assert_eq!(resource_spans.schema_url, SCHEMA_URL);
    assert_eq!(resource_spans.scope_spans[0].schema_url, SCHEMA_URL);
    resource_spans
}

fn span(run: &RunFacts, exit: &ExitFacts) -> Span {
    let mut spans = resource_spans(&run_span(run, exit).unwrap()).scope_spans.remove(0).spans;
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

fn log_records(bytes: &[u8]) -> Vec<LogRecord> {
    let mut request = ExportLogsServiceRequest::decode(bytes).unwrap();
    assert_eq!((request.resource_logs.len(), request.resource_logs[0].scope_logs.len()), (1, 1));
    let mut resource_logs = request.resource_logs.remove(0);
    let names: Vec<_> = resource_logs.resource.unwrap().attributes.into_iter().map(|pair| pair.key).collect();
    assert_eq!(names, ["service.name", "process.pid"]);
    let scope = resource_logs.scope_logs[0].scope.as_ref().unwrap();
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("otel-run", env!("CARGO_PKG_VERSION")));
    resource_logs.scope_logs.remove(0).log_records
}

fn used() -> Usage {
    Usage {
        user: Duration::from_millis(1500),
        system: Duration::from_millis(250),
        max_rss_bytes: 1 << 20,
        minor_faults: 1,
        major_faults: 2,
        voluntary_switches: 3,
        involuntary_switches: 4,
        block_input_bytes: 512,
        block_output_bytes: 1024,
    }
}

#[test]
fn a_successful_run() {
    let span = span(&run(), &ExitFacts { usage: Some(used()), ..exit(0) });
    assert_eq!(span.name, "opencode run");
    assert_eq!(span.kind, SpanKind::Client as i32);
    assert_eq!(span.trace_id, 0xabcu128.to_be_bytes());
    assert_eq!(span.span_id, 0x123u64.to_be_bytes());
    assert_eq!(span.parent_span_id, 0x77u64.to_be_bytes());
    assert_eq!(span.trace_state, "foo=1 , bar=2,");
    assert_eq!(span.flags, 0x301);
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (START, END));
    assert_eq!(span.status, Some(Default::default()));
    assert!(span.links.is_empty() && span.events.is_empty());
    assert_eq!(
        attributes(&span.attributes),
        pairs(&[
            ("process.executable.name", "opencode"),
            ("process.executable.path", "/usr/lib/node_modules/.bin/opencode"),
            ("process.command", "opencode"),
            ("process.args_count", "int 3"),
            ("process.interactive", "boolean true"),
            ("process.pid", "int 4712"),
            ("process.exit.code", "int 0"),
            ("otel_run.run.id", "20261120-110915-a1b2c3"),
            ("otel_run.agent.name", "opencode"),
            ("otel_run.agent.version", "1.18.33"),
            ("otel_run.agent.mode", "cli"),
            ("otel_run.process.cpu.user_seconds", "double 1.5"),
            ("otel_run.process.cpu.system_seconds", "double 0.25"),
            ("otel_run.process.memory.max_rss_bytes", "int 1048576"),
            ("otel_run.process.paging.minor_faults", "int 1"),
            ("otel_run.process.paging.major_faults", "int 2"),
            ("otel_run.process.context_switches.voluntary", "int 3"),
            ("otel_run.process.context_switches.involuntary", "int 4"),
            ("otel_run.process.disk.read_bytes", "int 512"),
            ("otel_run.process.disk.written_bytes", "int 1024"),
        ])
    );
}

#[test]
fn flags_and_ids_of_a_new_trace_and_of_a_random_parent() {
    let mut run = run();
    run.context.random = true;
    assert_eq!(span(&run, &exit(0)).flags, 0x303);
    run.context.parent = None;
    run.context.tracestate = None;
    let span = span(&run, &exit(0));
    assert_eq!(span.flags, 0x103);
    assert_eq!((span.parent_span_id, span.trace_state), (vec![], String::new()));
    assert_eq!((span.trace_id, span.span_id), (0xabcu128.to_be_bytes().to_vec(), 0x123u64.to_be_bytes().to_vec()));
}

#[test]
fn endings_decide_error_type_status_and_the_last_record() {
    let exec_error = ExecError { errno_name: "ENOENT".to_owned(), message: "No such file or directory".to_owned() };
    let killed = ExitFacts { signal: Some("SIGTERM".to_owned()), core_dumped: true, ..exit(143) };
    let not_started = ExitFacts { exec_error: Some(exec_error), ..exit(127) };
    let abandoned = ExitFacts { exit_code: None, ..exit(0) };
    let out_of_memory = ExitFacts { signal: Some("SIGKILL".to_owned()), oom_kills: 1, ..exit(137) };
    let lack = "killed by the kernel for lack of memory (out-of-memory killer)";
    // (ending, error.type, status, description, exit code, event, severity)
    let table = [
        (exit(0), None, StatusCode::Unset, "", Some(0), "otel_run.run.exited", SeverityNumber::Info),
        (
            ExitFacts { success: true, ..exit(3) },
            None,
            StatusCode::Unset,
            "",
            Some(3),
            "otel_run.run.exited",
            SeverityNumber::Info,
        ),
        (
            ExitFacts { success: true, ..killed.clone() },
            Some("SIGTERM"),
            StatusCode::Error,
            "",
            Some(143),
            "otel_run.run.exited",
            SeverityNumber::Error,
        ),
        (
            ExitFacts { success: true, timed_out: true, ..exit(0) },
            Some("timeout"),
            StatusCode::Error,
            "",
            Some(0),
            "otel_run.run.exited",
            SeverityNumber::Error,
        ),
        (
            out_of_memory.clone(),
            Some("SIGKILL"),
            StatusCode::Error,
            lack,
            Some(137),
            "otel_run.run.exited",
            SeverityNumber::Error,
        ),
        // The kernel killed somebody else, and otel-run the command.
        (
            ExitFacts { timed_out: true, ..out_of_memory.clone() },
            Some("timeout"),
            StatusCode::Error,
            "",
            Some(137),
            "otel_run.run.exited",
            SeverityNumber::Error,
        ),
        (
            ExitFacts { oom_kills: 0, ..out_of_memory },
            Some("SIGKILL"),
            StatusCode::Error,
            "",
            Some(137),
            "otel_run.run.exited",
            SeverityNumber::Error,
        ),
        (exit(3), Some("3"), StatusCode::Error, "", Some(3), "otel_run.run.exited", SeverityNumber::Error),
        // It chose that number itself.
        (exit(143), Some("143"), StatusCode::Error, "", Some(143), "otel_run.run.exited", SeverityNumber::Error),
        (
            killed.clone(),
            Some("SIGTERM"),
            StatusCode::Error,
            "",
            Some(143),
            "otel_run.run.exited",
            SeverityNumber::Error,
        ),
        (
            ExitFacts { timed_out: true, ..killed },
            Some("timeout"),
            StatusCode::Error,
            "",
            Some(143),
            "otel_run.run.exited",
            SeverityNumber::Error,
        ),
        (
            not_started,
            Some("ENOENT"),
            StatusCode::Error,
            "No such file or directory",
            Some(127),
            "otel_run.run.exec_failed",
            SeverityNumber::Error,
        ),
        (
            abandoned,
            Some("_OTHER"),
            StatusCode::Error,
            "otel-run ended before the command",
            None,
            "otel_run.run.abandoned",
            SeverityNumber::Warn,
        ),
    ];
    for (exit, error, status, description, code, event, severity) in table {
        let mut run = run();
        run.pid = run.pid.filter(|_| exit.exec_error.is_none());
        assert_eq!(error_type(&exit).as_deref(), error);
        let span = span(&run, &exit);
        let found = attributes(&span.attributes);
        let code = code.map(|code| format!("int {code}"));
        assert_eq!(found.get("error.type").map(String::as_str), error, "{exit:?}");
        assert_eq!(found.get("process.exit.code"), code.as_ref());
        assert_eq!(found.get("otel_run.process.exit.signal"), exit.signal.as_ref());
        assert_eq!(found.contains_key("otel_run.process.core_dumped"), exit.signal.is_some());
        assert_eq!(found.contains_key("process.pid"), exit.exec_error.is_none());
        let found = span.status.unwrap();
        assert_eq!((found.code(), found.message.as_str()), (status, description));

        let records = log_records(&exited(&run, &exit).unwrap());
        assert_eq!(records.len(), 1);
        assert_eq!((records[0].event_name.as_str(), records[0].severity_number()), (event, severity));
        let found = attributes(&records[0].attributes);
        assert_eq!(found.get("error.type").map(String::as_str), error);
        assert_eq!(found.get("process.exit.code"), code.as_ref());
        assert_eq!(found.get("otel_run.process.exit.signal"), exit.signal.as_ref());
    }
}

#[test]
fn the_executable_is_what_runs_where_it_is_known() {
    let mut run = run();
    run.command = "./oc".to_owned();
    assert_eq!(attributes(&span(&run, &exit(0)).attributes)["process.executable.name"], "opencode");
    run.executable_path = None;
    let found = attributes(&span(&run, &exit(0)).attributes);
    assert_eq!(found["process.executable.name"], "oc");
    assert!(!found.contains_key("process.executable.path"));
}

#[test]
fn a_clock_set_back_makes_no_negative_duration() {
    let span = span(&run(), &ExitFacts { ended_unix_nano: START - 1, ..exit(0) });
    assert_eq!(span.end_time_unix_nano, START);
}

#[test]
fn links_to_other_traces() {
    let links = (1..=200).map(|n| SpanLink { trace_id: TraceId::from(n), span_id: SpanId::from(9) }).collect();
    let span = span(&run(), &ExitFacts { links, ..exit(0) });
    assert_eq!((span.links.len(), span.dropped_links_count), (200, 0));
    assert_eq!(span.links[1].trace_id, 2u128.to_be_bytes());
    assert_eq!(span.links[1].span_id, 9u64.to_be_bytes());
    assert_eq!(span.links[1].flags, 0x301);
}

#[test]
fn the_record_of_the_start() {
    let records = log_records(&started(&run()).unwrap());
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(record.event_name, "otel_run.run.started");
    assert_eq!((record.time_unix_nano, record.observed_time_unix_nano), (START, START));
    assert_eq!((record.severity_number(), record.severity_text.as_str()), (SeverityNumber::Info, "INFO"));
    assert_eq!(
        (record.trace_id.as_slice(), record.span_id.as_slice()),
        (&0xabcu128.to_be_bytes()[..], &0x123u64.to_be_bytes()[..])
    );
    assert_eq!(record.flags, 1);
    assert_eq!(
        attributes(&record.attributes),
        pairs(&[
            ("otel_run.run.id", "20261120-110915-a1b2c3"),
            ("process.executable.name", "opencode"),
            ("process.pid", "int 4712"),
            ("otel_run.agent.name", "opencode"),
        ])
    );
}

#[test]
fn what_is_rare_is_told_where_it_was() {
    let rare = ExitFacts {
        interrupted_by: Some("SIGINT".to_owned()),
        stopped: Duration::from_millis(2500),
        drained: Duration::from_millis(125),
        oom_kills: 2,
        descendants_left: Some(0),
        ..exit(0)
    };
    let names = [
        ("otel_run.run.interrupted_by", "SIGINT"),
        ("otel_run.process.stopped_seconds", "double 2.5"),
        ("otel_run.run.drained_seconds", "double 0.125"),
        ("otel_run.process.oom_kills", "int 2"),
        ("otel_run.run.descendants_left", "int 0"),
    ];
    let (with, without) = (span(&run(), &rare), span(&run(), &exit(0)));
    let (with_status, with, without) = (with.status, attributes(&with.attributes), attributes(&without.attributes));
    for (name, value) in names {
        assert_eq!((with.get(name).map(String::as_str), without.get(name)), (Some(value), None), "{name}");
    }
    // An interruption that the command made the best of is no error.
    assert_eq!(with_status, Some(Default::default()));
    let records = log_records(&exited(&run(), &rare).unwrap());
    assert_eq!(attributes(&records[0].attributes)["otel_run.run.interrupted_by"], "SIGINT");
}

fn received(signal: &str, sender: Sender) -> Happening {
    Happening::Signal(ReceivedSignal { signal: signal.to_owned(), forwarded: true, sender })
}

#[test]
fn what_happens_is_recorded_with_its_own_time() {
    let process = |name: Option<&str>| Sender::Process { pid: 77, name: name.map(str::to_owned) };
    let signal = |signal: &str| signal.to_owned();
    type Row<'a> = (Happening, &'a str, SeverityNumber, &'a [(&'a str, &'a str)]);
    let table: [Row<'_>; 6] = [
        (
            received("SIGTERM", process(Some("timeout"))),
            "otel_run.signal.received",
            SeverityNumber::Warn,
            &[
                ("otel_run.signal.name", "SIGTERM"),
                ("otel_run.signal.forwarded", "boolean true"),
                ("otel_run.signal.sender.type", "process"),
                ("otel_run.signal.sender.pid", "int 77"),
                ("otel_run.signal.sender.name", "timeout"),
            ],
        ),
        (
            received("SIGUSR1", process(None)),
            "otel_run.signal.received",
            SeverityNumber::Info,
            &[
                ("otel_run.signal.name", "SIGUSR1"),
                ("otel_run.signal.forwarded", "boolean true"),
                ("otel_run.signal.sender.type", "process"),
                ("otel_run.signal.sender.pid", "int 77"),
            ],
        ),
        (
            Happening::Signal(ReceivedSignal { signal: signal("SIGINT"), forwarded: false, sender: Sender::Kernel }),
            "otel_run.signal.received",
            SeverityNumber::Warn,
            &[
                ("otel_run.signal.name", "SIGINT"),
                ("otel_run.signal.forwarded", "boolean false"),
                ("otel_run.signal.sender.type", "kernel"),
            ],
        ),
        (
            Happening::Stopped { signal: signal("SIGTSTP") },
            "otel_run.run.stopped",
            SeverityNumber::Info,
            &[("otel_run.signal.name", "SIGTSTP")],
        ),
        (
            Happening::Continued { after: Duration::from_millis(1500) },
            "otel_run.run.continued",
            SeverityNumber::Info,
            &[("otel_run.process.stopped_seconds", "double 1.5")],
        ),
        (
            Happening::TimedOut { signal: signal("SIGTERM") },
            "otel_run.run.timed_out",
            SeverityNumber::Error,
            &[("otel_run.signal.name", "SIGTERM")],
        ),
    ];
    for (happening, event, severity, expected) in table {
        let records = log_records(&happened(&run(), &happening, START + 7).unwrap());
        assert_eq!(records.len(), 1);
        let record = &records[0];
        assert_eq!((record.event_name.as_str(), record.time_unix_nano), (event, START + 7));
        assert_eq!((record.severity_number(), record.span_id.as_slice()), (severity, &0x123u64.to_be_bytes()[..]));
        let mut expected = pairs(expected);
        expected
            .extend(pairs(&[("otel_run.run.id", "20261120-110915-a1b2c3"), ("process.executable.name", "opencode")]));
        assert_eq!(attributes(&record.attributes), expected);
    }
}

#[test]
fn some_signals_ask_for_the_end() {
    for (signal, expected) in [
        ("SIGINT", true),
        ("SIGTERM", true),
        ("SIGHUP", true),
        ("SIGQUIT", true),
        ("SIGUSR1", false),
        ("SIGTSTP", false),
        ("SIGCONT", false),
    ] {
        let Happening::Signal(received) = received(signal, Sender::Kernel) else { unreachable!() };
        assert_eq!(received.interrupts(), expected, "{signal}");
    }
}

/// A group of metrics: its resource's attributes, and the points of each metric.
type Group = (BTreeMap<String, String>, Vec<Metric>);

fn groups(points: &Points) -> Vec<Group> {
    let request = ExportMetricsServiceRequest::decode(points.request.as_slice()).unwrap();
    let groups = request.resource_metrics.into_iter().map(|mut group| {
        assert_eq!((group.scope_metrics.len(), group.schema_url.as_str()), (1, SCHEMA_URL));
        let scope_metrics = group.scope_metrics.remove(0);
        assert_eq!(scope_metrics.scope.unwrap().name, "otel-run");
        (attributes(&group.resource.unwrap().attributes), scope_metrics.metrics)
    });
    let groups: Vec<Group> = groups.collect();
    let count: usize = groups.iter().flat_map(|(_, metrics)| metrics).map(|metric| points_of(metric).len()).sum();
    assert_eq!(points.count as usize, count);
    groups
}

fn points_of(metric: &Metric) -> &[NumberDataPoint] {
    match metric.data.as_ref().unwrap() {
        Data::Sum(sum) => &sum.data_points,
        Data::Gauge(gauge) => &gauge.data_points,
        other => panic!("{other:?}"),
    }
}

/// The points of a group: name, attribute and value of each.
fn told(metrics: &[Metric]) -> Vec<(String, String, String)> {
    let mut told = Vec::new();
    for metric in metrics {
        for point in points_of(metric) {
            let attributes = attributes(&point.attributes).into_iter().map(|(name, value)| format!("{name}={value}"));
            let value = match point.value.unwrap() {
                Number::AsDouble(value) => format!("double {value}"),
                Number::AsInt(value) => format!("int {value}"),
            };
            told.push((metric.name.clone(), attributes.collect::<Vec<_>>().join(","), value));
        }
    }
    told
}

fn rows(rows: &[[&str; 3]]) -> Vec<(String, String, String)> {
    rows.iter().map(|[name, attributes, value]| (name.to_string(), attributes.to_string(), value.to_string())).collect()
}

#[test]
fn the_metrics_of_an_end() {
    let exit = ExitFacts { usage: Some(used()), ..exit(0) };
    let groups = groups(&last_points(&run(), &exit).unwrap());
    assert_eq!(groups.len(), 2);
    let (resource, metrics) = &groups[0];
    let expected = [
        ("service.name", "otel-run"),
        ("process.pid", "int 4712"),
        ("process.creation.time", "2026-11-18T11:06:40.123456789Z"),
        ("process.executable.name", "opencode"),
        ("process.executable.path", "/usr/lib/node_modules/.bin/opencode"),
    ];
    assert_eq!(*resource, pairs(&expected));
    assert_eq!(
        told(metrics),
        rows(&[
            ["process.cpu.time", "cpu.mode=user", "double 1.5"],
            ["process.cpu.time", "cpu.mode=system", "double 0.25"],
            ["process.paging.faults", "system.paging.fault.type=minor", "int 1"],
            ["process.paging.faults", "system.paging.fault.type=major", "int 2"],
            ["process.context_switches", "process.context_switch.type=voluntary", "int 3"],
            ["process.context_switches", "process.context_switch.type=involuntary", "int 4"],
            ["process.disk.io", "disk.io.direction=read", "int 512"],
            ["process.disk.io", "disk.io.direction=write", "int 1024"],
            ["process.uptime", "", "double 5.000000001"],
        ])
    );
    let (resource, metrics) = &groups[1];
    assert_eq!(*resource, pairs(&[("service.name", "otel-run"), ("process.pid", "int 5")]));
    let named = "otel_run.agent.name=opencode,process.executable.name=opencode";
    assert_eq!(told(metrics), rows(&[["otel_run.run.active", named, "int 0"]]));

    // The numbers are those of the span.
    let span = span(&run(), &exit);
    let wall = Duration::from_nanos(span.end_time_unix_nano - span.start_time_unix_nano).as_secs_f64();
    assert_eq!(wall, 5.000000001);
    let found = attributes(&span.attributes);
    assert_eq!(found["otel_run.process.cpu.user_seconds"], "double 1.5");
    assert_eq!(found["otel_run.process.disk.written_bytes"], "int 1024");
}

#[test]
fn metrics_have_the_types_that_they_are_described_with() {
    let end = last_points(&run(), &ExitFacts { usage: Some(used()), ..exit(0) }).unwrap();
    let beat = heartbeat(&run(), END).unwrap();
    for (points, all) in [(end, true), (beat, false)] {
        for ((_, metrics), descriptions) in groups(&points).iter().zip([OF_THE_COMMAND, OF_OTEL_RUN]) {
            assert!(!all || metrics.len() == descriptions.len());
            for metric in metrics {
                let description = descriptions.iter().find(|description| description.name == metric.name).unwrap();
                assert_eq!(
                    (metric.unit.as_str(), metric.description.as_str()),
                    (description.unit, description.meaning)
                );
                let instrument = match metric.data.as_ref().unwrap() {
                    Data::Sum(sum) => {
                        assert_eq!(sum.aggregation_temporality(), AggregationTemporality::Cumulative);
                        if sum.is_monotonic { Instrument::Counter } else { Instrument::UpDownCounter }
                    }
                    _ => Instrument::Gauge,
                };
                assert_eq!(instrument, description.instrument);
                for point in points_of(metric) {
                    assert_eq!((point.start_time_unix_nano, point.time_unix_nano), (START, END));
                    let names: Vec<&str> = point.attributes.iter().map(|pair| pair.key.as_str()).collect();
                    assert_eq!(names, description.attributes, "{}", metric.name);
                }
            }
        }
    }
}

#[test]
fn sums_are_told_as_it_is_preferred() {
    for (preferred, of_counters) in [
        (Temporality::Cumulative, AggregationTemporality::Cumulative),
        (Temporality::Delta, AggregationTemporality::Delta),
        (Temporality::LowMemory, AggregationTemporality::Cumulative),
    ] {
        let run = RunFacts { temporality: preferred, ..run() };
        let end = last_points(&run, &ExitFacts { usage: Some(used()), ..exit(0) }).unwrap();
        let mut counters = 0;
        for metric in groups(&end).into_iter().flat_map(|(_, metrics)| metrics) {
            let Some(Data::Sum(sum)) = &metric.data else { continue };
            counters += u32::from(sum.is_monotonic);
            let expected = if sum.is_monotonic { of_counters } else { AggregationTemporality::Cumulative };
            assert_eq!(sum.aggregation_temporality(), expected, "{} {preferred:?}", metric.name);
        }
        assert_eq!(counters, 4);
    }
}

/// Instruments and units as the conventions have them (semantic conventions for process metrics).
#[test]
fn metrics_of_the_conventions_are_as_they_say() {
    for (name, instrument, unit, attributes) in [
        ("process.cpu.time", Instrument::Counter, "s", &["cpu.mode"][..]),
        ("process.paging.faults", Instrument::Counter, "{fault}", &["system.paging.fault.type"]),
        ("process.context_switches", Instrument::Counter, "{context_switch}", &["process.context_switch.type"]),
        ("process.disk.io", Instrument::Counter, "By", &["disk.io.direction"]),
        ("process.uptime", Instrument::Gauge, "s", &[]),
    ] {
        let description = OF_THE_COMMAND.iter().find(|description| description.name == name).unwrap();
        assert_eq!((description.instrument, description.unit), (instrument, unit), "{name}");
        assert_eq!(description.attributes, attributes, "{name}");
    }
}

#[test]
fn a_heartbeat_says_since_when_the_command_runs() {
    let groups = groups(&heartbeat(&run(), START + 60_000_000_000).unwrap());
    assert_eq!(told(&groups[0].1), rows(&[["process.uptime", "", "double 60"]]));
    assert_eq!(groups[0].0["process.pid"], "int 4712");
    assert_eq!(points_of(&groups[1].1[0])[0].value, Some(Number::AsInt(1)));
    // The clock was set back.
    let groups = self::groups(&heartbeat(&run(), START - 1).unwrap());
    assert_eq!(told(&groups[0].1), rows(&[["process.uptime", "", "double 0"]]));
}

#[test]
fn what_is_not_known_has_no_metrics() {
    let error = ExecError { errno_name: "ENOENT".to_owned(), message: "No such file or directory".to_owned() };
    assert_eq!(last_points(&run(), &ExitFacts { exec_error: Some(error), ..exit(127) }), None);
    // Nobody saw the end: that the run goes on is over all the same.
    let groups = groups(&last_points(&run(), &ExitFacts { exit_code: None, ..exit(0) }).unwrap());
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].1[0].name, "otel_run.run.active");
}

/// What stands on span, stand-ins and log records is what the page says.
#[test]
fn what_is_documented_is_what_is_said() {
    let types_fit = |found: &BTreeMap<String, String>| {
        for (name, value) in found {
            let kind = value.split(' ').next().filter(|kind| ["int", "double", "boolean"].contains(kind));
            assert_eq!(described(name).0, kind.unwrap_or("string"), "{name}");
        }
    };
    let sorted = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<BTreeSet<_>>();
    let everything = ExitFacts {
        signal: Some("SIGKILL".to_owned()),
        core_dumped: true,
        interrupted_by: Some("SIGINT".to_owned()),
        usage: Some(used()),
        stopped: Duration::from_secs(1),
        drained: Duration::from_secs(1),
        oom_kills: 1,
        thinned: 1,
        descendants_left: Some(1),
        ..exit(137)
    };
    let found = attributes(&span(&run(), &ExitFacts { still_running: true, ..everything.clone() }).attributes);
    types_fit(&found);
    assert_eq!(found.into_keys().collect::<BTreeSet<_>>(), sorted(SPAN));
    let missing = [StandIn { span_id: SpanId::from(5), start_unix_nano: 10, end_unix_nano: 20, children: 3 }];
    let found = resource_spans(&stand_ins(&run(), &missing).unwrap()).scope_spans.remove(0).spans.remove(0);
    assert_eq!(attributes(&found.attributes).into_keys().collect::<BTreeSet<_>>(), sorted(STAND_INS));

    let error = ExecError { errno_name: "ENOENT".to_owned(), message: "No such file or directory".to_owned() };
    let interrupted_by = everything.interrupted_by.clone();
    let abandoned = ExitFacts { exit_code: None, interrupted_by, still_running: true, ..exit(0) };
    let sender = Sender::Process { pid: 5, name: Some("sh".to_owned()) };
    let signal = || "SIGTERM".to_owned();
    let requests = [
        started(&run()),
        happened(&run(), &received("SIGTERM", sender), 1),
        happened(&run(), &Happening::Stopped { signal: signal() }, 1),
        happened(&run(), &Happening::Continued { after: Duration::from_secs(1) }, 1),
        happened(&run(), &Happening::TimedOut { signal: signal() }, 1),
        exited(&run(), &everything),
        exited(&run(), &ExitFacts { exec_error: Some(error), ..exit(127) }),
        exited(&run(), &abandoned),
    ];
    assert_eq!(requests.len(), EVENTS.len());
    for (request, event) in requests.into_iter().zip(EVENTS) {
        let record = log_records(&request.unwrap()).remove(0);
        assert_eq!(record.event_name, event.name);
        let found = attributes(&record.attributes);
        types_fit(&found);
        assert_eq!(found.into_keys().collect::<BTreeSet<_>>(), sorted(&[COMMON, event.attributes].concat()));
    }
}

#[test]
fn an_unsampled_run_has_no_spans() {
    let mut run = run();
    run.context.sampled = false;
    assert_eq!(run_span(&run, &exit(0)), None);
    assert_eq!(log_records(&exited(&run, &exit(0)).unwrap())[0].flags, 0);
    assert!(started(&run).is_some() && last_points(&run, &exit(0)).is_some() && heartbeat(&run, END).is_some());
    assert_eq!(
        stand_ins(&run, &[StandIn { span_id: SpanId::from(5), start_unix_nano: 1, end_unix_nano: 2, children: 1 }]),
        None
    );
}

#[test]
fn a_disabled_sdk_has_nothing() {
    let mut run = run();
    run.context.recording = false;
    assert_eq!((started(&run), exited(&run, &exit(1)), run_span(&run, &exit(1))), (None, None, None));
    assert_eq!(happened(&run, &received("SIGTERM", Sender::Kernel), 1), None);
    assert_eq!((heartbeat(&run, END), last_points(&run, &exit(1))), (None, None));
}

#[test]
fn stand_ins_hang_below_the_run() {
    let missing = [
        StandIn { span_id: SpanId::from(5), start_unix_nano: 10, end_unix_nano: 20, children: 3 },
        StandIn { span_id: SpanId::from(6), start_unix_nano: 30, end_unix_nano: 20, children: 1 },
    ];
    let spans = resource_spans(&stand_ins(&run(), &missing).unwrap()).scope_spans.remove(0).spans;
    assert_eq!(spans.len(), 2);
    let span = &spans[0];
    assert_eq!((span.name.as_str(), span.kind), ("(missing span)", SpanKind::Internal as i32));
    assert_eq!(span.trace_id, 0xabcu128.to_be_bytes());
    assert_eq!(span.span_id, 5u64.to_be_bytes());
    assert_eq!(span.parent_span_id, 0x123u64.to_be_bytes());
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (10, 20));
    assert_eq!((span.trace_state.as_str(), span.flags), ("foo=1 , bar=2,", 1));
    let expected = pairs(&[("otel_run.stand_in", "boolean true"), ("otel_run.stand_in.children", "int 3")]);
    assert_eq!(attributes(&span.attributes), expected);
    assert_eq!((spans[1].start_time_unix_nano, spans[1].end_time_unix_nano), (30, 30));
    assert_eq!(stand_ins(&run(), &[]), None);
}
