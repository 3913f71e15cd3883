//! Who may do what.

use std::collections::BTreeSet;

use igny8_integration_domain::account::{Caller, Denied, Need, Role, SiteScope};
use igny8_integration_domain::event::Actor;
use igny8_integration_domain::id::{AccountId, SiteId, SiteKeyId, UserId};

fn account(id: i64) -> AccountId {
    AccountId::new(id).unwrap()
}

fn site(id: i64) -> SiteId {
    SiteId::new(id).unwrap()
}

fn user(role: Role, sites: SiteScope) -> Caller {
    Caller::User { user_id: UserId::new(7).unwrap(), account_id: account(1), role, sites }
}

fn member_of(id: i64) -> SiteScope {
    SiteScope::Only(BTreeSet::from([site(id)]))
}

fn plugin() -> Caller {
    Caller::SiteKey { key_id: SiteKeyId::new(9).unwrap(), account_id: account(1), site_id: site(3) }
}

const READ: Need = Need::PersonOrPlugin(Role::Viewer);
const EDIT: Need = Need::Person(Role::Editor);

#[test]
fn a_person_reaches_its_accounts_sites_and_no_others() {
    let admin = user(Role::Admin, SiteScope::All);
    assert!(admin.reaches(account(1), site(3)) && admin.reaches(account(1), site(4)));
    assert!(!admin.reaches(account(2), site(3)));
    let member = user(Role::Editor, member_of(3));
    assert!(member.reaches(account(1), site(3)));
    assert!(!member.reaches(account(1), site(4)) && !member.reaches(account(2), site(3)));
}

#[test]
fn a_plugin_reaches_its_own_site_only() {
    assert!(plugin().reaches(account(1), site(3)));
    assert!(!plugin().reaches(account(1), site(4)) && !plugin().reaches(account(2), site(3)));
}

#[test]
fn what_is_out_of_reach_does_not_exist_whatever_the_role() {
    for caller in [user(Role::Viewer, member_of(4)), user(Role::Developer, member_of(4))] {
        assert_eq!(caller.authorize(account(1), site(3), EDIT), Err(Denied::NotFound));
    }
    let stranger = user(Role::Owner, SiteScope::All);
    assert_eq!(stranger.authorize(account(2), site(3), READ), Err(Denied::NotFound));
    assert_eq!(plugin().authorize(account(1), site(4), EDIT), Err(Denied::NotFound));
}

#[rstest::rstest]
#[case(Role::Viewer, EDIT, Err(Denied::InsufficientRole))]
#[case(Role::Viewer, READ, Ok(()))]
#[case(Role::Editor, EDIT, Ok(()))]
#[case(Role::Editor, Need::Person(Role::Admin), Err(Denied::InsufficientRole))]
#[case(Role::Developer, Need::Person(Role::Owner), Ok(()))]
fn a_role_does_what_it_and_the_lower_ones_may(
    #[case] role: Role,
    #[case] need: Need,
    #[case] expected: Result<(), Denied>,
) {
    let caller = user(role, SiteScope::All);
    assert_eq!(caller.authorize(account(1), site(3), need), expected);
    assert_eq!(caller.satisfies(need), expected);
}

#[test]
fn a_plugin_does_what_is_meant_for_plugins_only() {
    assert_eq!(plugin().authorize(account(1), site(3), READ), Ok(()));
    assert_eq!(plugin().authorize(account(1), site(3), EDIT), Err(Denied::NotForThisCaller));
}

#[test]
fn the_service_itself_reaches_everything() {
    let service = Caller::System(Actor::SCHEDULE);
    assert_eq!(service.authorize(account(5), site(6), Need::Person(Role::Developer)), Ok(()));
    assert_eq!((service.account_id(), service.site_filter()), (None, None));
    assert_eq!(service.actor(), Actor::SCHEDULE);
}

#[test]
fn lists_are_narrowed_to_what_the_caller_reaches() {
    let admin = user(Role::Admin, SiteScope::All);
    assert_eq!((admin.account_id(), admin.site_filter()), (Some(account(1)), None));
    let member = user(Role::Viewer, member_of(3));
    assert_eq!((member.account_id(), member.site_filter()), (Some(account(1)), Some(vec![site(3)])));
    let nobody = user(Role::Viewer, SiteScope::Only(BTreeSet::new()));
    assert_eq!(nobody.site_filter(), Some(vec![]), "a member of nothing sees nothing");
    assert_eq!((plugin().account_id(), plugin().site_filter()), (Some(account(1)), Some(vec![site(3)])));
}

#[test]
fn history_names_who_it_was() {
    assert_eq!(user(Role::Viewer, SiteScope::All).actor(), Actor::user(UserId::new(7).unwrap()));
    assert_eq!(plugin().actor(), Actor::site_key(SiteKeyId::new(9).unwrap()));
}

#[test]
fn roles_are_ordered_and_only_the_upper_three_reach_every_site() {
    let ascending = [Role::Viewer, Role::Editor, Role::Admin, Role::Owner, Role::Developer];
    assert!(ascending.is_sorted());
    for role in ascending {
        assert_eq!(role.reaches_every_site(), !matches!(role, Role::Viewer | Role::Editor));
        assert_eq!(role.as_str().parse(), Ok(role));
    }
    assert!("Owner".parse::<Role>().is_err() && "".parse::<Role>().is_err());
}
