//! What otel-run costs: every figure beside what it is measured against, all in one run.
//!
//! ```text
//! cargo bench --bench numbers [-- [--quick] [SUBJECT...]]
//! ```
//!
//! The subjects are `wall`, `start`, `streams`, `collector`, `pressure`, `views` and `size`; without any, all of them. Figures wander on a
//! machine that does other work, so wall times are medians of rounds in which the variants take turns, and nothing is
//! asserted about a time. What is asserted is that the programs did what they were measured for.
//! `--quick` does everything once, to see that it works; its figures mean nothing.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::panic)] // a bench talks to the terminal and may stop

mod collector;
mod load;
mod place;
mod pressure;
mod report;
mod start;
mod streams;
mod upstream;
mod views;
mod wall;

use std::path::Path;

/// How much to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Enough for figures.
    Full,
    /// Everything once.
    Quick,
}

impl Effort {
    /// So many, or so few where it is only tried.
    fn of(self, full: usize, quick: usize) -> usize {
        match self {
            Effort::Full => full,
            Effort::Quick => quick,
        }
    }
}

/// A subject: its name, and what prints its figures.
type Subject = (&'static str, fn(Effort));

const SUBJECTS: [Subject; 7] = [
    ("wall", wall::print),
    ("start", start::print),
    ("streams", streams::print),
    ("collector", collector::print),
    ("pressure", pressure::print),
    ("views", views::print),
    ("size", size),
];

fn main() {
    // Cargo adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word == start::CLOCK) {
        return start::print_clock();
    }
    let effort = if words.iter().any(|word| word == "--quick") { Effort::Quick } else { Effort::Full };
    let wanted: Vec<&String> = words.iter().filter(|word| *word != "--quick").collect();
    for word in &wanted {
        assert!(SUBJECTS.iter().any(|(name, _)| name == word), "there is no subject {word}");
    }
    report::machine(effort);
    for (name, print) in SUBJECTS {
        if wanted.is_empty() || wanted.iter().any(|word| *word == name) {
            print(effort);
        }
    }
    report::load();
}

fn size(_: Effort) {
    report::heading("Size");
    let bytes = Path::new(place::OTEL_RUN).metadata().expect("the binary is there").len();
    report::line("otel-run, stripped", &format!("{:.2} MiB", bytes as f64 / f64::from(1 << 20)), "at most 8 MiB");
}
