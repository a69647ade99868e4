//! The frame of a unary gRPC request: it holds one message, and that is taken out as it was put in.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use otel_run::otlp::grpc::{FrameError, unframed};

use super::Reading;

/// The largest message; small, so that inputs reach it.
const LIMIT: usize = 1 << 16;

/// The first byte of the input says which `grpc-encoding` there is; the rest is the body.
pub fn check(data: &[u8]) -> Reading {
    let Some((choice, body)) = data.split_first() else { return Reading::Refused };
    let encoding = [None, Some("gzip"), Some("identity"), Some("snappy")][usize::from(choice % 4)];

    for (frame, encoding) in [(frame(0, body), encoding), (frame(1, &gzip(body)), Some("gzip"))] {
        assert_eq!(unframed(&frame, encoding, LIMIT).expect("a whole frame").as_ref(), body);
        for cut in [0, 4, frame.len() - 1] {
            assert!(matches!(unframed(&frame[..cut], encoding, LIMIT), Err(FrameError::NotOneMessage)));
        }
    }

    match unframed(body, encoding, LIMIT) {
        Ok(message) => {
            assert_eq!(u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize, body.len() - 5);
            assert!(message.len() <= LIMIT);
            match (body[0], encoding) {
                (0, _) => assert_eq!(message, &body[5..]),
                (1, Some("gzip")) => assert_eq!(Some(message.into_owned()), inflated(&body[5..])),
                other => panic!("{other:?} was read"),
            }
            Reading::Accepted
        }
        Err(error) => {
            assert!(error.to_string().len() < 200);
            Reading::Refused
        }
    }
}

fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("inputs are short").to_be_bytes();
    [&[flag], &length[..], message].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything")
}

fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut plain).ok().map(|_| plain)
}
