//! Numbered spans through the reference exporter, so that the collector is tested with a client that is not ours.

use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry_otlp::{RetryPolicy, SpanExporter, WithHttpConfig, WithTonicConfig};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};

/// Sends `count` spans named `span FIRST` and so on, all in one trace, without parents.
#[derive(clap::Args)]
pub(crate) struct Send {
    #[arg(long, default_value_t = 1)]
    count: u64,
    /// The number of the first span; it is its span id as well.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Spans a request.
    #[arg(long, default_value_t = 100)]
    batch: u64,
    /// The trace id as a number.
    #[arg(long, default_value_t = 0xabc)]
    trace: u128,
    /// The exit status where everything was accepted. Where not, it is 9.
    #[arg(long, default_value_t = 0)]
    exit: i32,
    /// Does nothing, not even connect, until this process is gone.
    #[arg(long)]
    after: Option<i32>,
    /// Waits for the end of its input after `sent COUNT` was printed.
    #[arg(long)]
    hold: bool,
}

impl Send {
    pub(crate) fn run(self) -> i32 {
        if let Some(pid) = self.after {
            super::stay::wait_for_end_of(pid);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _entered = runtime.enter();
        let exporter = exporter();
        let end = self.first + self.count;
        let mut from = self.first;
        while from < end {
            let to = end.min(from + self.batch);
            let batch = (from..to).map(|number| self.span(number)).collect();
            if let Err(error) = runtime.block_on(exporter.export(batch)) {
                super::announce(&format!("failed at {from}: {error:?}"));
                return 9;
            }
            from = to;
        }
        super::announce(&format!("sent {}", self.count));
        if self.hold {
            super::wait_for_end_of_input();
        }
        self.exit
    }

    fn span(&self, number: u64) -> SpanData {
        let start = UNIX_EPOCH + Duration::from_secs(1_700_000_000) + Duration::from_millis(number);
        let trace = TraceId::from(self.trace);
        let id = SpanId::from(number);
        SpanData {
            span_context: SpanContext::new(trace, id, TraceFlags::SAMPLED, false, TraceState::default()),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: format!("span {number}").into(),
            start_time: start,
            end_time: start + Duration::from_millis(1),
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::builder("test-child").build(),
        }
    }
}

/// Endpoint and headers are read from the environment by the exporter itself. A batch that is not taken at once is
/// reported, not tried again.
fn exporter() -> SpanExporter {
    let grpc = std::env::var("OTEL_EXPORTER_OTLP_PROTOCOL").is_ok_and(|protocol| protocol == "grpc");
    let built = if grpc {
        SpanExporter::builder().with_tonic().with_retry_policy(RetryPolicy::disabled()).build()
    } else {
        SpanExporter::builder().with_http().with_retry_policy(RetryPolicy::disabled()).build()
    };
    built.expect("the exporter can be built from the environment")
}
