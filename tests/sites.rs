//! The main job on a real WordPress: connect, pull, push, conflicts, crashes.

mod acts;
mod cases;
mod checks;
mod connecting;
mod copies;
mod crashes;
mod delivering;
mod doctor;
mod limits;
mod moving;
mod nodes;
mod pulling;
mod pushing;
mod refusing;
mod settings_page;
mod structure;
mod telling;
mod webhooks;

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::harness::{Answer, Backend, Client, Service, Site, Tenant, small_site};

/// A run of five minutes has failed, whatever it says.
const PATIENCE: Duration = Duration::from_mins(5);

/// A site that is connected through its plugin.
pub struct Connected {
    pub service: Service,
    pub site: Site,
    pub tenant: Tenant,
    pub integration: i64,
}

impl Connected {
    async fn small() -> anyhow::Result<Self> {
        Self::over(small_site().await?).await
    }

    async fn over(site: Site) -> anyhow::Result<Self> {
        Self::with(Service::start(Backend::Sqlite).await?, site)
    }

    pub fn with(service: Service, site: Site) -> anyhow::Result<Self> {
        let tenant = service.bootstrap("acme", &site.url)?;
        let integration = site.connect(service.origin(), &tenant)?;
        Ok(Self { service, site, tenant, integration })
    }

    /// The owner, at the address that the service has now.
    fn owner(&self) -> anyhow::Result<Client> {
        self.tenant.owner.at(self.service.origin())
    }

    /// Asks for a run and stays until it has ended.
    async fn sync(&self, body: Value) -> anyhow::Result<Value> {
        let run = self.start(body).await?;
        self.ended(&run).await
    }

    async fn start(&self, body: Value) -> anyhow::Result<Value> {
        let answer = self.owner()?.post(&format!("integrations/{}/sync/", self.integration), &body).await?;
        Ok(answer.expect(202)?["id"].clone())
    }

    async fn run(&self, id: &Value) -> anyhow::Result<Value> {
        let answer = self.owner()?.get(&format!("integrations/{}/runs/{id}/", self.integration)).await?;
        Ok(answer.expect(200)?.clone())
    }

    async fn ended(&self, id: &Value) -> anyhow::Result<Value> {
        self.wait_for(id, |run| run["finished_at"].is_string()).await
    }

    async fn wait_for(&self, id: &Value, enough: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let run = self.run(id).await?;
            if enough(&run) {
                return Ok(run);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("still not there: {}\n{}", self.run(id).await?, self.service.log()?)
    }

    /// A run that must go well.
    pub async fn synced(&self, direction: &str) -> anyhow::Result<Value> {
        let run = self.sync(json!({ "direction": direction })).await?;
        if run["status"] != "succeeded" {
            let events = self.owner()?.get(&format!("integrations/{}/events/", self.integration)).await?;
            bail!("{run}\n{}\n{}", events.text, self.service.log()?);
        }
        Ok(run)
    }

    async fn content(&self, id: &Value) -> anyhow::Result<Answer> {
        let answer = self.owner()?.get(&format!("content/{id}/")).await?;
        answer.expect(200)?;
        Ok(answer)
    }

    /// Every content, in all pages of the list.
    pub async fn contents(&self, filter: &str) -> anyhow::Result<Vec<Value>> {
        let mut contents = Vec::new();
        for page in 1.. {
            let list = self.owner()?.get(&format!("content/?page_size=100&page={page}&{filter}")).await?;
            contents.extend(list.expect(200)?["results"].as_array().context("results")?.iter().cloned());
            if list.body["next"].is_null() {
                break;
            }
        }
        Ok(contents)
    }

    /// The content that is this post.
    pub async fn content_of(&self, post: i64) -> anyhow::Result<Value> {
        let found = self.contents(&format!("external_id={post}")).await?;
        let id = found.first().with_context(|| format!("post {post} is here"))?["id"].clone();
        Ok(self.content(&id).await?.body)
    }

    async fn write(&self, body: Value) -> anyhow::Result<Value> {
        let mut body = body;
        body["site_id"] = json!(self.tenant.site_id);
        let answer = self.owner()?.post("content/", &body).await?;
        Ok(answer.expect(201)?.clone())
    }

    async fn change(&self, id: &Value, body: Value) -> anyhow::Result<Value> {
        Ok(self.owner()?.patch(&format!("content/{id}/"), &body).await?.expect(200)?.clone())
    }

    /// A published post of the site.
    pub fn some_post(&self, nth: u32) -> anyhow::Result<i64> {
        let php = format!("return get_page_by_path( 'post-{nth}', OBJECT, 'post' )->ID;");
        self.site.eval(&php)?.as_i64().context("a post")
    }

    /// Changes a post on the site, as its editor would.
    fn edit_post(&self, post: i64, field: &str, value: &str) -> anyhow::Result<()> {
        let php = format!("wp_update_post( wp_slash( array( 'ID' => {post}, '{field}' => '{value}' ) ) );");
        self.site.eval(&php).map(drop)
    }

    /// A field of a post as the site has it.
    pub fn post_field(&self, post: i64, field: &str) -> anyhow::Result<Value> {
        self.site.eval(&format!("return get_post( {post} )->{field};"))
    }
}
