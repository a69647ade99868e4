//! What otel-run says about the run itself: one span, log records about its life, and metrics, as OTLP protobuf.
//!
//! Span and log records are made by the OpenTelemetry SDK with a processor that keeps what ended, and turned into OTLP by
//! its own transforms. Three things the SDK cannot express are set on the OTLP message: the random flag of a new trace, a
//! `tracestate` byte for byte, and stand-in spans, whose ids are given. Metrics are written as OTLP at once: their numbers
//! come from the kernel, and there is nothing to aggregate. The resource, which is the larger part of most of these
//! messages, is encoded once for all of them.

pub mod documentation;
mod found;
pub mod log;
pub mod metrics;
pub mod name;
pub mod sample;
mod span;

use std::sync::LazyLock;
use std::time::Duration;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry::{InstrumentationScope, Value};
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use prost::Message;

use crate::context::RunContext;
use crate::context::names::*;
use crate::context::resource::{OTEL_RUN, VERSION};
use crate::otlp::wire::{put_message, put_string_field};
use crate::settings::Temporality;

pub use found::Found;
pub use log::happened;
pub use metrics::{Points, heartbeat};
pub use span::stand_ins;

/// What is known when the command has been started, or could not be.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFacts {
    /// The run's place in a trace.
    pub context: RunContext,
    /// The resource.
    pub resource: Resource,
    /// The run's name.
    pub run_id: String,
    /// The span's name, from [`name::span_name`].
    pub name: String,
    /// The agent's profile, if one was recognised.
    pub agent: Option<String>,
    /// The agent's version, as its package says.
    pub agent_version: Option<String>,
    /// How the agent is used: `cli`, `tui` or `server`.
    pub agent_mode: Option<String>,
    /// The command as the user typed it (`argv[0]`).
    pub command: String,
    /// How many arguments the command got, itself included. What they are is never recorded.
    pub args_count: usize,
    /// The path of the executable file, where it was found.
    pub executable_path: Option<String>,
    /// The process id of the command; none where it could not be started.
    pub pid: Option<u32>,
    /// Whether the command has a terminal.
    pub interactive: bool,
    /// When the command was started, in nanoseconds since 1970.
    pub started_unix_nano: u64,
    /// How sums that grow are told.
    pub temporality: Temporality,
}

/// The resource of what otel-run says, as the bytes of an OTLP `Resource` in two parts: what is true of the command's process
/// as well, and what describes the process of otel-run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    shared: Vec<u8>,
    process: Vec<u8>,
}

impl Resource {
    /// Encodes attributes, from [`crate::context::resource::wrapper_resource`].
    pub fn new(attributes: &[(String, Value)]) -> Self {
        let (mut shared, mut process) = (Vec::with_capacity(64 * attributes.len()), Vec::new());
        for (name, value) in attributes {
            put_attribute(if name.starts_with("process.") { &mut process } else { &mut shared }, name, value);
        }
        Self { shared, process }
    }

    /// The parts of otel-run's own resource.
    fn of_otel_run(&self) -> [&[u8]; 2] {
        [&self.shared, &self.process]
    }

    /// The parts of a resource that differs in the process: `process` are the encoded attributes of the other one.
    fn of_another<'a>(&'a self, process: &'a [u8]) -> [&'a [u8]; 2] {
        [&self.shared, process]
    }
}

/// Appends an attribute to the bytes of an OTLP `Resource`.
fn put_attribute(out: &mut Vec<u8>, name: &str, value: &Value) {
    put_message(out, 1, name.len() + 32, |out| {
        put_string_field(out, 1, name);
        put_message(out, 2, 32, |out| match value {
            Value::String(text) => put_string_field(out, 1, text.as_str()),
            // A vector has room for everything.
            other => drop(AnyValue::from(other.clone()).encode(out)),
        });
    });
}

/// How the command ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExitFacts {
    /// When it ended, in nanoseconds since 1970; where nobody saw the end, the last time that anything was heard.
    pub ended_unix_nano: u64,
    /// The exit status as a shell shows it: 128+n for death by signal n, 126/127 for a failed exec. None where nobody
    /// saw the end because otel-run itself was killed.
    pub exit_code: Option<i32>,
    /// The signal that killed it, as in `SIGTERM`; never derived from the exit code.
    pub signal: Option<String>,
    /// Whether it left a core dump.
    pub core_dumped: bool,
    /// Whether otel-run ended it because its time was over.
    pub timed_out: bool,
    /// Whether it still ran when somebody else closed the run of an otel-run that was killed.
    pub still_running: bool,
    /// Whether its exit code was declared an answer and no error (`--success-code`). Death by signal and the end of its
    /// time are errors all the same.
    pub success: bool,
    /// The first signal that asked it to end while it lived, as in `SIGINT`, whatever the command made of it.
    pub interrupted_by: Option<String>,
    /// Why it could not be started.
    pub exec_error: Option<ExecError>,
    /// What it used.
    pub usage: Option<Usage>,
    /// How long it was stopped, all stops together.
    pub stopped: Duration,
    /// The agent's version, as it said itself.
    pub agent_version: Option<String>,
    /// Processes of its control group that the kernel killed for lack of memory while it ran.
    pub oom_kills: u64,
    /// Processes that it started and that still ran when everything had arrived; none where that is not known.
    pub descendants_left: Option<u64>,
    /// From its end until everything that it sent had arrived.
    pub drained: Duration,
    /// Spans of the command that were left out because they are housekeeping.
    pub thinned: u64,
    /// Spans of other traces that belong to the run, for `--nest=link`.
    pub links: Vec<SpanLink>,
}

/// A failed exec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecError {
    /// The name of the errno, as in `ENOENT`.
    pub errno_name: String,
    /// The operating system's words for it.
    pub message: String,
}

/// What the command and the descendants that it waited for used (getrusage(2)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in user mode.
    pub user: Duration,
    /// Processor time in the kernel.
    pub system: Duration,
    /// The largest resident set of any one process, in bytes.
    pub max_rss_bytes: u64,
    /// Page faults that needed no input.
    pub minor_faults: u64,
    /// Page faults that needed input.
    pub major_faults: u64,
    /// Context switches because a process waited.
    pub voluntary_switches: u64,
    /// Context switches because a process's time was up.
    pub involuntary_switches: u64,
    /// Bytes that were really read from a block device.
    pub block_input_bytes: u64,
    /// Bytes that were really written to a block device.
    pub block_output_bytes: u64,
}

/// Something that happened while the command lived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// otel-run received a signal.
    Signal(ReceivedSignal),
    /// A signal stopped the command.
    Stopped {
        /// Its name, as in `SIGTSTP`.
        signal: String,
    },
    /// The command goes on after a stop.
    Continued {
        /// How long it was stopped.
        after: Duration,
    },
    /// The command's time was over, and it was sent a signal.
    TimedOut {
        /// Its name, as in `SIGTERM`.
        signal: String,
    },
}

/// A signal that otel-run received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedSignal {
    /// Its name, as in `SIGTERM`.
    pub signal: String,
    /// Whether it was passed on to the command.
    pub forwarded: bool,
    /// Who sent it.
    pub sender: Sender,
}

/// Who sent a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// The kernel: a key at the terminal, or its hang-up.
    Kernel,
    /// A process.
    Process {
        /// Its id; 0 for a process that cannot be seen from here, outside of the container.
        pid: i32,
        /// Its name, where it could still be read.
        name: Option<String>,
    },
}

impl ReceivedSignal {
    /// Whether it asks the command to end.
    pub fn interrupts(&self) -> bool {
        asks_to_end(&self.signal)
    }
}

fn asks_to_end(signal: &str) -> bool {
    matches!(signal, "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT")
}

/// A span of another trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanLink {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
}

/// A span that others named as their parent and that never arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandIn {
    /// The id that was named.
    pub span_id: SpanId,
    /// When the first of its children began, in nanoseconds since 1970.
    pub start_unix_nano: u64,
    /// When the last of its children ended, in nanoseconds since 1970.
    pub end_unix_nano: u64,
    /// How many there are.
    pub children: u64,
}

/// The record of the start, as the bytes of an `ExportLogsServiceRequest`; `None` where nothing is recorded
/// (`OTEL_SDK_DISABLED=true`). A trace that is not sampled has its log records all the same.
pub fn started(run: &RunFacts) -> Option<Vec<u8>> {
    run.context.recording.then(|| log::started(run))
}

/// The record of the end, in the same form.
pub fn exited(run: &RunFacts, exit: &ExitFacts) -> Option<Vec<u8>> {
    run.context.recording.then(|| log::ended(run, exit))
}

/// The run's last metrics; `None` where nothing is recorded, or the command could not be started.
pub fn last_points(run: &RunFacts, exit: &ExitFacts) -> Option<Points> {
    if run.context.recording { metrics::ended(run, exit) } else { None }
}

/// The run's span, as the bytes of an `ExportTraceServiceRequest`; `None` where nothing is recorded, or the trace is not
/// sampled.
pub fn run_span(run: &RunFacts, exit: &ExitFacts) -> Option<Vec<u8>> {
    if run.context.recording && run.context.sampled { span::run_span(run, exit) } else { None }
}

/// `error.type` of the run, on everything that has one: the errno of a failed exec, `timeout`, the name of the signal,
/// the exit code, or `_OTHER` where nobody saw the end. `None` for exit code 0 (semantic conventions for CLI programs), and
/// for one that was declared an answer.
pub fn error_type(exit: &ExitFacts) -> Option<String> {
    if let Some(error) = &exit.exec_error {
        return Some(error.errno_name.clone());
    }
    if exit.timed_out {
        return Some("timeout".to_owned());
    }
    match (&exit.signal, exit.exit_code) {
        (Some(signal), _) => Some(signal.clone()),
        (None, Some(0)) => None,
        (None, Some(_)) if exit.success => None,
        (None, Some(code)) => Some(code.to_string()),
        (None, None) => Some("_OTHER".to_owned()),
    }
}

/// Whether the kernel killed the command for lack of memory, as far as that can be told: it died of a SIGKILL that is not
/// otel-run's own, and its control group had such kills meanwhile.
pub fn out_of_memory(exit: &ExitFacts) -> bool {
    exit.signal.as_deref() == Some("SIGKILL") && exit.oom_kills > 0 && !exit.timed_out
}

/// `process.executable.name`: of the file that is run where it is known, else of the command as it was typed.
fn executable_name(run: &RunFacts) -> String {
    name::base_name(run.executable_path.as_ref().unwrap_or(&run.command).as_ref())
}

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(OTEL_RUN).with_version(VERSION).with_schema_url(SCHEMA_URL).build()
}

/// The same for the SDK, which takes long to make one.
fn empty_resource() -> opentelemetry_sdk::Resource {
    static EMPTY: LazyLock<opentelemetry_sdk::Resource> =
        LazyLock::new(|| opentelemetry_sdk::Resource::builder_empty().build());
    EMPTY.clone()
}

/// A resource without attributes, for the transforms; [`request`] puts in the run's.
fn no_resource() -> ResourceAttributesWithSchema {
    ResourceAttributesWithSchema { schema_url: Some(SCHEMA_URL.to_owned()), ..Default::default() }
}

/// An export request with one group of the run's resource: a `ResourceSpans` or `ResourceLogs`, `group` being the rest
/// of it.
fn request(run: &RunFacts, group: &impl Message) -> Vec<u8> {
    let mut out = Vec::new();
    let length = group.encoded_len();
    put_group(&mut out, run.resource.of_otel_run(), length, |out| {
        // A vector has room for everything.
        let _ = group.encode(out);
    });
    out
}

/// Appends a group of an export request: the resource, in two parts, and the rest of it, of about so many bytes.
fn put_group(out: &mut Vec<u8>, resource: [&[u8]; 2], rest_length: usize, put_rest: impl FnOnce(&mut Vec<u8>)) {
    let resource_length = resource.iter().map(|part| part.len()).sum::<usize>();
    let length = resource_length + rest_length + 8;
    out.reserve(length + 8);
    put_message(out, 1, length, |out| {
        put_message(out, 1, resource_length, |out| resource.iter().for_each(|part| out.extend_from_slice(part)));
        put_rest(out);
    });
}

/// Counts as OTLP has them.
fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// What a provider of the SDK has to leave: everything that ended, in its order.
#[derive(Debug)]
struct Captured<T>(std::sync::Arc<std::sync::Mutex<Vec<T>>>);

impl<T> Captured<T> {
    fn new() -> Self {
        Self(std::sync::Arc::default())
    }

    /// The same place once more.
    fn handle(&self) -> Self {
        Self(std::sync::Arc::clone(&self.0))
    }

    fn keep(&self, item: T) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(item);
    }

    fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

fn time(unix_nano: u64) -> std::time::SystemTime {
    std::time::UNIX_EPOCH + Duration::from_nanos(unix_nano)
}

#[cfg(test)]
mod tests;
