//! What a person asks of integrations.

use crate::id::SiteId;
use crate::integration::{ConflictPolicy, Credentials, CredentialsPatch, Integration, PlatformName, SiteUrl};
use crate::validation::FieldError;

/// An integration to be made.
#[derive(Clone, Debug)]
pub struct CreateIntegration {
    /// Of which site.
    pub site_id: SiteId,
    /// The kind of system.
    pub platform: PlatformName,
    /// Where the site answers; none for the site's own address.
    pub site_url: Option<SiteUrl>,
    /// What opens it.
    pub credentials: Credentials,
    /// Whether anything goes in or out.
    pub is_active: bool,
    /// Whether it has runs.
    pub sync_enabled: bool,
    /// Who decides about a conflict; none for what the account says.
    pub conflict_policy: Option<ConflictPolicy>,
}

/// All of an integration that can change (PUT).
#[derive(Clone, Debug)]
pub struct ReplaceIntegration {
    /// Its site, repeated; another one is refused.
    pub site_id: Option<SiteId>,
    /// Its platform, repeated; another one is refused.
    pub platform: Option<PlatformName>,
    /// Where the site answers; none for the site's own address.
    pub site_url: Option<SiteUrl>,
    /// What opens it.
    pub credentials: Credentials,
    /// Whether anything goes in or out.
    pub is_active: bool,
    /// Whether it has runs.
    pub sync_enabled: bool,
    /// Who decides about a conflict; none for what the account says.
    pub conflict_policy: Option<ConflictPolicy>,
}

/// A change of an integration (PATCH): none leaves a part.
#[derive(Clone, Debug, Default)]
pub struct PatchIntegration {
    /// Its site, repeated; another one is refused.
    pub site_id: Option<SiteId>,
    /// Its platform, repeated; another one is refused.
    pub platform: Option<PlatformName>,
    /// Where the site answers; inner none for the site's own address.
    pub site_url: Option<Option<SiteUrl>>,
    /// What opens it.
    pub credentials: CredentialsPatch,
    /// Whether anything goes in or out.
    pub is_active: Option<bool>,
    /// Whether it has runs.
    pub sync_enabled: Option<bool>,
    /// Who decides about a conflict.
    pub conflict_policy: Option<ConflictPolicy>,
}

/// What is wrong where a body names another site or platform than the integration's own.
pub(super) fn identity_problems(
    integration: &Integration,
    site_id: Option<SiteId>,
    platform: Option<PlatformName>,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if site_id.is_some_and(|id| id != integration.site_id) {
        errors.push(FieldError::new("site_id", "unchangeable", "an integration stays with its site"));
    }
    if platform.is_some_and(|name| name != integration.platform) {
        errors.push(FieldError::new("platform", "unchangeable", "an integration stays with its platform"));
    }
    errors
}
