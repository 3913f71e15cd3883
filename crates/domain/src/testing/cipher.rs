//! A cipher that hides nothing and still opens a secret in its own row only.

use std::collections::BTreeSet;
use std::sync::Mutex;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::held;
use crate::ports::{CipherError, CredentialCipher, SealContext};

/// Seals as readable JSON with the context beside the secret. Keys are numbers, from 1.
#[derive(Debug)]
pub struct PlainCipher(Mutex<Keys>);

#[derive(Debug)]
struct Keys {
    newest: u32,
    known: BTreeSet<u32>,
    sealed: u64,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    key: u32,
    number: u64,
    context: (i64, i64, Option<i64>, String),
    secret: String,
}

impl PlainCipher {
    /// Puts a new key in the place of the newest; the older ones still open what they sealed.
    pub fn rotate(&self) {
        let mut keys = held(&self.0);
        keys.newest += 1;
        let newest = keys.newest;
        keys.known.insert(newest);
    }

    /// Takes every key away but the newest.
    pub fn forget_older_keys(&self) {
        let mut keys = held(&self.0);
        let newest = keys.newest;
        keys.known.retain(|key| *key == newest);
    }
}

impl Default for PlainCipher {
    fn default() -> Self {
        Self(Mutex::new(Keys { newest: 1, known: BTreeSet::from([1]), sealed: 0 }))
    }
}

fn context_of(context: SealContext<'_>) -> (i64, i64, Option<i64>, String) {
    let integration = context.integration_id.map(i64::from);
    (context.account_id.get(), context.site_id.get(), integration, context.label.to_owned())
}

impl CredentialCipher for PlainCipher {
    fn seal(&self, context: SealContext<'_>, secret: &SecretString) -> Vec<u8> {
        let mut keys = held(&self.0);
        keys.sealed += 1;
        let envelope = Envelope {
            key: keys.newest,
            number: keys.sealed,
            context: context_of(context),
            secret: secret.expose_secret().to_owned(),
        };
        serde_json::json!(envelope).to_string().into_bytes()
    }

    fn open(&self, context: SealContext<'_>, sealed: &[u8]) -> Result<SecretString, CipherError> {
        let envelope: Envelope = serde_json::from_slice(sealed).map_err(|_| CipherError::Unreadable)?;
        if !held(&self.0).known.contains(&envelope.key) {
            return Err(CipherError::UnknownKey(envelope.key));
        }
        if envelope.context != context_of(context) {
            return Err(CipherError::Unreadable);
        }
        Ok(envelope.secret.into())
    }

    fn is_current(&self, sealed: &[u8]) -> bool {
        let newest = held(&self.0).newest;
        serde_json::from_slice::<Envelope>(sealed).is_ok_and(|envelope| envelope.key == newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AccountId, IntegrationId, SiteId};

    fn context(integration: i64) -> SealContext<'static> {
        SealContext {
            account_id: AccountId::new(1).unwrap(),
            site_id: SiteId::new(2).unwrap(),
            integration_id: IntegrationId::new(integration),
            label: "credentials",
        }
    }

    #[test]
    fn a_secret_opens_in_its_own_row_only() {
        let cipher = PlainCipher::default();
        let sealed = cipher.seal(context(3), &"open sesame".into());
        assert_eq!(cipher.open(context(3), &sealed).unwrap().expose_secret(), "open sesame");
        assert_eq!(cipher.open(context(4), &sealed).unwrap_err(), CipherError::Unreadable);
        let other = SealContext { label: "webhook_secret", ..context(3) };
        assert_eq!(cipher.open(other, &sealed).unwrap_err(), CipherError::Unreadable);
        assert_eq!(cipher.open(context(3), &sealed[1..]).unwrap_err(), CipherError::Unreadable);
        assert_ne!(sealed, cipher.seal(context(3), &"open sesame".into()));
    }

    #[test]
    fn a_rotated_key_opens_until_it_is_forgotten() {
        let cipher = PlainCipher::default();
        let sealed = cipher.seal(context(3), &"open sesame".into());
        assert!(cipher.is_current(&sealed));
        cipher.rotate();
        assert!(!cipher.is_current(&sealed));
        assert!(cipher.open(context(3), &sealed).is_ok());
        cipher.forget_older_keys();
        assert_eq!(cipher.open(context(3), &sealed).unwrap_err(), CipherError::UnknownKey(1));
    }
}
