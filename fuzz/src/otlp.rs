//! Export requests as the structs of opentelemetry-proto, which reads protobuf on its own.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, Metric, ResourceMetrics, ScopeMetrics, metric::Data};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use otel_run::otlp::Signal;
use otel_run::transform::content::{Family, Place};
use prost::{DecodeError, Message};

/// A request of any signal.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Spans.
    Traces(ExportTraceServiceRequest),
    /// Data points.
    Metrics(ExportMetricsServiceRequest),
    /// Log records.
    Logs(ExportLogsServiceRequest),
}

/// Whose attributes these are.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Who wrote them.
    pub family: Family,
    /// Where they stand.
    pub place: Place,
    /// The name by which content is told from the rest there.
    pub name: String,
}

/// One thing of a request that may be looked at or changed.
pub enum Part<'a> {
    /// A list of attributes.
    Attributes(&'a Owner, &'a mut Vec<KeyValue>),
    /// A span, and who wrote it.
    Span(Family, &'a mut Span),
    /// A log record, who wrote it, and the name of its event.
    LogRecord(Family, &'a str, &'a mut LogRecord),
    /// An exemplar of a data point.
    Exemplar(&'a mut Exemplar),
}

impl Request {
    /// Reads the protobuf of `signal`.
    ///
    /// # Errors
    ///
    /// What prost says.
    pub fn decode(signal: Signal, protobuf: &[u8]) -> Result<Self, DecodeError> {
        Ok(match signal {
            Signal::Traces => Request::Traces(Message::decode(protobuf)?),
            Signal::Metrics => Request::Metrics(Message::decode(protobuf)?),
            Signal::Logs => Request::Logs(Message::decode(protobuf)?),
        })
    }

    /// Writes protobuf.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Request::Traces(request) => request.encode_to_vec(),
            Request::Metrics(request) => request.encode_to_vec(),
            Request::Logs(request) => request.encode_to_vec(),
        }
    }

    /// Requests with one span, metric or log record each, in the same scope and resource.
    pub fn one_by_one(&self) -> Vec<Request> {
        let mut requests = Vec::new();
        match self {
            Request::Traces(request) => {
                for group in &request.resource_spans {
                    for scope in &group.scope_spans {
                        for item in &scope.spans {
                            let scope = ScopeSpans { spans: vec![item.clone()], ..scope.clone() };
                            let resource_spans = vec![ResourceSpans { scope_spans: vec![scope], ..group.clone() }];
                            requests.push(Request::Traces(ExportTraceServiceRequest { resource_spans }));
                        }
                    }
                }
            }
            Request::Metrics(request) => {
                for group in &request.resource_metrics {
                    for scope in &group.scope_metrics {
                        for item in &scope.metrics {
                            let scope = ScopeMetrics { metrics: vec![item.clone()], ..scope.clone() };
                            let resource_metrics =
                                vec![ResourceMetrics { scope_metrics: vec![scope], ..group.clone() }];
                            requests.push(Request::Metrics(ExportMetricsServiceRequest { resource_metrics }));
                        }
                    }
                }
            }
            Request::Logs(request) => {
                for group in &request.resource_logs {
                    for scope in &group.scope_logs {
                        for item in &scope.log_records {
                            let scope = ScopeLogs { log_records: vec![item.clone()], ..scope.clone() };
                            let resource_logs = vec![ResourceLogs { scope_logs: vec![scope], ..group.clone() }];
                            requests.push(Request::Logs(ExportLogsServiceRequest { resource_logs }));
                        }
                    }
                }
            }
        }
        requests
    }

    /// Everything in it as text, in which one NaN is like another.
    pub fn shown(&self) -> String {
        format!("{self:?}")
    }

    /// The resources, in order; a missing one is put in.
    pub fn resources(&mut self) -> Vec<&mut Resource> {
        let resources: Vec<&mut Option<Resource>> = match self {
            Request::Traces(request) => request.resource_spans.iter_mut().map(|group| &mut group.resource).collect(),
            Request::Metrics(request) => request.resource_metrics.iter_mut().map(|group| &mut group.resource).collect(),
            Request::Logs(request) => request.resource_logs.iter_mut().map(|group| &mut group.resource).collect(),
        };
        resources.into_iter().map(|resource| resource.get_or_insert_with(Resource::default)).collect()
    }

    /// `service.name` of each resource, as the transforms read it.
    pub fn services(&self) -> Vec<String> {
        let name = |resource: &Resource| {
            let named = resource.attributes.iter().find(|attribute| attribute.key == "service.name");
            named.map(text_of).unwrap_or_default().to_owned()
        };
        self.clone().resources().into_iter().map(|resource| name(resource)).collect()
    }

    /// How many spans, data points or log records there are.
    pub fn items(&self) -> usize {
        match self {
            Request::Traces(request) => {
                let scopes = request.resource_spans.iter().flat_map(|group| &group.scope_spans);
                scopes.map(|scope| scope.spans.len()).sum()
            }
            Request::Metrics(request) => {
                let scopes = request.resource_metrics.iter().flat_map(|group| &group.scope_metrics);
                scopes.flat_map(|scope| &scope.metrics).map(points).sum()
            }
            Request::Logs(request) => {
                let scopes = request.resource_logs.iter().flat_map(|group| &group.scope_logs);
                scopes.map(|scope| scope.log_records.len()).sum()
            }
        }
    }

    /// Shows every part to `look`. `services` are those of the request as it came: an enriched resource may have
    /// another name.
    pub fn visit(&mut self, services: &[String], look: &mut dyn FnMut(Part<'_>)) {
        for (resource, service) in self.resources().into_iter().zip(services) {
            let family = Family::of_scope(b"", service.as_bytes());
            attributes(family, Place::Resource, "", &mut resource.attributes, look);
        }
        match self {
            Request::Traces(request) => {
                for (group, service) in request.resource_spans.iter_mut().zip(services) {
                    for scope in &mut group.scope_spans {
                        let family = visit_scope(service, &mut scope.scope, look);
                        scope.spans.iter_mut().for_each(|span| visit_span(family, span, look));
                    }
                }
            }
            Request::Metrics(request) => {
                for (group, service) in request.resource_metrics.iter_mut().zip(services) {
                    for scope in &mut group.scope_metrics {
                        let family = visit_scope(service, &mut scope.scope, look);
                        scope.metrics.iter_mut().for_each(|metric| visit_metric(family, metric, look));
                    }
                }
            }
            Request::Logs(request) => {
                for (group, service) in request.resource_logs.iter_mut().zip(services) {
                    for scope in &mut group.scope_logs {
                        let family = visit_scope(service, &mut scope.scope, look);
                        scope.log_records.iter_mut().for_each(|record| visit_record(family, record, look));
                    }
                }
            }
        }
    }
}

/// The text of an attribute, empty where it is something else.
pub fn text_of(attribute: &KeyValue) -> &str {
    match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        _ => "",
    }
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        None => 0,
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Summary(data)) => data.data_points.len(),
    }
}

fn attributes(family: Family, place: Place, name: &str, list: &mut Vec<KeyValue>, look: &mut dyn FnMut(Part<'_>)) {
    look(Part::Attributes(&Owner { family, place, name: name.to_owned() }, list));
}

fn visit_scope(service: &str, scope: &mut Option<InstrumentationScope>, look: &mut dyn FnMut(Part<'_>)) -> Family {
    let name = scope.as_ref().map(|scope| scope.name.as_str()).unwrap_or_default();
    let family = Family::of_scope(name.as_bytes(), service.as_bytes());
    if let Some(scope) = scope {
        attributes(family, Place::Scope, "", &mut scope.attributes, look);
    }
    family
}

fn visit_span(family: Family, span: &mut Span, look: &mut dyn FnMut(Part<'_>)) {
    attributes(family, Place::Span, &span.name, &mut span.attributes, look);
    for event in &mut span.events {
        let owner = if event.name == "exception" { &span.name } else { &event.name };
        attributes(family, Place::SpanEvent, owner, &mut event.attributes, look);
    }
    for link in &mut span.links {
        attributes(family, Place::Link, "", &mut link.attributes, look);
    }
    look(Part::Span(family, span));
}

fn visit_record(family: Family, record: &mut LogRecord, look: &mut dyn FnMut(Part<'_>)) {
    // Of names that occur twice the last one counts.
    let named = record.attributes.iter().rfind(|attribute| attribute.key == "event.name");
    let name = named.map(text_of).filter(|name| !name.is_empty()).unwrap_or(&record.event_name).to_owned();
    attributes(family, Place::LogRecord, &name, &mut record.attributes, look);
    look(Part::LogRecord(family, &name, record));
}

fn visit_metric(family: Family, metric: &mut Metric, look: &mut dyn FnMut(Part<'_>)) {
    attributes(family, Place::MetricMetadata, &metric.name, &mut metric.metadata, look);
    let name = &metric.name;
    let mut point = |list: &mut Vec<KeyValue>, exemplars: &mut [Exemplar]| {
        attributes(family, Place::DataPoint, name, list, look);
        for exemplar in exemplars {
            attributes(family, Place::Exemplar, name, &mut exemplar.filtered_attributes, look);
            look(Part::Exemplar(exemplar));
        }
    };
    match &mut metric.data {
        None => {}
        Some(Data::Gauge(data)) => {
            data.data_points.iter_mut().for_each(|p| point(&mut p.attributes, &mut p.exemplars));
        }
        Some(Data::Sum(data)) => data.data_points.iter_mut().for_each(|p| point(&mut p.attributes, &mut p.exemplars)),
        Some(Data::Histogram(data)) => {
            data.data_points.iter_mut().for_each(|p| point(&mut p.attributes, &mut p.exemplars));
        }
        Some(Data::ExponentialHistogram(data)) => {
            data.data_points.iter_mut().for_each(|p| point(&mut p.attributes, &mut p.exemplars));
        }
        Some(Data::Summary(data)) => data.data_points.iter_mut().for_each(|p| point(&mut p.attributes, &mut [])),
    }
}
