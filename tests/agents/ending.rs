//! One agent, asked something that is never answered, and one signal: how it all ends.

use std::collections::{BTreeMap, HashMap};
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};

use crate::recipes::Recipe;
use crate::support::processes::{Inhabitants, living_in, wait_until};
use crate::support::{Home, PATIENCE, Process, Running, SilentLlm, Upstream, agents, alone};

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// The process that was started, as a supervisor does it.
    Process,
    /// The group that this process leads, as a shell does it to a job.
    Group,
    /// A key at its terminal; for SIGHUP, the terminal goes away. The process leads the session.
    Terminal,
    /// The terminal goes away, and a shell leads the session, of which the process is a job.
    ShellsTerminal,
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

/// How many spans, log records and metrics arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    pub spans: usize,
    pub log_records: usize,
    pub metrics: usize,
}

impl Told {
    fn by(upstream: &Upstream) -> Self {
        Self {
            spans: upstream.spans().len(),
            log_records: upstream.log_records().len(),
            metrics: upstream.metrics().len(),
        }
    }
}

/// What strace saw of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traced {
    /// The signals that it took, in their order.
    pub took: Vec<String>,
    /// How it ended, in strace's words.
    pub ended: Option<String>,
}

/// What was seen.
#[derive(Debug)]
pub struct Ending {
    /// `None` where it was still running after [`LONG`].
    pub status: Option<ExitStatus>,
    /// Until its end.
    pub took: Duration,
    /// All processes at the time of the signal, parents first.
    pub before: Vec<Process>,
    /// Those that were there [`AFTERWARDS`].
    pub left: Vec<Process>,
    pub told_before: Told,
    pub told: Told,
    /// By process id, where it was asked for.
    pub traced: BTreeMap<i32, Traced>,
    /// What it wrote.
    pub said: String,
}

/// After this a process that was told to end is said to run on.
pub const LONG: Duration = Duration::from_secs(10);
/// How long what is left may take to end.
pub const AFTERWARDS: Duration = Duration::from_secs(3);

/// An agent at the point where it waits for the model.
pub struct Asking {
    pub running: Running,
    pub home: Home,
    pub upstream: Upstream,
    pub before: Vec<Process>,
    to: To,
    _llm: SilentLlm,
    _inhabitants: Inhabitants,
}

impl Asking {
    /// Starts the agent, under otel-run or not, and waits until it has asked.
    #[track_caller]
    pub fn start(recipe: &Recipe, to: To, wrapped: bool, traced: bool) -> Self {
        let (llm, upstream, home) = (SilentLlm::start(), Upstream::start().expect_hits(..), Home::new());
        let filled = |text: &str| text.replace("{llm}", &llm.url());
        for (name, text) in recipe.files {
            let file = home.path().join("home").join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, filled(text)).unwrap();
        }
        let inhabitants = Inhabitants(home.clone());
        let mut words: Vec<String> = recipe.command.iter().map(|word| (*word).to_owned()).collect();
        if wrapped {
            let options = ["--endpoint", &upstream.url(), "--protocol", "http/protobuf", "--"];
            let otel_run = std::iter::once(env!("CARGO_BIN_EXE_otel-run")).chain(options);
            words.splice(..0, otel_run.map(str::to_owned));
        }
        if traced {
            let options = ["-DDD", "-f", "-q", "--seccomp-bpf", "-e", "trace=none", "-e", "signal=HUP,INT,QUIT,TERM"];
            let strace = std::iter::once("strace").chain(options).chain(["-o", trace(&home).leak()]);
            words.splice(..0, strace.map(str::to_owned));
        }
        if to == To::ShellsTerminal {
            let shell = ["bash", "--norc", "--noprofile", "-ic", r#""$@"; exit $?"#, "bash"];
            words.splice(..0, shell.map(str::to_owned));
        }
        let mut command = alone(&words[0]).home(&home).args(&words[1..]).env("PATH", agents::path()).any_stderr();
        command = recipe.variables.iter().fold(command, |command, (name, value)| command.env(name, filled(value)));
        if !wrapped {
            command = command
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", upstream.url())
                .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        }
        let running = match to {
            To::Process | To::Group => command.own_group().spawn(),
            To::Terminal | To::ShellsTerminal => command.at_terminal().spawn(),
        };
        llm.wait_until_asked();
        let before = living_in(&home);
        Self { running, home, upstream, before, to, _llm: llm, _inhabitants: inhabitants }
    }

    /// Sends the signal.
    pub fn tell(&mut self, signal: Signal) {
        match (self.to, signal) {
            // The second time there may be nobody left.
            (To::Process, _) => drop(kill(self.running.pid, signal)),
            (To::Group, _) => drop(killpg(self.running.pid, signal)),
            (_, Signal::SIGINT) => self.running.press(b"\x03"),
            (_, Signal::SIGQUIT) => self.running.press(b"\x1c"),
            (_, Signal::SIGHUP) => self.running.hang_up(),
            _ => panic!("{signal} cannot be typed"),
        }
    }

    /// Waits until nobody who was there has the signal before him.
    #[track_caller]
    pub fn wait_until_taken(&self, signal: Signal) {
        let taken = || !self.before.iter().any(|process| process.has_pending(signal));
        assert!(wait_until(PATIENCE, taken), "{signal} is not taken");
    }
}

fn trace(home: &Home) -> String {
    home.path().join("trace").display().to_string()
}

/// Plays one case.
#[track_caller]
pub fn play(recipe: &Recipe, case: Case, wrapped: bool, traced: bool) -> Ending {
    let mut asking = Asking::start(recipe, case.to, wrapped, traced);
    let told_before = Told::by(&asking.upstream);
    let threads: HashMap<i32, i32> = asking
        .before
        .iter()
        .flat_map(|process| process.threads().into_iter().map(|thread| (thread, process.pid)))
        .collect();
    let start = std::time::Instant::now();
    asking.tell(case.signal);
    if case.twice {
        asking.wait_until_taken(case.signal);
        if let Ok(gap) = std::env::var("GAP") {
            std::thread::sleep(Duration::from_millis(gap.parse().unwrap()));
        }
        asking.tell(case.signal);
    }
    let status = asking.running.ends_within(LONG);
    let took = start.elapsed();
    is_so_within(AFTERWARDS, || living_in(&asking.home).is_empty());
    let left = living_in(&asking.home);
    let told = Told::by(&asking.upstream);
    let said = asking.running.stdout_so_far() + &asking.running.stderr_so_far();
    let traced = if traced { read_trace(&asking.home, &threads) } else { BTreeMap::new() };
    Ending { status, took, before: asking.before.clone(), left, told_before, told, traced, said }
}

/// Reads what strace wrote.
fn read_trace(home: &Home, threads: &HashMap<i32, i32>) -> BTreeMap<i32, Traced> {
    let text = std::fs::read_to_string(trace(home)).unwrap();
    let mut all: BTreeMap<i32, Traced> = BTreeMap::new();
    for line in text.lines() {
        let (thread, what) = line.split_once(' ').unwrap_or_default();
        let thread: i32 = thread.parse().unwrap_or(0);
        let process = threads.get(&thread).copied().unwrap_or(thread);
        let what = what.trim();
        if let Some(signal) = what.strip_prefix("--- ") {
            // Programs that end by the signal that they handled send it to themselves.
            if !signal.contains(&format!("si_pid={process},")) {
                let name = signal.split(' ').next().unwrap_or_default();
                all.entry(process).or_default().took.push(name.to_owned());
            }
        } else if process == thread && let Some(end) = what.strip_prefix("+++ ") {
            all.entry(process).or_default().ended = Some(end.trim_end_matches(" +++").to_owned());
        }
    }
    all
}

