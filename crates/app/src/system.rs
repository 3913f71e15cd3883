//! The machine's own time and randomness, behind the domain's ports.

use chrono::Utc;
use igny8_integration_domain::ports::{Clock, Random};
use igny8_integration_domain::time::{Timestamp, to_stored};
use rand::rngs::OsRng;
use rand::{RngCore as _, TryRngCore as _};

pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one home of the time")]
    fn now(&self) -> Timestamp {
        to_stored(Utc::now())
    }
}

pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        // Without the system's randomness no key may be made, so there is no way on from here.
        OsRng.unwrap_err().fill_bytes(bytes);
    }
}
