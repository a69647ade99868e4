//! What a command costs more under otel-run, from before the spawn until after the wait.

use std::process::Command;
use std::time::{Duration, Instant};

use super::Effort;
use super::place::Place;
use super::report::{self, median, milliseconds};
use super::upstream::{self, BlackHole, Live};

/// What a black hole may cost; as long as this, the figure shows that it is the deadline.
const DEADLINE: &str = "300ms";

pub(super) fn print(effort: Effort) {
    let rounds = effort.of(200, 1);
    report::heading(&format!("Wall time of `true`: medians of {rounds} rounds, taking turns"));
    let place = Place::new("wall");
    let (live, hole) = (Live::start(), BlackHole::start());
    let to = |url: &str| {
        let mut command = place.otel_run(["--", "true"]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url).env("OTEL_RUN_DRAIN_DEADLINE", DEADLINE);
        command
    };
    let mut commands =
        [place.command("true", [""; 0]), place.otel_run(["--", "true"]), to(&live.url()), to(&upstream::refused())];
    let times = take_turns(&mut commands, rounds);
    let [bare, alone, with_live, with_refused] = &times[..] else { panic!("four commands were measured") };
    let line = |what: &str, times: &[f64], base: &[f64], reference: &str| {
        let ratio = median(times.to_vec()) / median(bare.clone());
        let added = median(times.iter().zip(base).map(|(time, base)| time - base).collect());
        let measured = format!("{:6.2} ms  {added:+6.2} ms  x {ratio:.2}", median(times.to_vec()));
        report::line(what, &measured, reference);
    };
    report::line("true", &format!("{:6.2} ms", median(bare.clone())), "");
    line("otel-run -- true", alone, bare, "over true: at most +1.50 ms");
    line("  with a live upstream", with_live, alone, "over no upstream: at most +1.00 ms");
    line("  with a refused upstream", with_refused, alone, "over no upstream: nothing that can be measured");
    assert!(live.requests() >= 2 * rounds, "the live upstream got {} requests", live.requests());

    let few = effort.of(5, 1);
    let times = take_turns(&mut [place.otel_run(["--", "true"]), to(&hole.url())], few);
    let [alone, with_hole] = &times[..] else { panic!("two commands were measured") };
    let reference = format!("over no upstream: at most the deadline, here {DEADLINE}");
    let [added, whole] = [median(with_hole.iter().zip(alone).map(|(a, b)| a - b).collect()), median(with_hole.clone())];
    report::line("  with a black hole as upstream", &format!("{whole:6.0} ms  {added:+6.0} ms"), &reference);
}

/// Runs each command once a round and gives back the times of each, in milliseconds.
pub(super) fn take_turns(commands: &mut [Command], rounds: usize) -> Vec<Vec<f64>> {
    // The first run of a program reads it from the disk.
    for command in &mut *commands {
        time(command);
    }
    let mut times = vec![Vec::with_capacity(rounds); commands.len()];
    for _ in 0..rounds {
        for (command, times) in commands.iter_mut().zip(&mut times) {
            times.push(milliseconds(time(command)));
        }
    }
    times
}

fn time(command: &mut Command) -> Duration {
    let begun = Instant::now();
    let status = command.status().expect("the command starts");
    let took = begun.elapsed();
    assert!(status.success(), "{command:?} ended with {status}");
    took
}
