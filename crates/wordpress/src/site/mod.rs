//! Calls to one site whose API is known: credentials in, judged answers out.

mod auth;
mod client;
mod failure;
mod judge;
mod reply;

pub use auth::Auth;
pub use client::{SiteClient, query};
pub use failure::{Failure, FailureKind};
pub(crate) use judge::unreachable;
pub use reply::Reply;
