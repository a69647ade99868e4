//! Protobuf as it is read from the wire: what prost takes is taken and means the same, also by way of JSON.

use otel_run::otlp::wire::{self, Reader, Value, WireError};
use otel_run::otlp::{Signal, json};
use prost::Message;

use super::Reading;
use super::otlp::Request;

/// The first byte of the input says which signal it is; the rest is the request.
pub fn check(data: &[u8]) -> Reading {
    let Some((choice, request)) = data.split_first() else { return Reading::Refused };
    let signal = Signal::ALL[usize::from(choice % 3)];
    fields(request);

    let encoded = json::encode(signal, request);
    let Ok(expected) = Request::decode(signal, request) else { return Reading::Refused };
    let json = match encoded {
        Ok(json) => json,
        // OTLP has no groups, and prost goes one level deeper.
        Err(WireError::BadWireType(3 | 4) | WireError::TooDeep) => return Reading::Refused,
        Err(error) => panic!("{error}"),
    };
    match json::decode(signal, json.as_bytes()) {
        Ok(protobuf) => {
            let read = Request::decode(signal, &protobuf).expect("what is written is protobuf");
            assert_eq!(read.shown(), expected.shown(), "{json}");
            Reading::Accepted
        }
        Err(error) => {
            // JSON has no room for ids of another length, nor for more levels than a reader of JSON goes.
            let id = error.path.ends_with("Id") && error.reason.contains("hex digits where");
            assert!(id || error.reason == "recursion limit exceeded", "{error}\n{json}");
            Reading::Refused
        }
    }
}

/// Every byte belongs to one field, each is written as it was read, and prost has the same opinion of what is a field.
fn fields(message: &[u8]) {
    let (mut copied, mut written, mut read) = (Vec::new(), Vec::new(), Vec::new());
    let mut reader = Reader::new(message);
    let outcome = loop {
        match reader.next_field() {
            Ok(Some(field)) => {
                copied.extend_from_slice(field.raw);
                match field.value {
                    Value::Varint(value) => wire::put_varint_field(&mut written, field.number, value),
                    Value::Fixed64(value) => wire::put_fixed64_field(&mut written, field.number, value),
                    Value::Fixed32(value) => wire::put_fixed32_field(&mut written, field.number, value),
                    Value::Bytes(bytes) => wire::put_bytes_field(&mut written, field.number, bytes),
                }
                read.push((field.number, field.value));
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    match outcome {
        Ok(()) => assert_eq!(copied, message),
        Err(_) => assert!(message.starts_with(&copied) && reader.rest().is_empty()),
    }
    assert!(written.len() <= copied.len(), "longer than it came");
    let again: Vec<_> = Reader::new(&written).map(|field| field.expect("what is written is read")).collect();
    assert!(again.iter().map(|field| (field.number, field.value)).eq(read));
    match outcome {
        Err(WireError::BadWireType(3 | 4)) => {}
        outcome => assert_eq!(outcome.is_ok(), <()>::decode(message).is_ok(), "{outcome:?}"),
    }
}
