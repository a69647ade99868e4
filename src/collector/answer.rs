//! Answers of the collector: OTLP responses and `google.rpc.Status` errors, over HTTP and gRPC.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use hyper::body::{Body, Bytes, Frame};

use crate::otlp::status::{Code, Status, encode_response};
use crate::otlp::{Encoding, Signal, grpc};

/// A body that is known whole, with the trailers that gRPC needs.
#[derive(Debug, Default)]
pub(super) struct Answer {
    data: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match self.data.take() {
            Some(data) => Some(Frame::data(data)),
            None => self.trailers.take().map(Frame::trailers),
        };
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.trailers.is_none()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}

/// How to answer: which transport and encoding the request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    Http(Encoding),
    Grpc,
}

/// When to come again with a request that is good and was not kept. The delays that exporters choose by themselves are
/// longer, if they choose any.
const COME_AGAIN: Duration = Duration::from_secs(1);

/// Why a request is not accepted, with the HTTP status and the gRPC code that say it.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) http: StatusCode,
    pub(super) grpc: Code,
    pub(super) message: String,
    /// After which time the same request may be accepted.
    retry_delay: Option<Duration>,
}

impl Problem {
    pub(super) fn new(http: StatusCode, grpc: Code, message: impl Into<String>) -> Self {
        Self { http, grpc, message: message.into(), retry_delay: None }
    }

    /// The request itself is wrong.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::InvalidArgument, message)
    }

    /// The request is to be sent again.
    pub(super) fn later(message: impl Into<String>) -> Self {
        let unavailable = Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message);
        Self { retry_delay: Some(COME_AGAIN), ..unavailable }
    }

    fn status(&self) -> Status {
        Status { retry_delay: self.retry_delay, ..Status::new(self.grpc, self.message.as_str()) }
    }
}

impl Voice {
    /// Full success: `partial_success` stays unset.
    pub(super) fn accepted(self, signal: Signal) -> Response<Answer> {
        match self {
            Voice::Http(encoding) => {
                http_answer(StatusCode::OK, encoding, encode_response(signal, encoding, None).into())
            }
            Voice::Grpc => {
                let body = encode_response(signal, Encoding::Protobuf, None);
                grpc_answer(grpc::frame(grpc::Message { compressed: false, bytes: &body }).into())
            }
        }
    }

    /// An error.
    pub(super) fn refused(self, problem: &Problem) -> Response<Answer> {
        match self {
            Voice::Http(encoding) => {
                let mut response = http_answer(problem.http, encoding, problem.status().encode(encoding).into());
                let headers = response.headers_mut();
                match (problem.http, problem.grpc) {
                    (StatusCode::METHOD_NOT_ALLOWED, _) => {
                        headers.insert(ALLOW, HeaderValue::from_static("POST"));
                    }
                    // RFC 9110, section 15.5.16: it says that the coding and not the media type is meant.
                    (StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::Unimplemented) => {
                        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
                    }
                    _ => {}
                }
                if let Some(delay) = problem.retry_delay {
                    headers.insert(RETRY_AFTER, HeaderValue::from(delay.as_secs()));
                }
                response
            }
            Voice::Grpc => {
                let mut response = Response::new(Answer::default());
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
                headers.insert("grpc-status", HeaderValue::from(problem.grpc.number()));
                // gRPC, "Compression": UNIMPLEMENTED for what cannot be unpacked comes with what can be.
                if problem.grpc == Code::Unimplemented {
                    headers.insert("grpc-accept-encoding", HeaderValue::from_static("identity,gzip"));
                }
                if let Ok(message) = HeaderValue::try_from(grpc::percent_encoded(&problem.message)) {
                    headers.insert("grpc-message", message);
                }
                if problem.retry_delay.is_some()
                    && let Ok(details) = HeaderValue::try_from(problem.status().to_details_trailer())
                {
                    headers.insert("grpc-status-details-bin", details);
                }
                response
            }
        }
    }
}

fn http_answer(status: StatusCode, encoding: Encoding, body: Bytes) -> Response<Answer> {
    let mut response = Response::new(Answer { data: Some(body), trailers: None });
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(encoding.content_type()));
    response
}

fn grpc_answer(framed: Bytes) -> Response<Answer> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let mut response = Response::new(Answer { data: Some(framed), trailers: Some(trailers) });
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}
