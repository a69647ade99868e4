//! The printed form of the figures.

use std::time::Duration;

use super::Effort;

/// What the figures were measured on.
pub(super) fn machine(effort: Effort) {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    println!("otel-run {} on {cores} x {model}, {} {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS, kernel.trim());
    // What a run costs depends on what it costs to make a file.
    println!("runs are kept below {} (TMPDIR)", std::env::temp_dir().display());
    if effort == Effort::Quick {
        println!("--quick: everything once; the figures mean nothing");
    }
    load();
}

/// How busy the machine is: above its number of cores, wall times are worth little.
pub(super) fn load() {
    if let Ok(load) = std::fs::read_to_string("/proc/loadavg") {
        println!("load {}", load.split(' ').take(3).collect::<Vec<_>>().join(" "));
    }
}

pub(super) fn heading(text: &str) {
    println!("\n{text}");
}

/// One figure and its reference.
pub(super) fn line(what: &str, measured: &str, reference: &str) {
    println!("{}", format!("  {what:<44} {measured:<30} {reference}").trim_end());
}

/// The median; of an even number of values the upper one.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
