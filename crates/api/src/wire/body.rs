//! Reading a JSON body field by field. Unknown fields are ignored; a known one of the wrong kind is named.

use std::collections::BTreeMap;

use actix_web::web::Bytes;
use igny8_integration_domain::id::InvalidId;
use igny8_integration_domain::time::Timestamp;
use igny8_integration_domain::validation::{FieldError, ValidationErrors};
use serde_json::{Map, Value};

use super::field::{self, Field, Given, Problems, Refusal};
use crate::problem::{Code, Problem};

/// Reads a body with `parse`, which gives none only where it recorded a problem.
pub fn read<T>(body: &Bytes, parse: impl FnOnce(&Object<'_>) -> Option<T>) -> Result<T, Problem> {
    read_value(json(body)?, parse)
}

/// As [`read`], where every field may be left out: no body at all is an empty object.
pub fn read_optional<T>(body: &Bytes, parse: impl FnOnce(&Object<'_>) -> Option<T>) -> Result<T, Problem> {
    if body.is_empty() { read_value(Value::Object(Map::new()), parse) } else { read(body, parse) }
}

fn read_value<T>(value: Value, parse: impl FnOnce(&Object<'_>) -> Option<T>) -> Result<T, Problem> {
    let Value::Object(map) = value else {
        let error = FieldError::new("body", "invalid", "the body must be a JSON object");
        return Err(Problem::invalid(vec![error]));
    };
    let problems = Problems::default();
    let read = parse(&Object { map: &map, prefix: String::new(), problems: &problems });
    problems.judge(read)
}

/// For requests that say everything in their path: a body may be there, but must be one.
pub fn ignore(body: &Bytes) -> Result<(), Problem> {
    read_optional(body, |_| Some(()))
}

fn json(body: &Bytes) -> Result<Value, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let detail = format!("The body is not JSON: line {}, column {}.", error.line(), error.column());
        Problem::new(Code::MalformedJson, detail)
    })
}

/// A JSON object that is being read.
#[derive(Debug)]
pub struct Object<'b> {
    pub(super) map: &'b Map<String, Value>,
    prefix: String,
    problems: &'b Problems,
}

impl<'b> Object<'b> {
    pub(super) fn field(&self, name: &str) -> Field<'b, &'b Value> {
        let given = match self.map.get(name) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(value) => Given::Value(value),
        };
        Field { problems: self.problems, path: self.path(name), given }
    }

    /// The dotted path of one of its fields.
    pub fn path(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }

    /// The names of its fields, where they are the sender's own.
    pub fn member_names(&self) -> impl Iterator<Item = &'b str> + use<'b> {
        self.map.keys().map(String::as_str)
    }

    /// Records what a rule of the domain found.
    pub fn refuse(&self, error: FieldError) {
        self.problems.add(error);
    }

    /// What the domain made of it; none where it found something wrong, which is recorded.
    pub fn accept<T>(&self, outcome: Result<T, ValidationErrors>) -> Option<T> {
        outcome.map_err(|errors| errors.errors().iter().cloned().for_each(|error| self.refuse(error))).ok()
    }

    pub fn text(&self, name: &str) -> Field<'b, String> {
        self.field(name).then(|value| match value {
            Value::String(text) => field::text(text.clone()),
            _ => Err(Refusal::invalid("must be text")),
        })
    }

    pub fn boolean(&self, name: &str) -> Field<'b, bool> {
        self.field(name)
            .then(|value| value.as_bool().ok_or_else(|| Refusal::invalid("must be true or false")))
    }

    pub fn id<T: TryFrom<i64, Error = InvalidId>>(&self, name: &str) -> Field<'b, T> {
        self.field(name).then(|value| {
            let id = value.as_i64().ok_or(InvalidId).and_then(T::try_from);
            id.map_err(|error| Refusal::invalid(error.to_string()))
        })
    }

    pub fn integer(&self, name: &str) -> Field<'b, i64> {
        self.field(name)
            .then(|value| value.as_i64().ok_or_else(|| Refusal::invalid("must be a whole number")))
    }

    /// A word of a closed list; `words` names them all.
    pub fn word<T>(&self, name: &str, from_word: fn(&str) -> Option<T>, words: &'static str) -> Field<'b, T> {
        self.text(name).then(field::word(from_word, words))
    }

    pub fn timestamp(&self, name: &str) -> Field<'b, Timestamp> {
        self.text(name).then(|text| field::timestamp(&text))
    }

    pub fn object(&self, name: &str) -> Field<'b, Object<'b>> {
        let (prefix, problems) = (self.path(name), self.problems);
        self.field(name).then(|value| match value {
            Value::Object(map) => Ok(Object { map, prefix, problems }),
            _ => Err(Refusal::invalid("must be an object")),
        })
    }

    /// Reads every member as an object, whatever its name: the names are the sender's own.
    pub fn each<T>(&self, parse: impl Fn(&Object<'b>) -> Option<T>) -> BTreeMap<String, T> {
        let read = |name: &'b String| {
            if name.contains('\0') {
                self.refuse(FieldError::new(self.path(name), field::NULL_CHARACTERS, field::NO_NUL));
                return None;
            }
            Some((name.clone(), parse(&self.object(name).required()?)?))
        };
        self.map.keys().filter_map(read).collect()
    }

    /// A list, each entry read by `parse`; what is wrong in one is named by its place.
    pub fn list<T>(&self, name: &str, parse: impl Fn(&Entry<'b>) -> Option<T>) -> Field<'b, Vec<T>> {
        let (path, problems) = (self.path(name), self.problems);
        self.field(name).then(|value| {
            let Value::Array(entries) = value else { return Err(Refusal::invalid("must be a list")) };
            let entry = |(at, value)| parse(&Entry { value, path: format!("{path}[{at}]"), problems });
            Ok(entries.iter().enumerate().filter_map(entry).collect())
        })
    }
}

/// One entry of a list.
pub struct Entry<'b> {
    pub(super) value: &'b Value,
    pub(super) path: String,
    pub(super) problems: &'b Problems,
}

impl<'b> Entry<'b> {
    pub fn object(&self) -> Option<Object<'b>> {
        let Value::Object(map) = self.value else { return self.refuse("must be an object") };
        Some(Object { map, prefix: self.path.clone(), problems: self.problems })
    }

    pub fn text(&self) -> Option<String> {
        let Value::String(text) = self.value else { return self.refuse("must be text") };
        let given = Given::Value(text.clone());
        Field { problems: self.problems, path: self.path.clone(), given }.then(field::text).optional()
    }

    fn refuse<T>(&self, message: &str) -> Option<T> {
        self.problems.add(FieldError::new(self.path.clone(), "invalid", message));
        None
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody as _;
    use igny8_integration_domain::id::SiteId;
    use serde_json::json;

    use super::*;
    use crate::problem::Occurrence;

    /// The fields and codes that an answer would name.
    fn errors(problem: Problem) -> Vec<(String, String)> {
        let response = problem.into_response(&Occurrence { request_id: "", base: "" });
        let body: Value =
            serde_json::from_slice(&response.into_body().try_into_bytes().ok().unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        body["errors"].as_array().unwrap().iter().map(|e| (text(&e["field"]), text(&e["code"]))).collect()
    }

    fn bytes(value: &Value) -> Bytes {
        value.to_string().into()
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let body = bytes(&json!({
            "config_json": {"site_url": 7}, "is_active": "yes", "terms": ["a", 5, "b\u{0}"],
            "unknown": {"of": "any kind"},
        }));
        let problem = read(&body, |body| {
            let site: Option<SiteId> = body.id("site_id").required();
            let url =
                body.object("config_json").required().and_then(|config| config.text("site_url").required());
            let active = body.boolean("is_active").given();
            let terms = body.list("terms", Entry::text).given();
            Some((site?, url?, active, terms))
        })
        .unwrap_err();
        let named = [
            ("site_id", "required"),
            ("config_json.site_url", "invalid"),
            ("is_active", "invalid"),
            ("terms[1]", "invalid"),
            ("terms[2]", "null_characters_not_allowed"),
        ];
        assert_eq!(errors(problem), named.map(|(field, code)| (field.to_owned(), code.to_owned())));
    }

    #[rstest::rstest]
    #[case::fraction(json!(1.5))]
    #[case::text(json!("1"))]
    #[case::zero(json!(0))]
    #[case::negative(json!(-1))]
    #[case::too_large(json!(9_007_199_254_740_992_i64))]
    #[case::far_too_large(json!(18_446_744_073_709_551_615_u64))]
    #[case::boolean(json!(true))]
    fn an_id_is_a_whole_number_in_range(#[case] value: Value) {
        let body = bytes(&json!({"site_id": value}));
        let problem = read(&body, |body| body.id::<SiteId>("site_id").required()).unwrap_err();
        assert_eq!(errors(problem), [("site_id".to_owned(), "invalid".to_owned())]);
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let read = |value: Value| read(&bytes(&value), |body| Some(body.text("username").change())).unwrap();
        assert_eq!(read(json!({})), None);
        assert_eq!(read(json!({"username": null})), Some(None));
        assert_eq!(read(json!({"username": "m"})), Some(Some("m".to_owned())));
    }

    #[rstest::rstest]
    #[case::cut("{\"a\":")]
    #[case::not_utf8_escape("{\"a\":\"\\ud800\"}")]
    #[case::words("hello")]
    #[case::nothing(" ")]
    #[case::deep(&"[".repeat(500))]
    #[case::huge_number("{\"a\":1e999}")]
    fn what_is_no_json_is_malformed(#[case] text: &str) {
        let problem = ignore(&Bytes::copy_from_slice(text.as_bytes())).unwrap_err();
        assert_eq!(problem.code, Code::MalformedJson);
    }

    #[test]
    fn a_body_is_an_object_and_may_be_left_out_where_every_field_may() {
        assert_eq!(read(&Bytes::new(), |_| Some(())).unwrap_err().code, Code::MalformedJson);
        assert_eq!(ignore(&Bytes::from_static(b"[]")).unwrap_err().code, Code::ValidationError);
        assert!(ignore(&Bytes::new()).is_ok());
    }
}
