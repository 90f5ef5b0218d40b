//! The registration review: what the rules find about a client.

use serde_json::Value;

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::page::Page;
use crate::base::probe::UriProbe;
use crate::base::right::{CLIENT_RIGHTS, Rights};
use crate::base::time::Time;
use crate::model::client::{Client, ClientType};
use crate::model::event::Action;
use crate::model::member::expanded;
use crate::model::settings::Settings;
use crate::model::value;
use crate::model::verdict::Outcome;
use crate::registry::entity::Entity;
use crate::registry::{consent, guidelines, history, likeness, probes, right_use};
use crate::review::finding::RuleFinding;
use crate::review::protected::ProtectedNames;
use crate::review::reviewed_client::{Owner, ReviewedClient, ReviewedWords};
use crate::review::rules;
use crate::store::members::{MemberKey, Owned};
use crate::store::verdicts::VerdictSearch;
use crate::store::{Deleted, Direction, Order, Tx};

/// The most collaborators that are looked at.
const MOST_OWNERS: u32 = 100;

/// Returns what the rules find about a registered client, worst first; its fields may differ from what is stored.
/// # Errors
/// Only those of the store.
pub fn findings(tx: &Tx<'_>, settings: &Settings, client: &Client) -> Result<Vec<RuleFinding>> {
    findings_with(tx, settings, client, Holders::of(tx, client)?)
}

/// Returns the same, with what was read already.
pub(super) fn findings_with(tx: &Tx<'_>, settings: &Settings, client: &Client, holders: Holders) -> Result<Vec<RuleFinding>> {
    let last_token = tx.token_days(&client.id, 0)?.iter().map(|day| day.last_issued_at).max();
    let contacts = [("administrative_contact", &client.administrative_contact), ("technical_contact", &client.technical_contact)];
    let mut contacts_gone = Vec::new();
    for (field, contact) in contacts {
        let is_there = contact.as_ref().map(|contact| tx.account_exists(contact, Deleted::No)).transpose()?;
        if is_there != Some(true) {
            contacts_gone.push(field);
        }
    }
    let registered = Known {
        is_id_reserved: false,
        is_public: holders.is_public,
        contacts_gone,
        unused_since: Some(last_token.unwrap_or(client.created_at)),
        request_text: request_text(tx, client)?,
        probes: probes::of(tx, client)?,
        unused_rights: right_use::unused(tx, client, last_token)?,
    };
    judge(tx, settings, client, holders.answerable, registered)
}

/// Returns what the rules would find about a client if this account registered it, worst first.
/// # Errors
/// Only those of the store.
pub fn findings_of_new(
    tx: &Tx<'_>,
    settings: &Settings,
    client: &Client,
    client_type: ClientType,
    account: &AccountId,
) -> Result<Vec<RuleFinding>> {
    let is_id_reserved = guidelines::check_id(client.id.as_str()).is_err();
    let unregistered = Known { is_id_reserved, is_public: client_type == ClientType::Public, ..Known::default() };
    judge(tx, settings, client, vec![owner(tx, account)?], unregistered)
}

/// Who holds a registered client, and whether they have a secret of it.
#[derive(Debug)]
pub(super) struct Holders {
    /// The live accounts that have every right on it, or else all its collaborators.
    pub owners: Vec<AccountId>,
    /// Those of them who answer for it.
    pub answerable: Vec<Owner>,
    pub is_public: bool,
}

impl Holders {
    pub(super) fn of(tx: &Tx<'_>, client: &Client) -> Result<Holders> {
        let owners = owners(tx, client)?;
        let first = registered_for(tx, client)?;
        let has_left = first.as_ref().is_some_and(|first| !owners.contains(first));
        // An account that a collaborator added has not agreed: it vouches for nothing.
        let accounts = first.filter(|_| !owners.is_empty()).map_or_else(|| owners.clone(), |first| vec![first]);
        let mut answerable: Vec<Owner> = accounts.iter().map(|account| owner(tx, account)).collect::<Result<_>>()?;
        answerable.iter_mut().for_each(|owner| owner.is_operator &= !has_left);
        Ok(Holders { owners, answerable, is_public: consent::is_public(tx, &client.id)? })
    }
}

/// What else is known of a client; most of it only once it is registered.
#[derive(Default)]
struct Known {
    is_id_reserved: bool,
    is_public: bool,
    contacts_gone: Vec<&'static str>,
    unused_since: Option<Time>,
    probes: Vec<UriProbe>,
    unused_rights: Rights,
    request_text: Option<String>,
}

/// Returns what its owner says, or said before it was last approved.
fn request_text(tx: &Tx<'_>, client: &Client) -> Result<Option<String>> {
    let request = tx.review_request(&client.id)?.map(|request| request.text).filter(|text| !text.is_empty());
    let approved = VerdictSearch { outcome: Some(Outcome::Approved), by_rules: None };
    let answered = || Ok(tx.verdicts(&client.id, approved, 1)?.pop().map(|verdict| verdict.request).filter(|text| !text.is_empty()));
    request.map_or_else(answered, |text| Ok(Some(text)))
}

fn judge(tx: &Tx<'_>, settings: &Settings, client: &Client, owners: Vec<Owner>, known: Known) -> Result<Vec<RuleFinding>> {
    let related = related(tx, &owners)?;
    let related: Vec<&str> = related.iter().map(AccountId::as_str).collect();
    let reviewed = ReviewedClient {
        client,
        words: ReviewedWords::of(client, &owners),
        now: tx.now,
        is_public: known.is_public,
        is_id_reserved: known.is_id_reserved,
        owners,
        others: likeness::others(tx, client, &related)?,
        protected: ProtectedNames::of(settings.protected_names.get()),
        request_text: known.request_text,
        contacts_gone: known.contacts_gone,
        unused_since: known.unused_since,
        probes: known.probes,
        unused_rights: known.unused_rights,
    };
    Ok(rules::judge(&reviewed))
}

/// Returns the live accounts that have every right on a client, or else all its collaborators.
fn owners(tx: &Tx<'_>, client: &Client) -> Result<Vec<AccountId>> {
    let order = Order { by: MemberKey::Id, direction: Direction::Ascending };
    let members = tx.members(&Owned::Client(client.id.clone()), order, Page::new(MOST_OWNERS, 1))?.items;
    let has_all = |rights: &[_]| CLIENT_RIGHTS.without(expanded(rights)).is_empty();
    let is_anybody_owner = members.iter().any(|member| has_all(&member.rights));
    Ok(members.into_iter().filter(|member| !is_anybody_owner || has_all(&member.rights)).map(|member| member.account).collect())
}

/// Returns the account that a client was registered for, as its creation in the history says; `None` while it is registered.
fn registered_for(tx: &Tx<'_>, client: &Client) -> Result<Option<AccountId>> {
    let creation = history::since(tx, &Entity::Client(client.id.clone()), &[Action::Create], 0, 1)?.pop();
    let created = creation.and_then(|event| serde_json::from_str::<Value>(&event.new_values).ok());
    Ok(created.and_then(|created| value::to_account(created.get("administrative_contact")?)))
}

/// Returns these accounts, and those that belong to the same people: the organizations of a user, and the user who created an organization.
/// Nobody can join another's without them.
fn related(tx: &Tx<'_>, owners: &[Owner]) -> Result<Vec<AccountId>> {
    let mut related: Vec<AccountId> = owners.iter().map(|owner| owner.account.clone()).collect();
    for owner in owners {
        match &owner.account {
            AccountId::User(user) => related.extend(tx.organizations_of(user)?.into_iter().map(AccountId::Organization)),
            AccountId::Organization(organization) => related.extend(tx.creator_and_member(organization)?.map(AccountId::User)),
        }
    }
    Ok(related)
}

fn owner(tx: &Tx<'_>, account: &AccountId) -> Result<Owner> {
    let (name, administrator) = match account {
        AccountId::User(user) => (tx.user(user, Deleted::Either)?.map(|user| user.name), Some(user.clone())),
        AccountId::Organization(id) => (tx.organization(id, Deleted::Either)?.map(|found| found.name), tx.creator_and_member(id)?),
    };
    let standing = administrator.map(|user| tx.standing(&user, Deleted::No)).transpose()?.flatten();
    let address = tx.validated_address(account)?;
    Ok(Owner {
        account: account.clone(),
        name: name.unwrap_or_default(),
        email_domain: address.and_then(|address| address.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase())),
        is_operator: standing.is_some_and(|standing| standing.admin),
    })
}
