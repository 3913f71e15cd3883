//! Reading what a site answered: WordPress's JSON where it is there, under whatever other plugins, caches and
//! firewalls put around or in place of it, and a plain sentence for people in every other case.

mod json;
mod page;
mod plain;
mod wp_error;

pub use json::{Noise, NotJson, Parsed, parse};
pub use page::{PageKind, page_kind};
pub use plain::{MAX_LENGTH, Redactor, shorten};
pub use wp_error::WpError;
