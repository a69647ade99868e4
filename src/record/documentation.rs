//! The page that tells users what otel-run says itself, written from the tables of names, events and metrics.
//!
//! That the tables say what is sent is tested where it is made.

use std::fmt::Write as _;

use super::log::{COMMON, EVENTS};
use super::metrics::{Description, Instrument, OF_OTEL_RUN, OF_THE_COMMAND};
use crate::context::names::*;

const INTRODUCTION: &str = "\
# What otel-run says itself

Besides the command's own telemetry, a run has one span, a few log records and a few metrics of otel-run itself, in the scope
`otel-run`. They take the same road as everything else: into the run's log, and from there to the backend. Nothing of it
is recorded under `OTEL_SDK_DISABLED=true`; where the trace is not sampled, there are log records and metrics all the same.
`otel-run serve` has no run of a command to tell of, and says nothing about itself.

Names below `otel_run.` are otel-run's own; all others are those of the
[semantic conventions](https://opentelemetry.io/docs/specs/semconv/).
";

const SPAN_INTRODUCTION: &str = "
## The run's span

A span of kind CLIENT from the start of the command to its end, which is the wall time. Its name is the command's base name with a known subcommand,
as in `opencode run`. Its status is an error if it has an `error.type`, with the system's words for a command that could not be started.
What is not known is left out. Where otel-run itself was killed, the next one makes the span: it ends when anything was heard of the run
last, unless the command's end was recorded before.
";

const STAND_IN_INTRODUCTION: &str = "
### Stand-ins

A span that others name as their parent, and that never arrived, is stood in for by a span `(missing span)` with its id.
";

const EVENTS_INTRODUCTION: &str = "
## Log records

Each is an event with the ids of the run's span, recorded when it happens.
";

const METRICS_INTRODUCTION: &str = "
## Metrics

Sums are cumulative from the start of the command, unless `--metrics-temporality delta` asks for what was added. What the command
used is known when it has ended. While it runs, a heartbeat repeats `process.uptime` and `otel_run.run.active`, so that a long run can be seen; the first comes one interval after the start.

On a resource that describes the command's process (`process.*`) and is otherwise the run's. Numbers are of the command and of those of
its descendants that were waited for (`getrusage(2)`):
";

const OTEL_RUN_METRICS_INTRODUCTION: &str = "\nOn the resource of otel-run:\n";

const RESOURCE: &str = "
## Resource

Span and log records have the resource of otel-run: `service.*`, `telemetry.*`, `host.*`, `os.*`, `container.id`, `k8s.*`,
`cicd.*` and `vcs.*` as far as they can be found out, your own resource attributes, `otel_run.run.id`, and in `process.*` otel-run's own process. `process.*`
on the span is the command.

What the command sends gets where it lacks them all of these but `service.*`, `telemetry.*`, `process.*` and `otel_run.run.id`; and where
it is a known agent `otel_run.agent.name`, `otel_run.agent.version` and `otel_run.agent.mode`. Of the agent itself every signal
has the same `service.instance.id`, one for each run. `service.name` stays the agent's own, unless you say `--service-name`, which is
then everybody's; `{agent}` in it is the agent's name (the command's base name where it is none) and `{mode}` is `otel_run.agent.mode`
(`cli` where it is none), so that `{agent}-{mode}` is `opencode-server` for `opencode serve`.
";

/// The attributes that the run's span can have.
pub const SPAN: &[&str] = &[
    PROCESS_EXECUTABLE_NAME,
    PROCESS_EXECUTABLE_PATH,
    PROCESS_COMMAND,
    PROCESS_ARGS_COUNT,
    PROCESS_INTERACTIVE,
    PROCESS_PID,
    PROCESS_EXIT_CODE,
    ERROR_TYPE,
    RUN_ID,
    AGENT_NAME,
    AGENT_VERSION,
    AGENT_MODE,
    EXIT_SIGNAL,
    CORE_DUMPED,
    OOM_KILLS,
    INTERRUPTED_BY,
    STILL_RUNNING,
    STOPPED,
    DESCENDANTS_LEFT,
    DRAINED,
    THINNED,
    CPU_USER,
    CPU_SYSTEM,
    MAX_RSS,
    MINOR_FAULTS,
    MAJOR_FAULTS,
    VOLUNTARY_SWITCHES,
    INVOLUNTARY_SWITCHES,
    DISK_READ,
    DISK_WRITTEN,
];

/// The attributes of a stand-in.
pub const STAND_INS: &[&str] = &[STAND_IN, STAND_IN_CHILDREN];

/// How otel-run fills attributes of the conventions: name, type, meaning.
const OF_THE_CONVENTIONS: &[(&str, &str, &str)] = &[
    (PROCESS_EXECUTABLE_NAME, "string", "base name of the file that is run, else of the command as it was typed"),
    (PROCESS_EXECUTABLE_PATH, "string", "the file that `PATH` leads to"),
    (PROCESS_COMMAND, "string", "the command as it was typed; its arguments are never recorded"),
    (PROCESS_ARGS_COUNT, "int", "how many arguments there are, the command included"),
    (PROCESS_INTERACTIVE, "boolean", "whether stdin is a terminal"),
    (PROCESS_PID, "int", "the command's process id, if it could be started"),
    (
        PROCESS_EXIT_CODE,
        "int",
        "the exit status as a shell shows it: 128 and the number for death by signal, 126 or 127 for a command that could not be \
         started",
    ),
    (
        ERROR_TYPE,
        "string",
        "the name of the errno of a failed exec (`ENOENT`), `timeout`, the signal that killed the command (`SIGKILL`), the exit code (`3`), or \
         `_OTHER` where nobody saw the end; none for exit code 0 and for one that was declared an answer",
    ),
];

/// The page `docs/telemetry.md`.
pub fn documentation() -> String {
    let mut page = String::from(INTRODUCTION);
    page.push_str(SPAN_INTRODUCTION);
    put_attributes(&mut page, SPAN);
    page.push_str(STAND_IN_INTRODUCTION);
    put_attributes(&mut page, STAND_INS);
    page.push_str(EVENTS_INTRODUCTION);
    put_events(&mut page);
    page.push_str(METRICS_INTRODUCTION);
    put_metrics(&mut page, OF_THE_COMMAND);
    page.push_str(OTEL_RUN_METRICS_INTRODUCTION);
    put_metrics(&mut page, OF_OTEL_RUN);
    page.push_str(RESOURCE);
    page
}

/// The type and the meaning of an attribute on span and log records.
pub(super) fn described(attribute: &str) -> (&'static str, &'static str) {
    let own = OWN.iter().map(|own| (own.name, own.kind, own.meaning));
    let found = OF_THE_CONVENTIONS.iter().copied().chain(own).find(|(name, ..)| *name == attribute);
    found.map(|(_, kind, meaning)| (kind, meaning)).unwrap_or_default()
}

fn put_attributes(page: &mut String, names: &[&str]) {
    page.push_str("\n| attribute | type | meaning |\n| --- | --- | --- |\n");
    for name in names {
        let (kind, meaning) = described(name);
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{name}` | {kind} | {meaning} |");
    }
}

fn put_events(page: &mut String) {
    let _ = writeln!(page, "\nAll have {}.\n", listed(COMMON));
    page.push_str("| event | when | attributes |\n| --- | --- | --- |\n");
    let mut more = Vec::new();
    for event in EVENTS {
        let _ = writeln!(page, "| `{}` | {} | {} |", event.name, event.meaning, listed(event.attributes));
        for name in event.attributes.iter().filter(|name| !SPAN.contains(name)) {
            if !more.contains(name) {
                more.push(*name);
            }
        }
    }
    page.push_str("\nThose of them that the span does not have:\n");
    put_attributes(page, &more);
}

fn put_metrics(page: &mut String, metrics: &[Description]) {
    page.push_str("\n| metric | instrument | unit | attributes | meaning |\n| --- | --- | --- | --- | --- |\n");
    for metric in metrics {
        let instrument = match metric.instrument {
            Instrument::Counter => "counter",
            Instrument::UpDownCounter => "up-down counter",
            Instrument::Gauge => "gauge",
        };
        let Description { name, unit, meaning, attributes, .. } = metric;
        let _ = writeln!(page, "| `{name}` | {instrument} | `{unit}` | {} | {meaning} |", listed(attributes));
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn every_attribute_has_a_meaning_and_every_own_one_a_place() {
        let of_records = EVENTS.iter().flat_map(|event| event.attributes);
        let all: Vec<&str> = SPAN.iter().chain(STAND_INS).chain(COMMON).chain(of_records).copied().collect();
        for name in &all {
            assert_ne!(described(name), ("", ""), "{name}");
        }
        for own in OWN {
            assert!(all.contains(&own.name), "{} stands nowhere", own.name);
            assert!(["string", "int", "double", "boolean"].contains(&own.kind), "{}", own.name);
        }
    }

    /// Rewrites the page instead of comparing it when `UPDATE_DOCS` is set.
    #[test]
    fn the_page_is_the_tables() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/telemetry.md");
        let page = documentation();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), page, "run the test again with UPDATE_DOCS=1");
    }
}
