//! The steps of a connection one by one, for a connection test that says which of them fails.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use url::Host;

use super::certificate::Witness;
use super::client::Outbound;
use super::error::{ConnectFailure, OutboundError, Phase};
use super::resolver::GuardedResolver;
use super::target::Target;
use super::tls::{TlsFailure, client_config};

const LOOKUP: Duration = Duration::from_secs(5);
/// How long an address is alone before the next one is tried beside it, so that a dead one costs little.
const HEAD_START: Duration = Duration::from_millis(250);
const MAX_ADDRESSES: usize = 8;

impl Outbound {
    /// The addresses of a target, all of them permitted.
    pub async fn resolve(&self, target: &Target) -> Result<Vec<SocketAddr>, OutboundError> {
        let name = match &target.host {
            Host::Domain(name) => name.trim_end_matches('.'),
            Host::Ipv4(_) | Host::Ipv6(_) => return Ok(target.literal().into_iter().collect()),
        };
        let resolver =
            GuardedResolver { policy: self.policy.clone(), scheme: target.scheme, port: target.port };
        match timeout(LOOKUP, resolver.lookup(name)).await {
            Ok(found) => Ok(found?),
            Err(_) => Err(OutboundError::Dns),
        }
    }

    /// Connects to the first of these addresses that answers. They must come from [`Self::resolve`].
    pub async fn connect(&self, addresses: &[SocketAddr]) -> Result<TcpStream, OutboundError> {
        let mut attempts = JoinSet::new();
        for (place, address) in (0..).zip(alternate_families(addresses)) {
            let limit = self.options.connect_timeout;
            attempts.spawn(async move {
                sleep(HEAD_START * place).await;
                match timeout(limit, TcpStream::connect(address)).await {
                    Ok(connected) => connected.map_err(|error| OutboundError::connect(&error)),
                    Err(_) => Err(OutboundError::Timeout(Phase::Connecting)),
                }
            });
        }
        let mut failure = OutboundError::Connect(ConnectFailure::Unreachable);
        while let Some(attempt) = attempts.join_next().await {
            match attempt {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failure = error,
                Err(_) => {}
            }
        }
        Err(failure)
    }

    /// Completes a TLS handshake and says which version was agreed on. A certificate that is refused is described.
    pub async fn handshake(
        &self,
        target: &Target,
        stream: TcpStream,
    ) -> Result<&'static str, HandshakeFailure> {
        let name = match &target.host {
            Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| OutboundError::Invalid)?,
            Host::Ipv4(ip) => ServerName::from(std::net::IpAddr::from(*ip)),
            Host::Ipv6(ip) => ServerName::from(std::net::IpAddr::from(*ip)),
        };
        let witness = self.certificate_judge.clone().map(Witness::before).map(Arc::new);
        let judge = witness.clone().map(|witness| witness as Arc<dyn ServerCertVerifier>);
        let config = client_config(judge).map_err(|_| OutboundError::Invalid)?;
        let connector = TlsConnector::from(Arc::new(config));
        match timeout(self.options.total_timeout, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(match stream.get_ref().1.protocol_version() {
                Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
                _ => "TLS 1.2",
            }),
            Ok(Err(error)) => {
                let failure = TlsFailure::of(&error).unwrap_or(TlsFailure::Handshake);
                let presented = witness.and_then(|witness| witness.presented());
                let Some(presented) = presented.filter(|_| failure.is_of_the_certificate()) else {
                    return Err(OutboundError::Tls(failure).into());
                };
                let failure = presented.refine(failure);
                let evidence = presented.evidence(failure, &target.host.to_string());
                Err(HandshakeFailure { error: OutboundError::Tls(failure), evidence: Some(evidence) })
            }
            Err(_) => Err(OutboundError::Timeout(Phase::Connecting).into()),
        }
    }
}

/// A handshake that failed, and what the certificate says where it was refused.
#[derive(Debug)]
pub struct HandshakeFailure {
    pub error: OutboundError,
    pub evidence: Option<String>,
}

impl From<OutboundError> for HandshakeFailure {
    fn from(error: OutboundError) -> Self {
        Self { error, evidence: None }
    }
}

/// The addresses in the order the system prefers, but with the families taking turns, so that a dead IPv6
/// does not hold up a living IPv4.
fn alternate_families(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for address in addresses {
        if address.is_ipv6() == first_is_v6 { one.push(*address) } else { other.push(*address) }
    }
    let longest = one.len().max(other.len());
    let turns = (0..longest).flat_map(|turn| [one.get(turn).copied(), other.get(turn).copied()]);
    turns.flatten().take(MAX_ADDRESSES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_take_turns() {
        let list: Vec<SocketAddr> =
            ["[2606::1]:1", "[2606::2]:1", "1.1.1.1:1"].iter().map(|at| at.parse().unwrap()).collect();
        let turns: Vec<String> = alternate_families(&list).iter().map(ToString::to_string).collect();
        assert_eq!(turns, ["[2606::1]:1", "1.1.1.1:1", "[2606::2]:1"]);
    }
}
