//! A command behaves under otel-run as it does alone, and whatever happens to the telemetry does not happen to it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod support;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nix::sys::signal::Signal as UnixSignal;
use serde_json::Value;
use support::listed::{items, only_run, runs, spans};
use support::tree::assert_one_tree;
use support::{Home, Run, Upstream, alone, hex, run, test_child};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const OTEL_RUN: &str = env!("CARGO_BIN_EXE_otel-run");

fn child<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    std::iter::once(test_child().into_os_string()).chain(words.map(OsString::from)).collect()
}

#[test]
fn a_command_that_is_not_there_is_delivered_as_a_failed_span() {
    let upstream = Upstream::start();
    run().upstream(&upstream).child(["no-such-command"]).stderr_has("cannot run no-such-command").expect_exit(127);
    let spans = upstream.spans();
    assert_eq!((spans.len(), spans[0].name.as_str()), (1, "no-such-command"));
    assert_eq!(spans[0].status.as_ref().unwrap().code, 2, "{:?}", spans[0]);
}

fn script(home: &Home, name: &str, text: &str) -> PathBuf {
    let path = home.work().join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path
}

#[test]
fn arguments_come_through_byte_for_byte() {
    let bytes = |bytes: &'static [u8]| OsStr::from_bytes(bytes).to_owned();
    let cases: [Vec<OsString>; 7] = [
        vec![],
        vec!["".into(), " ".into(), "".into()],
        vec![bytes(b"\xff\xfe=\x80"), bytes(b"a\nb\tc\\"), "ü€𝄞".into()],
        vec!["--endpoint".into(), "http://elsewhere".into(), "--dry-run".into(), "-q".into(), "--help".into()],
        vec!["--".into(), "show".into(), "--".into(), "--".into()],
        vec!["$HOME".into(), "*".into(), "'".into(), "\"".into(), "{endpoint}".into(), "{token}".into()],
        vec!["-".into(), "-V".into(), "--version".into(), "plan".into(), "x".repeat(100_000).into()],
    ];
    let print = ["sh", "-c", r#"printf '%s\0' "$#" "$@""#, "sh"];
    for words in cases {
        for dashes in [true, false] {
            let command = run();
            let command = if dashes { command.arg("--") } else { command };
            let ran = command.args(print).args(&words).expect_exit(0);
            let mut expected = format!("{}\0", words.len()).into_bytes();
            for word in &words {
                expected.extend_from_slice(word.as_bytes());
                expected.push(0);
            }
            assert_eq!(ran.stdout, expected, "{words:?}");
        }
    }
}

#[test]
fn a_command_with_the_name_of_a_verb_runs_behind_the_dashes() {
    let home = Home::new();
    for verb in ["runs", "show", "plan", "flush", "help"] {
        script(&home, verb, "#!/bin/sh\necho \"the command $0 $*\" | sed 's,/.*/,,'\n");
        let folders = std::env::join_paths([home.work(), "/usr/bin".into(), "/bin".into()]).unwrap();
        let ran = run().home(&home).env("PATH", folders).args(["--", verb, "--json"]).expect_exit(0);
        ran.stdout_is(&format!("the command {verb} --json\n"));
    }
}

#[test]
fn the_command_starts_in_the_same_folder_group_and_session() {
    let home = Home::new();
    let script = "pwd; umask; ulimit -n; ps -o pgid=,sid= -p $$";
    let words = ["-c", r#""$@"; true"#, "sh"];
    let compare = |front: &[&str]| {
        let ran = alone("sh").home(&home).args(words).args(front).args(["sh", "-c", script]).expect_exit(0);
        ran.stdout_text()
    };
    let fixed = |text: String| text.lines().take(3).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(fixed(compare(&[OTEL_RUN, "--"])), fixed(compare(&[])));
    // Both in one shell: the groups and sessions are the same as its own.
    let both = format!("ps -o pgid=,sid= -p $$; {OTEL_RUN} -- sh -c 'ps -o pgid=,sid= -p $$'");
    let ran = alone("sh").home(&home).args(["-c", &both]).expect_exit(0);
    let text = ran.stdout_text();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() == 2 && lines[0] == lines[1], "{lines:?}");
}

type Variables = BTreeMap<String, String>;

/// The environment that the test's command sees.
fn seen(run: Run, words: &[&str], variables: &[(&str, &str)]) -> Variables {
    let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
    let run = run.args(words).args(child(["env"])).any_stderr();
    let printed = run.expect_exit(0).stdout_text();
    printed.lines().map(|line| line.split_once('=').unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

/// The value that `name` has in the command's environment: where the collector is and what it wants to be shown.
fn expected(name: &str, given: &Variables) -> Option<String> {
    let endpoint = given.get("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    let token = endpoint.rsplit('/').next().unwrap();
    match name {
        "OTEL_EXPORTER_OTLP_PROTOCOL" => Some("http/protobuf".into()),
        "OTEL_EXPORTER_OTLP_HEADERS" => Some(format!("x-otel-run-token={token}")),
        "NO_PROXY" | "no_proxy" => Some("127.0.0.1,localhost".into()),
        _ => None,
    }
}

#[test]
fn the_command_gets_the_documented_variables_and_no_others() {
    const OTLP: [&str; 4] =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_PROTOCOL", "TRACEPARENT"];
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str], &'a [&'a str]);
    // Words, variables, names that are set or changed, names that are removed.
    let cases: [Case<'_>; 13] = [
        (&[], &[], &OTLP, &[]),
        (
            &[],
            &[("OTEL_SERVICE_NAME", "mine"), ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_BSP_SCHEDULE_DELAY", "7")],
            &OTLP,
            &[],
        ),
        (&["--agent", "none"], &[], &["TRACEPARENT"], &[]),
        (&["--collector", "off"], &[("OTEL_EXPORTER_OTLP_TIMEOUT", "5")], &["TRACEPARENT"], &[]),
        (&[], &[("OTEL_CONFIG_FILE", "/etc/otel.yaml")], &["TRACEPARENT"], &[]),
        (
            &[],
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "a=secret"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1/t"),
                ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "a=secret"),
                ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "5"),
            ],
            &OTLP,
            &[
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
                "OTEL_EXPORTER_OTLP_COMPRESSION",
                "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            ],
        ),
        (
            &[],
            &[("OTEL_RUN_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_RUN_HEADERS", "a=secret"), ("OTEL_RUN_NEST", "link")],
            &OTLP,
            &["OTEL_RUN_ENDPOINT", "OTEL_RUN_HEADERS"],
        ),
        (
            &["--endpoint", "http://127.0.0.1:1", "--header", "a=env:TOKEN"],
            &[("TOKEN", "secret"), ("OTHER_TOKEN", "its own")],
            &OTLP,
            &["TOKEN"],
        ),
        (
            &["--resource-attribute", "team=a b"],
            &[],
            &[
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "OTEL_EXPORTER_OTLP_HEADERS",
                "OTEL_EXPORTER_OTLP_PROTOCOL",
                "OTEL_RESOURCE_ATTRIBUTES",
                "TRACEPARENT",
            ],
            &[],
        ),
        (
            &[],
            &[("HTTP_PROXY", "http://proxy:3128")],
            &[
                "NO_PROXY",
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "OTEL_EXPORTER_OTLP_HEADERS",
                "OTEL_EXPORTER_OTLP_PROTOCOL",
                "TRACEPARENT",
                "no_proxy",
            ],
            &[],
        ),
        (&[], &[("TRACESTATE", "a=b"), ("BAGGAGE", "k=v")], &OTLP, &["TRACESTATE"]),
        (&[], &[("OTEL_PROPAGATORS", "none")], &OTLP[..3], &[]),
        (
            &[],
            &[
                ("OTEL_SDK_DISABLED", "true"),
                ("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                ("TRACESTATE", "a=b"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "a=its-own"),
                ("OTEL_RUN_ENDPOINT", "http://127.0.0.1:1"),
            ],
            &[],
            &[],
        ),
    ];
    for (words, variables, set, removed) in cases {
        let home = Home::new();
        let alone = seen(alone("env").home(&home), &[], variables);
        let wrapped = seen(run().home(&home).flag("--drain-deadline", "0.1s"), &[words, &["--"]].concat(), variables);
        let found: Vec<&str> =
            wrapped.iter().filter(|(name, value)| alone.get(*name) != Some(value)).map(|(name, _)| &**name).collect();
        assert_eq!(found, set, "set with {words:?} {variables:?}");
        let gone: Vec<&str> = alone.keys().filter(|name| !wrapped.contains_key(*name)).map(|name| &**name).collect();
        assert_eq!(gone, removed, "removed with {words:?} {variables:?}");
        for name in set {
            if let Some(expected) = expected(name, &wrapped) {
                assert_eq!(wrapped[*name], expected, "{name} with {words:?} {variables:?}");
            }
        }
        // What is done is what the plan says.
        let plan = variables.iter().fold(run().home(&home), |run, (name, value)| run.env(name, value));
        let plan = plan.arg("plan").args(words).args(["--", "env"]).expect_exit(0).stdout_text();
        let planned = |name: &&&str| {
            // A value that the user has stands before the one that takes its place.
            let says = |line: &str| line == format!("  {name}") || line.starts_with(&format!("  {name}="));
            plan.lines().any(|line| says(&line.replacen("  + ", "  ", 1)))
        };
        let missing: Vec<_> = set.iter().chain(removed).filter(|name| !planned(name)).collect();
        assert!(missing.is_empty(), "{missing:?} are not in the plan: {plan}");
        assert!(!plan.contains("secret"), "{plan}");
    }
}

#[test]
fn the_commands_parent_is_the_runs_span() {
    let upstream = Upstream::start();
    let ran = run()
        .upstream(&upstream)
        .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
        .env("TRACESTATE", "vendor=abc")
        .child(["sh", "-c", "echo $TRACEPARENT $TRACESTATE"])
        .expect_exit(0);
    let spans = upstream.spans();
    let own = assert_one_tree(&spans, TRACE, PARENT);
    let span_id = hex(&own.span_id);
    assert_eq!(ran.stdout_text(), format!("00-{TRACE}-{span_id}-01 vendor=abc\n"));
    assert_eq!(own.trace_state, "vendor=abc");
    let listed = only_run(&ran.home);
    assert_eq!((&listed["trace_id"], &listed["parent_span_id"]), (&TRACE.into(), &PARENT.into()));
    assert_eq!((&listed["span_id"], &listed["sampled"]), (&span_id.into(), &true.into()));
}

#[test]
fn an_invalid_parent_is_ignored_and_said() {
    for invalid in [
        "nonsense",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
    ] {
        let ran = run()
            .env("TRACEPARENT", invalid)
            .child(["sh", "-c", "echo $TRACEPARENT; exit 6"])
            .stderr_has("TRACEPARENT is ignored")
            .expect_exit(6);
        assert_eq!(ran.stderr_text().lines().count(), 1, "{}", ran.stderr_text());
        let listed = only_run(&ran.home);
        let (trace, span) = (listed["trace_id"].as_str().unwrap(), listed["span_id"].as_str().unwrap());
        assert_ne!(trace, TRACE);
        assert_eq!(listed["parent_span_id"], Value::Null);
        // A new trace is sampled and has a random id.
        assert_eq!(ran.stdout_text(), format!("00-{trace}-{span}-03\n"));
    }
}

#[test]
fn an_unsampled_parent_means_that_no_span_is_exported() {
    let upstream = Upstream::start();
    let ran = run()
        .upstream(&upstream)
        .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-00"))
        .child(["sh", "-c", r#"echo $TRACEPARENT; exec "$@""#, "sh"])
        .args(child(["send", "--count", "3"]))
        .expect_exit(0);
    let printed = ran.stdout_text();
    let given = printed.lines().next().unwrap();
    assert!(given.starts_with(&format!("00-{TRACE}-")) && given.ends_with("-00"), "{given}");
    assert!(!given.contains(PARENT), "{given}");
    assert!(printed.ends_with("sent 3\n"), "{printed}");
    assert_eq!(upstream.spans().len(), 0);
    // Sampling is about spans. That the run began and ended is told, with the flags of its trace.
    let records = upstream.log_records();
    assert!(records.len() == 2 && records.iter().all(|(_, record)| record.flags & 1 == 0), "{records:#?}");
    let listed = only_run(&ran.home);
    assert_eq!((&listed["sampled"], items(&listed).pending), (&false.into(), 0));
    assert_eq!(listed["intake"]["traces"]["unsampled"], 3, "{listed:#}");
    assert_eq!(spans(&ran.home, listed["run_id"].as_str().unwrap()).len(), 0);
}

#[test]
fn a_disabled_sdk_means_that_nothing_is_recorded() {
    let upstream = Upstream::start().never_hit();
    let ran = run()
        .upstream(&upstream)
        .env("OTEL_SDK_DISABLED", "true")
        .env("TRACEPARENT", "passed on as it is")
        .child(["sh", "-c", "echo $TRACEPARENT; exit 4"])
        .expect_exit(4)
        .stdout_is("passed on as it is\n");
    assert_eq!(ran.home.state_files().len(), 0);
    assert_eq!(runs(&ran.home).len(), 0);
}

#[test]
fn a_signal_for_otel_run_reaches_the_command() {
    use UnixSignal::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM] {
        let script = r#"ulimit -c 0; exec "$@""#;
        let words = [OsStr::new("-c"), script.as_ref(), "sh".as_ref(), OTEL_RUN.as_ref(), "--".as_ref()];
        // It never ends by itself: nobody writes to the pipe.
        let running = alone("sh").args(words).args(["sh", "-c", "mkfifo f; echo ready; exec cat f"]).spawn();
        running.wait_for_stdout("ready");
        running.signal(signal);
        let ran = running.expect_signal(signal);
        assert_eq!(only_run(&ran.home)["signal"], signal.as_str());
    }
}

/// A command that says `ready`, does on TERM what `on_term` says, and ends when somebody writes to the pipe `f`. A trap
/// can interrupt `wait`, and nothing else.
fn trapping(on_term: &str) -> [String; 3] {
    let script = format!(
        "trap '{on_term}' TERM; mkfifo f; cat f >/dev/null 2>&1 & echo ready; while ! wait $!; do :; done; echo end"
    );
    ["sh".into(), "-c".into(), script]
}

#[test]
fn a_command_that_handles_a_signal_ends_as_it_likes() {
    let running = run().child(trapping("kill $!; echo trapped; exit 9")).spawn();
    running.wait_for_stdout("ready");
    running.signal(UnixSignal::SIGTERM);
    let ran = running.expect_exit(9).stdout_is("ready\ntrapped\n");
    let listed = only_run(&ran.home);
    assert_eq!((&listed["signal"], listed["exit_code"].as_i64()), (&Value::Null, Some(9)));
}

#[test]
fn a_command_may_outlive_a_signal() {
    let running = run().child(trapping("echo trapped")).spawn();
    running.wait_for_stdout("ready");
    running.signal(UnixSignal::SIGTERM);
    running.wait_for_stdout("trapped\n");
    running.signal(UnixSignal::SIGTERM);
    running.wait_for_stdout("trapped\ntrapped\n");
    std::fs::write(running.home.work().join("f"), "").unwrap();
    running.expect_exit(0).stdout_is("ready\ntrapped\ntrapped\nend\n");
}

#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let script = r#"trap '' TERM HUP; exec "$@""#;
    let words = [OsStr::new("-c"), script.as_ref(), "sh".as_ref(), OTEL_RUN.as_ref(), "--".as_ref()];
    let mut running = alone("sh").args(words).args(child(["wait"])).stdin_open().spawn();
    running.wait_for_stdout("ready");
    running.signal(UnixSignal::SIGTERM);
    running.signal(UnixSignal::SIGHUP);
    running.close_stdin();
    running.expect_exit(0);
}

#[test]
fn sockets_that_were_handed_to_otel_run_are_the_commands() {
    let start = |command: &[&str]| {
        let script = r#"LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3</dev/null"#;
        alone("sh").args(["-c", script, "sh", OTEL_RUN, "--"]).args(command)
    };
    let looks = "test $LISTEN_PID = $$ && test -e /proc/$$/fd/3 && echo $LISTEN_FDS ${TRACEPARENT%%-*}";
    start(&["sh", "-c", looks]).expect_exit(0).stdout_is("1 00\n");
    start(&["no-such-command"]).stderr_has("cannot run no-such-command").expect_exit(127);
    // Somebody else's are left alone.
    run().env("LISTEN_PID", "1").child(["sh", "-c", "echo $LISTEN_PID"]).expect_exit(0).stdout_is("1\n");
}
