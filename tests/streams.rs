//! stdin, stdout and stderr are the command's: nothing is added, lost, held or copied.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{Read, Write};
use std::process::Stdio;

use support::{alone, run};

const OTEL_RUN: &str = env!("CARGO_BIN_EXE_otel-run");

/// The size of the pieces that a stream is made of here.
const PIECE: usize = 1 << 20;

/// The piece with this number: no two are the same, nor are two pages of one.
fn piece(number: u32) -> Vec<u8> {
    let mut piece: Vec<u8> = (0..=250_u8).cycle().take(PIECE).collect();
    for (page, bytes) in (0_u32..).zip(piece.chunks_mut(4096)) {
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        bytes[4..8].copy_from_slice(&page.to_le_bytes());
    }
    piece
}

#[test]
fn a_gibibyte_comes_through_as_it_went_in() {
    const PIECES: u32 = 1 << 10;
    let run = run().child(["cat"]);
    let mut command = run.command();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut into, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(move || (0..PIECES).for_each(|number| into.write_all(&piece(number)).unwrap()));
        let mut arrived = vec![0; PIECE];
        for number in 0..PIECES {
            out.read_exact(&mut arrived).unwrap();
            assert!(arrived == piece(number), "piece {number} is not what went in");
        }
        assert_eq!(out.read(&mut arrived).unwrap(), 0, "something follows");
    });
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn stderr_comes_through_as_well() {
    let bytes = piece(0);
    let ran = run().child(["sh", "-c", "cat >&2; echo done"]).stdin(bytes.clone()).any_stderr().expect_exit(0);
    assert!(ran.stderr == bytes, "stderr is not what went into stdin");
    assert_eq!(ran.stdout, b"done\n");
}

#[test]
fn stdin_is_the_commands_while_it_runs() {
    let mut running =
        run().child(["sh", "-c", "echo ready; read -r line; echo \"got $line\"; cat"]).stdin_open().spawn();
    running.wait_for_stdout("ready");
    running.type_in(b"one\n");
    running.wait_for_stdout("got one");
    running.type_in(b"two");
    running.close_stdin();
    running.expect_exit(0).stdout_is("ready\ngot one\ntwo");
}

/// Who writes into a pipe that nobody reads dies of SIGPIPE, and so the first of two does here.
#[test]
fn a_pipe_that_is_closed_early_ends_the_command_as_alone() {
    let script = r#""$@" | head -n 1; echo "${PIPESTATUS[@]}""#;
    let statuses = |front: &[&str]| {
        let ran = alone("bash").args(["-c", script, "bash"]).args(front).arg("yes").expect_exit(0);
        ran.stdout_text()
    };
    assert_eq!(statuses(&[]), "y\n141 0\n");
    assert_eq!(statuses(&[OTEL_RUN, "--"]), "y\n141 0\n");
    // And where SIGPIPE is ignored it is an error of the write, which the command reports.
    let ignoring = |front: &[&str]| {
        let script = format!("trap '' PIPE; {script}");
        let ran = alone("bash").args(["-c", &script, "bash"]).args(front).arg("yes").any_stderr().expect_exit(0);
        (ran.stdout_text(), ran.stderr_text())
    };
    let (printed, said) = ignoring(&[]);
    assert!(printed == "y\n1 0\n" && said.contains("Broken pipe"), "{printed} {said}");
    assert_eq!(ignoring(&[OTEL_RUN, "--"]), (printed, said));
}
