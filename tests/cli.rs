//! The command line and configuration, as people and scripts meet them.

mod configuration;
mod doctor;
mod operators;
mod serving;
