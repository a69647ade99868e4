//! What is to be said of a run's telemetry at its end: what is not where it should be, and whether what was required is there.

use crate::collector::{Kept, Report};
use crate::otlp::Signal;
use crate::settings::Required;
use crate::store::facts::{Delivery, Destination, Intake, Outcome};

/// What went wrong with the telemetry, one sentence each; `not_kept` is why the run is not on disk, if it is not.
pub(super) fn troubles(report: &Report, destinations: &[Destination], not_kept: Option<&str>) -> Vec<String> {
    let mut troubles = Vec::new();
    let dropped: u64 = report.intake.values().map(|intake| intake.dropped).sum();
    let reason = report.store_error.as_deref().unwrap_or("the log cannot be written");
    if dropped > 0 {
        troubles.push(format!("{} lost: {reason}", items(dropped, "is", "are")));
    } else if report.kept == Kept::Partly {
        troubles.push(format!("the run is delivered but not kept whole: {reason}"));
    }
    let refused: u64 = report.intake.values().map(|intake| intake.refused_requests).sum();
    if let (1.., Some(reason)) = (refused, &report.store_error) {
        let requests = if refused == 1 { "1 request" } else { &format!("{refused} requests") };
        troubles.push(format!("{requests} with telemetry could not be stored, and had to be sent again: {reason}"));
    }
    troubles.extend(report.content_error.as_deref().map(content_not_kept));
    let mut undelivered = Vec::new();
    for destination in destinations {
        let Some(delivery) = report.deliveries.get(&destination.name) else { continue };
        // Where there is only one, everybody knows which.
        let name = (destinations.len() > 1).then_some(destination.name.as_str());
        undelivered.extend(trouble_at(delivery, name, not_kept));
    }
    match (not_kept, undelivered.is_empty()) {
        (Some(reason), true) if destinations.is_empty() => troubles.push(format!("the run is not kept: {reason}")),
        (Some(reason), true) => troubles.push(format!("the run is delivered but not kept: {reason}")),
        _ => {}
    }
    troubles.extend(undelivered);
    troubles
}

/// Content was to stay on this machine and cannot.
pub(super) fn content_not_kept(reason: &str) -> String {
    format!("prompts, answers and tool data are not kept: {reason}")
}

/// What one destination has not got, in one sentence: the worst first, then what it has got, then what to do.
fn trouble_at(delivery: &Delivery, name: Option<&str>, not_kept: Option<&str>) -> Option<String> {
    let Outcome { delivered, pending, rejected, expired } = delivery.sum();
    let (by, to) = name.map_or_else(Default::default, |name| (format!(" by {name}"), format!(" to {name}")));
    // A reason is told once.
    let mut because = delivery.failure.as_ref().map(|reason| format!(" ({reason})"));
    let mut because = || because.take().unwrap_or_default();
    let mut parts = Vec::new();
    if rejected > 0 {
        parts.push(format!("{} rejected{by}{}", items(rejected, "was", "were"), because()));
    }
    if expired > 0 {
        parts.push(format!("{} too old to be sent{to}", items(expired, "is", "are")));
    }
    match not_kept {
        Some(reason) if pending > 0 => parts.push(format!(
            "{} lost: not delivered{to}{}, and not kept: {reason}",
            items(pending, "is", "are"),
            because()
        )),
        None if pending > 0 => {
            parts.push(format!("{} not delivered{to}{}", items(pending, "is", "are"), because()));
        }
        _ => {}
    }
    if parts.is_empty() {
        return None;
    }
    if delivered > 0 {
        parts.push(format!("{delivered} {} sent", if delivered == 1 { "was" } else { "were" }));
    }
    let remedy = if pending > 0 && not_kept.is_none() {
        "; `otel-run doctor` says what to do, and `otel-run flush` delivers what is left"
    } else {
        ""
    };
    Some(parts.join(", ") + remedy)
}

/// `3 items of telemetry are`, or the same of one.
fn items(number: u64, of_one: &str, of_many: &str) -> String {
    match number {
        1 => format!("1 item of telemetry {of_one}"),
        _ => format!("{number} items of telemetry {of_many}"),
    }
}

/// What is lacking of the telemetry that is `required`: the command has to have sent it, and each destination to have taken
/// some of it.
pub(super) fn lacking(required: &Required, report: &Report) -> Option<String> {
    let sent = |intake: &Intake| intake.stored - intake.own + intake.thinned;
    let arrived = |signal: &Signal| report.intake.get(signal).map_or(0, sent);
    let wanted: Vec<Vec<Signal>> = match required {
        Required::Any => vec![Signal::ALL.to_vec()],
        Required::Each(signals) => signals.iter().map(|signal| vec![*signal]).collect(),
    };
    let words = |signals: &[Signal]| match signals {
        [signal] => signal.items(),
        _ => "telemetry",
    };
    for signals in &wanted {
        if signals.iter().map(arrived).sum::<u64>() == 0 {
            return Some(format!("the command sent no {}", words(signals)));
        }
    }
    if report.deliveries.is_empty() {
        return Some("there is no backend to take it: set an endpoint".to_owned());
    }
    for signals in &wanted {
        for (name, delivery) in &report.deliveries {
            let taken = |signal: &Signal| delivery.outcome.get(signal).map_or(0, |outcome| outcome.delivered);
            if signals.iter().map(taken).sum::<u64>() == 0 {
                let because = delivery.failure.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
                let backend = if report.deliveries.len() > 1 { name.as_str() } else { "the backend" };
                return Some(format!("{backend} took no {}{because}", words(signals)));
            }
        }
    }
    None
}
