//! What of an agent's spans can be left out, decided by names, before anything is decoded.

use std::fmt::Write as _;

use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::classify::{DIALECTS, ORIGINAL_NAME, classify, surely_reports, worth_decoding};
use super::dialect::{Dialect, Rest, Role, Text};

/// The inner workings of agents: what the tables call so, and what somebody adds to them. A span that [`classify`] can
/// read is never among them, nor is one of a program that nothing is known about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Housekeeping {
    added: Vec<Added>,
}

/// Spans of one name in one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Added {
    scope: Pattern,
    name: Pattern,
}

/// A text as it is, or how one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Is(String),
    Starts(String),
}

impl Pattern {
    fn read(text: &str) -> Self {
        match text.strip_suffix('*') {
            Some(start) => Pattern::Starts(start.to_owned()),
            None => Pattern::Is(text.to_owned()),
        }
    }

    fn matches(&self, text: &[u8]) -> bool {
        match self {
            Pattern::Is(whole) => text == whole.as_bytes(),
            Pattern::Starts(start) => text.starts_with(start.as_bytes()),
        }
    }
}

impl Housekeeping {
    /// Adds the spans called `name` of the scope `scope`. Of both a `*` at the end stands for any rest.
    pub fn add(&mut self, scope: &str, name: &str) {
        self.added.push(Added { scope: Pattern::read(scope), name: Pattern::read(name) });
    }

    /// What of it is in `scope`; none where that is nothing, as for most programs.
    pub fn of_scope<'a>(&'a self, scope: &'a [u8]) -> Option<OfScope<'a>> {
        let rest = DIALECTS
            .iter()
            .find(|dialect| dialect.is_spoken_in(scope))
            .filter(|dialect| dialect.rest == Rest::Housekeeping);
        let added = self.added.iter().any(|added| added.scope.matches(scope));
        (rest.is_some() || added).then_some(OfScope { scope, rest, added: &self.added })
    }
}

/// Housekeeping in one scope.
#[derive(Debug, Clone, Copy)]
pub struct OfScope<'a> {
    scope: &'a [u8],
    rest: Option<&'static Dialect>,
    added: &'a [Added],
}

impl OfScope<'_> {
    /// Whether a span of this `name` is housekeeping. `message` is the whole of it, and looked at only where its
    /// attributes decide.
    pub fn has(&self, name: &[u8], message: &[u8]) -> bool {
        let by_the_table = self.rest.is_some_and(|dialect| !dialect.tells_a_purpose(name));
        let added = || self.added.iter().any(|added| added.scope.matches(self.scope) && added.name.matches(name));
        (by_the_table || added()) && !(worth_decoding(name) && self.tells(name, message))
    }

    /// Whether the span reports something, or cannot be read.
    fn tells(&self, name: &[u8], message: &[u8]) -> bool {
        let original = |part: &[u8]| part == ORIGINAL_NAME.as_bytes();
        if surely_reports(self.scope, name) && !message.windows(ORIGINAL_NAME.len()).any(original) {
            return true;
        }
        match (std::str::from_utf8(self.scope), Span::decode(message)) {
            (Ok(scope), Ok(span)) => classify(scope, &span).is_some(),
            _ => true,
        }
    }
}

const INTRODUCTION: &str = "\
# What `--detail=agent` leaves out

Agents report far more spans than a person can look at: opencode about 1,030 for a trivial run, Codex about 520. With
`--detail=agent` (`OTEL_RUN_DETAIL`, `detail` in a settings file; a project's file may set it) their inner workings are neither
stored nor sent: of 1,011 spans of a run of opencode 1.18.33 there were 18 left, of 577 of Codex 0.169.0 there were 16.
`--detail=full`, the default, keeps every span. Nothing else is thinned: log records, metrics and the run's own span are the same,
and so are the totals of model calls, tokens and tools.

Whether a span is housekeeping is said by the name of its scope and its own. In the scopes below these spans stay, and all others
are housekeeping, failed ones included. Spans of other scopes stay, unless your own entry for the agent names them
([your-agent.md](your-agent.md)).
";

const RULES: &str = "
## The tree stays whole

* A span whose parent is left out hangs under the nearest ancestor that is kept. The parent that it named stays in
  `otel_run.original_parent_id`.
* Children are mostly sent before their parents. A housekeeping span that something stored has already named, as its parent, in a
  link, or in a log record, is kept when it comes. So a few of them stay, with their own names and times, and what was sent to a backend never refers to
  a span that was left out afterwards. How many depends on how the agent cuts its spans into requests: within a request it is known what
  is left out.
* A log record, link or exemplar that names a span which was left out before names the nearest ancestor that is kept instead, and the run's
  span where there is none.
* With `--nest=link` and `--nest=off` the first span of each of the command's traces is kept, whatever it is, so that the trace stays one
  tree. Parents are changed there as well.
* The last 32,768 spans that were left out are remembered. A child that comes later still names a parent that is not there: under
  `--nest=adopt` it gets a stand-in, as the children of any span that was lost.

## What is counted

`thinned` says how many spans were left out, in `otel-run show`, `otel-run runs` and their JSON, and `otel_run.spans.thinned` on the
run's span. Per signal received = stored + thinned + unsampled + dropped. The agent is told that all was taken: nothing was rejected. The count is written down with
every batch, so it is there as well where otel-run is killed. What was left out is gone: `show --all` and `flush` do not have it.

`otel-run serve` leaves nothing out.
";

/// The page `docs/detail.md`.
pub fn documentation() -> String {
    let mut page = String::from(INTRODUCTION);
    page.push_str("\n| scope | spans that stay |\n| --- | --- |\n");
    for dialect in DIALECTS.iter().filter(|dialect| dialect.rest == Rest::Housekeeping) {
        let scopes: Vec<String> = dialect.scopes.iter().map(|text| shown(*text)).collect();
        let mut spans: Vec<String> = dialect.spans.iter().map(|(text, role)| shown(*text) + condition(*role)).collect();
        spans.extend(dialect.purposes.iter().map(|(name, _)| format!("`{name}`")));
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| {} | {} |", scopes.join(", "), spans.join(", "));
    }
    page.push_str(
        "\nWhat follows the [GenAI conventions](https://opentelemetry.io/docs/specs/semconv/gen-ai/) or comes from the AI SDK (`ai.*`) \
         stays in every scope.\n",
    );
    page.push_str(RULES);
    page
}

fn shown(text: Text) -> String {
    match text {
        Text::Is(whole) => format!("`{whole}`"),
        Text::Starts(start) => format!("`{start}*`"),
    }
}

fn condition(role: Role) -> &'static str {
    match role {
        Role::ModelUsage => " with tokens",
        Role::ModelAnswers(_) => " with an error",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::signals::{captures, is_housekeeping, purpose};

    fn has(housekeeping: &Housekeeping, scope: &str, span: &Span) -> bool {
        let in_scope = housekeeping.of_scope(scope.as_bytes());
        in_scope.is_some_and(|scope| scope.has(span.name.as_bytes(), &span.encode_to_vec()))
    }

    #[test]
    fn it_is_what_is_folded_when_a_run_is_shown() {
        let (mut housekeeping, mut others) = (0, 0);
        for name in captures::names() {
            for (scope, span) in captures::each(&captures::load(&name)) {
                let expected = is_housekeeping(scope, span) && purpose(scope, span).is_none();
                assert_eq!(has(&Housekeeping::default(), scope, span), expected, "{name}: {scope} {}", span.name);
                *if expected { &mut housekeeping } else { &mut others } += 1;
            }
        }
        assert!(housekeeping > 1000 && others > 50, "{housekeeping} {others}");
    }

    #[test]
    fn what_is_added_counts_and_what_tells_of_something_does_not() {
        let span = |name: &str| Span { name: name.to_owned(), ..Span::default() };
        let mut own = Housekeeping::default();
        assert!(!has(&own, "mine", &span("poll")));
        own.add("mine", "poll");
        own.add("min*", "cache.*");
        own.add("mine", "ai.streamText.doStream");
        for (scope, name, expected) in [
            ("mine", "poll", true),
            ("mine", "polling", false),
            ("mine", "cache.get", true),
            ("mint", "cache.get", true),
            ("mint", "poll", false),
            ("mine", "ai.streamText.doStream", false),
            ("other", "poll", false),
        ] {
            assert_eq!(has(&own, scope, &span(name)), expected, "{scope} {name}");
        }
        // What cannot be read may be anything.
        let unreadable = own.of_scope(b"codex_exec").unwrap();
        assert!(!unreadable.has(b"handle_responses", b"\xff"));
        assert!(unreadable.has(b"handle_responses", b"") && unreadable.has(b"append_items", b"\xff"));
    }

    /// Rewrites the page instead of comparing it when `UPDATE_DOCS` is set.
    #[test]
    fn the_page_is_the_tables() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/detail.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, documentation()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap();
        assert_eq!(page, documentation(), "run the test again with UPDATE_DOCS=1");
    }
}
