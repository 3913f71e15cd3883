//! Ids as types, so that one can't be passed for another.

use serde::{Deserialize, Serialize};

/// The largest id: a browser must be able to hold every one exactly.
pub const MAX_ID: i64 = (1 << 53) - 1;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "i64", into = "i64")]
        pub struct $name(i64);

        impl $name {
            /// The id, where `value` can be one: 1 to 2^53 - 1.
            pub const fn new(value: i64) -> Option<Self> {
                if value >= 1 && value <= MAX_ID { Some(Self(value)) } else { None }
            }

            /// The number itself.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = InvalidId;

            fn try_from(value: i64) -> Result<Self, InvalidId> {
                Self::new(value).ok_or(InvalidId)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            /// Plain decimal digits only: no sign, no space, no leading zero.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(InvalidId);
                }
                text.parse().ok().and_then(Self::new).ok_or(InvalidId)
            }
        }
    )+};
}

/// The number is no id: ids are whole numbers from 1 to 2^53 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is a whole number from 1 to 9007199254740991")]
pub struct InvalidId;

ids! {
    /// A tenant.
    AccountId,
    /// A person.
    UserId,
    /// A website of an account.
    SiteId,
    /// A key of a site's plugin.
    SiteKeyId,
    /// A connection of a site to a platform.
    IntegrationId,
    /// An article or page as igny8 knows it.
    ContentId,
    /// One execution of a sync.
    RunId,
    /// One line of history.
    EventId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::smallest("1", Some(1))]
    #[case::largest("9007199254740991", Some(MAX_ID))]
    #[case::too_large("9007199254740992", None)]
    #[case::zero("0", None)]
    #[case::leading_zero("01", None)]
    #[case::sign("+1", None)]
    #[case::negative("-1", None)]
    #[case::hexadecimal("0x1", None)]
    #[case::fraction("1.5", None)]
    #[case::overflow("9223372036854775808", None)]
    #[case::empty("", None)]
    fn an_id_is_read_from_plain_digits_only(#[case] text: &str, #[case] expected: Option<i64>) {
        assert_eq!(text.parse::<SiteId>().ok().map(SiteId::get), expected);
    }
}
