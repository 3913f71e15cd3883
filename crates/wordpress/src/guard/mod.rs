//! The one way out: every call to a customer's site, and every look-up of its name, passes here.
//!
//! The addresses come from people we do not know, so this service could be made to call its own network.
//! What may be called is decided by [`AddressPolicy`], on the address that is really dialled: literals before
//! the call, names after their resolution ([`resolver`]), each redirect's hop again, and once more on the
//! address that answered. `clippy.toml` forbids reqwest's constructors everywhere else.

mod certificate;
mod client;
mod error;
mod policy;
mod probe;
mod range;
mod resolver;
mod table;
mod target;
mod tls;

pub(crate) use client::redirect_of;
pub use client::{Answer, Call, Followed, Lost, Outbound, OutboundOptions, Reading};
pub use error::{ConnectFailure, OutboundError, Phase};
pub use policy::{AddressPolicy, HttpSites, Refusal, Standing};
pub use probe::HandshakeFailure;
pub use range::{AllowedRange, InvalidRange};
pub use target::{Scheme, Target};
pub use tls::TlsFailure;
