//! What is written down about a run beside its telemetry: how it was started, how it ended, what was counted.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

use super::log::Header;
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
    /// The agent's version, as its package says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// How the agent is used: `cli`, `tui` or `server`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_mode: Option<String>,
    /// How the command's telemetry is nested: `adopt`, `link` or `off`.
    pub nest: String,
    /// How sums that grow are told, where it is not `cumulative`: `delta` or `lowmemory`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporality: Option<String>,
    /// The resource's attributes: text, numbers and truths.
    pub resource: Vec<(String, serde_json::Value)>,
}

/// How a run was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The run's name, sortable by time: `20261120-110915-482-a1b2c3` (UTC to the millisecond, then random).
    pub run_id: String,
    /// 32 lower-case hex digits; empty where the run has no trace of its own.
    pub trace_id: String,
    /// The run span's id: 16 lower-case hex digits; empty as well.
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
    /// The address that the collector listened at, where this is no run of a command but what others sent to `otel-run
    /// serve`. Such a run has no trace of its own: its ids are empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// What became of prompts, answers and tool data: `off`, `local` or `on`. Older logs do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Where the run is delivered; empty where no upstream is configured. Older logs have one, by another name.
    #[serde(default, alias = "destination", deserialize_with = "one_or_many")]
    pub destinations: Vec<Destination>,
}

/// A destination, none, or a list of them.
fn one_or_many<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<Destination>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Many(Vec<Destination>),
        One(Option<Destination>),
    }
    Ok(match Written::deserialize(source)? {
        Written::Many(destinations) => destinations,
        Written::One(destination) => destination.into_iter().collect(),
    })
}

/// Where a run goes, without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// What it is called: no two of a run have the same name.
    #[serde(default = "default_name")]
    pub name: String,
    /// The endpoint as configured; empty where only single signals have one.
    pub endpoint: String,
    /// Endpoints of single signals.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signal_endpoints: BTreeMap<Signal, String>,
    /// Whether it cannot be dialled with what is written down here: URLs had parts that may be credentials, or a
    /// connection needs more than a URL.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abridged: bool,
    /// `grpc`, `http/protobuf` or `http/json`.
    pub protocol: String,
    /// Names of the configured headers; their values are never written down.
    pub header_names: Vec<String>,
    /// The agent's own file that it was found in, if it was found in one: there are the values as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

fn default_name() -> String {
    crate::store::journal::DEFAULT_NAME.to_owned()
}

impl Destination {
    /// The first endpoint there is, to show.
    pub fn shown_endpoint(&self) -> &str {
        let all = std::iter::once(&self.endpoint).chain(self.signal_endpoints.values());
        all.map(String::as_str).find(|endpoint| !endpoint.is_empty()).unwrap_or_default()
    }

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

/// Items by what became of them on the way into the log. received = stored + unsampled + thinned + dropped.
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
    /// Spans that were left out because they are housekeeping.
    #[serde(skip_serializing_if = "is_zero")]
    pub thinned: u64,
    /// Those of them that could not be written to the log and that nobody sends again.
    pub dropped: u64,
    /// Those of the stored that otel-run made itself.
    #[serde(skip_serializing_if = "is_zero")]
    pub own: u64,
    /// Secrets that were blanked in the stored. Where otel-run was killed it is not known, and so 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub redacted: u64,
    /// Requests, not items, whose sender was told to send them again: the log could not be written, or too much was
    /// arriving at once. Nothing of them is in the other counts.
    #[serde(skip_serializing_if = "is_zero")]
    pub refused_requests: u64,
}

impl Intake {
    /// Counts a batch that is in the log.
    pub fn add(&mut self, batch: &Header) {
        let (stored, thinned) = (u64::from(batch.items), u64::from(batch.thinned));
        self.received += stored + thinned;
        self.stored += stored;
        self.thinned += thinned;
    }
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Items by what became of them at a destination. stored = delivered + pending + rejected + expired, per signal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// Accepted by the destination.
    pub delivered: u64,
    /// Not sent yet, or sent without an answer.
    pub pending: u64,
    /// Refused by the destination for good.
    pub rejected: u64,
    /// Too old to be sent any more.
    #[serde(skip_serializing_if = "is_zero")]
    pub expired: u64,
}

impl Outcome {
    /// Whether something was not delivered.
    pub fn is_trouble(&self) -> bool {
        self.pending > 0 || self.rejected > 0 || self.expired > 0
    }
}

impl std::ops::Add for Outcome {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            delivered: self.delivered.saturating_add(other.delivered),
            pending: self.pending.saturating_add(other.pending),
            rejected: self.rejected.saturating_add(other.rejected),
            expired: self.expired.saturating_add(other.expired),
        }
    }
}

/// What became of a run at one destination.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// By signal, those that the destination takes.
    pub outcome: BTreeMap<Signal, Outcome>,
    /// Why the last attempt failed, or why something was rejected, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Delivery {
    /// All signals together.
    pub fn sum(&self) -> Outcome {
        self.outcome.values().copied().fold(Outcome::default(), std::ops::Add::add)
    }
}

/// The form of a summary. One of another form is made anew from the log.
const SUMMARY_FORM: u32 = 2;

/// A run on one page: what a list of runs needs, without reading the logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Which form this is.
    #[serde(default)]
    pub form: u32,
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
    /// What became of it at each destination, by the destination's name.
    #[serde(default)]
    pub deliveries: BTreeMap<String, Delivery>,
}

impl Summary {
    /// A run that was started, and of which nothing else is known.
    pub fn of(started: Started) -> Self {
        Self {
            form: SUMMARY_FORM,
            started,
            ended: None,
            totals: Totals::default(),
            intake: BTreeMap::new(),
            deliveries: BTreeMap::new(),
        }
    }

    /// Whether it was written by a version that writes summaries as this one does.
    pub fn is_of_this_form(&self) -> bool {
        self.form == SUMMARY_FORM
    }

    /// What became of the items at all destinations together.
    pub fn sum(&self) -> Outcome {
        self.deliveries.values().map(Delivery::sum).fold(Outcome::default(), std::ops::Add::add)
    }

    /// Whether something is still to be delivered.
    pub fn is_pending(&self) -> bool {
        self.sum().pending > 0
    }

    /// Whether the run was to stay on disk, and did.
    pub fn is_local(&self) -> bool {
        self.started.destinations.is_empty() && self.deliveries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn the_destination_of_an_older_run_is_read() {
        let started = |destination: &str| {
            let text = format!(
                r#"{{"run_id":"r","trace_id":"t","span_id":"s","parent_span_id":null,"sampled":true,"name":"n",
                "agent":null,"started_unix_nano":1,"wrapper_pid":1,"child_pid":2{destination}}}"#
            );
            serde_json::from_str::<Started>(&text).unwrap()
        };
        assert_eq!(started("").destinations, []);
        assert_eq!(started(r#","destination":null"#).destinations, []);
        let old = r#"{"endpoint":"http://c:4318","protocol":"grpc","header_names":["authorization"]}"#;
        let read = started(&format!(r#","destination":{old}"#));
        assert_eq!(read.destinations.len(), 1);
        let destination = &read.destinations[0];
        assert_eq!((destination.name.as_str(), destination.shown_endpoint()), ("default", "http://c:4318"));
        let again: Started = serde_json::from_slice(&serde_json::to_vec(&read).unwrap()).unwrap();
        assert_eq!(again, read);
    }

    #[test]
    fn the_end_of_an_older_run_is_read() {
        let written = r#"{"ended_unix_nano":5,"exit_code":1,"signal":null,"error_type":"1"}"#;
        let ended =
            Ended { ended_unix_nano: 5, exit_code: Some(1), error_type: Some("1".to_owned()), ..Ended::default() };
        assert_eq!(serde_json::from_str::<Ended>(written).unwrap(), ended);
        assert_eq!(serde_json::to_string(&ended).unwrap(), written);
    }
}
