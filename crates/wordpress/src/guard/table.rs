//! Which addresses belong to the public internet. Everything else is refused unless an operator opened it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Prefixes that are not public (IANA's special-purpose registry, multicast and reserved space), and
/// Azure's host service, which lives at a public address that only a machine inside Azure can reach.
const PRIVATE_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([168, 63, 129, 16], 32),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Parts of `2000::/3` that are not public: protocol assignments with Teredo (`2001::/23`), documentation
/// (`2001:db8::/32`, `3fff::/20`) and 6to4 (`2002::/16`), whose addresses carry an IPv4 address of anybody's
/// choice.
const PRIVATE_V6: [(u128, u32); 4] = [
    (0x2001_0000_0000_0000_0000_0000_0000_0000, 23),
    (0x2001_0db8_0000_0000_0000_0000_0000_0000, 32),
    (0x2002_0000_0000_0000_0000_0000_0000_0000, 16),
    (0x3fff_0000_0000_0000_0000_0000_0000_0000, 20),
];

/// True where anybody on the internet may have this address. IPv4 addresses inside the mapped and the NAT64
/// prefix are judged as what they reach.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let bits = u32::from(ip);
    !PRIVATE_V4.iter().any(|(net, prefix)| bits >> (32 - prefix) == u32::from_be_bytes(*net) >> (32 - prefix))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(inner) = ip.to_ipv4_mapped().or_else(|| nat64(ip)) {
        return is_public_v4(inner);
    }
    let bits = u128::from(ip);
    bits >> 125 == 0b001
        && !PRIVATE_V6.iter().any(|(net, prefix)| bits >> (128 - prefix) == net >> (128 - prefix))
}

/// The IPv4 address behind NAT64's well-known prefix, `64:ff9b::/96`.
fn nat64(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::this_network("0.0.0.1")]
    #[case::private_ten("10.1.2.3")]
    #[case::carrier_grade("100.64.0.1")]
    #[case::alibaba_metadata("100.100.100.200")]
    #[case::loopback("127.0.0.1")]
    #[case::loopback_far("127.255.255.254")]
    #[case::azure_host("168.63.129.16")]
    #[case::metadata("169.254.169.254")]
    #[case::container_metadata("169.254.170.2")]
    #[case::private_172("172.16.0.1")]
    #[case::private_172_end("172.31.255.255")]
    #[case::oracle_metadata("192.0.0.192")]
    #[case::documentation("192.0.2.1")]
    #[case::relay("192.88.99.1")]
    #[case::private_192("192.168.1.1")]
    #[case::benchmark("198.19.255.255")]
    #[case::documentation_two("198.51.100.7")]
    #[case::documentation_three("203.0.113.7")]
    #[case::multicast("224.0.0.1")]
    #[case::reserved("240.0.0.1")]
    #[case::broadcast("255.255.255.255")]
    #[case::v6_unspecified("::")]
    #[case::v6_loopback("::1")]
    #[case::v4_compatible("::127.0.0.1")]
    #[case::mapped_loopback("::ffff:127.0.0.1")]
    #[case::mapped_metadata("::ffff:169.254.169.254")]
    #[case::nat64_private("64:ff9b::10.0.0.1")]
    #[case::nat64_metadata("64:ff9b::a9fe:a9fe")]
    #[case::nat64_local_prefix("64:ff9b:1::a00:1")]
    #[case::discard("100::1")]
    #[case::teredo("2001:0:4136:e378:8000:63bf:3fff:fdd2")]
    #[case::orchid("2001:20::1")]
    #[case::documentation_v6("2001:db8::1")]
    #[case::six_to_four("2002:7f00:1::1")]
    #[case::documentation_new("3fff:fff::1")]
    #[case::segment_routing("5f00::1")]
    #[case::unique_local("fc00::1")]
    #[case::aws_metadata_v6("fd00:ec2::254")]
    #[case::link_local("fe80::1")]
    #[case::site_local("fec0::1")]
    #[case::multicast_v6("ff02::1")]
    fn an_address_that_is_not_public_is_known(#[case] ip: IpAddr) {
        assert!(!is_public(ip));
    }

    #[rstest]
    #[case("1.1.1.1")]
    #[case("9.255.255.255")]
    #[case("11.0.0.0")]
    #[case("100.63.255.255")]
    #[case("100.128.0.0")]
    #[case("126.255.255.255")]
    #[case("128.0.0.0")]
    #[case("168.63.129.15")]
    #[case("168.63.129.17")]
    #[case("172.15.255.255")]
    #[case("172.32.0.0")]
    #[case("192.167.255.255")]
    #[case("192.169.0.0")]
    #[case("198.17.255.255")]
    #[case("198.20.0.0")]
    #[case("223.255.255.255")]
    #[case("2001:200::1")]
    #[case("2606:4700::1111")]
    #[case("2a00:1450:4001::1")]
    #[case("3ffe::1")]
    #[case("::ffff:1.1.1.1")]
    #[case("64:ff9b::101:101")]
    fn a_public_address_is_not_refused(#[case] ip: IpAddr) {
        assert!(is_public(ip));
    }

    proptest::proptest! {
        #[test]
        fn a_private_address_stays_private_in_every_form(bits: u32) {
            let ip = Ipv4Addr::from(bits);
            let mapped = IpAddr::V6(ip.to_ipv6_mapped());
            let [a, b, c, d] = ip.octets().map(u16::from);
            let nat64 = IpAddr::V6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a << 8 | b, c << 8 | d));
            let six_to_four = IpAddr::V6(Ipv6Addr::new(0x2002, a << 8 | b, c << 8 | d, 0, 0, 0, 0, 1));
            proptest::prop_assert_eq!(is_public(ip.into()), is_public(mapped));
            proptest::prop_assert_eq!(is_public(ip.into()), is_public(nat64));
            proptest::prop_assert!(!is_public(six_to_four));
        }

        #[test]
        fn no_address_that_std_calls_private_is_public(bits: u32) {
            let ip = Ipv4Addr::from(bits);
            let private = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast()
                || ip.is_broadcast() || ip.is_documentation() || ip.is_unspecified();
            proptest::prop_assert!(!(private && is_public(ip.into())));
        }
    }
}
