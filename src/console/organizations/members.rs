//! Lists, adds, changes and removes collaborators of clients and members of organizations.

use maud::{Markup, html};

use crate::base::error::{Result, errors};
use crate::base::id::AccountId;
use crate::base::right::{CLIENT_RIGHTS, Right, Rights, organization_scope};
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::page::{ClientPage, ClientTab};
use crate::console::form::confirmation::{Confirmation, Confirmed};
use crate::console::form::deletion;
use crate::console::form::fields::{Choice, Fields, Label, RIGHTS, Typing, label};
use crate::console::form::problem::{Problem, Problems, Refused};
use crate::console::form::rights_picker;
use crate::console::form::saving::{self, EditedPart, Seen, save};
use crate::console::organizations::page::{self, OrganizationPage};
use crate::console::page::layout::{Layout, after, link_button, signed_in};
use crate::console::page::listing::Listing;
use crate::console::page::paths::{self, account};
use crate::console::page::table::Table;
use crate::http::reply::Reply;
use crate::model::member::Member;
use crate::page::message;
use crate::registry::entity::Entity;
use crate::registry::members;
use crate::registry::rights;
use crate::store::members::{MemberKey, Owned};
use crate::store::{Deleted, Direction, Order};

errors! {
    ALREADY_MEMBER: AlreadyExists "keyfob" "already_member" "`{account_id}` already has rights here: change those";
}

const KEYS: &[(&str, MemberKey)] = &[("id", MemberKey::Id), ("rights", MemberKey::Rights)];

const KIND: Label = label("kind", "Kind", "");
const ACCOUNT: Label = label("account", "ID", "Of a user or an organization that exists here.").required();
/// An organization cannot be a member of an organization.
const USER: Label = label(ACCOUNT.name, "User ID", "Of a user who exists here.").required();

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| listed(call, input, &Fields::default())))
}

pub fn add_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let owned = paths::owned(input)?;
    Ok(Box::new(move |call| add_form(call, input, &owned, &Fields::default())))
}

pub fn add<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let owned = paths::owned(input)?;
    let owned_by_form = owned.clone();
    let draw = move |call: &Call<'_>, fields: &Fields| add_form(call, input, &owned_by_form, fields);
    save(input, draw, move |transactions, form| {
        let kind = if form.one(KIND.name).is_empty() { "user" } else { form.one(KIND.name) };
        let known = account(&format!("{kind}:{}", form.one(ACCOUNT.name)));
        let account =
            known.ok_or_else(|| Problem::new(ACCOUNT.name, "bad_id", "Enter an ID: lowercase letters, digits and single dashes."));
        let mut problems = Problems::default();
        problems.note(account.clone())?;
        problems.note(rights_picker::some(form, offered(&owned)))?;
        problems.refuse()?;
        let (account, rights) = (account?, rights_picker::chosen(form, offered(&owned)));
        transactions.write(|call| add_new(call, &owned, &account, &rights)).map_err(|error| Refused::from(error).of_giving_rights())?;
        Ok(after(&path(&owned), "added"))
    })
}

/// Adds a member. Refuses an existing one, because the form does not show the rights that would be replaced.
fn add_new(call: &Call<'_>, owned: &Owned, account: &AccountId, rights: &[Right]) -> Result<()> {
    if members::is_one(call.tx, owned, account)? {
        return Err(ALREADY_MEMBER.with("account_id", account.as_str()).into());
    }
    members::set(call.tx, call.by, owned, account, rights)
}

/// Shows the form with the rights of a member.
pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let (owned, account) = (paths::owned(input)?, paths::member(input)?);
    Ok(Box::new(move |call| {
        let member = members::get(call.tx, &owned, &account)?;
        edit_form(call, input, &Fields::filled(rights_picker::values(&member.rights)))
    }))
}

pub fn change<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let (owned, account) = (paths::owned(input)?, paths::member(input)?);
    let draw = |call: &Call<'_>, fields: &Fields| edit_form(call, input, fields);
    save(input, draw, move |transactions, form| {
        let rights = rights_picker::some(form, offered(&owned))?;
        let changed = transactions.write(|call| {
            saving::check(call, &Entity::from(&owned), EditedPart::Member(&account), Seen::of_form(form))?;
            // A member who was removed meanwhile is not added again here; after a purge the ID may be another's.
            members::get(call.tx, &owned, &account)?;
            members::set(call.tx, call.by, &owned, &account, &rights)?;
            onward(call, &owned)
        });
        Ok(after(&changed.map_err(|error| Refused::from(error).of_giving_rights())?, "saved"))
    })
}

/// Asks before a user leaves: only somebody else can add the user again.
pub fn remove_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    removal(input).ask(input)
}

/// Removes a member, without confirmation unless it is the caller: others can be added again.
pub fn remove<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let account = paths::member(input)?;
    let draw = |call: &Call<'_>, fields: &Fields| listed(call, input, &fields.without_links());
    save(input, draw, move |transactions, form| {
        if form.has("confirm") || transactions.read(|call| is_oneself(call, &account))? {
            return Ok(removal(input).go_through(input)?(transactions)?);
        }
        Ok(transactions.write(|call| removed(call, input))?)
    })
}

fn removal<'r>(input: &'r Input<'r>) -> Confirmed<'r> {
    Confirmed::new(|call| removing(call, &paths::owned(input)?, &paths::member(input)?), |call| removed(call, input))
}

fn removed(call: &Call<'_>, input: &Input<'_>) -> Result<Reply> {
    let owned = paths::owned(input)?;
    members::remove(call.tx, call.by, &owned, &paths::member(input)?)?;
    Ok(after(&onward(call, &owned)?, "removed"))
}

fn removing(call: &Call<'_>, owned: &Owned, account: &AccountId) -> Result<Confirmation> {
    let member = members::get(call.tx, owned, account)?;
    let entity = Entity::from(owned);
    Ok(Confirmation {
        menu_item: deletion::menu_item(&entity),
        what: format!("Remove {} {}", member.account.kind(), member.account.as_str()),
        consequence: html! { "This " (word(owned)) " can no longer see or change the " (entity.kind()) " " (entity.as_str()) "." },
        path: format!("{}/remove", member_path(owned, account)),
        back: path(owned),
        typed: Some(entity.as_str().to_owned()),
    })
}

/// Returns the path to show after a change: the members, unless the caller lost the right to see them.
fn onward(call: &Call<'_>, owned: &Owned) -> Result<String> {
    let entity = Entity::from(owned);
    let may_list = rights::on(call.tx, call.by, &entity, Deleted::No)?.has(members::managing(owned));
    Ok(if may_list { path(owned) } else { deletion::list(&entity) })
}

fn is_oneself(call: &Call<'_>, account: &AccountId) -> Result<bool> {
    Ok(AccountId::User(signed_in(call)?.clone()) == *account)
}

fn offered(owned: &Owned) -> Rights {
    let own = match owned {
        Owned::Client(_) => CLIENT_RIGHTS,
        Owned::Organization(_) => organization_scope(),
    };
    own.or(Rights::of(&[Right::All]))
}

/// Returns the path that suggests accounts to add.
fn suggestions(owned: &Owned) -> &'static str {
    match owned {
        Owned::Client(_) => "/console/search/accounts?query=",
        Owned::Organization(_) => "/console/search/accounts?only_users=true&query=",
    }
}

/// Returns the path at which the members of an entity are listed.
fn path(owned: &Owned) -> String {
    let end = match owned {
        Owned::Client(_) => "collaborators",
        Owned::Organization(_) => "members",
    };
    format!("{}/{end}", paths::path(&Entity::from(owned)))
}

fn member_path(owned: &Owned, account: &AccountId) -> String {
    format!("{}/{}/{}", path(owned), account.kind(), account.as_str())
}

fn word(owned: &Owned) -> &'static str {
    match owned {
        Owned::Client(_) => "collaborator",
        Owned::Organization(_) => "member",
    }
}

/// Returns what another one would be good for.
fn why_to_add(owned: &Owned) -> &'static str {
    match owned {
        Owned::Client(_) => {
            "The client has only one collaborator. Add another user, or an organization, so that somebody can look after it when that person is away."
        }
        Owned::Organization(_) => {
            "The organization has only one member. Add others: they share its clients and API keys, each with the rights that you choose."
        }
    }
}

fn listed(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let owned = paths::owned(input)?;
    let listing = Listing::of(input.request)?;
    let order = listing.order(KEYS, Order { by: MemberKey::Id, direction: Direction::Ascending });
    let (found, _) = members::list(call.tx, call.by, &owned, order, listing.page())?;
    // An organization has members of its own.
    let is_alone = found.total == 1 && found.items.iter().all(|member| matches!(member.account, AccountId::User(_)));
    around(call, input, fields.status(), &owned, |layout| {
        Ok(html! {
            (fields.summary())
            div .title {
                p { "Who may see and change it, directly or through an organization." }
                (link_button(&format!("{}/add", path(&owned)), &format!("+ Add {}", word(&owned))))
            }
            (listing.shown(found, |members| Ok(members_table(layout, &owned, &listing, &members)), || html! {})?)
            @if is_alone { (message::note("alone", why_to_add(&owned))) }
        })
    })
}

fn members_table(layout: &Layout<'_>, owned: &Owned, listing: &Listing, members: &[Member]) -> Markup {
    let path = |member: &Member| member_path(owned, &member.account);
    let table = Table::<Member>::new("Who has rights", |member| member.account.as_str().to_owned())
        .column("Type", |member| html! { (member.account.kind()) })
        .sorted(listing, "id", "ID", |member| html! { a href=(path(member)) { (member.account.as_str()) } })
        .sorted(listing, "rights", "Rights", |member| rights_picker::tags(&member.rights))
        .actions(|member| removal_button(layout, &path(member), "Remove", &member.account));
    table.show(members)
}

/// Draws a button that removes a member, or a link to the confirmation if it is the caller.
fn removal_button(layout: &Layout<'_>, path: &str, text: &str, account: &AccountId) -> Markup {
    let is_oneself = matches!(account, AccountId::User(id) if id == layout.user_id());
    html! {
        @if is_oneself { a .button.danger href={(path) "/remove"} { (text) " …" } }
        @else { (layout.button(&format!("{path}/remove"), text, "danger")) }
    }
}

fn add_form(call: &Call<'_>, input: &Input<'_>, owned: &Owned, fields: &Fields) -> Result<Reply> {
    let kinds: Vec<Choice> = vec![("user".to_owned(), "User".to_owned()), ("organization".to_owned(), "Organization".to_owned())];
    let takes_both = matches!(owned, Owned::Client(_));
    let rows = html! {
        @if takes_both { (fields.select(KIND, &kinds)) }
        (fields.id(if takes_both { ACCOUNT } else { USER }, Typing::Suggest(suggestions(owned))))
        (fields.rights(RIGHTS, offered(owned)))
    };
    let (action, add) = (format!("{}/add", path(owned)), format!("Add {}", word(owned)));
    around(call, input, fields.status(), owned, |layout| {
        Ok(html! { h2 { (add) } (fields.form(layout, &action, &rows, &add, &path(owned))) })
    })
}

fn edit_form(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let (owned, account) = (&paths::owned(input)?, &paths::member(input)?);
    let carried = saving::carried(call, &Entity::from(owned), EditedPart::Member(account), fields)?;
    let is_oneself = is_oneself(call, account)?;
    let member_path = member_path(owned, account);
    around(call, input, fields.status(), owned, |layout| {
        Ok(html! {
            h2 { "Rights of " (account.kind()) " " (account.as_str()) }
            @if is_oneself { (message::warning("oneself", "This is you. Only somebody else can give back what you take from yourself.")) }
            (fields.form(layout, &member_path, &html! { (carried) (fields.rights(RIGHTS, offered(owned))) }, "Save changes", &path(owned)))
            div .submit { (removal_button(layout, &member_path, &format!("Remove {}", word(owned)), account)) }
        })
    })
}

/// Draws the page of the client or the organization around the content.
fn around(
    call: &Call<'_>,
    input: &Input<'_>,
    status: u16,
    owned: &Owned,
    content: impl FnOnce(&Layout<'_>) -> Result<Markup>,
) -> Result<Reply> {
    match owned {
        Owned::Client(id) => {
            let page = ClientPage::by_id(call, input, id)?;
            let content = content(&page.layout)?;
            Ok(page.show(status, ClientTab::Collaborators, &content))
        }
        Owned::Organization(id) => {
            let page = OrganizationPage::by_id(call, input, id)?;
            let content = content(&page.layout)?;
            Ok(page.show(status, page::OrganizationTab::Members, &content))
        }
    }
}
