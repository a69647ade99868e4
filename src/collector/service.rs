//! One request: who may send it, what it is, and into the recorder with it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, EXPECT};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use hyper::body::{Bytes, Incoming};
use tokio::time::Instant;

use super::answer::{Answer, Problem, Voice};
use super::body::{self, REQUEST_BYTES, Room, Unpackable, Unread};
use super::recorder::{Recorder, Refusal};
use crate::agent::TOKEN_KEY;
use crate::otlp::status::Code;
use crate::otlp::{Encoding, Signal, grpc, json};
use crate::secret::Secret;
use crate::transform::Unfit;

/// The longest that is waited for a body. Over the loopback the largest one takes a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all connections share.
pub(super) struct Service {
    token: Secret,
    recorder: Rc<RefCell<Recorder>>,
    room: Room,
}

impl Service {
    pub(super) fn new(token: Secret, recorder: Rc<RefCell<Recorder>>) -> Self {
        Self { token, recorder, room: Room::default() }
    }

    /// Bytes of requests that were read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.room.bytes_read()
    }

    /// Answers one request; it never fails.
    pub(super) async fn answer(self: Rc<Self>, request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
        let (head, mut body) = request.into_parts();
        let voice = voice(&head);
        let patience = match voice {
            Voice::Grpc => timeout(&head.headers).map_or(PATIENCE, |timeout| timeout.min(PATIENCE)),
            Voice::Http(_) => PATIENCE,
        };
        let deadline = Instant::now() + patience;
        let mut answer = match self.take(voice, &head, &mut body, deadline).await {
            Ok(signal) => voice.accepted(signal),
            Err(problem) => voice.refused(&problem),
        };
        if head.method == Method::HEAD {
            *answer.body_mut() = Answer::default();
        }
        // Whoever waits to be asked for the body need not send it.
        if !head.headers.contains_key(EXPECT) {
            body::discard(&mut body, &self.room, deadline).await;
        }
        Ok(answer)
    }

    /// Reads the request and records it.
    async fn take(
        &self,
        voice: Voice,
        head: &http::request::Parts,
        body: &mut Incoming,
        deadline: Instant,
    ) -> Result<Signal, Problem> {
        let path = self.admit(head.uri.path(), &head.headers)?;
        let signal = match voice {
            Voice::Grpc => Signal::ALL
                .into_iter()
                .find(|signal| signal.grpc_method() == path)
                .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, Code::Unimplemented, "no such gRPC method"))?,
            Voice::Http(_) => Signal::ALL
                .into_iter()
                .find(|signal| signal.path() == path.trim_start_matches('/'))
                .ok_or_else(|| {
                    Problem::new(
                        StatusCode::NOT_FOUND,
                        Code::Unimplemented,
                        "only /v1/traces, /v1/metrics and /v1/logs are served, and gRPC over HTTP/2",
                    )
                })?,
        };
        if head.method != Method::POST {
            return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, Code::Unimplemented, "OTLP is sent with POST"));
        }
        let request = match voice {
            Voice::Grpc => {
                let most = REQUEST_BYTES + grpc::PREFIX_BYTES;
                let body = self.read(signal, body, most, deadline).await?;
                unframed(&body, &head.headers)?
            }
            Voice::Http(_) => {
                let compression = content_encoding(&head.headers)?;
                let media = media_type(&head.headers)?;
                let body = self.read(signal, body, REQUEST_BYTES, deadline).await?;
                let body = match compression {
                    Compression::None => body,
                    Compression::Gzip => unpacked(&body)?,
                };
                match media {
                    Encoding::Protobuf => body,
                    Encoding::Json => {
                        json::decode(signal, &body).map_err(|error| Problem::bad(error.to_string()))?.into()
                    }
                }
            }
        };
        match self.recorder.borrow_mut().record(signal, &request) {
            Ok(()) => Ok(signal),
            Err(Refusal::Unfit(Unfit::Malformed(error))) => {
                Err(Problem::bad(format!("not an export request of {}: {error}", signal.as_str())))
            }
            Err(Refusal::Unfit(error @ Unfit::TooLarge)) => Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                Code::ResourceExhausted,
                format!("the request cannot be kept: {error}"),
            )),
            Err(Refusal::NotStored(error)) => Err(Problem::later(format!("otel-run cannot store it now: {error}"))),
        }
    }

    async fn read(
        &self,
        signal: Signal,
        body: &mut Incoming,
        most: usize,
        deadline: Instant,
    ) -> Result<Bytes, Problem> {
        body::read(body, most, &self.room, deadline).await.map_err(|unread| match unread {
            Unread::TooLarge => too_large(),
            Unread::NoRoom => {
                self.recorder.borrow_mut().refused(signal);
                Problem::later("too much is being sent at once")
            }
            Unread::TooSlow => {
                self.recorder.borrow_mut().refused(signal);
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, Code::DeadlineExceeded, "the body did not come in time")
            }
            Unread::Broken(error) => Problem::bad(format!("the body broke off: {error}")),
        })
    }

    /// Takes the token off the path, or finds it in the headers. The slash in front stays.
    fn admit<'a>(&self, path: &'a str, headers: &HeaderMap) -> Result<&'a str, Problem> {
        let token = self.token.expose().as_bytes();
        let below = path.trim_start_matches('/');
        if let Some(end) = below.find('/')
            && same(&below.as_bytes()[..end], token)
        {
            return Ok(&below[end..]);
        }
        match headers.get(TOKEN_KEY) {
            Some(given) if same(given.as_bytes(), token) => Ok(path),
            _ => Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                Code::Unauthenticated,
                "the run's token is missing or wrong",
            )),
        }
    }
}

/// Compares without telling by the time taken how much was right.
fn same(given: &[u8], token: &[u8]) -> bool {
    given.len() == token.len() && given.iter().zip(token).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// The content type without parameters such as `charset=utf-8`, which are legal; empty where there is none, or more than
/// one.
fn essence(headers: &HeaderMap) -> &str {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let (kind, None) = (kinds.next(), kinds.next()) else { return "" };
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim()
}

/// OTLP/gRPC is protobuf over HTTP/2; other gRPC, and gRPC-Web, are content types like any other that is not known.
fn voice(head: &http::request::Parts) -> Voice {
    let essence = essence(&head.headers);
    let is = |kind: &str| essence.eq_ignore_ascii_case(kind);
    if head.version == Version::HTTP_2 && (is("application/grpc") || is("application/grpc+proto")) {
        Voice::Grpc
    } else if is(Encoding::Json.content_type()) {
        Voice::Http(Encoding::Json)
    } else {
        Voice::Http(Encoding::Protobuf)
    }
}

/// How long the caller waits (gRPC over HTTP/2, "Timeout"). What cannot be read is no reason to refuse the data.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    grpc::timeout(headers.get("grpc-timeout")?.to_str().ok()?)
}

/// The encoding of the body.
fn media_type(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let essence = essence(headers);
    [Encoding::Protobuf, Encoding::Json]
        .into_iter()
        .find(|encoding| essence.eq_ignore_ascii_case(encoding.content_type()))
        .ok_or_else(|| {
            Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Code::InvalidArgument,
                "the content type has to be application/x-protobuf or application/json",
            )
        })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
}

/// What the body is packed with. `identity` in the list of codings is none, and `x-gzip` is gzip (RFC 9110, section
/// 8.4.1).
fn content_encoding(headers: &HeaderMap) -> Result<Compression, Problem> {
    let unknown = || {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::Unimplemented,
            "bodies can be compressed with gzip, or not at all",
        )
    };
    let mut compression = Compression::None;
    for value in headers.get_all(CONTENT_ENCODING) {
        for coding in value.to_str().map_err(|_| unknown())?.split(',').map(str::trim) {
            let gzip = coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip");
            match compression {
                Compression::None if gzip => compression = Compression::Gzip,
                _ if coding.is_empty() || coding.eq_ignore_ascii_case("identity") => {}
                _ => return Err(unknown()),
            }
        }
    }
    Ok(compression)
}

fn unpacked(packed: &[u8]) -> Result<Bytes, Problem> {
    body::unpacked(packed).map_err(|error| match error {
        Unpackable::TooLarge => too_large(),
        Unpackable::Damaged(error) => Problem::bad(format!("the body is not gzip: {error}")),
    })
}

/// Takes the one message out of the body of a call.
fn unframed(body: &Bytes, headers: &HeaderMap) -> Result<Bytes, Problem> {
    let message = grpc::unframe(body).map_err(|error| match error {
        grpc::FrameError::BadFlag(_) => Problem::new(StatusCode::BAD_REQUEST, Code::Internal, error.to_string()),
        _ => Problem::bad(error.to_string()),
    })?;
    if !message.compressed {
        return Ok(body.slice_ref(message.bytes));
    }
    match headers.get("grpc-encoding").map(http::HeaderValue::as_bytes) {
        Some(b"gzip") => unpacked(message.bytes),
        // gRPC, "Compression", test case 6: it has to be INTERNAL.
        None | Some(b"identity") => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            Code::Internal,
            "the message has the compressed-flag, and grpc-encoding names no compression",
        )),
        Some(_) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            Code::Unimplemented,
            "messages can be compressed with gzip, or not at all",
        )),
    }
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, Code::ResourceExhausted, "the request is larger than 64 MiB")
}
