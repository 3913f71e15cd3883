//! Time and randomness.

use crate::time::Timestamp;

/// What time it is.
pub trait Clock: Send + Sync {
    /// Now, to the microsecond.
    fn now(&self) -> Timestamp;
}

/// Unpredictable bytes, fit for keys and nonces.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}
