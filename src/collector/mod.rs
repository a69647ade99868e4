//! The collector that lives inside otel-run: OTLP over HTTP and gRPC on one port, of the loopback interface unless somebody
//! asks for another, in a thread of its own.
//!
//! The listener is bound before the plan is made, so that the plan holds a real address. The thread is started when
//! the command runs already; what the command sends meanwhile waits in the listener's queue. Nothing that goes wrong
//! here reaches the command: the thread is the boundary, and a panic ends there.

mod answer;
mod body;
mod heartbeat;
mod reception;
mod recorder;
mod segment;
mod service;
mod stock;
mod thread;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use crate::secret::Secret;
pub use heartbeat::{Beat, Heartbeat};
pub use reception::Senders;
pub use recorder::{Own, Recorder, Refusal};
pub use segment::{Settled, Turn, Turning};
pub use thread::{Arrived, Closing, Errand, Handle, Kept, Report, Start, start};

/// A socket that the command can connect to already, though nobody answers yet.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// A fresh token: 32 hexadecimal digits that nobody can guess.
///
/// # Errors
///
/// When the system has no randomness to give.
pub fn token() -> io::Result<Secret> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    Ok(Secret::new(format!("{:032x}", u128::from_be_bytes(random))))
}

/// Takes a free port of 127.0.0.1.
///
/// # Errors
///
/// What the system said.
pub fn bind() -> io::Result<Bound> {
    listen((Ipv4Addr::LOCALHOST, 0).into())
}

/// Takes a port of `address`; port 0 is any free one.
///
/// # Errors
///
/// What the system said.
pub fn listen(address: SocketAddr) -> io::Result<Bound> {
    Bound::of(TcpListener::bind(address)?)
}

impl Bound {
    /// A socket that listens already.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn of(listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for exporters, with `token` in its path and without a slash at its end.
    pub fn base_url(&self, token: &Secret) -> String {
        format!("http://{}/{}", self.address, token.expose())
    }
}
