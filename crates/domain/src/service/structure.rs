//! What a site consists of, as its plugin pushes it, and what of it a person lets sync.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::account::{Caller, Need, Role};
use crate::event::{Action, EventType, NewEvent};
use crate::id::IntegrationId;
use crate::integration::{Integration, SiteUrl, Structure, TaxonomyEntry, TypeEntry};
use crate::ports::Clock;
use crate::ports::storage::{ContentTotals, Storage, UnitOfWork};
use crate::service::ServiceError;
use crate::service::integration::admit;
use crate::service::race::{expect_version, retrying};
use crate::service::site_copy::{count_copy, other_address};
use crate::time::Timestamp;
use crate::validation::{FieldError, ValidationErrors};
use crate::webhook::Reason;

/// So many choices outlive a push that does not name what they are of.
const MOST_KEPT: usize = 500;

/// Keeps structures.
pub struct StructureService {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
}

/// What a push came to.
#[derive(Clone, Debug, PartialEq)]
pub struct StructureStored {
    /// Why it was not taken over.
    pub refused: Option<NotStored>,
    /// What is stored now.
    pub structure: Structure,
}

/// Why a push changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStored {
    /// Something newer is stored.
    Older,
    /// It comes from a copy of the site at another address.
    SiteCopy,
}

/// The stored structure with what is known of each type.
#[derive(Clone, Debug, PartialEq)]
pub struct StructureView {
    /// The structure; empty where none was pushed.
    pub structure: Structure,
    /// The integration's version, which a choice moves.
    pub version: i64,
    /// Contents by type.
    pub totals: BTreeMap<String, ContentTotals>,
    /// When each type was fetched last.
    pub fetched_at: BTreeMap<String, Timestamp>,
}

/// A person's choices. What is not named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StructureChoices {
    /// By type.
    pub post_types: BTreeMap<String, TypeChoice>,
    /// By taxonomy: whether it syncs.
    pub taxonomies: BTreeMap<String, bool>,
}

/// A person's choice for one type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypeChoice {
    /// Whether it syncs.
    pub enabled: Option<bool>,
    /// How many are pulled at most; inner none lifts the limit.
    pub fetch_limit: Option<Option<u32>>,
}

impl StructureService {
    /// A new one.
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Self {
        Self { storage, clock }
    }

    /// Stores what the plugin pushed. Choices that a person made survive a push that omits them; an older push than the
    /// stored one changes nothing. A time later than this service's clock counts as now: else one push of a site whose
    /// clock is years ahead would be the last. `told_from` is the pushing site's own address, where it says so.
    pub async fn store(
        &self,
        caller: &Caller,
        id: IntegrationId,
        pushed: Structure,
        told_from: Option<&SiteUrl>,
    ) -> Result<StructureStored, ServiceError> {
        retrying!(self.try_to_store(caller, id, pushed.clone(), told_from))
    }

    async fn try_to_store(
        &self,
        caller: &Caller,
        id: IntegrationId,
        mut pushed: Structure,
        told_from: Option<&SiteUrl>,
    ) -> Result<StructureStored, ServiceError> {
        let now = self.clock.now();
        pushed.timestamp = pushed.timestamp.map(|at| at.min(now));
        let mut uow = self.storage.begin().await?;
        let found = uow.lock_integration(id).await?;
        let mut integration = admit(caller, found, Need::PersonOrPlugin(Role::Editor))?;
        if let Some(address) = other_address(&integration, told_from) {
            count_copy(uow.as_mut(), &integration, &address, now).await?;
            uow.insert_events(&[copy_event(&integration, caller, &address, now)]).await?;
            uow.commit().await?;
            let structure = integration.structure.unwrap_or_default();
            return Ok(StructureStored { refused: Some(NotStored::SiteCopy), structure });
        }
        let known = integration.structure.take().unwrap_or_default();
        if is_older(&pushed, &known) {
            return Ok(StructureStored { refused: Some(NotStored::Older), structure: known });
        }
        let structure = merged(&known, pushed);
        if let (Caller::SiteKey { key_id, .. }, true) = (caller, signs_webhooks(&structure)) {
            uow.require_signatures(*key_id, now).await?;
        }
        integration.structure = Some(structure.clone());
        integration.updated_at = now;
        uow.update_integration(&integration).await?;
        self.tell(uow.as_mut(), caller, &integration, &structure, now).await?;
        uow.commit().await?;
        Ok(StructureStored { refused: None, structure })
    }

    /// The structure with numbers.
    pub async fn get(&self, caller: &Caller, id: IntegrationId) -> Result<StructureView, ServiceError> {
        let mut uow = self.storage.read().await?;
        let found = uow.find_integration(id).await?;
        let integration = admit(caller, found, Need::PersonOrPlugin(Role::Viewer))?;
        view(uow.as_mut(), integration).await
    }

    /// Takes over a person's choices. A name that is not stored is an error that names it.
    pub async fn choose(
        &self,
        caller: &Caller,
        id: IntegrationId,
        expected: Option<i64>,
        choices: &StructureChoices,
    ) -> Result<StructureView, ServiceError> {
        retrying!(self.try_to_choose(caller, id, expected, choices))
    }

    async fn try_to_choose(
        &self,
        caller: &Caller,
        id: IntegrationId,
        expected: Option<i64>,
        choices: &StructureChoices,
    ) -> Result<StructureView, ServiceError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        let found = uow.lock_integration(id).await?;
        let mut integration = admit(caller, found, Need::Person(Role::Editor))?;
        expect_version(expected, integration.version)?;
        let mut structure = integration.structure.take().unwrap_or_default();
        apply_choices(&mut structure, choices)?;
        integration.structure = Some(structure.clone());
        integration.updated_at = now;
        integration.version = uow.update_integration(&integration).await?;
        self.tell(uow.as_mut(), caller, &integration, &structure, now).await?;
        let shown = view(uow.as_mut(), integration).await?;
        uow.commit().await?;
        Ok(shown)
    }

    async fn tell(
        &self,
        uow: &mut dyn UnitOfWork,
        caller: &Caller,
        integration: &Integration,
        structure: &Structure,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let (kind, action) = (EventType::Structure, Action::StructureStored);
        let mut event = NewEvent::of(integration, kind, action, caller.actor(), now);
        let names = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>();
        event.details = json!({
            "post_types": names(structure.post_types.keys().collect()),
            "taxonomies": names(structure.taxonomies.keys().collect()),
            "plugin": structure.plugin,
        });
        uow.insert_events(&[event]).await?;
        Ok(())
    }
}

/// A copy's push leaves a line and nothing else.
fn copy_event(integration: &Integration, caller: &Caller, address: &str, now: Timestamp) -> NewEvent {
    NewEvent {
        success: false,
        details: json!({ "site_url": address }),
        error_code: Some(Reason::SiteCopy.as_str().to_owned()),
        error_message: Some(
            "the structure comes from a copy of the site at another address; it changes nothing here"
                .to_owned(),
        ),
        ..NewEvent::of(integration, EventType::Structure, Action::StructureStored, caller.actor(), now)
    }
}

async fn view(uow: &mut dyn UnitOfWork, integration: Integration) -> Result<StructureView, ServiceError> {
    let fetched = integration.memory.types.iter();
    Ok(StructureView {
        totals: uow.content_totals_by_type(integration.site_id).await?,
        version: integration.version,
        fetched_at: fetched.map(|(name, memory)| (name.clone(), memory.fetched_at)).collect(),
        structure: integration.structure.unwrap_or_default(),
    })
}

fn is_older(pushed: &Structure, known: &Structure) -> bool {
    matches!((pushed.timestamp, known.timestamp), (Some(pushed), Some(known)) if pushed < known)
}

fn signs_webhooks(structure: &Structure) -> bool {
    structure.plugin.as_ref().and_then(|plugin| plugin.get("signs_webhooks")).and_then(Value::as_bool)
        == Some(true)
}

/// The pushed structure with the choices that it omits.
fn merged(known: &Structure, mut pushed: Structure) -> Structure {
    for (name, entry) in &mut pushed.post_types {
        if let Some(before) = known.post_types.get(name) {
            entry.enabled = entry.enabled.or(before.enabled);
            entry.fetch_limit = entry.fetch_limit.or(before.fetch_limit);
        }
    }
    for (name, entry) in &mut pushed.taxonomies {
        if let Some(before) = known.taxonomies.get(name) {
            entry.enabled = entry.enabled.or(before.enabled);
        }
    }
    // What is gone for now keeps its choice: a plugin that is switched off and on again must not switch it on, nor lift
    // a limit. So many and no more: each push could name others.
    let is_chosen = |entry: &TypeEntry| entry.enabled == Some(false) || entry.fetch_limit.is_some();
    for (name, before) in known.post_types.iter().filter(|(_, entry)| is_chosen(entry)).take(MOST_KEPT) {
        let gone = || TypeEntry { count: 0, ..before.clone() };
        pushed.post_types.entry(name.clone()).or_insert_with(gone);
    }
    let off = known.taxonomies.iter().filter(|(_, entry)| entry.enabled == Some(false));
    for (name, before) in off.take(MOST_KEPT) {
        let gone = || TaxonomyEntry { count: 0, ..before.clone() };
        pushed.taxonomies.entry(name.clone()).or_insert_with(gone);
    }
    pushed.plugin = pushed.plugin.or_else(|| known.plugin.clone());
    pushed.timestamp = pushed.timestamp.or(known.timestamp);
    pushed
}

fn apply_choices(structure: &mut Structure, choices: &StructureChoices) -> Result<(), ServiceError> {
    let mut errors = Vec::new();
    let unknown = |kind: &str, name: &str| {
        FieldError::new(
            format!("{kind}.{name}"),
            "not_found",
            "the site has no such thing, as far as it told",
        )
    };
    for (name, choice) in &choices.post_types {
        let Some(entry) = structure.post_types.get_mut(name) else {
            errors.push(unknown("post_types", name));
            continue;
        };
        if let Some(enabled) = choice.enabled {
            entry.enabled = Some(enabled);
        }
        if let Some(limit) = choice.fetch_limit {
            entry.fetch_limit = limit;
        }
    }
    for (name, enabled) in &choices.taxonomies {
        match structure.taxonomies.get_mut(name) {
            Some(TaxonomyEntry { enabled: stored, .. }) => *stored = Some(*enabled),
            None => errors.push(unknown("taxonomies", name)),
        }
    }
    Ok(ValidationErrors::from_errors(errors)?)
}
