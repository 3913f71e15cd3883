//! Where the syncing of an integration stands.

use igny8_integration_domain::ports::storage::ContentTotals;
use igny8_integration_domain::service::integration::SyncOverview;
use serde::Serialize;
use utoipa::ToSchema;

use super::integration::{StatusErrorResponse, status_shape};
use super::run::RunResponse;
use super::time;

#[derive(Debug, Serialize, ToSchema)]
pub struct SyncStatusResponse {
    integration_id: i64,
    is_active: bool,
    sync_enabled: bool,
    #[schema(schema_with = status_shape)]
    sync_status: &'static str,
    sync_error: Option<StatusErrorResponse>,
    last_sync_at: Option<String>,
    current_run: Option<RunResponse>,
    last_run: Option<RunResponse>,
    totals: TotalsResponse,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TotalsResponse {
    contents: i64,
    in_sync: i64,
    pending_push: i64,
    pending_pull: i64,
    conflicts: i64,
    failed: i64,
}

impl From<ContentTotals> for TotalsResponse {
    fn from(totals: ContentTotals) -> Self {
        let ContentTotals { contents, in_sync, pending_push, pending_pull, conflicts, failed } = totals;
        Self { contents, in_sync, pending_push, pending_pull, conflicts, failed }
    }
}

impl From<SyncOverview> for SyncStatusResponse {
    fn from(overview: SyncOverview) -> Self {
        let integration = overview.integration;
        Self {
            integration_id: integration.id.get(),
            is_active: integration.is_active,
            sync_enabled: integration.sync_enabled,
            sync_status: integration.sync_status.as_str(),
            sync_error: integration.sync_error.map(StatusErrorResponse::from),
            last_sync_at: integration.last_sync_at.map(time),
            current_run: overview.current_run.map(RunResponse::brief),
            last_run: overview.last_run.map(RunResponse::brief),
            totals: overview.totals.into(),
        }
    }
}
