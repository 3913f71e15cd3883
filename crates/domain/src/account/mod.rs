//! The tenant side: accounts, their people with roles, their sites with keys, and who is calling.

mod caller;
mod role;
mod sealing;
mod site;
mod tenant;

pub use caller::{Caller, Denied, Need, SiteScope};
pub use role::{Role, UnknownRole};
pub use site::{Site, SiteKey, WebhookSecret};
pub use tenant::{Account, Email, User};
