//! What a delivery says, once its wire form was read.

use std::collections::BTreeSet;

use crate::content::{FieldPatch, Seo, SeoPatch, Term};
use crate::id::{ContentId, IntegrationId};
use crate::integration::SiteUrl;
use crate::time::Timestamp;

/// What every delivery says of its post.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The content that the post says it is.
    pub content_id: Option<ContentId>,
    /// The integration that the plugin was given.
    pub integration_id: Option<IntegrationId>,
    /// The site's own address, as it is where the delivery is sent from.
    pub site_url: Option<SiteUrl>,
    /// The post.
    pub post_id: String,
    /// Its type's name.
    pub post_type: Option<String>,
    /// When the site says that it changed.
    pub modified_at: Timestamp,
    /// SHA-256 of the raw body, hex.
    pub content_hash: Option<String>,
    /// Grows with each change that a site reports: orders those of one second.
    pub sequence: Option<i64>,
    /// What changed.
    pub change: Change,
}

/// What changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The status, in the site's own word (or `deleted`).
    Status {
        /// The word.
        status: String,
        /// The post's address.
        url: Option<String>,
        /// The post's raw title.
        title: Option<String>,
        /// When it is or will be public, where that was told.
        date: Option<Timestamp>,
        /// What changed along with it: a post that goes out or comes back mostly has another slug too.
        metadata: Option<Box<Metadata>>,
    },
    /// Metadata: only what was carried.
    Metadata(Box<Metadata>),
}

/// Metadata that a delivery carries. Absent is untouched.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields of a content by their own names")]
pub struct Metadata {
    /// The post's address: another slug or category is mostly another address.
    pub url: Option<String>,
    pub title: Option<String>,
    pub slug: Option<String>,
    pub excerpt: Option<String>,
    /// Terms of the taxonomies that were carried: others are untouched.
    pub terms: Option<Vec<Term>>,
    /// The taxonomies that were carried, empty ones too.
    pub taxonomies: BTreeSet<String>,
    pub seo: Option<SeoPatch>,
    pub featured_image_url: Option<Option<String>>,
}

/// So many terms a content has at the most: more than any post. A site that tells without end fills nothing.
pub const MOST_TERMS: usize = 1000;

/// What a delivery came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken in.
    Applied,
    /// It came before.
    Duplicate,
    /// Something newer is stored already.
    Stale,
    /// It is about nothing that is tracked here, or about another site.
    Ignored,
}

crate::words::words!(Outcome {
    Applied => "applied", Duplicate => "duplicate", Stale => "stale", Ignored => "ignored",
});

impl Metadata {
    /// The fields as a patch. Terms of taxonomies and parts of the SEO fields that were not carried are kept as given;
    /// all of them are where they would be too many.
    pub fn patch(&self, terms: &[Term], seo: &Seo) -> FieldPatch {
        let terms = self.terms.as_ref().map(|carried| {
            let kept = terms.iter().filter(|term| !self.taxonomies.contains(&term.taxonomy));
            kept.chain(carried).cloned().collect::<Vec<_>>()
        });
        let terms = terms.filter(|terms| terms.len() <= MOST_TERMS);
        FieldPatch {
            title: self.title.clone(),
            slug: self.slug.clone(),
            excerpt: self.excerpt.clone(),
            terms,
            seo: self.seo.as_ref().map(|carried| carried.applied_to(seo)),
            featured_image_url: self.featured_image_url.clone(),
            ..FieldPatch::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(taxonomy: &str, count: usize) -> Vec<Term> {
        let term = |n| Term { taxonomy: taxonomy.to_owned(), name: format!("{n}"), slug: None };
        (0..count).map(term).collect()
    }

    #[test]
    fn terms_do_not_pile_up_however_many_taxonomies_are_told_one_by_one() {
        let told = Metadata {
            terms: Some(terms("new", 600)),
            taxonomies: ["new".to_owned()].into(),
            ..Metadata::default()
        };
        let of_400 = told.patch(&terms("old", 400), &Seo::default());
        assert_eq!(of_400.terms.map(|terms| terms.len()), Some(MOST_TERMS));
        assert_eq!(told.patch(&terms("old", 401), &Seo::default()).terms, None);
    }
}
