//! What ids of a row stand for, asked once a session: names of terms, addresses of pictures.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use igny8_integration_domain::content::Term;
use igny8_integration_domain::ports::platform::Note;
use serde_json::Value;

use super::row::{Row, number};
use super::structure::Taxonomy;
use crate::site::{Failure, FailureKind, SiteClient};

const BATCH: usize = 100;

#[derive(Default)]
pub(super) struct Lookups {
    terms: Mutex<HashMap<(String, u64), Term>>,
    pictures: Mutex<HashMap<u64, Option<String>>>,
    /// What was found for the terms that writers asked for, so that each is searched for once.
    resolved: Mutex<HashMap<Term, ResolvedTerm>>,
}

/// What a term that a writer asked for is on the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResolvedTerm {
    /// None where it is not there and this user may not make it.
    pub id: Option<u64>,
    /// What there is to say about it.
    pub note: Option<Note>,
}

/// Where a picture of the library is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Picture {
    /// It could not be learnt.
    Unknown,
    /// The library does not have it any more.
    Gone,
    At(String),
}

impl Lookups {
    /// Learns the terms of these rows that are not known yet.
    pub async fn learn_terms(
        &self,
        site: &SiteClient,
        rows: &[Row],
        taxonomies: &[Taxonomy],
    ) -> Result<(), Failure> {
        for taxonomy in taxonomies {
            let used = rows.iter().filter_map(|row| row.terms.get(&taxonomy.name)).flatten().copied();
            let used: BTreeSet<u64> = used.collect();
            let missing: Vec<u64> =
                used.into_iter().filter(|id| self.term(&taxonomy.name, *id).is_none()).collect();
            for batch in missing.chunks(BATCH) {
                let rows = match read_ids(site, &taxonomy.route, batch, "id,name,slug").await {
                    Ok(rows) => rows,
                    Err(failure) if closes_terms(&failure) => break,
                    Err(failure) => return Err(failure),
                };
                for value in &rows {
                    if let (Some(id), Some(term)) = (id_of(value), read_term(value, &taxonomy.name)) {
                        self.remember_term(id, term);
                    }
                }
            }
        }
        Ok(())
    }

    /// Learns the addresses of these rows' pictures. Where the library is closed to us they stay unknown.
    pub async fn learn_pictures(&self, site: &SiteClient, rows: &[Row]) {
        let used: BTreeSet<u64> = rows.iter().filter_map(|row| row.picture).filter(|id| *id > 0).collect();
        let missing: Vec<u64> = used.into_iter().filter(|id| self.picture(*id) == Picture::Unknown).collect();
        for batch in missing.chunks(BATCH) {
            let Ok(found) = read_ids(site, "wp/v2/media", batch, "id,source_url").await else {
                return;
            };
            let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
            for id in batch {
                let value = found.iter().find(|value| id_of(value) == Some(*id));
                let address = value.and_then(|value| value.get("source_url")).and_then(Value::as_str);
                pictures.insert(*id, address.map(ToOwned::to_owned));
            }
        }
    }

    /// The terms of a row, or none where one of them could not be learnt: part of a list would read as the
    /// removal of the rest.
    pub fn terms_of(&self, terms: &BTreeMap<String, Vec<u64>>) -> Option<Vec<Term>> {
        let ids = terms.iter().flat_map(|(taxonomy, ids)| ids.iter().map(move |id| (taxonomy, *id)));
        ids.map(|(taxonomy, id)| self.term(taxonomy, id)).collect()
    }

    pub fn picture(&self, id: u64) -> Picture {
        match self.pictures.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            None => Picture::Unknown,
            Some(None) => Picture::Gone,
            Some(Some(address)) => Picture::At(address.clone()),
        }
    }

    pub fn term(&self, taxonomy: &str, id: u64) -> Option<Term> {
        let terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        terms.get(&(taxonomy.to_owned(), id)).cloned()
    }

    pub fn resolved(&self, asked: &Term) -> Option<ResolvedTerm> {
        self.resolved.lock().unwrap_or_else(PoisonError::into_inner).get(asked).cloned()
    }

    pub fn remember_resolved(&self, asked: &Term, resolved: ResolvedTerm) {
        self.resolved.lock().unwrap_or_else(PoisonError::into_inner).insert(asked.clone(), resolved);
    }

    pub fn remember_term(&self, id: u64, term: Term) {
        let mut terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        terms.insert((term.taxonomy.clone(), id), term);
    }
}

/// A taxonomy that is closed to us costs its terms and not the posts.
fn closes_terms(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Forbidden | FailureKind::Rejected) || failure.status == Some(404)
}

async fn read_ids(site: &SiteClient, route: &str, ids: &[u64], fields: &str) -> Result<Vec<Value>, Failure> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let query =
        vec![("include", ids.join(",")), ("per_page", BATCH.to_string()), ("_fields", fields.to_owned())];
    let reply = site.read(route, query).await?;
    Ok(reply.rows().map(<[Value]>::to_vec).unwrap_or_default())
}

pub(super) fn id_of(value: &Value) -> Option<u64> {
    value.get("id").and_then(number)
}

/// A term as people wrote it: the API has names escaped only (`R&amp;D`).
pub(super) fn read_term(value: &Value, taxonomy: &str) -> Option<Term> {
    let name = html_escape::decode_html_entities(value.get("name")?.as_str()?).into_owned();
    let slug = value.get("slug").and_then(Value::as_str).map(ToOwned::to_owned);
    Some(Term { taxonomy: taxonomy.to_owned(), name, slug })
}
