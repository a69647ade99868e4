//! Answers of the collector: OTLP responses and `google.rpc.Status` errors, over HTTP and gRPC.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use hyper::body::{Body, Bytes, Frame};

use crate::otlp::status::{Code, PartialSuccess, Status, encode_response};
use crate::otlp::{Encoding, Signal};

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

/// Why a request is not accepted, with the HTTP status and the gRPC code that say it.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) http: StatusCode,
    pub(super) grpc: Code,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(http: StatusCode, grpc: Code, message: impl Into<String>) -> Self {
        Self { http, grpc, message: message.into() }
    }
}

impl Voice {
    /// Full success: `partial_success` stays unset.
    pub(super) fn accepted(self) -> Response<Answer> {
        match self {
            Voice::Http(encoding) => http_answer(
                StatusCode::OK,
                encoding,
                match encoding {
                    Encoding::Protobuf => Bytes::new(),
                    Encoding::Json => Bytes::from_static(b"{}"),
                },
            ),
            Voice::Grpc => grpc_answer(Bytes::from_static(&[0; 5])),
        }
    }

    /// Nothing of the request was kept, and sending it again would not help.
    pub(super) fn nothing_kept(self, signal: Signal, items: u64, message: String) -> Response<Answer> {
        let partial = PartialSuccess { rejected: items, message };
        match self {
            Voice::Http(encoding) => {
                let body = encode_response(signal, encoding, Some(&partial));
                http_answer(StatusCode::OK, encoding, body.into())
            }
            Voice::Grpc => {
                let body = encode_response(signal, Encoding::Protobuf, Some(&partial));
                let mut framed = vec![0];
                framed.extend_from_slice(&(body.len() as u32).to_be_bytes());
                framed.extend_from_slice(&body);
                grpc_answer(framed.into())
            }
        }
    }

    /// An error.
    pub(super) fn refused(self, problem: &Problem) -> Response<Answer> {
        match self {
            Voice::Http(encoding) => {
                let body = Status::new(problem.grpc, problem.message.as_str()).encode(encoding);
                let mut response = http_answer(problem.http, encoding, body.into());
                if problem.http == StatusCode::METHOD_NOT_ALLOWED {
                    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
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
                // Our messages are plain ASCII; what is not would have to be percent-encoded.
                let plain: String = problem
                    .message
                    .chars()
                    .map(|c| if (' '..='~').contains(&c) && c != '%' { c } else { '?' })
                    .collect();
                if let Ok(message) = HeaderValue::try_from(plain) {
                    headers.insert("grpc-message", message);
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
