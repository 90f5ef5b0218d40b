//! Collaborators of clients and members of organizations: who they are, adding, changing and removing them.

use maud::{Markup, html};

use crate::base::error::{Result, errors};
use crate::base::id::AccountId;
use crate::base::right::{CLIENT_RIGHTS, Right, Rights, organization_scope};
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::page::{Opened, Tab};
use crate::console::form::confirmation::{self, Confirmation};
use crate::console::form::deletion;
use crate::console::form::fields::{Choice, Fields, Label, Typing, label};
use crate::console::form::problem::Problem;
use crate::console::form::rights_picker;
use crate::console::form::saving::{self, Part, Seen};
use crate::console::organizations;
use crate::console::page::layout::{View, after, signed_in, way};
use crate::console::page::listing::Listing;
use crate::console::page::paths::{self, account};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::member::Member;
use crate::registry::entity::Entity;
use crate::registry::members;
use crate::registry::rights;
use crate::store::members::{MemberKey, Owned};
use crate::store::{Deleted, Direction, Order};

errors! {
    ALREADY_MEMBER: AlreadyExists "keyfob" "already_member" "`{account_id}` is one of them already: change the rights there";
}

const KEYS: &[(&str, MemberKey)] = &[("id", MemberKey::Id), ("rights", MemberKey::Rights)];

const KIND: Label = label("kind", "Kind", "");
const ACCOUNT: Label = label("account", "ID", "Of a user or an organization that exists here.");

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| listed(call, input, 200, None)))
}

pub fn add_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let owned = paths::owned(input)?;
    Ok(Box::new(move |call| form(call, input, 200, &owned, &Sent::default(), None)))
}

pub fn add<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let owned = paths::owned(input)?;
    let sent = Sent::of(&Form::of_body(input.request)?, &owned);
    Ok(Box::new(move |transactions| {
        transactions.require_admission()?;
        let added = sent.judged().map(|account| transactions.write(|call| add_new(call, &owned, &account, &sent.rights)));
        let problem = match added {
            Ok(Ok(())) => return Ok(after(&path(&owned), "added")),
            Ok(Err(error)) => Problem::of_giving_rights(error)?,
            Err(problem) => problem,
        };
        transactions.read(|call| form(call, input, 400, &owned, &sent, Some(problem)))
    }))
}

/// Somebody who is there already is left as is: whoever adds does not see what it would change.
fn add_new(call: &Call<'_>, owned: &Owned, account: &AccountId, rights: &[Right]) -> Result<()> {
    if members::is_one(call.tx, owned, account)? {
        return Err(ALREADY_MEMBER.with("account_id", account.as_str()).into());
    }
    members::set(call.tx, call.by, owned, account, rights)
}

/// One of them, with the rights to choose.
pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let (owned, account) = (paths::owned(input)?, paths::member(input)?);
    Ok(Box::new(move |call| {
        let member = members::get(call.tx, &owned, &account)?;
        let sent = Sent { rights: member.rights, ..Sent::default() };
        edit_form(call, input, 200, &owned, &account, &sent, None)
    }))
}

pub fn change<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let (owned, account) = (paths::owned(input)?, paths::member(input)?);
    let form = Form::of_body(input.request)?;
    let (sent, seen) = (Sent::of(&form, &owned), Seen::of_form(&form));
    Ok(Box::new(move |transactions| {
        transactions.require_admission()?;
        let changed = match sent.rights.is_empty() {
            true => Err(Problem::new("rights", "At least one right must be selected.")),
            false => Ok(transactions.write(|call| {
                saving::check(call, &Entity::from(&owned), Part::Member(&account), seen)?;
                // Who was removed meanwhile is not brought back from here; after a purge the ID may be another's.
                members::get(call.tx, &owned, &account)?;
                members::set(call.tx, call.by, &owned, &account, &sent.rights)?;
                onward(call, &owned)
            })),
        };
        let problem = match changed {
            Ok(Ok(place)) => return Ok(after(&place, "saved")),
            Ok(Err(error)) => Problem::of_giving_rights(error)?,
            Err(problem) => problem,
        };
        transactions.read(|call| edit_form(call, input, 400, &owned, &account, &sent, Some((seen, problem))))
    }))
}

/// Asks before one removes oneself: only somebody else can bring one back.
pub fn remove_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let (owned, account) = (paths::owned(input)?, paths::member(input)?);
    confirmation::ask(input, move |call| removing(call, &owned, &account))
}

pub fn remove<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let (owned, account) = (paths::owned(input)?, paths::member(input)?);
    let is_answer = Form::of_body(input.request)?.has("confirm");
    Ok(Box::new(move |transactions| {
        if is_answer || transactions.read(|call| is_oneself(call, &account))? {
            let about = |call: &Call<'_>| removing(call, &owned, &account);
            return confirmation::go_through(input, about, |call| {
                members::remove(call.tx, call.by, &owned, &account)?;
                Ok(after(&onward(call, &owned)?, "removed"))
            })?(transactions);
        }
        let removed = transactions.write(|call| {
            members::remove(call.tx, call.by, &owned, &account)?;
            onward(call, &owned)
        });
        match removed {
            Ok(place) => Ok(after(&place, "removed")),
            Err(error) => {
                let problem = Problem::of(error)?;
                transactions.read(|call| listed(call, input, 400, Some(problem)))
            }
        }
    }))
}

fn removing(call: &Call<'_>, owned: &Owned, account: &AccountId) -> Result<Confirmation> {
    let member = members::get(call.tx, owned, account)?;
    let entity = Entity::from(owned);
    Ok(Confirmation {
        place: deletion::place(&entity),
        what: format!("Remove {} {}", member.account.kind(), member.account.as_str()),
        consequence: format!("This {} can no longer see or change the {} {}.", word(owned), entity.kind(), entity.as_str()),
        path: format!("{}/remove", member_path(owned, account)),
        back: path(owned),
        typed: entity.as_str().to_owned(),
    })
}

/// Where somebody is led after a change: back to the members, unless the right to see them went with it, be it through an organization.
fn onward(call: &Call<'_>, owned: &Owned) -> Result<String> {
    let entity = Entity::from(owned);
    let may_list = rights::on(call.tx, call.by, &entity, Deleted::No)?.has(members::managing(owned));
    Ok(if may_list { path(owned) } else { deletion::list(&entity) })
}

fn is_oneself(call: &Call<'_>, account: &AccountId) -> Result<bool> {
    Ok(AccountId::User(signed_in(call)?.clone()) == *account)
}

/// What the form sent.
#[derive(Debug, Default)]
struct Sent {
    kind: String,
    id: String,
    rights: Vec<Right>,
}

impl Sent {
    fn of(form: &Form, owned: &Owned) -> Sent {
        Sent { kind: form.one("kind").to_owned(), id: form.one("account").to_owned(), rights: rights_picker::chosen(form, offered(owned)) }
    }

    fn judged(&self) -> std::result::Result<AccountId, Problem> {
        let kind = if self.kind.is_empty() { "user" } else { &self.kind };
        let known = account(&format!("{kind}:{}", self.id));
        let account = known.ok_or_else(|| Problem::new("account", "Enter an ID: lower-case letters, digits and single dashes."))?;
        if self.rights.is_empty() {
            return Err(Problem::new("rights", "At least one right must be selected."));
        }
        Ok(account)
    }
}

fn offered(owned: &Owned) -> Rights {
    let own = match owned {
        Owned::Client(_) => CLIENT_RIGHTS,
        Owned::Organization(_) => organization_scope(),
    };
    own.or(Rights::of(&[Right::All]))
}

/// Where accounts are found that can be added.
fn suggestions(owned: &Owned) -> &'static str {
    match owned {
        Owned::Client(_) => "/console/search/accounts?query=",
        Owned::Organization(_) => "/console/search/accounts?only_users=true&query=",
    }
}

/// Where the members of an entity are listed.
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

fn listed(call: &Call<'_>, input: &Input<'_>, status: u16, problem: Option<Problem>) -> Result<Reply> {
    let owned = paths::owned(input)?;
    let listing = Listing::of(input.request)?;
    let order = listing.order(KEYS, Order { by: MemberKey::Id, direction: Direction::Ascending });
    let (found, _) = members::list(call.tx, call.by, &owned, order, listing.page())?;
    around(call, input, status, &owned, |view| {
        html! {
            (Fields::with(problem.map(|problem| Problem::new("", problem.text))).summary())
            div .title {
                p { "Who may see and change it, directly or through an organization." }
                (way(&format!("{}/add", path(&owned)), &format!("+ Add {}", word(&owned))))
            }
            table {
                caption .hidden { "Who has rights" }
                thead { tr {
                    th scope="col" { "Type" }
                    (listing.head("id", "ID"))
                    (listing.head("rights", "Rights"))
                    th scope="col" { span .hidden { "Actions" } }
                } }
                tbody { @for member in &found.items { (row(view, &owned, member)) } }
            }
            (listing.pager(found.total))
        }
    })
}

fn row(view: &View<'_>, owned: &Owned, member: &Member) -> Markup {
    let place = member_path(owned, &member.account);
    html! {
        tr {
            td data-label="Type" { (member.account.kind()) }
            td data-label="ID" { a href=(place) { (member.account.as_str()) } }
            td data-label="Rights" { (rights_picker::tags(&member.rights)) }
            td .actions { (removal(view, &place, "Remove", &member.account)) }
        }
    }
}

/// One press for others, who can be added again; a question for oneself.
fn removal(view: &View<'_>, place: &str, text: &str, account: &AccountId) -> Markup {
    let is_oneself = matches!(account, AccountId::User(id) if id == view.user_id());
    html! {
        @if is_oneself { a .button.danger href={(place) "/remove"} { (text) " …" } }
        @else { (view.button(&format!("{place}/remove"), text, "danger")) }
    }
}

fn form(call: &Call<'_>, input: &Input<'_>, status: u16, owned: &Owned, sent: &Sent, problem: Option<Problem>) -> Result<Reply> {
    let fields = Fields::with(problem);
    let kinds: Vec<Choice> = vec![("user".to_owned(), "User".to_owned()), ("organization".to_owned(), "Organization".to_owned())];
    around(call, input, status, owned, |view| {
        html! {
            h2 { "Add " (word(owned)) }
            (fields.summary())
            (view.form(&format!("{}/add", path(owned)), &html! {
                @if matches!(owned, Owned::Client(_)) { (fields.select(KIND, &kinds, &sent.kind)) }
                (fields.id(ACCOUNT, &sent.id, Typing::Suggest(suggestions(owned))))
                (rights_picker::picker(&fields, "Rights", offered(owned), sent.rights.iter().copied().collect()))
                div .submit { button .main { "Add " (word(owned)) } a href=(path(owned)) { "Cancel" } }
            }))
        }
    })
}

/// With what was wrong, in a form that had seen this much.
fn edit_form(
    call: &Call<'_>,
    input: &Input<'_>,
    status: u16,
    owned: &Owned,
    account: &AccountId,
    sent: &Sent,
    back: Option<(Seen, Problem)>,
) -> Result<Reply> {
    let carried = saving::carried(call, &Entity::from(owned), Part::Member(account), back.as_ref().map(|(seen, _)| *seen))?;
    let fields = Fields::with(back.map(|(_, problem)| problem));
    // What somebody holds is on offer, whatever it is: otherwise saving would take it away.
    let chosen: Rights = sent.rights.iter().copied().collect();
    let is_oneself = is_oneself(call, account)?;
    let place = member_path(owned, account);
    around(call, input, status, owned, |view| {
        html! {
            h2 { "Rights of " (account.kind()) " " (account.as_str()) }
            (fields.summary())
            @if is_oneself { p .warning { "This is you. Only somebody else can give back what you take from yourself." } }
            (view.form(&place, &html! {
                (carried)
                (rights_picker::picker(&fields, "Rights", offered(owned).or(chosen), chosen))
                div .submit { button .main { "Save changes" } a href=(path(owned)) { "Cancel" } }
            }))
            div .submit { (removal(view, &place, &format!("Remove {}", word(owned)), account)) }
        }
    })
}

/// The page of the client or the organization around this.
fn around(call: &Call<'_>, input: &Input<'_>, status: u16, owned: &Owned, content: impl FnOnce(&View<'_>) -> Markup) -> Result<Reply> {
    match owned {
        Owned::Client(id) => {
            let opened = Opened::by_id(call, input, id)?;
            let content = content(&opened.view);
            Ok(opened.page(status, Tab::Collaborators, &content))
        }
        Owned::Organization(id) => {
            let opened = organizations::page::Opened::by_id(call, input, id)?;
            let content = content(&opened.view);
            Ok(opened.page(status, organizations::page::Tab::Members, &content))
        }
    }
}
