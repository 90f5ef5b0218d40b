//! The API keys of the user and of organizations.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::right::{Right, Rights};
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::form::confirmation::{Confirmation, Confirmed, confirmed};
use crate::console::form::fields::{Fields, Label, RIGHTS, label};
use crate::console::form::problem::{Problem, Problems, Refused};
use crate::console::form::saving::{self, EditedPart, Seen, save};
use crate::console::form::{repeatable_secret, rights_picker};
use crate::console::organizations::page::{OrganizationPage, OrganizationTab};
use crate::console::page::layout::{Layout, adding, after, may_add, signed_in, title};
use crate::console::page::listing::Listing;
use crate::console::page::menu::MenuItem;
use crate::console::page::table::Table;
use crate::console::page::{new_secret, paths};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::api_key::ApiKey;
use crate::page::message;
use crate::page::times::{date_or, timestamp};
use crate::registry::api_keys::{self, KeyMask, NewKey};
use crate::registry::entity::Entity;
use crate::registry::rights;
use crate::store::api_keys::ApiKeyKey;
use crate::store::{Deleted, Direction, Order};

const KEYS: &[(&str, ApiKeyKey)] =
    &[("id", ApiKeyKey::Id), ("name", ApiKeyKey::Name), ("created", ApiKeyKey::CreatedAt), ("expires", ApiKeyKey::ExpiresAt)];

const NAME: Label = label("name", "Name", "So that you can tell your keys apart; at most 50 characters.");
const EXPIRES: Label = label("expires", "Expires", "Optional: the first day on which it is no longer valid (UTC), such as 2030-01-31.");

const LONGEST_NAME: usize = 50;

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let owner = owner(call, input)?;
        let order = listing.order(KEYS, Order { by: ApiKeyKey::CreatedAt, direction: Direction::Descending });
        let read = |page| api_keys::list(call.tx, &owner, order, page);
        let found = listing.page_of(read, &["used"], |key, _| Ok(key.used_at))?;
        let short = listing.if_short(found.total);
        let content = html! {
            (listing.shown(found, |keys| Ok(keys_table(&owner, &listing, &keys, short)), || message::empty("no-api-keys", html! {
                p { (nobody_has_one(&owner)) " It can do only what you choose, and can expire on a day of your choice." }
                @if may_add(call) { p { a href=(add_path(&owner)) { "Create your first API key" } } }
                @if let AccountId::User(_) = owner { p .quiet { "The command line needs none: " code { "keyfob login" } " signs you in through your browser." } }
            }))?)
        };
        around(call, input, 200, &owner, ("API keys", &adding(call, &add_path(&owner), "+ Add API key")), |_| content)
    }))
}

fn keys_table(owner: &AccountId, listing: &Listing, keys: &[ApiKey], short: Option<&Listing>) -> Markup {
    let path = |key: &ApiKey| format!("{}/{}", path(owner), key.id);
    let table = Table::<ApiKey>::new("API keys", |key| key.id.clone())
        .sorted(listing, "id", "ID", |key| html! { a href=(path(key)) { code { (key.id) } } })
        .class("narrow")
        .sorted(listing, "name", "Name", |key| html! { (key.name) })
        .column("Rights", |key| rights_picker::tags(&key.rights))
        .sorted(listing, "created", "Created at", |key| timestamp(key.created_at))
        .sorted_if(short, "used", "Last used", |key| date_or(key.used_at, "never"))
        .sorted(listing, "expires", "Expires", |key| date_or(key.expires_at, "never"))
        .actions(|key| html! { a .button.danger href={(path(key)) "/delete"} { "Delete …" } });
    table.show(keys)
}

pub fn add_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| add_form(call, input, &Fields::default())))
}

/// Creates an API key, which only this reply shows.
pub fn add<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let draw = |call: &Call<'_>, fields: &Fields| add_form(call, input, fields);
    save(input, draw, |transactions, form| {
        let owner = transactions.read(|call| owner(call, input))?;
        let token = repeatable_secret::api_key(input, form);
        if !transactions.read(|call| api_keys::created_just_now(call.tx, &owner, &token.id))? {
            let offered = transactions.read(|call| offered(call, &owner, &[]))?;
            let wanted = wanted(form, offered, input.now, None)?;
            let hash = Hash::of_generated(&token.key);
            let made = transactions.write(|call| api_keys::create_known(call.tx, call.by, &owner, wanted, &token.id, &hash));
            made.map_err(|error| Refused::from(error).of_giving_rights())?;
        }
        let shown = |call: &Call<'_>| Ok(new_secret::api_key(&Layout::of(call, input)?, menu_item(&owner), &path(&owner), &token.reveal()));
        Ok(transactions.read(shown)?)
    })
}

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let key = key(call, input)?;
        let expires = key.expires_at.map(Time::as_date_or_time).unwrap_or_default();
        let values = [(NAME.name, key.name.clone()), (EXPIRES.name, expires)];
        edit_form(call, input, &key, &Fields::filled(values.into_iter().chain(rights_picker::values(&key.rights))))
    }))
}

/// Saves only what differs.
pub fn change<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let draw = |call: &Call<'_>, fields: &Fields| edit_form(call, input, &key(call, input)?, fields);
    save(input, draw, |transactions, form| {
        let key = transactions.read(|call| key(call, input))?;
        let offered = transactions.read(|call| offered(call, &key.owner, &key.rights))?;
        let wanted = wanted(form, offered, input.now, key.expires_at)?;
        let changed = transactions.write(|call| update(call, &key.owner, &key.id, wanted, Seen::of_form(form)));
        changed.map_err(|error| Refused::from(error).of_giving_rights())?;
        Ok(after(&path(&key.owner), "saved"))
    })
}

fn update(call: &Call<'_>, owner: &AccountId, id: &str, wanted: NewKey, seen: Seen) -> Result<()> {
    saving::check(call, &Entity::from(owner), EditedPart::ApiKey(id), seen)?;
    let old = api_keys::get(call.tx, owner, id)?;
    let set = |rights: &[Right]| rights.iter().copied().collect::<Rights>();
    let changed = KeyMask {
        name: wanted.name != old.name,
        rights: set(&wanted.rights) != set(&old.rights),
        expires_at: wanted.expires_at != old.expires_at,
    };
    if !(changed.name || changed.rights || changed.expires_at) {
        return Ok(());
    }
    api_keys::update(call.tx, call.by, owner, id, changed, wanted).map(drop)
}

confirmed! { delete_page, delete: deletion }

fn deletion<'r>(input: &'r Input<'r>) -> Result<Confirmed<'r>> {
    let delete = |call: &Call<'_>| {
        let owner = owner(call, input)?;
        api_keys::delete(call.tx, call.by, &owner, key_id(input))?;
        Ok(after(&path(&owner), "removed"))
    };
    Ok(Confirmed::new(|call| deleting(call, input), delete))
}

fn deleting(call: &Call<'_>, input: &Input<'_>) -> Result<Confirmation> {
    let (owner, key) = (owner(call, input)?, key(call, input)?);
    // Not every name that the API accepts can be typed.
    let plain = key.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let typed = if plain.is_empty() || plain != key.name { key.id.clone() } else { plain };
    Ok(Confirmation {
        menu_item: menu_item(&owner),
        what: format!("Delete the API key {typed}"),
        consequence: html! { "Whatever uses this key stops working at once." },
        path: format!("{}/{}/delete", path(&owner), key.id),
        back: path(&owner),
        typed: Some(typed),
    })
}

/// Returns the owner of the keys: the organization in the path, otherwise the user.
fn owner(call: &Call<'_>, input: &Input<'_>) -> Result<AccountId> {
    match input.capture("organization_id") {
        Some(_) => paths::organization(input).map(AccountId::Organization),
        None => Ok(AccountId::User(signed_in(call)?.clone())),
    }
}

fn key(call: &Call<'_>, input: &Input<'_>) -> Result<ApiKey> {
    api_keys::get(call.tx, &owner(call, input)?, key_id(input))
}

fn key_id<'r>(input: &'r Input<'_>) -> &'r str {
    input.capture("key_id").unwrap_or_default()
}

/// Returns the path at which the keys of an account are listed.
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

fn menu_item(owner: &AccountId) -> MenuItem {
    match owner {
        AccountId::User(_) => MenuItem::ApiKeys,
        AccountId::Organization(_) => MenuItem::Organizations,
    }
}

fn nobody_has_one(owner: &AccountId) -> &'static str {
    match owner {
        AccountId::User(_) => "You have no API keys. With one, a script or a service acts in your name.",
        AccountId::Organization(_) => {
            "The organization has no API keys. With one, a script or a service acts in its name, even when the member who created the key has left."
        }
    }
}

/// Returns the rights that the caller may give to a key of this account, and those that the key has.
fn offered(call: &Call<'_>, owner: &AccountId, held: &[Right]) -> Result<Rights> {
    let entity = Entity::from(owner);
    let meant = entity.scope().or(Rights::of(&[Right::All]));
    Ok(rights::on(call.tx, call.by, &entity, Deleted::No)?.and(meant).or(held.iter().copied().collect()))
}

/// Reads a key from the form. A new expiry must be in the future; the `old` one may stay.
fn wanted(form: &Form, offered: Rights, now: Time, old: Option<Time>) -> std::result::Result<NewKey, Refused> {
    let (name, expires) = (form.one(NAME.name), form.one(EXPIRES.name));
    let end = Time::parse_date(expires).or_else(|| Time::parse(expires));
    let is_long = name.chars().count() > LONGEST_NAME;
    let found = [
        is_long.then(|| Problem::new(NAME.name, "name_too_long", format!("The name may have at most {LONGEST_NAME} characters."))),
        match (expires.is_empty(), end) {
            (false, None) => Some(Problem::new(EXPIRES.name, "bad_date", "Enter a date, such as 2030-01-31.")),
            (false, Some(end)) if end <= now && old != Some(end) => {
                Some(Problem::new(EXPIRES.name, "past_date", "Enter a date in the future."))
            }
            _ => None,
        },
    ];
    let mut problems: Problems = found.into_iter().flatten().collect();
    problems.note(rights_picker::some(form, offered))?;
    problems.refuse()?;
    Ok(NewKey { name: name.to_owned(), rights: rights_picker::chosen(form, offered), expires_at: end })
}

fn rows(fields: &Fields, offered: Rights) -> Markup {
    html! { (fields.text(NAME)) (fields.date(EXPIRES)) (fields.rights(RIGHTS, offered)) }
}

fn add_form(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let owner = owner(call, input)?;
    let rows = html! { (repeatable_secret::field()) (rows(fields, offered(call, &owner, &[])?)) };
    around(call, input, fields.status(), &owner, ("Add API key", &html! {}), |layout| {
        fields.form(layout, &add_path(&owner), &rows, "Create API key", &path(&owner))
    })
}

fn edit_form(call: &Call<'_>, input: &Input<'_>, key: &ApiKey, fields: &Fields) -> Result<Reply> {
    let owner = &key.owner;
    let carried = saving::carried(call, &Entity::from(owner), EditedPart::ApiKey(&key.id), fields)?;
    let rows = html! { (carried) (rows(fields, offered(call, owner, &key.rights)?)) };
    let key_path = format!("{}/{}", path(owner), key.id);
    around(call, input, fields.status(), owner, ("API key", &html! {}), |layout| {
        html! {
            p .quiet { code { (key.id) } ", created " (timestamp(key.created_at)) ", last changed " (timestamp(key.updated_at)) ", last used " (date_or(key.used_at, "never")) }
            (fields.form(layout, &key_path, &rows, "Save changes", &path(owner)))
            p { a .button.danger href={(key_path) "/delete"} { "Delete API key …" } }
        }
    })
}

/// Draws a page around the content, with a heading and an action: the user's own, or a tab of the organization.
fn around(
    call: &Call<'_>,
    input: &Input<'_>,
    status: u16,
    owner: &AccountId,
    (heading, action): (&str, &Markup),
    content: impl FnOnce(&Layout<'_>) -> Markup,
) -> Result<Reply> {
    match owner {
        AccountId::User(_) => {
            let layout = Layout::of(call, input)?;
            let content = html! { (title(heading, action)) (content(&layout)) };
            Ok(layout.page(status, MenuItem::ApiKeys, heading, &content))
        }
        AccountId::Organization(id) => {
            let page = OrganizationPage::by_id(call, input, id)?;
            let content = html! { div .title { h2 { (heading) } (action) } (content(&page.layout)) };
            Ok(page.show(status, OrganizationTab::ApiKeys, &content))
        }
    }
}
