//! otel-run ends as its command ended, whatever that is, and as timeout(1) where the command's time was over.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal as UnixSignal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use support::listed::runs;
use support::processes::{is_alive, wait_until};
use support::stored::is_true;
use support::{Home, Ran, Run, Stored, alone, run, test_child};

const OTEL_RUN: &str = env!("CARGO_BIN_EXE_otel-run");

/// Does something with every item, on a few threads.
fn on_threads<T: Send>(items: Vec<T>, work: impl Fn(T) + Sync) {
    let items = std::sync::Mutex::new(items.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = items.lock().unwrap().next();
                    let Some(item) = next else { break };
                    work(item);
                }
            });
        }
    });
}

#[test]
fn every_exit_status_comes_through() {
    let home = Home::new();
    on_threads((0..=255).collect(), |code: i32| {
        run().home(&home).child(["sh", "-c", &format!("exit {code}")]).expect_exit(code);
    });
    let listed = run().home(&home).args(["runs", "--json", "--limit", "1000"]).expect_exit(0);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let mut codes: Vec<i64> = Vec::new();
    for run in listed["runs"].as_array().unwrap() {
        codes.push(run["exit_code"].as_i64().unwrap());
        assert_eq!((&run["signal"], run["state"].as_str()), (&Value::Null, Some("ended")), "{run:#}");
    }
    codes.sort_unstable();
    assert_eq!(codes, (0..=255).collect::<Vec<_>>());
}

/// Every signal whose default is the end of the process, those that leave a core file among them.
fn deadly() -> Vec<i32> {
    let real_time: Vec<i32> = if cfg!(target_os = "linux") { (34..=64).collect() } else { Vec::new() };
    let harmless = [
        UnixSignal::SIGCHLD,
        UnixSignal::SIGCONT,
        UnixSignal::SIGSTOP,
        UnixSignal::SIGTSTP,
        UnixSignal::SIGTTIN,
        UnixSignal::SIGTTOU,
        UnixSignal::SIGURG,
        UnixSignal::SIGWINCH,
        #[cfg(target_vendor = "apple")]
        UnixSignal::SIGIO,
        #[cfg(target_vendor = "apple")]
        UnixSignal::SIGINFO,
    ];
    let named = UnixSignal::iterator().filter(|signal| !harmless.contains(signal)).map(|signal| signal as i32);
    named.chain(real_time).collect()
}

/// A shell that allows core files before it becomes something else.
fn with_core_files() -> Run {
    alone("sh").args(["-c", r#"ulimit -c unlimited 2>/dev/null; exec "$@""#, "sh"])
}

#[test]
fn death_by_any_signal_comes_through() {
    on_threads(deadly(), |signal| {
        let home = Home::new();
        let apart = home.work().join("apart");
        std::fs::create_dir(&apart).unwrap();
        // What the command leaves is left in another folder than what otel-run would leave.
        let kill = ["sh", "-c", &format!("cd apart; kill -{signal} $$")];
        let before = with_core_files().home(&home).args(kill).expect_any_end();
        assert_eq!(before.status.signal(), Some(signal));

        let ran = with_core_files().home(&home).arg(OTEL_RUN).args(["--"]).args(kill).expect_any_end();
        assert_eq!(ran.status.signal(), Some(signal), "ended by {}", ran.status);
        assert!(!ran.status.core_dumped(), "otel-run left a core file for {signal}");
        assert_eq!(names(&home.work()), ["apart"], "{signal}");

        let stored = Stored::of(&home);
        let ended = stored.ended.as_ref().unwrap();
        let name = UnixSignal::try_from(signal).map_or_else(|_| format!("SIG{signal}"), |name| name.to_string());
        assert_eq!((ended.exit_code, ended.signal.as_deref()), (Some(128 + signal), Some(&*name)));
        assert_eq!(ended.error_type.as_deref(), Some(&*name));
        let dumped = is_true(&stored.spans()[0].attributes, "otel_run.process.core_dumped");
        assert_eq!(dumped, before.status.core_dumped(), "{name}");
    });
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn what_cannot_be_executed_is_told_as_by_env() {
    let home = Home::new();
    let file = home.work().join("not-executable");
    std::fs::write(&file, "#!/bin/sh\n").unwrap();
    let no_interpreter = script(&home, "no-interpreter", "#!/no/such/interpreter\n");
    for (command, code, said) in [
        ("no-such-command", 127, "No such file"),
        ("/no/such/command", 127, "No such file"),
        ("", 127, "No such file"),
        (file.to_str().unwrap(), 126, "Permission denied"),
        (home.work().to_str().unwrap(), 126, "Permission denied"),
        ("./not-executable/x", 126, "Not a directory"),
        (no_interpreter.to_str().unwrap(), 127, "No such file"),
    ] {
        let env = alone("env").home(&home).arg("--").arg(command).any_stderr().expect_any_end();
        if !command.is_empty() {
            assert_eq!(env.status.code(), Some(code), "env(1) on {command:?}");
        }
        let before = runs(&home).len();
        run().home(&home).child([command]).stderr_has("cannot run ").stderr_has(said).expect_exit(code);
        let listed = runs(&home);
        assert_eq!(listed.len(), before + 1, "{command}");
        assert_eq!(listed[0]["exit_code"].as_i64(), Some(code.into()), "{command}");
        assert_ne!(listed[0]["error_type"], Value::Null, "{command}");
    }
}

#[test]
fn a_script_without_an_interpreter_line_is_run_by_the_shell() {
    let home = Home::new();
    let path = script(&home, "tool", "echo \"tool $1,$2\"; exit 4\n");
    run().home(&home).child(["./tool", "a b", ""]).expect_exit(4).stdout_is("tool a b,\n");
    run().home(&home).child([path.as_os_str(), "x".as_ref()]).expect_exit(4).stdout_is("tool x,\n");
    let folders = std::env::join_paths([home.work(), "/usr/bin".into(), "/bin".into()]).unwrap();
    run().home(&home).env("PATH", folders).child(["tool", "y"]).expect_exit(4).stdout_is("tool y,\n");
}

/// How env(1) runs a command, which is how execvp(3) does, and how otel-run runs it.
fn assert_found_as_by_env(home: &Home, path: Option<&str>, words: &[&str]) {
    let ended = |front: Run| {
        let front = match path {
            Some(path) => front.env("PATH", path),
            None => front.without_env("PATH"),
        };
        front.home(home).args(words).any_stderr().expect_any_end()
    };
    let by_env = ended(alone("/usr/bin/env").arg("--"));
    let by_us = ended(run().arg("--"));
    assert_eq!(by_us.status, by_env.status, "{words:?} with {path:?}: {}", by_us.stderr_text());
    assert_eq!(by_us.stdout_text(), by_env.stdout_text(), "{words:?} with {path:?}");
}

#[test]
fn a_command_is_looked_for_as_by_env() {
    let home = Home::new();
    for folder in ["good", "bad", "plain", "folder/tool", "deep/er"] {
        std::fs::create_dir_all(home.work().join(folder)).unwrap();
    }
    script(&home, "good/tool", "#!/bin/sh\necho \"good $0\"\nexit 3\n");
    script(&home, "plain/tool", "echo \"plain $0 $1\"\nexit 4\n");
    script(&home, "plain/empty", "");
    script(&home, "deep/er/tool", "echo \"deep $0\"\nexit 5\n");
    std::fs::write(home.work().join("bad/tool"), "#!/bin/sh\n").unwrap();
    std::os::unix::fs::symlink("loop", home.work().join("bad/loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", home.work().join("bad/dangling")).unwrap();
    let long = "x".repeat(5000);
    let lists = ["good", "bad", "bad:good", "folder:good", "folder", "none:bad:none", "plain:good", ":", "", "deep/er"];
    let words = [
        vec!["tool", "a"],
        vec!["./plain/tool", "a"],
        vec!["plain/tool", "a"],
        vec!["deep/../plain/tool", "a"],
        vec!["empty"],
        vec!["plain/empty"],
        vec!["loop"],
        vec!["bad/loop"],
        vec!["dangling"],
        vec!["folder/tool"],
        vec![&long],
        vec!["/usr/bin/true/x"],
    ];
    let mut cases: Vec<(Option<String>, &[&str])> = Vec::new();
    for words in &words {
        cases.push((None, words));
        for list in lists {
            let absolute = list.split(':').map(|part| match part {
                "" => String::new(),
                part => home.work().join(part).to_str().unwrap().to_owned(),
            });
            cases.push((Some(absolute.collect::<Vec<_>>().join(":")), words));
            cases.push((Some(list.to_owned()), words));
        }
    }
    on_threads(cases, |(path, words)| assert_found_as_by_env(&home, path.as_deref(), words));
}

fn script(home: &Home, name: &str, text: &str) -> PathBuf {
    let path = home.work().join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path
}

/// Runs it with ever longer time limits, until the command was ready before its time was over.
fn out_of_time(is_ready: impl Fn(&Ran) -> bool, with_limit: impl Fn(&str) -> Run) -> Ran {
    let mut runs = ["200ms", "1s", "5s", "25s"].iter().map(|limit| with_limit(limit).expect_any_end());
    runs.find(is_ready).expect("the command gets ready in time")
}

#[test]
fn a_command_whose_time_is_over_is_told_as_by_timeout() {
    // What the command does, more words for otel-run, how it ends, what is said on TERM.
    let cases: [(&[&str], &[&str], i32, &str); 5] = [
        (&[], &[], 124, ""),
        (&["--obey", "0"], &[], 124, "it TERM\n"),
        (&["--obey", "7"], &["--kill-after", "60s"], 124, "it TERM\n"),
        (&["--keep-on"], &["--kill-after", "10ms"], 137, ""),
        (&["--keep-on"], &["--kill-after", "500ms"], 137, ""),
    ];
    on_threads(cases.to_vec(), |(does, more, code, said)| {
        for variable in [("OTEL_SERVICE_NAME", "recorded"), ("OTEL_SDK_DISABLED", "true")] {
            let is_ready = |ran: &Ran| ran.stdout_text().starts_with("it ") && ran.stdout_text().ends_with(said);
            let ran = out_of_time(is_ready, |limit| {
                let run = run().env(variable.0, variable.1).flag("--timeout", limit).args(more);
                run.arg("--").arg(test_child()).args(["stay", "it"]).args(does)
            });
            assert_eq!(ran.status.code(), Some(code), "{does:?} {more:?}: {}", ran.status);
            assert_eq!(ran.home.state_files().is_empty(), variable.1 == "true");
        }
    });
}

#[test]
fn a_command_that_ends_in_time_ends_as_ever() {
    for limit in ["0", "60s", "2d"] {
        let limited = || run().flag("--timeout", limit).flag("--kill-after", "1ms");
        limited().child(["sh", "-c", "exit 3"]).expect_exit(3);
        limited().child(["sh", "-c", "kill -TERM $$"]).expect_signal(UnixSignal::SIGTERM);
        limited().child(["sh", "-c", "kill -KILL $$"]).expect_signal(UnixSignal::SIGKILL);
    }
}

/// Who is stopped hears of TERM only when it goes on.
#[test]
fn a_stopped_command_is_ended_as_well() {
    let script = "(until grep -q '^State:.T' /proc/$$/status; do :; done; echo stopped) & kill -STOP $$; echo not so";
    let is_ready = |ran: &Ran| ran.stdout_text() == "stopped\n";
    let ran = out_of_time(is_ready, |limit| run().flag("--timeout", limit).child(["sh", "-c", script]));
    assert_eq!(ran.status.code(), Some(124));
}

/// What a command starts in the background is ended with it, wherever it went: here it is in a session of its own and
/// its parent is gone.
#[test]
fn the_whole_tree_is_told_that_its_time_is_over() {
    // What the command does, what the other one does, more words for otel-run, how it ends, whether the other one lives.
    let cases: [(&str, &str, &[&str], i32, bool); 4] = [
        ("--obey=0", "", &[], 124, false),
        ("--obey=0", "--keep-on", &[], 124, true),
        ("--obey=0", "--keep-on", &["--kill-after", "60s"], 124, false),
        ("--keep-on", "--keep-on", &["--kill-after", "50ms"], 137, false),
    ];
    on_threads(cases.to_vec(), |(does, other_does, more, code, lives)| {
        let script = format!(
            r#"(setsid "$CHILD" stay far {other_does} >far 2>&1 &); until [ -s far ]; do :; done
               exec "$CHILD" stay near {does}"#
        );
        let is_ready = |ran: &Ran| ran.stdout_text().contains("near ");
        let ran = out_of_time(is_ready, |limit| {
            run().env("CHILD", test_child()).flag("--timeout", limit).args(more).child(["sh", "-c", &script])
        });
        assert_eq!(ran.status.code(), Some(code), "{does} {other_does} {more:?}: {}", ran.status);
        let far = || std::fs::read_to_string(ran.home.work().join("far")).unwrap();
        let pid = Pid::from_raw(far().lines().next().unwrap().strip_prefix("far ").unwrap().parse().unwrap());
        if lives {
            wait_until("it is asked to end", || far().ends_with("far TERM\n"));
            assert!(is_alive(pid));
            kill(pid, UnixSignal::SIGKILL).unwrap();
        } else {
            wait_until("it is gone", || !is_alive(pid));
        }
    });
}
