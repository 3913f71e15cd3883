//! The platform port for WordPress. A site with the bridge plugin is called with its key and written to by
//! compare-and-set; a bare one with an application password, reading each post before it is changed.

mod authenticate;
mod changes;
mod check;
mod checks;
mod connect;
mod content_fields;
mod credentials;
mod dates;
mod listing;
mod lookups;
mod marker;
mod markup;
mod notes;
mod permissions;
mod plugin;
mod prove;
mod reading;
mod remarks;
mod row;
mod session;
mod state;
mod structure;
mod terms;
mod version;
mod window;
mod writing;
mod xmlrpc;

pub use connect::WordPressPlatform;
