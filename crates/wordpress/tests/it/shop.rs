//! One tenant whose site is reached through the adapter itself, and the services that sync it.

use std::sync::Arc;

use chrono::TimeDelta;
use igny8_integration_domain::account::Caller;
use igny8_integration_domain::content::{Content, ContentFields, ContentStatus, FieldPatch};
use igny8_integration_domain::event::{Actor, NewEvent};
use igny8_integration_domain::id::{ContentId, IntegrationId, RunId, SiteId};
use igny8_integration_domain::integration::{Credentials, PlatformName, SiteUrl};
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::platform::Platforms;
use igny8_integration_domain::ports::storage::{ContentFilter, Cursor, EventFilter, PageRequest, Storage};
use igny8_integration_domain::service::account::NewSiteCommand;
use igny8_integration_domain::service::content::{CreateContent, PatchContent};
use igny8_integration_domain::service::integration::CreateIntegration;
use igny8_integration_domain::service::run::{ExecutorPorts, RunExecutor, Turn};
use igny8_integration_domain::service::sync::{StartSync, SyncService};
use igny8_integration_domain::service::{AccountService, ContentService, IntegrationService};
use igny8_integration_domain::sync::{Direction, SyncRun};
use igny8_integration_domain::testing::{
    CountingQueue, FixedClock, MemoryStorage, PlainCipher, SequentialRandom,
};

use crate::fake::{KEY, platform};

pub struct Shop {
    storage: MemoryStorage,
    clock: Arc<FixedClock>,
    runs: SyncService,
    executor: RunExecutor,
    contents: ContentService,
    site: SiteId,
    integration: IntegrationId,
}

fn operator() -> Caller {
    Caller::System(Actor::CLI)
}

impl Shop {
    /// Its site answers under this address.
    pub async fn at(address: &str) -> Self {
        let (storage, clock) = (MemoryStorage::new(), Arc::new(FixedClock::default()));
        let (cipher, random) = (Arc::new(PlainCipher::default()), Arc::new(SequentialRandom::default()));
        let platforms = Platforms::default().with(Arc::new(platform()));
        let shared: Arc<dyn Storage> = Arc::new(storage.clone());
        let accounts = AccountService::new(shared.clone(), cipher.clone(), clock.clone(), random.clone());
        let account_id = accounts.create_account("shop").await.unwrap().id;
        let url = SiteUrl::parse("url", address).unwrap();
        let site = NewSiteCommand { account_id, name: "Shop".to_owned(), url };
        let site = accounts.create_site(&site).await.unwrap().site_id;
        let integrations = IntegrationService::new(shared.clone(), cipher.clone(), clock.clone(), None);
        let create = CreateIntegration {
            site_id: site,
            platform: PlatformName::Wordpress,
            site_url: None,
            credentials: Credentials { api_key: Some(KEY.into()), ..Credentials::default() },
            is_active: true,
            sync_enabled: true,
            conflict_policy: None,
        };
        let integration = integrations.create(&operator(), &create).await.unwrap().integration.id;
        let queue = Arc::new(CountingQueue::default());
        let ports = ExecutorPorts {
            storage: shared.clone(),
            platforms: platforms.clone(),
            cipher,
            clock: clock.clone(),
            random,
        };
        Self {
            runs: SyncService::new(shared.clone(), platforms, queue, clock.clone(), None),
            executor: RunExecutor::new(ports, TimeDelta::seconds(30), None),
            contents: ContentService::new(shared, clock.clone()),
            storage,
            clock,
            site,
            integration,
        }
    }

    /// A published content whose body is so many bytes of plain paragraphs.
    pub async fn write(&self, title: &str, bytes: usize) -> ContentId {
        let fields = ContentFields {
            title: title.to_owned(),
            html: body_of(bytes),
            status: ContentStatus::Published,
            ..ContentFields::default()
        };
        let command = CreateContent::new(self.site, "post".to_owned(), fields).unwrap();
        self.contents.create(&operator(), &command).await.unwrap().id
    }

    pub async fn patch(&self, id: ContentId, patch: FieldPatch) {
        let patch = PatchContent::new(patch).unwrap();
        self.contents.patch(&operator(), id, None, &patch).await.unwrap();
    }

    /// A run to its end; pauses pass at once.
    pub async fn sync(&self, direction: Direction) -> SyncRun {
        let asked = StartSync { direction, ..StartSync::default() };
        let id = self.runs.start(&operator(), self.integration, asked).await.unwrap().id;
        for _ in 0..100 {
            if let Some(run) = self.executor.claim("node", Some(id)).await.unwrap() {
                if self.executor.execute(run).await.unwrap() == Turn::Ended {
                    break;
                }
            } else {
                let until = self.find_run(id).await.next_attempt_at.unwrap();
                self.clock.set(until.max(self.clock.now()));
            }
        }
        let run = self.find_run(id).await;
        assert!(run.status.is_final(), "the run ends: {:?}", run.error);
        run
    }

    async fn find_run(&self, id: RunId) -> SyncRun {
        self.storage.read().await.unwrap().find_run(id).await.unwrap().unwrap()
    }

    pub async fn content(&self, id: ContentId) -> Content {
        self.storage.read().await.unwrap().find_content(id).await.unwrap().unwrap()
    }

    pub async fn contents(&self) -> Vec<Content> {
        let filter = ContentFilter { site_id: Some(self.site), ..ContentFilter::default() };
        let page = PageRequest { page: 1, page_size: 1000 };
        self.storage.read().await.unwrap().list_contents(&filter, page).await.unwrap().items
    }

    pub async fn events(&self) -> Vec<NewEvent> {
        let filter = EventFilter::of(self.integration);
        let mut uow = self.storage.read().await.unwrap();
        let page = uow.list_events(&filter, Cursor::Newest, 10_000).await.unwrap();
        page.items.into_iter().map(|event| event.entry).collect()
    }
}

/// Plain paragraphs, so many bytes together.
pub fn body_of(bytes: usize) -> String {
    "<p>Harbour, orchard, lantern.</p>".chars().cycle().take(bytes).collect()
}
