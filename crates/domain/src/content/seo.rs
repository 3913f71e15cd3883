//! A change of what search engines are told.

use super::Seo;

/// A change of what search engines are told: none leaves a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the same parts as Seo")]
pub struct SeoPatch {
    pub title: Option<String>,
    pub description: Option<String>,
    pub focus_keyword: Option<String>,
    pub canonical: Option<String>,
}

impl SeoPatch {
    /// `seo` with what is named in the place of what it had.
    pub fn applied_to(&self, seo: &Seo) -> Seo {
        let part = |named: &Option<String>, had: &String| named.as_ref().unwrap_or(had).clone();
        Seo {
            title: part(&self.title, &seo.title),
            description: part(&self.description, &seo.description),
            focus_keyword: part(&self.focus_keyword, &seo.focus_keyword),
            canonical: part(&self.canonical, &seo.canonical),
        }
    }
}
