//! How much later the command begins to run: the command is this program, which prints the clock first of all.

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Effort;
use super::place::Place;
use super::report::{self, median, milliseconds};
use super::upstream::BlackHole;

/// The word that makes this program the command.
pub(super) const CLOCK: &str = "print-clock";

/// Prints the time since 1970 in nanoseconds.
pub(super) fn print_clock() {
    println!("{}", now().as_nanos());
}

pub(super) fn print(effort: Effort) {
    let rounds = effort.of(200, 1);
    report::heading(&format!(
        "From the spawn to the command's first statement: medians of {rounds} rounds, taking turns"
    ));
    let place = Place::new("start");
    let this = std::env::current_exe().expect("this program has a path");
    let this = this.to_str().expect("the path is text");
    let hole = BlackHole::start();
    let mut commands = [
        place.command(this, [CLOCK]),
        place.otel_run(["--", this, CLOCK]),
        place.otel_run(["--endpoint", &hole.url(), "--drain-deadline", "0", "--", this, CLOCK]),
    ];
    let mut delays = vec![Vec::with_capacity(rounds); commands.len()];
    for _ in 0..rounds {
        for (command, delays) in commands.iter_mut().zip(&mut delays) {
            delays.push(milliseconds(delay(command)));
        }
    }
    let [bare, ours, with_hole] = &delays[..] else { panic!("three commands were measured") };
    report::line("alone", &format!("{:6.2} ms", median(bare.clone())), "");
    for (what, delays) in [("under otel-run", ours), ("  with a black hole as upstream", with_hole)] {
        let added = median(delays.iter().zip(bare).map(|(delay, bare)| delay - bare).collect());
        let measured = format!("{:6.2} ms  {added:+6.2} ms", median(delays.clone()));
        report::line(what, &measured, "over alone: nothing waits for the network");
    }
}

fn delay(command: &mut Command) -> Duration {
    let before = now();
    let output = command.stdout(Stdio::piped()).output().expect("the command starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let begun: u64 = printed.trim().parse().unwrap_or_else(|_| panic!("{command:?} printed {printed:?}"));
    Duration::from_nanos(begun).saturating_sub(before)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
