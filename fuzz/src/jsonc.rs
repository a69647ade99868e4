//! Merging into a text of the user's: one piece is put in, the switch is on afterwards, and all else is as it was.

use otel_run::agent::jsonc::{Merge, merge};
use serde_json::Value;

use super::Reading;

const PATH: &[&str] = &["experimental", "openTelemetry"];

/// The input is the text.
pub fn check(data: &[u8]) -> Reading {
    let Ok(text) = std::str::from_utf8(data) else { return Reading::Refused };
    let outcome = merge(text, PATH, "true");
    if let Merge::Added(merged) = &outcome {
        let same = |pair: &(u8, u8)| pair.0 == pair.1;
        let start = text.bytes().zip(merged.bytes()).take_while(same).count();
        let end = text.bytes().rev().zip(merged.bytes().rev()).take_while(same).count();
        assert!(merged.len() > text.len() && start + end >= text.len(), "not one piece was put in: {merged}");
        assert_eq!(merge(merged, PATH, "true"), Merge::AlreadyThere, "{merged}");
    }
    // Where the text is plain JSON, another parser has the same opinion. A reference may hold anything, quotes as well.
    if !text.contains("{env:")
        && !text.contains("{file:")
        && let Ok(Value::Object(own)) = serde_json::from_str(text)
    {
        agrees(&outcome, own);
    }
    match outcome {
        Merge::Added(_) | Merge::AlreadyThere | Merge::SaysOtherwise(_) => Reading::Accepted,
        Merge::Impossible(_) => Reading::Refused,
    }
}

fn agrees(outcome: &Merge, own: serde_json::Map<String, Value>) {
    let (outer, inner) = (PATH[0], PATH[1]);
    match outcome {
        Merge::Added(merged) => {
            let mut expected = own;
            let below = expected.entry(outer).or_insert_with(|| Value::Object(serde_json::Map::new()));
            let below = below.as_object_mut().expect("there is an object to put it into");
            assert_eq!(below.insert(inner.to_owned(), Value::Bool(true)), None);
            assert_eq!(serde_json::from_str::<Value>(merged).unwrap(), Value::Object(expected), "{merged}");
        }
        Merge::AlreadyThere => assert_eq!(own[outer][inner], Value::Bool(true)),
        Merge::SaysOtherwise(_) => assert!(own[outer].get(inner).is_none_or(|said| *said != Value::Bool(true))),
        Merge::Impossible(why) => panic!("JSON {why}"),
    }
}
