//! The operations on clients (registry.md 1).

use crate::base::error::{Error, Result, errors};
use crate::base::id::{AccountId, ClientId};
use crate::base::page::{Page, Reading};
use crate::base::right::Right;
use crate::base::secret::REPEATABLE_SECONDS;
use crate::model::bounds::CLIENTS;
use crate::model::choice::State;
use crate::model::client::{Client, FIELDS};
use crate::model::event::Action;
use crate::model::field::Audience;
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::model::settings::{Creators, Settings};
use crate::model::view::MASKED;
use crate::registry::accounts::SEARCH_FORBIDDEN;
use crate::registry::approval::{self, ChangedClient, Secretlessness};
use crate::registry::entity::{ALREADY_EXISTS, Entity, live_client};
use crate::registry::principal::Principal;
use crate::registry::secrets::{self, NewSecret};
use crate::registry::verdicts::{self, Settled};
use crate::registry::{
    administrators, audience, bounds, consent, contacts, guidelines, history, marks, members, resource_servers, rights, signing_keys,
};
use crate::store::clients::{ClientKey, ClientScope};
use crate::store::members::Owned;
use crate::store::{Deleted, Direction, Search, Tx};

errors! {
    ADMINS_CREATE_CLIENTS: PermissionDenied
        "pkg/identityserver" "admins_create_clients" "OAuth clients may only be created by admins, or in organizations";
    ADMINS_PURGE_CLIENTS: PermissionDenied "pkg/identityserver" "admins_purge_clients" "OAuth clients may only be purged by admins";
    ID_TAKEN: AlreadyExists "pkg/util/store" "id_taken" "ID already taken, choose a different one and try again";
}

/// Registers a client for an account, which becomes its owner. The result holds the secret, which is not shown again (registry.md 1.3);
/// without one it is a public client.
/// # Errors
/// `admins_create_clients` where the settings say so, `too_many` clients, `contact_no_collaborator` for another contact than the owner,
/// `resource_server_unknown`, `id_taken`.
pub fn create(
    tx: &Tx<'_>,
    by: &Principal,
    settings: &Settings,
    id: ClientId,
    owner: &AccountId,
    sent: &Patch,
    secret: Option<NewSecret>,
) -> Result<Client> {
    check_may_create(by, settings, owner)?;
    bounds::check_may_add(by, &CLIENTS, |account| tx.clients_registered_by(account))?;
    let mut client = Client::new(id, tx.now);
    sent.apply(FIELDS, &mut client, &Mask::everything(FIELDS));
    marks::check_kept(by, &Default::default(), &client.attributes)?;
    resource_servers::check(tx, by, None, &client)?;
    contacts::set_owner([&mut client.administrative_contact, &mut client.technical_contact], owner)?;
    approval::decide(by, settings, sent, &mut client);
    approval::note_approved(&mut client);
    signing_keys::make_for(tx, &client)?;
    if !tx.insert_client(&client, by.account.as_ref())? {
        return Err(ID_TAKEN.error().caused_by(ALREADY_EXISTS.error()).into());
    }
    members::make_owner(tx, &Owned::Client(client.id.clone()), owner)?;
    secret.map_or(Ok(()), |secret| secrets::add(tx, &mut client, secret))?;
    let waiting = client.state;
    let verdict = verdicts::of_new(tx, by, settings, &mut client)?;
    if client.state != waiting {
        approval::note_approved(&mut client);
        tx.update_client(&client)?;
    }
    history::record(tx, by, &entity(&client.id), Action::Create, FIELDS, None, Some(&client))?;
    verdict.map_or(Ok(()), |verdict| verdicts::store(tx, by, settings, &client.id, verdict))?;
    Ok(client)
}

/// Checks that the caller may register clients for this account.
/// # Errors
/// Those of [`rights::require`].
pub fn check_may_register(tx: &Tx<'_>, by: &Principal, owner: &AccountId) -> Result<()> {
    let right = match owner {
        AccountId::User(_) => Right::UserClientsCreate,
        AccountId::Organization(_) => Right::OrganizationClientsCreate,
    };
    rights::require(tx, by, &Entity::from(owner), right, Deleted::No)
}

/// Checks that the settings let the caller register clients for this account.
/// # Errors
/// `admins_create_clients`.
pub(super) fn check_may_create(by: &Principal, settings: &Settings, owner: &AccountId) -> Result<()> {
    let is_for_admins = settings.client_creators == Creators::Admins && matches!(owner, AccountId::User(_));
    if is_for_admins && !by.is_admin { Err((&ADMINS_CREATE_CLIENTS).into()) } else { Ok(()) }
}

/// Checks that a new client can have this ID. Those of deleted clients stay taken.
/// # Errors
/// `forbidden_id` if it is reserved, `id_taken`.
pub fn check_id_is_free(tx: &Tx<'_>, id: &ClientId) -> Result<()> {
    guidelines::check_id(id.as_str())?;
    if tx.client_exists(id, Deleted::Either)? { Err((&ID_TAKEN).into()) } else { Ok(()) }
}

/// Returns the client of this ID, if the caller registered it just now for this owner and it has no secret.
pub(crate) fn registered_without_secret_just_now(tx: &Tx<'_>, by: &Principal, id: &ClientId, owner: &AccountId) -> Result<Option<Client>> {
    let is_own = by.account.is_some() && tx.client_registered_by(id)? == by.account;
    let is_for_owner = is_own && members::owners(tx, &Owned::Client(id.clone()))?.contains(owner);
    let client = if is_for_owner && consent::is_public(tx, id)? { tx.client(id, Deleted::No)? } else { None };
    Ok(client.filter(|client| client.created_at.plus_seconds(REPEATABLE_SECONDS) > tx.now))
}

/// Counts the live clients in each state: all for administrators, those that the caller can reach for others.
/// # Errors
/// `search_forbidden` for a caller without an account who is no administrator.
pub fn by_state(tx: &Tx<'_>, by: &Principal) -> Result<Vec<(State, i64)>> {
    let count = |state: State| {
        let every = Search::live(ClientKey::Id, Direction::Ascending, Page::new(1, 1));
        let in_state = Search { states: vec![state], ..every };
        Ok((state, search(tx, by, &in_state, &Mask::default())?.total))
    };
    State::EVERY.iter().copied().map(count).collect()
}

/// Returns whether administrators endorse any client that was registered here.
pub(crate) fn are_any_endorsed(tx: &Tx<'_>) -> Result<bool> {
    tx.are_any_clients_endorsed()
}

/// Returns a client, and how much of it the caller may read (registry.md 1.4).
/// # Errors
/// `client_not_found`; those of [`audience::of`] for a mask that asks for more than the caller may read.
pub fn get(tx: &Tx<'_>, by: &Principal, id: &ClientId, mask: &Mask) -> Result<(Client, Audience)> {
    let audience = audience::of(tx, by, &entity(id), Right::ClientInfo, FIELDS, mask)?;
    let mut client = live_client(tx, id)?;
    add_contact_info(tx, by, &mut client, mask, audience)?;
    Ok((client, audience))
}

/// Lists the clients of an account, or without one those the caller can reach, each with how much of it the caller may read
/// (registry.md 1.5).
/// # Errors
/// Those of [`rights::require`].
pub fn list<'a>(
    tx: &'a Tx<'a>,
    by: &'a Principal,
    account: Option<AccountId>,
    search: &Search<ClientKey>,
    mask: &'a Mask,
) -> Result<Option<Reading<'a, (Client, Audience)>>> {
    let (account, scope) = match (account, &by.account) {
        (Some(account), _) => (account.clone(), ClientScope::Direct(account)),
        (None, Some(caller)) => (caller.clone(), ClientScope::Reachable(caller.clone())),
        (None, None) => return Ok(None),
    };
    let right = match account {
        AccountId::User(_) => Right::UserClientsList,
        AccountId::Organization(_) => Right::OrganizationClientsList,
    };
    rights::require(tx, by, &Entity::from(&account), right, Deleted::No)?;
    found(tx, by, &scope, search, mask).map(Some)
}

/// Searches among all clients for administrators, among those the caller can reach for others (registry.md 1.12).
/// # Errors
/// `search_forbidden` for a caller without an account who is no administrator.
pub fn search<'a>(
    tx: &'a Tx<'a>,
    by: &'a Principal,
    search: &Search<ClientKey>,
    mask: &'a Mask,
) -> Result<Reading<'a, (Client, Audience)>> {
    let scope = match &by.account {
        _ if by.is_admin => ClientScope::Everyone,
        Some(account) => ClientScope::Reachable(account.clone()),
        None => return Err((&SEARCH_FORBIDDEN).into()),
    };
    found(tx, by, &scope, search, mask)
}

/// Searches among the clients that the caller can reach, administrator or not.
/// # Errors
/// `search_forbidden` for a caller without an account.
pub fn reachable<'a>(
    tx: &'a Tx<'a>,
    by: &'a Principal,
    search: &Search<ClientKey>,
    mask: &'a Mask,
) -> Result<Reading<'a, (Client, Audience)>> {
    let account = by.account.clone().ok_or_else(|| Error::from(&SEARCH_FORBIDDEN))?;
    found(tx, by, &ClientScope::Reachable(account), search, mask)
}

/// Changes the fields of the mask. The result shows a secret that was among them (registry.md 1.7); an empty one removes the client's
/// secrets.
/// # Errors
/// `built_in_client`, `client_not_found`, `contact_info_restricted`, `update_admin_field`, `contact_no_collaborator`,
/// `resource_server_unknown`.
pub fn update(
    tx: &Tx<'_>,
    by: &Principal,
    settings: &Settings,
    id: &ClientId,
    mask: &Mask,
    sent: &Patch,
    secret: Option<NewSecret>,
) -> Result<ChangedClient> {
    change(tx, by, settings, id, FieldUpdate { mask, patch: sent, secret, undoes: None })
}

/// Sets fields back, to undo the event of this number.
/// # Errors
/// Those of [`update`].
pub(super) fn set_back(
    tx: &Tx<'_>,
    by: &Principal,
    settings: &Settings,
    id: &ClientId,
    mask: &Mask,
    sent: &Patch,
    number: i64,
) -> Result<ChangedClient> {
    change(tx, by, settings, id, FieldUpdate { mask, patch: sent, secret: None, undoes: Some(number) })
}

/// What an update sets.
struct FieldUpdate<'a> {
    mask: &'a Mask,
    patch: &'a Patch,
    secret: Option<NewSecret>,
    undoes: Option<i64>,
}

fn change(tx: &Tx<'_>, by: &Principal, settings: &Settings, id: &ClientId, sent: FieldUpdate<'_>) -> Result<ChangedClient> {
    let FieldUpdate { mask, patch, secret, undoes } = sent;
    entity(id).check_not_built_in()?;
    let old = live_client(tx, id)?;
    let mut new = changed(tx, by, settings, &old, mask, patch)?;
    let loses_or_gains_secrets = mask.names(FIELDS, "secret") && consent::is_public(tx, id)? != secret.is_none();
    let secretlessness = if loses_or_gains_secrets { Secretlessness::Changes } else { Secretlessness::Stays };
    let before = verdicts::before(tx, by, settings, &old)?;
    if mask.names(FIELDS, "secret") {
        secrets::replace(tx, &mut new, secret)?;
    }
    let Settled { withdrawn, verdict } = before.settle(tx, by, settings, &mut new, secretlessness)?;
    signing_keys::make_for(tx, &new)?;
    approval::save(tx, by, &old, &mut new)?;
    let recorded = Client { secret: new.secret.as_ref().map(|_| MASKED.to_owned()), ..new.clone() };
    history::record_update(tx, by, &entity(id), FIELDS, &old, &recorded, undoes)?;
    verdict.map_or(Ok(()), |verdict| verdicts::store(tx, by, settings, id, verdict))?;
    Ok(ChangedClient { client: new, withdrawn })
}

/// Returns a client with these fields as they were sent; nothing is stored, and no decision of administrators withdrawn.
/// # Errors
/// Those of [`update`].
pub(super) fn changed(tx: &Tx<'_>, by: &Principal, settings: &Settings, old: &Client, mask: &Mask, sent: &Patch) -> Result<Client> {
    contacts::check_allowed(by, settings, sent)?;
    administrators::check_fields(by, FIELDS, mask)?;
    contacts::check_members(tx, &Owned::Client(old.id.clone()), sent)?;
    let mut new = Client { updated_at: tx.now, ..old.clone() };
    sent.apply(FIELDS, &mut new, mask);
    marks::check_kept(by, &old.attributes, &new.attributes)?;
    resource_servers::check(tx, by, Some(old), &new)?;
    if mask.names(FIELDS, "state") && !mask.names(FIELDS, "state_description") {
        new.state_description = String::new();
    }
    Ok(new)
}

fn entity(id: &ClientId) -> Entity {
    Entity::Client(id.clone())
}

fn found<'a>(
    tx: &'a Tx<'a>,
    by: &'a Principal,
    scope: &ClientScope,
    search: &Search<ClientKey>,
    mask: &'a Mask,
) -> Result<Reading<'a, (Client, Audience)>> {
    let ids = tx.client_ids(scope, search)?;
    let read = move |id: ClientId| -> Result<Option<(Client, Audience)>> {
        let Some(mut client) = tx.client(&id, Deleted::Either)? else { return Ok(None) };
        let audience = audience::of_item(tx, by, &entity(&id), Right::ClientInfo)?;
        add_contact_info(tx, by, &mut client, mask, audience)?;
        Ok(Some((client, audience)))
    };
    Ok(Reading { items: Box::new(ids.items.into_iter().filter_map(move |id| read(id).transpose())), total: ids.total })
}

/// Adds the addresses of the contacts if the mask asks for them (registry.md 1.9).
fn add_contact_info(tx: &Tx<'_>, by: &Principal, client: &mut Client, mask: &Mask, audience: Audience) -> Result<()> {
    if audience == Audience::Holder && mask.names(FIELDS, "contact_info") {
        client.contact_info = contacts::addresses(tx, by, client.administrative_contact.as_ref(), client.technical_contact.as_ref())?;
    }
    Ok(())
}
