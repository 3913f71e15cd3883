//! Integrations on the wire.

use igny8_integration_domain::integration::{
    ConflictPolicy, Credentials, CredentialsPatch, PlatformName, SiteUrl, StatusError, SyncStatus,
};
use igny8_integration_domain::ports::storage::{IntegrationFilter, IntegrationOrder};
use igny8_integration_domain::service::integration::{
    CreateIntegration, IntegrationView, PatchIntegration, ReplaceIntegration,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use super::body;
use super::field::{Field, Refusal};
use super::query::Parameters;
use super::structure::StructureResponse;
use super::time;
use crate::openapi::parameter::{Kind, QueryParameter, query};
use crate::openapi::shape::{self, optional, required};

const PLATFORMS: &str = "wordpress, shopify, custom";
const POLICIES: &str = "ask, prefer_igny8, prefer_wordpress";
const STATUSES: &str = "never, queued, syncing, success, partial, failed";

const ORDERINGS: &str = "id, -id, created_at, -created_at, last_sync_at, -last_sync_at";

/// How many of a key's last characters a list shows.
const SHOWN_OF_KEY: usize = 4;

#[derive(Debug, Serialize, ToSchema)]
pub struct IntegrationResponse {
    id: i64,
    site_id: i64,
    site_name: String,
    #[schema(schema_with = platform_shape)]
    platform: &'static str,
    config_json: ConfigResponse,
    api_key: Option<String>,
    username: Option<String>,
    has_application_password: bool,
    is_active: bool,
    sync_enabled: bool,
    #[schema(schema_with = policy_shape)]
    conflict_policy: &'static str,
    #[schema(schema_with = status_shape)]
    sync_status: &'static str,
    sync_error: Option<StatusErrorResponse>,
    last_sync_at: Option<String>,
    created_at: String,
    updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ConfigResponse {
    site_url: String,
    content_types: Option<StructureResponse>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StatusErrorResponse {
    code: String,
    message: String,
}

impl From<StatusError> for StatusErrorResponse {
    fn from(error: StatusError) -> Self {
        Self { code: error.code, message: error.message }
    }
}

impl IntegrationResponse {
    /// One of a list: of the key no more than its end.
    pub fn masked(view: IntegrationView) -> Self {
        Self::new(view, |key| mask(key.expose_secret()))
    }

    /// One, with its key.
    pub fn full(view: IntegrationView) -> Self {
        Self::new(view, |key| key.expose_secret().to_owned())
    }

    fn new(view: IntegrationView, show: impl FnOnce(&SecretString) -> String) -> Self {
        let integration = view.integration;
        Self {
            id: integration.id.get(),
            site_id: integration.site_id.get(),
            site_name: integration.site_name,
            platform: integration.platform.as_str(),
            config_json: ConfigResponse {
                site_url: integration.site_url.to_string(),
                content_types: integration.structure.map(StructureResponse::from),
            },
            api_key: view.api_key.as_ref().map(show),
            username: view.username,
            has_application_password: view.has_application_password,
            is_active: integration.is_active,
            sync_enabled: integration.sync_enabled,
            conflict_policy: integration.conflict_policy.as_str(),
            sync_status: integration.sync_status.as_str(),
            sync_error: integration.sync_error.map(StatusErrorResponse::from),
            last_sync_at: integration.last_sync_at.map(time),
            created_at: time(integration.created_at),
            updated_at: time(integration.updated_at),
        }
    }
}

fn mask(key: &str) -> String {
    let hidden = key.chars().count().saturating_sub(SHOWN_OF_KEY);
    format!("…{}", key.chars().skip(hidden).collect::<String>())
}

/// The parameters that [`filter`] reads.
pub const PARAMETERS: &[QueryParameter] = &[
    query("site_id", Kind::Id),
    query("platform", Kind::Words(PLATFORMS)),
    query("is_active", Kind::Boolean),
    query("sync_status", Kind::Words(STATUSES)),
    query("search", Kind::Text),
    query("ordering", Kind::Words(ORDERINGS)),
];

/// The filters of the list.
pub fn filter(query: &Parameters<'_>) -> IntegrationFilter {
    let (order, descending) = query.parsed("ordering", ordering).unwrap_or_default();
    IntegrationFilter {
        site_id: query.id("site_id"),
        platform: query.word("platform", PlatformName::from_word, PLATFORMS),
        is_active: query.boolean("is_active"),
        sync_status: query.word("sync_status", SyncStatus::from_word, STATUSES),
        search: query.search(),
        order,
        descending,
        ..IntegrationFilter::default()
    }
}

fn ordering(text: &str) -> Result<(IntegrationOrder, bool), Refusal> {
    let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
    let order = match name {
        "id" => IntegrationOrder::Id,
        "created_at" => IntegrationOrder::CreatedAt,
        "last_sync_at" => IntegrationOrder::LastSyncAt,
        _ => {
            return Err(Refusal::new("invalid_choice", format!("must be one of {ORDERINGS}")));
        }
    };
    Ok((order, descending))
}

/// What [`create`] and [`replace`] read. For a change site and platform may be left out.
pub fn whole_shape(is_new: bool) -> Object {
    let identity = |name, shape| if is_new { required(name, shape) } else { optional(name, shape) };
    let nullable_text = || shape::nullable(shape::text());
    shape::object([
        identity("site_id", shape::id()),
        identity("platform", shape::words(PLATFORMS)),
        optional("config_json", shape::nullable(shape::object([optional("site_url", nullable_text())]))),
        optional("credentials_json", shape::nullable(credentials_shape())),
        optional("is_active", shape::boolean()),
        optional("sync_enabled", shape::boolean()),
        optional("conflict_policy", shape::words(POLICIES)),
    ])
}

/// What [`patch`] reads.
pub fn patch_shape() -> Object {
    shape::object([
        optional("site_id", shape::id()),
        optional("platform", shape::words(PLATFORMS)),
        optional("config_json", shape::object([optional("site_url", shape::nullable(shape::text()))])),
        optional("credentials_json", credentials_shape()),
        optional("is_active", shape::boolean()),
        optional("sync_enabled", shape::boolean()),
        optional("conflict_policy", shape::words(POLICIES)),
    ])
}

fn credentials_shape() -> Object {
    let names = ["api_key", "username", "application_password"];
    shape::object(names.map(|name| optional(name, shape::nullable(shape::text()))))
}

fn platform_shape() -> Object {
    shape::words(PLATFORMS)
}

fn policy_shape() -> Object {
    shape::words(POLICIES)
}

pub fn status_shape() -> Object {
    shape::words(STATUSES)
}

/// What POST asks for.
pub fn create(body: &body::Object<'_>) -> Option<CreateIntegration> {
    let site_id = body.id("site_id").required();
    let platform = platform(body).required();
    let command = ReplaceIntegration { site_id, platform, ..whole(body, platform) };
    Some(CreateIntegration {
        site_id: site_id?,
        platform: platform?,
        site_url: command.site_url,
        credentials: command.credentials,
        is_active: command.is_active,
        sync_enabled: command.sync_enabled,
        conflict_policy: command.conflict_policy,
    })
}

/// What PUT asks for.
pub fn replace(body: &body::Object<'_>) -> ReplaceIntegration {
    let (site_id, platform) = (body.id("site_id").given(), platform(body).given());
    ReplaceIntegration { site_id, platform, ..whole(body, platform) }
}

/// What PATCH asks for.
pub fn patch(body: &body::Object<'_>) -> PatchIntegration {
    let config = body.object("config_json").given();
    let credentials = body.object("credentials_json").given();
    PatchIntegration {
        site_id: body.id("site_id").given(),
        platform: platform(body).given(),
        site_url: config.and_then(|config| site_url(&config).change()),
        credentials: credentials.map(|credentials| credentials_patch(&credentials)).unwrap_or_default(),
        is_active: body.boolean("is_active").given(),
        sync_enabled: body.boolean("sync_enabled").given(),
        conflict_policy: policy(body).given(),
    }
}

/// What POST and PUT share; what is left out has its default.
fn whole(body: &body::Object<'_>, platform: Option<PlatformName>) -> ReplaceIntegration {
    let config = body.object("config_json").optional();
    ReplaceIntegration {
        site_id: None,
        platform: None,
        site_url: config.and_then(|config| site_url(&config).optional()),
        credentials: credentials(body, platform),
        is_active: body.boolean("is_active").given().unwrap_or(true),
        sync_enabled: body.boolean("sync_enabled").given().unwrap_or(true),
        conflict_policy: policy(body).optional(),
    }
}

/// The credentials; where the platform is known, what it says of them is told with all the rest.
fn credentials(body: &body::Object<'_>, platform: Option<PlatformName>) -> Credentials {
    let given = body.object("credentials_json").optional();
    let credentials =
        given.map(|given| Credentials::default().patched(credentials_patch(&given))).unwrap_or_default();
    if let Some(platform) = platform {
        credentials.problems(platform).into_iter().for_each(|error| body.refuse(error));
    }
    credentials
}

fn credentials_patch(credentials: &body::Object<'_>) -> CredentialsPatch {
    let secret = |name| credentials.text(name).then(|text| Ok(SecretString::from(text))).change();
    CredentialsPatch {
        api_key: secret("api_key"),
        username: credentials.text("username").change(),
        application_password: secret("application_password"),
    }
}

fn platform<'b>(body: &body::Object<'b>) -> Field<'b, PlatformName> {
    body.word("platform", PlatformName::from_word, PLATFORMS)
}

fn policy<'b>(body: &body::Object<'b>) -> Field<'b, ConflictPolicy> {
    body.word("conflict_policy", ConflictPolicy::from_word, POLICIES)
}

fn site_url<'b>(config: &body::Object<'b>) -> Field<'b, SiteUrl> {
    config.text("site_url").then(|text| Ok(SiteUrl::parse("site_url", &text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("abcdefghijkl", "…ijkl")]
    #[case("schlüssel", "…ssel")]
    #[case("abc", "…abc")]
    fn a_list_shows_no_more_than_the_end_of_a_key(#[case] key: &str, #[case] shown: &str) {
        assert_eq!(mask(key), shown);
    }
}
