//! The collector under pressure: a hundred senders at once, and requests as large as they can be.

use super::Effort;
use super::collector::{Run, mib, pinned, throughput};
use super::load::{BATCH, Encoding, Load};
use super::place::Place;
use super::report;

/// Senders at once.
const SENDERS: usize = 100;
/// The largest request.
const LARGEST: usize = 64 << 20;

pub(super) fn print(effort: Effort) {
    pinned(|pinned| {
        report::heading("Collector under pressure");
        crowd(effort, pinned);
        large(
            "http/protobuf",
            &Load::as_large_as(Encoding::Protobuf, LARGEST),
            effort,
            pinned,
            "at least 500,000 spans/s",
        );
        large("http/json", &Load::as_large_as(Encoding::Json, LARGEST), effort, pinned, "at least 150,000 spans/s");
    });
}

fn crowd(effort: Effort, pinned: bool) {
    let load = Load::new(Encoding::Protobuf);
    let requests = effort.of(5_000, 2 * SENDERS);
    let place = Place::new("crowd");
    let run = Run::open(&place, pinned);
    load.send(&run.endpoint, 1 << 50, 1);
    let before = run.cpu();
    let took = load.send_over(SENDERS, &run.endpoint, 1, requests);
    let cpu = run.cpu().saturating_sub(before);
    let memory = run.memory();
    let spans = requests * BATCH;
    // What is measured is measured only if nothing was lost.
    run.close(&place, spans + BATCH);
    throughput(&format!("{SENDERS} senders at once"), spans, took, cpu, "at least 500,000 spans/s");
    let measured = format!("{:.1} MiB; peak {:.1}", mib(memory.resident), mib(memory.peak));
    report::line("resident memory after that", &measured, "at most 8 MB and 1 MB for each sender");
}

fn large(name: &str, load: &Load, effort: Effort, pinned: bool, reference: &str) {
    let requests = effort.of(8, 1);
    let place = Place::new("large");
    let run = Run::open(&place, pinned);
    Load::new(Encoding::Protobuf).send(&run.endpoint, 1 << 50, 1);
    let before = run.cpu();
    let took = load.send_over(1, &run.endpoint, 1, requests);
    let cpu = run.cpu().saturating_sub(before);
    let memory = run.memory();
    let spans = requests * load.spans;
    run.close(&place, spans + BATCH);
    throughput(&format!("requests of 64 MiB, {name}"), spans, took, cpu, reference);
    let bytes = requests as f64 * load.bytes() as f64 / f64::from(1 << 20);
    report::line("", &format!("{:.0} MiB/s", bytes / took.as_secs_f64()), "");
    let measured = format!("{:.0} MiB; peak {:.0}", mib(memory.resident), mib(memory.peak));
    report::line("resident memory after that", &measured, "peak at most 320 MiB, which is tested");
}
