//! What a site tells: signed deliveries about its posts.

mod delivery;
mod reason;
mod signature;

pub use delivery::{Change, Delivery, MOST_TERMS, Metadata, Outcome};
pub use reason::Reason;
pub use signature::{SignatureError, SignatureHeaders, Signed, SigningSecret, TOLERANCE, verify};
