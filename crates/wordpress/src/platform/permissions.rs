//! What the connected user may do, from the capabilities that the site shows.

use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Has {
    Yes,
    No,
    /// Some plugins put words of their own where yes or no belongs.
    Unknown,
}

/// Without this nothing can be synced at all.
const NEEDED: &str = "edit_posts";

/// What else helps, and what is missing without it.
const USEFUL: [(&str, &str); 6] = [
    ("publish_posts", "posts are not published but wait on the site as pending: the user may not publish"),
    ("edit_others_posts", "posts of other authors are neither read nor changed: the user may not edit them"),
    ("edit_published_posts", "published posts are not changed: the user may not edit them"),
    ("edit_pages", "pages are neither read nor changed: the user may not edit them"),
    ("manage_categories", "new categories are not created: the user may not manage categories"),
    ("upload_files", "pictures are not uploaded: the user may not upload files"),
];

/// What will not work, or none at all where even drafts cannot be edited.
pub(super) fn limitations(capabilities: &Value) -> Option<Vec<String>> {
    if read(capabilities, NEEDED) == Has::No {
        return None;
    }
    let missing = USEFUL.iter().filter(|(name, _)| read(capabilities, name) == Has::No);
    Some(missing.map(|(_, without)| (*without).to_owned()).collect())
}

/// Old sites keep `"1"` for yes and an empty text for no.
fn read(capabilities: &Value, name: &str) -> Has {
    match capabilities.get(name) {
        None | Some(Value::Null | Value::Bool(false)) => Has::No,
        Some(Value::Bool(true)) => Has::Yes,
        Some(Value::Number(number)) => {
            if number.as_f64() == Some(0.0) {
                Has::No
            } else {
                Has::Yes
            }
        }
        Some(Value::String(text)) => match text.as_str() {
            "" | "0" => Has::No,
            "1" | "true" => Has::Yes,
            _ => Has::Unknown,
        },
        Some(Value::Array(_) | Value::Object(_)) => Has::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yes_and_no_come_in_many_forms() {
        let capabilities = json!({"edit_posts": 1, "publish_posts": true, "edit_others_posts": "1",
            "edit_published_posts": "custom", "edit_pages": "", "manage_categories": 0, "upload_files": false});
        let missing = limitations(&capabilities).unwrap();
        assert_eq!(missing.len(), 3);
        assert!(missing[0].starts_with("pages are"));
    }

    #[test]
    fn who_may_not_edit_posts_at_all_is_no_use() {
        assert_eq!(limitations(&json!({"read": true})), None);
        assert_eq!(limitations(&json!([])), None);
        assert_eq!(limitations(&json!({"edit_posts": ""})), None);
    }

    #[test]
    fn an_editor_lacks_nothing() {
        let editor: serde_json::Map<String, Value> =
            USEFUL.iter().map(|(name, _)| ((*name).to_owned(), json!(true))).collect();
        let mut editor = Value::Object(editor);
        editor["edit_posts"] = json!(true);
        assert_eq!(limitations(&editor), Some(Vec::new()));
    }
}
