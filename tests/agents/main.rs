//! Real agents under otel-run and without it, while they wait for a model that never answers: what a signal does to them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod ending;
mod recipes;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Mutex;

use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use ending::{Case, To, play};
use recipes::RECIPES;

const CASES: [Case; 14] = [
    Case::once(SIGINT, To::Process),
    Case::once(SIGINT, To::Group),
    Case::once(SIGINT, To::Terminal),
    Case::twice(SIGINT, To::Process),
    Case::twice(SIGINT, To::Group),
    Case::once(SIGTERM, To::Process),
    Case::once(SIGTERM, To::Group),
    Case::twice(SIGTERM, To::Process),
    Case::twice(SIGTERM, To::Group),
    Case::once(SIGHUP, To::Process),
    Case::once(SIGHUP, To::Group),
    Case::once(SIGHUP, To::Terminal),
    Case::once(SIGHUP, To::ShellsTerminal),
    Case::once(SIGQUIT, To::Terminal),
];

#[test]
#[ignore = "explore"]
fn explore() {
    let want = |name: &str, value: &str| std::env::var(name).map_or(true, |want| want.split(',').any(|w| w == value));
    let wrapped = std::env::var("WRAPPED").is_ok();
    let traced = std::env::var("TRACED").is_ok();
    let jobs: Vec<_> = RECIPES
        .iter()
        .filter(|r| want("AGENT", r.name))
        .flat_map(|recipe| CASES.iter().map(move |case| (recipe, *case)))
        .filter(|(_, c)| want("SIG", &c.signal.as_str()[3..]) && (c.twice || std::env::var("TWICE").is_err()))
        .filter(|(_, c)| want("TO", &format!("{:?}", c.to)))
        .collect();
    let queue = Mutex::new(jobs.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..std::env::var("JOBS").map_or(2, |n| n.parse().unwrap()) {
            scope.spawn(|| loop {
                let job = queue.lock().unwrap().next();
                let Some((recipe, case)) = job else { return };
                let e = play(recipe, case, wrapped, traced);
                let names = |ps: &[support::Process]| {
                    ps.iter().map(|p| format!("{}<{}g{}s{}:{}", p.pid, p.parent, p.group, p.session, p.name)).collect::<Vec<_>>().join(" ")
                };
                let status = e.status.map_or("RUNS ON".into(), |s| s.to_string());
                eprintln!(
                    "{:9}{:7} {:?}{} | {} in {:.2}s | left {} | before {:?}/{:?}/{:?} after {:?}/{:?}/{:?} | procs {} | {}{}",
                    recipe.name, case.signal.as_str(), case.to, if case.twice { " x2" } else { "" }, status, e.took.as_secs_f64(), if e.left.is_empty() { "-".into() } else { names(&e.left) },
                    e.told_before.spans, e.told_before.log_records, e.told_before.metrics, e.told.spans, e.told.log_records, e.told.metrics,
                    names(&e.before),
                    e.traced.iter().map(|(p, t)| format!("{p}:{}→{}", t.took.join(","), t.ended.clone().unwrap_or("?".into()))).collect::<Vec<_>>().join(" "),
                    if std::env::var("SAID").is_ok() { format!("\n    {:?}", e.said) } else { String::new() },
                );
            });
        }
    });
    let _: Option<Signal> = None;
}
