//! Reading query parameters. Unknown ones are ignored; of a repeated one the last counts; a known one of the wrong
//! kind is named.

use std::collections::BTreeMap;
use std::str::FromStr;

use igny8_integration_domain::id::InvalidId;
use igny8_integration_domain::ports::storage::PageRequest;
use igny8_integration_domain::time::Timestamp;

use super::field::{self, Field, Given, Problems, Refusal};
use crate::problem::Problem;

/// Rows on a page where nothing else was asked for.
const PAGE_SIZE: u32 = 25;
const MAX_PAGE_SIZE: u32 = 100;

/// The parameters as they were sent.
#[derive(Clone, Debug, Default)]
pub struct Query(BTreeMap<String, String>);

impl Query {
    /// Never fails: what is no UTF-8 becomes a sign that no row has.
    pub fn of(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// Reads with `parse`, which gives none only where it recorded a problem.
    pub fn read<T>(&self, parse: impl FnOnce(&Parameters<'_>) -> Option<T>) -> Result<T, Problem> {
        let problems = Problems::default();
        let read = parse(&Parameters { query: self, problems: &problems });
        problems.judge(read)
    }

    /// All parameters, for the addresses of other pages and the seal of a cursor.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Parameters that are being read.
pub struct Parameters<'q> {
    query: &'q Query,
    problems: &'q Problems,
}

impl<'q> Parameters<'q> {
    fn field(&self, name: &str) -> Field<'q, &'q str> {
        let given = self.query.0.get(name).map_or(Given::Absent, |value| Given::Value(value.as_str()));
        Field { problems: self.problems, path: name.to_owned(), given }
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.field(name).then(|text| field::text(text.to_owned())).optional()
    }

    /// Text to look for; nothing is no filter.
    pub fn search(&self) -> Option<String> {
        self.text("search").filter(|text| !text.is_empty())
    }

    pub fn id<T: FromStr<Err = InvalidId>>(&self, name: &str) -> Option<T> {
        let parse = |text: &str| text.parse().map_err(|error: InvalidId| Refusal::invalid(error.to_string()));
        self.field(name).then(parse).optional()
    }

    pub fn boolean(&self, name: &str) -> Option<bool> {
        let parse = |text: &str| match text {
            "true" | "True" | "1" => Ok(true),
            "false" | "False" | "0" => Ok(false),
            _ => Err(Refusal::invalid("must be true or false")),
        };
        self.field(name).then(parse).optional()
    }

    /// A word of a closed list; `words` names them all.
    pub fn word<T>(&self, name: &str, from_word: fn(&str) -> Option<T>, words: &'static str) -> Option<T> {
        self.field(name).then(|text| field::word(from_word, words)(text.to_owned())).optional()
    }

    pub fn timestamp(&self, name: &str) -> Option<Timestamp> {
        self.field(name).then(field::timestamp).optional()
    }

    /// What else `parse` understands.
    pub fn parsed<T>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, Refusal>) -> Option<T> {
        self.field(name).then(parse).optional()
    }

    pub fn page(&self) -> PageRequest {
        let number = |text: &str| match whole_number(text) {
            Some(0) | None => Err(Refusal::invalid("must be a whole number from 1")),
            // Past every end, wherever that is.
            Some(page) => Ok(u32::try_from(page).unwrap_or(u32::MAX)),
        };
        PageRequest {
            page: self.field("page").then(number).optional().unwrap_or(1),
            page_size: self.page_size(),
        }
    }

    pub fn page_size(&self) -> u32 {
        let size = |text: &str| {
            let size = whole_number(text).and_then(|size| u32::try_from(size).ok());
            size.filter(|size| (1..=MAX_PAGE_SIZE).contains(size))
                .ok_or_else(|| Refusal::invalid("must be a whole number from 1 to 100"))
        };
        self.field("page_size").then(size).optional().unwrap_or(PAGE_SIZE)
    }
}

/// Plain digits, of any length.
fn whole_number(text: &str) -> Option<u128> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u128::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<(u32, u32), ()> {
        let read = Query::of(query).read(|query| Some(query.page()));
        read.map(|page| (page.page, page.page_size)).map_err(drop)
    }

    #[rstest::rstest]
    #[case("", Ok((1, 25)))]
    #[case("page=3&page_size=100", Ok((3, 100)))]
    #[case::repeated("page=3&page=4", Ok((4, 25)))]
    #[case::near_2_63("page=9223372036854775807", Ok((u32::MAX, 25)))]
    #[case::far_beyond("page=99999999999999999999999999999999999999999999", Ok((u32::MAX, 25)))]
    #[case::zero("page=0", Err(()))]
    #[case::negative("page=-1", Err(()))]
    #[case::plus("page=%2B1", Err(()))]
    #[case::exponent("page=1e3", Err(()))]
    #[case::empty("page=", Err(()))]
    #[case::digits_of_another_script("page=%D9%A3", Err(()))]
    #[case::size_zero("page_size=0", Err(()))]
    #[case::size_too_large("page_size=101", Err(()))]
    fn a_page_is_a_whole_number(#[case] query: &str, #[case] expected: Result<(u32, u32), ()>) {
        assert_eq!(page(query), expected);
    }

    #[test]
    fn a_search_is_taken_as_it_stands_and_nul_is_named() {
        let search = |query: &str| Query::of(query).read(|query| Some(query.search()));
        assert_eq!(search("search=%25_%5c").unwrap(), Some("%_\\".to_owned()));
        assert_eq!(search("search=%ff").unwrap(), Some("\u{fffd}".to_owned()));
        assert_eq!(search("search=").unwrap(), None);
        assert!(search("search=%00").is_err());
    }

    #[test]
    fn unknown_parameters_are_ignored() {
        assert!(Query::of("nope=%00&&=&=x&%=%zz").read(|query| Some(query.page())).is_ok());
    }
}
