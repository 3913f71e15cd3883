//! A content: the writer's side, the site's side as last seen, what both agreed on, and how they are brought together.

mod address;
mod base;
mod entity;
mod fields;
mod intent;
mod receive;
mod reconcile;
mod resolve;
mod seo;
mod state;
mod terms;

pub use address::{is_web_address, judge_web_address};
pub use base::{Base, FieldHash, hash_bytes, hash_value};
pub use entity::{
    Conflict, Content, ContentFailure, FieldConflict, FormerLink, GONE, Link, NewContent, TRASH,
};
pub use fields::{ContentFields, ContentStatus, Field, FieldPatch, Seo};
pub use intent::PushIntent;
pub use receive::{Reach, Received, Removed};
pub use reconcile::{Decision, Presence, Reconciliation, Side, SideState, reconcile};
pub use seo::SeoPatch;
pub use state::SyncState;
pub use terms::Term;
