//! How a call says who it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use igny8_integration_domain::integration::Credentials;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use crate::answer::Redactor;

/// For hosts that keep `Authorization` from PHP.
const KEY_HEADER: HeaderName = HeaderName::from_static("x-igny8-api-key");

/// What a call is signed with.
#[derive(Clone)]
pub enum Auth {
    /// The key that the plugin on the site accepts, sent in both forms.
    Key(SecretString),
    /// An application password of a user, for a site without the plugin.
    Password { username: String, password: SecretString },
}

impl Auth {
    /// The key, where there is one.
    pub fn key(credentials: &Credentials) -> Option<Self> {
        credentials.api_key.clone().map(Self::Key)
    }

    /// The application password, where there is one with its user. What people copy along is trimmed; the
    /// spaces between the groups are WordPress's own and ignored by it.
    pub fn password(credentials: &Credentials) -> Option<Self> {
        let username = credentials.username.as_deref()?.trim().to_owned();
        let password = credentials.application_password.as_ref()?;
        let password = SecretString::from(password.expose_secret().trim());
        Some(Self::Password { username, password })
    }

    pub fn is_key(&self) -> bool {
        matches!(self, Self::Key(_))
    }

    pub(super) fn headers(&self) -> Result<HeaderMap, InvalidHeaderValue> {
        let mut headers = HeaderMap::new();
        match self {
            Self::Key(key) => {
                headers.insert(AUTHORIZATION, secret(&format!("Bearer {}", key.expose_secret()))?);
                headers.insert(KEY_HEADER, secret(key.expose_secret())?);
            }
            Self::Password { username, password } => {
                let pair = STANDARD.encode(format!("{username}:{}", password.expose_secret()));
                headers.insert(AUTHORIZATION, secret(&format!("Basic {pair}"))?);
            }
        }
        Ok(headers)
    }

    /// Finds what it sends in what a site says back.
    pub fn redactor(&self) -> Redactor {
        match self {
            Self::Key(key) => Redactor::new([key.expose_secret().to_owned()]),
            Self::Password { username, password } => {
                let password = password.expose_secret();
                Redactor::new([password.to_owned(), format!("{username}:{password}")])
            }
        }
    }
}

fn secret(text: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_in_both_forms() {
        let headers = Auth::Key("site-key-1".into()).headers().unwrap();
        assert_eq!(headers[AUTHORIZATION], "Bearer site-key-1");
        assert_eq!(headers[KEY_HEADER], "site-key-1");
        assert!(headers.values().all(HeaderValue::is_sensitive));
    }

    #[test]
    fn a_pasted_password_keeps_its_groups_and_loses_its_line_feed() {
        let credentials = Credentials {
            username: Some(" maria@shop.example ".to_owned()),
            application_password: Some("abcd efgh ijkl\n".into()),
            ..Credentials::default()
        };
        let headers = Auth::password(&credentials).unwrap().headers().unwrap();
        let expected = STANDARD.encode("maria@shop.example:abcd efgh ijkl");
        assert_eq!(headers[AUTHORIZATION], format!("Basic {expected}").as_str());
    }
}
