//! GenAI in the user's words: what an agent that no table knows calls what the conventions have names for.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::{Translated, put_value};
use crate::settings::GenAi;
use crate::signals::{Attributes, ORIGINAL_NAME};
use crate::transform::content::{Place, Verdict};
use crate::transform::resource::Origin;
use crate::transform::{Pass, put_attribute};

/// What an agent calls what the GenAI conventions have names for, as pairs of its name and theirs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnWords {
    /// Spans by their names, or by how these begin with `*` behind it, and the operation that each is.
    pub operations: &'static [(&'static str, &'static str)],
    /// Attributes of these spans.
    pub attributes: &'static [(&'static str, &'static str)],
}

const OPERATION: &str = "gen_ai.operation.name";
/// What an operation is about: a part of the span's name by the conventions.
const SUBJECTS: [&str; 3] = ["gen_ai.request.model", "gen_ai.tool.name", "gen_ai.agent.name"];

impl Pass<'_> {
    /// What becomes of a span that the user has told of; none of any other one.
    pub(super) fn in_own_words(&self, origin: Origin<'_>, name: &[u8], span: &[u8]) -> Option<Translated> {
        let words = self.rules.agent.as_ref()?.words;
        let is_it = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start.as_bytes()),
            None => name == pattern.as_bytes(),
        };
        let (_, operation) = words.operations.iter().find(|(pattern, _)| is_it(pattern))?;
        let span = Span::decode(span).ok()?;
        let own = Attributes(&span.attributes);
        let mut translated = Translated::default();
        if !own.has(OPERATION) {
            put_attribute(&mut translated.attributes, 9, OPERATION, operation);
        }
        let is_kept = |key: &str| {
            !self.strips_content() || self.verdict(origin.family, Place::Span, name, key.as_bytes()) == Verdict::Keep
        };
        let mut subject = SUBJECTS.iter().find_map(|key| own.text(&[key]));
        for (theirs, conventional) in words.attributes {
            let Some(value) = own.value(&[theirs]).filter(|_| is_kept(theirs) && is_kept(conventional)) else {
                continue;
            };
            if let (None, true, Value::StringValue(text)) = (subject, SUBJECTS.contains(conventional), value) {
                subject = Some(text);
            }
            if !own.has(conventional) {
                put_value(&mut translated.attributes, conventional, value.clone());
            }
            if self.rules.genai == GenAi::Replace {
                translated.removed.push(theirs);
            }
        }
        if self.rules.genai == GenAi::Replace {
            if !own.has(ORIGINAL_NAME) {
                put_attribute(&mut translated.attributes, 9, ORIGINAL_NAME, &span.name);
            }
            translated.name = Some(subject.map_or((*operation).to_owned(), |subject| format!("{operation} {subject}")));
        }
        Some(translated)
    }
}
