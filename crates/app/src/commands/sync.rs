//! `sync`: asks for a run as the API would, and with `--wait` stays with it, working on it where nobody else does.

use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::{anyhow, bail};
use igny8_integration_api::RunResponse;
use igny8_integration_domain::account::{Caller, Denied};
use igny8_integration_domain::event::Actor;
use igny8_integration_domain::service::ServiceError;
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::sync::{PlanEntry, RunStatus, SyncRun};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Said, explained};
use crate::cli::SyncArgs;
use crate::node::Node;
use crate::shutdown::Signals;
use crate::worker::turn;

const CALLER: Caller = Caller::System(Actor::CLI);

const POLL: Duration = Duration::from_millis(200);

/// A living worker takes a run up within its poll of a second; one that lies longer has nobody.
const NOBODY_AFTER: Duration = Duration::from_secs(2);

pub async fn sync(node: &Node, arguments: &SyncArgs) -> anyhow::Result<Said> {
    let asked = StartSync {
        direction: arguments.direction,
        full: arguments.full,
        dry_run: arguments.dry_run,
        ..StartSync::default()
    };
    let sync = node.sync();
    let run = sync.start(&CALLER, arguments.integration, asked).await.map_err(|error| match error {
        ServiceError::Denied(Denied::NotFound) => {
            anyhow!("there is no integration {}", arguments.integration)
        }
        error => explained(error),
    })?;
    if !arguments.wait {
        return said(run);
    }
    let run = Waiting::new(node, run).until_ended().await?;
    let (status, why) = (run.status, why(&run));
    let said = said(run)?;
    match status {
        RunStatus::Failed | RunStatus::Cancelled => return Ok(said.failing(why)),
        RunStatus::Partial => tracing::warn!("{why}"),
        RunStatus::Succeeded | RunStatus::Queued | RunStatus::Running => {}
    }
    Ok(said)
}

fn why(run: &SyncRun) -> String {
    let status = run.status.as_str();
    match &run.error {
        Some(error) => format!("run {} ended {status}: {} ({})", run.id, error.message, error.code),
        None => format!("run {} ended {status}", run.id),
    }
}

fn said(run: SyncRun) -> anyhow::Result<Said> {
    let done = &run.progress;
    let summary = format!(
        "run {} is {}: {} done, {} created, {} updated, {} unchanged, {} conflicts, {} failed, {} deleted",
        run.id,
        run.status.as_str(),
        done.done,
        done.created,
        done.updated,
        done.unchanged,
        done.conflicts,
        done.failed,
        done.deleted,
    );
    let mut lines = vec![summary];
    lines.extend(run.plan.iter().map(planned));
    let more = run.plan_count.saturating_sub(run.plan.len() as u64);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    Ok(Said::new(serde_json::to_value(RunResponse::full(run))?, lines.join("\n")))
}

/// A line of a dry run's plan.
fn planned(entry: &PlanEntry) -> String {
    let content = entry.content_id.map(|id| format!(" content {id}"));
    let post = entry.external_id.as_ref().map(|id| format!(" post {id}"));
    let fields: Vec<&str> = entry.fields.iter().map(|field| field.as_str()).collect();
    let fields = if fields.is_empty() { String::new() } else { format!(": {}", fields.join(", ")) };
    format!(
        "  {}{}{}{fields} ({})",
        entry.action.as_str(),
        content.unwrap_or_default(),
        post.unwrap_or_default(),
        entry.reason,
    )
}

/// Staying with a run until it has ended.
struct Waiting<'a> {
    node: &'a Node,
    run: SyncRun,
    bar: ProgressBar,
    /// Since when nobody works on it although it could be worked on.
    idle_since: Option<Instant>,
    /// The work on it, where this process had to take it up.
    turns: TaskTracker,
    stop: CancellationToken,
}

impl<'a> Waiting<'a> {
    fn new(node: &'a Node, run: SyncRun) -> Self {
        let (turns, stop) = (TaskTracker::new(), CancellationToken::new());
        Self { node, run, bar: bar(), idle_since: None, turns, stop }
    }

    async fn until_ended(mut self) -> anyhow::Result<SyncRun> {
        let mut signals = Signals::listen()?;
        while !self.run.status.is_final() {
            tokio::select! {
                stepped = self.step() => stepped?,
                _ = signals.next() => return self.interrupted().await,
            }
        }
        self.bar.finish_and_clear();
        Ok(self.run)
    }

    async fn interrupted(self) -> anyhow::Result<SyncRun> {
        self.stop.cancel();
        self.turns.close();
        self.turns.wait().await;
        self.node.executor()?.release(self.node.name()).await?;
        bail!("interrupted; run {} goes on with the next worker", self.run.id)
    }

    async fn step(&mut self) -> anyhow::Result<()> {
        if self.nobody_works_on_it() {
            self.take_up().await?;
        }
        tokio::time::sleep(POLL).await;
        let (integration, id) = (self.run.integration_id, self.run.id);
        self.run = self.node.sync().get(&CALLER, integration, id).await.map_err(explained)?;
        self.show();
        Ok(())
    }

    fn nobody_works_on_it(&mut self) -> bool {
        let now = self.node.now();
        let held = self.run.lease.as_ref().is_some_and(|lease| lease.until > now);
        let waits = self.run.next_attempt_at.is_some_and(|at| at > now);
        if held || waits {
            self.idle_since = None;
            return false;
        }
        self.idle_since.get_or_insert_with(Instant::now).elapsed() >= NOBODY_AFTER
    }

    async fn take_up(&mut self) -> anyhow::Result<()> {
        let executor = self.node.executor()?;
        let Some(run) = executor.claim(self.node.name(), Some(self.run.id)).await? else { return Ok(()) };
        let (lease, stop) = (self.node.lease(), self.stop.clone());
        self.turns.spawn(async move { turn(&executor, run, lease, &stop).await });
        Ok(())
    }

    fn show(&self) {
        let progress = &self.run.progress;
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
        self.bar.set_message(self.run.status.as_str());
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} {elapsed}");
    let bar = ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    // A bar in a log file is noise.
    bar.set_draw_target(if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    });
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use igny8_integration_domain::content::Field;
    use igny8_integration_domain::id::ContentId;
    use igny8_integration_domain::sync::PlanAction;

    #[test]
    fn a_plan_names_what_would_change_and_why() {
        let mut entry = PlanEntry {
            content_id: ContentId::new(5),
            external_id: Some("30".to_owned()),
            action: PlanAction::Pull,
            fields: vec![Field::Title, Field::Html],
            reason: "the site changed".to_owned(),
        };
        assert_eq!(planned(&entry), "  pull content 5 post 30: title, html (the site changed)");
        entry.content_id = None;
        assert_eq!(planned(&entry), "  pull post 30: title, html (the site changed)");
        entry.fields.clear();
        assert_eq!(planned(&entry), "  pull post 30 (the site changed)");
    }
}
