//! What a backend's answer means for the batch that it answers: pure.

use std::time::Duration;

use crate::otlp::status::{Code, is_retryable_http};

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The backend has it, but for `rejected` items that it will never take.
    Taken {
        /// Items that were refused for good.
        rejected: u64,
        /// What the backend said about it.
        remark: Option<String>,
    },
    /// The backend will never take this data.
    Refused {
        /// Why, in words.
        reason: String,
    },
    /// The backend does not take so much at once.
    TooLarge {
        /// Why, in words.
        reason: String,
    },
    /// The backend wants other credentials.
    Unauthorized {
        /// Why, in words.
        reason: String,
    },
    /// The backend takes nothing as it is configured: path, protocol.
    Closed {
        /// Why, in words.
        reason: String,
    },
    /// Nobody answered.
    Unreachable {
        /// Why, in words.
        reason: String,
    },
    /// The backend asks to come again.
    Busy {
        /// Why, in words.
        reason: String,
        /// When, if it said so.
        retry_after: Option<Duration>,
    },
}

impl Answer {
    /// The same with other words.
    pub(super) fn reworded(mut self, reword: impl FnOnce(&str) -> Option<String>) -> Self {
        let words = match &mut self {
            Answer::Taken { remark, .. } => remark.as_mut(),
            Answer::Refused { reason }
            | Answer::TooLarge { reason }
            | Answer::Unauthorized { reason }
            | Answer::Closed { reason }
            | Answer::Unreachable { reason }
            | Answer::Busy { reason, .. } => Some(reason),
        };
        if let Some(words) = words
            && let Some(other) = reword(words)
        {
            *words = other;
        }
        self
    }
}

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date that is compared with `now`.
pub(super) fn retry_after(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value.trim()).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// The meaning of an HTTP status other than 200 (OTLP/HTTP, "Failures"). `said` is the message of the body, if any.
pub(super) fn of_http_status(status: u16, said: Option<&str>, retry_after: Option<Duration>) -> Answer {
    let said = said.map(|said| format!(": {}", shorten(said))).unwrap_or_default();
    let reason = |what: &str| format!("the backend answered {status}{what}{said}");
    match status {
        _ if is_retryable_http(status) => Answer::Busy { reason: reason(""), retry_after },
        400 | 422 => Answer::Refused { reason: reason("") },
        413 => Answer::TooLarge { reason: reason("") },
        401 | 403 => Answer::Unauthorized { reason: reason(" (check the credentials in the headers)") },
        404 | 405 => Answer::Closed {
            reason: reason(
                " (check the path of the endpoint; where it takes other signals but not this one, say which with --signals)",
            ),
        },
        415 => Answer::Closed { reason: reason(" (check the protocol)") },
        300..400 => Answer::Closed { reason: reason(" (a redirect, which OTLP does not follow)") },
        _ => Answer::Closed { reason: reason("") },
    }
}

/// The meaning of an HTTP status other than 200 where gRPC is spoken ("HTTP to gRPC Status Code Mapping"): it comes from
/// something on the way, so none of them says anything about the data.
pub(super) fn of_http_status_on_grpc(status: u16) -> Answer {
    match of_http_status(status, None, None) {
        Answer::Refused { reason } | Answer::TooLarge { reason } => {
            Answer::Closed { reason: format!("{reason} (check endpoint and protocol)") }
        }
        other => other,
    }
}

/// The meaning of a gRPC status other than OK (OTLP/gRPC, "Failures").
pub(super) fn of_grpc_status(code: Code, said: &str, retry_after: Option<Duration>) -> Answer {
    let said = if said.is_empty() { String::new() } else { format!(": {}", shorten(said)) };
    let reason = |what: &str| format!("the backend answered {}{what}{said}", code.name());
    if code.is_retryable(retry_after) {
        return Answer::Busy { reason: reason(""), retry_after };
    }
    match code {
        Code::InvalidArgument | Code::AlreadyExists => Answer::Refused { reason: reason("") },
        Code::PermissionDenied | Code::Unauthenticated => {
            Answer::Unauthorized { reason: reason(" (check the credentials in the headers)") }
        }
        // Without a word when to come again the message was too large (OTLP/gRPC, "Failures").
        Code::ResourceExhausted => Answer::TooLarge { reason: reason("") },
        Code::Unimplemented => Answer::Closed { reason: reason(" (check endpoint and protocol)") },
        _ => Answer::Closed { reason: reason("") },
    }
}

/// Cuts what a backend said to one short line without control characters.
fn shorten(said: &str) -> String {
    let line: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn kind_of(answer: Answer) -> (&'static str, String) {
        match answer {
            Answer::Refused { reason } => ("refused", reason),
            Answer::TooLarge { reason } => ("too large", reason),
            Answer::Unauthorized { reason } => ("unauthorized", reason),
            Answer::Closed { reason } => ("closed", reason),
            Answer::Busy { reason, .. } => ("busy", reason),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn http_statuses() {
        for (status, kind) in [
            (400, "refused"),
            (401, "unauthorized"),
            (403, "unauthorized"),
            (404, "closed"),
            (405, "closed"),
            (408, "closed"),
            (413, "too large"),
            (415, "closed"),
            (429, "busy"),
            (301, "closed"),
            (302, "closed"),
            (202, "closed"),
            (500, "closed"),
            (501, "closed"),
            (502, "busy"),
            (503, "busy"),
            (504, "busy"),
        ] {
            let answer = of_http_status(status, Some("no\nway"), None);
            let (found, reason) = kind_of(answer);
            assert_eq!(found, kind, "{status}");
            assert!(reason.contains(&status.to_string()) && reason.ends_with("no way"), "{reason}");
        }
    }

    #[test]
    fn no_http_status_refuses_the_data_of_grpc() {
        for status in [400, 404, 413, 422, 500] {
            assert!(matches!(of_http_status_on_grpc(status), Answer::Closed { .. }), "{status}");
        }
        for status in [429, 502, 503, 504] {
            assert!(matches!(of_http_status_on_grpc(status), Answer::Busy { .. }), "{status}");
        }
    }

    #[test]
    fn grpc_statuses() {
        for (code, retry, kind) in [
            (1, None, "busy"),
            (2, None, "closed"),
            (3, None, "refused"),
            (4, None, "busy"),
            (5, None, "closed"),
            (6, None, "refused"),
            (7, None, "unauthorized"),
            (8, None, "too large"),
            (8, Some(Duration::from_secs(1)), "busy"),
            (9, None, "closed"),
            (10, None, "busy"),
            (11, None, "busy"),
            (12, None, "closed"),
            (13, None, "closed"),
            (14, None, "busy"),
            (15, None, "busy"),
            (16, None, "unauthorized"),
            (99, None, "closed"),
        ] {
            assert_eq!(kind_of(of_grpc_status(Code::from_number(code), "", retry)).0, kind, "{code}");
        }
    }

    #[test]
    fn retry_after_in_both_forms() {
        let now: jiff::Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Fri, 20 Nov 2026 10:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Fri, 20 Nov 2026 09:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }
}
