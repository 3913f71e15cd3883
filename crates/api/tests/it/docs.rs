//! The API described, and held to what it says of itself.

use igny8_integration_api::{openapi, table};
use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::world::{Tenant, World};

fn document() -> anyhow::Result<Value> {
    Ok(serde_json::from_str(openapi()?)?)
}

#[test]
fn every_route_is_in_the_document_and_nothing_else() -> anyhow::Result<()> {
    let document = document()?;
    assert_eq!(document["openapi"], "3.1.0");
    let described =
        |method: &str, path: &str| document["paths"][path].get(method.to_ascii_lowercase()).is_some();
    for endpoint in table() {
        assert!(described(endpoint.method.as_str(), &endpoint.path), "{} {}", endpoint.method, endpoint.path);
    }
    let operations =
        document["paths"].as_object().into_iter().flatten().filter_map(|(_, item)| item.as_object());
    assert_eq!(operations.map(serde_json::Map::len).sum::<usize>(), table().len());
    Ok(())
}

#[test]
fn the_document_moves_only_when_somebody_means_it() -> anyhow::Result<()> {
    insta::assert_snapshot!("openapi", openapi()?);
    Ok(())
}

#[test]
fn every_reference_leads_somewhere() -> anyhow::Result<()> {
    let document = document()?;
    let text = document.to_string();
    let references: std::collections::BTreeSet<&str> =
        text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 10, "{references:?}");
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    Ok(())
}

/// What no field and no parameter takes, so that an answer which names it shows that it is read.
fn wrong(shape: &Value) -> Option<Value> {
    let kind = shape["type"].as_array().and_then(|kinds| kinds.first()).unwrap_or(&shape["type"]);
    match kind.as_str() {
        Some("string") => Some(json!(7)),
        Some("null") => Some(json!("2026-01-01T00:00:00Z")),
        Some("integer" | "boolean" | "object" | "array") => Some(json!("no such thing")),
        _ => None,
    }
}

/// The path of an operation, for things that are there.
fn concrete(path: &str) -> String {
    path.replace("{run_id}", "1").replace("{id}", "1")
}

/// Who may send there: a site's plugin alone delivers.
fn sender<'t>(tenant: &'t Tenant, path: &str) -> &'t str {
    if path.contains("webhooks/") { &tenant.key } else { &tenant.owner }
}

async fn world() -> anyhow::Result<(World, Tenant)> {
    let settings = igny8_integration_api::Settings {
        throttles: igny8_integration_api::Throttles { integration: None, onboarding: None, webhooks: None },
        ..igny8_integration_api::Settings::default()
    };
    let world = World::with(settings)?;
    let tenant = world.tenant("acme").await?;
    world.integration(&tenant).await?;
    let content = json!({"site_id": tenant.site.get(), "title": "One", "html": ""});
    world.send(&tenant.owner, "POST", "content/", &content).await?;
    Ok((world, tenant))
}

/// The operations that have a body, with its schema.
fn bodies(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if schema.is_object() {
                found.push((method.to_uppercase(), concrete(path), schema.clone()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_a_body_in_the_document_is_read() -> anyhow::Result<()> {
    let (world, tenant) = world().await?;
    for (method, path, schema) in bodies(&document()?) {
        for (name, shape) in schema["properties"].as_object().into_iter().flatten() {
            let value = wrong(shape).ok_or_else(|| anyhow::anyhow!("{path}: {name} has no type"))?;
            let response = world.send(sender(&tenant, &path), &method, &path, &json!({name: value})).await?;
            let named = response.errors().iter().any(|error| error.starts_with(&format!("{name}:")));
            assert!(named, "{method} {path}: {name} is not read: {}", response.json());
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_document_requires_is_required() -> anyhow::Result<()> {
    let (world, tenant) = world().await?;
    for (method, path, schema) in bodies(&document()?) {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        if required.is_empty() {
            continue;
        }
        let errors = world.send(sender(&tenant, &path), &method, &path, &json!({})).await?.errors();
        let mut named: Vec<&str> =
            errors.iter().filter_map(|error| error.strip_suffix(": required")).collect();
        named.sort_unstable();
        let mut required: Vec<&str> = required.iter().filter_map(Value::as_str).collect();
        required.sort_unstable();
        assert_eq!(named, required, "{method} {path}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_of_a_query_in_the_document_is_read() -> anyhow::Result<()> {
    let (world, tenant) = world().await?;
    let document = document()?;
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for parameter in item["get"]["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] != "query" {
                continue;
            }
            let name = parameter["name"].as_str().unwrap_or_default();
            // Text of any kind is fine but for U+0000; nothing else takes it either.
            let response = world.get(&tenant.owner, &format!("{}?{name}=%00", concrete(path))).await?;
            let named = response.errors().iter().any(|error| error.starts_with(&format!("{name}:")));
            assert!(named, "{path}: {name} is not read: {}", response.json());
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_docs_come_from_the_binary_alone() -> anyhow::Result<()> {
    let world = World::start()?;
    let get =
        async |target: &str| -> anyhow::Result<Response> { world.ask(Request::new("GET", target)).await };
    let served = get("openapi.json").await?;
    assert_eq!((served.status, served.json()), (200, document()?));
    let page = get("docs/").await?;
    let html = String::from_utf8(page.body.clone())?;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")));
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        assert!(html.contains(file), "{html}");
        assert_eq!(get(&format!("docs/{file}")).await?.status, 200, "{file}");
    }
    let script = String::from_utf8(get("docs/swagger-initializer.js").await?.body)?;
    assert!(script.contains("../openapi.json"), "{script}");
    let errors = String::from_utf8(get("docs/errors").await?.body)?;
    assert!(errors.contains("id=\"validation_error\""));
    let bare = get("docs").await?;
    assert_eq!((bare.status, bare.header("content-type")), (200, Some("text/html")));
    assert!(String::from_utf8(bare.body)?.contains("<base href=\"docs/\">"));
    assert_eq!(get("docs/no-such-file.js").await?.problem(), (404, "not_found".into()));
    Ok(())
}
