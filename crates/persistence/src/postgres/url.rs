//! The URL, as libpq reads it where the driver does not.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};

use super::tls::TlsMode;
use crate::config::ConfigError;

/// Where the server is and how far it is trusted.
#[derive(Clone)]
pub struct PostgresUrl {
    /// What the driver understands.
    pub driver: tokio_postgres::Config,
    /// What it does not: it knows no `verify-ca` and `verify-full`.
    pub sslmode: TlsMode,
    /// A file of certificates to trust, instead of the machine's.
    pub sslrootcert: Option<PathBuf>,
}

impl PostgresUrl {
    /// Reads a URL.
    pub fn parse(url: &str) -> Result<Self, ConfigError> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut sslmode, mut sslrootcert, mut others) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match ::url::form_urlencoded::parse(pair.as_bytes()).next() {
                Some((key, value)) if key == "sslmode" => sslmode = Some(TlsMode::from_word(&value)?),
                Some((key, value)) if key == "sslrootcert" => sslrootcert = Some(value.into_owned()),
                _ => others.push(pair),
            }
        }
        let mut driver: tokio_postgres::Config =
            format!("{place}?{}", others.join("&")).parse().map_err(unusable)?;
        let mut sslmode = sslmode.unwrap_or_default();
        if sslrootcert.as_deref() == Some("system") {
            // As libpq has it: the machine's authorities vouch for the whole world, so the name must fit.
            sslmode = TlsMode::VerifyFull;
            sslrootcert = None;
        }
        if driver.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)))
            && driver.get_hostaddrs().is_empty()
        {
            sslmode = TlsMode::Disable; // a Unix socket
        }
        driver.ssl_mode(match sslmode {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
        });
        set_defaults(&mut driver);
        Ok(Self { driver, sslmode, sslrootcert: sslrootcert.map(PathBuf::from) })
    }
}

/// A server that is gone is noticed in seconds, and its log says who we are.
fn set_defaults(driver: &mut tokio_postgres::Config) {
    if driver.get_application_name().is_none() {
        driver.application_name("igny8-integration");
    }
    if driver.get_connect_timeout().is_none() {
        driver.connect_timeout(Duration::from_secs(5));
    }
    if driver.get_tcp_user_timeout().is_none() {
        driver.tcp_user_timeout(Duration::from_secs(30));
    }
}

/// Its chain names the bad parameter, and never shows the URL.
fn unusable(error: tokio_postgres::Error) -> ConfigError {
    ConfigError::Unusable(format!("{:#}", anyhow::Error::from(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> TlsMode {
        PostgresUrl::parse(url).expect("a usable URL").sslmode
    }

    #[rstest::rstest]
    #[case("postgres://db.example/igny8", TlsMode::Prefer)]
    #[case("postgres://db.example/igny8?sslmode=disable", TlsMode::Disable)]
    #[case("postgres://db.example/igny8?sslmode=require", TlsMode::Require)]
    #[case("postgres://db.example/igny8?sslmode=verify-ca", TlsMode::VerifyCa)]
    #[case("postgresql://db.example/igny8?connect_timeout=3&sslmode=verify-full", TlsMode::VerifyFull)]
    #[case("postgres://db.example/igny8?sslrootcert=system", TlsMode::VerifyFull)]
    #[case("postgres://igny8@%2Fvar%2Frun%2Fpostgresql/igny8?sslmode=require", TlsMode::Disable)]
    fn sslmode_is_read_as_libpq_reads_it(#[case] url: &str, #[case] expected: TlsMode) {
        assert_eq!(mode(url), expected);
    }

    #[test]
    fn what_the_driver_knows_reaches_it() {
        let url = PostgresUrl::parse("postgres://u:p%40ss@db:5433/igny8?sslmode=require&application_name=x")
            .expect("usable");
        assert_eq!(url.driver.get_password(), Some(b"p@ss".as_slice()));
        assert_eq!(url.driver.get_ports(), [5433]);
        assert_eq!(url.driver.get_application_name(), Some("x"));
    }

    #[rstest::rstest]
    #[case("postgres://u:secret@db/igny8?sslmode=sometimes")]
    #[case("postgres://u:secret@db/igny8?no_such_option=1")]
    #[case("postgres://u:secret@db:port/igny8")]
    fn a_url_that_cannot_be_used_is_refused_without_showing_it(#[case] url: &str) {
        let error = PostgresUrl::parse(url).err().expect("refused");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
