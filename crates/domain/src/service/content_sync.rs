//! Bringing one content up to date at once, outside any run.

use std::sync::Arc;

use crate::account::{Caller, Denied, Need, Role};
use crate::content::{Content, Reach};
use crate::event::Action;
use crate::id::{ContentId, IntegrationId};
use crate::integration::Integration;
use crate::ports::platform::{PlatformSession, Platforms};
use crate::ports::storage::{Storage, StorageError};
use crate::ports::{Clock, CredentialCipher};
use crate::service::item::{ItemError, ItemFailure, ItemOutcome, ItemSync, is_lasting};
use crate::service::opening::open_session;
use crate::service::race::retrying;
use crate::service::sync::authorize_in;
use crate::service::{Conflict, ServiceError};

/// Pulls single contents.
#[derive(Clone)]
pub struct ContentSyncService {
    storage: Arc<dyn Storage>,
    platforms: Platforms,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
}

/// What a pull of one content came to.
#[derive(Clone, Debug, PartialEq)]
pub struct PulledOne {
    /// The content, as it is now.
    pub content: Content,
    /// Whether anything of it changed here.
    pub changed: bool,
    /// `unchanged`, `updated`, `conflict`, `deleted`, `missing` (the site says that there is no such post, which alone
    /// proves nothing) or `failed` (the content's failure says why).
    pub outcome: &'static str,
}

impl ContentSyncService {
    /// A new one.
    pub fn new(
        storage: Arc<dyn Storage>,
        platforms: Platforms,
        cipher: Arc<dyn CredentialCipher>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { storage, platforms, cipher, clock }
    }

    /// Whether the caller may pull here.
    pub async fn authorize(&self, caller: &Caller, id: IntegrationId) -> Result<(), ServiceError> {
        let mut uow = self.storage.read().await?;
        authorize_in(uow.as_mut(), caller, id, Need::Person(Role::Editor)).await
    }

    /// Pulls one content from its post, now. Safe to repeat.
    pub async fn pull_one(
        &self,
        caller: &Caller,
        id: IntegrationId,
        content: ContentId,
    ) -> Result<PulledOne, ServiceError> {
        retrying!(self.try_to_pull_one(caller, id, content))
    }

    async fn try_to_pull_one(
        &self,
        caller: &Caller,
        id: IntegrationId,
        content: ContentId,
    ) -> Result<PulledOne, ServiceError> {
        let (integration, before) = self.load(caller, id, content).await?;
        let outcome = self.pull(caller, &integration, content).await?;
        let mut uow = self.storage.read().await?;
        let content = uow.find_content(content).await?.ok_or(Denied::NotFound)?;
        let changed = content.fields != before.fields || content.deleted_at != before.deleted_at;
        Ok(PulledOne { content, changed, outcome })
    }

    /// Judges in the contract's order: the integration, the role, the content, what stands in the way.
    async fn load(
        &self,
        caller: &Caller,
        id: IntegrationId,
        content: ContentId,
    ) -> Result<(Integration, Content), ServiceError> {
        let mut uow = self.storage.read().await?;
        authorize_in(uow.as_mut(), caller, id, Need::Person(Role::Editor)).await?;
        let integration = uow.find_integration(id).await?.ok_or(Denied::NotFound)?;
        let content = uow.find_content(content).await?;
        let content =
            content.filter(|content| content.site_id == integration.site_id).ok_or(Denied::NotFound)?;
        if content.link.as_ref().is_none_or(|link| link.integration_id != id) {
            return Err(Conflict::NoExternalId.into());
        }
        if !integration.is_active {
            return Err(Conflict::SyncDisabled.into());
        }
        Ok((integration, content))
    }

    async fn pull(
        &self,
        caller: &Caller,
        integration: &Integration,
        content: ContentId,
    ) -> Result<&'static str, ServiceError> {
        let error = match open_session(&self.platforms, self.cipher.as_ref(), integration).await {
            Ok(session) => match self.pull_in(caller, integration, session.as_ref(), content).await {
                Ok(outcome) => return Ok(word(outcome)),
                Err(ItemError::Platform(error)) => error,
                Err(error) => return Err(error.into()),
            },
            Err(error) => error,
        };
        let failure = ItemFailure {
            integration,
            id: content,
            trouble: error.trouble(),
            parked: is_lasting(&error),
            action: Action::Pulled,
            actor: caller.actor(),
        };
        failure.record(&self.storage, self.clock.now(), None).await?;
        Ok("failed")
    }

    async fn pull_in(
        &self,
        caller: &Caller,
        integration: &Integration,
        session: &dyn PlatformSession,
        content: ContentId,
    ) -> Result<ItemOutcome, ItemError> {
        let mut item = ItemSync {
            storage: &self.storage,
            clock: &self.clock,
            session,
            integration,
            reach: Reach::whole(integration.conflict_policy),
            push: false,
            actor: caller.actor(),
            run: None,
        };
        item.sync(content).await
    }
}

impl From<ItemError> for ServiceError {
    /// For items outside a run: only a run can be stopped.
    fn from(error: ItemError) -> Self {
        match error {
            ItemError::Storage(error) => error.into(),
            // Somebody moved the integration to another site meanwhile: decide anew.
            ItemError::Lost => StorageError::Conflict.into(),
            other => {
                Self::Internal(anyhow::anyhow!("an item ended in a way that only a run's can: {other:?}"))
            }
        }
    }
}

fn word(outcome: ItemOutcome) -> &'static str {
    match outcome {
        ItemOutcome::Created | ItemOutcome::Updated => "updated",
        ItemOutcome::Unchanged => "unchanged",
        ItemOutcome::Conflict => "conflict",
        ItemOutcome::Deleted => "deleted",
        ItemOutcome::Missing => "missing",
    }
}
