//! Finding a site's REST API from whatever address a customer gave: the home page's own hints first, then the
//! places where it usually is. No credentials are sent while guessing, and what is found must be on the host
//! that was asked for.

mod candidates;
mod index;
mod links;
mod root;
mod search;

pub use candidates::same_site;
pub use index::SiteIndex;
pub(crate) use index::identity_of;
pub use root::RestRoot;
pub(crate) use root::{FIELDS, FRESH};
pub use search::{Attempt, Discovery, HomePage, NotFound, Outcome, find_api, open_home};
