//! The URLs of the server: the one at which clients reach it, and the one for programs on the same machine.

use std::net::SocketAddr;

use crate::cli::failure::UsageError;

/// Whether the server is temporary: then only its own machine uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    Lasting,
    Ephemeral,
}

/// Returns the URL for programs on this machine. An address that means all of them is nothing to connect to.
pub fn local_url(address: SocketAddr) -> String {
    if is_wildcard(address) { format!("http://localhost:{}", address.port()) } else { format!("http://{address}") }
}

/// Returns the public URL that was set, or else the one that follows from the address. Fails if none follows: it is the issuer of all tokens,
/// and clients have to reach it.
pub fn public_url(set: String, address: SocketAddr, lifetime: Lifetime) -> Result<String, UsageError> {
    if !set.is_empty() {
        return Ok(set);
    }
    if is_wildcard(address) && lifetime == Lifetime::Lasting {
        return Err(UsageError(format!(
            "--listen {address} answers at every address of this machine: say with --public-url at which URL clients and browsers reach it, \
             such as --public-url https://id.example.com or --public-url http://192.168.1.5:{}",
            address.port()
        )));
    }
    Ok(local_url(address))
}

/// Returns whether the address means all addresses of the machine: `0.0.0.0`, `::`, or the first one written as the second.
fn is_wildcard(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_unspecified()
}
