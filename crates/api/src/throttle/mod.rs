//! Limits on how often somebody may ask, by scope. [`MemoryThrottle`] counts for one node.

mod memory;

use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use igny8_integration_domain::account::Caller;
use igny8_integration_domain::ports::{Rate, ThrottleKey, Verdict};

use crate::answer::Answer;
use crate::problem::{Code, Problem};
use crate::state::ApiState;

pub use memory::MemoryThrottle;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What is limited together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything for somebody who is known.
    Integration,
    /// A site that connects itself.
    Onboarding,
    /// What a site delivers.
    Webhooks,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Integration => "integration",
            Self::Onboarding => "onboarding",
            Self::Webhooks => "webhooks",
        }
    }

    /// What the operator set; none for no limit.
    fn rate(self, state: &ApiState) -> Option<Rate> {
        let throttles = &state.settings().throttles;
        match self {
            Self::Integration => throttles.integration,
            Self::Onboarding => throttles.onboarding,
            Self::Webhooks => throttles.webhooks,
        }
    }

    /// What is done where the counts can't be asked: who is known is let through, strangers are not.
    fn fails_open(self) -> bool {
        matches!(self, Self::Integration | Self::Webhooks)
    }
}

/// A request that was let through; its answer says how much is left.
pub struct Admission(Option<(Scope, Rate, Verdict)>);

/// Counts a request of these subjects, or refuses it.
pub async fn admit(state: &ApiState, scope: Scope, subjects: Vec<String>) -> Result<Admission, Problem> {
    let Some(rate) = scope.rate(state) else { return Ok(Admission(None)) };
    let key = |subject| ThrottleKey { scope: scope.name(), subject };
    let keys: Vec<ThrottleKey> = subjects.into_iter().map(key).collect();
    let verdict = match state.throttle().admit(&keys, rate).await {
        Ok(verdict) => verdict,
        Err(error) if scope.fails_open() => {
            metrics::counter!("igny8_throttle_failures_total", "scope" => scope.name()).increment(1);
            tracing::warn!(scope = scope.name(), error = %error, "requests go uncounted");
            return Ok(Admission(None));
        }
        Err(error) => {
            metrics::counter!("igny8_throttle_failures_total", "scope" => scope.name()).increment(1);
            return Err(Problem::unavailable(error));
        }
    };
    let admission = Admission(Some((scope, rate, verdict)));
    if verdict.allowed {
        return Ok(admission);
    }
    metrics::counter!("igny8_throttled_total", "scope" => scope.name()).increment(1);
    let wait = seconds(verdict.reset).max(1);
    let problem = Problem::new(Code::Throttled, format!("Ask again in {wait} s. Nothing happened."));
    Err(admission.on_problem(problem.with_header(RETRY_AFTER, wait.into())))
}

/// Who is counted as one.
pub fn subject(caller: &Caller) -> String {
    match caller {
        Caller::User { user_id, .. } => format!("user:{user_id}"),
        Caller::SiteKey { key_id, .. } => format!("site_key:{key_id}"),
        Caller::System(_) => "service".to_owned(),
    }
}

/// As [`subject`], where all keys of a site are counted together.
pub fn site_subject(caller: &Caller) -> String {
    match caller {
        Caller::SiteKey { site_id, .. } => format!("site:{site_id}"),
        Caller::User { .. } | Caller::System(_) => subject(caller),
    }
}

impl Admission {
    /// The outcome with what is left said.
    pub fn on(self, outcome: Result<Answer, Problem>) -> Result<Answer, Problem> {
        match outcome {
            Ok(answer) => {
                Ok(self.fields().into_iter().fold(answer, |answer, (name, value)| answer.with(name, value)))
            }
            Err(problem) => Err(self.on_problem(problem)),
        }
    }

    fn on_problem(&self, problem: Problem) -> Problem {
        self.fields().into_iter().fold(problem, |problem, (name, value)| problem.with_header(name, value))
    }

    /// The fields of the IETF's draft.
    fn fields(&self) -> Vec<(HeaderName, HeaderValue)> {
        let Some((scope, rate, verdict)) = &self.0 else { return Vec::new() };
        let name = scope.name();
        let policy = format!("\"{name}\";q={};w={}", rate.requests, seconds(rate.window));
        let limit = format!("\"{name}\";r={};t={}", verdict.remaining, seconds(verdict.reset));
        let field = |(name, text): (HeaderName, String)| Some((name, HeaderValue::from_str(&text).ok()?));
        [(POLICY, policy), (LIMIT, limit)].into_iter().filter_map(field).collect()
    }
}

/// Whole seconds, never too few.
fn seconds(duration: std::time::Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
