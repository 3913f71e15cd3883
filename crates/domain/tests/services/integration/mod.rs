//! Integrations.

mod access;
mod change;
mod delete;
mod make;
