//! A run as it goes on, as server-sent events.
//!
//! Another process may work on it, so the database is looked at. That happens on the main runtime; what is found goes
//! through a channel to the server's worker. When the client is gone the channel closes, and the look-out ends.

use std::time::Duration;

use actix_web::web::Bytes;
use igny8_integration_domain::account::Caller;
use igny8_integration_domain::id::{IntegrationId, RunId};
use igny8_integration_domain::service::{ServiceError, SessionError};
use igny8_integration_domain::sync::SyncRun;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::runs::ids;
use crate::answer::Answer;
use crate::problem::Problem;
use crate::request::Call;
use crate::state::ApiState;
use crate::wire::stream::{self, HEARTBEAT};

/// How long nothing is said at most.
const SILENCE: Duration = Duration::from_secs(15);

/// How often the run is looked at: while a node works on it, faster than pages follow each other, so that each is told;
/// while it waits, less and less.
const FIRST_LOOK: Duration = Duration::from_millis(50);
const LAST_LOOK: Duration = Duration::from_millis(500);

/// How often it is asked whether who looks on still may.
const RECHECK: Duration = Duration::from_secs(5);

/// How many events wait for a client that reads slowly; then the look-out waits too.
const AHEAD: usize = 2;

pub async fn follow(call: Call) -> Result<Answer, Problem> {
    let (integration, id) = ids(&call)?;
    let run = call.state.services().sync.get(&call.caller, integration, id).await?;
    let (events, receiver) = mpsc::channel(AHEAD);
    let told = call.sent.last_event_id;
    let lookout =
        LookOut { state: call.state.clone(), caller: call.caller, integration, run: id, told, events };
    call.state.spawn(lookout.follow(run));
    Ok(Answer::events(receiver))
}

struct LookOut {
    state: ApiState,
    caller: Caller,
    integration: IntegrationId,
    run: RunId,
    /// The id of the last event that the client has.
    told: Option<String>,
    events: mpsc::Sender<Bytes>,
}

impl LookOut {
    async fn follow(mut self, run: SyncRun) {
        let _counted = Counted::new();
        let draining = self.state.draining();
        let mut seen = Some(run);
        let (mut pause, mut spoke, mut checked) = (FIRST_LOOK, Instant::now(), Instant::now());
        loop {
            if let Some(run) = seen.take() {
                let (is_final, is_worked_on) = (run.status.is_final(), run.lease.is_some());
                let Ok(said) = self.tell(run).await else { return };
                if is_final {
                    return;
                }
                if said {
                    spoke = Instant::now();
                }
                if said || is_worked_on {
                    pause = FIRST_LOOK;
                }
            }
            let next = Instant::now() + pause;
            pause = (pause * 2).min(LAST_LOOK);
            tokio::select! {
                () = self.events.closed() => return,
                () = draining.cancelled() => return,
                () = sleep_until(spoke + SILENCE) => {
                    if self.events.send(Bytes::from_static(HEARTBEAT)).await.is_err() {
                        return;
                    }
                    spoke = Instant::now();
                    continue;
                }
                () = sleep_until(next) => {}
            }
            if checked.elapsed() >= RECHECK {
                checked = Instant::now();
                if !self.still_may().await {
                    return;
                }
            }
            seen = match self.state.services().sync.get(&self.caller, self.integration, self.run).await {
                Ok(run) => Some(run),
                // It comes back, or the client does, to whichever node is well.
                Err(ServiceError::Unavailable(_)) => None,
                Err(_) => return,
            };
        }
    }

    /// Says what the client does not know yet, and whether there was something; an error where it is gone.
    async fn tell(&mut self, run: SyncRun) -> Result<bool, mpsc::error::SendError<Bytes>> {
        let events = stream::events(run, self.told.as_deref());
        let said = !events.is_empty();
        for event in events {
            self.events.send(event.text.into()).await?;
            self.told = Some(event.id);
        }
        Ok(said)
    }

    /// A stream may last for hours: who is switched off meanwhile sees no more of it.
    async fn still_may(&mut self) -> bool {
        let Caller::User { user_id, .. } = &self.caller else { return true };
        match self.state.services().sessions.user_caller(*user_id).await {
            Ok(caller) => {
                self.caller = caller;
                true
            }
            Err(SessionError::Failed(_)) => true,
            Err(SessionError::NotAuthenticated | SessionError::Inactive) => false,
        }
    }
}

/// Counts the streams that are open.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("igny8_run_streams_open").increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("igny8_run_streams_open").decrement(1.0);
    }
}
