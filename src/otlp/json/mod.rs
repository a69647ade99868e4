//! OTLP/JSON to protobuf and back (OTLP, "JSON Protobuf Encoding", on top of the JSON mapping of proto3).
//!
//! Both directions go straight from bytes to bytes along the tables of [`super::schema`]; no message is built in
//! between.

mod decode;
mod encode;
mod text;

pub use decode::{JsonError, decode, decode_message};
pub(super) use encode::put_string;
pub use encode::{encode, encode_message};
pub use text::base64;
pub(super) use text::put_base64;

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;
