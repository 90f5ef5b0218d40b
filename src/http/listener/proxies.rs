//! Which proxies are trusted to name the client's address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Whose `X-Forwarded-For` is trusted. Nobody's by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<Network>,
    /// Peers on Unix sockets, which have no address.
    unix: bool,
}

/// The word for peers on Unix sockets.
const UNIX: &str = "unix";

/// Where peers on Unix sockets come from: this machine.
pub const UNIX_PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How many times the share of a network one has that holds many of the next smaller kind.
const MORE_SHARES: usize = 4;

/// All addresses that share their first bits with this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// The part of the list that is neither an address nor a network.
#[derive(Debug, PartialEq, Eq)]
pub struct NoNetwork(pub String);

impl FromStr for TrustedProxies {
    type Err = NoNetwork;

    /// Parses a list such as `127.0.0.1,10.0.0.0/8,fd00::/8,unix`; empty trusts none.
    fn from_str(text: &str) -> Result<TrustedProxies, NoNetwork> {
        let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let networks = parts().filter(|part| *part != UNIX).map(|part| Network::parse(part).ok_or_else(|| NoNetwork(part.to_owned())));
        Ok(TrustedProxies { networks: networks.collect::<Result<_, _>>()?, unix: parts().any(|part| part == UNIX) })
    }
}

impl TrustedProxies {
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.unix
    }

    pub fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.holds(address))
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

impl Network {
    /// Returns the network of one customer of a provider: an IPv4 address, or the /64 of an IPv6 address.
    pub fn around(address: IpAddr) -> Network {
        match address.to_canonical() {
            IpAddr::V4(address) => Network { address: address.into(), bits: 32 },
            IpAddr::V6(address) => Network { address: Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(), bits: 64 },
        }
    }

    /// Returns the next larger network that one customer may have: of a /64 of IPv6 the /56, and of that the /48.
    pub fn wider(&self) -> Option<Network> {
        match (self.address, self.bits) {
            (IpAddr::V6(address), 56 | 64) => {
                let bits = self.bits - 8;
                Some(Network { address: Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits))).into(), bits })
            }
            _ => None,
        }
    }

    /// Returns how many shares it has of what networks share.
    pub fn shares(self) -> usize {
        match (self.address, self.bits) {
            (IpAddr::V6(_), 56) => MORE_SHARES,
            (IpAddr::V6(_), 48) => MORE_SHARES * MORE_SHARES,
            _ => 1,
        }
    }

    pub fn includes(self, other: Network) -> bool {
        self.bits <= other.bits && self.holds(other.address)
    }

    fn parse(text: &str) -> Option<Network> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(widest), |bits| bits.parse().ok().filter(|bits| *bits <= widest))?;
        Some(Network { address, bits })
    }

    fn holds(self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => shares(u128::from(own.to_bits()), u128::from(other.to_bits()), 32 - self.bits),
            (IpAddr::V6(own), IpAddr::V6(other)) => shares(own.to_bits(), other.to_bits(), 128 - self.bits),
            _ => false,
        }
    }
}

/// Returns whether the two differ only in the last `last` bits.
fn shares(one: u128, other: u128, last: u8) -> bool {
    (one ^ other).checked_shr(u32::from(last)).unwrap_or(0) == 0
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
    fn addresses_of_one_customer_are_one_network() {
        let around = |text: &str| Network::around(ip(text));
        assert_eq!(around("2001:db8:1:2::1"), around("2001:db8:1:2:ffff::"));
        assert_ne!(around("2001:db8:1:2::1"), around("2001:db8:1:3::1"));
        assert_eq!(around("::ffff:192.0.2.1"), around("192.0.2.1"));
        assert_ne!(around("192.0.2.2"), around("192.0.2.1"));
    }

    #[test]
    fn a_customer_with_many_small_networks_is_recognised_by_the_larger_ones_around_them() {
        let around = |text: &str| std::iter::successors(Some(Network::around(ip(text))), Network::wider).collect::<Vec<_>>();
        let (one, near, far, old) = (around("2001:db8:1:234::1"), around("2001:db8:1:2ff::1"), around("2001:db8:1::"), around("192.0.2.1"));
        assert!(one[0] != near[0] && one[1..] == near[1..] && one[1] != far[1] && one[2] == far[2]);
        let shares = |networks: &[Network]| networks.iter().map(|network| network.shares()).collect::<Vec<_>>();
        assert_eq!((shares(&one), shares(&old)), (vec![1, 4, 16], vec![1]));
        assert!(one[1].includes(near[0]) && one[2].includes(far[1]) && !one[1].includes(far[0]) && !one[0].includes(one[1]));
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
