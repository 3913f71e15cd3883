//! The beginning of a run: which types are read, and how.

use chrono::TimeDelta;

use super::context::RunContext;
use super::{RunExecutor, Stop};
use crate::integration::{Structure, is_internal_type};
use crate::sync::{Phase, PullMode, RunScope, SyncRun, TypeProgress};

/// How far behind the last watermark an incremental pull begins: a site compares its local time, which repeats an hour
/// when summer time ends, and clocks are set.
const OVERLAP: TimeDelta = TimeDelta::hours(2);

impl RunExecutor {
    pub(super) async fn start(&self, run: &mut SyncRun, context: &mut RunContext) -> Result<(), Stop> {
        let lists = run.direction.pulls() && run.options.scope == RunScope::All;
        if lists {
            run.checkpoint.types = self.types_to_read(run, context).await?;
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
        self.record(uow, run).await
    }

    async fn types_to_read(&self, run: &SyncRun, context: &RunContext) -> Result<Vec<TypeProgress>, Stop> {
        let everything = Structure::default();
        let structure = context.integration.structure.as_ref().unwrap_or(&everything);
        let asked = run.options.content_types.as_deref();
        let types = context.session.content_types().await?;
        let read = types
            .into_iter()
            .map(|shown| shown.name)
            .filter(|name| !is_internal_type(name) && structure.is_type_on(name))
            .filter(|name| asked.is_none_or(|asked| asked.contains(name)))
            .map(|name| {
                let mode = mode(run, context, &name);
                TypeProgress::new(name, mode)
            })
            .collect();
        Ok(read)
    }
}

fn mode(run: &SyncRun, context: &RunContext, name: &str) -> PullMode {
    match context.integration.memory.types.get(name) {
        Some(memory) if !run.options.full => PullMode::Since(memory.watermark - OVERLAP),
        _ => PullMode::Full,
    }
}
