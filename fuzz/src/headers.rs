//! Lists of headers in `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_RUN_HEADERS`: what is taken can be sent, and no value is
//! ever printed.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use otel_run::environment::Environment;
use otel_run::settings::attributes;
use otel_run::settings::env::{otel_layer, otel_run_layer};
use otel_run::settings::{Complaint, HeaderValue, Layer};

use super::Reading;

const STANDARD: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const OURS: &str = "OTEL_RUN_HEADERS";
/// Inputs put this where a value may hold it. Names of headers are lower case, so it is never one of them.
const SECRET: &str = "SECRET";

/// The input is the value of both variables.
pub fn check(data: &[u8]) -> Reading {
    let value = OsStr::from_bytes(data);
    let environment: Environment = [(STANDARD, value), (OURS, value)].into_iter().collect();
    let (standard, complaints) = otel_layer(&environment);
    no_value_is_printed(&standard, &complaints);
    let (ours, more) = otel_run_layer(&environment);
    assert!(more.iter().all(|complaint| !complaint.to_string().contains(SECRET)), "{more:?}");

    let sent = literals(&standard);
    for (position, (name, value)) in sent.iter().enumerate() {
        assert!(http::HeaderName::from_lowercase(name.as_bytes()).is_ok(), "{name}");
        assert!(http::HeaderValue::from_bytes(value.as_bytes()).is_ok() && !value.is_empty());
        assert!(sent.iter().skip(position + 1).all(|(other, _)| other != name), "{name} twice");
    }
    // The two differ in what they make of references, and in nothing else.
    let text = value.to_string_lossy();
    if !text.contains("env:") && !text.contains("file:") {
        assert_eq!(literals(&ours), sent);
    }

    // What was understood is understood again when it is written by the book.
    let member =
        |(name, value): &(String, String)| name.clone() + &attributes::encode(&[(String::new(), value.clone())]);
    let list = sent.iter().map(member).collect::<Vec<_>>().join(",");
    let environment: Environment = [(STANDARD, OsString::from(list))].into_iter().collect();
    let (again, complaints) = otel_layer(&environment);
    assert_eq!(complaints, []);
    assert_eq!(literals(&again), sent);
    if sent.is_empty() { Reading::Refused } else { Reading::Accepted }
}

fn no_value_is_printed(layer: &Layer, complaints: &[Complaint]) {
    for complaint in complaints {
        let text = complaint.to_string();
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(!format!("{layer:?}").contains(SECRET));
}

fn literals(layer: &Layer) -> Vec<(String, String)> {
    let literal = |(name, value): &(String, otel_run::settings::Sourced<HeaderValue>)| match &value.value {
        HeaderValue::Literal(secret) => (name.clone(), secret.expose().to_owned()),
        other => panic!("{other:?} in a variable that holds values only"),
    };
    layer.destination.headers.iter().map(literal).collect()
}
