//! What is on the way to a place, apart from any request: names, addresses, ports, a socket, a file.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use http::Uri;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::observation::{Dialled, FileFound, Ground, Network, Proxy, SocketFound};
use crate::delivery::proxy::Proxies;
use crate::delivery::target::Road;

/// Looks at everything on `road`, until `deadline` at the latest.
pub(super) async fn look(road: &Road, proxies: &Proxies, deadline: Instant) -> Ground {
    match road {
        Road::Network(uri) => Ground::Network(network(uri, proxies, deadline).await),
        Road::Socket(path, _) => Ground::Socket { path: path.clone(), found: socket(path) },
        Road::File(path) => Ground::File { path: path.clone(), found: file(path) },
    }
}

async fn network(uri: &Uri, proxies: &Proxies, deadline: Instant) -> Network {
    let proxy = proxies.to(uri);
    let dialled = proxy.as_ref().map_or(uri, |proxy| &proxy.uri);
    let (to, on) = (host(dialled), port(dialled));
    let mut network = Network {
        scheme: uri.scheme_str().unwrap_or("http").to_owned(),
        host: host(uri),
        port: port(uri),
        path: uri.path().to_owned(),
        proxy: proxy.map(|proxy| Proxy { variable: proxy.variable, address: format!("{to}:{on}") }),
        addresses: None,
        dialled: Vec::new(),
        tls: None,
    };
    let found = timeout_at(deadline, tokio::net::lookup_host((to.as_str(), on))).await;
    let Ok(found) = found else { return network };
    let mut addresses = Vec::new();
    let named = found.map(|found| {
        for address in found {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses.iter().map(SocketAddr::ip).collect()
    });
    network.addresses = Some(named.map_err(|error| error.to_string()));
    if to.eq_ignore_ascii_case("localhost") {
        // Programs differ in which of the two they mean.
        for loopback in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            let address = SocketAddr::new(loopback, on);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    let mut dialling = JoinSet::new();
    for address in addresses {
        dialling.spawn_local(async move { (address, dial(address, deadline).await) });
    }
    while let Some(dialled) = dialling.join_next().await {
        network.dialled.extend(dialled);
    }
    network.dialled.sort_by_key(|(address, _)| *address);
    network
}

async fn dial(address: SocketAddr, deadline: Instant) -> Dialled {
    match timeout_at(deadline, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Dialled::Open,
        Ok(Err(error)) => Dialled::Failed(error.kind(), error.to_string()),
        Err(_) => Dialled::Unanswered,
    }
}

/// The host without the brackets of an IPv6 address.
pub(super) fn host(uri: &Uri) -> String {
    uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// The port, that of the scheme where none is named.
pub(super) fn port(uri: &Uri) -> u16 {
    let secure = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
    uri.port_u16().unwrap_or(if secure { 443 } else { 80 })
}

fn socket(path: &Path) -> SocketFound {
    match std::fs::metadata(path) {
        Ok(facts) if facts.file_type().is_socket() => SocketFound::Socket,
        Ok(_) => SocketFound::NoSocket,
        Err(error) if error.kind() == ErrorKind::NotFound => SocketFound::Nothing,
        Err(error) => SocketFound::Hidden(error.kind()),
    }
}

/// Whether the file can be written to. Nothing is written, and nothing is made.
fn file(path: &Path) -> FileFound {
    let denied = |path: &Path, error: std::io::Error| FileFound::Denied(path.to_owned(), error.to_string());
    match std::fs::metadata(path) {
        Ok(facts) if facts.is_dir() => return FileFound::Folder,
        // Whoever opens a pipe waits for its reader.
        Ok(facts) if facts.file_type().is_fifo() => return FileFound::Writable,
        Ok(_) => {
            let opened = OpenOptions::new().append(true).open(path);
            return opened.map_or_else(|error| denied(path, error), |_| FileFound::Writable);
        }
        Err(_) => {}
    }
    // Delivery makes the folders that are missing.
    for folder in path.ancestors().skip(1) {
        match std::fs::metadata(folder) {
            Ok(facts) if !facts.is_dir() => return FileFound::NoFolder(folder.to_owned()),
            Ok(_) => return made_in(folder).map_or_else(|error| denied(folder, error), |()| FileFound::Writable),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return denied(folder, error),
        }
    }
    FileFound::Writable
}

/// Whether a file can be made in `folder`: one without a name is, which is gone when it is closed (open(2), `O_TMPFILE`).
#[cfg(target_os = "linux")]
fn made_in(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    match OpenOptions::new().write(true).custom_flags(libc::O_TMPFILE).open(folder) {
        // Some file systems have no such files, and cannot be asked without leaving a trace.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR | libc::ENOENT)) => Ok(()),
        other => other.map(drop),
    }
}

#[cfg(not(target_os = "linux"))]
fn made_in(folder: &Path) -> std::io::Result<()> {
    match std::fs::metadata(folder)?.permissions().readonly() {
        true => Err(ErrorKind::PermissionDenied.into()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn files_are_looked_at_and_left_alone() {
        let folder = std::env::temp_dir().join(format!("otel-run-reach-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let there = folder.join("there.jsonl");
        std::fs::write(&there, "a line\n").unwrap();
        assert_eq!(file(&there), FileFound::Writable);
        assert_eq!(file(&folder.join("new.jsonl")), FileFound::Writable);
        assert_eq!(file(&folder.join("deep/er/new.jsonl")), FileFound::Writable);
        assert_eq!(file(&folder), FileFound::Folder);
        assert_eq!(file(&there.join("below")), FileFound::NoFolder(there.clone()));
        assert_eq!(std::fs::read_to_string(&there).unwrap(), "a line\n");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        assert_eq!(socket(&there), SocketFound::NoSocket);
        assert_eq!(socket(&folder.join("none")), SocketFound::Nothing);
        let listening = folder.join("s");
        let _listener = std::os::unix::net::UnixListener::bind(&listening).unwrap();
        assert_eq!(socket(&listening), SocketFound::Socket);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn ports_are_those_of_the_scheme_where_none_is_named() {
        for (url, expected) in [
            ("http://h", ("h", 80)),
            ("https://h/x", ("h", 443)),
            ("http://[::1]:4318", ("::1", 4318)),
            ("https://127.0.0.1:1", ("127.0.0.1", 1)),
        ] {
            let uri: Uri = url.parse().unwrap();
            assert_eq!((host(&uri).as_str(), port(&uri)), expected);
        }
    }
}
