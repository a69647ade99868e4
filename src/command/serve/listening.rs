//! Where `serve` listens, and what senders have to know for it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use crate::cli::ServeOptions;
use crate::collector::{self, Bound};
use crate::command::said::Said;
use crate::error::Error;
use crate::process::Service;
use crate::secret::Secret;
use crate::settings::HeaderValue;

/// A token that is shorter could be guessed.
const SHORTEST_TOKEN: usize = 16;

/// The socket that the service manager hands over, or one at the address that is wanted. One that other machines can reach
/// is an error unless that was asked for, and the user has given a token.
pub(super) fn bind(wanted: &ServeOptions, token: bool, service: &mut Service) -> Result<Bound, Error> {
    let inherited = service.listener().map_err(|error| Error::HandedOver(error.to_string()))?;
    let loopback_only = |address: SocketAddr| match is_loopback(address.ip()) || (wanted.allow_remote && token) {
        true => Ok(()),
        false => Err(Error::Open { address, allowed: wanted.allow_remote, token }),
    };
    match (inherited, wanted.listen) {
        (Some(_), Some(_)) => Err(Error::Serve(
            "the service manager hands over a socket, and --listen asks for another: leave one of them out".to_owned(),
        )),
        (Some(inherited), None) => {
            let bound = Bound::of(inherited).map_err(|error| Error::HandedOver(error.to_string()))?;
            loopback_only(bound.address())?;
            Ok(bound)
        }
        (None, listen) => {
            let address = listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
            // Before anybody can connect.
            loopback_only(address)?;
            collector::listen(address).map_err(|reason| Error::Listen { address, reason })
        }
    }
}

/// The token that the user gives, by the name of its variable or file.
///
/// It stands in paths and headers as it is, so only characters that need no quoting anywhere are taken (RFC 3986,
/// section 2.3).
pub(super) fn read_token(said: &Said, text: &Secret) -> Result<Secret, Error> {
    let value = HeaderValue::read(text.expose());
    if matches!(value, HeaderValue::Literal(_)) {
        return Err(Error::Token("a token itself could be read by everybody who can list processes".to_owned()));
    }
    let token = value.reveal(&said.environment, &|path: &Path| std::fs::read_to_string(path)).map_err(Error::Token)?;
    match token.filter(|token| fits(token.expose())) {
        Some(token) => Ok(token),
        None => Err(Error::Token(format!(
            "the token has to be {SHORTEST_TOKEN} or more of the characters A-Z a-z 0-9 - . _ ~"
        ))),
    }
}

fn fits(token: &str) -> bool {
    token.len() >= SHORTEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// The address by which senders on this machine, or in the same pod, reach `address`.
pub(super) fn from_this_machine(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn who_can_be_reached_by_others() {
        for (ip, loopback) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("0.0.0.0", false),
            ("::", false),
            ("::ffff:0.0.0.0", false),
            ("192.168.1.7", false),
            ("fe80::1", false),
        ] {
            assert_eq!(is_loopback(ip.parse().unwrap()), loopback, "{ip}");
        }
    }

    #[test]
    fn tokens() {
        for (token, good) in [
            ("0123456789abcdef", true),
            ("0123456789abcde", false),
            ("0123456789-._~AZaz", true),
            ("0123456789abcde/f", false),
            ("0123456789abcde f", false),
            ("0123456789abcde%41", false),
            ("0123456789abcdeü", false),
        ] {
            assert_eq!(fits(token), good, "{token}");
        }
    }
}
