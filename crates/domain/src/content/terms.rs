//! Terms: categories, tags and what else a site sorts its content by.

use serde::{Deserialize, Serialize};

/// A term, by the name that people read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Term {
    /// The taxonomy's name: `category`, `post_tag`, `genre`.
    pub taxonomy: String,
    /// The decoded name: `R&D`, never `R&amp;D`.
    pub name: String,
    /// The slug, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
}

impl Term {
    /// What makes two terms the same: the slug is a hint only (`C`, `C++` and `C#` share a stem).
    fn key(&self) -> (&str, &str) {
        (&self.taxonomy, &self.name)
    }
}

/// Whether two lists hold the same terms, in whatever order.
pub(crate) fn same_terms(a: &[Term], b: &[Term]) -> bool {
    let keys = |terms: &[Term]| {
        let mut keys: Vec<(String, String)> = terms
            .iter()
            .map(Term::key)
            .map(|(taxonomy, name)| (taxonomy.to_owned(), name.to_owned()))
            .collect();
        keys.sort();
        keys.dedup();
        keys
    };
    keys(a) == keys(b)
}
