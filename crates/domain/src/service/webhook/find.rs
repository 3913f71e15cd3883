//! Whether a delivery is about this site and something that is tracked.

use serde_json::json;

use super::{Judged, Sender, WebhookService};
use crate::content::{Content, GONE, TRASH};
use crate::integration::{Integration, SiteUrl, Structure, is_internal_type};
use crate::ports::storage::{PendingPull, StorageError, UnitOfWork};
use crate::service::site_copy::other_address;
use crate::time::Timestamp;
use crate::webhook::{Change, Delivery, Outcome, Reason};

impl WebhookService {
    pub(super) async fn judge(
        &self,
        uow: &mut dyn UnitOfWork,
        sender: Sender,
        integration: &Integration,
        delivery: &Delivery,
    ) -> Result<Judged, StorageError> {
        if delivery.integration_id.is_some_and(|id| id != integration.id) {
            return Ok(Judged::ignored(Reason::OtherIntegration));
        }
        let has_gap = match delivery.sequence {
            None => false,
            Some(sequence) => {
                let before = uow.raise_sequence(sender.account_id, sender.site_id, sequence).await?;
                before.is_some_and(|before| sequence > before + 1)
            }
        };
        match self.find(uow, integration, delivery).await? {
            Found::Foreign => Ok(Judged::ignored(Reason::UnknownContent)),
            Found::Nothing => self.unknown(uow, integration, delivery).await,
            Found::Content(content) => self.apply(uow, integration, *content, delivery, has_gap).await,
        }
    }

    /// By the content's id where one is given, else by the post.
    async fn find(
        &self,
        uow: &mut dyn UnitOfWork,
        integration: &Integration,
        delivery: &Delivery,
    ) -> Result<Found, StorageError> {
        if let Some(id) = delivery.content_id {
            let named = uow.lock_content(id).await?;
            let Some(named) = named.filter(|content| content.site_id == integration.site_id) else {
                return Ok(Found::Foreign);
            };
            if is_linked_to(&named, integration, &delivery.post_id) {
                return Ok(Found::Content(Box::new(named)));
            }
            // A duplicated post carries the marker of its original: it is what its own id says.
        }
        let linked =
            uow.lock_linked_contents(integration.id, std::slice::from_ref(&delivery.post_id)).await?;
        Ok(linked.into_iter().next().map_or(Found::Nothing, |content| Found::Content(Box::new(content))))
    }

    /// A post that nobody here knows: where its type syncs, just that post is pulled.
    async fn unknown(
        &self,
        uow: &mut dyn UnitOfWork,
        integration: &Integration,
        delivery: &Delivery,
    ) -> Result<Judged, StorageError> {
        if let Change::Status { status, .. } = &delivery.change
            && (status == TRASH || status == GONE)
        {
            return Ok(Judged::ignored(Reason::NotTracked));
        }
        let Some(name) = &delivery.post_type else { return Ok(Judged::ignored(Reason::NotTracked)) };
        let everything = Structure::default();
        let structure = integration.structure.as_ref().unwrap_or(&everything);
        if !integration.sync_enabled {
            return Ok(Judged::ignored(Reason::SyncDisabled));
        }
        if is_internal_type(name) || !structure.is_type_on(name) {
            return Ok(Judged::ignored(Reason::TypeIsOff));
        }
        let at = delivery.modified_at.min(self.clock.now());
        self.ask_for_pull(uow, integration, &delivery.post_id, name, at).await?;
        Ok(Judged { pull_queued: true, ..Judged::ignored(Reason::PullQueued) })
    }

    pub(super) async fn ask_for_pull(
        &self,
        uow: &mut dyn UnitOfWork,
        integration: &Integration,
        post: &str,
        content_type: &str,
        wanted_at: Timestamp,
    ) -> Result<(), StorageError> {
        let now = self.clock.now();
        uow.upsert_pull(&PendingPull {
            account_id: integration.account_id,
            site_id: integration.site_id,
            integration_id: integration.id,
            external_id: post.to_owned(),
            content_type: content_type.to_owned(),
            wanted_at,
            tries: 0,
            due_at: integration.memory.quiet_until.map_or(now, |until| until.max(now)),
        })
        .await
    }
}

enum Found {
    Content(Box<Content>),
    /// It names a content that is not this site's.
    Foreign,
    Nothing,
}

fn is_linked_to(content: &Content, integration: &Integration, post: &str) -> bool {
    content
        .link
        .as_ref()
        .is_some_and(|link| link.integration_id == integration.id && link.external_id == post)
}

/// Where a copy of the site is that sends this. One that does not say is judged by the host of its post's address:
/// plugins that give a post an address elsewhere come with a bridge that says.
pub(super) fn copy_at(integration: &Integration, delivery: &Delivery) -> Option<String> {
    if delivery.site_url.is_some() {
        return other_address(integration, delivery.site_url.as_ref());
    }
    let Change::Status { url: Some(url), .. } = &delivery.change else { return None };
    let host = SiteUrl::parse("post_url", url).ok()?.host_identity();
    (host != integration.site_url.host_identity()).then_some(host)
}

impl Judged {
    pub(super) fn of_copy(address: &str) -> Self {
        Self { details: json!({ "site_url": address }), ..Self::ignored(Reason::SiteCopy) }
    }

    pub(super) fn of(outcome: Outcome, reason: Option<Reason>, content: &Content) -> Self {
        Self { outcome, reason, content_id: Some(content.id), details: json!({}), pull_queued: false }
    }
}
