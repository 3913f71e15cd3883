//! What a site tells: signed deliveries about its posts.

mod delivery;
mod signature;

pub use delivery::{Change, Delivery, Metadata, Outcome};
pub use signature::{SignatureError, SignatureHeaders, Signed, SigningSecret, TOLERANCE, verify};
