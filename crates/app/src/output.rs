//! What a command says on standard output: words for people, or one JSON object.

use std::io::Write as _;

use serde_json::Value as Json;

#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints the one object, or the words.
    pub fn print(self, json: &Json, words: &str) {
        let json = self.json.then(|| json.to_string());
        let text = json.as_deref().unwrap_or(words).trim_end_matches('\n');
        // A reader that went away is no failure of what was done.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }
}
