//! The URLs of the server: the one at which clients reach it, and the one for programs on the same machine.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::cli::failure::UsageError;

/// Whether the server is temporary: then only its own machine uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    Lasting,
    Ephemeral,
}

/// Where a socket can be reached.
#[derive(Clone, Debug)]
pub enum Location {
    Tcp { scheme: &'static str, address: SocketAddr },
    Unix(PathBuf),
}

/// Returns the URL for programs on this machine. An address that means all of them is nothing to connect to. A Unix socket has no URL that all
/// programs know: `unix:PATH` stands for one.
pub fn local_url(location: &Location) -> String {
    match location {
        Location::Tcp { scheme, address } if is_wildcard(*address) => format!("{scheme}://localhost:{}", address.port()),
        Location::Tcp { scheme, address } => format!("{scheme}://{address}"),
        Location::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// Returns the public URL that was set, or else the one that follows from where the server listens first. Fails if none follows: it is the
/// issuer of all tokens, and clients have to reach it.
pub fn public_url(set: String, first: Option<&Location>, lifetime: Lifetime) -> Result<String, UsageError> {
    if !set.is_empty() {
        return Ok(set);
    }
    match first {
        Some(Location::Tcp { scheme, address }) if is_wildcard(*address) && lifetime == Lifetime::Lasting => Err(UsageError(format!(
            "--listen {address} answers at every address of this machine: say with --public-url at which URL clients and browsers reach it, \
             such as --public-url https://id.example.com or --public-url {scheme}://192.168.1.5:{}",
            address.port()
        ))),
        Some(location @ Location::Tcp { .. }) => Ok(local_url(location)),
        Some(Location::Unix(_)) | None if lifetime == Lifetime::Ephemeral => Ok("http://localhost".to_owned()),
        Some(Location::Unix(_)) | None => Err(UsageError(
            "a Unix socket has no URL: say with --public-url at which URL clients and browsers reach the server, such as \
             --public-url https://id.example.com"
                .to_owned(),
        )),
    }
}

/// Returns whether the address means all addresses of the machine: `0.0.0.0`, `::`, or the first one written as the second.
fn is_wildcard(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_unspecified()
}
