//! Finding the terms of a site by the names that people read, and making the ones that are missing.
//!
//! The API searches and answers escaped names (`R&amp;D`), so names are compared decoded. A term of the same
//! name is taken wherever it is in the tree, and one that differs in letter case only is taken too: WordPress
//! itself would make another one at the top. The exact name wins, then the given slug, then the oldest.

use igny8_integration_domain::content::Term;
use igny8_integration_domain::ports::platform::Note;
use serde_json::json;

use super::lookups::{Lookups, id_of, read_term};
use super::structure::Taxonomy;
use crate::site::{Failure, FailureKind, SiteClient, query};

/// How many pages of a search are looked through; a name that is part of more terms than this is rare.
const MAX_SEARCH_PAGES: usize = 5;
const PER_PAGE: usize = 100;

pub(super) struct TermFinder<'t> {
    pub site: &'t SiteClient,
    pub lookups: &'t Lookups,
}

impl TermFinder<'_> {
    /// The id of a term, made where it is missing. None with a note where this user may not make it.
    pub async fn resolve(&self, taxonomy: &Taxonomy, term: &Term) -> Result<Result<u64, Note>, Failure> {
        if let Some(id) = self.lookups.chosen(term) {
            return Ok(Ok(id));
        }
        if let Some(id) = self.find(taxonomy, term).await? {
            self.lookups.remember_choice(term, id);
            return Ok(Ok(id));
        }
        match self.create(taxonomy, term).await {
            Ok(id) => {
                self.lookups.remember_choice(term, id);
                Ok(Ok(id))
            }
            Err(failure) if failure.kind == FailureKind::Forbidden => Ok(Err(Note {
                code: "term_not_allowed".to_owned(),
                message: format!(
                    "the connected user may not create the term `{}` in {}",
                    term.name, taxonomy.name
                ),
            })),
            Err(failure) => Err(failure),
        }
    }

    async fn find(&self, taxonomy: &Taxonomy, term: &Term) -> Result<Option<u64>, Failure> {
        let mut candidates: Vec<(u64, Term)> = Vec::new();
        for page in 1..=MAX_SEARCH_PAGES {
            let query = vec![
                ("search", html_escape::encode_text(&term.name).into_owned()),
                ("per_page", PER_PAGE.to_string()),
                ("page", page.to_string()),
                ("_fields", "id,name,slug".to_owned()),
            ];
            let reply = self.site.read(&taxonomy.route, query).await?;
            let rows = reply.rows().unwrap_or_default();
            let read = rows.iter().filter_map(|row| Some((id_of(row)?, read_term(row, &taxonomy.name)?)));
            candidates.extend(read);
            let pages =
                reply.headers.get("x-wp-totalpages").and_then(|pages| pages.to_str().ok()?.parse().ok());
            if rows.is_empty() || pages.unwrap_or(1) <= page {
                break;
            }
        }
        let Some((id, found)) = choose(candidates, term) else {
            return Ok(None);
        };
        self.lookups.remember_term(id, found);
        Ok(Some(id))
    }

    async fn create(&self, taxonomy: &Taxonomy, term: &Term) -> Result<u64, Failure> {
        let mut body = json!({ "name": term.name });
        if let (Some(slug), Some(body)) = (&term.slug, body.as_object_mut()) {
            body.insert("slug".to_owned(), json!(slug));
        }
        let result = self.site.post(&taxonomy.route, query(&[("_fields", "id,name,slug")]), &body, &[]).await;
        match result {
            Ok(reply) => {
                let id = id_of(&reply.value).ok_or_else(|| {
                    Failure::new(
                        FailureKind::Uncertain,
                        "unexpected_answer",
                        "the site made a term without an id",
                    )
                })?;
                if let Some(made) = read_term(&reply.value, &taxonomy.name) {
                    self.lookups.remember_term(id, made);
                }
                Ok(id)
            }
            // Somebody else made it a moment ago, or the site finds it where the search does not.
            Err(failure) if failure.is_wp("term_exists") => {
                failure.wp.as_ref().and_then(|error| error.term_id()).ok_or(failure)
            }
            Err(failure) => Err(failure),
        }
    }
}

fn choose(candidates: Vec<(u64, Term)>, wanted: &Term) -> Option<(u64, Term)> {
    let folded = wanted.name.to_lowercase();
    let mut fitting: Vec<(u64, Term)> =
        candidates.into_iter().filter(|(_, found)| found.name.to_lowercase() == folded).collect();
    fitting.sort_by_key(|(id, found)| {
        let other_slug = wanted.slug.is_some() && found.slug != wanted.slug;
        (found.name != wanted.name, other_slug, *id)
    });
    fitting.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn term(name: &str, slug: Option<&str>) -> Term {
        Term { taxonomy: "category".to_owned(), name: name.to_owned(), slug: slug.map(ToOwned::to_owned) }
    }

    fn on_site() -> Vec<(u64, Term)> {
        [
            (9, "CDs", "cds"),
            (4, "Cafe", "cafe"),
            (5, "Café", "cafe-2"),
            (7, "News", "news"),
            (3, "News", "news-child"),
        ]
        .into_iter()
        .map(|(id, name, slug)| (id, term(name, Some(slug))))
        .collect()
    }

    #[rstest]
    #[case::exact("CDs", None, Some(9))]
    #[case::other_case("cds", None, Some(9))]
    #[case::accent_counts("Café", None, Some(5))]
    #[case::exact_before_other_case("CAFE", None, Some(4))]
    #[case::oldest_of_equals("News", None, Some(3))]
    #[case::slug_breaks_the_tie("News", Some("news"), Some(7))]
    #[case::unknown("C++", None, None)]
    fn the_term_that_people_mean_is_chosen(
        #[case] name: &str,
        #[case] slug: Option<&str>,
        #[case] id: Option<u64>,
    ) {
        assert_eq!(choose(on_site(), &term(name, slug)).map(|(id, _)| id), id);
    }
}
