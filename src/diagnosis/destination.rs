//! Where telemetry goes.

use super::{Finding, Grade, Subject};

/// Where no endpoint is set.
pub fn nowhere() -> Finding {
    let what = "no endpoint is set, so runs are kept on this machine and sent nowhere";
    Finding::new(Subject::Destination, Grade::Note, "destination.none", what)
        .remedy("to send them, say --endpoint URL or set OTEL_EXPORTER_OTLP_ENDPOINT; to look at them, `otel-run show`")
}
