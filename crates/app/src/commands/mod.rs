//! One file for each family of commands. A command does its work and gives what is to be said; it prints nothing.

mod bootstrap;
mod migrate;
mod operators;
mod sync;

use anyhow::anyhow;
use igny8_integration_domain::service::ServiceError;
use igny8_integration_domain::validation::FieldError;
use serde_json::Value as Json;

pub use self::bootstrap::{bootstrap, issue_token};
pub use self::migrate::migrate;
pub use self::operators::{account, rotate_credentials, site, user};
pub use self::sync::sync;

/// The API's description, as it is served.
pub fn openapi() -> anyhow::Result<Said> {
    let document = igny8_integration_api::openapi()?;
    Ok(Said::new(serde_json::from_str(document)?, document))
}

/// What a command has to say, for scripts and for people.
#[derive(Debug)]
pub struct Said {
    pub json: Json,
    pub words: String,
    /// Why the command still is a failure, where it is.
    pub failure: Option<String>,
}

impl Said {
    pub fn new(json: Json, words: impl Into<String>) -> Self {
        Self { json, words: words.into(), failure: None }
    }

    /// The same, as a failure.
    #[must_use]
    pub fn failing(self, why: String) -> Self {
        Self { failure: Some(why), ..self }
    }
}

/// The error of a use case as the one line that an operator reads: what is wrong with which argument.
fn explained(error: ServiceError) -> anyhow::Error {
    match error {
        ServiceError::Invalid(invalid) => {
            let errors = invalid.errors().iter().map(|error| format!("{}: {}", error.field, error.message));
            anyhow!("{}", errors.collect::<Vec<_>>().join("; "))
        }
        error => error.into(),
    }
}

fn explained_field(error: FieldError) -> anyhow::Error {
    explained(error.into())
}
