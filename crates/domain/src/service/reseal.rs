//! Rotation of the keys that secrets are encrypted under.

use std::sync::Arc;

use super::ServiceError;
use crate::account::WebhookSecret;
use crate::integration::{Credentials, Integration};
use crate::ports::CredentialCipher;
use crate::ports::storage::Storage;

/// How many rows are read at a time.
const BATCH: u32 = 100;

/// Re-encrypts what is not under the newest key.
pub struct ResealService {
    storage: Arc<dyn Storage>,
    cipher: Arc<dyn CredentialCipher>,
}

/// What a pass over every stored secret came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Now under the newest key.
    pub rotated: u64,
    /// Were already.
    pub current: u64,
    /// Can't be opened: their key is not configured, or they are damaged. They stay as they are.
    pub unreadable: u64,
}

impl ResealService {
    /// Over these ports.
    pub fn new(storage: Arc<dyn Storage>, cipher: Arc<dyn CredentialCipher>) -> Self {
        Self { storage, cipher }
    }

    /// Goes over every stored secret. Safe to repeat and beside running nodes: a row that somebody else changes
    /// meanwhile is left to them, who write under the newest key anyway.
    pub async fn rotate(&self) -> Result<Resealed, ServiceError> {
        let mut done = Resealed::default();
        self.rotate_credentials(&mut done).await?;
        self.rotate_webhook_secrets(&mut done).await?;
        Ok(done)
    }

    async fn rotate_credentials(&self, done: &mut Resealed) -> Result<(), ServiceError> {
        let mut after = None;
        loop {
            let rows = self.storage.read().await?.list_all_integrations(after, BATCH).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.id);
            for row in &rows {
                self.rotate_integration(row, done).await?;
            }
        }
    }

    async fn rotate_integration(&self, row: &Integration, done: &mut Resealed) -> Result<(), ServiceError> {
        if self.cipher.is_current(&row.credentials.0) {
            done.current += 1;
            return Ok(());
        }
        let sealed = match Credentials::reseal(self.cipher.as_ref(), row) {
            Ok(sealed) => sealed,
            Err(error) => {
                tracing::warn!(integration.id = %row.id, %error, "stored credentials can't be opened");
                done.unreadable += 1;
                return Ok(());
            }
        };
        let mut unit = self.storage.begin().await?;
        let stored = unit.reseal_credentials(row.id, &row.credentials, &sealed).await?;
        unit.commit().await?;
        done.rotated += u64::from(stored);
        Ok(())
    }

    async fn rotate_webhook_secrets(&self, done: &mut Resealed) -> Result<(), ServiceError> {
        let mut after = None;
        loop {
            let rows = self.storage.read().await?.list_all_webhook_secrets(after, BATCH).await?;
            let rows = whole_sites(&rows);
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.site_id);
            for row in rows {
                self.rotate_webhook_secret(row, done).await?;
            }
        }
    }

    async fn rotate_webhook_secret(
        &self,
        row: &WebhookSecret,
        done: &mut Resealed,
    ) -> Result<(), ServiceError> {
        if self.cipher.is_current(&row.sealed) {
            done.current += 1;
            return Ok(());
        }
        let sealed = match row.reseal(self.cipher.as_ref()) {
            Ok(sealed) => sealed,
            Err(error) => {
                tracing::warn!(site.id = %row.site_id, %error, "a stored webhook secret can't be opened");
                done.unreadable += 1;
                return Ok(());
            }
        };
        let mut unit = self.storage.begin().await?;
        let stored = unit.reseal_webhook_secret(row, &sealed).await?;
        unit.commit().await?;
        done.rotated += u64::from(stored);
        Ok(())
    }
}

/// The rows without those of a last site that a full batch may have cut in two: they come with the next one.
fn whole_sites(rows: &[WebhookSecret]) -> &[WebhookSecret] {
    let Some(last) = rows.last().filter(|_| u32::try_from(rows.len()) == Ok(BATCH)) else { return rows };
    let whole = rows.partition_point(|row| row.site_id < last.site_id);
    if whole == 0 { rows } else { rows.get(..whole).unwrap_or(rows) }
}
