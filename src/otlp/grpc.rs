//! gRPC over HTTP/2 as far as the unary calls of OTLP need it: the frame of a message, deadlines, texts in headers.

use std::time::Duration;

/// Bytes in front of a message: a flag, and four of length.
pub const PREFIX_BYTES: usize = 5;

/// Why a body is not one framed message, as that of a unary call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// There is nothing.
    #[error("the call has no message")]
    Missing,
    /// It ends before its message does.
    #[error("the message is cut off")]
    Truncated,
    /// Something stands behind the message.
    #[error("the call has more than one message")]
    Several,
    /// The flag is neither 0 nor 1.
    #[error("the message has the compressed-flag {0}, which is neither 0 nor 1")]
    BadFlag(u8),
}

/// What the body of a unary call holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Whether the bytes are compressed, by what `grpc-encoding` names.
    pub compressed: bool,
    /// The bytes behind the prefix.
    pub bytes: &'a [u8],
}

/// Takes the one message out of the body of a unary call (gRPC over HTTP/2, "Length-Prefixed-Message").
///
/// # Errors
///
/// When the body is not one whole message.
pub fn unframe(body: &[u8]) -> Result<Message<'_>, FrameError> {
    let Some((prefix, bytes)) = body.split_first_chunk::<PREFIX_BYTES>() else {
        return Err(if body.is_empty() { FrameError::Missing } else { FrameError::Truncated });
    };
    let [flag, length @ ..] = *prefix;
    if flag > 1 {
        return Err(FrameError::BadFlag(flag));
    }
    match bytes.len().cmp(&(u32::from_be_bytes(length) as usize)) {
        std::cmp::Ordering::Less => Err(FrameError::Truncated),
        std::cmp::Ordering::Equal => Ok(Message { compressed: flag == 1, bytes }),
        std::cmp::Ordering::Greater => Err(FrameError::Several),
    }
}

/// The body of a unary call, or of its answer. A message has less than 4 GiB.
pub fn frame(message: Message<'_>) -> Vec<u8> {
    let mut body = Vec::with_capacity(PREFIX_BYTES + message.bytes.len());
    body.push(u8::from(message.compressed));
    body.extend_from_slice(&(message.bytes.len() as u32).to_be_bytes());
    body.extend_from_slice(message.bytes);
    body
}

/// Reads the value of `grpc-timeout`: at most eight digits and a unit; none where it is something else.
pub fn timeout(value: &str) -> Option<Duration> {
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(3600 * number)),
        "M" => Some(Duration::from_secs(60 * number)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// A text as `grpc-message` holds it (gRPC over HTTP/2, "Responses"): printable ASCII, everything else as `%` and two
/// hexadecimal digits a byte.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The inverse of [`percent_encoded`]. What is no valid escape stays as it is.
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let decoded = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match decoded {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bodies() {
        let whole = |compressed, bytes| Ok(Message { compressed, bytes });
        let cases: [(&[u8], Result<Message<'_>, FrameError>); 10] = [
            (b"\0\0\0\0\0", whole(false, b"")),
            (b"\x01\0\0\0\x02ab", whole(true, b"ab")),
            (b"", Err(FrameError::Missing)),
            (b"\0", Err(FrameError::Truncated)),
            (b"\0\0\0\0", Err(FrameError::Truncated)),
            (b"\0\0\0\0\x02a", Err(FrameError::Truncated)),
            (b"\0\xff\xff\xff\xffa", Err(FrameError::Truncated)),
            (b"\0\0\0\0\x01ab", Err(FrameError::Several)),
            (b"\0\0\0\0\0\0\0\0\0\0", Err(FrameError::Several)),
            (b"\x02\0\0\0\0", Err(FrameError::BadFlag(2))),
        ];
        for (body, expected) in cases {
            assert_eq!(unframe(body), expected, "{body:?}");
        }
    }

    #[test]
    fn timeouts() {
        let cases = [
            ("1H", Some(Duration::from_secs(3600))),
            ("2M", Some(Duration::from_secs(120))),
            ("99999999S", Some(Duration::from_secs(99_999_999))),
            ("0S", Some(Duration::ZERO)),
            ("250m", Some(Duration::from_millis(250))),
            ("1u", Some(Duration::from_micros(1))),
            ("1n", Some(Duration::from_nanos(1))),
            ("", None),
            ("S", None),
            ("1", None),
            ("1s", None),
            ("-1S", None),
            ("+1S", None),
            ("1.5S", None),
            ("100000000S", None),
            ("1é", None),
        ];
        for (value, expected) in cases {
            assert_eq!(timeout(value), expected, "{value:?}");
        }
    }

    #[test]
    fn texts_in_headers() {
        assert_eq!(percent_encoded("100 % für alle\n"), "100 %25 f%C3%BCr alle%0A");
        assert_eq!(percent_decoded("100 %25 f%C3%BCr alle%0A"), "100 % für alle\n");
        assert_eq!(percent_decoded("100 % of %zz and %4"), "100 % of %zz and %4");
    }

    proptest! {
        #[test]
        fn what_is_framed_is_unframed(compressed: bool, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let message = Message { compressed, bytes: &bytes };
            let body = frame(message);
            prop_assert_eq!(unframe(&body), Ok(message));
            for cut in 1..body.len() {
                prop_assert_eq!(unframe(&body[..cut]), Err(FrameError::Truncated));
            }
            let twice = body.repeat(2);
            prop_assert_eq!(unframe(&twice), Err(FrameError::Several));
        }

        #[test]
        fn only_what_frame_makes_is_taken(body in prop::collection::vec(any::<u8>(), 0..12)) {
            if let Ok(message) = unframe(&body) {
                prop_assert_eq!(frame(message), body);
            }
        }

        #[test]
        fn any_text_survives_a_header(text in "\\PC*|[%0-9a-f]*") {
            let encoded = percent_encoded(&text);
            prop_assert!(encoded.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(percent_decoded(&encoded), text);
        }

        #[test]
        fn any_timeout_is_read_without_panic(value in "[0-9]{0,10}[HMSmun]|\\PC*") {
            let _ = timeout(&value);
        }
    }
}
