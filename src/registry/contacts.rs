//! The contacts of clients and organizations (registry.md 2.5).

use crate::base::error::{Result, errors};
use crate::base::id::AccountId;
use crate::base::right::Right;
use crate::model::field::Audience;
use crate::model::member::ContactAddresses;
use crate::model::patch::Patch;
use crate::model::settings::{self, Settings};
use crate::model::value;
use crate::registry::audience;
use crate::registry::entity::Entity;
use crate::registry::principal::Principal;
use crate::store::Tx;
use crate::store::accounts::ContactSort;
use crate::store::members::Owned;

errors! {
    CONTACT_NO_COLLABORATOR: InvalidArgument "pkg/identityserver" "contact_no_collaborator" "contact `{contact}` is not a collaborator";
    CONTACT_INFO_RESTRICTED: PermissionDenied
        "pkg/identityserver/store" "contact_info_restricted" "contact information can only reference the caller";
}

/// The two fields that hold contacts.
const CONTACT_FIELDS: [&str; 2] = ["administrative_contact", "technical_contact"];

/// Makes the owner both contacts of what it has just created. Refuses other contacts: nobody else is a collaborator yet.
pub(super) fn set_owner(contacts: [&mut Option<AccountId>; 2], owner: &AccountId) -> Result<()> {
    for contact in contacts {
        if let Some(other) = contact.as_ref().filter(|contact| *contact != owner) {
            return Err(CONTACT_NO_COLLABORATOR.with("contact", other.as_str()).into());
        }
        *contact = Some(owner.clone());
    }
    Ok(())
}

/// Refuses other contacts than the caller where the settings say so; checks the body, not the mask (registry.md 1.7).
pub(super) fn check_allowed(by: &Principal, settings: &Settings, sent: &Patch) -> Result<()> {
    let free = settings.contacts == settings::ContactPolicy::Anyone || by.is_admin;
    if free || sent_contacts(sent).all(|contact| by.is(&contact)) { Ok(()) } else { Err((&CONTACT_INFO_RESTRICTED).into()) }
}

/// Refuses contacts that are no direct collaborators; checks the body, not the mask (registry.md 1.7).
pub(super) fn check_members(tx: &Tx<'_>, owned: &Owned, sent: &Patch) -> Result<()> {
    for contact in sent_contacts(sent) {
        if tx.member(owned, &contact)?.is_none() {
            return Err(CONTACT_NO_COLLABORATOR.with("contact", contact.as_str()).into());
        }
    }
    Ok(())
}

/// Returns the e-mail addresses of the contacts (registry.md 1.9) that the caller may read of the users themselves: anyone can make anyone
/// a collaborator and contact of their own client.
pub(super) fn addresses(
    tx: &Tx<'_>,
    by: &Principal,
    administrative: Option<&AccountId>,
    technical: Option<&AccountId>,
) -> Result<ContactAddresses> {
    let address = |contact: Option<&AccountId>, sort| -> Result<Option<String>> {
        let Some(contact) = contact else { return Ok(None) };
        let Some((user, address)) = tx.contact_address(contact, sort)? else { return Ok(None) };
        let audience = audience::of_item(tx, by, &Entity::User(user), Right::UserInfo)?;
        Ok((audience == Audience::Holder).then_some(address))
    };
    Ok(ContactAddresses {
        administrative: address(administrative, ContactSort::Administrative)?,
        technical: address(technical, ContactSort::Technical)?,
    })
}

fn sent_contacts(sent: &Patch) -> impl Iterator<Item = AccountId> {
    CONTACT_FIELDS.iter().filter_map(|field| sent.get(field)).filter_map(value::to_account)
}
