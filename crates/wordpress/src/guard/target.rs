//! An address that has passed every check that needs no network.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use super::policy::{AddressPolicy, Refusal};

const MAX_LENGTH: usize = 2_048;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    Http,
    Https,
}

/// Where a call goes: scheme, host and port of a checked URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub scheme: Scheme,
    pub host: Host<String>,
    pub port: u16,
}

impl Target {
    /// Checks the URL against the policy as far as that goes without resolving a name. Literal addresses are
    /// judged here, for no resolver is ever asked about them; `Url` has already turned `0x7f.1`,
    /// `2130706433` and the like into one.
    pub fn check(url: &Url, policy: &AddressPolicy) -> Result<Self, Refusal> {
        if url.as_str().len() > MAX_LENGTH {
            return Err(Refusal::TooLong);
        }
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(Refusal::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Userinfo);
        }
        let host = url.host().ok_or(Refusal::NoHost)?.to_owned();
        let port = url.port_or_known_default().ok_or(Refusal::Port)?;
        let literal = match &host {
            Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(*ip)),
            Host::Domain(_) => None,
        };
        if let Some(ip) = literal {
            policy.judge_call(ip, port, scheme == Scheme::Https)?;
        } else if !policy.may_use_port(port) {
            return Err(Refusal::Port);
        }
        Ok(Self { scheme, host, port })
    }

    /// The address itself where the host is a literal one.
    pub fn literal(&self) -> Option<SocketAddr> {
        match self.host {
            Host::Ipv4(ip) => Some(SocketAddr::new(ip.into(), self.port)),
            Host::Ipv6(ip) => Some(SocketAddr::new(ip.into(), self.port)),
            Host::Domain(_) => None,
        }
    }
}

/// `https://example.com./` and `https://example.com/` are one site, but only the latter has a certificate.
pub(super) fn without_trailing_dot(mut url: Url) -> Url {
    let bare = url.host_str().and_then(|host| host.strip_suffix('.')).map(ToOwned::to_owned);
    if let Some(bare) = bare {
        // Fails only for a URL that cannot have a host; it stays as it was and is refused later.
        let _ = url.set_host(Some(&bare));
    }
    url
}

/// Suffixes that mean this machine or its own network, whatever a resolver makes of them.
const LOCAL_SUFFIXES: [&str; 6] = [".localhost", ".local", ".internal", ".localdomain", ".lan", ".home.arpa"];

/// Names that mean this machine or its own network: they may only lead into an opened range.
pub(super) fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.') || LOCAL_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::HttpSites;
    use rstest::rstest;

    fn check(url: &str) -> Result<Target, Refusal> {
        Target::check(&url.parse().unwrap(), &AddressPolicy::default())
    }

    #[rstest]
    #[case::decimal("https://2130706434/", Refusal::Address)]
    #[case::hex("https://0x7f.2/", Refusal::Address)]
    #[case::octal("https://0177.0.0.02/", Refusal::Address)]
    #[case::short("https://127.2/", Refusal::Address)]
    #[case::dotted("https://127.0.0.2./", Refusal::Address)]
    #[case::circled("https://①②⑦.0.0.2/", Refusal::Address)]
    #[case::mapped("https://[::ffff:127.0.0.2]/", Refusal::Address)]
    #[case::six("https://[::1]/", Refusal::Address)]
    #[case::metadata("http://169.254.169.254/latest/meta-data/", Refusal::Address)]
    #[case::private_on_an_odd_port("http://10.0.0.1:22/", Refusal::Address)]
    #[case::odd_port("https://example.com:22/", Refusal::Port)]
    #[case::port_zero("https://example.com:0/", Refusal::Port)]
    #[case::ftp("ftp://example.com/", Refusal::Scheme)]
    #[case::file("file:///etc/passwd", Refusal::Scheme)]
    #[case::userinfo("https://user@example.com/", Refusal::Userinfo)]
    #[case::password("https://:pass@example.com/", Refusal::Userinfo)]
    #[case::http("http://1.1.1.1/", Refusal::Http)]
    fn a_url_that_cannot_be_called_is_refused(#[case] url: &str, #[case] refusal: Refusal) {
        assert_eq!(check(url), Err(refusal));
    }

    #[test]
    fn a_public_site_passes() {
        let target = check("https://Example.com/blog/").unwrap();
        assert_eq!(target.host, Host::Domain("example.com".to_owned()));
        assert_eq!((target.scheme, target.port, target.literal()), (Scheme::Https, 443, None));
    }

    #[test]
    fn an_overlong_url_is_refused() {
        assert_eq!(check(&format!("https://example.com/{}", "a".repeat(3_000))), Err(Refusal::TooLong));
    }

    #[test]
    fn a_port_that_a_range_opens_waits_for_the_resolution() {
        let policy = AddressPolicy::new(vec!["127.0.0.1/32:8101".parse().unwrap()], HttpSites::Deny);
        assert!(Target::check(&"http://localhost:8101/".parse().unwrap(), &policy).is_ok());
        assert!(Target::check(&"http://localhost:8102/".parse().unwrap(), &policy).is_err());
    }

    #[rstest]
    #[case("localhost", true)]
    #[case("wordpress", true)]
    #[case("shop.LOCAL", true)]
    #[case("metadata.google.internal", true)]
    #[case("a.localhost", true)]
    #[case("a.localhost.", true)]
    #[case("thermal.com", false)]
    #[case("mylocal.com", false)]
    #[case("über.local", true)]
    #[case("xlocal.de", false)]
    fn names_of_this_network_are_known(#[case] name: &str, #[case] local: bool) {
        assert_eq!(is_local_name(name), local);
    }

    #[test]
    fn a_trailing_dot_is_dropped() {
        let url = without_trailing_dot("https://example.com./x".parse().unwrap());
        assert_eq!(url.as_str(), "https://example.com/x");
    }
}
