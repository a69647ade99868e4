//! Metrics of the run (semantic conventions for process metrics; OTLP `Metric`): what the command used, on a resource that
//! describes the command's process, and that the run goes on, on otel-run's own.

use jiff::Timestamp;
use opentelemetry::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data,
    number_data_point::Value as Number,
};

use super::{ExitFacts, RunFacts, Usage, count, executable_name, put_attribute, put_group, scope};
use crate::context::names::*;

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
        let writer = Writer { run, unix_nano };
        writer.request(vec![writer.uptime()], vec![writer.active(1)])
    })
}

/// What the command used and that it runs no more; `None` where it could not be started.
pub(super) fn ended(run: &RunFacts, exit: &ExitFacts) -> Option<Points> {
    if exit.exec_error.is_some() {
        return None;
    }
    let writer = Writer { run, unix_nano: exit.ended_unix_nano.max(run.started_unix_nano) };
    let used = exit.usage.iter().flat_map(|usage| writer.used(usage));
    Some(writer.request(used.collect(), vec![writer.active(0)]))
}

/// Writes metrics of one moment.
struct Writer<'a> {
    run: &'a RunFacts,
    unix_nano: u64,
}

impl Writer<'_> {
    fn used(&self, usage: &Usage) -> [Metric; 5] {
        let double = |value: std::time::Duration| Number::AsDouble(value.as_secs_f64());
        let int = |value| Number::AsInt(count(value));
        let two = |of: &Description, first: (&str, Number), second: (&str, Number)| {
            let key = of.attributes.first().copied().unwrap_or_default();
            let point = |(kind, number): (&str, Number)| self.point(vec![attribute(key, kind.to_owned())], number);
            metric(of, vec![point(first), point(second)])
        };
        [
            two(&CPU_TIME, ("user", double(usage.user)), ("system", double(usage.system))),
            two(&PAGING_FAULTS, ("minor", int(usage.minor_faults)), ("major", int(usage.major_faults))),
            two(
                &CONTEXT_SWITCHES,
                ("voluntary", int(usage.voluntary_switches)),
                ("involuntary", int(usage.involuntary_switches)),
            ),
            two(&DISK_IO, ("read", int(usage.block_input_bytes)), ("write", int(usage.block_output_bytes))),
            self.uptime(),
        ]
    }

    fn uptime(&self) -> Metric {
        let elapsed = self.unix_nano.saturating_sub(self.run.started_unix_nano);
        let seconds = std::time::Duration::from_nanos(elapsed).as_secs_f64();
        metric(&UPTIME, vec![self.point(Vec::new(), Number::AsDouble(seconds))])
    }

    fn active(&self, runs: i64) -> Metric {
        let mut attributes = vec![attribute(PROCESS_EXECUTABLE_NAME, executable_name(self.run))];
        attributes.extend(self.run.agent.clone().map(|agent| attribute(AGENT_NAME, agent)));
        metric(&ACTIVE, vec![self.point(attributes, Number::AsInt(runs))])
    }

    fn point(&self, attributes: Vec<KeyValue>, value: Number) -> NumberDataPoint {
        NumberDataPoint {
            attributes,
            start_time_unix_nano: self.run.started_unix_nano,
            time_unix_nano: self.unix_nano,
            value: Some(value),
            ..NumberDataPoint::default()
        }
    }

    fn request(&self, of_the_command: Vec<Metric>, of_otel_run: Vec<Metric>) -> Points {
        let mut points = Points { request: Vec::new(), count: 0 };
        let process = command_process(self.run);
        let resource = &self.run.resource;
        points.put(resource.of_another(&process), of_the_command);
        points.put(resource.of_otel_run(), of_otel_run);
        points
    }
}

impl Points {
    fn put(&mut self, resource: [&[u8]; 2], metrics: Vec<Metric>) {
        if metrics.is_empty() {
            return;
        }
        self.count += metrics.iter().map(points_of).sum::<u32>();
        let scope_metrics =
            ScopeMetrics { scope: Some((&scope(), None).into()), metrics, schema_url: SCHEMA_URL.to_owned() };
        let rest =
            ResourceMetrics { resource: None, scope_metrics: vec![scope_metrics], schema_url: SCHEMA_URL.to_owned() };
        put_group(&mut self.request, resource, &rest);
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

fn metric(of: &Description, data_points: Vec<NumberDataPoint>) -> Metric {
    let sum = |data_points, is_monotonic| {
        Data::Sum(Sum { data_points, aggregation_temporality: AggregationTemporality::Cumulative.into(), is_monotonic })
    };
    let data = match of.instrument {
        Instrument::Counter => sum(data_points, true),
        Instrument::UpDownCounter => sum(data_points, false),
        Instrument::Gauge => Data::Gauge(Gauge { data_points }),
    };
    Metric {
        name: of.name.to_owned(),
        description: of.meaning.to_owned(),
        unit: of.unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn points_of(metric: &Metric) -> u32 {
    let points = match &metric.data {
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        _ => 0,
    };
    u32::try_from(points).unwrap_or(u32::MAX)
}

fn attribute(key: &str, text: String) -> KeyValue {
    let value =
        Some(AnyValue { value: Some(opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue(text)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}
