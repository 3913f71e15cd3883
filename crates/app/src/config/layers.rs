//! Where values come from: defaults, then the file, then the environment, then flags. A later layer wins;
//! an empty value puts a setting back to its default.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail, ensure};
use secrecy::{ExposeSecret as _, SecretString};

use super::settings::{ALL, FILE_TWIN, PREFIX, Setting, nearest};

/// The file that is read where `--config` names none and it exists.
pub const DEFAULT_FILE: &str = "igny8-integration.toml";

/// What was given from outside, before any of it is understood.
#[derive(Default)]
pub struct Inputs {
    /// `--config`.
    pub file: Option<PathBuf>,
    pub environment: BTreeMap<String, OsString>,
    /// By key.
    pub flags: BTreeMap<String, String>,
}

impl Inputs {
    pub fn of_process(file: Option<PathBuf>, flags: BTreeMap<String, String>) -> Self {
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
        Self { file, environment, flags }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    File(PathBuf),
    Environment,
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str("environment"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

pub struct Value {
    /// Any value may be a secret, so all are kept as one.
    pub text: SecretString,
    pub source: Source,
}

/// The winning value of each setting, and what should be said about the rest.
#[derive(Default)]
pub struct Values {
    by_variable: BTreeMap<&'static str, Value>,
    /// Variables of this service's prefix that mean nothing, with the one that may have been meant.
    pub unknown_variables: Vec<(String, Option<&'static str>)>,
}

impl Values {
    pub fn collect(inputs: &Inputs) -> anyhow::Result<Self> {
        let mut values = Self::default();
        for setting in ALL {
            if let Some(text) = setting.default {
                values
                    .by_variable
                    .insert(setting.variable, Value { text: text.into(), source: Source::Default });
            }
        }
        if let Some(path) = file_to_read(inputs) {
            let layer = read_file(&path)?;
            values.apply(&layer, &Source::File(path))?;
        }
        values.apply(&environment_layer(&inputs.environment)?, &Source::Environment)?;
        values.apply(&inputs.flags, &Source::Flag)?;
        values.unknown_variables = unknown_variables(&inputs.environment);
        Ok(values)
    }

    pub fn get(&self, setting: &Setting) -> Option<&Value> {
        self.by_variable.get(setting.variable)
    }

    fn apply(&mut self, layer: &BTreeMap<String, String>, source: &Source) -> anyhow::Result<()> {
        for setting in ALL {
            let key = setting.key();
            let twin = setting.has_file_twin().then(|| twin_key(&key));
            let direct = layer.get(&key);
            let from_file = twin.as_ref().and_then(|twin| layer.get(twin));
            let text = match (direct, from_file) {
                (None, None) => continue,
                (Some(_), Some(_)) => bail!("{key} and {key}_file are both set ({source}): keep one"),
                (Some(text), None) => SecretString::from(text.clone()),
                (None, Some(path)) if path.is_empty() => SecretString::default(),
                (None, Some(path)) => read_secret(path).with_context(|| format!("{key}_file ({source})"))?,
            };
            self.set(setting, text, source);
        }
        Ok(())
    }

    fn set(&mut self, setting: &Setting, text: SecretString, source: &Source) {
        let value = match (text.expose_secret().is_empty(), setting.default) {
            (false, _) => Some(Value { text, source: source.clone() }),
            (true, Some(default)) => Some(Value { text: default.into(), source: Source::Default }),
            (true, None) => None,
        };
        match value {
            Some(value) => self.by_variable.insert(setting.variable, value),
            None => self.by_variable.remove(setting.variable),
        };
    }
}

fn twin_key(key: &str) -> String {
    key.to_owned() + &FILE_TWIN.to_ascii_lowercase()
}

/// Every key that the file may have.
fn known_keys() -> Vec<String> {
    let twins = ALL.iter().filter(|setting| setting.has_file_twin()).map(|setting| twin_key(&setting.key()));
    ALL.iter().map(|setting| setting.key()).chain(twins).collect()
}

fn file_to_read(inputs: &Inputs) -> Option<PathBuf> {
    let default = || Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists());
    inputs.file.clone().or_else(default)
}

fn read_file(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("the configuration file {name}"))?;
    // The error of the parser shows the line, which may hold a secret.
    let table: toml::Table = toml::from_str(&text).map_err(|error| {
        let line =
            error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().lines().count().max(1));
        anyhow!("{name}, line {line}: {}", error.message())
    })?;
    let known = known_keys();
    let mut layer = BTreeMap::new();
    for (key, value) in table {
        if !known.contains(&key) {
            let near = nearest(&key, known.iter().map(String::as_str));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            bail!("{name}: unknown key `{key}`{hint}");
        }
        let text = text_of(&value).with_context(|| format!("{name}: `{key}`"))?;
        layer.insert(key, text);
    }
    Ok(layer)
}

fn text_of(value: &toml::Value) -> anyhow::Result<String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Array(entries) => {
            let entries = entries.iter().map(text_of).collect::<anyhow::Result<Vec<_>>>()?;
            ensure!(
                entries.iter().all(|entry| !entry.contains(',')),
                "an entry of a list may not have a comma"
            );
            Ok(entries.join(","))
        }
        _ => bail!("must be text, a whole number or a list of texts"),
    }
}

fn environment_layer(environment: &BTreeMap<String, OsString>) -> anyhow::Result<BTreeMap<String, String>> {
    let mut layer = BTreeMap::new();
    for setting in ALL {
        let twin = setting.has_file_twin().then(|| format!("{}{FILE_TWIN}", setting.variable));
        for (variable, key) in
            [(Some(setting.variable.to_owned()), setting.key()), (twin, twin_key(&setting.key()))]
        {
            let Some((variable, value)) = variable.and_then(|name| environment.get_key_value(&name)) else {
                continue;
            };
            let text = value.to_str().with_context(|| format!("{variable} is not UTF-8"))?;
            layer.insert(key, text.to_owned());
        }
    }
    Ok(layer)
}

fn unknown_variables(environment: &BTreeMap<String, OsString>) -> Vec<(String, Option<&'static str>)> {
    let is_known = |name: &str| {
        ALL.iter().any(|setting| {
            name == setting.variable
                || setting.has_file_twin() && name.strip_suffix(FILE_TWIN) == Some(setting.variable)
        })
    };
    environment
        .keys()
        .filter(|name| name.starts_with(PREFIX) && !is_known(name))
        .map(|name| (name.clone(), nearest(name, ALL.iter().map(|setting| setting.variable))))
        .collect()
}

/// The text of a secret's file, without the line end that editors add.
fn read_secret(path: &str) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(path).with_context(|| format!("the secret file {path}"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    ensure!(!text.is_empty(), "the secret file {path} is empty");
    Ok(text.into())
}
