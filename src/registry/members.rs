//! Collaborators of clients and members of organizations: one set of rules (registry.md 1.11, 6.4).

use crate::base::error::{Definition, Result, errors};
use crate::base::id::AccountId;
use crate::base::page::{Listed, Page};
use crate::base::right::{Right, Rights};
use crate::model::bounds::MEMBERS;
use crate::model::event::Action;
use crate::model::member::{Member, expanded};
use crate::model::value;
use crate::registry::entity::Entity;
use crate::registry::principal::{Access, Principal};
use crate::registry::{bounds, history, rights, trials};
use crate::store::members::{MemberKey, Owned};
use crate::store::{Deleted, Direction, Order, Tx};

errors! {
    ACCOUNT_NOT_FOUND: NotFound "pkg/identityserver/store" "account_not_found" "{account_type} account with id `{account_id}` not found";
    MEMBERSHIP_NOT_FOUND: NotFound "pkg/identityserver/store" "membership_not_found"
        "membership of {account_type} account with id `{account_id}` on {entity_type} entity with id `{entity_id}` not found";
    COLLABORATOR_IS_CONTACT: FailedPrecondition
        "pkg/identityserver" "collaborator_is_contact" "collaborator `{collaborator_id}` is used as a contact";
    CLIENT_NEEDS_COLLABORATOR: FailedPrecondition
        "pkg/identityserver" "client_needs_collaborator" "every client needs at least one collaborator with all rights";
    ORGANIZATION_NEEDS_COLLABORATOR: FailedPrecondition
        "pkg/identityserver" "organization_needs_collaborator" "every organization needs at least one collaborator with all rights";
    NESTED_ORGANIZATIONS: InvalidArgument "pkg/identityserver" "nested_organizations" "organizations can not be nested";
}

/// Returns the right to manage the members.
pub fn managing(owned: &Owned) -> Right {
    match owned {
        Owned::Client(_) => Right::ClientSettingsCollaborators,
        Owned::Organization(_) => Right::OrganizationSettingsMembers,
    }
}

/// Returns the right that makes an owner, and the refusal to remove the last one.
fn owning(owned: &Owned) -> (Right, &'static Definition) {
    match owned {
        Owned::Client(_) => (Right::ClientAll, &CLIENT_NEEDS_COLLABORATOR),
        Owned::Organization(_) => (Right::OrganizationAll, &ORGANIZATION_NEEDS_COLLABORATOR),
    }
}

/// Returns whether a member with these rights is an owner.
pub fn is_owner(owned: &Owned, rights: &[Right]) -> bool {
    let (all, _) = owning(owned);
    rights.iter().any(|right| *right == Right::All || *right == all)
}

/// How much of each member a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberDetail {
    WithRights,
    IdsOnly,
}

/// Lists the members, and returns whether to show their rights: to callers who may manage them.
/// # Errors
/// `user_requested`, `entity_not_found`.
pub fn list(tx: &Tx<'_>, by: &Principal, owned: &Owned, order: Order<MemberKey>, page: Page) -> Result<(Listed<Member>, MemberDetail)> {
    by.in_good_standing()?;
    let entity = Entity::from(owned);
    if !entity.exists(tx, Deleted::No)? {
        return Err(entity.no_entity());
    }
    let rights = rights::on(tx, by, &entity, Deleted::No)?;
    let seen = if rights.has(managing(owned)) { MemberDetail::WithRights } else { MemberDetail::IdsOnly };
    Ok((tx.members(owned, order, page)?, seen))
}

/// The most members that are searched for owners.
const MOST_OWNERS: u32 = 100;

/// Returns the accounts that have every right on an entity, or else all its members, by their IDs.
pub(crate) fn owners(tx: &Tx<'_>, owned: &Owned) -> Result<Vec<AccountId>> {
    let order = Order { by: MemberKey::Id, direction: Direction::Ascending };
    let members = tx.members(owned, order, Page::new(MOST_OWNERS, 1))?.items;
    let every = Entity::from(owned).scope();
    let has_all = |rights: &[_]| every.without(expanded(rights)).is_empty();
    let is_anybody_owner = members.iter().any(|member| has_all(&member.rights));
    Ok(members.into_iter().filter(|member| !is_anybody_owner || has_all(&member.rights)).map(|member| member.account).collect())
}

/// Returns a member and its rights.
/// # Errors
/// `account_not_found`, `membership_not_found`.
pub fn get(tx: &Tx<'_>, owned: &Owned, account: &AccountId) -> Result<Member> {
    let rights = existing(tx, owned, account)?;
    Ok(Member { account: account.clone(), rights })
}

/// Returns whether a live account is a member.
pub(crate) fn is_one(tx: &Tx<'_>, owned: &Owned, account: &AccountId) -> Result<bool> {
    Ok(tx.account_exists(account, Deleted::No)? && tx.member(owned, account)?.is_some())
}

/// Adds, changes or, with no rights, removes a member. Callers give or take only rights that they hold, and one owner must remain.
/// # Errors
/// `nested_organizations`; those of [`rights::on`]; [`rights::refused`] for a right that the caller lacks; `client_needs_collaborator` or
/// `organization_needs_collaborator`; `account_not_found`; `too_many` members.
pub fn set(tx: &Tx<'_>, by: &Principal, owned: &Owned, account: &AccountId, given: &[Right]) -> Result<()> {
    if matches!((owned, account), (Owned::Organization(_), AccountId::Organization(_))) {
        return Err((&NESTED_ORGANIZATIONS).into());
    }
    let entity = Entity::from(owned);
    let own = rights::on(tx, by, &entity, Deleted::No)?;
    // The operator restores what others could give before.
    let mine = if matches!(by.access, Access::Operator) { Rights::EVERY } else { own };
    let kept = tx.member(owned, account)?;
    let (old, new) = (expanded(kept.as_deref().unwrap_or_default()), expanded(given));
    let added = new.without(old);
    if !added.without(mine).is_empty() {
        return Err(rights::refused(&entity, mine, added));
    }
    let removed = old.without(new);
    if !given.is_empty() && !removed.without(mine).is_empty() {
        return Err(rights::refused(&entity, mine, removed));
    }
    check_owner_remains(tx, owned, account, old, new)?;
    check_account(tx, account)?;
    if kept.is_none() && !given.is_empty() {
        bounds::check(&MEMBERS, owned.as_str(), tx.member_count(owned)?)?;
    }
    give(tx, by, owned, account, given)?;
    record(tx, by, owned, Action::SetCollaborator, account, kept.as_deref(), Some(given).filter(|given| !given.is_empty()))
}

/// Removes a member.
/// # Errors
/// `account_not_found`, `membership_not_found`; `collaborator_is_contact`; `client_needs_collaborator` or `organization_needs_collaborator`
/// for the last owner.
pub fn remove(tx: &Tx<'_>, by: &Principal, owned: &Owned, account: &AccountId) -> Result<()> {
    let kept = existing(tx, owned, account)?;
    let contacts = match owned {
        Owned::Client(id) => tx.client(id, Deleted::No)?.map(|client| [client.administrative_contact, client.technical_contact]),
        Owned::Organization(id) => tx.organization(id, Deleted::No)?.map(|found| [found.administrative_contact, found.technical_contact]),
    };
    if contacts.into_iter().flatten().flatten().any(|contact| contact == *account) {
        return Err(COLLABORATOR_IS_CONTACT.with("collaborator_id", account.as_str()).into());
    }
    check_owner_remains(tx, owned, account, expanded(&kept), Rights::NONE)?;
    give(tx, by, owned, account, &[])?;
    record(tx, by, owned, Action::RemoveCollaborator, account, Some(&kept), None)
}

/// Makes the creating account the owner.
pub(super) fn make_owner(tx: &Tx<'_>, owned: &Owned, account: &AccountId) -> Result<()> {
    tx.set_member(owned, account, &[Right::All])
}

/// Stores the rights of a member; without rights, deletes the member.
fn give(tx: &Tx<'_>, by: &Principal, owned: &Owned, account: &AccountId, rights: &[Right]) -> Result<()> {
    let user = match account {
        AccountId::User(user) => Some(user),
        AccountId::Organization(_) => None,
    };
    trials::ending(tx, by, owned, user, || match rights {
        [] => tx.remove_member(owned, account),
        rights => tx.set_member(owned, account, rights),
    })
}

fn existing(tx: &Tx<'_>, owned: &Owned, account: &AccountId) -> Result<Vec<Right>> {
    check_account(tx, account)?;
    tx.member(owned, account)?.ok_or_else(|| {
        MEMBERSHIP_NOT_FOUND
            .with("account_id", account.as_str())
            .with("account_type", account.kind())
            .with("entity_id", owned.as_str())
            .with("entity_type", owned.kind())
            .into()
    })
}

fn check_account(tx: &Tx<'_>, account: &AccountId) -> Result<()> {
    if tx.account_exists(account, Deleted::No)? {
        return Ok(());
    }
    Err(ACCOUNT_NOT_FOUND.with("account_id", account.as_str()).with("account_type", account.kind()).into())
}

fn check_owner_remains(tx: &Tx<'_>, owned: &Owned, account: &AccountId, old: Rights, new: Rights) -> Result<()> {
    let (right, refusal) = owning(owned);
    let lost = old.has(right) && !new.has(right);
    if lost && !tx.has_other_member_with(owned, account, &[right, Right::All])? { Err(refusal.into()) } else { Ok(()) }
}

fn record(
    tx: &Tx<'_>,
    by: &Principal,
    owned: &Owned,
    action: Action,
    account: &AccountId,
    old: Option<&[Right]>,
    new: Option<&[Right]>,
) -> Result<()> {
    let rights = |rights: Option<&[Right]>| rights.map_or(serde_json::Value::Null, value::rights);
    history::record_part(tx, by, &Entity::from(owned), action, account.as_str(), rights(old), rights(new))
}
