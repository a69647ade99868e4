//! What a run has said about itself already, read back from its log, for an otel-run that has to say the rest in place
//! of one that was killed.

use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogsData;
use opentelemetry_proto::tonic::metrics::v1::{Metric, MetricsData, metric, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::log::{RUN_ABANDONED, RUN_EXEC_FAILED, RUN_EXITED, RUN_STARTED, SIGNAL_RECEIVED};
use super::{ExecError, ExitFacts, RunFacts, asks_to_end};
use crate::context::names::*;
use crate::context::resource::OTEL_RUN;
use crate::otlp::wire::Reader;

/// What of a run's own telemetry is in its log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Whether the record of the start is.
    pub start: bool,
    /// Whether the record of the end is.
    pub end: bool,
    /// Whether the run's span is.
    pub span: bool,
    /// Whether the last data points are.
    pub points: bool,
    /// How the command ended, if record or span say it.
    pub exit: Option<ExitFacts>,
    /// The first signal that asked the command to end.
    pub interrupted_by: Option<String>,
}

impl Found {
    /// Looks at one span of the log: `scope` is its scope's name, `message` the whole of it.
    pub fn look_at_span(&mut self, run: &RunFacts, scope: &[u8], message: &[u8]) {
        if scope != OTEL_RUN.as_bytes() {
            return;
        }
        let Ok(span) = Span::decode(message) else { return };
        if is_of(run, &span.trace_id, &span.span_id) {
            self.span = true;
            let failed_to_start = integer(&span.attributes, PROCESS_PID).is_none();
            let words = span.status.map(|status| status.message).unwrap_or_default();
            self.exit = Some(exit(&span.attributes, span.end_time_unix_nano, failed_to_start.then_some(words)));
        }
    }

    /// Looks at one export request of logs.
    pub fn look_at_logs(&mut self, run: &RunFacts, request: &[u8]) {
        if !is_own(request) {
            return;
        }
        let Ok(data) = LogsData::decode(request) else { return };
        let scopes = data.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
        let records = scopes.flat_map(|scope| &scope.log_records);
        for record in records.filter(|record| is_of(run, &record.trace_id, &record.span_id)) {
            match record.event_name.as_str() {
                RUN_STARTED => self.start = true,
                SIGNAL_RECEIVED if self.interrupted_by.is_none() => {
                    self.interrupted_by = text(&record.attributes, SIGNAL).filter(|signal| asks_to_end(signal));
                }
                event @ (RUN_EXITED | RUN_EXEC_FAILED | RUN_ABANDONED) => {
                    self.end = true;
                    let failed_to_start = (event == RUN_EXEC_FAILED).then(String::new);
                    // The span says more.
                    self.exit.get_or_insert_with(|| exit(&record.attributes, record.time_unix_nano, failed_to_start));
                }
                _ => {}
            }
        }
    }

    /// Looks at one export request of metrics.
    pub fn look_at_metrics(&mut self, run: &RunFacts, request: &[u8]) {
        if !is_own(request) {
            return;
        }
        let Ok(data) = MetricsData::decode(request) else { return };
        for group in &data.resource_metrics {
            let attributes = group.resource.as_ref().map(|resource| resource.attributes.as_slice()).unwrap_or_default();
            let metrics = group.scope_metrics.iter().flat_map(|scope| &scope.metrics);
            self.points |= text(attributes, RUN_ID).as_ref() == Some(&run.run_id) && metrics.into_iter().any(is_over);
        }
    }
}

/// Whether this is the metric of a run that goes on no more.
fn is_over(metric: &Metric) -> bool {
    let Some(metric::Data::Sum(sum)) = metric.data.as_ref().filter(|_| metric.name == RUN_ACTIVE) else { return false };
    sum.data_points.iter().any(|point| point.value == Some(number_data_point::Value::AsInt(0)))
}

fn is_of(run: &RunFacts, trace_id: &[u8], span_id: &[u8]) -> bool {
    trace_id == run.context.trace_id.to_bytes() && span_id == run.context.span_id.to_bytes()
}

fn exit(attributes: &[KeyValue], ended_unix_nano: u64, failed_to_start: Option<String>) -> ExitFacts {
    let error_type = text(attributes, ERROR_TYPE);
    let exit_code = integer(attributes, PROCESS_EXIT_CODE).and_then(|code| i32::try_from(code).ok());
    ExitFacts {
        ended_unix_nano,
        exit_code,
        signal: text(attributes, EXIT_SIGNAL),
        core_dumped: truth(attributes, CORE_DUMPED),
        timed_out: error_type.as_deref() == Some("timeout"),
        still_running: truth(attributes, STILL_RUNNING),
        success: error_type.is_none() && exit_code != Some(0),
        interrupted_by: text(attributes, INTERRUPTED_BY),
        stopped: seconds(attributes, STOPPED).unwrap_or_default(),
        oom_kills: number(attributes, OOM_KILLS).unwrap_or_default(),
        descendants_left: number(attributes, DESCENDANTS_LEFT),
        exec_error: failed_to_start.and_then(|message| Some(ExecError { errno_name: error_type?, message })),
        ..ExitFacts::default()
    }
}

/// Whether a request of logs or metrics begins with what otel-run says, found without decoding it: `ResourceLogs` or
/// `ResourceMetrics` is field 1, `ScopeLogs` or `ScopeMetrics` field 2 of it, the scope field 1 of that, and its name field 1
/// again.
fn is_own(request: &[u8]) -> bool {
    let path = [1, 2, 1, 1];
    let name = path.into_iter().try_fold(request, |message, number| {
        let mut fields = Reader::new(message).filter_map(Result::ok);
        fields.find(|field| field.number == number).and_then(|field| field.value.bytes())
    });
    name == Some(OTEL_RUN.as_bytes())
}

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?.value.as_ref()
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    match value(attributes, key) {
        Some(Value::StringValue(text)) => Some(text.clone()),
        _ => None,
    }
}

fn integer(attributes: &[KeyValue], key: &str) -> Option<i64> {
    match value(attributes, key) {
        Some(Value::IntValue(number)) => Some(*number),
        _ => None,
    }
}

/// A count that an attribute holds.
fn number(attributes: &[KeyValue], key: &str) -> Option<u64> {
    integer(attributes, key).and_then(|number| u64::try_from(number).ok())
}

fn seconds(attributes: &[KeyValue], key: &str) -> Option<Duration> {
    match value(attributes, key) {
        Some(Value::DoubleValue(seconds)) => Duration::try_from_secs_f64(*seconds).ok(),
        _ => None,
    }
}

fn truth(attributes: &[KeyValue], key: &str) -> bool {
    matches!(value(attributes, key), Some(Value::BoolValue(true)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use opentelemetry_proto::tonic::trace::v1::TracesData;

    use super::super::{
        Happening, ReceivedSignal, Resource, Sender, exited, happened, heartbeat, last_points, run_span, started, tests,
    };
    use super::*;

    fn span(run: &RunFacts, exit: &ExitFacts) -> Vec<u8> {
        let data = TracesData::decode(&run_span(run, exit).unwrap()[..]).unwrap();
        data.resource_spans[0].scope_spans[0].spans[0].encode_to_vec()
    }

    /// What is found in the span, in the record, and in both.
    fn found(exit: &ExitFacts) -> [Found; 3] {
        let run = tests::run();
        let span = span(&run, exit);
        let [mut in_span, mut in_record, mut in_both] = [Found::default(), Found::default(), Found::default()];
        for found in [&mut in_record, &mut in_both] {
            found.look_at_logs(&run, &exited(&run, exit).unwrap());
        }
        for found in [&mut in_span, &mut in_both] {
            found.look_at_span(&run, b"otel-run", &span);
        }
        assert_eq!((in_span.span, in_span.end), (true, false));
        assert_eq!((in_record.span, in_record.end), (false, true));
        assert_eq!((in_both.span, in_both.end), (true, true));
        [in_span, in_record, in_both]
    }

    #[test]
    fn an_end_is_read_back_as_it_was_said() {
        let ended = ExitFacts { ended_unix_nano: tests::END, ..ExitFacts::default() };
        let interrupted_by = Some("SIGTERM".to_owned());
        for exit in [
            ExitFacts { exit_code: Some(0), ..ended.clone() },
            ExitFacts { exit_code: Some(0), interrupted_by: interrupted_by.clone(), ..ended.clone() },
            ExitFacts { exit_code: Some(3), ..ended.clone() },
            ExitFacts { exit_code: Some(3), success: true, ..ended.clone() },
            ExitFacts { exit_code: Some(143), signal: Some("SIGTERM".to_owned()), ..ended.clone() },
            ExitFacts { exit_code: Some(139), signal: Some("SIGSEGV".to_owned()), core_dumped: true, ..ended.clone() },
            ExitFacts { exit_code: Some(124), timed_out: true, ..ended.clone() },
            ExitFacts { interrupted_by, ..ended.clone() },
            ExitFacts { still_running: true, ..ended },
        ] {
            for found in found(&exit) {
                assert_eq!(found.exit.as_ref(), Some(&exit));
            }
        }
    }

    #[test]
    fn the_span_says_more_than_the_record() {
        let exit = ExitFacts {
            ended_unix_nano: tests::END,
            exit_code: Some(137),
            signal: Some("SIGKILL".to_owned()),
            stopped: Duration::from_millis(2500),
            oom_kills: 2,
            descendants_left: Some(0),
            ..ExitFacts::default()
        };
        let [in_span, _, in_both] = found(&exit);
        assert_eq!((in_span.exit.as_ref(), in_both.exit.as_ref()), (Some(&exit), Some(&exit)));
    }

    #[test]
    fn the_first_signal_that_asks_for_the_end_is_found() {
        let run = tests::run();
        let mut found = Found::default();
        for signal in ["SIGUSR1", "SIGTERM", "SIGINT"] {
            let received = ReceivedSignal { signal: signal.to_owned(), forwarded: true, sender: Sender::Kernel };
            found.look_at_logs(&run, &happened(&run, &Happening::Signal(received), 1).unwrap());
        }
        assert_eq!(found, Found { interrupted_by: Some("SIGTERM".to_owned()), ..Found::default() });
    }

    #[test]
    fn the_last_points_are_told_from_a_heartbeat_and_from_those_of_others() {
        let id = tests::run().run_id;
        let run = RunFacts { resource: Resource::new(&[(RUN_ID.to_owned(), id.into())]), ..tests::run() };
        let exit = ExitFacts { ended_unix_nano: tests::END, ..ExitFacts::default() };
        let last = last_points(&run, &exit).unwrap().request;
        let other = RunFacts { run_id: "another".to_owned(), ..run.clone() };
        let mut found = Found::default();
        found.look_at_metrics(&run, &heartbeat(&run, tests::END).unwrap().request);
        found.look_at_metrics(&other, &last);
        assert_eq!(found, Found::default());
        found.look_at_metrics(&run, &last);
        assert_eq!(found, Found { points: true, ..Found::default() });
    }

    #[test]
    fn a_failed_start_is_read_back() {
        let exec_error = ExecError { errno_name: "ENOENT".to_owned(), message: "no such file".to_owned() };
        let exit = ExitFacts { ended_unix_nano: tests::END, exit_code: Some(127), ..ExitFacts::default() };
        let exit = ExitFacts { exec_error: Some(exec_error), ..exit };
        let run = RunFacts { pid: None, ..tests::run() };
        let mut found = Found::default();
        found.look_at_logs(&run, &exited(&run, &exit).unwrap());
        // The record has no words for it.
        assert_eq!(found.exit.clone().unwrap().exec_error.unwrap().errno_name, "ENOENT");
        found.look_at_span(&run, b"otel-run", &span(&run, &exit));
        assert_eq!(found.exit, Some(exit));
    }

    #[test]
    fn what_others_say_is_not_the_runs_end() {
        let run = tests::run();
        let exit = ExitFacts { ended_unix_nano: tests::END, exit_code: Some(0), ..ExitFacts::default() };
        let mut inner = run.clone();
        inner.context.span_id = 0x999u64.into();
        let mut found = Found::default();
        found.look_at_logs(&run, &exited(&inner, &exit).unwrap());
        found.look_at_logs(&run, &started(&inner).unwrap());
        found.look_at_logs(&run, b"no request at all");
        found.look_at_span(&run, b"otel-run", &span(&inner, &exit));
        assert_eq!(found, Found::default());
        found.look_at_logs(&run, &started(&run).unwrap());
        assert_eq!(found, Found { start: true, ..Found::default() });
    }
}
