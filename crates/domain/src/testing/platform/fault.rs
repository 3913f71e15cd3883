//! How calls go wrong.

use super::{CallKind, ScriptedSite};
use crate::ports::platform::PlatformError;

/// How a call goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether the call has its effect all the same.
    pub(super) happens: bool,
    /// What the caller gets; nothing for ever where it is none.
    pub(super) answer: Option<PlatformError>,
}

impl Fault {
    /// The call fails and nothing happens on the site.
    pub fn before(error: PlatformError) -> Self {
        Self { happens: false, answer: Some(error) }
    }

    /// The call has its effect, and its answer is lost: the caller gets this error.
    pub fn after(error: PlatformError) -> Self {
        Self { happens: true, answer: Some(error) }
    }

    /// The call never comes back and nothing happens on the site: as if the caller was killed before it.
    pub fn silence_before() -> Self {
        Self { happens: false, answer: None }
    }

    /// The call has its effect and never comes back: as if the caller was killed before it read the answer.
    pub fn silence_after() -> Self {
        Self { happens: true, answer: None }
    }
}

/// A fault that waits for its call.
pub(super) struct Planned {
    /// Of which kind; any where it is none.
    kind: Option<CallKind>,
    /// How many fitting calls pass before.
    skip: u32,
    /// How often it strikes; for ever where it is none.
    times: Option<u32>,
    fault: Fault,
}

/// What a test does on the site just before or after a call.
type Interruption = Box<dyn FnOnce(&ScriptedSite) + Send>;

/// Everything that is planned.
#[derive(Default)]
pub(super) struct Faults {
    planned: Vec<Planned>,
    interruptions: Vec<(CallKind, Moment, Interruption)>,
}

/// When an interruption happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before the call is judged.
    Before,
    /// After it had its effect, before the caller learns of it.
    After,
}

impl Faults {
    pub(super) fn plan(&mut self, kind: Option<CallKind>, skip: u32, times: Option<u32>, fault: Fault) {
        self.planned.push(Planned { kind, skip, times, fault });
    }

    pub(super) fn interrupt(&mut self, kind: CallKind, moment: Moment, act: Interruption) {
        self.interruptions.push((kind, moment, act));
    }

    pub(super) fn clear(&mut self) {
        self.planned.clear();
        self.interruptions.clear();
    }

    /// What is to be done on the site before or after this call.
    pub(super) fn interruption(&mut self, kind: CallKind, moment: Moment) -> Option<Interruption> {
        let mut planned = self.interruptions.iter();
        let place = planned.position(|(of, at, _)| (*of, *at) == (kind, moment))?;
        Some(self.interruptions.remove(place).2)
    }

    /// The fault of this call: the first planned one that fits and is not still waiting.
    pub(super) fn strike(&mut self, kind: CallKind) -> Option<Fault> {
        let mut struck = None;
        for planned in self.planned.iter_mut().filter(|planned| planned.kind.is_none_or(|it| it == kind)) {
            if planned.skip > 0 {
                planned.skip -= 1;
            } else if struck.is_none() && planned.times != Some(0) {
                planned.times = planned.times.map(|times| times - 1);
                struck = Some(planned.fault.clone());
            }
        }
        self.planned.retain(|planned| planned.times != Some(0));
        struck
    }
}
