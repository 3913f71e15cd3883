use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use rstest::rstest;

use super::*;

const SECRET: &str = "a-secret-of-more-than-thirty-two-bytes";

#[derive(Default)]
struct Given {
    inputs: Inputs,
    dir: Option<tempfile::TempDir>,
}

impl Given {
    fn file(mut self, text: &str) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("test.toml");
        std::fs::write(&path, text)?;
        self.inputs.file = Some(path);
        self.dir = Some(dir);
        Ok(self)
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.inputs.environment.insert(name.into(), value.into());
        self
    }

    fn flag(mut self, key: &str, value: &str) -> Self {
        self.inputs.flags.insert(key.into(), value.into());
        self
    }

    fn load(&self) -> anyhow::Result<Config> {
        Config::load(&self.inputs)
    }

    fn error(&self) -> anyhow::Result<String> {
        Ok(format!("{:#}", self.load().err().context("should be refused")?))
    }
}

#[test]
fn every_setting_has_its_default() -> anyhow::Result<()> {
    let config = Given::default().load()?;
    assert_eq!(config.bind.to_string(), "127.0.0.1:8080");
    assert!(matches!(&config.database, Database::Sqlite(path) if path == &PathBuf::from("./data/igny8.db")));
    assert_eq!(config.runs.lease, Duration::from_secs(30));
    assert_eq!(config.runs.schedule, Some(Duration::from_mins(15)));
    assert_eq!(config.outbound.http, HttpSites::Deny);
    assert!(config.outbound.allow.is_empty());
    Ok(())
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file() -> anyhow::Result<()> {
    let given = Given::default().file("workers = 1\nrun_lease = '1s'\nsync_schedule = 'off'")?;
    let given = given.env("IGNY8_WORKERS", "2").env("IGNY8_RUN_LEASE", "2s").flag("workers", "3");
    let config = given.load()?;
    assert_eq!(config.runs.workers, 3);
    assert_eq!(config.runs.lease, Duration::from_secs(2));
    assert_eq!(config.runs.schedule, None);
    Ok(())
}

#[test]
fn an_empty_value_puts_a_setting_back_to_its_default() -> anyhow::Result<()> {
    let given = Given::default().file("workers = 5\noutbound_allow = ['127.0.0.1/32:8101', '10.0.0.0/8']")?;
    assert_eq!(given.load()?.outbound.allow.len(), 2);
    let config = given.env("IGNY8_WORKERS", "").env("IGNY8_OUTBOUND_ALLOW", "").load()?;
    assert_eq!(config.runs.workers, 32);
    assert!(config.outbound.allow.is_empty());
    Ok(())
}

#[test]
fn an_unknown_key_in_the_file_names_the_nearest_known_one() -> anyhow::Result<()> {
    let error = Given::default().file("run_leese = '30s'")?.error()?;
    assert!(error.contains("unknown key `run_leese`; did you mean `run_lease`?"), "{error}");
    Ok(())
}

#[test]
fn a_file_that_is_no_toml_names_its_line_and_shows_nothing_of_it() -> anyhow::Result<()> {
    let error = Given::default().file(&format!("workers = 1\njwt_secrets = '{SECRET}"))?.error()?;
    assert!(error.contains("line 2") && !error.contains("a-secret"), "{error}");
    Ok(())
}

#[test]
fn a_file_that_is_named_must_be_there() -> anyhow::Result<()> {
    let inputs = Inputs { file: Some("nowhere.toml".into()), ..Inputs::default() };
    let error = format!("{:#}", Config::load(&inputs).err().context("refused")?);
    assert!(error.contains("nowhere.toml"), "{error}");
    Ok(())
}

#[test]
fn a_variable_that_means_nothing_is_told_with_the_one_that_was_meant() -> anyhow::Result<()> {
    let config = Given::default().env("IGNY8_BIMD", "x").env("IGNY8_CREDENTIAL_KEYS_FILE", "").load()?;
    assert_eq!(config.unknown_variables(), [("IGNY8_BIMD".into(), Some("IGNY8_BIND"))]);
    Ok(())
}

#[rstest]
#[case("IGNY8_BIND", "localhost")]
#[case("IGNY8_WORKERS", "0")]
#[case("IGNY8_RUN_LEASE", "0s")]
#[case("IGNY8_SYNC_SCHEDULE", "often")]
#[case("IGNY8_OUTBOUND_HTTP", "yes")]
#[case("IGNY8_OUTBOUND_ALLOW", "127.0.0.1/32,example.com")]
#[case("IGNY8_TRUSTED_PROXIES", "10.0.0.0/64")]
#[case("IGNY8_PUBLIC_URL", "ftp://igny8.example")]
#[case("IGNY8_CORS_ORIGINS", "https://app.example/path")]
#[case("IGNY8_THROTTLE_INTEGRATION", "fast")]
#[case("IGNY8_LOG", "info,=,")]
#[case("IGNY8_LOG_FORMAT", "xml")]
#[case("IGNY8_DATABASE_URL", "mysql://db/igny8")]
#[case("IGNY8_DATABASE_URL", "sqlite://")]
fn a_value_that_is_wrong_is_refused_by_the_name_of_its_setting(
    #[case] variable: &str,
    #[case] value: &str,
) -> anyhow::Result<()> {
    let error = Given::default().env(variable, value).error()?;
    assert!(error.starts_with(variable) && !error.contains('\n'), "{error}");
    Ok(())
}

#[rstest]
#[case("IGNY8_JWT_SECRETS", "too-short-a-secret")]
#[case("IGNY8_CREDENTIAL_KEYS", "1:too-short-a-secret")]
#[case("IGNY8_DATABASE_URL", "mysql://user:too-short-a-secret@db/igny8")]
fn a_secret_that_is_wrong_is_refused_without_being_shown(
    #[case] variable: &str,
    #[case] value: &str,
) -> anyhow::Result<()> {
    let error = Given::default().env(variable, value).error()?;
    assert!(error.starts_with(variable) && !error.contains("too-short-a-secret"), "{error}");
    Ok(())
}

#[test]
fn a_secret_may_come_from_a_file_whose_line_end_is_no_part_of_it() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("secret");
    std::fs::write(&path, format!("{SECRET}\n"))?;
    let path = path.display().to_string();
    for given in [
        Given::default().env("IGNY8_JWT_SECRETS_FILE", &path),
        Given::default().flag("jwt_secrets_file", &path),
        Given::default().file(&format!("jwt_secrets_file = '{path}'"))?,
    ] {
        let secrets = given.load()?.jwt.secrets.context("set")?;
        assert_eq!(secrets.iter().map(ExposeSecret::expose_secret).collect::<Vec<_>>(), [SECRET]);
    }
    Ok(())
}

#[test]
fn a_secret_and_its_file_at_once_are_refused() -> anyhow::Result<()> {
    let given = Given::default().env("IGNY8_JWT_SECRETS", SECRET).env("IGNY8_JWT_SECRETS_FILE", "/x");
    assert!(given.error()?.contains("both set"));
    Ok(())
}

#[test]
fn a_missing_secret_file_is_an_error_that_names_it() -> anyhow::Result<()> {
    let error = Given::default().env("IGNY8_CREDENTIAL_KEYS_FILE", "/nowhere/key").error()?;
    assert!(error.contains("/nowhere/key"), "{error}");
    Ok(())
}

#[test]
fn several_jwt_secrets_are_taken_as_they_stand() -> anyhow::Result<()> {
    let config = Given::default().env("IGNY8_JWT_SECRETS", &format!("{SECRET},{SECRET} ")).load()?;
    let secrets = config.jwt.secrets.context("set")?;
    assert_eq!(secrets[1].expose_secret(), format!("{SECRET} "));
    Ok(())
}

#[test]
fn no_postgres_node_starts_on_keys_of_its_own() -> anyhow::Result<()> {
    let key = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let given = Given::default().env("IGNY8_DATABASE_URL", "postgres://db/igny8");
    assert!(given.error()?.contains("IGNY8_CREDENTIAL_KEYS"));
    let given = given.env("IGNY8_CREDENTIAL_KEYS", key);
    assert!(given.error()?.contains("IGNY8_JWT_SECRETS or IGNY8_JWT_JWKS"));
    assert!(given.env("IGNY8_JWT_SECRETS", SECRET).load().is_ok());
    Ok(())
}

#[test]
fn the_printed_configuration_is_a_file_without_secrets() -> anyhow::Result<()> {
    let key = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let given = Given::default()
        .env("IGNY8_DATABASE_URL", "postgres://igny8:hunter2@db/igny8?password=hunter2")
        .env("IGNY8_JWT_SECRETS", SECRET)
        .env("IGNY8_CREDENTIAL_KEYS", key)
        .flag("workers", "7");
    let config = given.load()?;
    let printed: toml::Table = toml::from_str(&config.to_toml())?;
    assert_eq!(printed.get("workers").and_then(|value| value.as_str()), Some("7"));
    assert_eq!(config.to_json()["run_lease"], "30s");
    for shown in [config.to_toml(), config.to_json().to_string()] {
        assert!(shown.contains("[redacted]"), "{shown}");
        for secret in ["hunter2", SECRET, "AAAA"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    Ok(())
}

#[test]
fn every_setting_can_be_written_in_the_file_by_its_key() -> anyhow::Result<()> {
    let keys: BTreeMap<_, _> = settings::ALL.iter().map(|setting| (setting.key(), setting.default)).collect();
    assert_eq!(keys.len(), settings::ALL.len());
    let lines: Vec<_> =
        keys.iter().map(|(key, default)| format!("{key} = '{}'", default.unwrap_or(""))).collect();
    Given::default().file(&lines.join("\n"))?.load()?;
    Ok(())
}
