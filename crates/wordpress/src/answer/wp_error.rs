//! WordPress's own errors: `{"code", "message", "data": {"status"}}`, where `data` may be anything.

use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
pub struct WpError {
    /// WordPress's or a plugin's machine word; cut to what a word looks like.
    pub code: String,
    /// As the site sent it: never to be shown before a `Redactor` went over it.
    pub message: String,
    /// The status it names, which some servers replace by another one.
    pub status: Option<u16>,
    /// The rest, `term_id` for a term that exists, say.
    pub data: Value,
}

impl WpError {
    /// Reads an error object, whatever kind `data` is of.
    pub fn read(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let code = match object.get("code")? {
            Value::String(code) => code.clone(),
            Value::Number(code) => code.to_string(),
            _ => return None,
        };
        let message = object.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !object.contains_key("message") && !object.contains_key("data") {
            return None;
        }
        let data = object.get("data").cloned().unwrap_or(Value::Null);
        let status = match data.get("status") {
            Some(Value::Number(status)) => status.as_u64().and_then(|status| u16::try_from(status).ok()),
            Some(Value::String(status)) => status.parse().ok(),
            _ => None,
        };
        Some(Self { code: word(&code), message, status, data })
    }

    /// Whether it says that the site is closed for a while: an update, or a plugin that closes it meanwhile.
    pub fn tells_maintenance(&self, status: u16) -> bool {
        const WORDS: [&str; 4] = ["maintenance", "coming_soon", "comingsoon", "under_construction"];
        let code = self.code.to_ascii_lowercase();
        status == 503 || (matches!(status, 401 | 403) && WORDS.iter().any(|word| code.contains(word)))
    }

    /// The id of the term that is there already (`term_exists`): `data` is an object, or the bare id.
    pub fn term_id(&self) -> Option<u64> {
        let id = self.data.get("term_id").unwrap_or(&self.data);
        id.as_u64().or_else(|| id.as_str().and_then(|id| id.parse().ok())).filter(|id| *id > 0)
    }
}

/// Codes end up in our own answers and logs: only what a machine word is made of, at most 64 of it.
fn word(code: &str) -> String {
    let kept: String =
        code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).take(64).collect();
    if kept.is_empty() { "unknown".to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::object(json!({"status": 404}), Some(404))]
    #[case::text_status(json!({"status": "403"}), Some(403))]
    #[case::text(json!("could not insert"), None)]
    #[case::null(json!(null), None)]
    #[case::list(json!([]), None)]
    #[case::odd_status(json!({"status": {"a": 1}}), None)]
    fn data_of_any_kind_is_read(#[case] data: Value, #[case] status: Option<u16>) {
        let error = WpError::read(&json!({"code": "x_y", "message": "m", "data": data})).unwrap();
        assert_eq!((error.code.as_str(), error.status), ("x_y", status));
    }

    #[test]
    fn missing_data_is_read() {
        assert_eq!(WpError::read(&json!({"code": "a", "message": "m"})).unwrap().status, None);
    }

    #[rstest]
    #[case(json!([]))]
    #[case(json!("error"))]
    #[case(json!({"id": 1, "message": "m"}))]
    #[case(json!({"code": "a"}))]
    #[case(json!({"code": null, "message": "m"}))]
    fn other_values_are_no_errors(#[case] value: Value) {
        assert_eq!(WpError::read(&value), None);
    }

    #[rstest]
    #[case(json!({"status": 400, "term_id": 7}), Some(7))]
    #[case(json!({"term_id": "7"}), Some(7))]
    #[case(json!(7), Some(7))]
    #[case(json!("7"), Some(7))]
    #[case(json!({"status": 400}), None)]
    #[case(json!(null), None)]
    fn the_existing_term_is_named(#[case] data: Value, #[case] id: Option<u64>) {
        let error = WpError::read(&json!({"code": "term_exists", "message": "m", "data": data})).unwrap();
        assert_eq!(error.term_id(), id);
    }

    #[rstest]
    #[case(503, "wp_die", true)]
    #[case(401, "rest_maintenance", true)]
    #[case(403, "cmp_coming_soon", true)]
    #[case(401, "rest_not_logged_in", false)]
    #[case(500, "rest_maintenance", false)]
    fn maintenance_is_told_from_a_refusal(#[case] status: u16, #[case] code: &str, #[case] tells: bool) {
        let error = WpError::read(&json!({"code": code, "message": "m"})).unwrap();
        assert_eq!(error.tells_maintenance(status), tells);
    }

    #[test]
    fn a_code_is_a_word() {
        let error = WpError::read(&json!({"code": "<b>bad code</b>\n", "message": "m"})).unwrap();
        assert_eq!(error.code, "bbadcodeb");
    }
}
