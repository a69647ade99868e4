//! The agents at a terminal: a prompt is typed, the answer is seen, and the agent is left by its own command.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;

use crate::expected::expected;
use crate::recipes::{PROMPT, Recipe, recipe};
use crate::scene::PATIENCE;
use crate::support::llm::marker;
use crate::support::processes::Inhabitants;
use crate::support::screen::Drawn;
use crate::support::tree::{assert_one_tree, named};
use crate::support::{Home, Llm, Run, Running, Stored, Upstream, hex, run};

/// How an agent is used at a terminal. `{work}` stands for its working folder.
struct Seat {
    agent: &'static str,
    command: &'static [&'static str],
    /// Files in its home, beside those of its recipe: without them it would ask its user whether it may begin.
    files: &'static [(&'static str, &'static str)],
    /// A word on the screen when it takes a prompt. Words stand together, what is between them may be a movement.
    ready: &'static str,
    leave: &'static str,
}

const SEATS: [Seat; 7] = [
    Seat { agent: "opencode", command: &["opencode"], files: &[], ready: "commands", leave: "/exit" },
    Seat {
        agent: "claude",
        command: &["claude", "--allowedTools=Bash"],
        files: &[(
            ".claude.json",
            r#"{ "hasCompletedOnboarding": true, "theme": "dark", "customApiKeyResponses": { "approved": ["k"] },
  "projects": { "{work}": { "hasTrustDialogAccepted": true } } }"#,
        )],
        ready: "cycle)",
        leave: "/exit",
    },
    Seat {
        agent: "codex",
        command: &[
            "codex",
            "--dangerously-bypass-approvals-and-sandbox",
            "-c",
            "projects={\"{work}\"={trust_level=\"trusted\"}}",
        ],
        files: &[],
        ready: "anything",
        leave: "/quit",
    },
    Seat {
        agent: "gemini",
        command: &["gemini", "-m", "gemini-2.5-flash", "--yolo"],
        files: &[],
        ready: "@path/to/file",
        leave: "/quit",
    },
    Seat {
        agent: "qwen",
        command: &["qwen", "--auth-type", "openai", "--yolo"],
        files: &[],
        ready: "@path/to/file",
        leave: "/quit",
    },
    Seat {
        agent: "copilot",
        command: &["copilot", "--allow-all-tools"],
        files: &[(".copilot/config.json", r#"{ "trustedFolders": ["{work}"], "trusted_folders": ["{work}"] }"#)],
        ready: "Manual",
        leave: "/exit",
    },
    Seat {
        agent: "cn",
        command: &["cn", "--auto"],
        files: &[(".continue/.onboarding_complete", "2026-01-01T00:00:00.000Z")],
        ready: "anything",
        leave: "/exit",
    },
];

/// What a terminal answers to what programs ask it when they start.
const ANSWERS: [(&str, &str); 3] = [
    // Where is the cursor?
    ("\x1b[6n", "\x1b[1;1R"),
    // What are you?
    ("\x1b[c", "\x1b[?62;22c"),
    // Are you there?
    ("\x1b[5n", "\x1b[0n"),
];

/// What is looked at may change without a word on the screen, so it is looked at so often.
const MOMENT: Duration = Duration::from_millis(100);

/// Somebody who sits at the agent's terminal.
struct User {
    running: Running,
    /// How often each of [`ANSWERS`] was given.
    answered: [usize; ANSWERS.len()],
}

impl User {
    /// Looks at the screen until it is so, for so long.
    fn sees_within(&mut self, time: Duration, mut is_so: impl FnMut(&str, &mut Running) -> bool) -> bool {
        let end = Instant::now() + time;
        loop {
            let screen = self.running.stdout_so_far();
            self.answer(&screen);
            if is_so(&screen, &mut self.running) {
                return true;
            }
            if Instant::now() > end {
                return false;
            }
            self.running.wait_for_more_stdout(screen.len(), MOMENT);
        }
    }

    /// Answers what the program asked its terminal since.
    fn answer(&mut self, screen: &str) {
        for (place, (question, answer)) in ANSWERS.iter().enumerate() {
            let asked = screen.matches(question).count();
            for _ in self.answered[place]..asked {
                self.running.press(answer);
            }
            self.answered[place] = asked;
        }
    }

    #[track_caller]
    fn waits_for(&mut self, text: &str) {
        let seen = self.sees_within(PATIENCE, |written, _| shows(written, text));
        assert!(seen, "{text:?} is not on the screen: {:?}", self.running.stdout_so_far());
    }

    /// Types a line, and Enter as soon as the line is on the screen, until it is so: an Enter that comes too soon behind
    /// other keys belongs to what was pasted.
    #[track_caller]
    fn enters(&mut self, line: &str, seen_as: &str, mut is_so: impl FnMut(&mut Running) -> bool) {
        self.running.press(line);
        let typed = self.sees_within(PATIENCE, |written, _| shows(written, seen_as));
        assert!(typed, "{line:?} is not on the screen: {:?}", self.running.stdout_so_far());
        for _ in 0..20 {
            if is_so(&mut self.running) {
                return;
            }
            self.running.press("\r");
            if self.sees_within(Duration::from_secs(6), |_, running| is_so(running)) {
                return;
            }
        }
        panic!("{line:?} has no effect: {:?}", self.running.stdout_so_far());
    }
}

/// Whether `text` is on the screen, or was: it may have scrolled out of it.
fn shows(written: &str, text: &str) -> bool {
    written.contains(text) || Drawn::by(written).shows(text)
}

/// Plays a prompt at a terminal under otel-run. Gives what the upstream got and what was stored.
fn play(agent: &str, settings: impl Fn(Run) -> Run) -> (Vec<Span>, Stored) {
    let seat = SEATS.iter().find(|seat| seat.agent == agent).unwrap();
    let recipe = recipe(agent);
    let (llm, upstream) = (recipe.llm(marker::COMMAND), Upstream::start());
    let home = home(seat, recipe, &llm);
    let _inhabitants = Inhabitants(home.clone());
    let filled = |word: &str| word.replace("{work}", home.work().to_str().unwrap());
    let command = settings(recipe.set(run(), &home, &llm.url()))
        .upstream(&upstream)
        .flag("--drain-deadline", "60s")
        .child(seat.command.iter().map(|word| filled(word)))
        .patience(PATIENCE);
    let mut user = User { running: command.at_terminal().spawn(), answered: [0; ANSWERS.len()] };
    user.waits_for(seat.ready);
    user.enters(PROMPT, marker::PROMPT, |_| !llm.requests().is_empty());
    user.waits_for(marker::ANSWER);
    user.enters(seat.leave, &seat.leave[1..], Running::has_ended);
    let ran = user.running.expect_exit(0);
    let stored = Stored::of(&ran.home);
    for text in marker::ALL {
        upstream.assert_nowhere(text);
        ran.home.assert_nowhere(text);
    }
    let spans = upstream.spans();
    assert_eq!(spans.len(), stored.spans().len(), "what was stored is not what the upstream got");
    (spans, stored)
}

fn home(seat: &Seat, recipe: &Recipe, llm: &Llm) -> Home {
    let home = recipe.home(&llm.url());
    for (name, text) in seat.files {
        let file = home.path().join("home").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text.replace("{work}", home.work().to_str().unwrap())).unwrap();
    }
    home
}

/// One prompt is one tree in adopt, with its calls of the model and its tool.
#[track_caller]
fn assert_one_prompt(agent: &str) {
    let begun = Instant::now();
    let (spans, stored) = play(agent, |run| run);
    let top = assert_one_tree(&spans, &stored.started.trace_id, "");
    assert_eq!(hex(&top.span_id), stored.started.span_id);
    for (name, least) in expected(agent).at_terminal {
        assert!(named(&spans, name) >= *least, "{} spans {name} after {:?}", named(&spans, name), begun.elapsed());
    }
}

macro_rules! at_a_terminal {
    ($($agent:ident)*) => {$(
        #[test]
        #[ignore = "needs the agent, which .ci/agents installs"]
        fn $agent() {
            assert_one_prompt(stringify!($agent));
        }
    )*};
}

at_a_terminal!(opencode claude codex gemini qwen copilot cn);

/// Its traces stay what they are, and know the run as the run knows them.
#[test]
#[ignore = "needs opencode, which .ci/agents installs"]
fn opencode_with_links() {
    let (spans, stored) = play("opencode", |run| run.flag("--nest", "link"));
    let run = stored.run_span();
    let roots: Vec<_> =
        spans.iter().filter(|span| span.parent_span_id.is_empty() && span.span_id != run.span_id).collect();
    assert!(roots.len() > 1, "opencode has one trace for each thing that it does at a terminal");
    for root in &roots {
        assert_ne!(root.trace_id, run.trace_id, "{}", root.name);
        assert!(root.links.iter().any(|link| link.span_id == run.span_id), "{} is not linked", root.name);
    }
    assert_eq!(run.links.len(), roots.len());
    for link in &run.links {
        assert!(roots.iter().any(|root| root.span_id == link.span_id), "the run knows a trace that there is not");
    }
}
