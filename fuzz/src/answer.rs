//! What an upstream answers: any bytes of it are read or refused, and what was read is written and read the same.

use otel_run::otlp::status::{Code, Status, decode_response, encode_response};
use otel_run::otlp::{Encoding, Signal};

use super::Reading;

/// The first byte of the input says which encoding and which signal it is; the rest is the body.
pub fn check(data: &[u8]) -> Reading {
    let Some((choice, body)) = data.split_first() else { return Reading::Refused };
    let encoding = [Encoding::Protobuf, Encoding::Json][usize::from(choice & 1)];
    let signal = Signal::ALL[usize::from(choice >> 1) % 3];

    let status = Status::decode(encoding, body);
    if let Ok(status) = &status {
        assert!(Code::ALL.contains(&status.code));
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let again = Status::decode(encoding, &status.encode(encoding)).expect("what was written is read");
            assert_eq!((again.code, &again.message), (status.code, &status.message));
            // JSON has the delay as a number of seconds, whose last digits a very long one has no room for.
            match (again.retry_delay, status.retry_delay) {
                (Some(again), Some(delay)) if encoding == Encoding::Json => {
                    let (again, delay) = (again.as_secs_f64(), delay.as_secs_f64());
                    assert!((again - delay).abs() <= delay * f64::EPSILON * 4.0, "{again} {delay}");
                }
                (again, delay) => assert_eq!(again, delay),
            }
        }
    }
    let response = decode_response(signal, encoding, body);
    if let Ok(partial) = &response {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let written = encode_response(signal, encoding, partial.as_ref());
            assert_eq!(decode_response(signal, encoding, &written), Ok(partial.clone()));
        }
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = Status::from_details_trailer(text);
    }
    if status.is_ok() || response.is_ok() { Reading::Accepted } else { Reading::Refused }
}
