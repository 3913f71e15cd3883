//! What a sealed secret looks like: `0x01 | key id (4 bytes) | nonce (24) | ciphertext and tag`, numbers big-endian.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use igny8_integration_domain::id::AccountId;
use igny8_integration_domain::ports::{CipherError, CredentialCipher, SealContext};
use rand::RngCore as _;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::keyset::{Keyset, MasterKey};

const VERSION: u8 = 1;
const NONCE: usize = 24;
const KEY_INFO: &[u8] = b"siteint/account-key/v1";
const ENVELOPE_LABEL: &[u8] = b"siteint/envelope/v1";

impl CredentialCipher for Keyset {
    fn seal(&self, context: SealContext<'_>, secret: &SecretString) -> Vec<u8> {
        let (id, key) = self.newest();
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let aad = associated_data(id, context);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: &aad };
        // Neither step can fail for a secret that fits into memory; if one did, the result would open nowhere.
        let sealed = account_cipher(key, context.account_id)
            .and_then(|cipher| cipher.encrypt(&XNonce::from(nonce), payload).ok())
            .unwrap_or_default();
        [&[VERSION], id.to_be_bytes().as_slice(), &nonce, &sealed].concat()
    }

    fn open(&self, context: SealContext<'_>, sealed: &[u8]) -> Result<SecretString, CipherError> {
        let (id, rest) = split_key_id(sealed).ok_or(CipherError::Unreadable)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(CipherError::Unreadable)?;
        let key = self.find(id).ok_or(CipherError::UnknownKey(id))?;
        let aad = associated_data(id, context);
        let payload = Payload { msg: ciphertext, aad: &aad };
        let plain = account_cipher(key, context.account_id)
            .and_then(|cipher| cipher.decrypt(&XNonce::from(*nonce), payload).ok())
            .map(Zeroizing::new)
            .ok_or(CipherError::Unreadable)?;
        std::str::from_utf8(&plain).map(SecretString::from).map_err(|_| CipherError::Unreadable)
    }

    fn is_current(&self, sealed: &[u8]) -> bool {
        split_key_id(sealed).is_some_and(|(id, _)| id == self.newest().0)
    }
}

/// The key id and what follows it, where the bytes begin like a sealed secret.
fn split_key_id(sealed: &[u8]) -> Option<(u32, &[u8])> {
    let (version, rest) = sealed.split_first()?;
    let (id, rest) = rest.split_first_chunk()?;
    (*version == VERSION).then(|| (u32::from_be_bytes(*id), rest))
}

/// A cipher under the account's own key.
fn account_cipher(master: &MasterKey, account: AccountId) -> Option<XChaCha20Poly1305> {
    let mut key = Zeroizing::new([0; 32]);
    let account = account.get().to_be_bytes();
    Hkdf::<Sha256>::new(None, master.as_ref()).expand_multi_info(&[KEY_INFO, &account], key.as_mut()).ok()?;
    XChaCha20Poly1305::new_from_slice(key.as_ref()).ok()
}

/// What a sealed secret is bound to. Each part goes with its length, so that no two contexts read alike.
fn associated_data(key_id: u32, context: SealContext<'_>) -> Vec<u8> {
    let mut data = [ENVELOPE_LABEL, key_id.to_be_bytes().as_slice()].concat();
    let account = context.account_id.get().to_be_bytes();
    let site = context.site_id.get().to_be_bytes();
    let integration = context.integration_id.map(|id| id.get().to_be_bytes());
    let integration = integration.as_ref().map_or(&[][..], <[u8; 8]>::as_slice);
    for part in [account.as_slice(), &site, integration, context.label.as_bytes()] {
        data.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}

#[cfg(test)]
mod tests {
    use igny8_integration_domain::id::{IntegrationId, SiteId};
    use proptest::prelude::*;

    use super::*;

    fn context(account: i64, site: i64, integration: Option<i64>, label: &str) -> SealContext<'_> {
        SealContext {
            account_id: AccountId::new(account).unwrap(),
            site_id: SiteId::new(site).unwrap(),
            integration_id: integration.map(|id| IntegrationId::new(id).unwrap()),
            label,
        }
    }

    fn keyset(entries: &[&SecretString]) -> Keyset {
        let list: Vec<&str> = entries.iter().map(|entry| entry.expose_secret()).collect();
        Keyset::parse(&list.join(",").into()).unwrap()
    }

    #[test]
    fn a_secret_opens_in_its_own_row_only() {
        let keys = keyset(&[&Keyset::fresh_entry(1)]);
        let own = context(1, 2, Some(3), "credentials");
        let sealed = keys.seal(own, &"open sesame".into());
        assert_eq!(keys.open(own, &sealed).unwrap().expose_secret(), "open sesame");
        for other in [
            context(9, 2, Some(3), "credentials"),
            context(1, 9, Some(3), "credentials"),
            context(1, 2, Some(9), "credentials"),
            context(1, 2, None, "credentials"),
            context(1, 2, Some(3), "webhook_secret 5"),
        ] {
            assert_eq!(keys.open(other, &sealed).unwrap_err(), CipherError::Unreadable);
        }
    }

    #[test]
    fn two_seals_of_one_secret_differ_and_cost_forty_five_bytes() {
        let keys = keyset(&[&Keyset::fresh_entry(1)]);
        let own = context(1, 2, None, "x");
        let (one, other) = (keys.seal(own, &"secret".into()), keys.seal(own, &"secret".into()));
        assert_ne!(one, other);
        assert_eq!(one.len(), "secret".len() + 45);
    }

    #[test]
    fn a_rotated_key_opens_until_it_is_taken_away() {
        let (old, new) = (Keyset::fresh_entry(1), Keyset::fresh_entry(2));
        let own = context(1, 2, Some(3), "credentials");
        let sealed = keyset(&[&old]).seal(own, &"open sesame".into());
        let both = keyset(&[&new, &old]);
        assert!(!both.is_current(&sealed));
        assert_eq!(both.open(own, &sealed).unwrap().expose_secret(), "open sesame");
        assert!(both.is_current(&both.seal(own, &"open sesame".into())));
        assert_eq!(keyset(&[&new]).open(own, &sealed).unwrap_err(), CipherError::UnknownKey(1));
    }

    #[test]
    fn another_key_under_the_same_id_opens_nothing() {
        let own = context(1, 2, Some(3), "credentials");
        let sealed = keyset(&[&Keyset::fresh_entry(1)]).seal(own, &"open sesame".into());
        let stranger = keyset(&[&Keyset::fresh_entry(1)]);
        assert_eq!(stranger.open(own, &sealed).unwrap_err(), CipherError::Unreadable);
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_opening_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..96)) {
            let keys = keyset(&[&Keyset::fresh_entry(1)]);
            let own = context(1, 2, Some(3), "credentials");
            prop_assert!(keys.open(own, &bytes).is_err());
            let _ = keys.is_current(&bytes);
        }

        #[test]
        fn one_changed_bit_is_noticed(bit in 0_usize..(56 * 8)) {
            let keys = keyset(&[&Keyset::fresh_entry(1)]);
            let own = context(1, 2, Some(3), "credentials");
            let mut sealed = keys.seal(own, &"open sesame".into());
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(keys.open(own, &sealed).is_err());
        }
    }
}
