//! Which table a span is read through, and what it is by that table.

use opentelemetry_proto::tonic::trace::v1::Span;

use super::attributes::Attributes;
use super::dialect::{Dialect, Rest};
use super::reading::Reading;
use super::{Activity, ai_sdk, claude, codex, gemini, genai, opencode, qwen};

/// Agents stand before the conventions, because they use the conventions' names in ways of their own.
pub(super) const DIALECTS: [Dialect; 7] = [
    opencode::DIALECT,
    claude::DIALECT,
    codex::DIALECT,
    gemini::DIALECT,
    qwen::DIALECT,
    ai_sdk::DIALECT,
    genai::DIALECT,
];

/// The first bytes of all names in the tables. Most spans are passed over by this alone.
const INITIALS: [bool; 256] = {
    let mut initials = [false; 256];
    let mut dialect = 0;
    while dialect < DIALECTS.len() {
        let mut span = 0;
        while span < DIALECTS[dialect].spans.len() {
            initials[DIALECTS[dialect].spans[span].0.initial() as usize] = true;
            span += 1;
        }
        dialect += 1;
    }
    initials
};

/// Whether a span of this name (UTF-8) can be anything to [`classify`]. It is cheap and needs nothing else of the
/// span, so that housekeeping need not be decoded. `false` is always right; `true` may turn out to be nothing.
pub fn worth_decoding(name: &[u8]) -> bool {
    name.first().is_some_and(|initial| INITIALS[usize::from(*initial)])
        && DIALECTS.iter().any(|dialect| dialect.spans.iter().any(|(text, _)| text.matches(name)))
}

/// The name that a span had before it was renamed by the GenAI conventions.
pub const ORIGINAL_NAME: &str = "otel_run.original_name";

/// What the tables say of `span`, made in the instrumentation scope `scope`: by the first one that knows its name.
pub(super) fn find<'a>(scope: &str, span: &'a Span) -> Option<Reading<'a>> {
    if !worth_decoding(span.name.as_bytes()) {
        return None;
    }
    let name = Attributes(&span.attributes).text(&[ORIGINAL_NAME]).unwrap_or(&span.name);
    DIALECTS.iter().filter(|dialect| dialect.scopes.is_empty() || dialect.is_spoken_in(scope.as_bytes())).find_map(
        |dialect| {
            let (_, role) = dialect.spans.iter().find(|(text, _)| text.matches(name.as_bytes()))?;
            Reading::new(span, name, dialect, *role)
        },
    )
}

/// Whether a span that has this name, and had no other one, reports something whatever else is in it. `true` is always right;
/// `false` may turn out to be something.
pub(super) fn surely_reports(scope: &[u8], name: &[u8]) -> bool {
    let mut roles = DIALECTS
        .iter()
        .filter(|dialect| dialect.scopes.is_empty() || dialect.is_spoken_in(scope))
        .flat_map(|dialect| dialect.spans.iter().find(|(text, _)| text.matches(name)));
    roles.next().is_some_and(|(_, role)| role.is_certain())
}

/// What `span`, made in the instrumentation scope `scope`, reports. `None` where it reports nothing that is counted or
/// shown in a way of its own.
pub fn classify(scope: &str, span: &Span) -> Option<Activity> {
    find(scope, span).map(|reading| reading.activity())
}

/// Whether `span` is of no interest to somebody who wants to see what an agent did: the inner workings of an agent,
/// failed ones included (opencode looks for some 25 files in a run that need not be there), and stand-ins.
/// Spans of programs that nothing is known about never are.
pub fn is_housekeeping(scope: &str, span: &Span) -> bool {
    if is_stand_in(span) {
        return true;
    }
    let agent = DIALECTS.iter().find(|dialect| dialect.is_spoken_in(scope.as_bytes()));
    agent.is_some_and(|dialect| dialect.rest == Rest::Housekeeping) && classify(scope, span).is_none()
}

/// Whether otel-run made `span` up for a parent that never came.
pub fn is_stand_in(span: &Span) -> bool {
    Attributes(&span.attributes).flag(&["otel_run.stand_in"]) == Some(true)
}

/// What model calls beneath `span` are for, if it says so; `title` beneath opencode's `SessionPrompt.ensureTitle`.
pub fn purpose(scope: &str, span: &Span) -> Option<&'static str> {
    let dialect = DIALECTS.iter().find(|dialect| dialect.is_spoken_in(scope.as_bytes()))?;
    dialect.purposes.iter().find(|(name, _)| *name == span.name).map(|(_, purpose)| *purpose)
}

impl Dialect {
    pub(super) fn is_spoken_in(&self, scope: &[u8]) -> bool {
        self.scopes.iter().any(|text| text.matches(scope))
    }

    /// Whether a span of this name says what model calls beneath it are for.
    pub(super) fn tells_a_purpose(&self, name: &[u8]) -> bool {
        self.purposes.iter().any(|(telling, _)| telling.as_bytes() == name)
    }
}

#[cfg(test)]
mod tests;
