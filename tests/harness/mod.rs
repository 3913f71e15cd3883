//! What the black-box tests stand on: a folder or database for each test, the binary as a process, an HTTP
//! client that speaks the contract's dialect, and real WordPress sites.

mod binary;
mod browser;
mod chromium;
mod database;
mod dead_port;
mod http;
mod service;
mod webhook;
mod wordpress;

pub use binary::{Finished, contains, igny8, run_in};
pub use browser::{Browser, nonce};
pub use chromium::{Chromium, ENTER, SPACE, TAB};
pub use database::{Backend, JWT_SECRET};
pub use dead_port::DeadPort;
pub use http::{Answer, Client};
pub use service::{Service, Tenant};
pub use webhook::{Message, Sender, now};
pub use wordpress::{Person, Site, WordPress, small_site};
