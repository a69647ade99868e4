//! `runs` over many runs, and `show` of a large one.

use super::Effort;
use super::collector::Run;
use super::load::{BATCH, Encoding, Load};
use super::place::Place;
use super::report::{self, median};
use super::wall::take_turns;

pub(super) fn print(effort: Effort) {
    let rounds = effort.of(30, 1);
    report::heading(&format!("Looking at runs: medians of {rounds} rounds, taking turns"));
    let (many, large) = (Place::new("many"), Place::new("large"));
    let runs = effort.of(1_000, 3);
    for _ in 0..runs {
        let status = many.otel_run(["--", "true"]).status().expect("otel-run starts");
        assert!(status.success(), "otel-run ended with {status}");
    }
    assert_eq!(many.runs().len(), runs);
    let requests = effort.of(100, 2);
    let run = Run::open(&large, false);
    Load::new(Encoding::Protobuf).send(&run.endpoint, 1, requests);
    run.close(&large, requests * BATCH);

    let mut commands = [
        many.command("true", [""; 0]),
        many.otel_run(["runs"]),
        large.otel_run(["show"]),
        large.otel_run(["show", "--all"]),
    ];
    let times = take_turns(&mut commands, rounds);
    let names = [
        "true".to_owned(),
        format!("runs, of {runs}"),
        format!("show, of {} spans", requests * BATCH),
        "show --all".to_owned(),
    ];
    let references = ["", "at most 50 ms", "at most 150 ms", ""];
    for ((name, times), reference) in names.iter().zip(times).zip(references) {
        report::line(name, &format!("{:6.2} ms", median(times)), reference);
    }
}
