//! Instructions of `otel-run -- true`, counted by `valgrind --tool=callgrind` where it is installed.
//!
//! ```text
//! cargo bench --bench instructions
//! ```
//!
//! Unlike times, counts are the same on a busy machine, so a change that costs something is seen here first. The
//! command itself is not counted, but the loading of otel-run's own libraries is.
#![allow(clippy::print_stdout, clippy::expect_used)] // a bench talks to the terminal and may stop

use std::path::Path;
use std::process::{Command, Stdio};

/// What `otel-run -- true` may take.
const MOST: f64 = 0.8;

fn main() {
    let folder = std::env::temp_dir().join(format!("otel-run-bench-{}-instructions", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder in TMPDIR");
    let ours = [env!("CARGO_BIN_EXE_otel-run"), "--", "true"];
    // The first run of all makes the folders that the others find.
    let _ = command(&folder, &ours).status();
    let counts = (count(&folder, &["true"]), count(&folder, &ours));
    let _ = std::fs::remove_dir_all(&folder);
    let (Some(bare), Some(ours)) = counts else {
        return println!("no instructions are counted: valgrind is not installed, or does not run here");
    };
    println!("Instructions, in millions");
    println!("  {:<44} {bare:.2}", "true");
    println!("  {:<44} {:<30} at most {MOST}", "otel-run -- true, but for true's own", format!("{ours:.2}"));
}

/// Millions of instructions of a command's first process; none where they cannot be counted.
fn count(folder: &Path, words: &[&str]) -> Option<f64> {
    let told = folder.join("callgrind.out");
    let _ = std::fs::remove_file(&told);
    let out_file = format!("--callgrind-out-file={}", told.display());
    let words = [&["valgrind", "--tool=callgrind", &out_file], words].concat();
    let status = command(folder, &words).status().ok()?;
    let told = std::fs::read_to_string(&told).ok().filter(|_| status.success())?;
    let total = told.lines().find_map(|line| line.strip_prefix("totals: "))?;
    Some(total.trim().parse::<f64>().ok()? / 1e6)
}

/// A command that reads and prints nothing, in an environment that is the same everywhere: all of PATH is searched.
fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(folder);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
