//! A disk that is full at any write, and logs that are cut or damaged at any byte: the command runs as it would, what can
//! be kept is kept, what was before the damage is delivered, and the rest is said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal as Kill;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use otel_run::otlp::Signal;
use otel_run::store::log::{FILE_HEADER, Frame, Kind, Log};
use prost::Message;
use serde_json::{Value, json};
use support::listed::{items, only_run, runs};
use support::{Behaviour, Home, Run, Stored, Upstream, alone, hex, run, test_child, wait_until, with_mounts};

const OTEL_RUN: &str = env!("CARGO_BIN_EXE_otel-run");
/// Spans that a command sends.
const SENT: usize = 8;
/// What otel-run says itself: the run's span, its start and its end, and the points of its metrics.
const OWN: usize = 1 + 2 + 10;

/// A run in which no file can grow beyond `limit` bytes, until somebody who may lifts that.
fn limited(limit: u64) -> Run {
    alone("prlimit").args([&format!("--fsize={limit}:unlimited"), OTEL_RUN, "--drain-deadline", "60s"])
}

fn count<const N: usize>(words: [&str; N]) -> Vec<String> {
    let child = test_child().to_str().unwrap().to_owned();
    [child, "count".to_owned()].into_iter().chain(words.map(str::to_owned)).collect()
}

/// The bytes of the log of a run like those below.
fn whole_length() -> u64 {
    let home = Home::new();
    let command = count(["--count", &SENT.to_string(), "--exit", "4"]);
    run().home(&home).child(command).expect_exit(4);
    Stored::of(&home).folder.path().join("log").metadata().unwrap().len()
}

/// How many data points a metric of otel-run has.
fn points(metric: &Metric) -> usize {
    match metric.data.as_ref().unwrap() {
        Data::Gauge(gauge) => gauge.data_points.len(),
        Data::Sum(sum) => sum.data_points.len(),
        Data::Histogram(histogram) => histogram.data_points.len(),
        other => panic!("{other:?}"),
    }
}

/// What it says was lost.
fn lost(said: &str) -> usize {
    let number = |line: &str| line.split_once(" of telemetry ")?.0.rsplit(' ').nth(1)?.parse::<usize>().ok();
    said.lines().filter(|line| line.contains(" lost: ")).map(|line| number(line).unwrap()).sum()
}

#[test]
fn wherever_the_disk_is_full_the_run_is_delivered() {
    let whole = whole_length();
    for limit in (0..whole + 400).step_by(157) {
        let (home, upstream) = (Home::new(), Upstream::start());
        let command = count(["--count", &SENT.to_string(), "--exit", "4"]);
        let ran = limited(limit).home(&home).upstream(&upstream).child(command).any_stderr().expect_exit(4);
        let counts = upstream.span_counts();
        assert!(counts.len() == SENT + 1 && counts.values().all(|count| *count == 1), "{limit}: {counts:?}");
        assert_eq!(upstream.log_records().len(), 2, "{limit}");
        let said = ran.stderr_text();
        match said.lines().collect::<Vec<_>>()[..] {
            [] => assert!(limit >= whole - 300, "{limit} of {whole}"),
            [line] => assert!(
                line.contains("the run is delivered but not kept") && line.contains("File too large"),
                "{limit}: {said}"
            ),
            _ => panic!("{limit}: {said}"),
        }
        // With room again everything is as usual. What could not be noted as delivered is sent once more.
        let listed = runs(&home);
        assert_eq!(listed.len(), usize::from(!said.contains("not kept:")), "{limit}: {said} {listed:#?}");
        run().home(&home).env("OTEL_RUN_DRAIN_DEADLINE", "60s").arg("flush").expect_exit(0);
        assert_eq!(upstream.span_counts().keys().collect::<Vec<_>>(), counts.keys().collect::<Vec<_>>(), "{limit}");
        if let [listed] = &runs(&home)[..] {
            assert_eq!(items(listed).pending, 0, "{limit}: {listed:#}");
        }
    }
}

#[test]
fn wherever_the_disk_is_full_what_is_lost_is_counted_and_the_rest_is_delivered_later() {
    let whole = whole_length();
    for limit in (0..whole + 400).step_by(311) {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused).expect_hits(0..));
        let command = count(["--count", &SENT.to_string(), "--exit", "4"]);
        let ran = limited(limit).home(&home).upstream(&upstream).child(command).any_stderr().expect_exit(4);
        let said = ran.stderr_text();
        let lost = lost(&said);
        assert_eq!(lost > 0, said.contains("File too large"), "{limit}: {said}");
        upstream.set_behaviour(Behaviour::Accept);
        run().home(&home).env("OTEL_RUN_DRAIN_DEADLINE", "60s").arg("flush").expect_exit(0);
        let counts = upstream.span_counts();
        assert!(counts.values().all(|count| *count == 1), "{limit}: {counts:?}");
        let points: usize = upstream.metrics().iter().map(|(_, metric)| points(metric)).sum();
        let delivered = counts.len() + upstream.log_records().len() + points;
        match &runs(&home)[..] {
            [] => assert_eq!((lost, delivered), (SENT + OWN, 0), "{limit}: {said}"),
            [listed] => {
                let kept = items(listed);
                assert_eq!((kept.delivered as usize, kept.pending), (delivered, 0), "{limit}: {listed:#}");
                // Where the end did not fit either, it was made up anew: a span, a record and a point.
                let made_up = if listed["state"] == "lost" { 3 } else { 0 };
                assert!(
                    (SENT + OWN..=SENT + OWN + made_up).contains(&(lost + delivered)),
                    "{limit}: {lost} + {delivered}; {said}"
                );
            }
            _ => panic!("one run was made"),
        }
    }
}

#[test]
fn what_did_not_fit_is_written_when_there_is_room_again() {
    let whole = whole_length();
    for limit in [0, 10, 16, 100, whole / 2, whole - 2_500] {
        let home = Home::new();
        let words = count(["--count", "30", "--ballast", "300", "--wait-before", "20", "--exit", "4"]);
        let mut running = limited(limit).home(&home).child(words).stdin_open().spawn();
        running.wait_for_stdout("waiting before 20");
        let log = |folder: &Path| std::fs::metadata(folder.join("log")).unwrap().len();
        let folder = std::fs::read_dir(home.state().join("runs")).unwrap().next().unwrap().unwrap().path();
        assert!(log(&folder) <= limit, "{limit}");
        let pid = running.pid.to_string();
        alone("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).expect_exit(0);
        running.type_in(b"\n");
        running.wait_for_stdout("kept 20");
        // The next write takes everything with it.
        assert!(log(&folder) > 20 * 300, "{limit}");
        running.expect_exit(4);
        let stored = Stored::of(&home);
        let sent: Vec<String> = stored.spans_of_the_command().iter().map(|span| hex(&span.span_id)).collect();
        assert_eq!(sent, (1..=30).map(|number| format!("{number:016x}")).collect::<Vec<_>>(), "{limit}");
        assert_eq!(stored.ended.unwrap().exit_code, Some(4));
        assert_eq!(only_run(&home)["state"], "ended");
    }
}

/// What is delivered from memory and answered for is not in the file that the next otel-run writes on in. It must not take
/// its own words for answered.
#[test]
fn a_kill_on_a_full_disk_does_not_hide_the_end_of_the_run() {
    let (home, upstream) = (Home::new(), Upstream::start());
    let words = count(["--count", "30", "--ballast", "300", "--wait-before", "20"]);
    let running = limited(whole_length()).home(&home).upstream(&upstream).child(words).stdin_open().spawn();
    running.wait_for_stdout("waiting before 20");
    let folder = std::fs::read_dir(home.state().join("runs")).unwrap().next().unwrap().unwrap().path();
    let answered = || {
        let journal = std::fs::read_to_string(folder.join("delivery.jsonl")).unwrap_or_default();
        let lines = journal.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter_map(|line| line["end"].as_u64()).max().unwrap_or_default()
    };
    let written = folder.join("log").metadata().unwrap().len();
    wait_until("more is answered for than is in the file", || answered() > written);
    wait_until("all is delivered", || upstream.spans().len() == 19);
    running.signal(Kill::SIGKILL);
    running.expect_signal(Kill::SIGKILL);
    run().home(&home).env("OTEL_RUN_DRAIN_DEADLINE", "60s").arg("flush").expect_exit(0);
    let listed = only_run(&home);
    let own = upstream.spans().into_iter().filter(|span| hex(&span.span_id) == listed["span_id"].as_str().unwrap());
    assert_eq!((&listed["state"], own.count()), (&json!("lost"), 1), "{listed:#}");
    let events: Vec<String> = upstream.log_records().into_iter().map(|(_, record)| record.event_name).collect();
    assert_eq!(events, ["otel_run.run.started", "otel_run.run.abandoned"]);
}

#[test]
fn a_disk_that_is_made_room_on_has_everything() {
    let home = Home::new();
    // The command finds the disk full after its first spans, and makes room for the last.
    let script = r#"mount -t tmpfs -o size=256k tmpfs "$0" || exit 99
        "$OTEL_RUN" -- sh -c '
            "$@" --count 10 && ! dd if=/dev/zero of="$0/fill" bs=1k 2>/dev/null || exit 98
            "$@" --count 10 --first 11 --ballast 9000 && rm "$0/fill" && "$@" --count 10 --first 21' "$0" "$@" || exit 97
        "$OTEL_RUN" runs --json >runs.json && "$OTEL_RUN" show --all --json >show.json"#;
    let Some(command) = with_mounts(&home, script, &count([])) else { return };
    command.expect_exit(0);
    let read = |name: &str| serde_json::from_slice::<Value>(&std::fs::read(home.work().join(name)).unwrap()).unwrap();
    let (listed, shown) = (read("runs.json"), read("show.json"));
    let intake = &listed["runs"][0]["intake"]["traces"];
    assert_eq!((&intake["stored"], &intake["dropped"]), (&json!(31), &json!(0)), "{listed:#}");
    assert_eq!(shown["spans"].as_array().unwrap().len(), 31);
}

#[test]
fn runs_on_a_disk_that_cannot_be_written_can_be_looked_at() {
    let home = Home::new();
    run().home(&home).child(["sh", "-c", "exit 3"]).expect_exit(3);
    let name = only_run(&home)["run_id"].as_str().unwrap().to_owned();
    // One whose otel-run was killed.
    let lost = name.replace(&name[..4], "2020");
    let folder = home.state().join("runs").join(&lost);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(home.state().join("open").join(&lost), "").unwrap();
    let log = std::fs::read(home.state().join("runs").join(&name).join("log")).unwrap();
    std::fs::write(folder.join("log"), &log[..log.len() - 40]).unwrap();
    let script = r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 99
        "$OTEL_RUN" runs --json && "$OTEL_RUN" show "$1" && "$OTEL_RUN" show "$2" && "$OTEL_RUN" flush && "$OTEL_RUN" prune --dry-run"#;
    let Some(command) = with_mounts(&home, script, &[name.clone(), lost.clone()]) else { return };
    let printed = command.expect_exit(0).stdout_text();
    assert!(printed.contains(&name) && printed.contains("sh · exit 3"), "{printed}");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3 * 86_400);
    std::fs::File::options().write(true).open(folder.join("log")).unwrap().set_modified(long_ago).unwrap();
    let script = r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 99
        "$OTEL_RUN" prune --keep-runs 1 --keep-age 1d"#;
    let command = with_mounts(&home, script, &[""; 0]).unwrap();
    command.stderr_has(format!("cannot remove the run {lost}: Read-only file system")).expect_exit(1);
    assert_eq!(std::fs::read(folder.join("log")).unwrap(), log[..log.len() - 40]);
}

/// A run as its log is made up for these tests: small, so that every byte of it can be tried, and with a name and a trace
/// of its own.
struct Made {
    name: String,
    trace: String,
    log: Vec<u8>,
    /// What each record is, and where it ends.
    records: Vec<(Kind, usize)>,
}

/// What one whole run has to say: how it was started, three batches of telemetry, how it ended.
struct Pattern {
    beginning: Value,
    folder: PathBuf,
}

impl Pattern {
    /// Its beginning is that of a real run to `upstream`, without what is long and does not matter here.
    fn of(home: &Home, upstream: &Upstream) -> Self {
        let state = home.path().join("pattern");
        run()
            .home(home)
            .flag("--state-dir", &state)
            .flag("--endpoint", upstream.url())
            .flag("--collector", "off")
            .child(["true"])
            .any_stderr()
            .expect_exit(0);
        let folder = std::fs::read_dir(state.join("runs")).unwrap().next().unwrap().unwrap().path();
        let log = Log::open(std::fs::File::open(folder.join("log")).unwrap()).unwrap();
        let mut payload = Vec::new();
        log.read(Log::start(), &mut payload).unwrap().unwrap();
        let mut beginning: Value = serde_json::from_slice(&payload).unwrap();
        beginning["span"]["resource"] = json!([]);
        beginning["span"]["executable_path"] = Value::Null;
        Self { beginning, folder: home.path().join("made") }
    }

    fn make(&self, number: usize) -> Made {
        let mut beginning = self.beginning.clone();
        let name = format!("20200101-000000-000-{number:06x}");
        let trace = format!("{:032x}", 0xfeed_0000 + number);
        beginning["run_id"] = name.clone().into();
        beginning["trace_id"] = trace.clone().into();
        let traces = |id: u8| {
            let span = Span {
                trace_id: (0xfeed_0000 + number as u128).to_be_bytes().to_vec(),
                span_id: vec![id; 8],
                start_time_unix_nano: 1,
                end_time_unix_nano: 2,
                ..Span::default()
            };
            let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
            let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
            ExportTraceServiceRequest { resource_spans }.encode_to_vec()
        };
        let record = LogRecord { time_unix_nano: 1, event_name: format!("made {number:06x}"), ..LogRecord::default() };
        let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
        let logs =
            ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }] };
        let ended = json!({ "ended_unix_nano": 1_577_836_800_000_000_000_u64, "exit_code": 0, "signal": null, "error_type": null });
        let path = self.folder.with_extension(&name);
        let file = std::fs::OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
        let mut log = Log::create(file);
        let mut records = Vec::new();
        for (kind, payload) in [
            (Kind::Started, serde_json::to_vec(&beginning).unwrap()),
            (Kind::Batch(Signal::Traces), traces(1)),
            (Kind::Batch(Signal::Logs), logs.encode_to_vec()),
            (Kind::Batch(Signal::Traces), traces(2)),
            (Kind::Ended, serde_json::to_vec(&ended).unwrap()),
        ] {
            let items = u32::from(matches!(kind, Kind::Batch(_)));
            log.append(kind, items, 1_577_836_800_000_000_000, Frame::from(payload.as_slice())).unwrap();
            records.push((kind, usize::try_from(log.end()).unwrap()));
        }
        let log = std::fs::read(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        Made { name, trace, log, records }
    }
}

/// Puts a run into `home` as a kill leaves it.
fn put(home: &Home, made: &Made, log: &[u8]) {
    let folder = home.state().join("runs").join(&made.name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("log"), log).unwrap();
    std::fs::create_dir_all(home.state().join("open")).unwrap();
    std::fs::write(home.state().join("open").join(&made.name), "").unwrap();
}

/// The ids of the spans that each trace has got, with how often it got them.
fn arrived(upstream: &Upstream) -> BTreeMap<String, BTreeMap<Vec<u8>, usize>> {
    let mut arrived: BTreeMap<String, BTreeMap<Vec<u8>, usize>> = BTreeMap::new();
    for span in upstream.spans() {
        *arrived.entry(hex(&span.trace_id)).or_default().entry(span.span_id).or_default() += 1;
    }
    arrived
}

/// A flush that has time, also for what was made long ago.
fn flush(home: &Home) -> Run {
    run().home(home).env("OTEL_RUN_DRAIN_DEADLINE", "60s").args(["flush", "--expire-after", "0"])
}

#[test]
fn a_log_that_is_cut_at_any_byte_is_closed_and_delivered() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused));
    let pattern = Pattern::of(&home, &upstream);
    let length = pattern.make(0).log.len();
    let all: Vec<Made> = (0..=length).map(|cut| pattern.make(cut)).collect();
    for (cut, made) in all.iter().enumerate() {
        put(&home, made, &made.log[..cut]);
    }
    upstream.set_behaviour(Behaviour::Accept);
    flush(&home).expect_exit(0);

    let listed: BTreeMap<String, Value> =
        runs(&home).into_iter().map(|run| (run["run_id"].as_str().unwrap().to_owned(), run)).collect();
    let arrived = arrived(&upstream);
    for (cut, made) in all.iter().enumerate() {
        let whole = made.records.iter().filter(|(_, end)| *end <= cut).count();
        let Some(run) = listed.get(&made.name) else {
            assert!(whole == 0 && !arrived.contains_key(&made.trace), "cut at {cut} it is not listed");
            assert_eq!(home.state().join("runs").join(&made.name).exists(), cut > FILE_HEADER, "cut at {cut}");
            continue;
        };
        assert_eq!(run["state"], if whole == made.records.len() { "ended" } else { "lost" }, "cut at {cut}: {run:#}");
        assert_eq!(items(run).pending, 0, "cut at {cut}: {run:#}");
        let spans = &arrived[&made.trace];
        assert!(spans.values().all(|count| *count == 1), "cut at {cut}: {spans:?}");
        let sent: Vec<u8> = [(1, 2), (2, 4)].iter().filter(|(_, record)| whole >= *record).map(|(id, _)| *id).collect();
        // The run's own span is the closer's, if the log was not whole.
        let own = usize::from(whole < made.records.len());
        assert_eq!(spans.len(), sent.len() + own, "cut at {cut}: {spans:?}");
        assert!(sent.iter().all(|id| spans.contains_key(&vec![*id; 8])), "cut at {cut}: {spans:?}");
    }
    let events: Vec<String> = upstream.log_records().into_iter().map(|(_, record)| record.event_name).collect();
    let logs = all.iter().enumerate().filter(|(cut, made)| made.records[2].1 <= *cut).count();
    assert_eq!(events.iter().filter(|event| event.starts_with("made ")).count(), logs);
    let hits = upstream.hits();
    run().home(&home).arg("flush").expect_exit(0).stdout_is("everything is delivered\n");
    assert_eq!(upstream.hits(), hits);
}

#[test]
fn a_log_that_is_damaged_at_any_byte_is_left_as_it_is_and_delivered_up_to_there() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused));
    let pattern = Pattern::of(&home, &upstream);
    let length = pattern.make(0).log.len();
    let all: Vec<Made> = (0..length)
        .map(|at| {
            let mut made = pattern.make(at);
            made.log[at] ^= 1 << (at % 8);
            put(&home, &made, &made.log);
            made
        })
        .collect();
    upstream.set_behaviour(Behaviour::Accept);
    let flushed = flush(&home).any_stderr().expect_exit(1);
    let listed = run().home(&home).args(["runs", "--json"]).any_stderr().expect_exit(0);
    let (flush_said, runs_said) = (flushed.stderr_text(), listed.stderr_text());
    let printed = flushed.stdout_text();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let listed: BTreeMap<&str, &Value> =
        listed["runs"].as_array().unwrap().iter().map(|run| (run["run_id"].as_str().unwrap(), run)).collect();
    let arrived = arrived(&upstream);
    let said_of = |text: &str, name: &str| text.lines().any(|line| line.contains(name));
    for (at, made) in all.iter().enumerate() {
        let folder = home.state().join("runs").join(&made.name);
        assert_eq!(std::fs::read(folder.join("log")).unwrap(), made.log, "nothing is written behind damage at {at}");
        let whole = made.records.iter().filter(|(_, end)| *end <= at).count();
        let spans: Vec<u8> = arrived.get(&made.trace).map_or(vec![], |spans| spans.keys().map(|id| id[0]).collect());
        if (12..FILE_HEADER).contains(&at) {
            // It is not looked at.
            assert_eq!((listed[made.name.as_str()]["state"].as_str(), spans), (Some("ended"), vec![1, 2]), "{at}");
            continue;
        }
        assert!(said_of(&runs_said, &made.name), "`runs` says nothing about {at}");
        assert!(said_of(&flush_said, &made.name) || said_of(&printed, &made.name), "`flush` says nothing about {at}");
        let sent: Vec<u8> = [(1, 2), (2, 4)].iter().filter(|(_, record)| whole >= *record).map(|(id, _)| *id).collect();
        assert_eq!(spans, sent, "damaged at {at}");
        assert_eq!(listed.contains_key(made.name.as_str()), whole > 0, "{at}");
        if at % 97 == 0 {
            let shown = run().home(&home).args(["show", &made.name]).stderr_has(&made.name);
            shown.expect_exit(i32::from(whole == 0));
        }
    }
    assert!(arrived.values().all(|spans| spans.values().all(|count| *count == 1)), "{arrived:?}");
}

#[test]
fn a_newer_format_is_left_alone_by_everybody() {
    for with_summary in [false, true] {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused));
        let command = count(["--count", "3", "--exit", "4"]);
        for _ in 0..2 {
            let ran = run().home(&home).upstream(&upstream).flag("--drain-deadline", "60s").child(&command);
            ran.stderr_has("not delivered").expect_exit(4);
        }
        let listed = runs(&home);
        let [newer, other] = [&listed[0], &listed[1]].map(|run| run["run_id"].as_str().unwrap());
        let folder = home.state().join("runs").join(newer);
        let mut log = std::fs::read(folder.join("log")).unwrap();
        log[8] = 2;
        std::fs::write(folder.join("log"), &log).unwrap();
        if !with_summary {
            std::fs::remove_file(folder.join("summary.json")).unwrap();
            std::fs::write(home.state().join("open").join(newer), "").unwrap();
        }
        let files = || -> BTreeMap<PathBuf, Vec<u8>> {
            let marks = std::fs::read_dir(home.state().join("open")).unwrap();
            let all = std::fs::read_dir(&folder).unwrap().chain(marks).map(|entry| entry.unwrap().path());
            all.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
        };
        let before = files();
        let format = "format 2 is newer than this otel-run";
        upstream.set_behaviour(Behaviour::Accept);
        let flush = || run().home(&home).env("OTEL_RUN_DRAIN_DEADLINE", "60s").arg("flush");
        let left_alone = format!("the run {newer} is left alone: its {format}");
        flush().stderr_has(&left_alone).expect_exit(0).stdout_has(other);
        assert_eq!(upstream.spans().len(), 4);
        flush().stderr_has(&left_alone).expect_exit(0).stdout_is("everything else is delivered\n");
        let listed = run().home(&home).args(["runs", "--json"]);
        let listed = if with_summary { listed } else { listed.stderr_has(format) }.expect_exit(0);
        assert!(listed.stdout_text().contains(other), "{}", listed.stdout_text());
        run().home(&home).args(["show", other]).expect_exit(0);
        run().home(&home).args(["show", newer]).stderr_has(format).expect_exit(1);
        run().home(&home).args(["flush", newer]).any_stderr().expect_any_end();
        run().home(&home).child(["true"]).expect_exit(0);
        let pruned =
            run().home(&home).args(["prune", "--keep-age", "1ms", "--keep-runs", "1"]).expect_exit(0).stdout_text();
        assert!(pruned.lines().any(|line| line.contains(newer) && line.contains(format)), "{pruned}");
        assert!(pruned.ends_with("freed; 1 kept\n"), "{pruned}");
        assert_eq!(files(), before);
    }
}
