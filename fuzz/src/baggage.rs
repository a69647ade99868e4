//! `baggage`: what is passed on is within the limits and made of whole members of what came.

use otel_run::context::baggage::accept;

use super::Reading;

/// The input is the value.
pub fn check(data: &[u8]) -> Reading {
    let Ok(text) = std::str::from_utf8(data) else { return Reading::Refused };
    let accepted = accept(text);
    let (came, kept) = (members(text), members(&accepted.text));
    assert!(kept.len() <= 64 && accepted.text.len() <= 8192);
    assert_eq!(kept.len() + accepted.dropped, came.len());
    assert!(accepted.malformed <= came.len());
    if came.len() <= 64 && text.len() <= 8192 {
        assert_eq!(accepted.text, text, "a list within the limits was changed");
    }
    let mut rest = came.iter();
    assert!(kept.iter().all(|member| rest.any(|other| other == member)), "members were changed or moved");
    let again = accept(&accepted.text);
    assert_eq!((again.text.as_ref(), again.dropped), (accepted.text.as_ref(), 0));
    if accepted.dropped > 0 {
        assert_eq!(again.malformed, 0, "a malformed member was preferred to a well-formed one");
    }
    if accepted.malformed == 0 { Reading::Accepted } else { Reading::Refused }
}

fn members(text: &str) -> Vec<&str> {
    text.split(',').filter(|member| !member.trim_matches([' ', '\t']).is_empty()).collect()
}
