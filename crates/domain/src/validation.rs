//! What is wrong with an input, field by field.

use serde::{Deserialize, Serialize};

/// One thing that is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Path of the field, dotted: `config_json.site_url`.
    pub field: String,
    /// A stable word: `required`, `invalid_url`.
    pub code: String,
    /// For a person, without the value itself, unless that is a plain word.
    pub message: String,
}

impl FieldError {
    /// A new one.
    pub fn new(field: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }

    /// The field must be there.
    pub fn required(field: impl Into<String>) -> Self {
        Self::new(field, "required", "this field is required")
    }
}

/// Everything that is wrong with one input, never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the input is not valid")]
pub struct ValidationErrors(Vec<FieldError>);

impl ValidationErrors {
    /// The errors, where there are any.
    pub fn from_errors(errors: Vec<FieldError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }

    /// The errors, in the order they were found.
    pub fn errors(&self) -> &[FieldError] {
        &self.0
    }
}

impl From<FieldError> for ValidationErrors {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}
