//! `tracestate`: what is passed on is a valid list of whole members of what came.

use otel_run::context::tracestate::accept;

use super::Reading;

/// The input is the value.
pub fn check(data: &[u8]) -> Reading {
    let Ok(text) = std::str::from_utf8(data) else { return Reading::Refused };
    let came = members(text);
    match accept(text) {
        Ok(None) => {
            assert!(came.is_empty());
            Reading::Accepted
        }
        Ok(Some(passed)) => {
            assert!(came.iter().all(|member| is_valid(member)), "an invalid member was taken");
            let kept = members(&passed);
            assert_eq!(kept.len(), came.len().min(32));
            if came.len() <= 32 {
                assert_eq!(passed, text);
            }
            let mut rest = came.iter();
            assert!(kept.iter().all(|member| rest.any(|other| other == member)), "members were changed or moved");
            assert_eq!(accept(&passed), Ok(Some(passed.as_ref().into())));
            Reading::Accepted
        }
        Err(reason) => {
            assert!(!came.iter().all(|member| is_valid(member)), "refused: {reason}");
            assert!(reason.to_string().len() < 150);
            Reading::Refused
        }
    }
}

fn members(text: &str) -> Vec<&str> {
    text.split(',').map(|member| member.trim_matches([' ', '\t'])).filter(|member| !member.is_empty()).collect()
}

/// The grammar of W3C Trace Context level 2, sections 3.3.2.2.1 and 3.3.2.2.2.
fn is_valid(member: &str) -> bool {
    let Some((key, value)) = member.split_once('=') else { return false };
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let of_key = |byte: u8| lower(byte) || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@');
    let of_value = |byte: u8| matches!(byte, 0x20..=0x2b | 0x2d..=0x3c | 0x3e..=0x7e);
    (1..=256).contains(&key.len())
        && (1..=256).contains(&value.len())
        && key.bytes().next().is_some_and(lower)
        && key.bytes().all(of_key)
        && value.bytes().all(of_value)
}
