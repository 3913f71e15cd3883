//! Reading what a site answered: WordPress's JSON where it is there, under whatever other plugins, caches and
//! firewalls put around or in place of it, and a plain sentence for people in every other case.

mod headers;
mod json;
mod marks;
mod page;
mod plain;
mod shown;
mod wp_error;

pub(crate) use headers::{date_of, retry_after};
pub use json::{Noise, NotJson, Parsed, parse};
pub use marks::Marks;
pub(crate) use marks::cache_sign;
pub use page::{PageKind, page_kind};
pub use plain::{MAX_LENGTH, Redactor, shorten};
pub(crate) use shown::{shown_url, slug_word, version_word};
pub use wp_error::WpError;
