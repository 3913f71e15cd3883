//! `serve --print-config`: the result of all layers with secrets redacted.

use secrecy::ExposeSecret as _;
use serde_json::{Map, Value as Json};
use url::Url;

use super::Config;
use super::layers::{Source, Value};
use super::settings::{self, ALL, Secrecy, Setting};

const REDACTED: &str = "[redacted]";

impl Config {
    /// A file that gives this configuration, where what comes from elsewhere and secrets are comments.
    pub fn to_toml(&self) -> String {
        ALL.iter().map(|setting| toml_line(setting, self.values.get(setting))).collect()
    }

    /// The flags that another command needs too in order to find the same data.
    pub fn flags_to_repeat(&self) -> String {
        let data_dir = self.values.get(settings::DATA_DIR).filter(|value| value.source == Source::Flag);
        data_dir.map(|value| format!(" --data-dir {}", shown(settings::DATA_DIR, value))).unwrap_or_default()
    }

    pub fn to_json(&self) -> Json {
        let shown = |setting: &Setting| self.values.get(setting).map(|value| shown(setting, value));
        Json::Object(ALL.iter().map(|setting| (setting.key(), shown(setting).into())).collect::<Map<_, _>>())
    }
}

fn toml_line(setting: &Setting, value: Option<&Value>) -> String {
    let key = setting.key();
    match value {
        None => format!("# {key} is not set: {}\n", setting.meaning),
        Some(value) => {
            let text = toml::Value::String(shown(setting, value));
            format!("{key} = {text} # {}\n", value.source)
        }
    }
}

fn shown(setting: &Setting, value: &Value) -> String {
    let text = value.text.expose_secret();
    match setting.secrecy {
        Secrecy::Open => text.to_owned(),
        Secrecy::Hidden => REDACTED.to_owned(),
        Secrecy::Url => without_password(text),
    }
}

/// The URL without its password; libpq takes one in the query too, so a query is never shown.
fn without_password(text: &str) -> String {
    if text.starts_with("sqlite:") {
        return text.to_owned();
    }
    let Ok(mut url) = Url::parse(text) else { return REDACTED.to_owned() };
    if url.password().is_some() && url.set_password(Some("redacted")).is_err() {
        return REDACTED.to_owned();
    }
    if url.query().is_some() {
        url.set_query(Some("redacted"));
    }
    url.into()
}
