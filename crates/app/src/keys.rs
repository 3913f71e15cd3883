//! The keys that the binary works with: configured, or on SQLite generated beside the database on first start.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use igny8_integration_persistence::cipher::Keyset;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::config::{Config, Database, jwt_secret};

const JWT_SECRET_FILE: &str = "jwt-secret";
const CREDENTIAL_KEYS_FILE: &str = "credential-keys";

pub struct Keys {
    /// HS256; the first one signs. Empty where a JWKS alone is trusted.
    pub jwt: Vec<SecretString>,
    /// What seals and opens stored secrets.
    pub credential: Keyset,
}

impl Keys {
    /// Takes what is configured and makes what is not. Run before the database is opened: keys that are
    /// missing beside an existing database are an error, since new ones could not read it.
    pub fn resolve(config: &mut Config) -> anyhow::Result<Self> {
        let home = match &config.database {
            Database::Sqlite(database) => Some(Home { data_dir: &config.data_dir, database }),
            Database::Postgres(_) => None,
        };
        let credential = match (config.credential_keys.take(), &home) {
            (Some(keys), _) => keys,
            (None, Some(home)) => home.credential_keys()?,
            (None, None) => bail!("IGNY8_CREDENTIAL_KEYS must be set"),
        };
        let jwt = match (config.jwt.secrets.take(), &config.jwt.jwks, &home) {
            (Some(secrets), _, _) => secrets,
            (None, Some(_), _) => Vec::new(),
            (None, None, Some(home)) => vec![home.jwt_secret()?],
            (None, None, None) => bail!("IGNY8_JWT_SECRETS or IGNY8_JWT_JWKS must be set"),
        };
        Ok(Self { jwt, credential })
    }
}

/// The files that a SQLite node keeps them in, where they are not configured: for sessions, and for credentials.
pub fn files(config: &Config) -> [PathBuf; 2] {
    [JWT_SECRET_FILE, CREDENTIAL_KEYS_FILE].map(|name| config.data_dir.join(name))
}

/// Where a SQLite node keeps what it generates.
struct Home<'a> {
    data_dir: &'a Path,
    database: &'a Path,
}

impl Home<'_> {
    fn jwt_secret(&self) -> anyhow::Result<SecretString> {
        let path = self.data_dir.join(JWT_SECRET_FILE);
        let text = match read(&path)? {
            Some(text) => text,
            None => create(&path, &random_text()?, "the secret that signs tokens")?,
        };
        jwt_secret(text.expose_secret()).with_context(|| path.display().to_string())
    }

    fn credential_keys(&self) -> anyhow::Result<Keyset> {
        let path = self.data_dir.join(CREDENTIAL_KEYS_FILE);
        let text = match read(&path)? {
            Some(text) => text,
            None if self.database.exists() => bail!(
                "{} is there but its key {} is missing: put it back, or set IGNY8_CREDENTIAL_KEYS to the keys in use",
                self.database.display(),
                path.display()
            ),
            None => create(&path, &Keyset::fresh_entry(1), "the key that credentials are encrypted under")?,
        };
        Keyset::parse(&text).with_context(|| path.display().to_string())
    }
}

fn random_text() -> anyhow::Result<SecretString> {
    let mut bytes = Zeroizing::new([0; 32]);
    OsRng.try_fill_bytes(bytes.as_mut()).context("the system gives no randomness")?;
    Ok(STANDARD.encode(bytes.as_ref()).into())
}

fn read(path: &Path) -> anyhow::Result<Option<SecretString>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim_end().into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(anyhow!(error).context(format!("{} can't be read", path.display()))),
    }
}

/// Writes a generated secret so that it is whole or absent, whoever else starts at the same moment and
/// whenever the power fails. Answers what the file holds in the end.
fn create(path: &Path, secret: &SecretString, what: &str) -> anyhow::Result<SecretString> {
    let written = || -> std::io::Result<bool> {
        let draft = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        writeln!(file, "{}", secret.expose_secret())?;
        file.sync_all()?;
        let linked = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        match linked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    };
    if written().with_context(|| format!("{} can't be written", path.display()))? {
        tracing::warn!(file = %path.display(), "generated {what}; keep a copy of it with your backups");
    }
    read(path)?.with_context(|| format!("{} went away", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use igny8_integration_domain::id::{AccountId, SiteId};
    use igny8_integration_domain::ports::{CredentialCipher as _, SealContext};

    use super::*;
    use crate::config::Inputs;

    fn config(data_dir: &Path, more: &[(&str, &str)]) -> anyhow::Result<Config> {
        let data_dir = data_dir.display().to_string();
        let data_dir = [("data_dir", data_dir.as_str())];
        let given = more.iter().chain(&data_dir);
        let flags = given.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Config::load(&Inputs { flags, ..Inputs::default() })
    }

    fn context() -> anyhow::Result<SealContext<'static>> {
        let account_id = AccountId::new(1).context("an id")?;
        let site_id = SiteId::new(1).context("an id")?;
        Ok(SealContext { account_id, site_id, integration_id: None, label: "test" })
    }

    #[test]
    fn generated_keys_are_private_and_stay_the_same() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        let first = Keys::resolve(&mut config(dir.path(), &[])?)?;
        let second = Keys::resolve(&mut config(dir.path(), &[])?)?;
        let context = context()?;
        let sealed = first.credential.seal(context, &"a secret".into());
        assert_eq!(second.credential.open(context, &sealed)?.expose_secret(), "a secret");
        assert_eq!(first.jwt[0].expose_secret(), second.jwt[0].expose_secret());
        for entry in std::fs::read_dir(dir.path())? {
            let entry = entry?;
            assert_eq!(entry.metadata()?.permissions().mode() & 0o777, 0o600, "{}", entry.path().display());
        }
        Ok(())
    }

    #[test]
    fn a_database_whose_key_is_missing_gets_no_new_one() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("igny8.db"), "rows")?;
        let error = Keys::resolve(&mut config(dir.path(), &[])?).err().context("refused")?;
        assert!(error.to_string().contains("IGNY8_CREDENTIAL_KEYS"), "{error}");
        Ok(())
    }

    #[test]
    fn with_a_jwks_alone_no_secret_is_made() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        let keys = Keys::resolve(&mut config(dir.path(), &[("jwt_jwks", "/etc/igny8/jwks.json")])?)?;
        assert!(keys.jwt.is_empty());
        assert!(!dir.path().join(JWT_SECRET_FILE).exists());
        Ok(())
    }

    #[test]
    fn two_first_starts_at_once_agree_on_the_keys() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join(CREDENTIAL_KEYS_FILE);
        create(&path, &"first".into(), "a key")?;
        assert_eq!(create(&path, &"second".into(), "a key")?.expose_secret(), "first");
        Ok(())
    }
}
