//! Telling workers that there is something to do.

/// Wakes workers. The run's row is the truth: workers also poll, so a lost wake-up costs a second, never a run.
pub trait RunQueue: Send + Sync {
    /// A run was queued, or may go on now. Safe to repeat.
    fn wake(&self);
}
