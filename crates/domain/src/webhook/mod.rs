//! What a site tells: signed deliveries about its posts.

mod signature;

pub use signature::{SignatureError, SignatureHeaders, Signed, SigningSecret, TOLERANCE, verify};
