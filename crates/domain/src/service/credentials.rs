//! Rotation of the keys that secrets are encrypted under.

use std::sync::Arc;

use crate::account::WebhookSecret;
use crate::id::{IntegrationId, SiteId};
use crate::integration::{Credentials, Integration, SealedCredentials};
use crate::ports::CredentialCipher;
use crate::ports::storage::{Storage, StorageError};
use crate::service::ServiceError;

/// How many rows are read at a time, and written in one unit of work.
const BATCH: u32 = 100;

/// How often a row that is changed meanwhile is read again.
const ATTEMPTS: u32 = 5;

/// Re-encrypts what is not under the newest key.
pub struct CredentialRotationService {
    storage: Arc<dyn Storage>,
    cipher: Arc<dyn CredentialCipher>,
}

/// What a pass over every stored secret came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RotationReport {
    /// Secrets that are now under the newest key.
    pub rotated: u64,
    /// Secrets that were already.
    pub current: u64,
    /// Integrations whose credentials can't be opened. They stay as they are.
    pub unreadable_integrations: Vec<IntegrationId>,
    /// Sites with a webhook secret that can't be opened, once for each. They stay as they are.
    pub unreadable_webhook_secrets: Vec<SiteId>,
}

impl CredentialRotationService {
    /// A new one.
    pub fn new(storage: Arc<dyn Storage>, cipher: Arc<dyn CredentialCipher>) -> Self {
        Self { storage, cipher }
    }

    /// Goes over every stored secret. Safe to repeat, to stop at any time, and beside running nodes: a secret is
    /// replaced only where it still is the one that was opened.
    pub async fn rotate(&self) -> Result<RotationReport, ServiceError> {
        let mut report = RotationReport::default();
        self.rotate_integrations(&mut report).await?;
        self.rotate_webhook_secrets(&mut report).await?;
        Ok(report)
    }

    async fn rotate_integrations(&self, report: &mut RotationReport) -> Result<(), ServiceError> {
        let mut after = None;
        loop {
            let mut rows = self.storage.read().await?.list_all_integrations(after, BATCH).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.id);
            for _ in 0..ATTEMPTS {
                rows = self.reseal_integrations(&rows, report).await?;
            }
            if !rows.is_empty() {
                return Err(StorageError::Conflict.into());
            }
        }
    }

    /// Gives back those that somebody else changed meanwhile, as they are now.
    async fn reseal_integrations(
        &self,
        rows: &[Integration],
        report: &mut RotationReport,
    ) -> Result<Vec<Integration>, ServiceError> {
        let due: Vec<_> = rows.iter().filter_map(|row| Some((row, self.resealed(row, report)?))).collect();
        let mut changed = Vec::new();
        if due.is_empty() {
            return Ok(changed);
        }
        let mut rotated = 0;
        let mut unit = self.storage.begin().await?;
        for (row, sealed) in &due {
            if unit.reseal_credentials(row.id, &row.credentials, sealed).await? {
                rotated += 1;
            } else {
                changed.extend(unit.find_integration(row.id).await?);
            }
        }
        unit.commit().await?;
        report.rotated += rotated;
        Ok(changed)
    }

    fn resealed(&self, row: &Integration, report: &mut RotationReport) -> Option<SealedCredentials> {
        if self.cipher.is_current(&row.credentials.0) {
            report.current += 1;
            return None;
        }
        Credentials::reseal(&*self.cipher, row)
            .inspect_err(|error| {
                tracing::warn!(integration.id = %row.id, %error, "stored credentials can't be opened");
                report.unreadable_integrations.push(row.id);
            })
            .ok()
    }

    async fn rotate_webhook_secrets(&self, report: &mut RotationReport) -> Result<(), ServiceError> {
        let mut after = None;
        let mut limit = BATCH;
        loop {
            let rows = self.storage.read().await?.list_all_webhook_secrets(after, limit).await?;
            let whole = whole_sites(&rows, limit);
            if let Some(last) = whole.last() {
                after = Some(last.site_id);
                self.reseal_webhook_secrets(whole, report).await?;
            } else if rows.is_empty() {
                return Ok(());
            } else {
                // One site alone has more of them than that.
                limit = limit.saturating_mul(2);
            }
        }
    }

    async fn reseal_webhook_secrets(
        &self,
        rows: &[WebhookSecret],
        report: &mut RotationReport,
    ) -> Result<(), ServiceError> {
        let mut due = Vec::new();
        for row in rows {
            if self.cipher.is_current(&row.sealed) {
                report.current += 1;
                continue;
            }
            match row.reseal(&*self.cipher) {
                Ok(sealed) => due.push((row, sealed)),
                Err(error) => {
                    tracing::warn!(site.id = %row.site_id, %error, "a stored webhook secret can't be opened");
                    report.unreadable_webhook_secrets.push(row.site_id);
                }
            }
        }
        if due.is_empty() {
            return Ok(());
        }
        let mut rotated = 0;
        let mut unit = self.storage.begin().await?;
        for (row, sealed) in &due {
            // Only another rotation changes one that is stored: then it is done.
            rotated += u64::from(unit.reseal_webhook_secret(row, sealed).await?);
        }
        unit.commit().await?;
        report.rotated += rotated;
        Ok(())
    }
}

/// The rows without those of a last site that a full batch may have cut in two: they come with the next one.
fn whole_sites(rows: &[WebhookSecret], limit: u32) -> &[WebhookSecret] {
    match rows.last() {
        Some(last) if u32::try_from(rows.len()).is_ok_and(|count| count >= limit) => {
            let whole = rows.partition_point(|row| row.site_id < last.site_id);
            rows.get(..whole).unwrap_or_default()
        }
        _ => rows,
    }
}
