//! One input on its way in: whether it was given, and as what. Problems are collected, so that an answer names all.

use std::borrow::Cow;
use std::cell::RefCell;

use igny8_integration_domain::time::{Timestamp, to_stored};
use igny8_integration_domain::validation::FieldError;

use crate::problem::Problem;

/// So many faults are named; a body that has more is answered no better for naming all, and must not cost all.
const MOST: usize = 100;

/// What is wrong with an input, so far.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<FieldError>>);

impl Problems {
    /// Adds what is wrong with a field, unless something is known of it already.
    pub fn add(&self, error: FieldError) {
        let mut errors = self.0.borrow_mut();
        if errors.len() < MOST && errors.iter().all(|known| known.field != error.field) {
            errors.push(error);
        }
    }

    /// What was read, where nothing is wrong.
    pub fn judge<T>(self, read: Option<T>) -> Result<T, Problem> {
        let errors = self.0.into_inner();
        match read {
            Some(value) if errors.is_empty() => Ok(value),
            _ => Err(Problem::invalid(errors)),
        }
    }
}

/// How an input was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given<T> {
    Absent,
    Null,
    Value(T),
    /// Wrong, and said so already.
    Wrong,
}

/// An input and where it stands.
#[derive(Debug)]
pub struct Field<'p, T> {
    pub(super) problems: &'p Problems,
    /// Dotted.
    pub(super) path: String,
    pub(super) given: Given<T>,
}

impl<'p, T> Field<'p, T> {
    /// It must be there.
    pub fn required(self) -> Option<T> {
        match self.given {
            Given::Value(value) => Some(value),
            Given::Wrong => None,
            Given::Absent | Given::Null => {
                self.problems.add(FieldError::required(self.path));
                None
            }
        }
    }

    /// It may be left out, but must not be null.
    pub fn given(self) -> Option<T> {
        match self.given {
            Given::Value(value) => Some(value),
            Given::Absent | Given::Wrong => None,
            Given::Null => {
                self.problems.add(FieldError::new(self.path, "null", "this field must not be null"));
                None
            }
        }
    }

    /// It may be left out; null is the same.
    pub fn optional(self) -> Option<T> {
        match self.given {
            Given::Value(value) => Some(value),
            Given::Absent | Given::Null | Given::Wrong => None,
        }
    }

    /// For a change: outer none leaves it, inner none removes it.
    #[expect(clippy::option_option, reason = "absent and null are two things in a PATCH")]
    pub fn change(self) -> Option<Option<T>> {
        match self.given {
            Given::Value(value) => Some(Some(value)),
            Given::Null => Some(None),
            Given::Absent | Given::Wrong => None,
        }
    }

    /// Goes on reading; what `parse` refuses is a problem of this input.
    pub fn then<U>(self, parse: impl FnOnce(T) -> Result<U, Refusal>) -> Field<'p, U> {
        let given = match self.given {
            Given::Absent => Given::Absent,
            Given::Null => Given::Null,
            Given::Wrong => Given::Wrong,
            Given::Value(value) => match parse(value) {
                Ok(value) => Given::Value(value),
                Err(refusal) => {
                    self.problems.add(FieldError::new(self.path.clone(), refusal.code, refusal.message));
                    Given::Wrong
                }
            },
        };
        Field { problems: self.problems, path: self.path, given }
    }
}

/// Why a value can't be taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Cow<'static, str>,
    pub message: String,
}

/// A rule of the domain, which does not know where the value stands.
impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        Self { code: error.code.into(), message: error.message }
    }
}

impl Refusal {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// Of the wrong kind or out of range.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("invalid", message)
    }
}

pub const NULL_CHARACTERS: &str = "null_characters_not_allowed";
pub const NO_NUL: &str = "text must not hold U+0000";

/// No database keeps U+0000 in text, and no person writes it.
pub fn text(text: String) -> Result<String, Refusal> {
    if text.contains('\0') {
        return Err(Refusal::new(NULL_CHARACTERS, NO_NUL));
    }
    Ok(text)
}

/// A word of a closed list.
pub fn word<T>(
    from_word: fn(&str) -> Option<T>,
    words: &'static str,
) -> impl FnOnce(String) -> Result<T, Refusal> {
    move |text| {
        from_word(&text).ok_or_else(|| Refusal::new("invalid_choice", format!("must be one of {words}")))
    }
}

/// RFC 3339. A space where the offset's plus was is taken for one: that is what `+` means in a query.
pub fn timestamp(text: &str) -> Result<Timestamp, Refusal> {
    let refusal = || Refusal::invalid("must be a time such as 2026-01-31T08:00:00Z");
    let offset = text.len().checked_sub(6).filter(|at| *at > 10 && text.as_bytes().get(*at) == Some(&b' '));
    let repaired = offset.and_then(|at| Some(format!("{}+{}", text.get(..at)?, text.get(at + 1..)?)));
    let parsed =
        chrono::DateTime::parse_from_rfc3339(repaired.as_deref().unwrap_or(text)).map_err(|_| refusal())?;
    // By way of microseconds: a leap second has no place in a database.
    let utc = Timestamp::from_timestamp_micros(parsed.timestamp_micros()).ok_or_else(refusal)?;
    if (1..=9999).contains(&chrono::Datelike::year(&utc)) { Ok(to_stored(utc)) } else { Err(refusal()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_a_million_faults_is_judged_quickly_and_answered_briefly() {
        let problems = Problems::default();
        for entry in 0..1_000_000 {
            problems.add(FieldError::required(format!("terms.{entry}.name")));
        }
        assert_eq!(problems.0.into_inner().len(), MOST);
    }

    #[rstest::rstest]
    #[case("2026-01-31T08:00:00Z", Some("2026-01-31T08:00:00Z"))]
    #[case("2026-01-31T08:00:00.1234567+02:00", Some("2026-01-31T06:00:00.123456Z"))]
    #[case::plus_in_a_query("2026-01-01T00:00:00 14:00", Some("2025-12-31T10:00:00Z"))]
    #[case::leap_second("2016-12-31T23:59:60Z", Some("2017-01-01T00:00:00Z"))]
    #[case::no_such_day("2026-02-30T00:00:00Z", None)]
    #[case::no_zone("2026-01-31T08:00:00", None)]
    #[case::day_alone("2026-01-31", None)]
    #[case::beyond_the_year_9999("9999-12-31T23:59:59-14:00", None)]
    #[case::before_the_year_1("0001-01-01T00:00:00+14:00", None)]
    #[case::empty("", None)]
    #[case::not_ascii("2026-01-31T08:00:00ä 01:00", None)]
    fn times_are_read_as_utc(#[case] text: &str, #[case] expected: Option<&str>) {
        let read = timestamp(text).ok().map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
        assert_eq!(read.as_deref(), expected);
    }
}
