//! Networks of IP addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

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

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl FromStr for Networks {
    type Err = NoNetwork;

    /// Parses a list such as `127.0.0.1,10.0.0.0/8,fd00::/8`; empty holds none.
    fn from_str(text: &str) -> Result<Networks, NoNetwork> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| Network::parse(part).ok_or_else(|| NoNetwork(part.to_owned()))).collect::<Result<_, _>>().map(Networks)
    }
}

impl Networks {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }
}

impl Network {
    pub const fn v4([a, b, c, d]: [u8; 4], bits: u8) -> Network {
        Network { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits }
    }

    pub const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], bits: u8) -> Network {
        Network { address: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), bits }
    }

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

    pub fn holds(self, other: IpAddr) -> bool {
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
}
