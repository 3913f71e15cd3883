//! Asking the plugin which posts changed, all in one answer.

use igny8_integration_domain::ports::platform::{Changes, ExternalChange};
use igny8_integration_domain::time::Timestamp;
use serde_json::Value;

use super::dates::write_gmt;
use super::lookups::id_of;
use crate::site::{Failure, FailureKind, SiteClient};

const ROUTE: &str = "igny8/v1/changes";

/// None where the plugin can't tell: an older one, too many posts, a type that this user may not edit, a host that lets
/// no request to this route through or gives up on it.
pub(super) async fn read_changes(
    keyed: &SiteClient,
    content_types: &[String],
    after: Timestamp,
) -> Result<Option<Changes>, Failure> {
    let query = vec![
        ("types", content_types.join(",")),
        ("after", write_gmt(after)),
        ("_fields", "complete,posts".to_owned()),
    ];
    match keyed.read(ROUTE, query).await {
        Ok(reply) => {
            let posts = read_posts(&reply.value);
            Ok(posts.map(|posts| Changes { posts, server_time: reply.server_time() }))
        }
        Err(failure) if concerns_the_site(failure.kind) => Err(failure),
        Err(_) => Ok(None),
    }
}

/// Every other request would fare no better.
fn concerns_the_site(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Unauthorized | FailureKind::RateLimited | FailureKind::Unavailable)
}

fn read_posts(value: &Value) -> Option<Vec<ExternalChange>> {
    if value.get("complete").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    value.get("posts")?.as_array()?.iter().map(read_post).collect()
}

fn read_post(value: &Value) -> Option<ExternalChange> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    Some(ExternalChange {
        external_id: id_of(value)?.to_string(),
        content_type: text("type")?.to_owned(),
        version: text("version")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[test]
    fn a_whole_answer_is_taken() {
        let whole = json!({"complete": true, "posts": [{"id": 5, "type": "post", "version": "v5"}]});
        let post = ExternalChange {
            external_id: "5".to_owned(),
            content_type: "post".to_owned(),
            version: "v5".to_owned(),
        };
        assert_eq!(read_posts(&whole), Some(vec![post]));
        assert_eq!(read_posts(&json!({"complete": true, "posts": []})), Some(Vec::new()));
    }

    #[rstest]
    #[case::not_whole(json!({"complete": false, "posts": []}))]
    #[case::nothing(json!({}))]
    #[case::no_posts(json!({"complete": true}))]
    #[case::an_odd_post(json!({"complete": true, "posts": [{"id": 5, "type": "post"}]}))]
    #[case::another_thing(json!([]))]
    fn part_of_an_answer_is_none(#[case] value: Value) {
        assert_eq!(read_posts(&value), None);
    }
}
