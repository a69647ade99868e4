//! GenAI: what a span tells gets its conventional names, kind and status.
//!
//! Only spans whose name a table of [`crate::signals`] knows are decoded. What cannot be decoded stays as it came.

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use prost::Message;

use super::content::{self, ErrorText};
use super::resource::Origin;
use super::{Pass, put_attribute};
use crate::otlp::wire::put_message;
use crate::settings::GenAi;
use crate::signals::{Activity, Attributes, Conventional, ORIGINAL_NAME, Wanted, conventional, worth_decoding};

mod own;

pub use own::OwnWords;

/// Headers of requests to models may hold credentials and are of no use to anybody who looks at a trace.
const DROPPED: &str = "ai.request.headers.";

/// What becomes of one span that the conventions have something to say about.
#[derive(Debug, Default)]
pub(super) struct Translated {
    /// Its new name.
    pub(super) name: Option<String>,
    /// Its new kind.
    pub(super) kind: Option<SpanKind>,
    /// Whether its status has to become an error.
    pub(super) failed: bool,
    /// New attributes, each as a field of the span.
    pub(super) attributes: Vec<u8>,
    removed: Vec<&'static str>,
    repeated: &'static [&'static str],
}

impl Translated {
    /// Whether an attribute of this name is taken out.
    pub(super) fn removes(&self, key: &[u8]) -> bool {
        key.starts_with(DROPPED.as_bytes())
            || self.removed.iter().any(|removed| removed.as_bytes() == key)
            || self.repeated.iter().any(|start| key.starts_with(start.as_bytes()))
    }
}

/// What was found out about one span.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// What becomes of it; none where the conventions have nothing to say about it.
    pub(super) translated: Option<Translated>,
    /// What it reports, if anything, where that was found out as well.
    pub(super) reports: Option<Option<Activity>>,
}

impl Pass<'_> {
    /// What becomes of `span`, a whole `Span` message.
    pub(super) fn read(&self, origin: Origin<'_>, name: &[u8], span: &[u8]) -> Read {
        if self.rules.genai == GenAi::Off {
            return Read::default();
        }
        if let Some(translated) = self.in_own_words(origin, name, span) {
            return Read { translated: Some(translated), reports: None };
        }
        if !worth_decoding(name) {
            return Read { translated: None, reports: Some(None) };
        }
        let (Ok(scope), Ok(span)) = (std::str::from_utf8(origin.scope), Span::decode(span)) else {
            return Read::default();
        };
        let wanted = Wanted { newest: self.rules.newest_genai, content: !self.strips_content() };
        let said = conventional(scope, &span, wanted);
        // What the user has taken out does not count either.
        let is_whole = self.rules.agent.as_ref().is_none_or(|agent| agent.content.is_empty());
        let reports = is_whole.then(|| said.as_ref().map(|said| said.activity.clone()));
        Read { translated: said.map(|said| self.apply_conventions(origin, &span, said)), reports }
    }

    fn apply_conventions(&self, origin: Origin<'_>, span: &Span, said: Conventional) -> Translated {
        let own = Attributes(&span.attributes);
        let mut translated = Translated { failed: said.failed && !is_error(span), ..Translated::default() };
        if said.failed && !own.has("error.type") {
            put_attribute(&mut translated.attributes, 9, "error.type", &error_type(origin, span, &said));
        }
        translated.kind = match (said.is_request, span.kind()) {
            (true, SpanKind::Unspecified | SpanKind::Internal) => Some(SpanKind::Client),
            (false, SpanKind::Unspecified) => Some(SpanKind::Internal),
            _ => None,
        };
        if self.rules.genai == GenAi::Replace {
            translated.removed.extend(said.superseded);
            translated.repeated = said.repeated;
            if let Some(name) = said.name.filter(|name| *name != span.name) {
                if !own.has(ORIGINAL_NAME) {
                    put_attribute(&mut translated.attributes, 9, ORIGINAL_NAME, &span.name);
                }
                translated.name = Some(name);
            }
        }
        for (key, value) in said.attributes {
            if own.has(key) {
                translated.removed.push(key);
            }
            put_value(&mut translated.attributes, key, value);
        }
        translated
    }
}

fn put_value(out: &mut Vec<u8>, key: &str, value: Value) {
    let attribute =
        KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() };
    put_message(out, 9, attribute.encoded_len(), |out| attribute.encode_raw(out));
}

fn is_error(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error)
}

/// What kind of error it was (general attributes, `error.type`): by what is most certain, and never by what an error says.
fn error_type(origin: Origin<'_>, span: &Span, said: &Conventional) -> String {
    let exceptions = span.events.iter().rev().map(|event| Attributes(&event.attributes));
    let class = |text: &str| content::is_class_name(text.as_bytes()).then(|| text.to_owned());
    let message = span.status.as_ref().map_or("", |status| status.message.as_str());
    let said_error = Attributes(&span.attributes).text(&["error"]).unwrap_or_default();
    let named_status = || match content::error_text(origin.family, span.name.as_bytes(), message.as_bytes()) {
        ErrorText::Status(status) => Some(status.to_string()),
        ErrorText::Keep | ErrorText::Drop => None,
    };
    said.http_status
        .map(|status| status.to_string())
        .or_else(|| {
            exceptions.filter_map(|event| event.text(&["exception.type"])).find(|name| is_type(name)).map(str::to_owned)
        })
        .or_else(|| said.exit_code.map(|code| code.to_string()))
        .or_else(|| said.invalid_tool.then(|| "invalid_tool_call".to_owned()))
        .or_else(|| class(message))
        .or_else(|| class(said_error))
        .or_else(named_status)
        .unwrap_or_else(|| "_OTHER".to_owned())
}

/// Whether a text can be the name of a type, as no sentence can.
fn is_type(name: &str) -> bool {
    name.len() <= 200 && !name.contains(|each: char| each.is_whitespace() || each.is_control())
}

#[cfg(test)]
mod tests;
