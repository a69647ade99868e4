//! What a run has said about itself already, read back from its log, for an otel-run that has to say the rest in place
//! of one that was killed.

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogsData;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::log::{RUN_ABANDONED, RUN_EXEC_FAILED, RUN_EXITED, RUN_STARTED};
use super::{ExecError, ExitFacts};
use crate::context::RunContext;
use crate::context::names::*;
use crate::context::resource::OTEL_RUN;
use crate::otlp::wire::Reader;

/// What of a run's own telemetry is in its log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Whether the record of the start is.
    pub start: bool,
    /// Whether the run's span is.
    pub span: bool,
    /// Whether the record of the end is.
    pub end: bool,
    /// How the command ended, if either of them says it.
    pub exit: Option<ExitFacts>,
}

impl Found {
    /// Looks at one span of the log: `scope` is its scope's name, `message` the whole of it.
    pub fn look_at_span(&mut self, run: &RunContext, scope: &[u8], message: &[u8]) {
        if scope != OTEL_RUN.as_bytes() {
            return;
        }
        let Ok(span) = Span::decode(message) else { return };
        if span.span_id == run.span_id.to_bytes() && span.trace_id == run.trace_id.to_bytes() {
            self.span = true;
            let failed_to_start = integer(&span.attributes, PROCESS_PID).is_none();
            let words = span.status.map(|status| status.message).unwrap_or_default();
            self.exit = Some(exit(&span.attributes, span.end_time_unix_nano, failed_to_start.then_some(words)));
        }
    }

    /// Looks at one export request of logs.
    pub fn look_at_logs(&mut self, run: &RunContext, request: &[u8]) {
        if !is_own(request) {
            return;
        }
        let Ok(data) = LogsData::decode(request) else { return };
        let scopes = data.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
        for record in scopes.flat_map(|scope| &scope.log_records) {
            if record.span_id != run.span_id.to_bytes() || record.trace_id != run.trace_id.to_bytes() {
                continue;
            }
            let event = record.event_name.as_str();
            self.start |= event == RUN_STARTED;
            if matches!(event, RUN_EXITED | RUN_EXEC_FAILED | RUN_ABANDONED) {
                self.end = true;
                let failed_to_start = (event == RUN_EXEC_FAILED).then(String::new);
                // The span says more.
                self.exit.get_or_insert_with(|| exit(&record.attributes, record.time_unix_nano, failed_to_start));
            }
        }
    }
}

fn exit(attributes: &[KeyValue], ended_unix_nano: u64, failed_to_start: Option<String>) -> ExitFacts {
    let error_type = text(attributes, ERROR_TYPE);
    ExitFacts {
        ended_unix_nano,
        exit_code: integer(attributes, PROCESS_EXIT_CODE).and_then(|code| i32::try_from(code).ok()),
        signal: text(attributes, EXIT_SIGNAL),
        core_dumped: truth(attributes, CORE_DUMPED),
        timed_out: error_type.as_deref() == Some("timeout"),
        exec_error: failed_to_start.and_then(|message| Some(ExecError { errno_name: error_type?, message })),
        still_running: truth(attributes, STILL_RUNNING),
        ..ExitFacts::default()
    }
}

/// Whether a request of logs begins with records of otel-run, found without decoding it: `ResourceLogs` is field 1,
/// `ScopeLogs` field 2 of it, the scope field 1 of that, and its name field 1 again.
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

fn truth(attributes: &[KeyValue], key: &str) -> bool {
    matches!(value(attributes, key), Some(Value::BoolValue(true)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use opentelemetry_proto::tonic::trace::v1::TracesData;

    use super::super::{RunFacts, exited, run_span, started, tests};
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
            found.look_at_logs(&run.context, &exited(&run, exit).unwrap());
        }
        for found in [&mut in_span, &mut in_both] {
            found.look_at_span(&run.context, b"otel-run", &span);
        }
        assert_eq!((in_span.span, in_span.end), (true, false));
        assert_eq!((in_record.span, in_record.end), (false, true));
        assert_eq!((in_both.span, in_both.end), (true, true));
        [in_span, in_record, in_both]
    }

    #[test]
    fn an_end_is_read_back_as_it_was_said() {
        let ended = ExitFacts { ended_unix_nano: tests::END, ..ExitFacts::default() };
        for exit in [
            ExitFacts { exit_code: Some(0), ..ended.clone() },
            ExitFacts { exit_code: Some(3), ..ended.clone() },
            ExitFacts { exit_code: Some(143), signal: Some("SIGTERM".to_owned()), ..ended.clone() },
            ExitFacts { exit_code: Some(139), signal: Some("SIGSEGV".to_owned()), core_dumped: true, ..ended.clone() },
            ExitFacts { exit_code: Some(124), timed_out: true, ..ended.clone() },
            ended.clone(),
            ExitFacts { still_running: true, ..ended },
        ] {
            for found in found(&exit) {
                assert_eq!(found.exit.as_ref(), Some(&exit));
            }
        }
    }

    #[test]
    fn a_failed_start_is_read_back() {
        let exec_error = ExecError { errno_name: "ENOENT".to_owned(), message: "no such file".to_owned() };
        let exit = ExitFacts { ended_unix_nano: tests::END, exit_code: Some(127), ..ExitFacts::default() };
        let exit = ExitFacts { exec_error: Some(exec_error), ..exit };
        let run = RunFacts { pid: None, ..tests::run() };
        let mut found = Found::default();
        found.look_at_logs(&run.context, &exited(&run, &exit).unwrap());
        // The record has no words for it.
        assert_eq!(found.exit.clone().unwrap().exec_error.unwrap().errno_name, "ENOENT");
        found.look_at_span(&run.context, b"otel-run", &span(&run, &exit));
        assert_eq!(found.exit, Some(exit));
    }

    #[test]
    fn what_others_say_is_not_the_runs_end() {
        let run = tests::run();
        let exit = ExitFacts { ended_unix_nano: tests::END, exit_code: Some(0), ..ExitFacts::default() };
        let mut inner = run.clone();
        inner.context.span_id = 0x999u64.into();
        let mut found = Found::default();
        found.look_at_logs(&run.context, &exited(&inner, &exit).unwrap());
        found.look_at_logs(&run.context, &started(&inner).unwrap());
        found.look_at_logs(&run.context, b"no request at all");
        found.look_at_span(&run.context, b"otel-run", &span(&inner, &exit));
        assert_eq!(found, Found::default());
        found.look_at_logs(&run.context, &started(&run).unwrap());
        assert_eq!(found, Found { start: true, ..Found::default() });
    }
}
