//! The API described to machines: OpenAPI 3.1, made from the table of routes and the types on the wire.

mod doc;
mod document;
pub mod parameter;
pub mod shape;

pub use doc::Doc;
pub use document::document;
