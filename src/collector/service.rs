//! One request: who may send it, what it is, and into the recorder with it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};

use super::answer::{Answer, Problem, Voice};
use super::recorder::{Recorder, Refusal};
use crate::agent::TOKEN_KEY;
use crate::otlp::grpc::{FrameError, unframed};
use crate::otlp::gzip::{GunzipError, gunzip};
use crate::otlp::status::Code;
use crate::otlp::{Encoding, Signal, json};
use crate::secret::Secret;

/// The largest request, before and after decompression (OTLP, "Size limits": 64 MiB is recommended).
const REQUEST_BYTES: usize = 64 << 20;

/// What all connections share.
pub(super) struct Service {
    pub(super) token: Secret,
    pub(super) recorder: Rc<RefCell<Recorder>>,
}

impl Service {
    /// Answers one request; it never fails.
    pub(super) async fn answer(self: Rc<Self>, request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
        let (head, mut body) = request.into_parts();
        let voice = voice(&head.headers);
        let answer = match self.take(voice, &head, &mut body).await {
            Ok((_, Ok(()))) => voice.accepted(),
            Ok((signal, Err(Refusal::NotStored { items, error }))) => {
                voice.nothing_kept(signal, items, format!("otel-run cannot store it: {error}"))
            }
            Ok((signal, Err(Refusal::Malformed(error)))) => voice.refused(&Problem::new(
                StatusCode::BAD_REQUEST,
                Code::InvalidArgument,
                format!("not an export request of {}: {error}", signal.as_str()),
            )),
            Err(problem) => voice.refused(&problem),
        };
        discard(body).await;
        Ok(answer)
    }

    /// Reads the request and records it. The problem is one of the request; what comes of recording is the signal's.
    async fn take(
        &self,
        voice: Voice,
        head: &http::request::Parts,
        body: &mut Incoming,
    ) -> Result<(Signal, Result<(), Refusal>), Problem> {
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
                        "only /v1/traces, /v1/metrics and /v1/logs are served",
                    )
                })?,
        };
        if head.method != Method::POST {
            return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, Code::Unimplemented, "OTLP is sent with POST"));
        }
        let bytes;
        let request: Cow<'_, [u8]> = match voice {
            Voice::Grpc => {
                bytes = read(body).await?;
                let encoding = head.headers.get("grpc-encoding").and_then(|name| name.to_str().ok());
                unframed(&bytes, encoding, REQUEST_BYTES).map_err(|error| misframed(&error))?
            }
            Voice::Http(_) => {
                let encoding = content_encoding(&head.headers)?;
                let media = media_type(&head.headers)?;
                bytes = read(body).await?;
                let body = decompressed(&bytes, encoding)?;
                match media {
                    Encoding::Protobuf => body,
                    Encoding::Json => json::decode(signal, &body)
                        .map_err(|error| {
                            Problem::new(StatusCode::BAD_REQUEST, Code::InvalidArgument, error.to_string())
                        })?
                        .into(),
                }
            }
        };
        Ok((signal, self.recorder.borrow_mut().record(signal, &request)))
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

/// The content type without parameters such as `charset=utf-8`, which are legal.
fn essence(headers: &HeaderMap) -> &str {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim()
}

/// OTLP/gRPC is protobuf; gRPC with other messages, and gRPC-Web, are content types like any other that is not known.
fn voice(headers: &HeaderMap) -> Voice {
    let essence = essence(headers);
    let is = |kind: &str| essence.eq_ignore_ascii_case(kind);
    if is("application/grpc") || is("application/grpc+proto") {
        Voice::Grpc
    } else if is(Encoding::Json.content_type()) {
        Voice::Http(Encoding::Json)
    } else {
        Voice::Http(Encoding::Protobuf)
    }
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

fn content_encoding(headers: &HeaderMap) -> Result<Compression, Problem> {
    let name = headers.get(CONTENT_ENCODING).and_then(|name| name.to_str().ok()).unwrap_or_default().trim();
    match name.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Compression::None),
        "gzip" => Ok(Compression::Gzip),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::Unimplemented,
            "bodies can be compressed with gzip, or not at all",
        )),
    }
}

async fn read(body: &mut Incoming) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > REQUEST_BYTES as u64 {
        return Err(too_large());
    }
    match Limited::new(body, REQUEST_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large()),
        Err(error) => {
            Err(Problem::new(StatusCode::BAD_REQUEST, Code::InvalidArgument, format!("the body broke off: {error}")))
        }
    }
}

/// Reads what is left of a body that was refused. HTTP/1.1 can only go on behind it: the connection would be closed, and
/// the answer can be lost with what lies unread.
async fn discard(mut body: Incoming) {
    let mut patience = REQUEST_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(rest) = patience.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
        patience = rest;
    }
}

fn decompressed(body: &[u8], compression: Compression) -> Result<Cow<'_, [u8]>, Problem> {
    match compression {
        Compression::None => Ok(Cow::Borrowed(body)),
        Compression::Gzip => gunzip(body, REQUEST_BYTES).map(Cow::Owned).map_err(|error| not_decompressed(&error)),
    }
}

fn not_decompressed(error: &GunzipError) -> Problem {
    match error {
        GunzipError::TooLarge => too_large(),
        GunzipError::NotGzip(_) => Problem::new(StatusCode::BAD_REQUEST, Code::InvalidArgument, error.to_string()),
    }
}

fn misframed(error: &FrameError) -> Problem {
    let code = match error {
        FrameError::NotOneMessage => Code::InvalidArgument,
        FrameError::UnknownCompression => Code::Unimplemented,
        FrameError::Gunzip(error) => return not_decompressed(error),
    };
    Problem::new(StatusCode::BAD_REQUEST, code, error.to_string())
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, Code::ResourceExhausted, "the request is larger than 64 MiB")
}
