//! The contacts of clients and organizations in forms: chosen among accounts with rights.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::page::Page;
use crate::call::Call;
use crate::console::form::fields::{Choice, Fields, account_choice};
use crate::console::page::paths::{account, account_value};
use crate::model::settings;
use crate::registry::members;
use crate::store::members::{MemberKey, Owned};
use crate::store::{Direction, Order};

const FIELDS: [&str; 2] = ["administrative_contact", "technical_contact"];

/// Moves the problem of a refused contact to its field. The refusal does not say which of the two it means: it is one that was changed,
/// preferably to an account that was not offered.
pub fn placed(fields: &Fields, now: [Option<&AccountId>; 2], choices: &[Choice]) -> Fields {
    let [administrative, technical] = FIELDS.map(|name| fields.values.one(name));
    let is_offered = choices.iter().any(|(value, _)| *value == administrative);
    let is_unchanged = |contact: &str, now: Option<&AccountId>| contact == now.map(account_value).unwrap_or_default();
    let is_technical = is_unchanged(administrative, now[0]) || (is_offered && !is_unchanged(technical, now[1]));
    let problems = fields.problems.clone().map(|problem| problem.renamed("contact", FIELDS[usize::from(is_technical)]));
    Fields { problems, ..fields.clone() }
}

/// Returns the choices for one of the two contacts. "nobody" only if there is no contact, because the API removes none. A refused choice
/// stays.
pub fn with_chosen(choices: &[Choice], chosen: &str) -> Vec<Choice> {
    let more = match account(chosen) {
        None => Some((String::new(), "nobody".to_owned())),
        Some(account) => Some(account_choice(&account)).filter(|choice| !choices.contains(choice)),
    };
    more.into_iter().chain(choices.iter().cloned()).collect()
}

/// Returns who can be a contact: the members that the caller may name, and the present contacts.
pub fn choices(call: &Call<'_>, owned: &Owned, now: [Option<&AccountId>; 2]) -> Result<Vec<Choice>> {
    let order = Order { by: MemberKey::Id, direction: Direction::Ascending };
    let (listed, _) = members::list(call.tx, call.by, owned, order, Page::new(1000, 1))?;
    let is_free = call.by.is_admin || call.settings.contacts == settings::ContactPolicy::Anyone;
    let mut accounts: Vec<_> =
        listed.items.into_iter().map(|member| member.account).filter(|account| is_free || call.by.is(account)).collect();
    for contact in now.into_iter().flatten() {
        if !accounts.contains(contact) {
            accounts.push(contact.clone());
        }
    }
    Ok(accounts.iter().map(account_choice).collect())
}

/// Draws a contact for readers who cannot change it.
pub fn shown(contact: Option<&AccountId>) -> Markup {
    html! {
        @match contact {
            Some(contact) => { (contact.as_str()) " " span .quiet { "(" (contact.kind()) ")" } },
            None => span .quiet { "nobody" },
        }
    }
}
