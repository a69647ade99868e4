//! The small program that the black-box tests run under `otel-run`.

// It is a test's tool: what goes wrong ends it loudly, and printing is what it is for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod count;
mod replay;
mod sdk;
mod send;
mod sender;
mod signals;
mod stay;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use nix::sys::signal::{Signal, raise};

/// Each does one thing that a test needs.
#[derive(Parser)]
enum Job {
    /// Prints its environment, a variable a line, sorted.
    Env,
    /// Ends with this exit status.
    Exit { code: i32 },
    /// Dies of this signal.
    Kill { signal: Signal },
    /// Prints `ready`, waits for the end of its input, ends with 0.
    Wait,
    /// Prints its input.
    Cat,
    /// Stays until it is killed.
    Stay(stay::Stay),
    /// Counts the signals that it gets.
    Signals(signals::Count),
    /// Sends numbered spans to `$OTEL_EXPORTER_OTLP_ENDPOINT` with the OpenTelemetry SDK's exporter.
    Send(send::Send),
    /// Sends numbered spans one a request, and says which were accepted.
    Count(count::Count),
    /// Sends traces, metrics and logs as a program does that uses the OpenTelemetry SDK.
    Sdk(sdk::Sdk),
    /// Sends what every program in `tests/senders` sends, by `$OTEL_EXPORTER_OTLP_PROTOCOL`.
    Sender,
    /// Sends the requests of a capture file to `$OTEL_EXPORTER_OTLP_ENDPOINT` as they were, in HTTP/JSON.
    Replay {
        file: PathBuf,
        /// The exit status afterwards.
        #[arg(long, default_value_t = 0)]
        exit: i32,
    },
}

/// However a test goes wrong, nothing stays behind for ever.
const LONGEST: Duration = Duration::from_secs(300);

fn main() {
    std::thread::spawn(|| {
        std::thread::sleep(LONGEST);
        std::process::exit(99);
    });
    let code = match Job::parse() {
        Job::Env => {
            let mut all: Vec<_> = std::env::vars_os().collect();
            all.sort();
            for (name, value) in all {
                println!("{}={}", name.to_string_lossy(), value.to_string_lossy());
            }
            0
        }
        Job::Exit { code } => code,
        Job::Kill { signal } => {
            raise(signal).unwrap();
            wait_for_end_of_input();
            0
        }
        Job::Wait => {
            announce("ready");
            wait_for_end_of_input();
            0
        }
        Job::Cat => {
            std::io::copy(&mut std::io::stdin(), &mut std::io::stdout()).unwrap();
            0
        }
        Job::Stay(job) => job.run(),
        Job::Signals(job) => job.run(),
        Job::Send(job) => job.run(),
        Job::Count(job) => job.run(),
        Job::Sdk(job) => job.run(),
        Job::Sender => sender::run(),
        Job::Replay { file, exit } => {
            announce(&format!("sent {}", replay::replay(&file)));
            exit
        }
    };
    std::process::exit(code);
}

/// Prints a line that a test waits for.
fn announce(line: &str) {
    println!("{line}");
    std::io::stdout().flush().unwrap();
}

fn wait_for_end_of_input() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// The endpoint that was handed down, without a slash at its end.
fn endpoint() -> String {
    let endpoint = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").expect("OTEL_EXPORTER_OTLP_ENDPOINT is set");
    endpoint.trim_end_matches('/').to_owned()
}
