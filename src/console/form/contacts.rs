//! The contacts of clients and organizations, as a form has them: chosen among those who have rights.

use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::page::Page;
use crate::call::Call;
use crate::console::form::fields::{Choice, Fields, Label, account_choice, label};
use crate::console::form::problem::Problem;
use crate::console::page::paths::{account, account_value};
use crate::http::form::Form;
use crate::model::{settings, value};
use crate::registry::members;
use crate::store::members::{MemberKey, Owned};
use crate::store::{Direction, Order};

const ADMINISTRATIVE: Label = label("administrative_contact", "Administrative contact", "Whom to ask about it.");
const TECHNICAL: Label = label("technical_contact", "Technical contact", "Whom to ask about technical matters.");

/// Both, as [`account_value`] writes accounts; empty where there is none.
#[derive(Clone, Debug, Default)]
pub struct Contacts {
    administrative: String,
    technical: String,
}

impl Contacts {
    pub fn of(administrative: Option<&AccountId>, technical: Option<&AccountId>) -> Contacts {
        let text = |contact: Option<&AccountId>| contact.map(account_value).unwrap_or_default();
        Contacts { administrative: text(administrative), technical: text(technical) }
    }

    pub fn of_form(form: &Form) -> Contacts {
        Contacts { administrative: form.one(ADMINISTRATIVE.name).to_owned(), technical: form.one(TECHNICAL.name).to_owned() }
    }

    /// Adds them to what the API is sent.
    pub fn add_to(&self, object: &mut Map<String, Value>) {
        for (label, contact) in [(ADMINISTRATIVE, &self.administrative), (TECHNICAL, &self.technical)] {
            if let Some(contact) = account(contact) {
                object.insert(label.name.to_owned(), value::account(Some(&contact)));
            }
        }
    }

    /// A refusal does not say which of them it means: it is one that was changed, rather one that was not on offer.
    pub fn placed(&self, problem: Problem, now: [Option<&AccountId>; 2], choices: &[Choice]) -> Problem {
        let is_offered = choices.iter().any(|(value, _)| *value == self.administrative);
        let is_kept = |contact: &str, now: Option<&AccountId>| contact == now.map(account_value).unwrap_or_default();
        let is_technical = is_kept(&self.administrative, now[0]) || (is_offered && !is_kept(&self.technical, now[1]));
        problem.renamed("contact", if is_technical { TECHNICAL } else { ADMINISTRATIVE }.name)
    }

    pub fn rows(&self, fields: &Fields, choices: &[Choice]) -> Markup {
        html! {
            @for (label, chosen) in [(ADMINISTRATIVE, &self.administrative), (TECHNICAL, &self.technical)] {
                (fields.select(label, &with_chosen(choices, chosen), chosen))
            }
        }
    }
}

/// What one of the two can be. Nobody, only where there is nobody: the API takes no contact away. What was chosen stays, though it was refused.
fn with_chosen(choices: &[Choice], chosen: &str) -> Vec<Choice> {
    let more = match account(chosen) {
        None => Some((String::new(), "nobody".to_owned())),
        Some(account) => Some(account_choice(&account)).filter(|choice| !choices.contains(choice)),
    };
    more.into_iter().chain(choices.iter().cloned()).collect()
}

/// Who can be a contact: the members that the caller may name, and whoever is one now.
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

/// Who it is, for those who only look.
pub fn shown(contact: Option<&AccountId>) -> Markup {
    html! {
        @match contact {
            Some(contact) => { (contact.as_str()) " " span .quiet { "(" (contact.kind()) ")" } },
            None => span .quiet { "nobody" },
        }
    }
}
