//! What a trace must look like as a whole.

use std::collections::{HashMap, HashSet};

use opentelemetry_proto::tonic::trace::v1::Span;

use super::hex;

/// Fails unless all spans are in the trace `trace_id`, no id comes twice, exactly one span hangs on `parent_id`, and
/// every other reaches that one through parents that are there. Gives that one.
#[track_caller]
pub fn assert_one_tree<'a>(spans: &'a [Span], trace_id: &str, parent_id: &str) -> &'a Span {
    assert!(!spans.is_empty(), "there is no span");
    let strangers: HashSet<_> = spans.iter().map(|span| hex(&span.trace_id)).filter(|id| id != trace_id).collect();
    assert!(strangers.is_empty(), "spans in other traces than {trace_id}: {strangers:?}");
    let mut by_id = HashMap::new();
    for span in spans {
        assert!(by_id.insert(hex(&span.span_id), span).is_none(), "span {} ({}) twice", hex(&span.span_id), span.name);
    }
    let tops: Vec<_> = spans.iter().filter(|span| hex(&span.parent_span_id) == parent_id).collect();
    let [top] = tops[..] else {
        let names: Vec<_> = tops.iter().map(|span| &span.name).collect();
        panic!("{} spans hang on {parent_id}: {names:?}", tops.len());
    };
    for span in spans {
        let mut seen = HashSet::new();
        let mut at = span;
        while !std::ptr::eq(at, top) {
            assert!(seen.insert(hex(&at.span_id)), "{} is its own ancestor", span.name);
            let parent = hex(&at.parent_span_id);
            at = by_id.get(&parent).unwrap_or_else(|| {
                panic!(
                    "{} does not reach the top: {} has the parent {parent:?}, which is not there",
                    span.name, at.name
                )
            });
        }
    }
    top
}

/// How many spans have this name.
pub fn named(spans: &[Span], name: &str) -> usize {
    spans.iter().filter(|span| span.name == name).count()
}
