//! Random requests as the structs of opentelemetry-proto, which has its own reading and writing of both encodings.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar,
    exponential_histogram_data_point::Buckets, metric, number_data_point, summary_data_point::ValueAtQuantile,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::prelude::*;
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{decode, encode};
use crate::otlp::Signal;

/// Makes values; zero, empty and absent ones are as frequent as others.
struct Maker(fastrand::Rng);

impl Maker {
    fn some<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.0.bool().then(|| make(self))
    }

    fn many<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.0.usize(0..3)).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> String {
        let length = *self.0.choice(&[0, 3, 10, 200]).unwrap();
        (0..length).map(|_| *self.0.choice(&['a', 'z', '"', '\\', '\n', '\u{1}', 'é', '😀', '/']).unwrap()).collect()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.0.u8(..)).collect()
    }

    fn id(&mut self, length: usize) -> Vec<u8> {
        self.some(|make| make.bytes(length)).unwrap_or_default()
    }

    fn u64(&mut self) -> u64 {
        *[0, 1, u64::MAX, self.0.u64(..)].get(self.0.usize(0..4)).unwrap()
    }

    fn u32(&mut self) -> u32 {
        *[0, 1, u32::MAX, self.0.u32(..)].get(self.0.usize(0..4)).unwrap()
    }

    fn i32(&mut self) -> i32 {
        *[0, -1, i32::MIN, i32::MAX, self.0.i32(..)].get(self.0.usize(0..5)).unwrap()
    }

    fn i64(&mut self) -> i64 {
        *[0, -1, i64::MIN, i64::MAX, self.0.i64(..)].get(self.0.usize(0..5)).unwrap()
    }

    fn f64(&mut self) -> f64 {
        let bits = f64::from_bits(self.0.u64(..));
        let any = if bits.is_finite() { bits } else { -1.5 };
        *[0.0, 0.1, 1e300, 5e-324, any].get(self.0.usize(0..5)).unwrap()
    }

    fn value(&mut self, depth: usize) -> AnyValue {
        let value = match self.0.usize(0..if depth == 0 { 6 } else { 8 }) {
            0 => None,
            1 => Some(any_value::Value::StringValue(self.text())),
            2 => Some(any_value::Value::BoolValue(self.0.bool())),
            3 => Some(any_value::Value::IntValue(self.i64())),
            4 => Some(any_value::Value::DoubleValue(self.f64())),
            5 => {
                let length = self.0.usize(0..6);
                Some(any_value::Value::BytesValue(self.bytes(length)))
            }
            6 => {
                let values = self.many(|make| make.value(depth - 1));
                Some(any_value::Value::ArrayValue(ArrayValue { values }))
            }
            _ => {
                let values = self.many(|make| make.attribute(depth - 1));
                Some(any_value::Value::KvlistValue(KeyValueList { values }))
            }
        };
        AnyValue { value }
    }

    fn attribute(&mut self, depth: usize) -> KeyValue {
        KeyValue { key: self.text(), value: self.some(|make| make.value(depth)), key_strindex: self.i32() }
    }

    fn attributes(&mut self) -> Vec<KeyValue> {
        self.many(|make| make.attribute(3))
    }

    fn resource(&mut self) -> Resource {
        Resource {
            attributes: self.attributes(),
            dropped_attributes_count: self.u32(),
            entity_refs: self.many(|make| EntityRef {
                schema_url: make.text(),
                r#type: make.text(),
                id_keys: make.many(Self::text),
                description_keys: make.many(Self::text),
            }),
        }
    }

    fn scope(&mut self) -> InstrumentationScope {
        InstrumentationScope {
            name: self.text(),
            version: self.text(),
            attributes: self.attributes(),
            dropped_attributes_count: self.u32(),
        }
    }

    fn span(&mut self) -> Span {
        Span {
            trace_id: self.id(16),
            span_id: self.id(8),
            trace_state: self.text(),
            parent_span_id: self.id(8),
            flags: self.u32(),
            name: self.text(),
            kind: self.i32(),
            start_time_unix_nano: self.u64(),
            end_time_unix_nano: self.u64(),
            attributes: self.attributes(),
            dropped_attributes_count: self.u32(),
            events: self.many(|make| Event {
                time_unix_nano: make.u64(),
                name: make.text(),
                attributes: make.attributes(),
                dropped_attributes_count: make.u32(),
            }),
            dropped_events_count: self.u32(),
            links: self.many(|make| Link {
                trace_id: make.id(16),
                span_id: make.id(8),
                trace_state: make.text(),
                attributes: make.attributes(),
                dropped_attributes_count: make.u32(),
                flags: make.u32(),
            }),
            dropped_links_count: self.u32(),
            status: self.some(|make| Status { message: make.text(), code: make.i32() }),
        }
    }

    fn log_record(&mut self) -> LogRecord {
        LogRecord {
            time_unix_nano: self.u64(),
            observed_time_unix_nano: self.u64(),
            severity_number: self.i32(),
            severity_text: self.text(),
            body: self.some(|make| make.value(3)),
            attributes: self.attributes(),
            dropped_attributes_count: self.u32(),
            flags: self.u32(),
            trace_id: self.id(16),
            span_id: self.id(8),
            event_name: self.text(),
        }
    }

    fn exemplar(&mut self) -> Exemplar {
        Exemplar {
            filtered_attributes: self.attributes(),
            time_unix_nano: self.u64(),
            span_id: self.id(8),
            trace_id: self.id(16),
            value: match self.0.usize(0..3) {
                0 => None,
                1 => Some(exemplar::Value::AsDouble(self.f64())),
                _ => Some(exemplar::Value::AsInt(self.i64())),
            },
        }
    }

    fn number_data_point(&mut self) -> NumberDataPoint {
        NumberDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.u64(),
            time_unix_nano: self.u64(),
            exemplars: self.many(Self::exemplar),
            flags: self.u32(),
            value: match self.0.usize(0..3) {
                0 => None,
                1 => Some(number_data_point::Value::AsDouble(self.f64())),
                _ => Some(number_data_point::Value::AsInt(self.i64())),
            },
        }
    }

    fn histogram_data_point(&mut self) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.u64(),
            time_unix_nano: self.u64(),
            count: self.u64(),
            sum: self.some(Self::f64),
            bucket_counts: self.many(Self::u64),
            explicit_bounds: self.many(Self::f64),
            exemplars: self.many(Self::exemplar),
            flags: self.u32(),
            min: self.some(Self::f64),
            max: self.some(Self::f64),
        }
    }

    fn buckets(&mut self) -> Buckets {
        Buckets { offset: self.i32(), bucket_counts: self.many(Self::u64) }
    }

    fn exponential_data_point(&mut self) -> ExponentialHistogramDataPoint {
        ExponentialHistogramDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.u64(),
            time_unix_nano: self.u64(),
            count: self.u64(),
            sum: self.some(Self::f64),
            scale: self.i32(),
            zero_count: self.u64(),
            positive: self.some(Self::buckets),
            negative: self.some(Self::buckets),
            flags: self.u32(),
            exemplars: self.many(Self::exemplar),
            min: self.some(Self::f64),
            max: self.some(Self::f64),
            zero_threshold: self.f64(),
        }
    }

    fn summary_data_point(&mut self) -> SummaryDataPoint {
        SummaryDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.u64(),
            time_unix_nano: self.u64(),
            count: self.u64(),
            sum: self.f64(),
            quantile_values: self.many(|make| ValueAtQuantile { quantile: make.f64(), value: make.f64() }),
            flags: self.u32(),
        }
    }

    fn metric(&mut self) -> Metric {
        let data = match self.0.usize(0..6) {
            0 => None,
            1 => Some(metric::Data::Gauge(Gauge { data_points: self.many(Self::number_data_point) })),
            2 => Some(metric::Data::Sum(Sum {
                data_points: self.many(Self::number_data_point),
                aggregation_temporality: self.i32(),
                is_monotonic: self.0.bool(),
            })),
            3 => Some(metric::Data::Histogram(Histogram {
                data_points: self.many(Self::histogram_data_point),
                aggregation_temporality: self.i32(),
            })),
            4 => Some(metric::Data::ExponentialHistogram(ExponentialHistogram {
                data_points: self.many(Self::exponential_data_point),
                aggregation_temporality: self.i32(),
            })),
            _ => Some(metric::Data::Summary(Summary { data_points: self.many(Self::summary_data_point) })),
        };
        Metric { name: self.text(), description: self.text(), unit: self.text(), metadata: self.attributes(), data }
    }

    fn traces(&mut self) -> ExportTraceServiceRequest {
        let resource_spans = self.many(|make| ResourceSpans {
            resource: make.some(Self::resource),
            scope_spans: make.many(|make| ScopeSpans {
                scope: make.some(Self::scope),
                spans: make.many(Self::span),
                schema_url: make.text(),
            }),
            schema_url: make.text(),
        });
        ExportTraceServiceRequest { resource_spans }
    }

    fn metrics(&mut self) -> ExportMetricsServiceRequest {
        let resource_metrics = self.many(|make| ResourceMetrics {
            resource: make.some(Self::resource),
            scope_metrics: make.many(|make| ScopeMetrics {
                scope: make.some(Self::scope),
                metrics: make.many(Self::metric),
                schema_url: make.text(),
            }),
            schema_url: make.text(),
        });
        ExportMetricsServiceRequest { resource_metrics }
    }

    fn logs(&mut self) -> ExportLogsServiceRequest {
        let resource_logs = self.many(|make| ResourceLogs {
            resource: make.some(Self::resource),
            scope_logs: make.many(|make| ScopeLogs {
                scope: make.some(Self::scope),
                log_records: make.many(Self::log_record),
                schema_url: make.text(),
            }),
            schema_url: make.text(),
        });
        ExportLogsServiceRequest { resource_logs }
    }
}

fn assert_same<T>(signal: Signal, request: &T)
where
    T: Message + Default + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let json = serde_json::to_vec(request).unwrap();
    let protobuf = decode(signal, &json).unwrap();
    assert_eq!(&T::decode(protobuf.as_slice()).unwrap(), request, "{}", String::from_utf8_lossy(&json));

    let json = encode(signal, &request.encode_to_vec()).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), request, "{json}");
    // Fields are written in the order of their names in JSON, so bytes differ, but nothing is longer than it must be.
    assert_eq!(protobuf.len(), request.encoded_len());
}

proptest! {
    #[test]
    fn both_directions_agree_with_opentelemetry_proto(seed in any::<u64>()) {
        let mut make = Maker(fastrand::Rng::with_seed(seed));
        assert_same(Signal::Traces, &make.traces());
        assert_same(Signal::Metrics, &make.metrics());
        assert_same(Signal::Logs, &make.logs());
    }

    #[test]
    fn damaged_input_never_panics(seed in any::<u64>()) {
        let mut make = Maker(fastrand::Rng::with_seed(seed));
        let inputs = [
            (Signal::Traces, make.traces().encode_to_vec()),
            (Signal::Metrics, make.metrics().encode_to_vec()),
            (Signal::Logs, make.logs().encode_to_vec()),
        ];
        for (signal, protobuf) in inputs {
            let json = encode(signal, &protobuf).unwrap();
            for mut bytes in [protobuf, json.into_bytes()] {
                for _ in 0..4 {
                    let byte = make.0.u8(..);
                    if let Some(place) = make.0.choice(bytes.iter_mut()) {
                        *place = byte;
                    }
                    let _ = encode(signal, &bytes);
                    let _ = decode(signal, &bytes);
                }
                bytes.truncate(make.0.usize(..=bytes.len()));
                let _ = encode(signal, &bytes);
                let _ = decode(signal, &bytes);
            }
        }
    }
}
