//! Finding the terms of a site by the names that people read, and making the ones that are missing.
//!
//! The API searches and answers escaped names (`R&amp;D`), so names are compared decoded. A term of the same
//! name is taken wherever it is in the tree, and one that differs in letter case only is taken too: WordPress
//! itself would make another one at the top. The exact name wins, then the given slug, then the oldest.

use igny8_integration_domain::content::Term;
use igny8_integration_domain::ports::platform::Note;
use serde_json::json;

use super::lookups::{Lookups, ResolvedTerm, id_of, read_term};
use super::notes::note;
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
    /// The id of a term, made where it is missing; with a note where this user may not make it, or where several
    /// fit.
    pub async fn resolve(&self, taxonomy: &Taxonomy, term: &Term) -> Result<ResolvedTerm, Failure> {
        if let Some(known) = self.lookups.resolved(term) {
            return Ok(known);
        }
        let resolved = match self.find(taxonomy, term).await? {
            Some(found) => found,
            None => match self.create(taxonomy, term).await {
                Ok(id) => ResolvedTerm { id: Some(id), note: None },
                Err(failure) if failure.kind == FailureKind::Forbidden => {
                    ResolvedTerm { id: None, note: Some(not_allowed(taxonomy, term)) }
                }
                Err(failure) => return Err(failure),
            },
        };
        self.lookups.remember_resolved(term, resolved.clone());
        Ok(resolved)
    }

    async fn find(&self, taxonomy: &Taxonomy, term: &Term) -> Result<Option<ResolvedTerm>, Failure> {
        let candidates = self.search(taxonomy, term).await?;
        let Some(choice) = choose(candidates, term) else { return Ok(None) };
        self.lookups.remember_term(choice.id, choice.term);
        let note = choice.ambiguous.then(|| {
            let what = format!(
                "several terms in {} are called `{}`: number {} is used",
                taxonomy.name, term.name, choice.id
            );
            note("term_ambiguous", what)
        });
        Ok(Some(ResolvedTerm { id: Some(choice.id), note }))
    }

    async fn search(&self, taxonomy: &Taxonomy, term: &Term) -> Result<Vec<(u64, Term)>, Failure> {
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
        Ok(candidates)
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

fn not_allowed(taxonomy: &Taxonomy, term: &Term) -> Note {
    let what = format!("the connected user may not create the term `{}` in {}", term.name, taxonomy.name);
    note("term_not_allowed", what)
}

struct Choice {
    id: u64,
    term: Term,
    /// Another one fits as well.
    ambiguous: bool,
}

fn choose(candidates: Vec<(u64, Term)>, wanted: &Term) -> Option<Choice> {
    let folded = wanted.name.to_lowercase();
    let rank = |found: &Term| {
        let other_slug = wanted.slug.is_some() && found.slug != wanted.slug;
        (found.name != wanted.name, other_slug)
    };
    let mut fitting: Vec<(u64, Term)> =
        candidates.into_iter().filter(|(_, found)| found.name.to_lowercase() == folded).collect();
    fitting.sort_by_key(|(id, found)| (rank(found), *id));
    let mut fitting = fitting.into_iter();
    let (id, term) = fitting.next()?;
    let ambiguous = fitting.next().is_some_and(|(_, next)| rank(&next) == rank(&term));
    Some(Choice { id, term, ambiguous })
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
        assert_eq!(choose(on_site(), &term(name, slug)).map(|choice| choice.id), id);
    }

    #[rstest]
    #[case::two_alike("News", None, true)]
    #[case::told_apart_by_the_slug("News", Some("news"), false)]
    #[case::one("CDs", None, false)]
    #[case::exact_beside_another_case("Café", None, false)]
    fn a_choice_between_equals_is_known_as_one(
        #[case] name: &str,
        #[case] slug: Option<&str>,
        #[case] ambiguous: bool,
    ) {
        assert_eq!(choose(on_site(), &term(name, slug)).unwrap().ambiguous, ambiguous);
    }
}
