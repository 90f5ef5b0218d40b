//! The form of a client: what stands in it, whoever put it there, and what it becomes when it is sent.

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use crate::base::right::{Right, Rights};
use crate::console::form::attributes::Attributes;
use crate::console::form::contacts::Contacts;
use crate::console::form::fields::{Choice, Fields, Label, label};
use crate::console::form::rights_picker;
use crate::console::page::layout::state_name;
use crate::http::form::Form;
use crate::model::choice::{Grant, State};
use crate::model::client::Client;
use crate::model::value;
use crate::registry::principal::Principal;

/// The fields as they stand in the form.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub id: String,
    /// Whose client it becomes, as [`account_value`] writes it.
    pub owner: String,
    pub name: String,
    pub description: String,
    pub redirect_uris: Vec<String>,
    pub logout_redirect_uris: Vec<String>,
    pub grants: Vec<Grant>,
    pub rights: Vec<Right>,
    /// Nothing means what becomes of any new client.
    pub state: Option<State>,
    pub state_description: String,
    pub skip_authorization: bool,
    pub endorsed: bool,
    pub attributes: Attributes,
    pub contacts: Contacts,
}

const NAME: Label = label("name", "Name", "Shown to users; usually the ID, capitalised.");
const DESCRIPTION: Label =
    label("description", "Description", "Tell users what the application does; they read it when they are asked for consent.");
const REDIRECT: Label = label(
    "redirect_uris",
    "Redirect URLs",
    "Where users may be sent back to after authorization. Compared letter by letter; on the user's own computer (127.0.0.1, localhost) any port will do.",
);
const LOGOUT: Label = label("logout_redirect_uris", "Logout redirect URLs", "Optional: where users may be sent to after signing out.");
const STATE: Label = label("state", "State", "");
const STATE_DESCRIPTION: Label =
    label("state_description", "State description", "Why it is in that state; its collaborators are shown it.");
const SKIP: Label = label(
    "skip_authorization",
    "Skip Authorization",
    "Users are not asked for consent, except about a client without a secret that comes back to their own device.",
);
const ENDORSED: Label = label("endorsed", "Endorsed", "The administrators vouch for this client.");

/// The fields that anyone who may change a client may change, and those that only administrators may.
const FOR_HOLDERS: &[&str] = &[
    "name",
    "description",
    "redirect_uris",
    "logout_redirect_uris",
    "rights",
    "attributes",
    "administrative_contact",
    "technical_contact",
];
const FOR_ADMINS: &[&str] = &["grants", "state", "state_description", "skip_authorization", "endorsed"];

/// The fields in the form of who may do this much.
pub fn shown_to(by: &Principal) -> Vec<&'static str> {
    FOR_HOLDERS.iter().chain(if by.is_admin { FOR_ADMINS } else { &[] }).copied().collect()
}

impl Draft {
    /// What a new client begins with.
    pub fn fresh(owner: String) -> Draft {
        Draft { owner, grants: vec![Grant::AuthorizationCode], ..Draft::default() }
    }

    pub fn of_client(client: &Client) -> Draft {
        Draft {
            id: client.id.to_string(),
            owner: String::new(),
            name: client.name.clone(),
            description: client.description.clone(),
            redirect_uris: client.redirect_uris.clone(),
            logout_redirect_uris: client.logout_redirect_uris.clone(),
            grants: client.grants.clone(),
            rights: client.rights.clone(),
            state: Some(client.state),
            state_description: client.state_description.clone(),
            skip_authorization: client.skip_authorization,
            endorsed: client.endorsed,
            attributes: Attributes::of(&client.attributes),
            contacts: Contacts::of(client.administrative_contact.as_ref(), client.technical_contact.as_ref()),
        }
    }

    pub fn of_form(form: &Form) -> Draft {
        let filled = |name: &str| form.all(name).into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect();
        Draft {
            id: form.one("id").to_owned(),
            owner: form.one("owner").to_owned(),
            name: form.one("name").to_owned(),
            description: form.one("description").to_owned(),
            redirect_uris: filled("redirect_uris"),
            logout_redirect_uris: filled("logout_redirect_uris"),
            grants: form.all("grants").into_iter().filter_map(Grant::from_name).collect(),
            rights: rights_picker::chosen(form, Rights::EVERY),
            state: State::from_name(form.one("state")).filter(|_| !form.one("state").is_empty()),
            state_description: form.one("state_description").to_owned(),
            skip_authorization: form.has("skip_authorization"),
            endorsed: form.has("endorsed"),
            attributes: Attributes::of_form(form),
            contacts: Contacts::of_form(form),
        }
    }

    /// As the API is sent a client.
    pub fn to_object(&self) -> Map<String, Value> {
        let mut object = Map::from_iter([
            ("ids".to_owned(), json!({"client_id": self.id})),
            ("name".to_owned(), json!(self.name)),
            ("description".to_owned(), json!(self.description)),
            ("redirect_uris".to_owned(), json!(self.redirect_uris)),
            ("logout_redirect_uris".to_owned(), json!(self.logout_redirect_uris)),
            ("grants".to_owned(), value::grants(&self.grants)),
            ("rights".to_owned(), value::rights(&self.rights)),
            ("state_description".to_owned(), json!(self.state_description)),
            ("skip_authorization".to_owned(), json!(self.skip_authorization)),
            ("endorsed".to_owned(), json!(self.endorsed)),
            ("attributes".to_owned(), self.attributes.to_json()),
        ]);
        self.contacts.add_to(&mut object);
        if let Some(state) = self.state {
            object.insert("state".to_owned(), json!(state.name()));
        }
        object
    }

    /// Name, description and addresses.
    pub fn basics(&self, fields: &Fields) -> Markup {
        html! {
            (fields.text(NAME, &self.name))
            (fields.area(DESCRIPTION, &self.description))
            (fields.rows(REDIRECT, "Redirect URL", "+ Add redirect URL", &self.redirect_uris))
            (fields.rows(LOGOUT, "Logout redirect URL", "+ Add logout redirect URL", &self.logout_redirect_uris))
        }
    }

    /// The password grant is only offered to administrators, and to nobody recommended.
    pub fn grants(&self, fields: &Fields, is_admin: bool) -> Markup {
        html! {
            fieldset .field id="grants" tabindex="-1" {
                legend { "Grant types" }
                (fields.problem_at("grants"))
                (grant(self, Grant::AuthorizationCode, "Authorization code", "Users agree in their browser. This is the one to choose."))
                (grant(self, Grant::RefreshToken, "Refresh token", "The client stays signed in without its user."))
                @if is_admin { (grant(self, Grant::Password, "Password", "Not supported by this server, which issues no tokens for passwords.")) }
            }
        }
    }

    pub fn rights(&self, fields: &Fields) -> Markup {
        rights_picker::picker(fields, "Rights", Rights::EVERY, self.rights.iter().copied().collect())
    }

    pub fn advanced(&self, fields: &Fields, unset: Option<&str>) -> Markup {
        let mut states: Vec<Choice> = unset.into_iter().map(|text| (String::new(), text.to_owned())).collect();
        states.extend(State::EVERY.iter().map(|state| (state.name().to_owned(), state_name(*state).to_owned())));
        html! {
            details .advanced open {
                summary { "Advanced administrator options" }
                (fields.select(STATE, &states, self.state.map_or("", State::name)))
                (fields.area(STATE_DESCRIPTION, &self.state_description))
                (fields.tick(SKIP, self.skip_authorization.into()))
                (fields.tick(ENDORSED, self.endorsed.into()))
            }
        }
    }
}

fn grant(draft: &Draft, grant: Grant, text: &str, hint: &str) -> Markup {
    html! {
        label .tick {
            input type="checkbox" name="grants" value=(grant.name()) checked[draft.grants.contains(&grant)];
            span { (text) " " span .quiet { (hint) } }
        }
    }
}
