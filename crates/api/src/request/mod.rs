//! What every request goes through before a route sees it, in the order of judgement that the contract sets, and
//! what a route then has at hand.

pub mod accept;
pub mod body;
pub mod call;
pub mod client;
pub mod id;
pub mod idempotency;
pub mod judge;
pub mod links;
pub mod precondition;
pub mod prefer;
pub mod signature;
pub mod span;

pub use call::Call;
