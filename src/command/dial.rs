//! The part of `doctor` that dials: every upstream as a run would, and what is sent to be looked for.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use opentelemetry::trace::{SpanId, TraceId};

use super::deliver;
use super::said::Said;
use crate::delivery::{Target, probe};
use crate::diagnosis::{Finding, dialled};
use crate::error::Error;
use crate::message;
use crate::record::sample::Sample;
use crate::settings::Upstream;

/// Dials `upstreams`, all at once and each signal for no longer than `patience`. With `service_name` there is also
/// telemetry sent to be looked for, under that name.
pub(super) fn dial(
    said: &Said,
    upstreams: &[Upstream],
    patience: Duration,
    send_as: Option<&str>,
) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let mut targets: Vec<Target> = Vec::new();
    for upstream in upstreams {
        match said.target(upstream) {
            Ok(target) => targets.push(target),
            Err(reasons) => findings.push(dialled::not_dialled(upstream, &reasons)),
        }
    }
    let progress = progress(probe::expected(&targets), said.settings.quiet.value);
    let observing = probe::observe(targets.clone(), patience, |_| progress.inc(1));
    let observations = deliver::wait_for(observing)?;
    progress.finish_and_clear();
    findings.extend(dialled::findings(upstreams, &observations));
    if let Some(service_name) = send_as {
        findings.extend(send(said, upstreams, targets, patience, service_name)?);
    }
    Ok(findings)
}

fn send(
    said: &Said,
    upstreams: &[Upstream],
    targets: Vec<Target>,
    patience: Duration,
    service_name: &str,
) -> Result<Vec<Finding>, Error> {
    let trace_id = TraceId::from(fastrand::u128(1..));
    let named = ("service.name".to_owned(), service_name.to_owned());
    let others = said.settings.resource_attributes.iter().map(|(key, value)| (key.clone(), value.value.clone()));
    let resource: Vec<(String, String)> =
        std::iter::once(named).chain(others.filter(|(key, _)| key != "service.name")).collect();
    let sample = Sample {
        resource: &resource,
        trace_id: trace_id.to_bytes(),
        span_id: SpanId::from(fastrand::u64(1..)).to_bytes(),
        unix_nano: u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or_default(),
    };
    let sent = deliver::wait_for(probe::send(targets, sample.requests(), patience))?;
    Ok(dialled::sent(upstreams, &sent, &trace_id.to_string()))
}

/// How many probes are done, for somebody who waits at a terminal.
fn progress(probes: usize, quiet: bool) -> ProgressBar {
    if quiet || !message::stderr_is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:20} {pos}/{len} destinations asked");
    let bar = ProgressBar::new(probes as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    // It is drawn when it moves, and the first answer may be long in coming.
    bar.tick();
    bar
}
