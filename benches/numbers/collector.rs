//! The collector: how fast it is on one core, and what memory it takes.
//!
//! otel-run is pinned to one core and the sender to the others where `taskset` is installed. Its processor time is
//! the figure to trust: the time by the clock holds what the sender and the rest of the machine do as well.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use super::Effort;
use super::load::{BATCH, CONNECTIONS, Encoding, Load};
use super::place::{OTEL_RUN, Place};
use super::report::{self, median};

/// The core that otel-run is pinned to.
const CORE: usize = 0;

pub(super) fn print(effort: Effort) {
    pinned(|pinned| print_pinned(effort, pinned));
}

/// Runs the sender on all cores but that of otel-run, and says whether that was possible.
pub(super) fn pinned(measure: impl FnOnce(bool)) {
    let others = others();
    let pinned = others.as_ref().is_some_and(|others| pin(std::process::id(), others));
    measure(pinned);
    if pinned {
        pin(std::process::id(), &format!("{CORE},{}", others.unwrap_or_default()));
    }
}

fn print_pinned(effort: Effort, pinned: bool) {
    let first = Load::new(Encoding::Protobuf);
    report::heading(&format!(
        "Collector: {BATCH} spans of {} bytes a request, {CONNECTIONS} connections, every default transform, appended to the log{}",
        first.bytes_per_span(),
        if pinned { "" } else { " (not pinned to a core)" },
    ));
    memory(effort, &first, pinned);
    let rounds = effort.of(5, 1);
    speed("http/protobuf", &first, rounds, effort.of(3_000, 20), pinned, "at least 500,000 spans/s");
    let json = Load::new(Encoding::Json);
    let name = format!("http/json, {} bytes a span", json.bytes_per_span());
    speed(&name, &json, rounds, effort.of(1_000, 20), pinned, "at least 150,000 spans/s");
}

fn memory(effort: Effort, load: &Load, pinned: bool) {
    const QUARTERS: usize = 4;
    let requests = effort.of(2_500, 5);
    let place = Place::new("memory");
    let run = Run::open(&place, pinned);
    // The answer says that the collector's thread is there.
    load.send(&run.endpoint, 1 << 40, CONNECTIONS);
    let told = |memory: &Memory| {
        let Memory { resident, anonymous, peak } = *memory;
        format!("{:.1} MiB, {:.1} of it our own; peak {:.1}", mib(resident), mib(anonymous), mib(peak))
    };
    report::line("resident memory, idle", &told(&run.memory()), "at most 8 MB");
    let (before, mut took) = (run.cpu(), Duration::ZERO);
    for quarter in 0..QUARTERS {
        took += load.send(&run.endpoint, 1 + ((quarter as u64) << 36), requests);
        let name = format!("resident memory after {} spans", (quarter + 1) * requests * BATCH);
        report::line(&name, &told(&run.memory()), "the same");
    }
    let (cpu, spans) = (run.cpu().saturating_sub(before), QUARTERS * requests * BATCH);
    run.close(&place, spans + CONNECTIONS * BATCH);
    throughput(&format!("{spans} spans in one run"), spans, took, cpu, "at least 500,000 spans/s");
}

/// The figures of so many spans.
pub(super) fn throughput(name: &str, spans: usize, took: Duration, cpu: Duration, reference: &str) {
    report::line(name, &format!("{:.0} spans/s", spans as f64 / took.as_secs_f64()), reference);
    report::line("", &format!("{:.2} us of CPU a span", cpu.as_secs_f64() * 1e6 / spans as f64), "");
}

pub(super) fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn speed(name: &str, load: &Load, rounds: usize, requests: usize, pinned: bool, reference: &str) {
    let (mut by_clock, mut by_cpu) = (Vec::new(), Vec::new());
    let spans = requests * BATCH;
    for _ in 0..rounds {
        let place = Place::new("speed");
        let run = Run::open(&place, pinned);
        load.send(&run.endpoint, 1 << 40, CONNECTIONS);
        let before = run.cpu();
        let took = load.send(&run.endpoint, 1, requests);
        let cpu = run.cpu().saturating_sub(before);
        run.close(&place, spans + CONNECTIONS * BATCH);
        by_clock.push(spans as f64 / took.as_secs_f64());
        by_cpu.push(cpu.as_secs_f64() * 1e6 / spans as f64);
    }
    let cpu = median(by_cpu);
    report::line(name, &format!("{:.0} spans/s", median(by_clock)), reference);
    let measured = format!("{cpu:.2} us of CPU a span");
    report::line("", &measured, &format!("that is {:.0} spans/s of a core that waits for nobody", 1e6 / cpu));
}

/// Resident memory in KiB.
pub(super) struct Memory {
    pub(super) resident: u64,
    /// The part that is not a mapped file, as the program itself is.
    anonymous: u64,
    pub(super) peak: u64,
}

/// otel-run in front of a command that waits, with its collector.
pub(super) struct Run {
    child: Child,
    stdin: ChildStdin,
    pub(super) endpoint: String,
}

impl Run {
    pub(super) fn open(place: &Place, pinned: bool) -> Self {
        let script = "echo \"$OTEL_EXPORTER_OTLP_ENDPOINT\"; read line; exit 0";
        let arguments = ["--", "sh", "-c", script];
        let mut command = match pinned {
            true => place.command("taskset", ["-c", &CORE.to_string(), OTEL_RUN].into_iter().chain(arguments)),
            false => place.otel_run(arguments),
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("otel-run starts");
        let (stdin, stdout) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let mut endpoint = String::new();
        BufReader::new(stdout).read_line(&mut endpoint).expect("the command prints its endpoint");
        Self { child, stdin, endpoint: endpoint.trim().to_owned() }
    }

    pub(super) fn memory(&self) -> Memory {
        let status = self.proc("status");
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or_default()
        };
        Memory { resident: value("VmRSS:"), anonymous: value("RssAnon:"), peak: value("VmHWM:") }
    }

    /// Processor time in user mode and in the kernel, all threads together.
    pub(super) fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        // The name in parentheses may hold anything; utime and stime are fields 14 and 15.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        // USER_HZ is 100 on every Linux.
        Duration::from_millis(ticks * 10)
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default()
    }

    /// Lets the command end. All that was sent has to be stored.
    pub(super) fn close(self, place: &Place, spans: usize) {
        let Self { mut child, stdin, .. } = self;
        drop(stdin);
        let status = child.wait().expect("otel-run ends");
        assert!(status.success(), "otel-run ended with {status}");
        let runs = place.runs();
        // The run's own span is one more.
        assert_eq!(runs[0]["intake"]["traces"]["stored"], spans + 1, "spans in the log");
    }
}

/// Pins a process, and the threads that it makes from now on, to `cores`; `false` where that is not possible.
fn pin(pid: u32, cores: &str) -> bool {
    let mut command = Command::new("taskset");
    command.args(["-cp", cores, &pid.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The cores besides [`CORE`]; none where there is but one.
fn others() -> Option<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores > 1).then(|| format!("{}-{}", CORE + 1, cores - 1))
}
