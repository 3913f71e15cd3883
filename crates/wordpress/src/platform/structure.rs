//! The types and taxonomies of a site, with the places of their routes.

use igny8_integration_domain::integration::is_internal_type;
use serde_json::Value;

use crate::site::{Failure, FailureKind, SiteClient, query};

/// A post type that the connected user may edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PostType {
    pub name: String,
    pub label: String,
    /// Where its posts are: `wp/v2/posts`.
    pub route: String,
    /// Whether visitors can see its posts.
    pub public: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taxonomy {
    pub name: String,
    /// The field of a post that holds its term ids.
    pub rest_base: String,
    /// Where its terms are: `wp/v2/categories`.
    pub route: String,
    types: Vec<String>,
}

#[cfg(test)]
impl Taxonomy {
    pub fn new(name: &str, namespace: &str, rest_base: &str, types: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            rest_base: rest_base.to_owned(),
            route: format!("{namespace}/{rest_base}"),
            types: types.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Structure {
    types: Vec<PostType>,
    taxonomies: Vec<Taxonomy>,
}

impl Structure {
    /// Asks the site: two small reads.
    pub async fn load(site: &SiteClient) -> Result<Self, Failure> {
        // Both are objects by name, and `_fields` would be taken for those names.
        let types = site.read("wp/v2/types", query(&[("context", "edit")])).await?;
        let taxonomies = site.read("wp/v2/taxonomies", Vec::new()).await?;
        Ok(Self {
            types: entries(&types.value).filter_map(read_type).collect(),
            taxonomies: entries(&taxonomies.value).filter_map(read_taxonomy).collect(),
        })
    }

    /// A type by its name, as far as the connected user may edit it.
    pub fn get(&self, name: &str) -> Result<&PostType, Failure> {
        self.types.iter().find(|kind| kind.name == name).ok_or_else(|| {
            let what = format!("the site shows the connected user no type `{name}`");
            Failure::new(FailureKind::Forbidden, "type_not_available", what)
        })
    }

    /// The types that visitors see, without WordPress's own.
    pub fn public_types(&self) -> impl Iterator<Item = &PostType> {
        self.types.iter().filter(|kind| kind.public && !is_internal_type(&kind.name))
    }

    pub fn taxonomies_of(&self, type_name: &str) -> Vec<Taxonomy> {
        let of_type =
            self.taxonomies.iter().filter(|taxonomy| taxonomy.types.iter().any(|name| name == type_name));
        of_type.cloned().collect()
    }
}

/// Both lists are objects by name; an empty one is `[]`.
fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    let list = value.as_array().into_iter().flatten();
    value.as_object().into_iter().flat_map(|map| map.values()).chain(list)
}

fn read_type(value: &Value) -> Option<PostType> {
    let (name, route) = place_of(value)?;
    Some(PostType {
        label: value.get("name").and_then(Value::as_str).unwrap_or(&name).to_owned(),
        public: value.get("viewable").and_then(Value::as_bool).unwrap_or(true),
        name,
        route,
    })
}

fn read_taxonomy(value: &Value) -> Option<Taxonomy> {
    let (name, route) = place_of(value)?;
    let types = value.get("types").and_then(Value::as_array).into_iter().flatten();
    Some(Taxonomy {
        name,
        rest_base: value.get("rest_base")?.as_str()?.to_owned(),
        route,
        types: types.filter_map(|name| name.as_str().map(ToOwned::to_owned)).collect(),
    })
}

fn place_of(value: &Value) -> Option<(String, String)> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let namespace = text("rest_namespace").unwrap_or("wp/v2");
    Some((text("slug")?.to_owned(), format!("{namespace}/{}", text("rest_base")?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn routes_are_where_the_site_says_and_not_where_the_name_suggests() {
        let book =
            json!({"slug": "book", "name": "Books", "rest_base": "library", "rest_namespace": "shop/v1"});
        let book = read_type(&book).unwrap();
        assert_eq!((book.route.as_str(), book.public), ("shop/v1/library", true));
        let old = json!({"slug": "page", "name": "Pages", "rest_base": "pages", "viewable": true});
        assert_eq!(read_type(&old).unwrap().route, "wp/v2/pages");
    }

    #[test]
    fn an_empty_list_of_taxonomies_is_read() {
        assert_eq!(entries(&json!([])).count(), 0);
        let genre =
            json!({"slug": "genre", "rest_base": "genres", "rest_namespace": "wp/v2", "types": ["book"]});
        assert_eq!(read_taxonomy(&genre).unwrap(), Taxonomy::new("genre", "wp/v2", "genres", &["book"]));
    }
}
