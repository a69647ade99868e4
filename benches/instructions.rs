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
    let bare = count(&folder, &["true"]);
    let ours = count(&folder, &[env!("CARGO_BIN_EXE_otel-run"), "--", "true"]);
    let _ = std::fs::remove_dir_all(&folder);
    match (bare, ours) {
        (Some(bare), Some(ours)) => {
            println!("Instructions, in millions");
            println!("  {:<44} {bare:6.2}", "true");
            println!(
                "  {:<44} {ours:6.2}                         at most {MOST}",
                "otel-run -- true, without true's own"
            );
        }
        _ => println!("no instructions are counted: valgrind is not installed, or does not run here"),
    }
}

/// Millions of instructions of a command's first process; none where they cannot be counted.
fn count(folder: &Path, words: &[&str]) -> Option<f64> {
    let told = folder.join("callgrind.out");
    let _ = std::fs::remove_file(&told);
    let status = Command::new(which::which("valgrind").ok()?)
        .args(["--tool=callgrind", &format!("--callgrind-out-file={}", told.display())])
        .args(words)
        .current_dir(folder)
        .env_clear()
        // The command is looked for in all of it, so it is the same everywhere.
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    let told = std::fs::read_to_string(&told).ok().filter(|_| status.success())?;
    let total = told.lines().find_map(|line| line.strip_prefix("totals: "))?;
    Some(total.trim().parse::<f64>().ok()? / 1e6)
}
