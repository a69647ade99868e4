//! What the system allows a process here: how many descriptors, how much space, whether loopback.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

/// How long a connection on loopback may take. It takes microseconds where nothing keeps it.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many descriptors this process may have, before it asks for more; none where the system does not tell.
pub fn descriptors() -> Option<u64> {
    let (soft, _) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).ok()?;
    Some(soft)
}

/// The bytes that a user who is not root can still write in `folder`; none where the system does not tell.
pub fn space(folder: &Path) -> Option<u64> {
    let facts = nix::sys::statvfs::statvfs(folder).ok()?;
    // Their types differ from system to system.
    #[allow(clippy::useless_conversion)]
    let (blocks, size) = (u64::from(facts.blocks_available()), u64::from(facts.fragment_size()));
    blocks.checked_mul(size)
}

/// Whether files may be made in `folder`, by what the system says and without making one.
///
/// # Errors
///
/// What the system said.
pub fn may_write(folder: &Path) -> std::io::Result<()> {
    use nix::unistd::{AccessFlags, access};
    access(folder, AccessFlags::W_OK | AccessFlags::X_OK).map_err(Into::into)
}

/// Whether this is a container, by the mark that runtimes leave in its root.
pub fn container_mark() -> Option<&'static str> {
    ["/.dockerenv", "/run/.containerenv"].into_iter().find(|mark| Path::new(mark).exists())
}

/// Listens on loopback, and reaches itself there.
///
/// # Errors
///
/// What the system said.
pub fn try_loopback() -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut near = TcpStream::connect_timeout(&listener.local_addr()?, PATIENCE)?;
    let (mut far, _) = listener.accept()?;
    far.set_read_timeout(Some(PATIENCE))?;
    near.write_all(b"x")?;
    far.read_exact(&mut [0])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn the_system_tells() {
        assert!(descriptors().unwrap() > 0);
        assert!(space(&std::env::temp_dir()).is_some());
        assert_eq!(space(Path::new("/no/such/folder")), None);
        may_write(&std::env::temp_dir()).unwrap();
        assert!(may_write(Path::new("/no/such/folder")).is_err());
        try_loopback().unwrap();
    }
}
