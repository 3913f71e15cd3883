//! What a content may say.

use crate::content::{FieldPatch, Seo, Term, judge_web_address};
use crate::integration::is_internal_type;
use crate::validation::FieldError;

/// In characters.
const MAX_TITLE: usize = 1000;
const MAX_SLUG: usize = 200;
const MAX_TERM_NAME: usize = 200;
const MAX_SEO_TEXT: usize = 5000;
/// In bytes: a body and the rest of a request together are 1 MiB at most.
const MAX_TEXT: usize = 900 * 1024;
const MAX_TERMS: usize = 100;
/// The longest names that WordPress takes, in characters.
const MAX_TAXONOMY: usize = 32;
const MAX_TYPE: usize = 20;

/// Everything that is wrong with the fields that are there.
pub(super) fn problems(fields: &FieldPatch) -> Vec<FieldError> {
    let mut errors = Vec::new();
    errors.extend(fields.title.iter().filter_map(|text| text_problem("title", text, MAX_TITLE)));
    errors.extend(fields.slug.iter().filter_map(|text| text_problem("slug", text, MAX_SLUG)));
    for (field, text) in [("html", &fields.html), ("excerpt", &fields.excerpt)] {
        errors.extend(text.iter().filter_map(|text| body_problem(field, text)));
    }
    errors.extend(fields.terms.iter().flat_map(|terms| terms_problems(terms)));
    errors.extend(fields.seo.iter().flat_map(seo_problems));
    let picture = fields.featured_image_url.iter().flatten();
    errors.extend(picture.filter_map(|url| judge_web_address("featured_image_url", url).err()));
    errors
}

/// A content that is made needs a title; one that came from a site may have none.
pub(super) fn blank_title_problem(title: &str) -> Option<FieldError> {
    title.trim().is_empty().then(|| FieldError::new("title", "blank", "a title may not be blank"))
}

/// The name of a type that can sync.
pub(super) fn content_type_problem(name: &str) -> Option<FieldError> {
    let is_name = (1..=MAX_TYPE).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
    if is_name && !is_internal_type(name) {
        return None;
    }
    let message = "the name of a type that syncs: 1 to 20 of a to z, 0 to 9, _ and -, such as post or page";
    Some(FieldError::new("content_type", "invalid_content_type", message))
}

fn terms_problems(terms: &[Term]) -> Vec<FieldError> {
    if terms.len() > MAX_TERMS {
        return vec![FieldError::new("terms", "too_many", format!("at most {MAX_TERMS} terms"))];
    }
    let each = terms.iter().enumerate();
    each.flat_map(|(at, term)| term_problems(&format!("terms[{at}]"), term)).collect()
}

fn term_problems(path: &str, term: &Term) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !is_taxonomy(&term.taxonomy) {
        errors.push(FieldError::new(
            format!("{path}.taxonomy"),
            "invalid_taxonomy",
            "the name of a taxonomy, such as category or post_tag",
        ));
    }
    if term.name.trim().is_empty() {
        errors.push(FieldError::new(format!("{path}.name"), "blank", "a term needs a name"));
    }
    errors.extend(text_problem(&format!("{path}.name"), &term.name, MAX_TERM_NAME));
    let slug = term.slug.iter();
    errors.extend(slug.filter_map(|slug| text_problem(&format!("{path}.slug"), slug, MAX_SLUG)));
    errors
}

/// WordPress itself limits only the length; names of product attributes hold letters of any script, or escapes.
fn is_taxonomy(name: &str) -> bool {
    (1..=MAX_TAXONOMY).contains(&name.chars().count())
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '%'))
}

fn seo_problems(seo: &Seo) -> Vec<FieldError> {
    let texts = [
        ("seo.title", &seo.title),
        ("seo.description", &seo.description),
        ("seo.focus_keyword", &seo.focus_keyword),
    ];
    let mut errors: Vec<_> =
        texts.into_iter().filter_map(|(field, text)| text_problem(field, text, MAX_SEO_TEXT)).collect();
    if !seo.canonical.is_empty() {
        errors.extend(judge_web_address("seo.canonical", &seo.canonical).err());
    }
    errors
}

fn text_problem(field: &str, text: &str, longest: usize) -> Option<FieldError> {
    if text.chars().count() > longest {
        return Some(FieldError::new(field, "too_long", format!("at most {longest} characters")));
    }
    null_problem(field, text)
}

fn body_problem(field: &str, text: &str) -> Option<FieldError> {
    if text.len() > MAX_TEXT {
        return Some(FieldError::new(field, "too_long", format!("at most {} KiB", MAX_TEXT / 1024)));
    }
    null_problem(field, text)
}

fn null_problem(field: &str, text: &str) -> Option<FieldError> {
    text.contains('\0')
        .then(|| FieldError::new(field, "null_characters_not_allowed", "null characters are not allowed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(fields: &FieldPatch) -> Vec<String> {
        problems(fields).into_iter().map(|error| format!("{}: {}", error.field, error.code)).collect()
    }

    fn term(taxonomy: &str, name: &str) -> Term {
        Term { taxonomy: taxonomy.to_owned(), name: name.to_owned(), slug: None }
    }

    #[test]
    fn everything_that_is_wrong_is_named_as_on_the_wire() {
        let fields = FieldPatch {
            title: Some("t".repeat(1001)),
            slug: Some("a\0b".to_owned()),
            html: Some("\0".to_owned()),
            terms: Some(vec![term("post_tag", "R&D"), term("post tag", " ")]),
            seo: Some(Seo { canonical: "javascript:alert(1)".to_owned(), ..Seo::default() }),
            featured_image_url: Some(Some("/picture.png".to_owned())),
            ..FieldPatch::default()
        };
        assert_eq!(
            named(&fields),
            [
                "title: too_long",
                "slug: null_characters_not_allowed",
                "html: null_characters_not_allowed",
                "terms[1].taxonomy: invalid_taxonomy",
                "terms[1].name: blank",
                "seo.canonical: invalid_url",
                "featured_image_url: invalid_url",
            ]
        );
    }

    #[test]
    fn what_is_just_within_the_limits_is_fine() {
        let fields = FieldPatch {
            title: Some("ü".repeat(1000)),
            slug: Some("s".repeat(200)),
            html: Some("x".repeat(MAX_TEXT)),
            terms: Some(vec![term("pa_größe", "XL"); 100]),
            seo: Some(Seo::default()),
            featured_image_url: Some(Some("https://cdn.example/a b.png?x=1".to_owned())),
            ..FieldPatch::default()
        };
        assert_eq!(named(&fields), Vec::<String>::new());
    }

    #[test]
    fn a_picture_may_be_taken_away() {
        assert!(named(&FieldPatch { featured_image_url: Some(None), ..FieldPatch::default() }).is_empty());
    }

    #[test]
    fn too_many_terms_are_one_mistake() {
        let terms = Some(vec![term("", ""); 101]);
        assert_eq!(named(&FieldPatch { terms, ..FieldPatch::default() }), ["terms: too_many"]);
    }

    #[rstest::rstest]
    #[case("post", true)]
    #[case("my-book_2", true)]
    #[case("", false)]
    #[case("Post", false)]
    #[case("a-name-of-21-letters-x", false)]
    #[case("attachment", false)]
    #[case("wp_template", false)]
    fn a_type_is_named_as_wordpress_names_it(#[case] name: &str, #[case] good: bool) {
        assert_eq!(content_type_problem(name).is_none(), good);
    }
}
