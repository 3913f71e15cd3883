//! Accounts, people and their memberships.

use anyhow::ensure;

use super::Outcome;
use super::fixture::{World, at, new_site};
use crate::account::{Account, Email, Role, User};
use crate::integration::ConflictPolicy;
use crate::ports::storage::{NewUser, Storage, StorageError};

fn new_user(account: &Account, email: &str) -> anyhow::Result<NewUser> {
    let email = Email::parse(email).map_err(|error| anyhow::anyhow!("{}", error.message))?;
    Ok(NewUser { account_id: account.id, email, role: Role::Editor, created_at: at(3) })
}

async fn store_user(storage: &dyn Storage, account: &Account, email: &str) -> anyhow::Result<User> {
    let mut unit = storage.begin().await?;
    let user = unit.insert_user(new_user(account, email)?).await?;
    unit.commit().await?;
    Ok(user)
}

/// A second account of one name is a conflict; another letter case is another name.
pub async fn an_account_name_is_taken_once(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut unit = storage.begin().await?;
    let again = unit.insert_account("Acme", ConflictPolicy::Ask, at(1)).await;
    ensure!(matches!(again, Err(StorageError::Conflict)), "{again:?}");
    drop(unit);
    let mut unit = storage.begin().await?;
    let other = unit.insert_account("acme", ConflictPolicy::Ask, at(1)).await?;
    ensure!(other.id > world.account.id);
    ensure!(unit.find_account_by_name("Acme").await? == Some(world.account));
    ensure!(unit.find_account_by_name("acme").await? == Some(other));
    ensure!(unit.find_account_by_name("ACME").await? == None);
    Ok(())
}

/// What is inserted is given back and found as it was.
pub async fn accounts_and_people_read_back_as_they_were_stored(storage: &dyn Storage) -> Outcome {
    let mut unit = storage.begin().await?;
    let account = unit.insert_account("Müller & Söhne 🦊", ConflictPolicy::PreferIgny8, at(7)).await?;
    unit.commit().await?;
    let user = store_user(storage, &account, "Maria@Shop.example").await?;
    ensure!(account.name == "Müller & Söhne 🦊" && account.is_active && account.created_at == at(7));
    ensure!(account.conflict_policy == ConflictPolicy::PreferIgny8);
    ensure!(user.email.as_str() == "Maria@Shop.example" && user.is_active && user.role == Role::Editor);
    let mut unit = storage.read().await?;
    ensure!(unit.find_account(account.id).await? == Some(account));
    let found = unit.find_user(user.id).await?;
    ensure!(found.as_ref().map(|user| user.email.as_str()) == Some("Maria@Shop.example"));
    ensure!(found == Some(user));
    Ok(())
}

/// `update_account` and `update_user` write what they say.
pub async fn switches_policies_and_roles_are_written(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let bystander = World::make(storage, "Other").await?.account;
    let user = store_user(storage, &world.account, "maria@shop.example").await?;
    let account =
        Account { is_active: false, conflict_policy: ConflictPolicy::PreferWordpress, ..world.account };
    let user = User { is_active: false, role: Role::Owner, ..user };
    let mut unit = storage.begin().await?;
    unit.update_account(&account).await?;
    unit.update_user(&user).await?;
    unit.commit().await?;
    let mut unit = storage.read().await?;
    ensure!(unit.find_account(account.id).await? == Some(account));
    ensure!(unit.find_user(user.id).await? == Some(user));
    ensure!(unit.find_account(bystander.id).await? == Some(bystander));
    Ok(())
}

/// One person for each address of an account; another account may have it too.
pub async fn an_address_is_unique_within_its_account_whatever_the_letter_case(
    storage: &dyn Storage,
) -> Outcome {
    let here = World::make(storage, "Acme").await?.account;
    let there = World::make(storage, "Other").await?.account;
    let user = store_user(storage, &here, "Jürgen@Shop.example").await?;
    let mut unit = storage.begin().await?;
    let again = unit.insert_user(new_user(&here, "JÜRGEN@shop.EXAMPLE")?).await;
    ensure!(matches!(again, Err(StorageError::Conflict)), "{again:?}");
    drop(unit);
    let other = store_user(storage, &there, "jürgen@shop.example").await?;
    let mut unit = storage.read().await?;
    let spelled = new_user(&here, "jüRGEN@shop.example")?.email;
    ensure!(unit.find_user_by_email(here.id, &spelled).await? == Some(user));
    ensure!(unit.find_user_by_email(there.id, &spelled).await? == Some(other));
    let unknown = new_user(&here, "nobody@shop.example")?.email;
    ensure!(unit.find_user_by_email(here.id, &unknown).await? == None);
    Ok(())
}

/// Granting twice and revoking twice are fine.
pub async fn a_membership_is_granted_once_and_revoked(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let user = store_user(storage, &world.account, "maria@shop.example").await?;
    let colleague = store_user(storage, &world.account, "anna@shop.example").await?;
    let mut unit = storage.begin().await?;
    let second = unit.insert_site(new_site(&world.account, "Second")?).await?;
    for site in [second.id, world.site.id, second.id] {
        unit.grant(world.account.id, user.id, site).await?;
    }
    unit.grant(world.account.id, colleague.id, second.id).await?;
    unit.commit().await?;
    let mut unit = storage.begin().await?;
    let mut sites = unit.list_memberships(user.id).await?;
    sites.sort();
    ensure!(sites == [world.site.id, second.id]);
    unit.revoke(user.id, second.id).await?;
    unit.revoke(user.id, second.id).await?;
    unit.commit().await?;
    let mut unit = storage.read().await?;
    ensure!(unit.list_memberships(user.id).await? == [world.site.id]);
    ensure!(unit.list_memberships(colleague.id).await? == [second.id]);
    Ok(())
}
