//! `ETag` and `If-Match` (RFC 9110): a strong tag of a row's version.

use actix_web::http::header::{HeaderMap, IF_MATCH};

/// The tag of a version.
pub fn tag(version: i64) -> String {
    format!("\"{version}\"")
}

/// What the client knows of the row that it wants to change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// Nothing: any version will do.
    #[default]
    Absent,
    /// `*`: any version, but there must be one.
    Any,
    /// One of these versions. Empty where no tag in the header can be one: then nothing matches.
    Versions(Vec<i64>),
}

impl IfMatch {
    pub fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(IF_MATCH).peekable();
        if values.peek().is_none() {
            return Self::Absent;
        }
        let text: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        let text = text.join(",");
        if text.trim() == "*" {
            Self::Any
        } else {
            Self::Versions(text.split(',').filter_map(version).collect())
        }
    }
}

/// No row is ever at it.
const NO_VERSION: i64 = -1;

impl IfMatch {
    /// The one version that is asked for, where the header asks for any.
    pub fn version(&self) -> Option<i64> {
        match self {
            Self::Absent | Self::Any => None,
            Self::Versions(versions) => Some(versions.first().copied().unwrap_or(NO_VERSION)),
        }
    }

    /// As [`Self::version`], where several were named and the row is at `now`.
    pub fn choose(&self, now: i64) -> i64 {
        match self {
            Self::Versions(versions) if !versions.contains(&now) => NO_VERSION,
            _ => now,
        }
    }
}

/// The version that a strong tag of ours names; none for a weak tag or one that is not ours.
fn version(tag: &str) -> Option<i64> {
    let digits = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    let is_ours = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_ours)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[rstest::rstest]
    #[case::own(&tag(7), IfMatch::Versions(vec![7]))]
    #[case::any(" * ", IfMatch::Any)]
    #[case::list("\"6\", \"7\"", IfMatch::Versions(vec![6, 7]))]
    #[case::weak("W/\"7\"", IfMatch::Versions(vec![]))]
    #[case::bare("7", IfMatch::Versions(vec![]))]
    #[case::foreign("\"xyzzy\"", IfMatch::Versions(vec![]))]
    #[case::overflow("\"99999999999999999999\"", IfMatch::Versions(vec![]))]
    #[case::empty("", IfMatch::Versions(vec![]))]
    fn only_strong_tags_of_ours_name_a_version(#[case] header: &str, #[case] expected: IfMatch) {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, HeaderValue::from_str(header).unwrap());
        assert_eq!(IfMatch::of(&headers), expected);
        assert_eq!(IfMatch::of(&HeaderMap::new()), IfMatch::Absent);
    }
}
