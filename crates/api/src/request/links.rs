//! How the outside reaches this service, for the absolute addresses in answers.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HOST, HeaderMap, HeaderName};
use ipnet::IpNet;
use url::Url;

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Scheme, host and what else comes before the path, without a trailing slash. As configured; else as the request
/// was addressed, where a trusted proxy speaks for the client.
pub fn base(request: &HttpRequest, public_url: Option<&Url>, trusted: &[IpNet]) -> String {
    if let Some(url) = public_url {
        return url.as_str().trim_end_matches('/').to_owned();
    }
    let headers = request.headers();
    let proxy =
        request.peer_addr().filter(|peer| is_trusted(peer.ip(), trusted)).map(|_| Forwarded::of(headers));
    let proxy = proxy.unwrap_or_default();
    let host = proxy
        .host
        .or_else(|| text(headers, &HOST))
        .or_else(|| request.uri().authority().map(ToString::to_string));
    let scheme =
        proxy.scheme.filter(|scheme| scheme.eq_ignore_ascii_case("https")).map_or("http", |_| "https");
    let local = || format!("{scheme}://{}", request.app_config().local_addr());
    host.and_then(|host| origin(scheme, &host)).unwrap_or_else(local)
}

pub fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|range| range.contains(&peer.to_canonical()))
}

/// What a proxy says of the request that it passes on.
#[derive(Default)]
struct Forwarded {
    host: Option<String>,
    scheme: Option<String>,
}

impl Forwarded {
    fn of(headers: &HeaderMap) -> Self {
        let standard = text(headers, &FORWARDED).unwrap_or_default();
        let nearest = standard.rsplit(',').next().unwrap_or_default();
        let part = |name: &str| {
            let found = nearest.split(';').filter_map(|pair| pair.trim().split_once('='));
            let mut found = found.filter(|(key, _)| key.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.trim_matches('"').to_owned())
        };
        let last = |name: &HeaderName| {
            text(headers, name).and_then(|value| Some(value.rsplit(',').next()?.trim().to_owned()))
        };
        Self {
            host: part("host").or_else(|| last(&X_FORWARDED_HOST)),
            scheme: part("proto").or_else(|| last(&X_FORWARDED_PROTO)),
        }
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The origin that a `Host` names; none for what is no host and port alone.
fn origin(scheme: &str, host: &str) -> Option<String> {
    let url = Url::parse(&format!("{scheme}://{host}/")).ok()?;
    let is_plain =
        url.path() == "/" && url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
    is_plain.then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn request(headers: &[(&'static str, &'static str)]) -> HttpRequest {
        let request = TestRequest::default().peer_addr("10.0.0.9:1234".parse().unwrap());
        headers.iter().fold(request, |request, header| request.insert_header(*header)).to_http_request()
    }

    #[test]
    fn the_configured_address_wins() {
        let url = Url::parse("https://api.example/igny8/").unwrap();
        assert_eq!(base(&request(&[("host", "other")]), Some(&url), &[]), "https://api.example/igny8");
    }

    #[test]
    fn else_it_is_the_host_that_was_asked() {
        assert_eq!(base(&request(&[("host", "api.example:8080")]), None, &[]), "http://api.example:8080");
    }

    #[rstest::rstest]
    #[case("evil/\"><script>")]
    #[case("user@evil")]
    #[case("a b")]
    #[case("")]
    fn nonsense_for_a_host_is_not_repeated(#[case] host: &'static str) {
        assert_eq!(base(&request(&[("host", host)]), None, &[]), "http://127.0.0.1:8080");
    }

    #[test]
    fn only_a_trusted_proxy_speaks_for_the_client() {
        let headers =
            [("host", "inner"), ("x-forwarded-host", "api.example"), ("x-forwarded-proto", "https")];
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(base(&request(&headers), None, &trusted), "https://api.example");
        assert_eq!(base(&request(&headers), None, &[]), "http://inner");
        let standard = [("host", "inner"), ("forwarded", "for=1.2.3.4;host=\"api.example\";proto=https")];
        assert_eq!(base(&request(&standard), None, &trusted), "https://api.example");
    }
}
