//! What a command leaves running: it may report while there is time, it holds nobody up, and it is left alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use nix::sys::signal::{Signal as UnixSignal, kill};
use nix::unistd::Pid;
use support::listed::only_run;
use support::processes::{is_alive, wait_until};
use support::{Run, Running, Stored, run, test_child};

/// Far longer than a test waits for anything.
const FOR_EVER: &str = "1h";

/// A shell that does this; the program of the tests is `$CHILD`.
fn shell(run: Run, script: &str) -> Run {
    run.env("CHILD", test_child()).child(["sh", "-c", script])
}

/// Waits for the process that calls itself so, and gives its id.
#[track_caller]
fn named(running: &Running, name: &str) -> Pid {
    let before = format!("{name} ");
    let find = || {
        let said = running.stdout_so_far();
        let lines = said.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        lines.filter_map(|line| line.trim_end().strip_prefix(&before)?.parse().ok()).next()
    };
    let mut pid = None;
    wait_until(&format!("{name} says its id"), || {
        pid = find();
        pid.is_some()
    });
    Pid::from_raw(pid.unwrap())
}

/// otel-run has ended with 3, and the process is still there. Ends both.
#[track_caller]
fn ends_before(mut running: Running, process: Pid) {
    let (status, _) = running.wait_for_end();
    assert!(is_alive(process), "what the command leaves running is left running");
    kill(process, UnixSignal::SIGKILL).unwrap();
    assert_eq!(status.code(), Some(3));
    let ran = running.expect_exit(3);
    assert_eq!(only_run(&ran.home)["state"], "ended");
}

/// It has stdout and stderr open, and could report at any time.
#[test]
fn who_stays_in_the_session_holds_otel_run_no_longer_than_the_deadline() {
    for deadline in ["0", "50ms", "1s"] {
        let running = shell(run().flag("--drain-deadline", deadline), r#""$CHILD" stay worker & exit 3"#).spawn();
        let worker = named(&running, "worker");
        ends_before(running, worker);
    }
}

#[test]
fn who_has_a_session_of_its_own_does_not_hold_otel_run() {
    let script = r#"setsid "$CHILD" stay daemon & exit 3"#;
    let running = shell(run().flag("--drain-deadline", FOR_EVER), script).spawn();
    let daemon = named(&running, "daemon");
    ends_before(running, daemon);
}

/// Its connection to the collector is open and idle.
#[test]
fn a_connection_of_who_has_a_session_of_its_own_does_not_hold_otel_run() {
    let script = r#"
        mkfifo input
        setsid sh -c 'echo daemon $$; exec "$CHILD" send --hold <>input >sent' &
        until grep -q '^sent 1$' sent 2>/dev/null; do :; done
        exit 3"#;
    let running = shell(run().flag("--drain-deadline", FOR_EVER), script).spawn();
    let daemon = named(&running, "daemon");
    ends_before(running, daemon);
}

#[test]
fn otel_run_ends_as_soon_as_nobody_is_left() {
    let script = r#"("$CHILD" stay one & "$CHILD" stay two &); exit 3"#;
    let running = shell(run().flag("--drain-deadline", FOR_EVER), script).spawn();
    for name in ["one", "two"] {
        kill(named(&running, name), UnixSignal::SIGKILL).unwrap();
    }
    running.expect_exit(3);
}

#[test]
fn what_is_sent_after_the_launcher_has_ended_is_received() {
    for script in [
        r#""$CHILD" send --after $$ --count 7 & exit 3"#,
        // Started by somebody who is gone before the launcher is.
        r#"(sh -c '"$CHILD" send --after "$0" --count 7; :' $$ &); exit 3"#,
        // Two of them, one after the other.
        r#"sh -c '"$CHILD" send --after "$0" --count 4; "$CHILD" send --first 5 --count 3' $$ & exit 3"#,
    ] {
        let ran = shell(run().flag("--drain-deadline", FOR_EVER), script).expect_exit(3);
        let mut names: Vec<String> = Stored::of(&ran.home).spans().into_iter().map(|span| span.name).collect();
        names.sort();
        let expected: Vec<String> = (1..=7).map(|number| format!("span {number}")).collect();
        assert_eq!((&names[1..], &*names[0]), (&expected[..], "sh"));
    }
}

#[test]
fn whoever_asks_during_the_drain_ends_it() {
    for signal in [UnixSignal::SIGINT, UnixSignal::SIGTERM, UnixSignal::SIGHUP, UnixSignal::SIGQUIT] {
        let script = r#""$CHILD" stay worker & exec "$CHILD" stay command --obey 3"#;
        let mut running = shell(run().flag("--drain-deadline", FOR_EVER), script).spawn();
        let (worker, command) = (named(&running, "worker"), named(&running, "command"));
        running.signal(UnixSignal::SIGTERM);
        wait_until("the command has ended", || !is_alive(command));
        // What comes at the command's last moment was meant for the command.
        wait_until("otel-run ends", || {
            let _ = kill(running.pid, signal);
            running.has_ended()
        });
        ends_before(running, worker);
    }
}
