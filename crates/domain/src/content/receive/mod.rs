//! What a content does with what its site shows: the reconcile rule, applied.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::content::{
    Base, Conflict, Content, ContentFields, ContentStatus, Decision, Field, FieldConflict, FieldPatch, Link,
    NewContent, Presence, SideState, reconcile,
};
use crate::id::{AccountId, IntegrationId, SiteId};
use crate::integration::ConflictPolicy;
use crate::ports::platform::{ExternalItem, Written};
use crate::time::Timestamp;

/// How far a site's clock and ours may be apart for a date that has passed there to seem ahead here.
const CLOCKS_APART: TimeDelta = TimeDelta::minutes(5);

/// How far a reconcile may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Whether the site's changes are taken.
    pub pull: bool,
    /// Whether only metadata counts, no bodies.
    pub metadata_only: bool,
    /// Whether a deletion found on the site is only reported: the brake judges all of a run's together.
    pub defer_deletes: bool,
    /// Who decides about a conflict.
    pub policy: ConflictPolicy,
}

impl Reach {
    /// All the way: every field of the site's, and its deletions at once.
    pub fn whole(policy: ConflictPolicy) -> Self {
        Self { pull: true, metadata_only: false, defer_deletes: false, policy }
    }
}

/// A post that is no longer there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The site's word: `trash`, or `deleted`.
    pub status: String,
    /// When the site says that it changed.
    pub modified_at: Option<Timestamp>,
    /// Its token.
    pub version: String,
}

impl Removed {
    /// Gone for good, as far as a link knows.
    pub fn gone(link: &Link) -> Self {
        Self {
            status: crate::content::GONE.to_owned(),
            modified_at: link.external_modified_at,
            version: link.external_version.clone(),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Fields taken from the site.
    pub pulled: Vec<Field>,
    /// Fields that wait to be sent.
    pub push: Vec<Field>,
    /// Fields in conflict; `status` stands for existence too.
    pub conflicts: Vec<Field>,
    /// Whether this very conflict was known before.
    pub conflict_known: bool,
    /// Fields that the site has from an earlier write of ours whose answer was lost.
    pub confirmed: Vec<Field>,
    /// The site removed it, and that was only reported.
    pub delete_deferred: bool,
    /// It was marked deleted here.
    pub deleted: bool,
    /// It was taken back here, because the site restored it.
    pub restored: bool,
    /// The post is to go to the trash.
    pub trash: bool,
}

impl Received {
    /// Whether anything of the writer's side changed.
    pub fn changed_local(&self) -> bool {
        !self.pulled.is_empty() || self.deleted || self.restored
    }

    /// Whether something is to be sent.
    pub fn wants_push(&self) -> bool {
        self.trash || !self.push.is_empty()
    }
}

impl NewContent {
    /// A content made of a post that nobody here knew.
    pub fn from_external(
        account_id: AccountId,
        site_id: SiteId,
        integration_id: IntegrationId,
        item: &ExternalItem,
        now: Timestamp,
    ) -> Self {
        let mut fields = ContentFields::default();
        fields.apply(&item.fields);
        let mut base = Base { local: FieldPatch::from(&fields), ..Base::default() };
        for field in Field::ALL {
            base.agree_external(field, &item.fields);
        }
        Self {
            account_id,
            site_id,
            content_type: item.content_type.clone(),
            fields,
            deleted_at: None,
            link: Some(Link::to(integration_id, item, base)),
            created_at: now,
        }
    }
}

impl Link {
    /// A link to a post as it was just seen.
    pub fn to(integration_id: IntegrationId, item: &ExternalItem, base: Base) -> Self {
        let mut link = Self {
            integration_id,
            external_id: item.external_id.clone(),
            external_url: None,
            external_status: String::new(),
            external_modified_at: None,
            external_sequence: None,
            external_version: String::new(),
            base,
        };
        link.see(item);
        link
    }

    /// Takes over what the site says of the post itself. Its token stands for all of it: where the body was not shown,
    /// the one of the last whole reading stays.
    pub fn see(&mut self, item: &ExternalItem) {
        self.external_url = if item.trashed { None } else { item.url.clone() };
        self.external_status.clone_from(&item.status);
        self.external_modified_at = item.modified_at;
        if item.fields.html.is_some() {
            self.external_version.clone_from(&item.version);
        }
    }
}

impl Content {
    /// Links the content to a post of a site that carries its marker, or that it was before. What both agreed on is
    /// what a former link knew of this very post, else nothing; one of another site is kept for when that comes back.
    pub fn adopt(&mut self, integration_id: IntegrationId, site_identity: &str, item: &ExternalItem) {
        let former = self.former_link.take_if(|former| former.is_proven_by(site_identity, item));
        let base = former.map(|former| former.link.base).unwrap_or_default();
        self.link = Some(Link::to(integration_id, item, base));
    }

    /// A post that is public although it was planned for later has been published by somebody: the plan is void, and must
    /// not hide the post again when its status is sent next. Otherwise a public post says nothing of a date.
    fn without_void_plan<'i>(
        &self,
        link: &Link,
        item: &'i ExternalItem,
        now: Timestamp,
    ) -> Cow<'i, ExternalItem> {
        let is_public =
            item.fields.status == Some(ContentStatus::Published) && item.fields.publish_at.is_none();
        let is_ahead = link.base.local.publish_at.flatten().is_some_and(|at| at > now + CLOCKS_APART);
        // Where another plan was made here meanwhile a person decides, however long that takes.
        let asked = self.conflict.as_ref().and_then(|conflict| conflict.fields.get(&Field::PublishAt));
        if !is_public || !(is_ahead || asked.is_some_and(|asked| asked.external.is_null())) {
            return Cow::Borrowed(item);
        }
        let mut item = item.clone();
        item.fields.publish_at = Some(None);
        Cow::Owned(item)
    }

    /// Brings in what the site shows of the linked post, and finds what is to be sent. Without a link nothing happens.
    pub fn receive(&mut self, item: &ExternalItem, reach: Reach, now: Timestamp) -> Received {
        let Some(mut link) = self.link.take() else { return Received::default() };
        let item = &*self.without_void_plan(&link, item, now);
        let mut received = Received { confirmed: self.absorb_intent(&mut link, item), ..Received::default() };
        let local = FieldPatch::from(&self.fields);
        let found = reconcile(
            &link.base,
            SideState { fields: &local, deleted: self.deleted_at.is_some() },
            SideState { fields: &item.fields, deleted: item.trashed },
            reach.policy,
        );
        let decisions: Vec<(Field, Decision)> = found
            .fields
            .into_iter()
            .filter(|(field, _)| !item.trashed && (!reach.metadata_only || field.is_metadata()))
            .collect();
        let mut conflicts = with_decision(&decisions, Decision::Conflict);
        if found.presence == Presence::Conflict && !conflicts.contains(&Field::Status) {
            conflicts.push(Field::Status);
        }
        link.see(item);
        // What may not be taken now is still to be taken.
        self.pull_wanted = !reach.pull && !with_decision(&decisions, Decision::Pull).is_empty();
        if conflicts.is_empty() {
            self.conflict = None;
            self.apply_presence(found.presence, &mut link, item, reach, now, &mut received);
            if !received.deleted && !received.delete_deferred {
                self.apply_fields(&decisions, &mut link, item, reach, &mut received);
            }
        } else {
            let conflict = Conflict::of(&conflicts, &link.base, &local, self.deleted_at.is_some(), item);
            received.conflict_known = self.conflict.as_ref() == Some(&conflict);
            self.conflict = Some(conflict);
            received.conflicts = conflicts;
        }
        if !reach.metadata_only && !received.wants_push() && received.conflicts.is_empty() {
            // Whatever failed before is no longer to be done.
            self.failure = None;
        }
        self.link = Some(link);
        self.settle();
        received
    }

    /// The post is in the trash or gone for good, by the site's own proven word.
    pub fn receive_removed(&mut self, removed: &Removed, reach: Reach, now: Timestamp) -> Received {
        let Some(link) = &self.link else { return Received::default() };
        let item = ExternalItem {
            external_id: link.external_id.clone(),
            content_type: self.content_type.clone(),
            marker: None,
            url: None,
            status: removed.status.clone(),
            trashed: true,
            modified_at: removed.modified_at,
            version: removed.version.clone(),
            fields: FieldPatch::default(),
        };
        self.receive(&item, reach, now)
    }

    /// Records a write that arrived: what was sent is agreed on, with what the site made of it.
    pub fn record_written(&mut self, sent: &FieldPatch, written: &Written) {
        self.intent = None;
        self.failure = None;
        let Some(link) = &mut self.link else { return };
        let item = &written.item;
        link.see(item);
        for field in sent.present() {
            if written.pending.contains(&field) {
                link.base.local.remove(field);
                link.base.agree_external(field, &item.fields);
            } else {
                link.base.agree(field, sent, &item.fields);
            }
        }
        let slug_sent = sent.slug.is_some() && !written.pending.contains(&Field::Slug);
        // Drafts may share a slug: the one that is free is given when a post goes out.
        let went_out = sent.status.is_some()
            && !slug_sent
            && !link.base.local_changed(Field::Slug, &FieldPatch::from(&self.fields));
        if let (true, Some(slug)) = (slug_sent || went_out, &item.fields.slug) {
            // The address that is live is the truth, whatever was asked for.
            if went_out || sent.slug.as_ref() == Some(&self.fields.slug) {
                self.fields.slug.clone_from(slug);
            }
            link.base.local.slug = Some(slug.clone());
            link.base.agree_external(Field::Slug, &item.fields);
        }
        link.base.deleted = item.trashed;
        self.settle();
    }

    fn absorb_intent(&mut self, link: &mut Link, item: &ExternalItem) -> Vec<Field> {
        let Some(intent) = self.intent.take() else { return Vec::new() };
        let base = intent.absorbed_into(&link.base, &item.fields, item.modified_at);
        let confirmed = Field::ALL
            .into_iter()
            .filter(|field| base.external.get(field) != link.base.external.get(field))
            .collect();
        link.base = base;
        confirmed
    }

    fn apply_presence(
        &mut self,
        presence: Presence,
        link: &mut Link,
        item: &ExternalItem,
        reach: Reach,
        now: Timestamp,
        received: &mut Received,
    ) {
        match presence {
            Presence::Keep | Presence::Conflict => {}
            Presence::Agree => link.base.deleted = self.deleted_at.is_some(),
            Presence::DeleteLocal if reach.defer_deletes || !reach.pull => {
                received.delete_deferred = true;
            }
            Presence::DeleteLocal => {
                self.deleted_at = Some(now);
                link.base.deleted = true;
                received.deleted = true;
            }
            Presence::RestoreLocal if !reach.pull => {}
            Presence::RestoreLocal => {
                self.deleted_at = None;
                link.base.deleted = false;
                received.restored = true;
            }
            Presence::Trash => received.trash = true,
            Presence::Restore => {
                // A status brings a post out of the trash. What the site changed too is judged once it is out.
                received.push = link.base.local_changes(&FieldPatch::from(&self.fields));
                received.push.retain(|field| !link.base.external_changed(*field, &item.fields));
                if !received.push.contains(&Field::Status) {
                    received.push.push(Field::Status);
                }
            }
        }
    }

    fn apply_fields(
        &mut self,
        decisions: &[(Field, Decision)],
        link: &mut Link,
        item: &ExternalItem,
        reach: Reach,
        received: &mut Received,
    ) {
        let local = FieldPatch::from(&self.fields);
        for (field, decision) in decisions.iter().copied() {
            match decision {
                Decision::Agree => link.base.agree(field, &local, &item.fields),
                Decision::Pull if reach.pull => {
                    self.fields.apply(&item.fields.only(&[field]));
                    link.base.agree(field, &item.fields, &item.fields);
                    received.pulled.push(field);
                }
                Decision::Push if !received.trash => received.push.push(field),
                Decision::Keep | Decision::Conflict | Decision::Pull | Decision::Push => {}
            }
        }
    }
}

fn with_decision(decisions: &[(Field, Decision)], wanted: Decision) -> Vec<Field> {
    decisions.iter().filter(|(_, decision)| *decision == wanted).map(|(field, _)| *field).collect()
}

impl Conflict {
    fn of(
        fields: &[Field],
        base: &Base,
        local: &FieldPatch,
        local_deleted: bool,
        item: &ExternalItem,
    ) -> Self {
        let mut shown: BTreeMap<Field, FieldConflict> = BTreeMap::new();
        for field in fields.iter().copied() {
            let value = |side: &FieldPatch| side.value(field).unwrap_or(Value::Null);
            let mut entry = FieldConflict {
                base: value(&base.local),
                local: value(local),
                external: value(&item.fields),
            };
            if field == Field::Status && (item.trashed || local_deleted) {
                entry.external = json!(item.status);
                if local_deleted {
                    entry.local = json!(crate::content::TRASH);
                }
            }
            shown.insert(field, entry);
        }
        Self { fields: shown, external: item.fields.clone(), external_deleted: item.trashed }
    }
}

#[cfg(test)]
mod tests;
