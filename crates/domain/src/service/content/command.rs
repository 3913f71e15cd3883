//! What people ask of contents. What breaks a rule can't be built.

use super::rules;
use crate::content::{ContentFields, FieldPatch, Seo, SeoPatch};
use crate::id::SiteId;
use crate::service::IdempotencyKey;
use crate::time::to_stored;
use crate::validation::ValidationErrors;

/// A content to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateContent {
    site_id: SiteId,
    content_type: String,
    fields: ContentFields,
    idempotency_key: Option<IdempotencyKey>,
}

impl CreateContent {
    /// A new one, or everything that is wrong with it, under the names of the contract. `content_type` is the
    /// platform's type name (`post`, `page`).
    pub fn new(
        site_id: SiteId,
        content_type: String,
        fields: ContentFields,
    ) -> Result<Self, ValidationErrors> {
        let mut errors: Vec<_> = rules::content_type_problem(&content_type).into_iter().collect();
        errors.extend(rules::blank_title_problem(&fields.title));
        errors.extend(rules::problems(&FieldPatch::from(&fields)));
        ValidationErrors::from_errors(errors)?;
        let publish_at = fields.publish_at.map(to_stored);
        let fields = ContentFields { publish_at, ..fields };
        Ok(Self { site_id, content_type, fields, idempotency_key: None })
    }

    /// With what the sender calls this request, so that it can be sent again.
    #[must_use]
    pub fn under(mut self, key: Option<IdempotencyKey>) -> Self {
        self.idempotency_key = key;
        self
    }

    /// What the sender calls this request.
    pub fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.idempotency_key.as_ref()
    }

    /// On which site.
    pub fn site_id(&self) -> SiteId {
        self.site_id
    }

    /// The platform's type name.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// What it says.
    pub fn fields(&self) -> &ContentFields {
        &self.fields
    }
}

/// A change of a content.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatchContent {
    pub(super) fields: FieldPatch,
    pub(super) site_id: Option<SiteId>,
    pub(super) content_type: Option<String>,
    pub(super) take_back: bool,
    pub(super) seo: SeoPatch,
}

impl PatchContent {
    /// A change of these fields, or everything that is wrong with them, under the names of the contract.
    pub fn new(fields: FieldPatch) -> Result<Self, ValidationErrors> {
        ValidationErrors::from_errors(rules::problems(&fields))?;
        let publish_at = fields.publish_at.map(|at| at.map(to_stored));
        Ok(Self { fields: FieldPatch { publish_at, ..fields }, ..Self::default() })
    }

    /// Changes parts of what search engines are told, or names what is wrong with them.
    pub fn with_seo(self, seo: SeoPatch) -> Result<Self, ValidationErrors> {
        let named = FieldPatch { seo: Some(seo.applied_to(&Seo::default())), ..FieldPatch::default() };
        ValidationErrors::from_errors(rules::problems(&named))?;
        Ok(Self { seo, ..self })
    }

    /// Its site, repeated; another one is refused.
    #[must_use]
    pub fn on_site(mut self, site_id: Option<SiteId>) -> Self {
        self.site_id = site_id;
        self
    }

    /// Its type; another one is refused once it has a post.
    #[must_use]
    pub fn of_type(mut self, content_type: Option<String>) -> Self {
        self.content_type = content_type;
        self
    }

    /// Takes a deletion back (`"deleted_at": null`); refused once the post is gone for good.
    #[must_use]
    pub fn taking_back(mut self, take_back: bool) -> Self {
        self.take_back = take_back;
        self
    }
}
