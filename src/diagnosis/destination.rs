//! Where telemetry goes.

use super::{Finding, Grade, Subject};
use crate::plan::Destination;

/// What can be said of destinations without dialling them: that nobody knows whether they are there.
pub fn not_dialled(destinations: &[Destination]) -> Vec<Finding> {
    let finding = |destination: &Destination| {
        let endpoints = destination.endpoint.iter().chain(destination.signal_endpoints.iter().map(|(_, url)| url));
        let urls: Vec<&str> = endpoints.clone().map(|endpoint| endpoint.value.as_str()).collect();
        let what = format!("the run goes to {}, which was not dialled", urls.join(", "));
        let finding = Finding::new(Subject::Destination, Grade::Note, "destination.not_dialled", what);
        endpoints.map(|endpoint| &endpoint.origin).take(1).fold(finding, Finding::said_at)
    };
    destinations.iter().map(finding).collect()
}

/// Where no endpoint is set.
pub fn nowhere() -> Finding {
    let what = "no endpoint is set, so runs are kept on this machine and sent nowhere";
    Finding::new(Subject::Destination, Grade::Note, "destination.none", what)
        .remedy("to send them, say --endpoint URL or set OTEL_EXPORTER_OTLP_ENDPOINT; to look at them, `otel-run show`")
}
