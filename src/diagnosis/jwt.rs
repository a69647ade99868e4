//! When a token ends, if it is one that says so (RFC 7519, "exp" and "nbf"). Its signature is the backend's to check.

use crate::otlp::json::base64;

/// What a token says of its own time, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    /// From when on it holds no more.
    pub(super) ends: Option<i64>,
    /// From when on it holds.
    pub(super) begins: Option<i64>,
}

/// The times in the value of a header, with the name of a scheme in front or without; none where it is no such token.
pub(super) fn times(value: &str) -> Option<Times> {
    let token = value.split_whitespace().last()?;
    let mut parts = token.split('.');
    let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !is_object(header) {
        return None;
    }
    let payload: serde_json::Value = serde_json::from_slice(&base64(payload)?).ok()?;
    // Some write them with a fraction.
    #[allow(clippy::cast_possible_truncation)]
    let seconds = |name: &str| payload.get(name)?.as_f64().map(|seconds| seconds as i64);
    payload.is_object().then(|| Times { ends: seconds("exp"), begins: seconds("nbf") })
}

fn is_object(part: &str) -> bool {
    let read = |bytes: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&bytes).ok();
    base64(part).and_then(read).is_some_and(|value| value.is_object())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    // {"alg":"HS256","typ":"JWT"} and {"exp":1700000000,"nbf":1600000000}
    const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE3MDAwMDAwMDAsIm5iZiI6MTYwMDAwMDAwMH0.c2ln";

    #[test]
    fn tokens_tell_their_times() {
        let times_of_it = Times { ends: Some(1_700_000_000), begins: Some(1_600_000_000) };
        assert_eq!(times(TOKEN), Some(times_of_it));
        assert_eq!(times(&format!("Bearer {TOKEN}")), Some(times_of_it));
        // {"exp":1700000000.5}, {}, {"exp":"soon"}
        for (payload, ends) in
            [("eyJleHAiOjE3MDAwMDAwMDAuNX0", Some(1_700_000_000)), ("e30", None), ("eyJleHAiOiJzb29uIn0", None)]
        {
            let token = format!("e30.{payload}.");
            assert_eq!(times(&token), Some(Times { ends, begins: None }), "{payload}");
        }
    }

    #[test]
    fn anything_else_is_no_token() {
        for text in
            ["", "Bearer", "Bearer abc", "a.b.c", "e30.e30", "e30.e30.e30.e30", "e30.W10.", "W10.e30.", "glc_a.b.c"]
        {
            assert_eq!(times(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,40}(\\.\\PC{0,40}){0,3}") {
            let _ = times(&text);
        }
    }
}
