//! What a change by a person does to a content.

use serde_json::json;

use super::PatchContent;
use super::rules::content_type_problem;
use crate::content::{Content, Field, FieldPatch, Link, SeoPatch, Side};
use crate::event::{Action, Actor, EventType, NewEvent};
use crate::time::Timestamp;
use crate::validation::{FieldError, ValidationErrors};

/// What is wrong with a change of this very content.
pub(super) fn judge(content: &Content, command: &PatchContent) -> Result<(), ValidationErrors> {
    let mut errors = Vec::new();
    if command.site_id.is_some_and(|id| id != content.site_id) {
        errors.push(FieldError::new("site_id", "unchangeable", "a content stays with its site"));
    }
    if let Some(name) = command.content_type.as_ref().filter(|name| **name != content.content_type) {
        errors.extend(match &content.link {
            Some(_) => {
                let message = "the type of a content that has a post can't be changed";
                Some(FieldError::new("content_type", "unchangeable", message))
            }
            None => content_type_problem(name),
        });
    }
    let gone = content.link.as_ref().is_some_and(Link::is_gone);
    if command.take_back && content.deleted_at.is_some() && gone {
        let message = "the post was deleted for good on the site, so there is nothing to take back";
        errors.push(FieldError::new("deleted_at", "permanently_deleted", message));
    }
    ValidationErrors::from_errors(errors)
}

pub(super) fn apply(content: &mut Content, command: &PatchContent, now: Timestamp) {
    let at_odds = is_at_odds(content);
    let mut fields = command.fields.clone();
    if command.seo != SeoPatch::default() {
        fields.seo = Some(command.seo.applied_to(&content.fields.seo));
    }
    content.fields.apply(&fields);
    if let Some(name) = &command.content_type {
        content.content_type.clone_from(name);
    }
    if command.take_back {
        content.deleted_at = None;
    }
    show_in_conflict(content, &fields);
    finish(content, at_odds, now);
}

pub(super) fn delete(content: &mut Content, now: Timestamp) {
    let at_odds = is_at_odds(content);
    content.deleted_at = Some(now);
    finish(content, at_odds, now);
}

/// Settles a conflict and tells it; none where there is none.
pub(super) fn resolve(content: &mut Content, keep: Side, actor: Actor, now: Timestamp) -> Option<NewEvent> {
    let link = content.link.as_ref()?;
    let (integration_id, external_id) = (link.integration_id, link.external_id.clone());
    let fields = content.resolve(keep, now)?;
    let keep = match keep {
        Side::Local => "local",
        Side::External => "external",
    };
    Some(NewEvent {
        account_id: content.account_id,
        site_id: content.site_id,
        integration_id,
        event_type: EventType::Content,
        action: Action::Resolved,
        success: true,
        content_id: Some(content.id),
        external_id: Some(external_id),
        run_id: None,
        actor,
        details: json!({ "keep": keep, "fields": fields }),
        error_code: None,
        error_message: None,
        duration_ms: None,
        created_at: now,
    })
}

/// Whether it is in conflict because one side removed what the other changed.
fn is_at_odds(content: &Content) -> bool {
    content
        .conflict
        .as_ref()
        .is_some_and(|conflict| conflict.external_deleted != content.deleted_at.is_some())
}

fn finish(content: &mut Content, was_at_odds: bool, now: Timestamp) {
    content.failure = None;
    let about_existence = content
        .conflict
        .as_ref()
        .is_some_and(|conflict| conflict.fields.keys().all(|field| *field == Field::Status));
    if was_at_odds && about_existence && !is_at_odds(content) {
        // The person did what the site had done: that settles it.
        content.resolve(Side::External, now);
    }
    content.settle();
}

/// A conflict shows the writer's side as it is now.
fn show_in_conflict(content: &mut Content, changed: &FieldPatch) {
    let Some(conflict) = &mut content.conflict else { return };
    for (field, shown) in &mut conflict.fields {
        let stands_for_deletion = *field == Field::Status && content.deleted_at.is_some();
        if let Some(value) = changed.value(*field).filter(|_| !stands_for_deletion) {
            shown.local = value;
        }
    }
}
