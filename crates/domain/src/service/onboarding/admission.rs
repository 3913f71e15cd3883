//! Who may connect a site.

use super::{OnboardSite, OnboardingService};
use crate::account::{Caller, Denied, Need, Role, Site};
use crate::event::Actor;
use crate::id::SiteKeyId;
use crate::ports::storage::UnitOfWork;
use crate::service::ServiceError;
use crate::service::session::{find_valid_key, is_account_active};

/// Somebody who may.
pub(super) struct Admitted {
    pub site: Site,
    pub actor: Actor,
    /// The key in the body, where it is the site's own.
    pub key: Option<SiteKeyId>,
}

impl OnboardingService {
    /// Who is signed in (editor or above) may for a site it reaches, and learns of no other. Anybody else may with the
    /// site's own key; without it an unknown site and a wrong key take the same look-up, the same comparison and the
    /// same answer.
    pub(super) async fn admit(
        &self,
        unit: &mut dyn UnitOfWork,
        caller: Option<&Caller>,
        command: &OnboardSite,
    ) -> Result<Admitted, ServiceError> {
        let key = find_valid_key(unit, &command.api_key, self.clock.now())
            .await?
            .filter(|key| key.site_id == command.site_id);
        let signed_in = caller.filter(|caller| caller.satisfies(Need::Person(Role::Editor)).is_ok());
        if let Some(caller) = signed_in {
            let found = unit.find_site(command.site_id).await?;
            let site =
                found.filter(|site| caller.reaches(site.account_id, site.id)).ok_or(Denied::NotFound)?;
            return Ok(Admitted { site, actor: caller.actor(), key: key.map(|key| key.id) });
        }
        let key = key.ok_or(ServiceError::ApiKeyMismatch)?;
        if !is_account_active(unit, key.account_id).await? {
            return Err(ServiceError::Inactive);
        }
        let site = unit.find_site(key.site_id).await?.ok_or(ServiceError::ApiKeyMismatch)?;
        Ok(Admitted { site, actor: Actor::site_key(key.id), key: Some(key.id) })
    }
}
