//! Secrets out of an export request: in every text of it, whatever it is the text of.
//!
//! The request is searched as it is, and that is all for one that holds nothing. Where something was found, the message is
//! walked along its schema, down to the texts that hold it.

use super::{LARGEST_RESULT, Unfit};
use crate::otlp::Signal;
use crate::otlp::schema::{self, Kind, Message};
use crate::otlp::wire::{Reader, WireError, put_bytes_field, put_message};
use crate::secret::Secrets;

/// No backend reads what is nested deeper.
const DEEPEST: usize = 100;

/// `request` without secrets, and how many were taken out; none where it holds none.
pub(super) fn blanked(secrets: &Secrets, signal: Signal, request: &[u8]) -> Result<Option<(Vec<u8>, u32)>, Unfit> {
    if !secrets.may_be_in(request) {
        return Ok(None);
    }
    let mut walk = Walk { secrets, count: 0 };
    let mut out = Vec::with_capacity(request.len() + 256);
    walk.message(schema::request(signal), request, DEEPEST, &mut out)?;
    // What may be one need not be one.
    Ok(Some((out, walk.count)).filter(|(_, count)| *count > 0))
}

struct Walk<'a> {
    secrets: &'a Secrets,
    count: u32,
}

impl Walk<'_> {
    fn message(&mut self, schema: &Message, message: &[u8], depth: usize, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let depth = depth.checked_sub(1).ok_or(WireError::TooDeep)?;
        let mut position = 0;
        for field in Reader::new(message) {
            let field = field?;
            let Some(bytes) = field.value.bytes().filter(|bytes| self.secrets.may_be_in(bytes)) else {
                out.extend_from_slice(field.raw);
                continue;
            };
            let known = schema.position_of_number(field.number, position);
            position = known.unwrap_or(position);
            match known.map(|known| schema.fields[known].kind) {
                Some(Kind::Text | Kind::Bytes) => match self.secrets.blanked(bytes) {
                    Some((blanked, count)) => {
                        self.count = self.count.saturating_add(count);
                        put_bytes_field(out, field.number, &blanked);
                    }
                    None => out.extend_from_slice(field.raw),
                },
                Some(Kind::Message(inner)) => {
                    put_message(out, field.number, bytes.len(), |out| self.message(inner, bytes, depth, out))?;
                }
                // Ids and packed numbers are no text, whatever they look like.
                Some(_) => out.extend_from_slice(field.raw),
                // It cannot be told where in it the text ends.
                None if self.secrets.blanked(bytes).is_some() => self.count = self.count.saturating_add(1),
                None => out.extend_from_slice(field.raw),
            }
            if out.len() > LARGEST_RESULT {
                return Err(Unfit::TooLarge);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;
    use crate::otlp::json;
    use crate::secret::Secret;

    const SECRET: &str = "hunter2-hunter2";

    fn secrets() -> Secrets {
        Secrets::new([("A_KEY".to_owned(), Secret::new(SECRET))])
    }

    fn put(signal: Signal, request: &[u8]) -> Option<(Vec<u8>, u32)> {
        blanked(&secrets(), signal, request).unwrap()
    }

    #[test]
    fn texts_are_blanked_wherever_they_are() {
        let attributes = r#"[{"key":"k","value":{"stringValue":"a @ b"}},{"key":"@","value":{"intValue":"1"}},
            {"key":"l","value":{"arrayValue":{"values":[{"stringValue":"@"},{"kvlistValue":{"values":[{"key":"@","value":{"stringValue":"@"}}]}}]}}}]"#;
        let resource = format!(r#""resource":{{"attributes":{attributes}}},"schemaUrl":"@""#);
        let scope = format!(r#""scope":{{"name":"@","version":"@","attributes":{attributes}}}"#);
        for (signal, body, count) in [
            (
                Signal::Traces,
                format!(
                    r#"{{"resourceSpans":[{{{resource},"scopeSpans":[{{{scope},"spans":[{{"name":"@","traceState":"@","attributes":{attributes},
                    "events":[{{"name":"@","attributes":{attributes}}}],"links":[{{"traceState":"@","attributes":{attributes}}}],
                    "status":{{"message":"@"}}}}]}}]}}]}}"#
                ),
                5 * 5 + 1 + 2 + 2 + 1 + 1 + 1,
            ),
            (
                Signal::Logs,
                format!(
                    r#"{{"resourceLogs":[{{{resource},"scopeLogs":[{{{scope},"logRecords":[{{"body":{{"stringValue":"@"}},"severityText":"@",
                    "eventName":"@","attributes":{attributes}}}]}}]}}]}}"#
                ),
                3 * 5 + 1 + 2 + 3,
            ),
            (
                Signal::Metrics,
                format!(
                    r#"{{"resourceMetrics":[{{{resource},"scopeMetrics":[{{{scope},"metrics":[{{"name":"@","description":"@","unit":"@",
                    "metadata":{attributes},"gauge":{{"dataPoints":[{{"asInt":"1","attributes":{attributes},
                    "exemplars":[{{"filteredAttributes":{attributes}}}]}}]}}}}]}}]}}]}}"#
                ),
                5 * 5 + 1 + 2 + 3,
            ),
        ] {
            let request = json::decode(signal, body.replace('@', SECRET).as_bytes()).unwrap();
            let (out, found) = put(signal, &request).unwrap();
            assert_eq!(found, count, "{}", signal.as_str());
            let expected = json::decode(signal, body.replace('@', "[redacted:A_KEY]").as_bytes()).unwrap();
            assert_eq!(out, expected, "{}", signal.as_str());
            assert_eq!(put(signal, &out), None);
        }
    }

    #[test]
    fn ids_and_numbers_are_no_text() {
        // `hunter2-hunter2` and one more are 16 bytes, as a trace id is.
        let id: Vec<u8> = SECRET.bytes().chain([1]).collect();
        let mut request = Vec::new();
        put_message(&mut request, 1, 40, |out| {
            put_message(out, 2, 40, |out| put_message(out, 2, 40, |out| put_bytes_field(out, 1, &id)));
        });
        assert!(secrets().may_be_in(&request));
        assert_eq!(put(Signal::Traces, &request), None);
    }

    #[test]
    fn an_unknown_field_that_holds_a_secret_goes() {
        let mut request = Vec::new();
        put_message(&mut request, 1, 40, |out| {
            put_bytes_field(out, 1000, format!("x{SECRET}").as_bytes());
            put_bytes_field(out, 1001, b"stays");
        });
        let (out, count) = put(Signal::Logs, &request).unwrap();
        assert_eq!(count, 1);
        assert!(!out.windows(7).any(|window| window == b"hunter2") && out.windows(5).any(|window| window == b"stays"));
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let mut deep = SECRET.as_bytes().to_vec();
        for _ in 0..200 {
            let mut outer = Vec::new();
            // A list in a list.
            put_message(&mut outer, 5, deep.len(), |out| {
                put_message(out, 1, deep.len(), |out| out.extend_from_slice(&deep))
            });
            deep = outer;
        }
        let mut request = Vec::new();
        put_message(&mut request, 1, 0, |out| {
            put_message(out, 1, 0, |out| {
                put_message(out, 1, 0, |out| put_message(out, 2, 0, |out| out.extend_from_slice(&deep)));
            });
        });
        assert_eq!(blanked(&secrets(), Signal::Traces, &request), Err(Unfit::Malformed(WireError::TooDeep)));
    }

    fn attributes(depth: u32) -> impl Strategy<Value = String> {
        let text = prop_oneof!["[a-z]{0,5}", Just(SECRET.to_owned()), Just(format!("x{SECRET}y"))];
        let leaf = text.prop_map(|text| format!(r#"{{"stringValue":"{text}"}}"#));
        leaf.prop_recursive(depth, 12, 3, |inner| {
            proptest::collection::vec(inner, 0..3)
                .prop_map(|values| format!(r#"{{"arrayValue":{{"values":[{}]}}}}"#, values.join(",")))
        })
    }

    proptest! {
        /// Nothing of the secret is left, the result is a request, and whatever held none is as it was.
        #[test]
        fn no_secret_survives(values in proptest::collection::vec(attributes(3), 0..6)) {
            let list: Vec<String> = values.iter().map(|value| format!(r#"{{"key":"k","value":{value}}}"#)).collect();
            let body = format!(
                r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"name":"n","attributes":[{}]}}]}}]}}]}}"#, list.join(",")
            );
            let request = json::decode(Signal::Traces, body.as_bytes()).unwrap();
            let expected = body.replace(SECRET, "[redacted:A_KEY]");
            match put(Signal::Traces, &request) {
                None => prop_assert_eq!(&body, &expected),
                Some((out, _)) => {
                    prop_assert_eq!(out, json::decode(Signal::Traces, expected.as_bytes()).unwrap());
                }
            }
        }

        #[test]
        fn whatever_comes_is_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), at in 0..60_usize) {
            let at = at.min(bytes.len());
            let request = [&bytes[..at], SECRET.as_bytes(), &bytes[at..]].concat();
            for signal in Signal::ALL {
                let _ = blanked(&secrets(), signal, &request);
            }
        }
    }
}
