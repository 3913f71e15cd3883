//! The beginning of a run: which types are read, and how.

use chrono::TimeDelta;

use super::context::RunContext;
use super::{RunExecutor, Stop};
use crate::event::{Action, EventType, NewEvent};
use crate::integration::{Structure, is_internal_type, shown_type};
use crate::sync::{Phase, PullMode, RunScope, SyncRun, TypeProgress};
use crate::time::Timestamp;

/// How far behind the last watermark an incremental pull begins: a site compares its local time, which repeats an hour
/// when summer time ends, and clocks are set.
const OVERLAP: TimeDelta = TimeDelta::hours(2);

impl RunExecutor {
    pub(super) async fn start(&self, run: &mut SyncRun, context: &mut RunContext) -> Result<(), Stop> {
        let lists = run.direction.pulls() && run.options.scope == RunScope::All;
        let mut not_shown = Vec::new();
        if lists {
            let shown = context.session.content_types().await?;
            let shown: Vec<String> = shown.into_iter().map(|shown| shown.name).collect();
            let asked = run.options.content_types.iter().flatten();
            not_shown = asked.filter(|name| !shown.contains(name)).cloned().collect();
            run.checkpoint.types = types_to_read(run, context, shown);
            self.narrow(run, context).await?;
            run.checkpoint.phase = Phase::Pull;
        } else {
            run.checkpoint.phase = Phase::Push;
        }
        let mut uow = self.storage.begin().await?;
        let state = context.session.state();
        if !run.options.dry_run
            && state != context.integration.platform_state
            && let Some(mut integration) = uow.lock_integration(run.integration_id).await?
            && integration.site_url == context.integration.site_url
        {
            integration.platform_state = state;
            uow.update_integration(&integration).await?;
        }
        if !run.options.dry_run {
            let now = self.clock.now();
            let events: Vec<_> = not_shown.iter().map(|name| not_shown_event(run, name, now)).collect();
            uow.insert_events(&events).await?;
        }
        self.record(uow, run).await
    }
}

fn types_to_read(run: &SyncRun, context: &RunContext, shown: Vec<String>) -> Vec<TypeProgress> {
    let everything = Structure::default();
    let structure = context.integration.structure.as_ref().unwrap_or(&everything);
    let asked = run.options.content_types.as_deref();
    shown
        .into_iter()
        .filter(|name| !is_internal_type(name) && structure.is_type_on(name))
        .filter(|name| asked.is_none_or(|asked| asked.contains(name)))
        .map(|name| {
            let mode = mode(run, context, &name);
            TypeProgress::new(name, mode)
        })
        .collect()
}

/// Why nothing of a type that was asked for is read.
fn not_shown_event(run: &SyncRun, name: &str, now: Timestamp) -> NewEvent {
    let mut event = super::run_event(run, Action::Skipped, false, now);
    event.event_type = EventType::Content;
    event.details = serde_json::json!({ "content_type": name });
    event.error_code = Some("unknown_type".to_owned());
    event.error_message = Some(format!("the site shows no type {}", shown_type(name)));
    event
}

fn mode(run: &SyncRun, context: &RunContext, name: &str) -> PullMode {
    match context.integration.memory.types.get(name) {
        Some(memory) if !run.options.full => PullMode::Since(memory.watermark - OVERLAP),
        _ => PullMode::Full,
    }
}
