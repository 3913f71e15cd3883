//! What the domain asks of the world, as traits named by role. Each says what an adapter must guarantee, what each
//! error lets the caller do, and what is safe to repeat.

pub mod cipher;
pub mod clock;
pub mod platform;
pub mod queue;
pub mod storage;
pub mod throttle;

pub use cipher::{CipherError, CredentialCipher, SealContext};
pub use clock::{Clock, Random};
pub use queue::RunQueue;
pub use throttle::{Rate, Throttle, ThrottleKey, Verdict};
