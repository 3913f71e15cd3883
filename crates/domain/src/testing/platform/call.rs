//! What was asked of a site.

use crate::content::{Field, FieldPatch};
use crate::id::ContentId;

/// What kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the port's methods by name")]
pub enum CallKind {
    Test,
    Prove,
    Open,
    ContentTypes,
    List,
    Changes,
    Count,
    ListIds,
    Get,
    FindByMarker,
    Create,
    Update,
    Trash,
}

impl CallKind {
    /// Whether it changes something on the site.
    pub fn is_write(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Trash)
    }
}

/// One call, as it arrived at the site: whether it worked or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What kind.
    pub kind: CallKind,
    /// About which type of content.
    pub content_type: Option<String>,
    /// About which post.
    pub external_id: Option<String>,
    /// About which content.
    pub content_id: Option<ContentId>,
    /// Which fields it wrote.
    pub fields: Vec<Field>,
}

impl Call {
    pub(super) fn new(kind: CallKind) -> Self {
        Self { kind, content_type: None, external_id: None, content_id: None, fields: Vec::new() }
    }

    pub(super) fn of_type(kind: CallKind, content_type: &str) -> Self {
        Self { content_type: Some(content_type.to_owned()), ..Self::new(kind) }
    }

    #[must_use]
    pub(super) fn post(self, external_id: &str) -> Self {
        Self { external_id: Some(external_id.to_owned()), ..self }
    }

    #[must_use]
    pub(super) fn content(self, content_id: ContentId) -> Self {
        Self { content_id: Some(content_id), ..self }
    }

    #[must_use]
    pub(super) fn writing(self, fields: &FieldPatch) -> Self {
        Self { fields: fields.present(), ..self }
    }
}
