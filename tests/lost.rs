//! Runs whose otel-run was killed: the next otel-run closes them with what is known and delivers them, once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal as Kill;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use otel_run::store::log::{Kind, Log};
use serde_json::{Value, json};
use support::listed::{items, only_run, runs};
use support::stored::text;
use support::tree::{assert_one_tree, named};
use support::{Behaviour, Home, Run, Running, Stored, Upstream, hex, run, test_child, wait_until};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
/// Spans that the commands of these tests send.
const SENT: usize = 3;
/// What otel-run says itself: the run's span, that it was started and has ended, and a data point to say that it goes on no
/// more.
const OWN: usize = 4;
/// A deadline that is not the subject.
const LONG: &str = "60s";
/// No run may take longer whose deadline is 1 s; machines are slow.
const NO_HANG: Duration = Duration::from_secs(20);

/// Whatever closes runs, as it is typed.
const CLOSERS: [&[&str]; 4] = [&["--", "true"], &["runs"], &["show"], &["flush"]];

fn closer(home: &Home, words: &[&str]) -> Run {
    run().home(home).env("OTEL_RUN_DRAIN_DEADLINE", LONG).args(words)
}

/// A run within the trace whose command has sent its spans and waits.
#[track_caller]
fn waiting(run: Run) -> Running {
    let running = run
        .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
        .child([test_child().to_str().unwrap(), "send", "--hold", "--count", &SENT.to_string()])
        .stdin_open()
        .spawn();
    running.wait_for_stdout(&format!("sent {SENT}"));
    running
}

/// Kills otel-run and nothing else, then lets the command end.
#[track_caller]
fn killed(running: Running) {
    running.signal(Kill::SIGKILL);
    running.expect_signal(Kill::SIGKILL);
}

/// The markers of open runs.
fn marks(home: &Home) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(home.state().join("open")) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Fails unless `span` is that of a run whose end nobody saw.
#[track_caller]
fn assert_lost(span: &Span) {
    let status = span.status.clone().unwrap();
    assert_eq!((status.code(), status.message.as_str()), (StatusCode::Error, "otel-run ended before the command"));
    assert_eq!(text(&span.attributes, "error.type"), Some("_OTHER"));
    assert!(span.attributes.iter().all(|attribute| attribute.key != "process.exit.code"), "{:?}", span.attributes);
    for known in ["process.executable.name", "process.executable.path", "process.command", "otel_run.run.id"] {
        assert!(text(&span.attributes, known).is_some(), "{known} is missing in {:?}", span.attributes);
    }
}

#[track_caller]
fn assert_events(records: &[LogRecord], events: &[&str]) {
    let names: Vec<&str> = records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, events);
}

const ABANDONED: [&str; 2] = ["otel_run.run.started", "otel_run.run.abandoned"];

#[test]
fn whoever_comes_next_closes_a_run_and_delivers_it_once() {
    for words in CLOSERS {
        let (home, upstream) = (Home::new(), Upstream::start());
        let running = waiting(run().home(&home).upstream(&upstream));
        // Until it is written down that everything so far was delivered, so that nothing has to be sent again.
        wait_until("spans and start are delivered", || items(&only_run(&home)).delivered == (SENT + 1) as u64);
        killed(running);
        assert_eq!(marks(&home).len(), 1);

        closer(&home, words).expect_exit(0);
        assert_eq!(marks(&home), Vec::<String>::new(), "{words:?}");
        let spans = upstream.spans();
        let span = assert_one_tree(&spans, TRACE, PARENT);
        assert_lost(span);
        assert_eq!((span.name.as_str(), spans.len()), ("test-child", SENT + 1), "{words:?}");
        let records: Vec<LogRecord> = upstream.log_records().into_iter().map(|(_, record)| record).collect();
        assert_events(&records, &ABANDONED);
        // The last that was heard of it was the batch, and everything is from the same otel-run.
        assert!(span.end_time_unix_nano > records[0].time_unix_nano, "{span:?}");
        assert_eq!(span.end_time_unix_nano, records[1].time_unix_nano);
        let own = upstream.spans_with_resources().into_iter().find(|(_, own)| own.span_id == span.span_id).unwrap();
        for (resource, _) in upstream.log_records() {
            assert_eq!(resource, own.0);
        }

        let hits = upstream.hits();
        for words in CLOSERS {
            closer(&home, words).expect_exit(0);
        }
        assert_eq!(upstream.hits(), hits, "{words:?}: there was nothing left to send");
        let listed = runs(&home).pop().unwrap();
        assert_eq!((&listed["state"], &listed["error_type"]), (&json!("lost"), &json!("_OTHER")), "{listed:#}");
        assert_eq!((&listed["exit_code"], &listed["signal"]), (&Value::Null, &Value::Null));
        assert!(listed["ended"].is_string() && listed["duration_ns"].as_u64() > Some(0), "{listed:#}");
        assert_eq!(items(&listed).delivered, (SENT + OWN) as u64);
        run().home(&home).arg("runs").expect_exit(0).stdout_has("lost").stdout_has("delivered");
    }
}

#[test]
fn a_run_without_an_upstream_is_closed_and_stays_local() {
    for words in CLOSERS {
        let home = Home::new();
        let running = waiting(run().home(&home));
        killed(running);
        closer(&home, words).expect_exit(0);
        assert_eq!(marks(&home), Vec::<String>::new(), "{words:?}");
        let listed = runs(&home).pop().unwrap();
        assert_eq!((&listed["state"], &listed["destinations"]), (&json!("lost"), &json!([])), "{listed:#}");
        run().home(&home).arg("runs").expect_exit(0).stdout_has("local");
        let name = listed["run_id"].as_str().unwrap();
        let shown = run().home(&home).args(["show", "--all", name]).expect_exit(0);
        assert!(
            shown.stdout_text().starts_with("test-child · lost: otel-run was killed · "),
            "{}",
            shown.stdout_text()
        );
        assert!(shown.stdout_text().contains("span 3"), "{}", shown.stdout_text());
    }
}

#[test]
fn what_cannot_be_delivered_is_left_to_a_flush() {
    for (behaviour, words) in [
        (Behaviour::Refused, CLOSERS[0]),
        (Behaviour::Status(401, vec![]), CLOSERS[1]),
        (Behaviour::Status(503, vec![]), CLOSERS[0]),
        (Behaviour::BlackHole, CLOSERS[0]),
        (Behaviour::BlackHole, CLOSERS[2]),
    ] {
        let (home, upstream) = (Home::new(), Upstream::behaving(behaviour.clone()).expect_hits(0..));
        killed(waiting(run().home(&home).upstream(&upstream)));
        let ran = closer(&home, words).env("OTEL_RUN_DRAIN_DEADLINE", "1s").expect_exit(0);
        assert!(ran.took < NO_HANG, "{behaviour:?}: it took {:?}", ran.took);
        assert_eq!((marks(&home).len(), upstream.accepted().len()), (0, 0));
        let hits = upstream.hits();
        let listed = runs(&home).pop().unwrap();
        assert_eq!((&listed["state"], items(&listed).pending), (&json!("lost"), (SENT + OWN) as u64), "{behaviour:?}");
        assert!(listed["destinations"][0]["failure"].is_string(), "{listed:#}");
        assert_eq!(upstream.hits(), hits, "it is tried once");
        upstream.set_behaviour(Behaviour::Accept);
        closer(&home, &["flush"]).expect_exit(0);
        closer(&home, &["flush"]).expect_exit(0).stdout_is("everything is delivered\n");
        assert_lost(assert_one_tree(&upstream.spans(), TRACE, PARENT));
        assert_eq!((upstream.spans().len(), upstream.log_records().len()), (SENT + 1, 2), "{behaviour:?}");
    }
}

#[test]
fn a_run_goes_to_what_is_configured_now() {
    let (home, then) = (Home::new(), Upstream::behaving(Behaviour::Refused).never_hit());
    killed(waiting(run().home(&home).upstream(&then).flag("--header", "x-key=k")));
    // The header is not kept, so it cannot be sent anywhere without somebody who says it again.
    then.set_behaviour(Behaviour::Accept);
    closer(&home, CLOSERS[0]).expect_exit(0);
    assert_eq!(items(&runs(&home)[1]).pending, (SENT + OWN) as u64);

    let now = Upstream::start();
    then.set_behaviour(Behaviour::Refused);
    killed(waiting(run().home(&home).upstream(&then)));
    then.set_behaviour(Behaviour::Accept);
    run().home(&home).upstream(&now).flag("--drain-deadline", LONG).child(["true"]).expect_exit(0);
    assert_eq!((named(&now.spans(), "test-child"), named(&now.spans(), "true")), (1, 1));
}

#[test]
fn a_run_is_closed_while_the_next_command_runs() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused));
    killed(waiting(run().home(&home).upstream(&upstream)));
    upstream.set_behaviour(Behaviour::Accept);
    let next = run().home(&home).child([test_child().as_os_str(), "wait".as_ref()]).stdin_open().spawn();
    next.wait_for_stdout("ready");
    wait_until("all is delivered", || upstream.log_records().len() == 2 && upstream.spans().len() == SENT + 1);
    assert_lost(assert_one_tree(&upstream.spans(), TRACE, PARENT));
    assert_eq!(marks(&home).len(), 1, "its own");
    next.expect_exit(0);
    assert_eq!(marks(&home).len(), 0);
}

#[test]
fn any_number_of_closers_deliver_once() {
    for _ in 0..3 {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused));
        for _ in 0..2 {
            killed(waiting(run().home(&home).upstream(&upstream)));
        }
        upstream.set_behaviour(Behaviour::Accept);
        let closers: Vec<Running> =
            CLOSERS.iter().cycle().take(8).map(|words| closer(&home, words).any_stderr().spawn()).collect();
        closers.into_iter().for_each(|closer| drop(closer.expect_exit(0)));
        closer(&home, &["flush"]).expect_exit(0);
        let (spans, records) = (upstream.spans(), upstream.log_records());
        assert_eq!((spans.len(), records.len()), (2 * (SENT + 1), 2 * 2));
        let own: BTreeSet<String> =
            spans.iter().filter(|span| span.name == "test-child").map(|span| hex(&span.span_id)).collect();
        assert_eq!(own.len(), 2);
        assert_eq!(marks(&home).len(), 0);
    }
}

#[test]
fn a_command_that_lives_on_is_not_said_to_have_ended() {
    let home = Home::new();
    let running = waiting(run().home(&home));
    running.signal(Kill::SIGKILL);
    // Its parent is gone when nobody holds the run's log any more.
    wait_until("otel-run is gone", || only_run(&home)["state"] != "running");
    let listed = only_run(&home);
    assert_eq!((&listed["state"], &listed["still_running"]), (&json!("lost"), &json!(true)), "{listed:#}");
    run().home(&home).arg("show").expect_exit(0).stdout_has("the command was still running");
    let stored = Stored::of(&home);
    assert!(support::stored::is_true(&stored.run_span().attributes, "otel_run.process.still_running"));
    running.expect_signal(Kill::SIGKILL);
}

#[test]
fn who_kills_otel_run_while_it_waits_for_more_does_not_take_the_end_away() {
    let home = Home::new();
    let script = r#"exec 3<&0; "$0" wait <&3 & exit 5"#;
    let running = run()
        .home(&home)
        .flag("--drain-deadline", "1h")
        .child(["sh".as_ref(), "-c".as_ref(), script.as_ref(), test_child().as_os_str()])
        .stdin_open()
        .spawn();
    running.wait_for_stdout("ready");
    wait_until("the end is recorded", || runs(&home).first().is_some_and(|run| run["intake"]["logs"]["stored"] == 2));
    assert_eq!(Stored::of(&home).spans().len(), 0);
    killed(running);
    let listed = only_run(&home);
    assert_eq!(
        (&listed["state"], &listed["exit_code"], &listed["error_type"]),
        (&json!("ended"), &json!(5), &json!("5"))
    );
    let stored = Stored::of(&home);
    let span = stored.run_span();
    assert_eq!((text(&span.attributes, "error.type"), span.status.unwrap().message.as_str()), (Some("5"), ""));
    let records: Vec<LogRecord> = stored.log_records_with_origin().into_iter().map(|(.., record)| record).collect();
    assert_events(&records, &["otel_run.run.started", "otel_run.run.exited"]);
}

#[test]
fn what_only_looks_closes_nothing() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused).never_hit());
    killed(waiting(run().home(&home).upstream(&upstream)));
    upstream.set_behaviour(Behaviour::Accept);
    let files = home.state_files();
    for words in [&["plan", "--", "true"][..], &["--dry-run", "--", "true"], &["--help"], &["--version"]] {
        closer(&home, words).expect_exit(0);
    }
    assert_eq!(home.state_files(), files);
    assert_eq!(marks(&home).len(), 1);
}

#[test]
fn linked_and_unsampled_runs_are_closed_as_they_were_begun() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused));
    killed(waiting(run().home(&home).upstream(&upstream).flag("--nest", "link")));
    upstream.set_behaviour(Behaviour::Accept);
    closer(&home, &["flush"]).expect_exit(0);
    let spans = upstream.spans();
    let span = spans.iter().find(|span| span.name == "test-child").unwrap();
    assert_lost(span);
    let linked: BTreeSet<String> = span.links.iter().map(|link| hex(&link.span_id)).collect();
    assert_eq!(linked, (1..=SENT).map(|number| format!("{number:016x}")).collect());
    assert_eq!(named(&spans, "(missing span)"), 0);

    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused));
    let running = run()
        .home(&home)
        .upstream(&upstream)
        .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-00"))
        .child([test_child().as_os_str(), "wait".as_ref()])
        .stdin_open()
        .spawn();
    // The command begins before its start is recorded.
    wait_until("the start is recorded", || runs(&home).first().is_some_and(|run| run["intake"]["logs"]["stored"] == 1));
    killed(running);
    upstream.set_behaviour(Behaviour::Accept);
    closer(&home, &["flush"]).expect_exit(0);
    let records: Vec<LogRecord> = upstream.log_records().into_iter().map(|(_, record)| record).collect();
    assert_events(&records, &ABANDONED);
    assert_eq!((upstream.spans().len(), &only_run(&home)["state"]), (0, &json!("lost")));
}

/// The log of a run that went to its end, to be cut as a kill would have cut it.
struct Whole {
    name: String,
    bytes: Vec<u8>,
    /// What each record is, and where it ends.
    records: Vec<(Kind, usize)>,
}

/// The exit status of the command of [`whole`].
const EXIT: i64 = 7;

/// A run whose command names a parent that never comes, and ends with [`EXIT`].
fn whole() -> Whole {
    let home = Home::new();
    let span = |id: &str, parent: &str| json!({ "traceId": TRACE, "spanId": id, "parentSpanId": parent, "name": id, "startTimeUnixNano": "5", "endTimeUnixNano": "9" });
    let lines = [
        span("00000000000000a1", ""),
        span("00000000000000a2", "00000000000000a1"),
        span("00000000000000a3", "00000000000000ff"),
    ]
    .map(|span| {
        let body = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] });
        format!("{}\n", json!({ "signal": "traces", "body": body }))
    });
    let file = home.path().join("sent.jsonl");
    std::fs::write(&file, lines.concat()).unwrap();
    run()
        .home(&home)
        .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
        .child([test_child().to_str().unwrap(), "replay", file.to_str().unwrap(), "--exit", &EXIT.to_string()])
        .expect_exit(7);
    let stored = Stored::of(&home);
    let log = stored.folder.read_log().unwrap();
    let (mut at, mut payload, mut records) = (Log::start(), Vec::new(), Vec::new());
    while let Some(header) = log.read(at, &mut payload).unwrap() {
        at += header.record_length();
        records.push((header.kind, usize::try_from(at).unwrap()));
    }
    let bytes = std::fs::read(stored.folder.path().join("log")).unwrap();
    assert_eq!(records.last(), Some(&(Kind::Ended, bytes.len())));
    Whole { name: stored.folder.id(), bytes, records }
}

/// A home with one run, left as a kill leaves it.
fn left(name: &str, log: &[u8]) -> (Home, PathBuf) {
    let home = Home::new();
    let folder = home.state().join("runs").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::create_dir_all(home.state().join("open")).unwrap();
    std::fs::write(folder.join("log"), log).unwrap();
    std::fs::write(home.state().join("open").join(name), "").unwrap();
    (home, folder)
}

#[test]
fn a_kill_at_any_moment_leaves_a_run_that_can_be_closed() {
    let Whole { name, bytes, records } = whole();
    let ends: Vec<usize> = records.iter().map(|(_, end)| *end).collect();
    // At each end of a record and within each, in its header and in its payload.
    let starts = [&[16], &ends[..ends.len() - 1]].concat();
    let within = starts.iter().zip(&ends).flat_map(|(start, end)| [start + 5, (start + end) / 2, end - 1]);
    let cuts: BTreeSet<usize> = ends.iter().copied().chain(within).chain([0, 16]).collect();
    for (number, cut) in cuts.into_iter().enumerate() {
        let (home, folder) = left(&name, &bytes[..cut]);
        let words = CLOSERS[number % CLOSERS.len()];
        let whole = ends.iter().filter(|end| **end <= cut).count();
        if whole == 0 && words == CLOSERS[2] {
            closer(&home, words).stderr_has("no run is recorded").expect_exit(1);
        } else {
            closer(&home, words).expect_exit(0);
        }
        assert_eq!(marks(&home).len(), 0, "cut at {cut}");
        if whole == 0 {
            assert_eq!(folder.exists(), cut > 16, "cut at {cut}");
            let listed = runs(&home).into_iter().filter(|run| run["run_id"] == name).count();
            assert_eq!(listed, 0, "cut at {cut}: there is nothing to tell");
            continue;
        }
        assert_closed(&home, &name, &records[..whole], cut);

        // Nothing more is ever done to it.
        let closed = std::fs::read(folder.join("log")).unwrap();
        for words in CLOSERS {
            closer(&home, words).expect_exit(0);
        }
        assert_eq!(std::fs::read(folder.join("log")).unwrap(), closed, "cut at {cut}");
    }
}

/// Fails unless the run `name`, of which only `kept` records were left, is closed with what is known.
#[track_caller]
fn assert_closed(home: &Home, name: &str, kept: &[(Kind, usize)], cut: usize) {
    let stored = Stored::named(home, name);
    let spans = stored.spans();
    let run_span = assert_one_tree(&spans, TRACE, PARENT);
    let records: Vec<LogRecord> = stored.log_records_with_origin().into_iter().map(|(.., record)| record).collect();
    let ended: Vec<&str> = records
        .iter()
        .map(|record| record.event_name.as_str())
        .filter(|event| *event != "otel_run.run.started")
        .collect();
    // The orphan is the command's third span.
    let batches = kept.iter().filter(|(kind, _)| *kind == Kind::Batch(otel_run::otlp::Signal::Traces)).count();
    assert_eq!(named(&spans, "(missing span)"), usize::from(batches >= 3), "cut at {cut}");
    // The first record of logs is that of the start, the second that of the end.
    let end_is_known = kept.iter().filter(|(kind, _)| *kind == Kind::Batch(otel_run::otlp::Signal::Logs)).count() > 1;
    let listed = runs(home).pop().unwrap();
    if end_is_known {
        assert_eq!(ended, ["otel_run.run.exited"], "cut at {cut}");
        assert_eq!(
            (&listed["state"], &listed["exit_code"]),
            (&json!("ended"), &json!(EXIT)),
            "cut at {cut}: {listed:#}"
        );
    } else {
        assert_eq!(ended, ["otel_run.run.abandoned"], "cut at {cut}");
        assert_lost(run_span);
        assert_eq!(
            (&listed["state"], &listed["exit_code"]),
            (&json!("lost"), &Value::Null),
            "cut at {cut}: {listed:#}"
        );
        assert_eq!(listed["still_running"], false, "its id is free, or somebody else's");
    }
    assert_eq!(stored.ended.unwrap().exit_code.map(i64::from), listed["exit_code"].as_i64());
    for (signal, stored) in [("traces", spans.len()), ("logs", records.len())] {
        assert_eq!(listed["intake"][signal]["stored"], stored, "cut at {cut}");
    }
}

#[test]
fn a_run_that_is_not_marked_is_closed_by_who_lists_it() {
    let Whole { name, bytes, records } = whole();
    for words in &CLOSERS[1..] {
        let (home, _) = left(&name, &bytes[..records[2].1]);
        std::fs::remove_dir_all(home.state().join("open")).unwrap();
        closer(&home, words).expect_exit(0);
        assert_closed(&home, &name, &records[..3], records[2].1);
    }
}

#[test]
fn a_mark_that_was_left_behind_goes() {
    let Whole { name, bytes, .. } = whole();
    for words in CLOSERS {
        // Killed between summary and mark.
        let (home, folder) = left(&name, &bytes);
        std::fs::remove_file(home.state().join("open").join(&name)).unwrap();
        closer(&home, &["runs"]).expect_exit(0);
        let summary = |folder: &std::path::Path| std::fs::read(folder.join("summary.json")).ok();
        assert_eq!(summary(&folder), None, "a run that has its end needs nobody to close it");
        std::fs::write(home.state().join("open").join(&name), "").unwrap();
        closer(&home, &["runs"]).expect_exit(0);
        let written = summary(&folder);
        assert!(written.is_some());
        std::fs::write(home.state().join("open").join(&name), "").unwrap();
        closer(&home, words).expect_exit(0);
        assert_eq!((marks(&home).len(), summary(&folder)), (0, written), "{words:?}");

        // The run was deleted.
        let (home, folder) = left(&name, &bytes);
        std::fs::remove_dir_all(folder).unwrap();
        run().home(&home).child(["true"]).expect_exit(0);
        closer(&home, words).expect_exit(0);
        assert_eq!(marks(&home).len(), 0, "{words:?}");
    }
}

#[test]
fn what_cannot_be_closed_is_left_as_it_is() {
    let Whole { name, bytes, records } = whole();
    let log = |folder: &PathBuf| std::fs::read(folder.join("log")).unwrap();

    // Damage with something behind it, in the first record and in a later one.
    for at in [60, records[1].1 + 40] {
        let mut damaged = bytes[..records[4].1].to_vec();
        damaged[at] ^= 1;
        for words in CLOSERS {
            let (home, folder) = left(&name, &damaged);
            let closer = closer(&home, words);
            if words == CLOSERS[0] { closer } else { closer.stderr_has(&name).stderr_has("damaged") }.expect_any_end();
            assert_eq!((log(&folder), marks(&home).len()), (damaged.clone(), 0), "{words:?}");
        }
    }

    // A later version will know what to do with it.
    let mut newer = bytes[..records[1].1].to_vec();
    newer[8] = 99;
    for words in CLOSERS {
        let (home, folder) = left(&name, &newer);
        let closer = closer(&home, words);
        if words == CLOSERS[0] { closer } else { closer.stderr_has("newer") }.expect_any_end();
        assert_eq!((log(&folder), marks(&home)), (newer.clone(), vec![name.clone()]), "{words:?}");
    }
}

#[test]
fn a_run_that_goes_on_is_left_alone() {
    let home = Home::new();
    let running = waiting(run().home(&home));
    for words in CLOSERS {
        closer(&home, words).expect_exit(0);
    }
    assert_eq!((marks(&home).len(), &runs(&home)[1]["state"]), (1, &json!("running")));
    running.expect_exit(0);
    let listed = &runs(&home)[1];
    assert_eq!((&listed["state"], &listed["exit_code"], marks(&home).len()), (&json!("ended"), &json!(0), 0));
}
