//! Telemetry that nobody's work has made: one item of each signal, to see whether it arrives.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span};
use prost::Message;

use crate::context::names::SCHEMA_URL;
use crate::context::resource::{OTEL_RUN, VERSION};
use crate::otlp::PerSignal;

/// What a sample is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample<'a> {
    /// The attributes of its resource.
    pub resource: &'a [(String, String)],
    /// Its trace, in which the log record is as well.
    pub trace_id: [u8; 16],
    /// Its span.
    pub span_id: [u8; 8],
    /// When it is made, in nanoseconds since 1970.
    pub unix_nano: u64,
}

/// The attribute that every item has, with the value `true`.
pub const MARK: &str = "otel_run.doctor";

impl Sample<'_> {
    /// The export request of each signal, in protobuf.
    pub fn requests(&self) -> PerSignal<Vec<u8>> {
        PerSignal {
            traces: self.spans().encode_to_vec(),
            metrics: self.points().encode_to_vec(),
            logs: self.records().encode_to_vec(),
        }
    }

    fn spans(&self) -> ExportTraceServiceRequest {
        let span = Span {
            trace_id: self.trace_id.to_vec(),
            span_id: self.span_id.to_vec(),
            name: "otel-run doctor".to_owned(),
            kind: span::SpanKind::Internal.into(),
            start_time_unix_nano: self.unix_nano,
            end_time_unix_nano: self.unix_nano,
            attributes: mark(),
            ..Span::default()
        };
        let scope_spans = ScopeSpans { scope: scope(), spans: vec![span], schema_url: SCHEMA_URL.to_owned() };
        let group = ResourceSpans {
            resource: self.resource(),
            scope_spans: vec![scope_spans],
            schema_url: SCHEMA_URL.to_owned(),
        };
        ExportTraceServiceRequest { resource_spans: vec![group] }
    }

    fn points(&self) -> ExportMetricsServiceRequest {
        let point = NumberDataPoint {
            attributes: mark(),
            start_time_unix_nano: self.unix_nano,
            time_unix_nano: self.unix_nano,
            value: Some(number_data_point::Value::AsInt(1)),
            ..NumberDataPoint::default()
        };
        let metric = Metric {
            name: MARK.to_owned(),
            description: "Sent to see whether it arrives".to_owned(),
            unit: "1".to_owned(),
            data: Some(metric::Data::Gauge(Gauge { data_points: vec![point] })),
            ..Metric::default()
        };
        let scope_metrics = ScopeMetrics { scope: scope(), metrics: vec![metric], schema_url: SCHEMA_URL.to_owned() };
        let group = ResourceMetrics {
            resource: self.resource(),
            scope_metrics: vec![scope_metrics],
            schema_url: SCHEMA_URL.to_owned(),
        };
        ExportMetricsServiceRequest { resource_metrics: vec![group] }
    }

    fn records(&self) -> ExportLogsServiceRequest {
        let record = LogRecord {
            time_unix_nano: self.unix_nano,
            observed_time_unix_nano: self.unix_nano,
            severity_number: SeverityNumber::Info.into(),
            severity_text: "INFO".to_owned(),
            body: text("Sent to see whether it arrives"),
            attributes: mark(),
            trace_id: self.trace_id.to_vec(),
            span_id: self.span_id.to_vec(),
            event_name: MARK.to_owned(),
            ..LogRecord::default()
        };
        let scope_logs = ScopeLogs { scope: scope(), log_records: vec![record], schema_url: SCHEMA_URL.to_owned() };
        let group =
            ResourceLogs { resource: self.resource(), scope_logs: vec![scope_logs], schema_url: SCHEMA_URL.to_owned() };
        ExportLogsServiceRequest { resource_logs: vec![group] }
    }

    fn resource(&self) -> Option<Resource> {
        let attributes = self.resource.iter();
        let attributes = attributes.map(|(key, value)| attribute(key, text(value))).chain(mark()).collect();
        Some(Resource { attributes, ..Resource::default() })
    }
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: OTEL_RUN.to_owned(),
        version: VERSION.to_owned(),
        ..InstrumentationScope::default()
    })
}

fn mark() -> Vec<KeyValue> {
    vec![attribute(MARK, Some(AnyValue { value: Some(Any::BoolValue(true)) }))]
}

fn text(text: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Any::StringValue(text.to_owned())) })
}

fn attribute(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}
