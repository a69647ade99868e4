//! OTLP as data: the signals, the encodings, the protobuf wire format, the JSON mapping, what gRPC
//! puts around a message.

pub mod grpc;
pub mod json;
pub mod schema;
pub mod split;
pub mod status;
pub mod wire;

use serde::{Deserialize, Serialize};

/// One of the three OTLP signals that are handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// Spans, in `ExportTraceServiceRequest`.
    Traces,
    /// Data points, in `ExportMetricsServiceRequest`.
    Metrics,
    /// Log records, in `ExportLogsServiceRequest`.
    Logs,
}

impl Signal {
    /// All signals in the order in which they are shown.
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

    /// The path below the base URL (OTLP/HTTP, "Request"): `v1/traces`, `v1/metrics`, `v1/logs`.
    pub fn path(self) -> &'static str {
        match self {
            Signal::Traces => "v1/traces",
            Signal::Metrics => "v1/metrics",
            Signal::Logs => "v1/logs",
        }
    }

    /// The full gRPC method name, with its leading slash.
    pub fn grpc_method(self) -> &'static str {
        match self {
            Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        }
    }

    /// The lower-case word of the specification: `traces`, `metrics`, `logs`.
    pub fn as_str(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
        }
    }

    /// What one item of the signal is called, in the plural.
    pub fn items(self) -> &'static str {
        match self {
            Signal::Traces => "spans",
            Signal::Metrics => "data points",
            Signal::Logs => "log records",
        }
    }

    /// So many items of the signal, in words: `1 span`, `2 data points`.
    pub fn counted(self, number: u64) -> String {
        let items = self.items();
        if number == 1 { format!("1 {}", items.trim_end_matches('s')) } else { format!("{number} {items}") }
    }
}

/// One value for each signal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PerSignal<T> {
    /// The one for traces.
    pub traces: T,
    /// The one for metrics.
    pub metrics: T,
    /// The one for logs.
    pub logs: T,
}

impl<T> PerSignal<T> {
    /// The values that `make` gives for the signals.
    pub fn from_fn(mut make: impl FnMut(Signal) -> T) -> Self {
        Self { traces: make(Signal::Traces), metrics: make(Signal::Metrics), logs: make(Signal::Logs) }
    }

    /// The value for `signal`.
    pub fn of(&self, signal: Signal) -> &T {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Metrics => &self.metrics,
            Signal::Logs => &self.logs,
        }
    }

    /// The value for `signal`, to be changed.
    pub fn of_mut(&mut self, signal: Signal) -> &mut T {
        match signal {
            Signal::Traces => &mut self.traces,
            Signal::Metrics => &mut self.metrics,
            Signal::Logs => &mut self.logs,
        }
    }

    /// The values with their signals, in the order in which signals are shown.
    pub fn iter(&self) -> impl Iterator<Item = (Signal, &T)> {
        Signal::ALL.into_iter().map(|signal| (signal, self.of(signal)))
    }
}

/// How a request body is encoded (OTLP/HTTP, "Binary Protobuf Encoding" and "JSON Protobuf Encoding").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`
    Protobuf,
    /// `application/json`
    Json,
}

impl Encoding {
    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        }
    }
}
