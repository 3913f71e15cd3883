//! What tests put in the place of the world: a clock that stands still, a transparent cipher, storage in memory, a
//! scripted site, and the suites that every adapter passes.

mod cipher;
mod clock;
mod memory;
pub mod platform;
pub mod storage_contract;
mod workshop;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use cipher::PlainCipher;
pub use clock::{CountingQueue, FixedClock, SequentialRandom};
pub use memory::{CommitFault, MemoryStorage};
pub use platform::{Call, CallKind, Fault, ScriptedPlatform, ScriptedSite, SitePost};
pub use workshop::Workshop;

/// The value inside, even where a test panicked while it held it.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
