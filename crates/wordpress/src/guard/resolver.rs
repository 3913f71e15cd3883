//! Names are judged by what they resolve to, at the moment of dialling, so a name that changes its mind
//! between a check and the call (DNS rebinding) gains nothing.
//!
//! A name is refused as a whole when any of its addresses may not be called: an answer that mixes public and
//! private addresses is either a mistake or an attack, and picking the good ones would make the outcome depend
//! on chance. The one exception is `localhost`, which is this machine in both families by definition: of its
//! addresses those inside an opened range are used and the others never dialled.
//!
//! reqwest tells a resolver only the name, so there is one resolver, and one client, for each scheme
//! and port.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::policy::{AddressPolicy, Refusal, Standing};
use super::target::{Scheme, is_local_name};

#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum LookupError {
    #[error("the name does not resolve")]
    NoAddress,
    #[error(transparent)]
    Refused(#[from] Refusal),
}

#[derive(Clone, Debug)]
pub(super) struct GuardedResolver {
    pub policy: Arc<AddressPolicy>,
    pub scheme: Scheme,
    pub port: u16,
}

impl GuardedResolver {
    /// Resolves by the system's own means (hosts file, resolv.conf) and judges every address.
    pub async fn lookup(&self, name: &str) -> Result<Vec<SocketAddr>, LookupError> {
        let found = tokio::net::lookup_host((name, self.port)).await;
        self.judge_all(name, found.map(Iterator::collect).unwrap_or_default())
    }

    fn judge_all(&self, name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, LookupError> {
        let local = is_local_name(name);
        if found.is_empty() {
            // Whether a name of this network exists is nobody's business.
            return Err(if local { Refusal::Address.into() } else { LookupError::NoAddress });
        }
        if name.eq_ignore_ascii_case("localhost") {
            let opened: Vec<_> = found.into_iter().filter(|at| self.judge_one(*at, local).is_ok()).collect();
            return if opened.is_empty() { Err(Refusal::Address.into()) } else { Ok(opened) };
        }
        found.iter().try_for_each(|address| self.judge_one(*address, local))?;
        Ok(found)
    }

    fn judge_one(&self, address: SocketAddr, local: bool) -> Result<(), Refusal> {
        match self.policy.judge_call(address.ip(), self.port, self.scheme == Scheme::Https)? {
            Standing::Public if local => Err(Refusal::Address),
            _ => Ok(()),
        }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let found = resolver.lookup(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::HttpSites;

    fn resolver(ranges: &[&str], scheme: Scheme, port: u16) -> GuardedResolver {
        let ranges = ranges.iter().map(|range| range.parse().unwrap()).collect();
        GuardedResolver { policy: Arc::new(AddressPolicy::new(ranges, HttpSites::Deny)), scheme, port }
    }

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect()
    }

    fn refusal<T>(result: &Result<T, LookupError>) -> Option<Refusal> {
        match result {
            Err(LookupError::Refused(refusal)) => Some(*refusal),
            _ => None,
        }
    }

    #[test]
    fn a_name_with_one_forbidden_address_is_refused_whole() {
        let resolver = resolver(&[], Scheme::Https, 443);
        assert!(resolver.judge_all("shop.example", addresses(&["1.1.1.1", "2606:4700::1111"])).is_ok());
        for bad in ["10.0.0.1", "::1", "::ffff:169.254.169.254"] {
            let mixed = resolver.judge_all("shop.example", addresses(&["1.1.1.1", bad]));
            assert_eq!(refusal(&mixed), Some(Refusal::Address));
        }
    }

    #[test]
    fn a_local_name_may_only_lead_into_an_opened_range() {
        let closed = resolver(&[], Scheme::Https, 443);
        assert_eq!(refusal(&closed.judge_all("intranet", addresses(&["1.1.1.1"]))), Some(Refusal::Address));
        assert_eq!(refusal(&closed.judge_all("nothing.internal", Vec::new())), Some(Refusal::Address));
        let opened = resolver(&["127.0.0.1/32"], Scheme::Http, 8101);
        assert!(opened.judge_all("wordpress", addresses(&["127.0.0.1"])).is_ok());
        let half = opened.judge_all("wordpress", addresses(&["127.0.0.1", "::1"]));
        assert_eq!(refusal(&half), Some(Refusal::Address));
    }

    #[test]
    fn localhost_is_called_on_the_family_that_is_opened() {
        let opened = resolver(&["127.0.0.1/32"], Scheme::Http, 8101);
        let used = opened.judge_all("localhost", addresses(&["::1", "127.0.0.1"])).unwrap();
        assert_eq!(used, addresses(&["127.0.0.1"]));
        let closed = resolver(&[], Scheme::Https, 443);
        assert_eq!(
            refusal(&closed.judge_all("localhost", addresses(&["127.0.0.1"]))),
            Some(Refusal::Address)
        );
    }

    #[test]
    fn a_name_without_an_address_is_told_apart_from_a_refused_one() {
        let resolver = resolver(&[], Scheme::Https, 443);
        assert!(matches!(resolver.judge_all("shop.example", Vec::new()), Err(LookupError::NoAddress)));
    }
}
