//! Which proxies are trusted to name the client's address.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use crate::base::network::{Networks, NoNetwork};

/// Whose `X-Forwarded-For` is trusted. Nobody's by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Networks,
    /// Peers on Unix sockets, which have no address.
    unix: bool,
}

/// The word for peers on Unix sockets.
const UNIX: &str = "unix";

/// Where peers on Unix sockets come from: this machine.
pub const UNIX_PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl FromStr for TrustedProxies {
    type Err = NoNetwork;

    /// Parses a list such as `127.0.0.1,10.0.0.0/8,fd00::/8,unix`; empty trusts none.
    fn from_str(text: &str) -> Result<TrustedProxies, NoNetwork> {
        let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let networks = parts().filter(|part| *part != UNIX).collect::<Vec<_>>().join(",").parse()?;
        Ok(TrustedProxies { networks, unix: parts().any(|part| part == UNIX) })
    }
}

impl TrustedProxies {
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.unix
    }

    pub fn trusts(&self, address: IpAddr) -> bool {
        self.networks.hold(address)
    }

    /// Returns whether peers on Unix sockets are trusted.
    pub fn trusts_unix(&self) -> bool {
        self.unix
    }

    /// Returns the client's address: the last one in `X-Forwarded-For` that is not a trusted proxy itself, because everything before it is
    /// only claimed by that one; the proxy's own if the header has none that can be parsed.
    pub fn origin(&self, peer: IpAddr, forwarded_for: &str) -> IpAddr {
        let mut origin = peer;
        for part in forwarded_for.rsplit(',') {
            let Some(address) = address(part.trim()) else { break };
            origin = address;
            if !self.trusts(address) {
                break;
            }
        }
        origin
    }
}

/// Parses an address as proxies write it: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None if text.matches(':').count() == 1 => text.split(':').next().unwrap_or_default(),
        None => text,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_the_addresses_that_share_its_first_bits() {
        let proxies: TrustedProxies = "127.0.0.1, 10.0.0.0/8,fd00::/8".parse().unwrap();
        for trusted in ["127.0.0.1", "10.1.2.3", "10.255.255.255", "fd12::1"] {
            assert!(proxies.trusts(ip(trusted)), "{trusted}");
        }
        for stranger in ["127.0.0.2", "11.0.0.1", "fe80::1", "::1"] {
            assert!(!proxies.trusts(ip(stranger)), "{stranger}");
        }
        assert!("0.0.0.0/0".parse::<TrustedProxies>().unwrap().trusts(ip("8.8.8.8")));
        assert!("::/0".parse::<TrustedProxies>().unwrap().trusts(ip("::1")));
        assert!(!TrustedProxies::default().trusts(ip("127.0.0.1")));
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["localhost", "10.0.0.0/33", "10.0.0.0/x", "fd00::/129"] {
            assert_eq!(format!("10.0.0.1,{text}").parse::<TrustedProxies>(), Err(NoNetwork(text.to_owned())));
        }
    }

    #[test]
    fn the_origin_is_the_last_address_that_no_trusted_proxy_has() {
        let proxies: TrustedProxies = "10.0.0.0/8".parse().unwrap();
        for (forwarded, origin) in [
            ("192.0.2.1", "192.0.2.1"),
            ("203.0.113.9, 192.0.2.1, 10.0.0.7", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("unknown", "10.0.0.1"),
            ("unknown, 10.0.0.7", "10.0.0.7"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(proxies.origin(ip("10.0.0.1"), forwarded), ip(origin), "{forwarded}");
        }
    }
}
