//! otel-run as a service of systemd: sockets that it hands over, and what it is told of our life.
//!
//! The protocols are those of sd_listen_fds(3) and sd_notify(3). Nothing here does anything where nobody set their
//! variables, on whatever system.

use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::net::UnixDatagram;

/// The first descriptor that is handed over (sd_listen_fds(3), `SD_LISTEN_FDS_START`).
const FIRST: i32 = 3;

/// What a service manager has left in the environment of this process.
#[derive(Debug)]
pub struct Service {
    /// How many descriptors from [`FIRST`] on are ours.
    handed_over: i32,
    notify: Option<OsString>,
}

impl Service {
    /// Reads what the service manager has left, and takes it out of the environment, so that nobody who is started later
    /// takes it for his own. Descriptors that are meant for another process are left alone.
    ///
    /// Call it once, before anything has started a thread.
    pub fn take() -> Self {
        let number = |name: &str| std::env::var(name).ok()?.parse::<i32>().ok();
        let ours = number("LISTEN_PID").is_some_and(|pid| pid.cast_unsigned() == std::process::id());
        let handed_over = number("LISTEN_FDS").filter(|count| ours && *count > 0).unwrap_or(0);
        let notify = std::env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty());
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID", "NOTIFY_SOCKET"] {
            // SAFETY: no other thread is there yet that could read or change the environment.
            unsafe { std::env::remove_var(name) };
        }
        // However many are said to be there, only those that are open count; that none is has to be found out later.
        let open = (0..handed_over).take_while(|place| close_on_exec(FIRST.saturating_add(*place))).last();
        let handed_over = handed_over.min(open.map_or(1, |last| last + 1));
        Self { handed_over, notify }
    }

    /// The first listening stream socket that was handed over; none where there are no descriptors for us at all.
    ///
    /// # Errors
    ///
    /// When there are descriptors and none of them is such a socket, or it is none of TCP.
    pub fn listener(&mut self) -> io::Result<Option<TcpListener>> {
        let count = std::mem::take(&mut self.handed_over);
        if count == 0 {
            return Ok(None);
        }
        let Some(found) = (FIRST..FIRST.saturating_add(count)).find(|fd| listens(*fd)) else {
            return Err(io::Error::other("none of the descriptors is a stream socket that listens"));
        };
        // SAFETY: the descriptor is open, it was handed over for us to use, and `handed_over` was ours to take once.
        let listener = TcpListener::from(unsafe { OwnedFd::from_raw_fd(found) });
        match listener.local_addr() {
            Ok(_) => Ok(Some(listener)),
            Err(_) => Err(io::Error::other("the socket is none of TCP")),
        }
    }

    /// Says that we are ready.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// Says that we are about to end.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// If nobody hears it, the service manager will see for itself.
    fn tell(&self, state: &str) {
        let Some(address) = &self.notify else { return };
        let Ok(socket) = UnixDatagram::unbound() else { return };
        let _ = send(&socket, address, state.as_bytes());
    }
}

#[cfg(target_os = "linux")]
fn send(socket: &UnixDatagram, address: &OsString, state: &[u8]) -> io::Result<usize> {
    use std::os::linux::net::SocketAddrExt;
    match address.as_encoded_bytes().strip_prefix(b"@") {
        Some(name) => socket.send_to_addr(state, &std::os::unix::net::SocketAddr::from_abstract_name(name)?),
        None => socket.send_to(state, address),
    }
}

#[cfg(not(target_os = "linux"))]
fn send(socket: &UnixDatagram, address: &OsString, state: &[u8]) -> io::Result<usize> {
    socket.send_to(state, address)
}

/// Keeps `fd` from whatever is executed by us; false where it is not open.
fn close_on_exec(fd: i32) -> bool {
    // SAFETY: it changes a flag of a descriptor that is meant for us, and nothing where there is none.
    unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) == 0 }
}

fn listens(fd: i32) -> bool {
    option(fd, libc::SO_TYPE) == Some(libc::SOCK_STREAM) && option(fd, libc::SO_ACCEPTCONN).is_some_and(|on| on != 0)
}

/// An option of a socket; none where `fd` is none.
fn option(fd: i32, name: i32) -> Option<i32> {
    let mut value = 0_i32;
    let mut length = libc::socklen_t::try_from(size_of::<i32>()).ok()?;
    // SAFETY: value and length are locals, and the length says how large the value is.
    let asked = unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, name, (&raw mut value).cast(), &raw mut length) };
    (asked == 0).then_some(value)
}
