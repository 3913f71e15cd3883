//! The API described: the document for machines, a page to browse it, and what each error means. All of it comes from
//! the binary.

use std::sync::{Arc, LazyLock};

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use utoipa_swagger_ui::Config;

use super::PlainCall;
use crate::answer::Answer;
use crate::openapi::document;
use crate::problem::Problem;

const HTML: &str = "text/html; charset=utf-8";

/// Nothing from elsewhere; the page's own styles are inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
);

/// Made once for all workers: it is large.
static DOCUMENT: LazyLock<Result<String, serde_json::Error>> = LazyLock::new(|| document().to_pretty_json());

static ERRORS: LazyLock<String> = LazyLock::new(|| errors_page(include_str!("../../../../docs/errors.md")));

/// Where the page finds what; relative, so that it works behind any prefix.
static PAGE: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::new(["../openapi.json"]).validator_url("none")));

/// The OpenAPI document as JSON.
pub fn openapi() -> Result<&'static str, &'static serde_json::Error> {
    DOCUMENT.as_ref().map(String::as_str)
}

pub async fn machine(_: PlainCall) -> Result<Answer, Problem> {
    let document = openapi().map_err(|error| Problem::internal(anyhow::Error::new(error)))?;
    Ok(Answer::text(StatusCode::OK, "application/json", document.to_owned()))
}

pub async fn page(call: PlainCall) -> Result<Answer, Problem> {
    let (content_type, mut html) = stored("index.html")?;
    if !call.path.ends_with('/') {
        // The page's addresses are relative to its slash.
        html =
            String::from_utf8_lossy(&html).replacen("<head>", "<head><base href=\"docs/\">", 1).into_bytes();
    }
    shown(&content_type, html)
}

pub async fn asset(call: PlainCall) -> Result<Answer, Problem> {
    let (content_type, bytes) = stored(call.file.as_deref().unwrap_or_default())?;
    shown(&content_type, bytes)
}

pub async fn errors(_: PlainCall) -> Result<Answer, Problem> {
    Ok(Answer::text(StatusCode::OK, HTML, ERRORS.clone()).with(CONTENT_SECURITY_POLICY, POLICY))
}

/// A file of the page, and its type.
fn stored(name: &str) -> Result<(String, Vec<u8>), Problem> {
    let found = utoipa_swagger_ui::serve(name, Arc::clone(&PAGE));
    let file = found
        .map_err(|error| Problem::internal(anyhow::anyhow!("{error}")))?
        .ok_or_else(Problem::not_found)?;
    Ok((file.content_type, file.bytes.into_owned()))
}

fn shown(content_type: &str, bytes: Vec<u8>) -> Result<Answer, Problem> {
    let answer = Answer::bytes(content_type, bytes)?;
    Ok(answer.with(CONTENT_SECURITY_POLICY, POLICY).with(CACHE_CONTROL, HeaderValue::from_static("no-cache")))
}

/// One section for each row of the table, its code for an anchor.
fn errors_page(markdown: &str) -> String {
    let rows = markdown.lines().filter(|line| line.starts_with("| `"));
    let sections: String = rows.map(section).collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Errors</title>\
         <style>body{{font:16px/1.5 sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}}\
         :target{{background:#ffd}}</style>\
         <h1>Errors</h1><p>Act on <code>code</code>; quote <code>request_id</code> to whoever operates the service.</p>\
         {sections}</html>"
    )
}

fn section(row: &str) -> String {
    let mut cells = row.trim_matches('|').split(" | ").map(|cell| escape(cell.trim()));
    let mut cell = || cells.next().unwrap_or_default();
    let (code, status, when, who) = (cell(), cell(), cell(), cell());
    let code = code.trim_matches('`');
    let prose = |text: &str| {
        let parts = text.split('`').enumerate();
        parts
            .map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
            .collect::<String>()
    };
    format!(
        "<h2 id=\"{code}\"><code>{code}</code> ({status})</h2><p>{}</p><p>{}</p>",
        prose(&when),
        prose(&who)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    #[test]
    fn every_code_has_its_place_on_the_page() {
        for code in Code::ALL {
            let anchor = format!("<h2 id=\"{}\"><code>", code.as_str());
            assert!(ERRORS.contains(&anchor), "{anchor}");
        }
        assert!(!ERRORS.contains('`'));
    }
}
