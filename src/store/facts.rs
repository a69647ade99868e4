//! What is written down about a run beside its telemetry: how it was started, how it ended, what was counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::otlp::Signal;
use crate::signals::Totals;

/// The first record of a run's log: everything that is known when the command has been started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    /// What the run is listed with.
    #[serde(flatten)]
    pub started: Started,
    /// What its span says besides, so that somebody else can make the span if this otel-run is killed. Logs of versions
    /// that did not write it down have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<SpanFacts>,
}

/// What the run's span and records say beside [`Started`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpanFacts {
    /// Whether the trace id is known to be random.
    pub random: bool,
    /// The `tracestate` that goes with the trace.
    pub tracestate: Option<String>,
    /// The command as it was typed (`argv[0]`).
    pub command: String,
    /// How many arguments the command got, itself included.
    pub args_count: usize,
    /// The path of the executable file, where it was found.
    pub executable_path: Option<String>,
    /// Whether the command has a terminal.
    pub interactive: bool,
    /// How the command's telemetry is nested: `adopt`, `link` or `off`.
    pub nest: String,
    /// The resource's attributes: text, numbers and truths.
    pub resource: Vec<(String, serde_json::Value)>,
}

/// How a run was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The run's name, sortable by time: `20261120-110915-482-a1b2c3` (UTC to the millisecond, then random).
    pub run_id: String,
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// The run span's id: 16 lower-case hex digits.
    pub span_id: String,
    /// The span that `TRACEPARENT` named, where it was valid.
    pub parent_span_id: Option<String>,
    /// Whether the trace is sampled; the run span of an unsampled trace is not exported.
    pub sampled: bool,
    /// The run span's name: base name of the command and a known subcommand, as in `opencode run`.
    pub name: String,
    /// The agent's profile, if one was recognised.
    pub agent: Option<String>,
    /// When the command was started, in nanoseconds since 1970.
    pub started_unix_nano: u64,
    /// The process id of otel-run itself.
    pub wrapper_pid: u32,
    /// The process id of the command; none where it could not be started.
    pub child_pid: Option<u32>,
    /// Where the run is delivered; none where no upstream is configured.
    pub destination: Option<Destination>,
}

/// Where a run goes, without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// The endpoint as configured; empty where only single signals have one.
    pub endpoint: String,
    /// Endpoints of single signals.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signal_endpoints: BTreeMap<Signal, String>,
    /// Whether the URLs had parts that may be credentials and are not written down.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abridged: bool,
    /// `grpc`, `http/protobuf` or `http/json`.
    pub protocol: String,
    /// Names of the configured headers; their values are never written down.
    pub header_names: Vec<String>,
}

impl Destination {
    /// Whether `signal` is delivered there at all.
    pub fn takes(&self, signal: Signal) -> bool {
        !self.endpoint.is_empty() || self.signal_endpoints.contains_key(&signal)
    }
}

/// How the command ended. It is the last record of a whole log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When the command ended, in nanoseconds since 1970; where nobody saw it, when anything was heard of the run last.
    pub ended_unix_nano: u64,
    /// The exit status as a shell shows it: 128+n for death by signal n, 126/127 for a failed exec. None where nobody saw
    /// the end, because otel-run was killed before.
    pub exit_code: Option<i32>,
    /// The signal that killed the command, as in `SIGTERM`.
    pub signal: Option<String>,
    /// `error.type` of the run span; none for exit status 0, and for one that was declared an answer.
    pub error_type: Option<String>,
    /// Whether the command still ran when the run of a killed otel-run was closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub still_running: bool,
    /// The first signal that asked the command to end while it lived, as in `SIGINT`, whatever the command made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted_by: Option<String>,
    /// Whether otel-run ended the command because its time was over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub timed_out: bool,
    /// Whether the kernel killed the command for lack of memory.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub out_of_memory: bool,
    /// How long the command was stopped, all stops together, in nanoseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stopped_nano: u64,
    /// Processes that the command started and that still ran when everything had arrived; none where that is not
    /// known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descendants_left: Option<u64>,
}

/// Items by what became of them on the way into the log. received = stored + unsampled + dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Intake {
    /// Spans, data points or log records that arrived and could be decoded, and those of otel-run itself.
    pub received: u64,
    /// Those of them that are in the log.
    pub stored: u64,
    /// Spans that were not kept because the run's trace is not sampled.
    #[serde(skip_serializing_if = "is_zero")]
    pub unsampled: u64,
    /// Those of them that could not be written to the log and that nobody sends again.
    pub dropped: u64,
    /// Requests, not items, whose sender was told to send them again: the log could not be written, or too much was
    /// arriving at once. Nothing of them is in the other counts.
    #[serde(skip_serializing_if = "is_zero")]
    pub refused_requests: u64,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Items by what became of them at the destination. stored = delivered + pending + rejected, per signal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// Accepted by the destination.
    pub delivered: u64,
    /// Not sent yet, or sent without an answer.
    pub pending: u64,
    /// Refused by the destination for good.
    pub rejected: u64,
}

/// A run on one page: what a list of runs needs, without reading the logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How it was started.
    pub started: Started,
    /// How it ended; none while it runs, or if otel-run was killed and nobody has closed the run yet.
    pub ended: Option<Ended>,
    /// Totals of what the agent reported.
    #[serde(default)]
    pub totals: Totals,
    /// What arrived.
    #[serde(default)]
    pub intake: BTreeMap<Signal, Intake>,
    /// What became of it; empty where there is no destination.
    #[serde(default)]
    pub outcome: BTreeMap<Signal, Outcome>,
    /// Why the last attempt at delivery failed, in words.
    #[serde(default)]
    pub last_failure: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn the_end_of_an_older_run_is_read() {
        let written = r#"{"ended_unix_nano":5,"exit_code":1,"signal":null,"error_type":"1"}"#;
        let ended =
            Ended { ended_unix_nano: 5, exit_code: Some(1), error_type: Some("1".to_owned()), ..Ended::default() };
        assert_eq!(serde_json::from_str::<Ended>(written).unwrap(), ended);
        assert_eq!(serde_json::to_string(&ended).unwrap(), written);
    }
}
