//! WordPress behind igny8's platform port: one guarded way out to customers' sites, a tolerant reader of what
//! they answer, the search for their REST API, and the adapter itself.

pub mod answer;
pub mod diagnosis;
pub mod discovery;
pub mod guard;
mod platform;
pub mod site;

pub use platform::WordPressPlatform;
