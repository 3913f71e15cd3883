//! A flag for every setting, made from the one table of settings.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches};

use crate::config::settings::{ALL, FILE_TWIN, Secrecy};

const HEADING: &str = "Settings (each also by environment variable and in the file)";

const SEEN: &str = "On a command line everybody on the machine sees it: better the variable or a file";

pub fn all() -> impl Iterator<Item = Arg> {
    ALL.iter().flat_map(|setting| {
        let (meaning, variable) = (setting.meaning, setting.variable);
        let help = match (setting.default, setting.secrecy) {
            (Some(default), _) => format!("{meaning} [{variable}, default: {default}]"),
            (None, Secrecy::Hidden) => format!("{meaning} [{variable}]. {SEEN}"),
            (None, _) => format!("{meaning} [{variable}]"),
        };
        let direct = flag(setting.key(), help);
        let twin = setting.has_file_twin().then(|| {
            let key = setting.key() + &FILE_TWIN.to_ascii_lowercase();
            flag(key, format!("File that holds {} [{}{FILE_TWIN}]", setting.flag(), setting.variable))
        });
        [Some(direct), twin].into_iter().flatten()
    })
}

fn flag(key: String, help: String) -> Arg {
    let long = key.replace('_', "-");
    Arg::new(key)
        .long(long)
        .help(help)
        .help_heading(HEADING)
        .value_name("VALUE")
        .hide_short_help(true)
        .global(true)
        .action(ArgAction::Set)
}

/// What was given, by key. Global flags reach the innermost command whichever side of it they stood on.
pub fn given(matches: &ArgMatches) -> BTreeMap<String, String> {
    let mut innermost = matches;
    while let Some((_, deeper)) = innermost.subcommand() {
        innermost = deeper;
    }
    let value = |arg: Arg| {
        let key = arg.get_id().as_str();
        Some((key.to_owned(), innermost.get_one::<String>(key)?.clone()))
    };
    all().filter_map(value).collect()
}
