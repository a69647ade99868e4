//! What is known of agents, as a table and as JSON.
//!
//! ```text
//! agents --json          {"version": 1, "agents": [AGENT, ...]}
//! agents NAME --json     the same with one of them
//!
//! AGENT   name, title, said_at, versions [VERSION], base_names [NAME], packages [NAME], scripts [PATH],
//!         takes_parent ("always", "partly", "never", "unknown"), protocols [PROTOCOL], signals [SIGNAL],
//!         records_unasked [TEXT]
//! ```
//!
//! `said_at` is the line of the settings file that an agent comes from, and `null` for a built-in one. `version` is as in
//! `runs --json`.

use serde::Serialize;

use super::columns::{self, Align, Column, KEPT};
use super::text::{Page, Style, Symbols, safe};

/// One agent.
#[derive(Debug, Clone, Serialize)]
pub struct Agent {
    /// Its name.
    pub name: &'static str,
    /// What it calls itself.
    pub title: &'static str,
    /// The line of the user's file that it comes from; none for a built-in one.
    pub said_at: Option<String>,
    /// With which versions it was seen.
    pub versions: &'static [&'static str],
    /// The names of its executables.
    pub base_names: &'static [&'static str],
    /// The names of its packages.
    pub packages: &'static [&'static str],
    /// The ends of the paths of its scripts.
    pub scripts: &'static [&'static str],
    /// Whether it takes its parent from `TRACEPARENT`: always, partly, never, unknown.
    pub takes_parent: &'static str,
    /// What it speaks.
    pub protocols: Vec<&'static str>,
    /// What it sends; empty where nobody knows.
    pub signals: Vec<&'static str>,
    /// Content that it records without being asked.
    pub records_unasked: &'static [&'static str],
}

/// How the table is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Columns of the terminal; no line is wider.
    pub width: usize,
    /// Whether colours are used.
    pub colour: bool,
    /// What may be drawn with.
    pub symbols: Symbols,
}

/// The column that takes what room there is.
const RECOGNISED: &str = "RECOGNISED BY";
/// Where nobody knows.
const UNKNOWN: &str = "?";

/// The table of `agents` in the order given: a line for each word of a cell. Every line ends in a line break.
pub fn render(agents: &[Agent], options: &Options) -> String {
    let heights: Vec<usize> =
        agents.iter().map(|agent| COLUMNS.iter().map(|(.., words)| words(agent).len()).max().unwrap_or(0)).collect();
    let columns = COLUMNS.iter().map(|(head, worth, style, words)| {
        let cells = agents.iter().zip(&heights).flat_map(|(agent, height)| {
            let mut words = words(agent);
            words.resize(*height, "");
            words.into_iter().map(|word| (safe(word).into_owned(), *style))
        });
        Column::new(head, Align::Left, *worth, cells.collect())
    });
    let mut page = Page::new(options.width, options.colour, options.symbols);
    let rows = heights.iter().sum();
    columns::put(&mut page, columns.collect(), rows, RECOGNISED, options.width, options.symbols);
    page.finish()
}

type Words = fn(&Agent) -> Vec<&str>;

const COLUMNS: [(&str, u8, Style, Words); 6] = [
    ("AGENT", KEPT, Style::Bold, |agent| match agent.said_at {
        Some(_) => vec![agent.name, "(your own)"],
        None => vec![agent.name],
    }),
    (RECOGNISED, KEPT, Style::Plain, |agent| {
        match [agent.base_names, agent.packages, agent.scripts].concat() {
            // The profile for everything that no other one recognises.
            words if words.is_empty() && agent.name == "other" => vec![agent.title],
            words if words.is_empty() => vec!["--agent only"],
            words => words,
        }
    }),
    ("NESTED", 3, Style::Plain, |agent| match agent.takes_parent {
        "always" => vec!["by itself"],
        "partly" => vec!["partly by", "itself"],
        "never" => vec!["by otel-run"],
        _ => vec![UNKNOWN],
    }),
    ("SIGNALS", 4, Style::Plain, |agent| if agent.signals.is_empty() { vec![UNKNOWN] } else { agent.signals.clone() }),
    ("CONTENT", 2, Style::Plain, |agent| match (agent.records_unasked, agent.signals.as_slice()) {
        ([], []) => vec![UNKNOWN],
        ([], _) => vec!["if asked"],
        _ => vec!["unasked"],
    }),
    ("SEEN", 1, Style::Dim, |agent| agent.versions.to_vec()),
];

/// `agents` as JSON.
///
/// # Errors
///
/// When they cannot be written down.
pub fn json(agents: &[Agent]) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Agents<'a> {
        version: u32,
        agents: &'a [Agent],
    }
    super::json::printed(&Agents { version: super::json::VERSION, agents })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    fn sample() -> Vec<Agent> {
        let known = Agent {
            name: "opencode",
            title: "opencode",
            said_at: None,
            versions: &["1.17.0", "1.18.33"],
            base_names: &["opencode"],
            packages: &["opencode-ai"],
            scripts: &[],
            takes_parent: "never",
            protocols: vec!["http/json"],
            signals: vec!["traces", "logs"],
            records_unasked: &["prompts"],
        };
        let own = Agent {
            name: "goose",
            said_at: Some("/u/config.toml:3".to_owned()),
            versions: &[],
            base_names: &[],
            packages: &[],
            takes_parent: "partly",
            records_unasked: &[],
            ..known.clone()
        };
        let other = Agent {
            name: "other",
            title: "any other command",
            said_at: None,
            takes_parent: "unknown",
            signals: Vec::new(),
            ..own.clone()
        };
        vec![own, known, other]
    }

    #[test]
    fn a_table() {
        let options = Options { width: 80, colour: false, symbols: Symbols::Unicode };
        insta::assert_snapshot!(render(&sample(), &options), @r"
        AGENT       RECOGNISED BY      NESTED       SIGNALS  CONTENT   SEEN
        goose       --agent only       partly by    traces   if asked
        (your own)                     itself       logs
        opencode    opencode           by otel-run  traces   unasked   1.17.0
                    opencode-ai                     logs               1.18.33
        other       any other command  ?            ?        ?
        ");
    }

    #[test]
    fn every_width_is_kept() {
        for width in 20..100 {
            let options = Options { width, colour: false, symbols: Symbols::Ascii };
            let table = render(&sample(), &options);
            assert!(table.lines().all(|line| line.width() <= width), "{width}\n{table}");
        }
    }
}
