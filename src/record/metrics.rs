//! Metrics of the run (semantic conventions for process metrics; OTLP `Metric`): what the command used, on a resource that
//! describes the command's process, and that the run goes on, on otel-run's own.

use std::time::Duration;

use jiff::Timestamp;
use opentelemetry::Value;

use super::{ExitFacts, RunFacts, Usage, executable_name, put_attribute, put_group};
use crate::context::names::*;
use crate::context::resource::{OTEL_RUN, VERSION};
use crate::otlp::wire::{put_double_field, put_fixed64_field, put_message, put_string_field, put_varint_field};
use crate::settings::Temporality;

/// What kind of numbers a metric has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instrument {
    /// A sum that only grows.
    Counter,
    /// A sum that can shrink.
    UpDownCounter,
    /// The last value.
    Gauge,
}

/// One metric, as it is documented and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// Its instrument.
    pub instrument: Instrument,
    /// Its unit, in UCUM.
    pub unit: &'static str,
    /// The attributes of its points.
    pub attributes: &'static [&'static str],
    /// What it says, in one line.
    pub meaning: &'static str,
}

/// `process.cpu.time`
const CPU_TIME: Description = Description {
    name: PROCESS_CPU_TIME,
    instrument: Instrument::Counter,
    unit: "s",
    attributes: &[CPU_MODE],
    meaning: "Processor time of the command, in user mode and in the kernel",
};
/// `process.paging.faults`
const PAGING_FAULTS: Description = Description {
    name: PROCESS_PAGING_FAULTS,
    instrument: Instrument::Counter,
    unit: "{fault}",
    attributes: &[SYSTEM_PAGING_FAULT_TYPE],
    meaning: "Page faults of the command, minor and major ones",
};
/// `process.context_switches`
const CONTEXT_SWITCHES: Description = Description {
    name: PROCESS_CONTEXT_SWITCHES,
    instrument: Instrument::Counter,
    unit: "{context_switch}",
    attributes: &[PROCESS_CONTEXT_SWITCH_TYPE],
    meaning: "Context switches of the command, voluntary and involuntary ones",
};
/// `process.disk.io`
const DISK_IO: Description = Description {
    name: PROCESS_DISK_IO,
    instrument: Instrument::Counter,
    unit: "By",
    attributes: &[DISK_IO_DIRECTION],
    meaning: "Bytes that the command really read from and wrote to block devices",
};
/// `process.uptime`
const UPTIME: Description = Description {
    name: PROCESS_UPTIME,
    instrument: Instrument::Gauge,
    unit: "s",
    attributes: &[],
    meaning: "How long the command has been running; at its end, how long it ran",
};
/// `otel_run.run.active`
const ACTIVE: Description = Description {
    name: RUN_ACTIVE,
    instrument: Instrument::UpDownCounter,
    unit: "{run}",
    attributes: &[PROCESS_EXECUTABLE_NAME, AGENT_NAME],
    meaning: "1 while the command runs, 0 at its end",
};

/// The metrics on a resource that describes the command's process.
pub const OF_THE_COMMAND: &[Description] = &[CPU_TIME, PAGING_FAULTS, CONTEXT_SWITCHES, DISK_IO, UPTIME];
/// The metrics on otel-run's own resource.
pub const OF_OTEL_RUN: &[Description] = &[ACTIVE];

/// Data points as an export request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Points {
    /// The bytes of an `ExportMetricsServiceRequest`.
    pub request: Vec<u8>,
    /// How many data points are in it.
    pub count: u32,
}

/// That the command runs at `unix_nano`, and since when; `None` where nothing is recorded.
pub fn heartbeat(run: &RunFacts, unix_nano: u64) -> Option<Points> {
    run.context.recording.then(|| {
        let mut writer = Writer::new(run, unix_nano);
        writer.group_of_the_command(Writer::put_uptime);
        writer.group_of_otel_run(|writer, out| writer.put_active(out, 1));
        writer.points
    })
}

/// What the command used and that it runs no more; `None` where it could not be started.
pub(super) fn ended(run: &RunFacts, exit: &ExitFacts) -> Option<Points> {
    if exit.exec_error.is_some() {
        return None;
    }
    let mut writer = Writer::new(run, exit.ended_unix_nano.max(run.started_unix_nano));
    if let Some(usage) = &exit.usage {
        writer.group_of_the_command(|writer, out| {
            writer.put_usage(out, usage);
            writer.put_uptime(out);
        });
    }
    writer.group_of_otel_run(|writer, out| writer.put_active(out, 0));
    Some(writer.points)
}

/// The value of a data point.
#[derive(Clone, Copy)]
enum Number {
    Double(f64),
    Int(u64),
}

impl Number {
    fn seconds(time: Duration) -> Self {
        Number::Double(time.as_secs_f64())
    }
}

/// Writes metrics of one moment (opentelemetry-proto, `metrics.proto`).
struct Writer<'a> {
    run: &'a RunFacts,
    unix_nano: u64,
    points: Points,
}

/// More bytes than a metric of two points has.
const METRIC_LENGTH: usize = 320;

/// The temporality of a sum in OTLP (`AggregationTemporality`). The preference for delta is one for what grows only. Ours is
/// observed and not counted, and so nothing has to be remembered to tell totals, which is what low memory asks for (OTLP
/// exporter, "Metrics temporality preference").
fn temporality(preferred: Temporality, instrument: Instrument) -> u64 {
    const DELTA: u64 = 1;
    const CUMULATIVE: u64 = 2;
    match (preferred, instrument) {
        // Each counter is told once, at the end, and so what was added is all there is.
        (Temporality::Delta, Instrument::Counter) => DELTA,
        _ => CUMULATIVE,
    }
}

impl<'a> Writer<'a> {
    fn new(run: &'a RunFacts, unix_nano: u64) -> Self {
        Self { run, unix_nano, points: Points { request: Vec::new(), count: 0 } }
    }

    fn group_of_the_command(&mut self, put: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        let process = command_process(self.run);
        self.group(self.run.resource.of_another(&process), put);
    }

    fn group_of_otel_run(&mut self, put: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        self.group(self.run.resource.of_otel_run(), put);
    }

    /// A `ResourceMetrics` with the metrics that `put` appends.
    fn group(&mut self, resource: [&[u8]; 2], put: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        let mut request = std::mem::take(&mut self.points.request);
        put_group(&mut request, resource, 4 * METRIC_LENGTH, |out| {
            put_message(out, 2, 4 * METRIC_LENGTH, |out| {
                put_message(out, 1, 64, |out| {
                    put_string_field(out, 1, OTEL_RUN);
                    put_string_field(out, 2, VERSION);
                });
                put(self, out);
                put_string_field(out, 3, SCHEMA_URL);
            });
            put_string_field(out, 3, SCHEMA_URL);
        });
        self.points.request = request;
    }

    fn put_usage(&mut self, out: &mut Vec<u8>, usage: &Usage) {
        let mut two = |of: &Description, first: (&str, Number), second: (&str, Number)| {
            let key = of.attributes.first().copied().unwrap_or_default();
            self.put_metric(out, of, &[(&[(key, first.0)], first.1), (&[(key, second.0)], second.1)]);
        };
        let (seconds, int) = (Number::seconds, Number::Int);
        two(&CPU_TIME, ("user", seconds(usage.user)), ("system", seconds(usage.system)));
        two(&PAGING_FAULTS, ("minor", int(usage.minor_faults)), ("major", int(usage.major_faults)));
        two(
            &CONTEXT_SWITCHES,
            ("voluntary", int(usage.voluntary_switches)),
            ("involuntary", int(usage.involuntary_switches)),
        );
        two(&DISK_IO, ("read", int(usage.block_input_bytes)), ("write", int(usage.block_output_bytes)));
    }

    fn put_uptime(&mut self, out: &mut Vec<u8>) {
        let elapsed = Duration::from_nanos(self.unix_nano.saturating_sub(self.run.started_unix_nano));
        self.put_metric(out, &UPTIME, &[(&[], Number::seconds(elapsed))]);
    }

    fn put_active(&mut self, out: &mut Vec<u8>, runs: u64) {
        let run = self.run;
        let name = executable_name(run);
        let named = (PROCESS_EXECUTABLE_NAME, name.as_str());
        match &run.agent {
            Some(agent) => self.put_metric(out, &ACTIVE, &[(&[named, (AGENT_NAME, agent)], Number::Int(runs))]),
            None => self.put_metric(out, &ACTIVE, &[(&[named], Number::Int(runs))]),
        }
    }

    /// A `Metric` of points with attributes.
    fn put_metric(&mut self, out: &mut Vec<u8>, of: &Description, points: &[(&[(&str, &str)], Number)]) {
        put_message(out, 2, METRIC_LENGTH, |out| {
            put_string_field(out, 1, of.name);
            put_string_field(out, 2, of.meaning);
            put_string_field(out, 3, of.unit);
            let (gauge, sum) = (5, 7);
            let number = if of.instrument == Instrument::Gauge { gauge } else { sum };
            put_message(out, number, METRIC_LENGTH / 2, |out| {
                points.iter().for_each(|(attributes, value)| self.put_point(out, attributes, *value));
                if number == sum {
                    put_varint_field(out, 2, temporality(self.run.temporality, of.instrument));
                    put_varint_field(out, 3, (of.instrument == Instrument::Counter).into());
                }
            });
        });
    }

    /// A `NumberDataPoint`.
    fn put_point(&mut self, out: &mut Vec<u8>, attributes: &[(&str, &str)], value: Number) {
        self.points.count += 1;
        put_message(out, 1, 100, |out| {
            put_fixed64_field(out, 2, self.run.started_unix_nano);
            put_fixed64_field(out, 3, self.unix_nano);
            match value {
                Number::Double(value) => put_double_field(out, 4, value),
                Number::Int(value) => put_fixed64_field(out, 6, value.min(i64::MAX as u64)),
            }
            for (key, text) in attributes {
                put_message(out, 7, 60, |out| {
                    put_string_field(out, 1, key);
                    put_message(out, 2, 30, |out| put_string_field(out, 1, text));
                });
            }
        });
    }
}

/// The attributes that identify and describe the command's process (resource semantic conventions, "Process").
fn command_process(run: &RunFacts) -> Vec<u8> {
    let created = Timestamp::from_nanosecond(run.started_unix_nano.into()).ok().map(|created| created.to_string());
    let mut out = Vec::with_capacity(256);
    let mut put = |name, value: Value| put_attribute(&mut out, name, &value);
    run.pid.into_iter().for_each(|pid| put(PROCESS_PID, i64::from(pid).into()));
    created.into_iter().for_each(|created| put(PROCESS_CREATION_TIME, created.into()));
    put(PROCESS_EXECUTABLE_NAME, executable_name(run).into());
    run.executable_path.clone().into_iter().for_each(|path| put(PROCESS_EXECUTABLE_PATH, path.into()));
    out
}
