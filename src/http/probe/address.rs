//! Where a probe may connect to: addresses of the public internet, and networks that the operator allows.

use std::net::IpAddr;

use crate::base::network::{Network, Networks};

/// The networks that are not public, by the registries of IANA for special purposes (RFC 6890), with multicast and what is reserved.
/// 168.63.129.16 is where Azure tells virtual machines their secrets; other clouds do so in 169.254.0.0/16, 100.64.0.0/10 and 192.0.0.0/24.
const SPECIAL_IPV4: &[Network] = &[
    Network::v4([0, 0, 0, 0], 8),
    Network::v4([10, 0, 0, 0], 8),
    Network::v4([100, 64, 0, 0], 10),
    Network::v4([127, 0, 0, 0], 8),
    Network::v4([168, 63, 129, 16], 32),
    Network::v4([169, 254, 0, 0], 16),
    Network::v4([172, 16, 0, 0], 12),
    Network::v4([192, 0, 0, 0], 24),
    Network::v4([192, 0, 2, 0], 24),
    Network::v4([192, 88, 99, 0], 24),
    Network::v4([192, 168, 0, 0], 16),
    Network::v4([198, 18, 0, 0], 15),
    Network::v4([198, 51, 100, 0], 24),
    Network::v4([203, 0, 113, 0], 24),
    Network::v4([224, 0, 0, 0], 3),
];

/// All that is public in IPv6 (RFC 4291 section 2.4). Outside are loopback, unique-local, link-local and multicast addresses, IPv4 addresses
/// that are mapped, compatible or translated (NAT64), and what is reserved.
const GLOBAL_IPV6: Network = Network::v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// What is not public in there: protocol assignments with Teredo, documentation, and 6to4, which leads to IPv4 addresses.
const SPECIAL_IPV6: &[Network] = &[
    Network::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    Network::v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    Network::v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    Network::v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// Ports that browsers never ask (Fetch, section 2.9), and 0.
#[rustfmt::skip]
const BLOCKED_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117,
    119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
    989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Returns whether a probe may connect to this address.
pub fn is_allowed(address: IpAddr, allowed: &Networks) -> bool {
    is_public(address) || allowed.hold(address)
}

pub(super) fn is_blocked(port: u16) -> bool {
    BLOCKED_PORTS.binary_search(&port).is_ok()
}

fn is_public(address: IpAddr) -> bool {
    let is_in = |networks: &[Network]| networks.iter().any(|network| network.holds(address));
    (address.is_ipv4() || GLOBAL_IPV6.holds(address)) && !is_in(SPECIAL_IPV4) && !is_in(SPECIAL_IPV6)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "1.1.1.1 9.255.255.255 100.63.0.1 100.128.0.1 172.15.0.1 172.32.0.1 192.167.1.1 198.17.0.1 223.255.255.255 \
        2606:4700::1111 2a00:1450:4001::1 2001:200::1 2001:4860:4860::8888";

    const OTHERS: &str = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254 \
        172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 \
        224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8 \
        64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1:: 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: \
        3fff::1 3fff:fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1";

    #[test]
    fn only_addresses_of_the_public_internet_may_be_connected_to() {
        let none = Networks::default();
        for public in PUBLIC.split_whitespace() {
            assert!(is_allowed(public.parse().unwrap(), &none), "{public}");
        }
        for other in OTHERS.split_whitespace() {
            assert!(!is_allowed(other.parse().unwrap(), &none), "{other}");
        }
    }

    #[test]
    fn the_operator_allows_networks_and_nothing_around_them() {
        let allowed = "10.1.0.0/16,fd12::/16".parse().unwrap();
        for (address, may) in [("10.1.2.3", true), ("10.2.0.1", false), ("fd12::1", true), ("fd13::1", false), ("::ffff:10.1.2.3", false)] {
            assert_eq!(is_allowed(address.parse().unwrap(), &allowed), may, "{address}");
        }
    }

    #[test]
    fn the_blocked_ports_are_sorted() {
        assert!(BLOCKED_PORTS.is_sorted() && is_blocked(25) && is_blocked(0) && !is_blocked(443) && !is_blocked(8080));
    }
}
