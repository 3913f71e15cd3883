//! What a value on the wire looks like, for what is read by hand.

use igny8_integration_domain::id::MAX_ID;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, Object, ObjectBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};

/// A field of an object: its name, whether it must be there, and what it is.
pub struct Member(&'static str, bool, RefOr<Schema>);

pub fn required(name: &'static str, shape: impl Into<RefOr<Schema>>) -> Member {
    Member(name, true, shape.into())
}

pub fn optional(name: &'static str, shape: impl Into<RefOr<Schema>>) -> Member {
    Member(name, false, shape.into())
}

pub fn object(members: impl IntoIterator<Item = Member>) -> Object {
    let object = ObjectBuilder::new().schema_type(Type::Object);
    let add = |object: ObjectBuilder, Member(name, required, shape)| {
        let object = object.property(name, shape);
        if required { object.required(name) } else { object }
    };
    members.into_iter().fold(object, add).build()
}

/// An object whose names are free.
pub fn map(of: impl Into<RefOr<Schema>>) -> Object {
    let values = AdditionalProperties::RefOr(of.into());
    ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(values)).build()
}

pub fn list(of: impl Into<RefOr<Schema>>) -> Schema {
    Schema::Array(ArrayBuilder::new().items(of.into()).build())
}

pub fn text() -> Object {
    Object::with_type(Type::String)
}

pub fn boolean() -> Object {
    Object::with_type(Type::Boolean)
}

pub fn id() -> Object {
    integer(1, MAX_ID)
}

pub fn integer(least: i64, most: i64) -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least)).maximum(Some(most)).build()
}

/// A word of a closed list, as it stands in messages: `a, b, c`.
pub fn words(words: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.split(", "))).build()
}

pub fn time() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build()
}

/// The same, or null.
pub fn nullable(shape: Object) -> Object {
    let kind = match shape.schema_type.clone() {
        SchemaType::Type(kind) => SchemaType::from_iter([kind, Type::Null]),
        other => other,
    };
    ObjectBuilder::from(shape).schema_type(kind).build()
}
