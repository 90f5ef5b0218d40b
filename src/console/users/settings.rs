//! Users, for administrators: who they are, making them, changing and suspending them.

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use crate::base::error::{Error, Result};
use crate::base::id::UserId;
use crate::base::secret::Hash;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::form::attributes::Attributes;
use crate::console::form::deletion;
use crate::console::form::fields::{Choice, Fields, Label, Typing, label};
use crate::console::form::problem::Problem;
use crate::console::form::saving::{self, Part, Seen};
use crate::console::page::layout::{Place, View, after, badge, moment, state_name, title, way};
use crate::console::page::paths;
use crate::http::form::Form;
use crate::http::queue::Slow;
use crate::http::reply::Reply;
use crate::model::choice::State;
use crate::model::patch::Patch;
use crate::model::shape::USER_IDENTIFIERS;
use crate::model::user::{FIELDS, User};
use crate::registry::entity::Entity;
use crate::registry::guidelines;
use crate::registry::users;

const ID: Label = label("id", "User ID", "2 to 36 lower-case letters, digits and single dashes. It cannot be changed.");
const NAME: Label = label("name", "Name", "");
const DESCRIPTION: Label = label("description", "Description", "");
const EMAIL: Label = label("primary_email_address", "E-mail address", "Unique among users.");
const PASSWORD: Label =
    label("password", "Password", "At least 8 characters, with an uppercase letter and a digit. The user can change it.");
const STATE: Label =
    label("state", "State", "Suspended and rejected users can do nothing: they cannot sign in, and their keys and tokens do not work.");
const STATE_DESCRIPTION: Label = label("state_description", "State description", "Why the user is in that state; the user is shown it.");
const ADMIN: Label = label("admin", "Administrator", "May see and change what belongs to others, approve clients, and make users.");

pub fn add_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let draft = Draft { state: Some(State::Approved), ..Draft::default() };
        add_form(call, input, 200, &draft, None)
    }))
}

/// The password is hashed before the transaction.
pub fn add<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let form = Form::of_body(input.request)?;
    let draft = Draft::of_form(&form);
    Ok(Box::new(move |transactions| {
        transactions.require_admission()?;
        let made = draft.judged(form.verbatim("password")).and_then(|(id, sent)| {
            transactions.read(|call| users::check_registration(call.by, call.settings, &id, &sent))?;
            let hash = || Ok(Hash::of_chosen(form.verbatim("password"), transactions.settings.password_rounds));
            let password = transactions.slowly(Slow::Password, input.request.peer, hash)?;
            let passwords = users::NewPasswords { password, temporary: None };
            transactions.write(|call| users::create(call.tx, call.by, call.settings, id, &sent, &passwords))
        });
        match made {
            Ok(user) => Ok(after(&format!("/console/users/{}", user.id), "created")),
            Err(error) => {
                Problem::shown(error, |status, problem| transactions.read(|call| add_form(call, input, status, &draft, Some(problem))))
            }
        }
    }))
}

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = paths::user(input)?;
    Ok(Box::new(move |call| {
        let user = users::existing(call.tx, &id)?;
        edit_form(call, input, 200, &user, &Draft::of_user(&user), None)
    }))
}

/// Only what differs is changed.
pub fn change<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::user(input)?;
    let sent = Form::of_body(input.request)?;
    let seen = Seen::of_form(&sent);
    let draft = Draft { id: id.to_string(), ..Draft::of_form(&sent) };
    Ok(Box::new(move |transactions| {
        transactions.require_admission()?;
        let sent = Patch::decode(FIELDS, &draft.to_object("")).map_err(Error::from)?;
        let changed = transactions.write(|call| {
            saving::check(call, &Entity::User(id.clone()), SHOWN, seen)?;
            draft.attributes.check("User")?;
            let mask = saving::differing(FIELDS, SHOWN_FIELDS, &users::existing(call.tx, &id)?, &sent);
            if mask.is_empty() {
                return Ok(());
            }
            sent.check(FIELDS, "User", Some(&mask))?;
            users::check_email(&sent)?;
            users::update(call.tx, call.by, &id, &mask, &sent, None).map(drop)
        });
        match changed {
            Ok(()) => Ok(after(&format!("/console/users/{id}"), "saved")),
            Err(error) => {
                let problem = Problem::of(error)?.renamed("id", "primary_email_address");
                transactions.read(|call| edit_form(call, input, 400, &users::existing(call.tx, &id)?, &draft, Some((seen, problem))))
            }
        }
    }))
}

/// What can be changed in the form of a user.
const SHOWN_FIELDS: &[&str] = &["name", "description", "attributes", "primary_email_address", "state", "state_description", "admin"];
const SHOWN: Part<'_> = Part::Fields(SHOWN_FIELDS);

/// A user as the form has it.
#[derive(Clone, Debug, Default)]
struct Draft {
    id: String,
    name: String,
    description: String,
    primary_email_address: String,
    state: Option<State>,
    state_description: String,
    admin: bool,
    attributes: Attributes,
}

impl Draft {
    fn of_user(user: &User) -> Draft {
        Draft {
            id: user.id.to_string(),
            name: user.name.clone(),
            description: user.description.clone(),
            primary_email_address: user.primary_email_address.clone(),
            state: Some(user.state),
            state_description: user.state_description.clone(),
            admin: user.admin,
            attributes: Attributes::of(&user.attributes),
        }
    }

    fn of_form(form: &Form) -> Draft {
        let text = |name: &str| form.one(name).to_owned();
        Draft {
            id: text("id"),
            name: text("name"),
            description: text("description"),
            primary_email_address: text("primary_email_address"),
            state: State::from_name(form.one("state")),
            state_description: text("state_description"),
            admin: form.has("admin"),
            attributes: Attributes::of_form(form),
        }
    }

    /// As the API is sent a user.
    fn to_object(&self, password: &str) -> Map<String, Value> {
        let mut object = Map::from_iter([
            ("ids".to_owned(), json!({"user_id": self.id})),
            ("name".to_owned(), json!(self.name)),
            ("description".to_owned(), json!(self.description)),
            ("primary_email_address".to_owned(), json!(self.primary_email_address)),
            ("state".to_owned(), json!(self.state.unwrap_or_default().name())),
            ("state_description".to_owned(), json!(self.state_description)),
            ("admin".to_owned(), json!(self.admin)),
            ("attributes".to_owned(), self.attributes.to_json()),
        ]);
        if !password.is_empty() {
            object.insert("password".to_owned(), json!(password));
        }
        object
    }

    fn judged(&self, password: &str) -> Result<(UserId, Patch)> {
        let sent = Patch::decode(FIELDS, &self.to_object(password)).map_err(Error::from)?;
        let id: UserId = paths::typed(&self.id, &USER_IDENTIFIERS)?;
        guidelines::check_id(id.as_str())?;
        self.attributes.check("User")?;
        sent.check(FIELDS, "User", None)?;
        users::check_email(&sent)?;
        Ok((id, sent))
    }

    fn rows(&self, fields: &Fields) -> Markup {
        let states: Vec<Choice> = State::EVERY.iter().map(|state| (state.name().to_owned(), state_name(*state).to_owned())).collect();
        html! {
            (fields.text(NAME, &self.name))
            (fields.area(DESCRIPTION, &self.description))
            (fields.text(EMAIL, &self.primary_email_address))
            (fields.select(STATE, &states, self.state.unwrap_or_default().name()))
            (fields.text(STATE_DESCRIPTION, &self.state_description))
            (fields.tick(ADMIN, self.admin.into()))
            (self.attributes.rows(fields))
        }
    }
}

fn add_form(call: &Call<'_>, input: &Input<'_>, status: u16, draft: &Draft, problem: Option<Problem>) -> Result<Reply> {
    let view = View::of(call, input)?;
    let fields = Fields::with(problem);
    let content = html! {
        h1 { "Add user" }
        (fields.summary())
        (view.form("/console/add/user", &html! {
            (fields.id(ID, &draft.id, Typing::Check("/console/check/user/")))
            (fields.password(PASSWORD))
            (draft.rows(&fields))
            div .submit { button .main { "Create user" } a href="/console/users" { "Cancel" } }
        }))
    };
    Ok(view.page(status, Place::Users, "Add user", &content))
}

/// With what was wrong, in a form that had seen this much.
fn edit_form(call: &Call<'_>, input: &Input<'_>, status: u16, user: &User, draft: &Draft, back: Option<(Seen, Problem)>) -> Result<Reply> {
    let view = View::of(call, input)?;
    let entity = Entity::User(user.id.clone());
    let carried = saving::carried(call, &entity, SHOWN, back.as_ref().map(|(seen, _)| *seen))?;
    let fields = Fields::with(back.map(|(_, problem)| problem));
    let path = format!("/console/users/{}", user.id);
    let content = html! {
        p .crumbs { a href="/console/users" { "Users" } }
        (title(user.id.as_str(), &html! { (badge(user.state)) (way(&format!("/console/add/client?owner=user:{}", user.id), "+ Add OAuth client")) }))
        p { "Created " (moment(user.created_at)) ". " a href={"/console/activity?actor=" (user.id)} { "What this user did" } }
        (fields.summary())
        (view.form(&path, &html! {
            (carried)
            (draft.rows(&fields))
            div .submit { button .main { "Save changes" } a href="/console/users" { "Cancel" } }
        }))
        (deletion::zone(&view, &entity))
    };
    Ok(view.page(status, Place::Users, user.id.as_str(), &content))
}
