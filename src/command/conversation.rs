//! Prompts, answers and tool data of a run, as far as they are on this machine's disk.

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message;

use crate::otlp::Signal;
use crate::signals::Attributes;
use crate::store::RunFolder;
use crate::store::log::{Kind, Log, LogError};
use crate::transform::content::{self, BodyVerdict, Family, OwnNames, Place, Verdict};
use crate::view::conversation::Piece;

/// All of it, in the order in which it was said; `own` is what the agent calls content.
pub(super) fn of(folder: &RunFolder, own: OwnNames<'_>) -> Result<Vec<Piece>, LogError> {
    let log = match folder.read_content()? {
        Some(content) => content,
        None => folder.read_log()?,
    };
    let (mut at, mut payload, mut pieces) = (Log::start(), Vec::new(), Vec::new());
    while let Some(header) = log.read(at, &mut payload)? {
        at += header.record_length();
        match header.kind {
            Kind::Batch(Signal::Traces) => in_spans(&payload, own, &mut pieces),
            Kind::Batch(Signal::Logs) => in_logs(&payload, own, &mut pieces),
            _ => {}
        }
    }
    pieces.sort_by_key(|piece| piece.unix_nano);
    Ok(pieces)
}

fn in_spans(request: &[u8], own: OwnNames<'_>, pieces: &mut Vec<Piece>) {
    let Ok(data) = TracesData::decode(request) else { return };
    for group in data.resource_spans {
        for scope in group.scope_spans {
            let name = scope.scope.map(|scope| scope.name).unwrap_or_default();
            let words = Words { family: family(&name, group.resource.as_ref()), own };
            scope.spans.iter().for_each(|span| in_span(words, span, pieces));
        }
    }
}

fn in_span(words: Words<'_>, span: &Span, pieces: &mut Vec<Piece>) {
    let piece = |unix_nano, name: &str, text: String| Piece {
        unix_nano,
        span_id: span.span_id.clone(),
        owner: span.name.clone(),
        name: name.to_owned(),
        text,
    };
    for (name, text) in words.said(Place::Span, &span.name, &span.attributes) {
        pieces.push(piece(span.start_time_unix_nano, name, text));
    }
    for event in &span.events {
        for (name, text) in words.said(Place::SpanEvent, &event.name, &event.attributes) {
            pieces.push(piece(event.time_unix_nano, &format!("{} {name}", event.name), text));
        }
    }
}

fn in_logs(request: &[u8], own: OwnNames<'_>, pieces: &mut Vec<Piece>) {
    let Ok(data) = LogsData::decode(request) else { return };
    for group in data.resource_logs {
        for scope in group.scope_logs {
            let name = scope.scope.map(|scope| scope.name).unwrap_or_default();
            let words = Words { family: family(&name, group.resource.as_ref()), own };
            scope.log_records.iter().for_each(|record| in_record(words, record, pieces));
        }
    }
}

fn in_record(words: Words<'_>, record: &LogRecord, pieces: &mut Vec<Piece>) {
    let event = Attributes(&record.attributes).text(&["event.name"]).unwrap_or(&record.event_name);
    let piece = |name: &str, text| Piece {
        unix_nano: if record.time_unix_nano == 0 { record.observed_time_unix_nano } else { record.time_unix_nano },
        span_id: record.span_id.clone(),
        owner: event.to_owned(),
        name: name.to_owned(),
        text,
    };
    if let Some(body) = record.body.as_ref().filter(|body| is_content(words.family, event, body)) {
        pieces.push(piece("body", text(body)));
    }
    for (name, text) in words.said(Place::LogRecord, event, &record.attributes) {
        pieces.push(piece(name, text));
    }
}

fn is_content(family: Family, event: &str, body: &AnyValue) -> bool {
    match content::body(family, event.as_bytes()) {
        BodyVerdict::Keep => false,
        BodyVerdict::Drop => true,
        BodyVerdict::Inspect => {
            let whole = body.encode_to_vec();
            content::inspect_body(family, &whole).is_none_or(|kept| kept != whole)
        }
    }
}

/// By which names content is known.
#[derive(Clone, Copy)]
struct Words<'a> {
    family: Family,
    own: OwnNames<'a>,
}

impl Words<'_> {
    /// The attributes that content being off would have taken out, but for messages of errors: a failed span shows its own.
    fn said<'a>(
        self,
        place: Place,
        owner: &'a str,
        attributes: &'a [KeyValue],
    ) -> impl Iterator<Item = (&'a str, String)> {
        attributes.iter().filter_map(move |attribute| {
            let verdict = self.own.attribute(self.family, place, owner.as_bytes(), attribute.key.as_bytes());
            let value = attribute.value.as_ref().filter(|_| verdict == Verdict::Drop)?;
            Some((attribute.key.as_str(), text(value)))
        })
    }
}

fn family(scope: &str, resource: Option<&Resource>) -> Family {
    let attributes = resource.map_or(&[][..], |resource| &resource.attributes);
    let service = Attributes(attributes).text(&["service.name"]).unwrap_or_default();
    Family::of_scope(scope.as_bytes(), service.as_bytes())
}

fn text(value: &AnyValue) -> String {
    let list = |values: Vec<String>| values.join("\n");
    match &value.value {
        None => String::new(),
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BytesValue(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        Some(Value::ArrayValue(array)) => list(array.values.iter().map(text).collect()),
        Some(Value::KvlistValue(pairs)) => list(
            pairs
                .values
                .iter()
                .map(|pair| format!("{}: {}", pair.key, pair.value.as_ref().map(text).unwrap_or_default()))
                .collect(),
        ),
        // An index into a dictionary, which only profiles have.
        Some(_) => String::new(),
    }
}
