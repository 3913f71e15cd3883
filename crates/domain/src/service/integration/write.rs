//! Making, changing and deleting integrations.

use serde_json::{Value, json};

use super::change::Wanted;
use super::command::identity_problems;
use super::{
    CreateIntegration, EDITOR, IntegrationService, IntegrationView, PatchIntegration, ReplaceIntegration,
    admit, connection_event, plan_next_sync,
};
use crate::account::{Caller, Denied, Site};
use crate::event::Action;
use crate::id::{AccountId, IntegrationId};
use crate::integration::{ConflictPolicy, Credentials, Integration, NewIntegration};
use crate::ports::storage::{StorageError, UnitOfWork};
use crate::service::once::{Claim, claim};
use crate::service::race::{expect_version, retrying};
use crate::service::sync::{Ending, end_run};
use crate::service::{Conflict, IdempotencyKey, ServiceError};
use crate::time::Timestamp;
use crate::validation::ValidationErrors;

impl IntegrationService {
    /// Makes one. [`Conflict::AlreadyExists`] where the site has one for the platform.
    pub async fn create(
        &self,
        caller: &Caller,
        command: &CreateIntegration,
    ) -> Result<IntegrationView, ServiceError> {
        self.create_once(caller, command, None).await
    }

    /// As [`Self::create`]; with a key it is safe to repeat.
    pub async fn create_once(
        &self,
        caller: &Caller,
        command: &CreateIntegration,
        key: Option<&IdempotencyKey>,
    ) -> Result<IntegrationView, ServiceError> {
        caller.satisfies(EDITOR)?;
        ValidationErrors::from_errors(command.credentials.problems(command.platform))?;
        retrying!(self.try_create(caller, command, key))
    }

    async fn try_create(
        &self,
        caller: &Caller,
        command: &CreateIntegration,
        key: Option<&IdempotencyKey>,
    ) -> Result<IntegrationView, ServiceError> {
        let now = self.clock.now();
        let mut unit = self.storage.begin().await?;
        let site = unit
            .find_site(command.site_id)
            .await?
            .filter(|site| caller.reaches(site.account_id, site.id))
            .ok_or(Denied::NotFound)?;
        let claim = claim(&mut *unit, site.account_id, caller, key, now).await?;
        if let Claim::Done(made) = claim {
            let made = IntegrationId::new(made).ok_or(Denied::NotFound)?;
            let integration = admit(caller, unit.find_integration(made).await?, EDITOR)?;
            return Ok(IntegrationView::of(integration, &*self.cipher));
        }
        let new = new_integration(&mut *unit, command, &site, now).await?;
        let mut integration = unit.insert_integration(&new).await.map_err(|error| match error {
            StorageError::Conflict => Conflict::AlreadyExists.into(),
            error => ServiceError::from(error),
        })?;
        integration.credentials = command.credentials.seal(&*self.cipher, &integration);
        plan_next_sync(&mut integration, self.schedule, now);
        integration.version = unit.update_integration(&integration).await?;
        let mut event = connection_event(&integration, Action::Created, caller.actor(), now);
        event.details = json!({"platform": integration.platform, "site_url": integration.site_url});
        unit.insert_events(&[event]).await?;
        claim.settle(&mut *unit, integration.id.get()).await?;
        unit.commit().await?;
        Ok(IntegrationView::of(integration, &*self.cipher))
    }

    /// Changes all of it that can change. What is left out goes to its default.
    pub async fn replace(
        &self,
        caller: &Caller,
        id: IntegrationId,
        expected: Option<i64>,
        command: &ReplaceIntegration,
    ) -> Result<IntegrationView, ServiceError> {
        retrying!(self.try_replace(caller, id, expected, command))
    }

    /// Changes what is named.
    pub async fn patch(
        &self,
        caller: &Caller,
        id: IntegrationId,
        expected: Option<i64>,
        command: &PatchIntegration,
    ) -> Result<IntegrationView, ServiceError> {
        retrying!(self.try_patch(caller, id, expected, command))
    }

    /// Deletes it with its runs, history and links, after a run under way was cancelled: whatever the run's worker
    /// still wants to record is refused. The site's content stays.
    pub async fn delete(
        &self,
        caller: &Caller,
        id: IntegrationId,
        expected: Option<i64>,
    ) -> Result<(), ServiceError> {
        retrying!(self.try_delete(caller, id, expected))
    }

    async fn try_replace(
        &self,
        caller: &Caller,
        id: IntegrationId,
        expected: Option<i64>,
        command: &ReplaceIntegration,
    ) -> Result<IntegrationView, ServiceError> {
        let mut unit = self.storage.begin().await?;
        let integration = admit(caller, unit.lock_integration(id).await?, EDITOR)?;
        let mut errors = identity_problems(&integration, command.site_id, command.platform);
        errors.extend(command.credentials.problems(integration.platform));
        ValidationErrors::from_errors(errors)?;
        expect_version(expected, integration.version)?;
        let site_url = match &command.site_url {
            Some(site_url) => site_url.clone(),
            None => own_site(&mut *unit, &integration).await?.url,
        };
        let wanted = Wanted {
            site_url,
            credentials: Some(command.credentials.clone()),
            is_active: command.is_active,
            sync_enabled: command.sync_enabled,
            conflict_policy: policy(&mut *unit, integration.account_id, command.conflict_policy).await?,
        };
        self.store(unit, caller, integration, wanted).await
    }

    async fn try_patch(
        &self,
        caller: &Caller,
        id: IntegrationId,
        expected: Option<i64>,
        command: &PatchIntegration,
    ) -> Result<IntegrationView, ServiceError> {
        let mut unit = self.storage.begin().await?;
        let integration = admit(caller, unit.lock_integration(id).await?, EDITOR)?;
        let credentials = self.patched_credentials(&integration, command);
        let mut errors = identity_problems(&integration, command.site_id, command.platform);
        errors.extend(credentials.iter().flat_map(|patched| patched.problems(integration.platform)));
        ValidationErrors::from_errors(errors)?;
        expect_version(expected, integration.version)?;
        let site_url = match &command.site_url {
            None => integration.site_url.clone(),
            Some(Some(site_url)) => site_url.clone(),
            Some(None) => own_site(&mut *unit, &integration).await?.url,
        };
        let wanted = Wanted {
            site_url,
            credentials,
            is_active: command.is_active.unwrap_or(integration.is_active),
            sync_enabled: command.sync_enabled.unwrap_or(integration.sync_enabled),
            conflict_policy: command.conflict_policy.unwrap_or(integration.conflict_policy),
        };
        self.store(unit, caller, integration, wanted).await
    }

    /// What the credentials would be; none where they are not touched. Ones that can't be opened count as none, so
    /// that whole new ones mend the row.
    fn patched_credentials(
        &self,
        integration: &Integration,
        command: &PatchIntegration,
    ) -> Option<Credentials> {
        if command.credentials.is_empty() {
            return None;
        }
        let held = Credentials::open(&*self.cipher, integration).unwrap_or_default();
        Some(held.patched(command.credentials.clone()))
    }

    async fn store(
        &self,
        mut unit: Box<dyn UnitOfWork>,
        caller: &Caller,
        mut integration: Integration,
        wanted: Wanted,
    ) -> Result<IntegrationView, ServiceError> {
        let now = self.clock.now();
        let before = integration.clone();
        let changed = self.apply(&mut integration, wanted, now);
        let identity = integration.site_url.identity();
        let moved = identity != before.site_url.identity();
        if moved || !integration.is_active || !integration.sync_enabled {
            self.stop_run(unit.as_mut(), &mut integration, now).await?;
        }
        if moved {
            // A post of the same id at the new address is another one until it is proven to be the same.
            unit.unlink_contents(&before, Some(&identity), now).await?;
        }
        integration.version = unit.update_integration(&integration).await?;
        let mut event = connection_event(&integration, Action::Updated, caller.actor(), now);
        event.details = json!({ "changed": changed });
        unit.insert_events(&[event]).await?;
        unit.commit().await?;
        Ok(IntegrationView::of(integration, &*self.cipher))
    }

    /// A run under way knows the old address and the old switches: it ends, and whatever its worker still wants to record
    /// is refused.
    async fn stop_run(
        &self,
        unit: &mut dyn UnitOfWork,
        integration: &mut Integration,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        if let Some(mut run) = unit.find_active_run(integration.id).await? {
            let ending = Ending::cancelled(self.schedule, now);
            end_run(unit, integration, &mut run, ending).await?;
            plan_next_sync(integration, self.schedule, now);
        }
        Ok(())
    }

    async fn try_delete(
        &self,
        caller: &Caller,
        id: IntegrationId,
        expected: Option<i64>,
    ) -> Result<(), ServiceError> {
        let mut unit = self.storage.begin().await?;
        let mut integration = admit(caller, unit.lock_integration(id).await?, EDITOR)?;
        expect_version(expected, integration.version)?;
        let now = self.clock.now();
        self.stop_run(unit.as_mut(), &mut integration, now).await?;
        unit.delete_integration(&integration, now).await?;
        // Its history goes with it; this one line stays.
        let event = connection_event(&integration, Action::Deleted, caller.actor(), now);
        unit.insert_events(&[event]).await?;
        unit.commit().await?;
        Ok(())
    }
}

async fn new_integration(
    unit: &mut dyn UnitOfWork,
    command: &CreateIntegration,
    site: &Site,
    now: Timestamp,
) -> Result<NewIntegration, ServiceError> {
    Ok(NewIntegration {
        account_id: site.account_id,
        site_id: site.id,
        platform: command.platform,
        site_url: command.site_url.clone().unwrap_or_else(|| site.url.clone()),
        is_active: command.is_active,
        sync_enabled: command.sync_enabled,
        conflict_policy: policy(unit, site.account_id, command.conflict_policy).await?,
        platform_state: Value::Null,
        next_sync_at: None,
        created_at: now,
    })
}

/// The policy that was asked for, else the account's.
pub(crate) async fn policy(
    unit: &mut dyn UnitOfWork,
    account: AccountId,
    asked: Option<ConflictPolicy>,
) -> Result<ConflictPolicy, ServiceError> {
    match asked {
        Some(policy) => Ok(policy),
        None => {
            Ok(unit.find_account(account).await?.map(|account| account.conflict_policy).unwrap_or_default())
        }
    }
}

async fn own_site(unit: &mut dyn UnitOfWork, integration: &Integration) -> Result<Site, ServiceError> {
    let site = unit.find_site(integration.site_id).await?;
    site.ok_or_else(|| StorageError::Corrupt(format!("site {} is gone", integration.site_id)).into())
}
