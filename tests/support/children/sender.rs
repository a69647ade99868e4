//! The Rust program of `tests/senders`: with the SDK's public API it makes what `tests/senders/made.rs` expects.

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{
    Link, Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Array, Context, KeyValue, Value};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

use super::sdk::Providers;

/// No double holds the integers beside it.
const LARGE: i64 = (1 << 53) + 2;

/// The exporters of HTTP look at the variable themselves, the one of gRPC is another type.
pub(super) fn run() -> i32 {
    let protocol = std::env::var("OTEL_EXPORTER_OTLP_PROTOCOL").expect("OTEL_EXPORTER_OTLP_PROTOCOL is set");
    let providers = Providers::start(protocol == "grpc");
    spans_and_records(&providers.tracers, &providers.loggers, &providers.meters);
    providers.shut_down()
}

fn spans_and_records(tracers: &SdkTracerProvider, loggers: &SdkLoggerProvider, meters: &SdkMeterProvider) {
    let tracer = tracers.tracer("sender");
    let mut earlier = tracer.start("earlier");
    earlier.end();
    let earlier = earlier.span_context().clone();

    let server = tracer.span_builder("server").with_kind(SpanKind::Server).with_attributes(attributes());
    let server = Context::current_with_span(server.start(&tracer));
    {
        let _current = server.clone().attach();
        metrics(meters);
    }
    for (name, kind) in
        [("client", SpanKind::Client), ("producer", SpanKind::Producer), ("consumer", SpanKind::Consumer)]
    {
        let span = tracer.span_builder(name).with_kind(kind);
        let span = if name == "client" { linked(span, &earlier) } else { span };
        let context = server.with_span(span.start_with_context(&tracer, &server));
        if name == "client" {
            let span = context.span();
            span.add_event("half way", vec![KeyValue::new("percent", 50)]);
            span.record_error(&std::io::Error::other("it broke"));
            span.set_status(Status::error("it broke"));
            let _current = context.clone().attach();
            record_inside(loggers);
        }
        context.span().end();
    }
    let mut internal = tracer.start_with_context("internal", &server);
    internal.set_status(Status::Ok);
    internal.end();
    server.span().end();
    record_outside(loggers);
}

fn linked(span: SpanBuilder, earlier: &SpanContext) -> SpanBuilder {
    span.with_links(vec![Link::new(earlier.clone(), vec![KeyValue::new("why", "before")], 0)])
}

fn attributes() -> Vec<KeyValue> {
    vec![
        KeyValue::new("text", "Grüße \"世界\"\n"),
        KeyValue::new("empty", ""),
        KeyValue::new("int", -5),
        KeyValue::new("int.large", LARGE),
        KeyValue::new("int.max", i64::MAX),
        KeyValue::new("double", 0.1),
        KeyValue::new("double.whole", 3.0),
        KeyValue::new("double.tiny", 5e-324),
        KeyValue::new("double.huge", f64::MAX),
        KeyValue::new("yes", true),
        KeyValue::new("no", false),
        KeyValue::new("texts", Value::Array(Array::String(vec!["a".into(), "".into()]))),
        KeyValue::new("ints", Value::Array(Array::I64(vec![1, LARGE]))),
        KeyValue::new("doubles", Value::Array(Array::F64(vec![0.5, 1.5]))),
        KeyValue::new("bools", Value::Array(Array::Bool(vec![true, false]))),
        KeyValue::new("none", Value::Array(Array::String(vec![]))),
    ]
}

fn record_inside(loggers: &SdkLoggerProvider) {
    let logger = loggers.logger("sender");
    let mut record = logger.create_log_record();
    record.set_event_name("sender.event");
    record.set_severity_number(Severity::Info);
    record.set_severity_text("INFO");
    record.set_body("inside of a span".into());
    record.add_attribute("int.large", LARGE);
    logger.emit(record);
}

fn record_outside(loggers: &SdkLoggerProvider) {
    let logger = loggers.logger("sender");
    let mut record = logger.create_log_record();
    record.set_severity_number(Severity::Warn);
    record.set_severity_text("WARN");
    let deep: AnyValue = [("deep", "er")].into_iter().collect();
    let list = AnyValue::ListAny(Box::new(vec![1.into(), "two".into(), deep]));
    record.set_body(AnyValue::from_iter([
        ("text", AnyValue::from("two\nlines")),
        ("large", LARGE.into()),
        ("half", 0.5.into()),
        ("yes", true.into()),
        ("bytes", AnyValue::Bytes(Box::new(vec![0, 255]))),
        ("list", list),
    ]));
    logger.emit(record);
}

fn metrics(meters: &SdkMeterProvider) {
    let meter = meters.meter("sender");
    let requests = meter.u64_counter("sender.requests").with_unit("{request}").with_description("Requests made");
    let requests = requests.build();
    requests.add(3, &[KeyValue::new("kind", "good")]);
    requests.add(4, &[KeyValue::new("kind", "good")]);
    requests.add(1, &[KeyValue::new("kind", "bad")]);
    let seconds = meter.f64_counter("sender.seconds").build();
    seconds.add(0.1, &[]);
    seconds.add(0.2, &[]);
    let open = meter.i64_up_down_counter("sender.open").build();
    open.add(5, &[]);
    open.add(-7, &[]);
    let duration = meter.f64_histogram("sender.duration").with_unit("s").with_boundaries(vec![1.0, 10.0]).build();
    for value in [0.25, 7.0, 5000.0] {
        duration.record(value, &[]);
    }
    let level = meter.f64_gauge("sender.level").build();
    level.record(1.5, &[]);
    level.record(-2.5, &[]);
    let count =
        |observer: &dyn opentelemetry::metrics::AsyncInstrument<u64>| observer.observe(LARGE.unsigned_abs(), &[]);
    meter.u64_observable_counter("sender.observed.count").with_callback(count).build();
    let open = |observer: &dyn opentelemetry::metrics::AsyncInstrument<i64>| observer.observe(-4, &[]);
    meter.i64_observable_up_down_counter("sender.observed.open").with_callback(open).build();
    let level = |observer: &dyn opentelemetry::metrics::AsyncInstrument<f64>| observer.observe(0.125, &[]);
    meter.f64_observable_gauge("sender.observed.level").with_callback(level).build();
}
