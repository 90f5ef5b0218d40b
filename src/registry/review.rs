//! The registration review: what the rules find about a client.

use serde_json::Value;

use crate::base::error::Result;
use crate::base::id::{AccountId, OrganizationId, UserId};
use crate::base::probe::UriProbe;
use crate::base::right::Rights;
use crate::base::time::Time;
use crate::model::client::{Client, ClientType, FIELDS};
use crate::model::event::Action;
use crate::model::settings::Settings;
use crate::model::value;
use crate::model::verdict::{Outcome, Verdict};
use crate::registry::entity::Entity;
use crate::registry::{consent, guidelines, history, likeness, members, probes, right_use};
use crate::review::finding::RuleFinding;
use crate::review::protected::ProtectedNames;
use crate::review::reviewed_client::{Owner, ReviewedClient, ReviewedWords};
use crate::review::rules;
use crate::store::members::Owned;
use crate::store::verdicts::VerdictSearch;
use crate::store::{Deleted, Tx};

/// Returns what the rules find about a registered client, worst first; its fields may differ from what is stored.
/// # Errors
/// Only those of the store.
pub fn findings(tx: &Tx<'_>, settings: &Settings, client: &Client) -> Result<Vec<RuleFinding>> {
    findings_with(tx, settings, client, Holders::of(tx, client)?)
}

/// Returns the same, with what was read already. About the client that every database has there is nothing that somebody could mend.
pub(super) fn findings_with(tx: &Tx<'_>, settings: &Settings, client: &Client, holders: Holders) -> Result<Vec<RuleFinding>> {
    if Entity::Client(client.id.clone()).is_built_in() {
        return Ok(Vec::new());
    }
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
        is_handed_on: holders.is_handed_on,
        contacts_gone,
        unused_since: Some(last_token.unwrap_or(client.created_at)),
        request_text: request_text(tx, client)?,
        probes: probes::of(tx, client)?,
        unused_rights: right_use::unused(tx, client, last_token)?,
    };
    judge(tx, settings, client, holders.answerable, registered)
}

/// Returns what the rules would find about a client if this account registered it, worst first.
pub(crate) fn findings_of_new(
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
pub(super) struct Holders {
    /// The live accounts that have every right on it, or else all its collaborators.
    pub owners: Vec<AccountId>,
    /// Those of them who answer for it, or who did while it was theirs.
    pub answerable: Vec<Owner>,
    /// Whether it was registered for somebody who no longer owns it.
    pub is_handed_on: bool,
    pub is_public: bool,
}

impl Holders {
    pub(super) fn of(tx: &Tx<'_>, client: &Client) -> Result<Holders> {
        let owners = members::owners(tx, &Owned::Client(client.id.clone()))?;
        let first = registered_for(tx, &Entity::Client(client.id.clone()))?;
        let is_handed_on = first.as_ref().is_some_and(|first| !owners.contains(first));
        // An account that a collaborator added has not agreed: it vouches for nothing.
        let accounts = first.filter(|_| !owners.is_empty()).map_or_else(|| owners.clone(), |first| vec![first]);
        let mut answerable: Vec<Owner> = accounts.iter().map(|account| owner(tx, account)).collect::<Result<_>>()?;
        answerable.iter_mut().for_each(|owner| owner.is_operator &= !is_handed_on);
        Ok(Holders { owners, answerable, is_handed_on, is_public: consent::is_public(tx, &client.id)? })
    }
}

/// What else is known of a client; most of it only once it is registered.
#[derive(Default)]
struct Known {
    is_id_reserved: bool,
    is_public: bool,
    is_handed_on: bool,
    contacts_gone: Vec<&'static str>,
    unused_since: Option<Time>,
    probes: Vec<UriProbe>,
    unused_rights: Rights,
    request_text: Option<String>,
}

/// Returns what its owner says; or what was said before an approval, as long as the client asks for no more than it did then.
fn request_text(tx: &Tx<'_>, client: &Client) -> Result<Option<String>> {
    let request = tx.review_request(&client.id)?.map(|request| request.text).filter(|text| !text.is_empty());
    if request.is_some() {
        return Ok(request);
    }
    let answered = VerdictSearch { outcome: Some(Outcome::Approved), has_request: Some(true), ..VerdictSearch::default() };
    let asks_for_no_more = |verdict: &Verdict| {
        ["rights", "grants"].into_iter().all(|name| {
            let field = FIELDS.iter().find(|field| field.name == name);
            let now = field.map(|field| (field.get)(client)).unwrap_or_default();
            let then = verdict.shown.get(name).and_then(Value::as_array);
            now.as_array().is_some_and(|now| now.iter().all(|one| then.is_some_and(|then| then.contains(one))))
        })
    };
    Ok(tx.verdicts(&client.id, answered, 1)?.pop().filter(asks_for_no_more).map(|verdict| verdict.request))
}

fn judge(tx: &Tx<'_>, settings: &Settings, client: &Client, owners: Vec<Owner>, known: Known) -> Result<Vec<RuleFinding>> {
    let related = related(tx, &owners)?;
    let accounts: Vec<&str> = related.iter().map(AccountId::as_str).collect();
    let reviewed = ReviewedClient {
        client,
        words: ReviewedWords::of(client, &owners),
        now: tx.now,
        is_public: known.is_public,
        is_handed_on: known.is_handed_on,
        contact_of_another: contact_of_another(tx, client, &owners, &related)?,
        is_id_reserved: known.is_id_reserved,
        owners,
        others: likeness::others(tx, client, &accounts)?,
        protected: ProtectedNames::of(settings.protected_names.get()),
        request_text: known.request_text,
        contacts_gone: known.contacts_gone,
        unused_since: known.unused_since,
        probes: known.probes,
        unused_rights: known.unused_rights,
    };
    Ok(rules::judge(&reviewed))
}

/// Returns the account that a client or an organization was registered for, as its creation in the history says; `None` while it is registered.
fn registered_for(tx: &Tx<'_>, entity: &Entity) -> Result<Option<AccountId>> {
    let creation = history::since(tx, entity, &[Action::Create], 0, 1)?.pop();
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

/// Returns the contact whom users are told of, unless it belongs to these owners, as the members of an organization do.
fn contact_of_another(tx: &Tx<'_>, client: &Client, owners: &[Owner], related: &[AccountId]) -> Result<Option<String>> {
    let Some(contact) = client.administrative_contact.as_ref().filter(|contact| !related.contains(contact)) else { return Ok(None) };
    for owner in owners {
        if let AccountId::Organization(organization) = &owner.account
            && tx.member(&Owned::Organization(organization.clone()), contact)?.is_some()
        {
            return Ok(None);
        }
    }
    Ok(Some(contact.as_str().to_owned()))
}

/// Returns the user for whom an organization was created, if it is a member. Others can be made members, and contacts, without being asked.
fn first_member(tx: &Tx<'_>, id: &OrganizationId) -> Result<Option<UserId>> {
    let Some(first) = registered_for(tx, &Entity::Organization(id.clone()))? else { return Ok(None) };
    let is_member = tx.member(&Owned::Organization(id.clone()), &first)?.is_some();
    Ok(match first {
        AccountId::User(user) if is_member => Some(user),
        AccountId::User(_) | AccountId::Organization(_) => None,
    })
}

fn owner(tx: &Tx<'_>, account: &AccountId) -> Result<Owner> {
    let (name, creator, first) = match account {
        AccountId::User(user) => (tx.user(user, Deleted::Either)?.map(|user| user.name), Some(user.clone()), Some(user.clone())),
        AccountId::Organization(id) => {
            let name = tx.organization(id, Deleted::Either)?.map(|found| found.name);
            (name, tx.creator_and_member(id)?, first_member(tx, id)?)
        }
    };
    let standing = creator.map(|user| tx.standing(&user, Deleted::No)).transpose()?.flatten();
    let address = first.map(|user| tx.validated_address(&user)).transpose()?.flatten();
    Ok(Owner {
        account: account.clone(),
        name: name.unwrap_or_default(),
        email_domain: address.and_then(|address| address.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase())),
        is_operator: standing.is_some_and(|standing| standing.admin),
    })
}
