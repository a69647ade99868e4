//! `traceparent`: what is read is printed as a valid one that says the same, and nothing valid is refused.

use otel_run::context::Traceparent;

use super::Reading;

/// The input is the value.
pub fn check(data: &[u8]) -> Reading {
    let Ok(text) = std::str::from_utf8(data) else { return Reading::Refused };
    let trimmed = text.trim_matches([' ', '\t']);
    match Traceparent::parse(text) {
        Ok(read) => {
            assert!(is_valid(trimmed), "read though it is invalid");
            let printed = read.to_string();
            assert!(is_valid(&printed) && printed.starts_with("00-") && printed.len() == 55, "printed {printed}");
            assert_eq!(Traceparent::parse(&printed), Ok(read));
            assert_eq!(printed[2..53], trimmed[2..53], "other ids");
            assert_eq!(read.flags(), u8::from_str_radix(&trimmed[53..55], 16).unwrap() & 3);
            Reading::Accepted
        }
        Err(reason) => {
            assert!(!is_valid(trimmed), "refused: {reason}");
            assert!(reason.to_string().len() < 100);
            Reading::Refused
        }
    }
}

/// The grammar of W3C Trace Context level 2, sections 3.2.2 and 3.2.4, part by part.
fn is_valid(text: &str) -> bool {
    let mut parts = text.splitn(5, '-');
    let mut digits = |count: usize| {
        let part = parts.next().unwrap_or_default();
        let hex = part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        (part.len() == count && hex).then_some(part)
    };
    let fields = (digits(2), digits(32), digits(16), digits(2));
    let (Some(version), Some(trace_id), Some(parent_id), Some(_)) = fields else { return false };
    let has_id = |id: &str| id.bytes().any(|digit| digit != b'0');
    version != "ff" && has_id(trace_id) && has_id(parent_id) && (version != "00" || parts.next().is_none())
}
