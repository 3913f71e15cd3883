//! The API held to its contract: every route of it, and every name of a metric.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use igny8_integration_api::{BASE_PATH, openapi, table};
use serde_json::Value;

/// The contract's routes below the base path, by what they are for.
const CONTRACT: &[(&str, &[&str])] = &[
    ("integrations/", &["GET", "POST"]),
    ("integrations/test-connection/", &["POST"]),
    ("integrations/{id}/", &["GET", "PUT", "PATCH", "DELETE"]),
    ("integrations/{id}/test_connection/", &["POST"]),
    ("integrations/{id}/sync_status/", &["GET"]),
    ("integrations/{id}/update_site_structure/", &["POST"]),
    ("integrations/{id}/get_content_types/", &["GET", "PATCH"]),
    ("integrations/{id}/debug_status/", &["GET"]),
    ("integrations/{id}/sync_wordpress_content/", &["POST"]),
    ("integrations/{id}/sync/", &["POST"]),
    ("integrations/{id}/runs/", &["GET"]),
    ("integrations/{id}/runs/{run_id}/", &["GET"]),
    ("integrations/{id}/runs/{run_id}/stream/", &["GET"]),
    ("integrations/{id}/runs/{run_id}/cancel/", &["POST"]),
    ("integrations/{id}/retry_failed/", &["POST"]),
    ("integrations/{id}/events/", &["GET"]),
    ("webhooks/wordpress/status/", &["POST"]),
    ("webhooks/wordpress/metadata/", &["POST"]),
    ("content/", &["GET", "POST"]),
    ("content/{id}/", &["GET", "PATCH", "DELETE"]),
    ("content/{id}/resolve/", &["POST"]),
    ("openapi.json", &["GET"]),
    ("docs/", &["GET"]),
    ("docs/errors", &["GET"]),
    ("docs/{file}", &["GET"]),
];

const OPERATIONS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

type Routes = BTreeSet<(String, String)>;

fn contract() -> Routes {
    let api = CONTRACT.iter().flat_map(|(path, methods)| {
        methods.iter().map(move |method| (format!("{BASE_PATH}{path}"), (*method).to_owned()))
    });
    api.chain(OPERATIONS.map(|path| (path.to_owned(), "GET".to_owned()))).collect()
}

fn described() -> anyhow::Result<Routes> {
    let document: Value = serde_json::from_str(openapi()?)?;
    let paths = document["paths"].as_object().into_iter().flatten();
    Ok(paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, _)| (path.clone(), method.to_uppercase()))
        })
        .collect())
}

#[test]
fn the_document_describes_the_contracts_routes_and_no_others() -> anyhow::Result<()> {
    assert_eq!(described()?, contract());
    Ok(())
}

#[test]
fn the_router_serves_the_contracts_routes_and_no_others() {
    let served = table().into_iter().map(|endpoint| (endpoint.path, endpoint.method.to_string()));
    assert_eq!(served.collect::<Routes>(), contract());
}

/// Every Rust file of the crates' own code.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

/// The names that macros of the `metrics` facade are given in a source.
fn names_in(source: &str) -> impl Iterator<Item = &str> {
    let macros = ["counter!(", "gauge!(", "histogram!("];
    let calls = macros.into_iter().flat_map(move |call| source.split(call).skip(1));
    calls.filter_map(|arguments| arguments.trim_start().strip_prefix('"')?.split('"').next())
}

#[test]
fn the_table_of_metrics_has_every_name_and_no_other() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut counted = BTreeSet::new();
    for krate in std::fs::read_dir(root.join("crates"))? {
        let mut files = Vec::new();
        sources(&krate?.path().join("src"), &mut files)?;
        for file in files {
            counted.extend(names_in(&std::fs::read_to_string(file)?).map(str::to_owned));
        }
    }
    assert!(counted.contains("igny8_throttled_total"), "{counted:?}");
    let table = std::fs::read_to_string(root.join("docs/metrics.md"))?;
    let documented: BTreeSet<String> = table
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned()))
        .collect();
    assert_eq!(documented, counted);
    Ok(())
}
