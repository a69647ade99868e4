//! Signals reach the command as they would without otel-run: once, and only if they were meant for it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod support;

use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::processes::{is_alive, wait_until};
use support::{Home, Run, Running, alone, run, test_child};

use Signal::{SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH};

/// Everything that is passed on.
const ALL: [Signal; 10] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT, SIGWINCH, SIGTSTP];

fn counting(more: &[&str]) -> Run {
    run().child([test_child()]).arg("signals").args(more).stdin_open()
}

fn wait_ready(running: &Running) -> (Pid, Pid) {
    running.wait_for_stdout("\n");
    let said = running.stdout_so_far();
    let mut pids = said.lines().next().unwrap().split(' ').skip(1).map(|pid| Pid::from_raw(pid.parse().unwrap()));
    (pids.next().unwrap(), pids.next().unwrap())
}

/// Ends a counting command, which must have got these signals, in this order.
#[track_caller]
fn expect(mut running: Running, expected: &[String]) {
    running.close_stdin();
    let ran = running.expect_exit(0);
    let said = ran.stdout_text();
    let got: Vec<&str> = said.lines().skip(1).collect();
    assert_eq!(got, expected);
}

#[test]
fn what_another_process_sends_reaches_the_command_once() {
    let running = counting(&[]).spawn();
    wait_ready(&running);
    let mut expected = Vec::new();
    for round in 1..=2 {
        for signal in ALL {
            running.signal(signal);
            running.wait_for_stdout(&format!("{signal} {round}\n"));
            expected.push(format!("{signal} {round}"));
        }
        // And so it is with somebody who could tell what went to the whole group.
        running.wait_for_watch();
    }
    expect(running, &expected);
}

#[test]
fn what_is_sent_to_the_whole_group_reaches_the_command_once() {
    let running = counting(&[]).in_own_group().spawn();
    wait_ready(&running);
    running.wait_for_watch();
    let mut expected = Vec::new();
    let mut resized = 0;
    for round in 1..=3 {
        for signal in ALL.into_iter().filter(|signal| *signal != SIGWINCH) {
            // In the second round the same is sent to otel-run alone.
            if round == 2 {
                running.signal(signal)
            } else {
                running.signal_group(signal)
            }
            running.wait_for_stdout(&format!("{signal} {round}\n"));
            expected.push(format!("{signal} {round}"));
            // It has the highest number, so what arrived before it is settled before it: signals of one kind become one
            // while they are pending, and SIGCONT and SIGTSTP undo each other.
            resized += 1;
            running.signal(SIGWINCH);
            running.wait_for_stdout(&format!("SIGWINCH {resized}\n"));
            expected.push(format!("SIGWINCH {resized}"));
        }
    }
    expect(running, &expected);
}

#[test]
fn what_the_command_sends_does_not_come_back() {
    for signal in ALL {
        let running = counting(&["--to-parent", signal.as_str()]).spawn();
        wait_ready(&running);
        let other = if signal == SIGUSR2 { SIGUSR1 } else { SIGUSR2 };
        running.signal(other);
        running.wait_for_stdout(&format!("{other} 1\n"));
        expect(running, &[format!("{other} 1")]);
    }
}

#[test]
fn what_the_commands_group_sends_does_not_come_back() {
    // Alone in its group otel-run leads it, and whoever the command starts is a member.
    let script = r#"exec 3<&0; (kill -USR2 $PPID; exec cat <&3) & exec "$@""#;
    let child = test_child();
    let words = ["sh", "-c", script, "sh", child.to_str().unwrap(), "signals"];
    let running = run().child(words).in_own_group().stdin_open().spawn();
    wait_ready(&running);
    running.signal(SIGUSR1);
    running.wait_for_stdout("SIGUSR1 1\n");
    expect(running, &["SIGUSR1 1".to_owned()]);
}

#[test]
fn what_was_ignored_at_entry_stays_ignored_and_is_not_passed_on() {
    let ignored = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGALRM];
    let names: Vec<&str> = ignored.iter().map(|signal| &signal.as_str()[3..]).collect();
    let script = format!(r#"trap '' {}; exec "$@""#, names.join(" "));
    let child = test_child();
    let words = ["-c", &script, "sh", env!("CARGO_BIN_EXE_otel-run"), "--", child.to_str().unwrap(), "wait"];
    let mut running = alone("sh").args(words).stdin_open().spawn();
    running.wait_for_stdout("ready");
    let process = support::processes::children(running.pid)[0];
    ignored.into_iter().for_each(|signal| running.signal(signal));
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let set = u64::from_str_radix(set.trim(), 16).unwrap();
    for signal in ignored {
        assert_eq!(set >> (signal as i32 - 1) & 1, 1, "{signal} is not ignored by the command");
    }
    running.close_stdin();
    running.expect_exit(0);
}

#[test]
fn no_signal_is_lost_while_the_command_is_started() {
    for _ in 0..40 {
        let running = run().child(["sleep", "1000"]).spawn();
        running.signal(SIGTERM);
        running.expect_signal(SIGTERM);
    }
}

/// A launcher with empty handlers, as some agents have, that waits for its worker. Its worker counts signals.
fn launcher(home: &Home, name: &str) -> std::path::PathBuf {
    let file = home.work().join(name);
    let script = r#"#!/bin/sh
trap : TERM HUP USR1
exec 3<&0
"$CHILD" signals <&3 &
while kill -0 $! 2>/dev/null; do wait $!; done
exit 0
"#;
    std::fs::write(&file, script).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

#[test]
fn a_launcher_that_keeps_signals_to_itself_does_not_keep_them_from_its_worker() {
    for name in ["gemini", "qwen", "copilot"] {
        let home = Home::new();
        let start = |run: Run| run.home(&home).env("CHILD", test_child()).stdin_open().spawn();
        // It shares our group as the caller's shell can, and is not to hear of anything.
        let mut bystander = start(alone(test_child()).arg("signals"));
        wait_ready(&bystander);
        let running = start(run().child([launcher(&home, name)]));
        wait_ready(&running);
        for signal in [SIGTERM, SIGHUP] {
            running.signal(signal);
            running.wait_for_stdout(&format!("{signal} 1\n"));
        }
        // What does not ask for an end is for the launcher itself.
        running.signal(SIGUSR1);
        running.signal(SIGTERM);
        running.wait_for_stdout("SIGTERM 2\n");
        expect(running, &["SIGTERM 1", "SIGHUP 1", "SIGTERM 2"].map(String::from));
        bystander.close_stdin();
        assert_eq!(bystander.expect_exit(0).stdout_text().lines().count(), 1);
    }
}

#[test]
fn what_is_sent_to_the_whole_group_reaches_the_worker_of_such_a_launcher_once() {
    let home = Home::new();
    let command = run().home(&home).child([launcher(&home, "copilot")]).env("CHILD", test_child());
    let running = command.in_own_group().stdin_open().spawn();
    wait_ready(&running);
    running.wait_for_watch();
    let mut expected = Vec::new();
    for round in 1..=3 {
        running.signal_group(SIGHUP);
        running.wait_for_stdout(&format!("SIGHUP {round}\n"));
        // This one comes by otel-run, which takes the lower number first.
        running.signal(SIGTERM);
        running.wait_for_stdout(&format!("SIGTERM {round}\n"));
        expected.extend([format!("SIGHUP {round}"), format!("SIGTERM {round}")]);
    }
    expect(running, &expected);
}

#[test]
fn any_other_command_gets_its_signals_alone() {
    let home = Home::new();
    let running = run().home(&home).child([launcher(&home, "script")]).env("CHILD", test_child()).stdin_open().spawn();
    let (worker, _) = wait_ready(&running);
    running.signal(SIGTERM);
    running.signal(SIGHUP);
    // The worker would have had them before.
    kill(worker, SIGUSR2).unwrap();
    running.wait_for_stdout("SIGUSR2 1\n");
    expect(running, &["SIGUSR2 1".to_owned()]);
}

#[test]
fn the_watch_ends_with_otel_run_however_that_ends() {
    let running = counting(&[]).spawn();
    let (child, otel_run) = wait_ready(&running);
    running.wait_for_watch();
    let watch = support::processes::children(otel_run).into_iter().find(|process| *process != child).unwrap();
    assert!(is_alive(watch));
    kill(otel_run, Signal::SIGKILL).unwrap();
    wait_until("the watch is gone", || !is_alive(watch));
    let mut running = running;
    running.close_stdin();
    running.expect_signal(Signal::SIGKILL);
}
