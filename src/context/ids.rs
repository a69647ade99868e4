//! Fresh trace and span ids, from the generator of the OpenTelemetry SDK.

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

/// The ids that a run uses if it needs them: the trace id only where no trace was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    /// For a new trace; all of its bits are random.
    pub trace_id: TraceId,
    /// For the run's own span.
    pub span_id: SpanId,
}

impl Ids {
    /// Draws ids at random.
    pub fn fresh() -> Self {
        Self::from_generator(&RandomIdGenerator::default())
    }

    /// All zeros is no id (W3C Trace Context, section 3.2.2), so such a draw is repeated.
    fn from_generator(generator: &impl IdGenerator) -> Self {
        let mut ids = Self { trace_id: TraceId::INVALID, span_id: SpanId::INVALID };
        while ids.trace_id == TraceId::INVALID {
            ids.trace_id = generator.new_trace_id();
        }
        while ids.span_id == SpanId::INVALID {
            ids.span_id = generator.new_span_id();
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Draws 0 twice, then counts upwards.
    #[derive(Debug, Default)]
    struct ZerosFirst(AtomicU64);

    impl ZerosFirst {
        fn next(&self) -> u64 {
            self.0.fetch_add(1, Ordering::Relaxed).saturating_sub(1)
        }
    }

    impl IdGenerator for ZerosFirst {
        fn new_trace_id(&self) -> TraceId {
            TraceId::from(u128::from(self.next()))
        }
        fn new_span_id(&self) -> SpanId {
            SpanId::from(self.next().saturating_sub(5))
        }
    }

    #[test]
    fn zeros_are_drawn_again() {
        let ids = Ids::from_generator(&ZerosFirst::default());
        assert_eq!(ids.trace_id, TraceId::from(1));
        assert_eq!(ids.span_id, SpanId::from(1));
    }

    #[test]
    fn two_draws_differ() {
        let (one, other) = (Ids::fresh(), Ids::fresh());
        assert_ne!(one.trace_id, other.trace_id);
        assert_ne!(one.span_id, other.span_id);
    }
}
