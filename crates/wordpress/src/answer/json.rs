//! JSON as it arrives: clean nearly always, sometimes with a byte order mark, PHP's warnings before it or a
//! cache's comment after it.

use serde_json::Value;

/// How many places the JSON may begin at are tried in a body full of noise.
const MAX_STARTS: usize = 64;

/// How much of the noise is kept.
const NOISE_KEPT: usize = 400;

/// The same in a large body: each try may read it to its end, and nobody else is served meanwhile.
const MAX_STARTS_LARGE: usize = 4;

/// From where on a body is large.
const LARGE: usize = 1 << 20;

/// What was around the JSON. Worth a warning, no reason to refuse the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noise {
    ByteOrderMark,
    /// Text before it, PHP warnings mostly; the beginning of it, never to be shown before a `Redactor` went over it.
    Leading(String),
    /// Text after it, a cache's comment mostly; likewise.
    Trailing(String),
}

impl Noise {
    /// In our words alone.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::ByteOrderMark => "the site puts a byte order mark before its JSON",
            Self::Leading(_) => "the site puts text (PHP warnings, say) before its JSON",
            Self::Trailing(_) => "the site puts text (a cache's comment, say) after its JSON",
        }
    }

    /// In the site's own words, where there are any.
    pub fn text(&self) -> &str {
        match self {
            Self::ByteOrderMark => "",
            Self::Leading(text) | Self::Trailing(text) => text,
        }
    }
}

fn kept(noise: Option<&[u8]>) -> String {
    let noise = noise.unwrap_or_default();
    String::from_utf8_lossy(noise.get(..noise.len().min(NOISE_KEPT)).unwrap_or_default()).into_owned()
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub value: Value,
    pub noise: Option<Noise>,
}

/// The body holds no JSON object or list, or one that is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not JSON")]
pub struct NotJson;

/// Parses strictly first. Only where that fails the outermost object or list is looked for.
pub fn parse(body: &[u8]) -> Result<Parsed, NotJson> {
    let mut parsed = read(body)?;
    if contains(body, b"\\u0000") {
        drop_nul(&mut parsed.value);
    }
    Ok(parsed)
}

/// U+0000 is no character that a text here may hold, and PostgreSQL refuses it.
fn drop_nul(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|character| character != '\0'),
        Value::Array(items) => items.iter_mut().for_each(drop_nul),
        Value::Object(members) => members.values_mut().for_each(drop_nul),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

fn read(body: &[u8]) -> Result<Parsed, NotJson> {
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(Parsed { value, noise: None });
    }
    if let Some(rest) = body.strip_prefix(b"\xef\xbb\xbf")
        && let Ok(value) = serde_json::from_slice(rest)
    {
        return Ok(Parsed { value, noise: Some(Noise::ByteOrderMark) });
    }
    let found = largest(body).ok_or(NotJson)?;
    let noise = if found.start > 0 {
        Noise::Leading(kept(body.get(..found.start)))
    } else {
        Noise::Trailing(kept(body.get(found.end..)))
    };
    Ok(Parsed { value: found.value, noise: Some(noise) })
}

struct Found {
    start: usize,
    end: usize,
    value: Value,
}

/// The largest object or list in the body: a warning may hold a `[0]` of its own.
fn largest(body: &[u8]) -> Option<Found> {
    let mut best: Option<Found> = None;
    let mut from = 0;
    let starts = if body.len() < LARGE { MAX_STARTS } else { MAX_STARTS_LARGE };
    for _ in 0..starts {
        let rest = body.get(from..)?;
        let Some(skip) = rest.iter().position(|byte| matches!(byte, b'{' | b'[')) else {
            break;
        };
        let start = from + skip;
        let mut values = serde_json::Deserializer::from_slice(body.get(start..)?).into_iter::<Value>();
        from = start + 1;
        match values.next() {
            Some(Ok(value)) => {
                let end = start + values.byte_offset();
                from = end;
                if best.as_ref().is_none_or(|best| best.end - best.start < end - start) {
                    best = Some(Found { start, end, value });
                }
            }
            // A value that never ends was cut off on the way: its first row is not the answer.
            Some(Err(error)) if error.is_eof() => return None,
            _ => {}
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::clean("[{\"id\":1}]", None)]
    #[case::white_space("\n\n [{\"id\":1}] \n", None)]
    #[case::mark("\u{feff}[{\"id\":1}]", Some(Noise::ByteOrderMark))]
    #[case::warning(
        "<br />\n<b>Warning</b>:  Undefined array key 3 [{\"id\":1}]",
        Some(Noise::Leading("<br />\n<b>Warning</b>:  Undefined array key 3 ".to_owned()))
    )]
    #[case::index_in_a_warning(
        "Notice: $a[0] is {not} set\n[{\"id\":1}]",
        Some(Noise::Leading("Notice: $a[0] is {not} set\n".to_owned()))
    )]
    #[case::comment(
        "[{\"id\":1}]\n<!-- Page cached by LiteSpeed [0] -->",
        Some(Noise::Trailing("\n<!-- Page cached by LiteSpeed [0] -->".to_owned()))
    )]
    #[case::both("Deprecated: x\n[{\"id\":1}]<!-- y -->", Some(Noise::Leading("Deprecated: x\n".to_owned())))]
    fn the_value_is_found_under_noise(#[case] body: &str, #[case] noise: Option<Noise>) {
        let parsed = parse(body.as_bytes()).unwrap();
        assert_eq!((parsed.value, parsed.noise), (json!([{"id": 1}]), noise));
    }

    /// PostgreSQL can't keep it, so a single post with one in its text would end each run.
    #[test]
    fn a_nul_in_a_text_is_dropped_wherever_it_stands() {
        let parsed = parse(br#"[{"title":{"raw":"a\u0000b"},"tags":["\u0000",{"x":"c\u0000"}]}]"#).unwrap();
        assert_eq!(parsed.value, json!([{"title": {"raw": "ab"}, "tags": ["", {"x": "c"}]}]));
        let parsed = parse(br#"{"a":"\\u0000"}"#).unwrap();
        assert_eq!(parsed.value, json!({"a": "\\u0000"}), "a backslash and a word are what they are");
    }

    #[rstest]
    #[case("")]
    #[case("<html><body>Forbidden</body></html>")]
    #[case("[{\"id\":1},{\"id\"")]
    #[case("Notice: x [{\"id\":1},{\"id\"")]
    #[case("\u{feff}")]
    fn what_is_no_whole_json_is_refused(#[case] body: &str) {
        assert_eq!(parse(body.as_bytes()), Err(NotJson));
    }

    #[test]
    fn a_body_of_brackets_ends_soon() {
        assert_eq!(parse(&vec![b'['; 1_000_000]), Err(NotJson));
    }

    /// Small ones are searched far, large ones not: a hostile body must not be read sixty times.
    #[test]
    fn a_large_body_is_tried_from_few_places() {
        let noise = |size: usize| {
            let mut body = "[x ".repeat(10).into_bytes();
            body.extend(b"[{\"id\":1}]");
            body.resize(size.max(body.len()), b' ');
            parse(&body).is_ok()
        };
        assert!(noise(0) && !noise(LARGE));
    }

    proptest::proptest! {
        #[test]
        fn no_body_breaks_the_parser(body: Vec<u8>) {
            let _ = parse(&body);
        }
    }
}
