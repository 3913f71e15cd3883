//! One tenant, one scripted site, and the services between them.

use std::ops::Deref;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use igny8_integration_domain::account::Caller;
use igny8_integration_domain::content::{Content, ContentFields, ContentStatus, FieldPatch, hash_bytes};
use igny8_integration_domain::event::NewEvent;
use igny8_integration_domain::id::{ContentId, IntegrationId, RunId};
use igny8_integration_domain::integration::ConflictPolicy;
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::platform::{PlatformError, Trouble};
use igny8_integration_domain::ports::storage::{
    Busy, ContentFilter, Cursor, EventFilter, PageRequest, Storage as _,
};
use igny8_integration_domain::service::content::{CreateContent, PatchContent};
use igny8_integration_domain::service::run::Turn;
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::service::{
    SessionService, SinglePullService, StructureService, SyncHealthService, TakenIn, WebhookService,
};
use igny8_integration_domain::sync::{Direction, RunStatus, SyncRun};
use igny8_integration_domain::testing::Workshop;
use igny8_integration_domain::webhook::{Change, Delivery, SignatureHeaders};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

pub const LEASE: TimeDelta = Workshop::LEASE;

pub struct World {
    workshop: Workshop,
    pub integration: IntegrationId,
    pub webhooks: WebhookService,
    pub pulls: SinglePullService,
    pub structures: StructureService,
    pub health: SyncHealthService,
    pub plugin: Caller,
    pub webhook_secret: SecretString,
}

impl Deref for World {
    type Target = Workshop;

    fn deref(&self) -> &Workshop {
        &self.workshop
    }
}

/// Nobody knows whether it arrived.
pub fn lost() -> PlatformError {
    PlatformError::Uncertain(Trouble { code: "timeout".into(), message: "no answer".into() })
}

pub fn operator() -> Caller {
    Workshop::operator()
}

impl World {
    pub async fn new() -> anyhow::Result<Self> {
        Self::with_policy(ConflictPolicy::Ask).await
    }

    pub async fn with_policy(policy: ConflictPolicy) -> anyhow::Result<Self> {
        let workshop = Workshop::open().await?;
        let Workshop { shared, platforms, cipher, clock, queue, .. } = &workshop;
        let sessions = SessionService::new(shared.clone(), clock.clone());
        Ok(Self {
            integration: workshop.connect(policy).await?,
            plugin: sessions.site_key_caller(&workshop.site_key).await?,
            webhook_secret: workshop.accounts.rotate_webhook_secret(workshop.site_id, true).await?,
            webhooks: WebhookService::new(
                shared.clone(),
                platforms.clone(),
                cipher.clone(),
                clock.clone(),
                queue.clone(),
            ),
            pulls: SinglePullService::new(shared.clone(), platforms.clone(), cipher.clone(), clock.clone()),
            health: SyncHealthService::new(shared.clone(), cipher.clone(), clock.clone(), None),
            structures: StructureService::new(shared.clone(), clock.clone()),
            workshop,
        })
    }

    /// With so many posts that are pulled already.
    pub async fn pulled(count: usize) -> anyhow::Result<(Self, Vec<String>)> {
        let world = Self::new().await?;
        let ids = world.site.add_many("post", count);
        world.sync_well(Direction::Both).await?;
        world.clock.advance(TimeDelta::minutes(5));
        Ok((world, ids))
    }

    pub async fn start(&self, asked: StartSync) -> anyhow::Result<RunId> {
        Ok(self.runs.start(&operator(), self.integration, asked).await?.id)
    }

    /// Works on a run until it has ended, as a worker would: each pause passes at once.
    pub async fn work(&self, id: RunId) -> anyhow::Result<SyncRun> {
        for _ in 0..50 {
            let Some(run) = self.executor.claim("node", Some(id)).await? else {
                let run = self.find_run(id).await?;
                if run.status.is_final() {
                    return Ok(run);
                }
                let next = run.next_attempt_at.unwrap_or_else(|| self.clock.now() + LEASE);
                self.clock.set(next.max(self.clock.now()) + TimeDelta::seconds(1));
                continue;
            };
            if self.executor.execute(run).await? == Turn::Ended {
                return self.find_run(id).await;
            }
        }
        anyhow::bail!("the run does not end")
    }

    pub async fn sync(&self, direction: Direction) -> anyhow::Result<SyncRun> {
        let id = self.start(StartSync { direction, ..StartSync::default() }).await?;
        self.work(id).await
    }

    pub async fn sync_well(&self, direction: Direction) -> anyhow::Result<SyncRun> {
        let run = self.sync(direction).await?;
        anyhow::ensure!(
            run.status == RunStatus::Succeeded,
            "the run ended {:?}: {:?}",
            run.status,
            run.error
        );
        Ok(run)
    }

    /// A post of the site, and the content that it became.
    pub async fn pulled_post(&self) -> anyhow::Result<(String, ContentId)> {
        let post = self.site.add_many("post", 1).remove(0);
        self.sync_well(Direction::Both).await?;
        let content = self.of_post(&post).await?.id;
        Ok((post, content))
    }

    pub async fn find_run(&self, id: RunId) -> anyhow::Result<SyncRun> {
        self.storage.read().await?.find_run(id).await?.context("the run is gone")
    }

    pub async fn write(&self, title: &str, status: ContentStatus) -> anyhow::Result<ContentId> {
        let fields = ContentFields {
            title: title.to_owned(),
            html: format!("<p>{title}</p>"),
            status,
            ..ContentFields::default()
        };
        let command = CreateContent::new(self.site_id, "post".to_owned(), fields)?;
        Ok(self.contents.create(&operator(), &command).await?.id)
    }

    pub async fn patch(&self, id: ContentId, patch: FieldPatch) -> anyhow::Result<Content> {
        Ok(self.contents.patch(&operator(), id, None, &PatchContent::new(patch)?).await?)
    }

    pub async fn retitle(&self, id: ContentId, title: &str) -> anyhow::Result<Content> {
        self.patch(id, FieldPatch { title: Some(title.to_owned()), ..FieldPatch::default() }).await
    }

    pub async fn content(&self, id: ContentId) -> anyhow::Result<Content> {
        self.storage.read().await?.find_content(id).await?.context("the content is gone")
    }

    /// Every content of the site that is not deleted, by id.
    pub async fn all(&self) -> anyhow::Result<Vec<Content>> {
        self.list(false).await
    }

    pub async fn list(&self, deleted: bool) -> anyhow::Result<Vec<Content>> {
        let filter = ContentFilter { site_id: Some(self.site_id), deleted, ..ContentFilter::default() };
        let page = PageRequest { page: 1, page_size: 2000 };
        Ok(self.storage.read().await?.list_contents(&filter, page).await?.items)
    }

    /// The integration's history, oldest first.
    pub async fn events(&self) -> anyhow::Result<Vec<NewEvent>> {
        let filter = EventFilter::of(self.integration);
        let page = self.storage.read().await?.list_events(&filter, Cursor::Newest, 10_000).await?;
        Ok(page.items.into_iter().rev().map(|event| event.entry).collect())
    }

    /// Takes in an unsigned delivery with a body of its own.
    pub async fn deliver(&self, delivery: &Delivery) -> anyhow::Result<TakenIn> {
        let body = format!("{delivery:?}");
        let headers = SignatureHeaders::default();
        let verified = self.webhooks.verify(&self.plugin, headers, body.as_bytes()).await?;
        Ok(self.webhooks.take_in(&self.plugin, &verified, delivery).await?)
    }

    pub fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> anyhow::Result<String> {
        let text = self.webhook_secret.expose_secret();
        let key = STANDARD.decode(text.trim_start_matches("whsec_"))?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key)?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }

    /// Takes in a delivery that is signed and has this id.
    pub async fn deliver_as(&self, id: &str, delivery: &Delivery) -> anyhow::Result<TakenIn> {
        let timestamp = self.clock.now().timestamp().to_string();
        let signature = self.sign(id, &timestamp, b"{}")?;
        let headers =
            SignatureHeaders { id: Some(id), timestamp: Some(&timestamp), signature: Some(&signature) };
        let verified = self.webhooks.verify(&self.plugin, headers, b"{}").await?;
        Ok(self.webhooks.take_in(&self.plugin, &verified, delivery).await?)
    }

    /// What the plugin tells of a post as it is now.
    pub fn told(&self, external_id: &str, sequence: i64) -> Delivery {
        let post = self.site.post(external_id);
        let status = post.as_ref().map_or_else(|| "deleted".to_owned(), |post| post.status.clone());
        Delivery {
            content_id: None,
            integration_id: None,
            site_url: None,
            post_id: external_id.to_owned(),
            post_type: Some("post".to_owned()),
            modified_at: post.as_ref().map_or_else(|| self.site.now(), |post| post.modified_at),
            content_hash: post.as_ref().map(|post| hash_bytes(post.html.as_bytes())),
            sequence: Some(sequence),
            change: Change::Status {
                status,
                url: None,
                title: post.map(|post| post.title),
                date: None,
                metadata: None,
            },
        }
    }

    /// Works on every single pull that is due.
    pub async fn pull_singles(&self) -> anyhow::Result<usize> {
        let claimed = self.pulls.claim(100, &Busy::default()).await?;
        let count = claimed.len();
        for pull in claimed {
            self.pulls.pull(pull).await?;
        }
        Ok(count)
    }

    /// The content of a post.
    pub async fn of_post(&self, external_id: &str) -> anyhow::Result<Content> {
        let all = [self.list(false).await?, self.list(true).await?].concat();
        let found = all
            .into_iter()
            .find(|content| content.link.as_ref().is_some_and(|link| link.external_id == external_id));
        found.with_context(|| format!("no content of post {external_id}"))
    }
}
