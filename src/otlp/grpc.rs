//! The frame around a message of gRPC ("gRPC over HTTP2", `Length-Prefixed-Message`).

use std::borrow::Cow;

use super::gzip::{GunzipError, gunzip};

/// Why bytes are not one message of gRPC that can be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// There is less than one message, or more.
    #[error("the body is not one gRPC message")]
    NotOneMessage,
    /// It is compressed, and not with gzip.
    #[error("messages can be compressed with gzip, or not at all")]
    UnknownCompression,
    /// It cannot be decompressed.
    #[error(transparent)]
    Gunzip(#[from] GunzipError),
}

/// Takes the one message out of the body of a unary request: a flag, four bytes of length (big-endian), the message.
/// `encoding` is the header `grpc-encoding`, which counts where the flag says that the message is compressed; it may be
/// `limit` bytes long when it is decompressed.
///
/// # Errors
///
/// When the body is not one message, or cannot be decompressed.
pub fn unframed<'a>(body: &'a [u8], encoding: Option<&str>, limit: usize) -> Result<Cow<'a, [u8]>, FrameError> {
    let ([flag, length @ ..], message) = body.split_first_chunk::<5>().ok_or(FrameError::NotOneMessage)?;
    if message.len() != u32::from_be_bytes(*length) as usize {
        return Err(FrameError::NotOneMessage);
    }
    match (flag, encoding) {
        (0, _) => Ok(Cow::Borrowed(message)),
        (1, Some("gzip")) => Ok(Cow::Owned(gunzip(message, limit)?)),
        _ => Err(FrameError::UnknownCompression),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_message_is_taken_out_of_its_frame() {
        assert_eq!(unframed(b"\0\0\0\0\0", None, 0).unwrap(), &b""[..]);
        assert_eq!(unframed(b"\0\0\0\0\x02ab", Some("snappy"), 0).unwrap(), &b"ab"[..]);
    }

    #[test]
    fn what_is_no_frame_is_told_from_what_cannot_be_decompressed() {
        for (body, encoding, expected) in [
            (&b""[..], None, "the body is not one gRPC message"),
            (b"\0\0\0\0", None, "the body is not one gRPC message"),
            (b"\0\0\0\0\x01", None, "the body is not one gRPC message"),
            (b"\0\0\0\0\0\0\0\0\0\0", None, "the body is not one gRPC message"),
            (b"\x01\0\0\0\x01a", None, "messages can be compressed with gzip, or not at all"),
            (b"\x01\0\0\0\x01a", Some("snappy"), "messages can be compressed with gzip, or not at all"),
            (b"\x02\0\0\0\x01a", Some("gzip"), "messages can be compressed with gzip, or not at all"),
        ] {
            assert_eq!(unframed(body, encoding, 9).unwrap_err().to_string(), expected, "{body:?}");
        }
        let error = unframed(b"\x01\0\0\0\x03abc", Some("gzip"), 9).unwrap_err().to_string();
        assert!(error.starts_with("the body is not gzip: "), "{error}");
    }
}
