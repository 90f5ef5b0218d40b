//! API keys: one's own, and those of an organization. The path says whose.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::right::{Right, Rights};
use crate::base::time::Time;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::form::confirmation::{self, Confirmation};
use crate::console::form::fields::{Fields, Label, label};
use crate::console::form::problem::Problem;
use crate::console::form::rights_picker;
use crate::console::form::saving::{self, Part, Seen};
use crate::console::organizations::page::{Opened, Tab};
use crate::console::page::layout::{Place, View, adding, after, may_add, moment, moment_or, signed_in, title};
use crate::console::page::listing::Listing;
use crate::console::page::{new_secret, paths};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::api_key::ApiKey;
use crate::registry::api_keys::{self, Changed, Wanted};
use crate::registry::entity::Entity;
use crate::registry::rights;
use crate::store::api_keys::ApiKeyKey;
use crate::store::{Deleted, Direction, Order};

const KEYS: &[(&str, ApiKeyKey)] =
    &[("id", ApiKeyKey::Id), ("name", ApiKeyKey::Name), ("created", ApiKeyKey::CreatedAt), ("expires", ApiKeyKey::ExpiresAt)];

const NAME: Label = label("name", "Name", "For you, to know it by; at most 50 characters.");
const EXPIRES: Label = label("expires", "Expires", "Optional: the first day on which it is no longer valid (UTC), such as 2030-01-31.");

const LONGEST_NAME: usize = 50;

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let owner = owner(call, input)?;
        let order = listing.order(KEYS, Order { by: ApiKeyKey::CreatedAt, direction: Direction::Descending });
        let found = api_keys::list(call.tx, &owner, order, listing.page())?;
        let content = html! {
            @if found.items.is_empty() {
                div .empty {
                    p { (nobody_has_one(&owner)) " Scripts and the command line sign in with one." }
                    @if may_add(call) { p { a href=(add_path(&owner)) { "Create your first API key" } } }
                }
            } @else { (table(&owner, &listing, &found.items)) }
            (listing.pager(found.total))
        };
        around(call, input, 200, &owner, ("API keys", &adding(call, &add_path(&owner), "+ Add API key")), |_| content)
    }))
}

fn table(owner: &AccountId, listing: &Listing, keys: &[ApiKey]) -> Markup {
    html! {
        table {
            caption .hidden { "API keys" }
            thead { tr {
                (listing.head("id", "ID")) (listing.head("name", "Name")) th scope="col" { "Rights" }
                (listing.head("created", "Created at")) (listing.head("expires", "Expires")) th scope="col" { span .hidden { "Actions" } }
            } }
            tbody { @for key in keys {
                @let place = format!("{}/{}", path(owner), key.id);
                tr {
                    td .narrow data-label="ID" { a href=(place) { code { (key.id) } } }
                    td data-label="Name" { (key.name) }
                    td data-label="Rights" { (rights_picker::tags(&key.rights)) }
                    td data-label="Created at" { (moment(key.created_at)) }
                    td data-label="Expires" { (moment_or(key.expires_at, "never")) }
                    td .actions { a .button.danger href={(place) "/delete"} { "Delete …" } }
                }
            } }
        }
    }
}

pub fn add_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| add_form(call, input, 200, &Draft::default(), None)))
}

/// The key is in the reply itself, this once.
pub fn add<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let form = Form::of_body(input.request)?;
    Ok(Box::new(move |transactions| {
        let (owner, draft) = transactions.read(|call| {
            let owner = owner(call, input)?;
            let draft = Draft::of_form(&form, offered(call, &owner, &[])?);
            Ok((owner, draft))
        })?;
        let made =
            draft.judged(input.now, None).map(|wanted| transactions.write(|call| api_keys::create(call.tx, call.by, &owner, wanted)));
        let problem = match made {
            Ok(Ok((_, token))) => {
                return transactions
                    .read(|call| Ok(new_secret::api_key(&View::of(call, input)?, place(&owner), &path(&owner), &token.reveal())));
            }
            Ok(Err(error)) => Problem::of_giving_rights(error)?,
            Err(problem) => problem,
        };
        transactions.read(|call| add_form(call, input, 400, &draft, Some(problem)))
    }))
}

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let key = api_keys::get(call.tx, &owner(call, input)?, key_id(input))?;
        edit_form(call, input, 200, &key, &Draft::of_key(&key), None)
    }))
}

/// Only what differs is changed.
pub fn change<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let form = Form::of_body(input.request)?;
    let seen = Seen::of_form(&form);
    Ok(Box::new(move |transactions| {
        let (key, draft) = transactions.read(|call| {
            let owner = owner(call, input)?;
            let key = api_keys::get(call.tx, &owner, key_id(input))?;
            let draft = Draft::of_form(&form, offered(call, &owner, &key.rights)?);
            Ok((key, draft))
        })?;
        let changed =
            draft.judged(input.now, key.expires_at).map(|wanted| transactions.write(|call| save(call, &key.owner, &key.id, wanted, seen)));
        let problem = match changed {
            Ok(Ok(())) => return Ok(after(&path(&key.owner), "saved")),
            Ok(Err(error)) => Problem::of_giving_rights(error)?,
            Err(problem) => problem,
        };
        transactions.read(|call| edit_form(call, input, 400, &key, &draft, Some((seen, problem))))
    }))
}

fn save(call: &Call<'_>, owner: &AccountId, id: &str, wanted: Wanted, seen: Seen) -> Result<()> {
    saving::check(call, &Entity::from(owner), Part::ApiKey(id), seen)?;
    let kept = api_keys::get(call.tx, owner, id)?;
    let set = |rights: &[Right]| rights.iter().copied().collect::<Rights>();
    let changed = Changed {
        name: wanted.name != kept.name,
        rights: set(&wanted.rights) != set(&kept.rights),
        expires_at: wanted.expires_at != kept.expires_at,
    };
    if !(changed.name || changed.rights || changed.expires_at) {
        return Ok(());
    }
    api_keys::update(call.tx, call.by, owner, id, changed, wanted).map(drop)
}

/// Asks before a key is deleted.
pub fn delete_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    confirmation::ask(input, |call| deleting(call, input))
}

/// Its name, or without one its ID, is typed first.
pub fn delete<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    confirmation::go_through(
        input,
        |call| deleting(call, input),
        |call| {
            let owner = owner(call, input)?;
            api_keys::delete(call.tx, call.by, &owner, key_id(input))?;
            Ok(after(&path(&owner), "removed"))
        },
    )
}

fn deleting(call: &Call<'_>, input: &Input<'_>) -> Result<Confirmation> {
    let owner = owner(call, input)?;
    let key = api_keys::get(call.tx, &owner, key_id(input))?;
    // Not every name that the API takes can be typed.
    let plain = key.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let typed = if plain.is_empty() || plain != key.name { key.id.clone() } else { plain };
    Ok(Confirmation {
        place: place(&owner),
        what: format!("Delete the API key {typed}"),
        consequence: "Whatever uses this key stops working at once.".to_owned(),
        path: format!("{}/{}/delete", path(&owner), key.id),
        back: path(&owner),
        typed,
    })
}

/// Whose keys they are: those of the organization that the path names, otherwise one's own.
fn owner(call: &Call<'_>, input: &Input<'_>) -> Result<AccountId> {
    match input.capture("organization_id") {
        Some(_) => paths::organization(input).map(AccountId::Organization),
        None => Ok(AccountId::User(signed_in(call)?.clone())),
    }
}

fn key_id<'r>(input: &'r Input<'_>) -> &'r str {
    input.capture("key_id").unwrap_or_default()
}

/// Where the keys of an account are listed.
fn path(owner: &AccountId) -> String {
    match owner {
        AccountId::User(_) => "/console/api-keys".to_owned(),
        AccountId::Organization(id) => format!("/console/organizations/{id}/api-keys"),
    }
}

fn add_path(owner: &AccountId) -> String {
    match owner {
        AccountId::User(_) => "/console/add/api-key".to_owned(),
        AccountId::Organization(id) => format!("/console/organizations/{id}/add/api-key"),
    }
}

fn place(owner: &AccountId) -> Place {
    match owner {
        AccountId::User(_) => Place::ApiKeys,
        AccountId::Organization(_) => Place::Organizations,
    }
}

fn nobody_has_one(owner: &AccountId) -> &'static str {
    match owner {
        AccountId::User(_) => "You have no API keys.",
        AccountId::Organization(_) => "The organization has no API keys.",
    }
}

/// The rights on offer: those that one may give to a key of this account, and those that it has.
fn offered(call: &Call<'_>, owner: &AccountId, kept: &[Right]) -> Result<Rights> {
    let entity = Entity::from(owner);
    let meant = entity.scope().or(Rights::of(&[Right::All]));
    Ok(rights::on(call.tx, call.by, &entity, Deleted::No)?.and(meant).or(kept.iter().copied().collect()))
}

/// A key as the form has it.
#[derive(Debug, Default)]
struct Draft {
    name: String,
    expires: String,
    rights: Vec<Right>,
}

impl Draft {
    fn of_form(form: &Form, offered: Rights) -> Draft {
        Draft { name: form.one("name").to_owned(), expires: form.one("expires").to_owned(), rights: rights_picker::chosen(form, offered) }
    }

    fn of_key(key: &ApiKey) -> Draft {
        let end = key.expires_at.map(|end| end.to_string()).unwrap_or_default();
        let expires = end.strip_suffix(MIDNIGHT).unwrap_or(&end).to_owned();
        Draft { name: key.name.clone(), expires, rights: key.rights.clone() }
    }

    /// What was `kept` may lie in the past.
    fn judged(&self, now: Time, kept: Option<Time>) -> std::result::Result<Wanted, Problem> {
        if self.name.chars().count() > LONGEST_NAME {
            return Err(Problem::new("name", format!("Use at most {LONGEST_NAME} characters.")));
        }
        if self.rights.is_empty() {
            return Err(Problem::new("rights", "At least one right must be selected."));
        }
        let end = Time::parse(&format!("{}{MIDNIGHT}", self.expires)).or_else(|| Time::parse(&self.expires));
        match (self.expires.is_empty(), end) {
            (false, None) => Err(Problem::new("expires", "Enter a date, such as 2030-01-31.")),
            (false, Some(end)) if end <= now && kept != Some(end) => Err(Problem::new("expires", "Enter a date in the future.")),
            _ => Ok(Wanted { name: self.name.clone(), rights: self.rights.clone(), expires_at: end }),
        }
    }

    fn rows(&self, fields: &Fields, offered: Rights) -> Markup {
        html! {
            (fields.text(NAME, &self.name))
            (fields.text(EXPIRES, &self.expires))
            (rights_picker::picker(fields, "Rights", offered, self.rights.iter().copied().collect()))
        }
    }
}

/// How the beginning of a day is written behind the day.
const MIDNIGHT: &str = "T00:00:00Z";

fn add_form(call: &Call<'_>, input: &Input<'_>, status: u16, draft: &Draft, problem: Option<Problem>) -> Result<Reply> {
    let owner = owner(call, input)?;
    let fields = Fields::with(problem);
    let rows = draft.rows(&fields, offered(call, &owner, &[])?);
    around(call, input, status, &owner, ("Add API key", &html! {}), |view| {
        html! {
            (fields.summary())
            (view.form(&add_path(&owner), &html! {
                (rows)
                div .submit { button .main { "Create API key" } a href=(path(&owner)) { "Cancel" } }
            }))
        }
    })
}

/// With what was wrong, in a form that had seen this much.
fn edit_form(call: &Call<'_>, input: &Input<'_>, status: u16, key: &ApiKey, draft: &Draft, back: Option<(Seen, Problem)>) -> Result<Reply> {
    let owner = &key.owner;
    let carried = saving::carried(call, &Entity::from(owner), Part::ApiKey(&key.id), back.as_ref().map(|(seen, _)| *seen))?;
    let fields = Fields::with(back.map(|(_, problem)| problem));
    let rows = draft.rows(&fields, offered(call, owner, &key.rights)?);
    around(call, input, status, owner, ("API key", &html! {}), |view| {
        html! {
            p .quiet { code { (key.id) } ", created " (moment(key.created_at)) ", last changed " (moment(key.updated_at)) }
            (fields.summary())
            (view.form(&format!("{}/{}", path(owner), key.id), &html! {
                (carried)
                (rows)
                div .submit { button .main { "Save changes" } a href=(path(owner)) { "Cancel" } }
            }))
            p { a .button.danger href={(path(owner)) "/" (key.id) "/delete"} { "Delete API key …" } }
        }
    })
}

/// The page around this, under a heading with what can be done beside it: one of its own, or the organization's.
fn around(
    call: &Call<'_>,
    input: &Input<'_>,
    status: u16,
    owner: &AccountId,
    (heading, action): (&str, &Markup),
    content: impl FnOnce(&View<'_>) -> Markup,
) -> Result<Reply> {
    match owner {
        AccountId::User(_) => {
            let view = View::of(call, input)?;
            let content = html! { (title(heading, action)) (content(&view)) };
            Ok(view.page(status, Place::ApiKeys, heading, &content))
        }
        AccountId::Organization(id) => {
            let opened = Opened::by_id(call, input, id)?;
            let content = html! { div .title { h2 { (heading) } (action) } (content(&opened.view)) };
            Ok(opened.page(status, Tab::ApiKeys, &content))
        }
    }
}
