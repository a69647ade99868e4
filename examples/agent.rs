//! A pretend agent: one prompt, two model calls and a tool, told to `OTEL_EXPORTER_OTLP_ENDPOINT` by the OpenTelemetry
//! SDK as any instrumented program does it. Nothing in it knows otel-run.
//!
//! `cargo run -- -- cargo run --quiet --example agent`

// An example may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use opentelemetry::trace::{Span, SpanKind, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{RetryPolicy, SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter as _, SpanProcessor};

/// Keeps the spans that ended.
#[derive(Debug, Clone, Default)]
struct Ended(Arc<Mutex<Vec<SpanData>>>);

impl SpanProcessor for Ended {
    fn on_start(&self, _: &mut opentelemetry_sdk::trace::Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

fn main() {
    let ended = Ended::default();
    let resource = Resource::builder().with_service_name("pretend-agent").build();
    let provider =
        SdkTracerProvider::builder().with_span_processor(ended.clone()).with_resource(resource.clone()).build();
    let tracer = provider.tracer("pretend-agent");

    let turn = tracer.start("invoke_agent pretend");
    let turn = Context::current_with_span(turn);
    model_call(&tracer, &turn, 120, 30, Duration::from_millis(180));
    let attributes = vec![
        KeyValue::new("gen_ai.operation.name", "execute_tool"),
        KeyValue::new("gen_ai.tool.name", "shell"),
        KeyValue::new("gen_ai.tool.call.arguments", "{\"command\": \"a secret that stays here\"}"),
    ];
    let mut tool =
        tracer.span_builder("execute_tool shell").with_attributes(attributes).start_with_context(&tracer, &turn);
    sleep(Duration::from_millis(60));
    tool.end();
    model_call(&tracer, &turn, 180, 45, Duration::from_millis(140));
    turn.span().end();
    println!("the pretend agent is done");

    if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let mut exporter = SpanExporter::builder().with_http().with_retry_policy(RetryPolicy::disabled()).build().unwrap();
    exporter.set_resource(&resource);
    let spans = std::mem::take(&mut *ended.0.lock().unwrap());
    runtime.block_on(exporter.export(spans)).expect("the collector takes the spans");
}

fn model_call(tracer: &impl Tracer, turn: &Context, input: i64, output: i64, time: Duration) {
    let attributes = vec![
        KeyValue::new("gen_ai.operation.name", "chat"),
        KeyValue::new("gen_ai.provider.name", "pretend"),
        KeyValue::new("gen_ai.request.model", "pretend-1"),
        KeyValue::new("gen_ai.usage.input_tokens", input),
        KeyValue::new("gen_ai.usage.output_tokens", output),
    ];
    let builder = tracer.span_builder("chat pretend-1").with_kind(SpanKind::Client).with_attributes(attributes);
    let mut span = builder.start_with_context(tracer, turn);
    sleep(time);
    span.end();
}
