//! What a probe has seen, as values without words for it.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::certificate::Certificate;
use crate::otlp::Signal;
use crate::otlp::status::{Code, PartialSuccess};
use crate::settings::Protocol;

/// What was seen of one signal's way to one upstream.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// What the upstream is called.
    pub upstream: String,
    /// The signal.
    pub signal: Signal,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// The longest wait.
    pub limit: Duration,
    /// When all was seen.
    pub at: Timestamp,
    /// The names of the headers that are sent, those that a program prints among them.
    pub headers: Vec<String>,
    /// What is on the way.
    pub ground: Ground,
    /// What came of an empty export request.
    pub heard: Heard,
    /// What came of others, where it was not taken, in the order in which they are worth a try.
    pub others: Vec<Other>,
}

/// What is on the way, apart from any request.
#[derive(Debug, Clone, PartialEq)]
pub enum Ground {
    /// A host.
    Network(Network),
    /// A Unix socket.
    Socket {
        /// Its path.
        path: PathBuf,
        /// What is there.
        found: SocketFound,
    },
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// Whether it could be written to.
        found: FileFound,
    },
}

/// A host and how it is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// `http` or `https`.
    pub scheme: String,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What is asked for below it, as it may be shown: without the query.
    pub path: String,
    /// The proxy that is dialled instead.
    pub proxy: Option<Proxy>,
    /// The addresses that the name has, that of the proxy where there is one. What went wrong is in the system's words;
    /// none where there was no answer in time.
    pub addresses: Option<Result<Vec<IpAddr>, String>>,
    /// What came of dialling each of them; for `localhost` also those that the name lacks.
    pub dialled: Vec<(SocketAddr, Dialled)>,
    /// What was shown while TLS was set up, as far as it came to that.
    pub tls: Option<Tls>,
}

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The variable that names it.
    pub variable: String,
    /// Its host and port.
    pub address: String,
}

/// What came of dialling an address.
#[derive(Debug, Clone, PartialEq)]
pub enum Dialled {
    /// Somebody listens there.
    Open,
    /// Nobody can be reached there.
    Failed(ErrorKind, String),
    /// There was no answer in time.
    Unanswered,
}

/// What a server shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Tls {
    /// Its certificates as far as they can be read, its own first.
    pub chain: Vec<Certificate>,
    /// Whether it asked for a certificate of ours.
    pub asked: bool,
    /// Whether there is one to show.
    pub identity: bool,
}

/// What is at a socket's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketFound {
    /// A socket.
    Socket,
    /// Nothing.
    Nothing,
    /// Something else.
    NoSocket,
    /// It cannot be looked at.
    Hidden(ErrorKind),
}

/// What became of an attempt to write to a file without writing anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFound {
    /// It is there, or it can be made.
    Writable,
    /// It is a folder.
    Folder,
    /// This on its way is no folder.
    NoFolder(PathBuf),
    /// This cannot be written to, in the system's words.
    Denied(PathBuf, String),
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// An answer.
    Reply(Reply),
    /// None, because of this.
    Failed(Failure),
    /// None in time.
    Unanswered,
    /// There is nobody to ask: it is a file.
    NobodyToAsk,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The status of HTTP.
    pub status: u16,
    /// The status of gRPC, where gRPC answered.
    pub grpc: Option<Code>,
    /// What delivery makes of it.
    pub fate: Fate,
    /// The media type of the body.
    pub content_type: String,
    /// Where a redirect leads, without user information and query.
    pub location: Option<String>,
    /// The scheme by which credentials are asked for, as in `Bearer`.
    pub challenge: Option<String>,
    /// What the backend says about it in its own words, without what it was shown.
    pub said: Option<String>,
    /// What a success leaves out.
    pub partial: Option<PartialSuccess>,
    /// How far the backend's clock is ahead of ours, as far as it tells.
    pub clock_ahead: Option<SignedDuration>,
    /// From the request to its answer, with all that it takes to connect.
    pub took: Duration,
}

/// What an answer means for a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is delivered.
    Taken,
    /// It is refused for good.
    Refused,
    /// It is too large.
    TooLarge,
    /// It needs other credentials.
    Unauthorized,
    /// It is not taken by this set-up.
    Closed,
    /// It is to be sent again later.
    Busy,
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// What is needed to connect cannot be set up, in words.
    SetUp(String),
    /// No connection, in the system's words.
    Connect(ErrorKind, String),
    /// The proxy makes none, in words.
    Proxy(String),
    /// TLS came to nothing.
    Tls(TlsFailure),
    /// There was a connection, and it ended before an answer did.
    HungUp,
    /// There was a connection, and what came is not the version of HTTP that was spoken.
    NotHttp,
}

/// Why TLS came to nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum TlsFailure {
    /// A certificate's time is over.
    Expired {
        /// Since then.
        since: Option<Timestamp>,
    },
    /// A certificate's time has not come.
    NotYetValid {
        /// When it comes.
        from: Option<Timestamp>,
    },
    /// The certificate is for others.
    WrongName {
        /// For whom.
        names: Vec<String>,
    },
    /// Nobody who is trusted has signed it.
    UnknownIssuer,
    /// Something else about the certificate, in words.
    Certificate(String),
    /// The server wants a certificate, and got none or a wrong one.
    CertificateRequired,
    /// The server has no version of HTTP in common with us (ALPN).
    NoProtocol,
    /// What answered is no TLS.
    NotTls,
    /// Anything else, in words.
    Other(String),
}

/// Another way that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Other {
    /// What was different.
    pub way: Way,
    /// What came of it.
    pub heard: Heard,
    /// Whether a server has shown certificates.
    pub speaks_tls: bool,
}

/// What is different on another way. It is gone without credentials where it leads elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// The same place by another protocol.
    Protocol(Protocol),
    /// The same place with this scheme.
    Scheme(&'static str),
    /// The same host at this path.
    Path(String),
    /// The same host at this port, by this protocol.
    Port(u16, Protocol),
    /// Without gzip.
    Plain,
}

impl Heard {
    /// Whether the request was taken.
    pub fn is_taken(&self) -> bool {
        matches!(self, Heard::Reply(Reply { fate: Fate::Taken, .. }))
    }
}

impl Other {
    /// Whether OTLP is spoken there: the request was taken, or was refused in OTLP's own words.
    pub fn speaks_otlp(&self, by: Protocol) -> bool {
        let Heard::Reply(reply) = &self.heard else { return false };
        if reply.fate == Fate::Taken {
            return true;
        }
        match by {
            Protocol::Grpc => reply.grpc.is_some_and(|code| code != Code::Unimplemented),
            Protocol::HttpProtobuf | Protocol::HttpJson => {
                let by_otlp = ["application/x-protobuf", "application/json"];
                let asks_back = matches!(reply.fate, Fate::Unauthorized | Fate::Busy | Fate::Refused);
                asks_back && (by_otlp.iter().any(|kind| reply.content_type.starts_with(kind)) || reply.status == 401)
            }
        }
    }
}
