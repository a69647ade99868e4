//! At a terminal: its keys, job control, and the state that it is left in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod support;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::processes::{state, wait_until};
use support::pty::Console;
use support::{Home, alone, test_child};

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_Z: &str = "\x1a";
const CTRL_BACKSLASH: &str = "\x1c";

#[test]
fn keys_reach_the_command_once() {
    let mut console = Console::shell(&Home::new());
    console.enter("$OTEL_RUN --quiet -- $CHILD signals");
    console.wait_for("ready ");
    let otel_run = parent_of(&console.wait_for("\r\n"));
    for (count, (signal, key)) in
        [("SIGINT", Some(CTRL_C)), ("SIGQUIT", Some(CTRL_BACKSLASH)), ("SIGTSTP", Some(CTRL_Z)), ("SIGWINCH", None)]
            .into_iter()
            .enumerate()
    {
        match key {
            Some(key) => console.press(key),
            None => console.resize(120),
        }
        console.wait_for(&format!("{signal} 1\r\n"));
        // What otel-run passes on later comes later: a second one of the key would have come before this.
        kill(otel_run, Signal::SIGUSR2).unwrap();
        let between = console.wait_for(&format!("SIGUSR2 {}\r\n", count + 1));
        assert!(!between.contains("SIG"), "{signal}: {between:?}");
    }
    console.press(CTRL_D);
    console.wait_for("outer> ");
}

fn parent_of(ready: &str) -> Pid {
    Pid::from_raw(ready.split(' ').next_back().unwrap().parse().unwrap())
}

#[test]
fn a_stopped_command_is_a_stopped_job() {
    let mut console = Console::shell(&Home::new());
    console.enter("$OTEL_RUN --quiet -- $CHILD signals --stops");
    console.wait_for("ready ");
    let otel_run = parent_of(&console.wait_for("\r\n"));
    for count in 1..=3 {
        console.press(CTRL_Z);
        console.wait_for("Stopped");
        console.wait_for("outer> ");
        console.enter("fg");
        console.wait_for(&format!("SIGCONT {count}\r\n"));
        // The shell continues the whole job, so there is nothing to pass on.
        kill(otel_run, Signal::SIGUSR2).unwrap();
        assert_eq!(console.wait_for(&format!("SIGUSR2 {count}\r\n")), "");
    }
    console.press(CTRL_D);
    console.enter("echo ended-$?");
    console.wait_for("ended-0\r\n");
}

#[test]
fn a_job_in_the_background_goes_on_until_it_reads_the_terminal() {
    let mut console = Console::shell(&Home::new());
    console.enter("mkfifo pipe; exec 9<>pipe; $OTEL_RUN --quiet -- $CHILD signals --stops <pipe 9>&-");
    console.wait_for("ready ");
    console.press(CTRL_Z);
    console.wait_for("Stopped");
    console.enter("bg");
    console.wait_for("SIGCONT 1\r\n");
    console.enter("exec 9>&-; wait; echo ended-$?");
    console.wait_for("ended-0\r\n");
    console.enter("set -m; $OTEL_RUN --quiet -- cat & wait $!; echo stopped-$?");
    console.wait_for("stopped-149\r\n");
    console.enter("fg; echo ended-$?");
    console.wait_for("-- cat\r\n");
    console.press(CTRL_D);
    console.wait_for("ended-0\r\n");
}

#[test]
fn a_command_that_stops_itself_is_a_stopped_job() {
    for signal in ["STOP", "TSTP", "TTIN", "TTOU"] {
        let mut console = Console::shell(&Home::new());
        console.enter(&format!("$OTEL_RUN --quiet -- sh -c 'echo before; kill -{signal} $$; echo after-$((6*7))'"));
        console.wait_for("\r\nbefore\r\n");
        console.wait_for("Stopped");
        console.wait_for("outer> ");
        console.enter("fg");
        console.wait_for("after-42\r\n");
        console.enter("echo ended-$?");
        console.wait_for("ended-0\r\n");
    }
}

#[test]
fn a_shell_with_job_control_works_inside() {
    let mut console = Console::shell(&Home::new());
    console.enter("PS1='inner> ' $OTEL_RUN --quiet -- bash --norc --noprofile -i");
    console.wait_for("\ninner> ");
    console.enter("$CHILD signals --stops");
    console.wait_for("ready ");
    console.press(CTRL_Z);
    console.wait_for("Stopped");
    console.wait_for("inner> ");
    console.enter("fg");
    console.wait_for("SIGCONT 1\r\n");
    console.press(CTRL_C);
    console.wait_for("SIGINT 1\r\n");
    console.press(CTRL_D);
    console.wait_for("inner> ");
    // It gives the whole terminal back to the shell that otel-run was started from, and gets it again.
    console.enter("suspend");
    console.wait_for("Stopped");
    console.wait_for("outer> ");
    console.enter("echo outer-$((6*7))");
    console.wait_for("outer-42\r\n");
    console.enter("fg");
    console.enter("echo inner-$((6*7))");
    console.wait_for("inner-42\r\n");
    console.enter("exit 3");
    console.wait_for("outer> ");
    console.enter("echo ended-$?");
    console.wait_for("ended-3\r\n");
}

#[test]
fn the_terminal_of_a_killed_command_is_put_back() {
    // The script leaves the terminal alone, so that it shows what otel-run makes of it.
    let script = r#"stty -a >before
$OTEL_RUN --quiet -- sh -c 'stty raw -echo; kill -KILL $$'
stty -a >after
cmp before after && echo same-modes
$OTEL_RUN --quiet -- bash --norc --noprofile -ic 'kill -KILL $$'
echo and-now; read line; echo "read-$line""#;
    let home = Home::new();
    let mut console = Console::open(&home, &["sh", "-c", script]);
    console.wait_for("same-modes\r\n");
    console.wait_for("and-now\r\n");
    console.enter("something");
    console.wait_for("read-something\r\n");
    assert!(console.end().success());
}

#[test]
fn modes_that_a_command_leaves_by_itself_are_left() {
    let mut console = Console::open(&Home::new(), &["sh", "-c", "$OTEL_RUN --quiet -- stty -echo; stty -a"]);
    console.wait_for(" -echo ");
    assert!(console.end().success());
}

#[test]
fn in_an_orphaned_group_nothing_is_stopped_for_ever() {
    let otel_run = env!("CARGO_BIN_EXE_otel-run");
    let script = "kill -TSTP $$; echo on";
    alone("setsid").arg("--wait").args([otel_run, "--", "sh", "-c", script]).expect_exit(0).stdout_is("on\n");

    let child = test_child();
    let words = ["--wait", otel_run, "--", "sh", "-c", r#"echo $$ $PPID; kill -STOP $$; echo on; exec "$0" wait"#];
    for to_the_command in [false, true] {
        let mut running = alone("setsid").args(words).arg(&child).stdin_open().spawn();
        running.wait_for_stdout("\n");
        let said = running.stdout_so_far();
        let pids: Vec<Pid> = said.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect();
        wait_until("it has stopped itself", || state(pids[0]) == Some('T'));
        kill(pids[usize::from(!to_the_command)], Signal::SIGCONT).unwrap();
        running.wait_for_stdout("on\nready");
        running.close_stdin();
        running.expect_exit(0);
    }
}

#[test]
fn the_end_of_the_terminal_reaches_the_command() {
    let run =
        "$OTEL_RUN --quiet -- sh -c 'trap \"echo hup >>hups; exit 0\" HUP; echo ready-$((6*7)); sleep 1000 & wait'";
    for shell in [false, true] {
        // Without a shell otel-run leads the session, as under docker run -t: nobody else is told.
        let command = if shell { "exec bash --norc --noprofile -i".to_owned() } else { format!("exec {run}") };
        let terminal =
            alone("script").args(["-qec", &command, "/dev/null"]).env("OTEL_RUN", env!("CARGO_BIN_EXE_otel-run"));
        let mut terminal = terminal.env("SHELL", "/bin/sh").stdin_open().spawn();
        if shell {
            terminal.type_in(format!("{run}\n").as_bytes());
        }
        terminal.wait_for_stdout("ready-42");
        // A shell and the kernel both tell its jobs, so it can be told again in the midst of its answer.
        let hups = terminal.home.work().join("hups");
        terminal.signal(Signal::SIGKILL);
        wait_until("the command is told", || {
            std::fs::read_to_string(&hups).is_ok_and(|hups| hups.starts_with("hup\n"))
        });
        terminal.expect_signal(Signal::SIGKILL);
    }
}
