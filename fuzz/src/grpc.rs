//! The frame of a unary gRPC request: it holds one message, and that is taken out as it was put in.

use otel_run::otlp::grpc::{self, FrameError, Message};

use super::Reading;

/// Behind its first byte the input is a body, and a message to be framed.
pub fn check(data: &[u8]) -> Reading {
    let Some((_, data)) = data.split_first() else { return Reading::Refused };
    for compressed in [false, true] {
        let message = Message { compressed, bytes: data };
        let frame = grpc::frame(message);
        assert_eq!(grpc::unframe(&frame), Ok(message));
        for cut in [1, 4, frame.len() - 1] {
            assert_eq!(grpc::unframe(&frame[..cut]), Err(FrameError::Truncated));
        }
        assert_eq!(grpc::unframe(&[&frame[..], &[0]].concat()), Err(FrameError::Several));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = grpc::timeout(text);
        let encoded = grpc::percent_encoded(text);
        assert!(encoded.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        assert_eq!(grpc::percent_decoded(&encoded), text);
        let _ = grpc::percent_decoded(text);
    }
    match grpc::unframe(data) {
        Ok(message) => {
            assert_eq!(grpc::frame(message), data);
            Reading::Accepted
        }
        Err(error) => {
            assert!(error.to_string().len() < 200);
            Reading::Refused
        }
    }
}
