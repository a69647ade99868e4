//! One agent that has asked something which is never answered, and one signal: how it ends.

use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};

use crate::recipes::Recipe;
use crate::support::processes::{Inhabitants, is_pending, is_so_within, living_in, wait_until};
use crate::support::{Home, Process, Run, Running, SilentLlm, Upstream, alone, run};

/// Whether otel-run stands before the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    Plain,
    UnderOtelRun,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// The process that was started, as a supervisor does it.
    Process,
    /// The group that this process leads, as a shell does it to a job.
    Group,
    /// A key at its terminal; for SIGHUP, the terminal goes away. The process leads the session.
    Terminal,
}

/// What is done to the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub signal: Signal,
    pub to: To,
    /// Sent once more as soon as everybody has taken the first one.
    pub twice: bool,
}

impl Case {
    pub const fn once(signal: Signal, to: To) -> Self {
        Self { signal, to, twice: false }
    }

    pub const fn twice(signal: Signal, to: To) -> Self {
        Self { signal, to, twice: true }
    }
}

/// What was seen.
#[derive(Debug)]
pub struct Ending {
    /// None where it was still running after [`LONG`].
    pub status: Option<ExitStatus>,
    /// The processes that were there [`AFTERWARDS`], but for the one that was started.
    pub left: Vec<Process>,
    /// What it wrote.
    pub said: String,
}

/// After this a process that was told to end is said to run on.
const LONG: Duration = Duration::from_secs(15);
/// How long what is left may take to end.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// An agent at the point where it waits for the model.
struct Asking {
    running: Running,
    home: Home,
    to: To,
    before: Vec<Process>,
    _llm: SilentLlm,
    _upstream: Upstream,
    _inhabitants: Inhabitants,
}

impl Asking {
    /// Starts the agent and waits until it has asked.
    #[track_caller]
    fn start(recipe: &Recipe, to: To, way: Way) -> Self {
        let (llm, upstream) = (SilentLlm::start(), Upstream::start().expect_hits(..));
        let home = recipe.home(&llm.url());
        let inhabitants = Inhabitants(home.clone());
        let mut words = recipe.command_with(&[]);
        let command = match way {
            Way::Plain => alone(words.next().unwrap()).args(words),
            Way::UnderOtelRun => run().upstream(&upstream).child(words),
        };
        let command = recipe.set(command, &home, &llm.url());
        let running = match to {
            To::Process | To::Group => Run::in_own_group(command),
            To::Terminal => Run::at_terminal(command),
        }
        .spawn();
        llm.wait_until_asked();
        if way == Way::UnderOtelRun {
            running.wait_for_watch();
        }
        let before = living_in(&home);
        Self { running, home, to, before, _llm: llm, _upstream: upstream, _inhabitants: inhabitants }
    }

    fn tell(&mut self, signal: Signal) {
        match (self.to, signal) {
            // The second time there may be nobody left.
            (To::Process, _) => drop(kill(self.running.pid, signal)),
            (To::Group, _) => drop(killpg(self.running.pid, signal)),
            (To::Terminal, Signal::SIGINT) => self.running.press("\x03"),
            (To::Terminal, Signal::SIGHUP) => self.running.hang_up(),
            _ => panic!("{signal} cannot be typed"),
        }
    }

    /// Waits until nobody who was there has the signal before him.
    #[track_caller]
    fn wait_until_taken(&self, signal: Signal) {
        let taken = || !self.before.iter().any(|process| is_pending(signal, process.pid));
        wait_until("the signal is taken", taken);
    }
}

/// Plays one case.
#[track_caller]
pub fn play(recipe: &Recipe, case: Case, way: Way) -> Ending {
    let mut asking = Asking::start(recipe, case.to, way);
    asking.tell(case.signal);
    if case.twice {
        asking.wait_until_taken(case.signal);
        asking.tell(case.signal);
    }
    let status = asking.running.ends_within(LONG);
    let left = || {
        let mut left = living_in(&asking.home);
        left.retain(|process| process.pid != asking.running.pid);
        left
    };
    if status.is_some() {
        is_so_within(AFTERWARDS, || left().is_empty());
    }
    let said = asking.running.stdout_so_far() + &asking.running.stderr_so_far();
    Ending { status, left: left(), said }
}
