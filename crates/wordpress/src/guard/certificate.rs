//! What a server's certificates say of themselves, for the evidence of a handshake that failed.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AuthorityInfoAccessSyntax, SubjectAltName};
use x509_cert::name::Name;

use super::tls::TlsFailure;
use crate::answer::Redactor;

/// How many names of a certificate are shown.
const NAMES_SHOWN: usize = 3;
/// The attribute `commonName`, then `organizationName`.
const NAMING: [&str; 2] = ["2.5.4.3", "2.5.4.10"];

/// Remembers what a server presented, and leaves the judgement to who judges every other call.
#[derive(Debug)]
pub(super) struct Witness {
    judge: Arc<dyn ServerCertVerifier>,
    presented: Mutex<Option<Presented>>,
}

impl Witness {
    pub fn before(judge: Arc<dyn ServerCertVerifier>) -> Self {
        Self { judge, presented: Mutex::new(None) }
    }

    pub fn presented(&self) -> Option<Presented> {
        self.presented.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = Presented::read(end_entity, intermediates.len());
        *self.presented.lock().unwrap_or_else(PoisonError::into_inner) = presented;
        self.judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

/// A server's own certificate, and how many came with it.
#[derive(Clone, Debug)]
pub(super) struct Presented {
    names: Vec<String>,
    issuer: String,
    begins: String,
    ends: String,
    self_signed: bool,
    /// Whether it says where its issuer's certificate is to be had: those of public authorities do, and never come
    /// from an authority's root itself.
    names_its_issuer: bool,
    others: usize,
}

impl Presented {
    fn read(end_entity: &CertificateDer<'_>, others: usize) -> Option<Self> {
        let certificate = Certificate::from_der(end_entity.as_ref()).ok()?.tbs_certificate;
        let day = |time: &x509_cert::time::Time| time.to_date_time().to_string().replace('T', " ");
        let same_name = certificate.subject.to_der().ok() == certificate.issuer.to_der().ok();
        let named = |name: &Name| shown(&name_of(name));
        let mut names: Vec<String> = match certificate.get::<SubjectAltName>() {
            Ok(Some((_, SubjectAltName(names)))) => names.iter().filter_map(alternative).collect(),
            _ => Vec::new(),
        };
        if names.is_empty() {
            names.push(named(&certificate.subject));
        }
        Some(Self {
            names,
            issuer: named(&certificate.issuer),
            begins: day(&certificate.validity.not_before),
            ends: day(&certificate.validity.not_after),
            self_signed: same_name,
            names_its_issuer: matches!(certificate.get::<AuthorityInfoAccessSyntax>(), Ok(Some(_))),
            others,
        })
    }

    /// What the failure is, now that the certificates are known.
    pub fn refine(&self, failure: TlsFailure) -> TlsFailure {
        match failure {
            TlsFailure::Untrusted if self.self_signed => TlsFailure::SelfSigned,
            TlsFailure::Untrusted if self.others == 0 && self.names_its_issuer => TlsFailure::ChainIncomplete,
            other => other,
        }
    }

    /// What shows it.
    pub fn evidence(&self, failure: TlsFailure, called: &str) -> String {
        let Self { issuer, begins, ends, others, .. } = self;
        let whose = format!("it is for {}", self.names());
        match failure {
            TlsFailure::Expired => format!("{whose}, was issued by {issuer} and expired on {ends}"),
            TlsFailure::NotYetValid => format!("{whose}, was issued by {issuer} and begins on {begins}"),
            TlsFailure::WrongName => format!("{whose}, not for {called}"),
            TlsFailure::ChainIncomplete => format!("{whose}, was issued by {issuer} and came alone"),
            TlsFailure::Untrusted => {
                let company = match others {
                    0 => "came alone".to_owned(),
                    1 => "came with one other".to_owned(),
                    several => format!("came with {several} others"),
                };
                format!("{whose}, was issued by {issuer} and {company}")
            }
            _ => format!("{whose} and was issued by {issuer}"),
        }
    }

    fn names(&self) -> String {
        let shown: Vec<&str> = self.names.iter().take(NAMES_SHOWN).map(String::as_str).collect();
        match self.names.len().saturating_sub(NAMES_SHOWN) {
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        }
    }
}

fn alternative(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(shown(name.as_str())),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let four = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
            four.or_else(|_| <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from))
                .ok()
                .map(|ip| ip.to_string())
        }
        _ => None,
    }
}

/// Its common name, else its organisation, else all of it.
fn name_of(name: &Name) -> String {
    let attributes = || name.0.iter().flat_map(|part| part.0.iter());
    let naming = NAMING.iter().find_map(|oid| attributes().find(|one| one.oid.to_string() == **oid));
    let Some(naming) = naming else { return name.to_string() };
    let text = naming.to_string();
    text.split_once('=').map_or_else(|| text.clone(), |(_, value)| value.to_owned())
}

/// A certificate says what its maker wants it to say.
fn shown(text: &str) -> String {
    let text: String = text.chars().filter(|letter| !letter.is_control()).take(80).collect();
    let text = Redactor::default().plain(&text);
    if text.is_empty() { "nobody".to_owned() } else { text }
}
