//! What both sides agreed on last, for each field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::content::{Field, FieldPatch};

/// A hash of one field's value: SHA-256, hex.
pub type FieldHash = String;

/// The last agreed state. A site may keep something else than it was sent (it strips a script, gives a slug a
/// number): so both sides of the agreement are kept, and a side has changed when it differs from *its own* half.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The writer's half: values, because a conflict shows them. A field that is missing was never agreed on.
    #[serde(default)]
    pub local: FieldPatch,
    /// The site's half: hashes.
    #[serde(default)]
    pub external: BTreeMap<Field, FieldHash>,
    /// Whether both agreed that it is in the trash or gone.
    #[serde(default)]
    pub deleted: bool,
}

impl Base {
    /// Records that both sides now agree on `field`.
    pub fn agree(&mut self, field: Field, local: &FieldPatch, external: &FieldPatch) {
        self.local.take(field, local);
        self.agree_external(field, external);
    }

    /// Records what the site has in `field`, where it was shown.
    pub fn agree_external(&mut self, field: Field, external: &FieldPatch) {
        if let Some(hash) = external.hash(field) {
            self.external.insert(field, hash);
        }
    }

    /// Whether the writer's side differs from what it agreed to.
    pub fn local_changed(&self, field: Field, local: &FieldPatch) -> bool {
        !self.local.agrees(field, local)
    }

    /// Whether the site's side differs from what it agreed to; a field that was not shown has not.
    pub fn external_changed(&self, field: Field, external: &FieldPatch) -> bool {
        external.hash(field).is_some_and(|hash| self.external.get(&field) != Some(&hash))
    }

    /// The fields that the writer changed since.
    pub fn local_changes(&self, local: &FieldPatch) -> Vec<Field> {
        Field::ALL.into_iter().filter(|field| self.local_changed(*field, local)).collect()
    }
}

/// SHA-256 of a JSON value, hex. Values of one kind are always written alike.
pub fn hash_value(value: &Value) -> FieldHash {
    hash_bytes(value.to_string().as_bytes())
}

/// SHA-256, hex.
pub fn hash_bytes(bytes: &[u8]) -> FieldHash {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
