//! Master keys by id.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::RngCore as _;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// A master key.
pub(super) type MasterKey = Zeroizing<[u8; 32]>;

/// Master keys, newest first: the first seals, all of them open.
pub struct Keyset {
    newest: (u32, MasterKey),
    older: Vec<(u32, MasterKey)>,
}

/// Why a text is no keyset. Never shows a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysetError {
    /// Nothing in it.
    #[error("there is no credential key: give at least one as id:base64key")]
    Empty,
    /// That entry, counted from 1.
    #[error("credential key {0} of the list is not id:base64key with an id from 1 and 32 bytes")]
    Malformed(usize),
    /// An id names one key for ever.
    #[error("the credential key id {0} is in the list twice")]
    DuplicateId(u32),
}

impl Keyset {
    /// Reads an `id:base64key` list, newest first.
    pub fn parse(text: &SecretString) -> Result<Self, KeysetError> {
        let entries = text.expose_secret().split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let keys = entries
            .enumerate()
            .map(|(position, entry)| parse_key(entry).ok_or(KeysetError::Malformed(position + 1)))
            .collect::<Result<_, _>>()?;
        Self::new(keys)
    }

    /// Keys with their ids, newest first.
    pub fn new(keys: Vec<(u32, Zeroizing<[u8; 32]>)>) -> Result<Self, KeysetError> {
        let mut ids = BTreeSet::new();
        if let Some((id, _)) = keys.iter().find(|(id, _)| !ids.insert(*id)) {
            return Err(KeysetError::DuplicateId(*id));
        }
        let mut keys = keys.into_iter();
        let newest = keys.next().ok_or(KeysetError::Empty)?;
        Ok(Self { newest, older: keys.collect() })
    }

    /// A fresh random key as an entry of such a list.
    pub fn fresh_entry(id: u32) -> SecretString {
        let mut key = Zeroizing::new([0; 32]);
        rand::rng().fill_bytes(key.as_mut());
        format!("{id}:{}", Zeroizing::new(STANDARD.encode(key.as_ref())).as_str()).into()
    }

    pub(super) fn newest(&self) -> (u32, &MasterKey) {
        (self.newest.0, &self.newest.1)
    }

    pub(super) fn find(&self, id: u32) -> Option<&MasterKey> {
        std::iter::once(&self.newest).chain(&self.older).find(|(known, _)| *known == id).map(|(_, key)| key)
    }
}

fn parse_key(entry: &str) -> Option<(u32, MasterKey)> {
    let (id, key) = entry.split_once(':')?;
    let id: u32 = id.trim().parse().ok().filter(|id| *id > 0)?;
    let bytes = Zeroizing::new(STANDARD.decode(key.trim()).ok()?);
    let key: [u8; 32] = bytes.as_slice().try_into().ok()?;
    Some((id, Zeroizing::new(key)))
}

impl std::fmt::Debug for Keyset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyset(newest {}, {} older)", self.newest.0, self.older.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::nothing(" , ", KeysetError::Empty)]
    #[case::no_id("c2VjcmV0", KeysetError::Malformed(1))]
    #[case::id_zero("0:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", KeysetError::Malformed(1))]
    #[case::too_short("1:c2VjcmV0", KeysetError::Malformed(1))]
    #[case::no_base64("1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,2:%", KeysetError::Malformed(2))]
    fn a_list_that_cannot_be_used_is_refused(#[case] text: &str, #[case] expected: KeysetError) {
        assert_eq!(Keyset::parse(&text.into()).unwrap_err(), expected);
    }

    #[test]
    fn an_id_names_one_key_only() {
        let (one, other) = (Keyset::fresh_entry(7), Keyset::fresh_entry(7));
        let list = format!("{},{}", one.expose_secret(), other.expose_secret());
        assert_eq!(Keyset::parse(&list.into()).unwrap_err(), KeysetError::DuplicateId(7));
    }

    #[test]
    fn a_keyset_shows_no_key() {
        let entry = Keyset::fresh_entry(3);
        assert_eq!(format!("{:?}", Keyset::parse(&entry).unwrap()), "Keyset(newest 3, 0 older)");
    }
}
