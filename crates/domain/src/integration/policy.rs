//! What happens where both sides changed one field.

use serde::{Deserialize, Serialize};

use crate::words::words;

/// Who decides about a conflict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictPolicy {
    /// A person; until then nothing is overwritten.
    #[default]
    Ask,
    /// igny8's side is pushed.
    PreferIgny8,
    /// The site's side is pulled.
    PreferWordpress,
}

words!(ConflictPolicy { Ask => "ask", PreferIgny8 => "prefer_igny8", PreferWordpress => "prefer_wordpress" });
