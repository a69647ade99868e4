//! One agent and what happens to it, with and without otel-run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal::SIGINT;

use crate::recipes::Recipe;
use crate::support::llm::{Failure, Mood, marker};
use crate::support::processes::{Inhabitants, is_so_within, living_in};
use crate::support::{Gate, Home, Llm, Process, Ran, Run, alone, run};

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The model asks for a tool, and answers.
    Success,
    /// The model provider refuses every request with 400, and quotes the prompt.
    Refusal,
    /// SIGINT comes to the group while the tool runs.
    Interrupt,
}

/// The longest that an agent takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// An agent, and a model provider that plays its part.
pub struct Scene {
    pub recipe: &'static Recipe,
    pub event: Event,
    pub llm: Llm,
}

impl Scene {
    pub fn of(recipe: &'static Recipe, event: Event) -> Self {
        let llm = match event {
            Event::Interrupt => recipe.llm(&Gate::command(marker::COMMAND)),
            Event::Success | Event::Refusal => recipe.llm(marker::COMMAND),
        };
        if event == Event::Refusal {
            let message = format!("no, and here is your prompt: {}", marker::PROMPT);
            llm.set_mood(Mood::Fail(Failure { message, ..Failure::status(400) }));
        }
        Self { recipe, event, llm }
    }

    pub fn home(&self) -> Home {
        self.recipe.home(&self.llm.url())
    }

    /// The agent as its user starts it.
    #[track_caller]
    pub fn bare(&self) -> Outcome {
        let mut command = self.recipe.command_with(&[]);
        let (program, home) = (command.next().unwrap(), self.home());
        self.play(self.recipe.set(alone(program).args(command), &home, &self.llm.url()), false)
    }

    /// The agent with its telemetry switched on by hand, towards this backend, and with `settings`.
    #[track_caller]
    pub fn by_hand(&self, endpoint: &str, settings: impl FnOnce(Run) -> Run) -> Outcome {
        let filled = |text: &str| text.replace("{endpoint}", endpoint);
        let by_hand = &self.recipe.by_hand;
        let words: Vec<_> = by_hand.arguments.iter().map(|word| filled(word)).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let mut command = self.recipe.command_with(&words);
        let (program, home) = (command.next().unwrap(), self.home());
        let run = settings(self.recipe.set(alone(program).args(command), &home, &self.llm.url()));
        let variables = by_hand.variables.iter();
        self.play(variables.fold(run, |run, (name, value)| run.env(name, filled(value))), false)
    }

    /// The agent under otel-run, with `settings` before it.
    #[track_caller]
    pub fn wrapped(&self, settings: impl FnOnce(Run) -> Run) -> Outcome {
        let home = self.home();
        let run = settings(self.recipe.set(run(), &home, &self.llm.url()));
        self.play(run.child(self.recipe.command_with(&[])), true)
    }

    #[track_caller]
    fn play(&self, run: Run, is_wrapped: bool) -> Outcome {
        let run = run.patience(PATIENCE);
        if self.event != Event::Interrupt {
            return Outcome::of(run.expect_any_end());
        }
        let home = run.get_home().clone();
        let _inhabitants = Inhabitants(home.clone());
        let gate = Gate::of(&home);
        let running = run.in_own_group().spawn();
        gate.wait_until_reached();
        running.signal_group(SIGINT);
        // The tool may outlive the agent; then it is let go, since otel-run waits for it. Before that it is not, or the
        // agent would see it succeed.
        let is_done = |process: &Process| {
            (is_wrapped && process.pid == running.pid) || matches!(&*process.name, "sh" | "bash" | "cat")
        };
        let has_ended = is_so_within(PATIENCE, || living_in(&home).iter().all(is_done));
        assert!(has_ended, "the agent goes on: {:?}", living_in(&home));
        gate.open();
        Outcome::of(running.expect_any_end())
    }
}

/// How it ended, and what it left.
pub struct Outcome {
    pub ran: Ran,
    pub files: Files,
}

impl Outcome {
    fn of(ran: Ran) -> Self {
        let files = Files::of(&ran.home);
        Self { ran, files }
    }

    pub fn status(&self) -> ExitStatus {
        self.ran.status
    }

    /// What it wrote to stdout, without the name of the test's folder.
    pub fn stdout(&self) -> String {
        self.ran.stdout_text().replace(self.ran.home.path().to_str().unwrap(), "HOME")
    }
}

/// The files in a home but for otel-run's own: their bytes by their names.
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Files {
    fn of(home: &Home) -> Self {
        let mut files = BTreeMap::new();
        collect(home.path(), home.path(), &mut files);
        files.retain(|name, _| !name.starts_with("state/otel-run/"));
        Self(files)
    }

    /// The user's own.
    pub fn of_the_user(&self, recipe: &Recipe) -> Vec<(&'static str, String)> {
        let all = recipe.files.iter().map(|(name, _)| {
            let bytes = self.0.get(&name.strip_prefix("../").map_or(format!("home/{name}"), str::to_owned));
            (*name, bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default())
        });
        all.collect()
    }

    /// The names of all where a user looks, without what is another one in every run: numbers, dates, ids. What SQLite has
    /// beside a database is there or not as the last one who used it had the time.
    pub fn names(&self) -> BTreeSet<String> {
        let looked_at = |name: &&String| {
            ["home/", "config/", "work/"].iter().any(|folder| name.starts_with(folder))
                && !["-shm", "-wal", "-journal"].iter().any(|end| name.ends_with(end))
        };
        self.0.keys().filter(looked_at).map(|name| without_numbers(name)).collect()
    }
}

fn without_numbers(name: &str) -> String {
    let is_number = |word: &str| {
        word.contains(|letter: char| letter.is_ascii_digit())
            || (matches!(word.len(), 4 | 8 | 12) && word.chars().all(|letter| letter.is_ascii_hexdigit()))
    };
    let words = name.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    let shown = words.map(|word| {
        let bare = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        if is_number(bare) { format!("#{}", &word[bare.len()..]) } else { word.to_owned() }
    });
    shown.collect()
}

fn collect(top: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        // No links and no pipes.
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            collect(top, &entry.path(), files);
        } else if kind.is_file() {
            let name = entry.path().strip_prefix(top).unwrap().to_string_lossy().into_owned();
            files.insert(name, std::fs::read(entry.path()).unwrap_or_default());
        }
    }
}
