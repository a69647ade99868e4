//! OTLP/JSON: what is decoded is protobuf, its JSON decodes to the same, and the same text comes out every time.

use otel_run::otlp::{Signal, json};

use super::Reading;
use super::otlp::Request;

/// The first byte of the input says which signal it is (`t`, `m`, and anything else for logs); the rest is the text.
pub fn check(data: &[u8]) -> Reading {
    let Some((choice, text)) = data.split_first() else { return Reading::Refused };
    let signal = match choice {
        b't' => Signal::Traces,
        b'm' => Signal::Metrics,
        _ => Signal::Logs,
    };
    let protobuf = match json::decode(signal, text) {
        Ok(protobuf) => protobuf,
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.contains("SECRET"), "{shown}");
            let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
            assert!((1..=lines).contains(&error.line), "line {} of {lines}", error.line);
            return Reading::Refused;
        }
    };
    let request = Request::decode(signal, &protobuf).expect("what is decoded is protobuf");
    let canonical = json::encode(signal, &protobuf).expect("what is decoded is encoded");
    let again = json::decode(signal, canonical.as_bytes()).expect("what is encoded is decoded");
    let reread = Request::decode(signal, &again).expect("what is decoded is protobuf");
    assert_eq!(reread.shown(), request.shown(), "{canonical}");
    assert_eq!(json::encode(signal, &again).as_ref(), Ok(&canonical));
    Reading::Accepted
}
