//! From what a use case says to what a client is told: one exhaustive map.

use igny8_integration_domain::account::Denied;
use igny8_integration_domain::ports::platform::ConnectionReport;
use igny8_integration_domain::service::{Conflict, ServiceError, WebhookError};
use serde_json::json;

use super::{Code, Problem};
use crate::wire::connection::CheckResponse;

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let says = |code| Self::new(code, sentence(&error.to_string()));
        match error {
            ServiceError::Denied(denied) => denied.into(),
            ServiceError::Conflict(conflict) => conflict.into(),
            ServiceError::Invalid(ref errors) => Self::invalid(errors.errors().to_vec()),
            ServiceError::ConnectionFailed(report) => connection_failed(*report),
            ServiceError::Unavailable(_) => Self::unavailable(error),
            ServiceError::Internal(_) => Self::internal(error),
            ServiceError::Inactive => says(Code::Inactive),
            ServiceError::ApiKeyMismatch => says(Code::ApiKeyMismatch),
            ServiceError::PreconditionFailed => says(Code::PreconditionFailed),
            ServiceError::IdempotencyKeyReused => says(Code::IdempotencyKeyReused),
            ServiceError::PlatformNotSupported => says(Code::PlatformNotSupported),
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let code = match denied {
            Denied::NotFound => return Self::not_found(),
            Denied::InsufficientRole => Code::InsufficientRole,
            Denied::NotForThisCaller => Code::NotForThisCaller,
        };
        Self::new(code, sentence(&denied.to_string()))
    }
}

impl From<Conflict> for Problem {
    fn from(conflict: Conflict) -> Self {
        let says = |code| Self::new(code, sentence(&conflict.to_string()));
        match conflict {
            Conflict::AlreadyExists => says(Code::AlreadyExists),
            Conflict::SyncInProgress(run) => says(Code::SyncInProgress).with("run_id", run.get()),
            Conflict::SyncDisabled => says(Code::SyncDisabled),
            Conflict::NoExternalId => says(Code::NoExternalId),
            Conflict::NoConflict => says(Code::NoConflict),
            Conflict::SiteMoved => says(Code::SiteMoved),
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Signature(_) | WebhookError::Unsigned => {
                Self::unauthenticated(Code::InvalidSignature, &sentence(&error.to_string()), true)
            }
            WebhookError::Service(error) => error.into(),
        }
    }
}

fn connection_failed(report: ConnectionReport) -> Problem {
    let checks: Vec<CheckResponse> = report.checks.into_iter().map(CheckResponse::from).collect();
    Problem::new(Code::ConnectionFailed, report.message).with("success", false).with("checks", json!(checks))
}

/// The domain's errors are clauses; a `detail` is a sentence.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

#[cfg(test)]
mod tests {
    use igny8_integration_domain::id::RunId;
    use igny8_integration_domain::ports::platform::Check;
    use igny8_integration_domain::ports::storage::StorageError;
    use igny8_integration_domain::validation::{FieldError, ValidationErrors};

    use super::*;

    fn report() -> ConnectionReport {
        ConnectionReport {
            success: false,
            code: "dns_failed".into(),
            message: "The name does not resolve.".into(),
            checks: vec![Check {
                name: "dns".into(),
                ok: false,
                detail: "no such name".into(),
                duration_ms: 3,
            }],
            limitations: Vec::new(),
            findings: Vec::new(),
            platform_version: None,
            plugin_version: None,
            latency_ms: None,
            state: serde_json::Value::Null,
        }
    }

    fn cause() -> anyhow::Error {
        anyhow::anyhow!("password=hunter2 at 10.0.0.7")
    }

    /// Each variant with its code. The match in `From` has no wildcard, so a new variant is a compile error there.
    fn every_error() -> Vec<(ServiceError, Code)> {
        let invalid = ValidationErrors::from(FieldError::required("site_id"));
        let run = RunId::new(7).unwrap();
        vec![
            (Denied::NotFound.into(), Code::NotFound),
            (Denied::InsufficientRole.into(), Code::InsufficientRole),
            (Denied::NotForThisCaller.into(), Code::NotForThisCaller),
            (ServiceError::Inactive, Code::Inactive),
            (ServiceError::ApiKeyMismatch, Code::ApiKeyMismatch),
            (invalid.into(), Code::ValidationError),
            (Conflict::AlreadyExists.into(), Code::AlreadyExists),
            (Conflict::SyncInProgress(run).into(), Code::SyncInProgress),
            (Conflict::SyncDisabled.into(), Code::SyncDisabled),
            (Conflict::NoExternalId.into(), Code::NoExternalId),
            (Conflict::NoConflict.into(), Code::NoConflict),
            (Conflict::SiteMoved.into(), Code::SiteMoved),
            (ServiceError::PreconditionFailed, Code::PreconditionFailed),
            (ServiceError::IdempotencyKeyReused, Code::IdempotencyKeyReused),
            (ServiceError::PlatformNotSupported, Code::PlatformNotSupported),
            (ServiceError::ConnectionFailed(Box::new(report())), Code::ConnectionFailed),
            (ServiceError::Unavailable(StorageError::Unavailable(cause())), Code::Unavailable),
            (ServiceError::Internal(cause()), Code::InternalError),
        ]
    }

    #[test]
    fn each_error_of_a_use_case_has_its_code() {
        for (error, code) in every_error() {
            let problem = Problem::from(error);
            assert_eq!(problem.code, code);
            assert!(!problem.particulars.detail.is_empty());
        }
    }

    #[test]
    fn a_server_error_keeps_its_cause_for_the_log_alone() {
        for (error, code) in every_error() {
            let problem = Problem::from(error);
            assert_eq!(
                problem.particulars.cause.is_some(),
                matches!(code, Code::Unavailable | Code::InternalError)
            );
            assert!(!problem.particulars.detail.contains("hunter2"));
        }
    }

    #[test]
    fn a_run_in_the_way_is_named() {
        let problem = Problem::from(Conflict::SyncInProgress(RunId::new(7).unwrap()));
        assert_eq!(problem.particulars.more["run_id"], 7);
    }

    #[test]
    fn a_failed_connection_shows_its_checks() {
        let problem = Problem::from(ServiceError::ConnectionFailed(Box::new(report())));
        assert_eq!(problem.particulars.more["success"], false);
        assert_eq!(problem.particulars.more["checks"][0]["name"], "dns");
        assert_eq!(problem.particulars.detail, "The name does not resolve.");
    }
}
