//! The address that a request came from, as far as it can be believed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

use super::links::is_trusted;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The nearest address that is no trusted proxy's: whatever stands before it in the headers could be invented.
pub fn address(request: &HttpRequest, trusted: &[IpNet]) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let mut nearest = peer;
    for hop in hops(request.headers()).iter().rev() {
        let Some(address) = parse(hop) else { return nearest };
        nearest = address;
        if !is_trusted(address, trusted) {
            return nearest;
        }
    }
    nearest
}

/// Who passed it on, the client first.
fn hops(headers: &HeaderMap) -> Vec<String> {
    let values = |name| {
        headers.get_all(name).filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','))
    };
    // Most proxies write only this one and pass on a `Forwarded` that the client invented.
    let usual: Vec<String> = values(X_FORWARDED_FOR).map(|hop| hop.trim().to_owned()).collect();
    if usual.is_empty() { values(FORWARDED).map(forwarded_for).collect() } else { usual }
}

fn forwarded_for(element: &str) -> String {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let found = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"));
    found.map(|(_, value)| value.trim_matches('"').to_owned()).unwrap_or_default()
}

/// An address, with or without port and brackets.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[rstest::rstest]
    #[case::no_proxy("198.51.100.7", &[("x-forwarded-for", "203.0.113.9")], "198.51.100.7")]
    #[case::proxy("10.0.0.1", &[("x-forwarded-for", "203.0.113.9")], "203.0.113.9")]
    #[case::invented("10.0.0.1", &[("x-forwarded-for", "1.1.1.1, 203.0.113.9, 10.0.0.2")], "203.0.113.9")]
    #[case::two_lines("10.0.0.1", &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9")], "203.0.113.9")]
    #[case::garbage("10.0.0.1", &[("x-forwarded-for", "203.0.113.9, unknown")], "10.0.0.1")]
    #[case::nothing("10.0.0.1", &[], "10.0.0.1")]
    #[case::standard("10.0.0.1", &[("forwarded", "for=\"[2001:db8::7]:4711\";proto=https")], "2001:db8::7")]
    #[case::both("10.0.0.1", &[("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "203.0.113.9")], "203.0.113.9")]
    #[case::port("10.0.0.1", &[("x-forwarded-for", "203.0.113.9:4711")], "203.0.113.9")]
    #[case::mapped("::ffff:10.0.0.1", &[("x-forwarded-for", "203.0.113.9")], "203.0.113.9")]
    fn the_nearest_stranger_is_the_client(
        #[case] peer: &str,
        #[case] headers: &[(&'static str, &'static str)],
        #[case] expected: &str,
    ) {
        let request = TestRequest::default().peer_addr(SocketAddr::new(peer.parse().unwrap(), 9));
        let request = headers.iter().fold(request, |request, header| request.append_header(*header));
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(address(&request.to_http_request(), &trusted).to_string(), expected);
    }
}
