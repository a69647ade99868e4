//! Backends on loopback: one that takes everything at once, one that is not there, one that never answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A backend that answers each request with 200 as soon as it is read.
pub(super) struct Live {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Live {
    pub(super) fn start() -> Self {
        let listener = listen();
        let address = listener.local_addr().expect("a bound address");
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || answer_all(stream, &counted));
            }
        });
        Self { address, requests }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests that were answered.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

fn answer_all(stream: TcpStream, counted: &AtomicUsize) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        counted.fetch_add(1, Ordering::Relaxed);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        writer.write_all(answer).ok()?;
    }
}

/// The URL of a port that nobody listens on.
pub(super) fn refused() -> String {
    format!("http://{}", listen().local_addr().expect("a bound address"))
}

/// A backend that takes connections and never answers.
pub(super) struct BlackHole(TcpListener);

impl BlackHole {
    pub(super) fn start() -> Self {
        Self(listen())
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("a bound address"))
    }
}

fn listen() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port on loopback")
}
