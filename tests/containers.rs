//! otel-run as the first process of a container, as the reaper of orphans, bound to its command's life, and out of the
//! way where there is nothing to record.
#![cfg(target_os = "linux")] // PID namespaces, subreapers and parent-death signals are Linux's
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod support;

use std::sync::OnceLock;

use nix::sys::signal::{Signal as UnixSignal, kill};
use nix::unistd::Pid;
use support::listed::only_run;
use support::processes::{children, is_alive, wait_until};
use support::{Home, Run, Running, alone, run, test_child};

const OTEL_RUN: &str = env!("CARGO_BIN_EXE_otel-run");
const UNSAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// otel-run as process 1 of a PID namespace, in front of a shell that does this. None where the system does not allow it,
/// which is said, and which fails where tests must not be left out.
fn as_process_1(words: &[&str], script: &str) -> Option<Run> {
    static FLAGS: OnceLock<Option<&'static str>> = OnceLock::new();
    let unshare = |flags: &str| alone("unshare").args([flags, "--pid", "--fork", "--mount-proc", "--kill-child"]);
    let flags = FLAGS.get_or_init(|| {
        let is_allowed = |flags: &&str| unshare(flags).arg("true").any_stderr().expect_any_end().status.success();
        ["--mount", "--map-root-user"].into_iter().find(is_allowed)
    });
    let Some(flags) = flags else {
        let reason = "NOT TESTED: no PID namespace can be made here (needs root or user namespaces)";
        assert!(std::env::var_os("CI").is_none(), "{reason}");
        eprintln!("{reason}");
        return None;
    };
    let run = unshare(flags).env("CHILD", test_child()).arg(OTEL_RUN).args(words);
    Some(run.args(["--", "sh", "-c", script]))
}

/// The process 1, as it is called out here.
fn process_1(unshare: &Running) -> Pid {
    let mut found = Vec::new();
    wait_until("there is a process 1", || {
        found = children(unshare.pid);
        !found.is_empty()
    });
    found[0]
}

/// Makes a process whose parent is gone and that ends when somebody writes to `release`; its id is in `orphan`.
const ORPHAN: &str = r#"
    mkfifo release
    (sh -c 'echo $$ >orphan.new; mv orphan.new orphan; read -r _ <release' &)
    until [ -s orphan ]; do :; done
    orphan=$(cat orphan)"#;

#[test]
fn process_1_reaps_strangers_while_the_command_runs() {
    let script = format!("{ORPHAN}; echo >release; while [ -e /proc/$orphan ]; do :; done; echo reaped; exit 3");
    let Some(run) = as_process_1(&[], &script) else { return };
    let ran = run.expect_exit(3).stdout_is("reaped\n");
    assert_eq!(only_run(&ran.home)["exit_code"], 3);
}

#[test]
fn process_1_reaps_strangers_when_the_command_has_ended() {
    let after = "while [ -e /proc/$0 ]; do :; done; echo >release; while [ -e /proc/$1 ]; do :; done; echo reaped";
    let script = format!("{ORPHAN}; sh -c '{after}' $$ $orphan & exit 3");
    let Some(run) = as_process_1(&["--drain-deadline", "1h"], &script) else { return };
    run.expect_exit(3).stdout_is("reaped\n");
}

#[test]
fn a_signal_from_outside_of_the_container_reaches_the_command() {
    use UnixSignal::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM] {
        let Some(run) = as_process_1(&[], "ulimit -c 0; mkfifo f; echo ready; exec cat f") else { return };
        let running = run.spawn();
        running.wait_for_stdout("ready");
        kill(process_1(&running), signal).unwrap();
        // No signal kills a process 1 that sends it to itself.
        let ran = running.expect_exit(128 + signal as i32);
        assert_eq!(only_run(&ran.home)["signal"], signal.as_str());
    }
}

#[test]
fn a_signal_from_inside_of_the_container_reaches_the_command() {
    let Some(run) = as_process_1(&[], r#"setsid sh -c 'kill -TERM 1' & exec "$CHILD" stay it"#) else { return };
    run.expect_exit(143);
}

#[test]
fn a_command_that_dies_in_a_container_gives_the_status_of_a_shell() {
    for signal in [UnixSignal::SIGKILL, UnixSignal::SIGSEGV, UnixSignal::SIGPIPE, UnixSignal::SIGXCPU] {
        let Some(run) = as_process_1(&[], &format!("ulimit -c 0; kill -{} $$", signal as i32)) else { return };
        let ran = run.expect_exit(128 + signal as i32);
        assert_eq!(only_run(&ran.home)["signal"], signal.as_str());
    }
}

/// First TERM, later KILL, both to process 1.
#[test]
fn a_container_can_be_stopped() {
    let Some(run) = as_process_1(&[], r#"exec "$CHILD" stay it --obey 5"#) else { return };
    let running = run.spawn();
    running.wait_for_stdout("it ");
    kill(process_1(&running), UnixSignal::SIGTERM).unwrap();
    running.expect_exit(5);

    let Some(run) = as_process_1(&[], r#"exec "$CHILD" stay it --keep-on"#) else { return };
    let running = run.any_stderr().spawn();
    running.wait_for_stdout("it ");
    let first = process_1(&running);
    let command = children(first)[0];
    kill(first, UnixSignal::SIGTERM).unwrap();
    running.wait_for_stdout("it TERM\n");
    assert!(is_alive(command));
    kill(first, UnixSignal::SIGKILL).unwrap();
    wait_until("the command is gone", || !is_alive(command));
    // How unshare(1) takes the death of its child is its own affair.
    running.expect_any_end();
}

#[test]
fn orphans_become_children_of_otel_run_on_request() {
    // The shell's parent is otel-run.
    let parent = "$(ps -o ppid= -p $orphan | tr -d ' ')";
    let release = "echo >release; while [ -e /proc/$orphan ]; do :; done; exit 3";
    for flags in [&["--reap"][..], &["--reap", "--collector", "off"], &["--reap", "--die-with-parent"]] {
        let script = format!("{ORPHAN}; [ {parent} = $PPID ] && echo adopted; {release}");
        run().args(flags).child(["sh", "-c", &script]).expect_exit(3).stdout_is("adopted\n");
    }
    let script = format!("{ORPHAN}; [ {parent} = $PPID ] || echo elsewhere; {release}");
    run().child(["sh", "-c", &script]).expect_exit(3).stdout_is("elsewhere\n");
}

#[test]
fn a_command_dies_with_otel_run_on_request() {
    for (flags, lives) in [(&["--die-with-parent"][..], false), (&[], true)] {
        let running = run().args(flags).arg("--").arg(test_child()).args(["stay", "it"]).spawn();
        running.wait_for_stdout("\n");
        let said = running.stdout_so_far();
        let command = Pid::from_raw(said.trim_end().strip_prefix("it ").unwrap().parse().unwrap());
        let mut running = running;
        running.signal(UnixSignal::SIGKILL);
        running.wait_for_end();
        if lives {
            assert!(is_alive(command));
            kill(command, UnixSignal::SIGKILL).unwrap();
        } else {
            wait_until("the command is gone", || !is_alive(command));
        }
        running.expect_signal(UnixSignal::SIGKILL);
    }
}

#[test]
fn a_command_that_dies_with_otel_run_is_started_and_ends_as_any_other() {
    let bound = || run().arg("--die-with-parent");
    bound().child(["sh", "-c", "exit 3"]).expect_exit(3);
    bound().child(["sh", "-c", "kill -TERM $$"]).expect_signal(UnixSignal::SIGTERM);
    bound().child(["no-such-command"]).stderr_has("cannot run no-such-command").expect_exit(127);
    bound().child(["/"]).stderr_has("cannot run /").expect_exit(126);
}

/// The ways to say that nothing is recorded.
fn unrecorded() -> [Run; 2] {
    let unsampled = run().env("TRACEPARENT", UNSAMPLED).flag("--collector", "off");
    [run().env("OTEL_SDK_DISABLED", "true"), unsampled]
}

#[test]
fn where_nothing_is_recorded_otel_run_becomes_the_command() {
    for run in unrecorded() {
        let running = run.child(["sh", "-c", "echo $$; exit 3"]).spawn();
        let expected = format!("{}\n", running.pid);
        let ran = running.expect_exit(3).stdout_is(&expected);
        assert!(!ran.home.state().exists());
    }
    for run in unrecorded() {
        run.child(["sh", "-c", "ulimit -c 0; kill -QUIT $$"]).expect_signal(UnixSignal::SIGQUIT);
    }
    for run in unrecorded() {
        run.child(["no-such-command"]).stderr_has("cannot run no-such-command").expect_exit(127);
    }
    for run in unrecorded() {
        run.child(["/"]).stderr_has("cannot run /").expect_exit(126);
    }
    for run in unrecorded() {
        // A script without an interpreter line.
        let make = r#"echo 'echo "$0 $1"; exit 4' >tool; chmod +x tool"#;
        let home = Home::new();
        alone("sh").home(&home).args(["-c", make]).expect_exit(0);
        run.home(&home).child(["./tool", "a"]).expect_exit(4).stdout_is("./tool a\n");
    }
}
