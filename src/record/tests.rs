#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue as OtlpKeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message;

use super::*;

const START: u64 = 1_795_000_000_123_456_789;
pub(super) const END: u64 = START + 5_000_000_001;

pub(super) fn run() -> RunFacts {
    RunFacts {
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
        any_value::Value::BoolValue(truth) => format!("bool {truth}"),
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

#[test]
fn a_successful_run() {
    let usage = Usage {
        user: Duration::from_millis(1500),
        system: Duration::from_millis(250),
        max_rss_bytes: 1 << 20,
        minor_faults: 1,
        major_faults: 2,
        voluntary_switches: 3,
        involuntary_switches: 4,
    };
    let span = span(&run(), &ExitFacts { usage: Some(usage), ..exit(0) });
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
            ("process.interactive", "bool true"),
            ("process.pid", "int 4712"),
            ("process.exit.code", "int 0"),
            ("otel_run.run.id", "20261120-110915-a1b2c3"),
            ("otel_run.agent.name", "opencode"),
            ("otel_run.process.cpu.user_seconds", "double 1.5"),
            ("otel_run.process.cpu.system_seconds", "double 0.25"),
            ("otel_run.process.memory.max_rss_bytes", "int 1048576"),
            ("otel_run.process.paging.minor_faults", "int 1"),
            ("otel_run.process.paging.major_faults", "int 2"),
            ("otel_run.process.context_switches.voluntary", "int 3"),
            ("otel_run.process.context_switches.involuntary", "int 4"),
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
    // (ending, error.type, status, description, exit code, event, severity)
    let table = [
        (exit(0), None, StatusCode::Unset, "", Some(0), "otel_run.run.exited", SeverityNumber::Info),
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
fn forwarded_signals_come_before_the_end() {
    let forwarded = vec![
        ForwardedSignal { signal: "SIGHUP".to_owned(), unix_nano: START + 1 },
        ForwardedSignal { signal: "SIGTERM".to_owned(), unix_nano: START + 2 },
    ];
    let records = log_records(&exited(&run(), &ExitFacts { forwarded, ..exit(0) }).unwrap());
    let found: Vec<_> = records
        .iter()
        .map(|record| (record.event_name.as_str(), record.time_unix_nano, attributes(&record.attributes)))
        .map(|(event, time, attributes)| (event, time, attributes.get("otel_run.signal.name").cloned()))
        .collect();
    let expected = [
        ("otel_run.signal.forwarded", START + 1, Some("SIGHUP".to_owned())),
        ("otel_run.signal.forwarded", START + 2, Some("SIGTERM".to_owned())),
        ("otel_run.run.exited", END, None),
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_unsampled_run_has_log_records_only() {
    let mut run = run();
    run.context.sampled = false;
    assert_eq!(run_span(&run, &exit(0)), None);
    assert_eq!(log_records(&exited(&run, &exit(0)).unwrap())[0].flags, 0);
    assert!(started(&run).is_some());
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
    let expected = pairs(&[("otel_run.stand_in", "bool true"), ("otel_run.stand_in.children", "int 3")]);
    assert_eq!(attributes(&span.attributes), expected);
    assert_eq!((spans[1].start_time_unix_nano, spans[1].end_time_unix_nano), (30, 30));
    assert_eq!(stand_ins(&run(), &[]), None);
}
