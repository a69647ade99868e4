//! What comes through a command's standard streams in a second.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::Effort;
use super::place::Place;
use super::report::{self, median};

const PIECE: usize = 1 << 20;

pub(super) fn print(effort: Effort) {
    let (rounds, pieces) = (effort.of(9, 1), effort.of(1 << 10, 16));
    report::heading(&format!("{pieces} MiB through `cat`: medians of {rounds} rounds, taking turns"));
    let place = Place::new("streams");
    let mut commands = [place.command("cat", [""; 0]), place.otel_run(["--", "cat"])];
    let mut rates = [Vec::with_capacity(rounds), Vec::with_capacity(rounds)];
    for _ in 0..rounds {
        for (command, rates) in commands.iter_mut().zip(&mut rates) {
            rates.push(pump(command, pieces));
        }
    }
    let [alone, wrapped] = rates.map(median);
    report::line("cat", &format!("{alone:6.0} MiB/s"), "");
    let measured = format!("{wrapped:6.0} MiB/s  x {:.2}", wrapped / alone);
    report::line("otel-run -- cat", &measured, "the same: otel-run is not in between");
}

/// Sends so many MiB in, waits until they have come out, and gives the MiB a second from the start to the end.
fn pump(command: &mut Command, pieces: usize) -> f64 {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command starts");
    let (mut into, mut out) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    let arrived = std::thread::scope(|scope| {
        scope.spawn(move || {
            let piece = vec![7; PIECE];
            (0..pieces).for_each(|_| into.write_all(&piece).expect("the command reads"));
        });
        let (mut buffer, mut arrived) = (vec![0; PIECE], 0);
        while let Ok(length @ 1..) = out.read(&mut buffer) {
            arrived += length;
        }
        arrived
    });
    let status = child.wait().expect("the command ends");
    let took = begun.elapsed();
    assert!(status.success() && arrived == pieces * PIECE, "{arrived} bytes came out; {status}");
    pieces as f64 / took.as_secs_f64()
}
