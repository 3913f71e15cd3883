//! Real TLS servers on this machine, with certificates made here, each with a mistake of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use igny8_integration_domain::integration::SiteUrl;
use igny8_integration_domain::ports::platform::{ConnectionReport, Platform as _};
use igny8_integration_wordpress::WordPressPlatform;
use igny8_integration_wordpress::guard::{OutboundError, OutboundOptions, TlsFailure};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use reqwest::Method;
use rstest::rstest;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::connection::failed;
use crate::fake::{FakeSite, RealTime};
use crate::guard::call;
use crate::server::client_for;

type Authority = Issuer<'static, KeyPair>;

fn authority(name: &str) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    (params, KeyPair::generate().unwrap())
}

/// An authority that signs itself.
fn root(name: &str) -> (CertificateDer<'static>, Authority) {
    let (params, key) = authority(name);
    let certificate = params.self_signed(&key).unwrap();
    (certificate.der().clone(), Issuer::new(params, key))
}

/// An authority that another one has signed.
fn intermediate(name: &str, by: &Authority) -> (CertificateDer<'static>, Authority) {
    let (params, key) = authority(name);
    let certificate = params.signed_by(&key, by).unwrap();
    (certificate.der().clone(), Issuer::new(params, key))
}

fn site(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "a site of this test");
    params
}

/// Authority Information Access: where the issuer's certificate is to be had, as every public authority says.
fn says_its_issuer(mut params: CertificateParams) -> CertificateParams {
    let place = b"http://ca.example/i.der";
    let mut description =
        vec![0x06, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2, 0x86, u8::try_from(place.len()).unwrap()];
    description.extend_from_slice(place);
    let inner = u8::try_from(description.len()).unwrap();
    let mut value = vec![0x30, inner + 2, 0x30, inner];
    value.extend(description);
    params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], value)];
    params
}

struct Server {
    address: SocketAddr,
    trusted: Vec<CertificateDer<'static>>,
}

impl Server {
    /// Speaks TLS with these certificates and closes.
    async fn start(
        chain: Vec<CertificateDer<'static>>,
        key: &KeyPair,
        trusted: Vec<CertificateDer<'static>>,
    ) -> Self {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A handshake that the other side refuses is what these tests are about.
                let _ = acceptor.accept(stream).await;
            }
        });
        Self { address, trusted }
    }

    fn options(&self) -> OutboundOptions {
        OutboundOptions { extra_roots: self.trusted.clone(), ..OutboundOptions::default() }
    }

    /// A connection test of it, by its address.
    async fn test(&self) -> ConnectionReport {
        let outbound = client_for(&["127.0.0.0/8"], self.options());
        let platform = WordPressPlatform::new(outbound, Arc::new(RealTime));
        let mut connection = FakeSite::bare().await.connection();
        connection.site_url = SiteUrl::parse("site_url", &format!("https://{}", self.address)).unwrap();
        platform.test_connection(&connection).await
    }

    /// What any other call to it fails with.
    async fn called(&self) -> OutboundError {
        let outbound = client_for(&["127.0.0.0/8"], self.options());
        outbound.send(call(Method::GET, &format!("https://{}/", self.address))).await.unwrap_err()
    }
}

/// A server whose certificate a trusted root has signed.
async fn trusted(params: CertificateParams) -> Server {
    let (root_der, root) = root("Root of this test");
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &root).unwrap();
    Server::start(vec![certificate.der().clone()], &key, vec![root_der]).await
}

async fn expired() -> Server {
    let mut params = site(&["127.0.0.1", "shop.example"]);
    params.not_before = date_time_ymd(2020, 1, 2);
    params.not_after = date_time_ymd(2021, 3, 4);
    trusted(params).await
}

async fn too_early() -> Server {
    let mut params = site(&["127.0.0.1"]);
    params.not_before = date_time_ymd(2090, 1, 2);
    params.not_after = date_time_ymd(2091, 1, 2);
    trusted(params).await
}

async fn of_another_name() -> Server {
    trusted(site(&["shop.example", "www.shop.example", "a.example", "b.example", "c.example"])).await
}

async fn of_an_unknown_authority() -> Server {
    let (_, root) = root("Nobody's root");
    let (between, issuer) = intermediate("Nobody's issuer", &root);
    let key = KeyPair::generate().unwrap();
    let certificate = site(&["127.0.0.1"]).signed_by(&key, &issuer).unwrap();
    Server::start(vec![certificate.der().clone(), between], &key, Vec::new()).await
}

/// The root is trusted, and the certificate between it and the site's is not sent.
async fn without_its_intermediate() -> Server {
    let (root_der, root) = root("Root of this test");
    let (_, issuer) = intermediate("Issuer of this test", &root);
    let key = KeyPair::generate().unwrap();
    let certificate = says_its_issuer(site(&["127.0.0.1"])).signed_by(&key, &issuer).unwrap();
    Server::start(vec![certificate.der().clone()], &key, vec![root_der]).await
}

/// From an authority of somebody's own, straight from its root: nothing is missing, nobody knows it.
async fn of_a_private_root() -> Server {
    let (_, root) = root("Our own root");
    let key = KeyPair::generate().unwrap();
    let certificate = site(&["127.0.0.1"]).signed_by(&key, &root).unwrap();
    Server::start(vec![certificate.der().clone()], &key, Vec::new()).await
}

async fn signed_by_itself() -> Server {
    let key = KeyPair::generate().unwrap();
    let certificate = site(&["127.0.0.1"]).self_signed(&key).unwrap();
    Server::start(vec![certificate.der().clone()], &key, Vec::new()).await
}

#[rstest]
#[case::expired(expired().await, "tls_expired", &["127.0.0.1, shop.example", "Root of this test", "expired on 2021-03-04"])]
#[case::too_early(too_early().await, "tls_not_yet_valid", &["begins on 2090-01-02"])]
#[case::another_name(of_another_name().await, "tls_wrong_name", &["shop.example", "and 2 more", "not for 127.0.0.1"])]
#[case::unknown_authority(of_an_unknown_authority().await, "tls_untrusted", &["Nobody's issuer", "came with one other"])]
#[case::private_root(of_a_private_root().await, "tls_untrusted", &["Our own root", "came alone"])]
#[case::no_intermediate(without_its_intermediate().await, "tls_chain_incomplete", &["Issuer of this test", "came alone"])]
#[case::self_signed(signed_by_itself().await, "tls_self_signed", &["127.0.0.1"])]
#[tokio::test]
async fn each_mistake_of_a_certificate_is_told_with_what_shows_it(
    #[case] server: Server,
    #[case] code: &str,
    #[case] shown: &[&str],
) {
    let report = server.test().await;
    assert_eq!(failed(&report), ("tls", code));
    let finding = &report.findings[0];
    assert_eq!(finding.code, code);
    for part in shown {
        assert!(finding.evidence.contains(part), "{part}: {}", finding.evidence);
    }
    assert!(report.message.ends_with(&finding.fix), "{}", report.message);
}

#[tokio::test]
async fn a_run_refuses_what_the_test_refuses() {
    assert_eq!(expired().await.called().await, OutboundError::Tls(TlsFailure::Expired));
    assert_eq!(of_another_name().await.called().await, OutboundError::Tls(TlsFailure::WrongName));
    assert_eq!(without_its_intermediate().await.called().await, OutboundError::Tls(TlsFailure::Untrusted));
}

#[tokio::test]
async fn a_good_certificate_passes_with_its_intermediate() {
    let (root_der, root) = root("Root of this test");
    let (between, issuer) = intermediate("Issuer of this test", &root);
    let key = KeyPair::generate().unwrap();
    let certificate = says_its_issuer(site(&["127.0.0.1"])).signed_by(&key, &issuer).unwrap();
    let server = Server::start(vec![certificate.der().clone(), between], &key, vec![root_der]).await;
    let report = server.test().await;
    assert!(report.checks[3].ok && report.checks[3].detail.starts_with("TLS 1.3"), "{report:#?}");
    // It speaks TLS and nothing else.
    assert_eq!(failed(&report).0, "http");
}
