//! The messages of the trace, metrics and logs services of opentelemetry-proto 1.10, field by field, and
//! `google.rpc.Status`.
//!
//! The order of the fields is that of the .proto files, which is also the order in which most exporters write JSON.

use super::Kind::{
    Bool, Bytes, Double, Enum, Fixed32, Fixed64, Int32, Int64, Message as Msg, Sfixed64, Sint32, SpanId, Text, TraceId,
    Uint32, Uint64,
};
use super::{Message, member, optional, repeated, single};

pub(super) static EXPORT_TRACE_SERVICE_REQUEST: Message = Message {
    typical_len: 100,
    fields: &[repeated(1, "resourceSpans", "resource_spans", Msg(&RESOURCE_SPANS)).always()],
};

pub(super) static EXPORT_TRACE_SERVICE_RESPONSE: Message = Message {
    typical_len: 100,
    fields: &[single(1, "partialSuccess", "partial_success", Msg(&EXPORT_TRACE_PARTIAL_SUCCESS))],
};

static EXPORT_TRACE_PARTIAL_SUCCESS: Message = Message {
    typical_len: 100,
    fields: &[single(1, "rejectedSpans", "rejected_spans", Int64), single(2, "errorMessage", "error_message", Text)],
};

pub(super) static EXPORT_METRICS_SERVICE_REQUEST: Message = Message {
    typical_len: 100,
    fields: &[repeated(1, "resourceMetrics", "resource_metrics", Msg(&RESOURCE_METRICS)).always()],
};

pub(super) static EXPORT_METRICS_SERVICE_RESPONSE: Message = Message {
    typical_len: 100,
    fields: &[single(1, "partialSuccess", "partial_success", Msg(&EXPORT_METRICS_PARTIAL_SUCCESS))],
};

static EXPORT_METRICS_PARTIAL_SUCCESS: Message = Message {
    typical_len: 100,
    fields: &[
        single(1, "rejectedDataPoints", "rejected_data_points", Int64),
        single(2, "errorMessage", "error_message", Text),
    ],
};

pub(super) static EXPORT_LOGS_SERVICE_REQUEST: Message =
    Message { typical_len: 100, fields: &[repeated(1, "resourceLogs", "resource_logs", Msg(&RESOURCE_LOGS)).always()] };

pub(super) static EXPORT_LOGS_SERVICE_RESPONSE: Message = Message {
    typical_len: 100,
    fields: &[single(1, "partialSuccess", "partial_success", Msg(&EXPORT_LOGS_PARTIAL_SUCCESS))],
};

static EXPORT_LOGS_PARTIAL_SUCCESS: Message = Message {
    typical_len: 100,
    fields: &[
        single(1, "rejectedLogRecords", "rejected_log_records", Int64),
        single(2, "errorMessage", "error_message", Text),
    ],
};

static RESOURCE_SPANS: Message = Message {
    typical_len: 20000,
    fields: &[
        single(1, "resource", "resource", Msg(&RESOURCE)),
        repeated(2, "scopeSpans", "scope_spans", Msg(&SCOPE_SPANS)),
        single(3, "schemaUrl", "schema_url", Text),
    ],
};

static SCOPE_SPANS: Message = Message {
    typical_len: 20000,
    fields: &[
        single(1, "scope", "scope", Msg(&INSTRUMENTATION_SCOPE)),
        repeated(2, "spans", "spans", Msg(&SPAN)),
        single(3, "schemaUrl", "schema_url", Text),
    ],
};

static SPAN: Message = Message {
    typical_len: 700,
    fields: &[
        single(1, "traceId", "trace_id", TraceId),
        single(2, "spanId", "span_id", SpanId),
        single(3, "traceState", "trace_state", Text),
        single(4, "parentSpanId", "parent_span_id", SpanId),
        single(16, "flags", "flags", Fixed32),
        single(5, "name", "name", Text),
        single(6, "kind", "kind", Enum(SPAN_KIND)),
        single(7, "startTimeUnixNano", "start_time_unix_nano", Fixed64),
        single(8, "endTimeUnixNano", "end_time_unix_nano", Fixed64),
        repeated(9, "attributes", "attributes", Msg(&KEY_VALUE)),
        single(10, "droppedAttributesCount", "dropped_attributes_count", Uint32),
        repeated(11, "events", "events", Msg(&EVENT)),
        single(12, "droppedEventsCount", "dropped_events_count", Uint32),
        repeated(13, "links", "links", Msg(&LINK)),
        single(14, "droppedLinksCount", "dropped_links_count", Uint32),
        single(15, "status", "status", Msg(&STATUS)),
    ],
};

static EVENT: Message = Message {
    typical_len: 100,
    fields: &[
        single(1, "timeUnixNano", "time_unix_nano", Fixed64),
        single(2, "name", "name", Text),
        repeated(3, "attributes", "attributes", Msg(&KEY_VALUE)),
        single(4, "droppedAttributesCount", "dropped_attributes_count", Uint32),
    ],
};

static LINK: Message = Message {
    typical_len: 100,
    fields: &[
        single(1, "traceId", "trace_id", TraceId),
        single(2, "spanId", "span_id", SpanId),
        single(3, "traceState", "trace_state", Text),
        repeated(4, "attributes", "attributes", Msg(&KEY_VALUE)),
        single(5, "droppedAttributesCount", "dropped_attributes_count", Uint32),
        single(6, "flags", "flags", Fixed32),
    ],
};

static STATUS: Message = Message {
    typical_len: 100,
    fields: &[single(2, "message", "message", Text), single(3, "code", "code", Enum(STATUS_CODE))],
};

static RESOURCE_METRICS: Message = Message {
    typical_len: 20000,
    fields: &[
        single(1, "resource", "resource", Msg(&RESOURCE)),
        repeated(2, "scopeMetrics", "scope_metrics", Msg(&SCOPE_METRICS)),
        single(3, "schemaUrl", "schema_url", Text),
    ],
};

static SCOPE_METRICS: Message = Message {
    typical_len: 20000,
    fields: &[
        single(1, "scope", "scope", Msg(&INSTRUMENTATION_SCOPE)),
        repeated(2, "metrics", "metrics", Msg(&METRIC)),
        single(3, "schemaUrl", "schema_url", Text),
    ],
};

static METRIC: Message = Message {
    typical_len: 400,
    fields: &[
        single(1, "name", "name", Text),
        single(2, "description", "description", Text),
        single(3, "unit", "unit", Text),
        member(5, "gauge", "gauge", Msg(&GAUGE)),
        member(7, "sum", "sum", Msg(&SUM)),
        member(9, "histogram", "histogram", Msg(&HISTOGRAM)),
        member(10, "exponentialHistogram", "exponential_histogram", Msg(&EXPONENTIAL_HISTOGRAM)),
        member(11, "summary", "summary", Msg(&SUMMARY)),
        repeated(12, "metadata", "metadata", Msg(&KEY_VALUE)),
    ],
};

static GAUGE: Message =
    Message { typical_len: 300, fields: &[repeated(1, "dataPoints", "data_points", Msg(&NUMBER_DATA_POINT))] };

static SUM: Message = Message {
    typical_len: 300,
    fields: &[
        repeated(1, "dataPoints", "data_points", Msg(&NUMBER_DATA_POINT)),
        single(2, "aggregationTemporality", "aggregation_temporality", Enum(AGGREGATION_TEMPORALITY)),
        single(3, "isMonotonic", "is_monotonic", Bool),
    ],
};

static HISTOGRAM: Message = Message {
    typical_len: 300,
    fields: &[
        repeated(1, "dataPoints", "data_points", Msg(&HISTOGRAM_DATA_POINT)),
        single(2, "aggregationTemporality", "aggregation_temporality", Enum(AGGREGATION_TEMPORALITY)),
    ],
};

static EXPONENTIAL_HISTOGRAM: Message = Message {
    typical_len: 300,
    fields: &[
        repeated(1, "dataPoints", "data_points", Msg(&EXPONENTIAL_HISTOGRAM_DATA_POINT)),
        single(2, "aggregationTemporality", "aggregation_temporality", Enum(AGGREGATION_TEMPORALITY)),
    ],
};

static SUMMARY: Message =
    Message { typical_len: 300, fields: &[repeated(1, "dataPoints", "data_points", Msg(&SUMMARY_DATA_POINT))] };

static NUMBER_DATA_POINT: Message = Message {
    typical_len: 150,
    fields: &[
        repeated(7, "attributes", "attributes", Msg(&KEY_VALUE)),
        single(2, "startTimeUnixNano", "start_time_unix_nano", Fixed64),
        single(3, "timeUnixNano", "time_unix_nano", Fixed64),
        member(4, "asDouble", "as_double", Double),
        member(6, "asInt", "as_int", Sfixed64),
        repeated(5, "exemplars", "exemplars", Msg(&EXEMPLAR)),
        single(8, "flags", "flags", Uint32),
    ],
};

static HISTOGRAM_DATA_POINT: Message = Message {
    typical_len: 250,
    fields: &[
        repeated(9, "attributes", "attributes", Msg(&KEY_VALUE)),
        single(2, "startTimeUnixNano", "start_time_unix_nano", Fixed64),
        single(3, "timeUnixNano", "time_unix_nano", Fixed64),
        single(4, "count", "count", Fixed64),
        optional(5, "sum", "sum", Double),
        repeated(6, "bucketCounts", "bucket_counts", Fixed64),
        repeated(7, "explicitBounds", "explicit_bounds", Double),
        repeated(8, "exemplars", "exemplars", Msg(&EXEMPLAR)),
        single(10, "flags", "flags", Uint32),
        optional(11, "min", "min", Double),
        optional(12, "max", "max", Double),
    ],
};

static EXPONENTIAL_HISTOGRAM_DATA_POINT: Message = Message {
    typical_len: 250,
    fields: &[
        repeated(1, "attributes", "attributes", Msg(&KEY_VALUE)),
        single(2, "startTimeUnixNano", "start_time_unix_nano", Fixed64),
        single(3, "timeUnixNano", "time_unix_nano", Fixed64),
        single(4, "count", "count", Fixed64),
        optional(5, "sum", "sum", Double),
        single(6, "scale", "scale", Sint32),
        single(7, "zeroCount", "zero_count", Fixed64),
        single(8, "positive", "positive", Msg(&BUCKETS)),
        single(9, "negative", "negative", Msg(&BUCKETS)),
        single(10, "flags", "flags", Uint32),
        repeated(11, "exemplars", "exemplars", Msg(&EXEMPLAR)),
        optional(12, "min", "min", Double),
        optional(13, "max", "max", Double),
        single(14, "zeroThreshold", "zero_threshold", Double),
    ],
};

static BUCKETS: Message = Message {
    typical_len: 100,
    fields: &[single(1, "offset", "offset", Sint32), repeated(2, "bucketCounts", "bucket_counts", Uint64)],
};

static SUMMARY_DATA_POINT: Message = Message {
    typical_len: 150,
    fields: &[
        repeated(7, "attributes", "attributes", Msg(&KEY_VALUE)),
        single(2, "startTimeUnixNano", "start_time_unix_nano", Fixed64),
        single(3, "timeUnixNano", "time_unix_nano", Fixed64),
        single(4, "count", "count", Fixed64),
        single(5, "sum", "sum", Double),
        repeated(6, "quantileValues", "quantile_values", Msg(&VALUE_AT_QUANTILE)),
        single(8, "flags", "flags", Uint32),
    ],
};

static VALUE_AT_QUANTILE: Message = Message {
    typical_len: 100,
    fields: &[single(1, "quantile", "quantile", Double), single(2, "value", "value", Double)],
};

static EXEMPLAR: Message = Message {
    typical_len: 100,
    fields: &[
        repeated(7, "filteredAttributes", "filtered_attributes", Msg(&KEY_VALUE)),
        single(2, "timeUnixNano", "time_unix_nano", Fixed64),
        member(3, "asDouble", "as_double", Double),
        member(6, "asInt", "as_int", Sfixed64),
        single(4, "spanId", "span_id", SpanId),
        single(5, "traceId", "trace_id", TraceId),
    ],
};

static RESOURCE_LOGS: Message = Message {
    typical_len: 20000,
    fields: &[
        single(1, "resource", "resource", Msg(&RESOURCE)),
        repeated(2, "scopeLogs", "scope_logs", Msg(&SCOPE_LOGS)),
        single(3, "schemaUrl", "schema_url", Text),
    ],
};

static SCOPE_LOGS: Message = Message {
    typical_len: 20000,
    fields: &[
        single(1, "scope", "scope", Msg(&INSTRUMENTATION_SCOPE)),
        repeated(2, "logRecords", "log_records", Msg(&LOG_RECORD)),
        single(3, "schemaUrl", "schema_url", Text),
    ],
};

static LOG_RECORD: Message = Message {
    typical_len: 500,
    fields: &[
        single(1, "timeUnixNano", "time_unix_nano", Fixed64),
        single(11, "observedTimeUnixNano", "observed_time_unix_nano", Fixed64),
        single(2, "severityNumber", "severity_number", Enum(SEVERITY_NUMBER)),
        single(3, "severityText", "severity_text", Text),
        single(5, "body", "body", Msg(&ANY_VALUE)),
        repeated(6, "attributes", "attributes", Msg(&KEY_VALUE)),
        single(7, "droppedAttributesCount", "dropped_attributes_count", Uint32),
        single(8, "flags", "flags", Fixed32),
        single(9, "traceId", "trace_id", TraceId),
        single(10, "spanId", "span_id", SpanId),
        single(12, "eventName", "event_name", Text),
    ],
};

static RESOURCE: Message = Message {
    typical_len: 400,
    fields: &[
        repeated(1, "attributes", "attributes", Msg(&KEY_VALUE)),
        single(2, "droppedAttributesCount", "dropped_attributes_count", Uint32),
        repeated(3, "entityRefs", "entity_refs", Msg(&ENTITY_REF)),
    ],
};

static ANY_VALUE: Message = Message {
    typical_len: 100,
    fields: &[
        member(1, "stringValue", "string_value", Text),
        member(2, "boolValue", "bool_value", Bool),
        member(3, "intValue", "int_value", Int64),
        member(4, "doubleValue", "double_value", Double),
        member(5, "arrayValue", "array_value", Msg(&ARRAY_VALUE)),
        member(6, "kvlistValue", "kvlist_value", Msg(&KEY_VALUE_LIST)),
        member(7, "bytesValue", "bytes_value", Bytes),
        member(8, "stringValueStrindex", "string_value_strindex", Int32),
    ],
};

static ARRAY_VALUE: Message =
    Message { typical_len: 100, fields: &[repeated(1, "values", "values", Msg(&ANY_VALUE)).always()] };

static KEY_VALUE_LIST: Message =
    Message { typical_len: 100, fields: &[repeated(1, "values", "values", Msg(&KEY_VALUE)).always()] };

static KEY_VALUE: Message = Message {
    typical_len: 100,
    fields: &[
        single(1, "key", "key", Text).always(),
        single(2, "value", "value", Msg(&ANY_VALUE)),
        single(3, "keyStrindex", "key_strindex", Int32),
    ],
};

static INSTRUMENTATION_SCOPE: Message = Message {
    typical_len: 100,
    fields: &[
        single(1, "name", "name", Text),
        single(2, "version", "version", Text),
        repeated(3, "attributes", "attributes", Msg(&KEY_VALUE)),
        single(4, "droppedAttributesCount", "dropped_attributes_count", Uint32),
    ],
};

static ENTITY_REF: Message = Message {
    typical_len: 100,
    fields: &[
        single(1, "schemaUrl", "schema_url", Text).always(),
        single(2, "type", "type", Text).always(),
        repeated(3, "idKeys", "id_keys", Text).always(),
        repeated(4, "descriptionKeys", "description_keys", Text).always(),
    ],
};

static SPAN_KIND: &[&str] = &[
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

static STATUS_CODE: &[&str] = &["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

static AGGREGATION_TEMPORALITY: &[&str] =
    &["AGGREGATION_TEMPORALITY_UNSPECIFIED", "AGGREGATION_TEMPORALITY_DELTA", "AGGREGATION_TEMPORALITY_CUMULATIVE"];

static SEVERITY_NUMBER: &[&str] = &[
    "SEVERITY_NUMBER_UNSPECIFIED",
    "SEVERITY_NUMBER_TRACE",
    "SEVERITY_NUMBER_TRACE2",
    "SEVERITY_NUMBER_TRACE3",
    "SEVERITY_NUMBER_TRACE4",
    "SEVERITY_NUMBER_DEBUG",
    "SEVERITY_NUMBER_DEBUG2",
    "SEVERITY_NUMBER_DEBUG3",
    "SEVERITY_NUMBER_DEBUG4",
    "SEVERITY_NUMBER_INFO",
    "SEVERITY_NUMBER_INFO2",
    "SEVERITY_NUMBER_INFO3",
    "SEVERITY_NUMBER_INFO4",
    "SEVERITY_NUMBER_WARN",
    "SEVERITY_NUMBER_WARN2",
    "SEVERITY_NUMBER_WARN3",
    "SEVERITY_NUMBER_WARN4",
    "SEVERITY_NUMBER_ERROR",
    "SEVERITY_NUMBER_ERROR2",
    "SEVERITY_NUMBER_ERROR3",
    "SEVERITY_NUMBER_ERROR4",
    "SEVERITY_NUMBER_FATAL",
    "SEVERITY_NUMBER_FATAL2",
    "SEVERITY_NUMBER_FATAL3",
    "SEVERITY_NUMBER_FATAL4",
];

/// `google.rpc.Status` as JSON shows it. A detail is a `google.protobuf.Any`, which has the fields of the message
/// that it holds besides its type; here those of `google.rpc.RetryInfo`. In protobuf a detail looks otherwise.
pub(in crate::otlp) static STATUS_IN_JSON: Message = Message {
    typical_len: 100,
    fields: &[
        single(1, "code", "code", Int32),
        single(2, "message", "message", Text),
        repeated(3, "details", "details", Msg(&DETAIL_IN_JSON)),
    ],
};

static DETAIL_IN_JSON: Message = Message {
    typical_len: 100,
    fields: &[single(1, "@type", "@type", Text), single(2, "retryDelay", "retry_delay", Text)],
};
