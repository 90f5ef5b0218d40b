//! One's own API keys.

use maud::html;

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::right::{Right, Rights, user_scope};
use crate::base::time::Time;
use crate::call::{Call, Input, OwnWork, Work};
use crate::console::confirmation::{self, Confirmation};
use crate::console::fields::{Fields, Label, label};
use crate::console::listing::Listing;
use crate::console::problem::Problem;
use crate::console::view::{Place, View, after, moment, moment_or, signed_in, title, way};
use crate::console::{rights_picker, shown_once};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::registry::api_keys::{self, Wanted};
use crate::store::api_keys::ApiKeyKey;
use crate::store::{Direction, Order};

const KEYS: &[(&str, ApiKeyKey)] =
    &[("id", ApiKeyKey::Id), ("name", ApiKeyKey::Name), ("created", ApiKeyKey::CreatedAt), ("expires", ApiKeyKey::ExpiresAt)];

const NAME: Label = label("name", "Name", "For you, to know it by; at most 50 characters.");
const EXPIRES: Label = label("expires", "Expires", "Optional: the first day, as 2030-01-31, on which it is good for nothing (UTC).");

/// Where they are listed.
const PATH: &str = "/console/api-keys";

const LONGEST_NAME: usize = 50;

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let view = View::of(call, input)?;
        let order = listing.order(KEYS, Order { by: ApiKeyKey::CreatedAt, direction: Direction::Descending });
        let found = api_keys::list(call.tx, &itself(call)?, order, listing.page())?;
        let content = html! {
            (title("API keys", &way("/console/add/api-key", "+ Add API key")))
            @if found.items.is_empty() {
                div .empty {
                    p { "You have no API keys. Scripts and the command line sign in with one." }
                    p { a href="/console/add/api-key" { "Make the first API key" } }
                }
            } @else {
                table {
                    caption .hidden { "API keys" }
                    thead { tr {
                        (listing.head("id", "ID")) (listing.head("name", "Name")) th scope="col" { "Rights" }
                        (listing.head("created", "Created at")) (listing.head("expires", "Expires")) th scope="col" { span .hidden { "Actions" } }
                    } }
                    tbody { @for key in &found.items {
                        tr {
                            td .narrow data-label="ID" { code { (key.id) } }
                            td data-label="Name" { (key.name) }
                            td data-label="Rights" { (rights_picker::tags(&key.rights)) }
                            td data-label="Created at" { (moment(key.created_at)) }
                            td data-label="Expires" { (moment_or(key.expires_at, "never")) }
                            td .actions { a .button.danger href={(PATH) "/" (key.id) "/delete"} { "Delete …" } }
                        }
                    } }
                }
            }
            (listing.pager(found.total))
        };
        Ok(view.page(200, Place::ApiKeys, "API keys", &content))
    }))
}

pub fn add_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| form(call, input, 200, &Draft::default(), None)))
}

/// The key is in the reply itself, this once.
pub fn add<'r>(input: &'r Input<'r>) -> Result<OwnWork<'r>> {
    let draft = Draft::of(&Form::of_body(input.request)?);
    Ok(Box::new(move |own| {
        own.turn_strangers_away()?;
        let made = draft.judged(input.now).map(|wanted| own.write(|call| api_keys::create(call.tx, call.by, &itself(call)?, wanted)));
        let problem = match made {
            Ok(Ok((_, token))) => return own.read(|call| Ok(shown_once::api_key(&View::of(call, input)?, &token.reveal()))),
            Ok(Err(error)) => Problem::of(error)?,
            Err(problem) => problem,
        };
        own.read(|call| form(call, input, 400, &draft, Some(problem)))
    }))
}

/// Asks before a key is deleted.
pub fn delete_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    confirmation::ask(input, |call| deleting(call, input))
}

/// Its name, or without one its ID, is typed first.
pub fn delete<'r>(input: &'r Input<'r>) -> Result<OwnWork<'r>> {
    confirmation::go_through(
        input,
        |call| deleting(call, input),
        |call| {
            let owner = itself(call)?;
            api_keys::delete(call.tx, call.by, &owner, key_id(input))?;
            Ok(after(PATH, "removed"))
        },
    )
}

fn deleting(call: &Call<'_>, input: &Input<'_>) -> Result<Confirmation> {
    let owner = itself(call)?;
    let key = api_keys::get(call.tx, &owner, key_id(input))?;
    // Not every name that the API takes can be typed.
    let plain = key.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let typed = if plain.is_empty() || plain != key.name { key.id.clone() } else { plain };
    Ok(Confirmation {
        place: Place::ApiKeys,
        what: format!("Delete the API key {typed}"),
        consequence: "Whatever uses this key stops working at once.".to_owned(),
        path: format!("{PATH}/{}/delete", key.id),
        back: PATH.to_owned(),
        typed,
    })
}

fn key_id<'r>(input: &'r Input<'_>) -> &'r str {
    input.capture("key_id").unwrap_or_default()
}

fn itself(call: &Call<'_>) -> Result<AccountId> {
    Ok(AccountId::User(signed_in(call)?.clone()))
}

fn offered() -> Rights {
    user_scope().or(Rights::of(&[Right::All]))
}

/// A key as the form has it.
#[derive(Debug, Default)]
struct Draft {
    name: String,
    expires: String,
    rights: Vec<Right>,
}

impl Draft {
    fn of(form: &Form) -> Draft {
        Draft { name: form.one("name").to_owned(), expires: form.one("expires").to_owned(), rights: rights_picker::chosen(form, offered()) }
    }

    fn judged(&self, now: Time) -> std::result::Result<Wanted, Problem> {
        if self.name.chars().count() > LONGEST_NAME {
            return Err(Problem::new("name", format!("Value length must be at most {LONGEST_NAME} runes.")));
        }
        if self.rights.is_empty() {
            return Err(Problem::new("rights", "At least one right must be selected."));
        }
        let end = Time::parse(&format!("{}T00:00:00Z", self.expires));
        match (self.expires.is_empty(), end) {
            (false, None) => Err(Problem::new("expires", "This is no day: write it as 2030-01-31.")),
            (false, Some(end)) if end <= now => Err(Problem::new("expires", "Value must be greater than now.")),
            _ => Ok(Wanted { name: self.name.clone(), rights: self.rights.clone(), expires_at: end }),
        }
    }
}

fn form(call: &Call<'_>, input: &Input<'_>, status: u16, draft: &Draft, problem: Option<Problem>) -> Result<Reply> {
    let view = View::of(call, input)?;
    let fields = Fields::with(problem);
    let content = html! {
        h1 { "Add API key" }
        (fields.summary())
        (view.form("/console/add/api-key", &html! {
            (fields.text(NAME, &draft.name))
            (fields.text(EXPIRES, &draft.expires))
            (rights_picker::picker(&fields, "Rights", offered(), draft.rights.iter().copied().collect()))
            div .submit { button .main { "Create API key" } a href="/console/api-keys" { "Cancel" } }
        }))
    };
    Ok(view.page(status, Place::ApiKeys, "Add API key", &content))
}
