//! What a receiver of OTLP answers: export responses, `google.rpc.Status`, and what may be tried again.

use std::time::Duration;

use super::json::{self, JsonError};
use super::schema;
use super::wire::{self, Reader, Value, WireError};
use super::{Encoding, Signal};

/// A gRPC status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs, reason = "the names are those of gRPC, where each is explained")]
pub enum Code {
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

impl Code {
    /// All codes, each at the position of its number.
    pub const ALL: [Code; 17] = [
        Code::Ok,
        Code::Cancelled,
        Code::Unknown,
        Code::InvalidArgument,
        Code::DeadlineExceeded,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
        Code::Unauthenticated,
    ];

    /// The code of this number; numbers that gRPC does not know count as `UNKNOWN`, as gRPC has it.
    pub fn from_number(number: i64) -> Self {
        usize::try_from(number).ok().and_then(|number| Self::ALL.get(number)).copied().unwrap_or(Code::Unknown)
    }

    /// The number, as in the trailer `grpc-status`.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The name, as in `INVALID_ARGUMENT`.
    pub fn name(self) -> &'static str {
        match self {
            Code::Ok => "OK",
            Code::Cancelled => "CANCELLED",
            Code::Unknown => "UNKNOWN",
            Code::InvalidArgument => "INVALID_ARGUMENT",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::NotFound => "NOT_FOUND",
            Code::AlreadyExists => "ALREADY_EXISTS",
            Code::PermissionDenied => "PERMISSION_DENIED",
            Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Code::FailedPrecondition => "FAILED_PRECONDITION",
            Code::Aborted => "ABORTED",
            Code::OutOfRange => "OUT_OF_RANGE",
            Code::Unimplemented => "UNIMPLEMENTED",
            Code::Internal => "INTERNAL",
            Code::Unavailable => "UNAVAILABLE",
            Code::DataLoss => "DATA_LOSS",
            Code::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// Whether a request that was answered so may be sent again (OTLP/gRPC, "Failures"). `retry_delay` is what the
    /// answer's `RetryInfo` said: without one, `RESOURCE_EXHAUSTED` means that the request will never be taken.
    pub fn is_retryable(self, retry_delay: Option<Duration>) -> bool {
        match self {
            Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unavailable
            | Code::DataLoss => true,
            Code::ResourceExhausted => retry_delay.is_some(),
            Code::Ok
            | Code::Unknown
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::Unimplemented
            | Code::Internal
            | Code::Unauthenticated => false,
        }
    }
}

/// Whether a request that was answered with this HTTP status may be sent again (OTLP/HTTP, "Retryable Response Codes").
pub fn is_retryable_http(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// Why bytes are not the answer that they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Not the JSON of the message.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// Not protobuf.
    #[error("{0}")]
    Wire(#[from] WireError),
}

/// The `google.rpc.Status` that is the body of every 4xx and 5xx answer (OTLP/HTTP, "Failures").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What kind of failure it is.
    pub code: Code,
    /// A sentence for the developer.
    pub message: String,
    /// The least wait before the next try, from `google.rpc.RetryInfo`.
    pub retry_delay: Option<Duration>,
}

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

impl Status {
    /// A status without a delay.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_delay: None }
    }

    /// The body in `encoding`.
    pub fn encode(&self, encoding: Encoding) -> Vec<u8> {
        match encoding {
            Encoding::Protobuf => self.to_protobuf(),
            Encoding::Json => self.to_json().into_bytes(),
        }
    }

    fn to_protobuf(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.code != Code::Ok {
            wire::put_varint_field(&mut out, 1, self.code as u64);
        }
        if !self.message.is_empty() {
            wire::put_string_field(&mut out, 2, &self.message);
        }
        if let Some(delay) = self.retry_delay {
            wire::put_message(&mut out, 3, 60, |out| {
                wire::put_string_field(out, 1, RETRY_INFO);
                wire::put_message(out, 2, 16, |out| wire::put_message(out, 1, 14, |out| put_duration(out, delay)));
            });
        }
        out
    }

    fn to_json(&self) -> String {
        let mut out = format!("{{\"code\":{},\"message\":", self.code.number());
        json::put_string(&mut out, &self.message);
        if let Some(delay) = self.retry_delay {
            let (seconds, nanos) = (delay.as_secs(), delay.subsec_nanos());
            let fraction = if nanos == 0 { String::new() } else { format!(".{nanos:09}") };
            out.push_str(&format!(
                ",\"details\":[{{\"@type\":\"{RETRY_INFO}\",\"retryDelay\":\"{seconds}{fraction}s\"}}]"
            ));
        }
        out.push('}');
        out
    }

    /// Reads a body. Details other than `RetryInfo` are passed over.
    pub fn decode(encoding: Encoding, body: &[u8]) -> Result<Self, AnswerError> {
        match encoding {
            Encoding::Protobuf => Ok(Self::from_protobuf(body)?),
            Encoding::Json => Self::from_json(body),
        }
    }

    /// Reads the value of the gRPC trailer `grpc-status-details-bin`, which is a status in base64; none where it is
    /// not.
    pub fn from_details_trailer(value: &str) -> Option<Self> {
        Self::from_protobuf(&json::base64(value)?).ok()
    }

    /// The value of the gRPC trailer `grpc-status-details-bin`.
    pub fn to_details_trailer(&self) -> String {
        let mut value = String::new();
        json::put_base64(&mut value, &self.to_protobuf());
        // gRPC over HTTP/2, "Binary-Header": it should be sent without padding.
        value.truncate(value.trim_end_matches('=').len());
        value
    }

    fn from_protobuf(body: &[u8]) -> Result<Self, WireError> {
        let mut status = Status::new(Code::Ok, "");
        for field in Reader::new(body) {
            let field = field?;
            match (field.number, field.value) {
                (1, Value::Varint(code)) => status.code = Code::from_number(code as i64),
                (2, Value::Bytes(message)) => status.message = String::from_utf8_lossy(message).into_owned(),
                (3, Value::Bytes(any)) => status.retry_delay = retry_delay(any)?.or(status.retry_delay),
                _ => {}
            }
        }
        Ok(status)
    }

    fn from_json(body: &[u8]) -> Result<Self, AnswerError> {
        let fields = json::decode_message(&schema::STATUS_IN_JSON, body)?;
        let mut status = Status::new(Code::Ok, "");
        for field in Reader::new(&fields) {
            let field = field?;
            match (field.number, field.value) {
                (1, Value::Varint(code)) => status.code = Code::from_number(code as i64),
                (2, Value::Bytes(message)) => status.message = String::from_utf8_lossy(message).into_owned(),
                (3, Value::Bytes(detail)) => {
                    let (mut of_retry, mut delay) = (false, None);
                    for field in Reader::new(detail) {
                        let field = field?;
                        let text = field.value.bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("");
                        match field.number {
                            1 => of_retry = is_retry_info(text),
                            _ => delay = seconds(text),
                        }
                    }
                    status.retry_delay = delay.filter(|_| of_retry).or(status.retry_delay);
                }
                _ => {}
            }
        }
        Ok(status)
    }
}

fn is_retry_info(type_url: &str) -> bool {
    type_url.rsplit('/').next() == Some("google.rpc.RetryInfo")
}

/// The delay that a `google.protobuf.Any` holds, if it holds a `google.rpc.RetryInfo`.
fn retry_delay(any: &[u8]) -> Result<Option<Duration>, WireError> {
    let (mut of_retry, mut info) = (false, &[][..]);
    for field in Reader::new(any) {
        let field = field?;
        match (field.number, field.value) {
            (1, Value::Bytes(type_url)) => of_retry = std::str::from_utf8(type_url).is_ok_and(is_retry_info),
            (2, Value::Bytes(value)) => info = value,
            _ => {}
        }
    }
    if !of_retry {
        return Ok(None);
    }
    for field in Reader::new(info) {
        if let (1, Value::Bytes(duration)) = {
            let field = field?;
            (field.number, field.value)
        } {
            let (mut seconds, mut nanos) = (0, 0);
            for field in Reader::new(duration) {
                let field = field?;
                match (field.number, field.value) {
                    (1, Value::Varint(value)) => seconds = value as i64,
                    (2, Value::Varint(value)) => nanos = value as i32,
                    _ => {}
                }
            }
            // A negative delay is no delay, but still an invitation to come back.
            let whole = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
            let rest = Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
            return Ok(Some(whole.saturating_add(rest)));
        }
    }
    Ok(Some(Duration::ZERO))
}

/// Reads a `google.protobuf.Duration` in JSON, as in `1.500s`.
fn seconds(text: &str) -> Option<Duration> {
    let number: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(number.max(0.0)).ok()
}

fn put_duration(out: &mut Vec<u8>, duration: Duration) {
    if duration.as_secs() > 0 {
        wire::put_varint_field(out, 1, duration.as_secs());
    }
    if duration.subsec_nanos() > 0 {
        wire::put_varint_field(out, 2, u64::from(duration.subsec_nanos()));
    }
}

/// The `partial_success` of an export response: the request was taken, except for what is said here. It is never sent
/// again (OTLP, "Partial Success").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartialSuccess {
    /// The number of spans, data points or log records that were not taken; 0 together with a message is a warning.
    pub rejected: u64,
    /// Why, in a sentence for the developer.
    pub message: String,
}

/// The body of a 200 answer: an `Export<Signal>ServiceResponse`, whose `partial_success` is unset where everything was
/// taken.
pub fn encode_response(signal: Signal, encoding: Encoding, partial: Option<&PartialSuccess>) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(PartialSuccess { rejected, message }) = partial {
        wire::put_message(&mut out, 1, message.len() + 4, |out| {
            if *rejected > 0 {
                wire::put_varint_field(out, 1, *rejected);
            }
            if !message.is_empty() {
                wire::put_string_field(out, 2, message);
            }
        });
    }
    match encoding {
        Encoding::Protobuf => out,
        // What was just written is well-formed, so that the other case does not arise.
        Encoding::Json => json::encode_message(schema::response(signal), &out).unwrap_or_default().into_bytes(),
    }
}

/// Reads the body of a 200 answer; none where everything was taken. An empty body says so in both encodings, and so
/// does a `partial_success` that holds neither a number nor a message.
pub fn decode_response(signal: Signal, encoding: Encoding, body: &[u8]) -> Result<Option<PartialSuccess>, AnswerError> {
    let from_json;
    let body = match encoding {
        Encoding::Json if !body.is_empty() => {
            from_json = json::decode_message(schema::response(signal), body)?;
            &from_json
        }
        _ => body,
    };
    let mut partial = PartialSuccess::default();
    for field in Reader::new(body) {
        let field = field?;
        let (1, Value::Bytes(inner)) = (field.number, field.value) else { continue };
        for field in Reader::new(inner) {
            let field = field?;
            match (field.number, field.value) {
                (1, Value::Varint(rejected)) => partial.rejected = u64::try_from(rejected as i64).unwrap_or(0),
                (2, Value::Bytes(message)) => partial.message = String::from_utf8_lossy(message).into_owned(),
                _ => {}
            }
        }
    }
    Ok((partial != PartialSuccess::default()).then_some(partial))
}

#[cfg(test)]
mod tests;
