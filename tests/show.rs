//! Looking at runs: `show` and `runs` in pipes and at terminals, whatever the runs hold.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;

use nix::sys::signal::Signal as Kill;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otel_run::otlp::Signal;
use otel_run::store::facts::{Beginning, Ended, Intake, Started, Summary};
use otel_run::store::log::{Frame, Kind};
use otel_run::store::{RunFolder, Store};
use prost::Message;
use serde_json::{Value, json};
use support::captures::{self, Capture};
use support::pty::at_terminal;
use support::{Home, Open, Ran, Stored, run, test_child};

const OPENCODE: &str = "opencode-run-llm-traces.jsonl";

/// A run that holds what opencode sent.
fn opencode() -> Ran {
    run().child([test_child()]).arg("replay").arg(captures::path(OPENCODE)).expect_exit(0)
}

/// What a verb prints into a pipe.
#[track_caller]
fn printed(home: &Home, words: &[&str]) -> String {
    run().home(home).args(words).expect_exit(0).stdout_text()
}

#[track_caller]
fn printed_json(home: &Home, words: &[&str]) -> Value {
    let text = printed(home, words);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// The first record of a run of a version that did not write down what its span says.
fn beginning(started: &Started) -> Beginning {
    Beginning { started: started.clone(), span: None }
}

/// The same run once more in a home of its own, at the time and of the length that the capture tells of.
fn at_the_time_of_the_capture(ran: &Ran) -> Home {
    let spans = Capture::read(OPENCODE).spans;
    let start = spans.iter().map(|span| span.start_time_unix_nano).min().unwrap() - 1_000_000_000;
    let end = spans.iter().map(|span| span.end_time_unix_nano).max().unwrap() + 500_000_000;
    let stored = Stored::of(&ran.home);
    let mut summary = stored.folder.summary().unwrap();
    let home = Home::new();
    summary.started.run_id = "20261120-100943-000-a1b2c3".to_owned();
    summary.started.started_unix_nano = start;
    let (folder, mut log) = Store::at(&home.state()).create(&beginning(&summary.started)).unwrap();
    for (signal, items, request) in &stored.batches {
        let mut request = request.clone();
        if *signal == Signal::Traces {
            let mut traces = ExportTraceServiceRequest::decode(&request[..]).unwrap();
            let scopes = traces.resource_spans.iter_mut().flat_map(|group| &mut group.scope_spans);
            for span in scopes.flat_map(|scope| &mut scope.spans) {
                if support::hex(&span.span_id) == summary.started.span_id {
                    (span.start_time_unix_nano, span.end_time_unix_nano) = (start, end);
                }
            }
            request = traces.encode_to_vec();
        }
        log.append(Kind::Batch(*signal), *items, end, Frame::from(&request[..])).unwrap();
    }
    let ended = summary.ended.as_mut().unwrap();
    ended.ended_unix_nano = end;
    log.append(Kind::Ended, 0, end, Frame::from(&serde_json::to_vec(ended).unwrap()[..])).unwrap();
    folder.write_summary(&summary).unwrap();
    home
}

#[test]
fn a_run_of_opencode_is_a_tree_that_a_person_reads() {
    let home = Home::new();
    let opencode = home.work().join("opencode");
    std::os::unix::fs::symlink(test_child(), &opencode).unwrap();
    let ran = run().child([opencode]).arg("replay").arg(captures::path(OPENCODE)).expect_exit(0);
    let home = at_the_time_of_the_capture(&ran);
    let show = |words: &[&str]| run().home(&home).env("TZ", "UTC").arg("show").args(words).expect_exit(0).stdout_text();
    let shown = run().home(&home).env("TZ", "UTC").env("COLUMNS", "100").arg("show").expect_exit(0).stdout_text();
    insta::assert_snapshot!(shown, @"
    opencode · exit 0 · 8.24 s
    agent opencode · started 2026-11-20 10:09:42 · run 20261120-100943-000-a1b2c3
    3 model calls (mock-model) · 300 tokens in (120 cached) · 60 out (15 reasoning) · 1 tool call (bash)
    252 spans, 10 data points, 37 log records stored · not sent anywhere

                                    in → out     time  0                                          8.24 s
    opencode                                   8.24 s  █████████████████████████████████████████████████
    └─ prompt                                  4.61 s               ███████████████████████████▌
       ├─ model mock-model (title)  100 → 20   161 ms                            ▉
       ├─ model mock-model          100 → 20   287 ms                                      █▊
       ├─ tool  bash                           158 ms                                       ▉
       └─ model mock-model          100 → 20   140 ms                                         ▉

    242 of 252 spans folded as housekeeping · --all shows everything
    ");
    // 100 columns are the default where there is no terminal, and the run may be named by its beginning or its end.
    for words in [&[][..], &["20261120-100943-000-a1b2c3"], &["20261120-10"], &["a1b2c3"]] {
        assert_eq!(show(words), shown, "{words:?}");
    }
}

#[test]
fn all_spans_are_shown_on_demand() {
    let ran = opencode();
    let capture = Capture::read(OPENCODE);
    let shown = run().home(&ran.home).env("COLUMNS", "1000").args(["show", "--all"]).expect_exit(0).stdout_text();
    for span in &capture.spans {
        assert!(shown.contains(&span.name), "{} is not shown", span.name);
    }
    let (_, tree) = shown.split_once("\n\n").unwrap();
    // The heads of the columns, the run's span, and those of the command.
    assert_eq!(tree.lines().count(), 1 + 1 + capture.spans.len());
    assert!(!shown.contains("folded"), "{shown}");
}

#[test]
fn json_tells_the_same() {
    let ran = opencode();
    let stored = Stored::of(&ran.home);
    let all = printed_json(&ran.home, &["show", "--all", "--json"]);
    let essential = printed_json(&ran.home, &["show", "--json"]);
    let runs = printed_json(&ran.home, &["runs", "--json"]);
    assert_eq!((&all["version"], &essential["version"], &runs["version"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!((&all["run"], &essential["run"]), (&runs["runs"][0], &runs["runs"][0]));

    let facts = &runs["runs"][0];
    assert_eq!(facts["run_id"], stored.started.run_id.as_str());
    assert_eq!(
        (&facts["state"], &facts["exit_code"], &facts["name"]),
        (&json!("ended"), &json!(0), &json!("test-child"))
    );
    assert_eq!(facts["totals"]["model_calls"], 3);
    assert_eq!(facts["totals"]["tokens"]["input"], 300);
    assert_eq!(facts["totals"]["tools"], json!({ "bash": 1 }));
    assert_eq!(facts["intake"]["traces"]["stored"], stored.spans().len());
    assert_eq!(facts["destinations"], json!([]));

    let spans = all["spans"].as_array().unwrap();
    assert_eq!((all["span_count"].as_u64(), all["folded_count"].as_u64()), (Some(spans.len() as u64), Some(0)));
    let ids: BTreeSet<&str> = spans.iter().map(|span| span["span_id"].as_str().unwrap()).collect();
    let stored_ids: BTreeSet<String> = stored.spans().iter().map(|span| support::hex(&span.span_id)).collect();
    assert!(ids.iter().copied().eq(stored_ids.iter().map(String::as_str)));
    // A tree in the order in which it is read: each below the nearest one before it that is one step higher.
    for spans in [spans, essential["spans"].as_array().unwrap()] {
        let mut path: Vec<&str> = Vec::new();
        for span in spans {
            let depth = span["depth"].as_u64().unwrap() as usize;
            path.truncate(depth);
            assert_eq!(span["shown_under"].as_str(), path.last().copied(), "{span}");
            path.push(span["span_id"].as_str().unwrap());
        }
    }
    let essential_spans = essential["spans"].as_array().unwrap();
    assert_eq!(essential["span_count"], all["span_count"]);
    let left: u64 = essential["folded_count"].as_u64().unwrap();
    let merged: usize = essential_spans.iter().map(|span| span["merged"].as_array().unwrap().len()).sum();
    assert_eq!(essential_spans.len() as u64 + left + merged as u64, spans.len() as u64);
    let kinds: Vec<_> = essential_spans.iter().map(|span| span["activity"]["type"].as_str().unwrap_or("-")).collect();
    assert_eq!(kinds, ["-", "prompt", "model_call", "model_call", "tool_call", "model_call"]);
}

#[test]
fn a_list_of_runs_says_what_they_came_to() {
    let ran = opencode();
    let home = &ran.home;
    run().home(home).child(["sh", "-c", "exit 3"]).expect_exit(3);
    run().home(home).child(["sh", "-c", "kill -TERM $$"]).expect_signal(Kill::SIGTERM);
    run().home(home).child(["no-such-command"]).stderr_has("no-such-command").expect_exit(127);
    let table = run().home(home).env("COLUMNS", "160").arg("runs").expect_exit(0).stdout_text();
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["RUN", "STARTED", "COMMAND", "END", "TIME", "CALLS", "IN", "→", "OUT", "TOOLS", "DELIVERY"]);
    let ends: Vec<&str> = ["exit 127", "SIGTERM", "exit 3", "exit 0"].into();
    for (line, end) in table.lines().skip(1).zip(ends) {
        assert!(line.contains(end), "{line} does not say {end}");
    }
    assert_eq!(lines.len(), 5);
    let first = lines[4].join(" ");
    assert!(first.contains("test-child exit 0") && first.ends_with("3 300 → 60 1 local"), "{first}");
    assert_eq!(printed(home, &["runs", "--limit", "1"]).lines().count(), 2);
    let ids: Vec<&str> = lines[1..].iter().map(|line| line[0]).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    // `show` without a name is about the newest.
    assert!(printed(home, &["show"]).starts_with("no-such-command · exit 127"));
}

#[test]
fn runs_that_have_no_end_are_told_apart() {
    let open = Open::start(run());
    let home = open.running.home.clone();
    let state = || printed_json(&home, &["runs", "--json"])["runs"][0]["state"].as_str().unwrap().to_owned();
    assert_eq!(state(), "running");
    assert!(printed(&home, &["show"]).starts_with("sh · running\n"));
    open.running.signal(Kill::SIGKILL);
    nix::sys::signal::kill(open.command_pid(), Kill::SIGKILL).unwrap();
    open.running.expect_signal(Kill::SIGKILL);
    assert_eq!(state(), "lost");
    assert!(printed(&home, &["show"]).starts_with("sh · lost"));
}

#[test]
fn a_run_that_is_not_there_is_an_error_that_helps() {
    let home = Home::new();
    assert!(printed(&home, &["runs"]).starts_with("No runs yet"));
    assert_eq!(printed_json(&home, &["runs", "--json"])["runs"], json!([]));
    run().home(&home).arg("show").stderr_has("no run is recorded").expect_exit(1);
    run().home(&home).child(["true"]).expect_exit(0);
    run().home(&home).child(["true"]).expect_exit(0);
    run().home(&home).args(["show", "nothing"]).stderr_has("no run is called \"nothing\"").expect_exit(1);
    let both = run().home(&home).args(["show", "2"]).stderr_has("can be any of").expect_exit(1);
    for run in Store::at(&home.state()).list().unwrap() {
        assert!(both.stderr_text().contains(&run.id()));
    }
    // What looks like a colour is not obeyed.
    let odd = run().home(&home).args(["show", "\u{1b}[31m"]).stderr_has("no run is called").expect_exit(1);
    assert!(!odd.stderr_text().contains('\u{1b}'), "{:?}", odd.stderr_text());
}

#[test]
fn colours_and_widths_are_those_of_the_terminal() {
    let ran = opencode();
    let home = &ran.home;
    let widest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap();
    for words in [&["show"][..], &["runs"], &["show", "--all"]] {
        let piped = printed(home, words);
        assert!(!piped.contains('\u{1b}'), "{words:?}");
        assert!(widest(&piped) <= 100 && widest(&piped) > 60, "{words:?}");

        let (code, coloured) = at_terminal(home, 60, &[], words);
        assert_eq!(code, 0);
        assert!(coloured.contains("\u{1b}[1m") && coloured.contains("\u{1b}[0m"), "{words:?}: {coloured:?}");
        let plain = at_terminal(home, 60, &[("NO_COLOR", "1")], words).1;
        assert_eq!(without_colours(&coloured), plain, "{words:?}");
        assert!(widest(&plain) <= 60, "{words:?}: {plain}");
        assert_eq!(at_terminal(home, 60, &[("TERM", "dumb")], words).1, plain, "{words:?}");
        // no-color.org: an empty value is no value.
        assert_eq!(at_terminal(home, 60, &[("NO_COLOR", "")], words).1, coloured, "{words:?}");
        assert!(widest(&at_terminal(home, 120, &[("NO_COLOR", "1")], words).1) > 60, "{words:?}");
        let narrow = run().home(home).env("COLUMNS", "45").args(words).expect_exit(0).stdout_text();
        assert!(widest(&narrow) <= 45, "{words:?}: {narrow}");
        for locale in [("LC_ALL", "C"), ("LANG", "POSIX")] {
            let ascii = run().home(home).env(locale.0, locale.1).args(words).expect_exit(0).stdout_text();
            assert!(ascii.is_ascii(), "{words:?}: {ascii}");
        }
    }
}

/// Text without what ECMA-48 calls SGR.
fn without_colours(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_owned();
    first + &pieces.map(|piece| piece.split_once('m').unwrap().1).collect::<String>()
}

#[test]
fn a_run_ends_with_one_line_where_somebody_looks() {
    let home = Home::new();
    let child = test_child();
    let replay = ["--", child.to_str().unwrap(), "replay"];
    let capture = captures::path(OPENCODE);
    let words: Vec<&str> = replay.into_iter().chain([capture.to_str().unwrap()]).collect();
    let (code, told) = at_terminal(&home, 200, &[], &words);
    let run_id = Stored::of(&home).started.run_id;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!((code, lines.len(), lines[0]), (0, 2, "sent 16"), "{told:?}");
    let begin = "otel-run: test-child · exit 0 · ";
    let end = format!(
        " · 3 model calls (mock-model) · 300 tokens in (120 cached) · 60 out (15 reasoning) · 1 tool call (bash) · otel-run show {run_id}"
    );
    assert!(lines[1].starts_with(begin) && lines[1].ends_with(&end), "{told:?}");
    // Where there is less room it says less, and still on one line.
    let narrow = Home::new();
    let (_, told) = at_terminal(&narrow, 100, &[], &words);
    let run_id = Stored::of(&narrow).started.run_id;
    let line = told.lines().last().unwrap();
    let end = format!(" · 3 model calls · otel-run show {run_id}");
    assert!(line.starts_with(begin) && line.ends_with(&end) && line.chars().count() <= 100, "{told:?}");
    assert_eq!(
        at_terminal(&home, 80, &[], &["--quiet", "--", child.to_str().unwrap(), "exit", "7"]),
        (7, String::new())
    );
}

/// Clears the screen, sets the title, hides the cursor, goes up a line, in both ways to write an escape sequence, and
/// turns the direction of what follows.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}?25l\u{1b}Pq\u{9c}\r\n\u{8}\u{7f}\u{202e}\u{200b}evil";

/// Characters that a terminal would obey, but for line breaks.
fn obeyed(text: &str) -> Vec<char> {
    let harmful = |c: &char| (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}');
    text.chars().filter(harmful).collect()
}

#[test]
fn names_from_elsewhere_are_not_obeyed_by_the_terminal() {
    let attribute = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let span = |id: u32, operation: &str| {
        json!({ "traceId": "11111111111111111111111111111111", "spanId": format!("{id:016x}"), "name": HOSTILE,
            "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000",
            "status": { "code": 2, "message": HOSTILE }, "attributes": [
                attribute("gen_ai.operation.name", operation), attribute("gen_ai.provider.name", HOSTILE),
                attribute("gen_ai.request.model", HOSTILE), attribute("gen_ai.response.model", HOSTILE),
                attribute("gen_ai.tool.name", HOSTILE), attribute("gen_ai.agent.name", HOSTILE),
                attribute("error.type", HOSTILE),
            ] })
    };
    let spans = ["chat", "execute_tool", "invoke_agent", HOSTILE];
    let spans: Vec<Value> = (1..).zip(spans).map(|(id, operation)| span(id, operation)).collect();
    let request = json!({ "resourceSpans": [{
        "resource": { "attributes": [attribute("service.name", HOSTILE)] },
        "scopeSpans": [{ "scope": { "name": HOSTILE }, "spans": spans }],
    }] });

    let home = Home::new();
    // The command's own name comes from the file system.
    let program = home.work().join(HOSTILE);
    std::os::unix::fs::symlink(test_child(), &program).unwrap();
    let capture = home.work().join("hostile.jsonl");
    std::fs::write(&capture, json!({ "signal": "traces", "body": request }).to_string()).unwrap();
    let program = program.to_str().unwrap();
    for nest in ["adopt", "link"] {
        let words = ["--nest", nest, "--content", "on", "--", program, "replay", capture.to_str().unwrap()];
        let (code, told) = at_terminal(&home, 80, &[("NO_COLOR", "1")], &words);
        assert_eq!((code, obeyed(&told)), (0, vec![]), "{told:?}");
        assert!(told.contains("evil"), "{told:?}");
        for words in [
            &["show"][..],
            &["show", "--all"],
            &["show", "--json"],
            &["show", "--all", "--json"],
            &["runs"],
            &["runs", "--json"],
        ] {
            let text = run().home(&home).env("COLUMNS", "2000").args(words).expect_exit(0).stdout_text();
            assert_eq!(obeyed(&text), [], "{words:?} prints {text:?}");
            assert!(text.contains("evil"), "{words:?} prints {text:?}");
            let (_, at_terminal) = at_terminal(&home, 80, &[("NO_COLOR", "1")], words);
            assert_eq!(obeyed(&at_terminal), [], "{words:?} prints {at_terminal:?}");
        }
    }
    // What JSON spells differently is still the name.
    let shown = printed_json(&home, &["show", "--all", "--json"]);
    let names: Vec<&str> =
        shown["spans"].as_array().unwrap().iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert!(names.contains(&HOSTILE), "{names:?}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let ran = opencode();
    let script = "\"$0\" show --all | head -n 1";
    let head = support::alone("sh").home(&ran.home).args(["-c", script, env!("CARGO_BIN_EXE_otel-run")]).expect_exit(0);
    assert_eq!(head.stdout_text().lines().count(), 1);
}

/// The id of the `number`th of many runs, one a minute.
fn run_id(number: u32) -> String {
    format!("20261120-{:02}{:02}00-000-{number:06x}", number / 60, number % 60)
}

/// Puts a run on disk as if otel-run had made it.
fn make_run(store: &Store, number: u32) -> RunFolder {
    let started_unix_nano = 1_795_132_800_000_000_000 + u64::from(number) * 60_000_000_000;
    let started = Started {
        run_id: run_id(number),
        trace_id: format!("{:032x}", number + 1),
        span_id: format!("{:016x}", number + 1),
        parent_span_id: None,
        sampled: true,
        name: format!("command-{number}"),
        agent: None,
        started_unix_nano,
        wrapper_pid: 1,
        child_pid: Some(2),
        listen: None,
        content: None,
        destinations: Vec::new(),
    };
    let (folder, mut log) = store.create(&beginning(&started)).unwrap();
    // Every hundredth was killed.
    if number % 100 == 99 {
        return folder;
    }
    let ended = Ended {
        ended_unix_nano: started_unix_nano + 1_000_000,
        exit_code: Some(i32::try_from(number % 3).unwrap()),
        ..Ended::default()
    };
    let last = serde_json::to_vec(&ended).unwrap();
    log.append(Kind::Ended, 0, ended.ended_unix_nano, Frame::from(last.as_slice())).unwrap();
    // Every tenth could not write its summary; that is made from the log.
    if !number.is_multiple_of(10) {
        let intake = [(Signal::Traces, Intake { received: 1, stored: 1, ..Intake::default() })].into();
        let summary = Summary { ended: Some(ended), intake, ..Summary::of(started) };
        folder.write_summary(&summary).unwrap();
    }
    folder
}

#[test]
fn a_thousand_runs_are_listed_and_a_damaged_one_hides_no_other() {
    let home = Home::new();
    let store = Store::at(&home.state());
    let folders: Vec<RunFolder> = (0..1000).map(|number| make_run(&store, number)).collect();
    let table = printed(&home, &["runs"]);
    let lines: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(lines.len(), 1000);
    for (line, number) in lines.iter().zip((0..1000).rev()) {
        let end = if number % 100 == 99 { "lost".to_owned() } else { format!("exit {}", number % 3) };
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[0], run_id(number));
        assert!(words.contains(&format!("command-{number}").as_str()) && line.contains(&end), "{line}");
    }
    let runs = printed_json(&home, &["runs", "--json"]);
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1000);
    // How wide the columns are depends on all that is listed, and on the day.
    let limited = printed(&home, &["runs", "--limit", "5"]);
    let listed: Vec<_> = limited.lines().skip(1).map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(listed, (995..1000).rev().map(run_id).collect::<Vec<_>>());
    assert!(printed(&home, &["show", &run_id(123)]).starts_with("command-123 · exit 0"));
    assert!(printed(&home, &["show"]).starts_with("command-999 · lost"));

    // A log that is none, one that is gone, one of a later version, a summary that is torn, and what is no run at all.
    std::fs::write(folders[10].path().join("log"), "nonsense, and more of it").unwrap();
    std::fs::remove_file(folders[20].path().join("log")).unwrap();
    std::fs::write(folders[20].path().join("summary.json"), "{").unwrap();
    std::fs::write(folders[30].path().join("log"), b"otel-run\x63\0\0\0\0\0\0\0").unwrap();
    std::fs::write(folders[41].path().join("summary.json"), "{").unwrap();
    std::fs::write(home.state().join("runs/.DS_Store"), "").unwrap();
    std::fs::create_dir(home.state().join("runs/lost+found")).unwrap();
    // Where otel-run was killed before it wrote anything there is nothing to tell.
    std::fs::remove_file(folders[50].path().join("log")).unwrap();
    std::fs::write(folders[60].path().join("log"), "").unwrap();
    std::fs::write(folders[70].path().join("log"), b"otel-run\x01\0\0\0\0\0\0\0").unwrap();
    let damaged = run().home(&home).arg("runs").any_stderr().expect_exit(0);
    assert_eq!(damaged.stdout_text().lines().count(), 1 + 1000 - 6, "{}", damaged.stderr_text());
    let said = damaged.stderr_text();
    for number in [10, 20, 30] {
        assert!(said.contains(&run_id(number)), "{said}");
    }
    assert!(damaged.stdout_text().contains("command-41 "));
    assert_eq!(said.lines().count(), 3, "{said}");
    run().home(&home).args(["show", &run_id(30)]).stderr_has("newer").expect_exit(1);
}
