//! One site, the services, and the people on both sides.

use std::ops::Deref;

use anyhow::Context as _;
use chrono::TimeDelta;
use igny8_integration_domain::account::Caller;
use igny8_integration_domain::content::{Content, ContentFields, ContentStatus, FieldPatch, Side};
use igny8_integration_domain::id::IntegrationId;
use igny8_integration_domain::integration::ConflictPolicy;
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::platform::{PlatformError, Trouble};
use igny8_integration_domain::ports::storage::{ContentFilter, PageRequest, Storage as _};
use igny8_integration_domain::service::ServiceError;
use igny8_integration_domain::service::content::{CreateContent, PatchContent};
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::sync::Direction;
use igny8_integration_domain::testing::{Fault, SitePost, Workshop};

use crate::step::{Luck, Step, Text};
use crate::watch::Watch;

/// Longer than the time in which a change on the site is taken for an unanswered write's own.
const PACE: TimeDelta = TimeDelta::minutes(5);

pub struct World {
    workshop: Workshop,
    integration: IntegrationId,
    written: u32,
}

impl Deref for World {
    type Target = Workshop;

    fn deref(&self) -> &Workshop {
        &self.workshop
    }
}

fn operator() -> Caller {
    Workshop::operator()
}

/// What a person may be told; anything else is a failure.
fn refused<T>(outcome: Result<T, ServiceError>) -> anyhow::Result<()> {
    match outcome {
        Ok(_) | Err(ServiceError::Conflict(_) | ServiceError::Invalid(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn pick<T>(all: Vec<T>, number: usize) -> Option<T> {
    let place = number % all.len().max(1);
    all.into_iter().nth(place)
}

impl World {
    pub async fn new() -> anyhow::Result<Self> {
        let workshop = Workshop::open().await?;
        workshop.site.set_page_size(2);
        let integration = workshop.connect(ConflictPolicy::Ask).await?;
        Ok(Self { workshop, integration, written: 0 })
    }

    /// Every content, deleted ones too, by id.
    pub async fn contents(&self) -> anyhow::Result<Vec<Content>> {
        let mut unit = self.storage.read().await?;
        let mut all = Vec::new();
        for deleted in [false, true] {
            let filter = ContentFilter { deleted, ..ContentFilter::default() };
            let page = PageRequest { page: 1, page_size: 100 };
            all.extend(unit.list_contents(&filter, page).await?.items);
        }
        all.sort_by_key(|content| content.id);
        Ok(all)
    }

    /// A text that was never there before.
    fn text(&mut self) -> String {
        self.written += 1;
        format!("text {}", self.written)
    }

    pub async fn take(&mut self, step: &Step, watch: &mut Watch) -> anyhow::Result<()> {
        self.clock.advance(PACE);
        match step {
            Step::Write => self.write().await?,
            Step::EditHere(number, text) => self.edit_here(*number, *text).await?,
            Step::DeleteHere(number) => {
                if let Some(content) = pick(self.contents().await?, *number) {
                    self.workshop.contents.delete(&operator(), content.id, None).await?;
                }
            }
            Step::TakeBack(number) => {
                if let Some(content) = pick(self.contents().await?, *number) {
                    let patch = PatchContent::new(FieldPatch::default())?.taking_back(true);
                    // A post that is gone for good can't be taken back.
                    refused(self.workshop.contents.patch(&operator(), content.id, None, &patch).await)?;
                }
            }
            Step::Resolve(number, side) => self.resolve(*number, *side, watch).await?,
            Step::Wait => {
                self.clock.advance(TimeDelta::hours(30));
            }
            Step::Reconnect => {
                self.integrations.delete(&operator(), self.integration, None).await?;
                self.integration = self.workshop.connect(ConflictPolicy::Ask).await?;
            }
            Step::Pull(number) => {
                if let Some(content) = pick(self.contents().await?, *number) {
                    // One that has no post can't be fetched.
                    refused(self.single.pull_one(&operator(), self.integration, content.id).await)?;
                }
            }
            Step::Sync { direction, luck } => {
                if let Some((kind, nth, luck)) = luck {
                    self.site.fail_nth(*kind, *nth, fault(*luck));
                }
                self.sync(StartSync { direction: *direction, ..StartSync::default() }).await?;
                self.site.heal();
            }
            there => self.take_there(there),
        }
        Ok(())
    }

    fn take_there(&mut self, step: &Step) {
        let text = self.text();
        let post = |number: &usize| pick(self.site.posts("post"), *number).map(|post| post.external_id());
        match step {
            Step::Add => {
                let html = self.text();
                self.site.add(SitePost { html, ..SitePost::published("post", &text) });
            }
            Step::EditThere(number, which) => {
                if let Some(id) = post(number) {
                    self.site.edit(&id, |post| match which {
                        Text::Title => post.title = text,
                        Text::Html => post.html = text,
                    });
                }
            }
            Step::Trash(number) => post(number).iter().for_each(|id| self.site.trash(id)),
            Step::Untrash(number) => post(number).iter().for_each(|id| self.site.untrash(id)),
            Step::Delete(number) => post(number).iter().for_each(|id| self.site.delete(id)),
            _ => {}
        }
    }

    async fn write(&mut self) -> anyhow::Result<()> {
        let (title, html) = (self.text(), self.text());
        let fields =
            ContentFields { title, html, status: ContentStatus::Published, ..ContentFields::default() };
        let command = CreateContent::new(self.site_id, "post".to_owned(), fields)?;
        self.workshop.contents.create(&operator(), &command).await?;
        Ok(())
    }

    async fn edit_here(&mut self, number: usize, which: Text) -> anyhow::Result<()> {
        let text = Some(self.text());
        let Some(content) = pick(self.contents().await?, number) else { return Ok(()) };
        let patch = match which {
            Text::Title => FieldPatch { title: text, ..FieldPatch::default() },
            Text::Html => FieldPatch { html: text, ..FieldPatch::default() },
        };
        self.workshop.contents.patch(&operator(), content.id, None, &PatchContent::new(patch)?).await?;
        Ok(())
    }

    /// Whoever settles a conflict saw both sides as they were found.
    async fn resolve(&self, number: usize, side: Side, watch: &mut Watch) -> anyhow::Result<()> {
        let open = self.contents().await?.into_iter().filter(|content| content.conflict.is_some()).collect();
        let Some(content) = pick(open, number) else { return Ok(()) };
        let found = content.conflict.context("it has one")?.external;
        watch.give_up([content.fields.title, content.fields.html]);
        watch.give_up([found.title, found.html].into_iter().flatten());
        self.workshop.contents.resolve(&operator(), content.id, side).await?;
        Ok(())
    }

    /// A run, to its end: a node that dies is followed by another, a pause passes.
    async fn sync(&self, asked: StartSync) -> anyhow::Result<()> {
        let id = self.runs.start(&operator(), self.integration, asked).await?.id;
        for _ in 0..100 {
            if let Some(run) = self.executor.claim("node", Some(id)).await? {
                tokio::select! {
                    biased;
                    turn = self.executor.execute(run) => { turn?; }
                    // Everything here answers at once: what does not is a node that died.
                    () = std::future::ready(()) => {}
                }
            }
            let run = self.storage.read().await?.find_run(id).await?.context("the run is gone")?;
            if run.status.is_final() {
                return Ok(());
            }
            let next = run.next_attempt_at.unwrap_or_else(|| self.clock.now() + Workshop::LEASE);
            self.clock.set(next.max(self.clock.now()) + TimeDelta::seconds(1));
        }
        anyhow::bail!("the run does not end")
    }

    /// Lets everything through that is left to do, and sees that nothing goes on for ever.
    pub async fn come_to_rest(&mut self, watch: &mut Watch) -> anyhow::Result<()> {
        for _ in 0..3 {
            self.clock.advance(TimeDelta::hours(30));
            let before = watch.look(self).await?;
            let full = StartSync { full: true, confirm_deletes: true, ..StartSync::default() };
            self.sync(full).await?;
            watch.nothing_is_lost(&before, self).await?;
        }
        self.clock.advance(TimeDelta::hours(1));
        self.site.forget_calls();
        self.sync(StartSync { direction: Direction::Both, ..StartSync::default() }).await?;
        anyhow::ensure!(self.site.writes() == 0, "it never comes to rest: {:?}", self.site.calls());
        Ok(())
    }
}

fn fault(luck: Luck) -> Fault {
    let trouble = Trouble { code: "timeout".to_owned(), message: "no answer".to_owned() };
    match luck {
        Luck::Fails => Fault::before(PlatformError::Uncertain(trouble)),
        Luck::AnswerLost => Fault::after(PlatformError::Uncertain(trouble)),
        Luck::DiesBefore => Fault::silence_before(),
        Luck::DiesAfter => Fault::silence_after(),
    }
}
