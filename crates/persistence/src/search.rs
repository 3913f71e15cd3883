//! Searching for a literal part of a text, whatever the letter case.
//!
//! SQLite's LIKE and `lower()` know ASCII only, and PostgreSQL's depend on the locale. So what can be searched is stored
//! a second time as [`fold`] makes it, and the text that is looked for is folded the same way.

/// The text with its letters in one case. Letter by letter: the two forms of a small sigma are one letter, whatever
/// follows it.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|letter| if letter == 'ς' { 'σ' } else { letter }).collect()
}

/// The LIKE pattern (escape character `\`) for texts that hold `part`.
pub fn pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for letter in fold(part).chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("ÜBER Uns", "über uns")]
    #[case("ΟΔΟΣ", "οδοσ")]
    #[case("οδος", "οδοσ")]
    #[case("Привет", "привет")]
    fn letters_are_folded_in_every_alphabet(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(fold(text), expected);
    }

    #[test]
    fn signs_of_the_pattern_language_are_taken_literally() {
        assert_eq!(pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
