//! What opens a site. Never serialised, never printed; at rest only sealed.

use secrecy::{ExposeSecret, SecretString};

use crate::integration::PlatformName;
use crate::validation::FieldError;

/// What the service sends to a site to be let in.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The key that the bridge plugin accepts.
    pub api_key: Option<SecretString>,
    /// The user that the application password belongs to; may be an e-mail address.
    pub username: Option<String>,
    /// An application password, for a site without the plugin.
    pub application_password: Option<SecretString>,
}

/// A change of credentials: outer none leaves a part, inner none removes it.
#[derive(Clone, Debug, Default)]
pub struct CredentialsPatch {
    /// The key.
    pub api_key: Option<Option<SecretString>>,
    /// The user.
    pub username: Option<Option<String>>,
    /// The password.
    pub application_password: Option<Option<SecretString>>,
}

impl CredentialsPatch {
    /// Whether it changes anything.
    pub fn is_empty(&self) -> bool {
        self.api_key.is_none() && self.username.is_none() && self.application_password.is_none()
    }
}

/// Credentials as they are stored: only the cipher port opens them.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedCredentials(pub Vec<u8>);

impl Credentials {
    /// These with `patch` applied.
    #[must_use]
    pub fn patched(mut self, patch: CredentialsPatch) -> Self {
        if let Some(api_key) = patch.api_key {
            self.api_key = api_key;
        }
        if let Some(username) = patch.username {
            self.username = username;
        }
        if let Some(password) = patch.application_password {
            self.application_password = password;
        }
        self
    }

    /// What is wrong with them for a platform, under `credentials_json.…`.
    pub fn problems(&self, platform: PlatformName) -> Vec<FieldError> {
        let mut errors = Vec::new();
        match &self.api_key {
            None if platform.requires_api_key() => {
                errors.push(FieldError::required("credentials_json.api_key"));
            }
            None => {}
            Some(key) => errors.extend(judge_key("credentials_json.api_key", key).err()),
        }
        if let Some(name) = &self.username
            && !is_username(name)
        {
            errors.push(FieldError::new(
                "credentials_json.username",
                "invalid_username",
                "a user name or e-mail address of 1 to 254 characters without control characters or a colon",
            ));
        }
        if let Some(password) = &self.application_password {
            let password = password.expose_secret().trim();
            if password.is_empty() || password.len() > 200 || password.chars().any(char::is_control) {
                errors.push(FieldError::new(
                    "credentials_json.application_password",
                    "invalid_application_password",
                    "an application password is 1 to 200 characters",
                ));
            } else if self.username.is_none() {
                errors.push(FieldError::new(
                    "credentials_json.username",
                    "required",
                    "an application password needs the user name it belongs to",
                ));
            }
        }
        errors
    }
}

/// Whether a secret can be a site's key; `field` is named where it can't.
pub fn judge_key(field: &str, key: &SecretString) -> Result<(), FieldError> {
    let text = key.expose_secret();
    if (8..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(FieldError::new(field, "invalid_api_key", "a key is 8 to 200 visible ASCII characters"))
}

/// Basic authentication ends the name at the first colon (RFC 7617), so a name holds none.
fn is_username(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.len() <= 254 && !text.chars().any(|c| c.is_control() || c == ':')
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("api_key", &self.api_key.is_some())
            .field("username", &self.username.is_some())
            .field("application_password", &self.application_password.is_some())
            .finish()
    }
}

impl std::fmt::Debug for SealedCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedCredentials({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_key(key: &str) -> Credentials {
        Credentials { api_key: Some(key.into()), ..Credentials::default() }
    }

    #[test]
    fn wordpress_needs_a_key_and_the_others_do_not() {
        assert_eq!(
            Credentials::default().problems(PlatformName::Wordpress),
            vec![FieldError::required("credentials_json.api_key")]
        );
        assert!(Credentials::default().problems(PlatformName::Custom).is_empty());
    }

    #[rstest::rstest]
    #[case::short("1234567", false)]
    #[case::shortest("12345678", true)]
    #[case::signs("%%cat\\gory%%$&", true)]
    #[case::space("1234 5678", false)]
    #[case::umlaut("schlüssel", false)]
    fn a_key_is_8_to_200_visible_ascii_characters(#[case] key: &str, #[case] good: bool) {
        assert_eq!(with_key(key).problems(PlatformName::Wordpress).is_empty(), good);
        assert!(!with_key(&"k".repeat(201)).problems(PlatformName::Wordpress).is_empty());
    }

    #[test]
    fn an_application_password_needs_its_user_name_and_an_address_will_do() {
        let mut given = with_key("12345678");
        given.application_password = Some("abcd efgh".into());
        assert_eq!(given.problems(PlatformName::Wordpress)[0].field, "credentials_json.username");
        given.username = Some("maria@shop.example".into());
        assert!(given.problems(PlatformName::Wordpress).is_empty());
    }

    #[test]
    fn nothing_secret_is_printed() {
        assert!(!format!("{:?}", with_key("top-secret-key")).contains("top-secret"));
    }
}
