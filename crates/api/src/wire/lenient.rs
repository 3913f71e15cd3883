//! Reading what PHP sends for what it means: whole numbers as text, 1 for true, `null`, `false` or `[]` for what is
//! absent, times in UTC without a zone. What can't be read so is named like everywhere else.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::NaiveDateTime;
use igny8_integration_domain::content::judge_web_address;
use igny8_integration_domain::integration::SiteUrl;
use igny8_integration_domain::time::Timestamp;
use serde_json::Value;

use super::body::{Entry, Object};
use super::field::{self, Field, Given, Refusal};

impl<'b> Object<'b> {
    /// A field of which `null`, `false` and `[]` say that it is not there.
    fn lenient(&self, name: &str) -> Field<'b, &'b Value> {
        let mut field = self.field(name);
        let nothing = match &field.given {
            Given::Null | Given::Value(Value::Bool(false)) => true,
            Given::Value(Value::Array(entries)) => entries.is_empty(),
            _ => false,
        };
        if nothing {
            field.given = Given::Absent;
        }
        field
    }

    /// Whether it is named at all, be it to say that there is nothing.
    pub fn names(&self, name: &str) -> bool {
        self.field(name).given != Given::Absent
    }

    pub fn lenient_text(&self, name: &str) -> Field<'b, String> {
        self.lenient(name).then(|value| match value {
            Value::String(text) => field::text(text.clone()),
            _ => Err(Refusal::invalid("must be text")),
        })
    }

    /// A site's own address; an empty one is none.
    pub fn lenient_site_url(&self, name: &str) -> Option<SiteUrl> {
        let address = self.lenient_text(name).then(|text| {
            let given = (!text.is_empty()).then(|| SiteUrl::parse(name, &text));
            Ok(given.transpose()?)
        });
        address.optional().flatten()
    }

    /// An address that a browser may be sent to; an empty one is none.
    pub fn lenient_web_address(&self, name: &str) -> Option<String> {
        let address = self.lenient_text(name).then(|text| match text.as_str() {
            "" => Ok(None),
            _ => judge_web_address(name, &text).map(|()| Some(text)).map_err(Refusal::from),
        });
        address.optional().flatten()
    }

    /// Texts of any depth that are not kept.
    pub fn judge_texts(&self) -> Result<(), Refusal> {
        self.map.values().try_for_each(judge_text)
    }

    pub fn lenient_number(&self, name: &str, range: RangeInclusive<i64>) -> Field<'b, i64> {
        self.lenient(name).then(|value| {
            let number = match value {
                Value::String(text) => text.trim().parse().ok(),
                value => value.as_i64(),
            };
            number.filter(|number| range.contains(number)).ok_or_else(|| {
                Refusal::invalid(format!("must be a whole number from {} to {}", range.start(), range.end()))
            })
        })
    }

    /// Here `false` is a value.
    pub fn lenient_boolean(&self, name: &str) -> Field<'b, bool> {
        let field = self.field(name);
        let field =
            if matches!(field.given, Given::Value(Value::Bool(_))) { field } else { self.lenient(name) };
        field.then(|value| match value {
            Value::Bool(value) => Ok(*value),
            Value::Number(number) if number.as_i64() == Some(1) => Ok(true),
            Value::Number(number) if number.as_i64() == Some(0) => Ok(false),
            Value::String(text) if matches!(text.as_str(), "1" | "true") => Ok(true),
            Value::String(text) if matches!(text.as_str(), "" | "0" | "false") => Ok(false),
            _ => Err(Refusal::invalid("must be true or false")),
        })
    }

    pub fn lenient_object(&self, name: &str) -> Field<'b, Object<'b>> {
        let field = self.lenient(name);
        if matches!(field.given, Given::Absent) {
            return Field { problems: field.problems, path: field.path, given: Given::Absent };
        }
        self.object(name)
    }

    /// An object whose names are the sender's own, each value read by `parse`. Here `[]` is an empty one: PHP knows no
    /// other.
    pub fn lenient_map<T>(
        &self,
        name: &str,
        parse: impl Fn(&Object<'b>) -> Option<T>,
    ) -> Field<'b, BTreeMap<String, T>> {
        if matches!(self.field(name).given, Given::Value(Value::Array(entries)) if entries.is_empty()) {
            let Field { problems, path, .. } = self.field(name);
            return Field { problems, path, given: Given::Value(BTreeMap::new()) };
        }
        self.lenient_object(name).then(|entries| Ok(entries.each(parse)))
    }

    /// A list, each entry read by `parse`. Here `false`, `[]` and `{}` are empty ones, `null` is none, and one with gaps
    /// comes as an object.
    pub fn lenient_list<T>(&self, name: &str, parse: impl Fn(&Entry<'b>) -> Option<T>) -> Field<'b, Vec<T>> {
        let Field { problems, path, given } = self.field(name);
        let given = match given {
            Given::Null => Given::Absent,
            Given::Value(Value::Bool(false)) => Given::Value(Vec::new()),
            Given::Value(Value::Object(map)) => {
                let entry = |(key, value)| parse(&Entry { value, path: format!("{path}.{key}"), problems });
                Given::Value(map.iter().filter_map(entry).collect())
            }
            _ => return self.list(name, parse),
        };
        Field { problems, path, given }
    }

    pub fn lenient_time(&self, name: &str) -> Field<'b, Timestamp> {
        self.lenient_text(name).then(|text| {
            let naive = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]
                .iter()
                .find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok());
            match naive {
                Some(naive) => field::timestamp(&naive.and_utc().to_rfc3339()),
                None => field::timestamp(text.trim()),
            }
        })
    }
}

fn judge_text(value: &Value) -> Result<(), Refusal> {
    match value {
        Value::String(text) => field::text(text.clone()).map(drop),
        Value::Array(entries) => entries.iter().try_for_each(judge_text),
        Value::Object(map) => map.values().try_for_each(judge_text),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::wire::body;

    /// What is read of a field `f` of that value; an error where it is refused.
    fn read<T>(value: &Value, of: impl Fn(&Object<'_>) -> Option<T>) -> Result<Option<T>, ()> {
        let bytes = json!({ "f": value }).to_string().into();
        body::read(&bytes, |body| Some(of(body))).map_err(drop)
    }

    #[rstest]
    #[case(json!(7), Ok(Some(7)))]
    #[case(json!("123"), Ok(Some(123)))]
    #[case::wider_than_32_bits(json!("3000000000"), Ok(Some(3_000_000_000)))]
    #[case::null(json!(null), Ok(None))]
    #[case::no(json!(false), Ok(None))]
    #[case::empty_array(json!([]), Ok(None))]
    #[case::negative(json!(-1), Err(()))]
    #[case::fraction(json!(1.5), Err(()))]
    #[case::words(json!("abc"), Err(()))]
    #[case::nothing(json!(""), Err(()))]
    #[case::yes(json!(true), Err(()))]
    #[case::list(json!([1]), Err(()))]
    fn numbers(#[case] value: Value, #[case] expected: Result<Option<i64>, ()>) {
        assert_eq!(read(&value, |body| body.lenient_number("f", 0..=i64::MAX).optional()), expected);
    }

    #[rstest]
    #[case(json!(true), Ok(Some(true)))]
    #[case(json!(false), Ok(Some(false)))]
    #[case(json!(1), Ok(Some(true)))]
    #[case(json!("1"), Ok(Some(true)))]
    #[case(json!(""), Ok(Some(false)))]
    #[case::null(json!(null), Ok(None))]
    #[case::empty_array(json!([]), Ok(None))]
    #[case::another_number(json!(2), Err(()))]
    #[case::words(json!("maybe"), Err(()))]
    fn switches(#[case] value: Value, #[case] expected: Result<Option<bool>, ()>) {
        assert_eq!(read(&value, |body| body.lenient_boolean("f").optional()), expected);
    }

    #[rstest]
    #[case(json!("2026-03-04 10:11:12"), Ok(Some("2026-03-04T10:11:12Z")))]
    #[case(json!("2026-03-04T10:11:12"), Ok(Some("2026-03-04T10:11:12Z")))]
    #[case(json!("2026-03-04T10:11:12+02:00"), Ok(Some("2026-03-04T08:11:12Z")))]
    #[case::no(json!(false), Ok(None))]
    #[case::zeroes(json!("0000-00-00 00:00:00"), Err(()))]
    #[case::number(json!(1_700_000_000), Err(()))]
    fn times(#[case] value: Value, #[case] expected: Result<Option<&str>, ()>) {
        let read = read(&value, |body| body.lenient_time("f").optional());
        assert_eq!(read.map(|at| at.map(crate::wire::time)), expected.map(|at| at.map(str::to_owned)));
    }

    #[rstest]
    #[case(json!({}), Ok(Some(())))]
    #[case::empty_array(json!([]), Ok(None))]
    #[case::list(json!(["a"]), Err(()))]
    #[case::words(json!("a"), Err(()))]
    fn objects(#[case] value: Value, #[case] expected: Result<Option<()>, ()>) {
        assert_eq!(read(&value, |body| body.lenient_object("f").optional().map(|_| ())), expected);
    }

    #[rstest]
    #[case(json!(["a"]), Ok(Some(vec!["a"])))]
    #[case::empty(json!([]), Ok(Some(vec![])))]
    #[case::no(json!(false), Ok(Some(vec![])))]
    #[case::empty_map(json!({}), Ok(Some(vec![])))]
    #[case::with_gaps(json!({"1": "a", "4": "b"}), Ok(Some(vec!["a", "b"])))]
    #[case::null(json!(null), Ok(None))]
    #[case::words(json!("a"), Err(()))]
    #[case::of_others(json!([1]), Err(()))]
    fn lists(#[case] value: Value, #[case] expected: Result<Option<Vec<&str>>, ()>) {
        let read = read(&value, |body| body.lenient_list("f", Entry::text).optional());
        let expected = expected.map(|list| list.map(|list| list.into_iter().map(str::to_owned).collect()));
        assert_eq!(read, expected);
    }

    #[rstest]
    #[case(json!("a"), Ok(Some("a")))]
    #[case::nothing(json!(""), Ok(Some("")))]
    #[case::no(json!(false), Ok(None))]
    #[case::nul(json!("a\u{0}"), Err(()))]
    #[case::number(json!(5), Err(()))]
    fn texts(#[case] value: Value, #[case] expected: Result<Option<&str>, ()>) {
        let read = read(&value, |body| body.lenient_text("f").optional());
        assert_eq!(read, expected.map(|text| text.map(str::to_owned)));
    }
}
