//! What a run has written to its log, decoded.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use otel_run::otlp::Signal;
use otel_run::store::facts::{Ended, Started};
use otel_run::store::log::{Kind, Log};
use otel_run::store::{RunFolder, Store};
use prost::Message;

use super::home::Home;

/// The log of one run, which may still be going on.
pub struct Stored {
    /// Kept, so that the folder is there as long as this is.
    pub home: Home,
    pub folder: RunFolder,
    pub started: Started,
    pub ended: Option<Ended>,
    /// Signal, number of items as noted beside it, and the request itself.
    pub batches: Vec<(Signal, u32, Vec<u8>)>,
}

impl Stored {
    /// The only run of this home, as far as it goes.
    #[track_caller]
    pub fn of(home: &Home) -> Self {
        let mut runs = Store::at(&home.state()).list().unwrap();
        assert_eq!(runs.len(), 1, "the home is to hold one run");
        Self::read(home, runs.remove(0))
    }

    /// The run `name` of this home, as far as it goes.
    #[track_caller]
    pub fn named(home: &Home, name: &str) -> Self {
        Self::read(home, Store::at(&home.state()).find(Some(name)).unwrap())
    }

    #[track_caller]
    fn read(home: &Home, folder: RunFolder) -> Self {
        let log = folder.read_log().unwrap();
        let (mut at, mut payload) = (Log::start(), Vec::new());
        let (mut started, mut ended, mut batches) = (None, None, Vec::new());
        while let Some(header) = log.read(at, &mut payload).unwrap() {
            at += header.record_length();
            match header.kind {
                Kind::Started => started = Some(serde_json::from_slice(&payload).unwrap()),
                Kind::Ended => ended = Some(serde_json::from_slice(&payload).unwrap()),
                Kind::Batch(signal) => batches.push((signal, header.items, payload.clone())),
            }
        }
        Self {
            home: home.clone(),
            folder,
            started: started.expect("the log begins with how the run was started"),
            ended,
            batches,
        }
    }

    fn requests<M: Message + Default>(&self, signal: Signal) -> impl Iterator<Item = M> + '_ {
        let wanted = self.batches.iter().filter(move |(of, ..)| *of == signal);
        wanted.map(|(_, _, request)| M::decode(&request[..]).unwrap())
    }

    /// Every span with its resource and the name of its scope.
    pub fn spans_with_origin(&self) -> Vec<(Resource, String, Span)> {
        let mut all = Vec::new();
        for request in self.requests::<ExportTraceServiceRequest>(Signal::Traces) {
            for group in request.resource_spans {
                let resource = group.resource.unwrap_or_default();
                for scope in group.scope_spans {
                    let name = scope.scope.unwrap_or_default().name;
                    all.extend(scope.spans.into_iter().map(|span| (resource.clone(), name.clone(), span)));
                }
            }
        }
        all
    }

    /// Every span.
    pub fn spans(&self) -> Vec<Span> {
        self.spans_with_origin().into_iter().map(|(_, _, span)| span).collect()
    }

    /// The run's own span.
    #[track_caller]
    pub fn run_span(&self) -> Span {
        let mut own = self.spans();
        own.retain(|span| super::hex(&span.span_id) == self.started.span_id);
        assert_eq!(own.len(), 1, "the run has one span");
        own.remove(0)
    }

    /// Every span that the command sent.
    pub fn spans_of_the_command(&self) -> Vec<Span> {
        let all = self.spans_with_origin().into_iter();
        all.filter(|(_, scope, _)| scope != "otel-run").map(|(_, _, span)| span).collect()
    }

    /// Every log record with its resource and the name of its scope.
    pub fn log_records_with_origin(&self) -> Vec<(Resource, String, LogRecord)> {
        let mut all = Vec::new();
        for request in self.requests::<ExportLogsServiceRequest>(Signal::Logs) {
            for group in request.resource_logs {
                let resource = group.resource.unwrap_or_default();
                for scope in group.scope_logs {
                    let name = scope.scope.unwrap_or_default().name;
                    all.extend(scope.log_records.into_iter().map(|record| (resource.clone(), name.clone(), record)));
                }
            }
        }
        all
    }

    /// Every log record that the command sent.
    pub fn log_records_of_the_command(&self) -> Vec<LogRecord> {
        let all = self.log_records_with_origin().into_iter();
        all.filter(|(_, scope, _)| scope != "otel-run").map(|(_, _, record)| record).collect()
    }

    /// Every metric with its resource and the name of its scope.
    pub fn metrics_with_origin(&self) -> Vec<(Resource, String, Metric)> {
        let mut all = Vec::new();
        for request in self.requests::<ExportMetricsServiceRequest>(Signal::Metrics) {
            for group in request.resource_metrics {
                let resource = group.resource.unwrap_or_default();
                for scope in group.scope_metrics {
                    let name = scope.scope.unwrap_or_default().name;
                    all.extend(scope.metrics.into_iter().map(|metric| (resource.clone(), name.clone(), metric)));
                }
            }
        }
        all
    }

    /// Every metric that the command sent.
    pub fn metrics_of_the_command(&self) -> Vec<Metric> {
        let all = self.metrics_with_origin().into_iter();
        all.filter(|(_, scope, _)| scope != "otel-run").map(|(_, _, metric)| metric).collect()
    }
}

/// The value of an attribute as text; none where it is missing or no string.
pub fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let mut found = attributes.iter().filter(|attribute| attribute.key == key);
    let value = found.next()?.value.as_ref()?.value.as_ref()?;
    assert!(found.next().is_none(), "{key} is there twice");
    match value {
        any_value::Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// Whether an attribute is there and says `true`.
pub fn is_true(attributes: &[KeyValue], key: &str) -> bool {
    let value = attributes.iter().find(|attribute| attribute.key == key).and_then(|attribute| attribute.value.as_ref());
    value.is_some_and(|value| value.value == Some(any_value::Value::BoolValue(true)))
}
