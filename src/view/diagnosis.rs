//! A diagnosis as people and programs read it.
//!
//! ```text
//! doctor --json   {"version": 1, "otel_run": VERSION, "program": WORD or null, "exit_code": 2, "findings": [FINDING, ...]}
//!
//! FINDING   check, subject ("destination", "credentials", "settings", "context", "agent", "here"),
//!           grade ("fine", "note", "warning", "loss"), what, origin, remedy
//! origin    {"flag": "--endpoint"}, {"variable": NAME}, {"file": PATH, "line": 3}, or null where nobody said it
//! ```
//!
//! `version` is as in `runs --json`. Findings stand by subject, the worst first. docs/doctor.schema.json says the same.

use serde::Serialize;

use super::json;
use super::text::{Page, Style, Symbols, counted, safe, width};
use crate::diagnosis::{Diagnosis, Finding, Grade, Subject};
use crate::settings::Origin;

/// How it is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Columns of the terminal; no line is wider than they or than a page, unless a single word is.
    pub width: usize,
    /// Whether colours are used.
    pub colour: bool,
    /// What may be drawn with.
    pub symbols: Symbols,
}

/// Longer lines are hard to read.
const WIDEST: usize = 110;
/// Where sentences begin.
const COLUMN: usize = 10;

/// The diagnosis in words: of what is well one paragraph a subject, of everything else a paragraph each. Every line ends in
/// a line break.
pub fn render(diagnosis: &Diagnosis, options: &Options) -> String {
    let mut sheet = Sheet {
        page: Page::new(usize::MAX, options.colour, options.symbols),
        width: options.width.clamp(2 * COLUMN, WIDEST),
        symbols: options.symbols,
    };
    for subject in Subject::ALL {
        let mut findings = diagnosis.findings.iter().filter(|finding| finding.subject == subject).peekable();
        if findings.peek().is_none() {
            continue;
        }
        sheet.page.put(title(subject), Style::Bold);
        sheet.page.end_line();
        let (well, rest): (Vec<&Finding>, Vec<&Finding>) = findings.partition(|finding| finding.grade == Grade::Fine);
        for finding in rest {
            sheet.finding(finding);
        }
        if !well.is_empty() {
            let well: Vec<&str> = well.iter().map(|finding| finding.what.as_str()).collect();
            sheet.paragraph((mark(Grade::Fine), style(Grade::Fine)), &well.join("; "), Style::Plain);
        }
    }
    sheet.page.put(&verdict(diagnosis), style(diagnosis.worst()));
    sheet.page.end_line();
    sheet.page.finish()
}

/// The diagnosis for programs, about a run of `program` if it is about one, with the exit status that it leads to. What
/// the program's arguments are is not told, since prompts live there.
///
/// # Errors
///
/// When it cannot be written down.
pub fn json(diagnosis: &Diagnosis, program: Option<&str>, exit_code: u8) -> serde_json::Result<String> {
    json::printed(&Printed {
        version: json::VERSION,
        otel_run: env!("CARGO_PKG_VERSION"),
        program,
        exit_code,
        findings: diagnosis.findings.iter().map(Line::of).collect(),
    })
}

struct Sheet {
    page: Page,
    width: usize,
    symbols: Symbols,
}

impl Sheet {
    fn finding(&mut self, finding: &Finding) {
        // Most sentences about a variable name it.
        let origin = finding.origin.as_ref().map(ToString::to_string).filter(|origin| !names(&finding.what, origin));
        let origin = origin.map(|origin| format!(" ({origin})")).unwrap_or_default();
        let mark = (mark(finding.grade), style(finding.grade));
        self.paragraph(mark, &format!("{}{origin}", finding.what), Style::Plain);
        if let Some(remedy) = &finding.remedy {
            let arrow = self.symbols.pick("→", "->");
            self.paragraph(("", Style::Plain), &format!("{arrow} {remedy}"), Style::Cyan);
        }
    }

    /// A mark, and words behind it in lines that fit.
    fn paragraph(&mut self, (mark, style): (&str, Style), text: &str, text_style: Style) {
        self.page.move_to(2);
        self.page.put(mark, style);
        self.page.move_to(COLUMN);
        for word in text.split_whitespace().map(safe) {
            if self.page.used() > COLUMN {
                if self.page.used() + 1 + width(&word) > self.width {
                    self.page.end_line();
                    self.page.move_to(COLUMN);
                } else {
                    self.page.put(" ", text_style);
                }
            }
            self.page.put(&word, text_style);
        }
        self.page.end_line();
    }
}

/// Whether `word` stands in `text`, and not as a part of another word.
fn names(text: &str, word: &str) -> bool {
    let is_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        !before.ends_with(is_of_word) && !after.starts_with(is_of_word)
    })
}

fn title(subject: Subject) -> &'static str {
    match subject {
        Subject::Destination => "Destination",
        Subject::Credentials => "Credentials",
        Subject::Settings => "Settings",
        Subject::Context => "Context",
        Subject::Agent => "Agent",
        Subject::Here => "Here",
    }
}

fn mark(grade: Grade) -> &'static str {
    match grade {
        Grade::Fine => "ok",
        Grade::Note => "note",
        Grade::Warning => "warning",
        Grade::Loss => "LOSS",
    }
}

fn style(grade: Grade) -> Style {
    match grade {
        Grade::Fine => Style::Green,
        Grade::Note => Style::Blue,
        Grade::Warning => Style::Yellow,
        Grade::Loss => Style::Red,
    }
}

fn verdict(diagnosis: &Diagnosis) -> String {
    let number = |grade| diagnosis.number(grade) as u64;
    let warnings = counted(number(Grade::Warning), "warning");
    match (number(Grade::Loss), number(Grade::Warning)) {
        (0, 0) => "All is well.".to_owned(),
        (0, _) => format!("{warnings}, and nothing that loses telemetry."),
        (1, 0) => "1 thing loses telemetry.".to_owned(),
        (losses, 0) => format!("{losses} things lose telemetry."),
        (1, _) => format!("1 thing loses telemetry, and {warnings}."),
        (losses, _) => format!("{losses} things lose telemetry, and {warnings}."),
    }
}

#[derive(Serialize)]
struct Printed<'a> {
    version: u32,
    otel_run: &'static str,
    program: Option<&'a str>,
    exit_code: u8,
    findings: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    check: &'static str,
    subject: &'static str,
    grade: &'static str,
    what: &'a str,
    origin: Option<Place<'a>>,
    remedy: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Place<'a> {
    Flag { flag: &'static str },
    Variable { variable: &'a str },
    File { file: String, line: usize },
}

impl<'a> Line<'a> {
    fn of(finding: &'a Finding) -> Self {
        let place = |origin: &'a Origin| match origin {
            Origin::Flag(flag) => Some(Place::Flag { flag }),
            Origin::Variable(variable) => Some(Place::Variable { variable }),
            Origin::File { path, line } => Some(Place::File { file: path.to_string_lossy().into_owned(), line: *line }),
            Origin::Default => None,
        };
        Self {
            check: finding.check,
            subject: finding.subject.as_str(),
            grade: finding.grade.as_str(),
            what: &finding.what,
            origin: finding.origin.as_ref().and_then(place),
            remedy: finding.remedy.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn sample() -> Diagnosis {
        let fine = |check, what| Finding::new(Subject::Context, Grade::Fine, check, what);
        let file = Origin::File { path: "/u/config.toml".into(), line: 3 };
        Diagnosis::of(vec![
            fine("context.a", "the trace is a new one"),
            fine("context.b", "it is sampled"),
            Finding::new(Subject::Settings, Grade::Warning, "settings.mistake", "\"endpont\" is no key\u{1b}[2J")
                .said_at(&file)
                .remedy("did you mean endpoint?"),
            Finding::new(
                Subject::Destination,
                Grade::Loss,
                "destination.refused",
                "nothing listens at http://127.0.0.1:4318, so nothing that is sent there arrives, and it stays on disk",
            )
            .said_at(&Origin::Variable("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned()))
            .remedy("start the backend, or say where it is"),
            Finding::new(Subject::Here, Grade::Note, "here.note", "this is PID 1"),
        ])
    }

    #[test]
    fn in_words() {
        let options = Options { width: 80, colour: false, symbols: Symbols::Unicode };
        insta::assert_snapshot!(render(&sample(), &options));
    }

    #[test]
    fn an_origin_that_is_named_is_not_told_again() {
        for (text, named) in
            [("OTEL_X is none", true), ("did you mean OTEL_XY?", false), ("A_OTEL_X and OTEL_X", true), ("otel", false)]
        {
            assert_eq!(names(text, "OTEL_X"), named, "{text}");
        }
    }

    #[test]
    fn as_json() {
        let json = json(&sample(), Some("opencode"), 2).unwrap();
        insta::assert_snapshot!(json.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }

    #[test]
    fn every_width_is_kept_and_colours_change_no_word() {
        let plain = |width| render(&sample(), &Options { width, colour: false, symbols: Symbols::Ascii });
        for wide in 60..WIDEST {
            let text = plain(wide);
            assert!(text.lines().all(|line| width(line) <= wide), "{wide}\n{text}");
        }
        let coloured = render(&sample(), &Options { width: 80, colour: true, symbols: Symbols::Ascii });
        let mut bare = coloured.clone();
        for code in ["1", "31", "32", "33", "34", "36", "0"] {
            bare = bare.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_ne!(coloured, bare);
        assert_eq!(bare, plain(80));
    }
}
