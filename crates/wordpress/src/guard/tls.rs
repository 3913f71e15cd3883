//! TLS with the machine's own trust store, one configuration for every client and for the probe.

use std::error::Error;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// What is wrong with a site's TLS, by who has to mend what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFailure {
    #[error("the site's certificate has expired")]
    Expired,
    #[error("the site's certificate is not valid yet")]
    NotYetValid,
    #[error("the site's certificate is for another name")]
    WrongName,
    #[error("the site's certificate comes from an authority that is not trusted")]
    Untrusted,
    /// Told from the one above only where the certificates themselves were looked at.
    #[error("the site sends its certificate without the intermediate one that leads to a trusted authority")]
    ChainIncomplete,
    /// As above.
    #[error("the site's certificate is signed by itself")]
    SelfSigned,
    #[error("the site's certificate was revoked")]
    Revoked,
    #[error("the site does not speak TLS on this port")]
    NotSpoken,
    #[error("the TLS handshake failed")]
    Handshake,
}

impl TlsFailure {
    /// The stable word for it in a check.
    pub fn code(self) -> &'static str {
        match self {
            Self::Expired => "tls_expired",
            Self::NotYetValid => "tls_not_yet_valid",
            Self::WrongName => "tls_wrong_name",
            Self::Untrusted => "tls_untrusted",
            Self::ChainIncomplete => "tls_chain_incomplete",
            Self::SelfSigned => "tls_self_signed",
            Self::Revoked => "tls_revoked",
            Self::NotSpoken => "tls_not_spoken",
            Self::Handshake => "tls_failed",
        }
    }

    /// Whether it is the certificate that was refused, rather than the conversation.
    pub(super) fn is_of_the_certificate(self) -> bool {
        !matches!(self, Self::NotSpoken | Self::Handshake)
    }

    /// Finds what rustls said in the chain of an error, if it was rustls that failed.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<rustls::Error>() {
                return Some(Self::from(found));
            }
            // An io::Error's source is the source of what it wraps, so what it wraps is asked first.
            let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            next = match wrapped {
                Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
                None => error.source(),
            };
        }
        None
    }
}

impl From<&rustls::Error> for TlsFailure {
    fn from(error: &rustls::Error) -> Self {
        use CertificateError as Certificate;
        match error {
            rustls::Error::InvalidCertificate(certificate) => match certificate {
                Certificate::Expired | Certificate::ExpiredContext { .. } => Self::Expired,
                Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => Self::NotYetValid,
                Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => Self::WrongName,
                Certificate::Revoked => Self::Revoked,
                _ => Self::Untrusted,
            },
            rustls::Error::InvalidMessage(_) => Self::NotSpoken,
            _ => Self::Handshake,
        }
    }
}

/// Who judges certificates: the machine's own trust store, and what is trusted besides. None where there is neither.
pub(super) fn judge(
    extra: &[CertificateDer<'static>],
) -> Result<Option<Arc<dyn ServerCertVerifier>>, rustls::Error> {
    match Verifier::new_with_extra_roots(extra.to_vec(), Arc::new(default_provider())) {
        Ok(verifier) => Ok(Some(Arc::new(verifier))),
        Err(rustls::Error::General(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where the machine has no trust store at all, every https site is refused rather than every start.
pub(super) fn client_config(
    judge: Option<Arc<dyn ServerCertVerifier>>,
) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?;
    let mut config = match judge {
        Some(judge) => builder.dangerous().with_custom_certificate_verifier(judge).with_no_client_auth(),
        None => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use rustls::{AlertDescription, Error as Rustls, InvalidMessage};

    #[rstest]
    #[case(Rustls::InvalidCertificate(CertificateError::Expired), TlsFailure::Expired)]
    #[case(Rustls::InvalidCertificate(CertificateError::NotValidYet), TlsFailure::NotYetValid)]
    #[case(Rustls::InvalidCertificate(CertificateError::NotValidForName), TlsFailure::WrongName)]
    #[case(Rustls::InvalidCertificate(CertificateError::UnknownIssuer), TlsFailure::Untrusted)]
    #[case(Rustls::InvalidCertificate(CertificateError::Revoked), TlsFailure::Revoked)]
    #[case(Rustls::InvalidMessage(InvalidMessage::InvalidContentType), TlsFailure::NotSpoken)]
    #[case(Rustls::AlertReceived(AlertDescription::HandshakeFailure), TlsFailure::Handshake)]
    fn what_is_wrong_is_found_inside_an_io_error(#[case] said: Rustls, #[case] expected: TlsFailure) {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, said);
        assert_eq!(TlsFailure::of(&error), Some(expected));
    }

    #[test]
    fn another_failure_is_not_one_of_tls() {
        let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert_eq!(TlsFailure::of(&error), None);
    }
}
