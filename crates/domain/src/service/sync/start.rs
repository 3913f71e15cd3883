//! Asking for a run.

use super::{SyncService, authorize_in};
use crate::account::{Caller, Denied, Need, Role};
use crate::event::{Actor, ActorKind};
use crate::id::{IntegrationId, RunId};
use crate::integration::{Integration, Structure, SyncStatus, is_internal_type, shown_type};
use crate::ports::storage::{Cursor, Queued, StorageError, UnitOfWork};
use crate::service::once::{Claim, claim};
use crate::service::race::retrying;
use crate::service::{Conflict, IdempotencyKey, ServiceError};
use crate::sync::{Direction, NewRun, RunOptions, RunScope, SyncRun, Trigger};
use crate::time::Timestamp;
use crate::validation::{FieldError, ValidationErrors};

/// How many integrations one look at the schedule takes up.
const DUE_AT_ONCE: u32 = 100;

/// How many of an integration's newest runs are looked at for a dry one.
const LOOKED_AT: u32 = 25;

/// How many types an answer names where one that was asked for is not among them.
const NAMED_AT_MOST: usize = 20;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartSync {
    /// Which way.
    pub direction: Direction,
    /// Narrowed to these types.
    pub content_types: Option<Vec<String>>,
    /// Reads everything, whatever is remembered.
    pub full: bool,
    /// Plans and touches nothing.
    pub dry_run: bool,
    /// A person saw how much would be deleted and agreed.
    pub confirm_deletes: bool,
    /// What the sender calls this request, so that it can be sent again.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl SyncService {
    /// Queues a run. One at a time for each integration; a dry one may run beside another.
    pub async fn start(
        &self,
        caller: &Caller,
        id: IntegrationId,
        asked: StartSync,
    ) -> Result<SyncRun, ServiceError> {
        let options = RunOptions {
            content_types: asked.content_types,
            full: asked.full,
            dry_run: asked.dry_run,
            confirm_deletes: asked.confirm_deletes,
            scope: RunScope::All,
        };
        let trigger = match caller.actor().kind {
            ActorKind::Cli => Trigger::Cli,
            ActorKind::Schedule => Trigger::Schedule,
            ActorKind::User | ActorKind::SiteKey | ActorKind::Service => Trigger::Api,
        };
        let wanted = Wanted { direction: asked.direction, trigger, options, key: asked.idempotency_key };
        retrying!(self.queue(caller, id, &wanted))
    }

    /// Queues a run over every content that failed, and nothing else.
    pub async fn retry_failed(&self, caller: &Caller, id: IntegrationId) -> Result<SyncRun, ServiceError> {
        let options = RunOptions { scope: RunScope::Failed, ..RunOptions::default() };
        let wanted = Wanted { direction: Direction::Both, trigger: Trigger::Retry, options, key: None };
        retrying!(self.queue(caller, id, &wanted))
    }

    /// Queues a run for each integration whose time has come; gives how many.
    pub async fn queue_due(&self) -> Result<usize, ServiceError> {
        if self.schedule.is_none() {
            return Ok(0);
        }
        let now = self.clock.now();
        let platforms = self.platforms.names();
        let mut uow = self.storage.read().await?;
        let due = uow.list_due_integrations(&platforms, now, DUE_AT_ONCE).await?;
        drop(uow);
        let mut queued = 0;
        for integration in due {
            let caller = Caller::System(Actor::SCHEDULE);
            match self.start(&caller, integration.id, StartSync::default()).await {
                Ok(_) => queued += 1,
                // Somebody was quicker, switched it off or deleted it.
                Err(ServiceError::Conflict(_) | ServiceError::Denied(_)) => {}
                Err(ServiceError::Unavailable(error @ StorageError::Unavailable(_))) => {
                    return Err(ServiceError::Unavailable(error));
                }
                // One integration's trouble is not the others'.
                Err(error) => {
                    tracing::error!(integration.id = %integration.id, error = ?error, "a scheduled run could not be queued");
                }
            }
        }
        Ok(queued)
    }

    async fn queue(
        &self,
        caller: &Caller,
        id: IntegrationId,
        wanted: &Wanted,
    ) -> Result<SyncRun, ServiceError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        authorize_in(uow.as_mut(), caller, id, Need::Person(Role::Editor)).await?;
        let mut integration = uow.lock_integration(id).await?.ok_or(Denied::NotFound)?;
        check_types(uow.as_mut(), &integration, wanted.options.content_types.as_deref()).await?;
        let key = wanted.key.as_ref();
        let claim = claim(uow.as_mut(), integration.account_id, caller, key, now).await?;
        if let Claim::Done(queued) = claim {
            let queued = RunId::new(queued).ok_or(Denied::NotFound)?;
            return Ok(uow.find_run(queued).await?.ok_or(Denied::NotFound)?);
        }
        if !integration.is_active || !integration.sync_enabled {
            return Err(Conflict::SyncDisabled.into());
        }
        if self.platforms.find(integration.platform).is_none() {
            return Err(ServiceError::PlatformNotSupported);
        }
        if wanted.options.dry_run {
            refuse_second_dry_run(uow.as_mut(), id).await?;
        }
        let run = NewRun {
            account_id: integration.account_id,
            site_id: integration.site_id,
            integration_id: id,
            direction: wanted.direction,
            trigger: wanted.trigger,
            actor: caller.actor(),
            options: wanted.options.clone(),
            queued_at: now,
        };
        let run = match uow.insert_run(&run).await? {
            Queued::New(run) => *run,
            Queued::Active(active) => return Err(Conflict::SyncInProgress(active).into()),
        };
        if !run.options.dry_run {
            mark_queued(uow.as_mut(), &mut integration, now).await?;
        }
        claim.settle(uow.as_mut(), run.id.get()).await?;
        uow.commit().await?;
        self.queue.wake();
        Ok(run)
    }
}

/// One dry run at a time: they would fill the workers before other tenants' runs.
async fn refuse_second_dry_run(uow: &mut dyn UnitOfWork, id: IntegrationId) -> Result<(), ServiceError> {
    let newest = uow.list_runs(id, Cursor::Newest, LOOKED_AT).await?.items;
    match newest.iter().find(|run| run.options.dry_run && !run.status.is_final()) {
        Some(run) => Err(Conflict::SyncInProgress(run.id).into()),
        None => Ok(()),
    }
}

/// A run that is to be queued.
struct Wanted {
    direction: Direction,
    trigger: Trigger,
    options: RunOptions,
    key: Option<IdempotencyKey>,
}

async fn mark_queued(
    uow: &mut dyn UnitOfWork,
    integration: &mut Integration,
    now: Timestamp,
) -> Result<(), ServiceError> {
    integration.sync_status = SyncStatus::Queued;
    integration.updated_at = now;
    integration.version = uow.update_integration(integration).await?;
    Ok(())
}

/// Types that are named must be ones that sync, and that there are as far as the site told. A site that told nothing is
/// believed to have them: the run will see.
async fn check_types(
    uow: &mut dyn UnitOfWork,
    integration: &Integration,
    named: Option<&[String]>,
) -> Result<(), ServiceError> {
    let mut errors = Vec::new();
    for (at, name) in named.unwrap_or_default().iter().enumerate() {
        let field = format!("content_types[{at}]");
        let structure = integration.structure.as_ref();
        if is_internal_type(name) {
            errors.push(FieldError::new(field, "invalid_choice", "this type never syncs"));
        } else if structure.is_some_and(|known| !known.is_type_on(name)) {
            errors.push(FieldError::new(field, "type_is_off", "this type is switched off"));
        } else if let Some(told) = structure.filter(|known| known.lacks_type(name))
            && !is_type_known_here(uow, integration, name).await?
        {
            errors.push(FieldError::new(field, "not_found", unknown_type(name, told)));
        }
    }
    Ok(ValidationErrors::from_errors(errors)?)
}

/// Whether a type that the site did not tell of was read from it, or is written for it: what it told may be a day old.
async fn is_type_known_here(
    uow: &mut dyn UnitOfWork,
    integration: &Integration,
    name: &str,
) -> Result<bool, StorageError> {
    if integration.memory.types.contains_key(name) {
        return Ok(true);
    }
    Ok(uow.content_totals_by_type(integration.site_id).await?.contains_key(name))
}

fn unknown_type(name: &str, told: &Structure) -> String {
    let told: Vec<&str> = told.post_types.keys().map(String::as_str).take(NAMED_AT_MOST).collect();
    format!("the site told of no type {}; it told of {}", shown_type(name), told.join(", "))
}
