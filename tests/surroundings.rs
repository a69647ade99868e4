//! Runs beside and inside each other, in places that are full, closed or damaged: the command runs, and what is said is true.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod support;

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;
use support::listed::{items, only_run, runs, spans};
use support::tree::{assert_one_tree, named};
use support::{Home, Run, Transport, Upstream, alone, hex, run, test_child, with_mounts};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const OTEL_RUN: &str = env!("CARGO_BIN_EXE_otel-run");

fn child<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    std::iter::once(test_child().into_os_string()).chain(words.map(OsString::from)).collect()
}

#[test]
fn two_runs_at_once_do_not_disturb_each_other() {
    let (home, upstream) = (Home::new(), Upstream::start());
    let start = |first: &str| {
        let send = child(["send", "--count", "10", "--hold", "--first", first]);
        run().home(&home).upstream(&upstream).flag("--drain-deadline", "60s").child(send).stdin_open().spawn()
    };
    let (one, two) = (start("1"), start("11"));
    one.wait_for_stdout("sent 10");
    two.wait_for_stdout("sent 10");
    let listed = runs(&home);
    assert!(listed.len() == 2 && listed.iter().all(|run| run["state"] == "running"), "{listed:#?}");
    one.expect_exit(0);
    two.expect_exit(0);
    let listed = runs(&home);
    assert_eq!(listed.len(), 2);
    assert_ne!(listed[0]["run_id"], listed[1]["run_id"]);
    assert_ne!(listed[0]["trace_id"], listed[1]["trace_id"]);
    for run in &listed {
        assert_eq!((&run["state"], &run["intake"]["traces"]["stored"]), (&"ended".into(), &11.into()));
        let ours = spans(&home, run["run_id"].as_str().unwrap());
        assert!(ours.len() == 11 && ours.iter().all(|span| span["trace_id"] == run["trace_id"]), "{ours:#?}");
    }
    let counts = upstream.span_counts();
    assert!(counts.len() == 22 && counts.values().all(|count| *count == 1), "{counts:?}");
}

#[test]
fn a_run_inside_a_run_is_one_trace() {
    for transport in [Transport::HttpProtobuf, Transport::Grpc] {
        let (home, upstream) = (Home::new(), Upstream::start());
        run()
            .home(&home)
            .upstream_by(&upstream, transport)
            .flag("--drain-deadline", "60s")
            .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
            .child([OTEL_RUN, "--drain-deadline", "60s", "--", "sh", "-c", r#"echo in; exec "$@""#, "sh"])
            .args(child(["send", "--count", "5", "--exit", "8"]))
            .expect_exit(8)
            .stdout_is("in\nsent 5\n");
        let all = upstream.spans();
        let outer = assert_one_tree(&all, TRACE, PARENT);
        assert_eq!(all.len(), 7);
        let inner: Vec<_> = all.iter().filter(|span| span.parent_span_id == outer.span_id).collect();
        assert_eq!(inner.len(), 1, "{all:#?}");
        assert_eq!(inner[0].name, "sh");
        assert_eq!(all.iter().filter(|span| span.parent_span_id == inner[0].span_id).count(), 5);
        assert_eq!((1..=5).filter(|number| named(&all, &format!("span {number}")) == 1).count(), 5);
        // Two runs that started and ended, each told once.
        assert_eq!(upstream.log_records().len(), 4);
        let listed = runs(&home);
        let find = |span: &[u8]| listed.iter().find(|run| run["span_id"] == hex(span).as_str()).unwrap();
        let (outer, inner) = (find(&outer.span_id), find(&inner[0].span_id));
        assert_eq!(spans(&home, outer["run_id"].as_str().unwrap()).len(), 7);
        assert_eq!(spans(&home, inner["run_id"].as_str().unwrap()).len(), 6);
        assert_eq!((items(outer).pending, items(inner).pending), (0, 0));
        // The inner run has the outer one as its backend, whose token is nobody else's business.
        assert!(!inner.to_string().contains("upstream"), "{inner:#}");
        assert!(inner["destinations"][0]["endpoint"].as_str().unwrap().ends_with("/(token)"), "{inner:#}");
        run().home(&home).arg("flush").expect_exit(0).stdout_is("everything is delivered\n");
    }
}

#[test]
fn an_empty_environment_is_enough() {
    let home = Home::new();
    let state = home.state();
    let words = [OsStr::new("-i"), OTEL_RUN.as_ref(), "--state-dir".as_ref(), state.as_ref(), "--".as_ref()];
    let ran = alone("env").home(&home).args(words).args(["sh", "-c", "echo hi; exit 3"]).expect_exit(3);
    assert_eq!(ran.stdout_text(), "hi\n");
    assert_eq!(only_run(&home)["exit_code"], 3);
    // The variables that a shell makes up itself are not the command's.
    let ran = alone("env").home(&home).args(words).args(child(["env"])).expect_exit(0);
    let text = ran.stdout_text();
    let names: Vec<&str> = text.lines().map(|line| line.split('=').next().unwrap()).collect();
    let expected =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_PROTOCOL", "TRACEPARENT"];
    assert_eq!(names, expected);
}

/// Runs that cannot be kept: below a file, in a folder without a name, in one that nobody can write to.
#[test]
fn a_state_folder_that_cannot_be_written_costs_one_sentence() {
    let home = Home::new();
    let file = home.path().join("file");
    std::fs::write(&file, "").unwrap();
    let places = [file.clone(), file.join("below"), "/proc/otel-run".into(), "/dev/null/x".into()];
    for place in places {
        let ran = run().home(&home).flag("--state-dir", &place).child(["sh", "-c", "echo out; exit 3"]).any_stderr();
        let ran = ran.expect_exit(3).stdout_is("out\n");
        let said = ran.stderr_text();
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains("not kept") && said.contains(place.to_str().unwrap()), "{said}");
        assert!(!said.contains("delivered"), "there is no backend: {said}");

        for transport in [Transport::HttpProtobuf, Transport::Grpc] {
            let upstream = Upstream::start();
            let ran = run()
                .home(&home)
                .upstream_by(&upstream, transport)
                .flag("--drain-deadline", "60s")
                .flag("--state-dir", &place)
                .child(child(["send", "--count", "50", "--exit", "4"]))
                .stderr_has("the run is delivered but not kept")
                .expect_exit(4);
            assert_eq!(ran.stderr_text().lines().count(), 1, "{}", ran.stderr_text());
            let counts = upstream.span_counts();
            assert!(counts.len() == 51 && counts.values().all(|count| *count == 1), "{counts:?}");
            assert_eq!(upstream.log_records().len(), 2);
        }
    }
}

#[test]
fn what_can_neither_be_kept_nor_delivered_is_said_to_be_lost() {
    let ran = run()
        .flag("--state-dir", "/proc/otel-run")
        .flag("--endpoint", "http://127.0.0.1:1")
        .child(["sh", "-c", "exit 3"])
        .stderr_has("lost")
        .stderr_has("not kept")
        .expect_exit(3);
    assert!(
        !ran.stderr_text().contains("is delivered") && !ran.stderr_text().contains("flush"),
        "{}",
        ran.stderr_text()
    );
}

/// `script` as [`with_mounts`] runs it, after `mount`, which must succeed.
fn mounted(home: &Home, mount: &str, script: &str, words: &[OsString]) -> Option<Run> {
    with_mounts(home, &format!("{mount} || exit 99\n{script}"), words)
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[test]
fn a_read_only_state_folder_costs_one_sentence() {
    let home = Home::new();
    let mount = r#"mount -t tmpfs -o ro tmpfs "$0""#;
    let command = words(&[OTEL_RUN, "--", "sh", "-c", "echo out; exit 3"]);
    let Some(command) = mounted(&home, mount, r#"exec "$@""#, &command) else { return };
    let ran = command.stderr_has("not kept").stderr_has("Read-only file system").expect_exit(3).stdout_is("out\n");
    assert_eq!(ran.stderr_text().lines().count(), 1, "{}", ran.stderr_text());
}

#[test]
fn a_full_disk_costs_one_sentence_and_no_delivery() {
    let mount = r#"mount -t tmpfs -o size=64k tmpfs "$0" && ! dd if=/dev/zero of="$0/fill" bs=1k 2>/dev/null"#;
    let script = r#""$@"; echo "ended by $?"; rm "$0/fill"; "$OTEL_RUN" runs"#;

    let home = Home::new();
    let command = words(&[OTEL_RUN, "--", "sh", "-c", "echo out; exit 3"]);
    let Some(command) = mounted(&home, mount, script, &command) else { return };
    let ran = command.stderr_has("No space left").stderr_has("not kept").expect_exit(0);
    let printed = ran.stdout_text();
    assert!(printed.starts_with("out\nended by 3\nNo runs yet"), "{printed}");
    assert_eq!(ran.stderr_text().lines().count(), 1, "{}", ran.stderr_text());

    let (home, upstream) = (Home::new(), Upstream::start());
    let mut command = words(&[OTEL_RUN, "--drain-deadline", "60s", "--endpoint", &upstream.url(), "--"]);
    command.extend(child(["send", "--count", "50"]));
    let command = mounted(&home, mount, script, &command).unwrap();
    command.stderr_has("delivered but not kept").expect_exit(0).stdout_has("ended by 0");
    let counts = upstream.span_counts();
    assert!(counts.len() == 51 && counts.values().all(|count| *count == 1), "{counts:?}");
}

#[test]
fn a_disk_that_fills_up_meanwhile_loses_what_it_says_and_no_more() {
    let home = Home::new();
    let mount = r#"mount -t tmpfs -o size=64k tmpfs "$0""#;
    let script = r#""$@"; echo "ended by $?"; "$OTEL_RUN" runs --json"#;
    let mut command = words(&[OTEL_RUN, "--", "sh", "-c", r#""$@"; echo "sender ended by $?"; exit 5"#, "sh"]);
    command.extend(child(["send", "--count", "5000"]));
    let Some(command) = mounted(&home, mount, script, &command) else { return };
    let ran = command.stderr_has("of telemetry are lost: No space left").expect_exit(0);
    let printed = ran.stdout_text();
    assert!(printed.contains("ended by 5\n"), "{printed}");
    let listed: Value = serde_json::from_str(&printed[printed.find('{').unwrap()..]).unwrap();
    let run = &listed["runs"][0];
    // Where there was no room for the summary, a signal of which nothing fitted is not known.
    let stored = |signal| run["intake"][signal]["stored"].as_u64().unwrap_or_default();
    let stored = ["traces", "metrics", "logs"].map(stored);
    let stored: u64 = stored.iter().sum();
    let said = ran.stderr_text();
    let lost = said.lines().find_map(|line| line.split_once(" items of telemetry are lost")).unwrap().0;
    let lost: u64 = lost.rsplit(' ').next().unwrap().parse().unwrap();
    // Those of the command, the run's span, its start and end, and the points of its metrics.
    assert!(stored > 100 && stored + lost == 5000 + 1 + 2 + 10, "{stored} are stored; {said}");
    assert_eq!(run["exit_code"], 5, "{run:#}");
}

#[test]
fn no_folder_for_runs_at_all_is_said() {
    let home = Home::new();
    let ran = run().home(&home).env("XDG_STATE_HOME", "relative").env("HOME", "also-relative");
    let ran = ran.child(["sh", "-c", "exit 3"]).stderr_has("not kept").expect_exit(3);
    assert_eq!(ran.stderr_text().lines().count(), 1, "{}", ran.stderr_text());
    assert!(!home.work().join("relative").exists() && !home.work().join("also-relative").exists());
}

#[test]
fn the_state_folder_is_private() {
    let ran = run().child(["sh", "-c", "umask 0"]).expect_exit(0);
    let mode = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    let state = ran.home.state();
    assert_eq!(mode(state.clone()), 0o700);
    for (file, _) in ran.home.state_files() {
        assert_eq!(mode(file.clone()), 0o600, "{}", file.display());
    }
    let folder = std::fs::read_dir(state.join("runs")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(mode(folder), 0o700);
}

#[test]
fn damage_to_one_run_does_not_hide_the_others() {
    let home = Home::new();
    for code in ["1", "2", "3"] {
        run().home(&home).child(child(["exit", code])).expect_exit(code.parse().unwrap());
    }
    let names: Vec<String> = runs(&home).iter().map(|run| run["run_id"].as_str().unwrap().to_owned()).collect();
    let folder = |name: &str| home.state().join("runs").join(name);
    // The newest has nothing but noise, the one before has lost its summary.
    std::fs::write(folder(&names[0]).join("log"), [0xff; 1000]).unwrap();
    std::fs::write(folder(&names[0]).join("summary.json"), "{\"started\":").unwrap();
    std::fs::remove_file(folder(&names[1]).join("summary.json")).unwrap();
    // What is not a run is none.
    std::fs::write(folder(".DS_Store"), "not a run").unwrap();
    std::fs::create_dir(folder("lost+found")).unwrap();

    let listed = run().home(&home).args(["runs", "--json"]).stderr_has(&names[0]).expect_exit(0);
    assert_eq!(listed.stderr_text().lines().count(), 1, "{}", listed.stderr_text());
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let codes: Vec<_> = listed["runs"].as_array().unwrap().iter().map(|run| run["exit_code"].as_i64()).collect();
    assert_eq!(codes, [Some(2), Some(1)]);
    run().home(&home).arg("runs").stderr_has(&names[0]).expect_exit(0).stdout_has("exit 2");
    run().home(&home).args(["show", &names[1]]).expect_exit(0).stdout_has("exit 2");
    run().home(&home).args(["show", &names[0]]).stderr_has(&names[0]).expect_exit(1).stdout_is("");
}

#[test]
fn a_run_is_found_by_a_part_of_its_name() {
    let home = Home::new();
    run().home(&home).arg("show").stderr_has("no run is recorded").expect_exit(1);
    run().home(&home).child(child(["exit", "1"])).expect_exit(1);
    run().home(&home).child(child(["exit", "2"])).expect_exit(2);
    let listed = runs(&home);
    let [newest, oldest] = [&listed[0], &listed[1]].map(|run| run["run_id"].as_str().unwrap());
    run().home(&home).arg("show").expect_exit(0).stdout_has("exit 2");
    run().home(&home).args(["show", oldest]).expect_exit(0).stdout_has("exit 1");
    let tail = oldest.rsplit('-').next().unwrap();
    run().home(&home).args(["show", tail]).expect_exit(0).stdout_has("exit 1");
    let own = (1..).map(|length| &oldest[..length]).find(|part| !newest.starts_with(part)).unwrap();
    run().home(&home).args(["show", own]).expect_exit(0).stdout_has("exit 1");
    let both = &own[..own.len() - 1];
    let ambiguous = run().home(&home).args(["show", both]).stderr_has(newest).stderr_has(oldest);
    ambiguous.stderr_has("otel-run runs").expect_exit(1).stdout_is("");
    let unknown = run().home(&home).args(["show", "nothing-like-it"]).stderr_has("nothing-like-it");
    unknown.stderr_has("otel-run runs").expect_exit(1).stdout_is("");
}
