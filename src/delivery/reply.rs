//! What came of a request before anybody judges it, and what delivery makes of it.

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy;

use super::answer::{Answer, of_grpc_status, of_http_status, of_http_status_on_grpc, retry_after};
use crate::otlp::status::{Code, PartialSuccess, Status, decode_response};
use crate::otlp::{Encoding, Signal, grpc};
use crate::settings::Protocol;

/// The most that is read of an answer (OTLP exporter specification, 1.60).
const ANSWER_BYTES: usize = 4 << 20;

/// An answer as it came.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: HeaderMap,
    /// Behind the body; for gRPC that has none, the head.
    pub(super) trailers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no answer.
pub(super) enum Silence {
    /// What is needed to connect cannot be set up: a sentence.
    NoLink(String),
    /// The batch cannot be said in the protocol: why.
    Unsayable(String),
    /// The URL is no target for gRPC.
    NoTarget,
    /// No connection, or one that broke before there was an answer.
    Unreached {
        error: legacy::Error,
        /// The proxy in words, where there is one.
        by_way_of: String,
    },
    /// The answer broke off: why.
    Torn(String),
}

/// What gRPC said.
pub(super) struct GrpcStatus {
    pub(super) code: Code,
    pub(super) said: String,
    details: Option<Status>,
}

impl Reply {
    /// Reads a whole answer. The body of one over gRPC that gRPC did not make says nothing, and is left.
    pub(super) async fn read(response: Response<Incoming>, protocol: Protocol) -> Result<Self, Silence> {
        let (head, body) = response.into_parts();
        let (status, head) = (head.status.as_u16(), head.headers);
        if protocol == Protocol::Grpc && status != 200 {
            return Ok(Self { status, head, trailers: HeaderMap::new(), body: Bytes::new() });
        }
        match Limited::new(body, ANSWER_BYTES).collect().await {
            Ok(body) => {
                let trailers = body.trailers().cloned().unwrap_or_default();
                Ok(Self { status, head, trailers, body: body.to_bytes() })
            }
            Err(error) => Err(Silence::Torn(error.to_string())),
        }
    }

    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// The media type of the body, as it was said.
    pub(super) fn content_type(&self) -> &str {
        self.header(CONTENT_TYPE.as_str()).unwrap_or_default()
    }

    /// How the body is encoded where it is OTLP's.
    pub(super) fn encoding(&self) -> Encoding {
        if self.content_type().starts_with("application/json") { Encoding::Json } else { Encoding::Protobuf }
    }

    /// Whether the body may be OTLP's, as an answer to a request in `asked`.
    pub(super) fn looks_like_otlp(&self, asked: Encoding) -> bool {
        let kind = self.content_type();
        kind.is_empty() || kind.starts_with(asked.content_type()) || self.encoding() == Encoding::Json
    }

    /// What the body of a failure says, where it is OTLP's.
    pub(super) fn said(&self) -> Option<String> {
        Status::decode(self.encoding(), &self.body).ok().map(|said| said.message).filter(|said| !said.is_empty())
    }

    /// What gRPC says; none where it is not gRPC that answered.
    pub(super) fn grpc_status(&self) -> Option<GrpcStatus> {
        let trailers =
            Some(&self.trailers).filter(|trailers| trailers.contains_key("grpc-status")).unwrap_or(&self.head);
        let number = header(trailers, "grpc-status")?.parse().ok()?;
        let said = header(trailers, "grpc-message").map(grpc::percent_decoded).unwrap_or_default();
        let details = header(trailers, "grpc-status-details-bin").and_then(Status::from_details_trailer);
        Some(GrpcStatus { code: Code::from_number(number), said, details })
    }

    /// What a success leaves out; none where it is one as a whole, or cannot be read.
    pub(super) fn partial_success(&self, signal: Signal, protocol: Protocol) -> Option<PartialSuccess> {
        let (encoding, body) = match protocol {
            Protocol::Grpc => (Encoding::Protobuf, self.body.get(grpc::PREFIX_BYTES..).unwrap_or_default()),
            Protocol::HttpProtobuf | Protocol::HttpJson => (self.encoding(), &self.body[..]),
        };
        decode_response(signal, encoding, body).unwrap_or_default()
    }

    /// What it means for the batch. `place` is where it came from, in words.
    pub(super) fn judged(&self, signal: Signal, protocol: Protocol, place: &str) -> Answer {
        let asked = match protocol {
            Protocol::Grpc => return self.judged_grpc(signal, place),
            Protocol::HttpProtobuf => Encoding::Protobuf,
            Protocol::HttpJson => Encoding::Json,
        };
        if self.status != 200 {
            let wish = self.header(RETRY_AFTER.as_str()).and_then(|value| retry_after(value, jiff::Timestamp::now()));
            return of_http_status(self.status, self.said().as_deref(), wish);
        }
        if !self.looks_like_otlp(asked) {
            let kind = self.content_type();
            return Answer::Closed {
                reason: format!("{place} answered 200 with {kind:?}, which is not OTLP (check the endpoint)"),
            };
        }
        self.taken(signal, protocol)
    }

    fn judged_grpc(&self, signal: Signal, place: &str) -> Answer {
        if self.status != 200 {
            return of_http_status_on_grpc(self.status);
        }
        let Some(status) = self.grpc_status() else {
            return Answer::Closed { reason: format!("{place} does not speak gRPC (check the protocol)") };
        };
        if status.code != Code::Ok {
            return of_grpc_status(status.code, &status.said, status.details.and_then(|details| details.retry_delay));
        }
        self.taken(signal, Protocol::Grpc)
    }

    /// A success. One whose body cannot be read is still one.
    fn taken(&self, signal: Signal, protocol: Protocol) -> Answer {
        match self.partial_success(signal, protocol) {
            Some(partial) => Answer::Taken {
                rejected: partial.rejected,
                remark: Some(partial.message).filter(|message| !message.is_empty()),
            },
            None => Answer::Taken { rejected: 0, remark: None },
        }
    }
}

impl Silence {
    /// What it means for the batch. `place` is where it was to go, in words.
    pub(super) fn judged(&self, place: &str) -> Answer {
        match self {
            Silence::NoLink(reason) => Answer::Closed { reason: reason.clone() },
            Silence::Unsayable(reason) => {
                Answer::Refused { reason: format!("the batch has no form in JSON: {reason}") }
            }
            Silence::NoTarget => Answer::Closed { reason: format!("{place} is no target for gRPC") },
            Silence::Unreached { error, by_way_of } => {
                let remedy = remedy(error).map(|remedy| format!("; {remedy}")).unwrap_or_default();
                let reason = format!("cannot reach {place}{by_way_of}: {}{remedy}", cause(error));
                Answer::Unreachable { reason }
            }
            Silence::Torn(reason) => Answer::Unreachable { reason: format!("{place} broke off its answer: {reason}") },
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The innermost reason of an error, which is the one that says something.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    chain(error).last().map_or_else(String::new, ToString::to_string)
}

/// What to do about an error of TLS, where there is something.
fn remedy(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    use rustls::{AlertDescription, CertificateError, Error};
    match tls_error(error)? {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            Some("name the file of an authority of your own with --certificate")
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            Some("the backend asks for a certificate of yours: --client-certificate and --client-key")
        }
        Error::InvalidMessage(_) => Some("it does not speak TLS there (check scheme and port)"),
        _ => None,
    }
}

/// The error of TLS among an error's reasons.
pub(super) fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    // An error of the system that holds one of another kind gives that one's reasons for its own.
    fn held<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
        let within = || held(error.downcast_ref::<std::io::Error>()?.get_ref()?);
        error.downcast_ref::<rustls::Error>().or_else(within)
    }
    chain(error).find_map(held)
}

/// What a proxy says that makes no tunnel. Its type has no name outside of its crate, and is known by its words.
pub(super) fn tunnel_error(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    chain(error).find_map(|error| error.to_string().strip_prefix("tunnel error: ").map(str::to_owned))
}

/// An error and its reasons, inwards.
pub(super) fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
