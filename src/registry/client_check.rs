//! What the review would say of a client, before anything is registered or changed.

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId};
use crate::base::right::{Right, Rights};
use crate::base::validation::Invalid;
use crate::model::choice::State;
use crate::model::client::{Client, ClientType, FIELDS};
use crate::model::field::Field;
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::model::settings::{Approval, Settings};
use crate::registry::clients::{self, ID_TAKEN};
use crate::registry::entity::{Entity, live_client};
use crate::registry::principal::Principal;
use crate::registry::{approval, guidelines, review, rights, verdicts};
use crate::review::finding::RuleFinding;
use crate::store::{Deleted, Tx};

/// What the review would say.
#[derive(Clone, Debug)]
pub struct Checked {
    pub findings: Vec<RuleFinding>,
    /// The state that the client would have.
    pub state: State,
}

/// Judges a client as it would be registered for an account, by default the caller's; or one that the caller may read as it would be with
/// what was sent. Changes nothing.
/// # Errors
/// `user_requested`; those of registering it: `id_taken`, `admins_create_clients`, those of [`rights::require`].
pub fn check(tx: &Tx<'_>, by: &Principal, settings: &Settings, id: ClientId, owner: Option<&AccountId>, sent: &Patch) -> Result<Checked> {
    match tx.client_exists(&id, Deleted::Either)? {
        true => check_changed(tx, by, settings, &id, sent),
        false => check_new(tx, by, settings, id, ClientType::Confidential, owner, sent),
    }
}

/// Judges a client as it would be registered, whether its ID is free or not.
/// # Errors
/// Those of [`check`].
pub fn check_new(
    tx: &Tx<'_>,
    by: &Principal,
    settings: &Settings,
    id: ClientId,
    client_type: ClientType,
    owner: Option<&AccountId>,
    sent: &Patch,
) -> Result<Checked> {
    by.in_good_standing()?;
    let required = || Invalid::required("CheckClientRequest", "collaborator");
    let owner = owner.or(by.account.as_ref()).ok_or_else(required)?;
    clients::check_may_register(tx, by, owner)?;
    clients::check_may_create(by, settings, owner)?;
    let mut client = Client::new(id, tx.now);
    sent.apply(FIELDS, &mut client, &Mask::everything(FIELDS));
    approval::decide(by, settings, sent, &mut client);
    let findings = review::findings_of_new(tx, settings, &client, client_type, owner)?;
    if !by.is_admin && settings.approval == Approval::Review && verdicts::reasons(settings, &client, &findings, Rights::NONE).are_none() {
        client.state = State::Approved;
    }
    let is_registrable = guidelines::check_id(client.id.as_str()).is_ok();
    Ok(Checked { findings, state: if is_registrable { client.state } else { State::Requested } })
}

/// Judges a client as it would be with what was sent, by what a change comes to.
/// # Errors
/// Those of [`check`], and of changing it: `contact_info_restricted`, `contact_no_collaborator`, `resource_server_unknown`.
pub fn check_changed(tx: &Tx<'_>, by: &Principal, settings: &Settings, id: &ClientId, sent: &Patch) -> Result<Checked> {
    by.in_good_standing()?;
    // Who may not read it learns what a registration says.
    if rights::require(tx, by, &Entity::Client(id.clone()), Right::ClientInfo, Deleted::No).is_err() {
        return Err((&ID_TAKEN).into());
    }
    let old = live_client(tx, id)?;
    // What a registration takes besides, no change of the caller's sets.
    let may_set =
        |field: &&Field<Client>| sent.get(field.name).is_some() && field.name != "secret" && (by.is_admin || !field.is_for_admins());
    let mut mask = Mask::default();
    FIELDS.iter().filter(may_set).for_each(|field| mask.add(FIELDS, field.name));
    let mut new = clients::changed(tx, by, settings, &old, &mask, sent)?;
    let settled = verdicts::before(tx, by, settings, &old)?.settle(tx, by, settings, &mut new, approval::Secretlessness::Stays)?;
    let findings = settled.verdict.map_or_else(|| review::findings(tx, settings, &new), |verdict| Ok(verdict.judgement.findings))?;
    Ok(Checked { findings, state: new.state })
}
