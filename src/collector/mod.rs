//! The collector that lives inside otel-run: OTLP over HTTP and gRPC on one loopback port, in a thread of its own.
//!
//! The listener is bound before the plan is made, so that the plan holds a real address. The thread is started when
//! the command runs already; what the command sends meanwhile waits in the listener's queue. Nothing that goes wrong
//! here reaches the command: the thread is the boundary, and a panic ends there.

mod answer;
mod recorder;
mod service;
mod thread;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

pub use recorder::{Own, Recorder, Refusal};
pub use thread::{Arrived, Closing, Handle, Report, Start, start};

/// A socket that the command can connect to already, though nobody answers yet.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// Takes a free port of 127.0.0.1.
///
/// # Errors
///
/// What the system said.
pub fn bind() -> io::Result<Bound> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    Ok(Bound { listener, address })
}

impl Bound {
    /// The base URL for exporters, with `token` in its path and without a slash at its end.
    pub fn base_url(&self, token: &str) -> String {
        format!("http://{}/{token}", self.address)
    }
}
