//! TLS to the server: how much of its certificate is checked.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::ConfigError;

/// libpq's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// Never.
    Disable,
    /// Where the server has it; nothing is checked.
    #[default]
    Prefer,
    /// Always; the certificate is checked only where a root certificate is given.
    Require,
    /// Always, by an authority that is trusted, for whatever name.
    VerifyCa,
    /// Always, by an authority that is trusted, for this name.
    VerifyFull,
}

impl TlsMode {
    /// Reads the word for it.
    pub fn from_word(word: &str) -> Result<Self, ConfigError> {
        Ok(match word {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => {
                return Err(ConfigError::Unusable(
                    "sslmode is one of disable, prefer, require, verify-ca, verify-full".to_owned(),
                ));
            }
        })
    }

    /// Whether a connection without TLS is good enough where there is no other.
    pub fn may_be_plain(self) -> bool {
        matches!(self, Self::Disable | Self::Prefer)
    }

    /// What makes TLS connections; none where there are to be none.
    pub fn client_config(self, roots: Option<&Path>) -> Result<Option<MakeRustlsConnect>, ConfigError> {
        let check = match (self, roots) {
            (Self::Disable, _) => return Ok(None),
            (Self::Prefer, _) | (Self::Require, None) => Check::Nothing,
            (Self::Require, Some(_)) | (Self::VerifyCa, _) => Check::Authority,
            (Self::VerifyFull, _) => Check::AuthorityAndName,
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = ServerCheck {
            check,
            authorities: if check == Check::Nothing { None } else { Some(authorities(roots, &provider)?) },
            provider: provider.clone(),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Some(MakeRustlsConnect::new(config)))
    }
}

/// Those of the file, or the machine's own.
fn authorities(
    roots: Option<&Path>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, ConfigError> {
    let Some(path) = roots else {
        let verifier = rustls_platform_verifier::Verifier::new(provider.clone()).map_err(unusable)?;
        return Ok(Arc::new(verifier));
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unusable)? {
        store.add(certificate.map_err(unusable)?).map_err(unusable)?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
        .build()
        .map_err(unusable)?;
    Ok(verifier)
}

fn unusable(error: impl std::fmt::Display) -> ConfigError {
    ConfigError::Unusable(format!("TLS: {error}"))
}

/// What of a server's certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    Nothing,
    Authority,
    AuthorityAndName,
}

/// The check itself. That the server holds the certificate's key is always checked.
#[derive(Debug)]
struct ServerCheck {
    check: Check,
    authorities: Option<Arc<dyn ServerCertVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ServerCheck {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authorities) = &self.authorities else { return Ok(ServerCertVerified::assertion()) };
        match authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.check == Check::Authority => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
