//! A problem on the wire.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde_json::{Map, Value, json};

use super::Problem;

/// The media type of every error.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// In which request it happened.
pub struct Occurrence<'a> {
    pub request_id: &'a str,
    /// How the outside reaches this service, without a trailing slash.
    pub base: &'a str,
}

impl Problem {
    /// The response; a 5xx is logged here, once, with its chain.
    pub fn into_response(self, occurrence: &Occurrence<'_>) -> HttpResponse {
        self.log();
        let mut response = HttpResponse::build(self.code.status());
        response.insert_header((header::CONTENT_TYPE, CONTENT_TYPE));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        for (name, value) in &self.particulars.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        response.body(Value::Object(self.members(occurrence)).to_string())
    }

    fn log(&self) {
        let (code, status) = (self.code.as_str(), self.code.status().as_u16());
        if let Some(cause) = &self.particulars.cause {
            tracing::error!(code, status, error = format!("{cause:#}"), "request failed");
        } else if status < 500 {
            let fields: Vec<&str> =
                self.particulars.errors.iter().map(|error| error.field.as_str()).collect();
            tracing::info!(code, status, ?fields, "request refused");
        }
    }

    fn members(self, occurrence: &Occurrence<'_>) -> Map<String, Value> {
        let (code, particulars) = (self.code.as_str(), *self.particulars);
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        put("type", format!("{}{}#{code}", occurrence.base, crate::routes::ERRORS_PATH).into());
        put("title", self.code.title().into());
        put("status", self.code.status().as_u16().into());
        put("detail", particulars.detail.into());
        put("code", code.into());
        put("request_id", occurrence.request_id.into());
        if !particulars.errors.is_empty() {
            put("errors", json!(particulars.errors));
        }
        members.extend(particulars.more);
        members
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody as _;
    use igny8_integration_domain::validation::FieldError;

    use super::*;

    fn rendered(problem: Problem) -> (HttpResponse, Value) {
        let occurrence = Occurrence { request_id: "r-1", base: "https://api.example" };
        let (response, body) = problem.into_response(&occurrence).into_parts();
        let bytes = body.try_into_bytes().ok().unwrap();
        (response.map_into_boxed_body(), serde_json::from_slice(&bytes).unwrap())
    }

    #[test]
    fn a_problem_has_the_members_of_rfc_9457_and_the_contracts_own() {
        let (response, body) =
            rendered(Problem::invalid(vec![FieldError::new("site_id", "invalid", "a whole number")]));
        assert_eq!(response.status().as_u16(), 400);
        assert_eq!(response.headers().get("content-type").unwrap(), "application/problem+json");
        assert_eq!(
            body,
            json!({
                "type": "https://api.example/api/v1/integration/docs/errors#validation_error",
                "title": "The input is not valid",
                "status": 400,
                "detail": "site_id: a whole number",
                "code": "validation_error",
                "request_id": "r-1",
                "errors": [{"field": "site_id", "code": "invalid", "message": "a whole number"}],
            })
        );
    }

    #[test]
    fn a_server_error_tells_nothing_of_its_cause_and_when_to_come_back() {
        let (response, body) = rendered(Problem::unavailable(anyhow::anyhow!("SELECT * FROM secrets")));
        assert_eq!(response.status().as_u16(), 503);
        assert!(response.headers().contains_key("retry-after"));
        assert!(!body.to_string().contains("SELECT"));
    }
}
