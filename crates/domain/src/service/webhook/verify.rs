//! Whether a delivery is the site's own: judged over the exact bytes, before they are read.

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use super::{Sender, WebhookService, sender};
use crate::account::{Caller, WebhookSecret};
use crate::ports::storage::{StorageError, UnitOfWork};
use crate::service::ServiceError;
use crate::service::race::retrying;
use crate::webhook::{SignatureError, SignatureHeaders, Signed, SigningSecret, verify};

/// A delivery that may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What makes it the same delivery when it comes again.
    pub(super) key: String,
    /// How far the site's clock is ahead of ours, where the delivery was signed.
    pub(super) skew: Option<TimeDelta>,
}

/// Why a delivery is not even read.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Its signature does not hold.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It is not signed, although this site's plugin signs.
    #[error("this site's plugin signs its deliveries, and this one is not signed")]
    Unsigned,
    /// Anything else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StorageError> for WebhookError {
    fn from(error: StorageError) -> Self {
        Self::Service(error.into())
    }
}

impl WebhookService {
    /// Judges caller and signature. A refusal is counted, and changes nothing else.
    pub async fn verify(
        &self,
        caller: &Caller,
        headers: SignatureHeaders<'_>,
        body: &[u8],
    ) -> Result<Verified, WebhookError> {
        let sender = sender(caller)?;
        let judged = self.judge_signature(sender, headers, body).await;
        let note = match &judged {
            Err(WebhookError::Signature(error)) => error.to_string(),
            Err(error @ WebhookError::Unsigned) => error.to_string(),
            Err(WebhookError::Service(_)) | Ok(_) => return judged,
        };
        retrying!(self.count_rejected(sender, &note))?;
        judged
    }

    async fn count_rejected(&self, sender: Sender, note: &str) -> Result<(), StorageError> {
        let mut uow = self.storage.begin().await?;
        let now = self.clock.now();
        uow.count_webhook(sender.account_id, sender.site_id, "rejected", Some(note), now).await?;
        uow.commit().await
    }

    async fn judge_signature(
        &self,
        sender: Sender,
        headers: SignatureHeaders<'_>,
        body: &[u8],
    ) -> Result<Verified, WebhookError> {
        let now = self.clock.now();
        let mut uow = self.storage.read().await?;
        let secrets = self.secrets(uow.as_mut(), sender).await?;
        match verify(headers, body, &secrets, now)? {
            Signed::Yes { id, skew } => Ok(Verified { key: format!("id:{id}"), skew: Some(skew) }),
            Signed::No if uow.must_sign(sender.key_id).await? => Err(WebhookError::Unsigned),
            Signed::No => {
                let hash = crate::content::hash_bytes(&Sha256::digest(body));
                Ok(Verified { key: format!("body:{hash}"), skew: None })
            }
        }
    }

    /// Every secret that holds now: two while one is being rotated. One that can't be opened lets nothing pass.
    async fn secrets(
        &self,
        uow: &mut dyn UnitOfWork,
        sender: Sender,
    ) -> Result<Vec<SigningSecret>, StorageError> {
        let stored = uow.list_webhook_secrets(sender.site_id, self.clock.now()).await?;
        let opened = stored.iter().filter_map(|secret: &WebhookSecret| {
            let text = secret.open(self.cipher.as_ref()).ok()?;
            SigningSecret::parse(&text)
        });
        Ok(opened.collect())
    }
}
