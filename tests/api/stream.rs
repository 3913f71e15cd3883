use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::{Method, Response};
use rstest::rstest;
use serde_json::{Value, json};

use super::integration;
use crate::harness::{Backend, Client, Service, Tenant};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug)]
struct Event {
    id: String,
    kind: String,
    run: Value,
}

/// The events of a stream, as they come.
struct Events {
    response: Response,
    buffer: String,
}

impl Events {
    async fn open(client: &Client, path: &str, last: Option<&str>) -> anyhow::Result<Self> {
        let mut request = client.request(Method::GET, path).header("accept", "image/png");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await?;
        ensure!(response.status() == 200, "{response:?}");
        ensure!(response.headers()["content-type"] == "text/event-stream", "{response:?}");
        Ok(Self { response, buffer: String::new() })
    }

    /// The next one; none where the stream has closed.
    async fn next(&mut self) -> anyhow::Result<Option<Event>> {
        tokio::time::timeout(PATIENCE, self.read()).await.context("nothing more was said")?
    }

    async fn read(&mut self) -> anyhow::Result<Option<Event>> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                if !block.starts_with(':') {
                    return event(&block).map(Some);
                }
                continue;
            }
            match self.response.chunk().await? {
                Some(chunk) => self.buffer.push_str(std::str::from_utf8(&chunk)?),
                None => return Ok(None),
            }
        }
    }
}

fn event(block: &str) -> anyhow::Result<Event> {
    let field = |name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(str::to_owned).with_context(|| format!("{name} in {block}"))
    };
    Ok(Event { id: field("id")?, kind: field("event")?, run: serde_json::from_str(&field("data")?)? })
}

/// An integration of a site that never answers, and a run of it that waits for a worker.
async fn queued(tenant: &Tenant) -> anyhow::Result<String> {
    let mut body = integration(tenant);
    body["config_json"]["site_url"] = json!("http://127.0.0.1:9");
    let made = tenant.owner.post("integrations/", &body).await?;
    let id = made.expect(201)?["id"].clone();
    let run = tenant.owner.post(&format!("integrations/{id}/sync/"), &json!({})).await?;
    Ok(format!("integrations/{id}/runs/{}/", run.expect(202)?["id"]))
}

#[rstest]
#[tokio::test]
async fn a_run_that_another_process_works_on_is_followed_to_its_end(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::on(backend).argument("--no-worker").start().await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let viewer = service.member(&tenant, "viewer@example.com", "viewer")?;
    let run = queued(&tenant).await?;
    let stream = format!("{run}stream/");
    let mut events = Events::open(&viewer, &stream, None).await?;
    let first = events.next().await?.context("an event at once")?;
    assert_eq!((first.kind.as_str(), &first.run["status"]), ("progress", &json!("queued")));
    assert_eq!(&first.run, tenant.owner.get(&run).await?.expect(200)?);

    let _worker = service.worker()?;
    let waiting = loop {
        let event = events.next().await?.context("it goes on")?;
        assert_eq!(event.kind, "progress");
        if event.run["next_attempt_at"].is_string() {
            break event;
        }
    };
    assert!(waiting.run["error"]["code"].is_string(), "{waiting:?}");
    let mut resumed = Events::open(&viewer, &stream, Some(&waiting.id)).await?;
    tenant.owner.post(&format!("{run}cancel/"), &json!({})).await?.expect(202)?;
    for events in [&mut events, &mut resumed] {
        let mut last = events.next().await?.context("it ends")?;
        // The next try may have been quicker than the one who stopped it.
        while last.kind == "progress" {
            last = events.next().await?.context("it ends")?;
        }
        assert_eq!((last.kind.as_str(), &last.run["status"]), ("finished", &json!("cancelled")));
        assert!(events.next().await?.is_none(), "then it closes");
    }
    Ok(())
}

#[tokio::test]
async fn a_run_that_has_ended_is_told_once() -> anyhow::Result<()> {
    let service = Service::on(Backend::Sqlite).argument("--no-worker").start().await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let run = queued(&tenant).await?;
    tenant.owner.post(&format!("{run}cancel/"), &json!({})).await?.expect(202)?;
    let stream = format!("{run}stream/");
    let mut events = Events::open(&tenant.owner, &stream, None).await?;
    assert_eq!(events.next().await?.context("progress at once")?.kind, "progress");
    let finished = events.next().await?.context("then its end")?;
    assert_eq!(finished.kind, "finished");
    assert!(events.next().await?.is_none());
    let mut again = Events::open(&tenant.owner, &stream, Some(&finished.id)).await?;
    assert!(again.next().await?.is_none(), "nothing is told twice");
    Ok(())
}

/// How many streams the node says are open.
async fn open_streams(client: &Client) -> anyhow::Result<f64> {
    let metrics = client.get("/metrics").await?.text;
    let line = metrics.lines().find(|line| line.starts_with("igny8_run_streams_open "));
    let value = line.and_then(|line| line.split(' ').next_back());
    Ok(value.context("the gauge is there")?.parse()?)
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() -> anyhow::Result<()> {
    let service = Service::on(Backend::Sqlite).argument("--no-worker").start().await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let stream = format!("{}stream/", queued(&tenant).await?);
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut events = Events::open(&tenant.owner, &stream, None).await?;
        events.next().await?.context("an event at once")?;
        streams.push(events);
    }
    let head = tenant.owner.request(Method::HEAD, &stream).send().await?;
    assert_eq!(head.status(), 200);
    drop(streams);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while open_streams(&tenant.owner).await? > 0.0 {
        ensure!(tokio::time::Instant::now() < deadline, "streams are still open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_stream_ends_with_the_node_and_with_the_right_to_see_it() -> anyhow::Result<()> {
    let mut service = Service::on(Backend::Sqlite).argument("--no-worker").start().await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let viewer = service.member(&tenant, "viewer@example.com", "viewer")?;
    let stream = format!("{}stream/", queued(&tenant).await?);
    let mut theirs = Events::open(&viewer, &stream, None).await?;
    let mut ours = Events::open(&tenant.owner, &stream, None).await?;
    for events in [&mut theirs, &mut ours] {
        events.next().await?.context("an event at once")?;
    }
    let user = service.run(&[
        "user",
        "revoke",
        &(tenant.user_id + 1).to_string(),
        "--site",
        &tenant.site_id.to_string(),
        "--json",
    ])?;
    user.json()?;
    assert!(theirs.next().await?.is_none(), "who may no longer see it is told no more");
    assert!(service.terminate()?.success());
    assert!(ours.next().await.map_or(true, |event| event.is_none()));
    Ok(())
}

#[tokio::test]
async fn strangers_see_no_stream() -> anyhow::Result<()> {
    let service = Service::on(Backend::Sqlite).argument("--no-worker").start().await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let run = queued(&tenant).await?;
    let other = service.bootstrap("other", "https://other.example")?;
    let stream = format!("{run}stream/");
    other.owner.get(&stream).await?.problem(404, "not_found")?;
    tenant.plugin.get(&stream).await?.problem(403, "not_for_this_caller")?;
    service.anonymous()?.get(&stream).await?.problem(401, "not_authenticated")?;
    tenant.owner.get(&format!("{}0/stream/", run.trim_end_matches('/'))).await?.problem(404, "not_found")?;
    Ok(())
}
