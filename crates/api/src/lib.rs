//! The HTTP API of igny8's site integrations, on actix-web.
//!
//! [`ApiState`] holds the domain's services; [`serve`] answers for them. Handlers hold no rules: they read, hand over
//! to a service and show what it gives.

mod answer;
pub mod auth;
mod openapi;
mod problem;
mod request;
mod routes;
mod server;
mod state;
mod throttle;
mod wire;

pub use problem::Code;
pub use routes::docs::openapi;
pub use routes::{BASE_PATH, table};
pub use server::serve;
pub use state::{ApiState, Parts, Runtime, Services, Settings, TIME_LIMIT, Throttles};
pub use throttle::MemoryThrottle;
pub use wire::run::RunResponse;
