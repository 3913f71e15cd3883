//! Every route there is, with what the OpenAPI document says of it. A path with a parameter comes after the plain ones
//! that it would match too.

use actix_web::http::{Method, StatusCode};

use super::{
    Endpoint, Handler, Judged, connection, contents, docs, events, health, integrations, runs, service,
    stream, structure, webhooks,
};
use crate::openapi::{Doc, shape};
use crate::problem::Code;
use crate::request::body;
use crate::wire::connection::{ConnectionResponse, OnboardedResponse, onboard_shape};
use crate::wire::content::{self, ContentResponse, ContentSummary, PulledResponse};
use crate::wire::debug_status::{self, DebugStatusResponse};
use crate::wire::event::{self, EventResponse};
use crate::wire::integration::{self, IntegrationResponse};
use crate::wire::run::{RunResponse, start_shape};
use crate::wire::structure::{self as site_structure, ContentTypesResponse, StructureStoredResponse};
use crate::wire::sync_status::SyncStatusResponse;
use crate::wire::webhook::{TakenInResponse, metadata_shape, status_shape};

const INTEGRATIONS: &str = "integrations";
const SYNC: &str = "sync";
const CONTENT: &str = "content";
const WEBHOOKS: &str = "webhooks";
const SERVICE: &str = "service";

macro_rules! endpoint {
    ($handler:expr, $method:ident $path:expr, $doc:expr) => {
        Endpoint {
            method: Method::$method,
            path: $path.to_owned(),
            limit: body::LIMIT,
            handler: $handler,
            doc: || $doc,
        }
    };
}

macro_rules! plain {
    ($method:ident $path:literal => $handler:path, $doc:expr) => {
        endpoint!(Handler::Plain(|call| Box::pin($handler(call))), $method $path, $doc)
    };
}

macro_rules! judged {
    ($kind:ident $method:ident $path:literal => $handler:path, $doc:expr) => {
        endpoint!(
            Handler::Judged(Judged::$kind(|call| Box::pin($handler(call)))),
            $method concat!("/api/v1/integration/", $path),
            $doc
        )
    };
}

/// Every route, in the order in which paths are matched.
pub fn table() -> Vec<Endpoint> {
    [operation_routes(), integration_routes(), sync_routes(), webhook_routes(), content_routes()].concat()
}

fn operation_routes() -> Vec<Endpoint> {
    vec![
        plain!(GET "/healthz" => service::healthz, Doc::new(SERVICE, "Whether the process answers").other("application/json")),
        plain!(GET "/readyz" => service::readyz,
            Doc::new(SERVICE, "Whether the node takes requests").other("application/json").refuses(&[Code::Unavailable])),
        plain!(GET "/metrics" => service::metrics, Doc::new(SERVICE, "Metrics for Prometheus").other("text/plain")),
        plain!(GET "/api/v1/integration/openapi.json" => docs::machine,
            Doc::new(SERVICE, "This document").other("application/json")),
        plain!(GET "/api/v1/integration/docs/" => docs::page, Doc::new(SERVICE, "A page to browse the API").other("text/html")),
        plain!(GET "/api/v1/integration/docs/errors" => docs::errors,
            Doc::new(SERVICE, "What each error code means").other("text/html")),
        plain!(GET "/api/v1/integration/docs/{file}" => docs::asset,
            Doc::new(SERVICE, "A file of that page").other("*/*").refuses(&[Code::NotFound])),
    ]
}

fn integration_routes() -> Vec<Endpoint> {
    vec![
        judged!(Signed GET "integrations/" => integrations::list,
            Doc::new(INTEGRATIONS, "The caller's integrations, keys masked")
                .pages::<IntegrationResponse>(integration::PARAMETERS)),
        judged!(Signed POST "integrations/" => integrations::create,
            Doc::new(INTEGRATIONS, "Connects a site to a platform")
                .takes(integration::whole_shape(true))
                .idempotent()
                .answers::<IntegrationResponse>(StatusCode::CREATED)
                .refuses(&[Code::NotFound, Code::AlreadyExists])),
        judged!(Open POST "integrations/test-connection/" => connection::onboard,
            Doc::new(INTEGRATIONS, "A site's plugin connects its site")
                .takes(onboard_shape())
                .ok::<OnboardedResponse>()
                .refuses(&[Code::ConnectionFailed, Code::InsufficientRole, Code::ApiKeyMismatch, Code::NotFound,
                           Code::SiteMoved])),
        judged!(Signed GET "integrations/{id}/" => integrations::get,
            Doc::new(INTEGRATIONS, "One integration, with its key").ok::<IntegrationResponse>()),
        judged!(Signed PUT "integrations/{id}/" => integrations::replace,
            Doc::new(INTEGRATIONS, "Changes all of an integration; what is left out goes to its default")
                .takes(integration::whole_shape(false))
                .if_match()
                .ok::<IntegrationResponse>()),
        judged!(Signed PATCH "integrations/{id}/" => integrations::patch,
            Doc::new(INTEGRATIONS, "Changes what is named; null removes")
                .takes(integration::patch_shape())
                .if_match()
                .ok::<IntegrationResponse>()),
        judged!(Signed DELETE "integrations/{id}/" => integrations::delete,
            Doc::new(INTEGRATIONS, "Deletes an integration with its runs and history; the site's content stays")
                .if_match()
                .no_content()),
        judged!(Signed POST "integrations/{id}/test_connection/" => connection::test,
            Doc::new(INTEGRATIONS, "Tests an integration as it is stored; a failed test is an answer")
                .may_take(shape::object([]))
                .ok::<ConnectionResponse>()
                .refuses(&[Code::PlatformNotSupported])),
        judged!(Signed GET "integrations/{id}/sync_status/" => integrations::sync_status,
            Doc::new(INTEGRATIONS, "Where its syncing stands").for_plugin().ok::<SyncStatusResponse>()),
        judged!(Signed POST "integrations/{id}/update_site_structure/" => structure::push,
            Doc::new(INTEGRATIONS, "Stores what the site consists of, as its plugin tells it")
                .for_plugin()
                .takes(site_structure::push_shape())
                .ok::<StructureStoredResponse>())
        .up_to(body::PUSH_LIMIT),
        judged!(Signed GET "integrations/{id}/get_content_types/" => structure::get,
            Doc::new(INTEGRATIONS, "What the site consists of, with what is here of each type")
                .for_plugin()
                .ok::<ContentTypesResponse>()),
        judged!(Signed PATCH "integrations/{id}/get_content_types/" => structure::choose,
            Doc::new(INTEGRATIONS, "Switches types on or off and limits them; what is not named stays")
                .takes(site_structure::choices_shape())
                .if_match()
                .ok::<ContentTypesResponse>()),
        judged!(Signed GET "integrations/{id}/debug_status/" => health::debug_status,
            Doc::new(INTEGRATIONS, "How well the connection is, why, and what to do")
                .narrowed(debug_status::PARAMETERS)
                .ok::<DebugStatusResponse>()),
        judged!(Signed POST "integrations/{id}/sync_wordpress_content/" => contents::pull,
            Doc::new(INTEGRATIONS, "Pulls one content from its site, now")
                .takes(content::pull_shape())
                .ok::<PulledResponse>()
                .refuses(&[Code::NoExternalId, Code::SyncDisabled, Code::PlatformNotSupported])),
    ]
}

fn sync_routes() -> Vec<Endpoint> {
    vec![
        judged!(Signed POST "integrations/{id}/sync/" => runs::start,
            Doc::new(SYNC, "Starts a run")
                .may_take(start_shape())
                .idempotent()
                .prefer_wait()
                .answers::<RunResponse>(StatusCode::ACCEPTED)
                .ok::<RunResponse>()
                .refuses(STARTING)),
        judged!(Signed POST "integrations/{id}/retry_failed/" => runs::retry_failed,
            Doc::new(SYNC, "Starts a run over every content that failed")
                .may_take(shape::object([]))
                .prefer_wait()
                .answers::<RunResponse>(StatusCode::ACCEPTED)
                .ok::<RunResponse>()
                .refuses(STARTING)),
        judged!(Signed GET "integrations/{id}/runs/" => runs::list,
            Doc::new(SYNC, "Runs, newest first").cursors::<RunResponse>(&[])),
        judged!(Signed GET "integrations/{id}/runs/{run_id}/" => runs::get,
            Doc::new(SYNC, "One run").ok::<RunResponse>()),
        judged!(Streamed GET "integrations/{id}/runs/{run_id}/stream/" => stream::follow,
            Doc::new(SYNC, "A run as it goes on: `progress` at once and after each page, then one `finished`")
                .header("Last-Event-ID", "The id of the last event that was read: nothing is told twice.")
                .other("text/event-stream")),
        judged!(Signed POST "integrations/{id}/runs/{run_id}/cancel/" => runs::cancel,
            Doc::new(SYNC, "Stops a run at its next item; one that has ended stays as it is")
                .may_take(shape::object([]))
                .answers::<RunResponse>(StatusCode::ACCEPTED)
                .ok::<RunResponse>()),
        judged!(Signed GET "integrations/{id}/events/" => events::list,
            Doc::new(SYNC, "History, newest first").cursors::<EventResponse>(event::PARAMETERS)),
    ]
}

/// What stands in the way of a run.
const STARTING: &[Code] = &[Code::SyncInProgress, Code::SyncDisabled, Code::PlatformNotSupported];

fn webhook_routes() -> Vec<Endpoint> {
    let routes = [
        judged!(Delivered POST "webhooks/wordpress/status/" => webhooks::status,
            Doc::new(WEBHOOKS, "A site tells the status of a post; 200 once it is on disk")
                .takes(status_shape())
                .signed()
                .ok::<TakenInResponse>()),
        judged!(Delivered POST "webhooks/wordpress/metadata/" => webhooks::metadata,
            Doc::new(WEBHOOKS, "A site tells all of a post but its body; 200 once it is on disk")
                .takes(metadata_shape())
                .signed()
                .ok::<TakenInResponse>()),
    ];
    routes.map(|endpoint| Endpoint { limit: body::PUSH_LIMIT, ..endpoint }).into()
}

fn content_routes() -> Vec<Endpoint> {
    vec![
        judged!(Signed GET "content/" => contents::list,
            Doc::new(CONTENT, "Contents, without bodies").pages::<ContentSummary>(content::PARAMETERS)),
        judged!(Signed POST "content/" => contents::create,
            Doc::new(CONTENT, "Writes a content; the next run publishes what is approved")
                .takes(content::create_shape())
                .idempotent()
                .answers::<ContentResponse>(StatusCode::CREATED)
                .refuses(&[Code::NotFound])),
        judged!(Signed GET "content/{id}/" => contents::get,
            Doc::new(CONTENT, "One content, deleted or not").ok::<ContentResponse>()),
        judged!(Signed PATCH "content/{id}/" => contents::patch,
            Doc::new(CONTENT, "Changes what is named; `deleted_at` null takes a deletion back")
                .takes(content::patch_shape())
                .if_match()
                .ok::<ContentResponse>()),
        judged!(Signed DELETE "content/{id}/" => contents::delete,
            Doc::new(CONTENT, "Marks a content deleted; its post goes to the trash").if_match().no_content()),
        judged!(Signed POST "content/{id}/resolve/" => contents::resolve,
            Doc::new(CONTENT, "Settles a conflict in favour of one side")
                .takes(content::keep_shape())
                .ok::<ContentResponse>()
                .refuses(&[Code::NoConflict])),
    ]
}
