//! One entry of the operator's list of private ranges that may be called, as the configuration writes it.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;

/// A range of addresses that calls may reach although it is not public, on one port or on any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedRange {
    net: IpNet,
    port: Option<u16>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an address range such as 127.0.0.1/32, 10.0.0.0/8:8080 or fd00::/8")]
pub struct InvalidRange(String);

impl AllowedRange {
    pub fn new(net: IpNet, port: Option<u16>) -> Self {
        Self { net, port }
    }

    /// True where the range opens this very address and port. Port 0 is never open.
    pub(super) fn opens(&self, ip: IpAddr, port: u16) -> bool {
        self.opens_port(port) && (self.net.contains(&ip) || self.net.contains(&ip.to_canonical()))
    }

    pub(super) fn opens_port(&self, port: u16) -> bool {
        port != 0 && self.port.is_none_or(|open| open == port)
    }
}

impl FromStr for AllowedRange {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRange(text.to_owned());
        let text = text.trim();
        let Some((address, rest)) = text.split_once('/') else {
            let single = text.parse::<IpAddr>().map(|ip| (ip, None));
            let with_port = || text.parse::<SocketAddr>().map(|at| (at.ip(), Some(at.port())));
            let (ip, port) = single.or_else(|_| with_port()).map_err(|_| invalid())?;
            return if port == Some(0) { Err(invalid()) } else { Ok(Self::new(IpNet::from(ip), port)) };
        };
        let (prefix, port) = match rest.split_once(':') {
            Some((prefix, port)) => (prefix, Some(port.parse::<u16>().map_err(|_| invalid())?)),
            None => (rest, None),
        };
        if port == Some(0) {
            return Err(invalid());
        }
        let ip = address.parse::<IpAddr>().map_err(|_| invalid())?;
        let prefix = prefix.parse::<u8>().map_err(|_| invalid())?;
        let net = IpNet::new(ip, prefix).map_err(|_| invalid())?;
        Ok(Self::new(net, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("127.0.0.1/32", "127.0.0.1", 8101, true)]
    #[case("127.0.0.1/32", "127.0.0.2", 8101, false)]
    #[case("127.0.0.1/32:8101", "127.0.0.1", 8101, true)]
    #[case("127.0.0.1/32:8101", "127.0.0.1", 8102, false)]
    #[case("127.0.0.1", "127.0.0.1", 1, true)]
    #[case("127.0.0.1:8101", "127.0.0.1", 8101, true)]
    #[case("10.0.0.0/8", "::ffff:10.9.9.9", 443, true)]
    #[case("10.0.0.0/8", "64:ff9b::a09:909", 443, false)]
    #[case("fd00::/8", "fd12::1", 443, true)]
    #[case("fd00::/8:8443", "fd12::1", 443, false)]
    #[case("[::1]:8101", "::1", 8101, true)]
    #[case("127.0.0.1/32", "127.0.0.1", 0, false)]
    fn a_range_opens_its_addresses_and_port(
        #[case] range: AllowedRange,
        #[case] ip: IpAddr,
        #[case] port: u16,
        #[case] open: bool,
    ) {
        assert_eq!(range.opens(ip, port), open);
    }

    #[rstest]
    #[case("")]
    #[case("localhost")]
    #[case("127.0.0.1/33")]
    #[case("127.0.0.1/32:0")]
    #[case("127.0.0.1/32:99999")]
    #[case("127.0.0.1:0")]
    #[case("fd00::/8:")]
    fn a_range_that_cannot_be_read_is_refused(#[case] text: &str) {
        assert!(text.parse::<AllowedRange>().is_err());
    }
}
