//! A program that is instrumented with the OpenTelemetry SDK and knows nothing of otel-run.

use std::time::Duration;

use opentelemetry::logs::{LogRecord, LoggerProvider as _, Severity};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{SpanKind, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, SdkLoggerProvider};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{SdkMeterProvider, Temporality};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use tokio::runtime::Handle;

/// Two spans, two log records and two metrics; endpoint and headers are what the environment says. The exit status is
/// 9 where an exporter reports a failure.
#[derive(clap::Args)]
pub(crate) struct Sdk {
    /// Speaks gRPC whatever the environment says, as a program does that was built for it alone.
    #[arg(long)]
    grpc: bool,
}

impl Sdk {
    pub(crate) fn run(self) -> i32 {
        let providers = Providers::start(self.grpc);
        work(&providers.tracers, &providers.meters, &providers.loggers);
        providers.shut_down()
    }
}

/// The SDK with its exporters behind it.
pub(super) struct Providers {
    pub(super) tracers: SdkTracerProvider,
    pub(super) meters: SdkMeterProvider,
    pub(super) loggers: SdkLoggerProvider,
}

impl Providers {
    /// Exports by gRPC, or by what the environment says of HTTP.
    pub(super) fn start(grpc: bool) -> Self {
        let runtime = runtime();
        let entered = runtime.enter();
        let (spans, metrics, logs) = if grpc {
            (
                SpanExporter::builder().with_tonic().build(),
                MetricExporter::builder().with_tonic().build(),
                LogExporter::builder().with_tonic().build(),
            )
        } else {
            (
                SpanExporter::builder().with_http().build(),
                MetricExporter::builder().with_http().build(),
                LogExporter::builder().with_http().build(),
            )
        };
        drop(entered);
        let spans = Driven { exporter: spans.unwrap(), runtime: runtime.clone() };
        let metrics = Driven { exporter: metrics.unwrap(), runtime: runtime.clone() };
        let logs = Driven { exporter: logs.unwrap(), runtime: runtime.clone() };
        Self {
            tracers: SdkTracerProvider::builder().with_batch_exporter(spans).build(),
            meters: SdkMeterProvider::builder().with_periodic_exporter(metrics).build(),
            loggers: SdkLoggerProvider::builder().with_batch_exporter(logs).build(),
        }
    }

    /// Exports what is left, and says how that went; the result is the exit status.
    pub(super) fn shut_down(&self) -> i32 {
        let ended = [self.tracers.shutdown(), self.meters.shutdown(), self.loggers.shutdown()];
        super::announce(&format!("ended {ended:?}"));
        if ended.iter().all(Result::is_ok) { 0 } else { 9 }
    }
}

fn work(tracers: &SdkTracerProvider, meters: &SdkMeterProvider, loggers: &SdkLoggerProvider) {
    let tracer = tracers.tracer("sdk");
    let outer = tracer.span_builder("outer").with_kind(SpanKind::Server).start(&tracer);
    let outer = Context::current_with_span(outer);
    let mut inner = tracer.start_with_context("inner", &outer);
    opentelemetry::trace::Span::add_event(&mut inner, "half way", vec![KeyValue::new("percent", 50)]);
    opentelemetry::trace::Span::end(&mut inner);
    let logger = loggers.logger("sdk");
    {
        let _current = outer.clone().attach();
        emit(&logger, "inside of a span");
    }
    outer.span().end();
    emit(&logger, "outside of any span");

    let meter = meters.meter("sdk");
    meter.u64_counter("sdk.requests").build().add(3, &[KeyValue::new("kind", "good")]);
    meter.f64_histogram("sdk.duration").with_unit("s").build().record(0.25, &[]);
}

fn emit(logger: &impl opentelemetry::logs::Logger, body: &'static str) {
    let mut record = logger.create_log_record();
    record.set_severity_number(Severity::Info);
    record.set_body(body.into());
    logger.emit(record);
}

/// A runtime on a thread of its own: the SDK calls its exporters from threads that have none.
fn runtime() -> Handle {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    handle
}

/// An exporter that is called within the runtime.
#[derive(Debug)]
struct Driven<E> {
    exporter: E,
    runtime: Handle,
}

impl opentelemetry_sdk::trace::SpanExporter for Driven<SpanExporter> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.runtime.block_on(self.exporter.export(batch))
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &opentelemetry_sdk::Resource) {
        self.exporter.set_resource(resource);
    }
}

impl opentelemetry_sdk::logs::LogExporter for Driven<LogExporter> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        self.runtime.block_on(self.exporter.export(batch))
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &opentelemetry_sdk::Resource) {
        self.exporter.set_resource(resource);
    }
}

impl PushMetricExporter for Driven<MetricExporter> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.runtime.block_on(self.exporter.export(metrics))
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}
