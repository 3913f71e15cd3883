//! Parameters of queries, as the document shows them.

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Object;
use utoipa::openapi::{Deprecated, Required};

use super::shape;

/// What a parameter may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    Id,
    Boolean,
    Time,
    /// A word of a closed list.
    Words(&'static str),
    /// A number from 1.
    Page,
    PageSize,
    Cursor,
}

/// A parameter that a list knows.
#[derive(Clone, Copy, Debug)]
pub struct QueryParameter {
    pub name: &'static str,
    pub kind: Kind,
}

pub const fn query(name: &'static str, kind: Kind) -> QueryParameter {
    QueryParameter { name, kind }
}

pub const PAGES: &[QueryParameter] = &[query("page", Kind::Page), query("page_size", Kind::PageSize)];
pub const CURSORS: &[QueryParameter] = &[query("cursor", Kind::Cursor), query("page_size", Kind::PageSize)];

impl QueryParameter {
    fn shape(self) -> Object {
        match self.kind {
            Kind::Text | Kind::Cursor => shape::text(),
            Kind::Id => shape::id(),
            Kind::Boolean => shape::boolean(),
            Kind::Time => shape::time(),
            Kind::Words(words) => shape::words(words),
            Kind::Page => shape::integer(1, i64::from(u32::MAX)),
            Kind::PageSize => shape::integer(1, 100),
        }
    }

    pub fn shown(self) -> Parameter {
        parameter(self.name, ParameterIn::Query, Required::False, self.shape())
    }
}

/// A parameter of the path: all of them are ids, but for a file of the docs.
pub fn in_path(name: &str) -> Parameter {
    let shape = if name == "file" { shape::text() } else { shape::id() };
    parameter(name, ParameterIn::Path, Required::True, shape)
}

pub fn in_header(name: &str, description: &str) -> Parameter {
    let header = parameter(name, ParameterIn::Header, Required::False, shape::text());
    ParameterBuilder::from(header).description(Some(description)).build()
}

fn parameter(name: &str, place: ParameterIn, required: Required, shape: Object) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .deprecated(None::<Deprecated>)
        .schema(Some(shape))
        .build()
}
