//! What is about to be sent, written down before it is: an answer can be lost, and the next attempt must know its own
//! write from somebody else's edit.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::content::{Base, ContentStatus, Field, FieldPatch, hash_bytes};
use crate::time::Timestamp;

/// How long after an unanswered write a change on the site is still taken for that write's own.
const ECHO_WINDOW: TimeDelta = TimeDelta::seconds(60);

/// A write that was begun and whose answer was not recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushIntent {
    /// What was sent.
    pub fields: FieldPatch,
    /// When.
    pub sent_at: Timestamp,
}

impl PushIntent {
    /// The base as it is if the write arrived: what the site now has in the fields that were sent counts as the
    /// write's own where it is the same, or where the site changed within a minute of sending (it strips and
    /// renames what it is given). A field that still is as before did not arrive.
    #[must_use]
    pub fn absorbed_into(&self, base: &Base, external: &FieldPatch, modified_at: Option<Timestamp>) -> Base {
        let mut base = base.clone();
        let in_window = modified_at
            .is_some_and(|at| at >= self.sent_at - ECHO_WINDOW && at <= self.sent_at + ECHO_WINDOW);
        for field in self.fields.present() {
            if !base.external_changed(field, external) {
                continue;
            }
            let left_for_later = matches!(field, Field::Status | Field::PublishAt | Field::Slug);
            if self.fields.agrees(field, external) || (in_window && !left_for_later) {
                base.agree(field, &self.fields, external);
            } else if !base.external.contains_key(&field) && (in_window || is_as_created(field, external)) {
                // A create leaves these for the update that follows it: they are still to be sent.
                base.agree_external(field, external);
            }
        }
        base
    }

    /// Whether the write may still be under way.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.sent_at + ECHO_WINDOW
    }

    /// What is left of it once the site told of changes: it tells of nothing that was written with our key, so they are
    /// somebody else's and must not be taken for this write's own. `body` is the hash of the site's body, where told.
    #[must_use]
    pub fn besides(mut self, base: &Base, told: &FieldPatch, body: Option<&str>) -> Option<Self> {
        let is_write = !self.fields.is_empty();
        for field in told.present() {
            if base.external_changed(field, told) && !self.fields.agrees(field, told) {
                self.fields.remove(field);
            }
        }
        let is_body = |known: &str| body.is_none_or(|told| told.eq_ignore_ascii_case(known));
        let was_body = base.external.get(&Field::Html).is_some_and(|known| is_body(known));
        if !was_body && self.fields.html.as_ref().is_some_and(|sent| !is_body(&hash_bytes(sent.as_bytes()))) {
            self.fields.html = None;
        }
        (!is_write || !self.fields.is_empty()).then_some(self)
    }
}

/// What a create makes of the fields that it leaves for later, however wrong the site's clock is.
fn is_as_created(field: Field, external: &FieldPatch) -> bool {
    match field {
        Field::Status => external.status == Some(ContentStatus::Draft),
        Field::PublishAt => external.publish_at == Some(None),
        _ => false,
    }
}
