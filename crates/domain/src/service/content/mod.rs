//! The writer's side: contents as people and planners make, change, delete and settle them. Nothing here calls a site;
//! a change waits for the next run.

mod command;
mod edit;
mod rules;

use std::sync::Arc;

pub use command::{CreateContent, PatchContent};

use crate::account::{Caller, Denied, Need, Role};
use crate::content::{Content, NewContent, Side};
use crate::event::NewEvent;
use crate::id::ContentId;
use crate::ports::Clock;
use crate::ports::storage::{ContentFilter, Page, PageRequest, Storage, UnitOfWork};
use crate::service::once::{Claim, claim};
use crate::service::race::{expect_version, retrying};
use crate::service::{Conflict, ServiceError};
use crate::time::Timestamp;

const VIEWER: Need = Need::Person(Role::Viewer);
const EDITOR: Need = Need::Person(Role::Editor);

/// Keeps contents.
pub struct ContentService {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
}

impl ContentService {
    /// A new one.
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Self {
        Self { storage, clock }
    }

    /// Judges a request by its path and caller alone, before its body is read: 404, then 403.
    pub async fn authorize(&self, caller: &Caller, id: ContentId, need: Need) -> Result<(), ServiceError> {
        let mut unit = self.storage.read().await?;
        admit(caller, unit.find_content(id).await?, need)?;
        Ok(())
    }

    /// A page of those that the caller reaches. Whose they are is the caller's to say, whatever `filter` says of it.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: ContentFilter,
        page: PageRequest,
    ) -> Result<Page<Content>, ServiceError> {
        caller.satisfies(VIEWER)?;
        let filter = ContentFilter {
            account_id: caller.account_id(),
            reachable_sites: caller.site_filter(),
            ..filter
        };
        Ok(self.storage.read().await?.list_contents(&filter, page).await?)
    }

    /// One, deleted or not.
    pub async fn get(&self, caller: &Caller, id: ContentId) -> Result<Content, ServiceError> {
        let mut unit = self.storage.read().await?;
        Ok(admit(caller, unit.find_content(id).await?, VIEWER)?)
    }

    /// Makes one. Safe to repeat with its key.
    pub async fn create(&self, caller: &Caller, command: &CreateContent) -> Result<Content, ServiceError> {
        caller.satisfies(EDITOR)?;
        retrying!(self.try_create(caller, command))
    }

    async fn try_create(&self, caller: &Caller, command: &CreateContent) -> Result<Content, ServiceError> {
        let now = self.clock.now();
        let mut unit = self.storage.begin().await?;
        let site = unit
            .find_site(command.site_id())
            .await?
            .filter(|site| caller.reaches(site.account_id, site.id))
            .ok_or(Denied::NotFound)?;
        let claim = claim(&mut *unit, site.account_id, caller, command.idempotency_key(), now).await?;
        if let Claim::Done(made) = claim {
            let made = ContentId::new(made).ok_or(Denied::NotFound)?;
            return Ok(admit(caller, unit.find_content(made).await?, EDITOR)?);
        }
        let content = unit
            .insert_content(&NewContent {
                account_id: site.account_id,
                site_id: site.id,
                content_type: command.content_type().to_owned(),
                fields: command.fields().clone(),
                deleted_at: None,
                link: None,
                created_at: now,
            })
            .await?;
        claim.settle(&mut *unit, content.id.get()).await?;
        unit.commit().await?;
        Ok(content)
    }

    /// Changes what is named. A change makes a content that failed worth another try.
    pub async fn patch(
        &self,
        caller: &Caller,
        id: ContentId,
        expected: Option<i64>,
        command: &PatchContent,
    ) -> Result<Content, ServiceError> {
        retrying!(self.try_patch(caller, id, expected, command))
    }

    /// Marks it deleted; where it has a post, the next run puts that in the trash. Once more is fine.
    pub async fn delete(
        &self,
        caller: &Caller,
        id: ContentId,
        expected: Option<i64>,
    ) -> Result<(), ServiceError> {
        retrying!(self.try_delete(caller, id, expected))
    }

    /// Settles a conflict in favour of one side. [`Conflict::NoConflict`] where there is none.
    pub async fn resolve(&self, caller: &Caller, id: ContentId, keep: Side) -> Result<Content, ServiceError> {
        retrying!(self.try_resolve(caller, id, keep))
    }

    async fn try_patch(
        &self,
        caller: &Caller,
        id: ContentId,
        expected: Option<i64>,
        command: &PatchContent,
    ) -> Result<Content, ServiceError> {
        let mut unit = self.storage.begin().await?;
        let before = admit(caller, unit.lock_content(id).await?, EDITOR)?;
        edit::judge(&before, command)?;
        expect_version(expected, before.version)?;
        let now = self.clock.now();
        let mut content = before.clone();
        edit::apply(&mut content, command, now);
        if content == before {
            return Ok(before);
        }
        store(unit, content, None, now).await
    }

    async fn try_delete(
        &self,
        caller: &Caller,
        id: ContentId,
        expected: Option<i64>,
    ) -> Result<(), ServiceError> {
        let mut unit = self.storage.begin().await?;
        let mut content = admit(caller, unit.lock_content(id).await?, EDITOR)?;
        expect_version(expected, content.version)?;
        if content.deleted_at.is_none() {
            let now = self.clock.now();
            edit::delete(&mut content, now);
            store(unit, content, None, now).await?;
        }
        Ok(())
    }

    async fn try_resolve(&self, caller: &Caller, id: ContentId, keep: Side) -> Result<Content, ServiceError> {
        let mut unit = self.storage.begin().await?;
        let mut content = admit(caller, unit.lock_content(id).await?, EDITOR)?;
        let now = self.clock.now();
        let event = edit::resolve(&mut content, keep, caller.actor(), now).ok_or(Conflict::NoConflict)?;
        store(unit, content, Some(event), now).await
    }
}

async fn store(
    mut unit: Box<dyn UnitOfWork>,
    mut content: Content,
    event: Option<NewEvent>,
    now: Timestamp,
) -> Result<Content, ServiceError> {
    content.updated_at = now;
    content.version = unit.update_content(&content).await?;
    unit.insert_events(event.as_slice()).await?;
    unit.commit().await?;
    Ok(content)
}

/// The content, where it is there for the caller and the caller may use it so.
fn admit(caller: &Caller, found: Option<Content>, need: Need) -> Result<Content, Denied> {
    let content = found.ok_or(Denied::NotFound)?;
    caller.authorize(content.account_id, content.site_id, need)?;
    Ok(content)
}
