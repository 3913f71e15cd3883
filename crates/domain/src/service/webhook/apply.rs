//! Bringing in what a delivery carries, through the same reconcile as a pull.

use chrono::SubsecRound as _;
use serde_json::json;

use super::{Judged, WebhookService};
use crate::content::{Content, Field, FieldPatch, GONE, Link, Reach, Received, Removed, TRASH};
use crate::integration::Integration;
use crate::ports::platform::ExternalItem;
use crate::ports::storage::{StorageError, UnitOfWork};
use crate::time::Timestamp;
use crate::webhook::{Change, Delivery, Metadata, Outcome, Reason};

/// The site's word for a post that is to go out later.
const FUTURE: &str = "future";

impl WebhookService {
    pub(super) async fn apply(
        &self,
        uow: &mut dyn UnitOfWork,
        integration: &Integration,
        mut content: Content,
        delivery: &Delivery,
        has_gap: bool,
    ) -> Result<Judged, StorageError> {
        let now = self.clock.now();
        // A site whose clock is ahead must not make everything after this look old.
        let at = delivery.modified_at.min(now.trunc_subsecs(0));
        let Some(link) = &content.link else {
            return Ok(Judged::of(Outcome::Ignored, Some(Reason::NotTracked), &content));
        };
        if let Some(reason) = outdated(link, at, delivery.sequence, now) {
            let mut judged = Judged::of(Outcome::Stale, Some(reason), &content);
            if is_out_of_order(link, delivery) {
                self.ask_for_pull(uow, integration, &delivery.post_id, &content.content_type, at).await?;
                judged.pull_queued = true;
            }
            return Ok(judged);
        }
        let reach = Reach::whole(integration.conflict_policy);
        let sequence = sequence_after(link, at, delivery.sequence);
        let waits_for_pull = content.pull_wanted;
        // Only a whole reading can say what has become of a conflict.
        let is_contested = content.conflict.is_some() && !removes(delivery);
        let received = if is_contested {
            Received::default()
        } else {
            self.receive(&mut content, integration, delivery, at, reach, now)
        };
        let body_differs = body_differs(&content, delivery);
        // What a trashed post consists of is told once it is back: the word of that may still be on its way.
        let is_back = matches!(delivery.change, Change::Metadata(_)) && is_trashed(&content);
        let wants_pull = body_differs || waits_for_pull || has_gap || is_contested || needs_date(delivery);
        if let Some(link) = &mut content.link {
            link.external_sequence = sequence;
        }
        let mut judged = Judged::of(Outcome::Applied, None, &content);
        if is_back || (wants_pull && content.link.is_some() && !is_trashed(&content)) {
            content.pull_wanted = true;
            let content_type = content.content_type.clone();
            self.ask_for_pull(uow, integration, &delivery.post_id, &content_type, at).await?;
            judged.pull_queued = true;
        }
        content.settle();
        content.updated_at = now;
        uow.update_content(&content).await?;
        judged.details = json!({
            "pulled": received.pulled, "conflicts": received.conflicts, "deleted": received.deleted,
            "restored": received.restored, "pull_queued": judged.pull_queued,
        });
        Ok(judged)
    }

    fn receive(
        &self,
        content: &mut Content,
        integration: &Integration,
        delivery: &Delivery,
        at: Timestamp,
        reach: Reach,
        now: Timestamp,
    ) -> Received {
        let Some(link) = content.link.clone() else { return Received::default() };
        let intent = content.intent.take();
        let mut item = as_known(content, &link, at);
        match &delivery.change {
            Change::Status { status, .. } if removes(delivery) => {
                let removed = Removed {
                    status: status.clone(),
                    modified_at: Some(at),
                    version: link.external_version.clone(),
                };
                let received = content.receive_removed(&removed, reach, now);
                content.intent = intent;
                return received;
            }
            Change::Status { status, url, title, date, metadata } => {
                if let Some(metadata) = metadata {
                    item.fields = carried(metadata, content, &link);
                }
                item.status.clone_from(status);
                item.trashed = false;
                if url.is_some() {
                    item.url.clone_from(url);
                }
                let platform = self.platforms.find(integration.platform);
                item.fields.status = platform.and_then(|platform| platform.read_status(status));
                item.fields.title = title.clone().or(item.fields.title);
                if status == FUTURE {
                    item.fields.publish_at = date.map(Some);
                }
            }
            Change::Metadata(metadata) => {
                item.fields = carried(metadata, content, &link);
                if metadata.url.is_some() {
                    item.url.clone_from(&metadata.url);
                }
            }
        }
        let received = content.receive(&item, reach, now);
        // A push may be under way, or its answer lost.
        let body = delivery.content_hash.as_deref();
        content.intent = intent.and_then(|intent| intent.besides(&link.base, &item.fields, body));
        received
    }
}

/// What is carried, in place of the parts of it that both sides agreed on.
fn carried(metadata: &Metadata, content: &Content, link: &Link) -> FieldPatch {
    let agreed = &link.base.local;
    let terms = agreed.terms.as_deref().unwrap_or(&content.fields.terms);
    metadata.patch(terms, agreed.seo.as_ref().unwrap_or(&content.fields.seo))
}

fn removes(delivery: &Delivery) -> bool {
    matches!(&delivery.change, Change::Status { status, .. } if status == GONE || status == TRASH)
}

/// The post as it is known, with no field shown.
fn as_known(content: &Content, link: &Link, at: Timestamp) -> ExternalItem {
    ExternalItem {
        external_id: link.external_id.clone(),
        content_type: content.content_type.clone(),
        marker: None,
        url: link.external_url.clone(),
        status: link.external_status.clone(),
        trashed: link.is_trashed(),
        modified_at: Some(at),
        version: link.external_version.clone(),
        fields: FieldPatch::default(),
    }
}

/// Why nothing of a delivery may be taken any more.
fn outdated(link: &Link, at: Timestamp, sequence: Option<i64>, now: Timestamp) -> Option<Reason> {
    if link.is_gone() {
        return Some(Reason::Deleted);
    }
    let lower = is_lower(link, sequence);
    let is_older = match link.changed_before(now) {
        Some(known) => at < known || (at == known && lower),
        None => lower,
    };
    is_older.then_some(Reason::Older)
}

/// The number that later deliveries are measured by. A site that was restored from a backup begins again with a lower one:
/// what is newer by its time is newer.
fn sequence_after(link: &Link, at: Timestamp, told: Option<i64>) -> Option<i64> {
    let is_newer = link.external_modified_at.is_some_and(|known| at > known);
    if is_newer { told.or(link.external_sequence) } else { link.external_sequence.max(told) }
}

/// Whether a later one of the post was taken in before it. Each carries fields of its own, so what this one told may be
/// told by none any more.
fn is_out_of_order(link: &Link, delivery: &Delivery) -> bool {
    is_lower(link, delivery.sequence) && !link.is_gone()
}

/// Whether a number comes before the one that was taken in last.
fn is_lower(link: &Link, sequence: Option<i64>) -> bool {
    matches!((sequence, link.external_sequence), (Some(told), Some(known)) if told < known)
}

/// In the trash, or deleted for good.
fn is_trashed(content: &Content) -> bool {
    content.link.as_ref().is_some_and(|link| link.is_gone() || link.is_trashed())
}

/// Whether the site's body is another than the one that was read.
fn body_differs(content: &Content, delivery: &Delivery) -> bool {
    let known = content.link.as_ref().and_then(|link| link.base.external.get(&Field::Html));
    match (&delivery.content_hash, known) {
        (Some(told), Some(known)) => !told.eq_ignore_ascii_case(known),
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// A scheduled post whose date was not told.
fn needs_date(delivery: &Delivery) -> bool {
    matches!(&delivery.change, Change::Status { status, date: None, .. } if status == FUTURE)
}
