//! Clients that send exactly what a test says: HTTP/1.1 written by hand, and HTTP/2 with gRPC on it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::SendRequest;
use hyper::{HeaderMap, Request, http};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::runtime::Runtime;

use super::PATIENCE;

/// An answer that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// By name, in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// By name; HTTP/2 only.
    pub trailers: BTreeMap<String, String>,
}

impl Answer {
    /// A header's value; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The status of a gRPC call, which is in the trailers, or in the headers where there is nothing else.
    #[track_caller]
    pub fn grpc_code(&self) -> u32 {
        assert_eq!((self.status, self.header("content-type")), (200, "application/grpc"), "{self:?}");
        let code = self.trailers.get("grpc-status").or(self.headers.get("grpc-status"));
        code.unwrap_or_else(|| panic!("no grpc-status in {self:?}")).parse().unwrap()
    }
}

/// What is to be sent.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Sent in chunks of this size instead of with a length; HTTP/1.1 only.
    pub chunks: Option<usize>,
    /// Who is said to be asked, instead of who is.
    pub host: Option<&'static str>,
}

impl Asked {
    /// A POST with a content type.
    pub fn post(path: impl Into<String>, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { method: "POST", path: path.into(), headers, body: body.into(), chunks: None, host: None }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub fn in_chunks(mut self, size: usize) -> Self {
        self.chunks = Some(size);
        self
    }

    /// Packs the body, and says so.
    pub fn gzip(mut self) -> Self {
        self.body = gzip(&self.body);
        self.header("content-encoding", "gzip")
    }
}

/// Packs bytes.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// One connection of HTTP/1.1. It stays open between requests.
pub struct Client {
    stream: BufReader<TcpStream>,
    authority: String,
}

impl Client {
    pub fn connect(authority: &str) -> Self {
        let stream = TcpStream::connect(authority).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(stream), authority: authority.to_owned() }
    }

    /// Sends a request and reads the answer, which may come before everything was sent.
    #[track_caller]
    pub fn ask(&mut self, asked: &Asked) -> Answer {
        let mut writer = self.stream.get_ref().try_clone().unwrap();
        let head = head(asked, &self.authority);
        std::thread::scope(|scope| {
            // The other side may close while we write; what it answered counts.
            scope.spawn(move || writer.write_all(head.as_bytes()).and_then(|()| write_body(&mut writer, asked)));
            self.answer(asked.method)
        })
    }

    /// Sends a request and does not wait for the answer.
    pub fn begin(&mut self, asked: &Asked) {
        let head = head(asked, &self.authority);
        self.send(head.as_bytes());
        write_body(self.stream.get_mut(), asked).unwrap();
    }

    /// Sends bytes as they are, and reads nothing.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Says that nothing more comes, and reads until the other side has said so too.
    pub fn close_and_read(mut self) -> Vec<u8> {
        self.stream.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// Reads the first line of an answer, and the headers below it.
    #[track_caller]
    pub fn status_line(&mut self) -> String {
        let status = self.line();
        while !self.line().is_empty() {}
        status
    }

    /// Reads the answer to a POST that was sent by hand.
    #[track_caller]
    pub fn read_answer(&mut self) -> Answer {
        self.answer("POST")
    }

    #[track_caller]
    fn answer(&mut self, method: &str) -> Answer {
        let status = self.line();
        let status = status.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).expect("a status line");
        let status = status.parse().unwrap();
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; if method == "HEAD" { 0 } else { length }];
        self.stream.read_exact(&mut body).unwrap();
        Answer { status, headers, body, trailers: BTreeMap::new() }
    }

    #[track_caller]
    fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line);
        assert!(matches!(read, Ok(1..)), "the connection ended in the middle of an answer: {read:?}");
        line.trim_end().to_owned()
    }
}

fn head(asked: &Asked, authority: &str) -> String {
    let host = asked.host.unwrap_or(authority);
    let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", asked.method, asked.path);
    for (name, value) in &asked.headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    match asked.chunks {
        Some(_) => head.push_str("transfer-encoding: chunked\r\n\r\n"),
        None => write!(head, "content-length: {}\r\n\r\n", asked.body.len()).unwrap(),
    }
    head
}

fn write_body(to: &mut impl Write, asked: &Asked) -> std::io::Result<()> {
    let Some(size) = asked.chunks else { return to.write_all(&asked.body) };
    for chunk in asked.body.chunks(size) {
        write!(to, "{:x}\r\n", chunk.len())?;
        to.write_all(chunk)?;
        to.write_all(b"\r\n")?;
    }
    to.write_all(b"0\r\n\r\n")
}

/// One connection of HTTP/2, without negotiation.
pub struct Http2 {
    runtime: Runtime,
    sender: SendRequest<Full<Bytes>>,
    authority: String,
}

impl Http2 {
    pub fn connect(authority: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sender = runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(authority).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let stream = TokioIo::new(stream);
            let (sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
            tokio::spawn(connection);
            sender
        });
        Self { runtime, sender, authority: authority.to_owned() }
    }

    /// Sends a request and reads the answer.
    #[track_caller]
    pub fn ask(&mut self, asked: &Asked) -> Answer {
        let mut request = Request::builder().method(asked.method).version(http::Version::HTTP_2).uri(format!(
            "http://{}{}",
            asked.host.unwrap_or(&self.authority),
            asked.path
        ));
        for (name, value) in &asked.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(asked.body.clone()))).unwrap();
        let exchange = async {
            let (head, body) = self.sender.send_request(request).await.unwrap().into_parts();
            let body = body.collect().await.unwrap();
            let trailers = body.trailers().map(by_name).unwrap_or_default();
            Answer {
                status: head.status.as_u16(),
                headers: by_name(&head.headers),
                body: body.to_bytes().into(),
                trailers,
            }
        };
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, exchange).await.expect("an answer in time") })
    }

    /// A unary gRPC call with one uncompressed message.
    #[track_caller]
    pub fn call(&mut self, method: &str, metadata: &[(&str, &str)], message: &[u8]) -> Answer {
        self.call_framed(method, metadata, frame(0, message))
    }

    /// A unary gRPC call whose body is `framed`.
    #[track_caller]
    pub fn call_framed(&mut self, method: &str, metadata: &[(&str, &str)], framed: Vec<u8>) -> Answer {
        let asked = Asked::post(method, "application/grpc", framed).header("te", "trailers");
        self.ask(&metadata.iter().fold(asked, |asked, (name, value)| asked.header(name, value)))
    }
}

/// A gRPC message: a flag, four bytes of length, the message.
pub fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut framed = vec![flag];
    framed.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend_from_slice(message);
    framed
}

fn by_name(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}
