//! Who is calling: reading what was sent, checking it, and looking up what it may reach.

pub mod authenticate;
mod credentials;
mod jwks;
mod sessions;
mod token;

pub use credentials::{API_KEY_HEADER, Sent};
pub use jwks::{JwksFile, JwksSource, RemoteKeys};
pub use sessions::Sessions;
pub use token::{HsKeys, TokenChecker, TokenError, TokenIssuer, TokenTerms};
