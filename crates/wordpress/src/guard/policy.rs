//! What may be called, decided on addresses, never on spellings.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{PoisonError, RwLock};

use super::range::AllowedRange;
use super::table::is_public;

/// The ports that a public site may be on.
const PUBLIC_PORTS: [u16; 4] = [80, 443, 8080, 8443];

/// Why an address may not be called. The text of [`Refusal::Address`] is one for every such address, so that
/// nobody can learn what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this address cannot be used")]
    Address,
    #[error("only the ports 80, 443, 8080 and 8443 can be used")]
    Port,
    #[error("only https:// addresses can be used")]
    Http,
    #[error("the address must begin with https:// or http://")]
    Scheme,
    #[error("the address must not contain a user name or a password")]
    Userinfo,
    #[error("the address has no host name")]
    NoHost,
    #[error("the address is too long")]
    TooLong,
}

impl Refusal {
    /// The stable word for it in a check or an error.
    pub fn code(self) -> &'static str {
        match self {
            Self::Address => "address_not_allowed",
            Self::Port => "port_not_allowed",
            Self::Http => "http_not_allowed",
            Self::Scheme | Self::Userinfo | Self::NoHost | Self::TooLong => "invalid_url",
        }
    }
}

/// Whether public sites may be called over plain http. Inside an opened range they always may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpSites {
    #[default]
    Deny,
    Allow,
}

/// Why an address may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Public,
    /// Inside a range that the operator opened.
    Opened,
}

/// The rules for outbound calls. By default only public addresses over https.
#[derive(Debug, Default)]
pub struct AddressPolicy {
    allow: Vec<AllowedRange>,
    http: HttpSites,
    own: RwLock<Vec<SocketAddr>>,
}

impl AddressPolicy {
    pub fn new(allow: Vec<AllowedRange>, http: HttpSites) -> Self {
        Self { allow, http, own: RwLock::default() }
    }

    /// Adds the addresses this service listens on, known only once it is bound. They can never be called,
    /// whatever range is open, so that no site can be made of this service itself.
    pub fn forbid_own(&self, listening: &[SocketAddr]) {
        self.own.write().unwrap_or_else(PoisonError::into_inner).extend_from_slice(listening);
    }

    /// Judges an address that is about to be dialled, or that has answered.
    pub fn judge(&self, ip: IpAddr, port: u16) -> Result<Standing, Refusal> {
        let ip = ip.to_canonical();
        if ip.is_unspecified() || self.is_own(ip, port) {
            Err(Refusal::Address)
        } else if self.allow.iter().any(|range| range.opens(ip, port)) {
            Ok(Standing::Opened)
        } else if !is_public(ip) {
            Err(Refusal::Address)
        } else if !PUBLIC_PORTS.contains(&port) {
            Err(Refusal::Port)
        } else {
            Ok(Standing::Public)
        }
    }

    /// Judges with the scheme: plain http to a public address only where the operator said so.
    pub(super) fn judge_call(&self, ip: IpAddr, port: u16, https: bool) -> Result<Standing, Refusal> {
        match self.judge(ip, port)? {
            Standing::Public if !https && self.http == HttpSites::Deny => Err(Refusal::Http),
            standing => Ok(standing),
        }
    }

    /// False where no address at all could be called on this port.
    pub(super) fn may_use_port(&self, port: u16) -> bool {
        PUBLIC_PORTS.contains(&port) || self.allow.iter().any(|range| range.opens_port(port))
    }

    fn is_own(&self, ip: IpAddr, port: u16) -> bool {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        own.iter().filter(|at| at.port() == port).any(|at| {
            let bound = at.ip().to_canonical();
            if bound.is_unspecified() { is_of_this_machine(ip) } else { bound == ip }
        })
    }
}

/// A service bound to every interface is reached through each address of the machine. Only an address of
/// this machine can be bound, which tells without listing the interfaces.
fn is_of_this_machine(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn opened(ranges: &[&str]) -> AddressPolicy {
        let ranges = ranges.iter().map(|range| range.parse().unwrap()).collect();
        AddressPolicy::new(ranges, HttpSites::Deny)
    }

    #[rstest]
    #[case("127.0.0.1", 443, Err(Refusal::Address))]
    #[case("::ffff:10.0.0.1", 443, Err(Refusal::Address))]
    #[case("10.0.0.1", 22, Err(Refusal::Address))]
    #[case("1.1.1.1", 443, Ok(Standing::Public))]
    #[case("1.1.1.1", 8443, Ok(Standing::Public))]
    #[case("1.1.1.1", 22, Err(Refusal::Port))]
    #[case("1.1.1.1", 0, Err(Refusal::Port))]
    fn by_default_only_public_addresses_on_web_ports_are_called(
        #[case] ip: IpAddr,
        #[case] port: u16,
        #[case] expected: Result<Standing, Refusal>,
    ) {
        assert_eq!(AddressPolicy::default().judge(ip, port), expected);
    }

    #[test]
    fn an_opened_range_opens_any_port_but_zero() {
        let policy = opened(&["127.0.0.1/32"]);
        assert_eq!(policy.judge([127, 0, 0, 1].into(), 9), Ok(Standing::Opened));
        assert_eq!(policy.judge([127, 0, 0, 1].into(), 0), Err(Refusal::Address));
        assert_eq!(policy.judge([127, 0, 0, 2].into(), 9), Err(Refusal::Address));
    }

    #[test]
    fn plain_http_is_for_opened_ranges_unless_the_operator_allows_it() {
        let policy = opened(&["127.0.0.1/32"]);
        assert_eq!(policy.judge_call([127, 0, 0, 1].into(), 80, false), Ok(Standing::Opened));
        assert_eq!(policy.judge_call([1, 1, 1, 1].into(), 80, false), Err(Refusal::Http));
        assert_eq!(policy.judge_call([10, 0, 0, 1].into(), 80, false), Err(Refusal::Address));
        let policy = AddressPolicy::new(Vec::new(), HttpSites::Allow);
        assert_eq!(policy.judge_call([1, 1, 1, 1].into(), 80, false), Ok(Standing::Public));
    }

    #[test]
    fn the_own_listen_address_is_never_reachable() {
        let policy = opened(&["127.0.0.0/8", "::1/128"]);
        policy.forbid_own(&["127.0.0.1:8080".parse().unwrap()]);
        assert_eq!(policy.judge([127, 0, 0, 1].into(), 8080), Err(Refusal::Address));
        assert_eq!(policy.judge("::ffff:127.0.0.1".parse().unwrap(), 8080), Err(Refusal::Address));
        assert_eq!(policy.judge([127, 0, 0, 1].into(), 8081), Ok(Standing::Opened));
    }

    #[test]
    fn a_service_on_every_interface_forbids_every_address_of_the_machine() {
        let policy = opened(&["0.0.0.0/0", "::/0"]);
        policy.forbid_own(&["[::]:8080".parse().unwrap()]);
        assert_eq!(policy.judge([127, 0, 0, 1].into(), 8080), Err(Refusal::Address));
        assert_eq!(policy.judge([127, 9, 9, 9].into(), 8080), Err(Refusal::Address));
        assert_eq!(policy.judge([0, 0, 0, 0].into(), 8080), Err(Refusal::Address));
        assert_eq!(policy.judge([203, 0, 113, 9].into(), 8080), Ok(Standing::Opened));
    }

    #[test]
    fn the_unspecified_address_reaches_this_machine_and_is_never_called() {
        let policy = opened(&["0.0.0.0/0", "::/0"]);
        assert_eq!(policy.judge([0, 0, 0, 0].into(), 443), Err(Refusal::Address));
        assert_eq!(policy.judge("::".parse().unwrap(), 443), Err(Refusal::Address));
    }
}
