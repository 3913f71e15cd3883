//! What can be wrong with a site, once: the word for it, what shows it, and what helps. The checks of a connection
//! test, the `doctor` command and `docs/connection-checks.md` all speak from this one table.

mod errors;
mod remarks;

use igny8_integration_domain::ports::platform::Severity;

/// The checks of a connection test, in their order.
pub const CHECKS: [&str; 9] =
    ["url", "dns", "tcp", "tls", "http", "rest_api", "plugin", "authentication", "permissions"];

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The stable word.
    pub code: &'static str,
    /// At which checks it may come up.
    pub checks: &'static [&'static str],
    /// What it means.
    pub meaning: &'static str,
    /// What a finding shows for it.
    pub evidence: &'static str,
    /// What a person can do, in one sentence.
    pub fix: &'static str,
}

/// What ends a test.
pub const ERRORS: &[Diagnosis] = errors::ERRORS;
/// What a test that goes on remarks.
pub const WARNINGS: &[Diagnosis] = remarks::WARNINGS;
/// What is only good to know.
pub const NOTICES: &[Diagnosis] = remarks::NOTICES;

/// For a word that is no diagnosis of its own, such as what a single request may fail with.
const GENERAL_FIX: &str = "Look at the site's error log, or ask its host.";

/// What helps against `code`.
pub fn fix_for(code: &str) -> &'static str {
    find(code).map_or(GENERAL_FIX, |(_, found)| found.fix)
}

/// The row for `code`, and how much it matters.
pub fn find(code: &str) -> Option<(Severity, &'static Diagnosis)> {
    let tables = [(Severity::Error, ERRORS), (Severity::Warning, WARNINGS), (Severity::Notice, NOTICES)];
    tables
        .into_iter()
        .find_map(|(severity, rows)| rows.iter().find(|row| row.code == code).map(|row| (severity, row)))
}

/// The tables as `docs/connection-checks.md` shows them.
pub fn to_markdown() -> String {
    const HEAD: &str =
        "| code | check | what it means | evidence | what helps |\n| --- | --- | --- | --- | --- |";
    let parts = [("Errors", ERRORS), ("Warnings", WARNINGS), ("Notices", NOTICES)];
    let parts = parts.map(|(title, rows)| {
        let lines: Vec<String> = rows.iter().map(to_line).collect();
        format!("## {title}\n{HEAD}\n{}", lines.join("\n"))
    });
    parts.join("\n\n")
}

fn to_line(row: &Diagnosis) -> String {
    let Diagnosis { code, checks, meaning, evidence, fix } = row;
    format!("| `{code}` | {} | {meaning} | {evidence} | {fix} |", checks.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn all() -> impl Iterator<Item = &'static Diagnosis> {
        ERRORS.iter().chain(WARNINGS).chain(NOTICES)
    }

    #[test]
    fn every_word_is_there_once_and_every_row_is_filled() {
        let codes: BTreeSet<&str> = all().map(|row| row.code).collect();
        assert_eq!(codes.len(), all().count());
        for row in all() {
            assert!(
                row.fix.ends_with('.') && !row.fix.trim_end_matches('.').contains(". "),
                "one sentence: {}",
                row.fix
            );
            assert!(
                !row.meaning.is_empty() && !row.evidence.is_empty() && !row.checks.is_empty(),
                "{}",
                row.code
            );
            assert!(row.checks.iter().all(|check| CHECKS.contains(check)), "{}", row.code);
            for cell in [row.meaning, row.evidence, row.fix] {
                assert!(!cell.contains(['|', '\n']), "{}", row.code);
            }
        }
    }

    #[test]
    fn the_documentation_has_the_table_as_it_is() {
        let page = include_str!("../../../../docs/connection-checks.md").replace("\r\n", "\n");
        let table = to_markdown();
        assert!(page.contains(&table), "put this into docs/connection-checks.md:\n\n{table}\n");
    }
}
