//! The operations on organizations (registry.md 6.4).

use crate::base::error::{Result, errors};
use crate::base::id::{AccountId, OrganizationId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::right::Right;
use crate::model::bounds::ORGANIZATIONS;
use crate::model::event::Action;
use crate::model::field::Audience;
use crate::model::mask::Mask;
use crate::model::organization::{FIELDS, Organization};
use crate::model::patch::Patch;
use crate::model::settings::{Creators, Settings};
use crate::registry::accounts::SEARCH_FORBIDDEN;
use crate::registry::entity::{ALREADY_EXISTS, Entity, live_organization};
use crate::registry::members::{self, NESTED_ORGANIZATIONS};
use crate::registry::principal::Principal;
use crate::registry::{administrators, audience, bounds, contacts, groups, history, marks, rights};
use crate::store::members::Owned;
use crate::store::organizations::OrganizationKey;
use crate::store::{Deleted, Direction, Search, Tx};

errors! {
    ADMINS_CREATE_ORGANIZATIONS: PermissionDenied
        "pkg/identityserver" "admins_create_organizations" "organizations may only be created by admins";
    ADMINS_PURGE_ORGANIZATIONS: PermissionDenied
        "pkg/identityserver" "admins_purge_organizations" "organizations may only be purged by admins";
    ADMINS_RESERVED: InvalidArgument
        "keyfob" "admins_reserved" "organization_id: no organization has the ID `admins`, which stands for the administrators among the groups of a user: take another";
}

/// Creates an organization, owned by its creator.
/// # Errors
/// `admins_create_organizations` where the settings say so, `admins_reserved`, those of [`rights::require`], `too_many` organizations,
/// `contact_no_collaborator` for another contact than the creator, `already_exists`.
pub fn create(
    tx: &Tx<'_>,
    by: &Principal,
    settings: &Settings,
    id: OrganizationId,
    founder: &UserId,
    sent: &Patch,
) -> Result<Organization> {
    if settings.organization_creators == Creators::Admins && !by.is_admin {
        return Err((&ADMINS_CREATE_ORGANIZATIONS).into());
    }
    if id.as_str() == groups::ADMINS {
        return Err((&ADMINS_RESERVED).into());
    }
    rights::require(tx, by, &Entity::User(founder.clone()), Right::UserOrganizationsCreate, Deleted::No)?;
    bounds::check_may_add(by, &ORGANIZATIONS, |account| tx.organizations_created_by(account))?;
    let owner = AccountId::User(founder.clone());
    let mut organization = Organization::new(id, tx.now);
    sent.apply(FIELDS, &mut organization, &Mask::everything(FIELDS));
    marks::check_kept(by, &Default::default(), &organization.attributes)?;
    contacts::set_owner([&mut organization.administrative_contact, &mut organization.technical_contact], &owner)?;
    administrators::clear_fields(by, FIELDS, &mut organization);
    // Apps may give rights to a group of this name already: nobody makes themselves a member of it.
    if !tx.insert_organization(&organization, by.account.as_ref(), by.is_admin)? {
        return Err((&ALREADY_EXISTS).into());
    }
    members::make_owner(tx, &Owned::Organization(organization.id.clone()), &owner)?;
    history::record(tx, by, &entity(&organization.id), Action::Create, FIELDS, None, Some(&organization))?;
    Ok(organization)
}

/// Returns an organization, and how much of it the caller may read.
/// # Errors
/// `organization_not_found`; those of [`audience::of`] for a mask that asks for more than the caller may read.
pub fn get(tx: &Tx<'_>, by: &Principal, id: &OrganizationId, mask: &Mask) -> Result<(Organization, Audience)> {
    let audience = audience::of(tx, by, &entity(id), Right::OrganizationInfo, FIELDS, mask)?;
    let mut organization = live_organization(tx, id)?;
    add_contact_info(tx, by, &mut organization, mask, audience)?;
    Ok((organization, audience))
}

/// Lists the organizations of a user, or of the caller; none for a caller without an account.
/// # Errors
/// `nested_organizations` for an organization; those of [`rights::require`].
pub fn list(
    tx: &Tx<'_>,
    by: &Principal,
    account: Option<AccountId>,
    search: &Search<OrganizationKey>,
    mask: &Mask,
) -> Result<Option<Listed<(Organization, Audience)>>> {
    let Some(account) = account.or_else(|| by.account.clone()) else { return Ok(None) };
    if matches!(account, AccountId::Organization(_)) {
        return Err((&NESTED_ORGANIZATIONS).into());
    }
    rights::require(tx, by, &Entity::from(&account), Right::UserOrganizationsList, Deleted::No)?;
    found(tx, by, Some(&account), search, mask).map(Some)
}

/// Lists the first hundred organizations of which an account is a member, by ID.
/// # Errors
/// Those of [`list`].
pub fn of_member(tx: &Tx<'_>, by: &Principal, account: &AccountId) -> Result<Vec<Organization>> {
    let search = Search::live(OrganizationKey::Id, Direction::Ascending, Page::new(100, 1));
    let listed = list(tx, by, Some(account.clone()), &search, &Mask::default())?;
    Ok(listed.map(|listed| listed.items).unwrap_or_default().into_iter().map(|(organization, _)| organization).collect())
}

/// Searches among all organizations for administrators, among those the caller is a member of for others.
/// # Errors
/// `search_forbidden` for a caller without an account who is no administrator.
pub fn search(tx: &Tx<'_>, by: &Principal, search: &Search<OrganizationKey>, mask: &Mask) -> Result<Listed<(Organization, Audience)>> {
    let member = match &by.account {
        _ if by.is_admin => None,
        Some(account) => Some(account),
        None => return Err((&SEARCH_FORBIDDEN).into()),
    };
    found(tx, by, member, search, mask)
}

/// Changes the fields of the mask.
/// # Errors
/// `organization_not_found`, `update_admin_field`, `contact_info_restricted`, `contact_no_collaborator`.
pub fn update(tx: &Tx<'_>, by: &Principal, settings: &Settings, id: &OrganizationId, mask: &Mask, sent: &Patch) -> Result<Organization> {
    let old = live_organization(tx, id)?;
    administrators::check_fields(by, FIELDS, mask)?;
    contacts::check_allowed(by, settings, sent)?;
    contacts::check_members(tx, &Owned::Organization(id.clone()), sent)?;
    let mut new = Organization { updated_at: tx.now, ..old.clone() };
    sent.apply(FIELDS, &mut new, mask);
    marks::check_kept(by, &old.attributes, &new.attributes)?;
    tx.update_organization(&new)?;
    history::record(tx, by, &entity(id), Action::Update, FIELDS, Some(&old), Some(&new))?;
    Ok(new)
}

fn entity(id: &OrganizationId) -> Entity {
    Entity::Organization(id.clone())
}

fn found(
    tx: &Tx<'_>,
    by: &Principal,
    member: Option<&AccountId>,
    search: &Search<OrganizationKey>,
    mask: &Mask,
) -> Result<Listed<(Organization, Audience)>> {
    let listed = tx.organizations(member, search)?;
    let total = listed.total;
    let items = listed.items.into_iter().map(|mut organization| {
        let audience = audience::of_item(tx, by, &entity(&organization.id), Right::OrganizationInfo)?;
        add_contact_info(tx, by, &mut organization, mask, audience)?;
        Ok((organization, audience))
    });
    Ok(Listed { items: items.collect::<Result<_>>()?, total })
}

/// Adds the addresses of the contacts if the mask asks for them.
fn add_contact_info(tx: &Tx<'_>, by: &Principal, organization: &mut Organization, mask: &Mask, audience: Audience) -> Result<()> {
    if audience == Audience::Holder && mask.names(FIELDS, "contact_info") {
        organization.contact_info =
            contacts::addresses(tx, by, organization.administrative_contact.as_ref(), organization.technical_contact.as_ref())?;
    }
    Ok(())
}
