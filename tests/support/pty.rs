//! A terminal to run a program at.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use nix::pty::{Winsize, openpty};

use super::home::Home;

/// Runs `otel-run` with stdin, stdout and stderr at a terminal of so many columns, in an environment of nothing but
/// `PATH`, the home's variables and `variables`. Gives its exit status and what the terminal was told.
#[track_caller]
pub fn at_terminal(home: &Home, columns: u16, variables: &[(&str, &str)], words: &[&str]) -> (i32, String) {
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = openpty(&size, None).unwrap();
    let end = || Stdio::from(terminal.slave.try_clone().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_otel-run"));
    command.args(words).current_dir(home.work()).env_clear();
    command.env("PATH", std::env::var_os("PATH").expect("tests need PATH")).env("TERM", "xterm-256color");
    command.envs(home.variables()).envs(variables.iter().copied()).stdin(end()).stdout(end()).stderr(end());
    let mut child = command.spawn().unwrap();
    // The terminal ends when nobody has its other end open any more.
    drop((command, terminal.slave));
    let mut told = Vec::new();
    let mut piece = [0; 4096];
    let mut reader = File::from(terminal.master);
    // Linux reports the end as an error.
    while let Ok(length @ 1..) = reader.read(&mut piece) {
        told.extend_from_slice(&piece[..length]);
    }
    let code = child.wait().unwrap().code().expect("otel-run exits");
    // The terminal's driver puts a carriage return before each line break.
    (code, String::from_utf8(told).unwrap().replace("\r\n", "\n"))
}
