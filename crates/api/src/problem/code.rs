//! The catalogue of errors: for each code its word, its status and its title. `docs/errors.md` explains each.

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($variant:ident = $word:literal, $status:ident, $title:literal;)+) => {
        /// A stable, documented machine word for what went wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($variant),+ }

        impl Code {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// The same for every problem of this code.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    ValidationError = "validation_error", BAD_REQUEST, "The input is not valid";
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not JSON";
    ConnectionFailed = "connection_failed", BAD_REQUEST, "The connection test failed";
    NotAuthenticated = "not_authenticated", UNAUTHORIZED, "Valid credentials are needed";
    TokenExpired = "token_expired", UNAUTHORIZED, "The token has expired";
    InvalidSignature = "invalid_signature", UNAUTHORIZED, "The signature does not hold";
    Inactive = "inactive", FORBIDDEN, "The account or user is switched off";
    InsufficientRole = "insufficient_role", FORBIDDEN, "A higher role is needed";
    NotForThisCaller = "not_for_this_caller", FORBIDDEN, "Not for this kind of caller";
    ApiKeyMismatch = "api_key_mismatch", FORBIDDEN, "The API key does not match the site";
    NotFound = "not_found", NOT_FOUND, "There is no such thing";
    AlreadyExists = "already_exists", CONFLICT, "There is one already";
    SyncInProgress = "sync_in_progress", CONFLICT, "A run is queued or running";
    SyncDisabled = "sync_disabled", CONFLICT, "Syncing is switched off";
    NoExternalId = "no_external_id", CONFLICT, "The content was never published";
    NoConflict = "no_conflict", CONFLICT, "There is no conflict to resolve";
    SiteMoved = "site_moved", CONFLICT, "The integration belongs to another address";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not allowed here";
    NotAcceptable = "not_acceptable", NOT_ACCEPTABLE, "The answer would be JSON";
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "The thing has changed meanwhile";
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body must be JSON";
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "The key was used for another request";
    Throttled = "throttled", TOO_MANY_REQUESTS, "Too many requests";
    InternalError = "internal_error", INTERNAL_SERVER_ERROR, "Something went wrong inside";
    PlatformNotSupported = "platform_not_supported", NOT_IMPLEMENTED, "The platform has no adapter";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The service is not available for the moment";
}

impl Code {
    /// The code that says what a bare status says: for what the framework refuses by itself.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::NotAuthenticated,
            StatusCode::FORBIDDEN => Self::NotForThisCaller,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::NOT_ACCEPTABLE => Self::NotAcceptable,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::TOO_MANY_REQUESTS => Self::Throttled,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_client_error() => Self::ValidationError,
            _ => Self::InternalError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_codes_share_a_word_or_a_title() {
        let words: std::collections::HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let titles: std::collections::HashSet<_> = Code::ALL.iter().map(|code| code.title()).collect();
        assert_eq!((words.len(), titles.len()), (Code::ALL.len(), Code::ALL.len()));
    }

    #[test]
    fn every_code_is_explained_in_the_docs() {
        let docs = include_str!("../../../../docs/errors.md");
        for code in Code::ALL {
            let line = format!("| `{}` | {} |", code.as_str(), code.status().as_u16());
            assert!(docs.contains(&line), "docs/errors.md has no line that begins {line}");
        }
    }
}
