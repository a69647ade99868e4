//! `docs/agents-and-signals.md`: every agent and every case, by itself and under otel-run.

use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::sync::Mutex;

use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGTERM};

use crate::ending::{Case, Ending, To, Way, play};
use crate::recipes::{RECIPES, Recipe};
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
        |recipe: &Recipe| chosen.as_ref().is_none_or(|names| names.split(',').any(|name| name == recipe.name));
    let ways = [Way::Plain, Way::UnderOtelRun];
    let mut jobs = Vec::new();
    for agent in 0..RECIPES.len() {
        for case in 0..CASES.len() {
            jobs.extend(ways.iter().filter(|_| is_chosen(&RECIPES[agent])).map(|way| (agent, case, *way)));
        }
    }
    let played = Mutex::new(Vec::new());
    let queue = Mutex::new(jobs.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(job) = { queue.lock().unwrap().next() } {
                    let ending = play(&RECIPES[job.0], CASES[job.1].1, job.2);
                    let cell = cell(&ending);
                    eprintln!("{} {} {:?}: {cell}", RECIPES[job.0].name, CASES[job.1].0, job.2);
                    if job.2 == Way::UnderOtelRun && !ending.left.is_empty() {
                        eprintln!("    left {:?}, said {:?}", ending.left, ending.said);
                    }
                    played.lock().unwrap().push((job, cell));
                }
            });
        }
    });
    if chosen.is_some() {
        return;
    }
    let played = played.into_inner().unwrap();
    let told = |agent, case, way| {
        played.iter().find(|(job, _)| *job == (agent, case, way)).map_or("?", |(_, cell)| cell.as_str())
    };
    let before = std::fs::read_to_string(PAGE).unwrap();
    let mut page = before[..before.find(HEADING).unwrap()].to_owned() + HEADING;
    for (agent, recipe) in RECIPES.iter().enumerate() {
        let version = agents::version(recipe.package);
        write!(page, "\n### {} {version}\n\n| | by itself | under otel-run |\n| --- | --- | --- |\n", recipe.name)
            .unwrap();
        for (case, (title, _)) in CASES.iter().enumerate() {
            let (plain, under) = (told(agent, case, Way::Plain), told(agent, case, Way::UnderOtelRun));
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
