//! Registers a client.

use maud::{Markup, html};

use crate::base::error::{Error, Result};
use crate::base::id::{AccountId, ClientId, UserId};
use crate::base::right::Rights;
use crate::call::{Call, Input, LongWork, Transactions, Work};
use crate::console::clients::app_kind::{self, AppKind, KINDS};
use crate::console::clients::form::{FORM, field_label};
use crate::console::clients::issued;
use crate::console::clients::recipe;
use crate::console::form::entity::{Mode, Offer};
use crate::console::form::fields::{Choice, Fields, Label, account_choice, label};
use crate::console::form::findings::{self, CHECK};
use crate::console::form::problem::{Problem, Problems, Refused};
use crate::console::form::saving::save;
use crate::console::form::{id_check, repeatable_secret, rights_picker};
use crate::console::page::layout::{Layout, signed_in};
use crate::console::page::menu::MenuItem;
use crate::console::page::paths::{account, account_value};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::client::{Client, ClientType};
use crate::model::settings::Approval;
use crate::registry::{client_check, clients, organizations};

const OWNER: Label = label("owner", "Owner", "You, or another account for which you may register clients.");

const CREATE: &str = "Create OAuth client";
const WHERE: &str = "Where does it run";

/// The heading of the page of a new client.
const MADE: &str = "OAuth client created";

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = Form::of_query(input.request)?;
    Ok(Box::new(move |call| {
        let owner = match account(asked.one("owner")) {
            Some(owner) => owner,
            None => AccountId::User(signed_in(call)?.clone()),
        };
        let fields = recipe::asked_for(&asked);
        let values = fields.values.with("owner", &account_value(&owner));
        form(call, input, &Fields { values, ..fields }, &[])
    }))
}

/// Registers a client. Only this reply shows its secret.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let draw = |call: &Call<'_>, fields: &Fields| form(call, input, fields, &[]);
    save(input, draw, |transactions, form| {
        if recipe::is_waiting(form) {
            let (fields, replaced) = recipe::filled(form);
            return Ok(transactions.read(|call| self::form(call, input, &fields, &replaced))?);
        }
        let (form, client_type) = (&with_id(transactions, input, form)?, AppKind::of(form).client_type);
        if let Ok(id) = form.one("id").parse()
            && let Some(client) = transactions.read(|call| registered(call, input, form, &id))?
        {
            return Ok(transactions.read(|call| issued::page(call, input, &client, &[], MADE))?);
        }
        let problems = problems(transactions, form)?;
        if form.has(CHECK) {
            return Ok(transactions.read(|call| checked(call, input, form, problems))?);
        }
        problems.refuse()?;
        let (owner, (id, sent)) = (owner(form)?, FORM.created::<ClientId>(form)?);
        let secret = (client_type == ClientType::Confidential).then(|| repeatable_secret::of_client(input, form, &id));
        let client = transactions.write(|call| {
            clients::check_may_register(call.tx, call.by, &owner)?;
            clients::create(call.tx, call.by, call.settings, id, &owner, &sent, secret)
        })?;
        Ok(transactions.read(|call| issued::page(call, input, &client, &[], MADE))?)
    })
}

/// Draws the form with what the rules find, and with what keeps it from being saved.
fn checked(call: &Call<'_>, input: &Input<'_>, form: &Form, problems: Problems) -> Result<Reply> {
    let (owner, draft) = (account(form.one("owner")), FORM.draft(form, Mode::Create));
    let judged = |id| client_check::check_new(call.tx, call.by, call.settings, id, AppKind::of(form).client_type, owner.as_ref(), &draft);
    // The ID that somebody probably means who types a name.
    let id = app_kind::id_of_name(form.one(FORM.id.name), |_| Ok::<bool, Error>(true))?;
    let check = id.map(judged).transpose()?;
    // The review says itself what it thinks of such a URL.
    let problems = problems.without("unusable_url");
    self::form(call, input, &Fields { values: form.clone(), check, problems }, &[])
}

/// Returns the form with an ID: made from the name if none was typed, the same if it is sent again.
fn with_id(transactions: &Transactions<'_>, input: &Input<'_>, form: &Form) -> Result<Form> {
    let made = |call: &Call<'_>| {
        app_kind::id_of_name(form.one("name"), |id| match clients::check_id_is_free(call.tx, id) {
            Ok(()) => Ok(true),
            Err(Error::Named(_)) => Ok(registered(call, input, form, id)?.is_some()),
            Err(failed) => Err(failed),
        })
    };
    let made = if form.one("id").is_empty() { transactions.read(made)? } else { None };
    Ok(made.map_or_else(|| form.clone(), |id| form.with("id", id.as_str())))
}

/// Returns the client that this form has registered just now, if it was sent before: it has the secret of the form, or none, the owner and all
/// that the form says.
fn registered(call: &Call<'_>, input: &Input<'_>, form: &Form, id: &ClientId) -> Result<Option<Client>> {
    if AppKind::of(form).client_type == ClientType::Confidential {
        return repeatable_secret::issued(call, input, form, id);
    }
    let Some(owner) = account(form.one("owner")).filter(|_| !form.has(CHECK)) else { return Ok(None) };
    let client = clients::registered_without_secret_just_now(call.tx, call.by, id, &owner)?;
    Ok(client.filter(|client| FORM.makes(client, form, call.by.is_admin)))
}

fn owner(form: &Form) -> std::result::Result<AccountId, Problem> {
    account(form.one("owner")).ok_or_else(|| Problem::new("owner", "no_owner", "Choose who owns the client."))
}

/// Returns all that is wrong with the form.
fn problems(transactions: &Transactions<'_>, form: &Form) -> std::result::Result<Problems, Refused> {
    let mut problems = Problems::default();
    problems.note(transactions.read(|call| id_check::is_free_for_client(call, form.one("id"))))?;
    problems.note(owner(form))?;
    let is_admin = transactions.read(|call| Ok(call.by.is_admin))?;
    problems.add(FORM.problems(form, is_admin, None)?);
    // The API would accept a client without any; the form requires one.
    if form.filled("redirect_uris").is_empty() {
        problems.add([Problem::new("redirect_uris", "no_redirect_url", "Enter at least one redirect URL.")]);
    }
    if recipe::needs_rights(form) {
        problems.note(rights_picker::some(form, Rights::EVERY))?;
    }
    Ok(problems)
}

/// Draws the form; `replaced` are the fields in which a recipe has just replaced what was typed.
fn form(call: &Call<'_>, input: &Input<'_>, fields: &Fields, replaced: &[&str]) -> Result<Reply> {
    let layout = Layout::of(call, input)?;
    let owners = owners(call, layout.user_id(), fields.values.one("owner"))?;
    let becomes = match call.settings.approval {
        Approval::Auto => "Approved, as any new client here",
        Approval::Manual => "Requested",
        Approval::Review => "Approved, as a new client of an administrator",
    };
    let optional: &[&str] = if recipe::needs_rights(&fields.values) { &[] } else { &["rights"] };
    let offer = Offer { is_admin: call.by.is_admin, open_state: Some(becomes), optional, ..Offer::default() };
    let replaced: Vec<String> =
        replaced.iter().map(|name| if *name == app_kind::NAME { WHERE.to_owned() } else { field_label(name) }).collect();
    let rows = html! {
        // Enter presses the first button of a form: this one, and not the one that fills in.
        button .hidden tabindex="-1" aria-hidden="true" {}
        (repeatable_secret::field())
        (recipe::chooser(fields, &replaced))
        (kinds(AppKind::of(&fields.values)))
        (FORM.new_id(fields))
        @if owners.len() > 1 { (fields.select(OWNER, &owners)) }
        @else { @for (owner, _) in &owners { input type="hidden" name="owner" value=(owner); } }
        (FORM.new_rows(fields, offer))
    };
    let content = html! {
        h1 { "Add OAuth client" }
        @if !call.by.is_admin {
            @match call.settings.approval {
                Approval::Auto => {}
                Approval::Manual => p { "An administrator reviews new clients. Until then you can try your client, and so can collaborators who choose to." },
                Approval::Review => p {
                    "Rules review new clients, and an administrator does where the rules find a reason to. Until then you can try your client, and so "
                    "can collaborators who choose to. “Check” shows what the rules find, and saves nothing."
                },
            }
        }
        @if let Some(checked) = &fields.check { (findings::summary(checked, field_label)) }
        (fields.checked_form(&layout, "/console/add/client", &rows, CREATE, "/console/clients"))
    };
    Ok(layout.page(fields.status(), MenuItem::Clients, "Add OAuth client", &content))
}

/// Draws the kinds of applications. The script ticks the grants of the one that is chosen.
fn kinds(chosen: &AppKind) -> Markup {
    html! {
        fieldset .field {
            legend { (WHERE) "?" }
            @for kind in KINDS {
                label .choice {
                    input type="radio" name=(app_kind::NAME) value=(kind.name) checked[kind.name == chosen.name]
                        data-grants=(kind.grants.iter().map(|grant| grant.name()).collect::<Vec<_>>().join(" "));
                    span { strong { (kind.title) } span .quiet { (kind.hint) } }
                }
            }
        }
    }
}

/// Returns the accounts that can own the client: the user, organizations that the user is a member of, and the one that an administrator
/// chose before.
fn owners(call: &Call<'_>, user: &UserId, chosen: &str) -> Result<Vec<Choice>> {
    let itself = AccountId::User(user.clone());
    let organizations = organizations::of_member(call.tx, call.by, &itself)?;
    let mut accounts: Vec<_> = organizations.into_iter().map(|one| AccountId::Organization(one.id)).collect();
    let chosen = account(chosen).filter(|chosen| call.by.is_admin && *chosen != itself && !accounts.contains(chosen));
    accounts.extend(chosen);
    let mut owners = vec![(account_value(&itself), format!("{user} (you)"))];
    for account in accounts {
        match clients::check_may_register(call.tx, call.by, &account) {
            Ok(()) => owners.push(account_choice(&account)),
            Err(Error::Named(_)) => {}
            Err(failed) => return Err(failed),
        }
    }
    Ok(owners)
}
