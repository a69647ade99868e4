//! The variables that lead a command's telemetry to a backend (OTLP exporter, "Configuration Options"). While the run has
//! a collector they are otel-run's, not the command's: one left behind would lead past the collector, or send a
//! backend's credentials to loopback.

use super::profile::{Injection, Variable};

/// All of them but the general endpoint, protocol and headers, which each profile decides on, and the timeouts, which stay.
pub(super) const TOWARDS_A_BACKEND: &[Variable] = &[
    removed("OTEL_EXPORTER_OTLP_COMPRESSION", COMPRESSION),
    removed("OTEL_EXPORTER_OTLP_CERTIFICATE", TLS),
    removed("OTEL_EXPORTER_OTLP_CLIENT_KEY", TLS),
    removed("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", TLS),
    removed("OTEL_EXPORTER_OTLP_INSECURE", TLS),
    removed("OTEL_EXPORTER_OTLP_SPAN_INSECURE", TLS),
    removed("OTEL_EXPORTER_OTLP_METRIC_INSECURE", TLS),
    removed("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", BYPASS),
    removed("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", BYPASS),
    removed("OTEL_EXPORTER_OTLP_TRACES_HEADERS", HEADERS),
    removed("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", COMPRESSION),
    removed("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", TLS),
    removed("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", TLS),
    removed("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", TLS),
    removed("OTEL_EXPORTER_OTLP_TRACES_INSECURE", TLS),
    removed("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", BYPASS),
    removed("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", BYPASS),
    removed("OTEL_EXPORTER_OTLP_METRICS_HEADERS", HEADERS),
    removed("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", COMPRESSION),
    removed("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", TLS),
    removed("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", TLS),
    removed("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", TLS),
    removed("OTEL_EXPORTER_OTLP_METRICS_INSECURE", TLS),
    removed("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", BYPASS),
    removed("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", BYPASS),
    removed("OTEL_EXPORTER_OTLP_LOGS_HEADERS", HEADERS),
    removed("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", COMPRESSION),
    removed("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", TLS),
    removed("OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", TLS),
    removed("OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE", TLS),
    removed("OTEL_EXPORTER_OTLP_LOGS_INSECURE", TLS),
];

const BYPASS: &str = "would lead past the run's collector";
pub(super) const HEADERS: &str = "headers are for a backend: otel-run sends them, the command does not see them";
const COMPRESSION: &str = "is for the way to a backend; the collector is on loopback";
const TLS: &str = "is for the connection to a backend";

const fn removed(name: &'static str, reason: &'static str) -> Variable {
    Variable::new(name, Injection::Remove, reason)
}
