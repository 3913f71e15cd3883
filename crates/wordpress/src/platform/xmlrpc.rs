//! A second door for the same name and password. WordPress answers alike to a wrong application password and to none
//! at all, so a host that strips the `Authorization` header looks like a wrong password. XML-RPC takes application
//! passwords too, and in its body, where no host strips them: what it says tells the two apart. It is asked once, and
//! only after the API has refused.

use std::fmt::Write as _;

use igny8_integration_domain::integration::Credentials;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::discovery::{Discovery, same_site};
use crate::guard::{Answer, Call, Outbound};

/// What XML-RPC says of a name and a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Right,
    Wrong,
    /// It is switched off, blocked, or not understood.
    None,
}

/// Asks with the least that needs a sign-in: the list of the user's own sites.
pub(super) async fn ask(outbound: &Outbound, found: &Discovery, credentials: &Credentials) -> Word {
    let (Some(name), Some(password)) = (&credentials.username, &credentials.application_password) else {
        return Word::None;
    };
    let Some(url) = place(found) else { return Word::None };
    let mut body =
        String::from("<?xml version=\"1.0\"?><methodCall><methodName>wp.getUsersBlogs</methodName><params>");
    for text in [name.trim(), password.expose_secret().trim()] {
        let text = html_escape::encode_text(text);
        // Writing into a string does not fail.
        let _ = write!(body, "<param><value><string>{text}</string></value></param>");
    }
    body.push_str("</params></methodCall>");
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"))]);
    let call = Call { method: Method::POST, url, headers, body: body.into_bytes() };
    outbound.send(call).await.map_or(Word::None, |answer| read(&answer))
}

/// Whether a password has the form that WordPress gives to application passwords.
pub(super) fn has_the_form_of_one(credentials: &Credentials) -> bool {
    let password = credentials.application_password.as_ref();
    password.is_some_and(|password| {
        let mut letters = 0;
        let groups = password.expose_secret().chars().filter(|letter| !letter.is_whitespace());
        groups.inspect(|_| letters += 1).all(|letter| letter.is_ascii_alphanumeric()) && letters == 24
    })
}

/// Beside WordPress itself, on the host that the API was found on.
fn place(found: &Discovery) -> Option<Url> {
    let root = found.root.url();
    let said = found.index.as_ref().and_then(|index| Url::parse(&index.url).ok());
    let mut place = match said.filter(|said| same_site(said, root)) {
        Some(said) => {
            let mut place = root.clone();
            place.set_path(&format!("{}/xmlrpc.php", said.path().trim_end_matches('/')));
            place
        }
        None if found.root.is_plain() => root.join("xmlrpc.php").ok()?,
        None => root.join("../xmlrpc.php").ok()?,
    };
    place.set_query(None);
    Some(place)
}

fn read(answer: &Answer) -> Word {
    let text = String::from_utf8_lossy(&answer.body);
    if !answer.status.is_success() || !text.contains("<methodResponse") {
        return Word::None;
    }
    if !text.contains("<fault") {
        return if text.contains("<params") { Word::Right } else { Word::None };
    }
    // 403 is "incorrect username or password"; 405 is "switched off".
    let code = text.split_once("faultCode").and_then(|(_, rest)| rest.split_once("<int>"));
    match code.and_then(|(_, rest)| rest.split_once('<')) {
        Some(("403", _)) => Word::Wrong,
        _ => Word::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::{RestRoot, SiteIndex};
    use rstest::rstest;

    #[rstest]
    #[case("https://a.example/wp-json/", None, "https://a.example/xmlrpc.php")]
    #[case("https://a.example/blog/wp-json/", None, "https://a.example/blog/xmlrpc.php")]
    #[case("https://a.example/index.php?rest_route=/", None, "https://a.example/xmlrpc.php")]
    #[case("https://a.example/wp-json/", Some("http://a.example/wp"), "https://a.example/wp/xmlrpc.php")]
    #[case("https://a.example/wp-json/", Some("https://b.example"), "https://a.example/xmlrpc.php")]
    fn it_is_beside_wordpress_and_on_no_other_host(
        #[case] root: Url,
        #[case] said: Option<&str>,
        #[case] place: &str,
    ) {
        let index = said.map(|url| SiteIndex { url: url.to_owned(), ..SiteIndex::default() });
        let found = Discovery {
            root: RestRoot::of_index(&root),
            index,
            closed: None,
            took: std::time::Duration::ZERO,
            noise: None,
            server_time: None,
        };
        assert_eq!(super::place(&found).unwrap().as_str(), place);
    }

    #[rstest]
    #[case("abcd EFGH ijkl mn0p qrst uvwx", true)]
    #[case("abcdEFGHijklmn0pqrstuvwx", true)]
    #[case("hunter22hunter22", false)]
    #[case("abcd-EFGH-ijkl-mn0p-qrst", false)]
    fn the_form_of_an_application_password_is_known(#[case] password: &str, #[case] has: bool) {
        let credentials =
            Credentials { application_password: Some(password.into()), ..Credentials::default() };
        assert_eq!(has_the_form_of_one(&credentials), has);
    }
}
