//! `docs/agents-and-signals.md`: every agent and every case, by itself and under otel-run.

use std::collections::HashMap;
use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::sync::Mutex;

use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGTERM};

use crate::ending::{Case, Ending, To, Way, play};
use crate::recipes::{RECIPES, Recipe, recipe};
use crate::support::agents;

const CASES: [(&str, Case); 10] = [
    ("SIGINT to it alone", Case::once(SIGINT, To::Process)),
    ("... twice", Case::twice(SIGINT, To::Process)),
    ("SIGTERM to it alone", Case::once(SIGTERM, To::Process)),
    ("SIGHUP to it alone", Case::once(SIGHUP, To::Process)),
    ("SIGINT to its group", Case::once(SIGINT, To::Group)),
    ("... twice", Case::twice(SIGINT, To::Group)),
    ("SIGTERM to its group", Case::once(SIGTERM, To::Group)),
    ("SIGHUP to its group", Case::once(SIGHUP, To::Group)),
    ("Ctrl-C at its terminal", Case::once(SIGINT, To::Terminal)),
    ("its terminal hangs up", Case::once(SIGHUP, To::Terminal)),
];

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/agents-and-signals.md");
/// What stands above this heading is written by hand.
const HEADING: &str = "## What was seen\n";

/// Plays all and writes the tables of the page. `AGENTS=gemini,qwen` plays these alone and writes nothing.
pub fn write_page() {
    let chosen = std::env::var("AGENTS").ok();
    let is_chosen =
        |recipe: &&Recipe| chosen.as_ref().is_none_or(|names| names.split(',').any(|name| name == recipe.name));
    let mut jobs = Vec::new();
    for recipe in RECIPES.iter().filter(is_chosen) {
        for (row, _) in CASES.iter().enumerate() {
            jobs.extend([(recipe.name, row, Way::Plain), (recipe.name, row, Way::UnderOtelRun)]);
        }
    }
    let played = Mutex::new(HashMap::new());
    let queue = Mutex::new(jobs.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(job) = { queue.lock().unwrap().next() } {
                    let (agent, row, way) = job;
                    let (title, case) = CASES[row];
                    let ending = play(recipe(agent), case, way);
                    eprintln!("{agent}, {title}, {way:?}: {ending:?}");
                    played.lock().unwrap().insert(job, cell(&ending));
                }
            });
        }
    });
    if chosen.is_some() {
        return;
    }
    let played = played.into_inner().unwrap();
    let before = std::fs::read_to_string(PAGE).unwrap();
    let mut page = before[..before.find(HEADING).unwrap()].to_owned() + HEADING;
    for recipe in &RECIPES {
        let (agent, version) = (recipe.name, agents::version(recipe.package));
        write!(page, "\n### {agent} {version}\n\n| | by itself | under otel-run |\n| --- | --- | --- |\n").unwrap();
        for (row, (title, _)) in CASES.iter().enumerate() {
            let [plain, under] = [Way::Plain, Way::UnderOtelRun].map(|way| &played[&(agent, row, way)]);
            writeln!(page, "| {title} | {plain} | {under} |").unwrap();
        }
    }
    std::fs::write(PAGE, page).unwrap();
}

fn cell(ending: &Ending) -> String {
    let mut cell = match ending.status {
        None => "runs on".to_owned(),
        Some(status) => match (status.code(), status.signal().map(Signal::try_from)) {
            (Some(code), _) => format!("exit {code}"),
            (None, Some(Ok(signal))) => signal.to_string(),
            (None, _) => status.to_string(),
        },
    };
    if !ending.left.is_empty() && ending.status.is_some() {
        write!(cell, ", leaves {}", ending.left.len()).unwrap();
    }
    cell
}
